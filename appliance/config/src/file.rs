//! `config.xml`: from text to settings and back.

use crate::config::Config;
use crate::flaw::{Flaw, Flaws, Notice, Place};
use crate::groups;
use crate::rules;
use crate::spec::{Alias, Reject, Spec};
use crate::xml::{self, Element};
use std::collections::BTreeMap;

impl Config {
    /// Reads a settings file in the form of the provisioning guide; `file` is what a flaw calls it.
    ///
    /// The settings are built from the file and from nothing else: what it does not name has its default.
    ///
    /// # Errors
    /// Everything that is wrong with the file, each with its place and what was expected.
    pub fn read(file: &str, text: &str) -> Result<(Self, Vec<Notice>), Flaws> {
        let root = xml::read(file, text).map_err(|flaw| Flaws(vec![flaw]))?;
        let mut reading = Reading { file, ..Reading::new() };
        if root.name == "config" {
            for child in &root.children {
                reading.element(child, &mut Vec::new());
            }
        } else {
            let what = format!("<{}> is the outermost element; expected <config>", root.name);
            reading.flaw(root.place, what);
        }
        reading.finish()
    }

    /// The settings file: what was set, and the unknown elements of the file it was read from.
    ///
    /// It holds the secrets in clear.
    #[must_use]
    pub fn write(&self) -> String {
        let mut root = Element::new("config");
        for spec in groups::all() {
            for nth in 1..=spec.count {
                if let Some(text) = self.was_set(spec, nth) {
                    let path = spec.path_of(nth);
                    text.clone_into(&mut place_for(&mut root, path.split('.')).text);
                }
            }
        }
        for (path, text) in self.unknown() {
            let Some((name, folders)) = path.split_last() else { continue };
            let folder = place_for(&mut root, folders.iter().map(String::as_str));
            // An element may be there already as the parent of another (`network.ntp.enable`).
            match folder
                .children
                .iter_mut()
                .find(|child| child.name == *name && child.text.is_empty())
            {
                Some(there) => text.clone_into(&mut there.text),
                None => folder.children.push(Element { text: text.clone(), ..Element::new(name) }),
            }
        }
        xml::write(&root)
    }
}

/// The element at this path, made where it is missing.
fn place_for<'a, 'p>(
    root: &'a mut Element,
    path: impl Iterator<Item = &'p str>,
) -> &'a mut Element {
    let mut at = root;
    for name in path {
        let index = at.children.iter().position(|child| child.name == name).unwrap_or_else(|| {
            at.children.push(Element::new(name));
            at.children.len() - 1
        });
        at = &mut at.children[index];
    }
    at
}

/// What a path in a file means.
#[derive(Clone, Copy)]
struct Meaning {
    spec: &'static Spec,
    nth: u8,
    alias: Option<&'static Alias>,
}

struct Reading<'a> {
    file: &'a str,
    meanings: BTreeMap<String, Meaning>,
    config: Config,
    /// Where a path was set.
    places: BTreeMap<String, Place>,
    /// Values under another spelling; they count where the setting's own is missing.
    others: Vec<(Place, String, Meaning, String)>,
    flaws: Vec<Flaw>,
    notices: Vec<Notice>,
}

