//! Which message it is (EN 300 175-5 7.2 and 7.4).

use std::fmt;

/// Protocol discriminator: whose message it is (7.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Pd {
    /// Link control entity.
    Lce,
    /// Call control, with call related supplementary services.
    Cc,
    /// Call independent supplementary services.
    Ciss,
    /// Mobility management.
    Mm,
    /// Connectionless message service.
    Clms,
    /// Connection oriented message service.
    Coms,
}

impl Pd {
    /// The entity of this discriminator, 0 to 15; `None` for one that is reserved or not DECT's.
    #[must_use]
    pub const fn from_nibble(nibble: u8) -> Option<Self> {
        match nibble {
            0 => Some(Self::Lce),
            3 => Some(Self::Cc),
            4 => Some(Self::Ciss),
            5 => Some(Self::Mm),
            6 => Some(Self::Clms),
            7 => Some(Self::Coms),
            _ => None,
        }
    }

    /// The discriminator.
    #[must_use]
    pub const fn nibble(self) -> u8 {
        match self {
            Self::Lce => 0,
            Self::Cc => 3,
            Self::Ciss => 4,
            Self::Mm => 5,
            Self::Clms => 6,
            Self::Coms => 7,
        }
    }

    /// The name that its messages begin with.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Lce => "LCE",
            Self::Cc => "CC",
            Self::Ciss => "CISS",
            Self::Mm => "MM",
            Self::Clms => "CLMS",
            Self::Coms => "COMS",
        }
    }

    /// The highest transaction value, and whether it can be extended (table 68).
    #[must_use]
    pub const fn transactions(self) -> (u8, bool) {
        match self {
            Self::Cc => (6, true),
            Self::Ciss | Self::Coms => (6, false),
            Self::Lce | Self::Mm | Self::Clms => (0, false),
        }
    }
}

macro_rules! kinds {
    ($($pd:ident $octet:literal $name:ident $text:literal,)*) => {
        /// A message type, named as the standard names it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Kind {
            $(#[doc = $text] $name,)*
            /// A type that the standard reserves.
            Unknown(Pd, u8),
        }

        impl Kind {
            /// Every message of the standard.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The message of this entity with this type octet.
            #[must_use]
            pub const fn new(pd: Pd, octet: u8) -> Self {
                match (pd, octet) {
                    $((Pd::$pd, $octet) => Self::$name,)*
                    _ => Self::Unknown(pd, octet),
                }
            }

            /// Whose message it is.
            #[must_use]
            pub const fn pd(self) -> Pd {
                match self {
                    $(Self::$name => Pd::$pd,)*
                    Self::Unknown(pd, _) => pd,
                }
            }

            /// The type octet.
            #[must_use]
            pub const fn octet(self) -> u8 {
                match self {
                    $(Self::$name => $octet,)*
                    Self::Unknown(_, octet) => octet,
                }
            }

            /// The standard's name; `None` for a reserved type.
            #[must_use]
            pub const fn name(self) -> Option<&'static str> {
                match self {
                    $(Self::$name => Some($text),)*
                    Self::Unknown(..) => None,
                }
            }
        }
    };
}

