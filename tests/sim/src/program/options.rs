//! How the simulator is started.

use crate::pp::Dialling;
use dect::rfp::enrol::TokenText;
use ident::{Ipei, Mac};
use lexopt::prelude::{Long, Value, ValueExt as _};
use std::ffi::OsString;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

/// Everything that can be said on the command line.
pub struct Options {
    /// The server.
    pub server: SocketAddr,
    /// Where base stations keep their certificates and keys; nowhere without it.
    pub state: Option<PathBuf>,
    /// The base stations.
    pub bases: Vec<BaseOptions>,
    /// The handsets.
    pub handsets: Vec<Ipei>,
    /// How they send numbers.
    pub dialling: Dialling,
    /// Commands to begin with.
    pub commands: Option<PathBuf>,
    /// Commands are taken from the standard input.
    pub prompt: bool,
    /// Events are printed as JSON.
    pub json: bool,
}

/// One base station.
pub struct BaseOptions {
    /// Which one.
    pub mac: Mac,
    /// Its address, among ours; needed where more than one is on this machine, since they use the same ports.
    pub address: Option<IpAddr>,
    /// What it enrols with.
    pub token: Option<TokenText>,
    /// It goes in at the Blowfish door, which is at this port of the server.
    pub blowfish: Option<u16>,
}

