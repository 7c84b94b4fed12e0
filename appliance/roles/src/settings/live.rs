//! What the role `dect` knows of settings and users, and what a change of them means for the brain.

use super::applies::Begun;
use super::{Config, Defaults, address, assigned_ari, brain, user};
use bus::conf1::{News, Row};
use config::groups::fixpart;
use config::roster;
use config::users::{BadField, User as Listed};
use ident::{Ari, Ipei};
use iwu::brain::Settings;
use iwu::users::{User, UserChange};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::Path;

/// Settings and users as they are in force.
pub struct Live {
    begun: Begun,
    /// What the administrator wants, apart from what waits for a restart.
    config: Config,
    /// What they say for users who have nothing of their own.
    defaults: Defaults,
    users: BTreeMap<String, Listed>,
    /// Calls that go on, base stations that are connected, and registrations have it; it stays until a restart.
    address: IpAddr,
    assigned: Option<Ari>,
    waiting: Option<String>,
}

impl Live {
    /// As the role begins; `identity` is what was written at manufacture.
    #[must_use]
    pub fn begin(config: Config, news: News, identity: Option<&Path>) -> Self {
        let address = address(&config);
        let assigned = identity.and_then(assigned_ari);
        let (begun, users) = (Begun::dect(config.clone()), BTreeMap::new());
        let defaults = Defaults::of(&config);
        let mut live = Self { begun, config, defaults, users, address, assigned, waiting: None };
        live.news(&News { whole: true, ..news });
        live
    }

    /// The settings in force.
    #[must_use]
    pub const fn config(&self) -> &Config {
        &self.config
    }

    /// How the brain is set.
    #[must_use]
    pub fn brain(&self) -> Settings {
        let mut settings = brain(&self.config, self.address);
        settings.dect.ari = settings.dect.ari.or(self.assigned);
        settings
    }

    /// All users as the brain wants them.
    #[must_use]
    pub fn users(&self) -> Vec<User> {
        self.users.values().map(|listed| user(&self.defaults, listed)).collect()
    }

    /// What an administrator should know: why the radio is off, and what waits for a restart.
    #[must_use]
    pub fn alerts(&self) -> Vec<String> {
        let settings = self.brain();
        let ari =
            "the radio stays off: set fixpart.ari to the ARI that was assigned to this system";
        let region =
            "the radio stays off: set dect.frequency to the region where the base stations stand";
        let missing =
            [(settings.dect.ari.is_none(), ari), (settings.dect.region.is_none(), region)];
        let missing = missing.into_iter().filter(|(missing, _)| *missing);
        missing.map(|(_, alert)| alert.to_owned()).chain(self.waiting.clone()).collect()
    }

    /// Takes over the settings that the administrator wants now; tells which users are others by it.
    pub fn set(&mut self, wanted: &Config) -> Vec<UserChange> {
        self.waiting = self.begun.alert(wanted);
        self.config = self.begun.in_force(wanted);
        let before = std::mem::replace(&mut self.defaults, Defaults::of(&self.config));
        if self.waiting.is_none() && !self.address_holds() {
            self.waiting = Some(
                "takes effect after a restart (appliance ctl restart dect): the server's own address, \
                 which follows sip.proxy.domain; fixpart.address sets it for good"
                    .into(),
            );
        }
        let changed = |listed: &Listed| {
            let now = user(&self.defaults, listed);
            (user(&before, listed) != now).then(|| UserChange::Put(Box::new(now)))
        };
        self.users.values().filter_map(changed).collect()
    }

    /// Takes over what has become of the users; tells the brain's part of it.
    pub fn news(&mut self, news: &News) -> Vec<UserChange> {
        let mut changes = Vec::new();
        if news.whole {
            let kept: Vec<&str> = news.put.iter().map(|row| row.key.as_str()).collect();
            let kept = std::collections::BTreeSet::from_iter(kept);
            let gone = self.users.keys().filter(|key| !kept.contains(key.as_str()));
            for key in gone.cloned().collect::<Vec<_>>() {
                self.remove(&key, &mut changes);
            }
        }
        for key in &news.removed {
            self.remove(key, &mut changes);
        }
        for row in &news.put {
            self.put(row, &mut changes);
        }
        changes
    }

    fn remove(&mut self, key: &str, changes: &mut Vec<UserChange>) {
        if let Some(listed) = self.users.remove(key) {
            changes.push(UserChange::Remove(user(&self.defaults, &listed).account.user));
        }
    }

