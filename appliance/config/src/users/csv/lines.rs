//! Lines and cells, and where they stand.

use crate::flaw::Place;
use csv::{ReaderBuilder, StringRecord, Writer};

/// The cells of a line, without the white space around them, each with its place.
pub(in crate::users) struct Line(pub(in crate::users) Vec<(String, Place)>);

impl Line {
    /// Where it begins.
    pub(in crate::users) fn place(&self) -> Place {
        self.0.first().map(|(_, place)| *place).unwrap_or_default()
    }
}

/// The lines of a table.
pub(in crate::users) struct Lines<'a> {
    text: &'a str,
    reader: csv::Reader<&'a [u8]>,
    separator: char,
    /// The number of the line that begins at the octet.
    at: (usize, u32),
}

impl<'a> Lines<'a> {
    /// The lines of a text; those without anything in them are passed over.
    pub(in crate::users) fn new(text: &'a str) -> Result<Self, (Place, String)> {
        let top = Place { line: 1, column: 1 };
        if text.len() > SIZE_MAX {
            return Err((top, format!("the file is larger than {} MiB", SIZE_MAX >> 20)));
        }
        let separator = separator(text);
        let long = |(_, line): &(usize, &str)| line.matches(separator).count() > SEPARATORS_MAX;
        if let Some((nth, _)) = text.lines().enumerate().find(long) {
            let place = Place { line: count(nth + 1), ..top };
            return Err((place, format!("more than {SEPARATORS_MAX} cells in a line")));
        }
        let reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(u8::try_from(separator).unwrap_or(b','))
            .from_reader(text.as_bytes());
        Ok(Self { text, reader, separator, at: (0, 1) })
    }

    /// Where the line begins that was read from this octet on: empty lines before it are passed over.
    fn begin(&mut self, from: usize) -> usize {
        let (at, line) = self.at;
        let rest = self.text.get(from..).unwrap_or_default();
        let begin = self.text.len() - rest.trim_start_matches(['\r', '\n']).len();
        let passed = self.text.get(at..begin).unwrap_or_default();
        self.at = (begin, line.saturating_add(count(breaks(passed))));
        begin
    }

    fn places(&self, begin: usize) -> Vec<Place> {
        let mut place = Place { line: self.at.1, column: 1 };
        let (mut places, mut quoted, mut fresh) = (vec![place], false, true);
        let mut letters = self.text.get(begin..).unwrap_or_default().chars().peekable();
        while let Some(letter) = letters.next() {
            let returned = letter == '\r' && letters.peek() != Some(&'\n');
            place.column = place.column.saturating_add(1);
            if letter == '"' && (fresh || quoted) {
                // Two quotes within quotes stand for one: the second opens again.
                quoted = !quoted;
                fresh = !quoted;
                continue;
            }
            let ends = letter == '\n' || returned;
            if ends && !quoted {
                break;
            }
            if ends {
                place = Place { line: place.line.saturating_add(1), column: 1 };
            }
            fresh = letter == self.separator && !quoted;
            if fresh {
                places.push(place);
            }
        }
        places
    }
}

impl Iterator for Lines<'_> {
    type Item = Line;

    fn next(&mut self) -> Option<Line> {
        let mut record = StringRecord::new();
        let from = usize::try_from(self.reader.position().byte()).ok()?;
        // The text is UTF-8 and lines may differ in length, so there is nothing that it could refuse.
        self.reader.read_record(&mut record).ok().filter(|more| *more)?;
        let begin = self.begin(from);
        let places = self.places(begin);
        let place = |nth: usize| places.get(nth).or(places.last()).copied().unwrap_or_default();
        let cell = |(nth, text): (usize, &str)| (text.trim().to_owned(), place(nth));
        Some(Line(record.iter().enumerate().map(cell).collect()))
    }
}

/// The table of these names and rows.
pub(in crate::users) fn write(names: Vec<&str>, rows: impl Iterator<Item = Vec<String>>) -> String {
    let mut writer = Writer::from_writer(Vec::new());
    let names = names.into_iter().map(str::to_owned).collect();
    for row in std::iter::once(names).chain(rows) {
        // A vector takes what is written, and each row has as many cells as there are names.
        drop(writer.write_record(row));
    }
    writer.into_inner().ok().and_then(|octets| String::from_utf8(octets).ok()).unwrap_or_default()
}

/// Of the usual separators the one that the first line with anything in it has most of.
fn separator(text: &str) -> char {
    let line = text.lines().find(|line| !line.is_empty()).unwrap_or_default();
    let count = |separator: &char| line.matches(*separator).count();
    [';', '\t', ','].into_iter().max_by_key(count).unwrap_or(',')
}

fn breaks(text: &str) -> usize {
    let pairs = text.matches("\r\n").count();
    text.matches(['\r', '\n']).count() - pairs
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// As much as the XML reader takes.
const SIZE_MAX: usize = 20 << 20;
/// There are fewer than thirty fields; a cell in quotes may hold separators, too.
const SEPARATORS_MAX: usize = 4096;
