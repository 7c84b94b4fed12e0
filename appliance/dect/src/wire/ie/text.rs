//! Text and keys: SINGLE-DISPLAY, MULTI-DISPLAY, SINGLE-KEYPAD, MULTI-KEYPAD (7.5.5, Annex D).

use super::{Contents, Invalid, characters, text};
use crate::wire::element::Id;
use serde_json::{Value, json};

macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident $id:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $name(pub String);

        impl Contents for $name {
            const ID: Id = Id::$id;

            fn read(octets: &[u8]) -> Result<Self, Invalid> {
                Ok(Self(text(octets)))
            }

            fn write(&self, out: &mut Vec<u8>) {
                out.extend(characters(&self.0));
            }

            fn describe(&self) -> Value {
                json!(self.0)
            }
        }
    )*};
}

macro_rules! single_characters {
    ($($(#[$doc:meta])* $name:ident $id:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $name(pub char);

        impl Contents for $name {
            const ID: Id = Id::$id;

            fn read(octets: &[u8]) -> Result<Self, Invalid> {
                octets.first().map(|octet| Self(char::from(*octet))).ok_or(Invalid("no character"))
            }

            fn write(&self, out: &mut Vec<u8>) {
                out.push(u8::try_from(self.0).unwrap_or(b'?'));
            }

            fn describe(&self) -> Value {
                json!(self.0.to_string())
            }
        }
    )*};
}

texts! {
    /// MULTI-DISPLAY (7.7.26): text for the display, control codes included.
    MultiDisplay MULTI_DISPLAY;
    /// MULTI-KEYPAD (7.7.27): keys, control codes included.
    MultiKeypad MULTI_KEYPAD;
}

single_characters! {
    /// SINGLE-DISPLAY (7.6.5): one character for the display.
    SingleDisplay SINGLE_DISPLAY;
    /// SINGLE-KEYPAD (7.6.6): one key.
    SingleKeypad SINGLE_KEYPAD;
}