    fn put(&mut self, row: &Row, changes: &mut Vec<UserChange>) {
        let listed = match listed(row) {
            Ok(Some(listed)) => listed,
            // A handset of nobody, or what else there was in the file.
            Ok(None) => return,
            Err(why) => {
                tracing::error!(user = row.key, "a user stays as he was: {why}");
                return;
            }
        };
        let now = user(&self.defaults, &listed);
        let before = self.users.insert(row.key.clone(), listed);
        let before = before.map(|listed| user(&self.defaults, &listed));
        if before.as_ref() == Some(&now) {
            return;
        }
        if let Some(before) = before
            && before.account.user != now.account.user
        {
            changes.push(UserChange::Remove(before.account.user));
        }
        changes.push(UserChange::Put(Box::new(now)));
    }

    /// Whether the kernel would choose the same address now, where nobody has set one.
    fn address_holds(&self) -> bool {
        self.config.get(&fixpart::ADDRESS).is_some() || address(&self.config) == self.address
    }
}

/// The user of a row; `None` where it is a handset of nobody, or what else there is in the file.
fn listed(row: &Row) -> Result<Option<Listed>, BadField> {
    let of_nobody =
        row.key.is_empty() || (row.key.contains(' ') && row.key.parse::<Ipei>().is_ok());
    if of_nobody {
        return Ok(None);
    }
    Listed::from_fields(&row.key, roster::pairs(&row.fields)).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    fn row(key: &str, fields: &[(&str, &str)]) -> Row {
        let fields = std::iter::once(("username", key)).chain(fields.iter().copied());
        Row { key: key.into(), fields: fields.collect::<roster::Fields>().into_piece() }
    }

    fn news(number: u64, put: Vec<Row>, removed: &[&str]) -> News {
        let removed = removed.iter().map(|key| (*key).to_owned()).collect();
        News { number, whole: false, put: put.into_iter().map(Arc::new).collect(), removed }
    }

    fn config(inside: &str) -> Config {
        Config::read("config.xml", &format!("<config>{inside}</config>")).unwrap().0
    }

    fn told(changes: &[UserChange]) -> Vec<String> {
        let word = |change: &UserChange| match change {
            UserChange::Put(user) => format!("+{}", user.account.user),
            UserChange::Remove(name) => format!("-{name}"),
        };
        changes.iter().map(word).collect()
    }

    #[test]
    fn only_what_is_different_reaches_the_brain() {
        let all = vec![row("201", &[]), row("202", &[("authpassword", "own")]), row("203", &[])];
        let mut live = Live::begin(config(""), news(1, all, &[]), None);
        assert_eq!(live.users().len(), 3);
        let named = row("202", &[("authpassword", "own"), ("displayname", "Ward 3")]);
        let changes =
            live.news(&news(2, vec![named.clone(), row("201", &[]), row("204", &[])], &["203"]));
        assert_eq!(told(&changes), ["-203", "+202", "+204"]);
        // Standby text is not the brain's.
        let changes =
            live.news(&news(3, vec![row("204", &[("standbytext", "Ward")])], &["nobody"]));
        assert_eq!(told(&changes), [""; 0]);
        // After a gap the whole list comes.
        let whole = News { whole: true, ..news(9, vec![named, row("205", &[])], &[]) };
        assert_eq!(told(&live.news(&whole)), ["-201", "-204", "+205"]);
        assert_eq!(live.users().len(), 2);
    }

    #[test]
    fn settings_that_users_share_reach_those_who_have_none_of_their_own() {
        let all = vec![row("201", &[]), row("202", &[("authpassword", "own")])];
        let mut live = Live::begin(config(""), news(1, all, &[]), None);
        let shared = "<sip><auth><password>shared</password></auth></sip>";
        assert_eq!(told(&live.set(&config(shared))), ["+201"]);
        assert_eq!(told(&live.set(&config(shared))), [""; 0]);
    }

    #[test]
    fn a_row_that_cannot_be_read_leaves_the_user_as_he_was() {
        let mut live = Live::begin(config(""), news(1, vec![row("201", &[])], &[]), None);
        let wrong = row("201", &[("ipei", "x")]);
        assert_eq!(told(&live.news(&news(2, vec![wrong], &[]))), [""; 0]);
        assert_eq!(live.users().len(), 1);
    }

    #[test]
    fn what_keeps_the_radio_off_is_an_alert_until_it_is_mended() {
        let mut live = Live::begin(config(""), news(1, vec![], &[]), None);
        assert_eq!(live.alerts().len(), 2);
        let mended =
            "<fixpart><ari>10009034</ari></fixpart><dect><frequency>Europe</frequency></dect>";
        live.set(&config(mended));
        // Both are felt after a restart.
        let alerts = live.alerts();
        assert!(
            alerts.len() == 3 && alerts[2].ends_with("fixpart.ari, dect.frequency"),
            "{alerts:?}"
        );
    }
}
