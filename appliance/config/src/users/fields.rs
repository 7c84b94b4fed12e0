//! The fields of a user: one line each, with its rule.

use super::User;
use crate::groups;
use crate::spec::{Reject, Spec};
use crate::value::{Domain, Value};
use crate::value::{NAME_MAX, plain};

/// One field of `<user>`.
pub(super) struct Field {
    /// Name of the element.
    pub(super) name: &'static str,
    /// Its value is not shown.
    pub(super) secret: bool,
    /// Takes a value, or says what was expected.
    pub(super) set: fn(&mut User, &str) -> Result<(), Reject>,
    /// The value as it stands in the file; empty where there is none.
    pub(super) text: fn(&User) -> String,
}

/// The fields that the server acts on, in the order of the guide.
pub(super) const FIELDS: &[Field] = &[
    Field {
        name: "ipei",
        secret: false,
        set: |user, text| parse(text).map(|ipei| user.ipei = ipei),
        // The guide's form has no check digit.
        text: |user| {
            user.ipei.map(|i| format!("{:05} {:07}", i.emc(), i.psn())).unwrap_or_default()
        },
    },
    Field {
        name: "accesscode",
        secret: true,
        set: |user, text| parse(text).map(|code| user.accesscode = code),
        text: |user| user.accesscode.expose().to_owned(),
    },
    Field {
        name: "standbytext",
        secret: false,
        set: |user, text| shown(text).map(|text| user.standbytext = text),
        text: |user| user.standbytext.clone(),
    },
    Field {
        name: "username",
        secret: false,
        set: |user, text| sip_user(text).map(|text| user.username = text),
        text: |user| user.username.clone(),
    },
    Field {
        name: "domain",
        secret: false,
        set: |user, text| parse::<Domain>(text).map(|domain| user.domain = domain.0),
        text: |user| user.domain.clone(),
    },
    Field {
        name: "displayname",
        secret: false,
        set: |user, text| shown(text).map(|text| user.displayname = text),
        text: |user| user.displayname.clone(),
    },
    Field {
        name: "authuser",
        secret: false,
        set: |user, text| auth_user(text).map(|text| user.authuser = text),
        text: |user| user.authuser.clone(),
    },
    Field {
        name: "authpassword",
        secret: true,
        set: |user, text| parse(text).map(|password| user.authpassword = password),
        text: |user| user.authpassword.expose().to_owned(),
    },
    Field {
        name: "disabled",
        secret: false,
        set: |user, text| parse(text).map(|disabled| user.disabled = disabled),
        text: |user| if user.disabled { "true".into() } else { String::new() },
    },
];

/// Fields that the guides name and that this version keeps without acting on them.
pub(super) const LATER: &[&str] = &[
    "admin",
    "cfu",
    "configgroup",
    "cucmdevicename",
    "dect2dect",
    "language",
    "lid",
    "linetype",
    "localno",
    "name",
    "pin",
    "presentationtext",
    "rx_gain",
    "secondaryusername",
    "tx_gain",
];

/// As a setting of that type would be read.
fn parse<T: Value>(text: &str) -> Result<T, Reject> {
    const ANY: &Spec = groups::dect::ACCESSCODE.spec;
    T::parse(ANY, text)
}

fn shown(text: &str) -> Result<String, Reject> {
    let sound = text.chars().count() <= SHOWN_MAX && plain(text);
    let what = "at most 128 characters without < > \\ \" and control characters";
    if sound { Ok(text.to_owned()) } else { Err(Reject::Not(what)) }
}

fn sip_user(text: &str) -> Result<String, Reject> {
    let allowed = |c: u8| c.is_ascii_alphanumeric() || b"-_.!~*'()&=+$,;?/".contains(&c);
    let sound = !text.is_empty() && text.len() <= NAME_MAX && text.bytes().all(allowed);
    let what = "1 to 63 of the characters A-Z a-z 0-9 -_.!~*'()&=+$,;?/";
    if sound { Ok(text.to_owned()) } else { Err(Reject::Not(what)) }
}

fn auth_user(text: &str) -> Result<String, Reject> {
    let sound = text.chars().count() <= NAME_MAX && plain(text);
    let what = "at most 63 characters without < > \\ \" and control characters";
    if sound { Ok(text.to_owned()) } else { Err(Reject::Not(what)) }
}

/// More fits no display; the guide gives no limit.
const SHOWN_MAX: usize = 128;
