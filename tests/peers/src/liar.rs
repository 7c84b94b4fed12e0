//! A time server that lies by a day.

use peers::place::Place;
use peers::process::Process;
use peers::{Given, Wrong};
use std::net::UdpSocket;
use std::time::{SystemTime, UNIX_EPOCH};

/// A running liar: this program under another word, since it has to be in a network of its own.
#[derive(Debug)]
pub(crate) struct Liar(Process);

impl Liar {
    /// Starts it on a host.
    ///
    /// # Errors
    /// If it does not begin.
    pub(crate) fn start(_: &Given, place: &Place, host: &str) -> Result<Self, Wrong> {
        let own = std::env::current_exe()?.display().to_string();
        let mut process = place.start(host, &own, &[WORD])?;
        process.says("lies")?;
        Ok(Self(process))
    }

    /// How many were told.
    ///
    /// # Errors
    /// If nobody was.
    pub(crate) fn told(mut self) -> Result<usize, Wrong> {
        let told = self.0.passed().iter().filter(|line| line.contains("told")).count();
        if told == 0 { Err("nobody has asked it".into()) } else { Ok(told) }
    }
}

/// Is the liar until it is killed.
///
/// # Errors
/// If the port cannot be had.
pub(crate) fn be() -> Result<(), Wrong> {
    let socket = UdpSocket::bind("0.0.0.0:123")?;
    println!("lies");
    let mut question = [0; 512];
    loop {
        let (length, from) = socket.recv_from(&mut question)?;
        let Some(asked) = question.get(..length).and_then(<[u8]>::first_chunk::<48>) else {
            continue;
        };
        socket.send_to(&answer(asked)?, from)?;
        println!("told {from}");
    }
}

/// Everything of it is as it should be but the day (RFC 5905 7.3).
fn answer(asked: &[u8; 48]) -> Result<[u8; 48], Wrong> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
    let seconds = now.as_secs() + 2_208_988_800 + 86_400;
    let fraction = (u64::from(now.subsec_nanos()) << 32) / 1_000_000_000;
    let stamp = (seconds << 32 | fraction).to_be_bytes();
    let mut octets = [0; 48];
    octets[..4].copy_from_slice(&[0x24, 1, 6, 0xe8]);
    octets[12..16].copy_from_slice(b"GPS\0");
    octets[16..24].copy_from_slice(&stamp);
    octets[24..32].copy_from_slice(&asked[40..48]);
    octets[32..40].copy_from_slice(&stamp);
    octets[40..48].copy_from_slice(&stamp);
    Ok(octets)
}

/// By which this program is a liar.
pub(crate) const WORD: &str = "--be-a-liar";
