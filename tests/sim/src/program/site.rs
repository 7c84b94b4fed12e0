//! Base stations, handsets and the air between them, without sockets and clock.

use super::report::{Report, Subject};
use crate::air::{Downlink, PpId, Uplink};
use crate::pp::{self, Seen, SimPp};
use crate::rfp::{self, Rfp};
use dect::rfp::primitive::Handle;
use dect::subscription::LinkKey;
use media::tone::{Detector, Generator};
use std::collections::VecDeque;
use std::net::SocketAddrV4;
use std::time::Instant;

/// A base station by its place in the list, from 0.
pub type Base = usize;

/// A handset by its place in the list, from 0.
pub type Handset = usize;

/// What the shell is asked to do.
pub enum Output {
    /// Send these octets over the connection of a base station.
    Send(Base, Vec<u8>),
    /// Close the connection of a base station, for this reason.
    Close(Base, String),
    /// Keep this key for a base station's next login.
    Keep(Base, LinkKey),
    /// Take this UDP port for a base station, and the next one.
    Bind(Base, Handle, u16),
    /// Give them back.
    Unbind(Base, Handle),
    /// Send this datagram from the port that was taken.
    Datagram(Base, Handle, SocketAddrV4, Vec<u8>),
    /// Tell whoever runs the program.
    Report(Report),
}

/// All of them.
#[derive(Default)]
pub struct Site {
    bases: Vec<Rfp>,
    handsets: Vec<Carried>,
    /// What goes over the air, in order.
    air: VecDeque<Way>,
    now: Option<Instant>,
    out: Vec<Output>,
}

/// A handset, where it is, and its ear and mouth.
struct Carried {
    pp: SimPp,
    camp: Base,
    /// The base station it is leaving while a new one takes its link over.
    leaving: Option<Base>,
    hz: f64,
    mouth: Generator,
    ear: Detector,
    heard: Option<u32>,
}

enum Way {
    Up(Handset, Uplink),
    Down(Base, Handset, Downlink),
}

impl Site {
    /// Adds a base station.
    pub fn add_base(&mut self, rfp: Rfp) {
        self.bases.push(rfp);
    }

    /// Adds a handset near the first base station; it speaks a tone of this frequency.
    pub fn add_handset(&mut self, pp: SimPp, hz: f64) {
        self.handsets.push(Carried {
            pp,
            camp: 0,
            leaving: None,
            hz,
            mouth: mouth(hz),
            ear: Detector::new(&listened()),
            heard: None,
        });
    }

    /// How many handsets there are.
    #[must_use]
    pub fn handsets(&self) -> usize {
        self.handsets.len()
    }

    /// How many base stations there are.
    #[must_use]
    pub fn bases(&self) -> usize {
        self.bases.len()
    }

    /// A handset.
    #[must_use]
    pub fn handset(&self, handset: Handset) -> Option<&SimPp> {
        self.handsets.get(handset).map(|carried| &carried.pp)
    }

    /// A handset, to change how it behaves.
    pub fn handset_mut(&mut self, handset: Handset) -> Option<&mut SimPp> {
        self.handsets.get_mut(handset).map(|carried| &mut carried.pp)
    }

    /// Where a handset is, what it says and what it has heard last, in hertz.
    #[must_use]
    pub fn whereabouts(&self, handset: Handset) -> Option<(Base, f64, Option<u32>)> {
        let carried = self.handsets.get(handset)?;
        Some((carried.camp, carried.hz, carried.heard))
    }

    /// Whether a base station is on the air.
    #[must_use]
    pub fn on_air(&self, base: Base) -> bool {
        self.bases.get(base).is_some_and(Rfp::on_air)
    }

    /// A handset speaks a tone of this frequency from now on.
    pub fn speak(&mut self, handset: Handset, hz: f64) {
        if let Some(carried) = self.handsets.get_mut(handset) {
            (carried.hz, carried.mouth) = (hz, mouth(hz));
        }
    }

