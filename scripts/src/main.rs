//! `cargo xtask`: all automation of the house.

mod arm;
mod boots;
mod buildroot;
mod check;
mod first_call;
mod flash;
mod image;
mod keeps;
mod nightly;
mod ova;
mod peers;
mod rooms;
mod steps;
mod tshark;

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let command = words.next().unwrap_or_default();
    let rest: Vec<String> = words.collect();
    let done = match command.as_str() {
        "test" => return check::run(&rest),
        "buildroot" => return buildroot::report(&rest),
        "boots" => return boots::report(&rest),
        "ova" => return ova::report(),
        "run" => return first_call::run(&rest),
        "image" => image::report(&rest),
        "rooms" => rooms::report(),
        "flash" => flash::report(),
        "vendor" => buildroot::vendor(),
        "keeps" => keeps::report(),
        "peers" => peers::report(),
        "arm" => return arm::report(),
        "tshark" => tshark::report(),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
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
  test [--nightly]  every check, fast to slow; scripts/test installs what it needs before
  run [--once] [--host] [--small-kernel]
                    boots the appliance, and PBX, base stations and handsets make their first calls; --host runs the
                    server in the foreground instead, --small-kernel boots the kernel of a release; scripts/run builds before
  buildroot [--nightly]
                    only what `test` does with the tree for Buildroot; BUILDROOT=DIR names a checkout
  ova               only what `test` does with an appliance for ESXi
  vendor            a tarball of the last commit with every foreign crate, for Buildroot
  arm               boot an Arm disk in QEMU and see its roles confined
  flash             try raw flash and its volumes on simulated NAND in QEMU
  boots [--nightly] only what `test` does with images in QEMU, from the choice of a slot to hardware
  peers             run the server beside foreign programs for addresses, time, logs, discovery and monitoring
  keeps             boot a disk in QEMU and watch PID 1 keep its roles
  image [OPTION]... the disk of the appliance, in target/image; options are those of `image disk`
  tshark            what Wireshark makes of the base-station link of the last run
  rooms             hold the rules of who may know whom (DESIGN D2, D3)";
