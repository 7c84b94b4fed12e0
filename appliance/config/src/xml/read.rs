//! The reader.

use super::{Document, Element};
use crate::flaw::{Flaw, Notice, Place};
use quick_xml::Reader;
use quick_xml::events::{BytesRef, BytesStart, BytesText, Event};
use std::cell::Cell;

/// Reads a document without attributes; `file` is what a flaw calls it.
///
/// # Errors
/// The first thing that is wrong with it as XML, or its first attribute.
pub fn read(file: &str, text: &str) -> Result<Element, Flaw> {
    let root = document(file, text)?.root;
    let mut waiting = vec![&root];
    while let Some(element) = waiting.pop() {
        if !element.attributes.is_empty() {
            let what = format!("<{}> has an attribute; expected none", element.name);
            return Err(Flaw { file: file.to_owned(), place: element.place, what });
        }
        waiting.extend(element.children.iter().rev());
    }
    Ok(root)
}

/// Reads a document; `file` is what a flaw calls it.
///
/// # Errors
/// The first thing that is wrong with it as XML.
pub fn document(file: &str, text: &str) -> Result<Document, Flaw> {
    parse(file, text, None)
}

/// Reads a document of which `take` is given each element of the outermost one, and that one as it began, as soon as
/// the element is whole: what comes after it may still be wrong. The root that is returned has no children.
///
/// # Errors
/// The first thing that is wrong with it as XML.
pub fn document_in_parts(
    file: &str,
    text: &str,
    mut take: impl FnMut(&Element, &Element),
) -> Result<Document, Flaw> {
    parse(file, text, Some(&mut take))
}

fn parse<'a>(file: &str, text: &'a str, take: Option<Take<'a>>) -> Result<Document, Flaw> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.len() > SIZE_MAX {
        let what = too_large();
        return Err(Flaw { file: file.to_owned(), place: Place { line: 1, column: 1 }, what });
    }
    let mut tree = Tree {
        open: Vec::new(),
        root: None,
        elements: 0,
        lines: Lines::new(text),
        left_out: LeftOut::default(),
        take,
        taken: false,
        spare: Vec::new(),
    };
    let root = tree.read(text).map_err(|(at, what)| Flaw {
        file: file.to_owned(),
        place: tree.lines.place(at),
        what,
    })?;
    let left_out = tree.left_out.notices(&tree.lines);
    Ok(Document { root, left_out })
}

pub(super) fn too_large() -> String {
    format!("the file is larger than {} MiB", SIZE_MAX >> 20)
}

/// What stands in the file outside of elements: how often, and the offset of the first.
#[derive(Default)]
struct LeftOut {
    comments: Option<(usize, u32)>,
    instructions: Option<(usize, u32)>,
    doctype: Option<(usize, u32)>,
    blanks: Option<(usize, u32)>,
}

impl LeftOut {
    fn count(slot: &mut Option<(usize, u32)>, at: usize) {
        slot.get_or_insert((at, 0)).1 += 1;
    }

    fn notices(&self, lines: &Lines<'_>) -> Vec<Notice> {
        [
            (self.comments, "comment(s) are not kept"),
            (self.instructions, "processing instruction(s) are not kept"),
            (self.doctype, "document type is not kept and nothing it names is fetched"),
            (self.blanks, "value(s) have blanks at an end, which are not kept"),
        ]
        .into_iter()
        .filter_map(|(slot, what)| slot.map(|(at, count)| (at, format!("{count} {what}"))))
        .map(|(at, what)| Notice { place: lines.place(at), what })
        .collect()
    }
}

/// Is given an element, and the outermost one that it stands in.
type Take<'a> = &'a mut dyn FnMut(&Element, &Element);

/// Octet offset and what is wrong there.
type Wrong = (usize, String);

struct Tree<'a> {
    open: Vec<Element>,
    root: Option<Element>,
    elements: usize,
    lines: Lines<'a>,
    left_out: LeftOut,
    /// Who is given the elements of the outermost one.
    take: Option<Take<'a>>,
    /// One was taken.
    taken: bool,
    /// Elements that were taken, to be filled again: there are a hundred thousand in a list of users.
    spare: Vec<Element>,
}

