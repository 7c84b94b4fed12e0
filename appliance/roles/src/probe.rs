//! A role for tests in a virtual machine: it does what it is told over the second serial port.
//!
//! Compiled only with the feature `probe`, which no product has. It is root and
//! not confined: it looks at the other roles from outside, kills them, and tries
//! from inside their sandboxes what they must not be able to do.

mod callers;

use crate::client::{self, Server};
use crate::entry::Place;
use crate::layout;
use crate::sandbox::{self, Bases, Ground};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use sd_notify::NotifyState;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};
use supervise::role::{LastResort, Network, Role, Runs, Share};
use supervise::roles;

/// Its name.
pub const NAME: &str = "probe";

/// Its row; it stands beside the table, not in it.
pub static ROLES: &[Role] = &[Role {
    name: NAME,
    about: "Tries what must not be possible",
    after: &[],
    calls: &["ctl"],
    listens: false,
    datagrams: &[],
    asks: &[],
    runs: Runs::OnTheBox,
    uid: 0,
    capabilities: &[],
    memory_mib_max: 128,
    tasks_max: 64,
    files_max: 64,
    share: Share { nice: 0, cpu_weight: 100, oom_score_adj: 0 },
    watchdog: None,
    last_resort: LastResort::DegradeInSafeModeToo,
    files: &[],
    syscalls: &[],
    // It is not confined, so this is not; roles in the network begin anew with the address, and its answers would be lost.
    network: Network::Local,
}];

/// Does what it is told until it is killed.
pub fn run() -> ! {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        ["inside", role] => inside(role),
        ["hog", mib] => hog(mib.parse().unwrap_or(64)),
        ["orphans", count] => orphans(count.parse().unwrap_or(1)),
        _ => {}
    }
    // It is confined by nobody, so it has its row's share by itself; a hog that is never ended would be no test.
    let _ = os::priority::when_memory_is_short(0);
    let _ = sd_notify::notify(&[NotifyState::Ready]);
    if let Err(error) = serve() {
        tracing::error!(%error, "the probe cannot use its serial port");
    }
    // Not to be restarted: there is no port.
    loop {
        std::thread::sleep(Duration::from_mins(1));
    }
}

fn serve() -> io::Result<()> {
    let mut port = File::options().read(true).write(true).open(PORT)?;
    raw(&port)?;
    let commands = BufReader::new(port.try_clone()?);
    let mut held: Vec<UnixStream> = Vec::new();
    port.write_all(b"probe\n")?;
    for command in commands.lines() {
        let command = command?;
        let words: Vec<&str> = command.split_whitespace().collect();
        let answer = obey(&words, &mut held).unwrap_or_else(|error| format!("error {error}"));
        port.write_all(answer.trim_end().replace('\n', " | ").as_bytes())?;
        port.write_all(b"\n")?;
    }
    Ok(())
}

/// A serial port that passes on what is written, and nothing else.
fn raw(port: &File) -> io::Result<()> {
    use nix::sys::termios::{SetArg, cfmakeraw, tcgetattr, tcsetattr};
    let mut settings = tcgetattr(port)?;
    cfmakeraw(&mut settings);
    Ok(tcsetattr(port, SetArg::TCSANOW, &settings)?)
}

fn obey(words: &[&str], held: &mut Vec<UnixStream>) -> Result<String, Box<dyn std::error::Error>> {
    let server = Server::of_this_box();
    if let Some(seen) = look(&server, words)? {
        return Ok(seen);
    }
    match *words {
        ["restart", role] => client::restart(&server, role)?,
        ["reboot"] => client::reboot(&server)?,
        ["poweroff"] => client::power_off(&server)?,
        ["kill", signal, role] => {
            let signal: Signal = signal.parse()?;
            kill(Pid::from_raw(pid_of(&server, role)?), signal)?;
        }
        ["loop", role] => return crash_loop(&server, role),
        ["connect", role] => {
            let path = Path::new(layout::SOCKETS).join(format!("{role}.sock"));
            held.push(UnixStream::connect(path)?);
        }
        ["callers", role, ref ports @ ..] => return callers::while_it_dies(&server, role, ports),
        ["freeze"] => freeze()?,
        ["write", path, text] => write(path, text.as_bytes())?,
        ["put", path, hex] => write(path, &unhex(hex)?)?,
        ["hog", role, mib] => {
            let procs = Path::new(layout::GROUPS).join(role).join("cgroup.procs");
            let child = Command::new("/proc/self/exe").arg0(NAME).args(["hog", mib]).spawn()?;
            std::fs::write(procs, child.id().to_string())?;
        }
        ["orphans", count] => return Ok(myself(&["orphans", count])?),
        ["die"] => drop(kill(Pid::this(), Signal::SIGKILL)),
        _ => return Err("the probe does not know this".into()),
    }
    Ok("ok".into())
}

