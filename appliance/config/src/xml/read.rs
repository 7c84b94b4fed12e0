//! The reader.

use super::Element;
use crate::flaw::{Flaw, Place};
use quick_xml::Reader;
use quick_xml::events::{BytesRef, BytesStart, Event};

/// Reads a document; `file` is what a flaw calls it.
///
/// # Errors
/// The first thing that is wrong with it as XML.
pub fn read(file: &str, text: &str) -> Result<Element, Flaw> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut tree = Tree { open: Vec::new(), root: None, elements: 0, lines: Lines::new(text) };
    tree.read(text).map_err(|(at, what)| Flaw {
        file: file.to_owned(),
        place: tree.lines.place(at),
        what,
    })
}

/// Octet offset and what is wrong there.
type Wrong = (usize, String);

struct Tree<'a> {
    open: Vec<Element>,
    root: Option<Element>,
    elements: usize,
    lines: Lines<'a>,
}

impl Tree<'_> {
    fn read(&mut self, text: &str) -> Result<Element, Wrong> {
        if text.len() > SIZE_MAX {
            return Err((0, format!("the file is larger than {} MiB", SIZE_MAX >> 20)));
        }
        let mut reader = Reader::from_str(text);
        loop {
            let at = offset(reader.buffer_position());
            let event = reader
                .read_event()
                .map_err(|error| (offset(reader.error_position()), format!("no XML: {error}")))?;
            match event {
                Event::Start(tag) => self.begin(at, &tag)?,
                Event::Empty(tag) => {
                    self.begin(at, &tag)?;
                    self.end();
                }
                Event::End(_) => self.end(),
                Event::Text(part) => self.text(at, &part.xml10_content())?,
                Event::CData(part) => self.text(at, &part.xml10_content())?,
                Event::GeneralRef(entity) => self.entity(at, &entity)?,
                Event::DocType(_) => {
                    return Err((at, "a document type is not accepted here; remove it".into()));
                }
                Event::Decl(_) | Event::PI(_) | Event::Comment(_) => {}
                Event::Eof => return self.finish(text.len()),
            }
        }
    }

    fn begin(&mut self, at: usize, tag: &BytesStart<'_>) -> Result<(), Wrong> {
        if self.open.is_empty() && self.root.is_some() {
            return Err((at, "a second outermost element; a file has one".into()));
        }
        if self.open.len() >= DEPTH_MAX {
            return Err((at, format!("elements are nested deeper than {DEPTH_MAX}")));
        }
        self.elements += 1;
        if self.elements > ELEMENTS_MAX {
            return Err((at, format!("more than {ELEMENTS_MAX} elements")));
        }
        let name = tag.name().as_ref().to_owned();
        if name.len() > NAME_MAX {
            return Err((at, format!("a name of more than {NAME_MAX} characters")));
        }
        if let Some(attribute) = tag.attributes().next() {
            return Err(match attribute {
                Ok(_) => (at, format!("<{name}> has an attribute; expected none")),
                Err(error) => (at, format!("no XML: {error}")),
            });
        }
        let place = self.lines.place(at);
        self.open.push(Element { name, place, ..Element::default() });
        Ok(())
    }

    fn end(&mut self) {
        // The reader has checked that the names match, so something is open.
        let Some(mut element) = self.open.pop() else { return };
        let trimmed = element.text.trim().to_owned();
        element.text = trimmed;
        match self.open.last_mut() {
            Some(parent) => parent.children.push(element),
            None => self.root = Some(element),
        }
    }

    fn text(&mut self, at: usize, part: &str) -> Result<(), Wrong> {
        match self.open.last_mut() {
            Some(element) if element.text.len() + part.len() <= TEXT_MAX => {
                element.text.push_str(part);
                Ok(())
            }
            // Between ten thousand users there is much that is white.
            _ if part.trim().is_empty() => Ok(()),
            Some(element) => {
                Err((at, format!("the text of <{}> is longer than {TEXT_MAX}", element.name)))
            }
            None => Err((at, "text outside of the outermost element".into())),
        }
    }

    fn entity(&mut self, at: usize, entity: &BytesRef<'_>) -> Result<(), Wrong> {
        let name = entity.xml10_content();
        let resolved = match &*name {
            "amp" => Some('&'),
            "lt" => Some('<'),
            "gt" => Some('>'),
            "quot" => Some('"'),
            "apos" => Some('\''),
            _ => entity.resolve_char_ref().ok().flatten(),
        };
        match resolved {
            Some(letter) => self.text(at, letter.encode_utf8(&mut [0; 4])),
            None => Err((at, format!("&{}; is not known; write & as &amp;", short(&name)))),
        }
    }

    fn finish(&mut self, end: usize) -> Result<Element, Wrong> {
        if let Some(element) = self.open.last() {
            return Err((end, format!("the file ends within <{}>", element.name)));
        }
        self.root.take().ok_or((end, "the file holds no element".into()))
    }
}

