//! The machine itself: its end, its watchdog, its power button, its clocks, its modules.

use nix::kmod::{ModuleInitFlags, finit_module};
use nix::sys::reboot::{RebootMode, reboot, set_cad_enabled};
use nix::time::{ClockId, clock_gettime};
use std::ffi::CString;
use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What becomes of the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It is switched off.
    PowerOff,
    /// It starts again, through its firmware.
    Reboot,
}

/// Ends the machine at once; what is not on the disks is lost.
///
/// # Errors
/// If this user may not.
pub fn end(how: End) -> io::Result<()> {
    let mode = match how {
        End::PowerOff => RebootMode::RB_POWER_OFF,
        End::Reboot => RebootMode::RB_AUTOBOOT,
    };
    match reboot(mode) {
        Ok(never) => match never {},
        Err(error) => Err(error.into()),
    }
}

/// Makes ctrl-alt-del a request (SIGINT to PID 1) instead of a reset.
///
/// # Errors
/// If this user may not.
pub fn ask_on_ctrl_alt_del() -> io::Result<()> {
    Ok(set_cad_enabled(false)?)
}

/// How long the machine has been up.
#[must_use]
pub fn up_for() -> Duration {
    clock_gettime(ClockId::CLOCK_BOOTTIME).map(Duration::from).unwrap_or_default()
}

/// Waits until the kernel's random numbers are good: keys are made from them. Asking makes the kernel gather what is
/// missing; a mere look at `/dev/random`, which a static program's libraries take, would wait for ever.
///
/// # Errors
/// Never on a kernel since 3.17.
pub fn wait_for_randomness() -> io::Result<()> {
    let mut octet = 0u8;
    #[expect(unsafe_code, reason = "no safe face in nix")]
    // SAFETY: the kernel writes at most one octet to a place of that size.
    let got = unsafe { nix::libc::getrandom((&raw mut octet).cast(), 1, 0) };
    nix::errno::Errno::result(got)?;
    Ok(())
}

