//! The log of a database's file (SQLite's write-ahead log): whether changes stand in it that were kept and cannot be read.
//!
//! SQLite reads a log up to the first frame whose sum is wrong, and takes that for the end: a power cut leaves the last
//! change so. But a change is written when the one before it is on the disk. Where a frame is broken and behind the end
//! of its change there is a sound one, that end was on the disk once, so the disk has lost something.
//!
//! The form is that of <https://www.sqlite.org/fileformat2.html#walformat>.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

/// How many changes of the log were kept, and are not read any more; the last one cannot be told from one that a power
/// cut has broken off. Without a log, or with one whose head does not hold, there are none.
pub(super) fn lost(path: &Path) -> io::Result<u64> {
    match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
        file => count(&mut BufReader::new(file?)),
    }
}

fn count(log: &mut impl Read) -> io::Result<u64> {
    let mut head = [0; HEAD];
    if !filled(log, &mut head)? {
        return Ok(0);
    }
    let Some(form) = Form::read(&head) else { return Ok(0) };
    // The sum of the frame before, as it stands there.
    let mut before = pair(&head, 24);
    let mut frame = vec![0; FRAME_HEAD + form.page];
    let (mut broken, mut ends, mut lost) = (false, 0, 0);
    while filled(log, &mut frame)? {
        let own = pair(&frame, 16);
        // What is left of an earlier use of the file has another salt.
        let ours = pair(&frame, 8) == form.salt;
        let sound = ours && form.sum_of(&frame, before) == own;
        // The last frame of a change says how large the file is with it.
        let end = u64::from(ours && pair(&frame, 0).1 != 0);
        match (broken, sound) {
            (false, true) | (true, false) => {}
            (false, false) => (broken, ends) = (true, end),
            (true, true) => {
                // Whatever had ended before it was on the disk before it.
                lost = ends;
                ends += end;
            }
        }
        before = own;
    }
    Ok(lost)
}

/// What the head of a log says of its frames.
struct Form {
    /// Octets of a page.
    page: usize,
    salt: (u32, u32),
    /// How sums read the octets.
    word: fn([u8; 4]) -> u32,
}

impl Form {
    fn read(head: &[u8; HEAD]) -> Option<Self> {
        let (magic, version) = pair(head, 0);
        let word = match magic {
            LITTLE => u32::from_le_bytes,
            BIG => u32::from_be_bytes,
            _ => return None,
        };
        let page = usize::try_from(pair(head, 8).0).ok()?;
        let form = Self { page, salt: pair(head, 16), word };
        let sound = form.sum((0, 0), head.get(..24)?) == pair(head, 24);
        let known = version == VERSION && PAGES.contains(&page) && page.is_power_of_two();
        (sound && known).then_some(form)
    }

    /// The sum of a frame behind one with the sum `before`.
    fn sum_of(&self, frame: &[u8], before: (u32, u32)) -> (u32, u32) {
        let sum = self.sum(before, frame.get(..8).unwrap_or_default());
        self.sum(sum, frame.get(FRAME_HEAD..).unwrap_or_default())
    }

    fn sum(&self, (mut first, mut second): (u32, u32), octets: &[u8]) -> (u32, u32) {
        let words = octets.as_chunks::<4>().0.iter().map(|word| (self.word)(*word));
        for (nth, word) in words.enumerate() {
            if nth % 2 == 0 {
                first = first.wrapping_add(word).wrapping_add(second);
            } else {
                second = second.wrapping_add(word).wrapping_add(first);
            }
        }
        (first, second)
    }
}

/// Two numbers as they stand at this place; 0 where the octets are too few.
fn pair(octets: &[u8], at: usize) -> (u32, u32) {
    let number = |at: usize| {
        let word = octets.get(at..).and_then(|rest| rest.first_chunk()).copied();
        u32::from_be_bytes(word.unwrap_or_default())
    };
    (number(at), number(at + 4))
}

/// Fills the buffer; whether there was enough to do so.
fn filled(log: &mut impl Read, buffer: &mut [u8]) -> io::Result<bool> {
    match log.read_exact(buffer) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        read => read.map(|()| true),
    }
}

/// Octets before the first frame.
const HEAD: usize = 32;
/// Octets of a frame before its page.
const FRAME_HEAD: usize = 24;
/// The first number of a log whose sums are those of a little-endian machine, and of a big-endian one.
const LITTLE: u32 = 0x377f_0682;
const BIG: u32 = 0x377f_0683;
/// The second number.
const VERSION: u32 = 3_007_000;
/// What SQLite allows.
const PAGES: std::ops::RangeInclusive<usize> = 512..=65_536;

#[cfg(test)]
mod tests;
