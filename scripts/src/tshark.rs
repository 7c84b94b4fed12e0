//! Wireshark as a judge of the base-station link: the mirror that the first call has written must decode.
//!
//! The dissectors exist since Wireshark 4.2. Debian 13 has 4.4, which is brought
//! into the cache where this machine has an older one.

use crate::Outcome;
use crate::rooms;
use crate::steps::{Verdict, command};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Prints the verdict on the mirror of the last run.
///
/// # Errors
/// When it does not hold.
pub(crate) fn report() -> Outcome {
    match verdict(&rooms::root()) {
        Verdict::Passed(note) => println!("tshark: {note}"),
        Verdict::Skipped(reason) => println!("tshark: skipped, {reason}"),
        Verdict::Failed(reason) => return Err(reason.into()),
        Verdict::Counted(tally) => println!("tshark: {tally}"),
    }
    Ok(())
}

/// Judges the mirror of the last run.
pub(crate) fn verdict(root: &Path) -> Verdict {
    let mirrors = MIRRORS.map(|mirror| root.join(mirror));
    if let Some(missing) = mirrors.iter().find(|mirror| !mirror.exists()) {
        return Verdict::Failed(format!(
            "{} is not there; run the first call before",
            missing.display()
        ));
    }
    let Some(tshark) = Tshark::find(root) else {
        return Verdict::Skipped(
            "tshark 4.2 or newer cannot be had here (it needs root for debootstrap)".into(),
        );
    };
    let mut messages = Vec::new();
    for mirror in &mirrors {
        match tshark.messages(mirror) {
            Ok(more) => messages.extend(more),
            Err(error) => return Verdict::Failed(error.to_string()),
        }
    }
    judge(&messages)
}

/// One frame of the mirror as Wireshark sees it.
#[derive(Clone, Debug, Default)]
struct Message {
    frame: u32,
    stream: String,
    kind: Option<u16>,
    primitive: Option<u8>,
    mcei: Option<u8>,
    nwk: Option<(u8, u8)>,
    elements: Vec<u8>,
    /// RAND and RS of a key allocation, from which an access code can be computed.
    secrets: String,
    malformed: bool,
    info: String,
}

fn judge(messages: &[Message]) -> Verdict {
    let mut wrong = Vec::new();
    let excused = |message: &Message| EXCEPTIONS.iter().any(|(_, is)| is(message));
    for message in messages.iter().filter(|message| message.malformed && !excused(message)) {
        wrong.push(format!(
            "frame {} of {} is malformed: {}",
            message.frame, message.stream, message.info
        ));
    }
    let kinds: BTreeSet<u16> = messages.iter().filter_map(|message| message.kind).collect();
    for (code, name) in LINK.iter().filter(|(code, _)| !kinds.contains(code)) {
        wrong.push(format!("no {name} ({code:04x}) on the link"));
    }
    let seen: BTreeSet<(u8, u8)> = messages.iter().filter_map(|message| message.nwk).collect();
    for (code, name) in NWK.iter().filter(|(code, _)| !seen.contains(code)) {
        wrong.push(format!("no {name} ({:x} {:02x}) on the air", code.0, code.1));
    }
    let elements: BTreeSet<u8> =
        messages.iter().flat_map(|message| message.elements.iter().copied()).collect();
    for (code, name) in ELEMENTS.iter().filter(|(code, _)| !elements.contains(code)) {
        wrong.push(format!("no {name} ({code:02x}) in any message"));
    }
    let shows = |message: &&Message| message.nwk == Some(KEY_ALLOCATE) && !is_masked(message);
    for message in messages.iter().filter(shows) {
        wrong.push(format!("frame {} of {} shows a key", message.frame, message.stream));
    }
    wrong.extend(stale_links(messages));
    if wrong.is_empty() {
        Verdict::Passed(format!(
            "{} frames, {} kinds of link messages, {} of network-layer messages, nothing malformed",
            messages.len(),
            kinds.len(),
            seen.len()
        ))
    } else {
        wrong.truncate(SHOWN_MAX);
        Verdict::Failed(wrong.join("\n"))
    }
}

fn is_masked(message: &Message) -> bool {
    !message.secrets.is_empty() && message.secrets.bytes().all(|digit| digit == b'0')
}

/// A link that begins with the name of an earlier one would have its first frames taken for repeated ones.
fn stale_links(messages: &[Message]) -> Vec<String> {
    let mut seen: BTreeMap<(&str, u8), u32> = BTreeMap::new();
    let mut stale = Vec::new();
    for message in messages.iter().filter(|message| message.primitive == Some(MAC_CON_IND)) {
        let Some(mcei) = message.mcei else { continue };
        if let Some(before) = seen.insert((&message.stream, mcei), message.frame) {
            let frame = message.frame;
            stale.push(format!("frame {frame} begins a link as {mcei}, as frame {before} did"));
        }
    }
    stale
}

/// A tshark that knows the link.
struct Tshark {
    program: PathBuf,
    /// What comes before its own options: the cache's program runs by the cache's loader, without chroot.
    words: Vec<PathBuf>,
}

