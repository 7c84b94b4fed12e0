//! Echo requests (RFC 792) by a socket that can send nothing else.

use menu::{Answer, ECHOES_MAX};
use nix::sys::socket::{AddressFamily, SockFlag, SockProtocol, SockType, socket};
use std::io;
use std::net::Ipv4Addr;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};
use tokio::net::UdpSocket;
use tokio::sync::Mutex;
use tokio::time::{sleep, timeout};

/// Opens it; `net.ipv4.ping_group_range` has to allow root to do so.
pub(super) fn open() -> io::Result<OwnedFd> {
    let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
    Ok(socket(AddressFamily::Inet, SockType::Datagram, flags, SockProtocol::Icmp)?)
}

/// The socket, for one person at a time.
#[derive(Debug)]
pub(super) struct Echo {
    /// It is none of UDP, but of datagrams and addresses all the same.
    socket: Mutex<UdpSocket>,
    /// Of the next request, so that a late reply is none to it.
    sequence: AtomicU16,
}

impl Echo {
    pub(super) fn new(socket: OwnedFd) -> io::Result<Self> {
        let socket = UdpSocket::from_std(socket.into())?;
        Ok(Self { socket: Mutex::new(socket), sequence: AtomicU16::new(1) })
    }

    /// Asks [`REQUESTS`] times, a second apart.
    pub(super) async fn ask(&self, whom: Ipv4Addr) -> Answer {
        let socket = self.socket.lock().await;
        let mut echoes = Vec::new();
        for nth in 0..REQUESTS {
            if nth > 0 {
                sleep(APART).await;
            }
            let sequence = self.sequence.fetch_add(1, Ordering::Relaxed);
            let began = Instant::now();
            if let Err(error) = socket.send_to(&request(sequence), (whom, 0)).await {
                return Answer::NotSent(error.to_string());
            }
            let reply = timeout(PATIENCE, hear(&socket, sequence)).await;
            echoes.push(reply.is_ok().then(|| began.elapsed()));
        }
        Answer::Echoes(echoes)
    }
}

/// Waits for the reply to this request.
async fn hear(socket: &UdpSocket, sequence: u16) {
    let mut buffer = [0; 64];
    loop {
        // An error is what somebody on the way has said of an earlier one.
        if let Ok(length) = socket.recv(&mut buffer).await
            && is_reply(buffer.get(..length).unwrap_or_default(), sequence)
        {
            return;
        }
    }
}

/// Type, code, checksum and identifier (which are the kernel's), sequence number, and some octets.
fn request(sequence: u16) -> Vec<u8> {
    let mut request = vec![ECHO, 0, 0, 0, 0, 0];
    request.extend(sequence.to_be_bytes());
    request.extend(*b"fixpart-console ");
    request
}

fn is_reply(octets: &[u8], sequence: u16) -> bool {
    let expected = request(sequence);
    octets.first() == Some(&ECHO_REPLY) && octets.get(6..) == expected.get(6..)
}

const ECHO: u8 = 8;
const ECHO_REPLY: u8 = 0;
const REQUESTS: usize = 3;
const _: () = assert!(REQUESTS <= ECHOES_MAX);
const APART: Duration = Duration::from_millis(500);
/// The menu says so.
const PATIENCE: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_is_to_this_request_and_to_no_other() {
        let mut reply = request(7);
        reply[0] = ECHO_REPLY;
        reply[2..6].copy_from_slice(&[1, 2, 3, 4]);
        assert!(is_reply(&reply, 7) && !is_reply(&reply, 8));
        assert!(!is_reply(&request(7), 7), "our own request");
        for length in 0..reply.len() {
            assert!(!is_reply(&reply[..length], 7), "{length}");
        }
    }
}
