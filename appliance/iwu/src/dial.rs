//! What a caller dials, key by key.

/// Digits collected from a handset; see [`Number::push`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Number {
    digits: String,
    complete: bool,
}

/// The longest number kept; more keys are ignored (E.164 has 15 digits, feature codes carry two numbers).
const DIGITS_MAX: usize = 64;

/// Two digits in one message were not typed one after the other: the number was dialled off-hook.
const EN_BLOC_MIN: usize = 2;

impl Number {
    /// Adds the keys of one message.
    ///
    /// Control codes of the DECT character set (pause, recall, flash ...) are no part of a number. `pound_dials`:
    /// a `#` behind other digits ends the number and is no part of it (`sip.pound_dials_overlap`).
    pub(crate) fn push(&mut self, keys: &str, complete: bool, pound_dials: bool) {
        for key in keys.chars() {
            if self.complete || self.digits.len() >= DIGITS_MAX {
                break;
            }
            match key {
                '#' if pound_dials && !self.digits.is_empty() => self.complete = true,
                '0'..='9' | '*' | '#' | '+' | 'A'..='D' => self.digits.push(key),
                _ => {}
            }
        }
        self.complete |= complete && !self.digits.is_empty();
    }

    /// The number of a set-up message: whole if the handset says so or if it carries several digits.
    #[must_use]
    pub(crate) fn of_setup(keys: &str, complete: bool, pound_dials: bool) -> Self {
        let mut number = Self::default();
        number.push(keys, complete, pound_dials);
        number.complete |= number.digits.len() >= EN_BLOC_MIN;
        number
    }

    /// Whether nothing more is expected.
    #[must_use]
    pub(crate) const fn complete(&self) -> bool {
        self.complete
    }

    /// The digits so far.
    #[must_use]
    pub(crate) fn digits(&self) -> &str {
        &self.digits
    }
}

/// The keys of a message that can be sent as telephone events (RFC 4733 clause 3.2).
pub(crate) fn tones(keys: &str) -> impl Iterator<Item = char> {
    keys.chars().filter(|key| matches!(key, '0'..='9' | '*' | '#' | 'A'..='D'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_come_one_by_one_and_a_pound_ends_them_where_it_is_set_to() {
        let mut number = Number::of_setup("", false, true);
        for key in ["2", "0", "\u{5}", "1"] {
            number.push(key, false, true);
            assert!(!number.complete());
        }
        number.push("#", false, true);
        assert_eq!((number.digits(), number.complete()), ("201", true));
    }

    #[test]
    fn a_pound_is_a_digit_where_it_is_not_set_to_dial_and_at_the_start_of_a_code() {
        let mut number = Number::of_setup("", false, false);
        number.push("*21*5#", false, false);
        assert_eq!((number.digits(), number.complete()), ("*21*5#", false));
        let mut code = Number::default();
        code.push("#21#", false, true);
        assert_eq!((code.digits(), code.complete()), ("#21", true));
    }

    #[test]
    fn a_set_up_with_a_whole_number_is_dialled_at_once_and_one_with_its_first_digit_is_not() {
        assert!(Number::of_setup("201", false, false).complete());
        assert!(!Number::of_setup("2", false, false).complete());
        assert!(Number::of_setup("2", true, false).complete());
        assert!(!Number::of_setup("", true, false).complete());
    }

    #[test]
    fn a_handset_that_never_stops_dialling_is_not_remembered_for_ever() {
        let mut number = Number::default();
        for _ in 0..1000 {
            number.push("1", false, false);
        }
        assert_eq!(number.digits().len(), DIGITS_MAX);
    }
}
