//! 4 000 digest registrations at a real Kamailio, by us and by SIPp, in one run.
//!
//! `cargo bench -p roles --bench register [-- HANDSETS [PER_SECOND]]`; needs Debian's packages `kamailio` and
//! `sip-tester`, and says so where they are missing. Everything happens on loopback.

use machine::Rng;
use nix::sys::signal::Signal;
use nix::unistd::Pid;
use peak_alloc::PeakAlloc;
use roles::sip::{Settings as Sockets, SipSockets};
use sip::endpoint::{Endpoint, Input, Output, Proxy, Settings, Transport};
use sip::primitive::{Account, AccountId, Event, Password, Request};
use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

struct System;

impl Rng for System {
    fn fill(&mut self, octets: &mut [u8]) {
        getrandom::fill(octets).expect("the system has random numbers");
    }
}

/// Ends Kamailio with the run, whatever becomes of it.
struct Registrar(Child);

impl Drop for Registrar {
    fn drop(&mut self) {
        // SIGTERM, so that it takes its children along.
        if let Ok(id) = self.0.id().try_into() {
            let _ = nix::sys::signal::kill(Pid::from_raw(id), Signal::SIGTERM);
        }
        let _ = self.0.wait();
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let numbers: Vec<u32> = std::env::args().skip(1).filter_map(|arg| arg.parse().ok()).collect();
    let handsets = numbers.first().copied().unwrap_or(4_000);
    let rate = numbers.get(1).copied().unwrap_or(1_000);
    for program in ["kamailio", "sipp"] {
        if Command::new(program)
            .arg("-v")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_err()
        {
            println!("skipped: {program} is not installed (apt-get install kamailio sip-tester)");
            return Ok(());
        }
    }
    let folder = tempfile::tempdir()?;
    println!(
        "{handsets} digest registrations, at most {rate} begun per second, Kamailio on the same machine"
    );
    println!(
        "{:>5}  {:>10}  {:>10}  {:>6}  live octets per idle handset",
        "round", "ours", "SIPp", "ratio"
    );
    for round in 1..=ROUNDS {
        let (ours, octets) = {
            let port = free_port()?;
            let _registrar = start_kamailio(folder.path(), port)?;
            register(handsets, rate, port)?
        };
        let theirs = {
            let port = free_port()?;
            let _registrar = start_kamailio(folder.path(), port)?;
            sipp(folder.path(), handsets, rate, port)?
        };
        let ratio = ours.as_secs_f64() / theirs.as_secs_f64();
        println!("{round:>5}  {ours:>10.2?}  {theirs:>10.2?}  {ratio:>6.2}  {octets}");
    }
    Ok(())
}

/// All handsets register, then rest until Timer K of the last transaction has run out.
fn register(handsets: u32, rate: u32, port: u16) -> Result<(Duration, usize), Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let address = SocketAddr::new(HERE, 0);
        let settings = Sockets { address, tos: 0, authorities: None };
        let mut sockets = SipSockets::open(&settings)?;
        let before = HEAP.current_usage();
        let mut endpoint =
            Endpoint::new(endpoint_settings(sockets.address(), port, rate), Box::new(System));
        let mut out = Vec::new();
        for id in 0..handsets {
            let account = Box::new(account(FIRST_USER + id));
            endpoint.input(
                Instant::now(),
                Input::Request(Request::PutAccount(AccountId(id), account)),
                &mut out,
            );
        }
        let begun = Instant::now();
        for id in 0..handsets {
            endpoint.input(
                Instant::now(),
                Input::Request(Request::Register(AccountId(id))),
                &mut out,
            );
        }
        let mut registered = 0;
        let mut taken = None;
        loop {
            for event in out.drain(..).filter_map(|output: Output| sockets.carry_out(output)) {
                match event {
                    Event::Registered(..) => registered += 1,
                    // The engine tries again; what that costs is in the time.
                    Event::NotRegistered(_, why) => println!("       {}", why.reason),
                    other => return Err(format!("{other:?}").into()),
                }
            }
            if registered == handsets && taken.is_none() {
                taken = Some(begun.elapsed());
            }
            if let Some(taken) = taken
                && endpoint.load().client_transactions == 0
            {
                let live = HEAP.current_usage().saturating_sub(before);
                return Ok((taken, live / handsets as usize));
            }
            let deadline =
                endpoint.deadline().unwrap_or_else(|| Instant::now() + Duration::from_secs(1));
            tokio::select! {
                input = sockets.next() => endpoint.input(Instant::now(), input, &mut out),
                () = tokio::time::sleep_until(deadline.into()) => {}
            }
            endpoint.expire(Instant::now(), &mut out);
        }
    })
}