fn offset(position: u64) -> usize {
    usize::try_from(position).unwrap_or(usize::MAX)
}

fn short(text: &str) -> String {
    text.chars().take(SHOWN_MAX).collect()
}

/// Offsets to lines and columns, asked for in rising order nearly always.
struct Lines<'a> {
    text: &'a str,
    begins: Vec<usize>,
}

impl<'a> Lines<'a> {
    fn new(text: &'a str) -> Self {
        let begins =
            std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { text, begins }
    }

    fn place(&self, at: usize) -> Place {
        let line = self.begins.partition_point(|begin| *begin <= at);
        let begin = self.begins.get(line.saturating_sub(1)).copied().unwrap_or(0);
        let before = self.text.get(begin..at.min(self.text.len())).unwrap_or_default();
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Place { line: count(line.max(1)), column: count(before.chars().count() + 1) }
    }
}

/// Ten thousand users of a thousand characters, and as much again.
const SIZE_MAX: usize = 20 << 20;
/// The deepest setting of the guide is at four.
const DEPTH_MAX: usize = 16;
/// Ten thousand users of twenty fields, and as much again.
const ELEMENTS_MAX: usize = 400_000;
/// The longest setting of the guide, an LDAP filter, is far below.
const TEXT_MAX: usize = 4096;
/// The longest name of the guide has 35.
const NAME_MAX: usize = 128;
/// Of a foreign name in a message.
const SHOWN_MAX: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn flaw(text: &str) -> String {
        read("x.xml", text).err().map(|flaw| flaw.to_string()).unwrap_or_default()
    }

    #[test]
    fn text_entities_and_sections_are_put_together() {
        let root = read("x", "<a> R&amp;D &#x41;<![CDATA[<b>]]> <c/></a>").map_err(|f| f.what);
        let root = root.unwrap_or_default();
        assert_eq!(root.text, "R&D A<b>");
        assert_eq!(root.children.len(), 1);
    }

    #[test]
    fn what_is_no_xml_is_named_with_its_place() {
        assert!(flaw("<a>\n  <b></c>\n</a>").starts_with("x.xml, line 2, column "));
        assert_eq!(flaw("<a>\n<b>"), "x.xml, line 2, column 4: the file ends within <b>");
        assert_eq!(flaw(""), "x.xml, line 1, column 1: the file holds no element");
        assert_eq!(
            flaw("<a/><b/>").split(": ").last(),
            Some("a second outermost element; a file has one")
        );
        assert!(flaw("<a x='1'/>").ends_with("<a> has an attribute; expected none"));
    }

    #[test]
    fn a_small_file_cannot_unfold_into_a_large_one() {
        assert!(flaw("<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>").contains("document type"));
        assert!(flaw("<a>&x;</a>").contains("&x; is not known"));
        assert!(flaw(&"<a>".repeat(100)).contains("nested deeper than 16"));
        assert!(flaw(&format!("<a>{}</a>", "x".repeat(5000))).contains("longer than 4096"));
    }

    proptest! {
        #[test]
        fn no_text_panics_the_reader(text in "[<>/a-c&;!\\[\\]\"'= \n-]{0,64}") {
            drop(read("x", &text));
        }
    }
}
