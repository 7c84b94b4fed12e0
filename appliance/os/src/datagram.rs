//! UDP in batches: many datagrams per system call.

mod name;

use name::Name;
use nix::libc;
use std::io;
use std::mem::MaybeUninit;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::os::fd::AsRawFd as _;

/// Datagrams that were received together. Made once, filled again and again.
#[derive(Debug)]
pub struct Batch {
    buffers: Vec<[u8; DATAGRAM_MAX]>,
    received: Vec<Received>,
}

#[derive(Clone, Copy, Debug)]
struct Received {
    from: SocketAddr,
    /// `None`: it was longer than [`DATAGRAM_MAX`], or came over something that is not IP.
    length: Option<usize>,
}

impl Batch {
    /// Room for `size` datagrams, at most [`BATCH_MAX`].
    #[must_use]
    pub fn new(size: usize) -> Self {
        let size = size.clamp(1, BATCH_MAX);
        Self { buffers: vec![[0; DATAGRAM_MAX]; size], received: Vec::with_capacity(size) }
    }

    /// Takes what has come to `socket` by now, without waiting; returns how many datagrams.
    ///
    /// # Errors
    /// [`io::ErrorKind::WouldBlock`] if nothing has come; otherwise what the socket has to say,
    /// such as that an earlier datagram found nobody.
    pub fn receive(&mut self, socket: &UdpSocket) -> io::Result<usize> {
        self.received.clear();
        let size = self.buffers.len();
        // Uninitialised, since this is done for every packet and mostly one slot is used.
        let mut names = [const { MaybeUninit::<Name>::uninit() }; BATCH_MAX];
        let mut pieces = [const { MaybeUninit::<libc::iovec>::uninit() }; BATCH_MAX];
        let mut headers = [const { MaybeUninit::<libc::mmsghdr>::uninit() }; BATCH_MAX];
        let slots = names.iter_mut().zip(&mut pieces).zip(&mut headers).zip(&mut self.buffers);
        for (((name, piece), header), buffer) in slots {
            let name = name.write(Name::EMPTY);
            let piece = piece.write(piece_of(buffer.as_mut_ptr(), DATAGRAM_MAX));
            header.write(header_of(name.as_mut_ptr(), Name::CAPACITY, piece));
        }
        let vector = headers.as_mut_ptr().cast();
        let (length, flags) = (length_of(size), libc::MSG_DONTWAIT);
        #[expect(unsafe_code, reason = "recvmmsg has no safe face without allocation")]
        // SAFETY: the first `size` headers were written above (`slots` has `size` items, since
        // `buffers` has and the arrays are longer); each points at a name and a piece that live
        // until the end of this function, and each piece at a buffer of that length in `self`.
        let count = unsafe {
            libc::recvmmsg(socket.as_raw_fd(), vector, length, flags, std::ptr::null_mut())
        };
        let count = usize::try_from(count).map_err(|_| io::Error::last_os_error())?;
        for (header, name) in headers.iter().zip(&names).take(count.min(size)) {
            #[expect(unsafe_code, reason = "the kernel and the loop above wrote the header")]
            // SAFETY: `count` is at most `size`, and the first `size` headers were written.
            let header = unsafe { header.assume_init_ref() };
            #[expect(unsafe_code, reason = "the kernel and the loop above wrote the name")]
            // SAFETY: the same holds for the names; the kernel writes any octets into octets.
            let name = unsafe { name.assume_init_ref() };
            let cut = header.msg_hdr.msg_flags & libc::MSG_TRUNC != 0;
            let length = usize::try_from(header.msg_len).unwrap_or(0).min(DATAGRAM_MAX);
            let from = name.address().unwrap_or(NOBODY);
            let length = (!cut && from != NOBODY).then_some(length);
            self.received.push(Received { from, length });
        }
        Ok(self.received.len())
    }

    /// What was received: from whom, and the octets; these are empty where it was too long.
    pub fn datagrams(&self) -> impl Iterator<Item = (SocketAddr, &[u8])> {
        self.received.iter().zip(&self.buffers).map(|(received, buffer)| {
            let octets = received.length.and_then(|length| buffer.get(..length));
            (received.from, octets.unwrap_or_default())
        })
    }
}

