//! The files that keep the log: which one is written, and which one goes.
//!
//! Files are numbered upwards; the highest is written. Room is made before it
//! is needed, so that at no time there is more on the disk than the bounds say.

use std::collections::BTreeMap;

/// How much may be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Octets of one file.
    pub file_octets: u64,
    /// Files.
    pub files: usize,
}

/// One thing to do, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Remove the file of this number.
    Remove(u64),
    /// Make the file of this number, and write there from now on.
    Begin(u64),
}

/// The files as they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shelf {
    bounds: Bounds,
    /// Number and octets.
    files: BTreeMap<u64, u64>,
}

impl Default for Bounds {
    /// Eight files of one MiB: some weeks of a quiet system, an hour of a talkative one.
    fn default() -> Self {
        Self { file_octets: 1024 * 1024, files: 8 }
    }
}

impl Shelf {
    /// A shelf with the files that were found: their numbers and octets.
    #[must_use]
    pub fn new(bounds: Bounds, found: impl IntoIterator<Item = (u64, u64)>) -> Self {
        Self { bounds, files: found.into_iter().collect() }
    }

    /// What must be done before so many octets may be written at the end of [`Shelf::current`], which has then
    /// room for them. More than a file can hold gets a file of its own.
    ///
    /// The steps count as done.
    pub fn prepare(&mut self, octets: u64) -> Vec<Step> {
        let mut steps = Vec::new();
        let current = self.files.last_key_value().map(|(number, length)| (*number, *length));
        let fits = current
            .is_some_and(|(_, length)| length.saturating_add(octets) <= self.bounds.file_octets);
        let fresh = u64::from(!fits);
        let all = self
            .bounds
            .file_octets
            .saturating_mul(u64::try_from(self.bounds.files).unwrap_or(u64::MAX));
        while let Some((oldest, _)) =
            self.files.first_key_value().map(|(number, length)| (*number, *length))
        {
            let count = u64::try_from(self.files.len()).unwrap_or(u64::MAX).saturating_add(fresh);
            let many = count > u64::try_from(self.bounds.files.max(1)).unwrap_or(u64::MAX);
            let much = self.octets().saturating_add(octets) > all;
            // The one that is written stays, if the octets fit into it.
            if !(many || much) || (fits && self.files.len() == 1) {
                break;
            }
            self.files.remove(&oldest);
            steps.push(Step::Remove(oldest));
        }
        if !fits {
            let next = current.map_or(0, |(number, _)| number.saturating_add(1));
            self.files.insert(next, 0);
            steps.push(Step::Begin(next));
        }
        steps
    }

    /// So many octets were written at the end of the current file.
    pub fn wrote(&mut self, octets: u64) {
        if let Some(mut last) = self.files.last_entry() {
            *last.get_mut() = last.get().saturating_add(octets);
        }
    }

    /// The file that is written, if there is one.
    #[must_use]
    pub fn current(&self) -> Option<u64> {
        self.files.last_key_value().map(|(number, _)| *number)
    }

    /// All files, the oldest first.
    #[must_use]
    pub fn numbers(&self) -> impl DoubleEndedIterator<Item = u64> {
        self.files.keys().copied()
    }

    /// Octets of all files.
    #[must_use]
    pub fn octets(&self) -> u64 {
        self.files.values().fold(0, |sum, octets| sum.saturating_add(*octets))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SMALL: Bounds = Bounds { file_octets: 100, files: 3 };

    fn write(shelf: &mut Shelf, octets: u64) -> Vec<Step> {
        let steps = shelf.prepare(octets);
        shelf.wrote(octets);
        steps
    }

    #[test]
    fn a_full_file_is_followed_by_the_next_and_the_oldest_goes() {
        let mut shelf = Shelf::new(SMALL, []);
        assert_eq!(write(&mut shelf, 60), [Step::Begin(0)]);
        assert_eq!(write(&mut shelf, 40), []);
        assert_eq!(write(&mut shelf, 1), [Step::Begin(1)]);
        assert_eq!(write(&mut shelf, 100), [Step::Begin(2)]);
        assert_eq!(write(&mut shelf, 1), [Step::Remove(0), Step::Begin(3)]);
        assert_eq!(shelf.numbers().collect::<Vec<_>>(), [1, 2, 3]);
        assert_eq!(shelf.current(), Some(3));
    }

    #[test]
    fn what_is_found_is_gone_on_with_and_what_is_too_much_goes() {
        let mut shelf = Shelf::new(SMALL, [(7, 10), (5, 100)]);
        assert_eq!(write(&mut shelf, 90), []);
        let mut shelf = Shelf::new(SMALL, (1..=5).map(|number| (number, 50)));
        assert_eq!(write(&mut shelf, 1), [Step::Remove(1), Step::Remove(2)]);
        let mut shelf = Shelf::new(SMALL, [(1, 10_000), (2, 10)]);
        assert_eq!(write(&mut shelf, 1), [Step::Remove(1)]);
        let mut shelf = Shelf::new(SMALL, [(9, 10_000)]);
        assert_eq!(write(&mut shelf, 1), [Step::Remove(9), Step::Begin(10)]);
    }

    proptest! {
        #[test]
        fn there_is_never_more_than_the_bounds_say(
            found in prop::collection::btree_map(0_u64..50, 0_u64..300, 0..8),
            lengths in prop::collection::vec(0_u64..=100, 1..60),
        ) {
            let mut shelf = Shelf::new(SMALL, found);
            for octets in lengths {
                let before: Vec<u64> = shelf.numbers().collect();
                let steps = shelf.prepare(octets);
                for step in steps {
                    match step {
                        Step::Remove(number) => prop_assert!(before.contains(&number)),
                        Step::Begin(number) => prop_assert!(before.iter().all(|old| *old < number)),
                    }
                }
                shelf.wrote(octets);
                prop_assert!(shelf.numbers().count() <= SMALL.files);
                prop_assert!(shelf.octets() <= 300);
            }
        }
    }
}
