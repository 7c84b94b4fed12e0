//! What a simulated base station keeps: its key, its certificate, and the server's CA.

use ident::Mac;
use rcgen::{CertificateParams, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use std::io;
use std::path::{Path, PathBuf};

/// Who a base station is towards the server.
pub struct Identity {
    mac: Mac,
    key: KeyPair,
    certificate: Option<CertificateDer<'static>>,
    ca: Option<CertificateDer<'static>>,
    /// Where it is kept; nowhere for one that is to be forgotten.
    directory: Option<PathBuf>,
}

/// An identity cannot be made, read or kept.
#[derive(Debug, thiserror::Error)]
pub enum BadIdentity {
    /// A key or a request cannot be made, or what was read is no key.
    #[error("the key of a base station cannot be used")]
    Key(#[from] rcgen::Error),
    /// The directory cannot be used.
    #[error("cannot use {0}")]
    Files(PathBuf, #[source] io::Error),
}

impl Identity {
    /// A new identity that is kept nowhere.
    ///
    /// # Errors
    /// When no key can be made.
    pub fn new(mac: Mac) -> Result<Self, BadIdentity> {
        let key = KeyPair::generate()?;
        Ok(Self { mac, key, certificate: None, ca: None, directory: None })
    }

    /// The identity that is kept in this directory; made there if there is none.
    ///
    /// # Errors
    /// [`BadIdentity`].
    pub fn load(mac: Mac, directory: &Path) -> Result<Self, BadIdentity> {
        let read = |name: &str| {
            let path = directory.join(name);
            match std::fs::read(&path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
                read => read.map(Some).map_err(|error| BadIdentity::Files(path, error)),
            }
        };
        let mut identity = match read(KEY)? {
            Some(key) => Self { key: KeyPair::try_from(key.as_slice())?, ..Self::new(mac)? },
            None => Self::new(mac)?,
        };
        identity.certificate = read(CERTIFICATE)?.map(CertificateDer::from);
        identity.ca = read(CA)?.map(CertificateDer::from);
        identity.directory = Some(directory.to_owned());
        identity.save()?;
        Ok(identity)
    }

    /// Writes down what there is, where it was loaded from.
    ///
    /// # Errors
    /// [`BadIdentity::Files`].
    pub fn save(&self) -> Result<(), BadIdentity> {
        let Some(directory) = &self.directory else { return Ok(()) };
        let failed = |error| BadIdentity::Files(directory.clone(), error);
        std::fs::create_dir_all(directory).map_err(failed)?;
        std::fs::write(directory.join(KEY), self.key.serialize_der()).map_err(failed)?;
        for (name, certificate) in [(CERTIFICATE, &self.certificate), (CA, &self.ca)] {
            if let Some(certificate) = certificate {
                std::fs::write(directory.join(name), certificate).map_err(failed)?;
            }
        }
        Ok(())
    }

    /// Which base station.
    #[must_use]
    pub const fn mac(&self) -> Mac {
        self.mac
    }

    pub(super) fn certificate(&self) -> Option<CertificateDer<'static>> {
        self.certificate.clone()
    }

    pub(super) fn ca(&self) -> Option<CertificateDer<'static>> {
        self.ca.clone()
    }

    pub(super) fn key(&self) -> PrivateKeyDer<'static> {
        PrivateKeyDer::from(PrivatePkcs8KeyDer::from(self.key.serialize_der()))
    }

    pub(super) fn request(&self) -> Result<Vec<u8>, BadIdentity> {
        Ok(CertificateParams::default().serialize_request(&self.key)?.der().to_vec())
    }

    pub(super) fn enrolled(
        &mut self,
        certificate: Vec<u8>,
        ca: Vec<u8>,
    ) -> Result<(), BadIdentity> {
        self.certificate = Some(certificate.into());
        self.ca = Some(ca.into());
        self.save()
    }
}

const KEY: &str = "key.der";
const CERTIFICATE: &str = "certificate.der";
const CA: &str = "ca.der";
