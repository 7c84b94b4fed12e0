//! A machine in QEMU: its console, and the probe inside.

use crate::Wrong;
use crate::disk::{Disk, WORDS};
use image::layout::Arch;
use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader, ErrorKind, Read as _, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// How a machine is started.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Start<'a> {
    /// The letter of the slot, which a boot loader would have chosen.
    pub(crate) slot: char,
    /// More words for QEMU.
    pub(crate) more: &'a [&'a str],
    /// A process in whose network it runs, and whose services it may use as 10.0.2.2; else it is alone.
    pub(crate) beside: Option<u32>,
}

/// With slot A, and as QEMU is.
pub(crate) const PLAIN: Start<'_> = Start { slot: 'a', more: &[], beside: None };

/// A running machine; it is switched off when this is dropped, and also when this program is killed.
pub(crate) struct Machine {
    qemu: Child,
    keyboard: ChildStdin,
    console: Receiver<String>,
    probe: Option<UnixStream>,
    waiting: UnixListener,
    /// Octets of the probe's that are no whole line yet.
    heard: Vec<u8>,
    /// The last lines that were looked at.
    said: VecDeque<String>,
    monitor: PathBuf,
}

impl Machine {
    /// Starts one with this disk; it goes on over restarts.
    pub(crate) fn start(disk: &Disk, copy: &Path, how: Start<'_>) -> Result<Self, Wrong> {
        let socket = |name: &str| copy.with_extension(name);
        let (port, monitor) = (socket("probe"), socket("monitor"));
        for path in [&port, &monitor] {
            let _ = std::fs::remove_file(path);
        }
        let waiting = UnixListener::bind(&port)?;
        waiting.set_nonblocking(true)?;
        // It dies with us, however we end.
        let mut qemu = Command::new("setpriv");
        if let Some(beside) = how.beside {
            qemu = Command::new("nsenter");
            qemu.args(["--target", &beside.to_string(), "--net", "--", "setpriv"]);
        }
        qemu.args(["--pdeathsig", "KILL", &format!("qemu-system-{}", disk.arch.name())]);
        match disk.arch {
            Arch::X86_64 => is_pc(&mut qemu, disk, how.slot),
            Arch::Aarch64 => is_arm(&mut qemu),
        }
        qemu.args(["-accel", if kvm() { "kvm" } else { "tcg" }, "-nodefaults", "-display", "none"]);
        let restrict = if how.beside.is_some() { "off" } else { "on" };
        qemu.args(["-m", "512", "-nic"]);
        qemu.arg(format!("user,model=virtio-net-pci,restrict={restrict}"));
        qemu.arg("-chardev").arg(format!("socket,id=probe,path={}", port.display()));
        qemu.args(["-serial", "stdio"]).args(match disk.arch {
            Arch::X86_64 => ["-serial", "chardev:probe"],
            // The board has only one of its own.
            Arch::Aarch64 => ["-device", "pci-serial,chardev=probe"],
        });
        qemu.arg("-qmp").arg(format!("unix:{},server,nowait", monitor.display()));
        // What is overwritten with zeros takes no room here.
        let drive = format!("file={},format=raw,if=virtio,{SPARSE}", copy.display());
        qemu.arg("-drive").arg(drive);
        qemu.args(how.more);
        let mut qemu = qemu.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let keyboard = qemu.stdin.take().ok_or("QEMU has no input")?;
        let mut output = qemu.stdout.take().ok_or("QEMU has no output")?;
        let (tell, console) = channel();
        std::thread::spawn(move || {
            let (mut piece, mut line) = ([0; 4096], Vec::new());
            while let Ok(length @ 1..) = output.read(&mut piece) {
                for octet in piece.into_iter().take(length) {
                    if octet != b'\n' {
                        line.push(octet);
                    } else if tell.send(text(&std::mem::take(&mut line))).is_err() {
                        return;
                    }
                }
            }
        });
        Ok(Self {
            qemu,
            keyboard,
            console,
            probe: None,
            waiting,
            heard: Vec::new(),
            said: VecDeque::new(),
            monitor,
        })
    }

    /// Starts one and waits until all roles are ready and the probe listens; the line that says so.
    pub(crate) fn up(disk: &Disk, copy: &Path) -> Result<(Self, String), Wrong> {
        Self::up_with(disk, copy, PLAIN)
    }

