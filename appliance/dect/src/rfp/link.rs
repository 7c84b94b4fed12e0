//! The machine of one connection to a base station.

use super::primitive::{Action, Event, Timer};
use crate::nwk::Door;
use machine::Out;
use std::net::IpAddr;

/// One connection to a base station, from its login to its end.
pub struct Link {
    door: Door,
    peer: IpAddr,
}

impl Link {
    /// A link that has just come in by `door` from the address `peer`. `random` are the 32 octets of
    /// SYS_AUTHENTICATE, never used twice. What is to be sent at once goes to `out`.
    #[must_use]
    pub fn new(door: Door, peer: IpAddr, random: [u8; 32], out: &mut Out<Action, Timer>) -> Self {
        let _ = (random, out);
        Self { door, peer }
    }

    /// Takes one event and asks for what follows from it.
    pub fn handle(&mut self, event: Event, out: &mut Out<Action, Timer>) {
        let _ = (self.door, self.peer, out);
        drop(event);
    }
}
