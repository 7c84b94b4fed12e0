//! Who looks at the log.

use bus::door::Door;
use bus::streams::streams;
use bus::{log1, observed1};
use std::sync::Arc;
use tokio::sync::mpsc::Sender;
use tokio::task::JoinSet;

/// Serves callers for ever; each until it hangs up.
pub(super) async fn serve(
    door: Arc<Door>,
    asks: Sender<log1::Ask>,
    observers: Sender<observed1::Ask>,
) {
    let mut callers = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = door.accept(), if callers.len() < CALLERS_MAX => accepted,
            Some(_) = callers.join_next() => continue,
        };
        // One that is turned away, or does not speak, is no news for the log it wanted to see.
        let Ok(stream) = accepted else { continue };
        let (begun, running) = streams();
        let log = log1::Service::new(asks.clone(), begun.clone());
        let observed = observed1::Service::new(observers.clone(), begun);
        // In a task of its own: one that is silent must not hold up the others.
        let door = door.clone();
        callers.spawn(async move {
            if let Ok(connection) = door.serve_both(stream, log, observed).await {
                running.until_gone(connection).await;
            }
        });
    }
}

/// An administrator, a page, a script.
const CALLERS_MAX: usize = 32;
