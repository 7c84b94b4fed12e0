//! The world in one thread: its own clock, its own radio, its own PBX, the same every time.
//!
//! [`World`] drives the production [`iwu::Brain`] and nothing else of ours:
//! around it stand simulated base stations, handsets, a PBX, a store and a
//! media role. Whatever goes from one to another takes time and passes the
//! agenda, so that a run is the same for the same seed. After every step the
//! [`check`]s look at everything; a failure carries the trace so far.

pub mod check;
mod errands;
mod media;
mod radio;
pub mod random;
mod server;
mod stage;
mod store;
pub mod story;
mod trace;

use crate::air::{Downlink, PpId, Uplink};
use crate::pbx::{self, SimPbx};
use crate::pp::{self, SimPp};
use crate::rfp::{self, Rfp};
use ident::{Ipei, Mac};
use machine::{Agenda, Rng, Seeded};
use media::SimMedia;
pub use radio::Weather;
use server::Server;
pub use server::{Config, Person};
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use store::SimStore;
use trace::Trace;

/// Everything there is.
pub struct World {
    pub(crate) now: Instant,
    /// When the story began; the trace counts from here.
    origin: Instant,
    /// What is under way, by when it arrives and then by who sent first.
    agenda: BTreeMap<(Instant, u64), Errand>,
    sent: u64,
    /// When whom to wake.
    wakes: Agenda<Who>,
    pub(crate) server: Server,
    pub(crate) store: SimStore,
    pub(crate) media: SimMedia,
    pub(crate) pbx: SimPbx,
    pub(crate) bases: Vec<Base>,
    /// Whose connection it is.
    connected: BTreeMap<dect::nwk::ConnId, usize>,
    pub(crate) handsets: Vec<Handset>,
    /// Which handsets may take a short page with this address for theirs.
    paged_by: BTreeMap<u16, BTreeSet<usize>>,
    weather: Weather,
    rng: Seeded,
    trace: Trace,
    seed: u64,
    steps: u64,
}

/// A base station and its cable.
pub(crate) struct Base {
    pub(crate) rfp: Rfp,
    /// Its connection to the server.
    pub(crate) conn: Option<dect::nwk::ConnId>,
    /// Whether its cable is plugged in.
    pub(crate) plugged: bool,
    /// Which handsets hear it.
    near: BTreeSet<usize>,
}

/// A handset and where it is.
pub(crate) struct Handset {
    pub(crate) pp: SimPp,
    /// Its user's number.
    pub(crate) number: String,
    /// The base station that it hears; `None`: none.
    pub(crate) at: Option<usize>,
    /// Until when its last frame is on its way, up and down: frames do not overtake each other.
    last: [Instant; 2],
    /// What its user has noticed, newest last.
    pub(crate) seen: Vec<(Instant, pp::Seen)>,
}

/// Who can ask to be woken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Who {
    Brain,
    Pbx,
    Base(usize),
    Handset(usize),
}

/// Something on its way.
enum Errand {
    ToServer(dect::nwk::ConnId, Vec<u8>),
    ToBase(dect::nwk::ConnId, Vec<u8>),
    /// The cable of a base station is in, and it has noticed.
    Plug(usize),
    Up(usize, usize, Uplink),
    Down(usize, usize, Downlink),
    ToPbx(Vec<u8>),
    FromPbx(Vec<u8>),
    /// A datagram that the server has sent to itself.
    Loop(Vec<u8>),
    Stored(dect::nwk::Ticket, bool),
    Media(::media::session::Report),
    Bound(usize, dect::rfp::primitive::Handle),
    Resolved(sip::endpoint::Question),
}

impl World {
    /// A world with this server and these people; nothing is switched on yet.
    #[must_use]
    pub fn new(config: Config) -> Self {
        // The only look at a real clock: an origin that everything is counted from.
        let now = Instant::now();
        let mut rng = Seeded::new(config.seed);
        let mut pbx = SimPbx::new(config.pbx, seeded(&mut rng), now);
        let mut handsets = Vec::new();
        for person in &config.people {
            pbx.put_user(&person.number, &person.pbx_password);
            let model = pp::Model::new(person.ipei);
            let pp = SimPp::new(model, seeded(&mut rng), now);
            let at = person.near;
            let (number, last) = (person.number.clone(), [now; 2]);
            handsets.push(Handset { pp, number, at, last, seen: Vec::new() });
        }
        let bases = (0..config.bases)
            .map(|place| {
                let rfp = Rfp::new(rfp::Config::new(mac(place)), seeded(&mut rng));
                let near =
                    (0..handsets.len()).filter(|it| handsets[*it].at == Some(place)).collect();
                Base { rfp, conn: None, plugged: false, near }
            })
            .collect();
        let seed = config.seed;
        Self {
            now,
            origin: now,
            agenda: BTreeMap::new(),
            sent: 0,
            wakes: Agenda::default(),
            server: Server::new(config),
            store: SimStore::default(),
            media: SimMedia::default(),
            pbx,
            bases,
            connected: BTreeMap::new(),
            handsets,
            paged_by: BTreeMap::new(),
            weather: Weather::default(),
            rng,
            trace: Trace::default(),
            seed,
            steps: 0,
        }
    }

