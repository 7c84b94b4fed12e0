//! What comes over `/dev/log`: lines as the C library's `syslog()` writes them (RFC 3164), and RFC 5424.
//!
//! The time that a sender writes is not read: it is on the same machine, and
//! the one of RFC 3164 has neither year nor zone. The facility is kept as the
//! field `facility` where it is not 1, "user".

use super::record::{Draft, Level};
use std::borrow::Cow;

/// Reads one datagram. Anything is a line; what has no PRI is from the user at level notice (RFC 3164 4.3.3).
#[must_use]
pub fn read(octets: &[u8]) -> Draft {
    let text = String::from_utf8_lossy(octets);
    let (priority, rest) = priority(&text).unwrap_or((PRIORITY_DEFAULT, &text));
    let mut draft = match rest.strip_prefix("1 ").and_then(modern) {
        Some(draft) => draft,
        None => traditional(rest),
    };
    draft.level = Level::of_priority(priority);
    if priority / 8 != FACILITY_USER {
        draft.fields.add("facility", &(priority / 8).to_string());
    }
    draft
}

/// `<13>`, and what follows.
fn priority(text: &str) -> Option<(u16, &str)> {
    let (digits, rest) = text.strip_prefix('<')?.split_once('>')?;
    let number =
        (1..=3).contains(&digits.len()) && digits.bytes().all(|octet| octet.is_ascii_digit());
    let priority = digits.parse().ok().filter(|priority| number && *priority <= PRIORITY_MAX)?;
    Some((priority, rest))
}

/// `Nov 21 15:31:11 host tag[pid]: text`, where all before the text may be missing; the C library names no host.
fn traditional(text: &str) -> Draft {
    let (rest, host) = match behind_time(text) {
        Some(rest) => (rest, behind_host(rest)),
        None => (text, None),
    };
    let Some((tag, pid, rest)) = tag(rest).or_else(|| tag(host?)) else {
        return Draft::new(Level::Notice, rest);
    };
    let mut draft = Draft::new(Level::Notice, rest).identified(tag);
    if let Some(pid) = pid {
        draft.fields.add("pid", pid);
    }
    draft
}

/// What stands behind `Mmm dd hh:mm:ss `.
fn behind_time(text: &str) -> Option<&str> {
    let (time, rest) = text.split_at_checked(TIME_LENGTH)?;
    let (month, rest_of_time) = time.split_at_checked(3)?;
    let shape = |(at, octet): (usize, u8)| match at {
        0 | 3 => octet == b' ',
        1 => octet == b' ' || octet.is_ascii_digit(),
        6 | 9 => octet == b':',
        _ => octet.is_ascii_digit(),
    };
    let good = MONTHS.contains(&month) && rest_of_time.bytes().enumerate().all(shape);
    rest.strip_prefix(' ').filter(|_| good)
}

/// What stands behind the name of a host.
fn behind_host(text: &str) -> Option<&str> {
    let (host, rest) = text.split_once(' ')?;
    let name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':');
    (!host.is_empty() && host.chars().all(name)).then_some(rest)
}

/// `tag: ` or `tag[pid]: `, and what follows.
fn tag(text: &str) -> Option<(&str, Option<&str>, &str)> {
    let end = text.find(|c: char| c == ':' || c == '[' || c.is_whitespace())?;
    let (tag, rest) = text.split_at_checked(end).filter(|(tag, _)| !tag.is_empty())?;
    let (pid, rest) = match rest.strip_prefix('[') {
        Some(rest) => {
            let (pid, rest) = rest.split_once(']')?;
            (Some(pid), rest)
        }
        None => (None, rest),
    };
    if pid.is_some_and(|pid| pid.is_empty() || !pid.bytes().all(|octet| octet.is_ascii_digit())) {
        return None;
    }
    let rest = rest.strip_prefix(':')?;
    Some((tag, pid, rest.strip_prefix(' ').unwrap_or(rest)))
}

/// What stands behind `<PRI>1 ` in RFC 5424: time, host, application, process, message id, data, text.
fn modern(text: &str) -> Option<Draft> {
    let mut words = text.splitn(6, ' ');
    let (_time, _host) = (words.next()?, words.next()?);
    let (application, process, message_id) = (words.next()?, words.next()?, words.next()?);
    let (data, text) = structured_data(words.next()?)?;
    let mut draft = Draft::new(Level::Notice, text.strip_prefix('\u{feff}').unwrap_or(text));
    if application != NIL {
        draft = draft.identified(application);
    }
    for (name, value) in [("pid", process), ("msgid", message_id)] {
        if value != NIL {
            draft.fields.add(name, value);
        }
    }
    for (name, value) in data {
        draft.fields.add(name, &value);
    }
    Some(draft)
}

type Parameter<'a> = (&'a str, Cow<'a, str>);

/// The parameters of all elements (6.3), and the text behind them.
fn structured_data(text: &str) -> Option<(Vec<Parameter<'_>>, &str)> {
    let mut parameters = Vec::new();
    let mut rest = match text.strip_prefix(NIL) {
        Some(rest) => return end_of_data(rest).map(|rest| (parameters, rest)),
        None => text,
    };
    while let Some(element) = rest.strip_prefix('[') {
        let end = element.find([' ', ']'])?;
        rest = element.get(end..)?;
        while let Some(parameter) = rest.strip_prefix(' ') {
            let (name, value) = parameter.split_once("=\"")?;
            let (value, behind) = quoted(value)?;
            if name.contains([' ', ']', '"']) || parameters.len() >= PARAMETERS_MAX {
                return None;
            }
            parameters.push((name, value));
            rest = behind;
        }
        rest = rest.strip_prefix(']')?;
    }
    let some = rest.len() < text.len();
    end_of_data(rest).filter(|_| some).map(|rest| (parameters, rest))
}

