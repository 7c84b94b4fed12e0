//! Passwords to keys, and keys to proofs (RFC 3414 A.2, 2.6, 6; RFC 7860).

use sha1::Sha1;
use sha2::digest::Digest;
use sha2::{Sha256, digest::Output};
use zeroize::Zeroizing;

/// How a user proves who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Auth {
    /// HMAC-SHA-96 (RFC 3414 7).
    Sha1,
    /// HMAC-192-SHA-256 (RFC 7860).
    Sha256,
}

/// A key, of a user for all engines or for one; it goes with its owner.
pub(super) type Key = Zeroizing<Vec<u8>>;

impl Auth {
    /// The key that follows from a password: a digest of a megabyte of it (RFC 3414 A.2).
    pub(super) fn key(self, password: &[u8]) -> Key {
        match self {
            Self::Sha1 => stretch::<Sha1>(password),
            Self::Sha256 => stretch::<Sha256>(password),
        }
    }

    /// The key for one engine, from which that for another cannot be found (RFC 3414 2.6).
    pub(super) fn localise(self, key: &Key, engine: &[u8]) -> Key {
        Zeroizing::new(match self {
            Self::Sha1 => digest::<Sha1>(&[key, engine, key]).to_vec(),
            Self::Sha256 => digest::<Sha256>(&[key, engine, key]).to_vec(),
        })
    }

    /// The proof of a message.
    pub(super) fn mac(self, key: &Key, message: &[u8]) -> Vec<u8> {
        let mut mac = match self {
            Self::Sha1 => hmac::<Sha1>(key, message).to_vec(),
            Self::Sha256 => hmac::<Sha256>(key, message).to_vec(),
        };
        mac.truncate(self.mac_octets());
        mac
    }

    /// Octets of a proof.
    pub(super) const fn mac_octets(self) -> usize {
        match self {
            Self::Sha1 => 12,
            Self::Sha256 => 24,
        }
    }
}

fn digest<D: Digest>(parts: &[&[u8]]) -> Output<D> {
    let mut digest = D::new();
    for part in parts {
        digest.update(part);
    }
    digest.finalize()
}

fn stretch<D: Digest>(password: &[u8]) -> Key {
    let mut digest = D::new();
    let mut again = password.iter().cycle();
    let mut block = Zeroizing::new([0; BLOCK]);
    for _ in 0..STRETCHED / BLOCK {
        for octet in block.iter_mut() {
            *octet = again.next().copied().unwrap_or(0);
        }
        digest.update(&block[..]);
    }
    Zeroizing::new(digest.finalize().to_vec())
}

/// RFC 2104, for the hashes with blocks of 64 octets and keys no longer than one.
fn hmac<D: Digest>(key: &[u8], message: &[u8]) -> Output<D> {
    let padded = |pad: u8| {
        let mut block = Zeroizing::new([pad; BLOCK]);
        for (octet, key) in block.iter_mut().zip(key) {
            *octet ^= key;
        }
        block
    };
    let inner = digest::<D>(&[&padded(0x36)[..], message]);
    digest::<D>(&[&padded(0x5C)[..], &inner])
}

/// Octets that either hash takes at a time.
const BLOCK: usize = 64;

/// RFC 3414 A.2.
const STRETCHED: usize = 1 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    fn octets(hex: &str) -> Vec<u8> {
        let digit = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
        (0..hex.len()).step_by(2).map(digit).collect()
    }

    /// Rows of kind and hexadecimal columns.
    const VECTORS: &str = include_str!("../../../../../tests/vectors/snmp-keys.txt");

    fn vectors(kind: &str) -> Vec<Vec<&'static str>> {
        let rows = VECTORS.lines().filter(|line| !line.starts_with('#'));
        let rows = rows.map(|line| line.split_whitespace().collect::<Vec<_>>());
        let found: Vec<_> = rows.filter(|row| row.first() == Some(&kind)).collect();
        assert!(!found.is_empty(), "{kind}");
        found
    }

    fn auth(word: &str) -> Auth {
        if word == "sha1" { Auth::Sha1 } else { Auth::Sha256 }
    }

    #[test]
    fn a_password_becomes_the_key_of_the_standard() {
        for row in vectors("key") {
            let [_, hash, password, engine, key, local] = row[..] else { panic!("{row:?}") };
            let found = auth(hash).key(password.as_bytes());
            assert_eq!(found.to_vec(), octets(key), "{hash}");
            let local_found = auth(hash).localise(&found, &octets(engine));
            assert_eq!(local_found.to_vec(), octets(local), "{hash}");
        }
    }

    #[test]
    fn a_key_and_a_message_give_the_proof_of_the_standard() {
        for row in vectors("hmac") {
            let [_, hash, key, message, mac] = row[..] else { panic!("{row:?}") };
            let mut found = auth(hash).mac(&Zeroizing::new(octets(key)), &octets(message));
            let mut expected = octets(mac);
            expected.truncate(auth(hash).mac_octets());
            found.truncate(expected.len());
            assert_eq!(found, expected, "{hash} {message}");
        }
    }
}
