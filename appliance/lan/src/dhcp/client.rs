//! The client of DHCP: RFC 2131 4.4, figure 5.
//!
//! States keep the standard's names, with two more: an address that was kept
//! while the cable was out, and a rest.

use super::lease::Lease;
use machine::TimerSpec;
use std::mem;
use std::net::Ipv4Addr;
use std::time::Duration;

/// What the machine asks of its owner.
pub(super) type Out = machine::Out<Action, Timer>;

/// Where the client stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum State {
    /// There is no cable, and no address.
    #[default]
    Off,
    /// INIT-REBOOT, REBOOTING: the address of the last time is asked for.
    Rebooting(Ipv4Addr),
    /// INIT, SELECTING: any address is asked for.
    Selecting,
    /// REQUESTING: this offer is wanted.
    Requesting(Box<Lease>),
    /// It was given, and is tried.
    Probing(Box<Lease>),
    /// Somebody else has the address (RFC 2131 3.1, 5.), or what was offered is refused; a rest before the next begin.
    Resting,
    /// BOUND
    Bound(Box<Lease>),
    /// RENEWING: its server is asked.
    Renewing(Box<Lease>),
    /// REBINDING: any server is asked.
    Rebinding(Box<Lease>),
    /// The cable is out, the address is kept.
    Asleep(Box<Lease>),
    /// The cable is in again: is this still the network of the address?
    Verifying(Box<Lease>),
}

/// What can happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// The cable is in.
    LinkUp,
    /// The cable is out.
    LinkDown,
    /// A server offers this.
    Offer(Box<Lease>),
    /// A server gives this.
    Ack(Box<Lease>),
    /// A server refuses.
    Nak,
    /// Nobody else has the address.
    Free,
    /// Somebody else has it.
    Taken,
    /// A timer has run out.
    Expired(Timer),
}

/// What is asked of the owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// DHCPDISCOVER to everybody.
    Discover(Begins),
    /// DHCPREQUEST.
    Request(Asks),
    /// DHCPDECLINE.
    Decline(Box<Lease>),
    /// Find out whether somebody has the address.
    Probe(Ipv4Addr),
    /// Use it.
    Configure(Box<Lease>),
    /// Use it no longer.
    Unconfigure,
    /// Ask for this address next time, or for none.
    Keep(Option<Ipv4Addr>),
}

/// Whether a message begins an exchange or repeats its question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Begins {
    /// With a transaction number of its own.
    Anew,
    /// With the number of the last one.
    Again,
}

/// What is requested of whom (RFC 2131 4.3.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Asks {
    /// What this server has offered.
    Offered(Ipv4Addr, Ipv4Addr),
    /// The address of the last time, of everybody.
    Known(Ipv4Addr, Begins),
    /// More time, of its server.
    Renewal(Ipv4Addr, Ipv4Addr),
    /// More time, of everybody.
    Rebinding(Ipv4Addr),
}

/// What the client waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Timer {
    /// An answer.
    Answer,
    /// T1.
    Renewal,
    /// T2.
    Rebinding,
    /// The end of the lease.
    Lease,
    /// A new begin.
    Rest,
}

impl Timer {
    /// What RFC 2131 says of it; those of a lease last as long as it says.
    #[must_use]
    pub const fn spec(self) -> TimerSpec {
        let (name, seconds, guards) = match self {
            Self::Answer => ("X.DHCP.1", 4, "an answer of a server"),
            Self::Renewal => ("T1", 0, "the lease being renewed"),
            Self::Rebinding => ("T2", 0, "the lease being renewed by any server"),
            Self::Lease => ("X.DHCP.2", 0, "the end of the lease"),
            Self::Rest => {
                ("X.DHCP.3", 10, "a new begin after DHCPDECLINE, or after a refused offer")
            }
        };
        TimerSpec { name, default: Duration::from_secs(seconds), guards }
    }
}

/// The machine.
#[derive(Debug, Default)]
pub struct Client {
    state: State,
    /// Questions of this state that were not answered.
    tries: u32,
    /// The address of the last time.
    known: Option<Ipv4Addr>,
}

