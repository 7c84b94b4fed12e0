//! `image`: makes the images of the appliance.

use image::command;
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut words = std::env::args_os().skip(1);
    let command = words.next().unwrap_or_default();
    let done = match command.to_str() {
        Some("vmdk") => command::vmdk(words),
        Some("ova") => command::ova(words),
        Some("check") => command::check(words),
        Some("sbom") => command::sbom(words),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    let Err(error) = done else { return ExitCode::SUCCESS };
    eprintln!("image: {error}");
    let mut cause = error.source();
    while let Some(error) = cause {
        eprintln!("  {error}");
        cause = error.source();
    }
    ExitCode::FAILURE
}

const USAGE: &str = "\
usage: image COMMAND
  vmdk DISK OUT                     a raw disk as a stream-optimized virtual disk
  ova --name NAME --version VERSION [--cpus 1|2] DISK OUT
                                    a raw disk as an appliance for ESXi
  check OVA                         hold an appliance against what `ova` makes
  sbom --version VERSION --target TRIPLE [--deb FILE]... [--installed PACKAGE]... [--buildroot FILE] WORKSPACE OUT
                                    what the image is made of, in CycloneDX";
