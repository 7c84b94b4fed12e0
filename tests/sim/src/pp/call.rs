//! Call control of a simulated handset: EN 300 175-5 clause 9, portable side.

use super::{Seen, SimPp, Timer};
use dect::clock;
use dect::primitive::{ReleaseReason, Signal};
use dect::wire::ie::{
    BasicService, CallingPartyName, CallingPartyNumber, FixedIdentity, MultiDisplay, MultiKeypad,
    PortableIdentity, ProgressIndicator, SingleDisplay, SingleKeypad, TimeDate,
};
use dect::wire::{Id, Kind, Message, Ti};
use std::collections::VecDeque;

/// How a handset sends a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialling {
    /// Key by key, once the fixed part asks for it.
    Overlap,
    /// As a whole, once the fixed part asks for it.
    AtOnce,
    /// As a whole in CC-SETUP.
    EnBloc,
}

/// Where a call stands, with the standard's numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallState {
    /// T-01: CC-SETUP sent.
    Initiated,
    /// T-02: the number is being sent.
    OverlapSending,
    /// T-03: the number is complete.
    Proceeding,
    /// T-04: it rings there.
    Delivered,
    /// T-06: CC-SETUP received.
    Present,
    /// T-07: it rings here.
    Received,
    /// T-08: answered, CC-CONNECT-ACK awaited.
    ConnectPending,
    /// T-10: speech.
    Active,
    /// T-19: CC-RELEASE sent.
    ReleasePending,
}

/// The one call of a handset.
pub(super) struct Call {
    state: CallState,
    /// As we write it.
    ti: Ti,
    /// Keys that have not been sent yet.
    keys: VecDeque<char>,
    /// The fixed part says that there is something to be heard.
    in_band: bool,
}

impl Call {
    pub(super) const fn state(&self) -> CallState {
        self.state
    }

    pub(super) const fn speaks(&self) -> bool {
        match self.state {
            CallState::Active => true,
            CallState::ReleasePending => false,
            _ => self.in_band,
        }
    }
}

impl SimPp {
    pub(super) fn dial(&mut self, number: &str) {
        if self.call.is_some() {
            return self.see(Seen::NotPossible("there is a call already"));
        }
        if let Some(reason) = self.out_of_service() {
            return self.see(Seen::Released(reason));
        }
        let Some(kept) = &self.kept else { return };
        let mut setup = Message::new(Ti::opened(0), Kind::CcSetup)
            .with(&PortableIdentity::Ipui(kept.ipui.clone()))
            .with(&FixedIdentity::Park(kept.park))
            .with(&BasicService::NORMAL);
        let mut keys: VecDeque<char> = number.chars().collect();
        if self.model.dialling == Dialling::EnBloc && !number.is_empty() {
            setup = setup.with(&MultiKeypad(number.to_owned())).with_empty(Id::SENDING_COMPLETE);
            keys.clear();
        }
        let (state, ti) = (CallState::Initiated, setup.ti);
        self.call = Some(Call { state, ti, keys, in_band: false });
        self.start(Timer::Setup);
        self.send(&setup);
    }

    pub(super) fn press(&mut self, keys: &str) {
        let Some(call) = &mut self.call else {
            return self.see(Seen::NotPossible("there is no call"));
        };
        call.keys.extend(keys.chars());
        self.next_key();
    }

    pub(super) fn answer(&mut self) {
        // Whoever is quick answers before the handset has said that it rings.
        if !matches!(self.call(), Some(CallState::Present | CallState::Received)) {
            return self.see(Seen::NotPossible("nothing rings"));
        }
        self.enter(CallState::ConnectPending);
        self.agenda.stop(&Timer::Alert);
        self.agenda.stop(&Timer::Answer);
        self.start(Timer::Connect);
        self.send_in_call(Kind::CcConnect);
    }

    pub(super) fn reject(&mut self) {
        if !matches!(self.call(), Some(CallState::Present | CallState::Received)) {
            return self.see(Seen::NotPossible("nothing rings"));
        }
        if let Some(call) = &self.call {
            let reason = ReleaseReason::UserRejection;
            let message = Message::new(call.ti, Kind::CcReleaseCom).with(&reason);
            self.send(&message);
            self.over(reason);
        }
    }

