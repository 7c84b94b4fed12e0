//! Location: registration with a temporary identity, detach, identification (13.2, 13.4).

use super::message;
use super::procedure::{Procedure, Theirs, Then, Want};
use super::{Ground, Mm, Out, Outcome, Timer, Write};
use crate::primitive::Indication;
use crate::subscription::Change;
use crate::wire::ie::{ModelIdentifier, RejectReason, TerminalCapability};
use crate::wire::{Kind, Message};

/// A handset that says where it is.
pub(super) struct Location {
    stage: Stage,
    terminal_capability: Vec<u8>,
    model: Vec<u8>,
}

#[derive(PartialEq, Eq)]
enum Stage {
    /// It is asked to prove who it is.
    Proving,
    /// What has changed is being stored.
    Storing(Write),
    /// LOCATE-ACCEPT is sent; the answer to the TPUI in it is awaited.
    Assigning,
}

impl Location {
    pub(super) fn waits_for(&self, write: Write) -> bool {
        self.stage == Stage::Storing(write)
    }
}

impl Mm {
    /// LOCATE-REQUEST.
    pub(super) fn locate_requested(&mut self, message: &Message, out: &mut Out) {
        // Sent again after <MM_locate.1>: the first one is being dealt with.
        if let Some(Theirs::Location(it)) = &self.theirs
            && it.stage != Stage::Assigning
        {
            return;
        }
        self.set_aside(out);
        if self.subscription.is_none() {
            out.act(message::refusal(Kind::LocateReject, message::unknown(message)));
            return;
        }
        self.theirs = Some(Theirs::Location(Box::new(Location {
            stage: Stage::Proving,
            terminal_capability: message::contents::<TerminalCapability>(message),
            model: message::contents::<ModelIdentifier>(message),
        })));
        self.wanted.insert(Want::Authenticate(Then::Location));
    }

    /// The handset has proved who it is, or why it has not.
    pub(super) fn location_proved(
        &mut self,
        refusal: Option<RejectReason>,
        ground: &Ground,
        out: &mut Out,
    ) {
        let Some(mut request) = self.take_location() else { return };
        let Some(kept) = &mut self.subscription else { return };
        if let Some(refusal) = refusal {
            out.act(message::refusal(Kind::LocateReject, refusal));
            return;
        }
        kept.tpui = kept.tpui.or(ground.spare);
        kept.located = ground.rfp;
        // What a handset does not repeat is as it said before.
        for (said, kept) in [
            (&mut request.terminal_capability, &mut kept.terminal_capability),
            (&mut request.model, &mut kept.model),
        ] {
            if !said.is_empty() {
                *kept = std::mem::take(said);
            }
        }
        let change = Change::Put(Box::new(kept.clone()));
        let write = self.store(change, out);
        out.start(Timer::Answer);
        request.stage = Stage::Storing(write);
        self.theirs = Some(Theirs::Location(request));
    }

    /// The store has answered: the handset is told that it is located, or that it is not.
    pub(super) fn location_stored(&mut self, durable: bool, ground: &Ground, out: &mut Out) {
        out.stop(Timer::Answer);
        let Some(mut request) = self.take_location() else { return };
        let Some(kept) = &mut self.subscription else { return };
        let (true, Some(rfp)) = (durable, kept.located) else {
            kept.located = None;
            out.act(message::refusal(Kind::LocateReject, RejectReason::Overload));
            return;
        };
        out.act(message::locate_accept(kept.tpui, ground.ari));
        if kept.tpui.is_some() {
            request.stage = Stage::Assigning;
            self.theirs = Some(Theirs::Location(request));
            out.start(Timer::Ident1);
        }
        out.act(Indication::Located(self.ipei, rfp));
    }

    pub(super) fn location_overdue(&mut self, out: &mut Out) {
        if let Some(kept) = &mut self.subscription {
            kept.located = None;
        }
        self.theirs = None;
        out.act(message::refusal(Kind::LocateReject, RejectReason::Overload));
    }

    /// TEMPORARY-IDENTITY-ASSIGN-ACK or -REJ to the TPUI of a LOCATE-ACCEPT.
    pub(super) fn tpui_answered(&mut self, kind: Kind, out: &mut Out) {
        let assigning = matches!(&self.theirs,
            Some(Theirs::Location(it)) if it.stage == Stage::Assigning);
        if !assigning {
            out.act(super::Action::Unexpected(kind));
            return;
        }
        out.stop(Timer::Ident1);
        self.theirs = None;
        if let (Kind::TemporaryIdentityAssignRej, Some(kept)) = (kind, &mut self.subscription) {
            kept.tpui = None;
            let change = Change::Put(Box::new(kept.clone()));
            self.store(change, out);
        }
    }

    /// DETACH: the handset is being switched off. There is no answer.
    pub(super) fn detached(&mut self, out: &mut Out) {
        self.set_aside(out);
        let Some(kept) = &mut self.subscription else { return };
        if kept.located.take().is_some() {
            let change = Change::Put(Box::new(kept.clone()));
            self.store(change, out);
        }
        out.act(Indication::Detached(self.ipei));
    }

    /// IDENTITY-REPLY.
    pub(super) fn identified(&mut self, message: &Message, out: &mut Out) {
        let asked = |it: &Procedure| matches!(it, Procedure::Identification);
        if self.take_ours(message.kind, asked, out).is_some() {
            out.stop(Timer::Ident2);
            let ipei = message::ipei(message);
            out.act(Outcome::Identified(ipei));
            if ipei == Some(self.ipei) {
                out.act(Indication::Identity(self.ipei));
            }
        }
    }
    fn take_location(&mut self) -> Option<Box<Location>> {
        match self.theirs.take() {
            Some(Theirs::Location(request)) => Some(request),
            other => {
                self.theirs = other;
                None
            }
        }
    }
}
