//! One LAPC frame: address, control, length indicator, information (clause 7).

/// Which end of the link; it decides how commands and responses are marked (clause 7.3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    /// The fixed part.
    Fixed,
    /// The handset.
    Portable,
}

impl Side {
    /// The other end.
    #[must_use]
    pub const fn peer(self) -> Self {
        match self {
            Self::Fixed => Self::Portable,
            Self::Portable => Self::Fixed,
        }
    }
}

/// Logical link number (clause 7.3.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lln {
    /// 0: class U, unnumbered.
    U,
    /// 1: class A.
    A,
    /// 2 to 6: class B, assigned by the handset.
    B(u8),
    /// 7: class B asked for by the fixed part, not assigned yet.
    Unassigned,
}

/// Which service of the layer above a frame belongs to (clause 7.3.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sapi {
    /// 0: connection oriented signalling.
    Connection,
    /// 3: connectionless signalling.
    Connectionless,
}

/// Whether a frame asks or answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A command.
    Command,
    /// A response.
    Response,
}

/// The supervisory functions (table 7.11.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Supervisory {
    /// RR: receive ready.
    ReceiveReady,
    /// RNR: receive not ready.
    ReceiveNotReady,
    /// REJ: send again from here.
    Reject,
}

/// The unnumbered functions (table 7.11.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unnumbered {
    /// SABM: begin class B operation afresh.
    Sabm,
    /// DM: there is no link here.
    DisconnectMode,
    /// UI: information without acknowledgement.
    Information,
    /// DISC: end class B operation.
    Disconnect,
    /// UA: SABM or DISC is accepted.
    Acknowledge,
}

/// The control field (clause 7.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Control {
    /// Numbered information.
    I {
        /// N(S), 0 to 7.
        ns: u8,
        /// N(R), 0 to 7.
        nr: u8,
        /// P: an answer is asked for at once.
        poll: bool,
    },
    /// Supervisory.
    S {
        /// Which one.
        function: Supervisory,
        /// N(R), 0 to 7.
        nr: u8,
        /// P in a command, F in a response.
        poll_final: bool,
    },
    /// Unnumbered.
    U {
        /// Which one.
        function: Unnumbered,
        /// P in a command, F in a response.
        poll_final: bool,
    },
}

/// One frame, without fill and checksum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// NLF: the frame begins or ends a link.
    pub new_link: bool,
    /// Which link.
    pub lln: Lln,
    /// Which service.
    pub sapi: Sapi,
    /// Command or response.
    pub kind: Kind,
    /// What it is.
    pub control: Control,
    /// M: the message goes on in the next frame.
    pub more: bool,
    /// At most [`INFORMATION_MAX`] octets of a message.
    pub information: Vec<u8>,
}

/// Why octets are no frame that this layer could act upon.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadFrame {
    /// It ends before its length indicator does.
    #[error("the frame has {0} octets, its header needs three")]
    Short(usize),
    /// It ends before its information does.
    #[error("the length indicator says {said} octets, {left} follow")]
    Truncated {
        /// What the length indicator says.
        said: usize,
        /// How many octets follow it.
        left: usize,
    },
    /// The length indicator uses its extended form, which is for further study (clause 7.7.4).
    #[error("the length indicator has the extended form")]
    ExtendedLength,
    /// SAPI 1 and 2 are reserved.
    #[error("service access point {0} is reserved")]
    Sapi(u8),
    /// Not in table 7.11.1.
    #[error("control field {0:#04x} has no meaning")]
    Control(u8),
    /// For example an I frame that is marked as a response.
    #[error("control field {0:#04x} is a command marked as response, or the reverse")]
    Kind(u8),
}

impl Frame {
    /// Reads a frame that `from` has sent; what follows its information is fill.
    ///
    /// # Errors
    /// [`BadFrame`], where the standard has the frame discarded.
    pub fn decode(octets: &[u8], from: Side) -> Result<Self, BadFrame> {
        let [address, control_octet, length, rest @ ..] = octets else {
            return Err(BadFrame::Short(octets.len()));
        };
        if length & 1 == 0 {
            return Err(BadFrame::ExtendedLength);
        }
        let said = usize::from(length >> 2);
        let information =
            rest.get(..said).ok_or(BadFrame::Truncated { said, left: rest.len() })?.to_vec();
        let control = Control::decode(*control_octet)?;
        let kind = kind(address & 0x02 != 0, from);
        if control.only().is_some_and(|only| only != kind) {
            return Err(BadFrame::Kind(*control_octet));
        }
        Ok(Self {
            new_link: address & 0x80 != 0,
            lln: Lln::decode(address >> 4 & 0x07),
            sapi: Sapi::decode(address >> 2 & 0x03)?,
            kind,
            control,
            more: length & 0x02 != 0,
            information,
        })
    }

