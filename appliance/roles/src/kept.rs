//! Sockets that outlive the process which uses them.
//!
//! The first process of a role makes them and gives them to the supervisor
//! (`FDSTORE=1` of sd_notify(3)), which passes them to the next one. So while a
//! role restarts whoever calls waits, and is not refused.

use os::passed::{self, Passed};
use std::io;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};

/// The sockets that earlier processes of this role have left with the supervisor.
#[derive(Debug, Default)]
pub struct Kept(Passed);

impl Kept {
    /// Those among what was passed; everything else has to be taken out before.
    #[must_use]
    pub const fn new(passed: Passed) -> Self {
        Self(passed)
    }

    /// The listener that was kept under this name, if it listens at this address (with port 0: at any port of it),
    /// else the one that `open` makes, which is kept from now on.
    ///
    /// # Errors
    /// Those of `open`.
    pub fn listener(
        &mut self,
        name: &str,
        at: SocketAddr,
        open: impl FnOnce() -> io::Result<TcpListener>,
    ) -> io::Result<TcpListener> {
        if let Some(left) = self.left(name, at) {
            return Ok(left.into());
        }
        let made = open()?;
        keep(name, made.as_fd());
        Ok(made)
    }

    /// The same for datagrams.
    ///
    /// # Errors
    /// Those of `open`.
    pub fn datagrams(
        &mut self,
        name: &str,
        at: SocketAddr,
        open: impl FnOnce() -> io::Result<UdpSocket>,
    ) -> io::Result<UdpSocket> {
        if let Some(left) = self.left(name, at) {
            return Ok(left.into());
        }
        let made = open()?;
        keep(name, made.as_fd());
        Ok(made)
    }

    /// Closes what nobody has asked for: the settings do not want it any more.
    pub fn close_the_rest(&mut self) {
        for name in self.0.names() {
            drop(self.0.named(&name));
            forget(&name);
        }
    }

    /// What was kept under this name, if its address is the right one; otherwise it is closed here and there, so that
    /// a new one finds its port free.
    fn left(&mut self, name: &str, at: SocketAddr) -> Option<OwnedFd> {
        // Asking for the name of a socket does not depend on its kind.
        let socket = UdpSocket::from(self.0.named(name)?);
        let here = socket
            .local_addr()
            .is_ok_and(|left| left.ip() == at.ip() && (at.port() == 0 || left.port() == at.port()));
        if here {
            return Some(socket.into());
        }
        drop(socket);
        forget(name);
        None
    }
}

fn keep(name: &str, socket: BorrowedFd<'_>) {
    // Without a supervisor that keeps it, it ends with us.
    let _ = passed::keep(name, socket);
}

fn forget(name: &str) {
    if let Err(error) = passed::forget(name) {
        tracing::warn!(name, %error, "the supervisor may still hold a socket that is not used any more");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open() -> io::Result<TcpListener> {
        TcpListener::bind("127.0.0.1:0")
    }

    fn kept(name: &str, listener: &TcpListener) -> Kept {
        let fd = listener.as_fd().try_clone_to_owned().unwrap();
        Kept::new(Passed::from_iter([(name.to_owned(), fd)]))
    }

    #[test]
    fn a_kept_listener_is_taken_where_it_listens_at_the_right_address() {
        let listener = open().unwrap();
        let at = listener.local_addr().unwrap();
        let any_port = SocketAddr::new(at.ip(), 0);
        for wanted in [at, any_port] {
            let never = || -> io::Result<TcpListener> { panic!("it is there") };
            let taken = kept("sip", &listener).listener("sip", wanted, never).unwrap();
            assert_eq!(taken.local_addr().unwrap(), at);
        }
    }

    #[test]
    fn one_with_another_name_or_address_is_not() {
        let listener = open().unwrap();
        let at = listener.local_addr().unwrap();
        let elsewhere = SocketAddr::new([127, 0, 0, 2].into(), at.port());
        for (name, wanted) in [("door", at), ("sip", elsewhere)] {
            let made = kept("sip", &listener).listener(name, wanted, open).unwrap();
            assert_ne!(made.local_addr().unwrap(), at);
        }
    }

    #[test]
    fn a_socket_whose_settings_are_gone_is_closed() {
        let listener = open().unwrap();
        let at = listener.local_addr().unwrap();
        let mut rest = kept("sip", &listener);
        drop(listener);
        rest.close_the_rest();
        assert!(std::net::TcpStream::connect(at).is_err());
    }
}
