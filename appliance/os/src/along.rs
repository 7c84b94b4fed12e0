//! Datagrams of a Unix socket with what came along: who sent them, and descriptors.
//!
//! A sender may pass more descriptors than there is room for, or than this
//! process may have open. The kernel then cuts the list, and what it has
//! opened by then must be closed like all others: nix gives no access to it.

use nix::libc;
use nix::sys::socket::{MsgFlags, UnixCredentials, recvmsg, setsockopt, sockopt};
use std::io::IoSliceMut;
use std::os::fd::{AsRawFd as _, BorrowedFd, FromRawFd as _, OwnedFd, RawFd};

/// A datagram that has come.
#[derive(Debug)]
pub(crate) struct Came {
    /// How many octets of the buffer it filled.
    pub(crate) length: usize,
    /// It was longer than the buffer.
    pub(crate) cut: bool,
    /// The process that sent it; 0 where the kernel does not know.
    pub(crate) pid: u32,
    /// The user that the process had; [`NOBODY`] where the kernel does not know.
    pub(crate) uid: u32,
    /// As many as there was room for.
    pub(crate) descriptors: Vec<OwnedFd>,
}

/// The next datagram, without waiting; at most `ROOM` descriptors come with it.
pub(crate) fn receive<const ROOM: usize>(
    socket: BorrowedFd<'_>,
    buffer: &mut [u8],
) -> nix::Result<Came> {
    // Zeros, so that what the kernel does not write is no item.
    let mut space = nix::cmsg_space!(UnixCredentials, [RawFd; ROOM]);
    let mut pieces = [IoSliceMut::new(buffer)];
    let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_CMSG_CLOEXEC;
    let message = recvmsg::<()>(socket.as_raw_fd(), &mut pieces, Some(&mut space), flags)?;
    let cut = message.flags.contains(MsgFlags::MSG_TRUNC);
    let length = message.bytes;
    let mut came = Came { length, cut, pid: 0, uid: NOBODY, descriptors: Vec::new() };
    for (kind, content) in items(&space) {
        let mut numbers = content.chunks_exact(4).filter_map(|it| it.first_chunk().copied());
        match kind {
            libc::SCM_CREDENTIALS => {
                came.pid = numbers.next().map_or(0, u32::from_ne_bytes);
                came.uid = numbers.next().map_or(NOBODY, u32::from_ne_bytes);
            }
            libc::SCM_RIGHTS => {
                #[expect(unsafe_code, reason = "descriptors arrive as numbers")]
                // SAFETY: the kernel has just opened each of them for us alone, and written their numbers here.
                let owned = numbers
                    .map(|number| unsafe { OwnedFd::from_raw_fd(RawFd::from_ne_bytes(number)) });
                came.descriptors.extend(owned.inspect(close_at_once));
            }
            _ => {}
        }
    }
    Ok(came)
}

/// Whoever passed a socket may have told it to linger: closing it would then last as long as that says. What is no
/// socket has no such setting.
fn close_at_once(descriptor: &OwnedFd) {
    let none = libc::linger { l_onoff: 0, l_linger: 0 };
    let _ = setsockopt(descriptor, sockopt::Linger, &none);
}

/// The items of the socket's own level: length with the head, level, kind, content, and a gap up to the next word.
fn items(space: &[u8]) -> impl Iterator<Item = (i32, &[u8])> {
    let mut rest = space;
    let next = move || {
        let (length, behind) = rest.split_first_chunk()?;
        let (level, behind) = behind.split_first_chunk()?;
        let kind = behind.first_chunk()?;
        let length = usize::from_ne_bytes(*length);
        let content = rest.get(HEAD..length)?;
        let item = (i32::from_ne_bytes(*level), i32::from_ne_bytes(*kind), content);
        rest = rest.get(length.next_multiple_of(size_of::<usize>())..).unwrap_or_default();
        Some(item)
    };
    let ours = |(level, kind, content)| (level == libc::SOL_SOCKET).then_some((kind, content));
    std::iter::from_fn(next).filter_map(ours)
}

