//! AES of 128 bits in cipher feedback mode (RFC 3826 3.1).

use super::hash::Key;
use aes::Aes128;
use aes::cipher::{BlockCipherEncrypt as _, KeyInit as _};

/// The initialisation vector (RFC 3826 3.1.2.1).
pub(super) fn vector(boots: i32, time: i32, salt: [u8; 8]) -> [u8; BLOCK] {
    let mut vector = [0; BLOCK];
    let numbers = boots.to_be_bytes().into_iter().chain(time.to_be_bytes());
    for (octet, from) in vector.iter_mut().zip(numbers.chain(salt)) {
        *octet = from;
    }
    vector
}

/// What is done to octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// They are hidden.
    Hide,
    /// They are shown again.
    Show,
}

/// Hides octets with the first 128 bits of a key, or shows them.
pub(super) fn turn(way: Way, key: &Key, vector: [u8; BLOCK], octets: &mut [u8]) {
    let mut first = [0; BLOCK];
    for (octet, from) in first.iter_mut().zip(key.iter()) {
        *octet = *from;
    }
    let cipher = Aes128::new(&first.into());
    let mut last = vector;
    for chunk in octets.chunks_mut(BLOCK) {
        let mut stream = last.into();
        cipher.encrypt_block(&mut stream);
        for ((octet, mask), last) in chunk.iter_mut().zip(stream).zip(&mut last) {
            let before = *octet;
            *octet ^= mask;
            // What was hidden feeds the next block.
            *last = if way == Way::Hide { *octet } else { before };
        }
    }
}

const BLOCK: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;
    use zeroize::Zeroizing;

    /// NIST SP 800-38A, F.3.13.
    #[test]
    fn the_example_of_nist_is_hidden_so_and_shown_again() {
        let number = |text| u128::from_str_radix(text, 16).unwrap().to_be_bytes();
        let key = Zeroizing::new(number("2b7e151628aed2a6abf7158809cf4f3c").to_vec());
        let vector = number("000102030405060708090a0b0c0d0e0f");
        let clear: Vec<u8> = [
            number("6bc1bee22e409f96e93d7e117393172a"),
            number("ae2d8a571e03ac9c9eb76fac45af8e51"),
        ]
        .concat();
        let mut octets = clear.clone();
        turn(Way::Hide, &key, vector, &mut octets);
        let expected = [
            number("3b3fd92eb72dad20333449f8e83cfb4a"),
            number("c8a64537a0b3a93fcde3cdad9f1ce58b"),
        ];
        assert_eq!(octets, expected.concat());
        // The last block need not be whole.
        octets.truncate(21);
        turn(Way::Show, &key, vector, &mut octets);
        assert_eq!(octets, clear[..21]);
    }

    #[test]
    fn boots_time_and_salt_stand_in_this_order() {
        let vector = vector(1, 0x0203, [4, 5, 6, 7, 8, 9, 10, 11]);
        assert_eq!(vector, [0, 0, 0, 1, 0, 0, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    }
}
