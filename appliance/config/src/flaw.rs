//! What can be wrong with a file, and where.

use std::fmt;

/// A place in a file; the default is the file as a whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Counted from 1.
    pub line: u32,
    /// In characters, counted from 1.
    pub column: u32,
}

/// One thing that is wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// The file, as its reader named it.
    pub file: String,
    /// Where in it.
    pub place: Place,
    /// What is wrong and what was expected.
    pub what: String,
}

/// Everything that is wrong with a file; nothing of the file was applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaws(pub Vec<Flaw>);

/// Something an administrator should know of a file that was accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Where in the file.
    pub place: Place,
    /// What was noticed.
    pub what: String,
}

impl Notice {
    /// In words and in a line; `file` is where the place is.
    #[must_use]
    pub fn of(&self, file: &str) -> String {
        let what = self.what.replace('\n', "\\n");
        match self.place {
            place if place == Place::default() && file.is_empty() => what,
            place if place == Place::default() => format!("{file}: {what}"),
            place => format!("{file}, {place}: {what}"),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::default() {
            return f.write_str("as a whole");
        }
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.place == Place::default() {
            // It was typed, not read.
            return f.write_str(&self.what);
        }
        write!(f, "{}, {}: {}", self.file, self.place, self.what)
    }
}

impl fmt::Display for Flaws {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, flaw) in self.0.iter().take(SHOWN_MAX).enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            write!(f, "{flaw}")?;
        }
        let hidden = self.0.len().saturating_sub(SHOWN_MAX);
        if hidden > 0 {
            write!(f, "\nand {hidden} more")?;
        }
        Ok(())
    }
}

impl std::error::Error for Flaws {}

/// More than a screen of flaws helps nobody.
const SHOWN_MAX: usize = 20;
