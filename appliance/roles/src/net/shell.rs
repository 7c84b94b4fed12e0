//! What follows from what: settings, leases and the kernel's news on one side, the kernel's network on the other.

use super::Options;
use super::kernel::{self, Ipv4Set, Place};
use super::state::{self, Sources};
use super::wanted::{Method, V6, Wanted};
use super::wire::{Packet, Wire};
use crate::random::OsRandom;
use bus::net1::NetState;
use config::Config;
use lan::dhcp::{Dhcp, Input, Lease, Output, Own};
use os::link::{self, Route};
use std::fs::File;
use std::io::{self, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};
use store::{Disk, write_durably};
use tokio::sync::watch;

/// Everything that the role knows and has.
pub(super) struct Shell {
    options: Options,
    state: watch::Sender<NetState>,
    wanted: Wanted,
    place: Option<Place>,
    /// The MTU that the interface had before anybody wanted another one.
    own_mtu: Option<u32>,
    /// Sockets on the interface.
    pub(super) wire: Wire,
    dhcp: Option<Dhcp>,
    /// The lease in use and when it ends, in seconds since 1970; 0: never.
    lease: Option<(Lease, i64)>,
    link_local: Option<Ipv4Addr>,
    /// It is known what address there is to be; until then what an earlier process has set stays.
    decided: bool,
    /// The routes that were set last.
    routes: Vec<Route>,
    /// The kind of IPv6 that the interface of this number was given.
    v6: Option<(u32, V6)>,
    /// Servers for names that routers have told, and until when they may be asked.
    told_dns: Vec<(Ipv6Addr, Instant)>,
    /// What is to be taken into the settings is not there yet.
    untaken: bool,
    /// What the kernel refuses.
    refused: Option<String>,
    /// Leases and renewals.
    pub(super) leases: u64,
    /// The address that the supervisor knows of.
    told: String,
    moved: bool,
}

impl Shell {
    /// Begins with these settings; without any, with the defaults and what was typed.
    pub(super) fn new(
        options: Options,
        state: watch::Sender<NetState>,
        config: Option<&Config>,
    ) -> Self {
        let untaken = options.given.is_to_be_taken(&options.folder);
        let mut shell = Self {
            wanted: Wanted::of(&Config::default()),
            options,
            state,
            place: None,
            own_mtu: None,
            wire: Wire::default(),
            dhcp: None,
            lease: None,
            link_local: None,
            decided: false,
            routes: Vec::new(),
            v6: None,
            told_dns: Vec::new(),
            untaken,
            refused: None,
            leases: 0,
            told: String::new(),
            moved: false,
        };
        shell.told = shell.told_before();
        shell.wanted = shell.wanted_by(config);
        shell.look();
        shell
    }

    /// The address that an earlier process has written down, or that the roles have begun with: none.
    fn told_before(&self) -> String {
        let line = self.options.given.line.as_deref();
        let report = std::fs::read_to_string(&self.options.report).unwrap_or_default();
        let written = report.lines().find_map(|line| line.strip_prefix("address "));
        let address = line.or(written).and_then(|words| words.split('/').next());
        address.filter(|it| it.parse::<IpAddr>().is_ok()).unwrap_or_default().to_owned()
    }

    fn wanted_by(&self, config: Option<&Config>) -> Wanted {
        let Options { given, folder, .. } = &self.options;
        match config {
            None => Wanted::of(&given.alone()),
            Some(config) if self.untaken => Wanted::of(&given.over(config, folder)),
            Some(config) => Wanted::of(config),
        }
    }

    /// The settings are these now.
    pub(super) fn settings(&mut self, config: Option<&Config>) {
        let wanted = self.wanted_by(config);
        if wanted == self.wanted {
            return;
        }
        let before = std::mem::replace(&mut self.wanted, wanted);
        if before.method != self.wanted.method || before.vlan != self.wanted.vlan {
            tracing::info!(method = ?self.wanted.method, vlan = ?self.wanted.vlan, "another address is wanted");
            self.forget();
        }
        self.look();
    }

    /// What was typed or imported is among the settings.
    pub(super) fn taken(&mut self) {
        self.untaken = false;
    }

