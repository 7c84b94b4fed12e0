//! What a command asks of the running server, over the control socket of the role `dect`.

use crate::entry::sockets;
use crate::parent::socket_name;
use bus::dect1::{ServiceProxy, Status};
use bus::door::{Away, connect};
use std::future::Future;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::time::timeout;
use zbus::fdo;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// No server runs on this state folder.
    #[error("no server runs in {0} that this user may ask: {1}")]
    Away(PathBuf, Away),
    /// The server refuses what was asked, and says why.
    #[error("{0}")]
    Refused(String),
    /// The server does not answer.
    #[error("the server does not answer; try again, or look into its log")]
    Silent,
    /// The kernel refuses what every program needs.
    #[error("the question cannot be asked")]
    Runtime(#[from] io::Error),
}

/// Everything at a glance.
///
/// # Errors
/// [`ClientError`].
pub fn status(state: &Path) -> Result<Status, ClientError> {
    ask(state, async |server: ServiceProxy<'_>| server.status().await)
}

/// Welcomes the base station of this MAC address when it comes next.
///
/// # Errors
/// [`ClientError`].
pub fn approve(state: &Path, mac: &str) -> Result<(), ClientError> {
    ask(state, async |server: ServiceProxy<'_>| server.approve(mac.to_owned()).await)
}

/// Sends the base station of this MAC address away for good.
///
/// # Errors
/// [`ClientError`].
pub fn remove(state: &Path, mac: &str) -> Result<(), ClientError> {
    ask(state, async |server: ServiceProxy<'_>| server.remove(mac.to_owned()).await)
}

/// Ends the subscription of the handset with this IPEI.
///
/// # Errors
/// [`ClientError`].
pub fn unsubscribe(state: &Path, ipei: &str) -> Result<(), ClientError> {
    ask(state, async |server: ServiceProxy<'_>| server.unsubscribe(ipei.to_owned()).await)
}

/// A one-time token for a base station; for any where no MAC address is named.
///
/// # Errors
/// [`ClientError`].
pub fn enrol(state: &Path, mac: Option<&str>) -> Result<String, ClientError> {
    let mac = mac.unwrap_or_default().to_owned();
    ask(state, async |server: ServiceProxy<'_>| server.enrol(mac).await)
}

fn ask<T>(
    state: &Path,
    question: impl AsyncFnOnce(ServiceProxy<'_>) -> fdo::Result<T>,
) -> Result<T, ClientError> {
    let path = sockets(state).join(socket_name("dect"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(within(async {
        let connection = connect(&path, os::own_uid())
            .await
            .map_err(|away| ClientError::Away(state.to_owned(), away))?;
        let server = ServiceProxy::new(&connection).await.map_err(|_| ClientError::Silent)?;
        question(server).await.map_err(refused)
    }))
}

async fn within<T>(answer: impl Future<Output = Result<T, ClientError>>) -> Result<T, ClientError> {
    timeout(PATIENCE, answer).await.map_err(|_| ClientError::Silent)?
}

fn refused(error: fdo::Error) -> ClientError {
    match error {
        fdo::Error::InvalidArgs(reason) => ClientError::Refused(reason),
        fdo::Error::NoReply(_) => ClientError::Silent,
        other => ClientError::Refused(other.to_string()),
    }
}

/// The server answers in milliseconds; a restarting role within this time.
const PATIENCE: Duration = Duration::from_secs(15);
