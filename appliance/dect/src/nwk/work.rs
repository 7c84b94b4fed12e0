//! What is done in one step of the engine, and in which order.

use super::links::LinkId;
use super::{ConnId, Nwk, Output, Ticket};
use crate::lce::{self, PageEvent, PageTimer};
use crate::primitive::{CallId, Indication};
use crate::rfp::primitive::{Admission, Event as RfpEvent, Handle, Timer as RfpTimer};
use crate::subscription::{Change, RfpRecord};
use crate::wire::Message;
use crate::{cc, mm};
use ident::{Ipei, Mac};
use machine::TimerSpec;
use std::time::Instant;

/// One event for one machine.
pub(super) enum Work {
    Base(ConnId, RfpEvent),
    Link(LinkId, lce::Event),
    /// A message of a handset over its link, to be given to whom it is for.
    Message(LinkId, Ipei, Message),
    Page(Ipei, PageEvent),
    Mm(Ipei, mm::Event),
    Cc(CallId, cc::Event),
}

/// A timer of one machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    Base(ConnId, RfpTimer),
    Link(LinkId, lce::Timer),
    Page(Ipei, PageTimer),
    Mm(Ipei, mm::Timer),
    Cc(CallId, cc::Timer),
    /// The time in which wrong authentication codes of all handsets are counted.
    WrongCodes,
    /// Until the next handset is told the time.
    Daytime,
}

/// Who waits for the word of the store.
pub(super) enum Ticketed {
    Mm(Ipei, mm::Write),
    /// A base station waits to be taken in; what was known of it before is put back on failure.
    Base {
        conn: ConnId,
        mac: Mac,
        admission: Box<Admission>,
        before: Option<Box<RfpRecord>>,
    },
    /// A base station is to be forgotten; what was known of it is put back on failure.
    Removal(Box<RfpRecord>),
}

impl Nwk {
    /// Does what is to be done, and what follows from it.
    pub(super) fn run(&mut self, now: Instant, out: &mut Vec<Output>) {
        while let Some(work) = self.todo.pop_front() {
            match work {
                Work::Base(conn, event) => self.base(conn, event),
                Work::Link(id, event) => self.link(id, event),
                Work::Message(id, pp, message) => self.routed(id, pp, message),
                Work::Page(pp, event) => self.page(pp, event),
                Work::Mm(pp, event) => self.mm(pp, event),
                Work::Cc(call, event) => self.cc(call, event),
            }
            self.set_timers(now);
        }
        self.set_timers(now);
        out.append(&mut self.outputs);
    }

    pub(super) fn expired(&mut self, key: Key) {
        self.todo.push_back(match key {
            Key::WrongCodes => return self.forgive_wrong_codes(),
            Key::Daytime => return self.tell_next(),
            Key::Base(conn, timer) => Work::Base(conn, RfpEvent::Expired(timer)),
            Key::Link(id, timer) => Work::Link(id, lce::Event::Expired(timer)),
            Key::Page(pp, PageTimer::Resubmission) => Work::Page(pp, PageEvent::Expired),
            Key::Mm(pp, timer) => Work::Mm(pp, mm::Event::Expired(timer)),
            Key::Cc(call, timer) => Work::Cc(call, cc::Event::Expired(timer)),
        });
    }

    pub(super) fn start(&mut self, key: Key, spec: TimerSpec) {
        self.timers.push((key, Some(spec.default)));
    }

    pub(super) fn stop(&mut self, key: Key) {
        self.timers.push((key, None));
    }

    fn set_timers(&mut self, now: Instant) {
        for (key, after) in self.timers.drain(..) {
            match after {
                Some(after) => self.agenda.start(key, now + after),
                None => self.agenda.stop(&key),
            }
        }
    }

    /// Stops every timer of a base station that is gone.
    pub(super) fn forget_base_timers(&mut self, conn: ConnId) {
        let last = Key::Base(conn, RfpTimer::Media(Handle(u16::MAX)));
        self.agenda.stop_range(Key::Base(conn, RfpTimer::Login)..=last);
    }

    /// Has a change made durable; `ticketed` hears of it.
    pub(super) fn store(&mut self, change: Change, ticketed: Ticketed) {
        self.last_ticket = self.last_ticket.wrapping_add(1);
        let ticket = Ticket(self.last_ticket);
        self.tickets.insert(ticket, ticketed);
        self.outputs.push(Output::Store(ticket, change));
    }

    pub(super) fn stored(&mut self, ticket: Ticket, durable: bool) {
        match self.tickets.remove(&ticket) {
            Some(Ticketed::Mm(pp, write)) => {
                self.todo.push_back(Work::Mm(pp, mm::Event::Stored(write, durable)));
            }
            Some(Ticketed::Base { conn, mac, admission, before }) => {
                if !durable {
                    self.restore_base(mac, before);
                }
                self.todo.push_back(Work::Base(
                    conn,
                    if durable {
                        RfpEvent::Admit(*admission)
                    } else {
                        let why = format!("base station {mac} could not be written down");
                        RfpEvent::Refuse(why)
                    },
                ));
            }
            Some(Ticketed::Removal(record)) if !durable => self.still_known(*record),
            Some(Ticketed::Removal(record)) => {
                self.indicate(Indication::RfpForgotten(record.mac));
            }
            None => {}
        }
    }
}
