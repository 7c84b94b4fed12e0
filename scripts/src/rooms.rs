//! Who may know whom, which foreign crates a pure room may use, and how long a file may get.
//!
//! The lists below are the rule; a new line in them is a decision and has its
//! record in `docs/decisions`.

use crate::Outcome;
use cargo_metadata::{DependencyKind, MetadataCommand, Package};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// One room and what it may depend on.
struct Room {
    name: &'static str,
    /// Rooms it may know.
    knows: &'static [&'static str],
    /// Foreign crates it may use; `None` where the shells and the proof may use what `deny.toml` allows.
    uses: Option<&'static [&'static str]>,
}

/// Prints what breaks the rules.
///
/// # Errors
/// When something does.
pub(crate) fn report() -> Outcome {
    let broken = broken_rules()?;
    if broken.is_empty() {
        println!("rooms: {} rooms, every rule holds", ROOMS.len());
        return Ok(());
    }
    Err(broken.join("\n").into())
}

/// Everything in the workspace that breaks a rule, one line each.
///
/// # Errors
/// When cargo or a source file cannot be read.
pub(crate) fn broken_rules() -> Result<Vec<String>, Box<dyn std::error::Error>> {
    let top = root();
    let metadata = MetadataCommand::new().manifest_path(top.join("Cargo.toml")).no_deps().exec()?;
    let mut broken = Vec::new();
    for package in &metadata.packages {
        if let Some(room) = ROOMS.iter().find(|room| *room.name == *package.name) {
            dependencies(room, package, &mut broken);
        } else {
            broken.push(format!("{}: not in the list of rooms", package.name));
        }
    }
    for package in &metadata.packages {
        let folder = package.manifest_path.parent().ok_or("a manifest without a folder")?;
        lengths(&top, folder.as_std_path(), &mut broken)?;
    }
    pure_rooms_are_linted(&top, &mut broken);
    Ok(broken)
}

fn dependencies(room: &Room, package: &Package, broken: &mut Vec<String>) {
    let rooms: BTreeSet<&str> = ROOMS.iter().map(|room| room.name).collect();
    for dependency in &package.dependencies {
        // What only tests use does not end up in the product, but `dect` and `sip` do not meet there either.
        let for_tests = dependency.kind == DependencyKind::Development;
        let name = dependency.name.as_str();
        if rooms.contains(name) {
            if !room.knows.contains(&name) {
                broken.push(format!("{}: may not know the room {name}", room.name));
            }
        } else if !for_tests && room.uses.is_some_and(|uses| !uses.contains(&name)) {
            broken.push(format!("{}: a pure room, may not use the crate {name}", room.name));
        }
    }
}

/// Limits of house style: 500 lines a file, 800 where it is a table.
fn lengths(root: &Path, folder: &Path, broken: &mut Vec<String>) -> std::io::Result<()> {
    for file in sources(folder)? {
        let shown = file.strip_prefix(root).unwrap_or(&file).display().to_string();
        let limit = if TABLES.iter().any(|table| shown.starts_with(table)) { 800 } else { 500 };
        let lines = std::fs::read_to_string(&file)?.lines().count();
        if lines > limit {
            broken.push(format!("{shown}: {lines} lines, at most {limit}"));
        }
    }
    Ok(())
}