kinds! {
    Cc 0x01 CcAlerting "CC-ALERTING",
    Cc 0x02 CcCallProc "CC-CALL-PROC",
    Cc 0x05 CcSetup "CC-SETUP",
    Cc 0x07 CcConnect "CC-CONNECT",
    Cc 0x0d CcSetupAck "CC-SETUP-ACK",
    Cc 0x0f CcConnectAck "CC-CONNECT-ACK",
    Cc 0x20 CcServiceChange "CC-SERVICE-CHANGE",
    Cc 0x21 CcServiceAccept "CC-SERVICE-ACCEPT",
    Cc 0x23 CcServiceReject "CC-SERVICE-REJECT",
    Cc 0x4d CcRelease "CC-RELEASE",
    Cc 0x5a CcReleaseCom "CC-RELEASE-COM",
    Cc 0x60 IwuInfo "IWU-INFO",
    Cc 0x6e CcNotify "CC-NOTIFY",
    Cc 0x7b CcInfo "CC-INFO",
    Cc 0x24 Hold "HOLD",
    Cc 0x28 HoldAck "HOLD-ACK",
    Cc 0x30 HoldReject "HOLD-REJECT",
    Cc 0x31 Retrieve "RETRIEVE",
    Cc 0x33 RetrieveAck "RETRIEVE-ACK",
    Cc 0x37 RetrieveReject "RETRIEVE-REJECT",
    Cc 0x62 CrssFacility "FACILITY",
    Ciss 0x5a CissReleaseCom "CISS-RELEASE-COM",
    Ciss 0x62 CissFacility "FACILITY",
    Ciss 0x64 CissRegister "CISS-REGISTER",
    Coms 0x05 ComsSetup "COMS-SETUP",
    Coms 0x07 ComsConnect "COMS-CONNECT",
    Coms 0x08 ComsNotify "COMS-NOTIFY",
    Coms 0x4d ComsRelease "COMS-RELEASE",
    Coms 0x5a ComsReleaseCom "COMS-RELEASE-COM",
    Coms 0x78 ComsAck "COMS-ACK",
    Coms 0x7b ComsInfo "COMS-INFO",
    Clms 0x01 ClmsVariable "CLMS-VARIABLE",
    Mm 0x40 AuthenticationRequest "AUTHENTICATION-REQUEST",
    Mm 0x41 AuthenticationReply "AUTHENTICATION-REPLY",
    Mm 0x42 KeyAllocate "KEY-ALLOCATE",
    Mm 0x43 AuthenticationReject "AUTHENTICATION-REJECT",
    Mm 0x44 AccessRightsRequest "ACCESS-RIGHTS-REQUEST",
    Mm 0x45 AccessRightsAccept "ACCESS-RIGHTS-ACCEPT",
    Mm 0x47 AccessRightsReject "ACCESS-RIGHTS-REJECT",
    Mm 0x48 AccessRightsTerminateRequest "ACCESS-RIGHTS-TERMINATE-REQUEST",
    Mm 0x49 AccessRightsTerminateAccept "ACCESS-RIGHTS-TERMINATE-ACCEPT",
    Mm 0x4b AccessRightsTerminateReject "ACCESS-RIGHTS-TERMINATE-REJECT",
    Mm 0x4c CipherRequest "CIPHER-REQUEST",
    Mm 0x4e CipherSuggest "CIPHER-SUGGEST",
    Mm 0x4f CipherReject "CIPHER-REJECT",
    Mm 0x50 MmInfoRequest "MM-INFO-REQUEST",
    Mm 0x51 MmInfoAccept "MM-INFO-ACCEPT",
    Mm 0x52 MmInfoSuggest "MM-INFO-SUGGEST",
    Mm 0x53 MmInfoReject "MM-INFO-REJECT",
    Mm 0x54 LocateRequest "LOCATE-REQUEST",
    Mm 0x55 LocateAccept "LOCATE-ACCEPT",
    Mm 0x56 Detach "DETACH",
    Mm 0x57 LocateReject "LOCATE-REJECT",
    Mm 0x58 IdentityRequest "IDENTITY-REQUEST",
    Mm 0x59 IdentityReply "IDENTITY-REPLY",
    Mm 0x5b MmIwu "MM-IWU",
    Mm 0x5c TemporaryIdentityAssign "TEMPORARY-IDENTITY-ASSIGN",
    Mm 0x5d TemporaryIdentityAssignAck "TEMPORARY-IDENTITY-ASSIGN-ACK",
    Mm 0x5f TemporaryIdentityAssignRej "TEMPORARY-IDENTITY-ASSIGN-REJ",
    Mm 0x6e MmNotify "MM-NOTIFY",
    Lce 0x71 LcePageResponse "LCE-PAGE-RESPONSE",
    Lce 0x72 LcePageReject "LCE-PAGE-REJECT",
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.name(), self) {
            (Some(name), _) => f.write_str(name),
            (None, kind) => write!(f, "message {:02x} of {}", kind.octet(), kind.pd().name()),
        }
    }
}
