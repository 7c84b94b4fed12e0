//! The fields of a user, each declared once: one entry is all there is to add.
//!
//! From the table come `users.xml`, the rows of the database and of the bus,
//! CSV, the pages and the manual.

use super::rules::{self, Odd};
use super::types::{Language, Lid, LineType, LinkKind};
use crate::spec::Reject;
use crate::value::{AccessCode, Secret};
use ident::Ipei;

/// What a field is, apart from the Rust type it is read as.
#[derive(Debug)]
pub struct FieldSpec {
    /// Name of the element.
    pub name: &'static str,
    /// Its place in the table, and in every file that we write.
    pub(super) place: usize,
    /// One or two sentences for the web form and the manual.
    pub help: &'static str,
    /// The text that means the same as none.
    pub default: &'static str,
    /// What it takes.
    pub kind: Kind,
    /// Whose it is: a person's account or a handset's.
    pub part: Part,
    /// The servers that know it.
    pub family: Family,
    /// Never shown, never logged; sealed at rest.
    pub secret: bool,
    /// No guide gives this name.
    pub ours: bool,
    /// Shown only; nobody types it.
    pub read_only: bool,
    /// Known, checked and kept, but this version of the server does not act on it.
    pub later: bool,
    /// Reads the text strictly and says what is wrong with it; the empty text is right everywhere.
    pub check: fn(&str) -> Result<(), Reject>,
    /// What an administrator should know of a text that is right but unusual.
    pub odd: fn(&str) -> Option<Odd>,
}

/// What a field takes, for forms and the manual.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A handset's identity.
    Ipei,
    /// At most so many digits.
    Digits(usize),
    /// At most so many characters.
    Text(usize),
    /// At most so many of the characters that a SIP user part may have.
    SipUser(usize),
    /// A domain name.
    Domain,
    /// A switch.
    Bool,
    /// A whole number between these two.
    Whole(i64, i64),
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A date and a time.
    Time,
}

/// Which of the two data sets a field is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The person's account.
    User,
    /// The handset; with the account as long as the account has none.
    Device,
    /// How the two are bound to each other.
    Link,
}

/// The servers that know a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// All of them.
    Both,
    /// 200, 400, 6500 and what is like them, ours too.
    Ip,
    /// 2500 and 8000.
    Rack,
}

/// A field together with the type it is read as.
pub struct Field<T> {
    /// The untyped part.
    pub spec: &'static FieldSpec,
    /// The value of a text that was checked, and of the empty one.
    pub(crate) read: fn(&str) -> Result<T, Reject>,
}

impl FieldSpec {
    const fn new(name: &'static str, place: usize, help: &'static str, kind: Kind) -> Self {
        Self {
            name,
            place,
            help,
            default: "",
            kind,
            part: Part::User,
            family: Family::Both,
            secret: false,
            ours: false,
            read_only: false,
            later: false,
            check: |_| Ok(()),
            odd: |_| None,
        }
    }

    const fn checked(mut self, check: fn(&str) -> Result<(), Reject>) -> Self {
        self.check = check;
        self
    }

    const fn default(mut self, text: &'static str) -> Self {
        self.default = text;
        self
    }

    const fn of(mut self, part: Part) -> Self {
        self.part = part;
        self
    }

    const fn only(mut self, family: Family) -> Self {
        self.family = family;
        self
    }

    const fn secret(mut self) -> Self {
        self.secret = true;
        self
    }

    const fn ours(mut self) -> Self {
        self.ours = true;
        self
    }

    const fn read_only(mut self) -> Self {
        self.read_only = true;
        self
    }

    const fn later(mut self) -> Self {
        self.later = true;
        self
    }

    const fn odd(mut self, odd: fn(&str) -> Option<Odd>) -> Self {
        self.odd = odd;
        self
    }
}

