//! Texts in records: in clear, or sealed with the device key.

use crate::StoreError;
use crate::seal::Sealer;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

/// A text as it stands in a record.
#[derive(Deserialize, Serialize)]
#[serde(untagged)]
pub(super) enum Text<'a> {
    /// Anybody may read it.
    Clear(Cow<'a, str>),
    /// A secret.
    Sealed {
        /// What [`Sealer::seal`] made of it.
        sealed: String,
    },
}

impl<'a> Text<'a> {
    /// Puts a text into the form in which it is stored; only a secret has a purpose.
    pub(super) fn new(
        sealer: &Sealer,
        purpose: impl FnOnce() -> String,
        text: &'a str,
        secret: bool,
    ) -> Result<Self, StoreError> {
        if secret {
            return Ok(Self::Sealed { sealed: sealer.seal(&purpose(), text.as_bytes())? });
        }
        Ok(Self::Clear(Cow::Borrowed(text)))
    }

    /// The text; `None` where it does not open.
    pub(super) fn open(&self, sealer: &Sealer, purpose: &str) -> Option<Zeroizing<String>> {
        match self {
            Self::Clear(text) => Some(Zeroizing::new(text.clone().into_owned())),
            Self::Sealed { sealed } => {
                let octets = sealer.unseal(purpose, sealed).ok()?;
                let text = std::str::from_utf8(&octets).ok()?;
                Some(Zeroizing::new(text.to_owned()))
            }
        }
    }

    /// Whether it is a secret.
    pub(super) const fn is_secret(&self) -> bool {
        matches!(self, Self::Sealed { .. })
    }

    /// Whether both are the same text, as secret.
    pub(super) fn says_same(&self, other: &Text<'_>, sealer: &Sealer, purpose: &str) -> bool {
        let (one, other_one) = (self.open(sealer, purpose), other.open(sealer, purpose));
        self.is_secret() == other.is_secret() && same(one.as_ref(), other_one.as_ref())
    }

    /// Whether it is this text, as secret as this.
    pub(super) fn is(&self, sealer: &Sealer, purpose: &str, text: &str, secret: bool) -> bool {
        match self {
            Self::Clear(clear) => !secret && clear == text,
            Self::Sealed { .. } => {
                let opened = self.open(sealer, purpose);
                secret && opened.is_some_and(|it| it.as_bytes().ct_eq(text.as_bytes()).into())
            }
        }
    }
}

/// Whether both are the same text; one that does not open is like no other.
pub(super) fn same(one: Option<&Zeroizing<String>>, other: Option<&Zeroizing<String>>) -> bool {
    one.zip(other).is_some_and(|(one, other)| one.as_bytes().ct_eq(other.as_bytes()).into())
}

/// A text for the history: one line, not too long.
pub(super) fn short(text: &str) -> String {
    let one_line = |letter: char| if letter.is_control() { ' ' } else { letter };
    let mut short: String = text.chars().take(SHOWN_MAX).map(one_line).collect();
    if text.chars().nth(SHOWN_MAX).is_some() {
        short.push('…');
    }
    short
}

/// Letters of a text that are shown in the history.
const SHOWN_MAX: usize = 80;
