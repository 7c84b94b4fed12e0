//! The client: several servers, what they say together, and what follows for the clock.

use super::discipline::{Change, Discipline, Doubt};
use super::packet::{Leap, OCTETS, Packet};
use super::select::{Claim, agreeing, combined};
use super::server::Standing;
use super::source::{DRIFT, Heard, Refusal, Sample, Source, View};
use super::stamp::{Nanos, SECOND, Wall, nanos};
use std::fmt;
use std::time::Instant;

/// What the client is told of the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ground {
    /// When this program was made: no clock is right that shows less.
    pub floor: Wall,
    /// The clock is known to be about right; one that had stood at nothing, and was put to the floor, is not.
    pub known: bool,
}

/// What the client wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// Send these octets to the server of this number.
    Ask(usize, [u8; OCTETS]),
    /// Do this to the clock.
    Clock(Change),
    /// Write this into the log.
    Tell(Report),
}

/// What an administrator should read once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Report {
    /// A server does not want to be asked.
    Refused(usize, Refusal),
    /// A server says what the others say is not so; it is this far from our clock.
    Contradicted(usize, Nanos),
    /// The time is not known any more, or not yet, for this reason.
    Lost(Problem),
    /// The time is known again.
    Synchronised,
}

/// Why the time of the network is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    /// There is nobody to ask.
    NoServers,
    /// Nothing was heard yet that could be believed or doubted.
    Waiting,
    /// No server answers that knows the time itself.
    Silence,
    /// The servers contradict each other, and no majority is of one mind.
    Contradiction,
    /// One server alone says that the clock is wrong by so much.
    Alone(Nanos),
    /// It would be a time at which this version did not exist, or one far in the future; the clock is this far from it.
    Impossible(Nanos),
    /// The clock was right and is said to be wrong by so much all of a sudden.
    Sudden(Nanos),
}

/// How the time stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// What to tell those who ask us.
    pub standing: Standing,
    /// Why it is not known; `None` while it is.
    pub problem: Option<Problem>,
    /// Which server is followed foremost.
    pub source: Option<usize>,
    /// How far our clock was from the truth when it was last compared; positive where it was behind.
    pub offset: Nanos,
    /// Each server, by its number.
    pub servers: Vec<View>,
}

/// The client.
pub struct Client {
    sources: Vec<Source>,
    discipline: Discipline,
    /// The server that is followed foremost, and what it has said.
    followed: Option<Followed>,
    offset: Nanos,
    /// Who was believed when the clock was last compared.
    believed: Vec<usize>,
    /// Who was reported to contradict.
    contradicting: Vec<usize>,
    problem: Option<Problem>,
    /// When it is to be decided although not all have answered.
    settles: Option<Instant>,
}

#[derive(Clone, Copy)]
struct Followed {
    server: usize,
    sample: Sample,
    jitter: Nanos,
    stratum: u8,
    leap: Leap,
    /// What our clock showed.
    at: Wall,
}

impl Client {
    /// One that asks so many servers, at most [`SERVERS_MAX`], beginning now.
    #[must_use]
    pub fn new(now: Instant, servers: usize, ground: Ground) -> Self {
        let sources: Vec<Source> =
            (0..servers.min(SERVERS_MAX)).map(|_| Source::new(now)).collect();
        let problem = if sources.is_empty() { Problem::NoServers } else { Problem::Waiting };
        Self {
            sources,
            discipline: Discipline::new(ground.floor, ground.known),
            followed: None,
            offset: 0,
            believed: Vec::new(),
            contradicting: Vec::new(),
            problem: Some(problem),
            settles: None,
        }
    }

    /// From now on it asks others. The clock goes on as it was: a new list is no reason for it to jump.
    pub fn ask_others(&mut self, now: Instant, servers: usize) {
        let ground = Ground { floor: Wall::default(), known: false };
        let others = Self::new(now, servers, ground);
        let (sources, problem) = (others.sources, others.problem);
        (self.sources, self.problem, self.settles) = (sources, problem, None);
        (self.believed, self.contradicting) = (Vec::new(), Vec::new());
        // What was followed has another number now, or none.
        self.followed = None;
    }

    /// Takes what has come from the address of a server; `wall` is what our clock showed when it came.
    pub fn hear(
        &mut self,
        (now, wall): (Instant, Wall),
        server: usize,
        octets: &[u8],
        out: &mut Vec<Output>,
    ) {
        let Some(source) = self.sources.get_mut(server) else { return };
        let Ok(packet) = Packet::read(octets) else { return };
        match source.hear(now, wall, &packet) {
            Heard::Sample | Heard::Useless => self.compare((now, wall), Some(server), out),
            Heard::Kiss => {
                if let Some(refusal) = source.view(now, false).refusal {
                    out.push(Output::Tell(Report::Refused(server, refusal)));
                }
            }
            Heard::Bogus => {}
        }
    }

