//! What survives a restart: subscriptions, base stations, and the keys that protect them.
//!
//! One file for each record, written beside the old one and put in its place
//! in one step, so that a power cut leaves either the old record or the new.
//! Keys of handsets and base stations are sealed with the device key.

mod files;
mod record;
mod seal;
mod subscriptions;

pub use files::{Disk, Files, write_durably};
pub use seal::{SealError, Sealer};
pub use subscriptions::{DirSubscriptions, StoreError};
