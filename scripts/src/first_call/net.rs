//! A network of the run's own: a namespace in which nothing else lives and nothing survives.

use super::machine::TAP;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::process::Command;

/// Who has which address.
#[derive(Clone, Copy, Debug)]
pub(super) struct Net {
    /// Whether it is a namespace; else it is the loopback of this machine.
    pub(super) own: bool,
    /// Whether the server is a machine of its own on a cable; never without a namespace.
    pub(super) boxed: bool,
}

impl Net {
    /// The server.
    pub(super) fn server(self) -> IpAddr {
        self.address(1)
    }

    /// Kamailio.
    pub(super) fn pbx(self) -> IpAddr {
        self.address(2)
    }

    /// The phone that is not ours.
    pub(super) fn phone(self) -> IpAddr {
        self.address(3)
    }

    /// SIPp.
    pub(super) fn peer(self) -> IpAddr {
        self.address(4)
    }

    /// The base stations, by their numbers from 1.
    pub(super) fn base(self, number: u8) -> IpAddr {
        self.address(10 + number)
    }

    /// Where everybody but a server of its own has the addresses.
    pub(super) fn interface(self) -> &'static str {
        if self.boxed { BRIDGE } else { "lo" }
    }

    fn address(self, last: u8) -> IpAddr {
        let first = if self.own { 10 } else { 127 };
        IpAddr::V4(Ipv4Addr::new(first, 99, 0, last))
    }

    /// Gives the namespace its addresses.
    ///
    /// # Errors
    /// When `ip` fails.
    pub(super) fn furnish(self) -> Result<(), String> {
        if !self.own {
            return Ok(());
        }
        ip(&["link", "set", "lo", "up"])?;
        let others = [self.phone(), self.pbx(), self.peer(), self.base(1), self.base(2)];
        if !self.boxed {
            for address in others.into_iter().chain([self.server()]) {
                ip(&["address", "add", &format!("{address}/32"), "dev", "lo"])?;
            }
            return Ok(());
        }
        ip(&["link", "add", BRIDGE, "type", "bridge"])?;
        for address in others {
            ip(&["address", "add", &format!("{address}/24"), "dev", BRIDGE])?;
        }
        ip(&["tuntap", "add", TAP, "mode", "tap"])?;
        ip(&["link", "set", TAP, "master", BRIDGE])?;
        ip(&["link", "set", TAP, "up"])?;
        ip(&["link", "set", BRIDGE, "up"])
    }

    /// Takes back what there is of the virtual machine's cable, which cannot be had, and gives all addresses to
    /// the namespace itself.
    ///
    /// # Errors
    /// When `ip` fails.
    pub(super) fn withdraw_box(&mut self) -> Result<(), String> {
        // It may not have come so far.
        let _ = ip(&["link", "delete", BRIDGE]);
        self.boxed = false;
        self.furnish()
    }
}

/// The switch that everybody is connected to.
const BRIDGE: &str = "fixpart-lab";

fn ip(words: &[&str]) -> Result<(), String> {
    let output = Command::new("ip").args(words).output();
    let output = output.map_err(|error| format!("cannot start ip: {error}"))?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    output.status.success().then_some(()).ok_or(format!("ip {}: {said}", words.join(" ")))
}

/// A command that starts `program` in a namespace of its own, as root or as an ordinary user; `None` where
/// this machine allows neither. When the command ends, everything within ends.
pub(super) fn enter(program: &Path) -> Option<Command> {
    let ways: [&[&str]; 2] = [
        &["--net", "--pid", "--fork", "--kill-child", "--mount-proc"],
        &["--map-root-user", "--net", "--pid", "--fork", "--kill-child", "--mount-proc"],
    ];
    ways.into_iter().find_map(|way| {
        let trial =
            Command::new("unshare").args(way).args(["ip", "link", "set", "lo", "up"]).output();
        let works = trial.is_ok_and(|output| output.status.success());
        works.then(|| {
            let mut command = Command::new("unshare");
            command.args(way).arg(program);
            command
        })
    })
}
