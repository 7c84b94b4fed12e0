//! Files that other servers and other versions have written: all of them are imported, and nothing is lost on the way.

use config::groups::{security, sip};
use config::value::{Codec, Transport};
use config::xml::{self, Element};
use config::{Config, Export, Secrets};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

const CLEAR: Export = Export { secrets: Secrets::Clear, ours: true };

fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors/config")
}

fn files() -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<(String, Vec<u8>)> = std::fs::read_dir(folder())
        .expect("the folder")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|end| end == "xml"))
        .map(|path| {
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            (name, std::fs::read(&path).expect("a file"))
        })
        .collect();
    files.sort();
    files
}

/// Every value of a document with its path, attributes too.
fn values(element: &Element, above: &str, found: &mut BTreeSet<(String, String)>) {
    let path = format!("{above}.{}", element.name);
    for (name, value) in &element.attributes {
        found.insert((format!("{path}.@{name}"), value.clone()));
    }
    if element.children.is_empty() || !element.text.is_empty() {
        found.insert((path.clone(), element.text.clone()));
    }
    element.children.iter().for_each(|child| values(child, &path, found));
}

fn values_of(text: &str) -> BTreeSet<(String, String)> {
    let mut found = BTreeSet::new();
    let document = xml::document("x", text).map_err(|flaw| flaw.to_string()).expect("XML");
    values(&document.root, "", &mut found);
    found
}

#[test]
fn each_is_imported_and_export_import_export_gives_the_same_octets() {
    assert!(files().len() >= 9);
    for (name, octets) in files() {
        let (config, _) =
            Config::read_bytes(&name, &octets).unwrap_or_else(|flaws| panic!("{flaws}"));
        let once = config.export(&CLEAR);
        let (again, _) =
            Config::read("export.xml", &once).unwrap_or_else(|flaws| panic!("{flaws}"));
        assert_eq!(again.export(&CLEAR), once, "{name}");
        let (kept, notices) = Config::from_entries(config.entries());
        assert!(kept == config, "{name}");
        assert!(notices.is_empty(), "{name}: {notices:?}");
        assert!(config.difference(&kept).is_empty());
    }
}

#[test]
fn each_value_is_written_again_where_it_was_or_is_in_a_notice() {
    for (name, octets) in files() {
        let (text, _) = xml::decode(&name, &octets).map_err(|flaw| flaw.to_string()).expect("text");
        let (config, notices) = Config::read_bytes(&name, &octets).expect("a sound file");
        let written = values_of(&config.export(&CLEAR));
        for (path, value) in values_of(&text) {
            let said = path.trim_start_matches(".config.");
            let noticed = notices.iter().any(|notice| notice.what.contains(said));
            // An element that only holds others says nothing when it is empty.
            let holds_nothing = value.is_empty()
                && config::groups::all().any(|spec| spec.path.starts_with(&format!("{said}.")));
            let kept = written.contains(&(path.clone(), value.clone()));
            assert!(kept || noticed || holds_nothing, "{name}: {path} = {value}");
        }
        for notice in &notices {
            let nowhere = notice.place == config::Place::default();
            assert!(
                !nowhere
                    || notice.what.contains("is not in the file")
                    || notice.what.contains("radio stays off"),
                "{name}: {notice:?}"
            );
        }
    }
}

#[test]
fn the_configuration_of_the_guides_appendix_b_means_what_it_says() {
    let octets = std::fs::read(folder().join("appendix-b.xml")).expect("the file");
    let (config, notices) = Config::read_bytes("appendix-b.xml", &octets).expect("a sound file");

    assert_eq!(config.get(&sip::TRANSPORT), Transport::Udp);
    assert_eq!(config.get(&sip::MEDIA_CODECS).0, [Codec::G711U, Codec::G711A]);
    assert_eq!(config.get(&sip::AUTH_PASSWORD).expose(), "1234");
    assert!(config.get(&security::ALLOW_HTTP) && config.get(&security::PASSWORD).is_empty());
    let said: Vec<&str> = notices.iter().map(|notice| notice.what.as_str()).collect();
    for what in [
        "security.force_https is taken as security.allow_http",
        "sip.dtmf.rtp_payloadtype says the same as sip.dtmf.rtp_payload_type and is left away",
        "sip.proxy.transport is taken as sip.transport",
        "security.password: expected a password, not what was put in its place; \
         what was found is kept and not in force",
    ] {
        assert!(said.contains(&what), "{what}: {said:#?}");
    }
}

/// The settings of the rack server and of the newest file, as they come out.
#[test]
fn what_each_file_changes_is_as_it_was_reviewed() {
    let mut shown = String::new();
    for (name, octets) in files() {
        let (config, notices) = Config::read_bytes(&name, &octets).expect("a sound file");
        let _ = writeln!(shown, "# {name}");
        for notice in notices {
            let _ = writeln!(shown, "{}: {}", notice.place, notice.what);
        }
        for change in Config::default().difference(&config) {
            let text = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
            let _ = writeln!(shown, "{} = {}", change.path, text(change.to));
        }
    }
    let path = folder().join("reviewed.txt");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &shown).expect("written");
    }
    let reviewed = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(shown, reviewed, "run with UPDATE=1 and review what changes");
}
