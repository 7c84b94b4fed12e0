//! How another role speaks with the role `media`.
//!
//! The client connects by itself, and again whenever the media role has died.
//! What is asked while it is away waits until it is back or plainly cannot be
//! reached.

use crate::media::words;
use bus::Connection;
use bus::door::{self, Away, Incoming};
use bus::media1::{self, ServiceProxy};
use media::session::{Command, Report};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::sync::mpsc::{
    Receiver, Sender, UnboundedReceiver, UnboundedSender, channel, unbounded_channel,
};
use tokio::task::JoinHandle;
use tokio::time::sleep;

/// What is heard of the media role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// It says this.
    Report(Report),
    /// It has died; all its sessions are gone. What is asked from now on goes to its successor.
    Lost,
}

/// The one who asks.
#[derive(Debug)]
pub struct MediaClient {
    asked: UnboundedSender<(u32, Command)>,
    heard: Receiver<Heard>,
    /// How often it was lost, as far as our owner knows: what was asked before is not asked again.
    generation: u32,
    task: JoinHandle<()>,
}

impl MediaClient {
    /// A client of the media role behind the socket `path`, which has our own user.
    ///
    /// Returns at once and connects in a task that ends with the client.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    #[must_use]
    pub fn connect(path: &Path) -> Self {
        Self::connect_to(path, os::own_uid())
    }

    /// The same for a media role that has the user `uid`.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    #[must_use]
    pub fn connect_to(path: &Path, uid: u32) -> Self {
        let (asked, questions) = unbounded_channel();
        let (heard_in, heard) = channel(HEARD_MAX);
        let link = Link { path: path.to_owned(), uid, questions, heard: heard_in, generation: 0 };
        Self { asked, heard, generation: 0, task: tokio::spawn(link.run()) }
    }

    /// The next thing that is heard. Dropping the future loses nothing.
    ///
    /// It must be asked for again and again: what is not taken holds up the media role.
    pub async fn next(&mut self) -> Heard {
        match self.heard.recv().await {
            Some(Heard::Lost) => {
                self.generation = self.generation.wrapping_add(1);
                Heard::Lost
            }
            Some(heard) => heard,
            // The task ends only with the client.
            None => std::future::pending().await,
        }
    }

    /// Asks for something; never waits. An `Open` that cannot be asked is answered by
    /// [`Report::Failed`]; anything else is then of no use any more.
    pub fn send(&self, command: Command) {
        let _ = self.asked.send((self.generation, command));
    }
}

impl Drop for MediaClient {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Link {
    path: PathBuf,
    uid: u32,
    /// Unbounded, since its other end is in the same process and has bounds of its own: a call
    /// asks for a handful of things.
    questions: UnboundedReceiver<(u32, Command)>,
    heard: Sender<Heard>,
    generation: u32,
}

impl Link {
    async fn run(mut self) {
        let mut rest = REST_MIN;
        loop {
            match door::connect(&self.path, self.uid).await {
                Ok(connection) => {
                    tracing::info!("connected to the media role");
                    rest = REST_MIN;
                    self.serve(&connection).await;
                    tracing::warn!("the media role is gone");
                    self.generation = self.generation.wrapping_add(1);
                    if self.heard.send(Heard::Lost).await.is_err() {
                        return;
                    }
                }
                Err(away) => {
                    self.refuse(&away).await;
                    sleep(rest).await;
                    rest = (rest * 2).min(REST_MAX);
                }
            }
        }
    }

    /// Until the connection ends.
    async fn serve(&mut self, connection: &Connection) {
        let mut incoming = Incoming::new(connection);
        let Ok(proxy) = ServiceProxy::new(connection).await else { return };
        loop {
            tokio::select! {
                message = incoming.next() => {
                    let Some(message) = message else { return };
                    match media1::Report::read(&message) {
                        Ok(None) => {}
                        Ok(Some(report)) => self.hear(report).await,
                        Err(error) => tracing::error!(%error, "the media role is not understood"),
                    }
                }
                Some((generation, command)) = self.questions.recv() => {
                    if generation == self.generation
                        && proxy.command(words::command_out(&command)).await.is_err()
                    {
                        return;
                    }
                }
            }
        }
    }

    async fn hear(&self, report: media1::Report) {
        // Fails only when the client is being dropped, and this task with it.
        let _ = self.heard.send(Heard::Report(words::report_in(report))).await;
    }

    /// Nobody is there: says so to whoever waits for a session.
    async fn refuse(&mut self, away: &Away) {
        tracing::warn!(%away, "the media role cannot be reached");
        while let Ok((generation, command)) = self.questions.try_recv() {
            if let (true, Command::Open(session)) = (generation == self.generation, command) {
                let failed = Report::Failed(session, away.to_string());
                let _ = self.heard.send(Heard::Report(failed)).await;
            }
        }
    }
}

/// Reports that wait to be taken: a busy second of a large system.
const HEARD_MAX: usize = 1024;

/// How long to rest before connecting again, at first.
const REST_MIN: Duration = Duration::from_millis(200);

/// The longest rest, reached by doubling.
const REST_MAX: Duration = Duration::from_secs(5);
