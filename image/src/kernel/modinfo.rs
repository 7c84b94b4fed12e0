//! What a module says of itself: the section `.modinfo` of its ELF file.

/// The words that decide in which order modules are loaded.
#[derive(Default)]
pub(super) struct Info {
    /// Modules that have to be there before.
    pub(super) needs: Vec<String>,
    /// Modules, or names they answer to, that had better be there before.
    pub(super) soft: Vec<String>,
    /// Names that it answers to.
    pub(super) aliases: Vec<String>,
}

impl Info {
    /// Reads them; a file that is not of 64-bit little-endian ELF says nothing.
    pub(super) fn of(elf: &[u8]) -> Self {
        let mut info = Self::default();
        for word in section(elf, b".modinfo").unwrap_or_default().split(|byte| *byte == 0) {
            let word = String::from_utf8_lossy(word);
            let Some((key, value)) = word.split_once('=') else { continue };
            match key {
                "depends" => {
                    let names = value.split(',').filter(|name| !name.is_empty());
                    info.needs.extend(names.map(|name| name.replace('-', "_")));
                }
                "softdep" => info.soft.extend(before(value)),
                "alias" => info.aliases.push(value.to_owned()),
                _ => {}
            }
        }
        info
    }
}

/// The names behind `pre:`.
fn before(softdep: &str) -> impl Iterator<Item = String> {
    let words = softdep.split_whitespace().skip_while(|word| *word != "pre:").skip(1);
    words.take_while(|word| *word != "post:").map(str::to_owned)
}

/// A section by its name. Every number in the file may be wrong.
fn section<'a>(elf: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    if !elf.starts_with(b"\x7FELF\x02\x01") {
        return None;
    }
    let headers = number(elf, 0x28, 8)?;
    let (count, names) = (number(elf, 0x3C, 2)?, number(elf, 0x3E, 2)?);
    let header = |index: usize| {
        let from = headers.checked_add(index.checked_mul(HEADER_LEN)?)?;
        elf.get(from..from.checked_add(HEADER_LEN)?)
    };
    let content = |header: &[u8]| {
        let from = number(header, 0x18, 8)?;
        elf.get(from..from.checked_add(number(header, 0x20, 8)?)?)
    };
    let names = content(header(names)?)?;
    let called = |header: &&[u8]| {
        let at = number(header, 0, 4).and_then(|at| names.get(at..)).unwrap_or_default();
        at.strip_prefix(name).is_some_and(|rest| rest.first() == Some(&0))
    };
    (0..count).filter_map(header).find(called).and_then(content)
}

/// A little-endian number.
fn number(bytes: &[u8], at: usize, len: usize) -> Option<usize> {
    let bytes = bytes.get(at..at.checked_add(len)?)?;
    let number = bytes.iter().rev().fold(0u64, |number, byte| number << 8 | u64::from(*byte));
    usize::try_from(number).ok()
}

/// Bytes of a section's header.
const HEADER_LEN: usize = 64;

/// A file of two sections: their names, and these words.
#[cfg(test)]
pub(super) fn elf_with(words: &[&str]) -> Vec<u8> {
    let names = b"\0.shstrtab\0.modinfo\0";
    let words = words.join("\0").into_bytes();
    let mut elf = b"\x7FELF\x02\x01".to_vec();
    elf.resize(0x40, 0);
    let put = |bytes: &mut Vec<u8>, at: usize, value: usize, len: usize| {
        bytes[at..at + len].copy_from_slice(&value.to_le_bytes()[..len]);
    };
    let headers = 0x40 + names.len() + words.len();
    for (at, value, len) in [(0x28, headers, 8), (0x3C, 2, 2), (0x3E, 0, 2)] {
        put(&mut elf, at, value, len);
    }
    elf.extend(names);
    elf.extend(&words);
    for (name, from, len) in [(1, 0x40, names.len()), (11, 0x40 + names.len(), words.len())] {
        let mut header = vec![0; HEADER_LEN];
        put(&mut header, 0, name, 4);
        put(&mut header, 0x18, from, 8);
        put(&mut header, 0x20, len, 8);
        elf.extend(header);
    }
    elf
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn words_are_found() {
        let info = Info::of(&elf_with(&["name=x", "depends=a-b,c", "softdep=pre: d e post: f"]));
        assert_eq!(info.needs, ["a_b", "c"]);
        assert_eq!(info.soft, ["d", "e"]);
    }

    proptest! {
        #[test]
        fn damaged_files_are_read_without_harm(at in 6usize..300, byte: u8) {
            let mut elf = elf_with(&["depends=a,b", "alias=c"]);
            if let Some(place) = elf.get_mut(at) {
                *place = byte;
            }
            Info::of(&elf);
        }
    }
}
