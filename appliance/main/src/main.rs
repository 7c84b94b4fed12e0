//! The one binary: its name or its first word chooses what it is.

mod arguments;
mod clock;
mod control;
mod decode;
mod help;
mod keep;
mod logs;
mod network;
mod settings;
mod users;

use arguments::{Command, Place};
use roles::causes::with_causes;
use roles::client::Server;
use roles::entry;
use roles::parent::{self, Plan};
use roles::sandbox::Ground;
use roles::settings::{Files, Optional};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

fn main() -> ExitCode {
    match arguments::parse(std::env::args_os()) {
        Ok(command) => obey(command),
        Err(error) => {
            eprintln!("appliance: {error}\n{}", help::hint(std::env::args_os()));
            ExitCode::from(EXIT_USAGE)
        }
    }
}

fn obey(command: Command) -> ExitCode {
    let done = match command {
        Command::Run(place, with) => return run(&place, &with),
        Command::Init => return roles::init::main(),
        Command::Network(address) => return roles::network::main(address.as_deref()),
        Command::Role(name, place) => {
            let files = files(&place);
            return be(name, &entry::Place::foreground(place.state, files));
        }
        Command::RoleOnTheBox(name) => return be(name, &entry::Place::on_the_box(name)),
        Command::Control(state, question) => control::ask(&server(state), &question)
            .map(|answer| print!("{answer}"))
            .map_err(|error| error.to_string()),
        Command::Logs(state, wish) => logs::show(&server(state), wish),
        Command::DecodeSip(files) => decode::sip(&files),
        Command::DecodeNwk(words) => decode::nwk(&words),
        Command::DecodeLink(words, cipher) => decode::link(&words, cipher.as_ref()),
        Command::Keep(state, wish) => keep::ask(state, &wish).map(|answer| print!("{answer}")),
        Command::Settings(wish) => settings::obey(&wish),
        Command::Users(wish) => users::obey(&wish),
        Command::Version => {
            println!("appliance {}", env!("CARGO_PKG_VERSION"));
            Ok(())
        }
        Command::Help(topic) => {
            println!("{}", help::text(topic.as_deref()).unwrap_or_default());
            Ok(())
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error),
    }
}

/// The server in the foreground: the files are looked at before anything is started.
fn run(place: &Place, with: &[String]) -> ExitCode {
    let with: Vec<_> = match with.iter().map(|name| parent::asked_for(name)).collect() {
        Ok(with) => with,
        Err(error) => return fail(&error),
    };
    let files = files(place);
    let loaded = match roles::settings::load(&files) {
        Ok(loaded) => loaded,
        Err(error) => return fail(&error.to_string()),
    };
    for notice in &loaded.notices {
        eprintln!("appliance: {notice}");
    }
    if let Err(error) = std::fs::create_dir_all(&place.state) {
        return fail(&format!("cannot make the state folder {}: {error}", place.state.display()));
    }
    let journal = entry::log("init", Ground::Foreground, &entry::sockets(&place.state));
    let plan = Plan {
        executable: PathBuf::from("/proc/self/exe"),
        arguments: arguments_of(place),
        sockets: entry::sockets(&place.state),
        with,
        journal,
    };
    match parent::run(&plan, || eprintln!("appliance: all roles are up")) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&with_causes(&error)),
    }
}

/// One role, until the supervisor stops it.
fn be(name: &str, place: &entry::Place) -> ExitCode {
    match entry::role(name, place) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            entry::complain(&with_causes(&error));
            u8::try_from(error.exit_code()).map_or(ExitCode::FAILURE, ExitCode::from)
        }
    }
}

fn server(state: Option<PathBuf>) -> Server {
    state.map_or_else(Server::of_this_box, |state| Server::of(&state))
}

fn files(place: &Place) -> Files {
    let own = files_in(&place.state);
    Files {
        config: place.config.clone().unwrap_or(own.config),
        users: place.users.clone().unwrap_or(own.users),
        optional: Optional { config: place.config.is_none(), users: place.users.is_none() },
    }
}

/// Those that are in the state folder, if they are.
fn files_in(state: &Path) -> Files {
    let optional = Optional { config: true, users: true };
    Files { config: state.join("config.xml"), users: state.join("users.xml"), optional }
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

/// The command line was not understood.
const EXIT_USAGE: u8 = 2;
