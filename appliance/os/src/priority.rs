//! Threads that may not wait behind others.

use nix::libc;
use std::io;

/// What this thread was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Priority {
    /// Real time, round robin: before all ordinary threads.
    RealTime,
    /// Ordinary, but before others.
    Nice,
    /// Nothing: this user may not have it.
    Ordinary,
}

/// Lets the calling thread run before others, as far as this user may.
#[must_use]
pub fn raise() -> Priority {
    if real_time().is_ok() {
        Priority::RealTime
    } else if nice(NICE).is_ok() {
        Priority::Nice
    } else {
        Priority::Ordinary
    }
}

/// Says how soon the kernel is to end this process, and those that it starts later, when memory is short: -1000 (never)
/// to 1000.
///
/// # Errors
/// If this user may not, or `/proc` is not mounted.
pub fn when_memory_is_short(oom_score_adj: i16) -> io::Result<()> {
    std::fs::write("/proc/self/oom_score_adj", oom_score_adj.to_string())
}

fn real_time() -> io::Result<()> {
    let parameters = libc::sched_param { sched_priority: REAL_TIME };
    // Children do not inherit it.
    let policy = libc::SCHED_RR | libc::SCHED_RESET_ON_FORK;
    #[expect(unsafe_code, reason = "no safe face in nix")]
    // SAFETY: `parameters` outlives the call, which only reads it; 0 is the calling thread.
    let result = unsafe { libc::sched_setscheduler(0, policy, &raw const parameters) };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Puts the calling thread, and those that it starts later, before ordinary ones (-1 to -20) or behind them (1 to 19).
///
/// # Errors
/// If this user may not.
pub fn nice(nice: i32) -> io::Result<()> {
    #[expect(unsafe_code, reason = "no safe face in nix")]
    // SAFETY: takes only numbers; 0 is the calling thread.
    let result = unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, nice) };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Above ordinary threads, below those of the kernel (50).
const REAL_TIME: i32 = 10;

/// What a desktop gives its sound server.
const NICE: i32 = -11;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg_attr(miri, ignore = "miri has no scheduler")]
    fn what_is_said_to_be_given_is_in_force() {
        // In a thread of its own, so that no other test runs at that priority.
        let (given, policy) = std::thread::spawn(|| {
            let given = raise();
            #[expect(unsafe_code, reason = "no safe face in nix")]
            // SAFETY: takes only a number; 0 is the calling thread.
            let policy = unsafe { libc::sched_getscheduler(0) };
            (given, policy & !libc::SCHED_RESET_ON_FORK)
        })
        .join()
        .unwrap();
        assert_eq!(given == Priority::RealTime, policy == libc::SCHED_RR);
    }
}
