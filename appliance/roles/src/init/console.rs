//! What PID 1 says to a person: a line on the console and in the kernel's log.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::mpsc::channel;
use std::time::Duration;

/// Makes the console what PID 1 and its helpers read from and write to, without ever waiting for it: whoever has a
/// terminal can stop its output.
pub(super) fn open() {
    let Ok(console) = terminal().read(true).open("/dev/console") else { return };
    // In the initramfs the kernel has had no console to open for us.
    let _ = nix::unistd::dup2_stdin(&console);
    let _ = nix::unistd::dup2_stdout(&console);
    let _ = nix::unistd::dup2_stderr(&console);
}

fn terminal() -> OpenOptions {
    let mut options = File::options();
    options.write(true).custom_flags(nix::libc::O_NONBLOCK | nix::libc::O_NOCTTY);
    options
}

/// Says it on every console, with how long the kernel has been up.
pub(super) fn say(what: &str) {
    let up = os::machine::up_for();
    let line = format!("fixpart [{}.{:02}]: {what}\n", up.as_secs(), up.subsec_millis() / 10);
    let consoles = std::fs::read_to_string("/sys/class/tty/console/active").unwrap_or_default();
    let mut shown = false;
    for name in consoles.split_whitespace() {
        if let Ok(mut console) = terminal().open(Path::new("/dev").join(name)) {
            // One call, so that a record of the kernel's does not come between.
            shown |= console.write_all(line.as_bytes()).is_ok();
        }
    }
    if !shown {
        let _ = std::io::stdout().lock().write_all(line.as_bytes());
    }
    if let Ok(mut log) = File::options().write(true).open("/dev/kmsg") {
        // <28>: facility daemon, level warning.
        let _ = log.write(format!("<28>fixpart[init]: {what}").as_bytes());
    }
}

/// Sees to it that a mistake of PID 1's is said, and what is written is on the disks, before the kernel ends everything.
pub(super) fn last_words() {
    std::panic::set_hook(Box::new(|panic| {
        say(&format!("PID 1 has failed and the machine starts anew: {panic}"));
        let (done, waiting) = channel();
        std::thread::spawn(move || {
            os::block::sync();
            // Nobody may be waiting any more.
            let _ = done.send(());
        });
        let _ = waiting.recv_timeout(SYNC);
        let _ = os::machine::end(os::machine::End::Reboot);
    }));
}

/// A disk that does not answer is not waited for.
const SYNC: Duration = Duration::from_secs(5);
