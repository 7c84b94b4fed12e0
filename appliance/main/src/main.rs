//! The one binary: its name or its first word chooses what it is.

mod arguments;
mod decode;

use arguments::{Command, Place, USAGE};
use roles::parent::{self, Plan};
use roles::settings::{self, Files, Optional};
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

fn main() -> ExitCode {
    match arguments::parse(std::env::args_os()) {
        Ok(command) => obey(command),
        Err(error) => {
            eprintln!("appliance: {error}\n{USAGE}");
            ExitCode::from(EXIT_USAGE)
        }
    }
}

fn obey(command: Command) -> ExitCode {
    let done = match command {
        Command::Run(place) => return run(&place),
        Command::Role(name, _) => Err(format!("the role {name} is not in this build")),
        Command::Control(..) => Err("the server cannot be asked in this build".to_owned()),
        Command::DecodeSip(files) => decode::sip(&files),
        Command::DecodeNwk(words) => decode::nwk(&words),
        Command::DecodeLink(words, cipher) => decode::link(&words, cipher.as_ref()),
        Command::Version => {
            println!("appliance {}", env!("CARGO_PKG_VERSION"));
            Ok(())
        }
        Command::Help => {
            println!("{USAGE}");
            Ok(())
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error),
    }
}

/// The server in the foreground: the files are looked at before anything is started.
fn run(place: &Place) -> ExitCode {
    let files = files(place);
    let loaded = match settings::load(&files) {
        Ok(loaded) => loaded,
        Err(error) => return fail(&error.to_string()),
    };
    for notice in &loaded.notices {
        eprintln!("appliance: {notice}");
    }
    if let Err(error) = std::fs::create_dir_all(&place.state) {
        return fail(&format!("cannot make the state folder {}: {error}", place.state.display()));
    }
    let plan = Plan {
        executable: PathBuf::from("/proc/self/exe"),
        arguments: arguments_of(place),
        sockets: place.state.join(SOCKETS),
    };
    match parent::run(&plan, || eprintln!("appliance: all roles are up")) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error.to_string()),
    }
}

fn files(place: &Place) -> Files {
    Files {
        config: place.config.clone().unwrap_or_else(|| place.state.join("config.xml")),
        users: place.users.clone().unwrap_or_else(|| place.state.join("users.xml")),
        optional: Optional { config: place.config.is_none(), users: place.users.is_none() },
    }
}

/// What a role is given behind its name.
fn arguments_of(place: &Place) -> Vec<OsString> {
    let mut words: Vec<OsString> = vec!["--state".into(), place.state.clone().into()];
    for (option, file) in [("--config", &place.config), ("--users", &place.users)] {
        if let Some(file) = file {
            words.extend([option.into(), file.clone().into()]);
        }
    }
    words
}

fn fail(error: &str) -> ExitCode {
    eprintln!("appliance: {error}");
    ExitCode::FAILURE
}

/// The folder of the roles' sockets within the state folder.
const SOCKETS: &str = "run";

/// The command line was not understood.
const EXIT_USAGE: u8 = 2;
