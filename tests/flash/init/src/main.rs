//! PID 1 of a machine with simulated NAND: tries the room `os` on it, prints a verdict for each promise, and switches
//! the machine off.

mod raw;
mod volumes;

use nix::kmod::{ModuleInitFlags, finit_module};
use nix::mount::{MsFlags, mount};
use nix::sys::reboot::{RebootMode, reboot};
use std::fs::File;
use std::time::Duration;

/// How a promise is broken.
type Wrong = Box<dyn std::error::Error>;

/// A promise, and what tries it. They are tried in order, and each begins with what the one before has left.
type Promise = (&'static str, fn() -> Result<(), Wrong>);

fn main() {
    for (kind, place) in [("proc", "/proc"), ("sysfs", "/sys"), ("devtmpfs", "/dev")] {
        let _ = std::fs::create_dir(place);
        let _ = mount(Some(kind), place, Some(kind), MsFlags::empty(), None::<&str>);
    }
    load_modules();
    for (name, keep) in raw::PROMISES.iter().chain(volumes::PROMISES) {
        match keep() {
            Ok(()) => println!("flash: ok {name}"),
            Err(error) => println!("flash: FAILED {name}: {}", told(&*error)),
        }
    }
    println!("flash: end");
    nix::unistd::sync();
    let _ = reboot(RebootMode::RB_POWER_OFF);
    loop {
        std::thread::sleep(Duration::from_secs(1));
    }
}

fn load_modules() {
    for line in std::fs::read_to_string("/modules/order").unwrap_or_default().lines() {
        let (name, words) = line.split_once(' ').unwrap_or((line, ""));
        let words = std::ffi::CString::new(words).unwrap_or_default();
        let loaded = File::open(format!("/modules/{name}"))
            .map(|file| finit_module(file, &words, ModuleInitFlags::empty()));
        if !matches!(loaded, Ok(Ok(()))) {
            println!("{name} cannot be loaded: {loaded:?}");
        }
    }
}

/// An error with its causes.
fn told(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

/// Fails unless it holds.
fn hold(what: &str, holds: bool) -> Result<(), Wrong> {
    if holds { Ok(()) } else { Err(what.into()) }
}

/// Fails unless the kernel has refused something with this error.
fn refused<T, E: std::error::Error>(
    what: &str,
    done: Result<T, E>,
    errno: i32,
) -> Result<(), Wrong> {
    let Err(error) = done else { return Err(format!("{what}: it was done").into()) };
    let cause = error.source().and_then(|cause| cause.downcast_ref::<std::io::Error>());
    let found = cause.and_then(std::io::Error::raw_os_error);
    let text = format!("{what}: {}, not {errno}", told(&error));
    if found == Some(errno) { Ok(()) } else { Err(text.into()) }
}

/// Octets that differ from page to page and from `seed` to `seed`.
fn pattern(seed: u8, count: usize) -> Vec<u8> {
    let octet = |at: usize| (at ^ (at >> 8)).to_le_bytes()[0] ^ seed;
    (0..count).map(octet).collect()
}