impl Tshark {
    fn find(root: &Path) -> Option<Self> {
        let installed = Self { program: "tshark".into(), words: Vec::new() };
        if installed.knows_the_link() {
            return Some(installed);
        }
        let chroot = root.join(CHROOT);
        let cached = Self::within(&chroot)?;
        if !cached.knows_the_link() {
            fetch(root, &chroot)?;
        }
        cached.knows_the_link().then_some(cached)
    }

    fn within(chroot: &Path) -> Option<Self> {
        let (loader, libraries) = match std::env::consts::ARCH {
            "x86_64" => ("lib64/ld-linux-x86-64.so.2", "usr/lib/x86_64-linux-gnu"),
            "aarch64" => ("lib/ld-linux-aarch64.so.1", "usr/lib/aarch64-linux-gnu"),
            _ => return None,
        };
        let words =
            vec!["--library-path".into(), chroot.join(libraries), chroot.join("usr/bin/tshark")];
        Some(Self { program: chroot.join(loader), words })
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.words);
        command
    }

    fn knows_the_link(&self) -> bool {
        let output = self.command().args(["-G", "protocols"]).output();
        output.is_ok_and(|output| {
            String::from_utf8_lossy(&output.stdout).contains("\tdect_mitel_rfp\t")
        })
    }

    fn messages(&self, mirror: &Path) -> Result<Vec<Message>, Box<dyn std::error::Error>> {
        let mut command = self.command();
        command.arg("-r").arg(mirror).args([
            "-T",
            "fields",
            "-E",
            "separator=|",
            "-E",
            "occurrence=a",
        ]);
        for field in FIELDS {
            command.args(["-e", field]);
        }
        let output = command.output()?;
        let file = mirror.display().to_string();
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
        }
        Ok(String::from_utf8_lossy(&output.stdout)
            .lines()
            .map(|line| message(&file, line))
            .collect())
    }
}

fn message(file: &str, line: &str) -> Message {
    let mut words = line.splitn(FIELDS.len(), '|');
    let mut next = || words.next().unwrap_or_default();
    // A field that occurs more than once in a frame stands with commas between.
    let number = |word: &str| match word.split(',').next()?.strip_prefix("0x") {
        Some(digits) => u32::from_str_radix(digits, 16).ok(),
        None => word.split(',').next()?.parse().ok(),
    };
    let octet = |word: &str| number(word).and_then(|number| u8::try_from(number).ok());
    Message {
        frame: number(next()).unwrap_or(0),
        stream: format!("{file} {}", next()),
        kind: number(next()).and_then(|number| u16::try_from(number).ok()),
        primitive: octet(next()),
        mcei: octet(next()),
        nwk: octet(next()).zip(octet(next())),
        elements: next().split(',').filter_map(octet).collect(),
        secrets: [next(), next()].concat(),
        malformed: !next().is_empty(),
        info: next().to_owned(),
    }
}

/// Brings tshark of Debian 13 into the cache.
fn fetch(root: &Path, chroot: &Path) -> Option<()> {
    let mirror = debian_mirror();
    let run = |name: &str, program: &str, words: &[&str]| {
        let done = command(root, name, Command::new(program).args(words)).ok()?;
        done.well.then_some(())
    };
    let folder = chroot.to_str()?;
    // What an interrupted attempt has left would stop the next one.
    let _ = std::fs::remove_dir_all(chroot);
    let mut words = vec!["--variant=minbase", "--include=ca-certificates", "trixie", folder];
    // Without one, debootstrap takes its own default.
    words.extend(mirror.as_deref());
    run("tshark-debootstrap", "debootstrap", &words)?;
    std::fs::copy("/etc/resolv.conf", chroot.join("etc/resolv.conf")).ok()?;
    run("tshark-update", "chroot", &[folder, "apt-get", "update", "-qq"])?;
    let install = [
        folder,
        "env",
        "DEBIAN_FRONTEND=noninteractive",
        "apt-get",
        "install",
        "-qq",
        "-y",
        "--no-install-recommends",
        "tshark",
    ];
    run("tshark-install", "chroot", &install)
}

/// The mirror that this machine has its packages from.
fn debian_mirror() -> Option<String> {
    let folder = std::fs::read_dir("/etc/apt/sources.list.d").ok();
    let listed = folder.into_iter().flatten().flatten().map(|entry| entry.path());
    std::iter::once(PathBuf::from("/etc/apt/sources.list"))
        .chain(listed)
        .filter_map(|path| std::fs::read_to_string(path).ok())
        .find_map(|text| {
            let words = text.lines().filter(|line| !line.trim_start().starts_with('#'));
            let urls =
                words.flat_map(str::split_whitespace).filter(|word| word.starts_with("http"));
            let main = |url: &&str| url.trim_end_matches('/').ends_with("/debian");
            urls.filter(main).map(str::to_owned).next()
        })
}

