//! Keys and what is derived from them: EN 300 175-7.
//!
//! Both ends of the air use these functions, in the same order: an
//! authentication key [`Key`] comes from the authentication code or from the
//! UAK (B1), a [`SessionKey`] from the key and the fixed part's RS (A11, A21),
//! and from that the answer to the other side's challenge (A12, A22). What the
//! answers are for and when a key is stored is decided in [`crate::mm`].
//!
//! Nothing secret in here can be printed, and secrets are compared without
//! telling by the time it takes how far they agree.

mod dsaa;
pub mod dsaa2;

use crate::primitive::AccessCode;
use crate::subscription::Uak;
use subtle::ConstantTimeEq as _;
use zeroize::ZeroizeOnDrop;

/// A random number of either side (RAND_F, RAND_P) or the fixed part's RS, in the order of transmission.
pub type Challenge = [u8; 8];

/// K: what both ends know beforehand (EN 300 175-7 4.5.2). It has neither `Debug` nor `Display`.
#[derive(Clone, ZeroizeOnDrop)]
pub struct Key([u8; 16]);

/// KS or KS': lives for one authentication (EN 300 175-7 4.4.3.2). It has neither `Debug` nor `Display`.
#[derive(Clone, ZeroizeOnDrop)]
pub struct SessionKey([u8; 16]);

/// A derived cipher key of 64 bits for the DSC. It has neither `Debug` nor `Display`.
#[derive(Clone, ZeroizeOnDrop)]
pub struct Dck([u8; 8]);

/// The answer to a challenge (RES1, RES2). It is compared in constant time.
#[derive(Clone)]
pub struct Res([u8; 4]);

impl Key {
    /// B1 over an authentication code: its BCD digits, filled with F at the left (EN 300 444 14.2).
    #[must_use]
    pub fn from_access_code(code: &AccessCode) -> Self {
        let digits = code.expose().bytes().map(|digit| u32::from(digit & 0x0f));
        let bits = digits.fold(u32::MAX, |bits, digit| (bits << 4) | digit);
        let [a, b, c, d] = bits.to_be_bytes();
        Self([a, b, c, d, a, b, c, d, a, b, c, d, a, b, c, d])
    }

    /// B1 over a user authentication key, which has the length of K already (EN 300 175-7 4.5.2.1).
    #[must_use]
    pub fn from_uak(uak: &Uak) -> Self {
        Self(*uak.expose())
    }
}

impl SessionKey {
    /// What a key allocation leaves behind: KS' becomes the UAK (EN 300 175-5 13.6).
    #[must_use]
    pub fn into_uak(self) -> Uak {
        Uak::new(self.0)
    }
}

impl Dck {
    /// The key of these octets, most significant first.
    #[must_use]
    pub const fn new(octets: [u8; 8]) -> Self {
        Self(octets)
    }

    /// The octets, most significant first; for the message to the base station only.
    #[must_use]
    pub const fn expose(&self) -> &[u8; 8] {
        &self.0
    }
}

impl PartialEq for Dck {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for Dck {}

impl Res {
    /// What is sent.
    #[must_use]
    pub const fn octets(&self) -> [u8; 4] {
        self.0
    }

