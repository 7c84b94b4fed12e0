//! Every setting of the server, declared once, and the files they come in.
//!
//! From the tables in [`groups`] come the XML files, validation, defaults and
//! the typed values the roles read. To add a setting, add one entry; there is
//! nothing else to edit. Everything here is pure: a file arrives as text.
//!
//! ```
//! use config::{Config, groups::sip};
//!
//! let text = "<config><sip><transport>tcp</transport></sip></config>";
//! let (config, notices) = Config::read("config.xml", text).map_err(|flaws| flaws.to_string())?;
//! assert_eq!(config.get(&sip::TRANSPORT), config::value::Transport::Tcp);
//! assert!(notices.is_empty());
//! # Ok::<(), String>(())
//! ```

mod assign;
mod config;
mod entry;
mod export;
mod flaw;
pub mod groups;
mod import;
pub mod manual;
pub mod model;
mod names;
pub mod ovf;
pub mod roster;
mod rules;
mod spec;
pub mod trial;
pub mod users;
pub mod value;
pub mod xml;

pub use assign::Shown;
pub use config::Config;
pub use entry::{Change, Entry};
pub use export::{Export, Secrets};
pub use flaw::{Flaw, Flaws, Notice, Place};
pub use spec::{Alias, Applies, At, Bound, Family, Param, Reject, Spec};