    /// Starts the server, plugs the base stations in, switches the handsets on.
    pub fn begin(&mut self) {
        self.start_server();
        for base in 0..self.bases.len() {
            self.plug(base, true);
        }
        self.run_for(Duration::from_secs(5));
        for handset in 0..self.handsets.len() {
            self.user(handset, pp::Command::SwitchOn);
        }
    }

    /// Subscribes every handset that is not new, with the right code, and waits until all of these are located,
    /// and registered where their password is right.
    ///
    /// # Panics
    /// When they do not come into service.
    pub fn settle_everybody(&mut self) {
        for handset in self.natives() {
            let code = self.server.code_of(handset);
            self.user(handset, pp::Command::Subscribe(code));
            self.run_for(Duration::from_millis(200));
        }
        let all = |world: &Self| {
            world.natives().all(|handset| {
                let person = &world.server.config.people[handset];
                let known = person.password == person.pbx_password;
                world.handsets[handset].pp.is_located() && (world.is_in_service(handset) || !known)
            })
        };
        let limit = Duration::from_mins(2);
        assert!(self.run_until(limit, all), "not everybody came into service:\n{}", self.trace());
    }

    /// Forgets the trace so far; time is counted from here.
    pub fn open_story(&mut self) {
        self.origin = self.now;
        self.trace.open();
    }

    /// The story so far, a line for each thing that a support engineer would want to know.
    #[must_use]
    pub fn trace(&self) -> &str {
        self.trace.text()
    }

    /// Time since the story began.
    #[must_use]
    pub fn time(&self) -> Duration {
        self.now - self.origin
    }

    /// How many steps were taken.
    #[must_use]
    pub const fn steps(&self) -> u64 {
        self.steps
    }

    /// The radio from now on.
    pub fn set_weather(&mut self, weather: Weather) {
        self.weather = weather;
    }

    /// The PBX feels differently from now on.
    pub fn set_mood(&mut self, mood: pbx::Mood) {
        self.pbx.set_mood(mood);
    }

    /// The user of a handset does something.
    pub fn user(&mut self, handset: usize, command: pp::Command) {
        let on = matches!(command, pp::Command::SwitchOn);
        self.pp_input(handset, pp::Input::User(command));
        if on && let Some(base) = self.handsets[handset].at {
            self.base_input(base, rfp::Input::InRange(pp_id(handset)));
        }
    }

    /// A handset goes to where it hears this base station, or none.
    pub fn walk(&mut self, handset: usize, to: Option<usize>) {
        let from = std::mem::replace(&mut self.handsets[handset].at, to);
        if from == to {
            return;
        }
        if let Some(to) = to {
            self.bases[to].near.insert(handset);
        }
        if let Some(from) = from {
            self.bases[from].near.remove(&handset);
            self.base_input(from, rfp::Input::Lost(pp_id(handset)));
            self.pp_input(handset, pp::Input::Air(Downlink::Silent));
        }
        if let (Some(base), true) = (to, self.handsets[handset].pp.is_on()) {
            self.base_input(base, rfp::Input::InRange(pp_id(handset)));
        }
    }

    /// The user of a telephone at the PBX does something.
    pub fn phone(&mut self, number: &str, command: &pbx::PhoneCommand) {
        let mut out = Vec::new();
        self.pbx.command(self.now, number, command, &mut out);
        self.pbx_wants(out);
    }

    /// Lets this much time pass.
    pub fn run_for(&mut self, time: Duration) {
        let end = self.now + time;
        while self.next().is_some_and(|at| at <= end) {
            self.step();
        }
        self.now = end;
    }

    /// Lets time pass until the condition holds; false where it does not within the limit.
    pub fn run_until(&mut self, limit: Duration, condition: impl Fn(&Self) -> bool) -> bool {
        let end = self.now + limit;
        while !condition(self) {
            match self.next() {
                Some(at) if at <= end => self.step(),
                _ => {
                    self.now = end;
                    return condition(self);
                }
            }
        }
        true
    }

