//! The three that are measured, each a process of its own.

use super::load::{Load, Way};
use super::{Failure, bare, rtpengine};
use media::session::{Codec, Command, Direction, Peer, Report, SessionId, Side};
use roles::media::Settings;
use roles::media_client::{Heard, MediaClient};
use roles::settings::Ports;
use std::fmt;
use std::io::{BufRead as _, BufReader};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::{Child, ExitCode, Stdio};
use std::time::Duration;

/// Which one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Media,
    Rtpengine,
    Bare,
}

/// One that runs.
pub(super) struct Relay {
    pub(super) kind: Kind,
    pub(super) ways: Vec<Way>,
    child: Child,
    /// Whose sessions they are, for the role `media`: they live as long as it.
    client: Option<Client>,
}

struct Client {
    _runtime: tokio::runtime::Runtime,
    _media: MediaClient,
}

impl Relay {
    pub(super) fn start(kind: Kind, load: &Load, rtpengine_priority: u32) -> Result<Self, Failure> {
        match kind {
            Kind::Media => start_media(load),
            Kind::Rtpengine => {
                let (child, control) = rtpengine::start(rtpengine_priority)?;
                let mut relay = Self { kind, ways: Vec::new(), child, client: None };
                relay.ways = rtpengine::calls(control, load)?;
                Ok(relay)
            }
            Kind::Bare => start_bare(load),
        }
    }

    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        drop(self.client.take());
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Media => "role media",
            Self::Rtpengine => "rtpengine",
            Self::Bare => "bare loop",
        })
    }
}

/// The child: the role `media` with one thread, behind the socket at `path`.
pub(super) fn media(path: Option<String>) -> Result<ExitCode, Failure> {
    let listener = UnixListener::bind(path.ok_or("no path")?)?;
    let settings = Settings {
        ports: Ports { address: HERE, first: 32_000, count: 8000 },
        tos: 184,
        threads: 1,
        silence: Duration::from_hours(1),
        callers: vec![os::own_uid()],
        alerts: tokio::sync::watch::channel(Vec::new()).1,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(roles::media::run(settings, listener, std::future::pending()))?;
    Ok(ExitCode::SUCCESS)
}

fn start_media(load: &Load) -> Result<Relay, Failure> {
    let path = std::env::temp_dir().join(format!("relay-bench-{}", std::process::id()));
    let child = child(CHILD_MEDIA, &[path.display().to_string()], Stdio::inherit())?;
    let mut relay = Relay { kind: Kind::Media, ways: Vec::new(), child, client: None };
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let (media, ways) = runtime.block_on(sessions(&path, load))?;
    let _ = std::fs::remove_file(&path);
    relay.ways = ways;
    relay.client = Some(Client { _runtime: runtime, _media: media });
    Ok(relay)
}

async fn sessions(path: &Path, load: &Load) -> Result<(MediaClient, Vec<Way>), Failure> {
    while !path.exists() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let mut client = MediaClient::connect(path);
    let (radio, network) = load.far_ends()?;
    let mut ways = Vec::new();
    for call in 0..load.calls() {
        let id = SessionId(call.into());
        client.send(Command::Open(id));
        let heard = client.next().await;
        let Heard::Report(Report::Opened { radio: to_radio, network: to_network, .. }) = heard
        else {
            return Err(format!("no session: {heard:?}").into());
        };
        client.send(Command::Connect(id, Side::Radio, peer(radio)));
        client.send(Command::Connect(id, Side::Network, peer(network)));
        ways.push(Way { radio: to_radio, network: to_network });
    }
    Ok((client, ways))
}

fn peer(rtp: SocketAddr) -> Peer {
    Peer {
        rtp,
        // Nobody reads it: the far ends of all calls are one socket.
        rtcp: SocketAddr::new(rtp.ip(), rtp.port() ^ 1),
        codec: Codec::Pcma,
        payload_type: 8,
        events: Some(101),
        ptime_ms: 20,
        direction: Direction::Both,
    }
}

fn start_bare(load: &Load) -> Result<Relay, Failure> {
    let (radio, network) = load.far_ends()?;
    let arguments = [load.calls().to_string(), radio.to_string(), network.to_string()];
    let mut child = child(bare::CHILD, &arguments, Stdio::piped())?;
    let out = BufReader::new(child.stdout.take().ok_or("no output")?);
    let mut relay = Relay { kind: Kind::Bare, ways: Vec::new(), child, client: None };
    let mut ports = Vec::new();
    for line in out.lines().take(usize::from(load.calls()) * 2) {
        ports.push(SocketAddr::new(HERE, line?.parse()?));
    }
    relay.ways =
        ports.chunks_exact(2).map(|pair| Way { radio: pair[0], network: pair[1] }).collect();
    Ok(relay)
}

fn child(first: &str, arguments: &[String], out: Stdio) -> Result<Child, Failure> {
    let own: PathBuf = std::env::current_exe()?;
    Ok(std::process::Command::new(own).arg(first).args(arguments).stdout(out).spawn()?)
}

/// The first argument of the child that is the role `media`; the path of its socket follows.
pub(super) const CHILD_MEDIA: &str = "--media";

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