    /// Whether the other side has answered the same.
    #[must_use]
    pub fn agrees(&self, received: &[u8; 4]) -> bool {
        self.0.ct_eq(received).into()
    }
}

/// A11: the session key by which the handset is authenticated.
#[must_use]
pub fn a11(key: &Key, rs: Challenge) -> SessionKey {
    SessionKey(dsaa::dsaa(&key.0, rs))
}

/// A21: the session key by which the fixed part is authenticated.
#[must_use]
pub fn a21(key: &Key, rs: Challenge) -> SessionKey {
    SessionKey(dsaa::dsaa(&key.0, rs).map(|octet| octet ^ A21_MASK))
}

/// A12: RES1, the handset's answer to RAND_F, and the cipher key that comes with it.
#[must_use]
pub fn a12(ks: &SessionKey, rand_f: Challenge) -> (Res, Dck) {
    let [_, _, _, _, dck @ .., r0, r1, r2, r3] = dsaa::dsaa(&ks.0, rand_f);
    (Res([r0, r1, r2, r3]), Dck(dck))
}

/// A22: RES2, the fixed part's answer to RAND_P. `ks` comes from [`a21`].
#[must_use]
pub fn a22(ks: &SessionKey, rand_p: Challenge) -> Res {
    a12(ks, rand_p).0
}

/// What tells A21 from A11 (CT-RSA 2009).
const A21_MASK: u8 = 0xaa;

#[cfg(test)]
mod tests {
    use super::*;

    const RS: Challenge = [0; 8];
    const RAND_F: Challenge = [0xd0, 0x1f, 0xf9, 0xe2, 0x11, 0x68, 0x04, 0x21];
    const RAND_P: Challenge = [0xa0, 0x3f, 0xf2, 0xc5, 0x23, 0xd0, 0x08, 0x42];

    fn code(digits: &str) -> AccessCode {
        AccessCode::new(digits).unwrap()
    }

    #[test]
    fn an_access_code_is_filled_with_f_and_repeated() {
        for (digits, bits) in [
            ("9124", 0xffff_9124_u32),
            ("12345678", 0x1234_5678),
            ("0000", 0xffff_0000),
            ("", 0xffff_ffff),
        ] {
            let expected = [bits.to_be_bytes(); 4].concat();
            assert_eq!(Key::from_access_code(&code(digits)).0.to_vec(), expected, "{digits}");
        }
    }

    /// EN 300 175-7 Annex K.1, first table: key allocation with the code 9124.
    #[test]
    fn a_key_allocation_gives_the_numbers_of_annex_k() {
        let key = Key::from_access_code(&code("9124"));

        let ks = a11(&key, RS);
        assert_eq!(ks.0, 0x39c9_21ef_d057_ea50_f2f5_41ca_9a7f_d808_u128.to_be_bytes());
        assert!(a12(&ks, RAND_F).0.agrees(&[0xf2, 0x8c, 0xf9, 0x11]));

        let ks = a21(&key, RS);
        assert_eq!(a22(&ks, RAND_P).octets(), [0xee, 0xba, 0x4d, 0xb9]);
        let uak = 0x9363_8b45_7afd_40fa_585f_eb60_30d5_72a2_u128.to_be_bytes();
        assert_eq!(*ks.into_uak().expose(), uak);
    }

    /// EN 300 175-7 Annex K.1, second table: authentication with the key from the first.
    #[test]
    fn an_authentication_gives_the_numbers_of_annex_k() {
        let uak = Uak::new(0x9363_8b45_7afd_40fa_585f_eb60_30d5_72a2_u128.to_be_bytes());
        let ks = a11(&Key::from_uak(&uak), RS);
        assert_eq!(ks.0, 0xd871_b75e_89c6_3976_d23e_9805_daa6_8a45_u128.to_be_bytes());

        let (res, dck) = a12(&ks, [0x9b, 0x11, 0x4f, 0x25, 0x54, 0x51, 0x88, 0x59]);
        assert_eq!(res.octets(), [0x96, 0x1b, 0x3a, 0x9f]);
        assert_eq!(*dck.expose(), [0x85, 0x60, 0xdc, 0x32, 0x4e, 0xa4, 0x9f, 0x37]);
    }

    #[test]
    fn an_answer_that_is_off_by_one_bit_does_not_agree() {
        let res = a22(&a21(&Key::from_access_code(&code("9124")), RS), RAND_P);
        for bit in 0..32 {
            let wrong = u32::from_be_bytes(res.octets()) ^ (1 << bit);
            assert!(!res.agrees(&wrong.to_be_bytes()), "bit {bit}");
        }
    }
}
