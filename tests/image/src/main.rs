//! Boots images in QEMU: which slot starts, after which failure, after which power cut.
//!
//! Everything is judged by what appears on the serial line and by what stands on the disk after; a time-out only ends
//! what hangs. `scripts/test` runs it with the packages of kernels that it has fetched.

mod bench;
mod commits;
mod crash;
mod hardware;
mod log;
mod machine;
mod matrix;
mod ova;
mod real;
mod recovery;
mod slots;
mod vectors;
mod wire;

use bench::{Bench, Failure};
use lexopt::prelude::*;
use std::path::PathBuf;
use std::process::ExitCode;

fn main() -> ExitCode {
    let options = match options() {
        Ok(Some(options)) => options,
        Ok(None) => {
            println!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            eprintln!("boots: {error}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    let mut bench = match Bench::new(options) {
        Ok(bench) => bench,
        Err(error) => {
            eprintln!("boots: {}", bench::told(&*error));
            return ExitCode::FAILURE;
        }
    };
    real::run(&mut bench);
    hardware::run(&mut bench);
    vectors::run(&mut bench);
    crash::run(&mut bench);
    commits::run(&mut bench);
    matrix::run(&mut bench);
    recovery::run(&mut bench);
    bench.end()
}

/// What the words on the command line ask for.
pub(crate) struct Options {
    /// Packages of kernels and the programs to boot, as [`slots`] names them.
    pub(crate) cache: PathBuf,
    /// The toy PID 1, linked statically.
    pub(crate) toy: PathBuf,
    /// A program that makes commits, linked statically.
    pub(crate) storm: Option<PathBuf>,
    /// The appliance, linked statically.
    pub(crate) appliance: Option<PathBuf>,
    /// An appliance for ESXi with the address 192.0.2.2/24.
    pub(crate) ova: Option<PathBuf>,
    /// The repository.
    pub(crate) root: PathBuf,
    /// All vectors and all crash images, not a choice of them.
    pub(crate) nightly: bool,
    /// Only checks with this in their names.
    pub(crate) only: Option<String>,
}

fn options() -> Result<Option<Options>, Failure> {
    let mut options = Options {
        cache: ".cache/debs".into(),
        toy: PathBuf::new(),
        storm: None,
        appliance: None,
        ova: None,
        root: ".".into(),
        nightly: false,
        only: None,
    };
    let mut words = lexopt::Parser::from_env();
    while let Some(word) = words.next()? {
        match word {
            Long("cache") => options.cache = words.value()?.into(),
            Long("toy") => options.toy = words.value()?.into(),
            Long("storm") => options.storm = Some(words.value()?.into()),
            Long("appliance") => options.appliance = Some(words.value()?.into()),
            Long("ova") => options.ova = Some(words.value()?.into()),
            Long("root") => options.root = words.value()?.into(),
            Long("nightly") => options.nightly = true,
            Long("help") | Short('h') => return Ok(None),
            Value(only) => options.only = Some(only.string()?),
            other => return Err(other.unexpected().into()),
        }
    }
    if options.toy.as_os_str().is_empty() {
        return Err("--toy is needed".into());
    }
    Ok(Some(options))
}

const USAGE: &str = "\
usage: boots --toy FILE [--storm FILE] [--appliance FILE] [--ova FILE] [--cache DIR] [--root DIR] [--nightly] [PART-OF-A-NAME]";
