//! rtpengine, driven by its control protocol `ng`: a cookie and a bencoded dictionary over UDP.

use super::Failure;
use super::load::{Load, Way};
use std::fmt::Write as _;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// Starts the daemon without its kernel module, with this real-time priority (0: an ordinary one);
/// returns it and where it is controlled.
pub(super) fn start(priority: u32) -> Result<(Child, SocketAddr), Failure> {
    let control = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
    let mut command = Command::new("rtpengine");
    command
        .args(["--config-file=none", "--foreground", "--log-stderr", "--log-level=1", "--table=-1"])
        .args(["--interface=127.0.0.1", "--port-min=24000", "--port-max=31999"])
        .arg(format!("--listen-ng={control}"));
    if priority > 0 {
        command.args(["--scheduling=rr".to_owned(), format!("--priority={priority}")]);
    }
    let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
    Ok((child, control))
}

/// Sets up all calls; returns where their packets go in.
pub(super) fn calls(control: SocketAddr, load: &Load) -> Result<Vec<Way>, Failure> {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    socket.connect(control)?;
    socket.set_read_timeout(Some(Duration::from_millis(500)))?;
    let patience = Instant::now() + Duration::from_secs(10);
    while ask(&socket, &[("command", "ping")]).is_err() {
        if Instant::now() > patience {
            return Err("it does not answer".into());
        }
    }
    let (radio, network) = load.far_ends()?;
    let mut ways = Vec::new();
    for call in 0..load.calls() {
        let call_id = format!("call-{call}");
        let base = [("call-id", call_id.as_str()), ("from-tag", "radio"), ("ICE", "remove")];
        let offer = sdp(radio);
        let offer = [("command", "offer"), ("sdp", offer.as_str())];
        let to_network = port(&ask(&socket, &[&base[..], &offer].concat())?)?;
        let answer = sdp(network);
        let answer = [("command", "answer"), ("to-tag", "network"), ("sdp", answer.as_str())];
        let to_radio = port(&ask(&socket, &[&base[..], &answer].concat())?)?;
        let at = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        ways.push(Way { radio: at(to_radio), network: at(to_network) });
    }
    Ok(ways)
}

fn sdp(at: SocketAddr) -> String {
    let (ip, port) = (at.ip(), at.port());
    format!(
        "v=0\r\no=- 1 1 IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\n\
         m=audio {port} RTP/AVP 8\r\na=sendrecv\r\na=ptime:20\r\n"
    )
}

/// One question and its answer.
fn ask(socket: &UdpSocket, pairs: &[(&str, &str)]) -> Result<String, Failure> {
    // An answer is repeated for a cookie that was seen before.
    static ASKED: AtomicU32 = AtomicU32::new(0);
    let mut text = format!("{} d", ASKED.fetch_add(1, Ordering::Relaxed));
    for (key, value) in pairs {
        write!(text, "{}:{key}{}:{value}", key.len(), value.len())?;
    }
    text.push('e');
    socket.send(text.as_bytes())?;
    let mut buffer = [0; 8192];
    let length = socket.recv(&mut buffer)?;
    let answer = String::from_utf8_lossy(buffer.get(..length).unwrap_or_default()).into_owned();
    if answer.contains("6:result5:error") { Err(answer.into()) } else { Ok(answer) }
}

fn port(answer: &str) -> Result<u16, Failure> {
    let media = answer.split("m=audio ").nth(1).ok_or("the answer has no audio")?;
    Ok(media.split(' ').next().unwrap_or_default().parse()?)
}
