//! The server beside programs that are not ours, in networks of its own: runs what `tests/peers` has built.

use crate::Outcome;
use crate::rooms;
use crate::steps::{Verdict, command};
use std::path::Path;
use std::process::Command;

/// Runs all stories and prints what came of them.
///
/// # Errors
/// When something does not hold.
pub(crate) fn report() -> Outcome {
    verdict(&rooms::root()).told("peers")
}

/// Runs all stories.
pub(crate) fn verdict(root: &Path) -> Verdict {
    let done = rooms::program("peers").and_then(|program| {
        // It dies with us, and its networks with it.
        let mut peers = Command::new("setpriv");
        peers.args(["--pdeathsig", "KILL"]).arg(program);
        command(root, "peers", &mut peers)
    });
    Verdict::counted(done)
}
