//! `org.fixpart.Dect1`: what an administrator may ask of the role `dect`.
//!
//! Used by the commands of the program today, by pages and SNMP later. Texts
//! are those of the administrator: an IPEI as it stands on the handset, a MAC
//! address with colons, reasons as sentences.

use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, oneshot};
use zbus::fdo;
use zbus::zvariant::Type;

/// Everything at a glance.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize, Type)]
pub struct Status {
    /// All users, by name.
    pub users: Vec<User>,
    /// All base stations that were heard of, those that wait for approval included.
    pub bases: Vec<Base>,
    /// Calls that exist now.
    pub calls: u32,
    /// Handsets that are subscribed and belong to no user, by IPEI.
    pub strangers: Vec<String>,
}

/// One user.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize, Type)]
pub struct User {
    /// SIP user name.
    pub user: String,
    /// IPEI of the handset; empty where none is named.
    pub ipei: String,
    /// The handset has a key.
    pub subscribed: bool,
    /// MAC address of the base station where the handset was last heard; empty: nowhere.
    pub located: String,
    /// `off`, `trying`, `registered` or `failed`.
    pub registration: String,
    /// Why it failed, or for how many seconds it is in force.
    pub detail: String,
    /// In a call, or being called.
    pub busy: bool,
}

/// One base station.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize, Type)]
pub struct Base {
    /// MAC address.
    pub mac: String,
    /// `up`, `down` or `pending`.
    pub state: String,
    /// Why it is down, or who waits for approval.
    pub detail: String,
}

/// One question, and where its answer goes. Dropping the answer's place is an answer too: the role has no time.
#[derive(Debug)]
pub enum Ask {
    /// Everything at a glance.
    Status(oneshot::Sender<Status>),
    /// Welcome the base station of this MAC address when it comes next.
    Approve(String, oneshot::Sender<Result<(), String>>),
    /// Send this base station away for good.
    Remove(String, oneshot::Sender<Result<(), String>>),
    /// End the subscription of the handset with this IPEI.
    Unsubscribe(String, oneshot::Sender<Result<(), String>>),
    /// A one-time token for a base station, for the one of this MAC address if it is not empty.
    Enrol(String, oneshot::Sender<Result<String, String>>),
}

/// The interface as it is served.
#[derive(Debug)]
pub struct Service(mpsc::Sender<Ask>);

impl Service {
    /// The interface in front of whoever takes questions from the other end of `asks`.
    #[must_use]
    pub const fn new(asks: mpsc::Sender<Ask>) -> Self {
        Self(asks)
    }

    async fn ask<T>(&self, ask: impl FnOnce(oneshot::Sender<T>) -> Ask) -> fdo::Result<T> {
        crate::asked(&self.0, crate::BUSY, ask).await
    }
}

#[zbus::interface(
    name = "org.fixpart.Dect1",
    proxy(default_path = "/org/fixpart", default_service = "org.fixpart.Dect", visibility = "pub")
)]
impl Service {
    /// Everything at a glance.
    async fn status(&self) -> fdo::Result<Status> {
        self.ask(Ask::Status).await
    }

    /// Welcome the base station of this MAC address when it comes next, within a day.
    async fn approve(&self, mac: String) -> fdo::Result<()> {
        self.ask(|answer| Ask::Approve(mac, answer)).await?.map_err(fdo::Error::InvalidArgs)
    }

    /// Send this base station away; its certificate and its key are worth nothing any more.
    async fn remove(&self, mac: String) -> fdo::Result<()> {
        self.ask(|answer| Ask::Remove(mac, answer)).await?.map_err(fdo::Error::InvalidArgs)
    }

    /// End the subscription of the handset with this IPEI, also where it cannot be reached any more.
    async fn unsubscribe(&self, ipei: String) -> fdo::Result<()> {
        self.ask(|answer| Ask::Unsubscribe(ipei, answer)).await?.map_err(fdo::Error::InvalidArgs)
    }

    /// A one-time token, valid for a day; for any base station where the MAC address is empty.
    async fn enrol(&self, mac: String) -> fdo::Result<String> {
        self.ask(|answer| Ask::Enrol(mac, answer)).await?.map_err(fdo::Error::InvalidArgs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_contract_stands() {
        let (asks, _) = mpsc::channel(1);
        crate::assert_contract(&Service::new(asks), "org.fixpart.Dect1.xml");
    }
}