/// Sends datagrams from `socket` in one call; returns how many of them the kernel took, at most
/// [`BATCH_MAX`].
///
/// # Errors
/// What the first datagram met, such as a full buffer or an unreachable network.
pub fn send<'a>(
    socket: &UdpSocket,
    datagrams: impl Iterator<Item = (SocketAddr, &'a [u8])>,
) -> io::Result<usize> {
    let mut names = [const { MaybeUninit::<Name>::uninit() }; BATCH_MAX];
    let mut pieces = [const { MaybeUninit::<libc::iovec>::uninit() }; BATCH_MAX];
    let mut headers = [const { MaybeUninit::<libc::mmsghdr>::uninit() }; BATCH_MAX];
    let mut size = 0;
    let slots = names.iter_mut().zip(&mut pieces).zip(&mut headers);
    for (((name, piece), header), (to, octets)) in slots.zip(datagrams) {
        let name = name.write(Name::new(to));
        // The kernel only reads from it.
        let piece = piece.write(piece_of(octets.as_ptr().cast_mut(), octets.len()));
        let length = name.length();
        header.write(header_of(name.as_mut_ptr(), length, piece));
        size += 1;
    }
    if size == 0 {
        return Ok(0);
    }
    let vector = headers.as_mut_ptr().cast();
    #[expect(unsafe_code, reason = "sendmmsg has no safe face without allocation")]
    // SAFETY: the first `size` headers were written above; each points at a name and a piece that
    // live until the end of this function, and each piece at octets that outlive it, by `'a`, and
    // that sendmmsg only reads.
    let count =
        unsafe { libc::sendmmsg(socket.as_raw_fd(), vector, length_of(size), libc::MSG_DONTWAIT) };
    usize::try_from(count).map_err(|_| io::Error::last_os_error())
}

fn piece_of(octets: *mut u8, length: usize) -> libc::iovec {
    libc::iovec { iov_base: octets.cast(), iov_len: length }
}

fn header_of(name: *mut u8, length: u32, piece: *mut libc::iovec) -> libc::mmsghdr {
    #[expect(unsafe_code, reason = "the structure has padding on some systems")]
    // SAFETY: a `mmsghdr` is plain integers and pointers, for all of which zero is a value.
    let mut header: libc::mmsghdr = unsafe { std::mem::zeroed() };
    header.msg_hdr.msg_name = name.cast();
    header.msg_hdr.msg_namelen = length;
    header.msg_hdr.msg_iov = piece;
    header.msg_hdr.msg_iovlen = 1;
    header
}

fn length_of(size: usize) -> u32 {
    u32::try_from(size).unwrap_or(0)
}

const NOBODY: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);

/// What fits through Ethernet; longer RTP is none of ours.
pub const DATAGRAM_MAX: usize = 1500;

/// Datagrams in one call. What is prepared for a call lies on the stack: 200 octets for each.
pub const BATCH_MAX: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    fn socket(address: &str) -> UdpSocket {
        let socket = UdpSocket::bind(address).unwrap();
        socket.set_nonblocking(true).unwrap();
        socket
    }

    #[test]
    #[cfg_attr(miri, ignore = "miri has no sockets")]
    fn many_datagrams_go_and_come_in_one_call_each() {
        for address in ["127.0.0.1:0", "[::1]:0"] {
            let (one, other) = (socket(address), socket(address));
            let (from, to) = (one.local_addr().unwrap(), other.local_addr().unwrap());
            let texts: Vec<Vec<u8>> = (0..10u8).map(|n| vec![n; usize::from(n)]).collect();
            let sent = send(&one, texts.iter().map(|text| (to, &text[..]))).unwrap();
            assert_eq!(sent, 10);

            let mut batch = Batch::new(8);
            assert_eq!(batch.receive(&other).unwrap(), 8);
            let mut got: Vec<Vec<u8>> = Vec::new();
            got.extend(batch.datagrams().map(|(by, octets)| {
                assert_eq!(by, from);
                octets.to_vec()
            }));
            assert_eq!(batch.receive(&other).unwrap(), 2);
            got.extend(batch.datagrams().map(|(_, octets)| octets.to_vec()));
            assert_eq!(got, texts);
            let nothing = batch.receive(&other).unwrap_err();
            assert_eq!(nothing.kind(), io::ErrorKind::WouldBlock);
            assert_eq!(batch.datagrams().count(), 0);
        }
    }

    #[test]
    #[cfg_attr(miri, ignore = "miri has no sockets")]
    fn a_datagram_that_is_too_long_is_empty_and_the_largest_is_whole() {
        let (one, other) = (socket("127.0.0.1:0"), socket("127.0.0.1:0"));
        let to = other.local_addr().unwrap();
        let texts = [vec![1; DATAGRAM_MAX + 1], vec![2; DATAGRAM_MAX]];
        send(&one, texts.iter().map(|text| (to, &text[..]))).unwrap();
        let mut batch = Batch::new(4);
        batch.receive(&other).unwrap();
        let lengths: Vec<usize> = batch.datagrams().map(|(_, octets)| octets.len()).collect();
        assert_eq!(lengths, [0, DATAGRAM_MAX]);
    }

    #[test]
    #[cfg_attr(miri, ignore = "miri has no sockets")]
    fn more_than_a_batch_is_taken_in_parts() {
        let (one, other) = (socket("127.0.0.1:0"), socket("127.0.0.1:0"));
        let to = other.local_addr().unwrap();
        let sent = send(&one, std::iter::repeat_n((to, &b"x"[..]), 1000)).unwrap();
        assert_eq!(sent, BATCH_MAX);
        assert_eq!(send(&one, std::iter::empty()).unwrap(), 0);
    }
}
