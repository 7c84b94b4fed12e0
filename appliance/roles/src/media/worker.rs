//! A thread that carries packets.

use super::{Backlog, Pairs, addresses};
use crate::random::OsRandom;
use media::relay::{Kind, Limits, Out, Port, Relay};
use media::rtcp::Epoch;
use media::session::{Command, Report, SessionId, Side, Tally};
use os::datagram::{self, Batch};
use os::watch::{BELL, Bell, Watch};
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};
use tokio::sync::mpsc::Sender;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::oneshot;

/// What a thread is told to do.
pub(super) enum Order {
    /// Carry a session between these ports.
    Open(SessionId, Box<Pairs>),
    /// Say that a session cannot be had.
    Refuse(SessionId, String),
    /// Anything else that was asked.
    Command(Command),
    /// Tell what has gone through each session until now.
    Observe(oneshot::Sender<Vec<(SessionId, Tally)>>),
    /// End all sessions; what follows belongs to the caller of this number.
    Begin(u32),
}

/// What a thread tells.
pub(super) enum Told {
    /// To be passed on to the caller of this number.
    Report(u32, Report),
    /// These even ports are closed.
    Free([u16; 2]),
}

/// The handle of a thread. Dropping it ends the thread.
pub(super) struct Worker {
    orders: Option<mpsc::Sender<Order>>,
    bell: Bell,
    rounds: Arc<AtomicU64>,
    seen: AtomicU64,
    thread: Option<JoinHandle<()>>,
}

impl Worker {
    /// Starts thread `number`.
    pub(super) fn start(number: usize, limits: Limits, told: Sender<Told>) -> io::Result<Self> {
        let watch = Watch::new(READY_MAX)?;
        let (bell, rounds) = (watch.bell(), Arc::new(AtomicU64::new(0)));
        let (orders, receiver) = mpsc::channel();
        let carrier = Carrier {
            relay: Relay::new(limits, epoch(), Box::new(OsRandom)),
            watch,
            orders: receiver,
            told,
            backlog: Backlog::new(),
            generation: 0,
            sockets: Vec::new(),
            batch: Batch::new(BATCH),
            out: Out::default(),
            rounds: rounds.clone(),
        };
        let builder = std::thread::Builder::new().name(format!("media{number}"));
        let thread = Some(builder.spawn(move || carrier.run())?);
        Ok(Self { orders: Some(orders), bell, rounds, seen: AtomicU64::new(u64::MAX), thread })
    }

    /// Has the thread do something soon. A thread that has ended does nothing any more; that is
    /// seen by [`Worker::has_ended`].
    pub(super) fn order(&self, order: Order) {
        if let Some(orders) = &self.orders {
            let _ = orders.send(order);
            self.bell.ring();
        }
    }