impl Client {
    /// One that asks first for the address that it had before.
    #[must_use]
    pub const fn new(known: Option<Ipv4Addr>) -> Self {
        Self { state: State::Off, tries: 0, known }
    }

    /// The address of the last time.
    pub(super) const fn known(&self) -> Option<Ipv4Addr> {
        self.known
    }

    pub(super) const fn state(&self) -> &State {
        &self.state
    }

    /// The lease whose address is in use.
    #[must_use]
    pub fn lease(&self) -> Option<&Lease> {
        match &self.state {
            State::Bound(lease)
            | State::Renewing(lease)
            | State::Rebinding(lease)
            | State::Asleep(lease)
            | State::Verifying(lease) => Some(lease),
            _ => None,
        }
    }

    /// How long a timer that was just started lasts, without the second by which [`Timer::Answer`] is spread; of those of a
    /// lease the first begins when it was asked for. `left` is how long the present one still holds, T2 before its end.
    pub(super) fn lasts(&self, timer: Timer, left: Option<(Duration, Duration)>) -> Duration {
        let Timer::Answer = timer else { return timer.spec().default };
        let doubled = |tries: u32| {
            timer.spec().default.saturating_mul(1 << tries.min(ANSWER_DOUBLINGS)).min(ANSWER_MAX)
        };
        // Half of what is left until the next thing happens, at least a minute (RFC 2131 4.4.5); of a short lease less.
        let half = |left: Duration| (left / 2).clamp(RENEWAL_LEAST, RENEWAL_MAX);
        match (&self.state, left) {
            (State::Renewing(_), Some((second, _))) => half(second),
            (State::Rebinding(_), Some((_, end))) => half(end),
            _ => doubled(self.tries),
        }
    }

    /// Takes one event and asks for what follows from it.
    pub(super) fn handle(&mut self, event: Event, out: &mut Out) {
        let before = mem::discriminant(&self.state);
        self.state = match mem::take(&mut self.state) {
            State::Off => self.off(&event, out),
            State::Rebooting(address) => self.rebooting(address, event, out),
            State::Selecting => self.selecting(event, out),
            State::Requesting(offer) => self.requesting(offer, event, out),
            State::Probing(lease) => self.probing(lease, &event, out),
            State::Resting => self.resting(&event, out),
            State::Asleep(lease) => Self::asleep(lease, &event, out),
            State::Verifying(lease) => self.verifying(lease, event, out),
            State::Bound(lease) => self.bound(lease, event, out),
            State::Renewing(lease) => self.renewing(lease, event, out),
            State::Rebinding(lease) => self.rebinding(lease, event, out),
        };
        if before != mem::discriminant(&self.state) {
            self.tries = 0;
        }
    }

    fn off(&mut self, event: &Event, out: &mut Out) -> State {
        match event {
            Event::LinkUp => self.begin(out),
            _ => State::Off,
        }
    }

    /// INIT or INIT-REBOOT.
    fn begin(&mut self, out: &mut Out) -> State {
        out.start(Timer::Answer);
        match self.known {
            Some(address) => {
                out.act(Action::Request(Asks::Known(address, Begins::Anew)));
                State::Rebooting(address)
            }
            None => {
                out.act(Action::Discover(Begins::Anew));
                State::Selecting
            }
        }
    }

    /// INIT, with nothing known.
    fn begin_anew(&mut self, out: &mut Out) -> State {
        if self.known.take().is_some() {
            out.act(Action::Keep(None));
        }
        self.begin(out)
    }

    fn rebooting(&mut self, address: Ipv4Addr, event: Event, out: &mut Out) -> State {
        match event {
            Event::Ack(lease) => probe(lease, out),
            Event::Nak => self.begin_anew(out),
            Event::Expired(Timer::Answer) if self.tries + 1 < KNOWN_TRIES => {
                self.again(Action::Request(Asks::Known(address, Begins::Again)), out);
                State::Rebooting(address)
            }
            // Nobody who knows: any address will do, but this one is asked for again when the cable comes back.
            Event::Expired(Timer::Answer) => {
                out.act(Action::Discover(Begins::Anew));
                out.start(Timer::Answer);
                State::Selecting
            }
            Event::LinkDown => off(out),
            _ => State::Rebooting(address),
        }
    }