fn sources(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default();
        if path.is_dir() && name != "target" && name != "corpus" {
            found.extend(sources(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// Each pure room's `clippy.toml` is the shared one.
fn pure_rooms_are_linted(root: &Path, broken: &mut Vec<String>) {
    let read = |path: PathBuf| std::fs::read_to_string(path).ok();
    let shared = read(root.join("appliance/pure.clippy.toml"));
    for name in pure_rooms() {
        if shared.is_none() || read(root.join(format!("appliance/{name}/clippy.toml"))) != shared {
            broken.push(format!("{name}: its clippy.toml is not appliance/pure.clippy.toml"));
        }
    }
}

/// The rooms without clock, socket, file, random number and async.
pub(crate) fn pure_rooms() -> impl Iterator<Item = &'static str> {
    ROOMS.iter().filter(|room| room.uses.is_some()).map(|room| room.name)
}

/// The workspace.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_path_buf).unwrap_or_default()
}

/// A program of the workspace, in the folder that cargo has put this one in. Its own path is no use: a build that
/// links it anew while it runs leaves it a name that is gone.
///
/// # Errors
/// When the system does not tell where this one is.
pub(crate) fn program(name: &str) -> std::io::Result<PathBuf> {
    Ok(std::env::current_exe()?.with_file_name(name))
}

const ROOMS: &[Room] = &[
    // words
    Room { name: "ident", knows: &[], uses: Some(&["thiserror"]) },
    Room { name: "machine", knows: &[], uses: Some(&[]) },
    // protocols
    Room {
        name: "dect",
        knows: &["ident", "machine"],
        uses: Some(&[
            "aes",
            "blowfish",
            "serde_json",
            "sha2",
            "subtle",
            "thiserror",
            "tracing",
            "zeroize",
        ]),
    },
    Room {
        name: "sip",
        knows: &["machine"],
        uses: Some(&[
            "md-5",
            "sdp-types",
            "serde_json",
            "sha2",
            "subtle",
            "thiserror",
            "tracing",
            "zeroize",
        ]),
    },
    Room {
        name: "media",
        knows: &["machine"],
        uses: Some(&["audio-codec-algorithms", "rtcp-types", "rtp-types", "thiserror", "tracing"]),
    },
    Room {
        name: "lan",
        knows: &["machine"],
        uses: Some(&[
            "aes",
            "jiff",
            "serde_json",
            "sha1",
            "sha2",
            "subtle",
            "thiserror",
            "zeroize",
        ]),
    },
    Room {
        name: "config",
        knows: &["ident", "machine"],
        uses: Some(&["csv", "encoding_rs", "quick-xml", "thiserror", "zeroize"]),
    },
    Room { name: "supervise", knows: &["machine"], uses: Some(&["thiserror", "tracing"]) },
    Room { name: "menu", knows: &["supervise"], uses: Some(&[]) },
    Room { name: "update", knows: &[], uses: Some(&["thiserror"]) },
    // brain
    Room {
        name: "iwu",
        knows: &["dect", "ident", "machine", "media", "sip"],
        uses: Some(&["thiserror", "tracing", "zeroize"]),
    },
    // shells
    Room { name: "os", knows: &[], uses: None },
    Room { name: "store", knows: &["config", "dect", "ident"], uses: None },
    Room { name: "bus", knows: &[], uses: None },
    Room {
        name: "roles",
        knows: &[
            "bus",
            "config",
            "dect",
            "ident",
            "iwu",
            "lan",
            "machine",
            "media",
            "menu",
            "os",
            "sip",
            "store",
            "supervise",
            "update",
        ],
        uses: None,
    },
    Room {
        name: "appliance",
        knows: &["bus", "config", "dect", "ident", "lan", "roles", "sip", "supervise"],
        uses: None,
    },
    // what is shipped
    Room { name: "image", knows: &["ident", "update"], uses: None },
    // proof
    Room {
        name: "sim",
        knows: &[
            "bus",
            "config",
            "dect",
            "ident",
            "iwu",
            "lan",
            "machine",
            "media",
            "os",
            "roles",
            "sip",
            "store",
            "supervise",
        ],
        uses: None,
    },
    Room { name: "peers", knows: &[], uses: None },
    Room { name: "keeps", knows: &["image", "supervise", "update"], uses: None },
    Room { name: "flash-init", knows: &["os"], uses: None },
    Room { name: "flash", knows: &["image"], uses: None },
    Room { name: "toy-init", knows: &["update"], uses: None },
    Room { name: "storm", knows: &["config", "dect", "ident", "store"], uses: None },
    Room { name: "boots", knows: &["image", "storm", "update"], uses: None },
    Room { name: "scripts", knows: &[], uses: None },
];

/// Files and folders that are tables.
const TABLES: &[&str] = &["appliance/config/src/groups/"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_of_the_house_holds() {
        assert_eq!(broken_rules().unwrap(), Vec::<String>::new());
    }

    #[test]
    fn only_the_interworking_unit_and_what_stands_above_it_know_both_sides() {
        let both = |room: &&Room| room.knows.contains(&"dect") && room.knows.contains(&"sip");
        let names: Vec<&str> = ROOMS.iter().filter(both).map(|room| room.name).collect();
        assert_eq!(names, ["iwu", "roles", "appliance", "sim"]);
    }

    #[test]
    fn arrows_go_downward_only() {
        for (index, room) in ROOMS.iter().enumerate() {
            for known in room.knows {
                let below = ROOMS[..index].iter().any(|lower| lower.name == *known);
                assert!(below, "{} knows {known}, which is not below it", room.name);
            }
        }
    }
}
