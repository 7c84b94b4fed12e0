//! SNMP: one port, and the traps.
//!
//! The service does nothing while `snmp.enable` is off: there is no socket, and
//! nobody is asked. Each change of its settings begins the agent anew, but not
//! its name and clock, which belong to the process.

mod engine;
mod eyes;
mod facts;
mod issues;
mod telling;
mod wishes;

use super::service::{Shown, Stop};
use super::surroundings::Surroundings;
use crate::random::OsRandom;
use engine::Named;
use eyes::{Eyes, Seen};
use facts::Picture;
use issues::Issues;
use lan::snmp::mib::notification;
use lan::snmp::{Agent, Engine};
use machine::Rng as _;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket as Socket};
use std::time::{Duration, Instant};
use telling::Teller;
use tokio::net::UdpSocket;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval, sleep};
use wishes::Wishes;

/// Serves until `stop`.
pub(super) async fn serve(around: Surroundings, show: watch::Sender<Shown>, mut stop: Stop) {
    let mut settings = around.settings.clone();
    let mut process = Process { engine: None, told_of_begin: false };
    loop {
        let wishes = settings.borrow_and_update().as_deref().and_then(Wishes::of);
        let serving = async {
            match &wishes {
                Some(wishes) => process.serve(&around, wishes, &show).await,
                None => {
                    show.send_replace(Shown { status: "SNMP is off".into(), ..Shown::default() });
                    std::future::pending::<()>().await;
                }
            }
        };
        let changed = async {
            loop {
                // The role goes first, and this with it.
                if settings.changed().await.is_err() {
                    std::future::pending::<()>().await;
                }
                let now = settings.borrow_and_update().as_deref().and_then(Wishes::of);
                if now != wishes {
                    return;
                }
            }
        };
        tokio::select! {
            () = stop.told() => return,
            () = changed => {}
            () = serving => {}
        }
    }
}

/// What stays over a change of the settings.
struct Process {
    engine: Option<Named>,
    told_of_begin: bool,
}

impl Process {
    /// Serves under these settings, for ever.
    async fn serve(&mut self, around: &Surroundings, wishes: &Wishes, show: &watch::Sender<Shown>) {
        let mut alerts = wishes.alerts.clone();
        let engine = self.engine(around, wishes).unwrap_or_else(|alert| {
            alerts.push(alert);
            None
        });
        let socket = open(wishes.port, &alerts, show).await;
        let now = Instant::now();
        let mut desk = Desk {
            agent: Agent::new(now, &wishes.access, engine.clone(), random()),
            picture: Picture::new(around.clone(), engine.clone()),
            issues: Issues::default(),
            teller: Teller::begin(wishes, engine, random()),
            wishes,
            alerts,
            refused: 0,
        };
        if !std::mem::replace(&mut self.told_of_begin, true) {
            desk.teller.tell(desk.picture.up(), notification::cold_start());
        }
        desk.run(&socket, Eyes::open(around), show).await;
    }

    /// The name and the clock, where somebody may ask by version 3 or is told so.
    fn engine(&mut self, around: &Surroundings, wishes: &Wishes) -> Result<Option<Engine>, String> {
        if wishes.access.users.is_empty() {
            return Ok(None);
        }
        if self.engine.is_none() {
            self.engine = Some(Named::begin(&around.folder, &mut OsRandom)?);
        }
        Ok(self.engine.as_ref().map(Named::engine))
    }
}

/// Between the network and those who know.
struct Desk<'a> {
    agent: Agent,
    picture: Picture,
    issues: Issues,
    teller: Teller,
    wishes: &'a Wishes,
    alerts: Vec<String>,
    /// Datagrams from networks that may not ask.
    refused: u64,
}