    fn selecting(&mut self, event: Event, out: &mut Out) -> State {
        match event {
            // The first one: whoever answers first is nearest.
            Event::Offer(offer) => {
                out.act(Action::Request(Asks::Offered(offer.address, offer.server)));
                out.start(Timer::Answer);
                State::Requesting(offer)
            }
            Event::Expired(Timer::Answer) => {
                self.again(Action::Discover(Begins::Again), out);
                State::Selecting
            }
            Event::LinkDown => off(out),
            _ => State::Selecting,
        }
    }

    fn requesting(&mut self, offer: Box<Lease>, event: Event, out: &mut Out) -> State {
        match event {
            Event::Ack(lease) => probe(lease, out),
            Event::Expired(Timer::Answer) if self.tries + 1 < OFFERED_TRIES => {
                self.again(Action::Request(Asks::Offered(offer.address, offer.server)), out);
                State::Requesting(offer)
            }
            Event::Expired(Timer::Answer) => self.begin_anew(out),
            // A server that offers what it refuses would be asked for ever, as fast as it answers.
            Event::Nak => {
                out.stop(Timer::Answer);
                out.start(Timer::Rest);
                State::Resting
            }
            Event::LinkDown => off(out),
            _ => State::Requesting(offer),
        }
    }

    fn probing(&mut self, lease: Box<Lease>, event: &Event, out: &mut Out) -> State {
        match event {
            Event::Free => {
                self.known = Some(lease.address);
                out.act(Action::Keep(self.known));
                Self::bind(lease, out)
            }
            Event::Taken => self.decline(lease, out),
            Event::LinkDown => off(out),
            _ => State::Probing(lease),
        }
    }

    fn decline(&mut self, lease: Box<Lease>, out: &mut Out) -> State {
        if self.known.take().is_some() {
            out.act(Action::Keep(None));
        }
        out.act(Action::Decline(lease));
        out.start(Timer::Rest);
        State::Resting
    }

    fn resting(&mut self, event: &Event, out: &mut Out) -> State {
        match event {
            Event::Expired(Timer::Rest) => self.begin_anew(out),
            Event::LinkDown => {
                out.stop(Timer::Rest);
                off(out)
            }
            _ => State::Resting,
        }
    }

    /// BOUND, with the times of the lease.
    fn bind(lease: Box<Lease>, out: &mut Out) -> State {
        out.stop(Timer::Answer);
        if lease.holds.is_some() {
            for timer in OF_A_LEASE {
                out.start(timer);
            }
        } else {
            stop_lease(out);
        }
        out.act(Action::Configure(lease.clone()));
        State::Bound(lease)
    }

    fn bound(&mut self, lease: Box<Lease>, event: Event, out: &mut Out) -> State {
        match event {
            Event::Expired(Timer::Renewal) => {
                out.act(Action::Request(Asks::Renewal(lease.address, lease.server)));
                out.start(Timer::Answer);
                State::Renewing(lease)
            }
            other => self.in_use(lease, &other, State::Bound, out),
        }
    }

    fn renewing(&mut self, lease: Box<Lease>, event: Event, out: &mut Out) -> State {
        match event {
            Event::Expired(Timer::Answer) => {
                self.again(Action::Request(Asks::Renewal(lease.address, lease.server)), out);
                State::Renewing(lease)
            }
            Event::Ack(given) => Self::renewed(&lease, given, out),
            Event::Nak => self.lose(out),
            other => self.in_use(lease, &other, State::Renewing, out),
        }
    }

    fn rebinding(&mut self, lease: Box<Lease>, event: Event, out: &mut Out) -> State {
        match event {
            Event::Expired(Timer::Answer) => {
                self.again(Action::Request(Asks::Rebinding(lease.address)), out);
                State::Rebinding(lease)
            }
            Event::Ack(given) => Self::renewed(&lease, given, out),
            Event::Nak => self.lose(out),
            other => self.in_use(lease, &other, State::Rebinding, out),
        }
    }