/// Octets before the content of an item (`struct cmsghdr`).
const HEAD: usize = size_of::<usize>() + 2 * size_of::<i32>();

/// The user of whom the kernel does not know (the overflow uid).
pub(crate) const NOBODY: u32 = 65_534;

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use nix::sys::socket::{ControlMessage, sendmsg};
    use std::io::{IoSlice, Read as _};
    use std::os::fd::AsFd as _;
    use std::os::unix::net::UnixDatagram;

    /// Sends `text` with `count` descriptors, all of one pipe, and gives the end at which their closing is seen.
    pub(crate) fn send(sender: &UnixDatagram, text: &[u8], count: usize) -> std::io::PipeReader {
        let (seen, passed) = std::io::pipe().unwrap();
        let numbers = vec![passed.as_raw_fd(); count];
        let control = [ControlMessage::ScmRights(&numbers)];
        let none = MsgFlags::empty();
        sendmsg::<()>(sender.as_raw_fd(), &[IoSlice::new(text)], &control, none, None).unwrap();
        seen
    }

    #[test]
    #[cfg_attr(miri, ignore = "miri has no sockets")]
    fn more_descriptors_than_there_is_room_for_are_closed_and_the_datagram_is_read() {
        let (sender, ear) = UnixDatagram::pair().unwrap();
        nix::sys::socket::setsockopt(&ear, nix::sys::socket::sockopt::PassCred, &true).unwrap();
        for count in [1, 2, 3, 4, 253] {
            let mut seen = send(&sender, b"hello", count);
            let mut buffer = [0; 10];
            let came = receive::<2>(ear.as_fd(), &mut buffer).unwrap();
            assert_eq!((&buffer[..came.length], came.cut), (&b"hello"[..], false));
            assert_eq!((came.pid, came.uid), (std::process::id(), crate::own_uid()));
            assert_eq!(came.descriptors.len(), count.min(2));
            drop(came);
            // The pipe ends only when nobody holds its other end any more.
            assert_eq!(seen.read(&mut [0]).unwrap(), 0, "{count}");
        }
    }

    #[test]
    #[cfg_attr(miri, ignore = "miri has no sockets")]
    fn a_socket_that_would_linger_is_closed_at_once() {
        use std::net::{TcpListener, TcpStream};
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let hour = libc::linger { l_onoff: 1, l_linger: 3600 };
        setsockopt(&stream, sockopt::Linger, &hour).unwrap();
        let (sender, ear) = UnixDatagram::pair().unwrap();
        let numbers = [stream.as_raw_fd()];
        let control = [ControlMessage::ScmRights(&numbers)];
        let none = MsgFlags::empty();
        sendmsg::<()>(sender.as_raw_fd(), &[IoSlice::new(b"x")], &control, none, None).unwrap();
        let came = receive::<1>(ear.as_fd(), &mut [0; 10]).unwrap();
        assert_eq!(came.descriptors.len(), 1);
        let set = nix::sys::socket::getsockopt(&stream, sockopt::Linger).unwrap();
        assert_eq!(set.l_onoff, 0, "it is the same socket, whoever holds it");
    }

    #[test]
    fn what_is_no_item_ends_the_list() {
        assert_eq!(items(&[]).count(), 0);
        assert_eq!(items(&[0; 40]).count(), 0);
        assert_eq!(items(&[0xFF; 40]).count(), 0);
        let mut space = 20_usize.to_ne_bytes().to_vec();
        space.extend(libc::SOL_SOCKET.to_ne_bytes());
        space.extend([1, 0, 0, 0, 7, 0, 0, 0, 9, 9, 9, 9]);
        let found: Vec<_> = items(&space).collect();
        assert_eq!(found, [(i32::from_ne_bytes([1, 0, 0, 0]), &[7, 0, 0, 0][..])]);
    }
}
