//! Files that were damaged on the way: nothing crashes, nothing is applied by half, and what is wrong has a place.

use config::{Config, Export, Flaws, Secrets};
use proptest::prelude::*;
use std::path::Path;
use std::sync::LazyLock;

const CLEAR: Export = Export { secrets: Secrets::Clear, ours: true };

static SOUND_FILES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(sound_files);

fn sound_files() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors/config");
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .expect("the folder")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|end| end == "xml"))
        .collect();
    paths.sort();
    paths.iter().map(|path| std::fs::read(path).expect("a file")).collect()
}

/// What a server of this configuration holds after it was given these octets.
fn given(octets: &[u8]) -> Result<Config, Flaws> {
    let (before, _) =
        Config::read("before", "<config><sip><tos>7</tos></sip></config>").expect("sound");
    let untouched = before.clone();
    let result = before.import_bytes("config.xml", octets);
    assert!(before == untouched, "an import makes new settings and changes none");
    let (config, notices) = result?;
    for notice in &notices {
        assert!(!notice.what.is_empty());
    }
    // What was taken is whole: it is written and read as the same.
    let once = config.export(&CLEAR);
    let (again, _) =
        Config::read("export.xml", &once).unwrap_or_else(|flaws| panic!("{flaws}\n{once}"));
    assert_eq!(again.export(&CLEAR), once);
    assert!(Config::from_entries(config.entries()).0 == config);
    Ok(config)
}

/// A damaged file is taken whole or refused with a place in the file.
fn survives(octets: &[u8]) {
    if let Err(Flaws(flaws)) = given(octets) {
        assert!(!flaws.is_empty());
        for flaw in flaws {
            assert!(!flaw.what.is_empty() && flaw.file == "config.xml");
            assert!(flaw.place.line > 0 && flaw.place.column > 0, "{flaw}");
        }
    }
}

/// Why octets are refused.
fn why(octets: &[u8]) -> String {
    given(octets).err().map(|flaws| flaws.to_string()).unwrap_or_default()
}

/// Places where tags, values and entities begin and end.
fn cuts(octets: &[u8]) -> Vec<usize> {
    octets
        .iter()
        .enumerate()
        .filter(|(_, octet)| b"<>&;/\"=".contains(octet))
        .map(|(at, _)| at)
        .collect()
}

const PIECES: &[&[u8]] = &[
    b"",
    b"<",
    b">",
    b"</",
    b"/>",
    b"&",
    b"&amp;",
    b"&x;",
    b"&#0;",
    b"&#xFFFFFFFF;",
    b"<!--",
    b"-->",
    b"<![CDATA[",
    b"]]>",
    b"<!DOCTYPE config [<!ENTITY a 'b'>]>",
    b"<?xml version='1.0' encoding='utf-16'?>",
    b"\0",
    b"\xff\xfe",
    b"\xe6",
    b"\xc3\xa6",
    b" a='1' a='2'",
    b"<sip><tos>1</tos></sip>",
    b"-1",
    b"99999999999999999999",
    b"0x",
    b"true",
    b"<config>",
    b"</config>",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn octets_that_were_changed_are_taken_whole_or_refused(
        which in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let files = &*SOUND_FILES;
        let mut octets = which.get(files).clone();
        for (at, octet) in changes {
            let at = at.index(octets.len());
            octets[at] = octet;
        }
        survives(&octets);
    }

    #[test]
    fn tags_and_values_that_were_cut_or_exchanged_are_taken_whole_or_refused(
        which in any::<prop::sample::Index>(),
        from in any::<prop::sample::Index>(),
        length in 0_usize..40,
        piece in prop::sample::select(PIECES),
    ) {
        let files = &*SOUND_FILES;
        let octets = which.get(files);
        let cuts = cuts(octets);
        let from = *from.get(&cuts);
        let to = (from + length).min(octets.len());
        let damaged = [&octets[..from], piece, &octets[to..]].concat();
        survives(&damaged);
    }

    #[test]
    fn a_file_that_ends_early_is_refused(which in any::<prop::sample::Index>(), at in any::<prop::sample::Index>()) {
        let files = &*SOUND_FILES;
        let octets = which.get(files);
        let end = octets.iter().rposition(|octet| *octet == b'/').expect("an end");
        let cut = &octets[..at.index(end)];
        survives(cut);
        prop_assert!(given(cut).is_err());
    }
}

#[test]
fn a_file_in_every_encoding_but_its_own_is_taken_whole_or_refused() {
    for octets in &*SOUND_FILES {
        let text = String::from_utf8_lossy(octets).into_owned();
        for label in
            ["UTF-8", "utf-16", "ISO-8859-1", "shift_jis", "x-user-defined", "none such", ""]
        {
            let said = format!("<?xml version=\"1.0\" encoding=\"{label}\"?>");
            let body = text.split_once("?>").map_or(&*text, |(_, body)| body);
            survives(format!("{said}{body}").as_bytes());
            survives(&[b"\xfe\xff", body.as_bytes()].concat());
            survives(&[said.as_bytes(), octets].concat());
        }
    }
}

#[test]
fn ten_thousand_levels_and_bombs_of_entities_are_refused_with_a_place() {
    let deep = format!("<config>{}{}</config>", "<a>".repeat(10_000), "</a>".repeat(10_000));
    assert!(why(deep.as_bytes()).contains("line 1, column 54: elements are nested deeper than 16"));
    let open = "<config>".repeat(10_000);
    assert!(why(open.as_bytes()).contains("nested deeper"));
    let bomb = "<!DOCTYPE config [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;\">]>\n<config>&b;</config>";
    assert!(why(bomb.as_bytes()).contains("line 1, column 1: a document type with declarations"));
    assert!(why(b"<config><upnp><name>&b;</name></upnp></config>").contains("&b; is not known"));
}

#[test]
fn a_hundred_megabytes_are_refused_at_the_first_look() {
    let mut large = b"<config>".to_vec();
    large.resize(100 << 20, b'a');
    assert!(why(&large).contains("line 1, column 1: the file is larger than 20 MiB"));
}

#[test]
fn many_elements_many_attributes_and_long_texts_have_an_end() {
    let many = format!("<config>{}</config>", "<a/>".repeat(50_000));
    assert!(why(many.as_bytes()).contains("more than 40000 elements"));
    let few = format!("<config><sip>{}</sip></config>", "<a/>".repeat(30_000));
    survives(few.as_bytes());
    let names = ('a'..='q').map(|letter| " ax='1'".replace('x', &letter.to_string()));
    let attributes: String = names.collect();
    assert!(why(format!("<config{attributes}/>").as_bytes()).contains("more than 16 attributes"));
    let long = format!("<config><upnp><name>{}</name></upnp></config>", "a".repeat(70_000));
    assert!(why(long.as_bytes()).contains("the text of <name> is longer than 65536"));
}
