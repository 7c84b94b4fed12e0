//! What the fields take: each rule reads a text, or says what was expected.
//!
//! The limits and characters are those of the provisioning guide's Appendix C
//! and of the installation guides' user pages; where two of them differ, the
//! wider one. The empty text is the same as no text.

use super::types::{Language, Lid, LineType, LinkKind};
use crate::groups;
use crate::spec::{Reject, Spec};
use crate::value::{AccessCode, Domain, Secret, Value, plain, truth};
use ident::{BadIpei, Ipei};

pub(super) use crate::value::NAME_MAX;

/// What is unusual about a text that is accepted and kept as it is.
pub type Odd = &'static str;

pub(super) fn ipei(text: &str) -> Result<Option<Ipei>, Reject> {
    match text.parse() {
        Ok(ipei) => Ok(Some(ipei)),
        // Twelve digits in the guide's form that no handset can have: a placeholder, or another kind of number.
        Err(BadIpei::Range) => Ok(None),
        Err(_) if text.is_empty() => Ok(None),
        Err(BadIpei::CheckDigit) => {
            Err(Reject::Not("an IPEI whose last digit fits the others, such as 00077 0000001 9"))
        }
        Err(BadIpei::Form) => Err(Reject::Not("an IPEI such as 00077 0000001")),
    }
}

pub(super) fn odd_ipei(text: &str) -> Option<Odd> {
    let digits = text.bytes().filter(u8::is_ascii_digit);
    match text.parse::<Ipei>() {
        Err(BadIpei::Range) if digits.clone().all(|digit| digit == b'0') => {
            Some("all zeros stand for no handset")
        }
        Err(BadIpei::Range) => Some(
            "no handset has this IPEI (five digits up to 65535, seven up to 1048575); it is taken for none",
        ),
        _ => None,
    }
}

pub(super) fn access_code(text: &str) -> Result<AccessCode, Reject> {
    value(text)
}

pub(super) fn password(text: &str) -> Result<Secret, Reject> {
    value(text)
}

pub(super) fn domain(text: &str) -> Result<String, Reject> {
    value::<Domain>(text).map(|domain| domain.0)
}

pub(super) fn shown(text: &str) -> Result<String, Reject> {
    let sound = text.chars().count() <= TEXT_MAX && plain(text);
    let what = "at most 255 characters without < > \\ \" and control characters";
    if sound { Ok(text.to_owned()) } else { Err(Reject::Not(what)) }
}

pub(super) fn text(text: &str) -> Result<String, Reject> {
    let sound = text.chars().count() <= TEXT_MAX && !text.chars().any(char::is_control);
    let what = "at most 255 characters without control characters";
    if sound { Ok(text.to_owned()) } else { Err(Reject::Not(what)) }
}

pub(super) fn sip_user(text: &str) -> Result<String, Reject> {
    let allowed = |c: u8| c.is_ascii_alphanumeric() || b"-_.!~*'()&=+$,;?/".contains(&c);
    let sound = text.len() <= NAME_MAX && text.bytes().all(allowed);
    let what = "at most 63 of the characters A-Z a-z 0-9 -_.!~*'()&=+$,;?/";
    if sound { Ok(text.to_owned()) } else { Err(Reject::Not(what)) }
}

pub(super) fn auth_user(text: &str) -> Result<String, Reject> {
    let sound = text.chars().count() <= NAME_MAX && plain(text);
    let what = "at most 63 characters without < > \\ \" and control characters";
    if sound { Ok(text.to_owned()) } else { Err(Reject::Not(what)) }
}

/// Usually digits; the guide says characters, and where there is no user name it becomes one.
pub(super) fn local_number(text: &str) -> Result<String, Reject> {
    let sound = text.len() <= LOCALNO_MAX && sip_user(text).is_ok();
    if sound { Ok(text.to_owned()) } else { Err(Reject::Not("a number of at most 12 digits")) }
}

pub(super) fn odd_number(text: &str) -> Option<Odd> {
    let usual = text.bytes().all(|digit| digit.is_ascii_digit());
    (!usual).then_some("it is no number")
}

pub(super) fn switch(text: &str) -> Result<bool, Reject> {
    let truth = if text.is_empty() { Some(false) } else { truth(text) };
    truth.ok_or(Reject::NotOneOf(&["true", "false"]))
}

pub(super) fn odd_switch(text: &str) -> Option<Odd> {
    match (text, switch(text)) {
        ("true" | "false" | "", _) | (_, Err(_)) => None,
        (_, Ok(true)) => Some("it is read as true"),
        (_, Ok(false)) => Some("it is read as false"),
    }
}

pub(super) fn gain(text: &str) -> Result<i8, Reject> {
    let number = if text.is_empty() { Some(0) } else { text.parse().ok() };
    number.filter(|gain| (-12..=12).contains(gain)).ok_or(Reject::NotBetween(-12, 12))
}

pub(super) fn lid(text: &str) -> Result<Option<Lid>, Reject> {
    if text.is_empty() {
        return Ok(None);
    }
    let what = "eight digits: shelf 01 to 08, card 01 to 08, line 0000 to 0015";
    line(text).map(Some).ok_or(Reject::Not(what))
}

