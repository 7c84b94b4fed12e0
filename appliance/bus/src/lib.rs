//! What roles may ask of each other: D-Bus, peer to peer, without a bus daemon.
//!
//! A role that is asked has a listening Unix socket that its parent made, so
//! that callers queue while it restarts. Each interface is one file here: its
//! types, a trait for the side that answers, a proxy for the side that asks.
//! Its introspection XML under `interfaces/` is compared by a test: what is
//! written there is the contract.
//!
//! Only control goes over the bus. Speech never does.

pub mod conf1;
pub mod control1;
pub mod dect1;
pub mod door;
pub mod log1;
pub mod media1;
pub mod net1;
pub mod observed1;
pub mod streams;
pub mod time1;

pub use zbus::{Connection, Error, Message};

use tokio::sync::{mpsc, oneshot};
use zbus::fdo;

/// A text as D-Bus can carry it: without the octet zero, for which a whole answer would fail.
#[must_use]
pub fn sendable(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

/// Asks the loop behind an interface; where it has no time, or is no more, the caller is told `away`.
pub(crate) async fn asked<A, T>(
    asks: &mpsc::Sender<A>,
    away: &str,
    ask: impl FnOnce(oneshot::Sender<T>) -> A,
) -> fdo::Result<T> {
    let away = || fdo::Error::NoReply(away.to_owned());
    let (answer, answered) = oneshot::channel();
    asks.send(ask(answer)).await.map_err(|_| away())?;
    answered.await.map_err(|_| away())
}

/// What callers are told of a role that has no time for them.
pub(crate) const BUSY: &str = "the role is busy or stopping; try again";

/// Compares the introspection XML of an interface with the file that is checked in.
#[cfg(test)]
pub(crate) fn assert_contract(interface: &impl zbus::object_server::Interface, file: &str) {
    let mut xml = String::new();
    interface.introspect_to_writer(&mut xml, 0);
    let path = format!("{}/interfaces/{file}", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &xml).expect("the golden file can be written");
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(xml, golden, "{file} differs; UPDATE=1 writes it anew");
}
