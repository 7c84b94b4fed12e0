//! What of the settings in force outlives an import.

use crate::config::Config;
use crate::export::OURS;
use crate::groups::security;
use crate::spec::At;
use crate::value::{LoginPassword, Value as _};

/// Puts into `new` what stays of `old`; `ours` says whether the file has the element `<fixpart>`. `notice` is given the path
/// that a notice is about.
pub(super) fn with(
    old: &Config,
    new: &mut Config,
    ours: bool,
    notice: &mut dyn FnMut(&str, String),
) {
    if !ours {
        keep_ours(old, new);
    }
    sign_in(old, new, notice);
    secrets(old, new, notice);
    let (kept, switches) = old.keep_latches(std::mem::take(new));
    *new = kept;
    for spec in switches {
        let what =
            format!("{} stays {}: only a factory reset undoes it", spec.path, new.text(spec, 1));
        notice(spec.path, what);
    }
}

fn keep_ours(old: &Config, new: &mut Config) {
    for (spec, at, text) in old.all_set().filter(|(spec, ..)| spec.is_ours()) {
        new.put(spec, at.clone(), text.to_owned());
    }
    let below = |path: &[String]| path.first().is_some_and(|name| name == OURS);
    let unknown = old.unknown.iter().filter(|(path, _)| below(path));
    new.unknown.extend(unknown.cloned());
}

/// An import never opens the door: whoever had a password to sign in with has one afterwards.
fn sign_in(old: &Config, new: &mut Config, notice: &mut dyn FnMut(&str, String)) {
    let spec = security::PASSWORD.spec;
    let usable = |config: &Config| {
        let password = LoginPassword::parse(spec, config.text(spec, 1));
        password.is_ok_and(|password| !password.is_empty() && !password.is_foreign())
    };
    if usable(new) {
        return;
    }
    if usable(old) {
        let why = if new.text(spec, 1).is_empty() {
            "the file has none that can be used"
        } else {
            "the file has it in an encrypted form of another server"
        };
        new.put(spec, At::new(), old.text(spec, 1).to_owned());
        notice(spec.path, format!("{} stays as it was: {why}", spec.path));
    } else if new.is_set(spec) && !new.text(spec, 1).is_empty() {
        let what = format!(
            "{} is in an encrypted form of another server; it is kept, but nobody can sign in with it",
            spec.path
        );
        notice(spec.path, what);
    }
}

/// A file that was written without passwords, or with something in their place, takes none away.
fn secrets(old: &Config, new: &mut Config, notice: &mut dyn FnMut(&str, String)) {
    let closed = |config: &Config| config.get(&security::PASSWORDS_UNEXPORTABLE);
    let written_without = closed(old) || closed(new);
    for (spec, at, text) in old.all_set().filter(|(spec, ..)| spec.secret) {
        if new.was_set(spec, at).is_some() {
            continue;
        }
        let path = spec.path_at(at);
        let of_no_use =
            new.unknown.iter().any(|(words, held)| !held.is_empty() && words.join(".") == path);
        if of_no_use || written_without {
            new.put(spec, at.clone(), text.to_owned());
            let why =
                if of_no_use { "has none that can be used" } else { "has been written without it" };
            notice(&path, format!("{path} stays as it was: the file {why}"));
        }
    }
}
