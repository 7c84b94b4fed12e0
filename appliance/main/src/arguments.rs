//! What the words on the command line ask for.

use crate::keep;
use lan::log::{BadName, Filter, NoLevel};
use lexopt::{Arg, Parser, ValueExt};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// What is asked for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Command {
    /// Start the roles and keep them, and these too that run only when they are asked for.
    Run(Place, Vec<String>),
    /// Be PID 1.
    Init,
    /// Set up the network for PID 1; this is the address that it has set already.
    Network(Option<String>),
    /// Be one role of a server in the foreground.
    Role(&'static str, Place),
    /// Be one role of the box.
    RoleOnTheBox(&'static str),
    /// Ask the server that runs on a state folder, or that this box is.
    Control(Option<PathBuf>, Question),
    /// Show the log of the server that runs on a state folder, or that this box is.
    Logs(Option<PathBuf>, Logs),
    /// Say what is in SIP messages, one file each.
    DecodeSip(Vec<PathBuf>),
    /// Say what is in network-layer messages in hexadecimal.
    DecodeNwk(Vec<String>),
    /// Say what is in messages of the base-station link in hexadecimal.
    DecodeLink(Vec<String>, Option<Cipher>),
    /// Ask the role `conf` of the server that runs on a state folder, or that this box is.
    Keep(Option<PathBuf>, keep::Wish),
    /// Look at a file of users.
    Users(Box<crate::users::Wish>),
    /// Look at a file of settings.
    Settings(crate::settings::Wish),
    /// Which version this is.
    Version,
    /// How it is used, or how the commands of this first word are.
    Help(Option<String>),
}

/// Where the server keeps and finds things.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// What survives a restart.
    pub(crate) state: PathBuf,
    /// `config.xml`, where it is not in the state folder.
    pub(crate) config: Option<PathBuf>,
    /// `users.xml`, where it is not in the state folder.
    pub(crate) users: Option<PathBuf>,
}

/// What the running server is asked.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Question {
    /// Everything an administrator sees; as JSON or as text.
    Status {
        /// One JSON line.
        json: bool,
    },
    /// The base stations, those that wait for approval too.
    BaseList,
    /// Let this base station in.
    BaseApprove(String),
    /// Send this base station away for good.
    BaseRemove(String),
    /// End the subscription of the handset with this IPEI.
    HandsetRemove(String),
    /// A token for a new base station, for this one only where it is named.
    Enrol(Option<String>),
    /// Where the machine is in the network; as JSON or as text.
    Network {
        /// One JSON line.
        json: bool,
    },
    /// How the roles fare.
    Roles,
    /// What can be seen of one role, or of all; as JSON or as text.
    Observed {
        /// Which one.
        role: Option<String>,
        /// One JSON line for each.
        json: bool,
    },
    /// How the time stands; as JSON or as text.
    Time {
        /// One JSON line.
        json: bool,
    },
    /// Begin a role anew.
    Restart(String),
    /// Start the box anew.
    Reboot,
    /// Take away what is kept, by scope; whoever asks has said that he is sure.
    Reset(String),
    /// Switch the box off.
    PowerOff,
}

/// Which records are shown, and how.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Logs {
    /// Those that come, too.
    pub(crate) follow: bool,
    /// As JSON lines.
    pub(crate) json: bool,
    /// How they are chosen, but for the time.
    pub(crate) filter: Filter,
    /// Not older than this, in the words of the one who asks.
    pub(crate) since: Option<String>,
}

/// A captured session of the Blowfish door.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Cipher {
    /// The base station's key, hexadecimal.
    pub(crate) key: String,
    /// What the server drew for the session, hexadecimal.
    pub(crate) random: String,
    /// Whether the octets came from the base station.
    pub(crate) from_rfp: bool,
}

/// Reads the words after the program's name, which is a role's where the parent has started it.
///
/// # Errors
/// What is wrong with them.
pub(crate) fn parse(words: impl IntoIterator<Item = OsString>) -> Result<Command, lexopt::Error> {
    let mut parser = Parser::from_iter(words);
    let name = parser.bin_name().map(|name| name.rsplit('/').next().unwrap_or(name).to_owned());
    if name.as_deref() == Some("init") {
        // The kernel passes on what it does not understand.
        return Ok(Command::Init);
    }
    if name.as_deref() == Some(roles::network::NAME) {
        let address = parser.raw_args()?.next();
        return Ok(Command::Network(address.map(|it| it.to_string_lossy().into_owned())));
    }
    if let Some(role) = name.as_deref().and_then(role) {
        return be(role, parser);
    }
    match parser.next()? {
        None => Err("a command is missing".into()),
        Some(Arg::Long("version") | Arg::Short('V')) => end(parser, Command::Version),
        Some(Arg::Long("help") | Arg::Short('h')) => help(parser),
        Some(Arg::Value(word)) => command(&word.string()?, parser),
        Some(other) => Err(other.unexpected()),
    }
}

