//! How a caller comes to a role: a listening socket, and a check who calls.
//!
//! The kernel tells the user of the caller before a single octet of it is
//! read. On the box every role has a user of its own and the role table says
//! who may call; in the foreground all roles have the user of the person who
//! started them, and nobody else may call.

use std::io;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::time::Duration;
use tokio::net::{UnixListener as Listener, UnixStream};
use tokio::time::{sleep, timeout};
use zbus::connection::Builder;
use zbus::export::futures_core::Stream as _;
use zbus::object_server::Interface;
use zbus::{Connection, Guid, Message, MessageStream};

/// The one object that every role serves its interfaces at.
pub const PATH: &str = "/org/fixpart";

/// A role's listening socket and the users that may come in.
#[derive(Debug)]
pub struct Door {
    listener: Listener,
    callers: Vec<u32>,
    guid: Guid<'static>,
}

/// Why a caller is not served.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// The kernel could not hand over a connection.
    #[error("no connection could be accepted on the bus socket")]
    Accept(#[source] io::Error),
    /// The caller's user is not one of those that may call.
    #[error("user {0} may not call this role; its connection was closed")]
    User(u32),
    /// The caller does not speak D-Bus, or said nothing in time.
    #[error("the caller did not complete the D-Bus handshake")]
    Handshake(#[source] zbus::Error),
    /// The caller said nothing for [`HANDSHAKE`].
    #[error("the caller was silent during the D-Bus handshake")]
    Silent,
}

/// Why a role cannot be asked.
#[derive(Debug, thiserror::Error)]
pub enum Away {
    /// Nobody listens on the socket.
    #[error("cannot connect to the bus socket {0}")]
    Connect(PathBuf, #[source] io::Error),
    /// The socket belongs to another user than expected.
    #[error("the bus socket {0} is served by user {1}, not by user {2}")]
    User(PathBuf, u32, u32),
    /// The other side does not speak D-Bus.
    #[error("the role behind {0} did not complete the D-Bus handshake")]
    Handshake(PathBuf, #[source] zbus::Error),
    /// The other side said nothing for [`HANDSHAKE`].
    #[error("the role behind {0} was silent during the D-Bus handshake")]
    Silent(PathBuf),
}

impl Door {
    /// Opens the door on `listener`, a socket that the parent made, for these user ids.
    ///
    /// # Errors
    /// If the socket cannot be watched.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn new(listener: UnixListener, callers: Vec<u32>) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        Ok(Self { listener: Listener::from_std(listener)?, callers, guid: Guid::generate() })
    }

    /// Waits for the next caller and checks its user; hand the result to [`Door::serve`].
    ///
    /// Dropping the future loses no caller.
    ///
    /// # Errors
    /// [`Refused::Accept`] or [`Refused::User`]; the door stays open either way.
    pub async fn accept(&self) -> Result<UnixStream, Refused> {
        let (stream, _) = match self.listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of descriptors, most likely: the ones in use come back, but not in this instant.
                sleep(ACCEPT_REST).await;
                return Err(Refused::Accept(error));
            }
        };
        let uid = stream.peer_cred().map_err(Refused::Accept)?.uid();
        if self.callers.contains(&uid) { Ok(stream) } else { Err(Refused::User(uid)) }
    }

    /// Serves `interface` at [`PATH`] to an accepted caller, until the connection is dropped.
    ///
    /// # Errors
    /// [`Refused::Handshake`] or [`Refused::Silent`].
    pub async fn serve<I: Interface>(
        &self,
        stream: UnixStream,
        interface: I,
    ) -> Result<Connection, Refused> {
        handshake(self.builder(stream)?.serve_at(PATH, interface)).await
    }

    /// Serves two interfaces at [`PATH`], both from the first message on.
    ///
    /// # Errors
    /// [`Refused::Handshake`] or [`Refused::Silent`].
    pub async fn serve_both<I: Interface, J: Interface>(
        &self,
        stream: UnixStream,
        one: I,
        other: J,
    ) -> Result<Connection, Refused> {
        handshake(self.builder(stream)?.serve_at(PATH, one).serve_at(PATH, other)).await
    }

    fn builder(&self, stream: UnixStream) -> Result<Builder<'static>, Refused> {
        let stream = stream.into_std().map_err(Refused::Accept)?;
        Ok(Builder::unix_stream(stream).server(self.guid.clone()).p2p())
    }
}

