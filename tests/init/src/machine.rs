//! A machine in QEMU: its console, and the probe inside.

use crate::Wrong;
use crate::disk::Disk;
use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

/// A running machine; it is switched off when this is dropped.
pub(crate) struct Machine {
    qemu: Child,
    console: Receiver<String>,
    probe: Option<BufReader<UnixStream>>,
    waiting: UnixListener,
    /// What was said and not looked at.
    unread: VecDeque<String>,
    /// What was said since the last that was looked for.
    said: Vec<String>,
    monitor: PathBuf,
}

impl Machine {
    /// Starts one with this disk; it goes on over restarts.
    pub(crate) fn start(disk: &Disk, copy: &Path) -> Result<Self, Wrong> {
        let socket = |name: &str| copy.with_extension(name);
        let (port, monitor) = (socket("probe"), socket("monitor"));
        for path in [&port, &monitor] {
            let _ = std::fs::remove_file(path);
        }
        let waiting = UnixListener::bind(&port)?;
        let mut qemu = Command::new("qemu-system-x86_64");
        qemu.args(["-accel", if kvm() { "kvm" } else { "tcg" }, "-nodefaults", "-display", "none"]);
        qemu.args(["-m", "512", "-nic", "user,model=virtio-net-pci,restrict=on"]);
        qemu.arg("-kernel").arg(&disk.vmlinuz).arg("-initrd").arg(&disk.initrd);
        qemu.args(["-append", LINE, "-serial", "stdio"]);
        qemu.arg("-chardev").arg(format!("socket,id=probe,path={}", port.display()));
        qemu.args(["-serial", "chardev:probe"]);
        qemu.arg("-monitor").arg(format!("unix:{},server,nowait", monitor.display()));
        qemu.arg("-drive").arg(format!("file={},format=raw,if=virtio", copy.display()));
        let mut qemu = qemu.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let output = qemu.stdout.take().ok_or("QEMU has no output")?;
        let (tell, console) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(output).split(b'\n').map_while(Result::ok) {
                let line = String::from_utf8_lossy(&line).trim_end().to_owned();
                if tell.send(line).is_err() {
                    return;
                }
            }
        });
        Ok(Self {
            qemu,
            console,
            probe: None,
            waiting,
            unread: VecDeque::new(),
            said: Vec::new(),
            monitor,
        })
    }

    /// Starts one and waits until all roles are ready and the probe listens.
    pub(crate) fn up(disk: &Disk, copy: &Path) -> Result<(Self, String), Wrong> {
        let mut machine = Self::start(disk, copy)?;
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
        if self.probe.is_none() {
            // QEMU has connected before it ran a single instruction.
            let (stream, _) = self.waiting.accept()?;
            stream.set_read_timeout(Some(PATIENCE))?;
            self.probe = Some(BufReader::new(stream));
        }
        while self.hear()? != "probe" {}
        Ok(())
    }

    /// Reads the console until a line holds this.
    pub(crate) fn says(&mut self, text: &str) -> Result<String, Wrong> {
        self.said.clear();
        loop {
            let unread = self.unread.pop_front().map(Ok);
            match unread.unwrap_or_else(|| self.console.recv_timeout(PATIENCE)) {
                Ok(line) if line.contains(text) => return Ok(line),
                Ok(line) => self.said.push(line),
                Err(error) => {
                    let why = match error {
                        RecvTimeoutError::Timeout => "it hangs",
                        RecvTimeoutError::Disconnected => "it has ended",
                    };
                    let last = self.said.len().saturating_sub(20);
                    let last = self.said[last..].join("\n");
                    return Err(format!("{why} without saying {text:?}; it said:\n{last}").into());
                }
            }
        }
    }

    /// Asks the probe; an error of the probe's is one here.
    pub(crate) fn ask(&mut self, question: &str) -> Result<String, Wrong> {
        self.tell(question)?;
        let answer = self.hear()?;
        match answer.strip_prefix("error ") {
            Some(error) => Err(format!("{question}: {error}").into()),
            None => Ok(answer),
        }
    }

    /// Tells the probe something that it will not answer.
    pub(crate) fn tell(&mut self, words: &str) -> Result<(), Wrong> {
        let probe = self.probe.as_mut().ok_or("the probe was not found yet")?;
        Ok(probe.get_mut().write_all(format!("{words}\n").as_bytes())?)
    }

    /// Asks for the end of the machine, which may come before the answer.
    pub(crate) fn order(&mut self, ending: &str) {
        // An answer that does come stands before what the probe says after the next start.
        let _ = self.tell(ending);
    }

    fn hear(&mut self) -> Result<String, Wrong> {
        let probe = self.probe.as_mut().ok_or("the probe was not found yet")?;
        let mut line = Vec::new();
        probe
            .read_until(b'\n', &mut line)
            .map_err(|error| format!("the probe is silent: {error}"))?;
        if line.is_empty() {
            self.unread.extend(self.console.try_iter());
            let last: Vec<&str> =
                self.unread.iter().rev().take(20).rev().map(String::as_str).collect();
            return Err(format!("the machine is gone; it said:\n{}", last.join("\n")).into());
        }
        Ok(String::from_utf8_lossy(&line).trim().to_owned())
    }

    /// What the probe says of the roles, until it is this; time only ends what hangs.
    pub(crate) fn becomes(&mut self, what: impl Fn(&str) -> bool) -> Result<String, Wrong> {
        for _ in 0..LOOKS {
            let status = self.ask("status")?;
            if what(&status) {
                return Ok(status);
            }
            std::thread::sleep(Duration::from_millis(200));
        }
        Err(format!("it stays so: {}", self.ask("status")?).into())
    }

    /// Presses the power button.
    pub(crate) fn press_power(&self) -> Result<(), Wrong> {
        let mut monitor = UnixStream::connect(&self.monitor)?;
        Ok(monitor.write_all(b"system_powerdown\n")?)
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
        while self.console.recv_timeout(PATIENCE).is_ok() {}
        let status = self.qemu.wait()?;
        if status.success() { Ok(()) } else { Err(format!("QEMU: {status}").into()) }
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let _ = self.qemu.kill();
        let _ = self.qemu.wait();
    }
}

/// `/dev/kvm` may exist and not work.
fn kvm() -> bool {
    std::env::var_os("FIXPART_KVM").is_some_and(|value| value == "1")
}

const LINE: &str = "console=ttyS0 loglevel=7 panic=10 fixpart.slot=a fixpart.net=10.0.2.15/24";
/// Nothing takes so long, even on a machine that does ten other things.
const PATIENCE: Duration = Duration::from_mins(10);
const LOOKS: usize = 3000;