fn command(word: &str, mut parser: Parser) -> Result<Command, lexopt::Error> {
    let asks = |words: lexopt::RawArgs<'_>| words.as_slice().iter().any(|it| it == "--help");
    if parser.try_raw_args().is_some_and(asks) && crate::help::text(Some(word)).is_some() {
        return Ok(Command::Help(Some(word.to_owned())));
    }
    match word {
        "run" => run(&mut parser),
        "status" => status(parser),
        "net" => net(parser),
        "base" | "handset" => about(word, parser),
        "enrol" => enrol(parser),
        "decode" => decode(parser),
        "ctl" => ctl(parser),
        "users" | "config" if keep::is_for_server(&mut parser) => {
            let (state, wish) = keep::parse(word, parser)?;
            running(state.as_deref())?;
            Ok(Command::Keep(state, wish))
        }
        "users" => Ok(Command::Users(Box::new(crate::users::parse(parser)?))),
        "config" => crate::settings::parse(parser).map(Command::Settings),
        "version" => end(parser, Command::Version),
        "help" => help(parser),
        word => match role(word) {
            Some(role) => be(role, parser),
            None => Err(format!("there is no command {word:?}").into()),
        },
    }
}

fn help(mut parser: Parser) -> Result<Command, lexopt::Error> {
    let topic = match parser.next()? {
        None => return Ok(Command::Help(None)),
        Some(Arg::Value(topic)) => topic.string()?,
        Some(other) => return Err(other.unexpected()),
    };
    if crate::help::text(Some(&topic)).is_none() {
        return Err(format!("there is no command {topic:?}").into());
    }
    end(parser, Command::Help(Some(topic)))
}

fn role(word: &str) -> Option<&'static str> {
    roles::entry::find(word)
}

fn be(role: &'static str, mut parser: Parser) -> Result<Command, lexopt::Error> {
    #[cfg(feature = "probe")]
    if role == roles::probe::NAME {
        return Ok(Command::RoleOnTheBox(role));
    }
    let mut words = parser.try_raw_args().ok_or("words are missing")?;
    if words.peek().is_some_and(|word| word == roles::entry::ON_THE_BOX) {
        words.next();
        return end(parser, Command::RoleOnTheBox(role));
    }
    Ok(Command::Role(role, place(&mut parser)?))
}

fn ctl(mut parser: Parser) -> Result<Command, lexopt::Error> {
    let (mut state, mut words, mut logs) = (None, Vec::new(), Logs::default());
    let mut sure = false;
    while let Some(argument) = parser.next()? {
        let of_logs = words.first().is_some_and(|word| word == "logs");
        let of_observed = words.first().is_some_and(|word| word == "observed" || word == "time");
        match argument {
            Arg::Long("state") => once(&mut state, "--state", &mut parser)?,
            Arg::Long("json") if of_logs || of_observed => logs.json = true,
            Arg::Long("yes") if words.first().is_some_and(|word| word == "reset") => sure = true,
            Arg::Short('f') | Arg::Long("follow") if of_logs => logs.follow = true,
            Arg::Long(name @ ("level" | "role" | "since" | "grep" | "field")) if of_logs => {
                let name = name.to_owned();
                choose(&mut logs, &name, parser.value()?.string()?)?;
            }
            Arg::Value(word) => words.push(word.string()?),
            other => return Err(other.unexpected()),
        }
    }
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let question = match words[..] {
        ["logs"] => return Ok(Command::Logs(state, logs)),
        ["confirm"] => return Ok(Command::Keep(state, keep::Wish::Confirm)),
        ["status"] => Question::Roles,
        ["observed"] => Question::Observed { role: None, json: logs.json },
        ["observed", role] => Question::Observed { role: Some(role.to_owned()), json: logs.json },
        ["time"] => Question::Time { json: logs.json },
        ["restart", role] => Question::Restart(role.to_owned()),
        ["reboot"] => Question::Reboot,
        ["poweroff"] => Question::PowerOff,
        ["reset", scope] if sure => Question::Reset(scope.to_owned()),
        ["reset", scope] => return Err(unsure(scope).into()),
        _ => {
            return Err(
                "expected: ctl status, ctl confirm, ctl logs, ctl observed [ROLE], ctl time, \
                        ctl restart ROLE, ctl reboot, ctl poweroff, ctl reset SCOPE --yes"
                    .into(),
            );
        }
    };
    Ok(Command::Control(state, question))
}