macro_rules! fields {
    ($(
        $(#[doc = $help:literal])+
        $FIELD:ident: $type:ty = $name:literal, $kind:expr => $rule:ident $([$($with:tt)+])?
    )+) => {
        /// Counts the fields.
        #[expect(non_camel_case_types, clippy::upper_case_acronyms, reason = "they are the names of the fields")]
        enum Place {
            $($FIELD),+
        }

        $(
            $(#[doc = $help])+
            pub const $FIELD: Field<$type> = Field {
                spec: {
                    const SPEC: &FieldSpec =
                        &FieldSpec::new($name, Place::$FIELD as usize, concat!($($help),+), $kind)
                            .checked(|text| rules::$rule(text).map(drop))$($($with)+)?;
                    SPEC
                },
                read: rules::$rule,
            };
        )+

        /// Every field, in the order of the files that we write.
        pub const ALL: &[&FieldSpec] = &[$($FIELD.spec),+];

        /// The field of this name.
        #[must_use]
        pub fn find(name: &str) -> Option<&'static FieldSpec> {
            match name {
                $($name => Some($FIELD.spec),)+
                _ => None,
            }
        }
    };
}

fields! {
    /// Serial number of the handset; filled in when a handset subscribes for this user.
    IPEI: Option<Ipei> = "ipei", Kind::Ipei => ipei
        [.of(Part::Device).odd(rules::odd_ipei)]

    /// Code that the handset must give to subscribe; without one the system's is asked for.
    ACCESSCODE: AccessCode = "accesscode", Kind::Digits(8) => access_code
        [.of(Part::Device).secret()]

    /// Group of handset settings that this handset is given.
    CONFIGGROUP: String = "configgroup", Kind::Text(rules::TEXT_MAX) => shown
        [.of(Part::Device).only(Family::Ip).ours().later()]

    /// When the handset was made; shown only.
    PRODUCTIONTIME: String = "productiontime", Kind::Time => time
        [.of(Part::Device).only(Family::Ip).ours().read_only().later().odd(rules::odd_time)]

    /// Text that the handset shows when idle.
    STANDBYTEXT: String = "standbytext", Kind::Text(rules::TEXT_MAX) => shown [.later()]

    /// User part in SIP, and the extension; unique.
    USERNAME: String = "username", Kind::SipUser(rules::NAME_MAX) => sip_user

    /// Local number; unique, and the user name where there is no other.
    LOCALNO: String = "localno", Kind::Digits(rules::LOCALNO_MAX) => local_number
        [.only(Family::Rack).odd(rules::odd_number)]

    /// Number under which the user is called while the PBX is lost; unique, among user names too.
    SECONDARYUSERNAME: String =
        "secondaryusername", Kind::SipUser(rules::NAME_MAX) => sip_user
        [.only(Family::Ip).ours().later()]

    /// SIP domain; without one `sip.defaultdomain` counts.
    DOMAIN: String = "domain", Kind::Domain => domain

    /// Name in SIP requests.
    DISPLAYNAME: String = "displayname", Kind::Text(rules::TEXT_MAX) => shown

    /// Name for authentication; without one `sip.auth.username` counts, then the user name.
    AUTHUSER: String = "authuser", Kind::Text(rules::NAME_MAX) => auth_user

    /// Password for authentication; without one `sip.auth.password` counts.
    AUTHPASSWORD: Secret = "authpassword", Kind::Text(rules::PASSWORD_MAX) => password
        [.secret()]

    /// The user cannot make calls.
    DISABLED: bool = "disabled", Kind::Bool => switch
        [.default("false").odd(rules::odd_switch)]

    /// The user makes and takes calls inside this server only.
    DECT2DECT: bool = "dect2dect", Kind::Bool => switch
        [.default("false").only(Family::Ip).ours().later().odd(rules::odd_switch)]

    /// Number that all calls are forwarded to.
    CFU: String = "cfu", Kind::SipUser(rules::NAME_MAX) => sip_user
        [.only(Family::Ip).ours().later()]

    /// The user may put another handset in the place of a broken one.
    ADMIN: bool = "admin", Kind::Bool => switch
        [.default("false").only(Family::Ip).ours().later().odd(rules::odd_switch)]

    /// Language of the handset.
    LANGUAGE: Language = "language", Kind::Text(rules::NAME_MAX) => language
        [.default("Default").only(Family::Ip).ours().later()]

    /// Number with which the user signs in on a shared handset.
    PIN: AccessCode = "pin", Kind::Digits(8) => access_code
        [.only(Family::Ip).ours().later().secret()]

    /// Name of the person or of the function.
    NAME: String = "name", Kind::Text(rules::TEXT_MAX) => text [.only(Family::Rack).later()]

    /// Analogue line: shelf, card and line.
    LID: Option<Lid> = "lid", Kind::Digits(8) => lid [.only(Family::Rack).later()]

    /// D for DECT to DECT, S for SIP, A for an analogue line.
    LINETYPE: Option<LineType> = "linetype", Kind::Choice(&["D", "S", "A"]) => line_type
        [.only(Family::Rack).later()]

    /// Local calls of an analogue line show the presentation text.
    PRESENTATIONTEXT: bool = "presentationtext", Kind::Bool => switch
        [.default("false").only(Family::Rack).later().odd(rules::odd_switch)]

    /// Decibels added to what the handset sends; not for DECT to DECT.
    TX_GAIN: i8 = "tx_gain", Kind::Whole(-12, 12) => gain
        [.default("0").only(Family::Rack).later()]

    /// Decibels added to what the handset receives; not for DECT to DECT.
    RX_GAIN: i8 = "rx_gain", Kind::Whole(-12, 12) => gain
        [.default("0").only(Family::Rack).later()]

    /// Name of the handset at a Cisco Unified CM.
    CUCMDEVICENAME: String = "cucmdevicename", Kind::Text(rules::CUCM_MAX) => cucm [.later()]

    /// How user and handset are bound: for good, or until the user signs out.
    LINK: LinkKind = "link", Kind::Choice(&["fixed", "dynamic"]) => link
        [.of(Part::Link).default("fixed").only(Family::Ip).ours().later()]
}
