//! What a [`Link`](super::Link) is told and what it asks for.

use crate::nwk::Settings;
use crate::primitive::RtpPeer;
use crate::subscription::LinkKey;
use ident::{Mac, Pmid, Rpn};
use machine::TimerSpec;
use std::net::SocketAddr;
use std::time::Duration;
use zeroize::ZeroizeOnDrop;

/// MAC connection endpoint identifier: names a radio link within its base station, which chose it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mcei(pub u8);

/// Names a speech channel within its base station; chosen by who asks for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Handle(pub u16);

/// A derived cipher key, most significant octet first. It has neither `Debug` nor `Display`.
#[derive(Clone, PartialEq, Eq, ZeroizeOnDrop)]
pub struct CipherKey([u8; 8]);

impl CipherKey {
    /// The key of these octets.
    #[must_use]
    pub const fn new(octets: [u8; 8]) -> Self {
        Self(octets)
    }

    /// The octets, for the message to the base station only.
    #[must_use]
    pub const fn expose(&self) -> &[u8; 8] {
        &self.0
    }
}

/// Everything that can happen to a link.
pub enum Event {
    /// Octets from the base station, cut anywhere.
    Received(Vec<u8>),
    /// The answer to [`Action::Identified`]: take it in.
    Admit(Admission),
    /// The answer to [`Action::Identified`]: send it away, for this reason.
    Refuse(String),
    /// The network layer wants something.
    Request(Request),
    /// Use these settings from now on.
    Settings(Settings),
    /// A timer of this link has run out.
    Expired(Timer),
}

/// Everything a link can ask for.
pub enum Action {
    /// Send these octets to the base station.
    Send(Vec<u8>),
    /// A message in clear, as it crossed the link, for the mirror. Not masked yet.
    Trace {
        /// Whether it came from the base station.
        from_rfp: bool,
        /// The message with its header.
        octets: Vec<u8>,
    },
    /// The base station has said who it is; answer with [`Event::Admit`] (after what must be stored is) or [`Event::Refuse`].
    Identified(Identity),
    /// Close the connection for this reason, and forget the link. Nothing follows.
    Close(String),
    /// Tell the network layer.
    Indicate(Indication),
}

/// What a base station says of itself when it logs in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Which base station.
    pub mac: Mac,
    /// Hardware model as a number of the link protocol.
    pub model: u32,
    /// Software version in words.
    pub software: String,
}

/// What a base station that is taken in needs to get and we need to know of it.
#[derive(Clone)]
pub struct Admission {
    /// Its number.
    pub rpn: Rpn,
    /// The key of the Blowfish door; not used at the other.
    pub key: KeyPlan,
    /// How the system is set.
    pub settings: Settings,
}

/// Which key the Blowfish door uses after the login.
#[derive(Clone)]
pub enum KeyPlan {
    /// None: TLS protects the connection.
    None,
    /// The one that base station and server know already.
    Known(LinkKey),
    /// A new one, sent in clear: the base station has none yet.
    New(LinkKey),
    /// A new one, wrapped for a base station whose root password hash is known.
    Renewed {
        /// The new key.
        key: LinkKey,
        /// The 26 characters of the stored MD5-crypt hash, `$1$$` and 22 more.
        hash: RootHash,
    },
}

/// The stored hash of a base station's root password, as the re-enrolment uses it.
#[derive(Clone, PartialEq, Eq, ZeroizeOnDrop)]
pub struct RootHash([u8; 26]);

impl RootHash {
    /// The hash of this text; `None` unless it has the form `$1$$` and 22 characters.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let octets: [u8; 26] = text.as_bytes().try_into().ok()?;
        (text.starts_with("$1$$") && text.is_ascii()).then_some(Self(octets))
    }

    /// The characters, for the key wrap only.
    #[must_use]
    pub const fn expose(&self) -> &[u8; 26] {
        &self.0
    }
}

