//! The server in a network of its own, before anybody else is there.

use peers::ours::Ours;
use peers::place::{Cable, Place};
use peers::process::until;
use peers::{Given, Story, Wrong};
use std::process::Command;

/// All of them.
pub(crate) const STORIES: &[Story] = &[
    Story {
        name: "the server runs in a network of its own, whose cables can be pulled",
        needs: &[],
        tell: runs,
    },
    Story {
        name: "what changes the network is not started in the network of this machine",
        needs: &[],
        tell: refuses,
    },
];

fn runs(given: &Given) -> Result<String, Wrong> {
    let place = Place::new(&["box", "other"])?;
    let ours = Ours::start(given, &place, ("box", ""), "<sip></sip>")?;
    let status = ours.ask(&place, &["ctl", "status"])?;
    if !status.contains("media") {
        return Err(format!("the roles are not shown: {status}").into());
    }
    for (cable, words) in [(Cable::Out, "NO-CARRIER"), (Cable::In, "LOWER_UP")] {
        place.cable(0, cable)?;
        until(|| {
            let links = place.run("box", "ip", &["link", "show", "eth0"])?;
            if links.contains(words) { Ok(()) } else { Err(links.into()) }
        })?;
    }
    ours.stop()?;
    Ok(String::new())
}

fn refuses(given: &Given) -> Result<String, Wrong> {
    let folder = tempfile::tempdir()?;
    let mut command = Command::new(&given.appliance);
    command.arg("run").arg("--state").arg(folder.path()).args(["--with", "net"]);
    let output = command.output()?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    // Nothing may have been begun: the folder is still as it was.
    let untouched = std::fs::read_dir(folder.path())?.next().is_none();
    if output.status.success() || !untouched {
        return Err(format!("it began: {said}").into());
    }
    Ok(String::new())
}
