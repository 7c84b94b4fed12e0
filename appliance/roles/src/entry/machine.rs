//! What of the machine the role `net` takes before it is confined.

use super::Place;
use crate::household::CONTROL;
use crate::modules;
use crate::net::{Given, Options};
use crate::network;
use crate::sandbox::Ground;
use os::passed::{NotPassed, Passed};
use std::fs::File;
use std::path::PathBuf;

/// All of it.
pub(super) struct Machine {
    given: Given,
    host_name: Option<File>,
}

impl Machine {
    /// On the box, all there is; a person's machine keeps its name, and has been given nothing.
    pub(super) fn open(place: &Place) -> Self {
        if place.ground == Ground::Foreground {
            // What is not there cannot be allowed.
            let _ = File::create(place.sockets.join(network::REPORT));
            return Self { given: Given::default(), host_name: None };
        }
        // Once it is confined nobody loads anything.
        modules::load("8021q");
        let host_name = File::options().write(true).open("/proc/sys/kernel/hostname").ok();
        Self { given: network::given(), host_name }
    }

    /// What the role is given.
    ///
    /// # Errors
    /// If the control socket was not passed.
    pub(super) fn options(
        self,
        (place, folder): (&Place, PathBuf),
        callers: Vec<u32>,
        passed: &mut Passed,
    ) -> Result<Options, NotPassed> {
        let control = passed.named(CONTROL).ok_or(NotPassed::None)?;
        let resolver = match place.ground {
            Ground::Foreground => folder.join("resolv.conf"),
            Ground::Box => PathBuf::from(network::RESOLVER),
        };
        let Self { given, host_name } = self;
        let report = place.sockets.join(network::REPORT);
        let conf = place.conf();
        Ok(Options { folder, conf, callers, resolver, report, given, host_name, control })
    }
}
