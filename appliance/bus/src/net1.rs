//! `org.fixpart.Net1`: where this machine is in the network.
//!
//! What the role `net` has learnt and set: addresses, servers, names. Whoever
//! follows is told by a signal that something has changed, and asks anew.

use crate::door::PATH;
use crate::streams::{Streams, told};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use zbus::object_server::SignalEmitter;
use zbus::zvariant::Type;
use zbus::{Connection, Message, fdo};

/// Everything that is known of the network at one time. What is not known is empty or 0.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize, Type)]
pub struct NetState {
    /// Of this value: [`VERSION`].
    pub version: u32,
    /// Name of the interface that carries the addresses; that of a VLAN where there is one.
    pub interface: String,
    /// Its MAC address, six pairs of digits with `:` between them.
    pub mac: String,
    /// Whether there is a carrier.
    pub up: bool,
    /// The name of this machine, without a domain.
    pub host_name: String,
    /// The domain in which names without a dot are looked up.
    pub domain: String,
    /// Its IPv4 address.
    pub ipv4: Ipv4,
    /// Its IPv6 addresses, that of the link among them.
    pub ipv6: Vec<Ipv6>,
    /// Where IPv6 for other networks goes, where that was typed or told by a router.
    pub ipv6_router: String,
    /// Servers for names, the first first.
    pub dns: Vec<String>,
    /// Servers for the time that the network has named: addresses (DHCP option 42; DHCPv6 options 31 and 56) or names.
    pub ntp: Vec<String>,
    /// Where provisioning begins, as the network has said it.
    pub provisioning: Provisioning,
    /// The time zone as the network has said it (RFC 4833).
    pub zone: Zone,
    /// The largest packet of the interface, in octets.
    pub mtu: u32,
    /// The VLAN whose tag is written and read.
    pub vlan: u16,
    /// The neighbour on the wire.
    pub lldp: Neighbour,
    /// What a person has to see to, a sentence.
    pub problem: String,
}

/// An IPv4 address and what came with it.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize, Type)]
pub struct Ipv4 {
    /// `192.0.2.10`
    pub address: String,
    /// Length of the prefix of its network.
    pub prefix: u8,
    /// Where packets for other networks go.
    pub router: String,
    /// `dhcp`, `static`, `link-local`, `line` (the kernel's command line).
    pub source: String,
    /// When the lease ends, in seconds since 1970 by this machine's clock; 0 where it has no end.
    pub lease_end_s: i64,
    /// The server that gave the lease.
    pub server: String,
}

/// An IPv6 address.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize, Type)]
pub struct Ipv6 {
    /// `2001:db8::10`
    pub address: String,
    /// Length of the prefix of its network.
    pub prefix: u8,
    /// `link-local`, `static`, `slaac`, `dhcp`.
    pub source: String,
}

/// Where provisioning begins: options of DHCP, untouched.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize, Type)]
pub struct Provisioning {
    /// Option 66: a name, an address, or a whole URL.
    pub server: String,
    /// Option 67: a file there.
    pub file: String,
    /// Option 150: addresses.
    pub servers: Vec<String>,
    /// Option 43: what the vendor has agreed with itself.
    pub vendor: Vec<u8>,
}

/// A time zone in two spellings (RFC 4833).
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize, Type)]
pub struct Zone {
    /// Option 100: a rule of POSIX.
    pub posix: String,
    /// Option 101: a name of the zone database.
    pub name: String,
}

/// What the neighbour on the wire says of itself by LLDP.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize, Type)]
pub struct Neighbour {
    /// Its name, or its address where it has none.
    pub system: String,
    /// Which of its ports this machine is plugged into.
    pub port: String,
    /// The VLAN that it has for voice (LLDP-MED network policy); 0: none.
    pub voice_vlan: u16,
}

/// The interface as it is served to one caller.
#[derive(Debug)]
pub struct Service {
    state: watch::Receiver<NetState>,
    streams: Streams,
}

impl Service {
    /// The interface in front of what the other end of `state` puts there.
    #[must_use]
    pub const fn new(state: watch::Receiver<NetState>, streams: Streams) -> Self {
        Self { state, streams }
    }
}

#[zbus::interface(
    name = "org.fixpart.Net1",
    proxy(default_path = "/org/fixpart", default_service = "org.fixpart.Net", visibility = "pub")
)]
impl Service {
    /// What is known of the network now.
    fn state(&self) -> NetState {
        self.state.borrow().clone()
    }

    /// Tells this caller of every change, by the signal Changed, until it hangs up.
    fn follow(&self, #[zbus(connection)] connection: &Connection) -> fdo::Result<()> {
        let mut state = self.state.clone();
        // What is there now is asked for; told is what comes.
        state.mark_unchanged();
        let many = || fdo::Error::LimitsExceeded("this caller follows too much already".into());
        let begun = self.streams.begin(tell(connection.clone(), state));
        begun.then_some(()).ok_or_else(many)
    }

    /// Something has changed; what it is can be asked for.
    #[zbus(signal)]
    async fn changed(emitter: &SignalEmitter<'_>) -> zbus::Result<()>;
}

/// Tells of changes until they or the caller end.
async fn tell(connection: Connection, mut state: watch::Receiver<NetState>) {
    let Ok(to) = SignalEmitter::new(&connection, PATH) else { return };
    while state.changed().await.is_ok() {
        state.mark_unchanged();
        if Service::changed(&to).await.is_err() {
            return;
        }
    }
}

/// Whether a message that came on the connection is the signal Changed.
#[must_use]
pub fn changed(message: &Message) -> bool {
    told::<()>(message, "Changed").is_some()
}

/// The version of [`NetState`] that is described here.
pub const VERSION: u32 = 1;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::streams::streams;

    #[test]
    fn the_contract_stands() {
        let (_, state) = watch::channel(NetState::default());
        crate::assert_contract(&Service::new(state, streams().0), "org.fixpart.Net1.xml");
    }
}