    /// The cable was out.
    fn verifying(&mut self, lease: Box<Lease>, event: Event, out: &mut Out) -> State {
        match event {
            Event::Ack(given) => Self::renewed(&lease, given, out),
            Event::Nak => self.lose(out),
            Event::Expired(Timer::Answer) if self.tries + 1 < KNOWN_TRIES => {
                self.again(Action::Request(Asks::Known(lease.address, Begins::Again)), out);
                State::Verifying(lease)
            }
            // The lease holds all the same (RFC 2131 3.2, 3.); whoever is there is asked until it is over.
            Event::Expired(Timer::Answer) => rebind(lease, out),
            other => self.in_use(lease, &other, State::Verifying, out),
        }
    }

    fn asleep(lease: Box<Lease>, event: &Event, out: &mut Out) -> State {
        match event {
            Event::LinkUp => {
                out.act(Action::Request(Asks::Known(lease.address, Begins::Anew)));
                out.start(Timer::Answer);
                State::Verifying(lease)
            }
            Event::Expired(Timer::Lease) => {
                out.act(Action::Unconfigure);
                State::Off
            }
            _ => State::Asleep(lease),
        }
    }

    /// What is the same wherever an address is in use.
    fn in_use(
        &mut self,
        lease: Box<Lease>,
        event: &Event,
        state: fn(Box<Lease>) -> State,
        out: &mut Out,
    ) -> State {
        match event {
            Event::Expired(Timer::Rebinding) => rebind(lease, out),
            Event::Expired(Timer::Lease) => self.lose(out),
            Event::Taken => {
                out.act(Action::Unconfigure);
                stop_lease(out);
                out.stop(Timer::Answer);
                self.decline(lease, out)
            }
            Event::LinkDown => {
                out.stop(Timer::Answer);
                State::Asleep(lease)
            }
            _ => state(lease),
        }
    }

    /// An answer to a request for more time: another address has to be tried first.
    fn renewed(before: &Lease, given: Box<Lease>, out: &mut Out) -> State {
        if given.address == before.address {
            return Self::bind(given, out);
        }
        stop_lease(out);
        out.act(Action::Unconfigure);
        probe(given, out)
    }

    /// The address may not be used any longer.
    fn lose(&mut self, out: &mut Out) -> State {
        stop_lease(out);
        out.act(Action::Unconfigure);
        self.begin_anew(out)
    }

    fn again(&mut self, action: Action, out: &mut Out) {
        self.tries = self.tries.saturating_add(1);
        out.act(action);
        out.start(Timer::Answer);
    }
}

fn off(out: &mut Out) -> State {
    out.stop(Timer::Answer);
    State::Off
}

fn probe(lease: Box<Lease>, out: &mut Out) -> State {
    out.stop(Timer::Answer);
    out.act(Action::Probe(lease.address));
    State::Probing(lease)
}

fn rebind(lease: Box<Lease>, out: &mut Out) -> State {
    out.act(Action::Request(Asks::Rebinding(lease.address)));
    out.start(Timer::Answer);
    State::Rebinding(lease)
}

fn stop_lease(out: &mut Out) {
    for timer in OF_A_LEASE {
        out.stop(timer);
    }
}

const OF_A_LEASE: [Timer; 3] = [Timer::Renewal, Timer::Rebinding, Timer::Lease];
/// Questions for the address of the last time: 4 and 8 seconds.
const KNOWN_TRIES: u32 = 2;
/// Requests for an offer (RFC 2131 3.1, 4.: "might retransmit four times").
const OFFERED_TRIES: u32 = 4;
/// 4, 8, 16, 32 seconds (RFC 2131 4.1).
const ANSWER_DOUBLINGS: u32 = 3;
/// The standard goes on to 64 seconds; a server that comes back is to be found sooner.
const ANSWER_MAX: Duration = Duration::from_secs(32);
/// Between two requests for more time, where a lease is short.
const RENEWAL_LEAST: Duration = Duration::from_secs(2);
/// The same where it is long: a server that has come back hears of us within the hour.
const RENEWAL_MAX: Duration = Duration::from_hours(1);

#[cfg(test)]
mod tests;
