//! A machine of QEMU and what it says on its serial line.

use crate::bench::{Failure, Skip};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// What starts the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Firmware {
    /// SeaBIOS.
    Bios,
    /// OVMF.
    Efi,
}

/// A machine that is to be switched on.
pub(crate) struct Machine<'a> {
    /// What starts it.
    pub(crate) firmware: Firmware,
    /// Its only disk.
    pub(crate) disk: &'a Path,
    /// Where to record all writes to it.
    pub(crate) log: Option<&'a Path>,
    /// Further words for QEMU.
    pub(crate) more: &'a [&'a str],
}

/// What was seen.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// The lines that matter, short.
    pub(crate) events: Vec<String>,
    /// Everything.
    pub(crate) serial: String,
}

impl Machine<'_> {
    /// Runs it until it switches itself off, or until `done` says of the events so far that they are enough: then the
    /// power is cut.
    pub(crate) fn run(&self, done: impl FnMut(&[String]) -> bool) -> Result<Seen, Failure> {
        watch(&mut self.command()?, event, done)
    }

    fn command(&self) -> Result<Command, Failure> {
        let mut command = pc();
        match self.firmware {
            Firmware::Bios => {
                command.args(["-M", "pc", "-m", "256"]);
            }
            Firmware::Efi => {
                command.args(["-M", "q35,smm=off", "-m", "256"]);
                efi(&mut command)?;
            }
        }
        let file = |name: &str, path: &Path| {
            format!("driver=file,node-name={name},filename={}", path.display())
        };
        command.args(["-blockdev", &file("file", self.disk)]);
        if let Some(log) = self.log {
            command.args(["-blockdev", "driver=raw,node-name=raw,file=file"]);
            command.args(["-blockdev", &file("log", log)]);
            command.args(["-blockdev", "driver=blklogwrites,node-name=disk,file=raw,log=log"]);
        } else {
            // The host's cache is fast enough, and survives the machine.
            command.args(["-blockdev", "driver=raw,node-name=disk,file=file,cache.no-flush=on"]);
        }
        command.args(["-device", "nvme,drive=disk,serial=1"]).args(self.more);
        Ok(command)
    }
}

/// A PC with nothing in it but a serial line.
pub(crate) fn pc() -> Command {
    let mut command = Command::new(PROGRAM);
    // Whether a /dev/kvm that exists works is not to be found out by trying.
    let kvm = std::env::var_os("FIXPART_KVM").is_some_and(|word| word == "1");
    command.args(["-accel", if kvm { "kvm" } else { "tcg,tb-size=256" }]);
    command.args(["-nodefaults", "-no-user-config", "-display", "none", "-serial", "stdio"]);
    command
}

/// Starts it by EFI.
pub(crate) fn efi(command: &mut Command) -> Result<(), Failure> {
    flash(command, "/usr/share/OVMF/OVMF_CODE_4M.fd", "ovmf", "unit=0,readonly=on")?;
    flash(command, "/usr/share/OVMF/OVMF_VARS_4M.fd", "ovmf", "unit=1,snapshot=on")
}

/// Runs a machine until it ends, or until `done` says of the events so far that they are enough: then the power is cut.
/// What an event is in a line, `event` says.
pub(crate) fn watch(
    command: &mut Command,
    event: fn(&str) -> Option<String>,
    mut done: impl FnMut(&[String]) -> bool,
) -> Result<Seen, Failure> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::inherit());
    let child = command.spawn();
    let mut child =
        Power(child.map_err(|_| Skip(format!("{PROGRAM} is not here; it is in qemu-system-x86")))?);
    let pieces = reader(&mut child.0)?;
    let mut seen = Seen::default();
    let end = Instant::now() + PATIENCE;
    let mut line = String::new();
    while !done(&seen.events) {
        let rest = end.saturating_duration_since(Instant::now());
        let piece = match pieces.recv_timeout(rest) {
            Ok(piece) => piece,
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => {
                return Err(format!("nothing more to be seen; so far:\n{}", seen.tail()).into());
            }
        };
        for character in String::from_utf8_lossy(&piece).chars() {
            seen.serial.push(character);
            if character == '\n' {
                seen.events.extend(event(&line));
                line.clear();
            } else {
                line.push(character);
            }
        }
    }
    Ok(seen)
}

fn flash(command: &mut Command, path: &str, package: &str, how: &str) -> Result<(), Failure> {
    if !PathBuf::from(path).exists() {
        return Err(Skip(format!("{path} is not here; it is in {package}")).into());
    }
    command.args(["-drive", &format!("if=pflash,format=raw,{how},file={path}")]);
    Ok(())
}

impl Seen {
    /// The end of what was on the serial line.
    pub(crate) fn tail(&self) -> String {
        let lines: Vec<&str> = self.serial.lines().collect();
        lines[lines.len().saturating_sub(TAIL)..].join("\n")
    }
}

/// A machine that loses its power with this.
struct Power(Child);

impl Drop for Power {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What the machine sends, as it comes.
fn reader(child: &mut Child) -> Result<Receiver<Vec<u8>>, Failure> {
    let mut serial = child.stdout.take().ok_or("no serial line")?;
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let mut piece = [0; 4096];
        while let Ok(got @ 1..) = serial.read(&mut piece) {
            if sender.send(piece[..got].to_vec()).is_err() {
                break;
            }
        }
    });
    Ok(receiver)
}

/// What matters of a line.
fn event(line: &str) -> Option<String> {
    let after = |mark: &str| {
        let words = &line[line.find(mark)? + mark.len()..];
        // EFI's console ends a line with words for the screen.
        Some(words.split(['\r', '\u{1b}']).next().unwrap_or_default().trim().to_owned())
    };
    if let Some(words) = after("fixpart: starting ") {
        // Which copy and which generation is the matter of the vectors.
        return Some(format!("start {words}"));
    }
    if let Some(words) = after("toy: ") {
        return Some(format!("toy {words}"));
    }
    // What the appliance's own PID 1 says has the time before it.
    let said = after("fixpart [").and_then(|words| Some(words.split_once("]: ")?.1.to_owned()));
    if said.as_deref() == Some("all roles are ready") {
        return Some("init ready".into());
    }
    // And its menu on the same line.
    if line.contains("recovery: neither slot A nor slot B could be started") {
        return Some("menu recovery".into());
    }
    if after("fixpart: no slot can be started").is_some() {
        return Some("nothing".into());
    }
    if line.contains("Kernel panic") && !line.contains("end Kernel panic") {
        return Some("panic".into());
    }
    None
}

const PROGRAM: &str = "qemu-system-x86_64";
/// A boot under emulation takes seconds; on a machine that has other things to do, more.
pub(crate) const PATIENCE: Duration = Duration::from_mins(10);
/// Lines that are shown of what hangs.
const TAIL: usize = 30;
