//! A box, a server and somebody else on one switch.

use peers::ours::Ours;
use peers::place::Place;
use peers::process::{PATIENCE, Process, until_within};
use peers::{Given, Wrong};
use std::ops::{Deref, DerefMut};
use std::path::Path;
use std::time::Duration;

/// The network 10.77.0.0/24 with its server at [`SERVER`].
pub(super) struct Network {
    pub(super) place: Place,
}

/// The server's address.
pub(super) const SERVER: &str = "10.77.0.1";

impl Network {
    pub(super) fn new() -> Result<Self, Wrong> {
        let place = Place::new(&["box", "server", "other"])?;
        place.run("server", "ip", &["address", "add", "10.77.0.1/24", "dev", "eth0"])?;
        Ok(Self { place })
    }

    /// The server on the box, which keeps its state for the next one.
    pub(super) fn ours(&self, given: &Given, settings: &str) -> Result<Box_, Wrong> {
        let server = Ours::start(given, &self.place, ("box", "net"), settings)?;
        Ok(Box_ { server })
    }

    /// What `ip` says on the box.
    pub(super) fn ip(&self, words: &[&str]) -> Result<String, Wrong> {
        self.place.run("box", "ip", words)
    }

    /// Runs a program on the host that is somebody else.
    pub(super) fn other(&self, program: &str, words: &[&str]) -> Result<String, Wrong> {
        self.place.run("other", program, words)
    }
}

/// Our server, asked for the network.
pub(super) struct Box_ {
    pub(super) server: Ours,
}

impl Box_ {
    /// Its state folder.
    pub(super) fn state(&self) -> &Path {
        self.server.state()
    }

    /// Waits until `appliance net show` has this in the line of this name.
    pub(super) fn shows(&self, network: &Network, name: &str, value: &str) -> Result<(), Wrong> {
        self.shows_within(PATIENCE, network, name, value)
    }

    pub(super) fn shows_within(
        &self,
        within: Duration,
        network: &Network,
        name: &str,
        value: &str,
    ) -> Result<(), Wrong> {
        until_within(within, || {
            let shown = self.server.ask(&network.place, &["net", "show"])?;
            let mut lines = shown.lines().filter(|line| line.starts_with(&format!("{name} ")));
            if lines.any(|line| line.contains(value)) {
                return Ok(());
            }
            Err(format!("net show has no {name} {value:?}: {}", shown.replace('\n', " | ")).into())
        })
    }

    /// Its address, when it has one of a server.
    pub(super) fn address(&self, network: &Network) -> Result<String, Wrong> {
        self.shows(network, "ipv4", "(dhcp)")?;
        let shown = self.server.ask(&network.place, &["net", "show"])?;
        let line = shown.lines().find_map(|line| line.strip_prefix("ipv4 "));
        let address = line.and_then(|line| line.trim().split('/').next());
        Ok(address.ok_or("there is no address")?.to_owned())
    }

    /// Sets these.
    pub(super) fn set(&self, network: &Network, values: &[&str]) -> Result<(), Wrong> {
        self.server.ask(&network.place, &[&["config", "set"], values].concat()).map(drop)
    }
}

/// dnsmasq on the host of the server, as a server of DHCP and of nothing else.
pub(super) struct Dnsmasq(Process);

impl Dnsmasq {
    pub(super) fn start(network: &Network, words: &[&str]) -> Result<Self, Wrong> {
        let leases = network.place.folder().join("leases");
        let (leases, pid) = (
            format!("--dhcp-leasefile={}", leases.display()),
            format!("--pid-file={}", network.place.folder().join("dnsmasq.pid").display()),
        );
        let all = [
            "--keep-in-foreground",
            "--log-facility=-",
            "--log-dhcp",
            "--conf-file=",
            "--port=0",
            "--user=root",
            "--interface=eth0",
            "--bind-interfaces",
            &leases,
            &pid,
        ];
        let mut process = network.place.start("server", "dnsmasq", &[&all, words].concat())?;
        process.says("DHCP")?;
        Ok(Self(process))
    }

    /// What it has said until now does not count any more.
    pub(super) fn forget(&mut self) {
        self.0.forget();
    }

    /// Whether it has said this by now.
    pub(super) fn heard(&self, words: &str) -> Result<(), Wrong> {
        let said = self.0.everything();
        if said.contains(words) { Ok(()) } else { Err(format!("it has not said {words:?}").into()) }
    }
}

impl Deref for Dnsmasq {
    type Target = Process;

    fn deref(&self) -> &Process {
        &self.0
    }
}

impl DerefMut for Dnsmasq {
    fn deref_mut(&mut self) -> &mut Process {
        &mut self.0
    }
}
