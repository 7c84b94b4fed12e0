//! Programs of the machine that do what they do best.

use crate::error::Error;
use std::ffi::OsStr;
use std::process::Command;

/// A program and the Debian package that has it.
pub struct Tool {
    name: &'static str,
    package: &'static str,
    command: Command,
}

impl Tool {
    /// Prepares a call. What it makes shall not depend on the machine's clock, language or zone.
    #[must_use]
    pub fn new(name: &'static str, package: &'static str) -> Self {
        let mut command = Command::new(name);
        // Where Debian keeps mke2fs is not in everybody's path.
        let path = std::env::var("PATH").unwrap_or_default();
        command.env("PATH", format!("{path}:/usr/sbin:/sbin"));
        command.env("LC_ALL", "C").env("TZ", "UTC").env_remove("SOURCE_DATE_EPOCH");
        Self { name, package, command }
    }

    /// One more word.
    #[must_use]
    pub fn arg(mut self, word: impl AsRef<OsStr>) -> Self {
        self.command.arg(word);
        self
    }

    /// More words.
    #[must_use]
    pub fn args<W: AsRef<OsStr>>(mut self, words: impl IntoIterator<Item = W>) -> Self {
        self.command.args(words);
        self
    }

    /// A variable of its environment.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Calls it and returns what it printed.
    ///
    /// # Errors
    /// When it is not there or fails.
    pub fn run(mut self) -> Result<Vec<u8>, Error> {
        let output = self.command.output().map_err(|source| match source.kind() {
            std::io::ErrorKind::NotFound => {
                Error::NotInstalled { what: self.name.into(), package: self.package }
            }
            _ => Error::Program { program: self.name.into(), said: source.to_string() },
        })?;
        if output.status.success() {
            return Ok(output.stdout);
        }
        let text = [output.stdout, output.stderr].concat();
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<&str> = text.lines().collect();
        let said = lines[lines.len().saturating_sub(SAID_LINES)..].join("\n");
        Err(Error::Program { program: self.name.into(), said })
    }
}

/// Lines of a failed program that are shown.
const SAID_LINES: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_program_is_named_with_its_package() {
        let error = Tool::new("no-such-program", "some-package").run().unwrap_err();
        assert_eq!(
            error.to_string(),
            "no-such-program is not here; install it with: apt-get install some-package"
        );
    }

    #[test]
    fn a_failed_program_is_quoted() {
        let error = Tool::new("ls", "coreutils").arg("/no/such/folder").run().unwrap_err();
        assert!(error.to_string().starts_with("ls has failed: ls: cannot access"), "{error}");
    }
}
