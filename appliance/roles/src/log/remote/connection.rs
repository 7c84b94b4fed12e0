//! One connection to the server, or one socket for datagrams to it, from the look-up of its name to its end.

use super::{Event, Teller};
use crate::resolve;
use config::value::SyslogTransport;
use lan::syslog::End;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::error::Error;
use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, split};
use tokio::net::{TcpStream, UdpSocket};
use tokio::sync::mpsc::Receiver;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

/// Where it goes.
pub(super) struct Server {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) transport: SyslogTransport,
    /// PEM; empty means those of the system.
    pub(super) authorities: String,
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
enum Failed {
    #[error("the name {0} has no address that is known")]
    Nameless(String),
    #[error("{0}")]
    Unreachable(#[source] io::Error),
    #[error("{0} is no name that a certificate could have")]
    Name(String),
    #[error("fixpart.syslog.ca has no certificate in PEM that can be read")]
    Authorities,
    #[error("there are no certificates to compare that of the server with; set fixpart.syslog.ca")]
    NoAuthorities,
    #[error("TLS: {0}")]
    Tls(#[source] io::Error),
}

/// Connects, carries what is handed over, and says how it has ended; when nothing can be handed over any more it ends
/// in order.
pub(super) async fn run(server: Server, frames: Receiver<Vec<Vec<u8>>>, teller: Teller) {
    let end = match server.transport {
        SyslogTransport::Udp => match socket(&server).await {
            Ok(socket) => datagrams(&socket, frames, &teller).await,
            Err(failed) => Some(unknown(&failed)),
        },
        SyslogTransport::Tcp => match connect(&server).await {
            Ok(stream) => carry(stream, frames, &teller).await,
            Err(failed) => Some(unknown(&failed)),
        },
        SyslogTransport::Tls => match secure(&server).await {
            Ok(stream) => carry(stream, frames, &teller).await,
            Err(failed) => Some(unknown(&failed)),
        },
    };
    if let Some(end) = end {
        teller.tell(Event::Ended(end)).await;
    }
}

/// An end of which nobody knows what had arrived.
fn unknown(error: &dyn Error) -> End {
    End { why: error.to_string(), handed: 0, refused: false }
}

async fn addresses(server: &Server) -> Result<Vec<SocketAddr>, Failed> {
    let addresses = match server.host.parse::<IpAddr>() {
        Ok(address) => vec![address],
        Err(_) => resolve::addresses(&server.host).await,
    };
    if addresses.is_empty() {
        return Err(Failed::Nameless(server.host.clone()));
    }
    Ok(addresses.into_iter().map(|address| SocketAddr::new(address, server.port)).collect())
}

/// A socket that hears what becomes of its datagrams.
async fn socket(server: &Server) -> Result<UdpSocket, Failed> {
    let mut why = ErrorKind::AddrNotAvailable.into();
    for address in addresses(server).await? {
        let any = match address {
            SocketAddr::V4(_) => SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)),
            SocketAddr::V6(_) => SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0)),
        };
        let tried = async {
            let socket = UdpSocket::bind(any).await?;
            socket.connect(address).await?;
            Ok(socket)
        };
        match tried.await {
            Ok(socket) => return Ok(socket),
            // There is no way there: the next address may be of the other family.
            Err(error) => why = error,
        }
    }
    Err(Failed::Unreachable(why))
}

async fn connect(server: &Server) -> Result<TcpStream, Failed> {
    let mut why = ErrorKind::AddrNotAvailable.into();
    for address in addresses(server).await? {
        match timeout(ADDRESS_LIMIT, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                // What is urgent does not wait for more. A system that refuses this is slower, nothing else.
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Ok(Err(error)) => why = error,
            Err(_) => why = ErrorKind::TimedOut.into(),
        }
    }
    Err(Failed::Unreachable(why))
}

async fn secure(server: &Server) -> Result<tokio_rustls::client::TlsStream<TcpStream>, Failed> {
    let name = ServerName::try_from(server.host.clone());
    let name = name.map_err(|_| Failed::Name(server.host.clone()))?;
    let roots = roots(&server.authorities)?;
    let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    let stream = connect(server).await?;
    TlsConnector::from(Arc::new(config)).connect(name, stream).await.map_err(Failed::Tls)
}

/// Those who may have signed the certificate of the server.
fn roots(authorities: &str) -> Result<RootCertStore, Failed> {
    let mut roots = RootCertStore::empty();
    if authorities.trim().is_empty() {
        if let Ok(certificates) = CertificateDer::pem_file_iter(SYSTEM_AUTHORITIES) {
            roots.add_parsable_certificates(certificates.filter_map(Result::ok));
        }
        return if roots.is_empty() { Err(Failed::NoAuthorities) } else { Ok(roots) };
    }
    let certificates = CertificateDer::pem_slice_iter(authorities.as_bytes());
    let certificates: Result<Vec<_>, _> = certificates.collect();
    for certificate in certificates.map_err(|_| Failed::Authorities)? {
        roots.add(certificate).map_err(|_| Failed::Authorities)?;
    }
    if roots.is_empty() { Err(Failed::Authorities) } else { Ok(roots) }
}

/// Carries frames over a stream, and sees at once when the other end has closed it.
async fn carry(
    stream: impl AsyncRead + AsyncWrite,
    mut frames: Receiver<Vec<Vec<u8>>>,
    teller: &Teller,
) -> Option<End> {
    let (mut from, mut to) = split(stream);
    teller.tell(Event::Connected).await;
    // A syslog server has nothing to say.
    let mut ignored = [0; IGNORED];
    loop {
        tokio::select! {
            biased;
            read = from.read(&mut ignored) => match read {
                Ok(0) => return Some(unknown(&io::Error::other("it has closed the connection"))),
                Ok(_) => {}
                Err(error) => return Some(unknown(&error)),
            },
            batch = frames.recv() => {
                let Some(batch) = batch else {
                    let _ = to.shutdown().await;
                    return None;
                };
                let written = async {
                    to.write_all(&batch.concat()).await?;
                    to.flush().await
                };
                if let Err(error) = written.await {
                    return Some(unknown(&error));
                }
                teller.tell(Event::Taken).await;
            }
        }
    }
}

/// Sends datagrams, and hears when they are refused.
async fn datagrams(
    socket: &UdpSocket,
    mut frames: Receiver<Vec<Vec<u8>>>,
    teller: &Teller,
) -> Option<End> {
    teller.tell(Event::Connected).await;
    let mut ignored = [0; IGNORED];
    loop {
        tokio::select! {
            biased;
            read = socket.recv(&mut ignored) => if let Err(error) = read {
                return Some(End { why: error.to_string(), handed: 0, refused: true });
            },
            batch = frames.recv() => {
                for (handed, frame) in batch?.iter().enumerate() {
                    if let Err(error) = socket.send(frame).await {
                        let kind = error.kind();
                        let refused = matches!(
                            kind,
                            ErrorKind::ConnectionRefused | ErrorKind::HostUnreachable
                        );
                        return Some(End { why: error.to_string(), handed, refused });
                    }
                }
                teller.tell(Event::Taken).await;
            }
        }
    }
}

/// Where Debian keeps the authorities that everybody trusts.
const SYSTEM_AUTHORITIES: &str = "/etc/ssl/certs/ca-certificates.crt";

/// An address that does not take a connection in this time is passed over.
const ADDRESS_LIMIT: Duration = Duration::from_secs(10);

/// Octets that are read at a time of what nobody wants to know.
const IGNORED: usize = 1024;