/// What is lost, for whoever has not said that he knows.
fn unsure(scope: &str) -> String {
    let lost = match scope {
        "network" => "the network settings are",
        "config" => "all settings are; users and subscriptions stay",
        "full" => "settings, users, subscriptions, logs and certificates are",
        "decommission" => "everything that was kept since manufacture is, overwritten,",
        _ => return format!("there is no scope {scope:?}: network, config, full or decommission"),
    };
    format!(
        "{lost} taken away for good and the box starts anew; say `ctl reset {scope} --yes` if that is wanted"
    )
}

/// Takes one of the options that choose records.
fn choose(logs: &mut Logs, name: &str, value: String) -> Result<(), lexopt::Error> {
    match name {
        "level" => {
            let level = value.parse().map_err(|error: NoLevel| error.to_string())?;
            logs.filter.level = Some(level);
        }
        "role" => {
            let role = value.parse().map_err(|error: BadName| error.to_string())?;
            logs.filter.role = Some(role);
        }
        "since" => logs.since = Some(value),
        "grep" => logs.filter.text = Some(value),
        _ => {
            let (name, value) = value.split_once('=').ok_or("--field: expected NAME=VALUE")?;
            logs.filter.fields.push((name.to_owned(), value.to_owned()));
        }
    }
    Ok(())
}

fn run(parser: &mut Parser) -> Result<Command, lexopt::Error> {
    let mut with = Vec::new();
    let place = place_and(parser, |names| {
        with.extend(names.split(',').filter(|name| !name.is_empty()).map(str::to_owned));
        true
    })?;
    Ok(Command::Run(place, with))
}

fn place(parser: &mut Parser) -> Result<Place, lexopt::Error> {
    place_and(parser, |_| false)
}

/// The place, and the names that `--with` gives where that may be said.
fn place_and(
    parser: &mut Parser,
    mut with: impl FnMut(&str) -> bool,
) -> Result<Place, lexopt::Error> {
    let (mut state, mut config, mut users) = (None, None, None);
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Long("state") => once(&mut state, "--state", parser)?,
            Arg::Long("config") => once(&mut config, "--config", parser)?,
            Arg::Long("users") => once(&mut users, "--users", parser)?,
            Arg::Long("with") => {
                if !with(&parser.value()?.string()?) {
                    return Err("only the command run takes --with".into());
                }
            }
            other => return Err(other.unexpected()),
        }
    }
    let state = state.ok_or("--state DIR is missing")?;
    Ok(Place { state, config, users })
}

fn once(slot: &mut Option<PathBuf>, name: &str, parser: &mut Parser) -> Result<(), lexopt::Error> {
    if slot.is_some() {
        return Err(format!("{name} is given twice").into());
    }
    *slot = Some(PathBuf::from(parser.value()?));
    Ok(())
}

fn status(mut parser: Parser) -> Result<Command, lexopt::Error> {
    let (mut state, mut json) = (None, false);
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Long("state") => once(&mut state, "--state", &mut parser)?,
            Arg::Long("json") => json = true,
            other => return Err(other.unexpected()),
        }
    }
    control(state, Question::Status { json })
}

fn net(mut parser: Parser) -> Result<Command, lexopt::Error> {
    match parser.next()? {
        Some(Arg::Value(word)) if word == "show" => {}
        _ => return Err("expected: net show".into()),
    }
    match status(parser)? {
        Command::Control(state, Question::Status { json }) => {
            Ok(Command::Control(state, Question::Network { json }))
        }
        other => Ok(other),
    }
}

fn about(what: &str, mut parser: Parser) -> Result<Command, lexopt::Error> {
    let (mut state, mut words) = (None, Vec::new());
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Long("state") => once(&mut state, "--state", &mut parser)?,
            Arg::Value(word) => words.push(word.string()?),
            other => return Err(other.unexpected()),
        }
    }
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match (what, &words[..]) {
        ("base", ["list"]) => control(state, Question::BaseList),
        ("base", ["approve", mac]) => control(state, Question::BaseApprove((*mac).to_owned())),
        ("base", ["remove", mac]) => control(state, Question::BaseRemove((*mac).to_owned())),
        ("handset", ["remove", ipei @ ..]) if !ipei.is_empty() => {
            // An IPEI as it stands on the handset has a blank in it.
            control(state, Question::HandsetRemove(ipei.join(" ")))
        }
        ("handset", _) => Err("expected: handset remove IPEI".into()),
        _ => Err("expected: base list, base approve MAC, or base remove MAC".into()),
    }
}

fn enrol(mut parser: Parser) -> Result<Command, lexopt::Error> {
    let (mut state, mut mac) = (None, None);
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Long("state") => once(&mut state, "--state", &mut parser)?,
            Arg::Long("mac") => mac = Some(parser.value()?.string()?),
            other => return Err(other.unexpected()),
        }
    }
    control(state, Question::Enrol(mac))
}