    /// The same, with more words for QEMU or another slot.
    pub(crate) fn up_with(
        disk: &Disk,
        copy: &Path,
        how: Start<'_>,
    ) -> Result<(Self, String), Wrong> {
        let mut machine = Self::start(disk, copy, how)?;
        let ready = machine.is_up()?;
        Ok((machine, ready))
    }

    /// Waits until all roles are ready, after the start or a restart; the line that says so.
    pub(crate) fn is_up(&mut self) -> Result<String, Wrong> {
        self.find_probe()?;
        self.says("all roles are ready")
    }

    /// Waits for the probe to say that it listens.
    pub(crate) fn find_probe(&mut self) -> Result<(), Wrong> {
        let end = Instant::now() + PATIENCE;
        while self.probe.is_none() {
            match self.waiting.accept() {
                Ok((stream, _)) => self.probe = Some(stream),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    if let Some(status) = self.qemu.try_wait()? {
                        return Err(format!("QEMU has ended with {status}").into());
                    }
                    if Instant::now() > end {
                        return Err(self.hangs("connecting the probe's port"));
                    }
                    std::thread::sleep(LOOK_EVERY);
                }
                Err(error) => return Err(error.into()),
            }
        }
        while self.hear_until(end)? != "probe" {}
        Ok(())
    }

    /// Types a line at the console.
    pub(crate) fn types(&mut self, line: &str) -> Result<(), Wrong> {
        Ok(self.keyboard.write_all(format!("{line}\n").as_bytes())?)
    }

    /// Forgets what the console has said so far.
    pub(crate) fn look_away(&mut self) {
        self.said.clear();
    }

    /// The last lines before the one that was looked for.
    pub(crate) fn said(&self) -> impl Iterator<Item = &str> {
        self.said.iter().map(String::as_str)
    }

    /// Reads the console until a line holds this.
    pub(crate) fn says(&mut self, text: &str) -> Result<String, Wrong> {
        let end = Instant::now() + PATIENCE;
        loop {
            match self.console.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(line) if line.contains(text) => return Ok(line),
                Ok(line) => self.keep(line),
                Err(RecvTimeoutError::Timeout) => {
                    return Err(self.hangs(&format!("saying {text:?}")));
                }
                Err(RecvTimeoutError::Disconnected) => {
                    let last = self.last();
                    return Err(
                        format!("it ended without saying {text:?}; at last:\n{last}").into()
                    );
                }
            }
        }
    }

    /// Asks the probe; an error of the probe's is one here.
    pub(crate) fn ask(&mut self, question: &str) -> Result<String, Wrong> {
        self.tell(question)?;
        let answer = self.hear_until(Instant::now() + PATIENCE)?;
        match answer.strip_prefix("error ") {
            Some(error) => Err(format!("{question}: {error}").into()),
            None => Ok(answer),
        }
    }

    /// Tells the probe something that it will not answer.
    pub(crate) fn tell(&mut self, words: &str) -> Result<(), Wrong> {
        let probe = self.probe.as_mut().ok_or("the probe was not found yet")?;
        Ok(probe.write_all(format!("{words}\n").as_bytes())?)
    }

    /// Asks for the end of the machine, which may come before the answer.
    pub(crate) fn order(&mut self, ending: &str) {
        // An answer that does come stands before what the probe says after the next start.
        let _ = self.tell(ending);
    }

    /// The next line of the probe's.
    fn hear_until(&mut self, end: Instant) -> Result<String, Wrong> {
        loop {
            if let Some(at) = self.heard.iter().position(|octet| *octet == b'\n') {
                let line = text(&self.heard.drain(..=at).collect::<Vec<u8>>());
                return Ok(line);
            }
            let probe = self.probe.as_mut().ok_or("the probe was not found yet")?;
            let left = end.saturating_duration_since(Instant::now());
            probe.set_read_timeout(Some(left.max(Duration::from_millis(1))))?;
            let mut piece = [0; 4096];
            match probe.read(&mut piece) {
                Ok(0) => {
                    let last = self.last();
                    return Err(format!("the machine is gone; it said at last:\n{last}").into());
                }
                Ok(length) => self.heard.extend(piece.into_iter().take(length)),
                Err(error)
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) =>
                {
                    if left.is_zero() {
                        return Err(self.hangs("a word of the probe's"));
                    }
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// What the probe says of the roles, until it is this; time only ends what hangs.
    pub(crate) fn becomes(&mut self, what: impl Fn(&str) -> bool) -> Result<String, Wrong> {
        let end = Instant::now() + PATIENCE;
        loop {
            let status = self.ask("status")?;
            if what(&status) {
                return Ok(status);
            }
            if Instant::now() > end {
                return Err(self.hangs(&format!("getting beyond {status:?}")));
            }
            std::thread::sleep(LOOK_EVERY);
        }
    }

    /// Says something to QEMU's monitor, and waits until it is done: the power button, keys.
    pub(crate) fn monitor(&self, command: &str) -> Result<(), Wrong> {
        let mut monitor = UnixStream::connect(&self.monitor)?;
        monitor.set_read_timeout(Some(PATIENCE))?;
        let mut answers = BufReader::new(monitor.try_clone()?).lines();
        // What is said and not waited for is lost with the connection.
        for question in [
            r#"{"execute": "qmp_capabilities"}"#.to_owned(),
            format!(
                r#"{{"execute": "human-monitor-command", "arguments": {{"command-line": "{command}"}}}}"#
            ),
        ] {
            monitor.write_all(format!("{question}\n").as_bytes())?;
            loop {
                let answer = answers.next().ok_or("QEMU's monitor is gone")??;
                if answer.contains("\"error\"") {
                    return Err(answer.into());
                }
                if answer.contains("\"return\"") {
                    break;
                }
            }
        }
        Ok(())
    }

    /// Cuts the power.
    pub(crate) fn cut(mut self) -> Result<(), Wrong> {
        self.qemu.kill()?;
        self.qemu.wait()?;
        Ok(())
    }

    /// Waits until it has switched itself off.
    pub(crate) fn ends(mut self) -> Result<(), Wrong> {
        self.says("switching off")?;
        self.goes()
    }

    /// Waits until QEMU has ended, and well.
    pub(crate) fn goes(mut self) -> Result<(), Wrong> {
        let end = Instant::now() + PATIENCE;
        loop {
            match self.console.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(line) => self.keep(line),
                Err(RecvTimeoutError::Timeout) => return Err(self.hangs("the end")),
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        let status = self.qemu.wait()?;
        if status.success() { Ok(()) } else { Err(format!("QEMU: {status}").into()) }
    }

    fn keep(&mut self, line: String) {
        if self.said.len() == SHOWN {
            self.said.pop_front();
        }
        self.said.push_back(line);
    }

    fn hangs(&mut self, without: &str) -> Wrong {
        let minutes = PATIENCE.as_secs() / 60;
        let last = self.last();
        format!("it hangs: {minutes} minutes without {without}; it said at last:\n{last}").into()
    }

    /// The last lines of the console, also those that nobody has asked for.
    fn last(&mut self) -> String {
        let unread: Vec<String> = self.console.try_iter().collect();
        for line in unread {
            self.keep(line);
        }
        self.said.iter().map(String::as_str).collect::<Vec<_>>().join("\n")
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let _ = self.qemu.kill();
        let _ = self.qemu.wait();
    }
}

/// A PC that is given its kernel: firmware and GRUB are tried elsewhere, and cost seconds each time.
fn is_pc(qemu: &mut Command, disk: &Disk, slot: char) {
    qemu.arg("-kernel").arg(&disk.vmlinuz).arg("-initrd").arg(&disk.initrd);
    qemu.arg("-append").arg(format!("console=ttyS0 fixpart.slot={slot} {WORDS}"));
}

/// An Arm board that EFI starts from its disk.
fn is_arm(qemu: &mut Command) {
    qemu.args(["-M", "virt", "-cpu", "cortex-a57"]);
    for (unit, name, how) in [(0, "CODE", "readonly=on"), (1, "VARS", "snapshot=on")] {
        let file = format!("file=/usr/share/AAVMF/AAVMF_{name}.fd");
        qemu.arg("-drive").arg(format!("if=pflash,format=raw,unit={unit},{how},{file}"));
    }
}

fn text(line: &[u8]) -> String {
    String::from_utf8_lossy(line).trim_end().to_owned()
}

/// `/dev/kvm` may exist and not work.
fn kvm() -> bool {
    std::env::var_os("FIXPART_KVM").is_some_and(|value| value == "1")
}

const SPARSE: &str = "discard=unmap,detect-zeroes=unmap";
/// What is waited for takes a minute at most, even where the machine does ten other things; this ends a wait as a
/// whole, however much is said meanwhile.
const PATIENCE: Duration = Duration::from_mins(8);
/// Lines that are shown of a machine that hangs.
const SHOWN: usize = 40;
const LOOK_EVERY: Duration = Duration::from_millis(200);
