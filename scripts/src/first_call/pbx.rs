//! Kamailio, the PBX of the lab.

use super::net::Net;
use super::process::{Process, until};
use std::net::UdpSocket;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// Starts it and waits until it answers an OPTIONS.
///
/// # Errors
/// When it cannot be started or stays silent.
pub(super) fn start(root: &Path, folder: &Path, net: Net) -> Result<Process, String> {
    let own = folder.join("kamailio");
    std::fs::create_dir_all(&own).map_err(|error| error.to_string())?;
    let address = net.pbx();
    let mut command = Command::new("kamailio");
    command
        .args(["-DD", "-E", "-f"])
        .arg(root.join("tests/lab/kamailio.cfg"))
        .args(["-m", "32", "-M", "4", "-A"])
        .arg(format!("PEER=\"{}\"", net.peer()))
        .arg("-Y")
        .arg(&own)
        .arg("-w")
        .arg(&own)
        .arg("-P")
        .arg(own.join("pid"));
    for transport in ["udp", "tcp"] {
        command.arg("-l").arg(format!("{transport}:{address}:{PORT}"));
    }
    let process = Process::start("kamailio", folder, &mut command)?;
    until(Duration::from_secs(10), || answers(net))?;
    Ok(process)
}

fn answers(net: Net) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("Kamailio does not answer: {error}");
    let socket = UdpSocket::bind((net.peer(), 0)).map_err(failed)?;
    let local = socket.local_addr().map_err(failed)?;
    let pbx = net.pbx();
    let options = format!(
        "OPTIONS sip:{pbx} SIP/2.0\r\nVia: SIP/2.0/UDP {local};branch=z9hG4bK-there\r\n\
         Max-Forwards: 1\r\nFrom: <sip:lab@{pbx}>;tag=1\r\nTo: <sip:{pbx}>\r\nCall-ID: there\r\n\
         CSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
    );
    socket.set_read_timeout(Some(Duration::from_millis(200))).map_err(failed)?;
    socket.send_to(options.as_bytes(), (pbx, PORT)).map_err(failed)?;
    let mut answer = [0; 4096];
    socket.recv(&mut answer).map_err(failed)?;
    Ok(())
}

/// SIP's own port.
pub(super) const PORT: u16 = 5060;
