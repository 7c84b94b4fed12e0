//! The log, as it is shown on a terminal.

use crate::arguments::Logs;
use lan::log::{Filter, Record, Timestamp, json, since, text};
use roles::client::Server;
use roles::log_client;
use std::io::{Write as _, stdout};

/// Prints the records that are wished for, and with `follow` those that come, until the reader has gone.
///
/// # Errors
/// Why they cannot be shown.
pub(crate) fn show(server: &Server, wish: Logs) -> Result<(), String> {
    let since = wish.since.map(|word| since(&word, Timestamp::now())).transpose();
    let filter = Filter { since: since.map_err(|error| error.to_string())?, ..wish.filter };
    let line = if wish.json { json::line } else { text::line };
    // Whoever reads a part of it and goes is no error: `ctl logs | head`.
    let print = |record: &Record| writeln!(stdout(), "{}", line(record)).is_ok();
    let missed =
        |count| eprintln!("appliance: {count} records were not shown: this terminal is too slow");
    let shown = if wish.follow {
        log_client::follow(server, &filter, print, missed)
    } else {
        log_client::records(server, &filter, print)
    };
    shown.map_err(|error| error.to_string())
}