/// Behind the data stands a space and the text, or nothing.
fn end_of_data(rest: &str) -> Option<&str> {
    if rest.is_empty() { Some(rest) } else { rest.strip_prefix(' ') }
}

/// A value up to its closing quote; `"`, `\` and `]` stand behind a backslash in it.
fn quoted(text: &str) -> Option<(Cow<'_, str>, &str)> {
    let mut escaped = false;
    let end = text.bytes().position(|octet| {
        let end = octet == b'"' && !escaped;
        escaped = octet == b'\\' && !escaped;
        end
    })?;
    let (value, rest) = text.split_at_checked(end)?;
    Some((unescaped(value), rest.get(1..)?))
}

fn unescaped(value: &str) -> Cow<'_, str> {
    if !value.contains('\\') {
        return Cow::Borrowed(value);
    }
    let mut plain = String::with_capacity(value.len());
    let mut characters = value.chars().peekable();
    while let Some(character) = characters.next() {
        let escapes =
            character == '\\' && characters.peek().is_some_and(|c| matches!(c, '"' | '\\' | ']'));
        plain.push(if escapes { characters.next().unwrap_or('\\') } else { character });
    }
    Cow::Owned(plain)
}

/// user.notice
const PRIORITY_DEFAULT: u16 = 13;

/// local7.debug
const PRIORITY_MAX: u16 = 191;

/// The facility of everyday programs.
const FACILITY_USER: u16 = 1;

/// Octets of `Mmm dd hh:mm:ss`.
const TIME_LENGTH: usize = 15;

/// As strftime(3) writes them in the locale "C", which syslog(3) uses.
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Stands where RFC 5424 has no value.
const NIL: &str = "-";

/// Parameters of one message; a record keeps no more fields.
const PARAMETERS_MAX: usize = super::FIELDS_MAX;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_line_of_the_c_library_is_taken_apart() {
        let draft = read(b"<30>Nov  1 15:31:11 e2fsck[417]: clean: 3 files\n\0");
        assert_eq!((draft.level, &*draft.text), (Level::Info, "clean: 3 files"));
        assert_eq!(draft.identifier.as_deref(), Some("e2fsck"));
        assert_eq!(draft.fields.iter().collect::<Vec<_>>(), [("pid", "417"), ("facility", "3")]);

        // As RFC 3164 4.1 wants it and `logger --rfc3164` sends it.
        let draft = read(b"<28>Nov 21 15:31:11 box.example su[7]: no: never");
        assert_eq!((draft.identifier.as_deref(), &*draft.text), (Some("su"), "no: never"));
        assert_eq!(&*read(b"<28>Nov 21 15:31:11 no tag at all").text, "no tag at all");

        let draft = read(b"<11>Nov 21 15:31:11 su: no");
        assert_eq!(
            (draft.level, draft.identifier.as_deref(), &*draft.text),
            (Level::Error, Some("su"), "no")
        );
    }

    #[test]
    fn whatever_is_no_syslog_is_a_text() {
        for text in [
            "hello",
            "<999>x",
            "<>x",
            "<1",
            "<+1>x",
            "Nov 21 hello world",
            "a[b]: c",
            ": x",
            "[1]: x",
        ] {
            let draft = read(text.as_bytes());
            assert_eq!((&*draft.text, draft.level), (text, Level::Notice));
            assert_eq!(draft.identifier, None, "{text}");
        }
        assert_eq!(&*read(b"\xff\xfe").text, "\u{fffd}\u{fffd}");
    }

    #[test]
    fn a_message_of_rfc_5424_is_taken_apart() {
        // The fourth example of RFC 5424 6.5, with a text.
        let text = "<165>1 2003-10-11T22:14:15.003Z mymachine.example.com evntslog - ID47 \
                    [exampleSDID@32473 iut=\"3\" eventSource=\"App\\]\"][examplePriority@32473 class=\"high\"] \u{feff}An event";
        let draft = read(text.as_bytes());
        assert_eq!((draft.level, &*draft.text), (Level::Notice, "An event"));
        assert_eq!(draft.identifier.as_deref(), Some("evntslog"));
        let fields: Vec<_> = draft.fields.iter().collect();
        let expected = [
            ("msgid", "ID47"),
            ("iut", "3"),
            ("eventsource", "App]"),
            ("class", "high"),
            ("facility", "20"),
        ];
        assert_eq!(fields, expected);
        assert_eq!(&*read(b"<14>1 - - - - - -").text, "");
        assert_eq!(&*read(b"<14>1 - - app 5 - - text").text, "text");
    }

    #[test]
    fn damaged_structured_data_leaves_the_line_as_text() {
        for data in [
            "[",
            "[x",
            "[x a",
            "[x a=\"b]",
            "[x a=b]",
            "[x]y",
            "x",
            "[x a=\"b\"c]",
            "[x a=\"b\\\"]",
        ] {
            let draft = read(format!("<14>1 - - - - - {data}").as_bytes());
            assert!(draft.text.ends_with(data), "{data}: {draft:?}");
        }
    }

    proptest! {
        #[test]
        fn any_octets_are_a_line(octets in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = read(&octets);
        }

        #[test]
        fn any_shape_of_a_line_is_read(line in r#"<[0-9]{0,4}>(1 )?([a-z\[\]"\\=: -]{0,6} ){0,8}[a-z\[\]"\\=: ]{0,40}"#) {
            let _ = read(line.as_bytes());
        }
    }
}