    /// Writes the frame as `from` sends it, without fill.
    #[must_use]
    pub fn encode(&self, from: Side) -> Vec<u8> {
        let information = self.information.get(..INFORMATION_MAX).unwrap_or(&self.information);
        let marked = kind(true, from) == self.kind;
        let address = u8::from(self.new_link) << 7
            | self.lln.encode() << 4
            | self.sapi.encode() << 2
            | u8::from(marked) << 1
            | 1;
        // At most 63, as cut above.
        let length = information.len().to_le_bytes()[0] << 2 | u8::from(self.more) << 1 | 1;
        let mut octets = vec![address, self.control.encode(), length];
        octets.extend_from_slice(information);
        octets
    }

    /// Writes the frame with the fill that base stations leave on frames from handsets: with
    /// the two octets of the checksum it would be a multiple of five octets (clause 7.7.3).
    #[must_use]
    pub fn encode_filled(&self, from: Side) -> Vec<u8> {
        let mut octets = self.encode(from);
        while !(octets.len() + CHECKSUM).is_multiple_of(CS_FRAGMENT) {
            octets.push(FILL);
        }
        octets
    }
}

impl Lln {
    const fn decode(bits: u8) -> Self {
        match bits {
            0 => Self::U,
            1 => Self::A,
            7 => Self::Unassigned,
            assigned => Self::B(assigned),
        }
    }

    const fn encode(self) -> u8 {
        match self {
            Self::U => 0,
            Self::A => 1,
            Self::B(assigned) => assigned & 0x07,
            Self::Unassigned => 7,
        }
    }
}

impl Sapi {
    const fn decode(bits: u8) -> Result<Self, BadFrame> {
        match bits {
            0 => Ok(Self::Connection),
            3 => Ok(Self::Connectionless),
            reserved => Err(BadFrame::Sapi(reserved)),
        }
    }

    const fn encode(self) -> u8 {
        match self {
            Self::Connection => 0,
            Self::Connectionless => 3,
        }
    }
}

impl Supervisory {
    const ALL: [Self; 3] = [Self::ReceiveReady, Self::ReceiveNotReady, Self::Reject];

    /// The low four bits of the control field.
    const fn bits(self) -> u8 {
        match self {
            Self::ReceiveReady => 0x01,
            Self::ReceiveNotReady => 0x05,
            Self::Reject => 0x09,
        }
    }
}

impl Unnumbered {
    const ALL: [Self; 5] =
        [Self::Sabm, Self::DisconnectMode, Self::Information, Self::Disconnect, Self::Acknowledge];

    /// The control field without P/F.
    const fn bits(self) -> u8 {
        match self {
            Self::Sabm => 0x2f,
            Self::DisconnectMode => 0x0f,
            Self::Information => 0x03,
            Self::Disconnect => 0x43,
            Self::Acknowledge => 0x63,
        }
    }

    /// A command or a response; never both.
    pub(super) const fn kind(self) -> Kind {
        match self {
            Self::Sabm | Self::Information | Self::Disconnect => Kind::Command,
            Self::DisconnectMode | Self::Acknowledge => Kind::Response,
        }
    }
}

impl Control {
    fn decode(octet: u8) -> Result<Self, BadFrame> {
        let nr = octet >> 5;
        let poll_final = octet & POLL_FINAL != 0;
        if octet & 0x01 == 0 {
            return Ok(Self::I { ns: octet >> 1 & 0x07, nr, poll: poll_final });
        }
        if let Some(function) = Supervisory::ALL.into_iter().find(|f| f.bits() == octet & 0x0f) {
            return Ok(Self::S { function, nr, poll_final });
        }
        Unnumbered::ALL
            .into_iter()
            .find(|function| function.bits() == octet & !POLL_FINAL)
            .map(|function| Self::U { function, poll_final })
            .ok_or(BadFrame::Control(octet))
    }

    const fn encode(self) -> u8 {
        match self {
            Self::I { ns, nr, poll } => number(nr) | flag(poll) | (ns & 0x07) << 1,
            Self::S { function, nr, poll_final } => number(nr) | flag(poll_final) | function.bits(),
            Self::U { function, poll_final } => flag(poll_final) | function.bits(),
        }
    }

    /// What the frame is, where it cannot be both.
    const fn only(self) -> Option<Kind> {
        match self {
            Self::I { .. } => Some(Kind::Command),
            Self::S { .. } => None,
            Self::U { function, .. } => Some(function.kind()),
        }
    }
}

const fn number(nr: u8) -> u8 {
    (nr & 0x07) << 5
}

const fn flag(poll_final: bool) -> u8 {
    if poll_final { POLL_FINAL } else { 0 }
}

/// What the C/R bit says in a frame from `from` (clause 7.3.2).
const fn kind(marked: bool, from: Side) -> Kind {
    match (marked, from) {
        (true, Side::Fixed) | (false, Side::Portable) => Kind::Command,
        (false, Side::Fixed) | (true, Side::Portable) => Kind::Response,
    }
}

