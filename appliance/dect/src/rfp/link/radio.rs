//! Radio start-up: RFPC and SYNC, for a cell that is its own clock master.

use super::configure::send_syslog;
use super::{Effects, Wire};
use crate::nwk::{Encryption, Region, Settings};
use crate::rfp::dnm::Dnm;
use crate::rfp::message::Message;
use crate::rfp::primitive::{Action, Admission, Indication, Timer};
use crate::rfp::rfpc::{self, Rfpc};
use crate::rfp::sync::{self, Sync};
use ident::{Rfpi, Rpn};

/// The radio of one base station.
pub(super) struct Radio {
    rpn: Rpn,
    settings: Settings,
    /// It is one of ours, which know bands by our numbers.
    ours: bool,
    state: State,
    /// The plan that the base station runs or is being started with.
    plan: Option<Plan>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// READY_IND awaited.
    Booting,
    /// The base station is ready; its radio is off because something is not set.
    Off,
    /// This step of [`START_UP`] was asked for.
    Starting(usize),
    /// Handsets can come.
    OnAir,
    /// DEACTIVATE_REQ was sent, to start afresh with other settings or to stay off.
    Deactivating,
}

/// What a radio sends of its system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Plan {
    rfpi: Rfpi,
    pli: u8,
    band: u8,
    capabilities: u16,
}

/// One request of the start-up and what answers it.
#[derive(Clone, Copy)]
enum Step {
    Init,
    RssiCompensation,
    ResetMac,
    Search,
    StartMaster,
    Activate,
    Statistics,
    FrequencyControl,
}

/// What a message means for the step that is waited for.
enum Answer {
    Confirmed,
    Rejected,
    None,
}

const START_UP: [Step; 9] = [
    Step::Init,
    Step::RssiCompensation,
    Step::ResetMac,
    Step::Search,
    Step::ResetMac,
    Step::StartMaster,
    Step::Activate,
    Step::Statistics,
    Step::FrequencyControl,
];

impl Radio {
    pub(super) fn new(admission: &Admission, ours: bool, out: &mut Effects) -> Self {
        out.start(Timer::Step);
        let settings = admission.settings.clone();
        Self { rpn: admission.rpn, settings, ours, state: State::Booting, plan: None }
    }

    pub(super) const fn on_air(&self) -> bool {
        matches!(self.state, State::OnAir)
    }

    /// What the timer of a step was waiting for.
    pub(super) fn awaited(&self) -> String {
        match self.state {
            State::Booting => "with RFPC READY_IND".into(),
            State::Starting(at) => START_UP.get(at).map_or_else(String::new, |step| step.name()),
            _ => "RFPC DEACTIVATE_REQ".into(),
        }
    }

    /// Takes a message; false where it is not about the radio as a whole.
    pub(super) fn message(
        &mut self,
        message: &Message,
        wire: &mut Wire,
        out: &mut Effects,
    ) -> bool {
        match message {
            Message::Dnm(Dnm::Rfpc(rfpc)) if rfpc.primitive == rfpc::READY_IND => {
                self.off_air("the base station has restarted its radio", out);
                self.start(wire, out);
                return true;
            }
            Message::Dnm(Dnm::Rfpc(rfpc)) if rfpc.primitive == rfpc::ACTIVE_IND => {
                self.runs_already(rfpc, wire, out);
                return true;
            }
            Message::Dnm(Dnm::Rfpc(_)) | Message::Sync(_) => {}
            _ => return false,
        }
        match self.state {
            State::Starting(at) => self.answered(at, message, wire, out),
            State::Deactivating if confirms(message, rfpc::DEACTIVATE_CFM) => self.start(wire, out),
            _ => {}
        }
        true
    }

    pub(super) fn settings(&mut self, settings: Settings, wire: &mut Wire, out: &mut Effects) {
        if settings.syslog != self.settings.syslog {
            send_syslog(settings.syslog, wire, out);
        }
        self.settings = settings;
        let wanted = self.wanted().ok();
        match self.state {
            State::Off => self.start(wire, out),
            State::OnAir if same_cell(wanted, self.plan) => self.broadcast(wire, out),
            State::OnAir => {
                self.off_air("the settings have changed", out);
                self.state = State::Deactivating;
                ask(rfpc::DEACTIVATE_REQ, &[], wire, out);
                out.start(Timer::Step);
            }
            // What has changed is compared once the start-up is through.
            State::Booting | State::Starting(_) | State::Deactivating => {}
        }
    }

    /// Begins the start-up, or says why the radio has to stay off.
    fn start(&mut self, wire: &mut Wire, out: &mut Effects) {
        match self.wanted() {
            Ok(plan) => {
                self.plan = Some(plan);
                self.step(0, wire, out);
            }
            Err(reason) => {
                self.plan = None;
                self.state = State::Off;
                out.stop(Timer::Step);
                out.act(Action::Indicate(Indication::OffAir(reason)));
            }
        }
    }

