//! The engine: which handset is which user, who is registered, which calls there are.

use crate::accounts::{Departures, in_words};
use crate::brain::Settings;
use crate::call::{Action, Call, Event, Ground, Manner, Out, Timer};
use crate::speech;
use crate::status::{CallStatus, Registration};
use crate::tally::{self, Occurrence, Tally};
use crate::users::{Subscriber, User, UserChange};
use ::dect::primitive::{self as dect, ReleaseReason};
use ::sip::primitive::{self as sip, AccountId};
use ident::{Ipei, Mac};
use machine::{Agenda, Effect};
use media::session::{Report, SessionId};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Instant;

/// Gives names for calls that this engine begins.
pub(crate) trait Ids {
    /// For a call towards a handset.
    fn dect(&mut self) -> dect::CallId;
    /// For a call towards the PBX.
    fn sip(&mut self) -> sip::CallId;
}

/// Everything that can happen to the engine.
pub(crate) enum Input {
    /// The network layer tells.
    Dect(dect::Indication),
    /// The SIP engine tells.
    Sip(sip::Event),
    /// The media role tells.
    Media(Report),
    /// The media role is gone.
    MediaLost,
    /// These are the users from now on.
    Users(Vec<User>),
    /// These users come, change or go.
    UserChanges(Vec<UserChange>),
    /// The server stops.
    Stop,
}

/// Names a call within this engine.
type CallNo = u32;

/// The engine.
pub(crate) struct Iwu {
    pub(crate) settings: Settings,
    /// How calls that begin now are made.
    manner: Arc<Manner>,
    pub(crate) users: BTreeMap<AccountId, Subscriber>,
    pub(crate) account_of_user: BTreeMap<String, AccountId>,
    pub(crate) account_of_pp: BTreeMap<Ipei, AccountId>,
    pub(crate) subscribed: BTreeSet<Ipei>,
    pub(crate) located: BTreeMap<Ipei, Mac>,
    pub(crate) rfps: BTreeMap<Mac, Option<String>>,
    pub(crate) calls: BTreeMap<CallNo, Call>,
    /// A handset is in one call at a time.
    pub(crate) call_of_pp: BTreeMap<Ipei, CallNo>,
    call_of_dect: BTreeMap<dect::CallId, CallNo>,
    call_of_sip: BTreeMap<sip::CallId, CallNo>,
    call_of_session: BTreeMap<SessionId, CallNo>,
    call_of_account: BTreeSet<(AccountId, CallNo)>,
    agenda: Agenda<(CallNo, Timer)>,
    next_call: CallNo,
    pub(crate) next_account: u32,
    /// Whose registration is being taken back.
    pub(crate) leaving: BTreeSet<AccountId>,
    pub(crate) departures: Departures,
    pub(crate) stopping: bool,
    /// What was counted of calls.
    pub(crate) tally: Tally,
    /// How many users were looked at to see what becomes of them.
    #[cfg(test)]
    pub(crate) looked_at: usize,
}

impl Iwu {
    /// An engine without users.
    pub(crate) fn new(settings: Settings) -> Self {
        Self {
            manner: Arc::new(Manner::of(&settings)),
            settings,
            users: BTreeMap::new(),
            account_of_user: BTreeMap::new(),
            account_of_pp: BTreeMap::new(),
            subscribed: BTreeSet::new(),
            located: BTreeMap::new(),
            rfps: BTreeMap::new(),
            calls: BTreeMap::new(),
            call_of_pp: BTreeMap::new(),
            call_of_dect: BTreeMap::new(),
            call_of_sip: BTreeMap::new(),
            call_of_session: BTreeMap::new(),
            call_of_account: BTreeSet::new(),
            agenda: Agenda::default(),
            next_call: 0,
            next_account: 0,
            leaving: BTreeSet::new(),
            departures: Departures::default(),
            stopping: false,
            tally: Tally::default(),
            #[cfg(test)]
            looked_at: 0,
        }
    }

    /// Uses these settings from now on; calls that exist go on as they were begun.
    pub(crate) fn set(&mut self, settings: Settings, out: &mut Vec<Action>) {
        self.manner = Arc::new(Manner::of(&settings));
        let leaves_now = settings.deregister_on_detach && !self.settings.deregister_on_detach;
        self.settings = settings;
        if leaves_now {
            self.suit_all(out);
        }
    }

