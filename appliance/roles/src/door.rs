//! The doors for base stations: TLS with certificates of our own CA, and plain TCP for the Blowfish login.
//!
//! Each connection is one task that carries octets to and fro. Who may come in
//! is decided by the owner, who hears of everything as a [`Knock`].

use crate::ca;
use crate::kept::Kept;
use dect::nwk::{self, ConnId};
use dect::rfp::{enrol, frame};
use ident::Mac;
use rustls::ServerConfig;
use rustls::pki_types::CertificateDer;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::sync::{Semaphore, oneshot};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

/// What happens at the doors.
pub enum Knock {
    /// A base station has come in. What is sent to `outbox` goes to it; dropping `outbox` closes the connection.
    Connected {
        /// The new connection.
        conn: ConnId,
        /// By which door.
        door: nwk::Door,
        /// Its certificate, where it has shown one.
        certificate: Option<CertificateDer<'static>>,
        /// Its address.
        peer: IpAddr,
        /// The way to it.
        outbox: Sender<Vec<u8>>,
    },
    /// Octets from it.
    Received(ConnId, Vec<u8>),
    /// It is gone.
    Disconnected(ConnId),
    /// One without a certificate asks for one; the answer goes to it as it is.
    Enrol {
        /// Who it claims to be.
        mac: Mac,
        /// Its token, if it has one.
        token: Option<enrol::TokenText>,
        /// Its signing request.
        csr: Vec<u8>,
        /// Its address.
        peer: IpAddr,
        /// For the answer.
        answer: oneshot::Sender<enrol::Message>,
    },
}

/// Both doors. Dropping it closes them and every connection.
pub struct Doors {
    knocks: Receiver<Knock>,
    knocks_in: Sender<Knock>,
    guests: Arc<Guests>,
    tasks: JoinSet<()>,
}

/// What all connections share.
struct Guests {
    next: AtomicU32,
    places: Arc<Semaphore>,
}

/// A door cannot be opened.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen for base stations on {address}: {error}; is another server running there?")]
pub struct DoorError {
    /// Where.
    pub address: SocketAddr,
    /// Why.
    pub error: io::Error,
}

impl Default for Doors {
    fn default() -> Self {
        let (knocks_in, knocks) = channel(KNOCKS_MAX);
        let guests =
            Guests { next: AtomicU32::new(1), places: Arc::new(Semaphore::new(GUESTS_MAX)) };
        Self { knocks, knocks_in, guests: Arc::new(guests), tasks: JoinSet::new() }
    }
}

impl Doors {
    /// Opens the TLS door, with the listener of an earlier process if there is one; the address it has then.
    ///
    /// # Errors
    /// [`DoorError`], with the port.
    pub fn open_tls(
        &mut self,
        address: SocketAddr,
        config: Arc<ServerConfig>,
        kept: &mut Kept,
    ) -> Result<SocketAddr, DoorError> {
        self.open((address, "door-tls"), Some(TlsAcceptor::from(config)), kept)
    }

    /// Opens the Blowfish door in the same way; the address it has then.
    ///
    /// # Errors
    /// [`DoorError`], with the port.
    pub fn open_blowfish(
        &mut self,
        address: SocketAddr,
        kept: &mut Kept,
    ) -> Result<SocketAddr, DoorError> {
        self.open((address, "door-blowfish"), None, kept)
    }

    /// The next thing that happens. Dropping the future loses nothing.
    pub async fn next(&mut self) -> Knock {
        match self.knocks.recv().await {
            Some(knock) => knock,
            // We hold a sender ourselves.
            None => std::future::pending().await,
        }
    }

    fn open(
        &mut self,
        (address, name): (SocketAddr, &str),
        tls: Option<TlsAcceptor>,
        kept: &mut Kept,
    ) -> Result<SocketAddr, DoorError> {
        let failed = |error| DoorError { address, error };
        let open = || {
            let listener = std::net::TcpListener::bind(address)?;
            listener.set_nonblocking(true)?;
            Ok(listener)
        };
        let listener = kept.listener(name, address, open).and_then(TcpListener::from_std);
        let listener = listener.map_err(failed)?;
        let bound = listener.local_addr().map_err(failed)?;
        let guests = Arc::clone(&self.guests);
        self.tasks.spawn(receive(listener, tls, guests, self.knocks_in.clone()));
        Ok(bound)
    }
}