    /// Nothing that was learnt holds any longer.
    fn forget(&mut self) {
        (self.dhcp, self.lease, self.link_local, self.decided) = (None, None, None, false);
        self.wire.use_address(None);
    }

    /// When to call [`Shell::expire`].
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.dhcp.as_ref().and_then(Dhcp::deadline)
    }

    /// What follows from time that has passed.
    pub(super) fn expire(&mut self) {
        let mut out = Vec::new();
        if let Some(dhcp) = &mut self.dhcp {
            dhcp.expire(Instant::now(), &mut out);
        }
        self.carry_out(out);
    }

    /// What follows from a packet.
    pub(super) fn packet(&mut self, packet: Packet) {
        match packet {
            Packet::Dhcp(octets) => self.dhcp(Input::Message(&octets)),
            Packet::Arp(octets) => self.dhcp(Input::Arp(&octets)),
            Packet::Broken(error) => {
                tracing::debug!(%error, "the interface cannot be heard; it is opened anew");
                self.wire = Wire::default();
                self.place = None;
                self.look();
            }
        }
    }

    /// What follows from how the kernel's network is now.
    pub(super) fn look(&mut self) {
        if self.options.given.line.is_some() {
            return self.only_look();
        }
        match kernel::place(self.wanted.vlan) {
            Ok(place) => self.stand(&place),
            Err(why) => {
                self.refuse(Some(why));
                self.place = None;
                self.forget();
            }
        }
        self.set();
    }

    /// What the kernel's command line has set stays as it is.
    fn only_look(&mut self) {
        self.place = kernel::place(None).ok();
        self.publish();
    }

    fn refuse(&mut self, why: Option<String>) {
        if self.refused != why {
            if let Some(why) = &why {
                tracing::error!("{why}");
            }
            self.refused = why;
        }
    }

    /// The interface is this one.
    fn stand(&mut self, place: &Place) {
        let before = self.place.replace(place.clone());
        let same = |it: &Place| (it.index, it.mac) == (place.index, place.mac);
        if !before.as_ref().is_some_and(same) {
            tracing::info!(interface = place.name, "is used");
            self.forget();
            self.own_mtu = Some(place.mtu);
            self.wire = Wire::open(place.index).unwrap_or_else(|error| {
                tracing::error!(%error, "DHCP cannot be spoken");
                Wire::default()
            });
        }
        let was_running = self.dhcp.is_some() && before.is_some_and(|it| it.running);
        if self.wanted.method == Method::Dhcp && self.dhcp.is_none() {
            let own = Own {
                mac: place.mac,
                host_name: self.name(place),
                vendor_class: VENDOR_CLASS.into(),
            };
            let known = known(&self.options.folder, place.mac);
            self.dhcp = Some(Dhcp::new(own, known, Box::new(OsRandom)));
        }
        let name = self.name(place);
        if let Some(dhcp) = &mut self.dhcp {
            dhcp.rename(&name);
            match (was_running, place.running) {
                (false, true) => self.dhcp(Input::LinkUp),
                (true, false) => self.dhcp(Input::LinkDown),
                _ => {}
            }
        }
    }

    fn name(&self, place: &Place) -> String {
        self.wanted.host_name.clone().unwrap_or_else(|| state::name_of(place.mac))
    }

    fn dhcp(&mut self, input: Input<'_>) {
        let mut out = Vec::new();
        if let Some(dhcp) = &mut self.dhcp {
            dhcp.input(Instant::now(), input, &mut out);
        }
        self.carry_out(out);
    }

    fn carry_out(&mut self, out: Vec<Output>) {
        let mut changed = false;
        for output in out {
            match output {
                Output::Send(message, destination) => self.wire.send(&message, destination),
                Output::Arp(packet) => self.wire.arp(&packet),
                Output::Note(text) => tracing::warn!("{text}"),
                Output::Keep(address) => {
                    self.keep(address);
                    // The address of the last time is refused: it may not stay.
                    changed |= address.is_none() && !self.decided;
                    self.decided |= address.is_none();
                }
                Output::Configure(lease) => {
                    self.configure(*lease);
                    changed = true;
                }
                Output::Unconfigure => {
                    tracing::warn!("the address may not be used any longer");
                    (self.lease, self.decided) = (None, true);
                    changed = true;
                }
                Output::LinkLocal(address) => {
                    if let Some(address) = address {
                        tracing::warn!(%address, "no DHCP server answers; an address of the link is used");
                    }
                    (self.link_local, self.decided) = (address, true);
                    changed = true;
                }
            }
        }
        if changed {
            self.set();
        }
    }

    fn configure(&mut self, lease: Lease) {
        self.leases += 1;
        let left = self.dhcp.as_ref().and_then(|dhcp| dhcp.left(Instant::now()));
        let known = self.lease.as_ref().is_some_and(|(before, _)| *before == lease);
        if known {
            tracing::debug!(address = %lease.address, ?left, "the lease is renewed");
        } else {
            let (address, prefix, server) = (lease.address, lease.prefix, lease.server);
            tracing::info!(%address, prefix, %server, ?left, "a lease is used");
        }
        let end = left.map_or(0, |left| now_s().saturating_add(seconds(left)));
        (self.lease, self.decided) = (Some((lease, end)), true);
    }

    fn keep(&self, address: Option<Ipv4Addr>) {
        let path = self.options.folder.join(KNOWN);
        let Some(place) = &self.place else { return };
        let kept = match address {
            Some(address) => {
                let text = format!("{} {address}\n", words(place.mac));
                write_durably(&mut Disk, &path, text.as_bytes())
            }
            None => match std::fs::remove_file(&path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
                removed => removed,
            },
        };
        if let Err(error) = kept {
            tracing::warn!(%error, "the address of the lease is not remembered");
        }
    }

    /// Makes the kernel's network as it follows from everything, and tells of it.
    fn set(&mut self) {
        if let Some(place) = self.place.clone() {
            let result = self.set_mtu(&place).and_then(|()| self.set_ipv4(&place));
            let result = result.and(self.set_ipv6(&place));
            self.refuse(result.err());
        }
        self.publish();
    }

    fn set_mtu(&mut self, place: &Place) -> Result<(), String> {
        let lease = self.lease.as_ref().and_then(|(lease, _)| lease.mtu).map(u32::from);
        let Some(mtu) = self.wanted.mtu.or(lease).or(self.own_mtu) else { return Ok(()) };
        if mtu != place.mtu {
            kernel::set_mtu(place, mtu)?;
            if let Some(place) = &mut self.place {
                place.mtu = mtu;
            }
        }
        Ok(())
    }

    fn set_ipv4(&mut self, place: &Place) -> Result<(), String> {
        let everything = |through: Ipv4Addr| Route {
            network: Ipv4Addr::UNSPECIFIED.into(),
            prefix: 0,
            through: Some(through.into()),
        };
        let set = match (&self.wanted.method, &self.lease) {
            (Method::Static(host, router), _) => Ipv4Set {
                address: Some((host.address(), host.prefix())),
                routes: router.map(everything).into_iter().collect(),
            },
            (Method::Dhcp, Some((lease, _))) => {
                let through = |it: Ipv4Addr| IpAddr::V4(it);
                let told = lease.routes.iter().map(|route| Route {
                    network: route.network.into(),
                    prefix: route.prefix,
                    through: route.through.map(through),
                });
                // What is on the link before what is beyond a neighbour there.
                let mut routes: Vec<Route> = told.chain(lease.router.map(everything)).collect();
                routes.sort_by_key(|route| route.through.is_some());
                Ipv4Set { address: Some((lease.address, lease.prefix)), routes }
            }
            (Method::Dhcp, None) if self.decided => Ipv4Set {
                address: self.link_local.map(|address| (address, LINK_LOCAL_PREFIX)),
                routes: Vec::new(),
            },
            // Nothing is known yet: what an earlier process has set is most often right.
            (Method::Dhcp, None) => return Ok(()),
        };
        kernel::set_ipv4(place, &set, &self.routes)?;
        self.routes = set.routes;
        let leased = self.lease.as_ref().map(|(lease, _)| lease.address);
        self.wire.use_address(leased);
        Ok(())
    }

    fn set_ipv6(&mut self, place: &Place) -> Result<(), String> {
        let wanted = (place.index, self.wanted.v6);
        if self.v6 == Some(wanted) {
            return Ok(());
        }
        self.v6 = Some(wanted);
        self.told_dns.clear();
        kernel::set_ipv6(place, self.wanted.v6)
    }

    /// What routers say of servers for names.
    pub(super) fn routers(&mut self, packet: &[u8]) {
        let Some(place) = &self.place else { return };
        for (index, lifetime, servers) in link::name_servers(packet) {
            if index != place.index || self.wanted.v6 != V6::Routers {
                continue;
            }
            let until = Instant::now() + Duration::from_secs(lifetime.into());
            self.told_dns.retain(|(server, _)| !servers.contains(server));
            let room = TOLD_DNS_MAX.saturating_sub(self.told_dns.len());
            let servers = servers.into_iter().filter(|_| lifetime > 0).take(room);
            self.told_dns.extend(servers.map(|server| (server, until)));
        }
    }

    fn publish(&mut self) {
        self.told_dns.retain(|(_, until)| *until > Instant::now());
        let problem = self.refused.as_ref().or(self.wanted.problem.as_ref());
        let mut state = state::state(&Sources {
            wanted: &self.wanted,
            place: self.place.as_ref(),
            lease: self.lease.as_ref().map(|(lease, end)| (lease, *end)),
            link_local: self.link_local,
            line: self.options.given.line.as_deref(),
            problem: problem.map_or("", |problem| problem),
        });
        if let Some(place) = &self.place {
            (state.ipv6, state.ipv6_router) = kernel::ipv6(place, self.wanted.v6);
        }
        state.dns.extend(self.told_dns.iter().map(|(server, _)| server.to_string()));
        let address = state.ipv4.address.clone();
        if self.decided || !address.is_empty() {
            self.moved |= self.told != address;
            self.told = address;
        }
        let mut before = NetState::default();
        let changed = self.state.send_if_modified(|now| {
            let changed = *now != state;
            if changed {
                before = std::mem::replace(now, state.clone());
            }
            changed
        });
        if changed {
            self.write_down(&state, &before);
        }
    }

    /// For the resolver, the console and the kernel.
    fn write_down(&mut self, state: &NetState, before: &NetState) {
        let whose = self.options.given.whose();
        let files = [
            (&self.options.resolver, state::resolver(state), state::resolver(before)),
            (&self.options.report, state::report(state, whose), String::new()),
        ];
        for (path, text, was) in files {
            if text != was
                && let Err(error) = write(path, &text)
            {
                tracing::error!(%error, path = %path.display(), "cannot be written");
            }
        }
        if state.host_name != before.host_name
            && let Some(file) = &mut self.options.host_name
            && let Err(error) = file.write_all(state.host_name.as_bytes())
        {
            tracing::warn!(%error, "the kernel does not take the name of this machine");
        }
    }

    /// What a person has to see to.
    pub(super) fn alerts(&self) -> Vec<String> {
        self.refused.iter().chain(&self.wanted.problem).cloned().collect()
    }

    /// Whether the address is another one than the supervisor knows of; asked once for each time.
    pub(super) fn has_moved(&mut self) -> bool {
        std::mem::take(&mut self.moved)
    }
}

/// The same file stays: roles were allowed to read it and no other.
fn write(path: &Path, text: &str) -> io::Result<()> {
    File::create(path)?.write_all(text.as_bytes())
}

/// The address of the last lease of this network card.
fn known(folder: &Path, mac: [u8; 6]) -> Option<Ipv4Addr> {
    let text = std::fs::read_to_string(folder.join(KNOWN)).ok()?;
    let (of, address) = text.trim().split_once(' ')?;
    (of == words(mac)).then(|| address.parse().ok()).flatten()
}

fn words(mac: [u8; 6]) -> String {
    mac.map(|octet| format!("{octet:02x}")).join(":")
}

fn now_s() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, seconds)
}

fn seconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)
}

/// Where the address of the last lease is kept.
const KNOWN: &str = "lease";
/// Of all routers.
const TOLD_DNS_MAX: usize = 8;
/// Option 60.
const VENDOR_CLASS: &str = "fixpart";
/// RFC 3927 2.8
const LINK_LOCAL_PREFIX: u8 = 16;