impl Reading<'_> {
    fn new() -> Self {
        let mut meanings = BTreeMap::new();
        for spec in groups::all() {
            for nth in 1..=spec.count {
                meanings.insert(spec.path_of(nth), Meaning { spec, nth, alias: None });
            }
            for alias in spec.aliases {
                let meaning = Meaning { spec, nth: 1, alias: Some(alias) };
                meanings.insert(alias.path.to_owned(), meaning);
            }
        }
        Self {
            file: "",
            meanings,
            config: Config::default(),
            places: BTreeMap::new(),
            others: Vec::new(),
            flaws: Vec::new(),
            notices: Vec::new(),
        }
    }

    fn element(&mut self, element: &Element, above: &mut Vec<String>) {
        above.push(element.name.clone());
        if element.children.is_empty() || !element.text.is_empty() {
            self.leaf(element, above);
        }
        for child in &element.children {
            self.element(child, above);
        }
        above.pop();
    }

    fn leaf(&mut self, element: &Element, path: &[String]) {
        let dotted = path.join(".");
        let Some(meaning) = self.meanings.get(&dotted).copied() else {
            return self.unknown(element, path, &dotted);
        };
        if let Some(first) = self.places.insert(dotted.clone(), element.place) {
            let what = format!("{dotted} is set a second time; the first is at {first}");
            return self.flaw(element.place, what);
        }
        if meaning.alias.is_some() {
            self.others.push((element.place, dotted, meaning, element.text.clone()));
        } else {
            self.set(element.place, &dotted, meaning, &element.text);
        }
    }

    fn unknown(&mut self, element: &Element, path: &[String], dotted: &str) {
        let section = format!("{dotted}.");
        let is_section = self.meanings.keys().any(|known| known.starts_with(&section));
        if !(is_section && element.text.is_empty()) {
            self.notice(element.place, format!("{dotted} is not known; it is kept"));
            self.config.keep_unknown(path.to_vec(), element.text.clone());
        }
    }

    fn set(&mut self, place: Place, path: &str, meaning: Meaning, text: &str) {
        let Meaning { spec, nth, .. } = meaning;
        match self.config.set_nth(spec, nth, text) {
            Ok(()) if spec.later && text != spec.default_of(nth) => {
                self.notice(place, format!("{path} is kept, but this version does not act on it"));
            }
            Ok(()) => {}
            Err(_) if text.is_empty() => {
                self.notice(place, format!("{path} is empty; its default is used"));
            }
            Err(reject) => self.rejected(place, path, (spec, text), &reject),
        }
    }

    fn rejected(&mut self, place: Place, path: &str, set: (&Spec, &str), reject: &Reject) {
        let (spec, text) = set;
        let found = if spec.secret {
            "the value, which is not shown, is none".to_owned()
        } else {
            format!("found \"{}\"", text.chars().take(SHOWN_MAX).collect::<String>())
        };
        self.flaw(place, format!("{path}: expected {reject}; {found}"));
    }

    fn finish(mut self) -> Result<(Config, Vec<Notice>), Flaws> {
        for (place, path, meaning, text) in std::mem::take(&mut self.others) {
            self.other_spelling(place, &path, meaning, &text);
        }
        if self.flaws.is_empty() {
            for (spec, expected) in rules::broken(&self.config) {
                let place = self.places.get(spec.path).copied().unwrap_or_default();
                self.flaw(place, format!("{}: expected {expected}", spec.path));
            }
        }
        if self.flaws.is_empty() { Ok((self.config, self.notices)) } else { Err(Flaws(self.flaws)) }
    }

    fn other_spelling(&mut self, place: Place, path: &str, meaning: Meaning, text: &str) {
        let Meaning { spec, alias: Some(alias), .. } = meaning else { return };
        let converted = (alias.convert)(text);
        let in_force = self.config.is_set(spec).then(|| self.config.text(spec, 1));
        match (converted, in_force) {
            (None, _) => {
                let what = format!("{path} has a value of no meaning here; {} is used", spec.path);
                self.notice(place, what);
            }
            (Some(converted), None) => self.set(place, path, meaning, converted),
            (Some(converted), Some(text)) if converted != text => {
                let what = format!("{path} differs from {}, which is used", spec.path);
                self.notice(place, what);
            }
            (Some(_), Some(_)) => {}
        }
    }

    fn flaw(&mut self, place: Place, what: String) {
        self.flaws.push(Flaw { file: self.file.to_owned(), place, what });
    }

    fn notice(&mut self, place: Place, what: String) {
        self.notices.push(Notice { place, what });
    }
}

