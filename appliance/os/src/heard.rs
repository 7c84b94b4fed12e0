//! Datagrams of a Unix socket with the user who sent them, and memory that was passed in place of one.

use crate::along::{self, Came};
use nix::fcntl::{FcntlArg, SealFlag, fcntl};
use nix::sys::socket::{setsockopt, sockopt};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::FileExt as _;
use std::os::unix::net::UnixDatagram;
use std::path::Path;

/// A socket on which the kernel names every sender.
#[derive(Debug)]
pub struct Ear(UnixDatagram);

/// What has come.
#[derive(Debug)]
pub struct Heard {
    /// How many octets of the buffer it filled.
    pub length: usize,
    /// It was longer than the buffer.
    pub cut: bool,
    /// The process that sent it.
    pub pid: u32,
    /// The user that the process had.
    pub uid: u32,
    /// The first descriptor that came along; further ones have been closed.
    pub memory: Option<OwnedFd>,
}

impl Ear {
    /// Opens the socket at `path`, where nothing may stand.
    ///
    /// # Errors
    /// If it cannot be made there.
    pub fn open(path: &Path) -> io::Result<Self> {
        let ear = Self(UnixDatagram::bind(path)?);
        // From the beginning: what comes before has no sender, not even a wrong one.
        setsockopt(&ear.0, sockopt::PassCred, &true)?;
        ear.0.set_nonblocking(true)?;
        Ok(ear)
    }
}

/// The next datagram on a socket that was opened as an [`Ear`].
///
/// # Errors
/// [`io::ErrorKind::WouldBlock`] if there is none; anything else means that the kernel is at its end.
pub fn receive(ear: impl AsFd, buffer: &mut [u8]) -> io::Result<Heard> {
    let Came { length, cut, pid, uid, descriptors } =
        along::receive::<DESCRIPTORS_MAX>(ear.as_fd(), buffer)?;
    Ok(Heard { length, cut, pid, uid, memory: descriptors.into_iter().next() })
}

impl AsFd for Ear {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// The first `max` octets of memory that nobody can change any more (memfd_create(2), F_SEAL_WRITE).
///
/// # Errors
/// If it is something else: reading from it might wait for ever.
pub fn sealed(memory: OwnedFd, max: usize) -> io::Result<Vec<u8>> {
    let seals = SealFlag::from_bits_truncate(fcntl(&memory, FcntlArg::F_GET_SEALS)?);
    if !seals.contains(SealFlag::F_SEAL_WRITE | SealFlag::F_SEAL_SHRINK) {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "the memory is not sealed"));
    }
    let file = File::from(memory);
    let length = usize::try_from(file.metadata()?.len()).unwrap_or(max).min(max);
    let mut octets = vec![0; length];
    file.read_exact_at(&mut octets, 0)?;
    Ok(octets)
}

/// A sender passes one.
const DESCRIPTORS_MAX: usize = 1;

#[cfg(test)]
mod tests {
    use super::*;
    use nix::sys::memfd::{MFdFlags, memfd_create};
    use nix::sys::socket::{ControlMessage, MsgFlags, sendmsg};
    use std::io::{IoSlice, Write as _};
    use std::os::fd::AsRawFd as _;

    fn ear(name: &str) -> (Ear, UnixDatagram) {
        let path = std::env::temp_dir().join(format!("fixpart-{}-{name}", std::process::id()));
        let _ = std::fs::remove_file(&path);
        let ear = Ear::open(&path).unwrap();
        let sender = UnixDatagram::unbound().unwrap();
        sender.connect(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        (ear, sender)
    }

    fn memory(text: &str, seals: SealFlag) -> OwnedFd {
        let fd = memfd_create("record", MFdFlags::MFD_ALLOW_SEALING).unwrap();
        let mut file = File::from(fd);
        file.write_all(text.as_bytes()).unwrap();
        let fd = OwnedFd::from(file);
        fcntl(&fd, FcntlArg::F_ADD_SEALS(seals)).unwrap();
        fd
    }

    #[test]
    #[cfg_attr(miri, ignore = "miri has no sockets")]
    fn a_datagram_names_its_sender() {
        let (ear, sender) = ear("names");
        sender.send(b"hello").unwrap();
        sender.send(&[7; 100]).unwrap();
        let mut buffer = [0; 20];
        let heard = receive(&ear, &mut buffer).unwrap();
        assert_eq!((heard.pid, heard.uid), (std::process::id(), crate::own_uid()));
        assert_eq!((&buffer[..heard.length], heard.cut), (&b"hello"[..], false));
        let heard = receive(&ear, &mut buffer).unwrap();
        assert_eq!((heard.length, heard.cut), (20, true));
        assert_eq!(receive(&ear, &mut buffer).unwrap_err().kind(), io::ErrorKind::WouldBlock);
    }

    #[test]
    #[cfg_attr(miri, ignore = "miri has no sockets")]
    fn a_sender_that_passes_many_descriptors_is_heard_like_any_other() {
        let (ear, sender) = ear("many");
        for count in [2, 3, 253] {
            drop(crate::along::tests::send(&sender, b"hello", count));
            let heard = receive(&ear, &mut [0; 20]).unwrap();
            assert_eq!((heard.length, heard.pid), (5, std::process::id()));
            assert!(heard.memory.is_some());
        }
    }

    #[test]
    #[cfg_attr(miri, ignore = "miri has no sockets")]
    fn memory_is_read_up_to_the_bound_and_only_if_it_is_sealed() {
        let (ear, sender) = ear("memory");
        let all = SealFlag::F_SEAL_WRITE | SealFlag::F_SEAL_SHRINK;
        for (seals, expected) in [(all, Some(&b"hello"[..])), (SealFlag::F_SEAL_SHRINK, None)] {
            let memory = memory("hello world", seals);
            let numbers = [memory.as_raw_fd()];
            let control = [ControlMessage::ScmRights(&numbers)];
            let none = MsgFlags::empty();
            sendmsg::<()>(sender.as_raw_fd(), &[IoSlice::new(b"")], &control, none, None).unwrap();
            let heard = receive(&ear, &mut [0; 10]).unwrap();
            assert_eq!(sealed(heard.memory.unwrap(), 5).ok().as_deref(), expected);
        }
        let (pipe, _writer) = std::io::pipe().unwrap();
        assert!(sealed(pipe.into(), 5).is_err(), "a pipe would be waited for");
    }
}
