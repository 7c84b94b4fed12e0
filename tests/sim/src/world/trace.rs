//! The story of a run, as text.

use std::fmt::{Arguments, Write as _};
use std::time::Duration;

/// The trace; empty until it is opened.
#[derive(Default)]
pub(super) struct Trace {
    open: bool,
    text: String,
}

impl Trace {
    pub(super) fn open(&mut self) {
        self.open = true;
        self.text.clear();
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn line(&mut self, at: Duration, line: Arguments<'_>) {
        if self.open && self.text.len() < TEXT_MAX {
            // Writing to a string does not fail.
            let _ = writeln!(self.text, "{:9.3}  {line}", at.as_secs_f64());
        }
    }
}

/// Enough for any story; a world that runs for a day does not open its trace.
const TEXT_MAX: usize = 4 << 20;
