//! The server in a host of a story, with a state folder of its own.

use crate::place::Place;
use crate::process::{Process, last_lines};
use crate::{Given, Wrong};
use std::path::PathBuf;
use std::process::Output;

/// A running server; it is killed when this is dropped. Its state folder stays with the place.
#[derive(Debug)]
pub struct Ours {
    /// What it says.
    pub process: Process,
    appliance: PathBuf,
    host: &'static str,
    state: PathBuf,
}

impl Ours {
    /// Starts the server on a host with these roles beside the usual ones, and waits until all are up. What stands inside
    /// `<config>` is in `settings`; an empty text leaves the settings of an earlier server of this host.
    ///
    /// # Errors
    /// If it does not come up.
    pub fn start(
        given: &Given,
        place: &Place,
        (host, with): (&'static str, &str),
        settings: &str,
    ) -> Result<Self, Wrong> {
        Self::start_with(given, place, (host, with), (settings, &[]))
    }

    /// The same with these variables in its environment.
    ///
    /// # Errors
    /// If it does not come up.
    pub fn start_with(
        given: &Given,
        place: &Place,
        (host, with): (&'static str, &str),
        (settings, variables): (&str, &[(&str, &str)]),
    ) -> Result<Self, Wrong> {
        let state = place.folder().join(format!("state-{host}"));
        std::fs::create_dir_all(&state)?;
        if !settings.is_empty() {
            let text = format!("<config>{settings}</config>\n");
            std::fs::write(state.join("config.xml"), text)?;
        }
        let mut command = place.command(host, &given.appliance);
        command.envs(variables.iter().copied());
        command.arg("run").arg("--state").arg(&state).arg("--with").arg(with);
        let mut process = Process::start(&format!("ours-{host}"), place.folder(), &mut command)?;
        process.says("all roles are up")?;
        Ok(Self { process, appliance: given.appliance.clone(), host, state })
    }

    /// Its state folder.
    #[must_use]
    pub fn state(&self) -> &std::path::Path {
        &self.state
    }

    /// Asks the running server with a command of `appliance`, to which `--state` is added.
    ///
    /// # Errors
    /// If it does not end with 0.
    pub fn ask(&self, place: &Place, words: &[&str]) -> Result<String, Wrong> {
        let mut command = place.command(self.host, &self.appliance);
        command.args(words).arg("--state").arg(&self.state);
        let Output { status, stdout, stderr } = command.output()?;
        let out = String::from_utf8_lossy(&stdout).into_owned();
        if status.success() {
            return Ok(out);
        }
        let said = last_lines(&(out + &String::from_utf8_lossy(&stderr)));
        Err(format!("appliance {}: {status}: {said}", words.join(" ")).into())
    }

    /// Stops the server as a supervisor would.
    ///
    /// # Errors
    /// If it does not end well.
    pub fn stop(self) -> Result<(), Wrong> {
        match self.process.end()? {
            0 => Ok(()),
            code => Err(format!("the server ended with {code}").into()),
        }
    }
}
