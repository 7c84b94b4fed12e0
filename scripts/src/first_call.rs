//! `cargo xtask run`: PBX, server, base stations and handsets on a network of their own, and their first calls.

mod net;
mod pbx;
mod peer;
mod phone;
mod process;
mod server;
mod simulator;
mod story;
mod tone;

use crate::rooms;
use crate::steps::Steps;
use net::Net;
use std::process::ExitCode;

/// Makes the calls; `--once` ends there, else the simulator's prompt stays open.
pub(crate) fn run(words: &[String]) -> ExitCode {
    let mut once = false;
    let mut within = false;
    for word in words {
        match word.as_str() {
            "--once" => once = true,
            WITHIN => within = true,
            _ => {
                eprintln!("usage: cargo xtask run [--once]");
                return ExitCode::from(2);
            }
        }
    }
    if within {
        return calls(Net { own: true }, once);
    }
    let program = rooms::program("scripts").ok();
    let Some(mut command) = program.and_then(|program| net::enter(&program)) else {
        println!("no network namespace can be made here; everything runs on 127.99.0.0/24");
        return calls(Net { own: false }, once);
    };
    command.args(["run", WITHIN]).args(words);
    match command.status() {
        Ok(status) if status.success() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("cannot start unshare: {error}");
            ExitCode::FAILURE
        }
    }
}

fn calls(net: Net, once: bool) -> ExitCode {
    let root = rooms::root();
    let folder = root.join(FOLDER);
    let _ = std::fs::remove_dir_all(&folder);
    let furnished = std::fs::create_dir_all(&folder).map_err(|error| error.to_string());
    if let Err(error) = furnished.and_then(|()| net.furnish()) {
        eprintln!("{error}");
        return ExitCode::FAILURE;
    }
    let mut steps = Steps::default();
    let cast = story::gather(&root, &folder, net, &mut steps).map(|mut cast| {
        story::play(&mut cast, &mut steps);
        cast
    });
    println!("{}; everything they said is in {}", steps.tally, folder.display());
    println!("{}", steps.tally);
    if let Some(cast) = cast.filter(|_| !once) {
        println!("the simulator's prompt; help lists the commands, quit ends everything");
        cast.simulator.prompt();
    }
    if steps.tally.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Everything that a run leaves: state, logs, the mirror of the base-station links.
const FOLDER: &str = ".cache/first-call";
/// Says to ourselves that the namespace has been entered.
const WITHIN: &str = "--within";
