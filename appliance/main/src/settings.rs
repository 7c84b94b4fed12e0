//! `appliance config check` and `export FILE`: files of settings, without a server.

use config::{Config, Export, Secrets};
use lexopt::{Arg, Parser, ValueExt};
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

/// What is to be done with a file of settings.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    /// Say whether it can be imported, and what becomes of it.
    Check(PathBuf),
    /// Write it to standard output as we would write it.
    Export(PathBuf, Ours),
}

/// What becomes of the element `<fixpart>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ours {
    /// It is written.
    Written,
    /// It is left out, since no server of the guide knows it.
    LeftOut,
}

/// Reads the words after `config`.
///
/// # Errors
/// What is wrong with them.
pub(crate) fn parse(mut parser: Parser) -> Result<Wish, lexopt::Error> {
    let (mut words, mut ours) = (Vec::new(), Ours::Written);
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Long("guide") => ours = Ours::LeftOut,
            Arg::Value(word) => words.push(word),
            other => return Err(other.unexpected()),
        }
    }
    let [task, file] = <[_; 2]>::try_from(words).map_err(|_| EXPECTED)?;
    match (task.string()?.as_str(), ours) {
        ("check", Ours::Written) => Ok(Wish::Check(file.into())),
        ("export", ours) => Ok(Wish::Export(file.into(), ours)),
        _ => Err(EXPECTED.into()),
    }
}

/// Does it.
///
/// # Errors
/// Everything that is wrong with the file; nothing was written then.
pub(crate) fn obey(wish: &Wish) -> Result<(), String> {
    let (file, text) = match wish {
        Wish::Check(file) => (file, check(file)?),
        Wish::Export(file, ours) => {
            let (config, _) = read(file)?;
            let ours = *ours == Ours::Written;
            (file, config.export(&Export { secrets: Secrets::Clear, ours }))
        }
    };
    let written = io::stdout().lock().write_all(text.as_bytes());
    written.map_err(|error| format!("cannot write what {} holds: {error}", file.display()))
}

/// A line for each thing that is worth to know of the file, and for each setting that is not as by default.
fn check(file: &Path) -> Result<String, String> {
    let (config, notices) = read(file)?;
    let mut text = String::new();
    for notice in notices {
        let _ = writeln!(text, "{}", notice.of(&file.display().to_string()));
    }
    for change in Config::default().difference(&config) {
        let _ = writeln!(text, "{change}");
    }
    Ok(text)
}

fn read(file: &Path) -> Result<(Config, Vec<config::Notice>), String> {
    let mut octets = Vec::new();
    // One octet more than can be imported, so that a file without end is refused and not cut.
    File::open(file)
        .and_then(|opened| opened.take(config::xml::SIZE_MAX as u64 + 1).read_to_end(&mut octets))
        .map_err(|error| format!("cannot read {}: {error}", file.display()))?;
    let read = Config::read_bytes(&file.display().to_string(), &octets);
    read.map_err(|flaws| format!("{flaws}\nnothing of the file can be imported"))
}

/// What can be asked.
const EXPECTED: &str = "expected: config check FILE, config export [--guide] FILE";

/// How it is used.
pub(crate) const USAGE: &str = "  \
  config check FILE                                whether a file of settings can be imported, and what becomes of it
  config export [--guide] FILE                     the file as this server writes it; --guide leaves <fixpart> out";
