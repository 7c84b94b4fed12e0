//! The media role, as far as the brain sees it: sessions with ports.

use media::session::{Command, Report, SessionId, Side};
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// The sessions.
#[derive(Default)]
pub(crate) struct SimMedia {
    sessions: BTreeMap<SessionId, Sides>,
    last_port: u16,
    /// No port is to be had.
    pub(crate) full: bool,
}

/// Which sides of a session have a far end.
#[derive(Clone, Copy, Default)]
struct Sides {
    radio: bool,
    network: bool,
}

impl SimMedia {
    /// Does what is asked; says what there is to report, and what a person would want to know.
    pub(super) fn command(&mut self, command: &Command) -> (Option<Report>, String) {
        match command {
            Command::Open(session) if self.full => {
                let failed = Report::Failed(*session, "no ports are left".to_owned());
                (Some(failed), format!("{session:?} refused"))
            }
            Command::Open(session) => {
                self.last_port = self.last_port.wrapping_add(4) % 20_000;
                let port = 20_000 + self.last_port;
                let known = self.sessions.insert(*session, Sides::default()).is_some();
                assert!(!known, "{session:?} is opened twice");
                let opened = Report::Opened {
                    session: *session,
                    radio: SocketAddr::new(LOCAL, port),
                    network: SocketAddr::new(LOCAL, port + 2),
                };
                (Some(opened), format!("{session:?} opened"))
            }
            Command::Connect(session, side, peer) => {
                let sides = self.sessions.get_mut(session);
                let sides = sides.unwrap_or_else(|| panic!("{session:?} is not open"));
                match side {
                    Side::Radio => sides.radio = true,
                    Side::Network => sides.network = true,
                }
                let told = format!("{session:?} {side:?} {:?} {:?}", peer.codec, peer.direction);
                (None, told)
            }
            Command::Key(session, side, key, _) => {
                (None, format!("{session:?} {side:?} key {key}"))
            }
            Command::Close(session) => {
                self.sessions.remove(session);
                let closed = Report::Closed(*session, Box::default());
                (Some(closed), format!("{session:?} closed"))
            }
        }
    }

    /// How many sessions are open.
    pub(crate) fn sessions(&self) -> usize {
        self.sessions.len()
    }

    /// The role dies and comes back.
    pub(super) fn die(&mut self) {
        self.sessions.clear();
    }
}

const LOCAL: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
