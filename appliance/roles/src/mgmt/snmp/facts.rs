//! What is known of the box: from the other roles as they were last seen, from the settings and from the kernel.

use super::super::surroundings::Surroundings;
use super::eyes::Seen;
use super::issues::Issues;
use super::wishes::Wishes;
use bus::observed1::Observed;
use lan::snmp::mib::{
    self, Address, Facts, Figures, Fixpart, Interface, InterfaceKind, System, Traffic,
};
use lan::snmp::{Engine, Stats, Tree};
use os::link;
use std::time::{Duration, Instant};

/// A picture of the box that is made anew when it is asked for and too old.
pub(super) struct Picture {
    around: Surroundings,
    engine: Option<Engine>,
    begun: Instant,
    figures: Option<Figures>,
    made: Option<Instant>,
    tree: Tree,
}

impl Picture {
    /// Nothing is known yet.
    pub(super) fn new(around: Surroundings, engine: Option<Engine>) -> Self {
        let (begun, tree) = (Instant::now(), Tree::default());
        Self { around, engine, begun, figures: None, made: None, tree }
    }

    /// For how long the agent has run.
    pub(super) fn up(&self) -> Duration {
        self.begun.elapsed()
    }

    /// Something was seen of another role.
    pub(super) fn seen(&mut self, seen: Seen) {
        match seen {
            Seen::Observed("dect", observed) => self.figures = Some(figures(&observed)),
            Seen::Silent("dect") | Seen::Absent("dect") => self.figures = None,
            _ => {}
        }
    }

    /// All that can be asked for.
    pub(super) fn tree(
        &mut self,
        now: Instant,
        wishes: &Wishes,
        (stats, lost, issues): (Stats, u64, &Issues),
    ) -> &Tree {
        if self.made.is_none_or(|made| now.saturating_duration_since(made) >= FRESH) {
            let facts = self.facts(wishes, (stats, lost, issues));
            self.tree = mib::tree(now, &facts);
            self.made = Some(now);
        }
        &self.tree
    }

    fn facts(&self, wishes: &Wishes, (stats, lost, issues): (Stats, u64, &Issues)) -> Facts {
        let version = env!("CARGO_PKG_VERSION");
        let identity = &self.around.identity;
        let ari = if wishes.ari.is_empty() { &identity.ari } else { &wishes.ari };
        let name = nix::unistd::gethostname().ok().and_then(|name| name.into_string().ok());
        Facts {
            system: System {
                description: format!("Fixpart IP-DECT server {version}"),
                contact: wishes.contact.clone(),
                name: name.unwrap_or_default(),
                location: wishes.location.clone(),
            },
            interfaces: interfaces(),
            addresses: addresses(),
            ip: std::fs::read_to_string(IP_COUNTERS)
                .map_or_else(|_| vec![], |it| mib::counters(&it)),
            fixpart: Fixpart {
                version: version.into(),
                serial: identity.serial.clone(),
                ari: ari.clone(),
                figures: self.figures,
                issues: issues.all(),
            },
            up: self.up(),
            stats,
            lost,
            engine: self.engine.clone(),
        }
    }
}

/// What the role `dect` has counted.
fn figures(observed: &Observed) -> Figures {
    let count = |name: &str| {
        let found = observed.counters.iter().find(|counter| counter.name == name);
        found.map_or(0, |counter| counter.value)
    };
    Figures {
        users: count("users_now"),
        subscribed: count("users_subscribed_now"),
        registered: count("users_registered_now"),
        calls: count("calls_now"),
        calls_max: count("calls_most"),
        attempts: count("call_attempts"),
        abnormal: count("calls_abnormal"),
        bases: count("base_stations_now"),
        bases_up: count("base_stations_up_now"),
    }
}

fn interfaces() -> Vec<Interface> {
    // A kernel that does not tell has none to show.
    let links = link::links().unwrap_or_default();
    links.into_iter().take(INTERFACES_MAX).map(interface).collect()
}

fn interface(link: link::Link) -> Interface {
    let kind = match (link.kind.as_deref(), link.ethernet) {
        (Some("vlan"), _) => InterfaceKind::Vlan,
        (_, true) => InterfaceKind::Ethernet,
        _ if link.name == "lo" => InterfaceKind::Loopback,
        _ => InterfaceKind::Other,
    };
    let counted = link.traffic;
    Interface {
        index: link.index,
        kind,
        mtu: link.mtu,
        megabits: megabits(&link.name),
        mac: if link.ethernet { link.mac.to_vec() } else { Vec::new() },
        up: link.up,
        running: link.running,
        traffic: Traffic {
            octets_in: counted.octets_in,
            packets_in: counted.packets_in,
            multicasts_in: counted.multicasts_in,
            errors_in: counted.errors_in,
            drops_in: counted.drops_in,
            octets_out: counted.octets_out,
            packets_out: counted.packets_out,
            errors_out: counted.errors_out,
            drops_out: counted.drops_out,
        },
        name: link.name,
    }
}

/// How fast an interface is; 0 where the kernel does not know, as of one that has no device.
fn megabits(name: &str) -> u32 {
    let speed = std::fs::read_to_string(format!("/sys/class/net/{name}/speed"));
    speed.ok().and_then(|text| text.trim().parse().ok()).unwrap_or(0)
}

fn addresses() -> Vec<Address> {
    let found = link::addresses().unwrap_or_default().into_iter().take(ADDRESSES_MAX);
    let address =
        |it: link::Address| Address { index: it.index, address: it.address, prefix: it.prefix };
    found.map(address).collect()
}

/// How long a picture is shown; a walk sees one or two.
const FRESH: Duration = Duration::from_secs(1);
/// More than a box has.
const INTERFACES_MAX: usize = 64;
/// The same of addresses.
const ADDRESSES_MAX: usize = 256;
/// What the kernel counts of IPv4.
const IP_COUNTERS: &str = "/proc/self/net/snmp";