/// Of a wrong value in a message.
const SHOWN_MAX: usize = 60;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::groups::{dect, fixpart, sip};
    use crate::value::Transport;

    fn read(inside: &str) -> Result<(Config, Vec<String>), String> {
        Config::read("config.xml", &format!("<config>\n{inside}\n</config>"))
            .map(|(config, notices)| (config, notices.into_iter().map(|n| n.what).collect()))
            .map_err(|flaws| flaws.to_string())
    }

    fn flaws(inside: &str) -> String {
        read(inside).err().unwrap_or_default()
    }

    #[test]
    fn a_wrong_value_is_named_with_file_line_column_and_what_was_expected() {
        assert_eq!(
            flaws("<sip>\n  <transport>carrier</transport>\n  <localport>0</localport>\n</sip>"),
            "config.xml, line 3, column 3: sip.transport: expected one of udp, tcp, tls; found \"carrier\"\n\
             config.xml, line 4, column 3: sip.localport: expected a whole number from 1 to 65535; found \"0\""
        );
    }

    #[test]
    fn a_wrong_secret_is_not_shown() {
        let shown = flaws("<dect><accesscode>12ab</accesscode></dect>");
        assert!(shown.contains("at most eight digits") && !shown.contains("12ab"), "{shown}");
    }

    #[test]
    fn a_setting_that_stands_twice_is_refused_with_both_places() {
        let twice = "<sip><tos>1</tos>\n<tos>2</tos></sip>";
        assert_eq!(
            flaws(twice),
            "config.xml, line 3, column 1: sip.tos is set a second time; the first is at line 2, column 6"
        );
    }

    #[test]
    fn an_old_spelling_counts_where_the_new_one_is_missing() {
        let (config, notices) =
            read("<sip><proxy><transport>TCPonly</transport></proxy></sip>").unwrap();
        assert_eq!((config.get(&sip::TRANSPORT), notices), (Transport::Tcp, vec![]));

        let both =
            "<sip><proxy><transport>TCPonly</transport></proxy><transport>tls</transport></sip>";
        let (config, notices) = read(both).unwrap();
        assert_eq!(config.get(&sip::TRANSPORT), Transport::Tls);
        assert_eq!(notices, ["sip.proxy.transport differs from sip.transport, which is used"]);
    }

    #[test]
    fn unknown_elements_are_listed_and_survive_a_round_trip() {
        let inside =
            "<network><ntp>10.0.0.1<enable>true</enable></ntp></network><sip><x>&lt;</x></sip>";
        let (config, notices) = read(inside).unwrap();
        assert_eq!(notices[0], "network.ntp is not known; it is kept");
        let again = Config::read("again", &config.write()).map(|(config, _)| config);
        assert!(again.is_ok_and(|again| again == config));
        assert!(config.write().contains("<ntp>10.0.0.1\n"));
    }

    #[test]
    fn rules_between_settings_name_the_setting_to_look_at() {
        for (inside, expected) in [
            (
                "<sip><media><port>65000</port></media></sip>",
                "fixpart.media.ports: expected at most 536",
            ),
            (
                "<sip><media><port>58001</port></media></sip>",
                "sip.media.port: expected an even port",
            ),
            (
                "<fixpart><door><blowfish><enable>true</enable><port>16322</port></blowfish></door></fixpart>",
                "fixpart.door.blowfish.port: expected another port",
            ),
            (
                "<fixpart><mirror><unmasked_ipei>00077 0000001</unmasked_ipei></mirror></fixpart>",
                "fixpart.mirror.unmasked_ipei: expected nothing",
            ),
        ] {
            assert!(flaws(inside).contains(expected), "{}", flaws(inside));
        }
    }

    #[test]
    fn the_radio_stays_off_until_somebody_chose_a_band_and_an_identity() {
        let (config, _) = read("").unwrap();
        assert!(config.get(&dect::FREQUENCY).is_none() && config.get(&fixpart::ARI).is_none());
    }

    #[test]
    fn a_file_of_another_kind_is_refused() {
        let flaws = Config::read("users.xml", "<users/>").err().map(|flaws| flaws.to_string());
        let expected =
            "users.xml, line 1, column 1: <users> is the outermost element; expected <config>";
        assert_eq!(flaws.as_deref(), Some(expected));
    }
}
