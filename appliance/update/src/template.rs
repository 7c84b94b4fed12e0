//! An empty file system in a file: what a factory reset writes, as there is no mkfs on the box.
//!
//! The image tool makes a small ext4 and keeps the blocks in which anything stands. Whoever writes it writes all
//! [`Template::len`] bytes, with zeros between the pieces (a new inode table has to be empty), and then lets the kernel
//! grow it to the size of the partition.

/// Bytes that a template may describe; more than any that is made, so that a damaged one cannot ask for a disk full.
pub const LEN_MAX: u64 = 64 * 1024 * 1024;

/// A template that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template<'a> {
    len: u64,
    pieces: Vec<(u64, &'a [u8])>,
}

/// A file that is no template.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the template of the file system is damaged")]
pub struct Damaged;

impl<'a> Template<'a> {
    /// Finds the pieces in the image of a file system.
    #[must_use]
    pub fn of_image(image: &'a [u8]) -> Self {
        let mut pieces: Vec<(u64, &[u8])> = Vec::new();
        let mut begun = None;
        for (index, block) in image.chunks(BLOCK).enumerate() {
            let from = index * BLOCK;
            match (begun, block.iter().any(|byte| *byte != 0)) {
                (None, true) => begun = Some(from),
                (Some(first), false) => {
                    pieces.push((first as u64, &image[first..from]));
                    begun = None;
                }
                _ => {}
            }
        }
        pieces.extend(begun.map(|first| (first as u64, &image[first..])));
        Self { len: image.len() as u64, pieces }
    }

    /// Reads a file.
    ///
    /// # Errors
    /// When it is not one that [`Template::encode`] has made.
    pub fn parse(mut bytes: &'a [u8]) -> Result<Self, Damaged> {
        if take(&mut bytes, MAGIC.len())? != MAGIC {
            return Err(Damaged);
        }
        let len = take_number(&mut bytes)?;
        let mut pieces = Vec::new();
        let mut free = 0;
        while !bytes.is_empty() {
            let (from, size) = (take_number(&mut bytes)?, take_number(&mut bytes)?);
            let piece = take(&mut bytes, usize::try_from(size).map_err(|_| Damaged)?)?;
            let end = from.checked_add(size).ok_or(Damaged)?;
            if from < free || end > len || size == 0 {
                return Err(Damaged);
            }
            pieces.push((from, piece));
            free = end;
        }
        if len > LEN_MAX || pieces.is_empty() {
            return Err(Damaged);
        }
        Ok(Self { len, pieces })
    }

    /// The file.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend(self.len.to_le_bytes());
        for (from, piece) in &self.pieces {
            bytes.extend(from.to_le_bytes());
            bytes.extend((piece.len() as u64).to_le_bytes());
            bytes.extend(*piece);
        }
        bytes
    }

    /// How many bytes it describes, from the beginning of the partition.
    #[must_use]
    pub const fn len(&self) -> u64 {
        self.len
    }

    /// It describes nothing: none that was read does.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Puts what belongs at `from` into `buffer`, zeros where nothing stands.
    pub fn fill(&self, from: u64, buffer: &mut [u8]) {
        buffer.fill(0);
        let end = from.saturating_add(buffer.len() as u64);
        for (at, piece) in &self.pieces {
            // Both are inside the piece and inside the buffer, as far as they overlap at all.
            let (first, last) = (from.max(*at), end.min(at + piece.len() as u64));
            if first < last {
                let inside =
                    |place: u64, base: u64| usize::try_from(place - base).unwrap_or(usize::MAX);
                let part = &piece[inside(first, *at)..inside(last, *at)];
                buffer[inside(first, from)..inside(last, from)].copy_from_slice(part);
            }
        }
    }
}

fn take<'a>(bytes: &mut &'a [u8], len: usize) -> Result<&'a [u8], Damaged> {
    let (taken, rest) = bytes.split_at_checked(len).ok_or(Damaged)?;
    *bytes = rest;
    Ok(taken)
}

fn take_number(bytes: &mut &[u8]) -> Result<u64, Damaged> {
    let mut number = [0; 8];
    number.copy_from_slice(take(bytes, 8)?);
    Ok(u64::from_le_bytes(number))
}

const MAGIC: &[u8] = b"fixpart empty fs 1\n";
/// Pieces begin and end at blocks of the file system.
const BLOCK: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn image() -> Vec<u8> {
        let mut image = vec![0; 10 * BLOCK];
        image[BLOCK + 7] = 1;
        image[2 * BLOCK] = 2;
        image[10 * BLOCK - 1] = 3;
        image
    }

    #[test]
    fn what_was_kept_is_the_image_again() {
        let image = image();
        let file = Template::of_image(&image).encode();
        assert!(file.len() < 4 * BLOCK);
        let template = Template::parse(&file).unwrap();
        assert_eq!(template.len(), image.len() as u64);
        for step in [512, 4096, 5000, 40_960] {
            let mut written = Vec::new();
            for from in (0..image.len()).step_by(step) {
                let mut buffer = vec![0xFF; step.min(image.len() - from)];
                template.fill(from as u64, &mut buffer);
                written.extend(buffer);
            }
            assert_eq!(written, image);
        }
    }

    #[test]
    fn pieces_outside_of_the_image_are_refused() {
        let image = image();
        let good = Template::of_image(&image);
        let damaged = |change: fn(&mut Template<'_>)| {
            let mut template = good.clone();
            change(&mut template);
            Template::parse(&template.encode()) == Err(Damaged)
        };
        assert!(damaged(|template| template.len = LEN_MAX + 1));
        assert!(damaged(|template| template.len -= 1));
        assert!(damaged(|template| template.pieces[1].0 = 0));
        assert!(damaged(|template| template.pieces[1].0 = u64::MAX));
        assert!(damaged(|template| template.pieces.clear()));
        assert!(damaged(|template| template.pieces[0].1 = &[]));
        assert!(!damaged(|_| ()));
    }

    proptest! {
        #[test]
        fn foreign_bytes_do_no_harm(at in 0usize..19 + 24, byte: u8, cut in 0usize..9000) {
            let image = image();
            let mut file = Template::of_image(&image).encode();
            file[at] = byte;
            file.truncate(file.len().min(cut));
            if let Ok(template) = Template::parse(&file) {
                template.fill(u64::MAX - 3, &mut [0; 8]);
            }
        }
    }
}