    /// Takes one input and asks for what follows from it.
    pub(crate) fn input(
        &mut self,
        now: Instant,
        input: Input,
        ids: &mut dyn Ids,
        out: &mut Vec<Action>,
    ) {
        match input {
            Input::Dect(indication) => self.dect(now, indication, ids, out),
            Input::Sip(event) => self.sip(now, event, ids, out),
            Input::Media(report) => {
                let call = self.call_of_session.get(&session_of(&report)).copied();
                self.step(now, call, Event::Media(report), ids, out);
            }
            Input::MediaLost => self.every_call(now, &Event::MediaLost, ids, out),
            Input::Users(users) => self.replace_users(users, out),
            Input::UserChanges(changes) => {
                for change in changes {
                    self.change_user(change, out);
                }
            }
            Input::Stop => {
                self.stopping = true;
                self.every_call(now, &Event::Displaced(ReleaseReason::Normal), ids, out);
                let accounts: Vec<AccountId> = self.users.keys().copied().collect();
                for account in accounts {
                    self.deregister(account, out);
                }
            }
        }
    }

    /// Lets the timers run out that are due.
    pub(crate) fn expire(&mut self, now: Instant, ids: &mut dyn Ids, out: &mut Vec<Action>) {
        while let Some((call, timer)) = self.agenda.expired(now) {
            self.step(now, Some(call), Event::Expired(timer), ids, out);
        }
    }

