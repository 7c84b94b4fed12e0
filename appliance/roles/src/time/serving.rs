//! Sockets on which others ask for the time: one for each address of this machine, so that an answer comes from where
//! the question went, and what was sent to all is not heard.

use super::asking::PORT;
use lan::ntp::{OCTETS_MAX, Packet};
use nix::ifaddrs::getifaddrs;
use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Instant;
use tokio::net::UdpSocket;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::JoinHandle;

/// A question, when it came, and where the answer goes.
pub(super) struct Question {
    pub(super) octets: Vec<u8>,
    pub(super) at: Instant,
    pub(super) from: SocketAddr,
    socket: Arc<UdpSocket>,
}

impl Question {
    /// Sends the answer; who cannot be reached at once asks again.
    pub(super) fn answer(&self, packet: &Packet) {
        let _ = self.socket.try_send_to(&packet.write(), self.from);
    }
}

/// The sockets, while others are told the time.
pub(super) struct Serving {
    sockets: BTreeMap<SocketAddr, JoinHandle<()>>,
    asked: Sender<Question>,
    questions: Receiver<Question>,
    /// Why an address is not served; told once.
    refused: BTreeMap<SocketAddr, io::ErrorKind>,
}

impl Serving {
    pub(super) fn new() -> Self {
        let (asked, questions) = channel(QUESTIONS_MAX);
        Self { sockets: BTreeMap::new(), asked, questions, refused: BTreeMap::new() }
    }

    /// The next question.
    pub(super) async fn next(&mut self) -> Question {
        match self.questions.recv().await {
            Some(question) => question,
            // This end keeps the other one open.
            None => std::future::pending().await,
        }
    }

    /// Listens on all addresses that this machine has now, and on none that it has no more.
    pub(super) fn follow_addresses(&mut self) {
        let addresses = own_addresses();
        self.sockets.retain(|address, task| {
            let stays = addresses.contains(address) && !task.is_finished();
            if !stays {
                task.abort();
            }
            stays
        });
        self.refused.retain(|address, _| addresses.contains(address));
        for address in addresses {
            if self.sockets.contains_key(&address) {
                continue;
            }
            match bind(address) {
                Ok(socket) => {
                    self.refused.remove(&address);
                    let task = tokio::spawn(listen(Arc::new(socket), self.asked.clone()));
                    self.sockets.insert(address, task);
                }
                Err(error) => {
                    if self.refused.insert(address, error.kind()) != Some(error.kind()) {
                        tracing::warn!(%address, %error, "nobody can be told the time there");
                    }
                }
            }
        }
    }

    /// Nobody is told the time any more.
    pub(super) fn end(&mut self) {
        for task in std::mem::take(&mut self.sockets).into_values() {
            task.abort();
        }
        self.refused.clear();
    }

    /// Why others cannot be told the time, where they should.
    pub(super) fn problem(&self) -> Option<String> {
        let (address, _) = self.refused.first_key_value()?;
        Some(format!(
            "nobody can be told the time on {address}; another program may have the port, or this user may not open it"
        ))
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.end();
    }
}

fn bind(address: SocketAddr) -> io::Result<UdpSocket> {
    let socket = std::net::UdpSocket::bind(address)?;
    socket.set_nonblocking(true)?;
    UdpSocket::from_std(socket)
}

/// The addresses of this machine, with the port; a bounded number.
fn own_addresses() -> Vec<SocketAddr> {
    let Ok(interfaces) = getifaddrs() else { return Vec::new() };
    let address = |storage: &nix::sys::socket::SockaddrStorage| -> Option<SocketAddr> {
        if let Some(four) = storage.as_sockaddr_in() {
            return Some((IpAddr::V4(four.ip()), PORT).into());
        }
        let six = std::net::SocketAddrV6::from(*storage.as_sockaddr_in6()?);
        Some(std::net::SocketAddrV6::new(*six.ip(), PORT, 0, six.scope_id()).into())
    };
    let mut addresses: Vec<SocketAddr> =
        interfaces.filter_map(|it| address(&it.address?)).take(ADDRESSES_MAX).collect();
    addresses.sort_unstable();
    addresses.dedup();
    addresses
}

async fn listen(socket: Arc<UdpSocket>, asked: Sender<Question>) {
    let mut buffer = [0; OCTETS_MAX + 1];
    loop {
        match socket.recv_from(&mut buffer).await {
            Ok((length, from)) => {
                let at = Instant::now();
                let octets = buffer.get(..length).unwrap_or_default().to_vec();
                let question = Question { octets, at, from, socket: socket.clone() };
                // Whoever asks while too many wait asks again.
                let _ = asked.try_send(question);
            }
            // A host that an answer went to is not there: that is not our trouble.
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {}
            Err(error) => {
                tracing::debug!(%error, "a socket that tells the time has failed");
                return;
            }
        }
    }
}

/// Questions that wait: a fifth of a second of the most that is answered.
const QUESTIONS_MAX: usize = 128;

/// Addresses that are served: more than one interface has with VLANs and IPv6.
const ADDRESSES_MAX: usize = 32;