    pub(super) fn hang_up(&mut self) {
        match self.call() {
            None => self.see(Seen::NotPossible("there is no call")),
            Some(CallState::Present | CallState::Received) => self.reject(),
            Some(CallState::ReleasePending) => {}
            Some(_) => self.release(ReleaseReason::Normal),
        }
    }

    pub(super) fn release(&mut self, reason: ReleaseReason) {
        let Some(call) = &mut self.call else { return };
        if call.state == CallState::ReleasePending {
            return;
        }
        let message = Message::new(call.ti, Kind::CcRelease).with(&reason);
        self.stop_call_timers();
        self.enter(CallState::ReleasePending);
        self.start(Timer::Release);
        self.send(&message);
    }

    pub(super) fn call_lost(&mut self) {
        if self.call.is_some() {
            self.over(ReleaseReason::UserNotInRange);
        }
    }

    pub(super) fn call_expired(&mut self, timer: Timer) {
        match timer {
            Timer::Key => self.next_key(),
            Timer::Alert => {
                self.enter(CallState::Received);
                self.send_in_call(Kind::CcAlerting);
                if let Some(after) = self.model.answer_after {
                    self.start_after(Timer::Answer, after);
                }
            }
            Timer::Answer => self.answer(),
            Timer::Release => self.over(ReleaseReason::TimerExpiry),
            _ => self.release(ReleaseReason::TimerExpiry),
        }
    }

    pub(super) fn call_message(&mut self, message: &Message) {
        let ours = self.call.as_ref().is_some_and(|call| call.ti == message.ti.answer());
        match message.kind {
            Kind::CcSetup if !ours => self.called(message),
            _ if ours => self.in_call(message),
            Kind::CcRelease | Kind::CcReleaseCom => {}
            _ => {
                let answer = Message::new(message.ti.answer(), Kind::CcReleaseCom)
                    .with(&ReleaseReason::UnknownTransaction);
                self.send(&answer);
            }
        }
    }

    fn called(&mut self, message: &Message) {
        let ti = message.ti.answer();
        if self.call.is_some() || !self.on {
            let answer = Message::new(ti, Kind::CcReleaseCom).with(&ReleaseReason::UserBusy);
            return self.send(&answer);
        }
        let in_band = in_band(message);
        self.call = Some(Call { state: CallState::Present, ti, keys: VecDeque::new(), in_band });
        let number = message.get::<CallingPartyNumber>().map(|number| number.number);
        let name = message.get::<CallingPartyName>().map(|name| name.name);
        self.see(Seen::Ringing { number, name });
        self.show(message);
        self.start_after(Timer::Alert, self.model.alert_after);
    }

    fn in_call(&mut self, message: &Message) {
        self.show(message);
        let state = self.call();
        if let Some(call) = &mut self.call {
            call.in_band |= in_band(message);
        }
        match (message.kind, state) {
            (Kind::CcRelease, _) => self.released(message),
            (Kind::CcReleaseCom, Some(CallState::ReleasePending)) => {
                self.over(ReleaseReason::Normal);
            }
            (Kind::CcReleaseCom, _) => {
                self.over(message.get().unwrap_or(ReleaseReason::Normal));
            }
            (_, Some(CallState::ReleasePending)) => {}
            (Kind::CcSetupAck, Some(CallState::Initiated)) => {
                self.agenda.stop(&Timer::Setup);
                self.enter(CallState::OverlapSending);
                self.see(Seen::WantsNumber);
                self.next_key();
            }
            (Kind::CcCallProc, Some(CallState::Initiated | CallState::OverlapSending)) => {
                self.enter(CallState::Proceeding);
                self.see(Seen::Proceeding);
            }
            (Kind::CcAlerting, Some(state)) if outgoing(state) => {
                self.enter(CallState::Delivered);
                self.see(Seen::RingsThere);
            }
            (Kind::CcConnect, Some(state)) if outgoing(state) => self.connected(),
            (Kind::CcConnectAck, Some(CallState::ConnectPending)) => self.connected(),
            _ => {}
        }
        // The fixed part is at work; what we waited for has come.
        if !matches!(self.call(), Some(CallState::Initiated)) {
            self.agenda.stop(&Timer::Setup);
        }
    }

    fn released(&mut self, message: &Message) {
        let reason = message.get().unwrap_or(ReleaseReason::Normal);
        let pending = self.call() == Some(CallState::ReleasePending);
        if self.model.faults.releases_too && !pending {
            return self.release(ReleaseReason::Normal);
        }
        self.send_in_call(Kind::CcReleaseCom);
        self.over(reason);
    }

