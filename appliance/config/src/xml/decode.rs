//! From the octets of a file to its text.

use super::read::{SIZE_MAX, too_large};
use crate::flaw::{Flaw, Notice, Place};
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use std::borrow::Cow;

/// The text of a file: by its byte order mark, else by the encoding that its first line names, else as UTF-8.
///
/// A file without anything that is beyond ASCII in UTF-8, but with octets that are, is taken for windows-1252
/// with a notice: that is how a file looks which was saved by an editor of old.
///
/// # Errors
/// The first octets that are none of the encoding, or the encoding that nobody knows.
pub fn decode<'a>(file: &str, octets: &'a [u8]) -> Result<(Cow<'a, str>, Vec<Notice>), Flaw> {
    let flaw = |place, what| Flaw { file: file.to_owned(), place, what };
    let top = Place { line: 1, column: 1 };
    if octets.len() > SIZE_MAX {
        return Err(flaw(top, too_large()));
    }
    let encoding = match encoding(octets) {
        Ok(encoding) => encoding,
        Err(name) => {
            return Err(flaw(
                top,
                format!("the encoding {name:?} is not known; save the file as UTF-8"),
            ));
        }
    };
    if let Some(text) = encoding.decode_without_bom_handling_and_without_replacement(body(octets)) {
        return Ok((text, Vec::new()));
    }
    let valid = body(octets).utf8_chunks().map(|chunk| chunk.valid());
    if encoding == UTF_8 && valid.clone().all(str::is_ascii) {
        let (text, _) = WINDOWS_1252.decode_without_bom_handling(body(octets));
        let before: String = valid.take(1).collect();
        let what = "the file is not in UTF-8; it is read as windows-1252".to_owned();
        return Ok((text, vec![Notice { place: end_of(&before), what }]));
    }
    let before = if encoding == UTF_8 { valid.take(1).collect() } else { String::new() };
    let what = format!("octets that are no {}; save the file as UTF-8", encoding.name());
    Err(flaw(end_of(&before), what))
}

fn encoding(octets: &[u8]) -> Result<&'static Encoding, String> {
    if let Some((encoding, _)) = Encoding::for_bom(octets) {
        return Ok(encoding);
    }
    match octets {
        // A first `<` in two octets tells their order (XML 1.0 appendix F).
        [b'<', 0, ..] => return Ok(UTF_16LE),
        [0, b'<', ..] => return Ok(UTF_16BE),
        _ => {}
    }
    let Some(label) = declared(octets) else { return Ok(UTF_8) };
    match Encoding::for_label(label.as_bytes()) {
        // The declaration has just been read in single octets.
        Some(encoding) if encoding == UTF_16LE || encoding == UTF_16BE => Ok(UTF_8),
        Some(encoding) => Ok(encoding),
        None if octets.is_ascii() => Ok(UTF_8),
        None => Err(label.chars().take(SHOWN_MAX).collect()),
    }
}

/// What the first line says of the encoding.
fn declared(octets: &[u8]) -> Option<String> {
    let head = octets.get(..HEAD_MAX.min(octets.len()))?.trim_ascii_start();
    let head = head.strip_prefix(b"<?xml")?;
    let end = head.windows(2).position(|pair| pair == b"?>")?;
    let head = String::from_utf8_lossy(head.get(..end)?).into_owned();
    let (_, rest) = head.split_once("encoding")?;
    let rest = rest.trim_start().strip_prefix('=')?.trim_start();
    let quote = rest.chars().next().filter(|mark| matches!(mark, '"' | '\''))?;
    rest.get(1..)?.split_once(quote).map(|(label, _)| label.to_owned())
}

/// The octets without a byte order mark.
fn body(octets: &[u8]) -> &[u8] {
    let mark = Encoding::for_bom(octets).map_or(0, |(_, length)| length);
    octets.get(mark..).unwrap_or_default()
}

/// The place behind a text.
fn end_of(text: &str) -> Place {
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let last = text.rsplit('\n').next().unwrap_or_default();
    let line = text.matches('\n').count() + 1;
    Place { line: count(line), column: count(last.chars().count() + 1) }
}

/// A declaration is far shorter.
const HEAD_MAX: usize = 256;
/// Of a foreign name in a message.
const SHOWN_MAX: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    fn read(octets: &[u8]) -> Result<(String, usize), String> {
        let read = decode("x.xml", octets);
        read.map(|(text, notices)| (text.into_owned(), notices.len()))
            .map_err(|flaw| flaw.to_string())
    }

    fn utf16(text: &str, order: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(order).collect()
    }

    #[test]
    fn a_file_is_read_in_the_encoding_that_it_names_or_shows() {
        let text = "<?xml version='1.0'?><a>\u{e6}</a>".to_owned();
        let latin = |label: &str| {
            let head = format!("<?xml version=\"1.0\" encoding=\"{label}\"?><a>");
            [head.as_bytes(), b"\xe6</a>"].concat()
        };
        for label in ["ISO-8859-1", "iso8859-1", "windows-1252", "latin1"] {
            let (read, notices) = read(&latin(label)).unwrap();
            assert!(read.ends_with("<a>\u{e6}</a>") && notices == 0, "{label}");
        }
        assert_eq!(read(text.as_bytes()), Ok((text.clone(), 0)));
        assert_eq!(read(format!("\u{feff}{text}").as_bytes()), Ok((text.clone(), 0)));
        for order in [u16::to_le_bytes, u16::to_be_bytes] {
            assert_eq!(read(&utf16(&text, order)), Ok((text.clone(), 0)));
            assert_eq!(read(&utf16(&format!("\u{feff}{text}"), order)), Ok((text.clone(), 0)));
        }
    }

    #[test]
    fn octets_of_no_encoding_are_named_with_their_place_or_taken_for_those_of_old() {
        let text = b"<a>\n<b>\xe6</b></a>";
        let (read_as, notices) = decode("x.xml", text).unwrap();
        assert_eq!(read_as, "<a>\n<b>\u{e6}</b></a>");
        assert_eq!(notices[0].place, Place { line: 2, column: 4 });

        let mixed =
            "<a>\u{e6}\n".as_bytes().iter().chain(b"\xe6</a>").copied().collect::<Vec<u8>>();
        let why = read(&mixed).unwrap_err();
        assert_eq!(
            why,
            "x.xml, line 2, column 1: octets that are no UTF-8; save the file as UTF-8"
        );
        let odd = b"<?xml version='1.0' encoding='x-klingon'?><a>\xe6</a>";
        assert!(read(odd).unwrap_err().contains("\"x-klingon\" is not known"));
        assert!(read(&[0xff, 0xfe, 0x3c, 0x00, 0x00, 0xd8]).unwrap_err().contains("UTF-16LE"));
    }

    #[test]
    fn a_file_without_end_is_refused_before_it_is_looked_at() {
        let large = vec![b'<'; SIZE_MAX + 1];
        assert!(read(&large).unwrap_err().contains("larger than 20 MiB"));
    }
}
