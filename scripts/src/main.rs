//! `cargo xtask`: all automation of the house.

mod rooms;

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let command = words.next().unwrap_or_default();
    let rest: Vec<String> = words.collect();
    let done = match command.as_str() {
        "rooms" => rooms::report(),
        _ => Err(USAGE.into()),
    };
    drop(rest);
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// What a command of `cargo xtask` ends with.
type Outcome = Result<(), Box<dyn std::error::Error>>;

const USAGE: &str = "\
usage: cargo xtask COMMAND
  rooms            hold the rules of who may know whom (DESIGN D2, D3)";