fn line(text: &str) -> Option<Lid> {
    if text.len() != 8 || !text.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let number = |range| text.get(range).and_then(|digits: &str| digits.parse::<u16>().ok());
    let small = |number: u16| u8::try_from(number).ok();
    let lid = Lid {
        shelf: small(number(0..2)?)?,
        card: small(number(2..4)?)?,
        line: small(number(4..8)?)?,
    };
    let sound = (1..=8).contains(&lid.shelf) && (1..=8).contains(&lid.card) && lid.line <= 15;
    sound.then_some(lid)
}

pub(super) fn line_type(text: &str) -> Result<Option<LineType>, Reject> {
    match text {
        "" => Ok(None),
        "D" => Ok(Some(LineType::Dect)),
        "S" => Ok(Some(LineType::Sip)),
        "A" => Ok(Some(LineType::Analogue)),
        _ => Err(Reject::NotOneOf(&["D", "S", "A"])),
    }
}

pub(super) fn cucm(text: &str) -> Result<String, Reject> {
    let name = |c: u8| c.is_ascii_alphanumeric() || b"-_.".contains(&c);
    let sound = text.starts_with("SEP") && text.len() <= CUCM_MAX && text.bytes().all(name);
    let what = "a device name that begins with SEP, such as SEP123456789ABC, at most 64 characters";
    if sound || text.is_empty() { Ok(text.to_owned()) } else { Err(Reject::Not(what)) }
}

pub(super) fn language(text: &str) -> Result<Language, Reject> {
    let sound = text.chars().count() <= NAME_MAX && plain(text);
    let what = "Default or the name of a language, at most 63 characters";
    let named = !matches!(text, "" | "Default");
    if sound { Ok(Language(named.then(|| text.to_owned()))) } else { Err(Reject::Not(what)) }
}

/// Whatever is shown as a time; nobody acts on it.
pub(super) fn time(text: &str) -> Result<String, Reject> {
    let sound = text.chars().count() <= NAME_MAX && plain(text);
    let what = "a date and time such as 2025-07-10T10:00:00Z";
    if sound { Ok(text.to_owned()) } else { Err(Reject::Not(what)) }
}

pub(super) fn odd_time(text: &str) -> Option<Odd> {
    let form = |sample: &str| {
        sample.len() == text.len()
            && sample.bytes().zip(text.bytes()).all(|(sample, given)| {
                sample == given || (sample == b'0' && given.is_ascii_digit())
            })
    };
    let usual = text.is_empty() || form("0000-00-00T00:00:00Z");
    (!usual).then_some("it is no time such as 2025-07-10T10:00:00Z")
}

pub(super) fn link(text: &str) -> Result<LinkKind, Reject> {
    match text {
        "" | "fixed" => Ok(LinkKind::Fixed),
        "dynamic" => Ok(LinkKind::Dynamic),
        _ => Err(Reject::NotOneOf(&["fixed", "dynamic"])),
    }
}

/// Whether asterisks or dots stand where a secret was left out of an export.
pub(super) fn is_masked(text: &str) -> bool {
    let marks = |mark| matches!(mark, '*' | '\u{2022}' | '\u{25cf}');
    text.chars().count() >= MASK_MIN && text.chars().all(marks)
}

/// Whether XML can hold the text (XML 1.0 clause 2.2).
pub(super) fn is_writable(text: &str) -> bool {
    let odd = |letter: char| {
        letter.is_ascii_control() && !matches!(letter, '\n' | '\t' | '\r')
            || matches!(letter, '\u{fffe}' | '\u{ffff}')
    };
    !text.contains(odd)
}

/// Whether something that is kept can have this name: an element's, an attribute's behind an at sign, and a slash
/// where the text is XML.
pub(super) fn is_name(name: &str) -> bool {
    let sound = |name: &str| {
        name.starts_with(|letter: char| letter.is_alphabetic() || "_:".contains(letter))
            && name.chars().all(|letter| letter.is_alphanumeric() || "_:.-".contains(letter))
    };
    match name.split_once('@') {
        Some((owner, name)) => (owner.is_empty() || sound(owner)) && sound(name),
        None => sound(name.strip_suffix('/').unwrap_or(name)),
    }
}

/// As a setting of that type would be read; these types do not look at the setting.
fn value<T: Value>(text: &str) -> Result<T, Reject> {
    const ANY: &Spec = groups::dect::ACCESSCODE.spec;
    T::parse(ANY, text)
}

/// The guides give no limit; more fits no display.
pub(super) const TEXT_MAX: usize = 255;
/// The guide's limit, which the type of the password holds.
pub(super) const PASSWORD_MAX: usize = 35;
/// The guide's limit.
pub(super) const LOCALNO_MAX: usize = 12;
/// No guide gives a limit; Cisco's own names end far below.
pub(super) const CUCM_MAX: usize = 64;
/// What stands for a secret in an export without secrets.
pub(super) const MASK: &str = "********";
/// Fewer than this may be a password.
const MASK_MIN: usize = 4;
