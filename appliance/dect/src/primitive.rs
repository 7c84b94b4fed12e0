//! The primitives between the network layer and the interworking unit.
//!
//! Names follow EN 300 175-5 clause 16: `MNCC_SETUP-req` is [`Request::Setup`],
//! `MNCC_SETUP-ind` is [`Indication::Setup`]. A handset is named by its IPEI, a
//! base station by its MAC address, a call by a [`CallId`].

use ident::{Ipei, Mac};
use std::net::{IpAddr, SocketAddr};
use subtle::ConstantTimeEq as _;

/// Names a call towards the interworking unit; never used twice by one engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallId(pub u32);

/// What the interworking unit asks of the network layer.
#[derive(Clone)]
pub enum Request {
    /// MNCC_SETUP-req: call this handset. The id comes from [`crate::nwk::Nwk::new_call`].
    Setup {
        /// The new call.
        call: CallId,
        /// Who is called.
        pp: Ipei,
        /// What the handset shows and how it rings.
        info: Info,
    },
    /// MNCC_SETUP_ACK-req: ask a calling handset for (more) digits.
    SetupAck(CallId, Info),
    /// MNCC_CALL_PROC-req: the number is complete and on its way.
    CallProc(CallId, Info),
    /// MNCC_ALERT-req: the other side rings.
    Alert(CallId, Info),
    /// MNCC_CONNECT-req: the other side has answered.
    Connect(CallId, Info),
    /// MNCC_INFO-req: show or sound something during a call.
    Info(CallId, Info),
    /// MNCC_RELEASE-req or MNCC_REJECT-req, whichever the state calls for.
    Release(CallId, ReleaseReason, Info),
    /// MM_ACCESS_RIGHTS-res: the answer to [`Indication::AccessRights`].
    AccessRights(Ipei, AccessAnswer),
    /// MM_ACCESS_RIGHTS_TERMINATE-req: end the subscription, over the air where the handset answers.
    Terminate(Ipei),
    /// MM_INFO-req with "locate suggest": ask the handset to locate again.
    SuggestLocate(Ipei),
    /// MM_IDENTITY-req: ask the handset for its IPEI; answered by [`Indication::Identity`].
    Identify(Ipei),
    /// Join the handset's speech channel to this RTP peer.
    OpenMedia(CallId, RtpPeer),
    /// The RTP peer or the codec has changed.
    ChangeMedia(CallId, RtpPeer),
    /// Take the speech channel away; also implied by the end of the call.
    CloseMedia(CallId),
}

/// What the network layer tells the interworking unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Indication {
    /// MNCC_SETUP-ind: a handset wants to call; `keys` is what it has dialled so far.
    Setup {
        /// The new call.
        call: CallId,
        /// Who calls.
        pp: Ipei,
        /// Keypad characters of the set-up message.
        keys: String,
        /// The handset said that this is all (SENDING-COMPLETE).
        complete: bool,
    },
    /// MNCC_INFO-ind: keypad characters during dialling or speech.
    Info {
        /// Which call.
        call: CallId,
        /// The characters, 0-9 * # and the control codes of EN 300 175-5 Annex D.
        keys: String,
        /// The handset said that this is all (SENDING-COMPLETE).
        complete: bool,
    },
    /// MNCC_ALERT-ind: the handset rings.
    Alert(CallId),
    /// MNCC_CONNECT-ind: the handset's user has answered.
    Connect(CallId),
    /// MNCC_RELEASE-ind, MNCC_REJECT-ind: the call is gone; nothing more follows for it.
    Release(CallId, ReleaseReason),
    /// MM_ACCESS_RIGHTS-ind: a handset wants to subscribe; answer with [`Request::AccessRights`].
    AccessRights(Ipei),
    /// The handset is subscribed (also told for each subscription that was loaded at the start).
    Subscribed(Ipei),
    /// A subscription attempt failed.
    NotSubscribed(Ipei, SubscriptionFailure),
    /// The subscription has ended.
    Terminated(Ipei),
    /// The subscription has ended, but the store still has it: it would be back after a restart.
    NotTerminated(Ipei),
    /// MM_LOCATE-ind: the handset is here, authenticated (also told at the start for handsets that were).
    Located(Ipei, Mac),
    /// The handset did not prove who it is.
    NotAuthenticated(Ipei),
    /// MM_DETACH-ind: the handset was switched off.
    Detached(Ipei),
    /// MM_IDENTITY-cfm.
    Identity(Ipei),
    /// The base station receives speech at this address and sends it from there.
    MediaOpened(CallId, SocketAddr),
    /// The base station refuses or has lost the speech channel.
    MediaFailed(CallId, String),
    /// A base station is on the air.
    RfpUp(Mac),
    /// A base station is gone, or has to keep its radio off, with the reason in words.
    RfpDown(Mac, String),
    /// A base station was removed: nothing is known of it any more.
    RfpForgotten(Mac),
}

