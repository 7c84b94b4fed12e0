//! How the other roles follow the role `conf`: the settings, and the users.
//!
//! The client asks once for everything, then for what is new whenever it is
//! told that something has changed. When the role `conf` is away its owner
//! goes on with what there is; when it is back the client asks from where it
//! had left off, and where that is too long ago it is given the whole again.

use bus::conf1::{self, News, ServiceProxy};
use bus::door::{self, Away, Incoming};
use bus::{Connection, Error as BusError};
use config::{Config, Notice};
use sd_notify::NotifyState;
use std::future::Future;
use std::path::PathBuf;
use std::pin::pin;
use std::time::Duration;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::JoinHandle;
use tokio::time::{Instant, interval, sleep, timeout};
use zbus::fdo;

/// Where the role `conf` is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conf {
    /// Its socket.
    pub path: PathBuf,
    /// The user who has made that.
    pub uid: u32,
}

/// What is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Follows {
    /// The settings.
    Settings,
    /// The settings and the users.
    Users,
}

/// What is heard of the role `conf`.
pub enum Heard {
    /// These are the settings from now on.
    Settings(Box<Config>),
    /// These are the users from now on, or this has become of them.
    Users(News),
}

/// The one who follows.
#[derive(Debug)]
pub struct ConfClient {
    heard: Receiver<Heard>,
    task: JoinHandle<()>,
}

impl ConfClient {
    /// A client that connects in a task of its own, again and again, and ends with it.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    #[must_use]
    pub fn follow(conf: Conf, follows: Follows) -> Self {
        let (heard_in, heard) = channel(HEARD_MAX);
        let (settings, users) = (String::new(), 0);
        let link = Link { conf, follows, heard: heard_in, settings, users, begun: false };
        Self { heard, task: tokio::spawn(link.run()) }
    }

    /// The next thing that is heard: first of all the settings, then the users. Dropping the future loses nothing.
    pub async fn next(&mut self) -> Heard {
        match self.heard.recv().await {
            Some(heard) => heard,
            // The task ends only with the client.
            None => std::future::pending().await,
        }
    }

    /// What was heard and not taken yet.
    pub fn heard(&mut self) -> Option<Heard> {
        self.heard.try_recv().ok()
    }

    /// The settings, for a role that cannot begin without them; `None` where `stop` came first.
    ///
    /// While it waits the supervisor hears that it does.
    pub async fn first_settings(&mut self, stop: impl Future<Output = ()>) -> Option<Box<Config>> {
        waiting(stop, async {
            loop {
                if let Heard::Settings(config) = self.next().await {
                    return config;
                }
            }
        })
        .await
    }

    /// The users, where they are followed; `None` where `stop` came first.
    pub async fn first_users(&mut self, stop: impl Future<Output = ()>) -> Option<News> {
        waiting(stop, async {
            loop {
                if let Heard::Users(news) = self.next().await {
                    return news;
                }
            }
        })
        .await
    }
}

