//! Persons, handsets, and who has which: the two data sets behind `users.xml`.
//!
//! A person's account and a handset are bound for good, until the person signs
//! out, or not at all. The file shows both joined, and so does a [`Row`], the
//! form in which users go over the bus and into the database. A roster is the
//! set of its rows: what [`Roster::difference`] finds, [`Roster::apply`] does.

mod row;

pub use row::{Change, Fields, Row, pairs, secret};

use crate::users::fields::LINK;
use crate::users::{BadField, Device, LinkKind, User, Users, kept};
use ident::Ipei;
use std::collections::BTreeMap;

/// Who has which extension, and which handset.
///
/// It has neither `Debug` nor `Display`, since it holds passwords.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Roster {
    /// Accounts without their handset, by user name.
    users: BTreeMap<String, User>,
    devices: BTreeMap<Ipei, Device>,
    /// Who has which handset.
    links: BTreeMap<String, Link>,
    /// Of each handset that somebody has, who it is: `links` turned around.
    holders: BTreeMap<Ipei, String>,
    /// Rows that this version cannot read, and what else was in the file; kept as they are.
    others: BTreeMap<String, Row>,
}

/// How a user is bound to a handset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// Which handset.
    pub device: Ipei,
    /// For how long.
    pub kind: LinkKind,
}