fn control(state: Option<PathBuf>, question: Question) -> Result<Command, lexopt::Error> {
    running(state.as_deref())?;
    Ok(Command::Control(state, question))
}

/// Without a state folder it can only be this box.
fn running(state: Option<&Path>) -> Result<(), lexopt::Error> {
    let here = state.is_some() || Path::new(roles::layout::SOCKETS).exists();
    if here { Ok(()) } else { Err("--state DIR is missing".into()) }
}

fn decode(mut parser: Parser) -> Result<Command, lexopt::Error> {
    let kind = match parser.next()? {
        Some(Arg::Value(word)) => word.string()?,
        _ => {
            return Err(
                "expected: decode sip FILE..., decode nwk HEX..., decode link HEX...".into()
            );
        }
    };
    let mut words = Vec::new();
    let (mut key, mut random, mut from) = (None, None, None);
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Value(word) => words.push(word),
            Arg::Long("key") if kind == "link" => key = Some(parser.value()?.string()?),
            Arg::Long("random") if kind == "link" => random = Some(parser.value()?.string()?),
            Arg::Long("from") if kind == "link" => from = Some(parser.value()?.string()?),
            other => return Err(other.unexpected()),
        }
    }
    if words.is_empty() {
        return Err(format!("decode {kind}: nothing to decode is given").into());
    }
    let hex = |words: Vec<OsString>| -> Result<Vec<String>, lexopt::Error> {
        words.into_iter().map(ValueExt::string).collect()
    };
    match kind.as_str() {
        "sip" => Ok(Command::DecodeSip(words.into_iter().map(PathBuf::from).collect())),
        "nwk" => Ok(Command::DecodeNwk(hex(words)?)),
        "link" => Ok(Command::DecodeLink(hex(words)?, cipher(key, random, from.as_deref())?)),
        kind => {
            Err(format!("there is nothing to decode {kind:?}; expected sip, nwk or link").into())
        }
    }
}

fn cipher(
    key: Option<String>,
    random: Option<String>,
    from: Option<&str>,
) -> Result<Option<Cipher>, lexopt::Error> {
    match (key, random, from) {
        (None, None, None) => Ok(None),
        (Some(key), Some(random), Some("rfp")) => Ok(Some(Cipher { key, random, from_rfp: true })),
        (Some(key), Some(random), Some("omm")) => Ok(Some(Cipher { key, random, from_rfp: false })),
        _ => Err("--key HEX, --random HEX and --from rfp|omm belong together".into()),
    }
}

fn end(mut parser: Parser, command: Command) -> Result<Command, lexopt::Error> {
    match parser.next()? {
        None => Ok(command),
        Some(other) => Err(other.unexpected()),
    }
}

/// How the program is used.
pub(crate) const USAGE: &str = "\
usage: appliance COMMAND
  run --state DIR [--config FILE] [--users FILE] [--with ROLE,...]
                                                   be the server; the files are DIR/config.xml and DIR/users.xml; roles
                                                   that change the machine itself run only --with their names
  status --state DIR [--json]                      who is subscribed, located, registered
  net show --state DIR [--json]                    addresses, and what the network has told
  base list --state DIR                            base stations, those that wait for approval too
  base approve MAC --state DIR                     let a base station in
  base remove MAC --state DIR                      send a base station away for good
  handset remove IPEI --state DIR                  end a handset's subscription, also where it cannot be reached
  enrol --state DIR [--mac MAC]                    a one-time token for a new base station
  ctl status|restart ROLE|reboot|poweroff [--state DIR]
                                                   look at the roles or restart one; start this box anew, switch it off
  ctl reset network|config|full|decommission --yes [--state DIR]
                                                   take away what is kept since manufacture, and start this box anew
  ctl logs [-f] [--level L] [--role R] [--since T] [--grep TEXT] [--field NAME=VALUE] [--json] [--state DIR]
                                                   show the log, and with -f what comes; T is 10m, 2h or a time
  ctl observed [ROLE] [--json] [--state DIR]       what each role counts, and its calls with their quality
  ctl time [--json] [--state DIR]                  which time servers are asked, and what they say of the clock
  decode sip FILE...                               what is in a SIP message, a JSON line each
  decode nwk HEX...                                the same for messages of the DECT network layer
  decode link HEX...                               the same for messages of the base-station link
  decode link --key HEX --random HEX --from rfp|omm HEX...
                                                   the same for a captured session of the Blowfish door
  version                                          which version this is
  help [COMMAND]                                   this, or what is about one command
  net|media|dect --state DIR ...                       be one role; the server starts these itself";

#[cfg(test)]
mod tests;