/// Optional elements of a CC message towards the handset.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Info {
    /// Text for the display.
    pub display: Option<String>,
    /// CALLING-PARTY-NUMBER.
    pub calling_number: Option<String>,
    /// CALLING-PARTY-NAME.
    pub calling_name: Option<String>,
    /// SIGNAL: a tone or how to ring.
    pub signal: Option<Signal>,
    /// PROGRESS "in-band information available": connect the speech path now.
    pub in_band: bool,
}

/// Values of the SIGNAL element (EN 300 175-5 7.6.8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are the standard's")]
#[repr(u8)]
pub enum Signal {
    DialTone = 0x00,
    RingBack = 0x01,
    Intercept = 0x02,
    Congestion = 0x03,
    Busy = 0x04,
    Confirm = 0x05,
    Answer = 0x06,
    CallWaiting = 0x07,
    OffHookWarning = 0x08,
    Negative = 0x09,
    TonesOff = 0x3f,
    Alerting0 = 0x40,
    Alerting1 = 0x41,
    Alerting2 = 0x42,
    Alerting3 = 0x43,
    Alerting4 = 0x44,
    Alerting5 = 0x45,
    Alerting6 = 0x46,
    Alerting7 = 0x47,
    AlertingContinuous = 0x48,
    AlertingOff = 0x4f,
}

impl Signal {
    /// The signal of this code; `None` for a reserved one.
    #[must_use]
    pub fn from_octet(octet: u8) -> Option<Self> {
        Self::ALL.iter().copied().find(|signal| signal.octet() == octet)
    }

    /// The code.
    #[must_use]
    pub const fn octet(self) -> u8 {
        self as u8
    }

    const ALL: &[Self] = &[
        Self::DialTone,
        Self::RingBack,
        Self::Intercept,
        Self::Congestion,
        Self::Busy,
        Self::Confirm,
        Self::Answer,
        Self::CallWaiting,
        Self::OffHookWarning,
        Self::Negative,
        Self::TonesOff,
        Self::Alerting0,
        Self::Alerting1,
        Self::Alerting2,
        Self::Alerting3,
        Self::Alerting4,
        Self::Alerting5,
        Self::Alerting6,
        Self::Alerting7,
        Self::AlertingContinuous,
        Self::AlertingOff,
    ];
}

/// Values of the RELEASE-REASON element (EN 300 175-5 7.6.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names are the standard's")]
pub enum ReleaseReason {
    Normal,
    UnexpectedMessage,
    UnknownTransaction,
    MandatoryElementMissing,
    InvalidElement,
    IncompatibleService,
    ServiceNotImplemented,
    NegotiationNotSupported,
    InvalidIdentity,
    AuthenticationFailed,
    UnknownIdentity,
    NegotiationFailed,
    Collision,
    TimerExpiry,
    PartialRelease,
    Unknown,
    UserDetached,
    UserNotInRange,
    UserUnknown,
    UserAlreadyActive,
    UserBusy,
    UserRejection,
    UserCallModify,
    ExternalHandoverNotSupported,
    NetworkParametersMissing,
    ExternalHandoverRelease,
    Overload,
    InsufficientResources,
    InsufficientBearers,
    IwuCongestion,
    SecurityAttack,
    EncryptionFailed,
    ReKeyingFailed,
    NoCipherKey,
    /// A value without a name.
    Other(u8),
}

impl ReleaseReason {
    /// The reason of this code.
    #[must_use]
    pub fn from_octet(octet: u8) -> Self {
        let known = RELEASE_REASONS.iter().find(|(code, _)| *code == octet);
        known.map_or(Self::Other(octet), |(_, reason)| *reason)
    }

