//! How the program is used: all of it, or what is about one command.

use crate::{arguments, keep, settings, users};
use std::ffi::OsString;

/// How everything is used; with a topic, how the commands of this first word are. `None`: there are none.
pub(crate) fn text(topic: Option<&str>) -> Option<String> {
    let all = [arguments::USAGE, keep::USAGE, settings::USAGE, users::USAGE].join("\n");
    let Some(topic) = topic else { return Some(all) };
    let mut found = String::new();
    let mut wanted = false;
    for line in all.lines() {
        // A line that begins further right belongs to the one before.
        if let Some(command) = line.strip_prefix("  ").filter(|rest| !rest.starts_with(' ')) {
            let word = command.split(' ').next().unwrap_or_default();
            wanted = word.split('|').any(|word| word == topic);
        }
        if wanted {
            found.push_str(line);
            found.push('\n');
        }
    }
    (!found.is_empty()).then(|| found.trim_end().to_owned())
}

/// Where somebody whose words were not understood finds how it is used.
pub(crate) fn hint(words: impl IntoIterator<Item = OsString>) -> String {
    let word = words.into_iter().nth(1).and_then(|word| word.into_string().ok());
    match word.filter(|word| text(Some(word)).is_some()) {
        Some(word) => format!("`appliance help {word}` shows how it is used"),
        None => "`appliance help` shows all commands".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_shows_each_command_of_its_first_word_whole_and_no_other() {
        let all = text(None).unwrap();
        assert!(all.starts_with("usage: appliance COMMAND\n"));
        for topic in ["config", "users", "ctl", "base", "decode", "dect", "version"] {
            let shown = text(Some(topic)).unwrap();
            for line in shown.lines().filter(|line| !line.starts_with("   ")) {
                assert!(line.split(' ').nth(2).unwrap().split('|').any(|it| it == topic), "{line}");
            }
            assert!(shown.lines().all(|line| all.contains(line)));
        }
        let enrol = "  enrol --state DIR [--mac MAC]                    a one-time token for a new base station";
        assert_eq!(text(Some("enrol")).unwrap(), enrol);
        let users = text(Some("users")).unwrap();
        assert!(users.contains("users import") || users.contains("users diff|import"), "{users}");
        assert!(users.contains("with their passwords") && users.contains("users check"), "{users}");
        assert!(text(Some("fly")).is_none() && text(Some("")).is_none());
    }

    #[test]
    fn who_has_begun_well_is_sent_to_what_he_has_begun() {
        let hint = |line: &str| hint(line.split(' ').map(OsString::from));
        assert_eq!(hint("appliance ctl fly"), "`appliance help ctl` shows how it is used");
        for line in ["appliance", "appliance fly", "appliance --wings"] {
            assert_eq!(hint(line), "`appliance help` shows all commands", "{line}");
        }
    }
}
