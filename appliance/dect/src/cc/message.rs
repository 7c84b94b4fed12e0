//! CC messages, read and written: EN 300 175-5 6.3.2.
//!
//! Transaction identifiers are the LCE's; what is written here has a blank one.

use super::{Keys, Party};
use crate::primitive::{Info, ReleaseReason, Signal};
use crate::wire::ie::{
    BasicService, CalledPartyNumber, CallingPartyName, CallingPartyNumber, FixedIdentity,
    MultiDisplay, MultiKeypad, PortableIdentity, ProgressIndicator, RejectReason, SingleKeypad,
    TimerRestart,
};
use crate::wire::{Direction, Id, Kind, Message, Ti};
use ident::{Ipei, Ipui, Park};

/// What a message from the handset says to a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// CC-SETUP
    Setup(Keys),
    /// CC-INFO
    Info(Keys),
    /// CC-ALERTING
    Alerting,
    /// CC-CONNECT
    Connect,
    /// CC-CONNECT-ACK
    ConnectAck,
    /// CC-RELEASE
    Release(ReleaseReason),
    /// CC-RELEASE-COM
    ReleaseCom(ReleaseReason),
    /// CC-SERVICE-CHANGE
    ServiceChange,
    /// HOLD
    Hold,
    /// RETRIEVE
    Retrieve,
    /// CC-NOTIFY, IWU-INFO, FACILITY: nothing that a call acts on
    Notify,
    /// A set-up that lacks something, or whose contents make no sense (17.6, 17.7)
    Faulty(ReleaseReason),
    /// Anything else
    Other,
}

/// What `message` says.
pub(super) fn heard(message: &Message) -> Heard {
    match message.kind {
        Kind::CcSetup => match message.check(Direction::ToFixed) {
            Err(fault) => Heard::Faulty(fault.release_reason()),
            Ok(()) => Heard::Setup(keys(message)),
        },
        Kind::CcInfo => Heard::Info(keys(message)),
        Kind::CcAlerting => Heard::Alerting,
        Kind::CcConnect => Heard::Connect,
        Kind::CcConnectAck => Heard::ConnectAck,
        Kind::CcRelease => Heard::Release(reason(message)),
        Kind::CcReleaseCom => Heard::ReleaseCom(reason(message)),
        Kind::CcServiceChange => Heard::ServiceChange,
        Kind::Hold => Heard::Hold,
        Kind::Retrieve => Heard::Retrieve,
        Kind::CcNotify | Kind::IwuInfo | Kind::CrssFacility => Heard::Notify,
        _ => Heard::Other,
    }
}

/// Keys are in any of three elements, and a set-up may already carry the whole number.
fn keys(message: &Message) -> Keys {
    let single = message.get::<SingleKeypad>().map(|key| key.0.to_string());
    let multi = message.get::<MultiKeypad>().map(|keys| keys.0);
    let called = message.get::<CalledPartyNumber>().map(|called| called.number);
    let keys = multi.or(single).or(called).unwrap_or_default();
    Keys { keys, complete: message.has(Id::SENDING_COMPLETE) }
}

/// 9.5.1: no reason means a normal release.
fn reason(message: &Message) -> ReleaseReason {
    message.get().unwrap_or(ReleaseReason::Normal)
}

/// CC-SETUP, towards the handset.
pub(super) fn setup(party: &Party, info: &Info) -> Message {
    let message = blank(Kind::CcSetup)
        .with(&PortableIdentity::Ipui(party.ipui.clone()))
        .with(&FixedIdentity::Park(Park::exactly(party.ari)))
        .with(&BasicService::NORMAL);
    let signal = info.signal.map(|signal| ringing(signal, &party.ipui));
    informed(message, &Info { signal, ..info.clone() })
}

/// The other messages by which a call is set up; they carry whatever `info` has for them.
pub(super) fn progress(kind: Kind, info: &Info) -> Message {
    informed(blank(kind), info)
}

/// CC-CONNECT-ACK
pub(super) fn connect_ack() -> Message {
    blank(Kind::CcConnectAck)
}

/// CC-RELEASE or CC-RELEASE-COM
pub(super) fn ending(kind: Kind, reason: ReleaseReason, info: &Info) -> Message {
    blank(kind).with(&reason).with_option(display(info).as_ref())
}

/// CC-NOTIFY that restarts the handset's timer
pub(super) fn notify() -> Message {
    blank(Kind::CcNotify).with(&TimerRestart::Restart)
}

/// CC-SERVICE-REJECT
pub(super) fn service_reject() -> Message {
    blank(Kind::CcServiceReject).with(&ReleaseReason::ServiceNotImplemented)
}

/// HOLD-REJECT or RETRIEVE-REJECT
pub(super) fn supplementary_reject(kind: Kind) -> Message {
    blank(kind).with(&RejectReason::IncompatibleService)
}

fn informed(message: Message, info: &Info) -> Message {
    let in_band = info.in_band.then_some(ProgressIndicator::IN_BAND);
    // Who calls is told in CC-SETUP, and in CC-INFO where it has changed (6.3.2).
    let names_caller = matches!(message.kind, Kind::CcSetup | Kind::CcInfo);
    let caller = names_caller.then_some(info);
    let number = caller.and_then(|info| info.calling_number.as_deref());
    let name = caller.and_then(|info| info.calling_name.as_deref());
    message
        .with_option(in_band.as_ref())
        .with_option(display(info).as_ref())
        .with_option(info.signal.as_ref())
        .with_option(number.map(CallingPartyNumber::new).as_ref())
        .with_option(name.map(CallingPartyName::new).as_ref())
}

/// Text replaces what the display shows; without the control code it would be added to that (Annex D).
fn display(info: &Info) -> Option<MultiDisplay> {
    info.display.as_ref().map(|text| MultiDisplay(format!("{CLEAR_DISPLAY}{text}")))
}

/// The ringing pattern as this handset wants it.
fn ringing(signal: Signal, ipui: &Ipui) -> Signal {
    let ipei = match ipui {
        Ipui::N(ipei) => Some(*ipei),
        Ipui::O { number, .. } => Ipei::from_u64(*number),
        _ => None,
    };
    match (signal, ipei) {
        (Signal::Alerting0, Some(ipei)) if ODD_RINGERS.contains(&ipei.emc()) => Signal::Alerting1,
        (signal, _) => signal,
    }
}

const fn blank(kind: Kind) -> Message {
    Message::new(Ti::opened(0), kind)
}

/// Manufacturers (EMC) whose handsets ring strangely with pattern 0 and well with pattern 1, as seen in the field.
const ODD_RINGERS: [u16; 7] = [4563, 9615, 10596, 11640, 11942, 12574, 13085];

const CLEAR_DISPLAY: char = '\u{0c}';
