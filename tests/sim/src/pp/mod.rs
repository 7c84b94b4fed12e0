//! A simulated handset that follows the generic access profile (EN 300 444), and can be told to misbehave.
//!
//! [`SimPp`] is an engine like those of the product: it takes what comes over
//! the air and what its user does, and gives what it sends and what its user
//! notices. It camps on one base station at a time, the one whose beacon it
//! heard last; which one that is, the radio decides. Speech is not here: while
//! [`SimPp::talks`] is true, whoever owns the handset passes samples.

mod call;
mod faults;
mod mobility;
mod radio;
#[cfg(test)]
mod tests;

pub use call::{CallState, Dialling};
pub use faults::Faults;

use crate::air::{Downlink, Uplink};
use call::Call;
use dect::primitive::{AccessCode, ReleaseReason, Signal};
use dect::subscription::Uak;
use dect::wire::ie::TerminalCapability;
use ident::{Ipei, Ipui, Park, Tpui};
use machine::{Agenda, Rng};
use mobility::Mobility;
use radio::Radio;
use std::fmt;
use std::time::{Duration, Instant};

/// What a handset is, and how its user behaves.
#[derive(Clone, Debug)]
pub struct Model {
    /// Which handset it is.
    pub ipei: Ipei,
    /// What it says it can do.
    pub capability: TerminalCapability,
    /// How it sends a number.
    pub dialling: Dialling,
    /// Between two keys of a number that is sent key by key.
    pub key_interval: Duration,
    /// Between the set-up of a call and the first ring.
    pub alert_after: Duration,
    /// Between the first ring and an answer without the user's doing; `None` for a user who must do it.
    pub answer_after: Option<Duration>,
    /// How it misbehaves.
    pub faults: Faults,
}

impl Model {
    /// A handset that sends numbers key by key, rings at once and waits for its user.
    #[must_use]
    pub fn new(ipei: Ipei) -> Self {
        Self {
            ipei,
            capability: TerminalCapability::gap(),
            dialling: Dialling::Overlap,
            key_interval: Duration::from_millis(150),
            alert_after: Duration::from_millis(50),
            answer_after: None,
            faults: Faults::default(),
        }
    }
}

/// What a handset keeps while it is switched off.
#[derive(Clone, PartialEq, Eq)]
pub struct Subscription {
    /// Who it is in the system.
    pub ipui: Ipui,
    /// Which systems it may use.
    pub park: Park,
    /// What it proves that with.
    pub uak: Uak,
    /// Its short identity, if it was given one.
    pub tpui: Option<Tpui>,
}

/// What its user does with a handset.
#[derive(Clone)]
pub enum Command {
    /// Switch on.
    SwitchOn,
    /// Switch off.
    SwitchOff,
    /// Subscribe with this authentication code at whichever system takes requests.
    Subscribe(AccessCode),
    /// Call this number; nothing but the off-hook key where it is empty.
    Dial(String),
    /// Press keys in a call.
    Keys(String),
    /// Answer the call that rings.
    Answer,
    /// Refuse the call that rings.
    Reject,
    /// Hang up.
    HangUp,
    /// Ask for date and time.
    AskTime,
}

impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SwitchOn => f.write_str("SwitchOn"),
            Self::SwitchOff => f.write_str("SwitchOff"),
            Self::Subscribe(_) => f.write_str("Subscribe(..)"),
            Self::Dial(number) => write!(f, "Dial({number})"),
            Self::Keys(keys) => write!(f, "Keys({keys})"),
            Self::Answer => f.write_str("Answer"),
            Self::Reject => f.write_str("Reject"),
            Self::HangUp => f.write_str("HangUp"),
            Self::AskTime => f.write_str("AskTime"),
        }
    }
}

/// Everything that can happen to a handset, apart from the passing of time.
#[derive(Debug)]
pub enum Input {
    /// From the base station on which it camps.
    Air(Downlink),
    /// From its user.
    User(Command),
}

/// Everything that a handset does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// To the base station on which it camps.
    Air(Uplink),
    /// Its user notices something.
    Seen(Seen),
}

/// What the user of a handset notices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// The handset belongs to a system now.
    Subscribed(Ipui, Park),
    /// It could not subscribe, for this reason.
    NotSubscribed(String),
    /// The system has ended the subscription.
    Terminated,
    /// The handset is in service.
    Located(Option<Tpui>),
    /// The system refuses service, for this reason.
    NotLocated(String),
    /// A call comes in.
    Ringing {
        /// The caller's number, if it was told.
        number: Option<String>,
        /// The caller's name, if it was told.
        name: Option<String>,
    },
    /// A tone, or how to ring.
    Signal(Signal),
    /// The display shows this now.
    Display(String),
    /// The clock of the handset shows this date and time now, and how far ahead of UTC it is; or that there is none.
    Time(String),
    /// The system asks for the number.
    WantsNumber,
    /// The number is on its way.
    Proceeding,
    /// The called party rings.
    RingsThere,
    /// The call is through.
    Connected,
    /// The call is over, or was refused.
    Released(ReleaseReason),
    /// Signalling and speech are ciphered.
    Ciphered,
    /// What the user wants is not possible now.
    NotPossible(&'static str),
}