/// What the network layer asks of a base station. What concerns a radio link or a
/// speech channel that is gone is passed over in silence.
#[derive(Clone)]
pub enum Request {
    /// LC_DATA-req: send this DLC frame (address, control, length, information). The link
    /// keeps to the two buffers of the base station and holds back what does not fit yet.
    LcData(Mcei, Vec<u8>),
    /// MAC_PAGE-req: broadcast this short page (EN 300 175-5 8.2).
    Page([u8; 3]),
    /// MAC_ENC_KEY-req: the key for the radio link, and its number.
    EncKey(Mcei, CipherKey, u8),
    /// MAC_DIS-req: release the radio link.
    Disconnect(Mcei),
    /// The answer to [`Indication::Handover`]: the key of the link that moves, `None` in clear.
    HandoverKey(Mcei, Option<(CipherKey, u8)>),
    /// HO_FAILED-req: the link that wants to move is not known.
    HandoverFailed(Mcei),
    /// Open a speech channel on this radio link and start it both ways.
    OpenMedia(Handle, Mcei, RtpPeer),
    /// The RTP peer of a speech channel has changed.
    ChangeMedia(Handle, RtpPeer),
    /// Take a speech channel away.
    CloseMedia(Handle),
}

/// What a base station tells the network layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Indication {
    /// The base station has proved that it holds the key, or the certificate, of who it says it is.
    LoggedIn,
    /// The radio is on; links can come.
    OnAir,
    /// The radio is off, and why. No radio link and no speech channel is left.
    OffAir(String),
    /// MAC_CON-ind: a handset has opened a radio link.
    Connected {
        /// The new link.
        mcei: Mcei,
        /// How the handset named itself.
        pmid: Pmid,
        /// It takes the place of a link through another base station or bearer.
        handover: bool,
    },
    /// MAC_DIS-ind: a radio link is gone.
    Disconnected(Mcei, DisconnectReason),
    /// LC_DATA-ind: a DLC frame; fill octets may follow its information.
    LcData(Mcei, Vec<u8>),
    /// LC_DTR-ind: the base station can take another frame of this link. Told for completeness;
    /// [`Request::LcData`] may be asked for at any time.
    ReadyForData(Mcei),
    /// MAC_ENC_EKS-ind: the radio link is ciphered now.
    Ciphered(Mcei),
    /// HO_IN_PROGRESS-ind: a handset moves to this base station; answer with its key.
    Handover(Mcei, Pmid),
    /// HO_FAILED-ind: the handset did not get through.
    HandoverFailed(Mcei),
    /// The speech channel runs; the base station receives at this address and sends from there.
    MediaOpened(Handle, SocketAddr),
    /// The base station refuses or has lost the speech channel; it is gone.
    MediaFailed(Handle, String),
    /// A key pressed in speech, where the base station recognises it.
    MediaKey(Handle, char),
    /// What a speech channel carried; it is gone.
    MediaClosed(Handle, Box<Carried>),
}

/// Why a radio link is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DisconnectReason {
    /// No reason given.
    Unspecified,
    /// Released by the handset or by us.
    Normal,
    /// The handset was lost.
    Abnormal,
    /// A value without a name.
    Other(u8),
}

/// MEDIA_STATISTICS: what the base station counted on one speech channel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Carried {
    /// Seconds it was open.
    pub seconds: u32,
    /// RTP packets sent.
    pub sent_packets: u32,
    /// Their octets.
    pub sent_octets: u32,
    /// RTP packets received.
    pub received_packets: u32,
    /// Their octets.
    pub received_octets: u32,
    /// Packets missing.
    pub lost: u32,
    /// Largest jitter in microseconds.
    pub jitter_us: u32,
}

/// The timers of a link. All are ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Timer {
    /// The login has to be complete.
    Login,
    /// A step of the radio start-up has to be confirmed.
    Step,
    /// A heartbeat has to come.
    Heartbeat,
    /// A media request has to be answered.
    Media(Handle),
}

impl Timer {
    /// What the timer is called, how long it runs and what it guards.
    #[must_use]
    pub const fn spec(self) -> TimerSpec {
        let (name, seconds, guards) = match self {
            Self::Login => ("X.rfp.login", 20, "SYS_ENCRYPTION_CONF after the connection"),
            Self::Step => ("X.rfp.step", 30, "the confirmation of a radio start-up step"),
            Self::Heartbeat => ("X.rfp.heartbeat", 3 * HEARTBEAT_SECONDS as u64, "HEARTBEAT"),
            Self::Media(_) => ("X.rfp.media", 5, "ACK or NACK of a media request"),
        };
        TimerSpec { name, default: Duration::from_secs(seconds), guards }
    }
}

/// How often a base station is told to say that it lives (the value a real controller sets).
pub const HEARTBEAT_SECONDS: u8 = 15;
