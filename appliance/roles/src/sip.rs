//! The sockets of SIP: one for UDP, connections of TCP and TLS, a listener, and the resolver.
//!
//! Nothing is decided here: what comes in is an [`Input`] of the engine, what
//! the engine wants is an [`Output`]. Each connection is one task that carries
//! octets to and fro.

use crate::kept::Kept;
use crate::resolve::{Family, Names};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use sip::endpoint::{ConnId, Input, Output, Path, Question, Target, Transport};
use sip::primitive::Event;
use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::os::fd::AsFd as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket, TcpStream, UdpSocket};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

/// How the sockets are to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Address and port (`sip.localport`) of the UDP socket and of the listener for TCP.
    pub address: SocketAddr,
    /// TOS octet of the packets (`sip.tos`).
    pub tos: u8,
    /// PEM file with the authorities that a TLS server's certificate may come from; without one, those
    /// of the system.
    pub authorities: Option<PathBuf>,
}

/// Why the sockets cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Somebody else has the port.
    #[error(
        "SIP port {0} is taken by another program; stop that program, or set another sip.localport"
    )]
    Taken(SocketAddr),
    /// The address is not one of this machine, or the kernel refuses for another reason.
    #[error("SIP port {0} cannot be opened: {1}")]
    Bind(SocketAddr, #[source] io::Error),
    /// The file with authorities is missing or has none.
    #[error("{0} holds no certificates in PEM form: {1}")]
    Authorities(PathBuf, String),
}

/// The sockets. Dropping it closes them and every connection.
pub struct SipSockets {
    udp: UdpSocket,
    /// The same socket without tokio, which would not send before it has once waited for room.
    udp_out: std::net::UdpSocket,
    listener: TcpListener,
    settings: Settings,
    tls: Arc<ClientConfig>,
    names: Names,
    inputs: Receiver<News>,
    inputs_in: Sender<News>,
    outboxes: BTreeMap<ConnId, Sender<Vec<u8>>>,
    next_accepted: u32,
    buffer: Box<[u8]>,
    tasks: JoinSet<()>,
}

/// What tasks have to say.
enum News {
    Input(Input),
    Found(Question, Vec<Target>),
}

impl SipSockets {
    /// Opens the sockets; within a tokio runtime only.
    ///
    /// # Errors
    /// [`OpenError`], with the port where there is a matter of one.
    pub fn open(settings: &Settings) -> Result<Self, OpenError> {
        Self::open_kept(settings, &mut Kept::default())
    }

    /// The same, with the sockets of an earlier process where there are some.
    ///
    /// # Errors
    /// As [`SipSockets::open`].
    pub fn open_kept(settings: &Settings, kept: &mut Kept) -> Result<Self, OpenError> {
        let at = settings.address;
        let failed = |error: io::Error| match error.kind() {
            io::ErrorKind::AddrInUse => OpenError::Taken(at),
            _ => OpenError::Bind(at, error),
        };
        let open = || {
            let socket = std::net::UdpSocket::bind(at)?;
            socket.set_nonblocking(true)?;
            Ok(socket)
        };
        let udp_out = kept.datagrams("sip-udp", at, open).map_err(failed)?;
        let udp = udp_out.try_clone().and_then(UdpSocket::from_std).map_err(failed)?;
        // With port 0 in a test, both have the one that UDP was given.
        let at = udp.local_addr().map_err(failed)?;
        let open = || listen(at)?.into_std();
        let listener = kept.listener("sip-tcp", at, open).map_err(failed)?;
        for socket in [udp_out.as_fd(), listener.as_fd()] {
            // Those that were kept may have been marked otherwise; connections inherit it from the listener.
            os::ports::mark(socket, at.is_ipv4(), settings.tos).map_err(failed)?;
        }
        let listener = TcpListener::from_std(listener).map_err(failed)?;
        let (inputs_in, inputs) = channel(INPUTS_MAX);
        let family = if at.is_ipv4() { Family::V4 } else { Family::V6 };
        Ok(Self {
            udp,
            udp_out,
            listener,
            settings: Settings { address: at, ..settings.clone() },
            tls: Arc::new(client_config(settings)?),
            names: Names::new(family),
            inputs,
            inputs_in,
            outboxes: BTreeMap::new(),
            next_accepted: ConnId::ACCEPTED.0,
            buffer: vec![0; DATAGRAM_MAX].into(),
            tasks: JoinSet::new(),
        })
    }

