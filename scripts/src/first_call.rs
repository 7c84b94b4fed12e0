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
use crate::steps::{Steps, Verdict, runs};
use net::Net;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

/// What is asked for on the command line.
#[derive(Default)]
struct Wish {
    /// To end after the calls; else the simulator's prompt stays open.
    once: bool,
    /// The server in the foreground in place of a booted image.
    host: bool,
    /// The small kernel of a release in the image.
    small: bool,
    /// Only among ourselves: the namespace has been entered, and this is the image.
    within: Option<String>,
}

impl Wish {
    fn of(words: &[String]) -> Option<Self> {
        let mut wish = Self::default();
        let mut rest = words.iter();
        while let Some(word) = rest.next() {
            match word.as_str() {
                "--once" => wish.once = true,
                "--host" => wish.host = true,
                "--small-kernel" => wish.small = true,
                WITHIN => wish.within = Some(rest.next()?.clone()),
                _ => return None,
            }
        }
        Some(wish)
    }
}

/// Makes the calls.
pub(crate) fn run(words: &[String]) -> ExitCode {
    let Some(Wish { once, host, small, within }) = Wish::of(words) else {
        eprintln!("usage: cargo xtask run [--once] [--host] [--small-kernel]");
        return ExitCode::from(2);
    };
    if let Some(image) = within {
        let server = match (host, image.strip_prefix(CANNOT)) {
            (true, _) => Runs::Here,
            (false, Some(why)) => Runs::HereSince(why.to_owned()),
            (false, None) => Runs::Boxed(image.into()),
        };
        return calls(true, server, once);
    }
    let program = rooms::program("scripts").ok();
    let Some(mut command) = program.and_then(|program| net::enter(&program)) else {
        println!("no network namespace can be made here; everything runs on 127.99.0.0/24");
        let why =
            "a virtual machine needs a network namespace, which cannot be made here".to_owned();
        return calls(false, if host { Runs::Here } else { Runs::HereSince(why) }, once);
    };
    command.args(["run", WITHIN]);
    match image(host, small) {
        Ok(image) => command.arg(image),
        Err(error) => {
            eprintln!("{error}\nthere is no image; {WITHOUT}");
            return ExitCode::FAILURE;
        }
    };
    match command.args(words).status() {
        Ok(status) if status.success() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("cannot start unshare: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The image to boot, or why this machine boots none; it is made outside of the namespace, where nothing can be
/// downloaded.
fn image(host: bool, small: bool) -> Result<OsString, String> {
    if host {
        return Ok("-".into());
    }
    if let Err(why) = bootable() {
        return Ok(format!("{CANNOT}{why}").into());
    }
    println!("making the disk image; {WITHOUT}");
    let address = Net { own: true, boxed: true }.server();
    let kernel = if small { image::SMALL } else { image::CLOUD };
    image::development(&rooms::root(), kernel, &machine::kernel_words(address)).map(Into::into)
}

/// Whether what a virtual machine needs can be had here.
///
/// # Errors
/// What cannot.
pub(crate) fn bootable() -> Result<(), String> {
    if !runs("qemu-system-x86_64") {
        return Err("QEMU is not installed".to_owned());
    }
    let archive = image::Archive::new(&rooms::root(), image::X86_64)?;
    archive.newest(image::CLOUD).map(drop)
}

/// How the server runs.
enum Runs {
    /// From this image, in a virtual machine.
    Boxed(PathBuf),
    /// In the foreground, as was asked for.
    Here,
    /// In the foreground, since no image can be booted.
    HereSince(String),
}

fn calls(own: bool, mut server: Runs, once: bool) -> ExitCode {
    let root = rooms::root();
    let boxed = matches!(server, Runs::Boxed(_));
    let folder = root.join(if boxed { BOXED } else { FOLDER });
    let _ = std::fs::remove_dir_all(&folder);
    let mut net = Net { own, boxed };
    let mut furnished = std::fs::create_dir_all(&folder).map_err(|error| error.to_string());
    if furnished.is_ok() {
        furnished = net.furnish();
        if let (Err(why), true) = (&furnished, boxed) {
            server = Runs::HereSince(why.clone());
            furnished = net.withdraw_box();
        }
    }
    if let Err(error) = furnished {
        eprintln!("{error}");
        return ExitCode::FAILURE;
    }
    let mut steps = Steps::default();
    let image = match server {
        Runs::Boxed(image) => Some(image),
        Runs::Here => None,
        Runs::HereSince(why) => {
            let note = format!("{why}; the server runs in the foreground instead");
            steps.step("the image boots", || Verdict::Skipped(note));
            None
        }
    };
    let cast =
        story::gather((&root, &folder), net, image.as_deref(), &mut steps).map(|mut cast| {
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
/// Begins what is said in place of an image's path where none can be booted.
const CANNOT: &str = "cannot:";
