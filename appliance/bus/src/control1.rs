//! `org.fixpart.Control1`: what an administrator may ask of the supervisor.
//!
//! Served by the role `ctl`, since PID 1 itself reads nothing of variable
//! length.

use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, oneshot};
use zbus::fdo;
use zbus::zvariant::Type;

/// One role, as it fares.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize, Type)]
pub struct RoleState {
    /// Its name.
    pub name: String,
    /// `waiting`, `starting`, `ready`, `stopping`, `resting`, `down`, `refused` or `stopped`.
    pub state: String,
    /// Its process; 0 is none.
    pub pid: u32,
    /// How often it was started since the supervisor began.
    pub starts: u32,
    /// Deaths since it was last healthy.
    pub deaths: u32,
    /// A person should look at it.
    pub degraded: bool,
}

/// All roles, and how the box runs.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize, Type)]
pub struct Roles {
    /// In the order of the role table.
    pub roles: Vec<RoleState>,
    /// Only the roles that a person needs to mend the box run.
    pub safe_mode: bool,
}

/// One question, and where its answer goes. Dropping the answer's place is an answer too: nobody has time.
#[derive(Debug)]
pub enum Ask {
    /// All roles.
    Status(oneshot::Sender<Roles>),
    /// Begin this role anew.
    Restart(String, oneshot::Sender<Result<(), String>>),
    /// Start the box anew, in order.
    Reboot(oneshot::Sender<Result<(), String>>),
    /// Switch the box off, in order.
    PowerOff(oneshot::Sender<Result<(), String>>),
    /// Take away what this scope names, and start the box anew.
    Reset(String, oneshot::Sender<Result<(), String>>),
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
        crate::asked(&self.0, "the supervisor does not answer; try again", ask).await
    }
}

#[zbus::interface(
    name = "org.fixpart.Control1",
    proxy(
        default_path = "/org/fixpart",
        default_service = "org.fixpart.Control",
        visibility = "pub"
    )
)]
impl Service {
    /// All roles.
    async fn status(&self) -> fdo::Result<Roles> {
        self.ask(Ask::Status).await
    }

    /// Begin this role anew; one that is down begins at once.
    async fn restart(&self, role: String) -> fdo::Result<()> {
        self.ask(|answer| Ask::Restart(role, answer)).await?.map_err(fdo::Error::InvalidArgs)
    }

    /// Start the box anew, in order.
    async fn reboot(&self) -> fdo::Result<()> {
        self.ask(Ask::Reboot).await?.map_err(fdo::Error::InvalidArgs)
    }

    /// Switch the box off, in order.
    async fn power_off(&self) -> fdo::Result<()> {
        self.ask(Ask::PowerOff).await?.map_err(fdo::Error::InvalidArgs)
    }

    /// Take away what is kept, by scope (network, config, full, decommission), and start the box anew.
    async fn reset(&self, scope: String) -> fdo::Result<()> {
        self.ask(|answer| Ask::Reset(scope, answer)).await?.map_err(fdo::Error::InvalidArgs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_contract_stands() {
        let (asks, _) = mpsc::channel(1);
        crate::assert_contract(&Service::new(asks), "org.fixpart.Control1.xml");
    }
}