    /// The address of the sockets.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.settings.address
    }

    /// The next thing that happens. Dropping the future loses nothing.
    pub async fn next(&mut self) -> Input {
        loop {
            tokio::select! {
                received = self.udp.recv_from(&mut self.buffer) => match received {
                    Ok((length, from)) => {
                        let octets = self.buffer.get(..length).unwrap_or_default().to_vec();
                        return Input::Received(Path::Udp(from), octets);
                    }
                    // An earlier datagram found nobody; the transaction will find out.
                    Err(error) => tracing::debug!(%error, "SIP socket"),
                },
                accepted = self.listener.accept() => match accepted {
                    Ok((stream, peer)) => return self.accepted(stream, peer),
                    Err(error) => {
                        tracing::warn!(%error, "a SIP connection could not be accepted");
                        // Out of descriptors, most likely: the ones in use come back.
                        tokio::time::sleep(ACCEPT_PAUSE).await;
                    }
                },
                Some(news) = self.inputs.recv() => return self.heard(news),
            }
            while self.tasks.try_join_next().is_some() {}
        }
    }

    /// Carries out what the engine wants; gives back what is not for the network.
    pub fn carry_out(&mut self, output: Output) -> Option<Event> {
        match output {
            Output::Send(Path::Udp(to), octets) => {
                if let Err(error) = self.udp_out.send_to(&octets, to) {
                    tracing::debug!(%to, %error, "SIP datagram not sent");
                }
            }
            Output::Send(Path::Conn(conn), octets) => self.send(conn, octets),
            Output::Connect { conn, transport, to, host } => {
                self.connect(conn, transport, to, host);
            }
            Output::Close(conn) => {
                self.outboxes.remove(&conn);
            }
            Output::Resolve(question) => self.resolve(question),
            Output::Event(event) => return Some(event),
        }
        None
    }

    fn heard(&mut self, news: News) -> Input {
        match news {
            News::Input(Input::Closed(conn, reason)) => {
                self.outboxes.remove(&conn);
                Input::Closed(conn, reason)
            }
            News::Input(input) => input,
            News::Found(question, targets) => {
                self.names.learn(Instant::now(), &question, &targets);
                Input::Resolved(question, targets)
            }
        }
    }

    fn send(&mut self, conn: ConnId, octets: Vec<u8>) {
        let Some(outbox) = self.outboxes.get(&conn) else { return };
        if outbox.try_send(octets).is_err() {
            // A peer that does not read: without the connection the engine finds another way.
            self.outboxes.remove(&conn);
        }
    }

    fn accepted(&mut self, stream: TcpStream, peer: SocketAddr) -> Input {
        let conn = ConnId(self.next_accepted);
        self.next_accepted = self.next_accepted.wrapping_add(1).max(ConnId::ACCEPTED.0);
        let (outbox, posts) = channel(OUTBOX_MAX);
        self.outboxes.insert(conn, outbox);
        self.tasks.spawn(carry(conn, stream, posts, self.inputs_in.clone()));
        Input::Connected(conn, Transport::Tcp, peer)
    }

    fn connect(&mut self, conn: ConnId, transport: Transport, to: SocketAddr, host: String) {
        let (outbox, posts) = channel(OUTBOX_MAX);
        self.outboxes.insert(conn, outbox);
        let tls = (transport == Transport::Tls).then(|| Arc::clone(&self.tls));
        let target = Connect { conn, transport, to, host, tls, tos: self.settings.tos };
        self.tasks.spawn(target.run(posts, self.inputs_in.clone()));
    }

    fn resolve(&mut self, question: Question) {
        let inputs = self.inputs_in.clone();
        let known = self.names.known(Instant::now(), &question);
        let search = self.names.search(question.clone());
        self.tasks.spawn(async move {
            let (question, targets) = match known {
                Some(targets) => (question, targets),
                None => search.run().await,
            };
            // Nobody hears it any more where the sockets are gone.
            let _ = inputs.send(News::Found(question, targets)).await;
        });
    }
}

/// A connection that the engine wants.
struct Connect {
    conn: ConnId,
    transport: Transport,
    to: SocketAddr,
    host: String,
    tls: Option<Arc<ClientConfig>>,
    tos: u8,
}

impl Connect {
    async fn run(self, posts: Receiver<Vec<u8>>, inputs: Sender<News>) {
        let (conn, transport, to) = (self.conn, self.transport, self.to);
        let connected = News::Input(Input::Connected(conn, transport, to));
        let opened = timeout(CONNECT_LIMIT, self.open()).await;
        match opened.unwrap_or_else(|_| Err("no answer within ten seconds".to_owned())) {
            Ok(Opened::Plain(stream)) => {
                let _ = inputs.send(connected).await;
                carry(conn, stream, posts, inputs).await;
            }
            Ok(Opened::Tls(stream)) => {
                let _ = inputs.send(connected).await;
                carry(conn, stream, posts, inputs).await;
            }
            Err(reason) => {
                let _ = inputs.send(News::Input(Input::Closed(conn, reason))).await;
            }
        }
    }

