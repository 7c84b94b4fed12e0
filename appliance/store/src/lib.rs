//! What survives a restart: settings, users, subscriptions, base stations, and the keys that protect them.
//!
//! [`Database`] is one SQLite file with one owner: a change is one transaction,
//! and on the disk when the call returns. Secrets in it are sealed with the
//! device key. [`DirSubscriptions`] has one file for each record instead, written
//! beside the old one and put in its place in one step.

mod alarm;
mod copy;
mod database;
mod device_key;
mod error;
mod files;
mod record;
mod seal;
mod subscriptions;

pub use alarm::Alarm;
pub use copy::copy_to_look_at;
pub use database::{Commit, Content, Database, Generation, Radio, Stored};
pub use device_key::device_key;
pub use error::{Fault, StoreError};
pub use files::{Disk, Files, write_durably};
pub use seal::{SealError, Sealer};
pub use subscriptions::DirSubscriptions;
