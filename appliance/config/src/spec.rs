//! What a setting is.

use crate::value::{Kind, Value};
use std::fmt;
use std::marker::PhantomData;

/// What a setting is, apart from the Rust type it is read as.
#[derive(Debug)]
pub struct Spec {
    /// Dotted path, the same as the XML nesting; the first of them where there are several. A word that ends in `[]`
    /// stands for any number of places: `shelf[]` is `shelf1`, `shelf2` ...
    pub path: &'static str,
    /// What a form shows for it.
    pub kind: Kind,
    /// What its number counts, `s` or `dBm`; empty where it has no unit.
    pub unit: &'static str,
    /// As it would stand in the XML file.
    pub default: &'static str,
    /// Defaults of the first, second ... where they differ; else empty.
    pub defaults: &'static [&'static str],
    /// The default on a server 2500 or 8000, where the guide gives those another one.
    pub rack_default: Option<&'static str>,
    /// One or two sentences for the web form and the manual.
    pub help: &'static str,
    /// When a change is felt.
    pub applies: Applies,
    /// Never shown, never logged; exported only where the policy allows it.
    pub secret: bool,
    /// The guide marks it as hidden or as needing a licence.
    pub hidden: bool,
    /// Once tightened it cannot be loosened again, but by a factory reset.
    pub latch: bool,
    /// Which servers of the guide have it.
    pub family: Family,
    /// How many there are of it: `domain`, `domain2`, `domain3` ...; 1 for nearly all.
    pub count: u8,
    /// Known and kept, but this version of the server does not act on it.
    pub later: bool,
    /// The guide says that nothing ever acted on it.
    pub unused: bool,
    /// Its default is the safe state, so that a word of another server that nobody knows leaves that in force.
    pub safe_default: bool,
    /// Smallest and largest number, where the setting is one.
    pub range: (i64, i64),
    /// Whose the range is.
    pub bound: Bound,
    /// Other spellings that a file may use, each with how its value is to be understood.
    pub aliases: &'static [Alias],
    /// Settings of the other family that say the same in their own form.
    pub twins: &'static [Alias],
    /// Reads the text strictly and says what is wrong with it.
    pub check: fn(&Spec, &str) -> Result<(), Reject>,
    /// What is in force for a text that only misses our own bounds.
    pub nearest: fn(&Spec, &str) -> Option<String>,
}

/// Another spelling of a setting.
#[derive(Debug)]
pub struct Alias {
    /// Dotted path.
    pub path: &'static str,
    /// What the value means in the setting's own form; `None` where it means nothing.
    pub convert: fn(&str) -> Option<&str>,
}

impl Alias {
    /// Another name for the same value.
    pub(crate) const fn spelling(path: &'static str) -> Self {
        Self { path, convert: |text| Some(text) }
    }
}

/// Which servers of the guide have a setting. Ours are of the family `Ip`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// All.
    Both,
    /// 200, 400, 6500 and One.
    Ip,
    /// 2500 and 8000, with cards in shelves: known, checked, kept and exported, never acted on.
    Rack,
    /// None: it is ours.
    Ours,
}

/// Who says how small or large a number may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// The guide does, or the number's own nature.
    Guide,
    /// We do. A file may hold a number that a server took that had no bound; the nearest one is then in force.
    Ours,
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

/// Which of several a value is for: empty for the first or only one, else its number in a list, or the numbers behind
/// the words of its place (`None` for a word without a number).
pub type At = Vec<Option<u32>>;

/// Why a text is no value for its setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reject {
    /// Not one of the words listed.
    NotOneOf(&'static [&'static str]),
    /// Not a whole number between these two.
    NotBetween(i64, i64),
    /// Not what these words describe.
    Not(&'static str),
    /// A password that is printed in the guides, so that everybody knows it.
    Published,
    /// A password of which somebody has left only asterisks.
    Masked,
    /// A step back on a one-way switch.
    OneWay,
}

