//! The machine's clock: read, set, and made to run faster or slower.

use nix::libc;
use nix::sys::time::TimeSpec;
use nix::time::{ClockId, clock_gettime, clock_settime};
use std::io;

/// What the clock shows, in nanoseconds since 1970 (UTC).
#[must_use]
pub fn read() -> i64 {
    let time = clock_gettime(ClockId::CLOCK_REALTIME).unwrap_or(TimeSpec::new(0, 0));
    time.tv_sec().saturating_mul(SECOND).saturating_add(time.tv_nsec())
}

/// Sets it to nanoseconds since 1970 (UTC).
///
/// # Errors
/// If this user may not.
pub fn set(to: i64) -> io::Result<()> {
    let time = TimeSpec::new(to.div_euclid(SECOND), to.rem_euclid(SECOND));
    Ok(clock_settime(ClockId::CLOCK_REALTIME, time)?)
}

/// Puts it forward by so many nanoseconds; ends whatever slewing there was.
///
/// # Errors
/// If this user may not, or the kernel cannot have such a time.
pub fn step(by: i64) -> io::Result<()> {
    slew(0)?;
    let mut change = Change::new(libc::ADJ_SETOFFSET | libc::ADJ_NANO);
    change.0.time.tv_sec = by.div_euclid(SECOND);
    // The field is one of microseconds; what ADJ_NANO says of it is that it holds nanoseconds.
    change.0.time.tv_usec = by.rem_euclid(SECOND);
    change.ask()
}

/// Has the kernel gain so many nanoseconds, at most half a second, and learn from it how fast the clock runs by
/// itself. The larger `constant`, 0 to 10, the more slowly (RFC 5905 11.3; a power of two).
///
/// The kernel takes the clock for right from then on, and so keeps the machine's other clock with it.
///
/// # Errors
/// If this user may not.
pub fn follow(by: i64, constant: u8) -> io::Result<()> {
    slew(0)?;
    let what = libc::ADJ_OFFSET | libc::ADJ_TIMECONST | libc::ADJ_NANO;
    let mut change = Change::new(what | libc::ADJ_STATUS | libc::ADJ_MAXERROR | libc::ADJ_ESTERROR);
    change.0.status = libc::STA_PLL;
    change.0.offset = by;
    change.0.constant = constant.min(CONSTANT_MAX).into();
    change.ask()
}

/// Has the kernel gain so many nanoseconds by running 500 of a million faster or slower, in place of what there was
/// still to be gained.
///
/// # Errors
/// If this user may not.
pub fn slew(by: i64) -> io::Result<()> {
    let mut change = Change::new(libc::ADJ_OFFSET_SINGLESHOT);
    change.0.offset = by / 1000;
    change.ask()
}

/// How many thousand millionths faster the kernel makes the clock run by what it has learnt; `None` if it does not say.
#[must_use]
pub fn learnt() -> Option<i64> {
    let mut look = Change::new(0);
    look.ask().ok()?;
    // In millionths, with 16 bits behind the point.
    Some(look.0.freq.saturating_mul(1000) >> 16)
}

struct Change(libc::timex);

impl Change {
    fn new(modes: libc::c_uint) -> Self {
        #[expect(
            unsafe_code,
            reason = "a structure of the kernel's, with fields that nobody names"
        )]
        // SAFETY: it is made of integers only, for which zeros are a value.
        let mut timex: libc::timex = unsafe { std::mem::zeroed() };
        timex.modes = modes;
        Self(timex)
    }

    fn ask(&mut self) -> io::Result<()> {
        #[expect(unsafe_code, reason = "no safe face in nix")]
        // SAFETY: the structure outlives the call, which reads and writes only it.
        let result = unsafe { libc::clock_adjtime(libc::CLOCK_REALTIME, &raw mut self.0) };
        if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
    }
}

const SECOND: i64 = 1_000_000_000;

/// MAXTC of the kernel.
const CONSTANT_MAX: u8 = 10;

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{SystemTime, UNIX_EPOCH};

    #[test]
    #[cfg_attr(miri, ignore = "miri has no clock of the kernel's")]
    fn the_clock_is_read_as_others_read_it_and_looking_changes_nothing() {
        let before = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos();
        let read = u128::try_from(read()).unwrap();
        let after = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos();
        assert!((before..=after).contains(&read));
        assert!(learnt().is_none_or(|learnt| learnt.abs() <= 500_000));
    }
}
