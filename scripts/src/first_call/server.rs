//! The server, in the foreground or booted from its image: its files, its start, its end, and what it says of itself.

use super::machine::Machine;
use super::net::Net;
use super::process::{Process, until};
use crate::rooms;
use nix::sys::signal::Signal;
use nix::unistd::Pid;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// A running server.
pub(super) enum Server {
    /// In the foreground, on this machine.
    Host(Host),
    /// In a virtual machine, from its disk image.
    Boxed(Box<Machine>),
}

/// A server in the foreground.
pub(super) struct Host {
    process: Process,
    program: PathBuf,
    folder: PathBuf,
}

impl Server {
    /// Gives it its files and starts it: from the disk image where there is one, else in the foreground. And a
    /// word about it.
    ///
    /// # Errors
    /// When it does not come up.
    pub(super) fn start(
        folder: &Path,
        net: Net,
        image: Option<&Path>,
    ) -> Result<(Self, String), String> {
        let Some(image) = image else { return Self::start_here(folder, net) };
        let machine = Machine::start(image, folder)?;
        let ready = machine.ready_after().as_secs_f64();
        let server = Self::Boxed(Box::new(machine));
        server.import("config", &config(net))?;
        server.import_users(&users())?;
        // Address, ARI and region are felt after a restart.
        for role in ["media", "dect"] {
            server.ask(&["ctl", "restart", role])?;
        }
        server.answers()?;
        Ok((server, format!("all roles were ready {ready:.1} s after the kernel's start")))
    }

    fn start_here(folder: &Path, net: Net) -> Result<(Self, String), String> {
        let state = folder.join(STATE);
        let written = std::fs::create_dir_all(&state)
            .and_then(|()| std::fs::write(state.join("config.xml"), config(net)))
            .and_then(|()| std::fs::write(state.join("users.xml"), file_of(&users())));
        written.map_err(|error| format!("cannot write the server's files: {error}"))?;
        let program = rooms::program("appliance").map_err(|error| error.to_string())?;
        let process = launch(&program, folder)?;
        let server = Self::Host(Host { process, program, folder: folder.to_owned() });
        server.answers()?;
        Ok((server, "its roles in processes of their own".to_owned()))
    }

    /// Kills it and all its roles without warning, and starts it again.
    ///
    /// # Errors
    /// When it does not come up.
    pub(super) fn kill_and_start(&mut self) -> Result<(), String> {
        match self {
            Self::Host(host) => {
                host.process.kill();
                // Its roles end with it; the ports are free when they have.
                host.process =
                    until(Duration::from_secs(10), || launch(&host.program, &host.folder))?;
            }
            Self::Boxed(machine) => machine.cut_and_start()?,
        }
        self.answers()
    }

    /// How long its kernel took until all roles were ready, and how long it has run by now; `None` without one of
    /// its own.
    pub(super) fn since_kernel(&self) -> Option<(Duration, Duration)> {
        match self {
            Self::Host(_) => None,
            Self::Boxed(machine) => Some((machine.ready_after(), machine.up_for())),
        }
    }

    /// What its processes occupy in memory together, in KiB; `None` where nobody has measured it.
    pub(super) fn memory(&self) -> Option<u64> {
        match self {
            Self::Host(_) => None,
            Self::Boxed(machine) => machine.ask("memory").ok()?.parse().ok(),
        }
    }

    /// Kills one of its roles without warning, and waits until it is ready again.
    ///
    /// # Errors
    /// When it does not run, or does not come back.
    pub(super) fn kill_role(&self, role: &str) -> Result<(), String> {
        let (process, deaths) = self.role(role)?;
        match self {
            Self::Host(_) => {
                let number = process.parse().map_err(|_| format!("{process} is no process"))?;
                let killed = nix::sys::signal::kill(Pid::from_raw(number), Signal::SIGKILL);
                killed.map_err(|error| format!("{role} cannot be killed: {error}"))?;
            }
            Self::Boxed(machine) => drop(machine.ask(&format!("kill SIGKILL {role}"))?),
        }
        until(ANSWERS, || {
            let (_, since) = self.role(role)?;
            if since == deaths { Err(format!("{role} has not died yet")) } else { Ok(()) }
        })
    }

    /// Puts these users in the place of those that it has, while it runs; says what it has to say of it.
    ///
    /// # Errors
    /// What is wrong with them.
    pub(super) fn import_users(&self, users: &[User]) -> Result<String, String> {
        self.import("users", &file_of(users))
    }

    /// Imports a file of this kind.
    fn import(&self, kind: &str, text: &str) -> Result<String, String> {
        let path = match self {
            Self::Host(host) => {
                let path = host.folder.join(format!("imported-{kind}.xml"));
                let written = std::fs::write(&path, text);
                written.map_err(|error| format!("cannot write {}: {error}", path.display()))?;
                path.display().to_string()
            }
            Self::Boxed(machine) => {
                let path = format!("/state/imported-{kind}.xml");
                machine.put(&path, text)?;
                path
            }
        };
        self.ask(&[kind, "import", &path])
    }

