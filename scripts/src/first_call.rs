//! `cargo xtask run`: PBX, the appliance, base stations and handsets on a network of their own, and their first calls.

mod machine;
mod net;
mod pbx;
mod peer;
mod phone;
mod process;
mod server;
mod simulator;
mod story;
mod tone;

use crate::image;
use crate::rooms;
use crate::steps::Steps;
use net::Net;
use std::path::Path;
use std::process::ExitCode;

/// Makes the calls. `--once` ends there, else the simulator's prompt stays open; `--host` runs the server in the
/// foreground in place of booting its image.
pub(crate) fn run(words: &[String]) -> ExitCode {
    let (mut once, mut host, mut within) = (false, false, None);
    let mut rest = words.iter();
    while let Some(word) = rest.next() {
        match (word.as_str(), &mut within) {
            ("--once", _) => once = true,
            ("--host", _) => host = true,
            (WITHIN, None) => within = rest.next().cloned(),
            _ => {
                eprintln!("usage: cargo xtask run [--once] [--host]");
                return ExitCode::from(2);
            }
        }
    }
    if let Some(image) = within {
        let image = Some(Path::new(&image)).filter(|_| !host);
        return calls(Net { own: true, boxed: image.is_some() }, image, once);
    }
    let program = rooms::program("scripts").ok();
    let Some(mut command) = program.and_then(|program| net::enter(&program)) else {
        println!("no network namespace can be made here; everything runs on 127.99.0.0/24");
        return calls(Net { own: false, boxed: false }, None, once);
    };
    command.args(["run", WITHIN]);
    if host {
        command.arg("-");
    } else {
        println!("making the disk image; {WITHOUT}");
        let address = Net { own: true, boxed: true }.server();
        // Within, nothing can be downloaded any more.
        match image::development(&rooms::root(), &machine::kernel_words(address)) {
            Ok(image) => command.arg(image),
            Err(error) => {
                eprintln!("{error}\nthere is no image; {WITHOUT}");
                return ExitCode::FAILURE;
            }
        };
    }
    match command.args(words).status() {
        Ok(status) if status.success() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("cannot start unshare: {error}");
            ExitCode::FAILURE
        }
    }
}

fn calls(net: Net, image: Option<&Path>, once: bool) -> ExitCode {
    let root = rooms::root();
    let folder = root.join(if image.is_some() { BOXED } else { FOLDER });
    let _ = std::fs::remove_dir_all(&folder);
    let furnished = std::fs::create_dir_all(&folder).map_err(|error| error.to_string());
    if let Err(error) = furnished.and_then(|()| net.furnish()) {
        eprintln!("{error}");
        return ExitCode::FAILURE;
    }
    let mut steps = Steps::default();
    let cast = story::gather((&root, &folder), net, image, &mut steps).map(|mut cast| {
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

/// The other way.
const WITHOUT: &str = "./scripts/run --host does without one";
/// Everything that a run leaves: state, logs, the mirror of the base-station links.
const FOLDER: &str = ".cache/first-call";
/// The same of a run with the booted image.
const BOXED: &str = ".cache/first-boot";
/// Says to ourselves that the namespace has been entered.
const WITHIN: &str = "--within";