/// The timers of a handset; ours begin with X.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Timer {
    /// Those of the data link.
    Link(dect::lapc::Timer),
    /// <X-PP.1>: nothing happens on the link any more.
    Idle,
    /// <X-PP.2>: until the next try to get into service.
    Retry,
    /// <MM_access.1>
    Access,
    /// <MM_locate.1>
    Locate,
    /// <CC.02>
    Release,
    /// <CC.03>
    Setup,
    /// <CC.05>
    Connect,
    /// <X-PP.3>: until the next key of a number.
    Key,
    /// <X-PP.4>: until the handset rings.
    Alert,
    /// <X-PP.5>: until an absent-minded user answers.
    Answer,
    /// A message that the handset sends late.
    Late(u32),
}

impl Timer {
    const fn default(self) -> Duration {
        Duration::from_secs(match self {
            Self::Link(_) | Self::Late(_) | Self::Key | Self::Alert | Self::Answer => 2,
            Self::Idle => 15,
            Self::Retry | Self::Connect => 10,
            Self::Access => 60,
            Self::Locate | Self::Setup => 20,
            Self::Release => 36,
        })
    }
}

/// The handset.
pub struct SimPp {
    model: Model,
    rng: Box<dyn Rng + Send>,
    on: bool,
    kept: Option<Subscription>,
    radio: Radio,
    mobility: Mobility,
    call: Option<Call>,
    display: String,
    agenda: Agenda<Timer>,
    now: Instant,
    out: Vec<Output>,
}

impl SimPp {
    /// A handset that is switched off and belongs nowhere.
    #[must_use]
    pub fn new(model: Model, rng: Box<dyn Rng + Send>, now: Instant) -> Self {
        Self {
            model,
            rng,
            on: false,
            kept: None,
            radio: Radio::default(),
            mobility: Mobility::default(),
            call: None,
            display: String::new(),
            agenda: Agenda::default(),
            now,
            out: Vec::new(),
        }
    }

    /// Takes one input and gives what follows from it.
    pub fn input(&mut self, now: Instant, input: Input, out: &mut Vec<Output>) {
        self.now = now;
        match input {
            Input::Air(downlink) => self.air(downlink),
            Input::User(command) => self.user(command),
        }
        out.append(&mut self.out);
    }

    /// Lets the timers run out that are due.
    pub fn expire(&mut self, now: Instant, out: &mut Vec<Output>) {
        self.now = now;
        while let Some(timer) = self.agenda.expired(now) {
            self.expired(timer);
        }
        out.append(&mut self.out);
    }

    /// When to call [`SimPp::expire`] next.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.agenda.deadline()
    }

    /// What it is, and how it behaves from now on.
    pub fn model_mut(&mut self) -> &mut Model {
        &mut self.model
    }

    /// Which handset it is.
    #[must_use]
    pub fn ipei(&self) -> Ipei {
        self.model.ipei
    }

    /// Where it belongs.
    #[must_use]
    pub fn subscription(&self) -> Option<&Subscription> {
        self.kept.as_ref()
    }

    /// Whether it is switched on.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.on
    }

    /// Whether it is in service.
    #[must_use]
    pub fn is_located(&self) -> bool {
        self.mobility.located
    }

    /// Where its call stands.
    #[must_use]
    pub fn call(&self) -> Option<CallState> {
        self.call.as_ref().map(Call::state)
    }

    /// Whether its speech path is open: it sends samples and plays what comes.
    #[must_use]
    pub fn talks(&self) -> bool {
        self.radio.is_up() && self.call.as_ref().is_some_and(Call::speaks)
    }

    /// Whether its link is ciphered.
    #[must_use]
    pub fn is_ciphered(&self) -> bool {
        self.radio.ciphered
    }

    /// Whether it has a bearer, or is about to get one.
    #[must_use]
    pub fn has_link(&self) -> bool {
        !self.radio.is_idle()
    }

    /// What its display shows.
    #[must_use]
    pub fn display(&self) -> &str {
        &self.display
    }

    fn user(&mut self, command: Command) {
        match command {
            Command::SwitchOn => self.switch_on(),
            Command::SwitchOff => self.switch_off(),
            _ if !self.on => self.see(Seen::NotPossible("the handset is switched off")),
            Command::Subscribe(code) => self.subscribe(code),
            Command::Dial(number) => self.dial(&number),
            Command::Keys(keys) => self.press(&keys),
            Command::Answer => self.answer(),
            Command::Reject => self.reject(),
            Command::HangUp => self.hang_up(),
            Command::AskTime => self.ask_time(),
        }
    }

    fn expired(&mut self, timer: Timer) {
        match timer {
            Timer::Link(timer) => self.link_expired(timer),
            Timer::Idle => self.leave_link(),
            Timer::Late(number) => self.send_late(number),
            Timer::Retry | Timer::Access | Timer::Locate => self.mobility_expired(timer),
            Timer::Release
            | Timer::Setup
            | Timer::Connect
            | Timer::Key
            | Timer::Alert
            | Timer::Answer => self.call_expired(timer),
        }
    }

    fn see(&mut self, seen: Seen) {
        self.out.push(Output::Seen(seen));
    }

    fn transmit(&mut self, uplink: Uplink) {
        self.out.push(Output::Air(uplink));
    }

    fn start(&mut self, timer: Timer) {
        self.start_after(timer, timer.default());
    }

    fn start_after(&mut self, timer: Timer, after: Duration) {
        self.agenda.start(timer, self.now + after);
    }

    fn random(&mut self) -> [u8; 8] {
        self.rng.u64().to_be_bytes()
    }
}
