//! Who it was that said something, by the user that the kernel names.

use lan::log::Name;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// Who is who.
#[derive(Clone, Debug)]
pub struct Senders {
    roles: BTreeMap<u32, Name>,
    /// The user of the supervisor. It may be any role: on a person's machine all of them are this user, and on the
    /// box every role begins as root.
    supervisor: u32,
}

impl Senders {
    /// The roles with their users, and the user of the supervisor.
    #[must_use]
    pub fn new<'a>(roles: impl IntoIterator<Item = (u32, &'a str)>, supervisor: u32) -> Self {
        let named = |(uid, name): (u32, &str)| name.parse().ok().map(|name| (uid, name));
        Self { roles: roles.into_iter().filter_map(named).collect(), supervisor }
    }

    /// The name of a sender with this user. What it calls itself is believed of the supervisor's user only.
    #[must_use]
    pub fn name(&self, uid: u32, identifier: Option<&str>) -> Name {
        if uid == self.supervisor {
            return self.privileged(identifier);
        }
        self.roles.get(&uid).unwrap_or(&OTHER).clone()
    }

    /// The name of a sender that must be the supervisor or one of the roles before it has given up its rights.
    #[must_use]
    pub fn privileged(&self, identifier: Option<&str>) -> Name {
        let known = |name: &&Name| identifier == Some(name.as_str());
        let mut names = self.roles.values().chain(std::iter::once(&*INIT));
        names.find(known).unwrap_or(&OTHER).clone()
    }
}

fn fixed(name: &str) -> Name {
    name.parse().expect("the name is one; a test looks at all of them")
}

/// The kernel.
pub(super) static KERNEL: LazyLock<Name> = LazyLock::new(|| fixed("kernel"));
/// The supervisor.
pub(super) static INIT: LazyLock<Name> = LazyLock::new(|| fixed("init"));
/// The role that carries speech.
pub(super) static MEDIA: LazyLock<Name> = LazyLock::new(|| fixed("media"));
/// This role.
pub(super) static LOG: LazyLock<Name> = LazyLock::new(|| fixed("log"));
/// Whatever is none of ours.
pub(super) static OTHER: LazyLock<Name> = LazyLock::new(|| fixed("other"));

#[cfg(test)]
mod tests {
    use super::*;

    fn senders() -> Senders {
        Senders::new([(704, "dect"), (709, "media")], 0)
    }

    #[test]
    fn the_names_of_the_house_are_names() {
        let names = [&KERNEL, &INIT, &MEDIA, &LOG, &OTHER].map(|name| name.to_string());
        assert_eq!(names, ["kernel", "init", "media", "log", "other"]);
    }

    #[test]
    fn a_role_cannot_speak_under_another_s_name() {
        let name = |uid, identifier| senders().name(uid, identifier).to_string();
        assert_eq!(name(704, Some("dect")), "dect");
        assert_eq!(name(704, Some("media")), "dect");
        assert_eq!(name(704, None), "dect");
        assert_eq!(name(1000, Some("dect")), "other");
        assert_eq!(name(65_534, Some("kernel")), "other");
    }

    #[test]
    fn the_supervisor_s_user_is_believed_but_only_about_names_of_the_house() {
        let name = |identifier| senders().name(0, identifier).to_string();
        assert_eq!(name(Some("media")), "media");
        assert_eq!(name(Some("init")), "init");
        for stranger in [None, Some("kernel"), Some("log"), Some("e2fsck"), Some("")] {
            assert_eq!(name(stranger), "other");
        }
    }
}