/// What can be asked without changing anything; `None`: it is no question.
fn look(server: &Server, words: &[&str]) -> Result<Option<String>, Box<dyn std::error::Error>> {
    Ok(Some(match *words {
        ["status"] => status(server)?,
        ["proc", role] => {
            let pid = pid_of(server, role)?;
            std::fs::read_to_string(format!("/proc/{pid}/status"))?
        }
        ["share", role] => share(server, role)?,
        ["zombies"] => zombies().to_string(),
        ["read", path] => std::fs::read_to_string(path)?,
        ["ask", ref words @ ..] => {
            let output = Command::new("/proc/self/exe").arg0("appliance").args(words).output()?;
            let said = if output.status.success() { output.stdout } else { output.stderr };
            let said = String::from_utf8_lossy(&said).into_owned();
            if output.status.success() { said } else { return Err(said.into()) }
        }
        ["list", path] => {
            let entries = std::fs::read_dir(path)?.flatten();
            let mut names: Vec<String> =
                entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
            names.sort();
            names.join(" ")
        }
        ["inside", role] => myself(&["inside", role])?,
        ["size", path] => {
            let system = nix::sys::statvfs::statvfs(path)?;
            (system.blocks() * system.fragment_size()).to_string()
        }
        ["memory"] => memory(server)?,
        _ => return Ok(None),
    }))
}

fn write(path: &str, octets: &[u8]) -> io::Result<()> {
    std::fs::write(path, octets)?;
    nix::unistd::sync();
    Ok(())
}

/// What a role, or PID 1, has of processors and memory when they are short: nice, cpu.weight and oom_score_adj.
fn share(server: &Server, role: &str) -> Result<String, Box<dyn std::error::Error>> {
    let pid = if role == "init" { 1 } else { pid_of(server, role)? };
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The name, in parentheses, may hold blanks; nice is the 17th word after it (proc(5)).
    let nice = stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().nth(16));
    let oom = std::fs::read_to_string(format!("/proc/{pid}/oom_score_adj"))?;
    let weight = Path::new(layout::GROUPS).join(role).join("cpu.weight");
    let weight = std::fs::read_to_string(weight).unwrap_or_else(|_| "none".into());
    Ok(format!("{} {} {}", nice.unwrap_or("?"), weight.trim(), oom.trim()))
}

/// Stops PID 1, which no signal can.
fn freeze() -> io::Result<()> {
    let group = Path::new(layout::GROUPS).join("frozen");
    std::fs::create_dir(&group)?;
    std::fs::write(group.join("cgroup.procs"), "1")?;
    std::fs::write(group.join("cgroup.freeze"), "1")
}

fn unhex(text: &str) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
    let digits = text.as_bytes().chunks(2).map(str::from_utf8);
    digits.map(|pair| Ok(u8::from_str_radix(pair?, 16)?)).collect()
}

fn status(server: &Server) -> Result<String, Box<dyn std::error::Error>> {
    use std::fmt::Write as _;
    let roles = client::roles(server)?;
    let mut text = if roles.safe_mode { "safe".to_owned() } else { "normal".to_owned() };
    for role in &roles.roles {
        // Writing to a string cannot fail.
        let _ = write!(text, " {}={},{},{}", role.name, role.state, role.pid, role.starts);
    }
    Ok(text)
}

fn pid_of(server: &Server, role: &str) -> Result<i32, Box<dyn std::error::Error>> {
    let roles = client::roles(server)?;
    let found = roles.roles.iter().find(|it| it.name == role && it.pid != 0);
    Ok(i32::try_from(found.ok_or("it does not run")?.pid)?)
}