fn endpoint_settings(own: SocketAddr, port: u16, rate: u32) -> Settings {
    let proxy = Proxy { host: HERE.to_string(), port: Some(port), priority: 1, weight: 100 };
    Settings {
        address: own.ip(),
        port: own.port(),
        transport: Transport::Udp,
        proxies: vec![proxy],
        srv: false,
        registration_expire: Duration::from_hours(1),
        transaction_timeout: Duration::from_secs(16),
        max_forwards: 70,
        registers_per_second: rate,
    }
}

fn account(user: u32) -> Account {
    let user = user.to_string();
    Account {
        domain: HERE.to_string(),
        display_name: String::new(),
        auth_user: user.clone(),
        password: Password::new(PASSWORD),
        user,
    }
}

fn sipp(folder: &Path, handsets: u32, rate: u32, port: u16) -> Result<Duration, Box<dyn Error>> {
    let mut users = String::from("SEQUENTIAL\n");
    for user in FIRST_USER..FIRST_USER + handsets {
        writeln!(users, "{user};[authentication username={user} password={PASSWORD}]")?;
    }
    fs::write(folder.join("users.csv"), users)?;
    fs::write(folder.join("register.xml"), include_str!("register/sipp.xml"))?;
    let begun = Instant::now();
    let output = Command::new("sipp")
        .current_dir(folder)
        .args(["-sf", "register.xml", "-inf", "users.csv", "-i", "127.0.0.1", "-nostdin"])
        .args(["-r", &rate.to_string(), "-m", &handsets.to_string(), "-l", &handsets.to_string()])
        .args(["-timer_resol", "1", "-f", "1"])
        .arg(format!("127.0.0.1:{port}"))
        .output()?;
    let taken = begun.elapsed();
    if !output.status.success() {
        return Err(format!("SIPp: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    Ok(taken)
}

fn start_kamailio(folder: &Path, port: u16) -> Result<Registrar, Box<dyn Error>> {
    let config = include_str!("register/kamailio.cfg").replace("PORT", &port.to_string());
    let file = folder.join("kamailio.cfg");
    fs::write(&file, config)?;
    let child = Command::new("kamailio")
        .args(["-DD", "-E", "-m", "256", "-M", "16", "-Y"])
        .arg(folder)
        .arg("-P")
        .arg(folder.join("kamailio.pid"))
        .arg("-f")
        .arg(&file)
        .stdout(Stdio::null())
        .stderr(fs::File::create(folder.join("kamailio.log"))?)
        .spawn()?;
    let registrar = Registrar(child);
    let socket = UdpSocket::bind((HERE, 0))?;
    socket.set_read_timeout(Some(Duration::from_millis(100)))?;
    let own = socket.local_addr()?;
    for attempt in 0..100 {
        let question = format!(
            "OPTIONS sip:127.0.0.1:{port} SIP/2.0\r\nVia: SIP/2.0/UDP {own};branch=z9hG4bK{attempt}\r\n\
             From: <sip:bench@{own}>;tag=1\r\nTo: <sip:127.0.0.1:{port}>\r\nCall-ID: {attempt}@{own}\r\n\
             CSeq: 1 OPTIONS\r\nMax-Forwards: 5\r\nContent-Length: 0\r\n\r\n"
        );
        let answered = socket.send_to(question.as_bytes(), (HERE, port)).is_ok()
            && socket.recv(&mut [0; 2048]).is_ok();
        if answered {
            return Ok(registrar);
        }
    }
    Err(format!("Kamailio does not answer:\n{}", fs::read_to_string(folder.join("kamailio.log"))?)
        .into())
}

fn free_port() -> Result<u16, Box<dyn Error>> {
    Ok(UdpSocket::bind((HERE, 0))?.local_addr()?.port())
}

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// The one password of the sample registrar.
const PASSWORD: &str = "secret";

/// User names of the same length.
const FIRST_USER: u32 = 10_000;

/// So that a disturbance shows.
const ROUNDS: u32 = 3;
