//! baresip: a phone that is not ours. It sends a tone, keeps what it hears, and is told what to do by its control port.

use super::net::Net;
use super::process::{Process, until};
use super::tone;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// A running phone, registered as [`EXTENSION`].
pub(super) struct Phone {
    /// Kept for its end.
    _process: Process,
    control: TcpStream,
    unread: Vec<u8>,
    folder: PathBuf,
}

impl Phone {
    /// Starts it; it answers every call at once.
    ///
    /// # Errors
    /// When it cannot be started or controlled.
    pub(super) fn start(root: &Path, folder: &Path, net: Net) -> Result<Self, String> {
        let own = folder.join("baresip");
        write_files(root, &own, net).map_err(|error| format!("cannot furnish baresip: {error}"))?;
        let mut command = Command::new("baresip");
        command.arg("-f").arg(&own);
        let process = Process::start("baresip", folder, &mut command)?;
        let control = until(Duration::from_secs(10), || {
            TcpStream::connect(CONTROL)
                .map_err(|error| format!("baresip takes no commands: {error}"))
        })?;
        Ok(Self { _process: process, control, unread: Vec::new(), folder: own })
    }

    /// Calls somebody.
    ///
    /// # Errors
    /// When baresip is gone.
    pub(super) fn dial(&mut self, extension: &str, net: Net) -> Result<(), String> {
        self.command("dial", &format!("sip:{extension}@{}", net.pbx()))
    }

    /// Ends the call.
    ///
    /// # Errors
    /// When baresip is gone.
    pub(super) fn hang_up(&mut self) -> Result<(), String> {
        self.command("hangup", "")
    }

    /// Whether it is registered.
    ///
    /// # Errors
    /// When its log does not say so.
    pub(super) fn registered(&self) -> Result<(), String> {
        let log = self.folder.with_file_name("baresip.log");
        let said = std::fs::read_to_string(log).unwrap_or_default();
        if said.contains("200 OK") { Ok(()) } else { Err("baresip is not registered".into()) }
    }

    /// What has happened until now does not count any more.
    pub(super) fn forget(&mut self) {
        while self.message().is_some() {}
        self.unread.clear();
    }

    fn command(&mut self, command: &str, params: &str) -> Result<(), String> {
        let text = json!({ "command": command, "params": params }).to_string();
        let framed = format!("{}:{text},", text.len());
        self.control
            .write_all(framed.as_bytes())
            .map_err(|error| format!("baresip is gone: {error}"))
    }

    /// Waits for an event and gives its parameter.
    ///
    /// # Errors
    /// When it does not come in time.
    pub(super) fn event(&mut self, kind: &str, within: Duration) -> Result<String, String> {
        until(within, || {
            while let Some(message) = self.message() {
                if message["event"] == json!(true) && message["type"] == json!(kind) {
                    return Ok(message["param"].as_str().unwrap_or_default().to_owned());
                }
            }
            Err(format!("baresip saw no {kind}"))
        })
    }

    /// The next message of the control port, which frames them as netstrings.
    fn message(&mut self) -> Option<Value> {
        self.control.set_read_timeout(Some(Duration::from_millis(20))).ok()?;
        let mut some = [0; 4096];
        if let Ok(length) = self.control.read(&mut some) {
            self.unread.extend(some.get(..length).unwrap_or_default());
        }
        let colon = self.unread.iter().position(|octet| *octet == b':')?;
        let length: usize = std::str::from_utf8(self.unread.get(..colon)?).ok()?.parse().ok()?;
        let message = self.unread.get(colon + 1..colon + 1 + length)?.to_vec();
        self.unread.drain(..(colon + length + 2).min(self.unread.len()));
        serde_json::from_slice(&message).ok()
    }

    /// For how many seconds its last call has let it hear this tone.
    ///
    /// # Errors
    /// When it has kept no call.
    pub(super) fn heard(&self, hertz: f64) -> Result<f64, String> {
        let entries = std::fs::read_dir(&self.folder).map_err(|error| error.to_string())?;
        let mut kept: Vec<PathBuf> = entries
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| path.to_string_lossy().ends_with("-dec.wav"))
            .collect();
        kept.sort();
        let last = kept.last().ok_or("baresip has kept no speech")?;
        let wav = std::fs::read(last).map_err(|error| error.to_string())?;
        Ok(tone::heard(&wav, hertz))
    }
}

fn write_files(root: &Path, own: &Path, net: Net) -> std::io::Result<()> {
    std::fs::create_dir_all(own)?;
    let tone = own.join("tone.wav");
    std::fs::write(&tone, tone::wav(TONE, TONE_SECONDS))?;
    let common = std::fs::read_to_string(root.join("tests/lab/baresip/config"))?;
    let modules = MODULES.iter().find(|path| Path::new(path).exists()).unwrap_or(&MODULES[0]);
    let mut config = format!(
        "module_path {modules}\nsip_listen {}:5060\nsnd_path {}\naudio_source aufile,{}\n",
        net.phone(),
        own.display(),
        tone.display()
    );
    let _ = writeln!(config, "net_interface {}", net.interface());
    config.push_str(&common);
    std::fs::write(own.join("config"), config)?;
    std::fs::write(own.join("contacts"), "")?;
    let account = format!(
        "<sip:{EXTENSION}@{}>;auth_user={EXTENSION};auth_pass=secret-{EXTENSION};\
         audio_codecs=pcma,pcmu;answermode=auto;regint=600\n",
        net.pbx()
    );
    std::fs::write(own.join("accounts"), account)
}

/// Its extension at the PBX.
pub(super) const EXTENSION: &str = "2001";
/// What it sends, in hertz.
pub(super) const TONE: f64 = 1300.0;
/// Longer than any call of the run.
const TONE_SECONDS: u32 = 120;
/// Where its configuration puts the control port.
const CONTROL: &str = "127.0.0.1:4444";
/// Where Debian puts its modules.
const MODULES: [&str; 2] =
    ["/usr/lib/baresip/modules", "/usr/lib/x86_64-linux-gnu/baresip/modules"];
