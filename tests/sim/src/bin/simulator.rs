//! Simulated base stations and handsets that go to a real server over real TLS and RTP.

use sim::program::options::{BadOptions, Options};
use sim::program::shell::{Shell, ShellError};
use std::error::Error;
use std::process::ExitCode;

fn main() -> ExitCode {
    let options = match Options::parse(std::env::args_os().skip(1)) {
        Ok(options) => options,
        Err(BadOptions::Help) => {
            println!("{}", BadOptions::Help);
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            eprintln!("simulator: {error}");
            return ExitCode::from(USAGE);
        }
    };
    match run(&options) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(failed) => {
            eprintln!("simulator: {failed} commands did not hold");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprint!("simulator: {error}");
            let mut cause = error.source();
            while let Some(error) = cause {
                eprint!(": {error}");
                cause = error.source();
            }
            eprintln!();
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<u32, ShellError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let failed = runtime.block_on(async { Shell::start(options)?.run().await });
    // The thread at the standard input is not waited for.
    runtime.shutdown_background();
    failed
}

/// Exit code for a command line that is not understood.
const USAGE: u8 = 2;
