//! The messages of the link: typed where code looks into them, octets otherwise.

use super::dnm::Dnm;
use super::frame::{Frame, Malformed, Reader};
use super::init::Init;
use super::kind;
use super::media::Media;
use super::sync::Sync;
use crate::subscription::LinkKey;

/// One message. It has no `Debug`, since some carry keys; [`Frame`]'s prints what kind it is.
#[derive(Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the field names are explained at the variants")]
pub enum Message {
    /// ACK of a message type. What follows is, as a rule, a call id or media handle
    /// (16 bits, least significant octet first, ffff for none) and four octets.
    Ack { of: u16, rest: Vec<u8> },
    /// NACK of a message type for a call id or media handle, with the reason.
    Nack { of: u16, id: u16, reason: u32, rest: Vec<u8> },
    /// HEARTBEAT: how long the base station is up.
    Heartbeat { milliseconds: u32, nanoseconds: u32, rest: Vec<u8> },
    /// SYS_HEARTBEAT_INTERVAL in seconds.
    HeartbeatInterval { seconds: u8, rest: Vec<u8> },
    /// SYS_AUTHENTICATE: the random octets that both initial values come from.
    Authenticate([u8; 32]),
    /// SYS_INIT.
    Init(Box<Init>),
    /// SYS_RFP_AUTH_KEY: a new key, in clear.
    AuthKey(LinkKey),
    /// SYS_RFP_RE_ENROLEMENT: a new key, wrapped, and a digest.
    ReEnrolment(Box<[u8; 96]>),
    /// SYS_ENCRYPTION_CONF: the base station has the key.
    EncryptionConf(Vec<u8>),
    /// SYS_RESET: 02 now, 05 to 08 check of the software image.
    Reset { action: u8, rest: Vec<u8> },
    /// Speech channels.
    Media(Media),
    /// Radio signalling.
    Dnm(Dnm),
    /// Synchronisation on the air.
    Sync(Sync),
    /// Any other type.
    Other(Frame),
}

impl Message {
    /// Reads a message.
    ///
    /// # Errors
    /// Where the payload of a type that we look into ends within a field. That is no reason to give
    /// the connection up.
    pub fn decode(frame: &Frame) -> Result<Self, Malformed> {
        if let Some(media) = Media::decode(frame) {
            return media.map(Self::Media);
        }
        let mut reader = Reader::new(&frame.payload);
        Ok(match frame.code {
            kind::ACK => Self::Ack { of: reader.u16("message")?, rest: reader.rest() },
            kind::NACK => Self::Nack {
                of: reader.u16("message")?,
                id: reader.u16_le("id")?,
                reason: reader.u32("reason")?,
                rest: reader.rest(),
            },
            kind::HEARTBEAT => Self::Heartbeat {
                milliseconds: reader.u32_le("milliseconds")?,
                nanoseconds: reader.u32_le("nanoseconds")?,
                rest: reader.rest(),
            },
            kind::HEARTBEAT_INTERVAL => {
                Self::HeartbeatInterval { seconds: reader.u8("seconds")?, rest: reader.rest() }
            }
            kind::INIT => Self::Init(Box::new(Init::decode(&frame.payload)?)),
            kind::ENCRYPTION_CONF => Self::EncryptionConf(reader.rest()),
            kind::RESET => Self::Reset { action: reader.u8("action")?, rest: reader.rest() },
            kind::DNM => Self::Dnm(Dnm::decode(&frame.payload)?),
            kind::SYNC => Self::Sync(Sync::decode(&frame.payload)?),
            _ => return Self::fixed(frame),
        })
    }