impl fmt::Display for Reject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotOneOf(words) => write!(f, "one of {}", words.join(", ")),
            Self::NotBetween(least, most) => write!(f, "a whole number from {least} to {most}"),
            Self::Not(what) => f.write_str(what),
            Self::Published => f.write_str("a password that is not printed in the guides"),
            Self::Masked => f.write_str("a password, not what was put in its place"),
            Self::OneWay => f.write_str("nothing looser, since only a factory reset undoes it"),
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
            kind: T::KIND,
            unit: T::UNIT,
            default,
            defaults: &[],
            rack_default: None,
            help,
            applies: Applies::Now,
            secret: false,
            hidden: false,
            latch: false,
            family: if is_below_fixpart(path) { Family::Ours } else { Family::Both },
            count: 1,
            later: false,
            unused: false,
            safe_default: false,
            range: (0, u32::MAX as i64),
            bound: Bound::Guide,
            aliases: &[],
            twins: &[],
            check: |spec, text| T::parse(spec, text).map(drop),
            nearest: |spec, text| T::nearest(spec, text),
        }
    }

    pub(crate) const fn unit(mut self, unit: &'static str) -> Self {
        self.unit = unit;
        self
    }

    pub(crate) const fn range(mut self, least: i64, most: i64) -> Self {
        self.range = (least, most);
        self
    }

    /// A range that no guide gives; see [`Bound::Ours`].
    pub(crate) const fn about(mut self, least: i64, most: i64) -> Self {
        self.range = (least, most);
        self.bound = Bound::Ours;
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

    pub(crate) const fn hidden(mut self) -> Self {
        self.hidden = true;
        self
    }

    pub(crate) const fn latch(mut self) -> Self {
        self.latch = true;
        self
    }

    pub(crate) const fn only(mut self, family: Family) -> Self {
        self.family = family;
        self
    }

    /// Only on 400 and 6500.
    pub(crate) const fn ip(self) -> Self {
        self.only(Family::Ip)
    }

    /// Only on 2500 and 8000, so that nothing here acts on it.
    pub(crate) const fn rack(self) -> Self {
        self.only(Family::Rack).later()
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

    pub(crate) const fn default_on_rack(mut self, default: &'static str) -> Self {
        self.rack_default = Some(default);
        self
    }

    pub(crate) const fn later(mut self) -> Self {
        self.later = true;
        self
    }

    pub(crate) const fn unused(mut self) -> Self {
        self.unused = true;
        self
    }

    pub(crate) const fn safe_default(mut self) -> Self {
        self.safe_default = true;
        self
    }

    pub(crate) const fn was(mut self, aliases: &'static [Alias]) -> Self {
        self.aliases = aliases;
        self
    }

    pub(crate) const fn twins(mut self, twins: &'static [Alias]) -> Self {
        self.twins = twins;
        self
    }

    /// Whether this version of the server does anything with it, so that a file with a wrong value is refused.
    #[must_use]
    pub const fn acts(&self) -> bool {
        !self.later && !self.unused
    }

    /// Whether it is one of those that no guide knows.
    #[must_use]
    pub fn is_ours(&self) -> bool {
        matches!(self.family, Family::Ours)
    }

    /// The path of the `nth`, counted from 1: `sip.proxy.domain`, `sip.proxy.domain2`.
    #[must_use]
    pub fn path_of(&self, nth: u8) -> String {
        self.path_at(&at(nth))
    }

    /// The path of one of several: `sip.proxy.domain2`, `bif08.shelf1.card2.port3.enable`.
    #[must_use]
    pub fn path_at(&self, at: &[Option<u32>]) -> String {
        if !self.path.contains(PLACE) {
            let number = at.first().copied().flatten();
            return number.map_or_else(|| self.path.to_owned(), |n| format!("{}{n}", self.path));
        }
        let mut numbers = at.iter();
        let words = self.path.split('.').map(|word| match word.strip_suffix(PLACE) {
            Some(word) => {
                let number = numbers.next().copied().flatten();
                number.map_or_else(|| word.to_owned(), |number| format!("{word}{number}"))
            }
            None => word.to_owned(),
        });
        words.collect::<Vec<_>>().join(".")
    }

    /// Which place a path of the form of this setting's means; `None` where it has another form.
    #[must_use]
    pub fn place_in(&self, path: &str) -> Option<At> {
        let mut at = At::new();
        let mut words = path.split('.');
        for own in self.path.split('.') {
            let word = words.next()?;
            match own.strip_suffix(PLACE) {
                Some(own) => at.push(number_behind(own, word).pop()?),
                None if own == word => {}
                None => return None,
            }
        }
        words.next().is_none().then_some(at)
    }

    /// The default of the `nth`, counted from 1.
    #[must_use]
    pub fn default_of(&self, nth: u8) -> &'static str {
        let index = usize::from(nth.saturating_sub(1));
        self.defaults.get(index).copied().unwrap_or(self.default)
    }

    /// The default of one of several.
    #[must_use]
    pub fn default_at(&self, at: &[Option<u32>]) -> &'static str {
        let nth = at.first().copied().flatten().and_then(|nth| u8::try_from(nth).ok());
        self.default_of(nth.unwrap_or(1))
    }
}

const fn is_below_fixpart(path: &str) -> bool {
    let (path, ours) = (path.as_bytes(), b"fixpart.");
    let mut index = 0;
    while index < ours.len() {
        if index >= path.len() || path[index] != ours[index] {
            return false;
        }
        index += 1;
    }
    true
}

/// The `nth` of a list, counted from 1.
pub(crate) fn at(nth: u8) -> At {
    if nth < 2 { At::new() } else { vec![Some(nth.into())] }
}

/// `shelf` and `shelf12` mean a place, `shelf012` and `shelfx` do not: an empty list.
pub(crate) fn number_behind(own: &str, word: &str) -> At {
    match word.strip_prefix(own) {
        None => At::new(),
        Some("") => vec![None],
        Some(digits) => {
            let number = digits.parse::<u32>().ok().filter(|number| number.to_string() == digits);
            number.map(|number| vec![Some(number)]).unwrap_or_default()
        }
    }
}

/// What a word ends in that stands for any number of places.
pub(crate) const PLACE: &str = "[]";

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
                        concat!($name, $key),
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
