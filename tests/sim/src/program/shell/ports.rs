//! The RTP and RTCP ports of base stations.

use super::Event;
use dect::rfp::primitive::Handle;
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddrV4};
use std::sync::Arc;
use tokio::net::UdpSocket;
use tokio::sync::mpsc::Sender;
use tokio::task::JoinHandle;

/// The ports that are taken.
pub(super) struct Ports {
    ports: BTreeMap<(usize, Handle), Port>,
    events: Sender<Event>,
}

struct Port {
    rtp: Arc<UdpSocket>,
    /// Taken so that what comes there finds somebody; nothing is read.
    _rtcp: UdpSocket,
    reader: JoinHandle<()>,
}

impl Drop for Port {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

impl Ports {
    pub(super) const fn new(events: Sender<Event>) -> Self {
        Self { ports: BTreeMap::new(), events }
    }

    /// Takes a port and the next; whether both could be had.
    pub(super) async fn bind(
        &mut self,
        base: usize,
        handle: Handle,
        address: IpAddr,
        port: u16,
    ) -> bool {
        // One channel has one pair of ports; the old ones may be wanted again.
        self.unbind(base, handle);
        let Some(next) = port.checked_add(1) else { return false };
        let rtp = UdpSocket::bind((address, port)).await;
        let (Ok(rtp), Ok(rtcp)) = (rtp, UdpSocket::bind((address, next)).await) else {
            return false;
        };
        let rtp = Arc::new(rtp);
        let reader = tokio::spawn(read(base, handle, Arc::clone(&rtp), self.events.clone()));
        self.ports.insert((base, handle), Port { rtp, _rtcp: rtcp, reader });
        true
    }

    /// Gives them back.
    pub(super) fn unbind(&mut self, base: usize, handle: Handle) {
        self.ports.remove(&(base, handle));
    }

    /// Sends a datagram; one that cannot go at once is lost.
    pub(super) fn send(&self, base: usize, handle: Handle, to: SocketAddrV4, octets: &[u8]) {
        if let Some(port) = self.ports.get(&(base, handle)) {
            let _ = port.rtp.try_send_to(octets, to.into());
        }
    }
}

async fn read(base: usize, handle: Handle, socket: Arc<UdpSocket>, events: Sender<Event>) {
    let mut buffer = [0; DATAGRAM_MAX];
    loop {
        // An error tells of a datagram that did not arrive elsewhere.
        let Ok((length, _)) = socket.recv_from(&mut buffer).await else { continue };
        let octets = buffer.get(..length).unwrap_or_default().to_vec();
        if events.send(Event::Datagram(base, handle, octets)).await.is_err() {
            return;
        }
    }
}

/// More than any packet of speech has.
const DATAGRAM_MAX: usize = 2048;