    async fn open(self) -> Result<Opened, String> {
        let stream = self.dial().await.map_err(|error| error.to_string())?;
        let Some(config) = self.tls else { return Ok(Opened::Plain(stream)) };
        let name = match ServerName::try_from(self.host) {
            Ok(name) => name,
            Err(_) => ServerName::from(self.to.ip()),
        };
        let connected = TlsConnector::from(config).connect(name, stream).await;
        connected.map(|tls| Opened::Tls(Box::new(tls))).map_err(|error| error.to_string())
    }

    async fn dial(&self) -> io::Result<TcpStream> {
        let socket = socket_for(self.to, self.tos)?;
        let stream = socket.connect(self.to).await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }
}

enum Opened {
    Plain(TcpStream),
    Tls(Box<tokio_rustls::client::TlsStream<TcpStream>>),
}

/// Carries octets between a connection and the engine until one of them ends it.
async fn carry<S: AsyncRead + AsyncWrite + Unpin>(
    conn: ConnId,
    stream: S,
    mut posts: Receiver<Vec<u8>>,
    inputs: Sender<News>,
) {
    let (mut reader, mut writer) = tokio::io::split(stream);
    let mut buffer = vec![0; STREAM_BUFFER];
    let reason = loop {
        tokio::select! {
            read = reader.read(&mut buffer) => match read {
                Ok(0) => break "closed by the peer".to_owned(),
                Ok(length) => {
                    let octets = buffer.get(..length).unwrap_or_default().to_vec();
                    let input = News::Input(Input::Received(Path::Conn(conn), octets));
                    if inputs.send(input).await.is_err() {
                        return;
                    }
                }
                Err(error) => break error.to_string(),
            },
            post = posts.recv() => {
                let Some(octets) = post else { break "closed by us".to_owned() };
                match timeout(WRITE_LIMIT, writer.write_all(&octets)).await {
                    Ok(Ok(())) => {}
                    Ok(Err(error)) => break error.to_string(),
                    Err(_) => break "the peer does not read".to_owned(),
                }
            }
        }
    };
    // TLS says goodbye; whether it is heard does not matter any more.
    let _ = timeout(WRITE_LIMIT, writer.shutdown()).await;
    let _ = inputs.send(News::Input(Input::Closed(conn, reason))).await;
}

fn listen(at: SocketAddr) -> io::Result<TcpListener> {
    let socket = match at {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    // After a restart, connections of the last life must not keep us from listening.
    socket.set_reuseaddr(true)?;
    socket.bind(at)?;
    socket.listen(BACKLOG)
}

fn socket_for(peer: SocketAddr, tos: u8) -> io::Result<TcpSocket> {
    let socket = match peer {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    match peer {
        SocketAddr::V4(_) => socket.set_tos_v4(tos.into())?,
        SocketAddr::V6(_) => socket.set_tclass_v6(tos.into())?,
    }
    Ok(socket)
}

fn client_config(settings: &Settings) -> Result<ClientConfig, OpenError> {
    let mut roots = RootCertStore::empty();
    let system = PathBuf::from(SYSTEM_AUTHORITIES);
    let (file, is_needed) = match &settings.authorities {
        Some(file) => (file.clone(), true),
        None => (system, false),
    };
    match CertificateDer::pem_file_iter(&file) {
        Ok(certificates) => {
            roots.add_parsable_certificates(certificates.filter_map(Result::ok));
        }
        Err(error) if is_needed => {
            return Err(OpenError::Authorities(file, error.to_string()));
        }
        Err(error) => tracing::debug!(?file, %error, "no authorities of the system"),
    }
    if roots.is_empty() && is_needed {
        return Err(OpenError::Authorities(file, "it has none that can be read".to_owned()));
    }
    Ok(ClientConfig::builder().with_root_certificates(roots).with_no_client_auth())
}

/// Where Debian keeps the authorities that everybody trusts.
const SYSTEM_AUTHORITIES: &str = "/etc/ssl/certs/ca-certificates.crt";

/// The longest datagram of IP.
const DATAGRAM_MAX: usize = 65_535;

/// What is read from a connection at once.
const STREAM_BUFFER: usize = 16 * 1024;

/// What waits for the engine; beyond it, connections are read no further.
const INPUTS_MAX: usize = 1024;

/// Messages that wait for a connection to take them: a start of all handsets through one.
const OUTBOX_MAX: usize = 4096;

/// Connections that wait to be accepted.
const BACKLOG: u32 = 128;

/// A server that does not take a connection in this time is tried no longer.
const CONNECT_LIMIT: Duration = Duration::from_secs(10);

/// A peer that takes nothing for this time is gone.
const WRITE_LIMIT: Duration = Duration::from_secs(20);

/// After a failed accept.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
