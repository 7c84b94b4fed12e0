//! How the other roles follow the role `net`: where this machine is in the network.
//!
//! On a person's machine there is no such role unless somebody has asked for
//! it; whoever follows then waits for ever, and nothing is said of that.

use crate::conf_client::Patience;
use bus::door::{self, Away, Incoming};
use bus::net1::{self, NetState, ServiceProxy};
use bus::{Connection, Error as BusError};
use std::io::ErrorKind;
use std::path::PathBuf;
use std::pin::pin;
use std::time::Duration;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use zbus::fdo;

/// Where the role `net` is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Net {
    /// Its socket.
    pub path: PathBuf,
    /// The user who has made that.
    pub uid: u32,
}

/// The one who follows.
#[derive(Debug)]
pub struct NetClient {
    heard: Receiver<Box<NetState>>,
    task: JoinHandle<()>,
}

impl NetClient {
    /// A client that connects in a task of its own, again and again, and ends with it.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    #[must_use]
    pub fn follow(net: Net) -> Self {
        let (heard_in, heard) = channel(HEARD_MAX);
        let link = Link { net, heard: heard_in, last: None };
        Self { heard, task: tokio::spawn(link.run()) }
    }

    /// The next state that is another one than before: first of all the present one. Dropping the future loses nothing.
    pub async fn next(&mut self) -> Box<NetState> {
        match self.heard.recv().await {
            Some(heard) => heard,
            // The task ends only with the client.
            None => std::future::pending().await,
        }
    }
}

impl Drop for NetClient {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Why a question was not answered.
#[derive(Debug, thiserror::Error)]
enum Unanswered {
    #[error(transparent)]
    Away(#[from] Away),
    #[error("the connection to the role net cannot be used")]
    Bus(#[from] BusError),
    #[error("the role net does not answer: {0}")]
    Answer(#[from] fdo::Error),
    #[error("the role net did not answer in {} s", PATIENCE.as_secs())]
    Silent,
    #[error("the role net has ended")]
    Ended,
}

struct Link {
    net: Net,
    heard: Sender<Box<NetState>>,
    last: Option<NetState>,
}

impl Link {
    async fn run(mut self) {
        let mut patience = Patience::with("net", "changes of the network");
        loop {
            let why = match door::connect(&self.net.path, self.net.uid).await {
                Ok(connection) => self.serve(&connection, &mut patience).await,
                // Nobody has made its socket: it is not to be there.
                Err(Away::Connect(_, error)) if error.kind() == ErrorKind::NotFound => {
                    patience.rest_silently().await;
                    continue;
                }
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
                let mut asking = pin!(ask(&proxy, follows));
                loop {
                    // Signals are taken while an answer is awaited: they come over the same connection.
                    tokio::select! {
                        message = incoming.next() => match message {
                            Some(message) => stale |= net1::changed(&message),
                            None => return Unanswered::Ended,
                        },
                        told = &mut asking => break told,
                    }
                }
            };
            match told {
                Ok(state) => self.tell(state).await,
                Err(why) => return why,
            }
            follows = true;
            patience.works();
            while !stale {
                match incoming.next().await {
                    Some(message) => stale = net1::changed(&message),
                    None => return Unanswered::Ended,
                }
            }
        }
    }

    async fn tell(&mut self, state: NetState) {
        if self.last.as_ref() != Some(&state) {
            self.last = Some(state.clone());
            // Fails only when the client is being dropped, and this task with it.
            let _ = self.heard.send(Box::new(state)).await;
        }
    }
}

async fn ask(proxy: &ServiceProxy<'_>, follows: bool) -> Result<NetState, Unanswered> {
    let asking = async {
        if !follows {
            proxy.follow().await?;
        }
        Ok(proxy.state().await?)
    };
    timeout(PATIENCE, asking).await.map_err(|_| Unanswered::Silent)?
}

/// States that wait to be taken.
const HEARD_MAX: usize = 4;

/// How long an answer may take; the role waits for nothing.
const PATIENCE: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use super::*;
    use bus::door::Door;
    use bus::net1::Service;
    use bus::streams::streams;
    use std::os::unix::net::UnixListener;
    use tokio::sync::watch;

    async fn play(door: &Door, state: &watch::Receiver<NetState>) -> JoinHandle<()> {
        let (begun, running) = streams();
        let stream = door.accept().await.unwrap();
        let connection = door.serve(stream, Service::new(state.clone(), begun)).await.unwrap();
        tokio::spawn(running.until_gone(connection))
    }

    #[tokio::test]
    async fn each_change_is_heard_once_and_a_role_that_comes_back_is_followed_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("net.sock");
        let listener = UnixListener::bind(&path).unwrap();
        let door = Door::new(listener, vec![os::own_uid()]).unwrap();
        let of = |address: &str| NetState { mac: address.into(), ..NetState::default() };
        let (state, told) = watch::channel(of("one"));
        let mut client = NetClient::follow(Net { path, uid: os::own_uid() });
        let playing = play(&door, &told).await;
        assert_eq!(client.next().await.mac, "one");
        state.send_replace(of("two"));
        assert_eq!(client.next().await.mac, "two");
        playing.abort();
        // What did not change meanwhile is not told again.
        let _playing = play(&door, &told).await;
        state.send_replace(of("three"));
        assert_eq!(client.next().await.mac, "three");
    }
}