    fn step(&mut self, at: usize, wire: &mut Wire, out: &mut Effects) {
        let (Some(step), Some(plan)) = (START_UP.get(at), self.plan) else {
            return self.arrived(wire, out);
        };
        self.state = State::Starting(at);
        wire.send(&step.request(plan), out);
        out.start(Timer::Step);
    }

    fn answered(&mut self, at: usize, message: &Message, wire: &mut Wire, out: &mut Effects) {
        let Some(step) = START_UP.get(at) else { return };
        match step.answer(message) {
            Answer::Confirmed => self.step(at + 1, wire, out),
            Answer::Rejected => {
                self.state = State::Off;
                out.stop(Timer::Step);
                let reason = format!("the base station rejects {}", step.name());
                out.act(Action::Indicate(Indication::OffAir(reason)));
            }
            Answer::None => {}
        }
    }

    fn arrived(&mut self, wire: &mut Wire, out: &mut Effects) {
        self.state = State::OnAir;
        out.stop(Timer::Step);
        out.act(Action::Indicate(Indication::OnAir));
        let settings = self.settings.clone();
        self.settings(settings, wire, out);
    }

    /// The base station has kept its radio on while the connection was away.
    fn runs_already(&mut self, told: &Rfpc, wire: &mut Wire, out: &mut Effects) {
        let Ok(plan) = self.wanted() else {
            self.state = State::Deactivating;
            out.start(Timer::Step);
            return ask(rfpc::DEACTIVATE_REQ, &[], wire, out);
        };
        let same = told.value(rfpc::RFPI) == Some(plan.rfpi.to_octets().as_slice());
        if same {
            ask(rfpc::ACTIVE_RES, &[], wire, out);
            // What it broadcasts of open subscription is from before; say it anew.
            self.plan = Some(Plan { capabilities: !plan.capabilities, ..plan });
            self.arrived(wire, out);
        } else {
            self.state = State::Deactivating;
            out.start(Timer::Step);
            ask(rfpc::DEACTIVATE_REQ, &[], wire, out);
        }
    }

    /// Tells a running base station what is to be broadcast of the higher layers, if that has changed.
    fn broadcast(&mut self, wire: &mut Wire, out: &mut Effects) {
        let (Ok(wanted), Some(plan)) = (self.wanted(), &mut self.plan) else { return };
        if wanted.capabilities != plan.capabilities {
            plan.capabilities = wanted.capabilities;
            let value = wanted.capabilities.to_be_bytes();
            let items: [(u8, &[u8]); 1] = [(rfpc::HIGHER_LAYER_CAPABILITIES, &value)];
            ask(rfpc::CHANGE_HIGHER_LAYER_CAPS_REQ, &items, wire, out);
        }
    }

    fn off_air(&mut self, reason: &str, out: &mut Effects) {
        if self.on_air() {
            self.state = State::Booting;
            out.act(Action::Indicate(Indication::OffAir(reason.to_owned())));
        }
    }

    /// What the settings ask for, or why they ask for silence.
    fn wanted(&self) -> Result<Plan, String> {
        let ari = self.settings.ari.ok_or("the radio stays off: no ARI is set")?;
        let region = self.settings.region.ok_or("the radio stays off: no region is set")?;
        let rfpi = Rfpi::new(ari, self.rpn).ok_or_else(|| {
            format!("the radio stays off: number {} does not fit behind the ARI", self.rpn)
        })?;
        let band = band(region, self.ours).ok_or_else(|| {
            format!("the radio stays off: how to set it to {region:?} is not known")
        })?;
        Ok(Plan { rfpi, pli: ari.length(), band, capabilities: capabilities(&self.settings) })
    }
}

impl Step {
    fn request(self, plan: Plan) -> Message {
        match self {
            Self::Init => Message::Dnm(Dnm::Rfpc(init(plan))),
            Self::RssiCompensation => sync(sync::GET_REQ_RSSI_COMP_IND, &[]),
            Self::ResetMac => sync(sync::RESET_MAC_IND, &[]),
            Self::Search => sync(sync::SYSTEM_SEARCH_IND, &[3]),
            Self::StartMaster => sync(sync::START_MAC_MASTER_IND, &[]),
            Self::Activate => Message::Dnm(Dnm::Rfpc(Rfpc::new(rfpc::ACTIVATE_REQ, &[]))),
            Self::Statistics => {
                let items: [(u8, &[u8]); 1] = [(rfpc::STATISTIC_DATA_RESET, &[0; 4])];
                Message::Dnm(Dnm::Rfpc(Rfpc::new(rfpc::STATISTICS_DATA_REQ, &items)))
            }
            Self::FrequencyControl => sync(sync::FREQ_CTRL_MODE_IND, &[2]),
        }
    }

