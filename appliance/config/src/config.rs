//! The settings in force.

use crate::spec::{Param, Reject, Spec};
use crate::value::Value;
use std::collections::BTreeMap;

/// The settings in force: a setting has an entry only where it was set, so that an export writes what the
/// administrator wrote and a better default reaches those who never chose.
///
/// It has neither `Debug` nor `Display`, since some settings are secrets.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Config {
    set: BTreeMap<(&'static str, u8), String>,
    /// Elements that are no settings of ours, by their path, in the order of the file.
    unknown: Vec<(Vec<String>, String)>,
}

impl Config {
    /// Sets one value.
    ///
    /// # Errors
    /// Leaves the old value in force and says what is wrong with the new one.
    pub fn set(&mut self, spec: &'static Spec, text: &str) -> Result<(), Reject> {
        self.set_nth(spec, 1, text)
    }

    /// Sets the `nth` of a setting of which there are several, counted from 1.
    ///
    /// # Errors
    /// Leaves the old value in force and says what is wrong with the new one.
    pub fn set_nth(&mut self, spec: &'static Spec, nth: u8, text: &str) -> Result<(), Reject> {
        if !(1..=spec.count).contains(&nth) {
            return Err(Reject::NotBetween(1, spec.count.into()));
        }
        (spec.check)(spec, text)?;
        self.set.insert((spec.path, nth), text.to_owned());
        Ok(())
    }

    /// The text in force, set or default.
    #[must_use]
    pub fn text(&self, spec: &Spec, nth: u8) -> &str {
        self.set.get(&(spec.path, nth)).map_or_else(|| spec.default_of(nth), String::as_str)
    }

    /// Whether the setting was set, to whatever value.
    #[must_use]
    pub fn is_set(&self, spec: &Spec) -> bool {
        self.set.contains_key(&(spec.path, 1))
    }

    /// The value in force.
    ///
    /// # Panics
    /// Never: `set` checks each text and a test checks each default.
    #[must_use]
    pub fn get<T: Value>(&self, param: &Param<T>) -> T {
        self.get_nth(param, 1)
    }

    /// The value in force of the `nth`, counted from 1.
    ///
    /// # Panics
    /// Never: `set_nth` checks each text and a test checks each default.
    #[must_use]
    pub fn get_nth<T: Value>(&self, param: &Param<T>, nth: u8) -> T {
        T::parse(param.spec, self.text(param.spec, nth)).expect("checked when it was set")
    }

    /// The elements that are no settings of ours: path and text.
    #[must_use]
    pub fn unknown(&self) -> &[(Vec<String>, String)] {
        &self.unknown
    }

    pub(crate) fn keep_unknown(&mut self, path: Vec<String>, text: String) {
        self.unknown.push((path, text));
    }

    pub(crate) fn was_set(&self, spec: &Spec, nth: u8) -> Option<&str> {
        self.set.get(&(spec.path, nth)).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::groups::sip;

    #[test]
    fn a_bad_value_changes_nothing() {
        let mut config = Config::default();
        let spec = sip::REGISTRATION_EXPIRE.spec;

        assert_eq!(config.set(spec, "5"), Err(Reject::NotBetween(60, 86_400)));
        assert_eq!(config.get(&sip::REGISTRATION_EXPIRE).0.as_secs(), 3600);
    }

    #[test]
    fn the_second_of_a_setting_has_a_value_of_its_own() {
        let mut config = Config::default();
        config.set_nth(sip::PROXY_PRIORITY.spec, 2, "9").unwrap();

        let all: Vec<u16> = (1..=4).map(|nth| config.get_nth(&sip::PROXY_PRIORITY, nth)).collect();
        assert_eq!(all, [1, 9, 3, 4]);
        assert!(config.set_nth(sip::PROXY_PRIORITY.spec, 5, "1").is_err());
    }
}