    /// Writes the message.
    #[must_use]
    pub fn encode(&self) -> Frame {
        let (code, payload) = match self {
            Self::Ack { of, rest } => (kind::ACK, [&of.to_be_bytes(), rest.as_slice()].concat()),
            Self::Nack { of, id, reason, rest } => {
                let (of, id) = (of.to_be_bytes(), id.to_le_bytes());
                let fixed = [of.as_slice(), &id, &reason.to_be_bytes()].concat();
                (kind::NACK, [fixed.as_slice(), rest].concat())
            }
            Self::Heartbeat { milliseconds, nanoseconds, rest } => {
                let fixed = [milliseconds.to_le_bytes(), nanoseconds.to_le_bytes()];
                (kind::HEARTBEAT, [fixed.as_flattened(), rest].concat())
            }
            Self::HeartbeatInterval { seconds, rest } => {
                (kind::HEARTBEAT_INTERVAL, [&[*seconds], rest.as_slice()].concat())
            }
            Self::Authenticate(random) => (kind::AUTHENTICATE, random.to_vec()),
            Self::Init(init) => (kind::INIT, init.encode()),
            Self::AuthKey(key) => (kind::AUTH_KEY, key.expose().to_vec()),
            Self::ReEnrolment(payload) => (kind::RE_ENROLEMENT, payload.to_vec()),
            Self::EncryptionConf(rest) => (kind::ENCRYPTION_CONF, rest.clone()),
            Self::Reset { action, rest } => (kind::RESET, [&[*action], rest.as_slice()].concat()),
            Self::Media(media) => return media.encode(),
            Self::Dnm(dnm) => (kind::DNM, dnm.encode()),
            Self::Sync(sync) => (kind::SYNC, sync.encode()),
            Self::Other(frame) => return frame.clone(),
        };
        Frame::new(code, payload)
    }

    /// ACK in the form that a base station expects at its login.
    #[must_use]
    pub fn ack(of: u16, id: u16) -> Self {
        let [low, high] = id.to_le_bytes();
        Self::Ack { of, rest: vec![low, high, 1, 0, 0, 0] }
    }

    /// The call id or media handle of an ACK; `None` where there is none.
    #[must_use]
    pub fn ack_id(rest: &[u8]) -> Option<u16> {
        let id = u16::from_le_bytes(*rest.first_chunk()?);
        (id != NO_ID).then_some(id)
    }

    /// Types with one length; at another length they stay octets.
    fn fixed(frame: &Frame) -> Result<Self, Malformed> {
        let payload = frame.payload.as_slice();
        Ok(match frame.code {
            kind::AUTHENTICATE => {
                Self::Authenticate(payload.try_into().map_err(|_| Malformed::Short("random"))?)
            }
            kind::AUTH_KEY => {
                let key = payload.try_into().map_err(|_| Malformed::Short("key"))?;
                Self::AuthKey(LinkKey::new(key))
            }
            kind::RE_ENROLEMENT => {
                let wrapped = payload.try_into().map_err(|_| Malformed::Short("digest"))?;
                Self::ReEnrolment(Box::new(wrapped))
            }
            _ => Self::Other(frame.clone()),
        })
    }
}

/// What a NACK means by its reason.
#[must_use]
pub fn nack_reason(reason: u32) -> String {
    match reason {
        0x0400_0000 => "no error".into(),
        0x0400_0001 => "invalid element".into(),
        0x0400_0002 => "no resource".into(),
        0x0400_0003 => "wrong state".into(),
        0x0400_0004 => "invalid parameters".into(),
        PORT_IN_USE => "port in use".into(),
        0x0400_0006 => "codec not supported".into(),
        0x0400_0007 => "video not supported".into(),
        other => format!("reason {other:08x}"),
    }
}

/// In an ACK: no call id and no media handle.
pub const NO_ID: u16 = 0xffff;

/// Reason of a NACK: the local RTP port of MEDIA_CONF is taken.
pub const PORT_IN_USE: u32 = 0x0400_0005;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn whatever_can_be_read_is_written_back_as_it_was(
            code in prop_oneof![0..4_u16, 0x100..0x140_u16, any::<u16>()],
            payload in prop::collection::vec(any::<u8>(), 0..300),
        ) {
            let frame = Frame::new(code, payload);
            if let Ok(message) = Message::decode(&frame) {
                prop_assert!(message.encode() == frame, "{frame:?}");
            }
        }
    }
}
