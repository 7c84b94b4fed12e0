//! The server's own certificate authority, for base stations and nobody else.
//!
//! Made at the first start; its key is sealed with the device key. It signs
//! the server's certificate for the TLS door anew at each start, and one
//! client certificate for each base station that enrols.

use ident::Mac;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateSigningRequestParams, DistinguishedName,
    DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
};
use rustls::pki_types::{
    CertificateDer, CertificateSigningRequestDer, PrivateKeyDer, PrivatePkcs8KeyDer,
};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use store::{Disk, Files as _, SealError, Sealer, write_durably};

/// The authority.
pub struct Ca {
    issuer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
}

/// Why there is no authority, or why it does not sign.
#[derive(Debug, thiserror::Error)]
pub enum CaError {
    /// Its files cannot be read or written.
    #[error("cannot use {0}; check the rights of the state directory")]
    Files(PathBuf, #[source] io::Error),
    /// Its key does not open.
    #[error("cannot open {0}")]
    Seal(PathBuf, #[source] SealError),
    /// One of its two files is there and the other is not.
    #[error(
        "{0} is missing; restore it from a backup, or remove the other ca file too to start afresh (every base station then has to enrol again)"
    )]
    Half(PathBuf),
    /// A key, a certificate or a request is not one.
    #[error("a certificate cannot be made")]
    Certificate(#[from] rcgen::Error),
    /// TLS does not take what was made.
    #[error("the TLS door cannot be set up")]
    Tls(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// The name in the server's certificate; base stations find the server by address and know it by its CA.
pub const SERVER_NAME: &str = "server.fixpart.internal";

impl Ca {
    /// The authority of this state directory; made if there is none.
    ///
    /// # Errors
    /// [`CaError`].
    pub fn open(state: &Path, sealer: &Sealer) -> Result<Self, CaError> {
        let (key_path, path) = (state.join("ca.key"), state.join("ca.der"));
        let read = |path: &Path| match Disk.read(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            read => read.map(Some).map_err(|error| CaError::Files(path.to_owned(), error)),
        };
        match (read(&key_path)?, read(&path)?) {
            (Some(sealed), Some(certificate)) => {
                let sealed = String::from_utf8_lossy(&sealed);
                let key = sealer.unseal(PURPOSE, &sealed);
                let key = key.map_err(|error| CaError::Seal(key_path, error))?;
                Self::of(KeyPair::try_from(key.as_slice())?, certificate.into())
            }
            (None, None) => {
                let key = KeyPair::generate()?;
                let certificate = params()?.self_signed(&key)?;
                let sealed = sealer.seal(PURPOSE, &key.serialize_der());
                let sealed = sealed.map_err(|error| CaError::Seal(key_path.clone(), error))?;
                for (path, content) in [(&key_path, sealed.as_bytes()), (&path, certificate.der())]
                {
                    write_durably(&mut Disk, path, content)
                        .map_err(|error| CaError::Files(path.clone(), error))?;
                }
                Self::of(key, certificate.der().clone())
            }
            (None, Some(_)) => Err(CaError::Half(key_path)),
            (Some(_), None) => Err(CaError::Half(path)),
        }
    }

    fn of(key: KeyPair, certificate: CertificateDer<'static>) -> Result<Self, CaError> {
        let issuer = Issuer::from_ca_cert_der(&certificate, key)?;
        Ok(Self { issuer, certificate })
    }

    /// Its certificate (DER).
    #[must_use]
    pub const fn certificate(&self) -> &CertificateDer<'static> {
        &self.certificate
    }

    /// A client certificate for a base station. Of its request only the public key counts, and that the
    /// base station has proved to hold the private one.
    ///
    /// # Errors
    /// The request is none; the base station is at fault.
    pub fn sign(&self, mac: Mac, request: &[u8]) -> Result<CertificateDer<'static>, CaError> {
        let request = CertificateSigningRequestDer::from(request);
        let mut request = CertificateSigningRequestParams::from_der(&request)?;
        let mut params = CertificateParams::default();
        params.distinguished_name = name(&mac.to_string());
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        request.params = params;
        Ok(request.signed_by(&self.issuer)?.der().clone())
    }

    /// How the TLS door receives: TLS 1.3, with a certificate of ours or none at all.
    ///
    /// # Errors
    /// [`CaError`]; we are at fault.
    pub fn server_config(&self) -> Result<Arc<ServerConfig>, CaError> {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::new(vec![SERVER_NAME.to_owned()])?;
        params.distinguished_name = name("Fixpart server");
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let leaf = params.signed_by(&key, &self.issuer)?.der().clone();
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.clone()).map_err(tls)?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier =
            WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
        let verifier = verifier.allow_unauthenticated().build().map_err(tls)?;
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])
            .map_err(tls)?
            .with_client_cert_verifier(verifier)
            .with_single_cert(vec![leaf, self.certificate.clone()], key)
            .map_err(tls)?;
        Ok(Arc::new(config))
    }
}

/// The MAC address in a client certificate that was verified; `None`: it names none.
#[must_use]
pub fn mac_of(certificate: &CertificateDer<'_>) -> Option<Mac> {
    let (_, certificate) = x509_parser::parse_x509_certificate(certificate).ok()?;
    let name = certificate.subject().iter_common_name().next()?;
    name.as_str().ok()?.parse().ok()
}

fn params() -> Result<CertificateParams, CaError> {
    let mut params = CertificateParams::new(Vec::<String>::new())?;
    params.distinguished_name = name("Fixpart base stations");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    Ok(params)
}

fn name(common_name: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, common_name);
    name
}

fn tls(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> CaError {
    CaError::Tls(error.into())
}

/// What the CA's key is sealed for.
const PURPOSE: &str = "key of the CA";

#[cfg(test)]
mod tests {
    use super::*;

    const MAC: Mac = Mac([0, 0x30, 0x42, 1, 2, 3]);

    fn sealer(state: &Path) -> Sealer {
        Sealer::open(&mut Disk, &state.join("device.key"), true).unwrap()
    }

    #[test]
    fn the_authority_is_the_same_after_a_restart_and_its_key_is_not_in_clear() {
        let state = tempfile::tempdir().unwrap();
        let first = Ca::open(state.path(), &sealer(state.path())).unwrap();
        let again = Ca::open(state.path(), &sealer(state.path())).unwrap();
        assert_eq!(first.certificate(), again.certificate());
        let on_disk = std::fs::read_to_string(state.path().join("ca.key")).unwrap();
        assert!(on_disk.bytes().all(|octet| octet.is_ascii_hexdigit()));
        std::fs::remove_file(state.path().join("ca.der")).unwrap();
        assert!(matches!(Ca::open(state.path(), &sealer(state.path())), Err(CaError::Half(_))));
    }

    #[test]
    fn a_base_stations_certificate_names_what_we_say_and_not_what_it_asks_for() {
        let state = tempfile::tempdir().unwrap();
        let ca = Ca::open(state.path(), &sealer(state.path())).unwrap();
        let key = KeyPair::generate().unwrap();
        let mut asked = CertificateParams::new(vec!["pbx.example".to_owned()]).unwrap();
        asked.distinguished_name = name("00:00:00:00:00:01");
        asked.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let request = asked.serialize_request(&key).unwrap();
        let certificate = ca.sign(MAC, request.der()).unwrap();
        assert_eq!(mac_of(&certificate), Some(MAC));
        let (_, parsed) = x509_parser::parse_x509_certificate(&certificate).unwrap();
        assert!(!parsed.is_ca());
        assert!(ca.sign(MAC, b"nonsense").is_err());
    }
}