    /// The process of a role that is ready, and since when it is the same.
    ///
    /// # Errors
    /// When it does not run.
    pub(super) fn process(&self, role: &str) -> Result<String, String> {
        self.role(role).map(|(process, deaths)| format!("{process}, {deaths}"))
    }

    /// The process of a role that is ready, and how often it has died.
    fn role(&self, role: &str) -> Result<(String, String), String> {
        let said = self.ask(&["ctl", "status"])?;
        let ready = said.lines().find_map(|line| {
            let rest = line.strip_prefix(&format!("{role}: ready, process "))?;
            let (process, rest) = rest.split_once(", started ")?;
            Some((process.to_owned(), rest.split_once(", ")?.1.to_owned()))
        });
        ready.ok_or_else(|| format!("{role} is not ready: {said}"))
    }

    fn answers(&self) -> Result<(), String> {
        until(ANSWERS, || self.status()).map(drop)
    }

    /// What `appliance status --json` says.
    ///
    /// # Errors
    /// What it says instead.
    pub(super) fn status(&self) -> Result<Value, String> {
        serde_json::from_str(&self.ask(&["status", "--json"])?).map_err(|error| error.to_string())
    }

    /// What another command says.
    ///
    /// # Errors
    /// What it says instead.
    pub(super) fn ask(&self, words: &[&str]) -> Result<String, String> {
        match self {
            Self::Host(host) => host.ask(words),
            Self::Boxed(machine) => {
                // Its serial port carries one line for an answer of several.
                let said = machine.ask(&format!("ask {}", words.join(" ")))?;
                Ok(said.replace(" | ", "\n"))
            }
        }
    }
}

impl Host {
    fn ask(&self, words: &[&str]) -> Result<String, String> {
        let mut command = Command::new(&self.program);
        command.args(words).arg("--state").arg(self.folder.join(STATE));
        let output = command.output().map_err(|error| error.to_string())?;
        if output.status.success() {
            Ok(String::from_utf8_lossy(&output.stdout).into_owned())
        } else {
            Err(String::from_utf8_lossy(&output.stderr).trim().to_owned())
        }
    }
}

fn launch(program: &Path, folder: &Path) -> Result<Process, String> {
    let mut command = Command::new(program);
    command.args(["run", "--state"]).arg(folder.join(STATE));
    Process::start("server", folder, &mut command)
}

fn config(net: Net) -> String {
    format!(
        "<config>\n\
         <dect>\n<accesscode>{ACCESS_CODE}</accesscode>\n<frequency>Europe</frequency>\n\
         <encrypt_voice_data>Enabled</encrypt_voice_data>\n</dect>\n\
         <sip>\n<defaultdomain>{pbx}</defaultdomain>\n\
         <proxy>\n<domain>{pbx}</domain>\n</proxy>\n\
         <media>\n<codecs>2,1,0,0,0,0</codecs>\n</media>\n</sip>\n\
         <fixpart>\n<ari>10009034</ari>\n<address>{server}</address>\n\
         <mirror>\n<enable>true</enable>\n</mirror>\n\
         <ring_timeout>8</ring_timeout>\n</fixpart>\n\
         </config>\n",
        pbx = net.pbx(),
        server = net.server(),
    )
}

/// A user of the file.
#[derive(Clone)]
pub(super) struct User {
    number: u32,
    /// What the display of the other side shows.
    pub(super) name: String,
    password: String,
}

impl User {
    /// With the password that the PBX has.
    pub(super) fn right(number: u32) -> Self {
        Self { number, name: format!("Handset {number}"), password: format!("secret-100{number}") }
    }
}

/// Four users, each with a password of its own; that of the last is wrong.
pub(super) fn users() -> Vec<User> {
    let mut users: Vec<User> = (1..=4).map(User::right).collect();
    "mistyped".clone_into(&mut users[3].password);
    users
}

fn file_of(users: &[User]) -> String {
    let user = |User { number, name, password }: &User| {
        format!(
            "<user>\n<ipei>{}</ipei>\n<username>100{number}</username>\n\
             <displayname>{name}</displayname>\n<authpassword>{password}</authpassword>\n</user>\n",
            ipei(*number)
        )
    };
    format!("<users>\n{}</users>\n", users.iter().map(user).collect::<String>())
}

/// The identity of a handset, as the users file has it.
pub(super) fn ipei(number: u32) -> String {
    format!("00077 {number:07}")
}

/// The code that the handsets must know.
pub(super) const ACCESS_CODE: &str = "1234";
/// A virtual machine on a busy one takes its time.
const ANSWERS: Duration = Duration::from_mins(1);
/// The state folder within the folder of the run.
pub(super) const STATE: &str = "state";