/// Loads a kernel module; one that is there already, or whose hardware is not, is no error.
///
/// # Errors
/// If the file cannot be read or the kernel refuses it.
pub fn load_module(file: &Path, parameters: &str) -> io::Result<()> {
    let file = File::open(file)?;
    let parameters = CString::new(parameters).map_err(io::Error::other)?;
    match finit_module(&file, &parameters, ModuleInitFlags::empty()) {
        Ok(()) | Err(nix::errno::Errno::EEXIST | nix::errno::Errno::ENODEV) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// The hardware's watchdog: it resets the machine unless it is fed.
#[derive(Debug)]
pub struct Watchdog(File);

impl Watchdog {
    /// Starts it with this much time, or what it has that comes near; `None` if the machine has no watchdog.
    #[must_use]
    pub fn start(timeout: Duration) -> Option<Self> {
        let watchdog = Self(File::options().write(true).open("/dev/watchdog0").ok()?);
        // One that has a fixed time keeps it.
        let _ = watchdog.set(timeout);
        Some(watchdog)
    }

    /// Gives it this much time from now on.
    ///
    /// # Errors
    /// If its time is fixed.
    pub fn set(&self, timeout: Duration) -> io::Result<()> {
        let mut seconds = i32::try_from(timeout.as_secs()).unwrap_or(i32::MAX);
        #[expect(unsafe_code, reason = "an ioctl")]
        // SAFETY: the request reads and writes an int that outlives the call.
        unsafe {
            requests::set_timeout(self.0.as_raw_fd(), &raw mut seconds)?
        };
        Ok(())
    }

    /// Says that we live.
    ///
    /// # Errors
    /// If the device is gone.
    pub fn feed(&mut self) -> io::Result<()> {
        // Any octet but 'V', which would be a promise to stop.
        self.0.write_all(b"\0")
    }

    /// Whether the last start of this machine was its doing.
    #[must_use]
    pub fn was_it(&self) -> bool {
        let mut status: i32 = 0;
        #[expect(unsafe_code, reason = "an ioctl")]
        // SAFETY: the request writes an int that outlives the call.
        let asked = unsafe { requests::boot_status(self.0.as_raw_fd(), &raw mut status) };
        asked.is_ok() && status & CARD_RESET != 0
    }
}

/// The power buttons of the machine.
#[derive(Debug, Default)]
pub struct Buttons(Vec<File>);

impl Buttons {
    /// All that there are by now.
    #[must_use]
    pub fn find() -> Self {
        let devices = std::fs::read_dir("/dev/input").into_iter().flatten().flatten();
        let mut paths: Vec<PathBuf> = devices.map(|device| device.path()).collect();
        paths.sort();
        let is_event = |path: &PathBuf| {
            path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("event"))
        };
        let open = |path: PathBuf| {
            let flags = nix::libc::O_NONBLOCK;
            File::options().read(true).custom_flags(flags).open(path).ok()
        };
        let files = paths.into_iter().filter(is_event).filter_map(open).filter(has_power_key);
        Self(files.take(BUTTONS_MAX).collect())
    }

    /// To be waited for.
    pub fn as_fds(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        self.0.iter().map(AsFd::as_fd)
    }

    /// Whether one was pressed since this was last asked.
    pub fn pressed(&mut self) -> bool {
        let mut pressed = false;
        self.0.retain_mut(|file| {
            let mut event = [0; EVENT];
            loop {
                match file.read(&mut event) {
                    Ok(EVENT) => pressed |= is_press(&event),
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    // What cannot be read any more was pulled out; waiting for it would not wait.
                    read => break read.is_err_and(|it| it.kind() == io::ErrorKind::WouldBlock),
                }
            }
        });
        pressed
    }
}

fn has_power_key(file: &File) -> bool {
    let mut keys = [0u8; KEYS];
    #[expect(unsafe_code, reason = "an ioctl")]
    // SAFETY: the request's size is that of the array, which outlives the call.
    let asked = unsafe { requests::keys(file.as_raw_fd(), &raw mut keys) };
    let (octet, bit) = (usize::from(KEY_POWER / 8), KEY_POWER % 8);
    asked.is_ok() && keys.get(octet).is_some_and(|keys| keys & (1 << bit) != 0)
}

/// `struct input_event`: a time of 16 octets on 64-bit machines, type, code, value.
fn is_press(event: &[u8; EVENT]) -> bool {
    let [.., t0, t1, c0, c1, v0, v1, v2, v3] = *event;
    u16::from_ne_bytes([t0, t1]) == EV_KEY
        && u16::from_ne_bytes([c0, c1]) == KEY_POWER
        && i32::from_ne_bytes([v0, v1, v2, v3]) == 1
}

mod requests {
    use super::KEYS;
    nix::ioctl_readwrite!(set_timeout, b'W', 6, i32);
    nix::ioctl_read!(boot_status, b'W', 2, i32);
    // EVIOCGBIT(EV_KEY, KEYS)
    nix::ioctl_read!(keys, b'E', 0x20 + super::EV_KEY, [u8; KEYS]);
}

/// `WDIOF_CARDRESET`
const CARD_RESET: i32 = 0x20;
/// Octets of an input event.
const EVENT: usize = 24;
const EV_KEY: u16 = 1;
const KEY_POWER: u16 = 116;
/// Octets of the bit field of all keys (`KEY_MAX` is 0x2ff).
const KEYS: usize = 96;
/// More power buttons than a machine has.
const BUTTONS_MAX: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pressing_the_power_key_is_a_wish_to_end() {
        let event = |kind: u16, code: u16, value: i32| {
            let mut event = [0; EVENT];
            event[16..18].copy_from_slice(&kind.to_ne_bytes());
            event[18..20].copy_from_slice(&code.to_ne_bytes());
            event[20..].copy_from_slice(&value.to_ne_bytes());
            event
        };
        assert!(is_press(&event(1, 116, 1)));
        for other in [event(1, 116, 0), event(1, 30, 1), event(0, 0, 0), event(1, 116, 2)] {
            assert!(!is_press(&other));
        }
    }

    #[test]
    #[cfg_attr(miri, ignore = "miri has no clock")]
    fn the_machine_is_up_and_its_random_numbers_are_good() {
        wait_for_randomness().unwrap();
        assert!(up_for() > Duration::ZERO);
    }
}
