//! What comes from beside the settings: an address that was typed at the console, and the form of a virtual appliance.
//!
//! Both are files that others have written. Each is taken into the settings
//! once, and counts from then on as if an administrator had set it; what was
//! typed and is taken back leaves the settings again.

use crate::conf_client::{Conf, Patience};
use bus::conf1::{Author, ServiceProxy};
use bus::door;
use config::Config;
use config::groups::network;
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use store::{Disk, write_durably};

/// All of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Given {
    /// The address that the kernel's command line has set, and that nobody changes.
    pub line: Option<String>,
    /// Settings that were typed at the console.
    pub typed: Values,
    /// Settings of the form.
    pub imported: Values,
}

/// Settings by their dotted paths.
pub type Values = BTreeMap<String, String>;

/// What is to be set, and what is to be remembered when that is done.
#[derive(Debug, Default, PartialEq, Eq)]
struct Changes {
    values: Values,
    /// Files with what they are to have; `None`: they are to be gone.
    notes: Vec<(PathBuf, Option<String>)>,
}

impl Given {
    /// The settings that count where nobody keeps any: what was typed over what the form has said.
    pub(super) fn alone(&self) -> Config {
        let mut values = self.imported.clone();
        values.extend(self.typed_whole());
        with(&Config::default(), &values)
    }

    /// The settings as they will be when everything is taken.
    pub(super) fn over(&self, config: &Config, folder: &Path) -> Config {
        with(config, &self.changes(folder).values)
    }

    /// Who has given the static address that is in force.
    pub(super) fn whose(&self) -> &'static str {
        let has = |values: &Values| values.contains_key(network::IPADDR.spec.path);
        match (has(&self.typed), has(&self.imported)) {
            (true, _) => "typed at the console",
            (false, true) => "by the import of the appliance",
            (false, false) => "as it is set",
        }
    }

    /// Whether anything is to be taken into the settings.
    pub(super) fn is_to_be_taken(&self, folder: &Path) -> bool {
        self.changes(folder) != Changes::default()
    }

    fn changes(&self, folder: &Path) -> Changes {
        let (typed_note, imported_note) = (folder.join(TYPED), folder.join(IMPORTED));
        let mut changes = Changes::default();
        if !self.imported.is_empty() && !imported_note.exists() {
            changes.values.extend(self.imported.clone());
            changes.notes.push((imported_note, Some(print(&self.imported))));
        }
        let before = std::fs::read_to_string(&typed_note).unwrap_or_default();
        let now = print(&self.typed);
        if before != now {
            let paths: Vec<&str> =
                before.lines().filter_map(|line| Some(line.split_once('=')?.0)).collect();
            let whole = paths.contains(&network::IPADDR.spec.path).then_some(WITH_ADDRESS);
            for path in paths.iter().chain(whole.unwrap_or_default()).copied() {
                let text = self.imported.get(path).cloned().unwrap_or_default();
                changes.values.insert(path.to_owned(), text);
            }
            changes.values.extend(self.typed_whole());
            changes.notes.push((typed_note, (!now.is_empty()).then_some(now)));
        }
        changes
    }
}

impl Given {
    /// What was typed; who types an address and no gateway wants none, whatever the form has said.
    fn typed_whole(&self) -> Values {
        let with_address = self.typed.contains_key(network::IPADDR.spec.path);
        let nothing = if with_address { WITH_ADDRESS } else { &[] };
        let mut values: Values =
            nothing.iter().map(|path| ((*path).to_owned(), String::new())).collect();
        values.extend(self.typed.clone());
        values
    }
}

/// What is asked for together with an address.
const WITH_ADDRESS: &[&str] = &[
    network::GATEWAY.spec.path,
    network::DNS1.spec.path,
    network::DNS2.spec.path,
    network::VLAN.spec.path,
];

/// The settings of a file that has some, by their paths.
#[must_use]
pub fn values(config: &Config) -> Values {
    let known = config.entries().into_iter().filter(|entry| entry.known);
    known.map(|entry| (entry.path.replace('/', "."), entry.text)).collect()
}

/// Takes all of it into the settings, however long that takes.
pub(super) async fn take(conf: Conf, given: Given, folder: PathBuf) {
    let changes = given.changes(&folder);
    let mut patience = Patience::new("an address that was typed or imported");
    while let Err(away) = set(&conf, &changes).await {
        patience.rest(&away).await;
    }
}

