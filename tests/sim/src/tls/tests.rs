//! Against a server of a few lines: a CA, TLS 1.3, one answer to an enrolment, then an echo.

use super::*;
use dect::rfp::enrol::{self, Policy, Verdict};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use std::time::Instant;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

const MAC: ident::Mac = ident::Mac([2, 0, 0, 0, 0, 9]);

struct Server {
    issuer: Issuer<'static, KeyPair>,
    ca: CertificateDer<'static>,
    policy: Policy,
    listener: TcpListener,
}

impl Server {
    async fn new() -> Self {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::new(Vec::<String>::new()).expect("no names");
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        let ca = params.self_signed(&key).expect("a certificate").der().clone();
        let issuer = Issuer::from_ca_cert_der(&ca, key).expect("a CA");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        Self { issuer, ca, policy: Policy::default(), listener }
    }

    fn address(&self) -> SocketAddr {
        self.listener.local_addr().expect("bound")
    }

    fn config(&self) -> Arc<ServerConfig> {
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new(vec![SERVER_NAME.to_owned()]).expect("a name");
        let leaf = params.signed_by(&key, &self.issuer).expect("signed").der().clone();
        let mut roots = RootCertStore::empty();
        roots.add(self.ca.clone()).expect("a CA");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let clients =
            WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
                .allow_unauthenticated()
                .build()
                .expect("a verifier");
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])
            .expect("TLS 1.3")
            .with_client_cert_verifier(clients)
            .with_single_cert(vec![leaf, self.ca.clone()], key)
            .expect("a certificate");
        Arc::new(config)
    }

    /// Serves one connection: an enrolment, or one read that is echoed.
    async fn serve(&mut self) -> Option<()> {
        let (stream, peer) = self.listener.accept().await.ok()?;
        let mut stream = TlsAcceptor::from(self.config()).accept(stream).await.ok()?;
        if stream.get_ref().1.peer_certificates().is_some() {
            let mut octets = [0; 64];
            let length = stream.read(&mut octets).await.ok()?;
            stream.write_all(&octets[..length]).await.ok()?;
        } else {
            let request = read_message(&mut stream).await.ok()?;
            let answer = self.answer(&request, peer);
            stream.write_all(&answer.encode()).await.ok()?;
        }
        stream.shutdown().await.ok()
    }

    fn answer(&mut self, request: &[u8], peer: SocketAddr) -> Message {
        let Ok(Message::Request { mac, token, csr }) = Message::decode(request) else {
            panic!("no request")
        };
        match self.policy.judge(Instant::now(), mac, token.as_ref(), peer.ip()) {
            Verdict::Refuse(why) => Message::Refuse(why.into()),
            Verdict::Enrol => {
                let csr = rcgen::CertificateSigningRequestParams::from_der(&csr.into());
                let certificate = csr.expect("a request").signed_by(&self.issuer).expect("signed");
                let certificate = certificate.der().to_vec();
                Message::Accept { certificate, ca: self.ca.to_vec() }
            }
        }
    }
}

fn token(server: &mut Server) -> TokenText {
    let secret = [7; enrol::HALF];
    server.policy.token(Instant::now(), None, secret, &server.ca).expect("a token")
}

#[tokio::test]
async fn with_a_token_a_base_station_gets_its_certificate_and_connects_with_it() {
    let mut server = Server::new().await;
    let (address, token) = (server.address(), token(&mut server));
    let way = Way::Tls(Box::new(Identity::new(MAC).expect("a key")), Some(token));
    let mut line = Line::keep(address, way);
    let serving = async {
        server.serve().await.expect("an enrolment");
        server.serve().await.expect("a connection");
    };
    let using = async {
        assert_eq!(line.next().await, Event::Enrolled);
        assert_eq!(line.next().await, Event::Connected);
        line.send(vec![1, 2, 3]).await;
        assert_eq!(line.next().await, Event::Received(vec![1, 2, 3]));
        assert!(matches!(line.next().await, Event::Disconnected(_)));
    };
    tokio::join!(serving, using);
}

#[tokio::test]
async fn a_server_that_the_token_does_not_name_never_sees_it() {
    let (mut server, mut other) = (Server::new().await, Server::new().await);
    let (address, token) = (server.address(), token(&mut other));
    let mut identity = Identity::new(MAC).expect("a key");
    let (enrolled, served) =
        tokio::join!(enrol(address, &mut identity, Some(token)), server.serve());
    assert!(matches!(enrolled, Err(LineError::Tls(..))));
    assert_eq!(served, None);
}

#[tokio::test]
async fn without_token_and_approval_it_is_refused_in_words_and_comes_again() {
    let mut server = Server::new().await;
    let way = Way::Tls(Box::new(Identity::new(MAC).expect("a key")), None);
    let mut line = Line::keep(server.address(), way);
    let (event, _) = tokio::join!(line.next(), server.serve());
    assert!(matches!(event, Event::Failed(why) if why.starts_with("the server refuses: ")));
    server.policy.approve(Instant::now(), MAC);
    let (event, _) = tokio::join!(line.next(), server.serve());
    assert_eq!(event, Event::Enrolled);
}

#[tokio::test]
async fn an_identity_that_was_kept_is_used_again_and_knows_its_server() {
    let mut server = Server::new().await;
    let directory = tempfile::tempdir().expect("a directory");
    let mut identity = Identity::load(MAC, directory.path()).expect("an identity");
    let token = token(&mut server);
    let (enrolled, _) =
        tokio::join!(enrol(server.address(), &mut identity, Some(token)), server.serve());
    enrolled.expect("enrolled");

    let identity = Identity::load(MAC, directory.path()).expect("an identity");
    let address = server.address();
    let using = async {
        let mut stream = connect(address, &identity).await.expect("connected");
        stream.write_all(&[5]).await.expect("sent");
        stream.read_u8().await.expect("echoed")
    };
    assert_eq!(tokio::join!(using, server.serve()).0, 5);

    let mut other = Server::new().await;
    let address = other.address();
    let (connected, _) = tokio::join!(connect(address, &identity), other.serve());
    assert!(matches!(connected, Err(LineError::Tls(..))));
}
