//! How a simulated handset can misbehave.

use std::time::Duration;

/// Which faults a handset has; none by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// It does not hear pages.
    pub deaf_to_pages: bool,
    /// It proves itself with a key that is not its own.
    pub wrong_uak: bool,
    /// It answers requests of mobility management this much later; not at all where that is longer than it lives.
    pub answers_late: Option<Duration>,
    /// It never answers requests of mobility management.
    pub silent: bool,
    /// It sends each message twice.
    pub repeats_messages: bool,
    /// It acknowledges no frame.
    pub acknowledges_nothing: bool,
    /// Each so-manieth frame that it sends is lost; 0 and 1 lose none.
    pub loses_every: u32,
    /// It answers a release with one of its own, as if both had hung up at once.
    pub releases_too: bool,
    /// It refuses to cipher.
    pub refuses_cipher: bool,
}