    fn answer(self, message: &Message) -> Answer {
        let (yes, no) = match self {
            Self::Init => (confirms(message, rfpc::INIT_CFM), false),
            Self::RssiCompensation => (says(message, sync::GET_REQ_RSSI_COMP_CFM), false),
            Self::ResetMac => (says(message, sync::RESET_MAC_CFM), false),
            Self::Search => {
                // A search that is rejected has found nobody either.
                let found = says(message, sync::SYSTEM_SEARCH_CFM);
                (found || says(message, sync::SYSTEM_SEARCH_REJ), false)
            }
            Self::StartMaster => (
                says(message, sync::START_MAC_MASTER_CFM),
                says(message, sync::START_MAC_MASTER_REJ),
            ),
            Self::Activate => (confirms(message, rfpc::ACTIVATE_CFM), false),
            Self::Statistics => (confirms(message, rfpc::STATISTICS_DATA_CFM), false),
            Self::FrequencyControl => (says(message, sync::FREQ_CTRL_MODE_CFM), false),
        };
        match (yes, no) {
            (true, _) => Answer::Confirmed,
            (_, true) => Answer::Rejected,
            _ => Answer::None,
        }
    }

    fn name(self) -> String {
        match self {
            Self::Init => rfpc::primitive_name(rfpc::INIT_REQ),
            Self::RssiCompensation => sync::name(sync::GET_REQ_RSSI_COMP_IND),
            Self::ResetMac => sync::name(sync::RESET_MAC_IND),
            Self::Search => sync::name(sync::SYSTEM_SEARCH_IND),
            Self::StartMaster => sync::name(sync::START_MAC_MASTER_IND),
            Self::Activate => rfpc::primitive_name(rfpc::ACTIVATE_REQ),
            Self::Statistics => rfpc::primitive_name(rfpc::STATISTICS_DATA_REQ),
            Self::FrequencyControl => sync::name(sync::FREQ_CTRL_MODE_IND),
        }
    }
}

fn init(plan: Plan) -> Rfpc {
    let items: [(u8, &[u8]); 9] = [
        (rfpc::RFPI, &plan.rfpi.to_octets()),
        (rfpc::HIGHER_LAYER_CAPABILITIES, &plan.capabilities.to_be_bytes()),
        (rfpc::EXTENDED_CAPABILITIES, &EXTENDED),
        (rfpc::SITE_LOCATION, &[0, 0]),
        (rfpc::MAC_CAPABILITIES, &MAC_CAPABILITIES),
        (rfpc::PLI, &[plan.pli]),
        (rfpc::REFLECTING_ENVIRONMENT, &[0]),
        (rfpc::FREQUENCY_BAND, &[plan.band]),
        (rfpc::RF_POWER, &[1]),
    ];
    Rfpc::new(rfpc::INIT_REQ, &items)
}

/// Broadcast bits a32 to a47 (EN 300 175-5 Annex F).
fn capabilities(settings: &Settings) -> u16 {
    let ciphering = if settings.encryption == Encryption::Disabled { 0 } else { DSC };
    let subscription = if settings.subscription_allowed { ACCESS_RIGHTS_REQUESTS } else { 0 };
    ADPCM | GAP | DSAA | LOCATION_REGISTRATION | ciphering | subscription
}

/// The link's number of a band. For base stations on the market only the European one is known.
const fn band(region: Region, ours: bool) -> Option<u8> {
    match (region, ours) {
        (Region::Europe, _) => Some(1),
        (_, false) => None,
        (Region::China, true) => Some(2),
        (Region::SouthAmerica, true) => Some(3),
        (Region::Taiwan, true) => Some(4),
        (Region::Usa, true) => Some(5),
    }
}

/// Whether a change of the broadcast bits is all that lies between two plans.
fn same_cell(one: Option<Plan>, other: Option<Plan>) -> bool {
    let bare = |plan: Plan| Plan { capabilities: 0, ..plan };
    one.is_some() && one.map(bare) == other.map(bare)
}

fn confirms(message: &Message, primitive: u8) -> bool {
    matches!(message, Message::Dnm(Dnm::Rfpc(rfpc)) if rfpc.primitive == primitive)
}

fn says(message: &Message, code: u8) -> bool {
    matches!(message, Message::Sync(sync) if sync.code == code)
}

fn sync(code: u8, data: &[u8]) -> Message {
    Message::Sync(Sync::new(code, data))
}

fn ask(primitive: u8, items: &[(u8, &[u8])], wire: &mut Wire, out: &mut Effects) {
    wire.send(&Message::Dnm(Dnm::Rfpc(Rfpc::new(primitive, items))), out);
}

const ADPCM: u16 = 0x8000;
const GAP: u16 = 0x4000;
const DSAA: u16 = 0x0800;
const DSC: u16 = 0x0400;
const LOCATION_REGISTRATION: u16 = 0x0200;
const ACCESS_RIGHTS_REQUESTS: u16 = 0x0008;

/// Prolonged preamble; nothing else that we would have to keep.
const EXTENDED: [u8; 5] = [0, 0x10, 0, 0, 0];

/// As seen; how its bits are aligned is not known, so they are not composed.
const MAC_CAPABILITIES: [u8; 3] = [0x10, 0x03, 0xff];
