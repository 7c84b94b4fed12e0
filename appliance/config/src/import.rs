//! `config.xml`: from a file to settings.
//!
//! What a file says is understood, or kept and listed, or refused: see `docs/decisions/063-what-an-import-does.md`.

mod joint;
mod merge;
mod reading;

use crate::config::Config;
use crate::flaw::{Flaw, Flaws, Notice, Place};
use crate::rules;
use crate::xml;
use reading::Reading;

impl Config {
    /// Reads a settings file in the form of the provisioning guide; `file` is what a flaw calls it.
    ///
    /// The settings are built from the file and from nothing else: what it does not name has its default.
    ///
    /// # Errors
    /// Everything that is wrong with the file, each with its place and what was expected.
    pub fn read(file: &str, text: &str) -> Result<(Self, Vec<Notice>), Flaws> {
        Self::default().import(file, text)
    }

    /// The same from octets in any encoding that the file names.
    ///
    /// # Errors
    /// Everything that is wrong with the file, each with its place and what was expected.
    pub fn read_bytes(file: &str, octets: &[u8]) -> Result<(Self, Vec<Notice>), Flaws> {
        Self::default().import_bytes(file, octets)
    }

    /// The settings that take the place of these when a file is imported. These stay as they are.
    ///
    /// What the file does not name has its default, with four exceptions, each with a notice: without an element
    /// `<fixpart>` what is ours stays as it was; one-way switches stay on; a password with which somebody signs in
    /// stays where the file has none that could be used; other secrets stay where the file has been written without.
    ///
    /// # Errors
    /// Everything that is wrong with the file, each with its place and what was expected.
    pub fn import(&self, file: &str, text: &str) -> Result<(Self, Vec<Notice>), Flaws> {
        let document = xml::document(file, text).map_err(|flaw| Flaws(vec![flaw]))?;
        let mut reading = Reading::new(file);
        reading.document(&document)?;
        joint::complete(&mut reading);
        let Reading { mut config, places, mut notices, mut flaws, .. } = reading;
        if !flaws.is_empty() {
            flaws.sort_by_key(|flaw| flaw.place);
            return Err(Flaws(flaws));
        }
        let ours = document.root.children.iter().any(|child| child.name == crate::export::OURS);
        merge::with(self, &mut config, ours, &mut |path: &str, what: String| {
            notices.push(Notice { place: places.get(path).copied().unwrap_or_default(), what });
        });
        let place = |path: &str| places.get(path).copied().unwrap_or_default();
        for (spec, expected) in rules::broken(&config) {
            let what = format!("{}: expected {expected}", spec.path);
            // One that is in force without standing in the file is shown at its first element.
            let at = places.get(spec.path).copied().unwrap_or(document.root.place);
            flaws.push(Flaw { file: file.to_owned(), place: at, what });
        }
        for (spec, what) in rules::doubtful(&config) {
            notices.push(Notice { place: place(spec.path), what });
        }
        notices.sort_by_key(|notice| notice.place);
        if flaws.is_empty() { Ok((config, notices)) } else { Err(Flaws(flaws)) }
    }

    /// The same from octets in any encoding that the file names.
    ///
    /// # Errors
    /// Everything that is wrong with the file, each with its place and what was expected.
    pub fn import_bytes(&self, file: &str, octets: &[u8]) -> Result<(Self, Vec<Notice>), Flaws> {
        let (text, mut notices) = xml::decode(file, octets).map_err(|flaw| Flaws(vec![flaw]))?;
        let (config, found) = self.import(file, &text)?;
        notices.extend(found);
        Ok((config, notices))
    }
}

/// Where something stands that the file does not have.
const NOWHERE: Place = Place { line: 0, column: 0 };
