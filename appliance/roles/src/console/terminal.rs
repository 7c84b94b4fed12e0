//! A terminal: lines from a person, text to one.

use nix::libc;
use nix::sys::termios::{
    ControlFlags, InputFlags, LocalFlags, OutputFlags, SetArg, tcgetattr, tcsetattr,
};
use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::unix::AsyncFd;
use tokio::sync::mpsc::Sender;
use tokio::time::{sleep, timeout};

/// A terminal that was opened and set, while that was still possible.
#[derive(Debug)]
pub(super) struct Opened {
    name: String,
    file: File,
}

/// What was typed on one.
#[derive(Debug)]
pub(super) struct Typed {
    /// Which one, by its place.
    pub(super) terminal: usize,
    /// The line, without its end.
    pub(super) line: Vec<u8>,
}

/// A terminal in use.
#[derive(Debug)]
pub(super) struct Terminal {
    name: String,
    file: AsyncFd<File>,
}

/// The kernel's consoles, and the screen.
pub(super) fn open_all() -> Vec<Opened> {
    let active = std::fs::read_to_string("/sys/class/tty/console/active").unwrap_or_default();
    let mut all = Vec::new();
    for name in names(&active) {
        let path = Path::new("/dev").join(&name);
        match open(&path) {
            Ok(file) => all.push(Opened { name, file }),
            // A machine without a screen, or a port that is only announced.
            Err(error) => tracing::info!(terminal = name, %error, "is not there"),
        }
    }
    all
}

/// Which terminals those are. `tty0` is whatever the screen shows; the menu is on the first of what it can show.
fn names(active: &str) -> Vec<String> {
    let mut names = vec![SCREEN.to_owned()];
    for name in active.split_whitespace().filter(|name| *name != "tty0") {
        let plain = name.bytes().all(|octet| octet.is_ascii_alphanumeric());
        if plain && !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    }
    names
}

fn open(path: &Path) -> io::Result<File> {
    let flags = libc::O_NOCTTY | libc::O_NONBLOCK | libc::O_CLOEXEC;
    let file = File::options().read(true).write(true).custom_flags(flags).open(path)?;
    // Lines with their echo and with backspace, by the kernel; no key is a signal, none stops the output.
    let mut settings = tcgetattr(&file)?;
    settings.input_flags = InputFlags::ICRNL | InputFlags::IGNBRK;
    settings.output_flags = OutputFlags::OPOST | OutputFlags::ONLCR;
    settings.local_flags =
        LocalFlags::ICANON | LocalFlags::ECHO | LocalFlags::ECHOE | LocalFlags::ECHOK;
    settings.control_flags |= ControlFlags::CREAD | ControlFlags::CLOCAL;
    tcsetattr(&file, SetArg::TCSANOW, &settings)?;
    Ok(file)
}

impl Terminal {
    pub(super) fn new(opened: Opened) -> io::Result<Self> {
        #[expect(
            deprecated,
            reason = "the newer face is unsafe and asks for what a File promises: it keeps its descriptor open"
        )]
        let file = AsyncFd::new(opened.file)?;
        Ok(Self { name: opened.name, file })
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Sends on what is typed, until nobody listens any more.
    pub(super) async fn read(self: Arc<Self>, place: usize, lines: Sender<Typed>) {
        let mut buffer = [0; TYPED_MAX];
        loop {
            match self.take(&mut buffer).await {
                Ok(0) => sleep(PAUSE).await,
                Ok(length) => {
                    let line = buffer.get(..length).unwrap_or_default();
                    let line = line.strip_suffix(b"\n").unwrap_or(line).to_vec();
                    if lines.send(Typed { terminal: place, line }).await.is_err() {
                        return;
                    }
                }
                Err(error) => {
                    tracing::debug!(terminal = self.name, %error, "cannot be read");
                    sleep(PAUSE).await;
                }
            }
        }
    }

    async fn take(&self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let mut ready = self.file.readable().await?;
            if let Ok(taken) = ready.try_io(|file| file.get_ref().read(buffer)) {
                return taken;
            }
        }
    }

    /// Writes, as far as the terminal takes it in time: one that nobody reads must not hold up the others.
    pub(super) async fn write(&self, text: &str) {
        let written = timeout(PATIENCE, self.put(text.as_bytes())).await;
        if !matches!(written, Ok(Ok(()))) {
            tracing::debug!(terminal = self.name, "does not take what is shown");
        }
    }

    async fn put(&self, mut rest: &[u8]) -> io::Result<()> {
        while !rest.is_empty() {
            let mut ready = self.file.writable().await?;
            if let Ok(written) = ready.try_io(|file| file.get_ref().write(rest)) {
                rest = rest.get(written?..).unwrap_or_default();
            }
        }
        Ok(())
    }
}

/// The first virtual terminal, which is shown after the start.
const SCREEN: &str = "tty1";
/// The kernel's own limit for a line is 4096.
const TYPED_MAX: usize = 4096;
/// After a line that has hung up, or a stray end of input.
const PAUSE: Duration = Duration::from_secs(1);
/// A screen of 2000 letters takes 0.2 s at 115200 baud, and 2 s at 9600.
const PATIENCE: Duration = Duration::from_millis(1500);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_screen_and_every_console_of_the_kernel_have_a_menu_once() {
        assert_eq!(names("tty0 ttyS0\n"), ["tty1", "ttyS0"]);
        assert_eq!(names("ttyAMA0"), ["tty1", "ttyAMA0"]);
        assert_eq!(names("tty1 hvc0 hvc0 ../x"), ["tty1", "hvc0"]);
        assert_eq!(names(""), ["tty1"]);
    }
}