/// Accepts connections for ever; they end with the task.
async fn receive(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    guests: Arc<Guests>,
    knocks: Sender<Knock>,
) {
    let mut connections = JoinSet::new();
    loop {
        let Ok(place) = Arc::clone(&guests.places).acquire_owned().await else { return };
        let (stream, peer) = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Out of descriptors, most likely: the ones in use come back.
                    tracing::warn!(%error, "a base station could not be let in");
                    tokio::time::sleep(ACCEPT_REST).await;
                    continue;
                }
            },
            Some(_) = connections.join_next() => continue,
        };
        let guest = Guest {
            conn: ConnId(guests.next.fetch_add(1, Ordering::Relaxed)),
            peer: peer.ip().to_canonical(),
            knocks: knocks.clone(),
        };
        let tls = tls.clone();
        connections.spawn(async move {
            let _ = stream.set_nodelay(true);
            match tls {
                Some(acceptor) => guest.come_in_by_tls(stream, &acceptor).await,
                None => guest.stay(stream, nwk::Door::Blowfish, None).await,
            }
            drop(place);
        });
    }
}

/// One connection.
struct Guest {
    conn: ConnId,
    peer: IpAddr,
    knocks: Sender<Knock>,
}

impl Guest {
    async fn come_in_by_tls(self, stream: TcpStream, acceptor: &TlsAcceptor) {
        let mut stream = match timeout(PATIENCE, acceptor.accept(stream)).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => {
                return tracing::info!(peer = %self.peer, %error, "TLS was not agreed");
            }
            Err(_) => return tracing::info!(peer = %self.peer, "silent during the TLS handshake"),
        };
        let certificate = stream.get_ref().1.peer_certificates().and_then(<[_]>::first).cloned();
        let mac = certificate.as_ref().map(|certificate| ca::mac_of(certificate));
        match (mac, certificate) {
            (None, _) => {
                let _ = timeout(PATIENCE, self.enrol(&mut stream)).await;
                let _ = timeout(PATIENCE, stream.shutdown()).await;
            }
            (Some(Some(mac)), certificate) => {
                self.stay(stream, nwk::Door::Tls(mac), certificate).await;
            }
            (Some(None), _) => {
                tracing::info!(peer = %self.peer, "its certificate names no MAC address");
            }
        }
    }

    /// One request, one answer.
    async fn enrol(&self, stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> io::Result<()> {
        let mut octets = vec![0; frame::HEADER];
        stream.read_exact(&mut octets).await?;
        let (_, length) = frame::header(&octets).unwrap_or_default();
        if length > enrol::MESSAGE_MAX {
            return Ok(());
        }
        octets.resize(frame::HEADER + length, 0);
        stream.read_exact(octets.get_mut(frame::HEADER..).unwrap_or_default()).await?;
        let Ok(enrol::Message::Request { mac, token, csr }) = enrol::Message::decode(&octets)
        else {
            let why = enrol::NotEnrolment.to_string();
            return stream.write_all(&enrol::Message::Refuse(why).encode()).await;
        };
        let (answer, answered) = oneshot::channel();
        let knock = Knock::Enrol { mac, token, csr, peer: self.peer, answer };
        if self.knocks.send(knock).await.is_ok()
            && let Ok(message) = answered.await
        {
            stream.write_all(&message.encode()).await?;
        }
        Ok(())
    }

    /// Carries octets until either side has enough.
    async fn stay(
        self,
        stream: impl AsyncRead + AsyncWrite + Unpin,
        door: nwk::Door,
        certificate: Option<CertificateDer<'static>>,
    ) {
        let (outbox, mut out) = channel::<Vec<u8>>(OUTBOX_MAX);
        let Self { conn, peer, knocks } = self;
        if knocks.send(Knock::Connected { conn, door, certificate, peer, outbox }).await.is_err() {
            return;
        }
        let (mut reader, mut writer) = tokio::io::split(stream);
        let mut buffer = vec![0; READ_MAX];
        loop {
            tokio::select! {
                read = reader.read(&mut buffer) => {
                    let octets = match read {
                        Ok(length) if length > 0 => buffer.get(..length).unwrap_or_default().to_vec(),
                        _ => break,
                    };
                    if knocks.send(Knock::Received(conn, octets)).await.is_err() {
                        return;
                    }
                }
                octets = out.recv() => {
                    let Some(octets) = octets else { break };
                    if !matches!(timeout(PATIENCE, writer.write_all(&octets)).await, Ok(Ok(()))) {
                        break;
                    }
                }
            }
        }
        let _ = timeout(PATIENCE, writer.shutdown()).await;
        let _ = knocks.send(Knock::Disconnected(conn)).await;
    }
}

/// What waits to be decided; beyond it the base stations wait, which TCP lets them.
const KNOCKS_MAX: usize = 1024;

/// 4 096 base stations, and some that come back before their old connection is given up.
const GUESTS_MAX: usize = 4608;

/// Messages to one base station that wait: a minute of the busiest one. More, and it has gone deaf.
const OUTBOX_MAX: usize = 1024;

/// For a handshake, an enrolment, or the room for one more message.
const PATIENCE: Duration = Duration::from_secs(10);

/// After a connection could not be accepted.
const ACCEPT_REST: Duration = Duration::from_millis(200);

/// A base station's messages are short.
const READ_MAX: usize = 4096;
