//! The supervisor in the foreground of a person's machine: no rights of its own, nothing mounted, nothing rebooted.

pub use crate::household::{EXIT_REFUSED, HouseholdError};

use crate::entry::FLUSH_EVERY;
use crate::household::{Ground, Household, News, Ordered};
use crate::journal::Journal;
use nix::sys::signal::Signal;
use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use supervise::control::{Request, Standing};
use supervise::init::{Ending, Ground as Decides};
use supervise::role::{Capability, Role, Runs};
use supervise::roles::ROLES;

/// What the parent is given.
#[derive(Debug)]
pub struct Plan {
    /// Which program to start under the names of the roles; `/proc/self/exe` in the product.
    pub executable: PathBuf,
    /// What follows the name of the role on its command line.
    pub arguments: Vec<OsString>,
    /// Where the sockets are made; the folder is private to this user.
    pub sockets: PathBuf,
    /// Roles that are started here only because the person has named them.
    pub with: Vec<&'static str>,
    /// What we say ourselves, on its way to the log.
    pub journal: Option<Journal>,
}

/// Why the server has ended.
#[derive(Debug, thiserror::Error)]
pub enum ParentError {
    /// The roles cannot be kept.
    #[error(transparent)]
    Household(#[from] HouseholdError),
    /// A role gave up at its first start, for a reason that it has printed.
    #[error("{0} could not start; its reason stands above")]
    Refused(&'static str),
}

/// Keeps all roles alive until SIGTERM or SIGINT; calls `ready` whenever all of them are up.
///
/// # Errors
/// [`ParentError`]; the roles have then been ended.
pub fn run(plan: &Plan, ready: impl FnMut()) -> Result<(), ParentError> {
    let failed = |error| HouseholdError::Socket(plan.sockets.clone(), error);
    std::fs::create_dir_all(&plan.sockets).map_err(failed)?;
    let private = std::fs::Permissions::from_mode(0o700);
    std::fs::set_permissions(&plan.sockets, private).map_err(failed)?;
    let here = |role: &&Role| match role.runs {
        Runs::Everywhere => true,
        Runs::OnTheBox => false,
        Runs::WhenAsked => plan.with.contains(&role.name),
    };
    let roles: Vec<&'static Role> = ROLES.iter().filter(here).collect();
    let foreground = Foreground { arguments: &plan.arguments, ready, refused: None };
    let place = (plan.executable.clone(), &*plan.sockets);
    let mut household = Household::new(&roles, Decides::Foreground, place, foreground)?;
    household.begin();
    while household.ended().is_none() {
        household.turn(Some(FLUSH_EVERY), &[])?;
        if let Some(journal) = &plan.journal {
            journal.flush();
        }
        if household.ground.refused.is_some() {
            household.stop(Ending::Quit);
        }
    }
    match household.ground.refused {
        Some(role) => Err(ParentError::Refused(role)),
        None => Ok(()),
    }
}

/// The role of this name, if the person in front of this machine may ask for it.
///
/// # Errors
/// Why not, in a sentence: there is none, it needs no asking, or it would change the network of this machine.
pub fn asked_for(name: &str) -> Result<&'static str, String> {
    let role = supervise::roles::find(name).filter(|role| role.runs == Runs::WhenAsked);
    let role = role.ok_or_else(|| format!("there is no role {name:?} that runs when asked for"))?;
    let changes_network = role.capabilities.contains(&Capability::NetAdmin);
    if changes_network && !in_own_network() {
        return Err(format!(
            "the role {name} sets addresses and routes, and this is the network of the machine; start it in a network \
             namespace of its own (unshare --net)"
        ));
    }
    Ok(role.name)
}

/// Whether the network of this process is another one than that of PID 1; where that may not be looked at, as in some
/// containers, than that of the kernel's own first thread. Where neither can be seen it is taken for the same.
fn in_own_network() -> bool {
    let of = |process: &str| std::fs::read_link(format!("/proc/{process}/ns/net"));
    let Ok(own) = of("self") else { return false };
    of("1").or_else(|_| of("2")).is_ok_and(|first| own != first)
}

struct Foreground<'a, F> {
    arguments: &'a [OsString],
    ready: F,
    /// A role that will not work, which the person in front of it should hear of at once.
    refused: Option<&'static str>,
}

impl<F: FnMut()> Ground for Foreground<'_, F> {
    fn words(&self, _: &Role) -> Vec<OsString> {
        self.arguments.to_vec()
    }

    fn group(&self, _: &Role) -> Option<&os::group::Group> {
        None
    }

    fn owner(&self, _: &Role) -> Option<u32> {
        None
    }

    fn wish(&self, signal: Signal) -> Option<Ending> {
        (signal != Signal::SIGCHLD).then_some(Ending::Quit)
    }

    fn ours(&self) -> bool {
        false
    }

    fn standing(&self) -> Option<Standing> {
        None
    }

    fn order(&mut self, _: &Request) -> Ordered {
        Ordered::Refused
    }

    fn news(&mut self, news: News<'_>) {
        match news {
            News::AllUp => (self.ready)(),
            News::Refused(role) => {
                self.refused = supervise::roles::find(role.name).map(|role| role.name);
            }
            News::Down(_) | News::Healthy | News::Giving(_) | News::SafeMode(_) => {}
        }
    }
}