async fn handshake(builder: Builder<'_>) -> Result<Connection, Refused> {
    match timeout(HANDSHAKE, builder.build()).await {
        Ok(built) => built.map_err(Refused::Handshake),
        Err(_) => Err(Refused::Silent),
    }
}

/// Connects to the role behind the socket `path`, which must be served by user `uid`.
///
/// Make a proxy of the interface from the connection; it ends when the role does.
///
/// # Errors
/// [`Away`]: nobody there, the wrong user, or no D-Bus.
pub async fn connect(path: &Path, uid: u32) -> Result<Connection, Away> {
    let failed = |error| Away::Connect(path.to_owned(), error);
    let stream = UnixStream::connect(path).await.map_err(failed)?;
    let found = stream.peer_cred().map_err(failed)?.uid();
    if found != uid {
        return Err(Away::User(path.to_owned(), found, uid));
    }
    let stream = stream.into_std().map_err(failed)?;
    match timeout(HANDSHAKE, Builder::unix_stream(stream).p2p().build()).await {
        Ok(built) => built.map_err(|error| Away::Handshake(path.to_owned(), error)),
        Err(_) => Err(Away::Silent(path.to_owned())),
    }
}

/// Everything that comes over a connection, in order, until it ends.
///
/// To be made before the first message that matters is sent. What is not taken holds up the
/// connection, so it must be polled for as long as it exists.
#[derive(Debug)]
pub struct Incoming(MessageStream);

impl Incoming {
    /// Listens on `connection`.
    #[must_use]
    pub fn new(connection: &Connection) -> Self {
        Self(MessageStream::from(connection))
    }

    /// The next message; `None` when the connection has ended. Dropping the future loses nothing.
    pub async fn next(&mut self) -> Option<Message> {
        let mut stream = Pin::new(&mut self.0);
        let next = std::future::poll_fn(|context| stream.as_mut().poll_next(context)).await;
        next.and_then(Result::ok)
    }
}

/// After a connection could not be accepted.
const ACCEPT_REST: Duration = Duration::from_millis(200);

/// How long the two greetings may take. A restarting role answers when it is up again.
pub const HANDSHAKE: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use super::*;

    struct Nothing;

    #[zbus::interface(name = "org.fixpart.Nothing1")]
    impl Nothing {}

    fn listener(name: &str) -> (UnixListener, PathBuf) {
        let path = std::env::temp_dir().join(format!("fixpart-{}-{name}", std::process::id()));
        let _ = std::fs::remove_file(&path);
        (UnixListener::bind(&path).unwrap(), path)
    }

    fn own_uid(path: &Path) -> u32 {
        use std::os::unix::fs::MetadataExt as _;
        std::fs::metadata(path).unwrap().uid()
    }

    #[tokio::test]
    async fn a_caller_of_another_user_is_turned_away_unheard() {
        let (listener, path) = listener("turned-away");
        let uid = own_uid(&path);
        let door = Door::new(listener, vec![uid + 1]).unwrap();
        let _caller = UnixStream::connect(&path).await.unwrap();
        assert!(matches!(door.accept().await, Err(Refused::User(found)) if found == uid));
    }

    #[tokio::test]
    async fn a_role_of_another_user_is_not_believed() {
        let (_listener, path) = listener("not-believed");
        let uid = own_uid(&path);
        assert!(matches!(connect(&path, uid + 1).await, Err(Away::User(..))));
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_caller_does_not_hold_the_door() {
        let (listener, path) = listener("silent");
        let door = Door::new(listener, vec![own_uid(&path)]).unwrap();
        let _caller = UnixStream::connect(&path).await.unwrap();
        let stream = door.accept().await.unwrap();
        assert!(matches!(door.serve(stream, Nothing).await, Err(Refused::Silent)));
    }

    #[tokio::test]
    async fn nobody_behind_the_socket_is_said_with_its_name() {
        let (listener, path) = listener("nobody");
        drop(listener);
        let away = connect(&path, own_uid(&path)).await.unwrap_err();
        assert!(away.to_string().contains("nobody"), "{away}");
    }
}
