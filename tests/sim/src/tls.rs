//! The simulated base station's way to the server: TLS with a certificate from
//! its CA, or plain TCP for the Blowfish door. Enrols where there is no certificate
//! yet, and connects anew for as long as it is wanted.

mod identity;
mod verify;

pub use identity::{BadIdentity, Identity};

use dect::rfp::enrol::{MESSAGE_MAX, Message, TokenText};
use dect::rfp::frame::{HEADER, header};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use verify::FirstContact;

/// How a base station goes in.
pub enum Way {
    /// With a certificate; enrols first, with this token if there is one.
    Tls(Box<Identity>, Option<TokenText>),
    /// Through the Blowfish door.
    Plain,
}

/// What happens on the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The base station has its certificate now; [`Identity::save`] has kept it where it was loaded from.
    Enrolled,
    /// The connection is there.
    Connected,
    /// Octets from the server.
    Received(Vec<u8>),
    /// The connection is gone; the next attempt follows.
    Disconnected(String),
    /// It did not come about, with the reason; the next attempt follows.
    Failed(String),
}

/// A connection that is kept up. Dropping it ends it.
pub struct Line {
    outbox: Sender<Order>,
    events: Receiver<Event>,
    task: JoinHandle<()>,
}

enum Order {
    Send(Vec<u8>),
    Close,
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum LineError {
    /// Nobody listens, or the network is away.
    #[error("cannot reach the server at {0}: {1}")]
    Reach(SocketAddr, #[source] io::Error),
    /// The server took too long.
    #[error("the server at {0} does not answer")]
    Silent(SocketAddr),
    /// TLS was not agreed: most often another CA than the one that was met first.
    #[error("TLS with the server at {0} was not agreed: {1}")]
    Tls(SocketAddr, #[source] io::Error),
    /// TLS cannot be set up on our side.
    #[error("TLS cannot be set up")]
    Setup(#[from] rustls::Error),
    /// The server does not give a certificate.
    #[error("the server refuses: {0}")]
    Refused(String),
    /// The server answers something else.
    #[error("the server's answer is no answer to an enrolment")]
    Answer,
    /// What was given cannot be used or kept.
    #[error(transparent)]
    Identity(#[from] BadIdentity),
}

/// Where a connection begins and ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Path {
    /// Our address; any of ours where there is none.
    pub from: Option<IpAddr>,
    /// The server.
    pub to: SocketAddr,
}

impl From<SocketAddr> for Path {
    fn from(to: SocketAddr) -> Self {
        Self { from: None, to }
    }
}

impl Line {
    /// Keeps a connection to `server`.
    #[must_use]
    pub fn keep(server: impl Into<Path>, way: Way) -> Self {
        let server = server.into();
        let (outbox, orders) = channel(QUEUE);
        let (events_in, events) = channel(QUEUE);
        let task = tokio::spawn(keep(server, way, orders, events_in));
        Self { outbox, events, task }
    }

    /// The next event. Dropping the future loses nothing.
    pub async fn next(&mut self) -> Event {
        match self.events.recv().await {
            Some(event) => event,
            // The task ends with us only.
            None => std::future::pending().await,
        }
    }

    /// Sends octets, if the connection is there; waits while the server takes none.
    pub async fn send(&self, octets: Vec<u8>) {
        let _ = self.outbox.send(Order::Send(octets)).await;
    }

    /// Closes the connection; the next attempt follows.
    pub async fn close(&self) {
        let _ = self.outbox.send(Order::Close).await;
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Connects with the certificate of `identity`.
///
/// # Errors
/// [`LineError`].
pub async fn connect(
    server: impl Into<Path>,
    identity: &Identity,
) -> Result<TlsStream<TcpStream>, LineError> {
    let server = server.into();
    let (Some(ca), Some(certificate)) = (identity.ca(), identity.certificate()) else {
        return Err(LineError::Refused("the base station has no certificate yet".into()));
    };
    let mut roots = RootCertStore::empty();
    roots.add(ca)?;
    let config = builder()?
        .with_root_certificates(roots)
        .with_client_auth_cert(vec![certificate], identity.key())?;
    handshake(server, config).await
}

/// Gets a certificate. With a token the server is known by the fingerprint in it; without, the CA that
/// is met is kept.
///
/// # Errors
/// [`LineError`].
pub async fn enrol(
    server: impl Into<Path>,
    identity: &mut Identity,
    token: Option<TokenText>,
) -> Result<(), LineError> {
    let server = server.into();
    let verifier = Arc::new(FirstContact::new(
        identity.ca(),
        token.as_ref().and_then(TokenText::ca_fingerprint),
    ));
    let config = builder()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::clone(&verifier) as Arc<_>)
        .with_no_client_auth();
    let mut stream = handshake(server, config).await?;
    let request = Message::Request { mac: identity.mac(), token, csr: identity.request()? };
    let exchange = async {
        stream.write_all(&request.encode()).await?;
        read_message(&mut stream).await
    };
    let answered = timeout(PATIENCE, exchange).await.map_err(|_| LineError::Silent(server.to))?;
    let answer = answered.map_err(|error| LineError::Reach(server.to, error))?;
    match Message::decode(&answer) {
        Ok(Message::Accept { certificate, ca }) if verifier.met(&ca) => {
            Ok(identity.enrolled(certificate, ca)?)
        }
        Ok(Message::Refuse(why)) => Err(LineError::Refused(why)),
        _ => Err(LineError::Answer),
    }
}

/// The task behind a [`Line`].
async fn keep(server: Path, mut way: Way, mut orders: Receiver<Order>, events: Sender<Event>) {
    let mut rest = REST_MIN;
    loop {
        let end = match once(server, &mut way, &mut orders, &events).await {
            Ok(why) => {
                rest = REST_MIN;
                Event::Disconnected(why)
            }
            Err(error) => Event::Failed(error.to_string()),
        };
        if events.send(end).await.is_err() {
            return;
        }
        sleep(rest).await;
        rest = (rest * 2).min(REST_MAX);
        // What was to be sent over the old connection has no place on the next.
        while orders.try_recv().is_ok() {}
    }
}

/// One connection from beginning to end; why it ended.
async fn once(
    server: Path,
    way: &mut Way,
    orders: &mut Receiver<Order>,
    events: &Sender<Event>,
) -> Result<String, LineError> {
    match way {
        Way::Plain => Ok(carry(reach(server).await?, orders, events).await),
        Way::Tls(identity, token) => {
            if identity.certificate().is_none() {
                enrol(server, identity, token.clone()).await?;
                *token = None;
                let _ = events.send(Event::Enrolled).await;
            }
            Ok(carry(connect(server, identity).await?, orders, events).await)
        }
    }
}

async fn carry(
    stream: impl AsyncRead + AsyncWrite,
    orders: &mut Receiver<Order>,
    events: &Sender<Event>,
) -> String {
    let _ = events.send(Event::Connected).await;
    let (mut reader, mut writer) = tokio::io::split(stream);
    let mut buffer = vec![0; READ_MAX];
    loop {
        tokio::select! {
            read = reader.read(&mut buffer) => match read {
                Ok(0) => return "the server has closed the connection".into(),
                Ok(length) => {
                    let octets = buffer.get(..length).unwrap_or_default().to_vec();
                    if events.send(Event::Received(octets)).await.is_err() {
                        return "nobody listens any more".into();
                    }
                }
                Err(error) => return format!("the connection broke: {error}"),
            },
            order = orders.recv() => match order {
                Some(Order::Send(octets)) => {
                    if let Err(error) = writer.write_all(&octets).await {
                        return format!("the connection broke: {error}");
                    }
                }
                Some(Order::Close) | None => {
                    let _ = timeout(PATIENCE, writer.shutdown()).await;
                    return "the base station has closed the connection".into();
                }
            },
        }
    }
}

async fn handshake(server: Path, config: ClientConfig) -> Result<TlsStream<TcpStream>, LineError> {
    let stream = reach(server).await?;
    let name = ServerName::try_from(SERVER_NAME).map_err(|_| LineError::Answer)?;
    let connecting = TlsConnector::from(Arc::new(config)).connect(name, stream);
    let connected =
        timeout(PATIENCE, connecting).await.map_err(|_| LineError::Silent(server.to))?;
    connected.map_err(|error| LineError::Tls(server.to, error))
}

async fn reach(server: Path) -> Result<TcpStream, LineError> {
    let Path { from, to } = server;
    let reaching = async {
        let socket = if to.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        if let Some(from) = from {
            socket.bind(SocketAddr::new(from, 0))?;
        }
        socket.connect(to).await
    };
    let reached = timeout(PATIENCE, reaching).await.map_err(|_| LineError::Silent(to))?;
    let stream = reached.map_err(|error| LineError::Reach(to, error))?;
    let _ = stream.set_nodelay(true);
    Ok(stream)
}

async fn read_message(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Vec<u8>> {
    let mut octets = vec![0; HEADER];
    stream.read_exact(&mut octets).await?;
    let (_, length) = header(&octets).unwrap_or_default();
    if length > MESSAGE_MAX {
        return Err(io::Error::other("the answer is too long"));
    }
    octets.resize(HEADER + length, 0);
    stream.read_exact(octets.get_mut(HEADER..).unwrap_or_default()).await?;
    Ok(octets)
}

fn builder() -> Result<rustls::ConfigBuilder<ClientConfig, rustls::WantsVerifier>, rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    ClientConfig::builder_with_provider(provider).with_protocol_versions(&[&rustls::version::TLS13])
}

/// What the server's certificate is made out to; the server is known by its CA.
pub const SERVER_NAME: &str = "server.fixpart.internal";

/// For a connection, a handshake or an answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Between two attempts: at first, and at the most.
const REST_MIN: Duration = Duration::from_millis(200);
const REST_MAX: Duration = Duration::from_secs(5);

/// Messages and events that wait.
const QUEUE: usize = 1024;

const READ_MAX: usize = 4096;

#[cfg(test)]
mod tests;