    /// Asks whom it is time to ask; `chance` gives numbers that nobody can foresee.
    pub fn expire(
        &mut self,
        (now, wall): (Instant, Wall),
        chance: &mut dyn FnMut() -> u64,
        out: &mut Vec<Output>,
    ) {
        for (server, source) in self.sources.iter_mut().enumerate() {
            if source.next.is_some_and(|at| at <= now)
                && let Some(packet) = source.ask(now, wall, chance())
            {
                out.push(Output::Ask(server, packet.write()));
            }
        }
        if !self.discipline.is_set() {
            // Whoever has not answered by then is not waited for.
            self.settles = self.sources.iter().filter_map(|source| source.settles(now)).max();
            if self.settles.is_none() {
                self.compare((now, wall), None, out);
            }
        } else if self.standing(now).leap == Leap::Unsynchronised && self.problem.is_none() {
            self.lost(Problem::Silence, out);
        }
    }

    /// When to call [`Client::expire`] next.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        let asks = self.sources.iter().filter_map(|source| source.next);
        asks.chain(self.settles).min()
    }

    /// The network is another, or is back: whoever did not answer is asked soon.
    pub fn wake(&mut self, now: Instant) {
        for source in &mut self.sources {
            source.wake(now);
        }
    }

    /// How the time stands.
    #[must_use]
    pub fn state(&self, now: Instant) -> State {
        let view =
            |(number, source): (usize, &Source)| source.view(now, self.believed.contains(&number));
        State {
            standing: self.standing(now),
            problem: self.problem,
            source: self.followed.map(|followed| followed.server),
            offset: self.offset,
            servers: self.sources.iter().enumerate().map(view).collect(),
        }
    }

    /// What to tell those who ask us, but for the name of the server that is followed.
    fn standing(&self, now: Instant) -> Standing {
        let Some(followed) = self.followed else { return Standing::default() };
        let Followed { sample, jitter, .. } = followed;
        let age = nanos(now.saturating_duration_since(sample.at)) / DRIFT;
        let dispersion = [jitter, self.offset.saturating_abs(), age, sample.delay / 2];
        let dispersion = dispersion.into_iter().fold(sample.root_dispersion, Nanos::saturating_add);
        let root_delay = sample.root_delay.saturating_add(sample.delay);
        if (root_delay / 2).saturating_add(dispersion) > UNCERTAIN_MAX {
            return Standing::default();
        }
        Standing {
            leap: followed.leap,
            stratum: followed.stratum.saturating_add(1).min(15),
            root_delay,
            root_dispersion: dispersion,
            reference_id: [0; 4],
            reference: Some(followed.at),
        }
    }

    /// Compares what all servers say, of which `heard` has just said something new.
    fn compare(
        &mut self,
        (now, wall): (Instant, Wall),
        heard: Option<usize>,
        out: &mut Vec<Output>,
    ) {
        let claims: Vec<Claim> = self.claims(now);
        if claims.is_empty() {
            if self.followed.is_none() && self.sources.iter().all(|it| it.settles(now).is_none()) {
                self.lost(Problem::Silence, out);
            }
            return;
        }
        let group = agreeing(&claims);
        let majority = group.len() > 1 && group.len() * 2 > claims.len();
        if !self.discipline.is_set() && group.len() * 2 <= self.sources.len() {
            // A liar may be the first who answers.
            let waits = self.sources.iter().filter_map(|source| source.settles(now)).max();
            if waits.is_some() {
                self.settles = waits;
                return;
            }
        }
        self.settles = None;
        let group = if majority { Ok(group) } else { self.alone(wall, &claims) };
        match group.and_then(|group| self.believe((now, wall), heard, (group, majority), out)) {
            Ok(()) => {}
            Err(problem) => self.lost(problem, out),
        }
    }

    fn claims(&self, now: Instant) -> Vec<Claim> {
        let claim = |(server, source): (usize, &Source)| {
            let best = source.best(now)?;
            let reach = best.distance(now).saturating_add(source.jitter(&best)).max(1);
            Some(Claim { server, offset: best.offset, reach })
        };
        self.sources.iter().enumerate().filter_map(claim).collect()
    }

    /// Whom to believe where there is no majority: those that our own clock does not contradict, if they agree.
    fn alone(&self, wall: Wall, claims: &[Claim]) -> Result<Vec<Claim>, Problem> {
        let sound = |claim: &&Claim| self.discipline.plausible(wall, claim.offset, true).is_ok();
        let sound: Vec<Claim> = claims.iter().filter(sound).copied().collect();
        match (&*sound, claims) {
            ([], [claim]) => Err(match self.discipline.plausible(wall, claim.offset, true) {
                Err(Doubt::Alone) => Problem::Alone(claim.offset),
                _ => Problem::Impossible(claim.offset),
            }),
            ([], _) => Err(Problem::Contradiction),
            (sound, _) => {
                let group = agreeing(sound);
                if group.len() == sound.len() { Ok(group) } else { Err(Problem::Contradiction) }
            }
        }
    }

    fn believe(
        &mut self,
        (now, wall): (Instant, Wall),
        heard: Option<usize>,
        (group, majority): (Vec<Claim>, bool),
        out: &mut Vec<Output>,
    ) -> Result<(), Problem> {
        let Some(offset) = combined(&group) else { return Ok(()) };
        if self.discipline.plausible(wall, offset, !majority).is_err() {
            return Err(Problem::Impossible(offset));
        }
        self.believed = group.iter().map(|claim| claim.server).collect();
        self.contradictions(now, out);
        // RFC 5905 10: a sample serves once; an older one of less delay says nothing new.
        let used = self.followed.map(|followed| followed.sample.at);
        let heard = heard.or_else(|| self.believed.first().copied());
        let newest = heard.filter(|server| self.believed.contains(server));
        let newest = newest.and_then(|server| self.sources.get(server)?.best(now));
        if newest.is_none_or(|best| used.is_some_and(|used| best.at <= used)) {
            return Ok(());
        }
        let foremost = group.iter().min_by_key(|claim| claim.reach).map(|claim| claim.server);
        let source = foremost.and_then(|server| Some((server, self.sources.get(server)?)));
        let Some((server, source)) = source else { return Ok(()) };
        let Some(sample) = source.best(now) else { return Ok(()) };
        let poll = source.poll();
        let change = self.discipline.decide(now, offset, poll);
        let change = change.map_err(|_| Problem::Sudden(offset))?;
        let stepped = matches!(change, Change::Step(_));
        self.followed = Some(Followed {
            server,
            // It serves once, whoever of the group has brought it.
            sample: Sample { at: newest.map_or(sample.at, |it| it.at.max(sample.at)), ..sample },
            jitter: source.jitter(&sample),
            stratum: source.stratum,
            leap: source.leap,
            at: if stepped { wall.plus(offset) } else { wall },
        });
        self.offset = if stepped { 0 } else { offset };
        self.touched(change, out);
        if self.problem.take().is_some() {
            out.push(Output::Tell(Report::Synchronised));
        }
        Ok(())
    }

    /// The clock is moved.
    fn touched(&mut self, change: Change, out: &mut Vec<Output>) {
        for source in &mut self.sources {
            match change {
                Change::Step(_) => source.forget(),
                Change::Follow { offset, .. } | Change::Slew(offset) => source.moved(offset),
            }
        }
        out.push(Output::Clock(change));
    }

    /// Tells of servers that say something else than those that are believed, once for each time that they begin to.
    fn contradictions(&mut self, now: Instant, out: &mut Vec<Output>) {
        let mut contradicting = Vec::new();
        for (server, source) in self.sources.iter().enumerate() {
            let Some(best) = source.best(now).filter(|_| !self.believed.contains(&server)) else {
                continue;
            };
            if !self.contradicting.contains(&server) {
                out.push(Output::Tell(Report::Contradicted(server, best.offset)));
            }
            contradicting.push(server);
        }
        self.contradicting = contradicting;
    }

    fn lost(&mut self, problem: Problem, out: &mut Vec<Output>) {
        let said = self
            .problem
            .is_some_and(|was| std::mem::discriminant(&was) == std::mem::discriminant(&problem));
        self.problem = Some(problem);
        if !said {
            out.push(Output::Tell(Report::Lost(problem)));
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoServers => write!(f, "no time server is known; name one in network.ntp"),
            Self::Waiting => write!(f, "the time servers have not answered yet"),
            Self::Silence => write!(
                f,
                "no time server answers that knows the time; check the network and network.ntp"
            ),
            Self::Contradiction => write!(
                f,
                "the time servers contradict each other and none has a majority; name at least three"
            ),
            Self::Alone(offset) => write!(
                f,
                "the only time server that is heard says that the clock is wrong by {}; it is not believed; name a second one that says the same",
                Words(*offset)
            ),
            Self::Impossible(offset) => write!(
                f,
                "the time servers say that the clock is wrong by {}, which cannot be; it is not believed; check the servers",
                Words(*offset)
            ),
            Self::Sudden(offset) => write!(
                f,
                "the clock is suddenly wrong by {}; if the time servers say so for 15 minutes it is set again",
                Words(*offset)
            ),
        }
    }
}

/// An offset as a person says it.
struct Words(Nanos);

impl fmt::Display for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.saturating_abs() / SECOND;
        match seconds {
            0..=119 => write!(f, "{seconds} s"),
            120..=7199 => write!(f, "{} minutes", seconds / 60),
            7200..=172_799 => write!(f, "{} hours", seconds / 3600),
            _ => write!(f, "{} days", seconds / 86_400),
        }
    }
}

/// Servers that are asked: more than four or five do not help (RFC 8633 3.2).
pub const SERVERS_MAX: usize = 8;

/// How far off our clock may be and still be told to others (RFC 5905 A.5.1.1: MAXDIST).
const UNCERTAIN_MAX: Nanos = SECOND + SECOND / 2;

#[cfg(test)]
mod tests;
