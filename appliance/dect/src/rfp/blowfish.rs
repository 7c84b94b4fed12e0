//! The cipher of the Blowfish door: Blowfish-CBC with one chain per direction,
//! and the wrapping of a new key for a base station that has lost its own.
//!
//! The link has no integrity check. That is how the base stations on the market
//! are; the door is closed unless an administrator opens it.

use super::primitive::RootHash;
use crate::subscription::LinkKey;
use aes::Aes256;
use blowfish::Blowfish;
use blowfish::cipher::{BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};
use sha2::{Digest, Sha256};

/// Octets of a cipher block; messages are padded to a multiple of it.
pub const BLOCK: usize = 8;

/// Which way a message goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the base station to us.
    FromRfp,
    /// From us to the base station.
    ToRfp,
}

/// One direction of an encrypted link: the last block of a message is the
/// initial value of the next.
pub struct Chain {
    cipher: Blowfish,
    last: [u8; BLOCK],
}

impl Chain {
    /// The chain of one direction, from the base station's key and the random octets of
    /// SYS_AUTHENTICATE.
    ///
    /// # Panics
    /// Never: all lengths are given by the types.
    #[must_use]
    pub fn new(key: &LinkKey, random: &[u8; 32], direction: Direction) -> Self {
        let key = key.expose();
        let (part, value, mask) = match direction {
            Direction::ToRfp => (key.first_chunk::<56>(), random[23..31].first_chunk(), TO_RFP),
            Direction::FromRfp => (key.last_chunk::<56>(), random[7..15].first_chunk(), FROM_RFP),
        };
        let part = part.expect("64 octets have a part of 56");
        let mut last = *value.expect("both ranges have 8 octets");
        last.iter_mut().zip(mask).for_each(|(octet, mask)| *octet ^= mask);
        let cipher = Blowfish::new_from_slice(part).expect("Blowfish takes keys of 56 octets");
        Self { cipher, last }
    }

    /// Encrypts whole blocks in place; what is left over at the end stays as it is.
    pub fn encrypt(&mut self, octets: &mut [u8]) {
        for block in octets.as_chunks_mut::<BLOCK>().0 {
            block.iter_mut().zip(self.last).for_each(|(octet, last)| *octet ^= last);
            self.cipher.encrypt_block(block.into());
            self.last = *block;
        }
    }

    /// Decrypts whole blocks in place; what is left over at the end stays as it is.
    pub fn decrypt(&mut self, octets: &mut [u8]) {
        for block in octets.as_chunks_mut::<BLOCK>().0 {
            let sealed = *block;
            self.cipher.decrypt_block(block.into());
            block.iter_mut().zip(self.last).for_each(|(octet, last)| *octet ^= last);
            self.last = sealed;
        }
    }
}

/// The payload of SYS_RFP_RE_ENROLEMENT: the new key wrapped under the hash of
/// the base station's root password, and a digest over it.
#[must_use]
pub fn wrap(key: &LinkKey, hash: &RootHash, random: &[u8; 32]) -> [u8; 96] {
    let mut wrapping = [0; 32];
    wrapping[..26].copy_from_slice(hash.expose());
    wrapping[26..].copy_from_slice(&random[26..]);
    let aes = Aes256::new(&wrapping.into());
    let mut sealed = *key.expose();
    for block in sealed.as_chunks_mut::<16>().0 {
        aes.encrypt_block(block.into());
    }
    let digest = Sha256::new()
        .chain_update(random)
        .chain_update(hash.expose())
        .chain_update(sealed)
        .finalize();
    let mut payload = [0; 96];
    payload[..64].copy_from_slice(&sealed);
    payload[64..].copy_from_slice(&digest);
    payload
}

/// What a controller XORs into the random octets, per direction; a convention of the link, no secret.
const TO_RFP: [u8; BLOCK] = [0xdf, 0xe6, 0x65, 0x71, 0xfa, 0xc4, 0x5a, 0x42];
const FROM_RFP: [u8; BLOCK] = [0x68, 0xe8, 0x36, 0x4b, 0xe9, 0xc2, 0x34, 0xc1];

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> LinkKey {
        LinkKey::new(std::array::from_fn(|i| u8::try_from(i).unwrap()))
    }

    fn random() -> [u8; 32] {
        std::array::from_fn(|i| 0x80 | u8::try_from(i).unwrap())
    }

    #[test]
    fn both_directions_chain_from_message_to_message_as_the_vectors_say() {
        let to_rfp: [(&str, &str); 2] = [
            ("010c000400000000", "ac9c596f4f37ceaa"),
            ("01010008b8b820060600000000000000", "a0ef9f11ea0be875f4410ec9282d0f72"),
        ];
        let from_rfp: [(&str, &str); 2] = [
            ("0126000000000000", "cbadbfce49da9e70"),
            (
                "01170010e1fea5dcbe9014b5e1fea5dcbe9014b500000000",
                "8a35e4c7d0891eac533a635655ea1c047c6d54eb710ddefe",
            ),
        ];
        for (direction, lines) in [(Direction::ToRfp, to_rfp), (Direction::FromRfp, from_rfp)] {
            let mut sealing = Chain::new(&key(), &random(), direction);
            let mut opening = Chain::new(&key(), &random(), direction);
            for (clear, sealed) in lines {
                let mut octets = super::super::hex::decode(clear).unwrap();
                sealing.encrypt(&mut octets);
                assert_eq!(super::super::hex::encode(&octets), sealed);
                opening.decrypt(&mut octets);
                assert_eq!(super::super::hex::encode(&octets), clear);
            }
        }
    }

    #[test]
    fn a_key_is_wrapped_for_a_base_station_whose_password_hash_is_known() {
        let hash = RootHash::new("$1$$fZ3H674V2zkMVFw8qafoh0").unwrap();
        assert_eq!(
            super::super::hex::encode(&wrap(&key(), &hash, &random())),
            "54078a57e88c83043dfc835c629d188a10d5a93c774fde4b3c446cd03c2bcb8e\
             f83d897f3b2e69f49fbf4a228f053649d635af486fe5b221cdd824bba95e8051\
             05e308691dfa35cc2173e5726cc1b0dbb86b1382986e563beeb56604e4cb59e4"
        );
    }
}