/// Kills it whenever it is there, until it stays away or the box changes.
fn crash_loop(server: &Server, role: &str) -> Result<String, Box<dyn std::error::Error>> {
    let began = Instant::now();
    while began.elapsed() < Duration::from_mins(2) {
        let Ok(roles) = client::roles(server) else { return Ok("the supervisor is gone".into()) };
        let Some(found) = roles.roles.iter().find(|it| it.name == role) else { break };
        if found.state == "down" || roles.safe_mode {
            return Ok(format!("{} after {} starts", found.state, found.starts));
        }
        if found.pid != 0 {
            let _ = kill(Pid::from_raw(i32::try_from(found.pid)?), Signal::SIGKILL);
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Err("it is still started".into())
}

/// How many of PID 1's children have ended and were not let go.
fn zombies() -> usize {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let stats = entries.filter_map(|entry| std::fs::read_to_string(entry.path().join("stat")).ok());
    let states = stats.filter_map(|stat| {
        let rest = stat.rsplit_once(") ")?.1.to_owned();
        Some(rest.starts_with("Z 1 "))
    });
    states.filter(|zombie| *zombie).count()
}

/// This program again, to do something that cannot be undone.
fn myself(words: &[&str]) -> io::Result<String> {
    let output = Command::new("/proc/self/exe").arg0(NAME).args(words).output()?;
    let said = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    Ok(if output.status.success() { said } else { format!("{said} ended by {}", output.status) })
}

/// Becomes the role in all but its work, and says what it could do that it must not.
fn inside(name: &str) -> ! {
    let Some(role) = roles::find(name) else { std::process::exit(1) };
    let place = Place::on_the_box(name);
    let bases = Bases {
        own: place.state.clone(),
        settings: vec![place.files.config.clone(), place.files.users.clone()],
        sockets: place.sockets.clone(),
    };
    let confined = match sandbox::enter(role, &bases, Ground::Box) {
        Ok(confined) => confined,
        Err(error) => {
            println!("cannot be confined: {error}");
            std::process::exit(1);
        }
    };
    let mut could = Vec::new();
    let mut attempt = |what: &'static str, done: bool| {
        if done {
            could.push(what);
        }
    };
    attempt("read-etc-shadow", std::fs::read("/etc/shadow").is_ok());
    attempt("list-root", std::fs::read_dir("/").is_ok_and(|it| it.count() > 0));
    attempt("read-other-state", seen("/state/other/secret"));
    attempt("read-data", seen("/data/secret"));
    attempt("write-tmp", std::fs::write("/tmp/x", "x").is_ok());
    attempt("write-run", std::fs::write("/run/fixpart/x", "x").is_ok());
    attempt("write-own", std::fs::write(place.state.join("x"), "x").is_ok());
    attempt("write-settings", std::fs::write("/state/config.xml", "x").is_ok());
    attempt("open-disk", File::open("/dev/vda").is_ok() || File::open("/dev/sda").is_ok());
    attempt("open-memory", File::open("/dev/mem").is_ok());
    attempt("read-other-process", std::fs::read("/proc/1/environ").is_ok());
    attempt("write-sysctl", std::fs::write("/proc/sys/kernel/panic", "1").is_ok());
    attempt("become-root", nix::unistd::setuid(nix::unistd::Uid::from_raw(0)).is_ok());
    attempt("kill-init", kill(Pid::from_raw(1), Signal::SIGCONT).is_ok());
    attempt("low-port", std::net::UdpSocket::bind("127.0.0.1:1").is_ok());
    attempt("tcp", std::net::TcpListener::bind("127.0.0.1:0").is_ok());
    attempt("change-root", nix::unistd::chdir("/").is_ok());
    println!("{:?} could {}", confined.files, could.join(","));
    std::process::exit(0)
}

fn seen(path: &str) -> bool {
    !matches!(std::fs::metadata(path), Err(error) if error.kind() == io::ErrorKind::NotFound)
}

fn hog(mib: usize) -> ! {
    let mut all: Vec<Vec<u8>> = Vec::new();
    // First into the group, which the parent does meanwhile.
    std::thread::sleep(Duration::from_millis(200));
    for _ in 0..mib {
        all.push(vec![1; 1 << 20]);
    }
    println!("{} MiB were had", all.len());
    std::process::exit(0)
}

/// Children of a child that ends before them: they come to PID 1.
fn orphans(count: usize) -> ! {
    for _ in 0..count.div_ceil(ORPHANS_AT_ONCE) {
        // `exec` is not needed: the end is all that matters.
        let mut children: Vec<std::process::Child> = Vec::new();
        for _ in 0..ORPHANS_AT_ONCE {
            if let Ok(child) = Command::new("/proc/self/exe").arg0("true").arg("help").spawn() {
                children.push(child);
            }
        }
        drop(children);
    }
    println!("{count} were left");
    std::process::exit(0)
}

/// What all roles and PID 1 use together, in KiB: each shared page counted in parts.
fn memory(server: &Server) -> Result<String, Box<dyn std::error::Error>> {
    let mut pids = vec![1];
    pids.extend(client::roles(server)?.roles.iter().filter(|it| it.name != NAME).map(|it| it.pid));
    let mut sum = 0u64;
    for pid in pids.into_iter().filter(|pid| *pid != 0) {
        let rollup = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup"))?;
        let pss = rollup.lines().find_map(|line| line.strip_prefix("Pss:"));
        sum += pss.and_then(|pss| pss.trim().strip_suffix(" kB")?.parse::<u64>().ok()).unwrap_or(0);
    }
    Ok(sum.to_string())
}

const ORPHANS_AT_ONCE: usize = 40;
/// The second serial port: of QEMU's Arm machine one on the bus, since the first is of another kind.
const PORT: &str = if cfg!(target_arch = "aarch64") { "/dev/ttyS0" } else { "/dev/ttyS1" };
