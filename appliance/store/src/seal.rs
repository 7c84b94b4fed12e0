//! Sealing of secrets at rest with the device key (AES-256-GCM).
//!
//! The device key keeps a stolen backup or a copied file from giving keys away.
//! Whoever can read the state directory as its owner can read the device key too.

use crate::files::{Files, write_durably};
use aes_gcm::aead::{Aead as _, KeyInit as _, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use zeroize::Zeroizing;

/// Seals and opens secrets. It has neither `Debug` nor `Display`.
pub struct Sealer {
    cipher: Aes256Gcm,
    nonces: Mutex<Nonces>,
}

/// Random octets that no nonce was made of yet: an import asks for thousands, and the kernel is asked for many at once.
struct Nonces {
    pool: [u8; POOL],
    used: usize,
}

/// Why a secret cannot be sealed or opened.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// The device key cannot be read or made.
    #[error("cannot read or make the device key {0}; check the rights of the state directory")]
    Key(PathBuf, #[source] io::Error),
    /// The device key's file is not one.
    #[error("{0} is no device key: it has {1} octets instead of 32; restore it from a backup")]
    Length(PathBuf, usize),
    /// The sealed text is damaged, for another purpose, or of another device.
    #[error(
        "a sealed secret does not open with this device key: it is damaged or comes from another device"
    )]
    NotOurs,
    /// The operating system gives no random numbers.
    #[error("the operating system gives no random numbers")]
    NoRandom,
}

impl Sealer {
    /// The device key at `path`.
    ///
    /// `first`: nothing was ever sealed, so that a missing key may be made.
    ///
    /// # Errors
    /// [`SealError`]; a missing key is an error where secrets exist that only it opens.
    pub fn open(files: &mut dyn Files, path: &Path, first: bool) -> Result<Self, SealError> {
        let failed = |error| SealError::Key(path.to_owned(), error);
        let key = match files.read(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && first => {
                let mut key = Zeroizing::new(vec![0; 32]);
                getrandom::fill(&mut key).map_err(|_| SealError::NoRandom)?;
                write_durably(files, path, &key).map_err(failed)?;
                key
            }
            read => Zeroizing::new(read.map_err(failed)?),
        };
        let cipher = Aes256Gcm::new_from_slice(&key)
            .map_err(|_| SealError::Length(path.to_owned(), key.len()))?;
        Ok(Self { cipher, nonces: Mutex::new(Nonces { pool: [0; POOL], used: POOL }) })
    }

    /// Seals `secret`; it opens only for the same `purpose` (which record, which field).
    ///
    /// # Errors
    /// [`SealError::NoRandom`].
    pub fn seal(&self, purpose: &str, secret: &[u8]) -> Result<String, SealError> {
        let nonce = self.nonces.lock().unwrap_or_else(PoisonError::into_inner).next()?;
        let payload = Payload { msg: secret, aad: purpose.as_bytes() };
        let sealed =
            self.cipher.encrypt(&Nonce::from(nonce), payload).map_err(|_| SealError::NotOurs)?;
        Ok(hex(&[&nonce, &sealed]))
    }

    /// Opens what [`Sealer::seal`] has made for the same `purpose`.
    ///
    /// # Errors
    /// [`SealError::NotOurs`].
    pub fn unseal(&self, purpose: &str, sealed: &str) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let octets = unhex(sealed).ok_or(SealError::NotOurs)?;
        let (nonce, sealed) = octets.split_first_chunk::<NONCE>().ok_or(SealError::NotOurs)?;
        let payload = Payload { msg: sealed, aad: purpose.as_bytes() };
        let secret =
            self.cipher.decrypt(&Nonce::from(*nonce), payload).map_err(|_| SealError::NotOurs)?;
        Ok(Zeroizing::new(secret))
    }
}

impl Nonces {
    fn next(&mut self) -> Result<[u8; NONCE], SealError> {
        let mut rest = self.pool.get(self.used..).unwrap_or_default();
        if rest.len() < NONCE {
            getrandom::fill(&mut self.pool).map_err(|_| SealError::NoRandom)?;
            (self.used, rest) = (0, &self.pool);
        }
        self.used += NONCE;
        rest.first_chunk().copied().ok_or(SealError::NoRandom)
    }
}

/// Octets of a nonce (NIST SP 800-38D clause 5.2.1.1).
const NONCE: usize = 12;
/// Octets of random numbers that are fetched at once.
const POOL: usize = 100 * NONCE;

/// These octets, one after the other, as digits.
pub(crate) fn hex(pieces: &[&[u8]]) -> String {
    let octets = pieces.concat();
    let mut digits = String::with_capacity(2 * octets.len());
    for octet in octets {
        for nibble in [octet >> 4, octet & 0x0f] {
            digits.push(char::from(if nibble < 10 { b'0' + nibble } else { b'a' - 10 + nibble }));
        }
    }
    digits
}

pub(crate) fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits =
        text.bytes().map(|digit| char::from(digit).to_digit(16)).collect::<Option<Vec<_>>>()?;
    let (pairs, []) = digits.as_chunks::<2>() else { return None };
    pairs.iter().map(|[high, low]| u8::try_from(high << 4 | low).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::Disk;

    #[test]
    fn a_secret_opens_for_its_purpose_with_its_key_and_undamaged() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("device.key");
        let sealer = Sealer::open(&mut Disk, &path, true).unwrap();
        let sealed = sealer.seal("uak of 1", b"secret").unwrap();
        assert_eq!(*sealer.unseal("uak of 1", &sealed).unwrap(), b"secret");
        assert!(sealer.unseal("uak of 2", &sealed).is_err());
        for position in 0..sealed.len() {
            let mut damaged = sealed.clone().into_bytes();
            damaged[position] = if damaged[position] == b'0' { b'1' } else { b'0' };
            assert!(sealer.unseal("uak of 1", std::str::from_utf8(&damaged).unwrap()).is_err());
        }
        let again = Sealer::open(&mut Disk, &path, false).unwrap();
        assert_eq!(*again.unseal("uak of 1", &sealed).unwrap(), b"secret");
        let other = Sealer::open(&mut Disk, &folder.path().join("other.key"), true).unwrap();
        assert!(other.unseal("uak of 1", &sealed).is_err());
    }

    #[test]
    fn a_lost_key_is_not_made_anew_behind_the_administrators_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("device.key");
        assert!(matches!(Sealer::open(&mut Disk, &path, false), Err(SealError::Key(..))));
        std::fs::write(&path, b"short").unwrap();
        assert!(matches!(Sealer::open(&mut Disk, &path, true), Err(SealError::Length(_, 5))));
    }

    #[test]
    fn the_key_is_for_its_owner_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("device.key");
        let _ = Sealer::open(&mut Disk, &path, true).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
