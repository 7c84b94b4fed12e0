//! What a setting is.

use crate::value::Value;
use std::fmt;
use std::marker::PhantomData;

/// What a setting is, apart from the Rust type it is read as.
#[derive(Debug)]
pub struct Spec {
    /// Dotted path, the same as the XML nesting; the first of them where there are several.
    pub path: &'static str,
    /// As it would stand in the XML file.
    pub default: &'static str,
    /// Defaults of the first, second ... where they differ; else empty.
    pub defaults: &'static [&'static str],
    /// One or two sentences for the web form and the manual.
    pub help: &'static str,
    /// When a change is felt.
    pub applies: Applies,
    /// Never shown, never logged; exported only where the policy allows it.
    pub secret: bool,
    /// How many there are of it: `domain`, `domain2`, `domain3` ...; 1 for nearly all.
    pub count: u8,
    /// Known and kept, but this version of the server does not act on it.
    pub later: bool,
    /// Smallest and largest number, where the setting is one.
    pub range: (i64, i64),
    /// Other spellings that a file may use, each with how its value is to be understood.
    pub aliases: &'static [Alias],
    /// Reads the text strictly and says what is wrong with it.
    pub check: fn(&Spec, &str) -> Result<(), Reject>,
}

/// Another spelling of a setting.
#[derive(Debug)]
pub struct Alias {
    /// Dotted path.
    pub path: &'static str,
    /// What the value means in the setting's own form; `None` where it means nothing.
    pub convert: fn(&str) -> Option<&str>,
}

/// When a changed setting is felt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applies {
    /// At once.
    Now,
    /// From the next call on.
    NextCall,
    /// From each handset's next registration on.
    NextRegistration,
    /// After a restart of the server.
    Restart,
}

/// Why a text is no value for its setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reject {
    /// Not one of the words listed.
    NotOneOf(&'static [&'static str]),
    /// Not a whole number between these two.
    NotBetween(i64, i64),
    /// Not what these words describe.
    Not(&'static str),
}

impl fmt::Display for Reject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotOneOf(words) => write!(f, "one of {}", words.join(", ")),
            Self::NotBetween(least, most) => write!(f, "a whole number from {least} to {most}"),
            Self::Not(what) => f.write_str(what),
        }
    }
}

/// A setting together with the type it is read as.
pub struct Param<T> {
    /// The untyped part.
    pub spec: &'static Spec,
    pub(crate) value: PhantomData<fn() -> T>,
}

impl Spec {
    pub(crate) const fn new<T: Value>(
        path: &'static str,
        default: &'static str,
        help: &'static str,
    ) -> Self {
        Self {
            path,
            default,
            defaults: &[],
            help,
            applies: Applies::Now,
            secret: false,
            count: 1,
            later: false,
            range: (0, u32::MAX as i64),
            aliases: &[],
            check: |spec, text| T::parse(spec, text).map(drop),
        }
    }

    pub(crate) const fn range(mut self, least: i64, most: i64) -> Self {
        self.range = (least, most);
        self
    }

    pub(crate) const fn applies(mut self, applies: Applies) -> Self {
        self.applies = applies;
        self
    }

    pub(crate) const fn secret(mut self) -> Self {
        self.secret = true;
        self
    }

    /// There are `count` of it; the second's last word ends in 2, and so on.
    pub(crate) const fn each(mut self, count: u8) -> Self {
        self.count = count;
        self
    }

    pub(crate) const fn defaults(mut self, defaults: &'static [&'static str]) -> Self {
        self.defaults = defaults;
        self
    }

    pub(crate) const fn later(mut self) -> Self {
        self.later = true;
        self
    }

    pub(crate) const fn was(mut self, aliases: &'static [Alias]) -> Self {
        self.aliases = aliases;
        self
    }

    /// The path of the `nth`, counted from 1: `sip.proxy.domain`, `sip.proxy.domain2`.
    #[must_use]
    pub fn path_of(&self, nth: u8) -> String {
        if nth < 2 { self.path.to_owned() } else { format!("{}{nth}", self.path) }
    }

    /// The default of the `nth`, counted from 1.
    #[must_use]
    pub fn default_of(&self, nth: u8) -> &'static str {
        let index = usize::from(nth.saturating_sub(1));
        self.defaults.get(index).copied().unwrap_or(self.default)
    }
}

/// Declares the settings of one top-level element.
macro_rules! group {
    ($name:literal $(
        $(#[doc = $help:literal])+
        $PARAM:ident: $type:ty = $default:literal at $key:literal $([$($with:tt)+])?
    )+) => {
        $(
            $(#[doc = $help])+
            pub const $PARAM: $crate::Param<$type> = $crate::Param {
                spec: {
                    const SPEC: &$crate::Spec = &$crate::Spec::new::<$type>(
                        concat!($name, ".", $key),
                        $default,
                        concat!($($help),+),
                    )$($($with)+)?;
                    SPEC
                },
                value: std::marker::PhantomData,
            };
        )+

        /// The group's settings, in the order of the web form.
        pub const ALL: &[&$crate::Spec] = &[$($PARAM.spec),+];
    };
}

pub(crate) use group;