/// Whether it could be asked.
async fn set(conf: &Conf, changes: &Changes) -> Result<(), door::Away> {
    let connection = door::connect(&conf.path, conf.uid).await?;
    let Ok(proxy) = ServiceProxy::new(&connection).await else { return Ok(()) };
    let author = Author { who: "net".into(), from: "console".into(), ..Author::default() };
    let values = changes.values.clone().into_iter().collect();
    if let Err(error) = proxy.set(author, values).await {
        // It will be tried again at the next start; until then it is in force all the same.
        tracing::error!(%error, "what was typed or imported is not among the settings");
        return Ok(());
    }
    for (path, text) in &changes.notes {
        let noted = match text {
            Some(text) => write_durably(&mut Disk, path, text.as_bytes()),
            None => match std::fs::remove_file(path) {
                Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
                removed => removed,
            },
        };
        if let Err(error) = noted {
            tracing::error!(%error, path = %path.display(), "it will be taken once more at the next start");
        }
    }
    Ok(())
}

fn with(config: &Config, values: &Values) -> Config {
    let values: Vec<_> = values.clone().into_iter().collect();
    match config.with(&values) {
        Ok((config, _)) => config,
        Err(flaws) => {
            tracing::error!("what was typed or imported is left out: {flaws}");
            config.clone()
        }
    }
}

/// A line for each; no value of an address has a line in it.
fn print(values: &Values) -> String {
    values.iter().fold(String::new(), |all, (path, text)| all + path + "=" + text + "\n")
}

/// What was taken of what was typed.
const TYPED: &str = "console.taken";
/// What was taken of the form.
const IMPORTED: &str = "import.taken";

#[cfg(test)]
mod tests {
    use super::*;

    fn values(pairs: &[(&str, &str)]) -> Values {
        pairs.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect()
    }

    /// Remembers what was taken as `set` does.
    fn note(changes: &Changes) {
        for (path, text) in &changes.notes {
            match text {
                Some(text) => std::fs::write(path, text).unwrap(),
                None => std::fs::remove_file(path).unwrap(),
            }
        }
    }

    #[test]
    fn an_address_that_is_typed_without_a_gateway_has_none_until_it_is_taken_back() {
        let folder = tempfile::tempdir().unwrap();
        let imported = values(&[("network.ipaddr", "192.0.2.9"), ("network.gateway", "192.0.2.1")]);
        let mut given = Given { imported: imported.clone(), ..Given::default() };
        note(&given.changes(folder.path()));
        given.typed = values(&[("network.ipaddr", "192.0.2.10")]);
        let changes = given.changes(folder.path());
        assert_eq!(changes.values["network.gateway"], "");
        assert_eq!(given.alone().get(&network::GATEWAY), None);
        note(&changes);
        given.typed = Values::new();
        let changes = given.changes(folder.path());
        assert_eq!(changes.values["network.gateway"], "192.0.2.1");
        assert_eq!(changes.values["network.ipaddr"], "192.0.2.9");
    }

    #[test]
    fn what_is_typed_is_taken_once_and_leaves_the_settings_when_it_is_taken_back() {
        let folder = tempfile::tempdir().unwrap();
        let imported = values(&[("network.hostname", "dect"), ("network.gateway", "192.0.2.1")]);
        let mut given = Given { imported: imported.clone(), ..Given::default() };
        let changes = given.changes(folder.path());
        assert_eq!(changes.values, imported);
        note(&changes);
        assert!(!given.is_to_be_taken(folder.path()));

        given.typed = values(&[("network.gateway", "192.0.2.2"), ("network.dns1", "192.0.2.3")]);
        let changes = given.changes(folder.path());
        assert_eq!(changes.values, given.typed);
        note(&changes);
        assert!(!given.is_to_be_taken(folder.path()));

        // Another one without a server for names: the old one is not left behind.
        given.typed = values(&[("network.gateway", "192.0.2.4")]);
        let changes = given.changes(folder.path());
        assert_eq!(changes.values["network.dns1"], "");
        assert_eq!(changes.values["network.gateway"], "192.0.2.4");
        note(&changes);

        given.typed = Values::new();
        let changes = given.changes(folder.path());
        assert_eq!(changes.values, values(&[("network.gateway", "192.0.2.1")]));
        note(&changes);
        assert!(!given.is_to_be_taken(folder.path()));
    }
}
