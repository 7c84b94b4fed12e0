//! SHA-256 as digits, of octets and of files.

use sha2::{Digest as _, Sha256};
use std::io::{self, Read};

/// Of octets.
#[must_use]
pub fn of_octets(octets: &[u8]) -> String {
    digits(&Sha256::digest(octets))
}

/// Of what is read, to its end.
///
/// # Errors
/// When reading fails.
pub fn of(file: &mut impl Read) -> io::Result<String> {
    let mut hash = Sha256::new();
    let mut piece = vec![0; PIECE];
    loop {
        match file.read(&mut piece)? {
            0 => return Ok(digits(&hash.finalize())),
            more => hash.update(&piece[..more]),
        }
    }
}

/// Two small hexadecimal digits for each octet.
#[must_use]
pub fn digits(octets: &[u8]) -> String {
    let digit = |half: u8| char::from_digit(u32::from(half), 16).unwrap_or_default();
    octets.iter().flat_map(|octet| [digit(octet >> 4), digit(octet & 15)]).collect()
}

/// Octets that are hashed at once.
const PIECE: usize = 0x1_0000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_and_its_octets_have_the_same_hash() {
        let octets = vec![7; PIECE + 3];
        assert_eq!(of(&mut &*octets).unwrap(), of_octets(&octets));
        assert!(of_octets(b"abc").starts_with("ba7816bf8f01cfea"));
    }
}