impl Drop for ConfClient {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Waits for something before the role is ready, and asks the supervisor for time as long as it does.
pub(crate) async fn waiting<T>(
    stop: impl Future<Output = ()>,
    what: impl Future<Output = T>,
) -> Option<T> {
    let (mut stop, mut what) = (pin!(stop), pin!(what));
    let mut beat = interval(WAITS);
    let more = u32::try_from(WAITS.as_micros()).unwrap_or(u32::MAX);
    loop {
        tokio::select! {
            biased;
            () = &mut stop => return None,
            what = &mut what => return Some(what),
            // Without a supervisor that listens there is nobody to tell.
            _ = beat.tick() => drop(sd_notify::notify(&[NotifyState::ExtendTimeoutUsec(more)])),
        }
    }
}

/// Why a question was not answered.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unanswered {
    #[error(transparent)]
    Away(#[from] Away),
    #[error("the connection to the role conf cannot be used")]
    Bus(#[from] BusError),
    #[error("the role conf does not answer: {0}")]
    Answer(#[from] fdo::Error),
    #[error("the role conf did not answer in {} s", PATIENCE.as_secs())]
    Silent,
    #[error("the role conf has ended")]
    Ended,
    #[error("the settings of the role conf are not understood: {0}")]
    Settings(config::Flaws),
}

/// Rests between attempts, and complaints that are not repeated for each of them.
pub(crate) struct Patience {
    rest: Duration,
    complained: Option<Instant>,
    role: &'static str,
    what: &'static str,
}

impl Patience {
    /// Nothing has failed yet; `what` is waiting for the role `conf`.
    pub(crate) const fn new(what: &'static str) -> Self {
        Self::with("conf", what)
    }

    /// The same for another role.
    pub(crate) const fn with(role: &'static str, what: &'static str) -> Self {
        Self { rest: REST_MIN, complained: None, role, what }
    }

    /// It works again.
    pub(crate) fn works(&mut self) {
        if self.complained.take().is_some() {
            tracing::info!("the role {} answers again; {} go on", self.role, self.what);
        }
        self.rest = REST_MIN;
    }

    /// It has failed: says so at first and then once in a while, and rests, each time longer.
    pub(crate) async fn rest(&mut self, why: &impl std::error::Error) {
        if self.complained.is_none_or(|at| at.elapsed() >= COMPLAINS) {
            let cause = why.source().map(ToString::to_string);
            tracing::warn!(cause, "{why}; {} wait", self.what);
            self.complained = Some(Instant::now());
        }
        self.rest_silently().await;
    }

    /// Rests, each time longer.
    pub(crate) async fn rest_silently(&mut self) {
        sleep(self.rest).await;
        self.rest = (self.rest * 2).min(REST_MAX);
    }
}

struct Link {
    conf: Conf,
    follows: Follows,
    heard: Sender<Heard>,
    /// The settings as they were last told; a generation would not show that a backup has come back.
    settings: String,
    /// The generation of the users as they were last told; 0: not at all.
    users: u64,
    /// Settings were told.
    begun: bool,
}

impl Link {
    async fn run(mut self) {
        let mut patience = Patience::new("changes of settings and users");
        loop {
            let why = match door::connect(&self.conf.path, self.conf.uid).await {
                Ok(connection) => self.serve(&connection, &mut patience).await,
                Err(away) => away.into(),
            };
            patience.rest(&why).await;
        }
    }

    /// Until the connection ends, or an answer does not come.
    async fn serve(&mut self, connection: &Connection, patience: &mut Patience) -> Unanswered {
        let mut incoming = Incoming::new(connection);
        let proxy = match ServiceProxy::new(connection).await {
            Ok(proxy) => proxy,
            Err(error) => return error.into(),
        };
        let mut follows = false;
        loop {
            // Whatever changes from here on is told, and asked for once more.
            let mut stale = false;
            let told = {
                let mut asking = pin!(self.ask(&proxy, follows));
                loop {
                    // Signals are taken while an answer is awaited: they come over the same connection.
                    tokio::select! {
                        message = incoming.next() => match message {
                            Some(message) => stale |= conf1::changed(&message).is_some(),
                            None => return Unanswered::Ended,
                        },
                        told = &mut asking => break told,
                    }
                }
            };
            match told {
                Ok(told) => self.tell(told).await,
                Err(why) => return why,
            }
            follows = true;
            patience.works();
            while !stale {
                match incoming.next().await {
                    Some(message) => stale = conf1::changed(&message).is_some(),
                    None => return Unanswered::Ended,
                }
            }
        }
    }

    /// Asks for what there is; what is as it was is left out.
    async fn ask(&self, proxy: &ServiceProxy<'_>, follows: bool) -> Result<Told, Unanswered> {
        let asking = async {
            if !follows {
                proxy.follow().await?;
            }
            let (_, text) = proxy.settings().await?;
            let settings = (!self.begun || text != self.settings).then_some(text);
            let users = match self.follows {
                Follows::Settings => None,
                Follows::Users => Some(self.ask_users(proxy).await?),
            };
            Ok(Told { settings, users })
        };
        timeout(PATIENCE, asking).await.map_err(|_| Unanswered::Silent)?
    }

    async fn ask_users(&self, proxy: &ServiceProxy<'_>) -> Result<News, Unanswered> {
        let news = proxy.users(self.users).await?;
        // A number that has gone back is that of another history.
        if !news.whole && news.number < self.users {
            return Ok(proxy.users(0).await?);
        }
        Ok(news)
    }

    async fn tell(&mut self, told: Told) {
        if let Some(text) = told.settings {
            match Config::read("the settings", &text) {
                Ok((config, notices)) => {
                    notices.iter().for_each(say);
                    (self.settings, self.begun) = (text, true);
                    // Fails only when the client is being dropped, and this task with it.
                    let _ = self.heard.send(Heard::Settings(Box::new(config))).await;
                }
                // It says so itself, where it can be mended; those that hold stay.
                Err(flaws) => tracing::error!("{}", Unanswered::Settings(flaws)),
            }
        }
        if let Some(news) = told.users {
            let first = self.users == 0;
            self.users = news.number;
            if first || news.whole || !news.put.is_empty() || !news.removed.is_empty() {
                let _ = self.heard.send(Heard::Users(news)).await;
            }
        }
    }
}

/// What was answered.
struct Told {
    settings: Option<String>,
    users: Option<News>,
}

fn say(notice: &Notice) {
    tracing::debug!("{}: {}", notice.place, notice.what);
}

/// Settings and users that wait to be taken: a few changes.
const HEARD_MAX: usize = 8;

/// How long one round of questions may take, with the largest list of users on the slowest box; a changed database
/// is written by the same role.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// How long to rest before asking again, at first.
const REST_MIN: Duration = Duration::from_millis(100);

/// The longest rest, reached by doubling.
const REST_MAX: Duration = Duration::from_secs(5);

/// Between two complaints about the same.
const COMPLAINS: Duration = Duration::from_mins(1);

/// How often a role that waits says so.
const WAITS: Duration = Duration::from_secs(2);

#[cfg(test)]
pub(crate) mod tests;
