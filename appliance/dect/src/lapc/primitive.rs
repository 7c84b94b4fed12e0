//! The primitives of a data link (clause 8), its timers and constants (Annex A).

use super::flow::Class;
use super::frame::Frame;
use machine::TimerSpec;
use std::time::Duration;

/// Where a link stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// ULI: there is none.
    Released,
    /// The first I frame was sent and not answered.
    Establishing,
    /// ULI in class A, ASM in class B: information flows.
    Established(Class),
    /// SABM was sent and not answered.
    Reestablishing,
    /// DISC was sent and not answered.
    Releasing,
}

/// The timers of Annex A.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Timer {
    /// <DL.00>
    Release,
    /// <DL.02>
    EstablishB,
    /// <DL.04>
    Retransmission,
    /// <DL.07>
    EstablishA,
}

impl Timer {
    /// Every timer of a link.
    pub const ALL: [Self; 4] =
        [Self::Release, Self::EstablishB, Self::Retransmission, Self::EstablishA];

    /// The timer as the standard defines it.
    #[must_use]
    pub const fn spec(self) -> TimerSpec {
        let (name, guards) = match self {
            Self::Release => ("<DL.00>", "UA or DM after DISC"),
            Self::EstablishB => ("<DL.02>", "the acceptance of class B, or UA after SABM"),
            Self::Retransmission => ("<DL.04>", "the acknowledgement of an I frame"),
            Self::EstablishA => ("<DL.07>", "RR after the first I frame of class A"),
        };
        TimerSpec { name, default: Duration::from_secs(2), guards }
    }
}

/// How a link is released or was released.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// After everything was acknowledged.
    Normal,
    /// At once; messages may be lost.
    Abnormal,
}

/// Everything that can happen to a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// DL_ESTABLISH-req with the first message, which may be empty.
    Establish(Class, Vec<u8>),
    /// DL_DATA-req
    Send(Vec<u8>),
    /// DL_UNIT_DATA-req; at most 63 octets.
    SendUnit(Vec<u8>),
    /// DL_RELEASE-req
    Release(Mode),
    /// A frame from the other side.
    Received(Frame),
    /// The receiver becomes busy, or is no longer; class B only (clause 9.2.5.6).
    Busy(bool),
    /// A timer ran out.
    Expired(Timer),
    /// The radio connection is gone.
    Lost,
}

/// What a link tells the layer above.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Indication {
    /// DL_ESTABLISH-ind, DL_ESTABLISH-cfm
    Established(Class),
    /// The link has begun afresh; messages that were under way may be lost (clause 9.2.8).
    Reset,
    /// DL_DATA-ind
    Data(Vec<u8>),
    /// DL_UNIT_DATA-ind
    UnitData(Vec<u8>),
    /// DL_RELEASE-ind, DL_RELEASE-cfm
    Released(Mode),
    /// A message from the other side was too long and is dropped.
    Overlong,
    /// A message for the other side is dropped: there is no link, or its queue is full.
    Discarded,
}

/// Everything a link can do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Send this frame.
    Transmit(Frame),
    /// Tell the layer above.
    Indicate(Indication),
}

impl From<Frame> for Action {
    fn from(frame: Frame) -> Self {
        Self::Transmit(frame)
    }
}

impl From<Indication> for Action {
    fn from(indication: Indication) -> Self {
        Self::Indicate(indication)
    }
}

/// This machine's effects.
pub type Out = machine::Out<Action, Timer>;

/// N250: how often a frame is sent again (Annex A.3.1).
pub(super) const N250: u8 = 3;
