//! The appliance in a virtual machine: its disk, its console, and the probe that a development build has inside.

use super::process::Process;
use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::IpAddr;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// A running machine; its power is cut when this is dropped.
pub(super) struct Machine {
    qemu: Process,
    probe: UnixStream,
    disk: PathBuf,
    folder: PathBuf,
    /// When it said that all roles are ready, and how long its kernel had run by then.
    ready: (Instant, Duration),
}

impl Machine {
    /// Starts one from a copy of the image, and waits until all its roles are ready.
    ///
    /// # Errors
    /// When it does not come up.
    pub(super) fn start(image: &Path, folder: &Path) -> Result<Self, String> {
        let disk = folder.join("disk.img");
        let mut copy = Command::new("cp");
        copy.arg("--sparse=always").arg(image).arg(&disk);
        let copied = copy.status().map_err(|error| format!("cannot start cp: {error}"))?;
        if !copied.success() {
            return Err(format!("{} cannot be copied to {}", image.display(), disk.display()));
        }
        Self::boot(disk, folder)
    }

    /// Cuts the power, and starts it again from what its disk holds.
    ///
    /// # Errors
    /// When it does not come up.
    pub(super) fn cut_and_start(&mut self) -> Result<(), String> {
        self.qemu.kill();
        *self = Self::boot(self.disk.clone(), &self.folder)?;
        Ok(())
    }

    fn boot(disk: PathBuf, folder: &Path) -> Result<Self, String> {
        let port = folder.join("probe.sock");
        let _ = std::fs::remove_file(&port);
        let failed = |error: std::io::Error| format!("the probe's socket: {error}");
        let waiting = UnixListener::bind(&port).map_err(failed)?;
        let mut command = Command::new("qemu-system-x86_64");
        command.args(["-accel", accelerator(), "-m", "512", "-nodefaults", "-display", "none"]);
        command.args(["-no-user-config", "-serial", "stdio"]);
        command.arg("-chardev").arg(format!("socket,id=probe,path={}", port.display()));
        command.args(["-serial", "chardev:probe"]);
        command.args(["-netdev", &format!("tap,id=net,ifname={TAP},script=no,downscript=no")]);
        command.args(["-device", "virtio-net-pci,netdev=net,romfile="]);
        command.arg("-drive").arg(format!("file={},format=raw,if=virtio", disk.display()));
        let mut qemu = Process::start("machine", folder, &mut command)?;
        // QEMU connects before it runs a single instruction; if it cannot start, its log says why.
        waiting.set_nonblocking(true).map_err(failed)?;
        let (probe, _) = super::process::until(CONNECT, || waiting.accept().map_err(failed))?;
        probe.set_nonblocking(false).map_err(failed)?;
        probe.set_read_timeout(Some(PATIENCE)).map_err(failed)?;
        let up = qemu.hear("that all roles are ready", PATIENCE, uptime)?;
        let machine =
            Self { qemu, probe, disk, folder: folder.to_owned(), ready: (Instant::now(), up) };
        while machine.hear()? != "probe" {}
        Ok(machine)
    }

    /// How long its kernel had run when all roles were ready.
    pub(super) fn ready_after(&self) -> Duration {
        self.ready.1
    }

    /// How long its kernel has run by now.
    pub(super) fn up_for(&self) -> Duration {
        self.ready.0.elapsed() + self.ready.1
    }

    /// Asks the probe.
    ///
    /// # Errors
    /// What it says instead.
    pub(super) fn ask(&self, question: &str) -> Result<String, String> {
        let mut probe = &self.probe;
        probe
            .write_all(format!("{question}\n").as_bytes())
            .map_err(|error| format!("the machine is gone: {error}"))?;
        let answer = self.hear()?;
        match answer.strip_prefix("error ") {
            Some(error) => Err(error.to_owned()),
            None => Ok(answer),
        }
    }

    /// Makes a file inside, durably.
    ///
    /// # Errors
    /// Why it cannot be written.
    pub(super) fn put(&self, path: &str, text: &str) -> Result<(), String> {
        let hex = text.bytes().fold(String::new(), |mut hex, octet| {
            // Writing to a string cannot fail.
            let _ = write!(hex, "{octet:02x}");
            hex
        });
        self.ask(&format!("put {path} {hex}")).map(drop)
    }

    fn hear(&self) -> Result<String, String> {
        let (mut probe, mut line) = (&self.probe, Vec::new());
        let mut octet = [0];
        loop {
            match probe.read(&mut octet) {
                Ok(1) if octet == *b"\n" => break,
                Ok(1) => line.extend(octet),
                Ok(_) => return Err(format!("the machine is gone; {}", self.look())),
                Err(error) => return Err(format!("the probe is silent: {error}; {}", self.look())),
            }
        }
        Ok(String::from_utf8_lossy(&line).trim().to_owned())
    }

    fn look(&self) -> String {
        format!("its console is in {}", self.folder.join("machine.log").display())
    }
}

/// The appliance's address on the command line of its kernel, since its network is not set up otherwise yet.
pub(super) fn kernel_words(address: IpAddr) -> String {
    format!("console=ttyS0 fixpart.net={address}/24")
}

/// `fixpart [7.31]: all roles are ready`
fn uptime(line: &str) -> Option<Duration> {
    let (up, said) = line.split_once("fixpart [")?.1.split_once("]: ")?;
    let seconds: f64 = up.parse().ok()?;
    said.starts_with("all roles are ready").then(|| Duration::from_secs_f64(seconds))
}

/// `/dev/kvm` may exist and not work, so it is only used when asked for.
fn accelerator() -> &'static str {
    if std::env::var_os("FIXPART_KVM").is_some_and(|value| value == "1") { "kvm" } else { "tcg" }
}

/// The machine's end of its cable.
pub(super) const TAP: &str = "fixpart-tap";
/// Nothing takes so long, even on a busy machine without hardware for it.
const PATIENCE: Duration = Duration::from_mins(5);
/// For QEMU itself.
const CONNECT: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_console_tells_how_long_the_kernel_has_run() {
        let said = uptime("fixpart [7.31]: all roles are ready");
        assert_eq!(said, Some(Duration::from_millis(7310)));
        assert_eq!(uptime("fixpart [7.31]: safe mode"), None);
        assert_eq!(uptime("all roles are ready"), None);
    }
}
