//! The name of our engine, and how often it has begun: kept where no power cut takes it back.
//!
//! A counter that went back would let old messages be answered once more. So
//! name and counter stand in one file: where that is lost there is a new name,
//! for which no old message was made.

use lan::snmp::Engine;
use lan::snmp::usm::{BOOTS_MAX, Clock};
use machine::Rng;
use std::fmt::Write as _;
use std::io;
use std::path::Path;
use std::time::Instant;
use store::{Disk, write_durably};

/// An engine that has begun once more.
#[derive(Debug)]
pub(super) struct Named(Engine);

impl Named {
    /// Begins it; the counter is on the disk before this returns.
    ///
    /// # Errors
    /// In a sentence for a person; there is no version 3 then.
    pub(super) fn begin(folder: &Path, random: &mut dyn Rng) -> Result<Self, String> {
        let path = folder.join(FILE);
        let failed = |error: io::Error| {
            format!("SNMPv3 is not served, since {} cannot be written: {error}", path.display())
        };
        let known = match std::fs::read_to_string(&path) {
            Ok(text) => read(&text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(failed(error)),
        };
        let known = known.filter(|(_, boots)| *boots < BOOTS_MAX - 1);
        let (id, boots) = known.unwrap_or_else(|| (fresh(random), 0));
        let boots = boots + 1;
        let text = format!("{} {boots}\n", hex(&id));
        write_durably(&mut Disk, &path, text.as_bytes()).map_err(failed)?;
        Ok(Self(Engine { id, clock: Clock { boots, begun: Instant::now() } }))
    }

    pub(super) fn engine(&self) -> Engine {
        self.0.clone()
    }
}

/// A name that nobody has (RFC 3411 5, SnmpEngineID): of the enterprise whose place for trials we use, octets of our own
/// choice.
fn fresh(random: &mut dyn Rng) -> Vec<u8> {
    let mut own = [0; 8];
    random.fill(&mut own);
    NET_SNMP.into_iter().chain([OCTETS]).chain(own).collect()
}

fn read(text: &str) -> Option<(Vec<u8>, i32)> {
    let (id, boots) = text.trim_end().split_once(' ')?;
    let digits = |at: usize| u8::from_str_radix(id.get(at..at + 2)?, 16).ok();
    let id: Vec<u8> = (0..id.len()).step_by(2).map(digits).collect::<Option<_>>()?;
    let boots = boots.parse().ok().filter(|boots| *boots > 0)?;
    (5..=32).contains(&id.len()).then_some((id, boots))
}

fn hex(octets: &[u8]) -> String {
    octets.iter().fold(String::new(), |mut text, octet| {
        // A String takes everything.
        let _ = write!(text, "{octet:02x}");
        text
    })
}

/// In the folder of the role.
const FILE: &str = "snmp-engine";
/// The enterprise 8072, with the bit that says that the rest follows RFC 3411.
const NET_SNMP: [u8; 4] = [0x80, 0, 0x1F, 0x88];
/// The format of a name of octets.
const OCTETS: u8 = 5;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::OsRandom;

    #[test]
    fn an_engine_keeps_its_name_and_counts_its_beginnings() {
        let folder = tempfile::tempdir().unwrap();
        let begin = || Named::begin(folder.path(), &mut OsRandom).unwrap().engine();
        let first = begin();
        assert_eq!((first.id.len(), first.clock.boots), (13, 1));
        let again = begin();
        assert_eq!((again.id == first.id, again.clock.boots), (true, 2));
    }

    #[test]
    fn one_whose_counter_is_lost_damaged_or_at_its_end_gets_another_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        let begin = || Named::begin(folder.path(), &mut OsRandom).unwrap().engine();
        let first = begin();
        for damage in ["", "nonsense", "80001f8805 0", "80001f88ä5 3", "80001f8805 2147483646"] {
            std::fs::write(&path, damage).unwrap();
            let next = begin();
            assert!(next.id != first.id && next.clock.boots == 1, "{damage}");
        }
        std::fs::remove_file(&path).unwrap();
        assert_ne!(begin().id, first.id);
    }

    #[test]
    fn where_nothing_can_be_kept_there_is_no_engine() {
        let why = Named::begin("/nowhere/at/all".as_ref(), &mut OsRandom).unwrap_err();
        assert!(why.contains("/nowhere/at/all/snmp-engine"), "{why}");
    }
}
