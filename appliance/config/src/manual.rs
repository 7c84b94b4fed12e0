//! The chapter of the manual and the JSON Schema that follow from the table.

mod schema;

pub use schema::schema;

use crate::groups;
use crate::spec::{Applies, Bound, Family, Spec};
use crate::value::Kind;
use std::fmt::Write as _;

/// The chapter `parameters` of the manual.
#[must_use]
pub fn parameters() -> String {
    let mut text = String::from(HEAD);
    let mut top = "";
    for spec in groups::all() {
        let group = spec.path.split('.').next().unwrap_or_default();
        if group != top {
            let _ = write!(text, "\n## `{group}`\n\n{COLUMNS}");
            top = group;
        }
        line(&mut text, spec);
    }
    text
}

fn line(text: &mut String, spec: &Spec) {
    let path = match spec.count {
        1 => format!("`{}`", spec.path),
        count => format!("`{}` to `{}`", spec.path, spec.path_of(count)),
    };
    let default = match spec.defaults {
        [] if spec.default.is_empty() => String::new(),
        [] => format!("`{}`", spec.default),
        several => format!("`{}`", several.join("`, `")),
    };
    let rack = spec.rack_default.map(|text| format!(", 2500 and 8000: `{text}`"));
    let rack = rack.unwrap_or_default();
    let (values, help) = (values(spec), cell(spec.help));
    let notes = notes(spec);
    let _ =
        writeln!(text, "| {path} | {values} | {default}{rack} | {} | {help}{notes} |", felt(spec));
}

/// What may stand in a setting, in a few words.
#[must_use]
pub fn values(spec: &Spec) -> String {
    let (least, most) = spec.range;
    let words = match spec.kind {
        Kind::Bool => "`true`, `false`".to_owned(),
        Kind::Words(words) => format!("`{}`", words.join("`, `")),
        Kind::Whole if spec.bound == Bound::Ours => format!("about {least} to {most}"),
        Kind::Whole => format!("{least} to {most}"),
        Kind::Number => "a number".to_owned(),
        Kind::Flags => format!("bits, 0 to {most:#x}"),
        Kind::List => "a list with commas".to_owned(),
        Kind::Tuple => "several with commas".to_owned(),
        Kind::Text => "text".to_owned(),
        Kind::Digits => "digits".to_owned(),
        Kind::Secret => "a password".to_owned(),
        Kind::Host => "a host".to_owned(),
        Kind::Uri => "a URI".to_owned(),
        Kind::Ip => "an IP address".to_owned(),
        Kind::Ip6 => "an IPv6 address".to_owned(),
        Kind::Ip6Prefix => "an IPv6 address, with `/` and a length or without".to_owned(),
        Kind::Mac => "a MAC address".to_owned(),
        Kind::Uuid => "a UUID".to_owned(),
        Kind::Time => "`hh:mm`".to_owned(),
        Kind::Start => "`immediately`, `hh:mm`".to_owned(),
        Kind::FileName => "a file name".to_owned(),
        Kind::Identity => "an identity".to_owned(),
    };
    let unit = if spec.unit.is_empty() { String::new() } else { format!(" ({})", spec.unit) };
    format!("{words}{unit}")
}

fn felt(spec: &Spec) -> &'static str {
    match spec.applies {
        _ if !spec.acts() => "-",
        Applies::Now => "at once",
        Applies::NextCall => "next call",
        Applies::NextRegistration => "next registration",
        Applies::Restart => "restart",
    }
}

fn notes(spec: &Spec) -> String {
    // Each note stands behind a blank.
    let mut notes = vec![String::new()];
    match spec.family {
        Family::Both | Family::Ours => {}
        Family::Ip => notes.push("Only 400 and 6500.".to_owned()),
        Family::Rack => notes.push("Only 2500 and 8000.".to_owned()),
    }
    if spec.secret && spec.kind != Kind::Secret {
        notes.push("Is treated as a password.".to_owned());
    }
    if spec.hidden {
        notes.push("The guide marks it as hidden or licensed; here it is neither.".to_owned());
    }
    if spec.latch {
        notes.push("Goes one way; only a factory reset undoes it.".to_owned());
    }
    if spec.later && spec.family != Family::Rack && !spec.unused {
        notes.push("*Not yet acted on.*".to_owned());
    }
    for (what, aliases) in [("Also as", spec.aliases), ("Counts for it:", spec.twins)] {
        let paths: Vec<String> = aliases.iter().map(|it| format!("`{}`", it.path)).collect();
        if !paths.is_empty() {
            notes.push(format!("{what} {}.", paths.join(", ")));
        }
    }
    if notes.len() > 1 { notes.join(" ") } else { String::new() }
}

/// Text in a cell of a table.
fn cell(text: &str) -> String {
    text.trim().replace('|', "\\|")
}

const HEAD: &str = "\
# Parameters

Every setting of `config.xml`, by the path of its elements: `sip.proxy.domain` stands within `<sip>` and `<proxy>`.
What this page says follows from the table that the server itself uses; it is written anew with
`UPDATE=1 cargo test -p config --test manual`.

- A word that ends in `[]` stands for any number of places: `shelf[]` is `shelf1`, `shelf2` and so on.
- Words are read without regard to case; `1`, `yes` and `on` are `true`; numbers may be hexadecimal (`0x60`).
- \"About\" is a bound of ours. Beyond it a value of another server's file is kept, and the nearest is in force.
- \"Felt\" says when a change is: `-` where this version does not act on the setting. It is kept and exported all the same.
- What becomes of everything else in a file is in `docs/decisions/063-what-an-import-does.md`;
  `appliance config check FILE` says it of a file.
- Settings below `fixpart` are ours. No other server knows them; `appliance config export --guide FILE` leaves them out.
";

const COLUMNS: &str = "| path | values | default | felt | what it is |\n|---|---|---|---|---|\n";
