//! The supervisor's end of sd_notify(3): datagrams with their sender and with descriptors.

use crate::along::{self, Came};
use nix::errno::Errno;
use nix::sys::socket::{setsockopt, sockopt};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixDatagram;
use std::path::Path;

/// The socket behind one role's `NOTIFY_SOCKET`.
#[derive(Debug)]
pub struct Mailbox(UnixDatagram);

/// What was sent to it.
#[derive(Debug)]
pub struct Letter {
    /// How many octets of the buffer it filled.
    pub length: usize,
    /// The process that sent it, as the kernel knows it.
    pub pid: u32,
    /// What came along.
    pub descriptors: Vec<OwnedFd>,
}

impl Mailbox {
    /// Opens it at `path`, where nothing may stand.
    ///
    /// # Errors
    /// If the socket cannot be made there.
    pub fn open(path: &Path) -> io::Result<Self> {
        let socket = UnixDatagram::bind(path)?;
        socket.set_nonblocking(true)?;
        setsockopt(&socket, sockopt::PassCred, &true)?;
        Ok(Self(socket))
    }

    /// The next letter, if one is there; more than fits into `buffer` is cut, and what is more than
    /// [`DESCRIPTORS_MAX`] descriptors is closed.
    ///
    /// # Errors
    /// Only what means that the kernel is at its end.
    pub fn receive(&self, buffer: &mut [u8]) -> io::Result<Option<Letter>> {
        match along::receive::<DESCRIPTORS_MAX>(self.0.as_fd(), buffer) {
            Ok(Came { length, pid, descriptors, .. }) => {
                Ok(Some(Letter { length, pid, descriptors }))
            }
            Err(Errno::EAGAIN | Errno::EINTR) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

impl AsFd for Mailbox {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// Descriptors in one letter.
pub const DESCRIPTORS_MAX: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;
    use nix::sys::socket::{ControlMessage, MsgFlags, sendmsg};
    use std::io::{IoSlice, Read as _};
    use std::os::fd::AsRawFd as _;

    #[test]
    #[cfg_attr(miri, ignore = "miri has no sockets")]
    fn a_letter_names_its_sender_and_brings_its_descriptors() {
        let path = std::env::temp_dir().join(format!("fixpart-mailbox-{}", std::process::id()));
        let _ = std::fs::remove_file(&path);
        let mailbox = Mailbox::open(&path).unwrap();
        let mut buffer = [0; 16];
        assert!(mailbox.receive(&mut buffer).unwrap().is_none());

        let sender = UnixDatagram::unbound().unwrap();
        sender.connect(&path).unwrap();
        let (kept, passed) = std::io::pipe().unwrap();
        let descriptors = [passed.as_raw_fd()];
        let rights = [ControlMessage::ScmRights(&descriptors)];
        let text = [IoSlice::new(b"FDSTORE=1")];
        sendmsg::<()>(sender.as_raw_fd(), &text, &rights, MsgFlags::empty(), None).unwrap();
        drop(passed);
        sender.send(&[b'x'; 100]).unwrap();

        let letter = mailbox.receive(&mut buffer).unwrap().unwrap();
        assert_eq!(&buffer[..letter.length], b"FDSTORE=1");
        assert_eq!(letter.pid, std::process::id());
        assert_eq!(letter.descriptors.len(), 1);
        // It is the other end of ours: when it is closed, ours ends.
        drop(letter);
        assert_eq!(std::io::read_to_string(kept).unwrap(), "");
        assert_eq!(mailbox.receive(&mut buffer).unwrap().unwrap().length, 16);
        std::fs::remove_file(path).unwrap();
    }
    #[test]
    #[cfg_attr(miri, ignore = "miri has no sockets")]
    fn too_many_descriptors_are_neither_kept_nor_an_error() {
        let path =
            std::env::temp_dir().join(format!("fixpart-mailbox-many-{}", std::process::id()));
        let _ = std::fs::remove_file(&path);
        let mailbox = Mailbox::open(&path).unwrap();
        let sender = UnixDatagram::unbound().unwrap();
        sender.connect(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        let mut seen = crate::along::tests::send(&sender, b"FDSTORE=1", 200);
        let letter = mailbox.receive(&mut [0; 16]).unwrap().unwrap();
        assert_eq!((letter.length, letter.descriptors.len()), (9, DESCRIPTORS_MAX));
        drop(letter);
        assert_eq!(seen.read(&mut [0]).unwrap(), 0, "all others are closed");
    }
}
