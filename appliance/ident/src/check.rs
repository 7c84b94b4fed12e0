//! The check digit of identities that people copy (EN 300 175-6 Annex C).

/// The check digit of these decimal digits: their sum, each times its place
/// counted from one, modulo eleven; ten is written `*`.
pub(crate) fn check_digit(digits: &str) -> char {
    let sum: u32 = (1..).zip(digits.bytes()).map(|(place, digit)| place * value(digit)).sum();
    char::from_digit(sum % 11, 10).unwrap_or('*')
}

fn value(digit: u8) -> u32 {
    u32::from(digit.saturating_sub(b'0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_digit_of_the_standards_example_is_nine_and_ten_is_an_asterisk() {
        assert_eq!(check_digit("000120000137"), '9');
        assert_eq!(check_digit("000770000002"), '*');
    }
}
