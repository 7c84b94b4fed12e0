//! The limit: a loop that receives and sends, and nothing else.

use super::Failure;
use os::datagram::Batch;
use os::watch::Watch;
use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::process::ExitCode;

/// The first argument of the child: `calls radio-address network-address` follow.
pub(super) const CHILD: &str = "--bare";

/// Prints two ports for each call, then passes packets on for ever.
pub(super) fn run(mut arguments: impl Iterator<Item = String>) -> Result<ExitCode, Failure> {
    let mut next = || arguments.next().ok_or("too few arguments");
    let calls: u64 = next()?.parse()?;
    let far_ends: [SocketAddr; 2] = [next()?.parse()?, next()?.parse()?];
    let mut watch = Watch::new(512)?;
    let mut sockets = Vec::new();
    let mut out = std::io::stdout().lock();
    for number in 0..calls * 2 {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
        socket.set_nonblocking(true)?;
        watch.add(&socket, number)?;
        writeln!(out, "{}", socket.local_addr()?.port())?;
        sockets.push(socket);
    }
    out.flush()?;
    let _ = os::priority::raise();
    let mut batch = Batch::new(8);
    loop {
        for number in watch.wait(None)? {
            let number = usize::try_from(number)?;
            // The call's other socket sends to the other far end.
            let (other, to) = (number ^ 1, far_ends[(number & 1) ^ 1]);
            if batch.receive(&sockets[number]).is_ok() {
                for (_, octets) in batch.datagrams() {
                    let _ = sockets[other].send_to(octets, to);
                }
            }
        }
    }
}
