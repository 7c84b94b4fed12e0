//! What a command asks of the running server, over the sockets of the roles `dect` and `ctl`.

use crate::entry::sockets;
use crate::household::socket_name;
use crate::layout;
use bus::Connection;
use bus::control1::{Roles, ServiceProxy as ControlProxy};
use bus::dect1::{ServiceProxy, Status};
use bus::door::{Away, connect};
use bus::net1::{NetState, ServiceProxy as NetProxy};
use bus::observed1::{Observed, ServiceProxy as ObservedProxy};
use bus::time1::{ServiceProxy as TimeProxy, TimeState};
use std::future::Future;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;
use supervise::role::{Role, Runs};
use supervise::roles::ROLES;
use tokio::time::timeout;
use zbus::fdo;

/// Where the running server is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// The folder of its sockets.
    pub sockets: PathBuf,
    /// The user who has made them.
    pub user: u32,
}

impl Server {
    /// The one that this user runs on a state folder.
    #[must_use]
    pub fn of(state: &Path) -> Self {
        Self { sockets: sockets(state), user: os::own_uid() }
    }

    /// The one that this box is.
    #[must_use]
    pub fn of_this_box() -> Self {
        Self { sockets: PathBuf::from(layout::SOCKETS), user: 0 }
    }
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// No server has its sockets in this folder.
    #[error("no server runs in {0} that this user may ask: {1}")]
    Away(PathBuf, Away),
    /// The server refuses what was asked, and says why.
    #[error("{0}")]
    Refused(String),
    /// The server does not answer.
    #[error("the server does not answer; try again, or look into its log")]
    Silent,
    /// The role has ended while it was listened to.
    #[error("the role has ended or begins anew; ask again")]
    Ended,
    /// The kernel refuses what every program needs.
    #[error("the question cannot be asked")]
    Runtime(#[from] io::Error),
}

/// Everything at a glance.
///
/// # Errors
/// [`ClientError`].
pub fn status(server: &Server) -> Result<Status, ClientError> {
    ask(server, "dect", async |connection| {
        let server = ServiceProxy::new(connection).await?;
        server.status().await
    })
}

/// Where the machine is in the network.
///
/// # Errors
/// [`ClientError`].
pub fn network(server: &Server) -> Result<NetState, ClientError> {
    ask(server, "net", async |connection| {
        let server = NetProxy::new(connection).await?;
        Ok(server.state().await?)
    })
}

/// Welcomes the base station of this MAC address when it comes next.
///
/// # Errors
/// [`ClientError`].
pub fn approve(server: &Server, mac: &str) -> Result<(), ClientError> {
    ask(server, "dect", async |connection| {
        let server = ServiceProxy::new(connection).await?;
        server.approve(mac.to_owned()).await
    })
}

/// Sends the base station of this MAC address away for good.
///
/// # Errors
/// [`ClientError`].
pub fn remove(server: &Server, mac: &str) -> Result<(), ClientError> {
    ask(server, "dect", async |connection| {
        let server = ServiceProxy::new(connection).await?;
        server.remove(mac.to_owned()).await
    })
}

/// Ends the subscription of the handset with this IPEI.
///
/// # Errors
/// [`ClientError`].
pub fn unsubscribe(server: &Server, ipei: &str) -> Result<(), ClientError> {
    ask(server, "dect", async |connection| {
        let server = ServiceProxy::new(connection).await?;
        server.unsubscribe(ipei.to_owned()).await
    })
}

/// A one-time token for a base station; for any where no MAC address is named.
///
/// # Errors
/// [`ClientError`].
pub fn enrol(server: &Server, mac: Option<&str>) -> Result<String, ClientError> {
    let mac = mac.unwrap_or_default().to_owned();
    ask(server, "dect", async |connection| {
        let server = ServiceProxy::new(connection).await?;
        server.enrol(mac).await
    })
}

/// All roles, as the supervisor sees them.
///
/// # Errors
/// [`ClientError`].
pub fn roles(server: &Server) -> Result<Roles, ClientError> {
    ask(server, "ctl", async |connection| ControlProxy::new(connection).await?.status().await)
}

/// Begins a role anew.
///
/// # Errors
/// [`ClientError`]; refused if there is none of this name.
pub fn restart(server: &Server, role: &str) -> Result<(), ClientError> {
    let role = role.to_owned();
    ask(server, "ctl", async |connection| ControlProxy::new(connection).await?.restart(role).await)
}

/// Starts the box anew.
///
/// # Errors
/// [`ClientError`]; refused by a server in the foreground.
pub fn reboot(server: &Server) -> Result<(), ClientError> {
    ask(server, "ctl", async |connection| ControlProxy::new(connection).await?.reboot().await)
}

/// Switches the box off.
///
/// # Errors
/// [`ClientError`]; refused by a server in the foreground.
pub fn power_off(server: &Server) -> Result<(), ClientError> {
    ask(server, "ctl", async |connection| ControlProxy::new(connection).await?.power_off().await)
}

/// Takes away what this scope names, and starts the box anew.
///
/// # Errors
/// [`ClientError`]; refused by a server in the foreground, and if there is no such scope.
pub fn reset(server: &Server, scope: &str) -> Result<(), ClientError> {
    let scope = scope.to_owned();
    ask(server, "ctl", async |connection| ControlProxy::new(connection).await?.reset(scope).await)
}

/// The names of the roles that this server has, in the order of the status page.
pub fn names(server: &Server) -> impl Iterator<Item = &'static str> {
    let there = |role: &&Role| {
        role.runs == Runs::Everywhere || server.sockets.join(socket_name(role.name)).exists()
    };
    ROLES.iter().filter(there).map(|role| role.name)
}

/// What can be seen of one role.
///
/// # Errors
/// [`ClientError`].
pub fn observed(server: &Server, role: &str) -> Result<Observed, ClientError> {
    ask(server, role, async |connection| ObservedProxy::new(connection).await?.get().await)
}

/// How the time stands.
///
/// # Errors
/// [`ClientError`].
pub fn time(server: &Server) -> Result<TimeState, ClientError> {
    ask(server, "time", async |connection| TimeProxy::new(connection).await?.state().await)
}

pub(crate) fn ask<T>(
    server: &Server,
    role: &str,
    question: impl AsyncFnOnce(&Connection) -> fdo::Result<T>,
) -> Result<T, ClientError> {
    ask_role(server, role, async |connection| {
        within(async { question(connection).await.map_err(refused) }).await
    })
}

/// Asks one role something over a connection of its own, for as long as it takes.
pub(crate) fn ask_role<T>(
    server: &Server,
    role: &str,
    question: impl AsyncFnOnce(&Connection) -> Result<T, ClientError>,
) -> Result<T, ClientError> {
    let path = server.sockets.join(socket_name(role));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let away = |away| ClientError::Away(server.sockets.clone(), away);
        let connected = within(async { connect(&path, server.user).await.map_err(away) });
        question(&connected.await?).await
    })
}

/// An answer that comes in time, or none.
pub(crate) async fn within<T>(
    answer: impl Future<Output = Result<T, ClientError>>,
) -> Result<T, ClientError> {
    timeout(PATIENCE, answer).await.map_err(|_| ClientError::Silent)?
}

pub(crate) fn refused(error: fdo::Error) -> ClientError {
    match error {
        fdo::Error::InvalidArgs(reason) => ClientError::Refused(reason),
        fdo::Error::NoReply(_) | fdo::Error::ZBus(_) => ClientError::Silent,
        other => ClientError::Refused(other.to_string()),
    }
}

/// The server answers in milliseconds; a restarting role within this time.
const PATIENCE: Duration = Duration::from_secs(15);