/// The command line is not understood.
#[derive(Debug, thiserror::Error)]
pub enum BadOptions {
    /// An option, or its value.
    #[error("{0}\n\n{USAGE}")]
    Option(#[from] lexopt::Error),
    /// Something that belongs to a base station stands before the first one.
    #[error("{0} stands before the --base it belongs to\n\n{USAGE}")]
    NoBase(&'static str),
    /// Help was asked for.
    #[error("{USAGE}")]
    Help,
}

impl Options {
    /// Reads the command line, the program's name left out.
    ///
    /// # Errors
    /// [`BadOptions`], which print how the program is used.
    pub fn parse(words: impl IntoIterator<Item = OsString>) -> Result<Self, BadOptions> {
        let mut options = Self {
            server: SocketAddr::from(([127, 0, 0, 1], SERVER_PORT)),
            state: None,
            bases: Vec::new(),
            handsets: Vec::new(),
            dialling: Dialling::Overlap,
            commands: None,
            prompt: false,
            json: false,
        };
        let mut parser = lexopt::Parser::from_args(words);
        while let Some(word) = parser.next()? {
            match word {
                Long("server") => options.server = parser.value()?.parse()?,
                Long("state") => options.state = Some(parser.value()?.into()),
                Long("base") => options.bases.push(parser.value()?.parse_with(base)?),
                Long("token") => {
                    let token = TokenText::new(&parser.value()?.string()?);
                    options.last_base("--token")?.token = Some(token);
                }
                Long("blowfish") => {
                    let port = parser.value()?.parse()?;
                    options.last_base("--blowfish")?.blowfish = Some(port);
                }
                Long("handset") => options.handsets.push(parser.value()?.parse()?),
                Long("dialling") => options.dialling = parser.value()?.parse_with(dialling)?,
                Long("commands") => options.commands = Some(parser.value()?.into()),
                Long("prompt") => options.prompt = true,
                Long("json") => options.json = true,
                Long("help") => return Err(BadOptions::Help),
                Value(_) | Long(_) | lexopt::Arg::Short(_) => {
                    return Err(word.unexpected().into());
                }
            }
        }
        options.prompt |= options.commands.is_none();
        Ok(options.filled())
    }

    fn last_base(&mut self, option: &'static str) -> Result<&mut BaseOptions, BadOptions> {
        self.bases.last_mut().ok_or(BadOptions::NoBase(option))
    }

    /// Two base stations and three handsets where none are named.
    fn filled(mut self) -> Self {
        if self.bases.is_empty() {
            let local = self.server.ip().is_loopback() && self.server.is_ipv4();
            self.bases = (1..=2_u8)
                .map(|number| BaseOptions {
                    mac: Mac([2, 0, 0, 0, 0, number]),
                    address: local.then(|| IpAddr::from([127, 0, 1, number])),
                    token: None,
                    blowfish: None,
                })
                .collect();
        }
        if self.handsets.is_empty() {
            self.handsets = (1..=3).filter_map(|psn| Ipei::new(SIMULATED_EMC, psn)).collect();
        }
        self
    }
}

/// `MAC` or `MAC@ADDRESS`.
fn base(text: &str) -> Result<BaseOptions, String> {
    let (mac, address) = match text.split_once('@') {
        Some((mac, address)) => (mac, Some(address)),
        None => (text, None),
    };
    let mac = mac.parse().map_err(|error: ident::BadMac| error.to_string())?;
    let address = address.map(str::parse).transpose().map_err(|_| "no IP address after the @")?;
    Ok(BaseOptions { mac, address, token: None, blowfish: None })
}

fn dialling(text: &str) -> Result<Dialling, &'static str> {
    match text {
        "overlap" => Ok(Dialling::Overlap),
        "at-once" => Ok(Dialling::AtOnce),
        "en-bloc" => Ok(Dialling::EnBloc),
        _ => Err("expected overlap, at-once or en-bloc"),
    }
}

/// The TLS door.
const SERVER_PORT: u16 = 16_322;
/// Manufacturer of the handsets that are not named.
const SIMULATED_EMC: u16 = 77;

const USAGE: &str = "\
usage: simulator [OPTION...]
  --server ADDRESS:PORT   the server (127.0.0.1:16322)
  --base MAC[@ADDRESS]    a base station, and its own address here; may be repeated (two)
  --token TEXT            what the base station named last enrols with
  --blowfish PORT         the base station named last goes in at the Blowfish door, 16321
  --state DIR             where base stations keep certificates and keys (nowhere)
  --handset IPEI          a handset; may be repeated (00077 0000001 9 and the two after it)
  --dialling HOW          how handsets send a number: overlap, at-once, en-bloc (overlap)
  --commands FILE         commands, one a line; then the program ends
  --prompt                take commands from the standard input, after those of the file
  --json                  print events as JSON, one a line
  --help                  this; the commands are listed by the command help";

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &str) -> Result<Options, BadOptions> {
        Options::parse(words.split_whitespace().map(OsString::from))
    }

    #[test]
    fn without_options_there_are_two_base_stations_three_handsets_and_a_prompt() {
        let options = parse("").expect("sound");
        assert_eq!((options.bases.len(), options.handsets.len()), (2, 3));
        assert_eq!(options.handsets[0].to_string(), "00077 0000001 9");
        assert!(options.prompt && options.bases[0].address != options.bases[1].address);
    }

    #[test]
    fn options_of_a_base_station_belong_to_the_one_before_them() {
        let options = parse(
            "--base 02:00:00:00:00:07@127.0.0.7 --token abc --base 020000000008 --blowfish 16321 \
             --commands calls.txt --handset 000770000004*",
        );
        let options = options.err().map(|error| error.to_string());
        assert!(options.is_some_and(|error| error.contains("mistyped")));
        let options = parse(
            "--base 02:00:00:00:00:07@127.0.0.7 --token abc --base 020000000008 --blowfish 16321 \
             --commands calls.txt --handset 000770000004",
        )
        .expect("sound");
        assert!(options.bases[0].token.is_some() && options.bases[0].blowfish.is_none());
        assert!(options.bases[1].blowfish == Some(16_321) && options.bases[1].address.is_none());
        assert!(!options.prompt && options.handsets.len() == 1);
    }

    #[test]
    fn what_is_not_understood_prints_how_the_program_is_used() {
        for words in [
            "--token abc",
            "--fly",
            "file",
            "--server nowhere",
            "--base 02",
            "--help",
            "--dialling fast",
        ] {
            let error = parse(words).err().map(|error| error.to_string());
            assert!(error.is_some_and(|error| error.contains("usage: simulator")), "{words}");
        }
    }
}
