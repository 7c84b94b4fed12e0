//! Whether the server of a first contact is the right one.

use dect::rfp::enrol::{HALF, fingerprint};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use std::sync::{Arc, Mutex, PoisonError};

/// Takes the CA that the server shows: any, or the one that a token or an earlier contact names.
#[derive(Debug)]
pub(super) struct FirstContact {
    provider: Arc<CryptoProvider>,
    known: Option<CertificateDer<'static>>,
    named: Option<[u8; HALF]>,
    met: Mutex<Option<CertificateDer<'static>>>,
}

impl FirstContact {
    pub(super) fn new(known: Option<CertificateDer<'static>>, named: Option<[u8; HALF]>) -> Self {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        Self { provider, known, named, met: Mutex::new(None) }
    }

    /// Whether this is the CA that the server has shown.
    pub(super) fn met(&self, ca: &[u8]) -> bool {
        let met = self.met.lock().unwrap_or_else(PoisonError::into_inner);
        met.as_deref() == Some(ca)
    }
}

impl ServerCertVerifier for FirstContact {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let unknown = Error::InvalidCertificate(CertificateError::UnknownIssuer);
        let Some(ca) = intermediates.last().map(|ca| ca.clone().into_owned()) else {
            return Err(unknown);
        };
        let other = self.known.as_ref().is_some_and(|known| *known != ca);
        let misnamed = self.named.is_some_and(|named| named != fingerprint(&ca));
        if other || misnamed {
            return Err(unknown);
        }
        let mut roots = RootCertStore::empty();
        roots.add(ca.clone())?;
        let verifier = WebPkiServerVerifier::builder_with_provider(
            Arc::new(roots),
            Arc::clone(&self.provider),
        );
        let verifier = verifier.build().map_err(|error| Error::General(error.to_string()))?;
        let verified =
            verifier.verify_server_cert(end_entity, &[], server_name, ocsp_response, now)?;
        *self.met.lock().unwrap_or_else(PoisonError::into_inner) = Some(ca);
        Ok(verified)
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(Error::General("TLS 1.2 is not spoken here".into()))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
