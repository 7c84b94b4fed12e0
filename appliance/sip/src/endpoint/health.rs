//! Which servers did not answer lately (RFC 3263 clause 4.3).

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// Servers that are tried last for a while, and those that have no TCP.
#[derive(Debug, Default)]
pub(super) struct Health {
    down: BTreeMap<SocketAddr, Instant>,
    datagrams_only: BTreeMap<SocketAddr, Instant>,
}

impl Health {
    /// The server failed; it is tried last for `rest`, or for the usual time.
    pub(super) fn failed(&mut self, now: Instant, server: SocketAddr, rest: Option<Duration>) {
        note(&mut self.down, now, server, rest.unwrap_or(DOWN_REST).min(DOWN_MOST));
    }

    /// The server answered.
    pub(super) fn answered(&mut self, server: SocketAddr) {
        self.down.remove(&server);
    }

    /// Whether the server is to be tried last.
    pub(super) fn is_down(&self, now: Instant, server: SocketAddr) -> bool {
        self.down.get(&server).is_some_and(|until| *until > now)
    }

    /// The server takes no connections.
    pub(super) fn refuses_connections(&mut self, now: Instant, server: SocketAddr) {
        note(&mut self.datagrams_only, now, server, DATAGRAMS_ONLY);
    }

    /// Whether a long message goes to this server by UDP all the same.
    pub(super) fn wants_datagrams(&self, now: Instant, server: SocketAddr) -> bool {
        self.datagrams_only.get(&server).is_some_and(|until| *until > now)
    }
}

fn note(
    servers: &mut BTreeMap<SocketAddr, Instant>,
    now: Instant,
    server: SocketAddr,
    rest: Duration,
) {
    if servers.len() >= SERVERS_MAX {
        servers.retain(|_, until| *until > now);
    }
    if servers.len() < SERVERS_MAX {
        servers.insert(server, now + rest);
    }
}

/// How long a server that failed is tried last; the next registration after that tries it first again.
const DOWN_REST: Duration = Duration::from_mins(1);

/// However long it asks to be left alone.
const DOWN_MOST: Duration = Duration::from_mins(10);

/// How long a server is believed to have no TCP.
const DATAGRAMS_ONLY: Duration = Duration::from_hours(1);

/// Servers remembered; a site has a handful.
const SERVERS_MAX: usize = 256;