impl Tree<'_> {
    fn read(&mut self, text: &str) -> Result<Element, Wrong> {
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
                    self.end(at);
                }
                Event::End(_) => self.end(at),
                Event::Text(part) => self.between(at, &part.xml10_content())?,
                Event::CData(part) => self.text(at, &part.xml10_content())?,
                Event::GeneralRef(entity) => self.entity(at, &entity)?,
                Event::DocType(kind) => self.document_type(at, &kind)?,
                Event::Decl(_) => {}
                Event::PI(_) => LeftOut::count(&mut self.left_out.instructions, at),
                Event::Comment(_) => LeftOut::count(&mut self.left_out.comments, at),
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
        let tag_name = tag.name();
        let name = name(at, tag_name.as_ref())?;
        let mut element = self.spare.pop().unwrap_or_default();
        element.clear();
        element.name.push_str(name);
        let attributes = &mut element.attributes;
        for attribute in tag.attributes() {
            let attribute = attribute.map_err(|error| (at, format!("no XML: {error}")))?;
            if attributes.len() >= ATTRIBUTES_MAX {
                return Err((at, format!("<{name}> has more than {ATTRIBUTES_MAX} attributes")));
            }
            let value = attribute.normalized_value(quick_xml::XmlVersion::Implicit1_0);
            let value = value.map_err(|error| (at, format!("no XML: {error}")))?;
            attributes.push((
                self::name(at, attribute.key.as_ref())?.to_owned(),
                sound(at, &value)?.to_owned(),
            ));
        }
        element.place = self.lines.place(at);
        self.open.push(element);
        Ok(())
    }

    /// One that only names the kind of document is passed over; one that declares something is refused.
    fn document_type(&mut self, at: usize, kind: &BytesText<'_>) -> Result<(), Wrong> {
        if kind.contains('[') {
            return Err((
                at,
                "a document type with declarations is not accepted; remove it".into(),
            ));
        }
        LeftOut::count(&mut self.left_out.doctype, at);
        Ok(())
    }

    fn end(&mut self, at: usize) {
        // The reader has checked that the names match, so something is open.
        let Some(mut element) = self.open.pop() else { return };
        let trimmed = element.text.trim();
        if trimmed.len() < element.text.len() {
            if !trimmed.is_empty() && !element.text.contains('\n') {
                LeftOut::count(&mut self.left_out.blanks, at);
            }
            let blanks = element.text.len() - element.text.trim_start().len();
            element.text.truncate(element.text.trim_end().len());
            element.text.drain(..blanks);
        }
        match (self.open.as_mut_slice(), &mut self.take) {
            ([root], Some(take)) => {
                take(root, &element);
                self.taken = true;
                if self.spare.len() < SPARE_MAX {
                    self.spare.append(&mut element.children);
                    self.spare.push(element);
                }
            }
            ([.., parent], _) => parent.children.push(element),
            ([], _) => self.root = Some(element),
        }
    }

    /// Text between tags; the white space between elements is none, however many there are.
    fn between(&mut self, at: usize, part: &str) -> Result<(), Wrong> {
        let taken = self.taken && self.open.len() == 1;
        let layout = |it: &Element| it.text.is_empty() || !it.children.is_empty() || taken;
        if part.trim().is_empty() && self.open.last().is_some_and(layout) {
            return Ok(());
        }
        self.text(at, part)
    }

    fn text(&mut self, at: usize, part: &str) -> Result<(), Wrong> {
        let part = sound(at, part)?;
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

/// A name that can be written again.
fn name(at: usize, name: &str) -> Result<&str, Wrong> {
    if name.len() > NAME_MAX {
        return Err((at, format!("a name of more than {NAME_MAX} characters")));
    }
    let begins = name.starts_with(|letter: char| letter.is_alphabetic() || "_:".contains(letter));
    if begins && name.chars().all(|letter| letter.is_alphanumeric() || "_:.-".contains(letter)) {
        Ok(name)
    } else {
        Err((at, format!("no XML: {:?} is no name", short(name))))
    }
}

/// Text without characters that XML cannot hold (XML 1.0 clause 2.2).
fn sound(at: usize, text: &str) -> Result<&str, Wrong> {
    let odd = |letter: &char| {
        letter.is_ascii_control() && !matches!(letter, '\n' | '\t' | '\r')
            || matches!(letter, '\u{fffe}' | '\u{ffff}')
    };
    match text.chars().find(odd) {
        None => Ok(text),
        Some(letter) => Err((at, format!("no XML: the character U+{:04X}", u32::from(letter)))),
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
    /// The line that was asked for last.
    last: Cell<usize>,
}

impl<'a> Lines<'a> {
    fn new(text: &'a str) -> Self {
        let begins =
            std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { text, begins, last: Cell::new(0) }
    }

    fn place(&self, at: usize) -> Place {
        let (before, after) = self.begins.split_at(self.last.get().min(self.begins.len()));
        let near = after.iter().take(NEAR).position(|begin| *begin > at);
        let line = match near {
            Some(near) if before.last().is_none_or(|begin| *begin <= at) => before.len() + near,
            _ => self.begins.partition_point(|begin| *begin <= at),
        };
        self.last.set(line);
        let begin = self.begins.get(line.saturating_sub(1)).copied().unwrap_or(0);
        let before = self.text.get(begin..at.min(self.text.len())).unwrap_or_default();
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Place { line: count(line.max(1)), column: count(before.chars().count() + 1) }
    }
}

/// Elements that are kept to be filled again: more than a user has fields.
const SPARE_MAX: usize = 64;
/// Lines after the one that was asked for last, among which the next is looked for first.
const NEAR: usize = 4;
/// The largest file that is read: ten thousand users of a thousand characters, and as much again.
pub const SIZE_MAX: usize = 20 << 20;
/// The deepest setting of the guide is at four.
const DEPTH_MAX: usize = 16;
/// Ten thousand users of twenty fields, and as much again.
const ELEMENTS_MAX: usize = 400_000;
/// A bundle of certificates; the longest setting of the guide, a list of licence keys, is far below.
const TEXT_MAX: usize = 65_536;
/// No file of a server was ever seen with one.
const ATTRIBUTES_MAX: usize = 16;
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
        assert!(flaw("<!DOCTYPE a SYSTEM 'http://192.0.2.1/a.dtd'><a>&x;</a>").contains("&x;"));
        assert!(flaw("<a>&x;</a>").contains("&x; is not known"));
        assert!(flaw(&"<a>".repeat(100)).contains("nested deeper than 16"));
        assert!(flaw(&format!("<a>{}</a>", "x".repeat(70_000))).contains("longer than 65536"));
    }

    #[test]
    fn what_cannot_be_written_again_is_no_xml() {
        for text in
            ["<a/b></a/b>", "<1a/>", "<a>\u{1}</a>", "<a>&#1;</a>", "<a b='&#2;'/>", "<a \"/>"]
        {
            assert!(flaw(text).contains("no XML"), "{text}: {}", flaw(text));
        }
    }

    #[test]
    fn attributes_are_read_and_what_is_left_out_is_counted() {
        let text = "<!DOCTYPE a SYSTEM 'a.dtd'><!-- one --><a v='1 &lt; 2'>\n<?pi x?><b> x </b><!-- two --></a>";
        let read = document("x", text).unwrap_or_default();
        assert_eq!(read.root.attributes, [("v".to_owned(), "1 < 2".to_owned())]);
        let notices: Vec<&str> = read.left_out.iter().map(|notice| &*notice.what).collect();
        assert_eq!(
            notices,
            [
                "2 comment(s) are not kept",
                "1 processing instruction(s) are not kept",
                "1 document type is not kept and nothing it names is fetched",
                "1 value(s) have blanks at an end, which are not kept",
            ]
        );
        assert_eq!(read.left_out[1].place, Place { line: 2, column: 1 });
    }

    proptest! {
        #[test]
        fn no_text_panics_the_reader(text in "[<>/a-c&;!\\[\\]\"'= \n-]{0,64}") {
            drop(read("x", &text));
        }
    }
}
