//! A place of a story's own: network namespaces, joined by one switch, that vanish with it.

use crate::process::{Process, last_lines};
use crate::{CannotBeHere, Wrong};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Two or more hosts on one switch, and a folder.
///
/// The hosts have the names that were given and an interface `eth0`, up, without an address. What is in the folder is
/// kept where a story fails.
#[derive(Debug)]
pub struct Place {
    hosts: Vec<Host>,
    folder: tempfile::TempDir,
}

/// One network namespace, kept alive by a process in it.
#[derive(Debug)]
struct Host {
    name: &'static str,
    holder: Process,
}

impl Place {
    /// Makes hosts of these names.
    ///
    /// # Errors
    /// [`CannotBeHere`] where this user may not make namespaces.
    pub fn new(names: &[&'static str]) -> Result<Self, Wrong> {
        let folder = tempfile::Builder::new().prefix("fixpart-peers-").tempdir()?;
        let mut place = Self { hosts: Vec::new(), folder };
        for name in names.iter().copied().chain([SWITCH]) {
            let host = place.host(name).map_err(|why| CannotBeHere(why.to_string()))?;
            place.hosts.push(host);
            place.run(name, "ip", &["link", "set", "lo", "up"])?;
        }
        // A switch without the delay of a spanning tree, and that forgets nothing.
        place.run(SWITCH, "ip", &["link", "add", "switch", "type", "bridge"])?;
        place.run(SWITCH, "ip", &["link", "set", "switch", "up"])?;
        for (port, name) in names.iter().enumerate() {
            place.plug(name, &format!("port{port}"))?;
        }
        Ok(place)
    }

    fn host(&self, name: &'static str) -> Result<Host, Wrong> {
        let mut command = Command::new("unshare");
        // It says that it is inside, and then waits without using anything.
        command.args(["--net", "sh", "-c", "echo inside; exec sleep infinity"]);
        let mut holder = Process::start(&format!("host-{name}"), self.folder.path(), &mut command)?;
        holder.hear("that it has a network of its own", |line| (line == "inside").then_some(()))?;
        Ok(Host { name, holder })
    }

    /// A cable from a host to the switch.
    fn plug(&self, name: &str, port: &str) -> Result<(), Wrong> {
        let pid = self.pid(name).to_string();
        let words = ["link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", &pid];
        self.run(SWITCH, "ip", &words)?;
        self.run(SWITCH, "ip", &["link", "set", port, "master", "switch", "up"])?;
        self.run(name, "ip", &["link", "set", "eth0", "up"])?;
        Ok(())
    }

    /// Pulls the cable of a host, by its place in the list of names, out or puts it in again.
    ///
    /// # Errors
    /// If `ip` fails.
    pub fn cable(&self, port: usize, state: Cable) -> Result<(), Wrong> {
        let word = match state {
            Cable::In => "up",
            Cable::Out => "down",
        };
        self.run(SWITCH, "ip", &["link", "set", &format!("port{port}"), word])?;
        Ok(())
    }

    /// The folder for whatever the story writes.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file into the folder.
    ///
    /// # Errors
    /// If that fails.
    pub fn write(&self, name: &str, text: &str) -> Result<PathBuf, Wrong> {
        let path = self.folder.path().join(name);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(&path, text)?;
        Ok(path)
    }

    /// A command that starts a program on a host.
    pub fn command(&self, host: &str, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new("nsenter");
        command.arg("--target").arg(self.pid(host).to_string()).args(["--net", "--"]);
        command.arg(program);
        command
    }

    /// Starts a foreign program on a host; what it prints is kept, and it ends with what is given back.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn start(&self, host: &str, program: &str, words: &[&str]) -> Result<Process, Wrong> {
        let mut command = self.command(host, program);
        command.args(words);
        let name = Path::new(program).file_name().unwrap_or_default().to_string_lossy();
        Process::start(&format!("{name}-{host}"), self.folder.path(), &mut command)
    }

    /// Runs a program on a host to its end and gives what it has printed.
    ///
    /// # Errors
    /// If it does not end with 0.
    pub fn run(&self, host: &str, program: &str, words: &[&str]) -> Result<String, Wrong> {
        let Output { status, stdout, stderr } = self.command(host, program).args(words).output()?;
        let out = String::from_utf8_lossy(&stdout).into_owned();
        if status.success() {
            return Ok(out);
        }
        let said = last_lines(&(out + &String::from_utf8_lossy(&stderr)));
        Err(format!("{program} {} on {host}: {status}: {said}", words.join(" ")).into())
    }

    fn pid(&self, name: &str) -> u32 {
        let host = self.hosts.iter().find(|host| host.name == name);
        // 0 is no process: whatever is done with it fails and says so.
        host.map_or(0, |host| host.holder.pid())
    }
}

/// Whether a cable is plugged in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cable {
    /// It is.
    In,
    /// It is not: neither end has a carrier.
    Out,
}

impl Drop for Place {
    /// What was printed stays for whoever looks into a failure; the namespaces go with their holders.
    fn drop(&mut self) {
        if std::env::var_os(KEEP).is_some() {
            self.folder.disable_cleanup(true);
            eprintln!("peers: kept {}", self.folder.path().display());
        }
    }
}

/// The host in which the cables end.
const SWITCH: &str = "the-switch";
/// Set, it leaves the folders of all stories where they are.
const KEEP: &str = "PEERS_KEEP";
