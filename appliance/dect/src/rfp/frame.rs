//! The frame around each message: type, length, payload.

use std::fmt;

/// Octets of a frame before its payload: type and length, both 16 bits, most significant octet first.
pub const HEADER: usize = 4;

/// One message as it crosses the link, its body not looked into.
#[derive(Clone, PartialEq, Eq)]
pub struct Frame {
    /// Which message; see [`super::kind`].
    pub code: u16,
    /// What follows the header.
    pub payload: Vec<u8>,
}

/// Octets that are no message, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// There is not even a header.
    #[error("{0} octets are no message: its header alone has 4")]
    NoHeader(usize),
    /// The header announces another length.
    #[error("the header announces {announced} octets of payload, {present} are there")]
    Length {
        /// What the header says.
        announced: usize,
        /// What follows it.
        present: usize,
    },
    /// The payload ends within a field.
    #[error("the payload ends before `{0}`")]
    Short(&'static str),
    /// The payload does not fit into a frame.
    #[error("a payload of {0} octets is longer than a frame can be")]
    Long(usize),
}

impl Frame {
    /// A message with this payload.
    #[must_use]
    pub fn new(code: u16, payload: impl Into<Vec<u8>>) -> Self {
        Self { code, payload: payload.into() }
    }

    /// Reads exactly one message.
    ///
    /// # Errors
    /// Where the octets are less or more than one message.
    pub fn decode(octets: &[u8]) -> Result<Self, Malformed> {
        let (code, announced) = header(octets).ok_or(Malformed::NoHeader(octets.len()))?;
        let payload = octets.get(HEADER..).unwrap_or_default();
        if payload.len() != announced {
            return Err(Malformed::Length { announced, present: payload.len() });
        }
        Ok(Self::new(code, payload))
    }

    /// Writes the message with its header. A payload beyond 65 535 octets, which nothing of ours
    /// builds, is cut there.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let length = u16::try_from(self.payload.len()).unwrap_or(u16::MAX);
        let mut octets = Vec::with_capacity(HEADER + usize::from(length));
        octets.extend(self.code.to_be_bytes());
        octets.extend(length.to_be_bytes());
        octets.extend(self.payload.iter().take(usize::from(length)));
        octets
    }
}

/// Type and payload length from the first four octets; `None` while there are fewer.
#[must_use]
pub fn header(octets: &[u8]) -> Option<(u16, usize)> {
    let [a, b, c, d] = *octets.first_chunk()?;
    Some((u16::from_be_bytes([a, b]), usize::from(u16::from_be_bytes([c, d]))))
}

/// A payload may hold keys: only what kind of message it is gets printed.
impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({} octets)", super::kind::name(self.code), self.payload.len())
    }
}

/// Reads a payload from its front.
pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) const fn new(octets: &'a [u8]) -> Self {
        Self(octets)
    }

    pub(crate) fn take(&mut self, n: usize, what: &'static str) -> Result<&'a [u8], Malformed> {
        let (taken, rest) = self.0.split_at_checked(n).ok_or(Malformed::Short(what))?;
        self.0 = rest;
        Ok(taken)
    }

    pub(crate) fn array<const N: usize>(
        &mut self,
        what: &'static str,
    ) -> Result<[u8; N], Malformed> {
        let (taken, rest) = self.0.split_first_chunk().ok_or(Malformed::Short(what))?;
        self.0 = rest;
        Ok(*taken)
    }

    pub(crate) fn u8(&mut self, what: &'static str) -> Result<u8, Malformed> {
        self.array::<1>(what).map(|[octet]| octet)
    }

    pub(crate) fn u16(&mut self, what: &'static str) -> Result<u16, Malformed> {
        self.array(what).map(u16::from_be_bytes)
    }

    pub(crate) fn u16_le(&mut self, what: &'static str) -> Result<u16, Malformed> {
        self.array(what).map(u16::from_le_bytes)
    }

    pub(crate) fn u32(&mut self, what: &'static str) -> Result<u32, Malformed> {
        self.array(what).map(u32::from_be_bytes)
    }

    pub(crate) fn u32_le(&mut self, what: &'static str) -> Result<u32, Malformed> {
        self.array(what).map(u32::from_le_bytes)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn rest(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.0).to_vec()
    }

    pub(crate) fn left(&self) -> usize {
        self.0.len()
    }
}