/// What six bits of length can say (clause 7.7.3).
pub(super) const INFORMATION_MAX: usize = 63;
/// The P/F bit of the control field.
const POLL_FINAL: u8 = 0x10;
/// The checksum that the base station adds on the air.
const CHECKSUM: usize = 2;
/// Frames on the slow channel are cut into fragments of this size (clause 7.7.3).
const CS_FRAGMENT: usize = 5;
/// The fill octet (clause 7.8).
const FILL: u8 = 0xf0;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type Row = (Side, &'static [u8], Lln, bool, Control, &'static [u8]);

    /// Frames of real links and of the standard's tables: sender, octets, meaning.
    #[test]
    fn known_frames_are_read_and_written() {
        let rows: [Row; 9] = [
            (Side::Portable, &[0xa1, 0x10, 0x01], Lln::B(2), true, i(0, 0, true), &[]),
            (Side::Fixed, &[0xa1, 0x31, 0x01], Lln::B(2), true, rr(1, true), &[]),
            (Side::Fixed, &[0x21, 0x61, 0x01], Lln::B(2), false, rr(3, false), &[]),
            (Side::Portable, &[0x23, 0x61, 0x01], Lln::B(2), false, rr(3, false), &[]),
            (
                Side::Portable,
                &[0x91, 0x00, 0x11, 3, 5, 0xe0, 0x80],
                Lln::A,
                true,
                i(0, 0, false),
                &[3, 5, 0xe0, 0x80],
            ),
            (
                Side::Fixed,
                &[0x13, 0x20, 0x11, 3, 5, 0xe0, 0x80],
                Lln::A,
                false,
                i(0, 1, false),
                &[3, 5, 0xe0, 0x80],
            ),
            (Side::Portable, &[0xa1, 0x53, 0x01], Lln::B(2), true, u(Unnumbered::Disconnect), &[]),
            (Side::Fixed, &[0xa1, 0x73, 0x01], Lln::B(2), true, u(Unnumbered::Acknowledge), &[]),
            (Side::Fixed, &[0xf3, 0x3f, 0x01], Lln::Unassigned, true, u(Unnumbered::Sabm), &[]),
        ];
        for (from, octets, lln, new_link, control, information) in rows {
            let frame = Frame::decode(octets, from).expect("the frame is sound");
            assert_eq!((frame.lln, frame.new_link, frame.control), (lln, new_link, control));
            assert_eq!(frame.information, information);
            assert_eq!(frame.encode(from), octets);
        }
    }

    #[test]
    fn fill_is_ignored_when_read_and_written_as_bases_do() {
        let octets = [0x21, 0x24, 0x21, 0x85, 0x41, 0x0d, 4, 0xf2, 0xd2, 0x5d, 0x55, 0xf0, 0xf0];
        let frame = Frame::decode(&octets, Side::Portable).expect("the frame is sound");
        assert_eq!(frame.information, octets[3..11]);
        assert_eq!(frame.encode_filled(Side::Portable), octets);
    }

    #[test]
    fn what_the_standard_discards_is_refused_by_name() {
        let rows: [(&[u8], BadFrame); 7] = [
            (&[0x21, 0x10], BadFrame::Short(2)),
            (&[0x21, 0x10, 0x09, 1], BadFrame::Truncated { said: 2, left: 1 }),
            (&[0x21, 0x10, 0x00, 0x01], BadFrame::ExtendedLength),
            (&[0x25, 0x10, 0x01], BadFrame::Sapi(1)),
            (&[0x21, 0x0d, 0x01], BadFrame::Control(0x0d)),
            (&[0x23, 0x10, 0x01], BadFrame::Kind(0x10)),
            (&[0x21, 0x63, 0x01], BadFrame::Kind(0x63)),
        ];
        for (octets, reason) in rows {
            assert_eq!(Frame::decode(octets, Side::Portable), Err(reason));
        }
    }

    proptest! {
        #[test]
        fn every_frame_that_is_read_is_written_alike(octets: Vec<u8>, fixed: bool) {
            let from = if fixed { Side::Fixed } else { Side::Portable };
            if let Ok(frame) = Frame::decode(&octets, from) {
                let written = frame.encode(from);
                // RES may have been sent as 0; it is written as the standard wants it.
                prop_assert_eq!(written[0], octets[0] | 1);
                prop_assert_eq!(&written[1..], &octets[1..written.len()]);
                prop_assert_eq!(Frame::decode(&written, from), Ok(frame));
            }
        }
    }

    fn i(ns: u8, nr: u8, poll: bool) -> Control {
        Control::I { ns, nr, poll }
    }

    fn rr(nr: u8, poll_final: bool) -> Control {
        Control::S { function: Supervisory::ReceiveReady, nr, poll_final }
    }

    fn u(function: Unnumbered) -> Control {
        Control::U { function, poll_final: true }
    }
}
