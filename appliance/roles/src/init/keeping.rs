//! The box as the ground of the household: groups, users, and what a person is told.

use super::REBOOTS;
use super::boot_state::BootRecord;
use super::console::say;
use super::desk::Desk;
use crate::entry::ON_THE_BOX;
use crate::household::{Ground, News, Ordered};
use crate::layout;
use nix::sys::signal::Signal;
use os::group::{Ceiling, Group};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;
use store::{Disk, write_durably};
use supervise::control::{Request, Standing};
use supervise::init::Ending;
use supervise::reboots::{Reboots, SPAN};
use supervise::role::Role;
use supervise::roles::ROLES;

/// The box.
pub(super) struct Box_ {
    groups: BTreeMap<&'static str, Group>,
    record: Option<BootRecord>,
    reboots: Reboots,
    desk: Desk,
}

impl Box_ {
    /// Makes a control group for each role; one that has none runs without.
    pub(super) fn new(record: Option<BootRecord>, reboots: Reboots, desk: Desk) -> Self {
        let mut groups = BTreeMap::new();
        for role in ROLES.iter().chain(more_roles()) {
            let ceiling = Ceiling {
                memory_mib: role.memory_mib_max,
                tasks: role.tasks_max,
                cpu_weight: role.share.cpu_weight,
            };
            match Group::make(Path::new(layout::GROUPS), role.name, ceiling) {
                Ok(group) => {
                    let lacks = group.lacks();
                    if !lacks.is_empty() {
                        tracing::warn!(role = role.name, ?lacks, "has not all its ceilings");
                    }
                    groups.insert(role.name, group);
                }
                Err(error) => tracing::error!(role = role.name, %error, "has no ceiling"),
            }
        }
        Self { groups, record, reboots, desk }
    }

    /// After half an hour the automatic reboots before it are forgiven; whether they have just been.
    pub(super) fn grow_older(&mut self) -> bool {
        let forgiven = self.reboots != Reboots::default() && os::machine::up_for() > SPAN;
        if forgiven {
            self.reboots = Reboots::default();
            let _ = std::fs::remove_file(REBOOTS);
        }
        forgiven
    }

    fn about_to_reboot(&mut self) {
        if let Some(record) = &mut self.record {
            record.reject();
        }
        let reboots = self.reboots.clone().and(os::machine::up_for());
        if let Err(error) = write_durably(&mut Disk, Path::new(REBOOTS), reboots.print().as_bytes())
        {
            tracing::error!(%error, "the automatic reboot cannot be remembered");
        }
    }
}

impl Ground for Box_ {
    fn words(&self, _: &Role) -> Vec<OsString> {
        vec![ON_THE_BOX.into()]
    }

    fn group(&self, role: &Role) -> Option<&Group> {
        self.groups.get(role.name)
    }

    fn owner(&self, role: &Role) -> Option<u32> {
        Some(role.uid)
    }

    fn wish(&self, signal: Signal) -> Option<Ending> {
        match signal {
            Signal::SIGINT => {
                say("ctrl-alt-del was pressed");
                Some(Ending::Reboot)
            }
            // The power is about to fail, or whoever runs this machine wants it down.
            Signal::SIGPWR | Signal::SIGTERM => Some(Ending::PowerOff),
            _ => None,
        }
    }

    fn ours(&self) -> bool {
        true
    }

    fn standing(&self) -> Option<Standing> {
        Some(self.desk.standing(self.record.as_ref()))
    }

    fn order(&mut self, request: &Request) -> Ordered {
        Desk::order(request, self.record.as_mut())
    }

    fn news(&mut self, news: News<'_>) {
        match news {
            News::AllUp => say("all roles are ready"),
            News::Healthy => {
                if let Some(record) = &mut self.record {
                    record.confirm();
                }
                say("healthy for a minute");
            }
            News::Down(role) => {
                say(&format!("{} stays down for five minutes: it died too often", role.name));
            }
            News::Refused(role) => say(&format!(
                "{} refuses its settings; its reason stands in the log, mend them and restart it",
                role.name
            )),
            News::Giving(reason) => {
                say(&format!("{reason}: starting anew"));
                self.about_to_reboot();
            }
            News::SafeMode(reason) => {
                let address = link_local();
                say(&format!(
                    "SAFE MODE: {reason}. Restarting has not helped. Reachable at {address}; \
                     reset the settings, choose the other slot or install another version."
                ));
            }
        }
    }
}

/// Gives the first interface an address that needs no configuration (RFC 3927), from its MAC address; safe mode does
/// not depend on settings that may be the reason for it.
fn link_local() -> String {
    let Some(interface) = os::link::interfaces().into_iter().next() else {
        return "no network, there is no interface".to_owned();
    };
    let file = Path::new("/sys/class/net").join(&interface).join("address");
    let mac = std::fs::read_to_string(file).unwrap_or_default();
    let sum = mac.bytes().fold(0u32, |sum, octet| sum.wrapping_mul(31).wrapping_add(octet.into()));
    // RFC 3927 2.1: 169.254.1.0 to 169.254.254.255.
    let [_, _, third, fourth] = sum.to_be_bytes();
    let address = std::net::Ipv4Addr::new(169, 254, third % 254 + 1, fourth);
    let made =
        os::link::up(&interface).and_then(|()| os::link::add_address(&interface, address, 16));
    match made {
        Ok(()) => address.to_string(),
        Err(error) => format!("no address, {interface}: {error}"),
    }
}

/// Roles beside the table: none, but for a build that is made for tests.
pub(super) fn more_roles() -> &'static [Role] {
    #[cfg(feature = "probe")]
    return crate::probe::ROLES;
    #[cfg(not(feature = "probe"))]
    &[]
}
