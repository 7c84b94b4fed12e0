//! The DECT Standard Authentication Algorithm #2: EN 300 175-7 Annex L.
//!
//! AES-128 in place of the older algorithm's own cipher, and a random number of
//! each side in every exchange (type 2 procedures, EN 300 175-7 4.3.6). Octets
//! are taken in the order of transmission; Annex L numbers its bits from the
//! leftmost one, which agrees with that, but no recording of a handset has
//! confirmed it yet. The network layer therefore does not offer DSAA2.

use super::{Challenge, Dck, Key, Res, SessionKey};
use aes::Aes128;
use aes::cipher::{BlockCipherEncrypt as _, KeyInit as _};
use zeroize::ZeroizeOnDrop;

/// A derived cipher key of 128 bits for the DSC2. It has neither `Debug` nor `Display`.
#[derive(Clone, ZeroizeOnDrop)]
pub struct Dck2([u8; 16]);

impl Dck2 {
    /// The octets, most significant first; for the message to the base station only.
    #[must_use]
    pub const fn expose(&self) -> &[u8; 16] {
        &self.0
    }

    /// The key for a link that is ciphered by the DSC: the lower 64 bits (EN 300 175-7 4.4.3.3).
    #[must_use]
    pub const fn for_dsc(&self) -> Dck {
        let [_, _, _, _, _, _, _, _, dsc @ ..] = self.0;
        Dck::new(dsc)
    }
}

/// A11 and A21: a session key from the key and RS128.
#[must_use]
pub fn session_key(key: &Key, rs: &[u8; 16]) -> SessionKey {
    // RS128 is RS2 || RS1 in the order of transmission; D2 is RS1, D3 is RS2 (EN 300 175-7 4.3.6).
    let (rs2, rs1) = halves(rs);
    SessionKey(dsaa2_1(&key.0, rs1, rs2))
}

/// A12: RES1, the handset's answer, and the cipher key that comes with it.
#[must_use]
pub fn a12(ks: &SessionKey, rand_f: Challenge, rand_p: Challenge) -> (Res, Dck2) {
    let (tag, key) = dsaa2_2(&ks.0, rand_f, rand_p);
    (Res(tag), Dck2(key))
}

/// A22: RES2, the fixed part's answer.
#[must_use]
pub fn a22(ks: &SessionKey, rand_p: Challenge, rand_f: Challenge) -> Res {
    Res(dsaa2_2(&ks.0, rand_p, rand_f).0)
}

/// L.2.1.
fn dsaa2_1(d1: &[u8; 16], d2: [u8; 8], d3: [u8; 8]) -> [u8; 16] {
    encrypted(d1, encrypted(d1, joined(d2, d3)))
}

/// L.2.2: the tag E1 and the cipher key E2.
fn dsaa2_2(d1: &[u8; 16], d2: [u8; 8], d3: [u8; 8]) -> ([u8; 4], [u8; 16]) {
    let mut w = encrypted(d1, joined(d2, d3));
    let [t0, t1, t2, t3, .., last] = &mut w;
    let tag = [*t0, *t1, *t2, *t3];
    *last ^= 1;
    (tag, encrypted(d1, w))
}

fn encrypted(key: &[u8; 16], block: [u8; 16]) -> [u8; 16] {
    let mut block = block.into();
    Aes128::new(key.into()).encrypt_block(&mut block);
    block.into()
}

fn joined(first: [u8; 8], second: [u8; 8]) -> [u8; 16] {
    let (first, second) = (u64::from_be_bytes(first), u64::from_be_bytes(second));
    (u128::from(first) << 64 | u128::from(second)).to_be_bytes()
}

fn halves(whole: &[u8; 16]) -> ([u8; 8], [u8; 8]) {
    let (mut first, mut second) = ([0; 8], [0; 8]);
    first.copy_from_slice(&whole[..8]);
    second.copy_from_slice(&whole[8..]);
    (first, second)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(hex: &str) -> [u8; 16] {
        assert_eq!(hex.len(), 32, "{hex}");
        u128::from_str_radix(hex, 16).unwrap().to_be_bytes()
    }

    /// EN 300 175-7 Annex L.3; inputs that are shorter there are padded in the file.
    #[test]
    fn the_twenty_test_sets_of_annex_l_hold() {
        let sets = include_str!("../../../../tests/vectors/dsaa2.txt");
        let mut held = 0;
        for line in sets.lines().filter(|line| !line.starts_with('#')) {
            let fields: Vec<&str> = line.split(' ').collect();
            let [variant, _, key, input, w, result, tag] = fields[..] else { panic!("{line}") };
            let (d2, d3) = halves(&block(input));
            assert_eq!(encrypted(&block(key), block(input)), block(w), "{line}");
            if variant == "DSAA2-1" {
                assert_eq!(dsaa2_1(&block(key), d2, d3), block(result), "{line}");
            } else {
                let tag = u32::from_str_radix(tag, 16).unwrap().to_be_bytes();
                assert_eq!(dsaa2_2(&block(key), d2, d3), (tag, block(result)), "{line}");
            }
            held += 1;
        }
        assert_eq!(held, 20);
    }

    #[test]
    fn the_halves_of_rs_and_the_order_of_the_challenges_matter() {
        let key = Key(block("42025EE339743AF647B5778025E9B66D"));
        // Test set 1: D2 is RS1, which is transmitted last.
        let ks = session_key(&key, &block("17DA4751F5B2B180A0F3624E949640A0"));
        assert_eq!(ks.0, block("294016C034CD1A5576081826366A7E4A"));

        let (d2, d3) = halves(&block("A0F3624E949640A017DA4751F5B2B180"));
        let ks = SessionKey(key.0);
        let (res, dck) = a12(&ks, d2, d3);
        assert!(res.agrees(&a22(&ks, d2, d3).octets()));
        assert!(!res.agrees(&a22(&ks, d3, d2).octets()));
        assert_eq!(dck.for_dsc().expose(), &0x23A6_EF41_112B_83BA_u64.to_be_bytes());
    }
}