impl Desk<'_> {
    async fn run(&mut self, socket: &UdpSocket, mut eyes: Eyes, show: &watch::Sender<Shown>) {
        let mut beat = interval(BEAT);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut buffer = vec![0; DATAGRAM_MAX];
        loop {
            tokio::select! {
                received = socket.recv_from(&mut buffer) => match received {
                    Ok((length, from)) => {
                        let octets = buffer.get(..length).unwrap_or_default();
                        if let Some(answer) = self.answer(octets, from) {
                            // Nobody waits for one that cannot be sent now.
                            let _ = socket.try_send_to(&answer, from);
                        }
                    }
                    // That an answer found nobody.
                    Err(error) => tracing::debug!(%error, "SNMP"),
                },
                seen = eyes.next() => self.seen(seen),
                _ = beat.tick() => drop(show.send_replace(self.shown())),
            }
        }
    }

    fn answer(&mut self, octets: &[u8], from: SocketAddr) -> Option<Vec<u8>> {
        if !self.wishes.permits(from.ip()) {
            self.refused = self.refused.saturating_add(1);
            return None;
        }
        let now = Instant::now();
        let (picture, issues) = (&mut self.picture, &self.issues);
        let lost = self.teller.counted().lost;
        let wishes = self.wishes;
        self.agent.input(now, octets, |stats| picture.tree(now, wishes, (stats, lost, issues)))
    }

    fn seen(&mut self, seen: Seen) {
        let up = self.picture.up();
        let told = match &seen {
            Seen::Happened(event) => issues::told_by(event).into_iter().collect(),
            Seen::Observed(role, observed) => self.issues.say(role, &observed.alerts),
            Seen::Silent(role) => self.issues.silent(role),
            Seen::Absent(role) => self.issues.say(role, &[]),
        };
        for event in told {
            self.teller.tell(up, event);
        }
        self.picture.seen(seen);
    }

    fn shown(&self) -> Shown {
        let stats = self.agent.stats();
        let told = self.teller.counted();
        let where_to = if self.wishes.host.is_empty() { "" } else { ", traps are sent" };
        Shown {
            status: format!("SNMP is answered at port {}{where_to}", self.wishes.port),
            counters: vec![
                ("snmp_received", stats.received),
                ("snmp_answered", stats.answered),
                ("snmp_bad_communities", stats.bad_communities),
                ("snmp_bad_keys", stats.wrong_proofs),
                ("snmp_throttled", stats.throttled),
                ("snmp_refused", self.refused),
                ("snmp_told", told.told),
                ("snmp_untold", told.lost),
            ],
            alerts: self.alerts.clone(),
        }
    }
}

/// Opens the port, again and again until it can be had.
async fn open(port: u16, alerts: &[String], show: &watch::Sender<Shown>) -> UdpSocket {
    loop {
        let why = match bound(port).and_then(UdpSocket::from_std) {
            Ok(socket) => return socket,
            Err(why) => why,
        };
        let alert = format!(
            "SNMP cannot have the port {port}: {why}; choose another one (fixpart.snmp.port), or end who has it"
        );
        let status = "SNMP waits for its port".to_owned();
        let alerts = alerts.iter().cloned().chain([alert]).collect();
        show.send_replace(Shown { status, alerts, ..Shown::default() });
        sleep(TRIES).await;
    }
}

/// At all addresses; those of IPv4 alone where there is no IPv6.
fn bound(port: u16) -> io::Result<Socket> {
    let any = |address| Socket::bind(SocketAddr::new(address, port));
    let socket = match any(Ipv6Addr::UNSPECIFIED.into()) {
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => Err(error),
        Err(_) => any(Ipv4Addr::UNSPECIFIED.into()),
        bound => bound,
    }?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

fn random() -> u64 {
    let mut octets = [0; 8];
    OsRandom.fill(&mut octets);
    u64::from_ne_bytes(octets)
}

/// Octets of a datagram that are read; one that is longer is no question that anybody asks.
const DATAGRAM_MAX: usize = 2048;
/// How often what can be seen is put down.
const BEAT: Duration = Duration::from_secs(1);
/// How long to wait for a port that somebody else has.
const TRIES: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests;