/// Where the first call leaves the mirror of its base-station links: before and after the server was killed.
const MIRRORS: [&str; 2] =
    [".cache/first-call/state/link.pcapng.1", ".cache/first-call/state/link.pcapng"];
const CHROOT: &str = ".cache/trixie";
const MAC_CON_IND: u8 = 0x01;
const SHOWN_MAX: usize = 20;

/// In the order in which [`message`] reads them; the last may hold anything.
const FIELDS: [&str; 12] = [
    "frame.number",
    "tcp.stream",
    "dect_mitel_rfp.message.type",
    "dect_mitel_eth.prim",
    "dect_mitel_eth.mcei",
    "dect_nwk.pdisc",
    "dect_nwk.msg_type",
    "dect_nwk.s.ie.type",
    "dect_nwk.s.ie.rand.rand_field",
    "dect_nwk.s.ie.rs.rs_field",
    "_ws.malformed",
    "_ws.col.info",
];

/// What a link of the first call must have shown.
const LINK: &[(u16, &str)] = &[
    (0x0001, "CONTROL-ACK"),
    (0x0120, "SYS-INIT"),
    (0x0105, "SYS-HEARTBEAT-INTERVAL"),
    (0x0200, "MEDIA-OPEN"),
    (0x0201, "MEDIA-CONF"),
    (0x0202, "MEDIA-CLOSE"),
    (0x0203, "MEDIA-START"),
    (0x0204, "MEDIA-STOP"),
    (0x0301, "DECToE"),
    (0x0302, "SYNC"),
];

/// What the air of the first call must have shown (EN 300 175-5 7.4).
const NWK: &[((u8, u8), &str)] = &[
    ((3, 0x01), "CC-ALERTING"),
    ((3, 0x02), "CC-CALL-PROC"),
    ((3, 0x05), "CC-SETUP"),
    ((3, 0x07), "CC-CONNECT"),
    ((3, 0x4d), "CC-RELEASE"),
    ((3, 0x5a), "CC-RELEASE-COM"),
    ((3, 0x7b), "CC-INFO"),
    ((5, 0x40), "AUTHENTICATION-REQUEST"),
    ((5, 0x41), "AUTHENTICATION-REPLY"),
    ((5, 0x42), "KEY-ALLOCATE"),
    ((5, 0x44), "ACCESS-RIGHTS-REQUEST"),
    ((5, 0x45), "ACCESS-RIGHTS-ACCEPT"),
    ((5, 0x47), "ACCESS-RIGHTS-REJECT"),
    ((5, 0x4c), "CIPHER-REQUEST"),
    ((5, 0x54), "LOCATE-REQUEST"),
    ((5, 0x55), "LOCATE-ACCEPT"),
];

/// MM, KEY-ALLOCATE.
const KEY_ALLOCATE: (u8, u8) = (5, 0x42);

/// What their messages must have held (EN 300 175-5 7.7).
const ELEMENTS: &[(u8, &str)] = &[
    (0x05, "PORTABLE-IDENTITY"),
    (0x06, "FIXED-IDENTITY"),
    (0x07, "LOCATION-AREA"),
    (0x0a, "AUTH-TYPE"),
    (0x0b, "ALLOCATION-TYPE"),
    (0x0c, "RAND"),
    (0x0d, "RES"),
    (0x0e, "RS"),
    (0x19, "CIPHER-INFO"),
    (0x28, "MULTI-DISPLAY"),
    (0x60, "REJECT-REASON"),
    (0x63, "TERMINAL-CAPABILITY"),
    (0x6c, "CALLING-PARTY-NUMBER"),
    (0x6d, "CALLING-PARTY-NAME"),
];

/// What Wireshark 4.4.18 is known to get wrong, each with the date on which it was last seen.
const EXCEPTIONS: &[Exception] = &[];

/// What is wrong with the dissector and since when that is known, and how a frame is recognized.
type Exception = (&'static str, fn(&Message) -> bool);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_fields_is_read_and_the_rest_is_words() {
        let read = message("f", "7|2|0x0301|0x01|3|3|0x05|0x05,0x06||||CC-SETUP a|b");
        assert_eq!(
            (read.frame, read.kind, read.mcei, read.nwk),
            (7, Some(0x301), Some(3), Some((3, 5)))
        );
        assert!(!read.malformed && read.info == "CC-SETUP a|b");
        assert_eq!(read.elements, [5, 6]);
        assert!(message("f", "1|0|||||||||1|").malformed);
    }

    #[test]
    fn a_link_that_takes_the_name_of_an_earlier_one_is_named() {
        let link = |frame, stream: &str, mcei| Message {
            frame,
            stream: stream.into(),
            primitive: Some(MAC_CON_IND),
            mcei: Some(mcei),
            ..Message::default()
        };
        let messages = [link(1, "0", 5), link(2, "1", 5), link(3, "0", 6), link(4, "0", 5)];
        assert_eq!(stale_links(&messages), ["frame 4 begins a link as 5, as frame 1 did"]);
    }
}
