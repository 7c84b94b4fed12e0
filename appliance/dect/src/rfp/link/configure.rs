//! What a base station is told right after its login.
//!
//! The order is the one that was seen. SYS_PASSWD is left out on purpose: the
//! base station keeps the passwords that it has, and we have none to give.

use super::{Effects, Wire};
use crate::rfp::frame::Frame;
use crate::rfp::kind;
use crate::rfp::message::Message;
use crate::rfp::primitive::HEARTBEAT_SECONDS;
use std::net::{IpAddr, SocketAddr};

pub(super) fn configure(
    random: &[u8; 32],
    syslog: Option<SocketAddr>,
    wire: &mut Wire,
    out: &mut Effects,
) {
    for (code, payload) in BEFORE_SYSLOG {
        wire.send(&Message::Other(Frame::new(*code, *payload)), out);
    }
    send_syslog(syslog, wire, out);
    wire.send(&Message::Other(Frame::new(kind::AUDIO_LOG, [0; 16])), out);
    // The value only has to differ from time to time; the login's octets do.
    wire.send(&Message::Other(Frame::new(kind::RANDOM_VALUE, &random[..4])), out);
    for (code, payload) in AFTER_RANDOM {
        wire.send(&Message::Other(Frame::new(*code, *payload)), out);
    }
}

/// Where the base station sends its own log; zeros switch that off. An address of IPv4 is written as one of IPv6.
pub(super) fn send_syslog(syslog: Option<SocketAddr>, wire: &mut Wire, out: &mut Effects) {
    let mut payload = [0; 20];
    if let Some(server) = syslog {
        let address = match server.ip() {
            IpAddr::V4(address) => address.to_ipv6_mapped(),
            IpAddr::V6(address) => address,
        };
        payload[..16].copy_from_slice(&address.octets());
        payload[16..18].copy_from_slice(&server.port().to_be_bytes());
    }
    wire.send(&Message::Other(Frame::new(kind::SYSLOG, payload)), out);
}

/// Interactive speech and signalling (DSCP EF), 32 hops, VLAN priorities 6.
const IP_OPTIONS: &[u8] = &[0xb8, 0xb8, 0x20, 6, 6, 0, 0, 0];

/// Switches the base station's own check of its software image off; it answers with an ACK.
const NO_IMAGE_CHECK: &[u8] = &[8, 0, 0, 0];

/// Asks how long a licence's period of grace still runs; the answer is of no interest to us.
const LICENSE_QUERY: &[u8] =
    &[0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

const BEFORE_SYSLOG: &[(u16, &[u8])] = &[
    (kind::OMM_CONTROL, &[0; 4]),
    (kind::IP_OPTIONS, IP_OPTIONS),
    (kind::HEARTBEAT_INTERVAL, &[HEARTBEAT_SECONDS, 0, 0, 0]),
    (kind::STREAM_INFO, &[1, 0, 0, 0]),
    (kind::LED, &[1, 1, 0, 0]),
    (kind::LED, &[0, 9, 0, 0]),
    (kind::LED, &[2, 6, 0, 0]),
    (kind::LED, &[3, 6, 0, 0]),
    (kind::HTTP_SET, &[0; 20]),
];

const AFTER_RANDOM: &[(u16, &[u8])] = &[
    (kind::CORE_DUMP, &[0; 4]),
    (kind::LICENSE_TIMER, LICENSE_QUERY),
    (kind::RESET, NO_IMAGE_CHECK),
];
