//! What an administrator sees of the brain: one value, read by every page and command.

use crate::iwu::Iwu;
use crate::users::Subscriber;
use ident::{Ipei, Mac};
use std::time::Duration;

/// A view of everything, made when asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// All users, by their SIP user names.
    pub users: Vec<UserStatus>,
    /// All base stations heard of since the start, by MAC address.
    pub rfps: Vec<RfpStatus>,
    /// Calls that exist now.
    pub calls: usize,
    /// Handsets that are subscribed and belong to no user.
    pub strangers: Vec<Ipei>,
}

/// One call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallStatus {
    /// Its number, which is also that of its media session.
    pub number: u32,
    /// SIP user name of the handset's user; empty where that was taken away meanwhile.
    pub user: String,
    /// The number of the other party; empty before the handset has dialled, or where the PBX tells none.
    pub peer: String,
    /// Where it stands: `Dialling`, `Outgoing`, `Paging`, `Active` or `Ending`.
    pub state: &'static str,
}

/// One user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserStatus {
    /// SIP user name.
    pub user: String,
    /// The handset, if one is named.
    pub ipei: Option<Ipei>,
    /// The handset has a key.
    pub subscribed: bool,
    /// The base station where it was last heard; `None`: never, or switched off.
    pub located: Option<Mac>,
    /// Whether the PBX knows where to send calls.
    pub registration: Registration,
    /// In a call, or being called.
    pub busy: bool,
}

/// Whether the PBX knows where to send calls.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Registration {
    /// Not asked for: the handset is not there.
    #[default]
    Off,
    /// Asked for, no answer yet.
    Trying,
    /// In force; granted for this long.
    Registered(Duration),
    /// Refused or unanswered, in the words of the SIP engine.
    Failed(String),
}

/// One base station.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RfpStatus {
    /// Which one.
    pub mac: Mac,
    /// Up, or why it is not.
    pub down: Option<String>,
}

impl Iwu {
    /// What an administrator sees.
    pub(crate) fn status(&self) -> Status {
        let users = self.account_of_user.values().filter_map(|account| self.users.get(account));
        let mut rfps = self.rfps.iter();
        Status {
            users: users.map(|subscriber| self.user_status(subscriber)).collect(),
            rfps: rfps
                .by_ref()
                .map(|(mac, down)| RfpStatus { mac: *mac, down: down.clone() })
                .collect(),
            calls: self.calls.len(),
            strangers: self
                .subscribed
                .iter()
                .filter(|pp| !self.account_of_pp.contains_key(pp))
                .copied()
                .collect(),
        }
    }

    fn user_status(&self, subscriber: &Subscriber) -> UserStatus {
        let ipei = subscriber.user.ipei;
        UserStatus {
            user: subscriber.user.account.user.clone(),
            ipei,
            subscribed: ipei.is_some_and(|pp| self.subscribed.contains(&pp)),
            located: ipei.and_then(|pp| self.located.get(&pp).copied()),
            registration: subscriber.registration.clone(),
            busy: ipei.is_some_and(|pp| self.call_of_pp.contains_key(&pp)),
        }
    }
}
