//! Traps and informs: a task with a socket of its own, towards one receiver.

use super::wishes::Wishes;
use crate::resolve::{Family, Names};
use lan::snmp::{Binding, Counted, Engine, Notifier, Oid, Target};
use sip::endpoint::{Question, Transport};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::{Duration, Instant};
use tokio::net::UdpSocket;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, sleep_until};

/// An event on its way, and for how long the agent has run.
type Event = (Duration, (Oid, Vec<Binding>));

/// Tells the receiver that the settings name, if they name one; ends with this.
pub(super) struct Teller {
    events: Option<Sender<Event>>,
    counted: watch::Receiver<Counted>,
    /// Events that found no room on their way.
    unheard: u64,
    _task: JoinSet<()>,
}

impl Teller {
    /// Begins to tell; `engine` is who we are, `random` is that.
    pub(super) fn begin(wishes: &Wishes, engine: Option<Engine>, random: u64) -> Self {
        let (counts, counted) = watch::channel(Counted::default());
        let mut task = JoinSet::new();
        let with = wishes.with.clone().filter(|_| !wishes.host.is_empty());
        let events = with.map(|with| {
            let (sender, events) = channel(EVENTS_MAX);
            let target = Target { with, confirmed: wishes.confirmed };
            let notifier = Notifier::new(Instant::now(), target, engine, random);
            let host = (wishes.host.clone(), wishes.trap_port);
            let telling = Telling { host, notifier, events, counts, failed: false };
            task.spawn(telling.run());
            sender
        });
        Self { events, counted, unheard: 0, _task: task }
    }

    /// Tells of an event, which has this name and these variables; `up` is for how long the agent has run.
    pub(super) fn tell(&mut self, up: Duration, event: (Oid, Vec<Binding>)) {
        let Some(events) = &self.events else { return };
        if events.try_send((up, event)).is_err() {
            self.unheard = self.unheard.saturating_add(1);
        }
    }

    /// What has become of all of them.
    pub(super) fn counted(&self) -> Counted {
        let mut counted = *self.counted.borrow();
        counted.lost = counted.lost.saturating_add(self.unheard);
        counted
    }
}

struct Telling {
    host: (String, u16),
    notifier: Notifier,
    events: Receiver<Event>,
    counts: watch::Sender<Counted>,
    /// It was said that the receiver has no address.
    failed: bool,
}

impl Telling {
    async fn run(mut self) {
        loop {
            match self.reach().await {
                Some((socket, at)) => self.tell(&socket, at).await,
                // What comes meanwhile waits.
                None => sleep(UNREACHABLE).await,
            }
        }
    }

    /// A socket, and the address of the receiver.
    async fn reach(&mut self) -> Option<(UdpSocket, SocketAddr)> {
        let Some(at) = resolve(&self.host).await else {
            if !std::mem::replace(&mut self.failed, true) {
                let host = &self.host.0;
                tracing::warn!(host, "traps wait: the receiver (snmp.traphost) has no address");
            }
            return None;
        };
        self.failed = false;
        let own = match at {
            SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
            SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
        };
        let socket = UdpSocket::bind(SocketAddr::new(own, 0)).await.ok()?;
        Some((socket, at))
    }

    /// Tells until the address is to be looked up again.
    async fn tell(&mut self, socket: &UdpSocket, at: SocketAddr) {
        let until = Instant::now() + ADDRESS_HOLDS;
        let mut buffer = vec![0; DATAGRAM_MAX];
        let mut out = Vec::new();
        while Instant::now() < until {
            let deadline = self.notifier.deadline().unwrap_or(until).min(until);
            tokio::select! {
                event = self.events.recv() => match event {
                    Some(event) => self.notifier.notify(Instant::now(), event, &mut out),
                    // Whoever has begun this ends it too.
                    None => return std::future::pending().await,
                },
                received = socket.recv_from(&mut buffer) => {
                    // An answer comes from whom it was asked of; errors say that nobody is there.
                    if let Ok((length, from)) = received && from == at {
                        let octets = buffer.get(..length).unwrap_or_default();
                        self.notifier.input(Instant::now(), octets, &mut out);
                    }
                }
                () = sleep_until(deadline.into()) => {
                    self.notifier.expire(Instant::now(), &mut out);
                }
            }
            for message in out.drain(..) {
                // One that cannot be sent is as lost as one on its way.
                let _ = socket.send_to(&message, at).await;
            }
            self.counts.send_replace(self.notifier.counted());
        }
    }
}

/// The first address of a host.
async fn resolve((host, port): &(String, u16)) -> Option<SocketAddr> {
    for family in [Family::V4, Family::V6] {
        let question = Question {
            host: host.clone(),
            port: Some(*port),
            transport: Transport::Udp,
            srv: false,
        };
        let mut names = Names::new(family);
        let targets = match names.known(Instant::now(), &question) {
            Some(targets) => targets,
            None => names.search(question).run().await.1,
        };
        if let Some(target) = targets.first() {
            return Some(target.address);
        }
    }
    None
}

/// Events on their way to the task, which takes them at once unless the receiver has no address.
const EVENTS_MAX: usize = 256;
/// Octets of an answer that are read.
const DATAGRAM_MAX: usize = 2048;
/// How long an address is believed.
const ADDRESS_HOLDS: Duration = Duration::from_mins(10);
/// How long to wait for an address that there is not.
const UNREACHABLE: Duration = Duration::from_secs(10);
