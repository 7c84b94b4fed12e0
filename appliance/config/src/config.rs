//! The settings in force.

use crate::groups;
use crate::spec::{At, Param, Reject, Spec, at};
use crate::value::{Value, same_word, truth};
use std::collections::BTreeMap;

/// The settings in force: a setting has an entry only where it was set, so that an export writes what the
/// administrator wrote and a better default reaches those who never chose.
///
/// It has neither `Debug` nor `Display`, since some settings are secrets.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Config {
    pub(crate) set: BTreeMap<(&'static str, At), String>,
    /// Elements that are no settings of ours, and values that a setting of ours cannot take, by their path, in the
    /// order of the file. `@name` at the end of a path is an attribute, `name[2]` the second element of that name.
    pub(crate) unknown: Vec<(Vec<String>, String)>,
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
        self.set_at(spec, at(nth), text)
    }

    /// Sets the value of one place, [`groups::find`] says which.
    ///
    /// # Errors
    /// Leaves the old value in force and says what is wrong with the new one.
    pub fn set_at(&mut self, spec: &'static Spec, at: At, text: &str) -> Result<(), Reject> {
        let text = text.trim();
        (spec.check)(spec, text)?;
        if spec.latch && tightness(text) < tightness(self.text_at(spec, &at)) {
            return Err(Reject::OneWay);
        }
        self.put(spec, at, text.to_owned());
        self.drop_stale_twins(spec);
        Ok(())
    }

    /// Takes the value away, so that the default is in force.
    ///
    /// # Errors
    /// [`Reject::OneWay`] where that would loosen what only a factory reset loosens.
    pub fn unset(&mut self, spec: &'static Spec, nth: u8) -> Result<(), Reject> {
        self.unset_at(spec, &at(nth))
    }

    /// Takes the value of one place away, [`groups::find`] says which.
    ///
    /// # Errors
    /// [`Reject::OneWay`] where that would loosen what only a factory reset loosens.
    pub fn unset_at(&mut self, spec: &'static Spec, at: &At) -> Result<(), Reject> {
        let held = spec.latch && tightness(spec.default) < tightness(self.text_at(spec, at));
        if held {
            return Err(Reject::OneWay);
        }
        self.set.remove(&(spec.path, at.clone()));
        self.forget_unknown(&spec.path_at(at));
        Ok(())
    }

    /// The text in force, set or default.
    #[must_use]
    pub fn text(&self, spec: &Spec, nth: u8) -> &str {
        self.text_at(spec, &at(nth))
    }

    /// The text in force at one place, set or default.
    #[must_use]
    pub fn text_at(&self, spec: &Spec, at: &At) -> &str {
        self.was_set(spec, at).unwrap_or_else(|| spec.default_at(at))
    }

    /// Whether the setting was set, to whatever value.
    #[must_use]
    pub fn is_set(&self, spec: &Spec) -> bool {
        self.was_set(spec, &At::new()).is_some()
    }

    /// The value in force.
    ///
    /// # Panics
    /// Never: each text was checked when it was set, and a test checks each default.
    #[must_use]
    pub fn get<T: Value>(&self, param: &Param<T>) -> T {
        self.get_nth(param, 1)
    }

    /// The value in force of the `nth`, counted from 1.
    ///
    /// # Panics
    /// Never: each text was checked when it was set, and a test checks each default.
    #[must_use]
    pub fn get_nth<T: Value>(&self, param: &Param<T>, nth: u8) -> T {
        let (spec, text) = (param.spec, self.text(param.spec, nth));
        let read = T::parse(spec, text);
        // A number beyond our own bounds stays as it was written; the nearest one is in force.
        let read = read.or_else(|no| T::parse(spec, &T::nearest(spec, text).ok_or(no)?));
        read.expect("checked when it was set")
    }

    /// The elements that are no settings of ours, and values that a setting of ours cannot take: path and text. `@name`
    /// at the end of a path is an attribute, `name[2]` the second element of that name.
    #[must_use]
    pub fn unknown(&self) -> &[(Vec<String>, String)] {
        &self.unknown
    }

    /// Every value that was set, in the order of the table.
    pub(crate) fn all_set(&self) -> impl Iterator<Item = (&'static Spec, &At, &str)> {
        groups::all().flat_map(move |spec| {
            let from = (spec.path, At::new());
            let own = self.set.range(from..).take_while(|((path, _), _)| *path == spec.path);
            own.map(move |((_, at), text)| (spec, at, text.as_str()))
        })
    }

    pub(crate) fn put(&mut self, spec: &'static Spec, at: At, text: String) {
        self.forget_unknown(&spec.path_at(&at));
        self.set.insert((spec.path, at), text);
    }

    pub(crate) fn keep_unknown(&mut self, path: Vec<String>, text: String) {
        self.unknown.push((path, text));
    }

    /// Forgets a value that the setting of this path could not take.
    pub(crate) fn forget_unknown(&mut self, path: &str) {
        self.unknown.retain(|(words, _)| !words.iter().map(String::as_str).eq(path.split('.')));
    }

    pub(crate) fn was_set(&self, spec: &Spec, at: &At) -> Option<&str> {
        self.set.get(&(spec.path, at.clone())).map(String::as_str)
    }

    /// What the same setting of the other family says is taken away when it no longer says the same.
    fn drop_stale_twins(&mut self, spec: &'static Spec) {
        let own = self.text(spec, 1).to_owned();
        for twin in spec.twins {
            let Some((theirs, at)) = groups::find(twin.path) else { continue };
            let says = self.was_set(theirs, &at).and_then(|text| (twin.convert)(text.trim()));
            if says.is_some_and(|says| !same_word(says, &own)) {
                self.set.remove(&(theirs.path, at));
            }
        }
    }
}

/// How tight a one-way switch is: off is loosest, then longer lifetimes, then shorter ones.
pub(crate) fn tightness(text: &str) -> u32 {
    match (truth(text), text.trim().parse::<u32>()) {
        (Some(on), _) => u32::from(on),
        (None, Ok(days)) => u32::MAX - days,
        (None, Err(_)) => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::groups::{network, sip};

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

    #[test]
    fn what_was_set_can_be_taken_back() {
        let mut config = Config::default();
        config.set(network::VLAN.spec, "7").unwrap();
        config.unset(network::VLAN.spec, 1).unwrap();
        assert!(config == Config::default());
    }
}
