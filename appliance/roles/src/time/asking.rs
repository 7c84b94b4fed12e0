//! Questions on their way to servers: names are looked up, and each question has a socket of its own.
//!
//! A socket that lives for one question has a port that nobody can foresee,
//! goes out over whatever the network is by then, and hears only the server.

use crate::resolve;
use lan::ntp::{OCTETS, OCTETS_MAX};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::{Duration, Instant};
use tokio::net::UdpSocket;
use tokio::sync::mpsc::Sender;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// What comes of asking.
pub(super) enum Came {
    /// The addresses of a server.
    Addresses(usize, Vec<IpAddr>),
    /// Octets from a server, and when they came.
    Answer(usize, Instant, Vec<u8>),
}

/// The servers that are asked.
pub(super) struct Asking {
    servers: Vec<Asked>,
    /// What runs ends with this.
    tasks: JoinSet<()>,
    came: Sender<Came>,
}

/// One server.
pub(super) struct Asked {
    /// As the settings or the network name it.
    pub(super) name: String,
    addresses: Vec<IpAddr>,
    /// Which of them is asked.
    at: usize,
    /// Questions since it was last heard.
    unanswered: u8,
    looking: bool,
}

impl Asked {
    /// The address that is asked.
    pub(super) fn address(&self) -> Option<IpAddr> {
        self.addresses.get(self.at).copied()
    }
}

impl Asking {
    /// Servers of these names; what comes of it is told to `came`.
    pub(super) fn new(names: &[String], came: Sender<Came>) -> Self {
        let asked = |name: &String| Asked {
            name: name.clone(),
            addresses: name.parse().into_iter().collect(),
            at: 0,
            unanswered: 0,
            looking: false,
        };
        let servers = names.iter().map(asked).collect();
        let mut asking = Self { servers, tasks: JoinSet::new(), came };
        for server in 0..names.len() {
            if asking.address(server).is_none() {
                asking.look_up(server);
            }
        }
        asking
    }

    pub(super) fn servers(&self) -> &[Asked] {
        &self.servers
    }

    pub(super) fn address(&self, server: usize) -> Option<IpAddr> {
        self.servers.get(server)?.address()
    }

    /// Sends a question now, over the first address that can be reached; what comes back within some seconds is told.
    pub(super) fn ask(&mut self, server: usize, question: &[u8; OCTETS]) {
        // What has ended makes room.
        while self.tasks.try_join_next().is_some() {}
        let Some(asked) = self.servers.get_mut(server) else { return };
        asked.unanswered = asked.unanswered.saturating_add(1);
        let silent = asked.unanswered > UNANSWERED_MAX;
        if silent && !asked.addresses.is_empty() {
            // It may have another address, and its name may mean another by now.
            (asked.at, asked.unanswered) = ((asked.at + 1) % asked.addresses.len(), 0);
        }
        for _ in 0..asked.addresses.len() {
            let Some(address) = asked.address() else { break };
            match send(address, question) {
                Ok(socket) => {
                    let came = self.came.clone();
                    self.tasks.spawn(listen(server, socket, came));
                    if silent {
                        self.look_up(server);
                    }
                    return;
                }
                // There is no way there: the next address may be of the other family.
                Err(error) => {
                    tracing::debug!(%address, %error, "cannot be asked for the time");
                    asked.at = (asked.at + 1) % asked.addresses.len();
                }
            }
        }
        self.look_up(server);
    }

    /// The server is there.
    pub(super) fn heard(&mut self, server: usize) {
        if let Some(asked) = self.servers.get_mut(server) {
            asked.unanswered = 0;
        }
    }

    /// Takes note of what a name means; whether it is something new.
    pub(super) fn found(&mut self, server: usize, addresses: Vec<IpAddr>) -> bool {
        let Some(asked) = self.servers.get_mut(server) else { return false };
        asked.looking = false;
        if addresses.is_empty() || addresses == asked.addresses {
            return false;
        }
        (asked.addresses, asked.at) = (addresses, 0);
        true
    }

    fn look_up(&mut self, server: usize) {
        let Some(asked) = self.servers.get_mut(server) else { return };
        if asked.looking || asked.name.parse::<IpAddr>().is_ok() {
            return;
        }
        asked.looking = true;
        let (name, came) = (asked.name.clone(), self.came.clone());
        self.tasks.spawn(async move {
            let addresses = resolve::addresses(&name).await;
            // The role may be asking others by now.
            let _ = came.send(Came::Addresses(server, addresses)).await;
        });
    }
}

/// A socket that has sent the question and hears this server only.
fn send(address: IpAddr, question: &[u8]) -> io::Result<UdpSocket> {
    let any = match address {
        IpAddr::V4(_) => SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)),
        IpAddr::V6(_) => SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0)),
    };
    let socket = std::net::UdpSocket::bind(any)?;
    socket.set_nonblocking(true)?;
    socket.connect((address, PORT))?;
    socket.send(question)?;
    UdpSocket::from_std(socket)
}

async fn listen(server: usize, socket: UdpSocket, came: Sender<Came>) {
    let mut buffer = [0; OCTETS_MAX + 1];
    let hearing = async {
        for _ in 0..ANSWERS_MAX {
            let Ok(length) = socket.recv(&mut buffer).await else { return };
            let at = Instant::now();
            let octets = buffer.get(..length).unwrap_or_default().to_vec();
            if came.send(Came::Answer(server, at, octets)).await.is_err() {
                return;
            }
        }
    };
    let _ = timeout(PATIENCE, hearing).await;
}

/// Where servers listen.
pub(super) const PORT: u16 = 123;

/// How long an answer is waited for; what takes longer says nothing of the time.
const PATIENCE: Duration = Duration::from_secs(5);

/// Datagrams that are looked at after one question: one is the answer, others may be forged.
const ANSWERS_MAX: usize = 16;

/// Questions without an answer before another address is tried.
const UNANSWERED_MAX: u8 = 4;
