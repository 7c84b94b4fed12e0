//! Whether the box may reboot by itself once more.
//!
//! It may, unless it has done so twice within half an hour. A box without a
//! clock cannot say when that was, so each automatic reboot leaves behind for
//! how long the system had been up; a boot that lasts half an hour clears them.

use std::time::Duration;

/// The last automatic reboots: for how long the system had been up at each, the oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reboots(Vec<u32>);

impl Reboots {
    /// Reads what [`Reboots::print`] has written; what is damaged counts as nothing, since a box that is asked too
    /// often to reboot comes to safe mode in the end.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let lines = text.lines().take(KEPT).map_while(|line| line.parse().ok());
        Self(lines.collect())
    }

    /// Seconds, one line each.
    #[must_use]
    pub fn print(&self) -> String {
        let line = |mut text: String, seconds: &u32| {
            text.push_str(&seconds.to_string());
            text.push('\n');
            text
        };
        self.0.iter().fold(String::new(), line)
    }

    /// Whether another is allowed at this age of the system. Asked at the start of the roles; what happens later only
    /// makes it more allowed.
    #[must_use]
    pub fn allowed(&self, up: Duration) -> bool {
        let since_first: u64 = self.0.iter().skip(1).map(|seconds| u64::from(*seconds)).sum();
        self.0.len() < KEPT || since_first.saturating_add(up.as_secs()) >= SPAN.as_secs()
    }

    /// Remembers that the system reboots by itself at this age.
    #[must_use]
    pub fn and(mut self, up: Duration) -> Self {
        self.0.push(u32::try_from(up.as_secs()).unwrap_or(u32::MAX));
        let surplus = self.0.len().saturating_sub(KEPT);
        self.0.drain(..surplus);
        self
    }
}

/// So many automatic reboots within [`SPAN`] are enough.
const KEPT: usize = 2;

/// How long an automatic reboot counts; a system that has been up for so long may forget them all.
pub const SPAN: Duration = Duration::from_mins(30);

#[cfg(test)]
mod tests {
    use super::*;

    const fn minutes(minutes: u64) -> Duration {
        Duration::from_secs(60 * minutes)
    }

    #[test]
    fn a_third_reboot_within_half_an_hour_is_not_allowed() {
        let none = Reboots::parse("");
        assert!(none.allowed(minutes(1)));
        let one = none.and(minutes(500));
        assert!(one.allowed(minutes(1)));
        let two = one.and(minutes(2));
        assert!(!two.allowed(minutes(1)));
        assert!(two.allowed(minutes(28)));
        // Only the time between the reboots counts, not how long the system was up before the first.
        let slow = Reboots::default().and(minutes(1)).and(minutes(40));
        assert!(slow.allowed(minutes(1)));
    }

    #[test]
    fn it_survives_the_file_and_a_damaged_file_is_none() {
        let two = Reboots::default().and(minutes(9)).and(minutes(2)).and(minutes(3));
        assert_eq!(two.print(), "120\n180\n");
        assert_eq!(Reboots::parse(&two.print()), two);
        assert_eq!(Reboots::parse("\u{0}\u{0}x"), Reboots::default());
        assert_eq!(Reboots::parse("1\n2\n3\n4\n").print(), "1\n2\n");
    }
}
