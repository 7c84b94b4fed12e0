//! Text for the displays of handsets.

/// What a line of a GAP display holds at the most; more is cut.
const LINE_MAX: usize = 32;

/// The caller as one line: name and number, or the one that is known.
#[must_use]
pub(crate) fn caller(name: &str, number: &str) -> String {
    match (name.trim(), number) {
        ("", number) => ia5(number),
        (name, "") => ia5(name),
        (name, number) if name == number => ia5(number),
        (name, number) => {
            // The number is what one can call back: a long name gives way to it.
            let number = ia5(number);
            let room = LINE_MAX.saturating_sub(number.len() + 1);
            let name: String = ia5(name).chars().take(room).collect();
            format!("{} {number}", name.trim_end()).trim_start().to_owned()
        }
    }
}

/// The text in the standard DECT character set (EN 300 175-5 Annex D), letters with accents without them.
#[must_use]
pub(crate) fn ia5(text: &str) -> String {
    let mut line = String::new();
    for letter in text.chars() {
        match letter {
            ' '..='~' => line.push(letter),
            _ => line.push_str(plain(letter)),
        }
    }
    line.truncate(LINE_MAX); // IA5 has one octet per letter, so this cuts between letters.
    line
}

/// How a letter beyond IA5 is written without it.
const fn plain(letter: char) -> &'static str {
    match letter {
        'À'..='Ã' | 'Ā' | 'Ă' | 'Ą' => "A",
        'Ä' => "Ae",
        'Å' => "Aa",
        'à'..='ã' | 'ā' | 'ă' | 'ą' => "a",
        'ä' | 'æ' => "ae",
        'å' => "aa",
        'Æ' => "AE",
        'Ç' | 'Ć' | 'Č' => "C",
        'ç' | 'ć' | 'č' => "c",
        'Đ' | 'Ď' | 'Ð' => "D",
        'đ' | 'ď' | 'ð' => "d",
        'È'..='Ë' | 'Ē' | 'Ę' | 'Ě' => "E",
        'è'..='ë' | 'ē' | 'ę' | 'ě' => "e",
        'Ğ' => "G",
        'ğ' => "g",
        'Ì'..='Ï' | 'İ' | 'Ī' => "I",
        'ì'..='ï' | 'ı' | 'ī' => "i",
        'Ł' => "L",
        'ł' => "l",
        'Ñ' | 'Ń' | 'Ň' => "N",
        'ñ' | 'ń' | 'ň' => "n",
        'Ò'..='Õ' | 'Ő' => "O",
        'ò'..='õ' | 'ő' => "o",
        'Ö' | 'Ø' | 'Œ' => "Oe",
        'ö' | 'ø' | 'œ' => "oe",
        'Ř' => "R",
        'ř' => "r",
        'Ś' | 'Š' | 'Ş' => "S",
        'ś' | 'š' | 'ş' => "s",
        'ß' => "ss",
        'Ť' => "T",
        'ť' => "t",
        'Ù'..='Û' | 'Ů' | 'Ű' => "U",
        'ù'..='û' | 'ů' | 'ű' => "u",
        'Ü' => "Ue",
        'ü' => "ue",
        'Ý' => "Y",
        'ý' | 'ÿ' => "y",
        'Ź' | 'Ż' | 'Ž' => "Z",
        'ź' | 'ż' | 'ž' => "z",
        '\u{2010}'..='\u{2015}' => "-",
        '\u{2018}' | '\u{2019}' => "'",
        '\u{201c}'..='\u{201e}' => "\"",
        '\u{a0}' => " ",
        _ => "?",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caller_is_shown_by_name_and_number_and_the_number_is_never_cut() {
        assert_eq!(caller("Alice", "201"), "Alice 201");
        assert_eq!(caller("", "201"), "201");
        assert_eq!(caller("201", "201"), "201");
        assert_eq!(
            caller("Station 4 West, night nurse on call", "00498912345"),
            "Station 4 West, nigh 00498912345"
        );
        assert!(caller("x".repeat(99).as_str(), "1".repeat(99).as_str()).len() <= LINE_MAX);
    }

    #[test]
    fn names_of_half_of_europe_stay_readable() {
        assert_eq!(
            ia5("Jürgen Weiß, Åse Bjørnsdóttir, Łukasz"),
            "Juergen Weiss, Aase Bjoernsdotti"
        );
        assert_eq!(ia5("Žofie Šťastná"), "Zofie Stastna");
        assert_eq!(ia5("日本"), "??");
    }
}