impl Roster {
    /// How many users there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.users.len()
    }

    /// Whether there is no user.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.users.is_empty()
    }

    /// The user of this name, with the handset.
    #[must_use]
    pub fn user(&self, key: &str) -> Option<User> {
        self.users.get(key).map(|user| self.joined(key, user))
    }

    /// The row under this key, whatever it is of.
    #[must_use]
    pub fn row(&self, key: &str) -> Option<Row> {
        let user = self.users.get(key).map(|user| user.row_with(self.device_of(key)));
        let unbound = || {
            let ipei = of_nobody(key).filter(|ipei| !self.holders.contains_key(ipei))?;
            self.devices.get(&ipei).map(Device::row)
        };
        user.or_else(unbound).or_else(|| self.others.get(key).cloned())
    }

    /// Every user with the handset, by name.
    pub fn users(&self) -> impl Iterator<Item = User> {
        self.users.iter().map(|(key, user)| self.joined(key, user))
    }

    /// Every handset, somebody's or not.
    pub fn devices(&self) -> impl Iterator<Item = &Device> {
        self.devices.values()
    }

    /// Which handset this user has.
    #[must_use]
    pub fn link(&self, key: &str) -> Option<Link> {
        self.links.get(key).copied()
    }

    /// Who has this handset.
    #[must_use]
    pub fn holder(&self, device: Ipei) -> Option<&str> {
        self.holders.get(&device).map(String::as_str)
    }

    /// Everything as rows: users, handsets of nobody, and what is only kept.
    pub fn rows(&self) -> impl Iterator<Item = Row> {
        self.rows_but(|_, _| false)
    }

    /// The rows without those of the users that `known` says are known.
    fn rows_but(&self, known: impl Fn(&str, &User) -> bool) -> impl Iterator<Item = Row> {
        let users = self.users.iter().filter(move |(key, user)| !known(key, user));
        let users = users.map(|(key, user)| user.row_with(self.device_of(key)));
        let unbound = self.devices.values().filter(|it| !self.holders.contains_key(&it.ipei()));
        users.chain(unbound.map(Device::row)).chain(self.others.values().cloned())
    }

    /// The roster of these rows, and what is wrong with those that this version cannot read.
    ///
    /// They are kept as they are and count for nothing, as whatever another version may have stored.
    pub fn from_rows(rows: impl IntoIterator<Item = Row>) -> (Self, Vec<(String, BadField)>) {
        let (mut roster, mut refused) = (Self::default(), Vec::new());
        for row in rows {
            let key = row.key.clone();
            if let Err(error) = roster.put(row) {
                refused.push((key, error));
            }
        }
        (roster, refused)
    }

    /// The users of a file, each with the handset in it bound as the file says.
    #[must_use]
    pub fn from_users(users: Users) -> Self {
        let mut roster = Self::default();
        let fields = users.rest();
        if !fields.is_empty() {
            let fields = fields.into_iter().collect();
            roster.others.insert(String::new(), Row { key: String::new(), fields });
        }
        for device in users.devices {
            roster.devices.insert(device.ipei(), device);
        }
        users.users.into_iter().for_each(|user| roster.insert(user));
        roster
    }

    /// What the roster is after a file was put in its place: its users and no others. What the file hides stays as
    /// it was with a user of the same name.
    #[must_use]
    pub fn replaced(&self, mut users: Users) -> Self {
        let masked = std::mem::take(&mut users.masked);
        let mut new = Self::from_users(users);
        for (key, field) in masked {
            if let Some(old) = self.user(&key)
                && let Some(mut user) = new.user(&key)
            {
                user.restore(&field, &old);
                new.remove(&key);
                new.insert(user);
            }
        }
        new
    }

    /// The users as a file has them, by name.
    #[must_use]
    pub fn to_users(&self) -> Users {
        let unbound = self.devices.values().filter(|it| !self.holders.contains_key(&it.ipei()));
        let rest = self.others.get("").into_iter().flat_map(|row| row.fields.iter());
        let (attributes, unknown): (Vec<_>, Vec<_>) =
            rest.partition(|(name, _)| name.starts_with('@'));
        let attribute = |(name, text): (&str, &str)| (name.replace('@', ""), text.to_owned());
        Users {
            users: self.users().collect(),
            devices: unbound.cloned().collect(),
            unknown: unknown.into_iter().map(|(name, text)| kept::element(name, text)).collect(),
            attributes: attributes.into_iter().map(attribute).collect(),
            masked: Vec::new(),
        }
    }

    /// What leads from here to `new`, one change for each row that differs: first what goes.
    #[must_use]
    pub fn difference(&self, new: &Self) -> Vec<Change> {
        // Of ten thousand users one may have changed; the others need no rows.
        let sorted = |rows: &mut Vec<Row>| rows.sort_by(|one, next| one.key.cmp(&next.key));
        let is_old = |key: &str, user: &User| self.has(key, user, new.device_of(key));
        let is_kept = |key: &str, user: &User| new.has(key, user, self.device_of(key));
        let mut now: Vec<Row> = new.rows_but(is_old).collect();
        let mut was: Vec<Row> = self.rows_but(is_kept).collect();
        sorted(&mut now);
        sorted(&mut was);
        let find = |rows: &[Row], key: &str| rows.binary_search_by(|row| (*row.key).cmp(key));
        let gone = was.iter().filter(|row| find(&now, &row.key).is_err());
        let mut changes: Vec<Change> = gone.map(|row| Change::Removed(row.key.clone())).collect();
        for row in now {
            match find(&was, &row.key).ok().and_then(|at| was.get(at)) {
                None => changes.push(Change::Added(row)),
                Some(old) if *old != row => changes.push(Change::Changed(row)),
                Some(_) => {}
            }
        }
        changes
    }

    /// Makes one change; a row that is there already is replaced, one that is not there cannot be removed.
    ///
    /// A handset that somebody else had goes with the row.
    ///
    /// # Errors
    /// What is wrong where this version cannot read the row, which then is kept as by [`Self::from_rows`].
    pub fn apply(&mut self, change: &Change) -> Result<(), BadField> {
        match change {
            Change::Added(row) | Change::Changed(row) => self.put(row.clone()),
            Change::Removed(key) => {
                self.remove(key);
                Ok(())
            }
        }
    }

    fn joined(&self, key: &str, user: &User) -> User {
        self.device_of(key).into_iter().fold(user.clone(), User::join)
    }

    /// The handset of a user.
    fn device_of(&self, key: &str) -> Option<&Device> {
        self.links.get(key).and_then(|link| self.devices.get(&link.device))
    }

    /// Whether this is exactly the user of this name, with this handset.
    fn has(&self, key: &str, user: &User, device: Option<&Device>) -> bool {
        self.users.get(key) == Some(user) && self.device_of(key) == device
    }

    fn put(&mut self, row: Row) -> Result<(), BadField> {
        self.remove(&row.key);
        let wrong = match of_nobody(&row.key) {
            _ if row.key.is_empty() => None,
            Some(_) => Device::from_row(&row).map(|device| self.insert_unbound(device)).err(),
            None => User::from_row(&row).map(|user| self.insert(user)).err(),
        };
        if wrong.is_some() || row.key.is_empty() {
            self.others.insert(row.key.clone(), row);
        }
        wrong.map_or(Ok(()), Err)
    }

    fn insert(&mut self, user: User) {
        let key = user.key().to_owned();
        let kind = user.get(&LINK);
        let (user, device) = user.split();
        if let Some(device) = device {
            let ipei = device.ipei();
            self.insert_unbound(device);
            self.links.insert(key.clone(), Link { device: ipei, kind });
            self.holders.insert(ipei, key.clone());
        }
        self.users.insert(key, user);
    }

    fn insert_unbound(&mut self, device: Device) {
        if let Some(holder) = self.holders.remove(&device.ipei()) {
            self.links.remove(&holder);
        }
        self.devices.insert(device.ipei(), device);
    }

    /// Takes a row away, of a user with the handset.
    fn remove(&mut self, key: &str) {
        self.others.remove(key);
        self.users.remove(key);
        if let Some(link) = self.links.remove(key) {
            self.holders.remove(&link.device);
            self.devices.remove(&link.device);
        }
        if let Some(ipei) = of_nobody(key).filter(|ipei| !self.holders.contains_key(ipei)) {
            self.devices.remove(&ipei);
        }
    }
}

/// The handset that a row with this key is of; `None` where it is a user's.
fn of_nobody(key: &str) -> Option<Ipei> {
    key.contains(' ').then(|| key.parse().ok()).flatten()
}

#[cfg(test)]
mod tests;
