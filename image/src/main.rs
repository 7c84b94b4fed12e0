//! `image`: makes the images of the appliance.

use image::{command, make};
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut words = std::env::args_os().skip(1);
    let command = words.next().unwrap_or_default();
    let done = match command.to_str() {
        Some("slot") => make::slot(words),
        Some("disk") => make::disk(words),
        Some("vmdk") => command::vmdk(words),
        Some("ova") => command::ova(words),
        Some("check") => command::check(words),
        Some("sbom") => command::sbom(words),
        Some("help" | "--help" | "-h") => {
            println!("{USAGE}");
            return ExitCode::SUCCESS;
        }
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
  disk --binary FILE --kernel DEB|DIR --sbom FILE --out DIR [OPTION]...
                                    a whole disk, as DIR/fixpart-VERSION-ARCH.img and .qcow2
  slot --binary FILE --kernel DEB|DIR --sbom FILE --out FILE [OPTION]...
                                    what an update writes: kernel, initramfs and root in one file
      --arch x86_64|aarch64         the machine; x86_64
      --version VERSION             as in the names of the files
      --e2fsck FILE                 a static e2fsck; /sbin/e2fsck.static, of Debian's e2fsck-static
      --overlay DIR                 the few other files of the root; overlay
      --size MIB                    of the disk; 1024, at least 648
      --append WORDS                for the kernel's command line
      --mac M, --serial S, --ari A  who the box is; an ARI is assigned, never made up
      --grub DIR                    GRUB's modules; /usr/lib/grub
  vmdk DISK OUT                     a raw disk as a stream-optimized virtual disk
  ova --name NAME --version VERSION [--cpus 1|2] DISK OUT
                                    a raw disk as an appliance for ESXi
  check OVA                         hold an appliance against what `ova` makes
  sbom --version VERSION --target TRIPLE [--deb FILE]... [--installed PACKAGE]... [--buildroot FILE] WORKSPACE OUT
                                    what the image is made of, in CycloneDX";