    /// When to call [`Iwu::expire`] next.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.agenda.deadline()
    }

    /// How many calls there are, those that are ending included.
    pub(crate) fn calls(&self) -> usize {
        self.calls.len()
    }

    /// Number and state of each call.
    pub(crate) fn call_states(&self) -> impl Iterator<Item = (u32, &'static str)> {
        self.calls.iter().map(|(number, call)| (*number, call.state.name()))
    }

    /// Each call, as an administrator sees it.
    pub(crate) fn call_list(&self) -> impl Iterator<Item = CallStatus> {
        self.calls.iter().map(|(number, call)| {
            let subscriber = self.users.get(&call.account);
            let user = subscriber.map(|it| it.user.account.user.clone()).unwrap_or_default();
            CallStatus { number: *number, user, peer: call.peer.clone(), state: call.state.name() }
        })
    }

    /// Whether a registration is being taken back and the PBX has not said so yet.
    pub(crate) fn is_leaving(&self) -> bool {
        !self.leaving.is_empty()
    }

    /// Whether no name of a leg is remembered; for tests.
    #[cfg(test)]
    pub(crate) fn forgot_every_leg(&self) -> bool {
        self.call_of_pp.is_empty()
            && self.call_of_dect.is_empty()
            && self.call_of_sip.is_empty()
            && self.call_of_session.is_empty()
            && self.call_of_account.is_empty()
    }

    /// Whether a call goes by this account, or is ending.
    pub(crate) fn has_call(&self, account: AccountId) -> bool {
        let of = (account, CallNo::MIN)..=(account, CallNo::MAX);
        self.call_of_account.range(of).next().is_some()
    }

    fn dect(
        &mut self,
        now: Instant,
        indication: dect::Indication,
        ids: &mut dyn Ids,
        out: &mut Vec<Action>,
    ) {
        use dect::Indication as I;
        match indication {
            I::Setup { call, pp, .. } => self.handset_calls(now, (call, pp), indication, ids, out),
            I::Info { call, .. }
            | I::Alert(call)
            | I::Connect(call)
            | I::Release(call, _)
            | I::MediaOpened(call, _)
            | I::MediaFailed(call, _) => {
                let call = self.call_of_dect.get(&call).copied();
                self.step(now, call, Event::Dect(indication), ids, out);
            }
            I::AccessRights(pp) => {
                let answer = self.access(pp, out);
                out.push(Action::Dect(dect::Request::AccessRights(pp, answer)));
            }
            I::Subscribed(pp) => {
                self.subscribed.insert(pp);
                out.push(Action::Note(format!("{pp} is subscribed")));
            }
            I::NotSubscribed(pp, why) => {
                out.push(Action::Note(format!("{pp} was not subscribed: {}", in_words(why))));
            }
            I::Terminated(pp) => self.gone(pp, out),
            I::NotTerminated(pp) => {
                self.gone(pp, out);
                out.push(Action::Note(format!(
                    "{pp} is still in the state directory and would be back after a restart; free \
                     space or check its rights, then end the subscription once more"
                )));
            }
            I::Located(pp, rfp) => self.located(pp, rfp, out),
            I::NotAuthenticated(pp) => {
                out.push(Action::Note(format!(
                    "{pp} did not prove who it is; if it is the right handset, subscribe it again"
                )));
            }
            I::Detached(pp) => self.detached(pp, out),
            I::Identity(pp) => out.push(Action::Note(format!("{pp} has said who it is"))),
            I::RfpUp(mac) => {
                self.rfps.insert(mac, None);
                out.push(Action::Note(format!("base station {mac} is on the air")));
                out.push(Action::Occurred(Occurrence::BaseStationUp(mac)));
            }
            I::RfpDown(mac, why) => {
                out.push(Action::Note(format!("base station {mac} is off the air: {why}")));
                let before = self.rfps.insert(mac, Some(why.clone()));
                if before == Some(None) {
                    out.push(Action::Occurred(Occurrence::BaseStationLost(mac, why)));
                }
            }
            I::RfpForgotten(mac) => drop(self.rfps.remove(&mac)),
        }
    }

    fn sip(&mut self, now: Instant, event: sip::Event, ids: &mut dyn Ids, out: &mut Vec<Action>) {
        use sip::Event as E;
        match event {
            E::Registered(account, granted) => {
                self.registered(account, Registration::Registered(granted), out);
            }
            E::NotRegistered(account, why) => {
                self.registered(account, Registration::Failed(why.reason), out);
            }
            E::Deregistered(account) => {
                self.leaving.remove(&account);
                self.part(account, out);
            }
            E::Incoming(incoming) => self.incoming(now, *incoming, ids, out),
            E::Progress(call, ..)
            | E::Answered(call, _)
            | E::Confirmed(call)
            | E::Offer(call, _)
            | E::ModifyRefused(call, _)
            | E::InfoKey(call, ..)
            | E::Ended(call, _) => {
                let call = self.call_of_sip.get(&call).copied();
                self.step(now, call, Event::Sip(event), ids, out);
            }
        }
    }

    /// A handset has gone off-hook.
    fn handset_calls(
        &mut self,
        now: Instant,
        (leg, pp): (dect::CallId, Ipei),
        indication: dect::Indication,
        ids: &mut dyn Ids,
        out: &mut Vec<Action>,
    ) {
        self.tally.attempts += 1;
        let refuse = |reason, text: &str, out: &mut Vec<Action>| {
            let info = dect::Info { display: Some(text.into()), ..dect::Info::default() };
            out.push(Action::Dect(dect::Request::Release(leg, reason, info)));
        };
        let account = self.account_of_pp.get(&pp).copied();
        let disabled =
            account.and_then(|id| self.users.get(&id)).is_none_or(|found| found.user.disabled);
        let Some(account) = account.filter(|_| !disabled && !self.stopping) else {
            out.push(Action::Note(format!("{pp} may not call: it has no user, or a disabled one")));
            return refuse(ReleaseReason::UserRejection, "Not allowed", out);
        };
        if let Some(other) = self.call_of_pp.get(&pp).copied() {
            // Who takes the handset to call somebody has not heard that it was about to ring.
            let event = Event::Displaced(ReleaseReason::Collision);
            if !self.calls.get(&other).is_some_and(Call::searches) {
                return refuse(ReleaseReason::UserBusy, "Busy", out);
            }
            self.step(now, Some(other), event, ids, out);
        }
        let number = self.number_call();
        let whose = (pp, account, self.manner.clone());
        let call = Call::from_handset(whose, leg, SessionId(number));
        self.adopt(number, call);
        self.step(now, Some(number), Event::Dect(indication), ids, out);
    }

    /// The PBX calls a user.
    fn incoming(
        &mut self,
        now: Instant,
        incoming: sip::Incoming,
        ids: &mut dyn Ids,
        out: &mut Vec<Action>,
    ) {
        self.tally.attempts += 1;
        let Some(subscriber) = self.users.get(&incoming.account) else {
            out.push(Action::Sip(sip::Request::Reject(incoming.call, 404)));
            return out.push(Action::Note("a call for a user who was removed was refused".into()));
        };
        let pp = subscriber.user.ipei;
        let acceptable = incoming.offer.as_deref();
        let acceptable =
            acceptable.is_none_or(|offer| speech::acceptable(&self.manner.preferences, offer));
        let (pp, refusal) = match pp {
            Some(pp) if !self.located.contains_key(&pp) || self.stopping => {
                (pp, Some((480, "is not there")))
            }
            Some(pp) if self.call_of_pp.contains_key(&pp) => (pp, Some((486, "is busy"))),
            Some(pp) if !acceptable => (pp, Some((488, "has no codec in common with the caller"))),
            Some(pp) => (pp, None),
            None => {
                out.push(Action::Sip(sip::Request::Reject(incoming.call, 480)));
                return out
                    .push(Action::Note("a call for a user without a handset was refused".into()));
            }
        };
        if let Some((status, why)) = refusal {
            out.push(Action::Note(format!(
                "a call for {pp} was answered with {status}: the handset {why}"
            )));
            return out.push(Action::Sip(sip::Request::Reject(incoming.call, status)));
        }
        let number = self.number_call();
        let mut asked = Out::default();
        let call = Call::to_handset(
            (pp, self.manner.clone()),
            incoming,
            (ids.dect(), SessionId(number)),
            &mut asked,
        );
        self.adopt(number, call);
        self.carry_out(now, number, &mut asked, out);
    }

    fn number_call(&mut self) -> CallNo {
        self.next_call = self.next_call.wrapping_add(1);
        self.next_call
    }

    fn adopt(&mut self, number: CallNo, call: Call) {
        self.index(number, &call);
        self.calls.insert(number, call);
        self.tally.most = self.tally.most.max(self.calls.len() as u64);
    }

    fn index(&mut self, number: CallNo, call: &Call) {
        self.call_of_account.insert((call.account, number));
        if let Some(leg) = call.legs.dect {
            self.call_of_pp.insert(call.pp, number);
            self.call_of_dect.insert(leg, number);
        }
        if let Some(leg) = call.legs.sip {
            self.call_of_sip.insert(leg, number);
        }
        if let Some(session) = call.legs.media {
            self.call_of_session.insert(session, number);
        }
    }

    fn forget(&mut self, number: CallNo, call: &Call) {
        self.call_of_account.remove(&(call.account, number));
        if let Some(leg) = call.legs.dect {
            self.call_of_dect.remove(&leg);
            self.call_of_pp.remove(&call.pp);
        }
        if let Some(leg) = call.legs.sip {
            self.call_of_sip.remove(&leg);
        }
        if let Some(session) = call.legs.media {
            self.call_of_session.remove(&session);
        }
    }

    /// Gives one event to one call. A call that is not known any more has ended by itself: no harm.
    fn step(
        &mut self,
        now: Instant,
        number: Option<CallNo>,
        event: Event,
        ids: &mut dyn Ids,
        out: &mut Vec<Action>,
    ) {
        let Some((number, mut call)) = number.and_then(|number| self.calls.remove_entry(&number))
        else {
            return;
        };
        tracing::debug!(call = number, pp = %call.pp, ?event, state = call.state.name(), "iwu");
        self.forget(number, &call);
        let manner = call.manner.clone();
        let mut ground = Ground { manner: &manner, new_sip_call: &mut || ids.sip() };
        let mut asked = Out::default();
        let abnormal = !call.is_released() && tally::is_abnormal(&call, &event);
        call.handle(event, &mut ground, &mut asked);
        self.tally.abnormal += u64::from(abnormal && call.is_released());
        self.carry_out(now, number, &mut asked, out);
        if call.over() {
            self.agenda.stop_range((number, Timer::FIRST)..=(number, Timer::LAST));
            self.part(call.account, out);
        } else {
            self.adopt(number, call);
        }
    }

    fn carry_out(&mut self, now: Instant, number: CallNo, asked: &mut Out, out: &mut Vec<Action>) {
        for effect in asked.drain() {
            match effect {
                Effect::Act(action) => out.push(action),
                Effect::Start(Timer::Ringing) => {
                    self.agenda.start((number, Timer::Ringing), now + self.settings.ring_timeout);
                }
                Effect::Start(timer) => {
                    self.agenda.start((number, timer), now + timer.spec().default);
                }
                Effect::Stop(timer) => self.agenda.stop(&(number, timer)),
            }
        }
    }

    fn every_call(
        &mut self,
        now: Instant,
        event: &Event,
        ids: &mut dyn Ids,
        out: &mut Vec<Action>,
    ) {
        let numbers: Vec<CallNo> = self.calls.keys().copied().collect();
        for number in numbers {
            self.step(now, Some(number), event.clone(), ids, out);
        }
    }
}

const fn session_of(report: &Report) -> SessionId {
    match report {
        Report::Opened { session, .. }
        | Report::Failed(session, _)
        | Report::Key(session, ..)
        | Report::Silent(session, ..)
        | Report::Closed(session, _) => *session,
    }
}