    fn connected(&mut self) {
        self.agenda.stop(&Timer::Connect);
        self.enter(CallState::Active);
        self.see(Seen::Connected);
        self.next_key();
    }

    fn next_key(&mut self) {
        let open = matches!(self.call(), Some(CallState::OverlapSending | CallState::Active));
        let Some(call) = self.call.as_mut().filter(|call| open && !call.keys.is_empty()) else {
            return;
        };
        if self.agenda.runs(&Timer::Key) {
            return;
        }
        let message = Message::new(call.ti, Kind::CcInfo);
        let message = if self.model.dialling == Dialling::Overlap {
            let key = call.keys.pop_front();
            message.with_option(key.map(SingleKeypad).as_ref())
        } else {
            message.with(&MultiKeypad(call.keys.drain(..).collect()))
        };
        self.send(&message);
        self.start_after(Timer::Key, self.model.key_interval);
    }

    fn send_in_call(&mut self, kind: Kind) {
        if let Some(call) = &self.call {
            let message = Message::new(call.ti, kind);
            self.send(&message);
        }
    }

    fn enter(&mut self, state: CallState) {
        if let Some(call) = &mut self.call {
            call.state = state;
        }
    }

    fn over(&mut self, reason: ReleaseReason) {
        self.stop_call_timers();
        self.call = None;
        self.display.clear();
        self.see(Seen::Released(reason));
        self.rest();
    }

    fn stop_call_timers(&mut self) {
        self.agenda.stop_all(|timer| {
            matches!(
                timer,
                Timer::Release
                    | Timer::Setup
                    | Timer::Connect
                    | Timer::Key
                    | Timer::Alert
                    | Timer::Answer
            )
        });
    }

    /// Shows and sounds what a message says.
    /// Asks for date and time (TS 102 527-3 7.4.20).
    pub(super) fn ask_time(&mut self) {
        let Some(kept) = &self.kept else {
            return self.see(Seen::NotPossible("the handset belongs to no system"));
        };
        let ask = TimeDate { interpretation: clock::ASKED, date: None, time: None, zone: 0 };
        let message = Message::new(Ti::opened(CONNECTIONLESS), Kind::CissFacility)
            .with(&PortableIdentity::Ipui(kept.ipui.clone()))
            .with(&ask);
        self.send(&message);
    }

    pub(super) fn show(&mut self, message: &Message) {
        if let Some(signal) = message.get::<Signal>() {
            self.see(Seen::Signal(signal));
        }
        if let Some(time) = message.get::<TimeDate>() {
            self.see(Seen::Time(in_words(&time)));
        }
        let multi = message.get::<MultiDisplay>().map(|text| text.0);
        let single = message.get::<SingleDisplay>().map(|text| text.0.to_string());
        let Some(text) = multi.or(single) else { return };
        for character in text.chars() {
            match character {
                CLEAR => self.display.clear(),
                control if control.is_control() => {}
                character if self.display.len() < DISPLAY_MAX => self.display.push(character),
                _ => {}
            }
        }
        let shown = self.display.clone();
        self.see(Seen::Display(shown));
    }
}

/// The transaction value of connectionless supplementary services (7.3).
const CONNECTIONLESS: u8 = 6;

/// What a clock of a handset shows (7.7.50).
fn in_words(time: &TimeDate) -> String {
    let (Some([year, month, day]), Some([hour, minute, second])) = (time.date, time.time) else {
        return "none".to_owned();
    };
    let (sign, quarters) = (if time.zone < 0 { '-' } else { '+' }, time.zone.unsigned_abs());
    format!(
        "20{year:02}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} {sign}{:02}:{:02}",
        quarters / 4,
        quarters % 4 * 15
    )
}

/// Whether a message says that there is something to be heard.
fn in_band(message: &Message) -> bool {
    message.all::<ProgressIndicator>().any(ProgressIndicator::in_band)
}

/// Whether a call is one of ours that is not answered yet.
fn outgoing(state: CallState) -> bool {
    matches!(
        state,
        CallState::Initiated
            | CallState::OverlapSending
            | CallState::Proceeding
            | CallState::Delivered
    )
}

/// Clear display (Annex D).
const CLEAR: char = '\u{c}';
/// A display of a few lines.
const DISPLAY_MAX: usize = 256;
