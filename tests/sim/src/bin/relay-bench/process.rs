//! What a process has used.

use super::Failure;
use std::fs;

/// Processor time of all threads of a process, in nanoseconds.
pub(super) fn nanoseconds(pid: u32) -> Result<u64, Failure> {
    let mut sum = 0;
    for thread in fs::read_dir(format!("/proc/{pid}/task"))? {
        let text = fs::read_to_string(thread?.path().join("schedstat"))?;
        let used = text.split_whitespace().next().ok_or("schedstat is empty")?;
        sum += used.parse::<u64>()?;
    }
    Ok(sum)
}