    /// Whether the handset is located, and its user registered at the PBX.
    #[must_use]
    pub fn is_in_service(&self, handset: usize) -> bool {
        let handset = &self.handsets[handset];
        handset.pp.is_located() && self.pbx.is_registered(&handset.number)
    }

    /// Whether the handset's user can speak and hear.
    #[must_use]
    pub fn talks(&self, handset: usize) -> bool {
        self.handsets[handset].pp.talks()
    }

    /// Whether the handset is in no call.
    #[must_use]
    pub fn is_free(&self, handset: usize) -> bool {
        self.handsets[handset].pp.call().is_none()
    }

    /// Forgets what the displays of the handsets have shown so far, which only a scenario asks about.
    pub fn forget_what_was_seen(&mut self) {
        for handset in &mut self.handsets {
            handset.seen = Vec::new();
        }
    }

    /// The user of this handset answers by himself, so long after it began to ring.
    pub fn answers_after(&mut self, handset: usize, time: Duration) {
        self.handsets[handset].pp.model_mut().answer_after = Some(time);
    }

    /// Whether no call, bearer, channel or session is left anywhere.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.server.calls() == 0
            && self.media.sessions() == 0
            && self.pbx.calls() == 0
            && self.bases.iter().all(|base| base.rfp.bearers() == 0 && base.rfp.channels() == 0)
            && self.handsets.iter().all(|handset| handset.pp.call().is_none())
    }

    /// Those who belong to the system from the beginning.
    fn natives(&self) -> impl Iterator<Item = usize> + use<> {
        let people = self.server.config.people.iter().enumerate();
        let natives: Vec<usize> =
            people.filter(|(_, person)| !person.new).map(|(handset, _)| handset).collect();
        natives.into_iter()
    }

    fn next(&self) -> Option<Instant> {
        let errand = self.agenda.first_key_value().map(|((at, _), _)| *at);
        errand.into_iter().chain(self.wakes.deadline()).min()
    }

    /// The next thing happens.
    fn step(&mut self) {
        let Some(at) = self.next() else { return };
        assert!(at >= self.now, "time runs backwards");
        self.now = at;
        self.steps += 1;
        if let Some(who) = self.wakes.expired(at) {
            self.wake(who);
        } else if let Some((_, errand)) = self.agenda.pop_first() {
            self.carry_out(errand);
        }
        self.check();
    }

    fn wake(&mut self, who: Who) {
        match who {
            Who::Brain => self.wake_brain(),
            Who::Pbx => {
                let mut out = Vec::new();
                self.pbx.expire(self.now, &mut out);
                self.pbx_wants(out);
            }
            Who::Base(base) => {
                let mut out = Vec::new();
                self.bases[base].rfp.expire(self.now, &mut out);
                self.base_wants(base, out);
            }
            Who::Handset(handset) => {
                let mut out = Vec::new();
                self.handsets[handset].pp.expire(self.now, &mut out);
                self.pp_wants(handset, out);
            }
        }
    }

    /// Notes when somebody wants to be woken next.
    fn attend(&mut self, who: Who, deadline: Option<Instant>) {
        match deadline {
            Some(at) => self.wakes.start(who, at.max(self.now)),
            None => self.wakes.stop(&who),
        }
    }

    fn send(&mut self, after: Duration, errand: Errand) {
        self.send_at(self.now + after, errand);
    }

    fn send_at(&mut self, at: Instant, errand: Errand) {
        self.sent += 1;
        self.agenda.insert((at, self.sent), errand);
    }

    fn tell(&mut self, line: std::fmt::Arguments<'_>) {
        self.trace.line(self.now - self.origin, line);
    }
}

/// The MAC address of the base station at this place.
#[must_use]
pub fn mac(place: usize) -> Mac {
    let [.., high, low] = (place + 1).to_be_bytes();
    Mac([0x02, 0, 0, 0, high, low])
}

/// The handset with this running number.
///
/// # Panics
/// For numbers that an IPEI cannot carry.
#[must_use]
pub fn ipei(number: u32) -> Ipei {
    Ipei::new(77, number).expect("fewer than a million handsets")
}

fn pp_id(handset: usize) -> PpId {
    PpId(u32::try_from(handset).unwrap_or(u32::MAX))
}

fn seeded(rng: &mut Seeded) -> Box<dyn Rng + Send> {
    Box::new(Seeded::new(rng.u64()))
}

/// Where the server's SIP socket is.
const SERVER: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 5060);
