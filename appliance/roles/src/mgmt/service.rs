//! A service of the role: a task, and what can be seen of it.

use std::future::Future;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// What can be seen of a service.
#[derive(Clone, Debug, Default)]
pub(super) struct Shown {
    /// A few words for the status page.
    pub(super) status: String,
    /// What it has counted; the names are listed in docs/observed.md.
    pub(super) counters: Vec<(&'static str, u64)>,
    /// What a person has to see to.
    pub(super) alerts: Vec<String>,
}

/// One that runs.
#[derive(Debug)]
pub(super) struct Service {
    shown: watch::Receiver<Shown>,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

/// By which a service hears that it is to end.
#[derive(Clone, Debug)]
pub(super) struct Stop(watch::Receiver<bool>);

impl Stop {
    /// Waits for that. Dropping the future loses nothing.
    pub(super) async fn told(&mut self) {
        // Where the role is gone without a word the service ends as well.
        let _ = self.0.wait_for(|stop| *stop).await;
    }
}

impl Service {
    /// Begins one: `serve` is given where to show itself, and goes on until it is told to stop, when it may still say
    /// goodbye.
    pub(super) fn begin<F>(serve: impl FnOnce(watch::Sender<Shown>, Stop) -> F) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let (show, shown) = watch::channel(Shown::default());
        let (stop, stopped) = watch::channel(false);
        Self { shown, stop, task: tokio::spawn(serve(show, Stop(stopped))) }
    }

    /// What can be seen of it now.
    pub(super) fn shown(&self) -> Shown {
        self.shown.borrow().clone()
    }

    /// Tells it to stop, and waits for its goodbye.
    pub(super) async fn end(self) {
        self.stop.send_replace(true);
        // One that hangs ends with the process.
        let _ = timeout(GOODBYE, self.task).await;
    }
}

/// For a goodbye on the network: the supervisor waits longer.
const GOODBYE: Duration = Duration::from_secs(2);
