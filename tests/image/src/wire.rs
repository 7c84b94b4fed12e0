//! The other end of a machine's network cable: it asks who has an address, and pings it. Needs no rights.

use crate::bench::Failure;
use crate::machine::PATIENCE;
use std::io::ErrorKind;
use std::net::Ipv4Addr;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// A cable; one datagram is one Ethernet frame.
pub(crate) struct Wire {
    socket: UnixDatagram,
    ours: PathBuf,
    theirs: PathBuf,
}

impl Wire {
    /// Makes one, in this folder.
    pub(crate) fn new(folder: &Path) -> Result<Self, Failure> {
        let [ours, theirs] = ["ours", "theirs"].map(|end| folder.join(format!("{end}.wire")));
        for path in [&ours, &theirs] {
            let _ = std::fs::remove_file(path);
        }
        let socket = UnixDatagram::bind(&ours)?;
        socket.set_read_timeout(Some(LISTEN))?;
        Ok(Self { socket, ours, theirs })
    }

    /// What QEMU calls the other end, as `-netdev`.
    pub(crate) fn netdev(&self) -> String {
        let [ours, theirs] = [&self.ours, &self.theirs].map(|path| path.display());
        format!(
            "dgram,id=wire,local.type=unix,local.path={theirs},remote.type=unix,remote.path={ours}"
        )
    }

    /// Asks for the address and pings it, until there is an answer.
    pub(crate) fn ping(&self, from: Ipv4Addr, to: Ipv4Addr) -> Result<(), Failure> {
        let there = self.exchange(&arp_request(from, to), |frame| arp_reply(frame, from, to))?;
        self.exchange(&echo_request(there, from, to), |frame| echo_reply(frame, to).then_some(()))
    }

    /// Sends a frame again and again until one comes that is an answer.
    fn exchange<T>(&self, frame: &[u8], answer: impl Fn(&[u8]) -> Option<T>) -> Result<T, Failure> {
        let end = Instant::now() + PATIENCE;
        let mut heard = [0; 2048];
        while Instant::now() < end {
            self.socket.send_to(frame, &self.theirs)?;
            loop {
                match self.socket.recv(&mut heard) {
                    Ok(length) => {
                        if let Some(answer) = answer(&heard[..length]) {
                            return Ok(answer);
                        }
                    }
                    Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                    Err(error) => return Err(error.into()),
                }
            }
        }
        Err("nobody answers on the network".into())
    }
}

type Mac = [u8; 6];

fn ethernet(to: Mac, kind: u16) -> Vec<u8> {
    [&to[..], &OUR_MAC, &kind.to_be_bytes()].concat()
}

/// RFC 826: who has `to`?
fn arp_request(from: Ipv4Addr, to: Ipv4Addr) -> Vec<u8> {
    let mut frame = ethernet([0xFF; 6], ARP);
    frame.extend([0, 1, 8, 0, 6, 4, 0, 1]);
    frame.extend(OUR_MAC);
    frame.extend(from.octets());
    frame.extend([0; 6]);
    frame.extend(to.octets());
    frame
}

/// Who has it, if this frame says so.
fn arp_reply(frame: &[u8], from: Ipv4Addr, to: Ipv4Addr) -> Option<Mac> {
    let head = [&ARP.to_be_bytes()[..], &[0, 1, 8, 0, 6, 4, 0, 2]].concat();
    let is_it = frame.get(12..22)? == head
        && frame.get(28..32)? == to.octets()
        && frame.get(38..42)? == from.octets();
    is_it.then(|| frame.get(22..28)?.try_into().ok()).flatten()
}

/// RFC 792, in the least packet of RFC 791.
fn echo_request(there: Mac, from: Ipv4Addr, to: Ipv4Addr) -> Vec<u8> {
    let mut echo = vec![8, 0, 0, 0, 0, 1, 0, 1];
    echo.extend(PAYLOAD);
    let sum = checksum(&echo);
    echo[2..4].copy_from_slice(&sum);
    let [high, low] = (20 + echo.len()).to_be_bytes()[6..] else { return Vec::new() };
    let mut packet = vec![0x45, 0, high, low, 0, 1, 0, 0, 64, 1, 0, 0];
    packet.extend(from.octets());
    packet.extend(to.octets());
    let sum = checksum(&packet);
    packet[10..12].copy_from_slice(&sum);
    [ethernet(there, IPV4), packet, echo].concat()
}

/// Whether a frame is the answer to the request.
fn echo_reply(frame: &[u8], to: Ipv4Addr) -> bool {
    let is = |at: usize, what: &[u8]| frame.get(at..at + what.len()) == Some(what);
    is(12, &IPV4.to_be_bytes())
        && is(14, &[0x45])
        && is(23, &[1])
        && is(26, &to.octets())
        && is(34, &[0, 0])
        && is(42, PAYLOAD)
}

/// RFC 1071, of an even number of octets.
fn checksum(octets: &[u8]) -> [u8; 2] {
    let words = octets.chunks_exact(2).map(|pair| u32::from(pair[0]) << 8 | u32::from(pair[1]));
    let sum: u32 = words.sum();
    let folded = (sum & 0xFFFF) + (sum >> 16);
    let [_, _, high, low] = (!(folded + (folded >> 16))).to_be_bytes();
    [high, low]
}

const OUR_MAC: Mac = [0x02, 0, 0, 0, 0, 1];
const IPV4: u16 = 0x0800;
const ARP: u16 = 0x0806;
/// Enough for a frame that no adapter has to lengthen.
const PAYLOAD: &[u8] = b"who is there? a frame has sixty octets at least.";
/// Before a question is asked again.
const LISTEN: Duration = Duration::from_millis(500);

#[cfg(test)]
mod tests {
    use super::*;

    const FROM: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
    const TO: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 2);

    #[test]
    fn checksums_are_those_of_the_standard() {
        // The example of RFC 1071, section 3.
        assert_eq!(checksum(&[0, 1, 0xF2, 3, 0xF4, 0xF5, 0xF6, 0xF7]), [0x22, 0x0D]);
    }

    #[test]
    fn only_an_answer_to_the_question_is_one() {
        let mut frame = arp_request(TO, FROM);
        assert_eq!(arp_reply(&frame, FROM, TO), None, "a question");
        frame[21] = 2;
        assert_eq!(arp_reply(&frame, FROM, TO), Some(OUR_MAC));
        assert_eq!(arp_reply(&frame, TO, FROM), None, "somebody else's");
        let mut frame = echo_request(OUR_MAC, TO, FROM);
        assert!(!echo_reply(&frame, TO), "a question");
        frame[34] = 0;
        assert!(echo_reply(&frame, TO) && !echo_reply(&frame, FROM));
        for length in 0..frame.len() {
            assert!(
                !echo_reply(&frame[..length], TO)
                    && arp_reply(&frame[..length], FROM, TO).is_none()
            );
        }
    }
}
