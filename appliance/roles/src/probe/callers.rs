//! Calls a role without a rest while it is killed, and counts who was refused.

use crate::client::{self, Server};
use crate::layout;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::error::Error;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpStream, UdpSocket};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Where a role is called.
#[derive(Clone, Debug)]
enum Door {
    Bus(PathBuf),
    Tcp(SocketAddr),
}

impl Door {
    fn call(&self) -> io::Result<()> {
        match self {
            Self::Bus(path) => UnixStream::connect(path).map(drop),
            Self::Tcp(at) => TcpStream::connect_timeout(at, PATIENCE).map(drop),
        }
    }
}

/// Kills a role while its bus socket and these ports are called all the time, and once for certain while nobody is
/// there; `udp:` ports are sent a SIP request then, which the next process has to answer. Says what came of it.
pub(super) fn while_it_dies(
    server: &Server,
    role: &str,
    ports: &[&str],
) -> Result<String, Box<dyn Error>> {
    let bus = Path::new(layout::SOCKETS).join(format!("{role}.sock"));
    let (mut doors, mut datagrams) = (vec![Door::Bus(bus)], Vec::new());
    for port in ports {
        let (kind, port) = port.split_once(':').ok_or("a port is named tcp:N or udp:N")?;
        let at = SocketAddr::from((Ipv4Addr::LOCALHOST, port.parse()?));
        if kind == "tcp" { doors.push(Door::Tcp(at)) } else { datagrams.push(at) }
    }
    let (pid, starts) = find(server, role)?.ok_or("it does not run")?;
    let callers: Vec<Caller> = doors.iter().cloned().map(Caller::begin).collect();
    kill(Pid::from_raw(i32::try_from(pid)?), Signal::SIGKILL)?;
    let began = Instant::now();
    while runs(role)? {
        if began.elapsed() > PATIENCE {
            return Err("it does not die".into());
        }
    }
    for door in &doors {
        door.call()?;
    }
    let answers = datagrams.into_iter().map(request).collect::<io::Result<Vec<_>>>()?;
    let nobody_was_there = !runs(role)?;
    while find(server, role)?.is_none_or(|(_, now)| now == starts) {
        if began.elapsed() > PATIENCE {
            return Err("it does not come back".into());
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    let mut answered = 0;
    for socket in answers {
        let mut answer = [0; 2048];
        let length = socket.recv(&mut answer)?;
        answered += u32::from(answer.get(..length).is_some_and(|it| it.starts_with(b"SIP/2.0 ")));
    }
    let (called, refused) = callers
        .into_iter()
        .map(Caller::end)
        .fold((0, 0), |sum, caller| (sum.0 + caller.0, sum.1 + caller.1));
    let when = if nobody_was_there { "away" } else { "late" };
    Ok(format!("{when} {called} called {refused} refused {answered} answered"))
}

/// The role's process and its starts, if it is ready.
fn find(server: &Server, role: &str) -> Result<Option<(u32, u32)>, Box<dyn Error>> {
    let roles = client::roles(server)?.roles;
    let found = roles.iter().find(|it| it.name == role && it.state == "ready");
    Ok(found.map(|it| (it.pid, it.starts)))
}

/// Whether anything runs in the role's group.
fn runs(role: &str) -> io::Result<bool> {
    let procs = Path::new(layout::GROUPS).join(role).join("cgroup.procs");
    Ok(!std::fs::read_to_string(procs)?.trim().is_empty())
}

/// Calls one door until it is told to end.
struct Caller {
    end: Arc<AtomicBool>,
    counts: Arc<(AtomicU32, AtomicU32)>,
    thread: JoinHandle<()>,
}

impl Caller {
    fn begin(door: Door) -> Self {
        let (end, counts) = (Arc::<AtomicBool>::default(), Arc::default());
        let (heard, counted) = (Arc::clone(&end), Arc::<(AtomicU32, AtomicU32)>::clone(&counts));
        let thread = std::thread::spawn(move || {
            while !heard.load(Ordering::Relaxed) {
                if let Err(error) = door.call() {
                    tracing::error!(?door, %error, "refused");
                    counted.1.fetch_add(1, Ordering::Relaxed);
                }
                counted.0.fetch_add(1, Ordering::Relaxed);
                std::thread::sleep(Duration::from_millis(20));
            }
        });
        Self { end, counts, thread }
    }

    fn end(self) -> (u32, u32) {
        self.end.store(true, Ordering::Relaxed);
        // One that has panicked was counted up to then.
        let _ = self.thread.join();
        (self.counts.0.load(Ordering::Relaxed), self.counts.1.load(Ordering::Relaxed))
    }
}

/// Sends a SIP request; its answer comes to the socket.
fn request(to: SocketAddr) -> io::Result<UdpSocket> {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    socket.set_read_timeout(Some(PATIENCE))?;
    socket.connect(to)?;
    let own = socket.local_addr()?;
    let text = format!(
        "OPTIONS sip:box@{to} SIP/2.0\r\nVia: SIP/2.0/UDP {own};branch=z9hG4bKprobe{port};rport\r\n\
         Max-Forwards: 70\r\nFrom: <sip:probe@{own}>;tag=1\r\nTo: <sip:box@{to}>\r\n\
         Call-ID: {port}@probe\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n",
        port = own.port()
    );
    socket.send(text.as_bytes())?;
    Ok(socket)
}

/// Only ends what hangs.
const PATIENCE: Duration = Duration::from_mins(2);
