//! SIPp: a back-to-back peer that plays a scenario file.

use super::net::Net;
use super::pbx;
use super::process::Process;
use std::path::Path;
use std::process::Command;

/// A scenario that waits for a call to `extension`, which is also its port.
///
/// # Errors
/// When SIPp cannot be started.
pub(super) fn waits(
    paths: (&Path, &Path),
    net: Net,
    scenario: &str,
    extension: u16,
) -> Result<Process, String> {
    let mut command = sipp(paths, net, scenario, extension);
    Process::start(scenario, paths.1, &mut command)
}

/// A scenario that calls `extension` through the PBX.
///
/// # Errors
/// When SIPp cannot be started.
pub(super) fn calls(
    paths: (&Path, &Path),
    net: Net,
    scenario: &str,
    extension: &str,
) -> Result<Process, String> {
    let mut command = sipp(paths, net, scenario, OWN_PORT);
    command.args(["-s", extension]).arg(format!("{}:{}", net.pbx(), pbx::PORT));
    Process::start(scenario, paths.1, &mut command)
}

fn sipp(paths: (&Path, &Path), net: Net, scenario: &str, port: u16) -> Command {
    let (root, folder) = paths;
    let address = net.peer().to_string();
    let mut command = Command::new("sipp");
    command
        .arg("-sf")
        .arg(root.join(format!("tests/lab/sipp/{scenario}.xml")))
        .args(["-i", &address, "-p", &port.to_string(), "-mi", &address, "-mp", MEDIA_PORT])
        .args(["-rtp_echo", "-m", "1", "-l", "1", "-nostdin", "-recv_timeout", "20000"])
        .args(["-trace_err", "-error_file"])
        .arg(folder.join(format!("{scenario}.err")))
        .args(["-trace_msg", "-message_file"])
        .arg(folder.join(format!("{scenario}.msg")));
    command
}

/// From which it calls.
const OWN_PORT: u16 = 8000;
/// Where it echoes speech; the port two above echoes as well.
const MEDIA_PORT: &str = "7000";
