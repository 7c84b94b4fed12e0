//! Bodies: sessions, and keys in INFO.

use crate::draft::Body;
use crate::sdp::Session;
use crate::wire::check::has_optional_body;
use crate::wire::{Message, multipart};
use std::time::Duration;

/// The session in a message; `None` where it has no body, or one that need not be understood.
///
/// # Errors
/// The status for a request whose body cannot be read.
pub fn session(message: &Message) -> Result<Option<Box<Session>>, u16> {
    if message.body().is_empty() {
        return Ok(None);
    }
    let plain = message.content_type().is_empty().then(|| message.body());
    let Some(body) = plain.or_else(|| multipart::part(message, "application/sdp")) else {
        return if has_optional_body(message) { Ok(None) } else { Err(415) };
    };
    Session::parse(body).map(|session| Some(Box::new(session))).map_err(|_| 488)
}

/// The body that carries a session.
pub(super) fn of_session(session: &Session) -> Body {
    Body { content_type: "application/sdp", octets: session.to_octets() }
}

/// The body that carries a key.
pub(super) fn of_key(key: char, duration: Duration) -> Body {
    let text = format!("Signal={key}\r\nDuration={}\r\n", duration.as_millis());
    Body { content_type: "application/dtmf-relay", octets: text.into_bytes() }
}

/// The key in an INFO.
///
/// # Errors
/// The status for one that has none: 415 for another type, 400 for no key.
pub(super) fn key(message: &Message) -> Result<(char, Duration), u16> {
    let text = std::str::from_utf8(message.body()).map_err(|_| 400_u16)?;
    match message.content_type().as_str() {
        "application/dtmf-relay" => relayed(text).ok_or(400),
        "application/dtmf" => single(text).map(|key| (key, KEY_USUAL)).ok_or(400),
        _ => Err(415),
    }
}

fn relayed(text: &str) -> Option<(char, Duration)> {
    let field = |name: &str| {
        let mut pairs = text.lines().filter_map(|line| line.split_once('='));
        pairs.find(|(key, _)| key.trim().eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    };
    let key = single(field("Signal")?)?;
    let duration = field("Duration").and_then(|ms| ms.parse().ok()).map(Duration::from_millis);
    Some((key, duration.unwrap_or(KEY_USUAL).min(KEY_MAX)))
}

/// A key as itself; some write star and pound, and the flash as 16, by their event numbers.
fn single(text: &str) -> Option<char> {
    let text = text.trim();
    let mut letters = text.chars();
    match (letters.next()?.to_ascii_uppercase(), letters.next()) {
        (key @ ('0'..='9' | 'A'..='D' | '*' | '#'), None) => Some(key),
        _ => match text {
            "10" => Some('*'),
            "11" => Some('#'),
            _ => None,
        },
    }
}

/// What most phones send.
const KEY_USUAL: Duration = Duration::from_millis(160);

/// Nobody holds a key for longer.
const KEY_MAX: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use super::*;

    fn info(kind: &str, body: &str) -> Result<(char, Duration), u16> {
        let text = format!(
            "INFO sip:a@b SIP/2.0\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        key(&Message::parse(text.into_bytes()).unwrap())
    }

    #[test]
    fn keys_are_read_in_both_forms() {
        let ms = Duration::from_millis;
        assert_eq!(
            info("application/dtmf-relay", "Signal=5\r\nDuration=250\r\n"),
            Ok(('5', ms(250)))
        );
        assert_eq!(info("application/dtmf-relay", "signal = *\n"), Ok(('*', KEY_USUAL)));
        assert_eq!(info("application/dtmf-relay", "Signal=11\r\n"), Ok(('#', KEY_USUAL)));
        assert_eq!(info("application/dtmf", "d\r\n"), Ok(('D', KEY_USUAL)));
        let held = info("application/dtmf-relay", "Signal=1\r\nDuration=99999999");
        assert_eq!(held, Ok(('1', KEY_MAX)));
    }

    #[test]
    fn what_is_no_key_is_refused() {
        assert_eq!(info("application/dtmf", "x"), Err(400));
        assert_eq!(info("application/dtmf-relay", "Duration=1"), Err(400));
        assert_eq!(info("text/plain", "5"), Err(415));
    }

    #[test]
    fn a_key_reads_back_as_it_was_written() {
        let body = of_key('#', Duration::from_millis(270));
        let text = String::from_utf8(body.octets).unwrap();
        assert_eq!(info(body.content_type, &text), Ok(('#', Duration::from_millis(270))));
    }
}
