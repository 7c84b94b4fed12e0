//! Connections of TCP and TLS: opened once per server, used for everything, kept alive.

use super::face::{ConnId, Output, Path, Transport};
use super::{Cx, Due, Endpoint};
use crate::wire::stream::{Frame, Framer, Lost};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

/// The connections there are.
#[derive(Default)]
pub(super) struct Connections {
    open: BTreeMap<ConnId, Connection>,
    by_server: BTreeMap<(SocketAddr, Transport), ConnId>,
    next: u32,
}

struct Connection {
    transport: Transport,
    peer: SocketAddr,
    framer: Framer,
    /// What waits for the connection to come about; `None` once it has.
    queue: Option<Vec<Vec<u8>>>,
    is_ours: bool,
}

impl Endpoint {
    /// The connection to this server, which may be on its way; `None` where there are too many.
    pub(super) fn connection_to(
        &mut self,
        cx: &mut Cx<'_>,
        server: (SocketAddr, Transport),
        host: &str,
    ) -> Option<ConnId> {
        if let Some(conn) = self.connections.by_server.get(&server) {
            return Some(*conn);
        }
        if self.connections.open.len() >= CONNECTIONS_MAX {
            return None;
        }
        let conn = ConnId(self.connections.next);
        self.connections.next = (self.connections.next + 1) % ConnId::ACCEPTED.0;
        let (to, transport) = server;
        cx.out.push(Output::Connect { conn, transport, to, host: host.to_owned() });
        let (framer, queue) = (Framer::default(), Some(Vec::new()));
        let connection = Connection { transport, peer: to, framer, queue, is_ours: true };
        self.connections.open.insert(conn, connection);
        self.connections.by_server.insert(server, conn);
        Some(conn)
    }

    /// Sends octets by a path; whether there is such a path.
    pub(super) fn transmit(&mut self, cx: &mut Cx<'_>, path: Path, octets: Vec<u8>) -> bool {
        if let Path::Conn(conn) = path {
            match self.connections.open.get_mut(&conn) {
                None => return false,
                Some(Connection { queue: Some(queue), .. }) => {
                    if queue.len() < QUEUE_MAX {
                        queue.push(octets);
                    }
                    return true;
                }
                Some(_) => {}
            }
        }
        cx.out.push(Output::Send(path, octets));
        true
    }

    /// The connection that we asked for, or that a peer has opened, is there.
    pub(super) fn connected(
        &mut self,
        cx: &mut Cx<'_>,
        conn: ConnId,
        transport: Transport,
        peer: SocketAddr,
    ) {
        if let Some(connection) = self.connections.open.get_mut(&conn) {
            for octets in connection.queue.take().unwrap_or_default() {
                cx.out.push(Output::Send(Path::Conn(conn), octets));
            }
            self.agenda.start(Due::Ping(conn), cx.now + PING);
            return;
        }
        if conn < ConnId::ACCEPTED || self.connections.open.len() >= CONNECTIONS_MAX {
            cx.out.push(Output::Close(conn));
            return;
        }
        let framer = Framer::default();
        let connection = Connection { transport, peer, framer, queue: None, is_ours: false };
        self.connections.open.insert(conn, connection);
        self.agenda.start(Due::Idle(conn), cx.now + IDLE);
    }

    /// A connection is gone: what waited for it and what is out on it has failed.
    pub(super) fn closed(&mut self, cx: &mut Cx<'_>, conn: ConnId, reason: &str) {
        let Some(connection) = self.connections.open.remove(&conn) else { return };
        let server = (connection.peer, connection.transport);
        if self.connections.by_server.get(&server) == Some(&conn) {
            self.connections.by_server.remove(&server);
        }
        self.agenda.stop(&Due::Ping(conn));
        self.agenda.stop(&Due::Idle(conn));
        let peer = connection.peer;
        tracing::debug!(%peer, reason, "SIP connection closed");
        self.path_failed(cx, Path::Conn(conn), reason);
    }

    /// Octets of a connection, cut anywhere.
    pub(super) fn received_stream(&mut self, cx: &mut Cx<'_>, conn: ConnId, octets: &[u8]) {
        let Some(connection) = self.connections.open.get_mut(&conn) else { return };
        if !connection.is_ours {
            self.agenda.start(Due::Idle(conn), cx.now + IDLE);
        }
        connection.framer.push(octets);
        loop {
            let Some(connection) = self.connections.open.get_mut(&conn) else { return };
            let peer = connection.peer;
            match connection.framer.frame() {
                Ok(None) => return,
                Ok(Some(Frame::Message(message))) => {
                    self.received_message(cx, Path::Conn(conn), peer, &message);
                }
                Ok(Some(Frame::Ping)) => {
                    cx.out.push(Output::Send(Path::Conn(conn), b"\r\n".to_vec()));
                }
                Ok(Some(Frame::Pong)) => {}
                Err(lost) => {
                    self.faults.malformed(cx.now, &lost);
                    if let Lost::Length(message) = &lost {
                        self.refuse_unframed(cx, Path::Conn(conn), peer, message);
                    }
                    cx.out.push(Output::Close(conn));
                    self.closed(cx, conn, "the peer sent what could not be followed");
                    return;
                }
            }
        }
    }

    /// Two line ends every so often, so that NATs and firewalls remember us (RFC 5626 clause 3.5.1).
    pub(super) fn ping(&mut self, cx: &mut Cx<'_>, conn: ConnId) {
        if self.transmit(cx, Path::Conn(conn), b"\r\n\r\n".to_vec()) {
            self.agenda.start(Due::Ping(conn), cx.now + PING);
        }
    }

    /// A peer that has not said anything for long will open another connection when it has something to say.
    pub(super) fn idle(&mut self, cx: &mut Cx<'_>, conn: ConnId) {
        cx.out.push(Output::Close(conn));
        self.closed(cx, conn, "idle");
    }

    /// What carries messages on this path.
    pub(super) fn transport_of(&self, path: Path) -> Transport {
        match path {
            Path::Udp(_) => Transport::Udp,
            Path::Conn(conn) => {
                let connection = self.connections.open.get(&conn);
                connection.map_or(Transport::Tcp, |connection| connection.transport)
            }
        }
    }
}

/// Connections at the same time, ours and those of peers.
const CONNECTIONS_MAX: usize = 4096;

/// Messages that wait for a connection: a start of all handsets while TLS shakes hands.
const QUEUE_MAX: usize = 4096;

/// RFC 5626 clause 4.4.1 has 95 to 120 s for TCP; NATs of small sites forget sooner.
const PING: Duration = Duration::from_secs(30);

/// Longer than the pings of any peer.
const IDLE: Duration = Duration::from_mins(15);
