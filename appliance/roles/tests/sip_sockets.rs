//! The sockets of SIP on loopback.

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use roles::sip::{OpenError, Settings, SipSockets};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use sip::endpoint::{ConnId, Input, Output, Path, Question, Transport};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

fn settings() -> Settings {
    Settings { address: SocketAddr::from(([127, 0, 0, 1], 0)), tos: 96, authorities: None }
}

fn open() -> SipSockets {
    SipSockets::open(&settings()).expect("a free port")
}

fn connect(conn: u32, transport: Transport, to: SocketAddr, host: &str) -> Output {
    Output::Connect { conn: ConnId(conn), transport, to, host: host.to_owned() }
}

#[tokio::test]
async fn a_taken_port_is_named() {
    let first = open();
    let taken = Settings { address: first.address(), ..settings() };
    let Err(error) = SipSockets::open(&taken) else { panic!("two have the same port") };
    assert!(matches!(error, OpenError::Taken(at) if at == first.address()));
    assert!(error.to_string().contains(&first.address().to_string()), "{error}");
}

#[tokio::test]
async fn a_datagram_arrives_with_its_origin() {
    let (mut one, mut other) = (open(), open());
    let sent = Output::Send(Path::Udp(other.address()), b"hello".to_vec());
    assert!(one.carry_out(sent).is_none());
    let Input::Received(path, octets) = other.next().await else { panic!("something else") };
    assert_eq!((path, octets.as_slice()), (Path::Udp(one.address()), &b"hello"[..]));
    let back = Output::Send(path, b"and back".to_vec());
    assert!(other.carry_out(back).is_none());
    assert!(matches!(one.next().await, Input::Received(_, octets) if octets == b"and back"));
}

#[tokio::test]
async fn a_connection_carries_octets_both_ways_and_its_end_is_heard() {
    let (mut one, mut other) = (open(), open());
    one.carry_out(connect(7, Transport::Tcp, other.address(), ""));
    let Input::Connected(accepted, Transport::Tcp, _) = other.next().await else { panic!("no") };
    assert!(accepted >= ConnId::ACCEPTED);
    assert!(matches!(one.next().await, Input::Connected(ConnId(7), Transport::Tcp, _)));
    one.carry_out(Output::Send(Path::Conn(ConnId(7)), b"ping".to_vec()));
    let heard = other.next().await;
    assert!(
        matches!(heard, Input::Received(Path::Conn(conn), o) if conn == accepted && o == b"ping")
    );
    other.carry_out(Output::Close(accepted));
    assert!(matches!(one.next().await, Input::Closed(ConnId(7), _)));
}

#[tokio::test]
async fn a_connection_to_nobody_is_closed_with_a_reason() {
    let mut one = open();
    let nobody = {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        listener.local_addr().expect("it is bound")
    };
    one.carry_out(connect(1, Transport::Tcp, nobody, ""));
    let Input::Closed(ConnId(1), reason) = one.next().await else { panic!("it was taken") };
    assert!(reason.contains("refused"), "{reason}");
}

#[tokio::test]
async fn an_address_needs_no_name_server() {
    let mut one = open();
    let question = Question {
        host: "127.0.0.5".into(),
        port: Some(5070),
        transport: Transport::Udp,
        srv: true,
    };
    one.carry_out(Output::Resolve(question.clone()));
    let Input::Resolved(answered, targets) = one.next().await else { panic!("no answer") };
    assert_eq!(answered, question);
    assert_eq!(targets[0].address, SocketAddr::from(([127, 0, 0, 5], 5070)));
}

/// A TLS server for `pbx.example` on loopback that sends back what it hears, and the file with its authority.
async fn tls_server(folder: &std::path::Path) -> (SocketAddr, PathBuf) {
    let mut authority = CertificateParams::new(Vec::new()).expect("no names are right names");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority_key = KeyPair::generate().expect("a key");
    let root = authority.self_signed(&authority_key).expect("a certificate");
    let file = folder.join("authority.pem");
    std::fs::write(&file, root.pem()).expect("a file");
    let issuer = Issuer::new(authority, authority_key);
    let key = KeyPair::generate().expect("a key");
    let names = vec!["pbx.example".to_owned()];
    let server = CertificateParams::new(names).expect("a right name").signed_by(&key, &issuer);
    let chain = vec![server.expect("a certificate").der().clone()];
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key);
    let acceptor = TlsAcceptor::from(Arc::new(config.expect("key and certificate fit")));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(mut stream) = acceptor.accept(stream).await else { return };
                let mut buffer = [0; 64];
                while let Ok(length @ 1..) = stream.read(&mut buffer).await {
                    let _ = stream.write_all(&buffer[..length]).await;
                }
            });
        }
    });
    (address, file)
}

#[tokio::test]
async fn tls_is_spoken_with_a_server_of_our_authority_and_of_the_right_name_only() {
    let folder = tempfile::tempdir().expect("a folder");
    let (server, file) = tls_server(folder.path()).await;
    let with_own = Settings { authorities: Some(file), ..settings() };
    let mut one = SipSockets::open(&with_own).expect("a free port");

    one.carry_out(connect(1, Transport::Tls, server, "pbx.example"));
    assert!(matches!(one.next().await, Input::Connected(ConnId(1), Transport::Tls, _)));
    one.carry_out(Output::Send(Path::Conn(ConnId(1)), b"echo".to_vec()));
    assert!(matches!(one.next().await, Input::Received(_, octets) if octets == b"echo"));

    one.carry_out(connect(2, Transport::Tls, server, "other.example"));
    let Input::Closed(ConnId(2), reason) = one.next().await else { panic!("a wrong name") };
    assert!(reason.contains("certificate"), "{reason}");

    let mut stranger = open();
    stranger.carry_out(connect(3, Transport::Tls, server, "pbx.example"));
    assert!(matches!(stranger.next().await, Input::Closed(ConnId(3), _)));
}

#[tokio::test]
async fn a_file_without_certificates_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("empty.pem");
    std::fs::write(&file, "nothing").expect("a file");
    let wrong = Settings { authorities: Some(file.clone()), ..settings() };
    let Err(error) = SipSockets::open(&wrong) else { panic!("it was taken") };
    assert!(error.to_string().contains(&file.display().to_string()), "{error}");
}
