//! Which handset this is (EN 300 175-6 clause 10 and Annex C).

use crate::check::check_digit;
use std::fmt;
use std::str::FromStr;

/// International portable equipment identity: which handset this is (EN 300 175-6 Annex C).
///
/// Printed as on the type plate, `EEEEE PPPPPPP C` with the check digit; read
/// with or without the blanks and with or without the check digit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ipei {
    emc: u16,
    psn: u32,
}

/// The text is no IPEI.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadIpei {
    /// Neither twelve nor thirteen digits.
    #[error("expected an IPEI of twelve digits and a check digit, such as 00077 0000001 9")]
    Form,
    /// Five digits for the manufacturer above 65535 or zero, or seven for the serial number above 1048575.
    #[error(
        "no handset has this IPEI: the first five digits are 00001 to 65535, the next seven at most 1048575"
    )]
    Range,
    /// A digit was mistyped: the last one does not fit the others.
    #[error("the check digit does not fit; one of the digits is mistyped")]
    CheckDigit,
}

impl Ipei {
    /// The handset of this manufacturer's code (not 0) with this serial number (20 bits).
    #[must_use]
    pub fn new(emc: u16, psn: u32) -> Option<Self> {
        (emc != 0 && psn <= PSN_MAX).then_some(Self { emc, psn })
    }

    /// The handset of this 36-bit number, manufacturer's code first.
    #[must_use]
    pub fn from_u64(number: u64) -> Option<Self> {
        let emc = u16::try_from(number >> PSN_BITS).ok()?;
        Self::new(emc, u32::try_from(number & u64::from(PSN_MAX)).ok()?)
    }

    /// The equipment manufacturer's code.
    #[must_use]
    pub const fn emc(self) -> u16 {
        self.emc
    }

    /// The portable equipment serial number, 20 bits.
    #[must_use]
    pub const fn psn(self) -> u32 {
        self.psn
    }

    /// All 36 bits, manufacturer's code first.
    #[must_use]
    pub fn to_u64(self) -> u64 {
        (u64::from(self.emc) << PSN_BITS) | u64::from(self.psn)
    }

    fn digits(self) -> String {
        format!("{:05}{:07}", self.emc, self.psn)
    }
}

impl FromStr for Ipei {
    type Err = BadIpei;

    fn from_str(text: &str) -> Result<Self, BadIpei> {
        if text.len() > TEXT_MAX {
            return Err(BadIpei::Form);
        }
        // Files bring ten thousand of them: no allocation for each.
        let (mut packed, mut length) = ([0; TEXT_MAX], 0);
        for (place, octet) in packed.iter_mut().zip(text.bytes().filter(|octet| *octet != b' ')) {
            *place = octet;
            length += 1;
        }
        let packed = packed.get(..length).unwrap_or_default();
        let (digits, check) = packed.split_at_checked(12).ok_or(BadIpei::Form)?;
        let digits = Some(digits).filter(|digits| digits.iter().all(u8::is_ascii_digit));
        let digits = digits.and_then(|digits| std::str::from_utf8(digits).ok());
        let digits = digits.ok_or(BadIpei::Form)?;
        match *check {
            [] => {}
            [digit] if digit.is_ascii_digit() || digit == b'*' => {
                if char::from(digit) != check_digit(digits) {
                    return Err(BadIpei::CheckDigit);
                }
            }
            _ => return Err(BadIpei::Form),
        }
        let (emc, psn) = digits.split_at(5);
        let emc = emc.parse().map_err(|_| BadIpei::Range)?;
        let psn = psn.parse().map_err(|_| BadIpei::Range)?;
        Self::new(emc, psn).ok_or(BadIpei::Range)
    }
}

impl fmt::Display for Ipei {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:05} {:07} {}", self.emc, self.psn, check_digit(&self.digits()))
    }
}

/// Length of the serial number.
const PSN_BITS: u32 = 20;
/// The highest serial number.
const PSN_MAX: u32 = (1 << PSN_BITS) - 1;
/// Thirteen digits and as many blanks as anyone would put between them.
const TEXT_MAX: usize = 26;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const KNOWN: [(u16, u32, &str); 9] = [
        (0x000c, 0x00089, "00012 0000137 9"),
        (77, 1, "00077 0000001 9"),
        (77, 2, "00077 0000002 *"),
        (77, 3, "00077 0000003 0"),
        (0x2869, 0x96517, "10345 0615703 *"),
        (0x0b62, 0x5bf57, "02914 0376663 7"),
        (0xffff, 0xf_ffff, "65535 1048575 2"),
        (0x0001, 1, "00001 0000001 6"),
        (0x004f, 0xf_ffff, "00079 1048575 7"),
    ];

    #[test]
    fn known_handsets_are_printed_and_read_as_on_their_type_plates() {
        for (emc, psn, text) in KNOWN {
            let ipei = Ipei::new(emc, psn).expect("a valid identity");
            assert_eq!(ipei.to_string(), text);
            assert_eq!(text.parse(), Ok(ipei));
            assert_eq!(text.replace(' ', "").parse(), Ok(ipei));
            assert_eq!(text[..13].parse(), Ok(ipei), "without its check digit");
        }
    }

    /// The eleventh has the weight eleven, so that the standard's sum does not see it.
    #[test]
    fn each_single_mistyped_digit_but_the_eleventh_is_noticed() {
        let right = "0291403766637";
        for place in 0..right.len() {
            for digit in ('0'..='9').chain(['*']) {
                let mut wrong = right.to_owned();
                wrong.replace_range(place..=place, &digit.to_string());
                let expected = wrong == right || (place == 10 && digit != '*');
                assert_eq!(wrong.parse::<Ipei>().is_ok(), expected, "{wrong}");
            }
        }
    }

    #[test]
    fn what_is_no_ipei_is_refused_for_the_right_reason() {
        let form = [
            "",
            "00077",
            "00077 000000",
            "00077 0000001 9 9",
            "00077-0000001-9",
            "+0077 0000001",
            "٠٠٠٧٧0000001",
        ];
        for text in form {
            assert_eq!(text.parse::<Ipei>(), Err(BadIpei::Form), "{text}");
        }
        for text in ["00000 0000001", "65536 0000001", "00077 1048576"] {
            assert_eq!(text.parse::<Ipei>(), Err(BadIpei::Range), "{text}");
        }
        assert_eq!("00077 0000001 8".parse::<Ipei>(), Err(BadIpei::CheckDigit));
        assert_eq!("00077 0000001 x".parse::<Ipei>(), Err(BadIpei::Form));
        assert_eq!(Ipei::from_u64(1 << 36), None);
        assert_eq!(Ipei::from_u64(0xf_ffff), None, "manufacturer's code 0");
    }

    proptest! {
        #[test]
        fn an_ipei_survives_text_and_number(emc in 1..=u16::MAX, psn in 0..=PSN_MAX) {
            let ipei = Ipei::new(emc, psn).expect("a valid identity");
            prop_assert_eq!(ipei.to_string().parse(), Ok(ipei));
            prop_assert_eq!(Ipei::from_u64(ipei.to_u64()), Some(ipei));
        }

        #[test]
        fn no_text_is_too_odd_to_be_looked_at(text in ".{0,30}") {
            if let Ok(ipei) = text.parse::<Ipei>() {
                prop_assert!(ipei.to_string().replace(' ', "").starts_with(&text.replace(' ', "")));
            }
        }
    }
}