    /// Whether the thread is gone.
    pub(super) fn has_ended(&self) -> bool {
        self.thread.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// Whether the thread went round since the last time this was asked.
    pub(super) fn has_moved(&self) -> bool {
        let rounds = self.rounds.load(Ordering::Relaxed);
        self.seen.swap(rounds, Ordering::Relaxed) != rounds
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.orders = None;
        self.bell.ring();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// What the thread has.
struct Carrier {
    relay: Relay,
    watch: Watch,
    orders: mpsc::Receiver<Order>,
    told: Sender<Told>,
    /// What must not be lost and finds the way blocked.
    backlog: Backlog,
    generation: u32,
    /// By slot.
    sockets: Vec<Option<Box<Pairs>>>,
    batch: Batch,
    out: Out,
    rounds: Arc<AtomicU64>,
}

impl Carrier {
    fn run(mut self) {
        let priority = os::priority::raise();
        tracing::info!(?priority, "a thread for speech is up");
        while self.round() {
            if self.relay.sessions() >= GATHER_FROM {
                std::thread::sleep(GATHER);
            }
        }
        self.relay.close_all(Instant::now(), &mut self.out);
        self.carry_out();
    }

    /// Waits, takes what has come, does what is due; false when the thread is to end.
    fn round(&mut self) -> bool {
        self.rounds.fetch_add(1, Ordering::Relaxed);
        let now = Instant::now();
        let due = self.relay.deadline().map(|at| at.saturating_duration_since(now));
        let limit = due.map_or(IDLE, |due| due.min(IDLE));
        let ready = match self.watch.wait(Some(limit)) {
            Ok(ready) => ready,
            Err(error) => {
                tracing::error!(%error, "cannot wait for speech");
                return false;
            }
        };
        let now = Instant::now();
        let mut rung = false;
        for number in ready {
            if number == BELL {
                rung = true;
            } else if let Some((port, socket)) = socket(&self.sockets, number) {
                take(&mut self.batch, socket, |from, octets| {
                    self.relay.datagram(now, port, from, octets, &mut self.out);
                });
            }
        }
        self.relay.expire(now, &mut self.out);
        let goes_on = !rung || self.take_orders(now);
        self.carry_out();
        goes_on
    }

    /// Only between batches: a slot is not given to another session while datagrams of the old
    /// one are at hand.
    fn take_orders(&mut self, now: Instant) -> bool {
        loop {
            match self.orders.try_recv() {
                Ok(Order::Open(session, pairs)) => self.open(session, pairs),
                Ok(Order::Refuse(session, why)) => {
                    self.out.reports.push(Report::Failed(session, why));
                }
                Ok(Order::Command(command)) => self.relay.command(now, &command, &mut self.out),
                Ok(Order::Observe(answer)) => {
                    // Whoever has hung up meanwhile gets no answer.
                    let _ = answer.send(self.relay.observe().collect());
                }
                Ok(Order::Begin(generation)) => {
                    self.relay.close_all(now, &mut self.out);
                    self.carry_out();
                    self.generation = generation;
                }
                Err(mpsc::TryRecvError::Empty) => return true,
                Err(mpsc::TryRecvError::Disconnected) => return false,
            }
            // What a command closes is closed before the next one may open.
            self.carry_out();
        }
    }

    fn open(&mut self, session: SessionId, pairs: Box<Pairs>) {
        let opened = addresses(&pairs)
            .and_then(|(radio, network)| self.relay.open(session, radio, network, &mut self.out));
        let Some(slot) = opened else {
            return self.free(&pairs);
        };
        for (port, socket) in each(slot, &pairs) {
            if let Err(error) = self.watch.add(socket, number(port)) {
                tracing::error!(%error, "a port for speech cannot be watched");
            }
        }
        let index = slot as usize;
        if self.sockets.len() <= index {
            self.sockets.resize_with(index + 1, || None);
        }
        self.sockets[index] = Some(pairs);
    }

    fn carry_out(&mut self) {
        send(&self.sockets, &self.out);
        for slot in std::mem::take(&mut self.out.closed) {
            if let Some(pairs) = self.sockets.get_mut(slot as usize).and_then(Option::take) {
                self.free(&pairs);
            }
        }
        for report in std::mem::take(&mut self.out.reports) {
            self.tell(Told::Report(self.generation, report));
        }
        self.out.clear();
    }

    fn free(&mut self, pairs: &Pairs) {
        if let Some((radio, network)) = addresses(pairs) {
            self.tell(Told::Free([radio.port(), network.port()]));
        }
    }

    fn tell(&mut self, told: Told) {
        self.backlog.push_back(told);
        while let Some(told) = self.backlog.pop_front() {
            match self.told.try_send(told) {
                // Keys and silences are of no use later to a caller that does not listen now.
                Ok(())
                | Err(TrySendError::Full(Told::Report(_, Report::Key(..) | Report::Silent(..)))) => {
                }
                Err(TrySendError::Full(told)) => return self.backlog.push_front(told),
                Err(TrySendError::Closed(_)) => return,
            }
        }
    }
}

/// Takes everything that has come to one socket, as [`Watch::add`] demands.
fn take(batch: &mut Batch, socket: &UdpSocket, mut each: impl FnMut(SocketAddr, &[u8])) {
    for _ in 0..ROUNDS_MAX {
        match batch.receive(socket) {
            Ok(count) => {
                batch.datagrams().for_each(|(from, octets)| each(from, octets));
                if count < BATCH {
                    return;
                }
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
            // An error of an earlier packet is told once; what has come still waits behind it.
            Err(error) => tracing::debug!(%error, "receiving speech"),
        }
    }
}

/// Sends what the relay wants sent: neighbours of the same socket in one call.
///
/// A full buffer or a far end that is away is not told: speech that cannot be sent now is of no
/// use later.
fn send(sockets: &[Option<Box<Pairs>>], out: &Out) {
    let mut datagrams = out.datagrams();
    while let Some(first) = datagrams.clone().next() {
        let run = datagrams.clone().take_while(|next| next.port == first.port).take(BATCH).count();
        let neighbours = datagrams.by_ref().take(run);
        let Some((_, socket)) = socket(sockets, number(first.port)) else {
            neighbours.for_each(drop);
            continue;
        };
        if run == 1 {
            let _ = socket.send_to(first.octets, first.to);
            neighbours.for_each(drop);
        } else {
            let _ = datagram::send(socket, neighbours.map(|next| (next.to, next.octets)));
        }
    }
}

fn socket(sockets: &[Option<Box<Pairs>>], number: u64) -> Option<(Port, &UdpSocket)> {
    let slot = u32::try_from(number >> 2).ok()?;
    let [radio, network] = &**sockets.get(slot as usize)?.as_ref()?;
    let (side, pair) =
        if number & 2 == 0 { (Side::Radio, radio) } else { (Side::Network, network) };
    let (kind, socket) =
        if number & 1 == 0 { (Kind::Rtp, &pair.rtp) } else { (Kind::Rtcp, &pair.rtcp) };
    Some((Port { slot, side, kind }, socket))
}

/// A port as the number it is watched by; `socket` goes the other way.
fn number(port: Port) -> u64 {
    let side = u64::from(port.side == Side::Network);
    let kind = u64::from(port.kind == Kind::Rtcp);
    (u64::from(port.slot) << 2) | (side << 1) | kind
}

fn each(slot: u32, [radio, network]: &Pairs) -> [(Port, &UdpSocket); 4] {
    let port = |side, kind| Port { slot, side, kind };
    [
        (port(Side::Radio, Kind::Rtp), &radio.rtp),
        (port(Side::Radio, Kind::Rtcp), &radio.rtcp),
        (port(Side::Network, Kind::Rtp), &network.rtp),
        (port(Side::Network, Kind::Rtcp), &network.rtcp),
    ]
}

fn epoch() -> Epoch {
    let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Epoch::new(Instant::now(), since_1970)
}

/// From this many sessions on packets are gathered before they are taken.
const GATHER_FROM: usize = 16;

/// How long they are gathered: a wake-up for a handful of packets instead of for each. It is a
/// twentieth of a packet time.
const GATHER: Duration = Duration::from_millis(1);

/// A thread goes round at least this often, to show that it lives.
const IDLE: Duration = Duration::from_secs(1);

/// Sockets that are told of in one round.
const READY_MAX: usize = 512;

/// Calls for one socket before the others have their turn: what is left of a flood is taken with
/// the next packet, or lost.
const ROUNDS_MAX: usize = 64;

/// Datagrams of one socket that are taken or sent in one call; more than one is rare.
const BATCH: usize = 8;