    /// When to call [`Site::expire`] next.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        let bases = self.bases.iter().filter_map(Rfp::deadline);
        bases.chain(self.handsets.iter().filter_map(|carried| carried.pp.deadline())).min()
    }

    /// Whether anybody speaks: then [`Site::speech`] is wanted every 20 milliseconds.
    #[must_use]
    pub fn talks(&self) -> bool {
        self.handsets.iter().any(|carried| carried.pp.talks())
    }

    /// Something for a base station.
    pub fn base_input(&mut self, now: Instant, base: Base, input: rfp::Input) -> Vec<Output> {
        self.at(now);
        let was_on = self.on_air(base);
        self.tell_base(base, input);
        self.carry();
        if self.on_air(base) != was_on {
            let what = if was_on { "off-air" } else { "on-air" };
            self.out.push(Output::Report(Report::new(Subject::Base(base), what)));
        }
        std::mem::take(&mut self.out)
    }

    /// Something that the user of a handset does.
    pub fn user(&mut self, now: Instant, handset: Handset, command: pp::Command) -> Vec<Output> {
        self.at(now);
        let listens = matches!(command, pp::Command::SwitchOn);
        self.tell_handset(handset, pp::Input::User(command));
        if let Some(carried) = self.handsets.get(handset).filter(|_| listens) {
            let base = carried.camp;
            self.tell_base(base, rfp::Input::InRange(pp_id(handset)));
        }
        self.carry();
        std::mem::take(&mut self.out)
    }

    /// A handset is carried from one base station to another.
    pub fn walk(&mut self, now: Instant, handset: Handset, base: Base) -> Vec<Output> {
        self.at(now);
        let on_air = self.on_air(base);
        let known = base < self.bases.len();
        let carried = self.handsets.get_mut(handset);
        if let Some(carried) = carried.filter(|carried| known && carried.camp != base) {
            let old = std::mem::replace(&mut carried.camp, base);
            carried.leaving = (carried.pp.has_link() && on_air).then_some(old);
            if carried.leaving.is_none() {
                self.tell_base(old, rfp::Input::Lost(pp_id(handset)));
                self.air.push_back(Way::Down(base, handset, Downlink::Silent));
            }
            self.tell_base(base, rfp::Input::InRange(pp_id(handset)));
        }
        self.carry();
        std::mem::take(&mut self.out)
    }

    /// Lets the timers run out that are due.
    pub fn expire(&mut self, now: Instant) -> Vec<Output> {
        self.at(now);
        for base in 0..self.bases.len() {
            let mut asked = Vec::new();
            self.bases[base].expire(now, &mut asked);
            self.base_asks(base, asked);
        }
        for handset in 0..self.handsets.len() {
            let mut done = Vec::new();
            self.handsets[handset].pp.expire(now, &mut done);
            self.handset_does(handset, done);
        }
        self.carry();
        std::mem::take(&mut self.out)
    }

    /// Twenty milliseconds of speech from everybody who speaks.
    pub fn speech(&mut self, now: Instant) -> Vec<Output> {
        self.at(now);
        for (handset, carried) in self.handsets.iter_mut().enumerate() {
            if carried.pp.talks() {
                let mut samples = vec![0; SAMPLES];
                carried.mouth.fill(&mut samples);
                self.air.push_back(Way::Up(handset, Uplink::Speech(samples)));
            }
        }
        self.carry();
        std::mem::take(&mut self.out)
    }

    fn at(&mut self, now: Instant) {
        self.now = Some(now);
    }

    fn tell_base(&mut self, base: Base, input: rfp::Input) {
        let mut asked = Vec::new();
        if let (Some(rfp), Some(now)) = (self.bases.get_mut(base), self.now) {
            rfp.input(now, input, &mut asked);
        }
        self.base_asks(base, asked);
    }

    fn tell_handset(&mut self, handset: Handset, input: pp::Input) {
        let mut done = Vec::new();
        if let (Some(carried), Some(now)) = (self.handsets.get_mut(handset), self.now) {
            carried.pp.input(now, input, &mut done);
        }
        self.handset_does(handset, done);
    }

    fn base_asks(&mut self, base: Base, asked: Vec<rfp::Output>) {
        for asked in asked {
            let output = match asked {
                rfp::Output::Send(octets) => Output::Send(base, octets),
                rfp::Output::Close(why) => Output::Close(base, why),
                rfp::Output::KeyChanged(key) => Output::Keep(base, key),
                rfp::Output::Bind(handle, port) => Output::Bind(base, handle, port),
                rfp::Output::Unbind(handle) => Output::Unbind(base, handle),
                rfp::Output::Datagram(handle, to, octets) => {
                    Output::Datagram(base, handle, to, octets)
                }
                rfp::Output::Fault(what) => {
                    let report = Report::new(Subject::Base(base), "fault").with("reason", what);
                    Output::Report(report)
                }
                rfp::Output::Radio(pp, downlink) => {
                    let handset = usize::try_from(pp.0).unwrap_or(usize::MAX);
                    self.air.push_back(Way::Down(base, handset, downlink));
                    continue;
                }
                rfp::Output::Broadcast(downlink) => {
                    let all = 0..self.handsets.len();
                    self.air.extend(all.map(|pp| Way::Down(base, pp, downlink.clone())));
                    continue;
                }
            };
            self.out.push(output);
        }
    }

    /// Lets everything on the air arrive.
    fn carry(&mut self) {
        while let Some(way) = self.air.pop_front() {
            match way {
                Way::Up(handset, uplink) => {
                    let Some(carried) = self.handsets.get(handset) else { continue };
                    let over = match uplink {
                        Uplink::Connect { .. } => carried.camp,
                        _ => carried.leaving.unwrap_or(carried.camp),
                    };
                    self.tell_base(over, rfp::Input::Radio(pp_id(handset), uplink));
                }
                Way::Down(base, handset, downlink) => self.arrive(base, handset, downlink),
            }
        }
    }

    fn arrive(&mut self, base: Base, handset: Handset, downlink: Downlink) {
        let Some(carried) = self.handsets.get_mut(handset) else { return };
        let ends = matches!(downlink, Downlink::Connected | Downlink::Refused | Downlink::Silent);
        let left = if carried.camp == base && ends { carried.leaving.take() } else { None };
        if let Some(old) = left {
            // The new base station has the link, or will not have it; the old one is out of reach.
            self.tell_base(old, rfp::Input::Lost(pp_id(handset)));
            if !matches!(downlink, Downlink::Connected) {
                self.air.push_back(Way::Down(base, handset, Downlink::Released));
            }
        } else if carried.camp != base {
            // From the base station that is being left only the link itself is still heard.
            let link = matches!(downlink, Downlink::Frame(_) | Downlink::Speech(_));
            if carried.leaving != Some(base) || !link {
                return;
            }
        }
        match downlink {
            Downlink::Speech(samples) => self.hear(handset, &samples),
            downlink => self.tell_handset(handset, pp::Input::Air(downlink)),
        }
    }

    fn handset_does(&mut self, handset: Handset, done: Vec<pp::Output>) {
        for done in done {
            match done {
                pp::Output::Air(uplink) => self.air.push_back(Way::Up(handset, uplink)),
                pp::Output::Seen(seen) => {
                    let carried = self.handsets.get_mut(handset);
                    if let (Seen::Released(_), Some(carried)) = (&seen, carried) {
                        carried.heard = None;
                        carried.ear = Detector::new(&listened());
                    }
                    self.out.push(Output::Report(Report::seen(handset, &seen)));
                }
            }
        }
    }

    /// What a handset plays; told when the tone in it changes.
    fn hear(&mut self, handset: Handset, samples: &[i16]) {
        let Some(carried) = self.handsets.get_mut(handset) else { return };
        carried.ear.hear(samples);
        if carried.ear.samples() < LISTENING {
            return;
        }
        let heard = carried.ear.tone().map(|level| rounded(level.hz));
        if heard != carried.heard {
            carried.heard = heard;
            let report = Report::new(Subject::Handset(handset), "hears");
            let report = match heard {
                Some(hz) => report.with("hz", hz),
                None => report.with("hz", "nothing"),
            };
            self.out.push(Output::Report(report));
        }
    }
}

fn pp_id(handset: Handset) -> PpId {
    PpId(u32::try_from(handset).unwrap_or(u32::MAX))
}

fn mouth(hz: f64) -> Generator {
    Generator::new(&[hz], LOUDNESS)
}

/// The tones that can be told apart: every fiftieth hertz, and the network's own.
fn listened() -> Vec<f64> {
    let mut tones: Vec<f64> = (6..68).map(|step| f64::from(step) * 50.0).collect();
    tones.extend([425.0, 440.0]);
    tones
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "tones are 300 to 3400 hertz"
)]
fn rounded(hz: f64) -> u32 {
    hz.round() as u32
}

/// Samples in 20 milliseconds.
const SAMPLES: usize = 160;
/// How long is listened before a tone is named: 200 milliseconds.
const LISTENING: u32 = 1600;
/// Level of a spoken tone, in dBm0.
const LOUDNESS: f64 = -10.0;
