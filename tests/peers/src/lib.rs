//! What stories of the server beside foreign programs are told with: a place, programs in it, the server.
//!
//! A story gets a [`place::Place`] of its own: network namespaces that vanish
//! with it. Foreign programs are [`process::Process`]es there, the server is an
//! [`ours::Ours`]. All is judged by what is said; time only ends what hangs.

pub mod ours;
pub mod place;
pub mod process;

use std::fmt;
use std::path::PathBuf;

/// Why something does not hold.
pub type Wrong = Box<dyn std::error::Error>;

/// One story: a name, the foreign programs it needs, and what is tried in a place of its own.
#[derive(Debug)]
pub struct Story {
    /// A sentence.
    pub name: &'static str,
    /// Programs that must be found by their names.
    pub needs: &'static [&'static str],
    /// Tells it; what is given back is a word about it.
    pub tell: fn(&Given) -> Result<String, Wrong>,
}

/// What every story is given.
#[derive(Clone, Debug)]
pub struct Given {
    /// The server's program.
    pub appliance: PathBuf,
}

/// A story's reason why it cannot be told here; it counts as skipped.
#[derive(Debug)]
pub struct CannotBeHere(pub String);

impl fmt::Display for CannotBeHere {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for CannotBeHere {}
