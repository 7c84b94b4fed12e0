//! Values that nobody may see.

use super::{Kind, Value, plain};
use crate::spec::{Reject, Spec};
use zeroize::ZeroizeOnDrop;

/// A password of a SIP account. It has neither `Debug` nor `Display`.
#[derive(Clone, Default, PartialEq, Eq, ZeroizeOnDrop)]
pub struct Secret(String);

/// A password of any length that a file can hold. It has neither `Debug` nor `Display`.
#[derive(Clone, Default, PartialEq, Eq, ZeroizeOnDrop)]
pub struct Password(String);

/// A password with which somebody signs in here. It has neither `Debug` nor `Display`.
#[derive(Clone, Default, PartialEq, Eq, ZeroizeOnDrop)]
pub struct LoginPassword(String);

/// A code of up to eight digits. It has neither `Debug` nor `Display`.
#[derive(Clone, Default, PartialEq, Eq, ZeroizeOnDrop)]
pub struct AccessCode(String);

macro_rules! exposed {
    ($($name:ident)+) => {$(
        impl $name {
            /// The text, for whoever must prove to know it.
            #[must_use]
            pub fn expose(&self) -> &str {
                &self.0
            }

            /// Whether there is none.
            #[must_use]
            pub fn is_empty(&self) -> bool {
                self.0.is_empty()
            }
        }
    )+};
}

exposed! { Secret Password LoginPassword AccessCode }

impl LoginPassword {
    /// Whether it is in the encrypted form of another server, which is kept for the next export; nobody can sign in
    /// with what it stands for.
    #[must_use]
    pub fn is_foreign(&self) -> bool {
        is_opaque(&self.0)
    }
}

impl Value for Secret {
    const KIND: Kind = Kind::Secret;

    fn parse(_: &Spec, text: &str) -> Result<Self, Reject> {
        let sound = text.chars().count() <= PASSWORD_MAX && plain(text);
        let what = "at most 35 characters without < > \\ \" and control characters";
        if sound { Ok(Self(text.to_owned())) } else { Err(Reject::Not(what)) }
    }
}

impl Value for Password {
    const KIND: Kind = Kind::Secret;

    fn parse(_: &Spec, text: &str) -> Result<Self, Reject> {
        password(text).map(Self)
    }
}

impl Value for LoginPassword {
    const KIND: Kind = Kind::Secret;

    fn parse(_: &Spec, text: &str) -> Result<Self, Reject> {
        if PUBLISHED.iter().any(|known| known.eq_ignore_ascii_case(text.trim())) {
            return Err(Reject::Published);
        }
        password(text).map(Self)
    }
}

impl Value for AccessCode {
    const KIND: Kind = Kind::Digits;

    fn parse(_: &Spec, text: &str) -> Result<Self, Reject> {
        let sound = text.len() <= 8 && text.bytes().all(|digit| digit.is_ascii_digit());
        if sound { Ok(Self(text.to_owned())) } else { Err(Reject::Not("at most eight digits")) }
    }
}

fn password(text: &str) -> Result<String, Reject> {
    if is_masked(text) {
        return Err(Reject::Masked);
    }
    let sound = text.chars().count() <= LONG_MAX && !text.chars().any(char::is_control);
    let what = "at most 1024 characters without control characters";
    if sound { Ok(text.to_owned()) } else { Err(Reject::Not(what)) }
}

/// Asterisks or dots of any number, or the letters X by which the guide hides those of its example.
fn is_masked(text: &str) -> bool {
    let text = text.trim();
    let only = |marks: &[char]| text.chars().all(|letter| marks.contains(&letter));
    text.chars().count() >= MASK_MIN
        && (only(&['*', '\u{2022}', '\u{25cf}']) || (only(&['X', '_']) && text.contains('X')))
}

/// 32 hexadecimal digits, or the same 16 octets in base64.
fn is_opaque(text: &str) -> bool {
    let hexadecimal = text.len() == 32 && text.bytes().all(|octet| octet.is_ascii_hexdigit());
    let base64 = |octet: u8| octet.is_ascii_alphanumeric() || matches!(octet, b'+' | b'/');
    let digits = text.strip_suffix("==").filter(|digits| digits.len() == 22);
    hexadecimal || digits.is_some_and(|digits| digits.bytes().all(base64))
}

/// What the guides print, in clear and in their encrypted form.
const PUBLISHED: &[&str] = &[
    "admin",
    "ip6500",
    "kws8000",
    "f621c2268a8df24955ef4052bfbb80cf",
    "8e49ea4c7249f802a983adc7d50375f1",
];
/// The guide's limit for a SIP account.
pub(crate) const PASSWORD_MAX: usize = 35;
/// Longer than any encrypted form of one.
const LONG_MAX: usize = 1024;
/// Fewer than this may be meant.
const MASK_MIN: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::groups::{application, sip};

    #[test]
    fn what_the_guides_print_is_refused_and_what_hides_a_password_is_none() {
        let spec = application::PASSWORD.spec;
        for text in ["admin", "Admin", "ip6500", "kws8000", "F621C2268A8DF24955EF4052BFBB80CF"] {
            assert_eq!((spec.check)(spec, text), Err(Reject::Published), "{text}");
        }
        for text in ["****", "XXXXXXXXXXXX", "XXXX_XXXX", "\u{2022}\u{2022}\u{2022}\u{2022}"] {
            assert_eq!((spec.check)(spec, text), Err(Reject::Masked), "{text}");
        }
        for text in ["", "***", "administrator", "XXX", "____", "Xylophone"] {
            assert_eq!((spec.check)(spec, text), Ok(()), "{text}");
        }
        assert_eq!((sip::AUTH_PASSWORD.spec.check)(sip::AUTH_PASSWORD.spec, "admin"), Ok(()));
    }

    #[test]
    fn an_encrypted_form_of_another_server_is_known_as_one() {
        let spec = application::PASSWORD.spec;
        let foreign =
            |text: &str| LoginPassword::parse(spec, text).map(|read| read.is_foreign()).ok();
        assert_eq!(foreign("0123456789abcdef0123456789ABCDEF"), Some(true));
        assert_eq!(foreign("AAECAwQFBgcICQoLDA0ODw=="), Some(true));
        assert_eq!(foreign("correct horse battery staple"), Some(false));
    }
}
