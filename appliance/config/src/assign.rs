//! Settings by their paths, for whoever types them.

use crate::config::Config;
use crate::flaw::{Flaw, Flaws, Notice, Place};
use crate::groups;
use crate::rules;
use crate::spec::{At, Reject};

/// A setting as it is shown to a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// Dotted path.
    pub path: String,
    /// What is in force; `(secret)` for a secret that is set.
    pub text: String,
    /// Whether somebody has set it; else its default is in force.
    pub set: bool,
}

impl Config {
    /// These settings with others in their place, by dotted path; an empty text takes one back to its default.
    ///
    /// # Errors
    /// Everything that is wrong with the paths and the texts; nothing is taken then.
    pub fn with(&self, values: &[(String, String)]) -> Result<(Self, Vec<Notice>), Flaws> {
        let (mut new, mut flaws) = (self.clone(), Vec::new());
        for (path, text) in values {
            if let Err(what) = new.assign(path, text) {
                flaws.push(flaw(what));
            }
        }
        if flaws.is_empty() {
            let broken = rules::broken(&new).into_iter();
            flaws
                .extend(broken.map(|(spec, what)| flaw(format!("{}: expected {what}", spec.path))));
        }
        if !flaws.is_empty() {
            return Err(Flaws(flaws));
        }
        // What was doubtful before is no news.
        let before = rules::doubtful(self);
        let doubts = rules::doubtful(&new).into_iter();
        let news = doubts.filter(|(_, what)| before.iter().all(|(_, known)| known != what));
        let notices = news.map(|(_, what)| Notice { place: Place::default(), what }).collect();
        Ok((new, notices))
    }

    fn assign(&mut self, path: &str, text: &str) -> Result<(), String> {
        let (spec, at) = groups::find(path).ok_or_else(|| {
            format!("{path}: there is no setting of this name; the manual's chapter on parameters has them all")
        })?;
        let set =
            if text.is_empty() { self.unset_at(spec, &at) } else { self.set_at(spec, at, text) };
        set.map_err(|reject| match reject {
            reject if spec.secret => format!("{path}: expected {reject}"),
            Reject::OneWay => format!("{path}: expected {reject}"),
            reject => format!("{path}: expected {reject}; found \"{}\"", short(text)),
        })
    }

    /// The settings in the order of the table, and what is in force: those that were set, or all of them.
    pub fn shown(&self, all: bool) -> impl Iterator<Item = Shown> {
        groups::all().flat_map(move |spec| {
            let set = self.places(spec.path);
            let placed = spec.path.contains(crate::spec::PLACE);
            let first = (!placed && all && !set.contains(&At::new())).then(At::new);
            first.into_iter().chain(set).map(move |at| {
                let set = self.was_set(spec, &at).is_some();
                let text = self.text_at(spec, &at);
                let hidden = spec.secret && !text.is_empty();
                let text = if hidden { "(secret)" } else { text }.to_owned();
                Shown { path: spec.path_at(&at), text, set }
            })
        })
    }

    /// Where a setting was set.
    fn places(&self, path: &'static str) -> Vec<At> {
        let own = self.set.range((path, At::new())..);
        own.take_while(|((own, _), _)| *own == path).map(|((_, at), _)| at.clone()).collect()
    }
}

fn flaw(what: String) -> Flaw {
    Flaw { file: String::new(), place: Place::default(), what }
}

fn short(text: &str) -> String {
    text.chars().take(SHOWN_MAX).collect()
}

/// Of a wrong value in a message.
const SHOWN_MAX: usize = 60;

#[cfg(test)]
mod tests {
    use super::*;

    fn with(values: &[(&str, &str)]) -> Result<Config, String> {
        let values: Vec<_> =
            values.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
        Config::default().with(&values).map(|(config, _)| config).map_err(|flaws| flaws.to_string())
    }

    #[test]
    fn all_are_taken_or_none_and_each_that_is_wrong_is_named() {
        let config =
            with(&[("sip.transport", "tcp"), ("sip.proxy.domain2", "pbx")]).unwrap_or_default();
        let shown: Vec<_> = config.shown(false).map(|it| (it.path, it.text)).collect();
        let [domain, transport] = ["sip.proxy.domain2", "sip.transport"]
            .map(|path| shown.iter().find(|(own, _)| own == path).map(|(_, text)| text.as_str()));
        assert_eq!((domain, transport, shown.len()), (Some("pbx"), Some("tcp"), 2));
        let wrong =
            with(&[("sip.transport", "carrier"), ("sip.wings", "1")]).err().unwrap_or_default();
        assert!(
            wrong.contains("found \"carrier\"") && wrong.contains("sip.wings: there is no"),
            "{wrong}"
        );
        let secret = with(&[("dect.accesscode", "12ab")]).err().unwrap_or_default();
        assert!(secret.contains("eight digits") && !secret.contains("12ab"), "{secret}");
    }

    #[test]
    fn an_empty_text_takes_a_setting_back_and_a_one_way_switch_stays() {
        let config = with(&[("sip.transport", "tcp"), ("security.strict_password", "true")]);
        let config = config.unwrap_or_default();
        let back = |path: &str| config.with(&[(path.to_owned(), String::new())]).map(|(it, _)| it);
        assert!(back("sip.transport").is_ok_and(|it| it.shown(false).count() == 1));
        assert!(back("security.strict_password").is_err());
    }

    #[test]
    fn a_secret_is_shown_as_one_and_defaults_only_if_asked_for() {
        let config = with(&[("sip.auth.password", "zebra7")]).unwrap_or_default();
        assert_eq!(config.shown(false).map(|it| it.text).collect::<Vec<_>>(), ["(secret)"]);
        let all: Vec<_> = config.shown(true).collect();
        assert!(all.len() > 250 && all.iter().filter(|it| it.set).count() == 1);
    }
}
