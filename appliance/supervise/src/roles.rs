//! The roles of the one binary: what each is for and how it is reached.
//!
//! The supervisor starts and watches from this table and from nothing else.

/// One process of the appliance.
#[derive(Debug)]
pub struct Role {
    /// Also its `argv[0]` and the prefix of its log lines.
    pub name: &'static str,
    /// One line for the status page.
    pub about: &'static str,
    /// Must be ready before this role starts.
    pub after: &'static [&'static str],
    /// May be called over the bus.
    pub calls: &'static [&'static str],
    /// It is called over the bus: the supervisor makes its listening socket and passes it on, so that a caller
    /// waits while the role restarts and is never refused.
    pub listens: bool,
}

/// Every role, in the order of the status page.
pub const ROLES: &[Role] = &[
    Role {
        name: "media",
        about: "Carries speech between base stations and the network",
        after: &[],
        calls: &[],
        listens: true,
    },
    Role {
        name: "dect",
        about: "Base stations, handsets, SIP user agents and the calls between them",
        after: &["media"],
        calls: &["media"],
        listens: true,
    },
];

/// The role of this name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Role> {
    ROLES.iter().find(|role| role.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_waits_only_for_roles_listed_before_it() {
        for (index, role) in ROLES.iter().enumerate() {
            let before: Vec<_> = ROLES.iter().take(index).map(|role| role.name).collect();
            for name in role.after {
                assert!(before.contains(name), "{} waits for {name}", role.name);
            }
        }
    }

    #[test]
    fn whoever_is_called_listens_and_is_there_before_the_caller() {
        for role in ROLES {
            for name in role.calls {
                assert!(
                    find(name).is_some_and(|called| called.listens),
                    "{} calls {name}",
                    role.name
                );
                assert!(
                    role.after.contains(name),
                    "{} calls {name} and does not wait for it",
                    role.name
                );
            }
        }
    }
}
