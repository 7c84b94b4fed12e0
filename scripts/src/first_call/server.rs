//! The server: its files, its start, its end, and what it says of itself.

use super::net::Net;
use super::process::{Process, until};
use crate::rooms;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// A running server.
pub(super) struct Server {
    process: Process,
    program: PathBuf,
    folder: PathBuf,
}

impl Server {
    /// Writes its files and starts it.
    ///
    /// # Errors
    /// When it does not come up.
    pub(super) fn start(folder: &Path, net: Net) -> Result<Self, String> {
        let state = folder.join(STATE);
        let written = std::fs::create_dir_all(&state)
            .and_then(|()| std::fs::write(state.join("config.xml"), config(net)))
            .and_then(|()| std::fs::write(state.join("users.xml"), users()));
        written.map_err(|error| format!("cannot write the server's files: {error}"))?;
        let program = rooms::program("appliance").map_err(|error| error.to_string())?;
        let process = launch(&program, folder)?;
        let server = Self { process, program, folder: folder.to_owned() };
        server.answers()?;
        Ok(server)
    }

    /// Kills it and all its roles without warning, and starts it again.
    ///
    /// # Errors
    /// When it does not come up.
    pub(super) fn kill_and_start(&mut self) -> Result<(), String> {
        self.process.kill();
        // Its roles end with it; the ports are free when they have.
        self.process = until(Duration::from_secs(10), || launch(&self.program, &self.folder))?;
        self.answers()
    }

    fn answers(&self) -> Result<(), String> {
        until(Duration::from_secs(20), || self.status()).map(drop)
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

/// Four users, each with a password of its own; that of the last is wrong.
fn users() -> String {
    let user = |number: u32| {
        let password =
            if number == 4 { "mistyped".to_owned() } else { format!("secret-100{number}") };
        format!(
            "<user>\n<ipei>{}</ipei>\n<username>100{number}</username>\n\
             <displayname>Handset {number}</displayname>\n<authpassword>{password}</authpassword>\n</user>\n",
            ipei(number)
        )
    };
    format!("<users>\n{}</users>\n", (1..=4).map(user).collect::<String>())
}

/// The identity of a handset, as the users file has it.
pub(super) fn ipei(number: u32) -> String {
    format!("00077 {number:07}")
}

/// The code that the handsets must know.
pub(super) const ACCESS_CODE: &str = "1234";
/// The state folder within the folder of the run.
pub(super) const STATE: &str = "state";
