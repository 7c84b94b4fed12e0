//! The base stations' ways to the server.

use super::{Event, ShellError};
use crate::program::options::{BaseOptions, Options};
use crate::program::report::{Report, Subject};
use crate::rfp::{self, Config, Rfp};
use crate::tls::{self, Identity, Line, Path, Way};
use dect::nwk::Door;
use dect::subscription::LinkKey;
use machine::Rng;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use tokio::sync::mpsc::{Receiver, Sender, channel};

/// One way for each base station.
pub(super) struct Bases {
    bases: Vec<Base>,
}

struct Base {
    orders: Sender<Order>,
    address: IpAddr,
    /// Where its key for the Blowfish door is kept.
    key: Option<PathBuf>,
    /// Why the last attempt failed; told once, however often it is tried again.
    failure: Option<String>,
}

enum Order {
    Send(Vec<u8>),
    Close,
}

/// A base station as the options say.
pub(super) fn rfp(
    options: &BaseOptions,
    state: Option<&std::path::Path>,
    rng: Box<dyn Rng + Send>,
) -> Rfp {
    let mut config = Config::new(options.mac);
    if options.blowfish.is_some() {
        config.door = Door::Blowfish;
        let kept = state.and_then(|state| std::fs::read(directory(state, options).join(KEY)).ok());
        config.link_key = kept.and_then(|key| key.try_into().ok()).map(LinkKey::new);
    }
    Rfp::new(config, rng)
}

impl Bases {
    /// All base stations begin to connect.
    pub(super) fn start(options: &Options, events: &Sender<Event>) -> Result<Self, ShellError> {
        let mut bases = Vec::new();
        for (number, base) in options.bases.iter().enumerate() {
            let kept = options.state.as_deref().map(|state| directory(state, base));
            let way = way(base, kept.as_deref())
                .map_err(|error| ShellError::Identity(base.mac.to_string(), error))?;
            let port = base.blowfish.unwrap_or(options.server.port());
            let to = SocketAddr::new(options.server.ip(), port);
            let line = Line::keep(Path { from: base.address, to }, way);
            let (orders, taken) = channel(QUEUE);
            tokio::spawn(carry(number, line, taken, events.clone()));
            let address = base.address.unwrap_or_else(|| local(options.server.ip()));
            let key = kept.filter(|_| base.blowfish.is_some()).map(|directory| directory.join(KEY));
            bases.push(Base { orders, address, key, failure: None });
        }
        Ok(Self { bases })
    }

    /// Sends octets to the server; lost where the way is so clogged that nothing helps.
    pub(super) fn send(&self, base: usize, octets: Vec<u8>) {
        if let Some(base) = self.bases.get(base) {
            let _ = base.orders.try_send(Order::Send(octets));
        }
    }

    /// Closes the connection; the next one follows.
    pub(super) fn close(&self, base: usize) {
        if let Some(base) = self.bases.get(base) {
            let _ = base.orders.try_send(Order::Close);
        }
    }

    /// Keeps a key for the next time the program runs, where there is a place for it.
    pub(super) fn keep(&self, base: usize, key: &LinkKey) {
        if let Some(path) = self.bases.get(base).and_then(|base| base.key.as_ref()) {
            if let Some(directory) = path.parent() {
                let _ = std::fs::create_dir_all(directory);
            }
            // Without it the base station is as good as reset, which a simulation survives.
            let _ = std::fs::write(path, key.expose());
        }
    }

    /// Where the RTP ports of a base station are.
    pub(super) fn address(&self, base: usize) -> IpAddr {
        self.bases.get(base).map_or(IpAddr::from([127, 0, 0, 1]), |base| base.address)
    }

    /// What is told of an event; nothing of a failure that was told before.
    pub(super) fn told(&mut self, base: usize, event: &tls::Event) -> Option<Report> {
        let report = |event| Report::new(Subject::Base(base), event);
        let failure = &mut self.bases.get_mut(base)?.failure;
        match event {
            tls::Event::Failed(why) if failure.as_ref() == Some(why) => None,
            tls::Event::Failed(why) => {
                *failure = Some(why.clone());
                Some(report("failed").with("reason", why.as_str()))
            }
            tls::Event::Enrolled => Some(report("enrolled")),
            tls::Event::Connected => {
                *failure = None;
                Some(report("connected"))
            }
            tls::Event::Disconnected(why) => {
                Some(report("disconnected").with("reason", why.as_str()))
            }
            tls::Event::Received(_) => None,
        }
    }
}

/// What an event means to the base station.
pub(super) fn input(event: tls::Event) -> Option<rfp::Input> {
    match event {
        tls::Event::Connected => Some(rfp::Input::Connected),
        tls::Event::Received(octets) => Some(rfp::Input::Received(octets)),
        tls::Event::Disconnected(_) => Some(rfp::Input::Disconnected),
        tls::Event::Enrolled | tls::Event::Failed(_) => None,
    }
}

fn way(base: &BaseOptions, kept: Option<&std::path::Path>) -> Result<Way, tls::BadIdentity> {
    if base.blowfish.is_some() {
        return Ok(Way::Plain);
    }
    let identity = match kept {
        Some(directory) => Identity::load(base.mac, directory)?,
        None => Identity::new(base.mac)?,
    };
    Ok(Way::Tls(Box::new(identity), base.token.clone()))
}

fn directory(state: &std::path::Path, base: &BaseOptions) -> PathBuf {
    state.join(base.mac.to_string().replace(':', ""))
}

/// The address of ours from which a server is reached, as far as it can be known without asking the kernel.
fn local(server: IpAddr) -> IpAddr {
    match server {
        loopback if loopback.is_loopback() => loopback,
        IpAddr::V4(_) => IpAddr::from([0, 0, 0, 0]),
        IpAddr::V6(_) => IpAddr::from([0_u16; 8]),
    }
}

async fn carry(base: usize, mut line: Line, mut orders: Receiver<Order>, events: Sender<Event>) {
    loop {
        tokio::select! {
            event = line.next() => {
                if events.send(Event::Line(base, event)).await.is_err() {
                    return;
                }
            }
            order = orders.recv() => match order {
                Some(Order::Send(octets)) => line.send(octets).await,
                Some(Order::Close) => line.close().await,
                None => return,
            },
        }
    }
}

/// The key of the Blowfish door, 64 octets.
const KEY: &str = "link.key";
/// Messages to the server that wait.
const QUEUE: usize = 4096;