    /// The code.
    #[must_use]
    pub fn octet(self) -> u8 {
        if let Self::Other(octet) = self {
            return octet;
        }
        let known = RELEASE_REASONS.iter().find(|(_, reason)| *reason == self);
        known.map_or(0x0f, |(code, _)| *code)
    }
}

/// Whether a handset may subscribe.
#[derive(Clone)]
pub enum AccessAnswer {
    /// With this authentication code.
    Allowed(AccessCode),
    /// It is not expected here, or subscription is closed.
    Refused,
}

/// An authentication code (PIN) of 0 to 8 digits. It has neither `Debug` nor `Display`; it is compared in constant time.
#[derive(Clone, zeroize::ZeroizeOnDrop)]
pub struct AccessCode(String);

impl AccessCode {
    /// The code of these digits; `None` unless there are at most eight, all decimal.
    #[must_use]
    pub fn new(digits: &str) -> Option<Self> {
        let sound = digits.len() <= 8 && digits.bytes().all(|digit| digit.is_ascii_digit());
        sound.then(|| Self(digits.to_owned()))
    }

    /// The digits, for the key derivation only.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl PartialEq for AccessCode {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}

impl Eq for AccessCode {}

/// Why a handset could not be subscribed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubscriptionFailure {
    /// The handset does not know the authentication code.
    WrongAccessCode,
    /// The interworking unit refused it.
    Refused,
    /// Too many wrong authentication codes have come, from this handset or from all together.
    LockedOut,
    /// The subscription could not be written down.
    NotStored,
    /// The handset went silent, or sent what has no place here.
    Broken,
}

/// The RTP peer that the base station is to speak to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RtpPeer {
    /// Where speech goes and comes from; our media role.
    pub address: IpAddr,
    /// Its RTP port.
    pub rtp: u16,
    /// Its RTCP port.
    pub rtcp: u16,
    /// How speech is coded between base station and media role.
    pub codec: RfpCodec,
    /// Packet time in milliseconds.
    pub ptime_ms: u8,
}

/// Codecs of the link to the base station that we use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RfpCodec {
    /// G.711 A-law.
    Pcma,
    /// G.711 mu-law.
    Pcmu,
}

/// The codes of 7.6.7.
const RELEASE_REASONS: &[(u8, ReleaseReason)] = &[
    (0x00, ReleaseReason::Normal),
    (0x01, ReleaseReason::UnexpectedMessage),
    (0x02, ReleaseReason::UnknownTransaction),
    (0x03, ReleaseReason::MandatoryElementMissing),
    (0x04, ReleaseReason::InvalidElement),
    (0x05, ReleaseReason::IncompatibleService),
    (0x06, ReleaseReason::ServiceNotImplemented),
    (0x07, ReleaseReason::NegotiationNotSupported),
    (0x08, ReleaseReason::InvalidIdentity),
    (0x09, ReleaseReason::AuthenticationFailed),
    (0x0a, ReleaseReason::UnknownIdentity),
    (0x0b, ReleaseReason::NegotiationFailed),
    (0x0c, ReleaseReason::Collision),
    (0x0d, ReleaseReason::TimerExpiry),
    (0x0e, ReleaseReason::PartialRelease),
    (0x0f, ReleaseReason::Unknown),
    (0x10, ReleaseReason::UserDetached),
    (0x11, ReleaseReason::UserNotInRange),
    (0x12, ReleaseReason::UserUnknown),
    (0x13, ReleaseReason::UserAlreadyActive),
    (0x14, ReleaseReason::UserBusy),
    (0x15, ReleaseReason::UserRejection),
    (0x16, ReleaseReason::UserCallModify),
    (0x21, ReleaseReason::ExternalHandoverNotSupported),
    (0x22, ReleaseReason::NetworkParametersMissing),
    (0x23, ReleaseReason::ExternalHandoverRelease),
    (0x31, ReleaseReason::Overload),
    (0x32, ReleaseReason::InsufficientResources),
    (0x33, ReleaseReason::InsufficientBearers),
    (0x34, ReleaseReason::IwuCongestion),
    (0x40, ReleaseReason::SecurityAttack),
    (0x41, ReleaseReason::EncryptionFailed),
    (0x42, ReleaseReason::ReKeyingFailed),
    (0x43, ReleaseReason::NoCipherKey),
];
