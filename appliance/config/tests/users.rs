//! Files of users as they come: the guide's, those of other servers, tables, credentials, and damaged ones.

use config::Notice;
use config::roster::Roster;
use config::users::fields::{
    self, AUTHPASSWORD, AUTHUSER, DISPLAYNAME, DOMAIN, Family, IPEI, Kind,
};
use config::users::{Form, Source, Users};
use proptest::prelude::*;

const GUIDE_6500: &str = include_str!("../../../tests/vectors/users/appendix-d-6500.xml");
const GUIDE_8000: &str = include_str!("../../../tests/vectors/users/appendix-d-8000.xml");
const OLD: &str = include_str!("../../../tests/vectors/users/old-firmware.xml");
const TABLE: &str = include_str!("../../../tests/vectors/users/semicolons.csv");
const WEBEX: &str = include_str!("../../../tests/vectors/users/webex.csv");
const SCREEN: &str = include_str!("../../../tests/vectors/users/webex-screen.txt");
const FIELDS: &str = include_str!("../../../tests/vectors/users-fields.csv");

fn read(text: &str) -> (Users, Vec<Notice>) {
    read_as(None, text).expect("a sound file")
}

fn read_as(form: Option<Form>, text: &str) -> Result<(Users, Vec<Notice>), String> {
    let source = Source { form, ..Source::default() };
    Users::read_any(&source, "file", text.as_bytes()).map_err(|flaws| flaws.to_string())
}

fn what(notices: &[Notice]) -> Vec<&str> {
    notices.iter().map(|notice| notice.what.as_str()).collect()
}

/// Name and text of everything that users say, as a set for each.
fn said(users: &Users) -> Vec<Vec<(String, String)>> {
    let owned = |(name, text): (&str, &str)| (name.to_owned(), text.to_owned());
    users.users.iter().map(|user| user.texts().map(owned).collect()).collect()
}

#[test]
fn the_guides_files_of_both_families_are_read_and_written_back() {
    for text in [GUIDE_6500, GUIDE_8000] {
        let (users, notices) = read(text);
        let names: Vec<&str> = users.users.iter().map(config::users::User::key).collect();
        assert_eq!(names, ["9997", "9998", "9999"]);
        assert_eq!(
            what(&notices),
            [
                "<standbytext> is kept, but this version does not act on it (of 3 users)",
                "<cucmdevicename> is kept, but this version does not act on it"
            ]
        );
        assert_eq!(users.write(), text, "in the guide's order it is the guide's file again");
        let roster = Roster::from_users(users);
        assert_eq!(roster.to_users().write(), text, "by way of the two data sets, too");
        assert_eq!(roster.devices().count(), 3);
    }
}

#[test]
fn a_file_of_another_firmware_loses_nothing_and_is_not_changed() {
    let (users, notices) = read(OLD);
    let texts = said(&users);
    let pair = |name: &str, text: &str| (name.to_owned(), text.to_owned());
    for expected in [
        pair("ipei", "0007700000019"),
        pair("accesscode", ""),
        pair("standbytext", "R&D"),
        pair("disabled", "FALSE"),
        pair("ringtone", "3"),
    ] {
        assert!(texts[0].contains(&expected), "{expected:?}");
    }
    for expected in
        [pair("ipei", "00000 0000000"), pair("name", "Nurse <night>"), pair("tx_gain", "-3")]
    {
        assert!(texts[1].contains(&expected), "{expected:?}");
    }
    assert_eq!(users.users[1].key(), "2002");
    let expected = [
        "<disabled> \"FALSE\" is kept as it is; it is read as false",
        "<ringtone> is kept, but it is not known",
        "<ipei> \"00000 0000000\" is kept as it is; all zeros stand for no handset",
        "<linetype> is kept, but this version does not act on it",
        "<name> is kept, but this version does not act on it",
        "<tx_gain> is kept, but this version does not act on it",
    ];
    let listed = what(&notices);
    assert!(expected.iter().all(|what| listed.contains(what)), "{listed:?}");

    let written = users.write();
    let (again, _) = read(&written);
    assert_eq!(again.write(), written);
    assert_eq!(said(&again), texts);
}

#[test]
fn files_of_other_encodings_are_read_and_octets_of_none_are_named() {
    let as_old = |text: &str| -> Vec<u8> {
        text.chars().map(|letter| u8::try_from(u32::from(letter)).unwrap_or(b'?')).collect()
    };
    let text = "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><users><user><username>1</username>\
                <displayname>Møller</displayname></user></users>";
    let table = "username;displayname\n1;Møller\n";
    for (octets, count) in [(as_old(text), 0), (as_old(table), 1), (table.as_bytes().to_vec(), 0)] {
        let read = Users::read_any(&Source::default(), "file", &octets);
        let (users, notices) = read.map_err(|flaws| flaws.to_string()).unwrap();
        assert_eq!(users.users[0].get(&DISPLAYNAME), "Møller");
        assert_eq!(notices.len(), count, "{notices:?}");
    }
    let wide: Vec<u8> =
        "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let read = Users::read_any(&Source::default(), "file", &wide);
    assert_eq!(read.map(|(users, _)| users.users.len()).ok(), Some(1));
    let mixed = [table.as_bytes(), b"2;\xe6\n"].concat();
    let flaws = Users::read_any(&Source::default(), "file", &mixed).err().unwrap().to_string();
    assert!(flaws.contains("octets that are no UTF-8"), "{flaws}");
}

#[test]
fn a_table_is_read_by_the_names_in_its_first_line() {
    let (users, notices) = read(TABLE);
    assert_eq!(users.users.len(), 2);
    assert_eq!(users.users[0].get(&DISPLAYNAME), "Møller; Ole");
    assert!(users.users[0].get(&IPEI).is_some() && users.users[1].get(&IPEI).is_none());
    let listed = what(&notices);
    let left_out = "the column \"Cost centre\" is left out; no field has this name";
    let shoe = "<shoe> is kept, but it is not known";
    let standby = "<standbytext> is kept, but this version does not act on it";
    assert_eq!(listed, [left_out, standby, shoe]);
    assert_eq!((notices[2].place.line, notices[2].place.column), (2, 42));
    let (again, _) = read(&users.write_csv());
    assert_eq!(said(&again), said(&users));
    assert_eq!(again.write_csv(), users.write_csv());
}

#[test]
fn a_table_holds_to_the_same_rules_with_the_same_places() {
    let text = "username,ipei,accesscode,localno\n1,00077 0000001,,\n\n\"a\nb\",,\"1,2\",x\n1,00077 0000001 9,,\n";
    let flaws = read_as(None, text).err().unwrap();
    assert_eq!(
        flaws,
        "file, line 4, column 1: <username>: expected at most 63 of the characters A-Z a-z 0-9 \
         -_.!~*'()&=+$,;?/; found \"a\nb\"\n\
         file, line 5, column 5: <accesscode>: expected at most eight digits; found a value that is not\n\
         file, line 6, column 1: <username> 1 is taken by another user at line 2, column 1; expected one that is not\n\
         file, line 6, column 3: <ipei> 00077 0000001 is taken by another user at line 2, column 3; expected one \
         that is not"
    );
    for (text, expected) in [
        ("", "the file is empty"),
        ("1,2\n", "the first line names no column for the user name"),
        (
            "username,Username\n1,2",
            "a second column for username; the first is at line 1, column 1",
        ),
        ("username\n1,2\n", "line 2, column 3: a cell without a column"),
        ("username,ipei\n,00077 0000001\n", "line 2, column 1: <user> has no <username>"),
    ] {
        let flaws = read_as(None, text).err().unwrap_or_default();
        assert!(flaws.contains(expected), "{flaws}");
    }
    let many = ",".repeat(5000);
    let flaws = read_as(None, &format!("username\n{many}\n")).err().unwrap();
    assert_eq!(flaws, "file, line 2, column 1: more than 4096 cells in a line");
}

#[test]
fn what_no_xml_can_hold_is_refused_in_a_table_too() {
    for text in [
        "username,shoe\n1,a\u{7}b\n",
        "username,displayname\n1,\u{ffff}\n",
        "username,authpassword\n1,\u{1}\n",
    ] {
        let flaws = read_as(None, text).err().unwrap_or_default();
        assert!(flaws.starts_with("file, line 2, column 3: ") && !flaws.contains('\n'), "{flaws}");
    }
    let row = |name: &str, text: &str| config::roster::Row {
        key: "1".into(),
        fields: [("username", "1"), (name, text)].into_iter().collect(),
    };
    for (name, text) in [
        ("a b", ""),
        ("<a>", ""),
        ("", ""),
        ("@", ""),
        ("shoe", "\u{1}"),
        ("displayname", "\u{fffe}"),
    ] {
        assert!(config::users::User::from_row(&row(name, text)).is_err(), "{name}");
    }
    for name in ["shoe", "shoe/", "@id", "username@id", "x:y.z-1"] {
        assert!(config::users::User::from_row(&row(name, "1")).is_ok(), "{name}");
    }
}

#[test]
fn columns_with_names_of_their_own_are_mapped() {
    let mapping = "Extension=username,Name=displayname,Cost=".parse().unwrap();
    let source = Source { mapping, ..Source::default() };
    let text = "Extension\tName\tCost\n1\tAnna\t9\n";
    let (users, notices) =
        Users::read_any(&source, "file", text.as_bytes()).map_err(|f| f.to_string()).unwrap();
    assert_eq!(users.users[0].get(&DISPLAYNAME), "Anna");
    assert!(notices.is_empty() && users.users[0].texts().count() == 2);
    for (text, expected) in
        [("Extension", "expected COLUMN=FIELD"), ("a=shoe", "there is no field \"shoe\"")]
    {
        let why = text.parse::<config::users::Mapping>().unwrap_err().to_string();
        assert!(why.contains(expected), "{why}");
    }
}

#[test]
fn credentials_of_webex_become_users_as_its_guides_screen_shows() {
    let (users, notices) = read(WEBEX);
    let user = &users.users[0];
    assert_eq!(user.key(), "hgwdh3e4wh");
    assert_eq!(user.get(&DOMAIN), "98027369.us10.bcld.webex.com");
    assert_eq!(user.get(&AUTHUSER), "mUP9vXSsU9");
    assert_eq!(user.get(&AUTHPASSWORD).expose(), "p,ss;1");
    assert_eq!(user.text(IPEI.spec), "15093 0000216");
    assert_eq!(user.get(&DISPLAYNAME), "User DECT1");
    assert_eq!(users.users[1].text(IPEI.spec), "05003 1234567", "kept, though no handset has it");
    let listed = what(&notices);
    assert!(
        listed[0].starts_with("the outbound proxy dfw06.hosted-us.bcld.webex.com is no user's")
    );
    assert!(listed[0].ends_with("(of 2 users)"), "{listed:?}");
}

#[test]
fn what_is_copied_from_webexs_screen_is_read_as_well() {
    let (users, _) = read(SCREEN);
    assert_eq!(users.users.len(), 1);
    let user = &users.users[0];
    assert_eq!((user.key(), user.text(IPEI.spec)), ("hgwdh3e4wh", "15093 0000216"));
    assert_eq!((user.get(&AUTHUSER), user.get(&DISPLAYNAME)), ("mUP9vXSsU9".into(), "User".into()));
    assert_eq!(user.get(&AUTHPASSWORD).expose(), "XXXXXXXXXX");

    let pairs =
        "Line ID,a@x\nSIP username,u\nSIP password,p\nLine ID,b@x\nMAC address,0004F2AABBCC\n";
    let (users, notices) = read(pairs);
    let names: Vec<&str> = users.users.iter().map(config::users::User::key).collect();
    assert_eq!(names, ["a", "b"]);
    assert!(what(&notices).contains(&"the MAC address is left out, since it is no IPEI"));

    let without = read_as(Some(Form::Webex), "Line ID,SIP username\n,u\n").err().unwrap();
    assert_eq!(without, "file, line 2, column 1: a device has no Line ID; expected one");
    let nothing = read_as(Some(Form::Webex), "hello\n").err().unwrap();
    assert!(nothing.starts_with("file, line 1, column 1: no device is named"), "{nothing}");
}

#[test]
fn an_export_without_secrets_brings_them_back_where_they_are_known() {
    let inside = "<user><username>1</username><ipei>00077 0000001</ipei><accesscode>1234</accesscode>\
                  <authpassword>geheim</authpassword><sippass>alt</sippass><shoe>44</shoe></user>";
    let (users, _) = read(&format!("<users>{inside}</users>"));
    let old = Roster::from_users(users);
    let masked = old.to_users().write_masked();
    for secret in ["1234", "geheim", "alt<"] {
        assert!(!masked.contains(secret), "{masked}");
    }
    assert!(masked.contains("<shoe>44</shoe>"));
    let (users, notices) = read(&masked);
    assert_eq!(notices.iter().filter(|it| it.what.contains("is hidden in the file")).count(), 3);
    assert!(old.replaced(users.clone()) == old);
    let elsewhere = Roster::default().replaced(users);
    assert!(elsewhere.users().all(|user| user.get(&AUTHPASSWORD).is_empty()));
}

/// What of the table is not as the list has it, and why.
const EXCEPTIONS: &[(&str, &str)] = &[
    ("authuser", "the list says to take the wider rule of the installation guide, which is a text"),
    ("language", "the names of the languages are the handset's; nobody lists them"),
    ("authpassword", "a secret is a kind of text here, with `secret` set"),
    ("ipei", "the length follows from the form"),
];

#[test]
fn every_field_of_the_list_is_in_the_table_as_the_list_has_it() {
    let mut rows = csv::Reader::from_reader(FIELDS.as_bytes());
    let mut names = Vec::new();
    for row in rows.records() {
        let row = row.unwrap();
        let cell = |nth: usize| row.get(nth).unwrap_or_default();
        let name = cell(0).split(' ').next().unwrap_or_default().to_owned();
        let spec = fields::find(&name).unwrap_or_else(|| panic!("{name} is missing"));
        let excused = EXCEPTIONS.iter().any(|(excused, _)| *excused == name);
        assert_eq!(spec.ours, cell(0).contains("(proposed)") || spec.read_only, "{name}");
        assert_eq!(spec.read_only, cell(0).contains("(read-only)"), "{name}");
        let family = match (cell(8), cell(9)) {
            ("x", "x") => Family::Both,
            ("x", _) => Family::Ip,
            _ => Family::Rack,
        };
        assert_eq!(spec.family, family, "{name}");
        let (kind, length) = match spec.kind {
            Kind::Ipei => ("ipei", None),
            Kind::Digits(most) => ("digits", Some(most)),
            Kind::Text(most) => ("string", Some(most)),
            Kind::SipUser(most) => ("sipuser", Some(most)),
            Kind::Domain => ("domain", None),
            Kind::Bool => ("bool", None),
            Kind::Whole(least, most) => {
                assert_eq!(cell(4), format!("{least}..{most} dB"), "{name}");
                ("int", None)
            }
            Kind::Choice(words) => {
                assert_eq!(cell(4), words.join("|"), "{name}");
                ("enum", Some(1))
            }
            Kind::Time => ("datetime", None),
        };
        assert!(excused || kind == cell(3), "{name}: {kind}");
        let listed: Option<usize> = cell(5).parse().ok();
        assert!(excused || listed.is_none() || listed == length, "{name}: {length:?}");
        limit_is_held(spec, listed);
        assert_eq!(
            spec.secret,
            ["secret"].contains(&cell(3)) || matches!(&*name, "accesscode" | "pin"),
            "{name}"
        );
        let default = cell(7);
        let falls_back = spec.help.contains(default);
        assert!(
            spec.default == default
                || default.split(", then ").all(|part| falls_back || spec.help.contains(part)),
            "{name}"
        );
        names.push(name);
    }
    let more: Vec<&str> = fields::ALL
        .iter()
        .map(|spec| spec.name)
        .filter(|name| !names.iter().any(|it| it == name))
        .collect();
    assert_eq!(more, ["link"], "how user and handset are bound is ours");
    assert_eq!(names.len(), 25);
}

/// The table of fields in the manual is made from the table of fields.
#[test]
fn the_manual_lists_every_field() {
    let rows = fields::ALL.iter().map(|spec| {
        let takes = match spec.kind {
            Kind::Ipei => {
                "`00077 0000001`, also without the blank or with a check digit".to_owned()
            }
            Kind::Digits(most) if spec.name == "lid" => {
                format!("{most} digits `xxyyzzzz`: shelf 01-08, card 01-08, line 0000-0015")
            }
            Kind::Digits(most) => format!("at most {most} digits"),
            Kind::Text(most) => format!("at most {most} characters"),
            Kind::SipUser(most) => format!("at most {most} of `A-Z a-z 0-9 -_.!~*'()&=+$,;?/`"),
            Kind::Domain => "letters, digits, `.` and `-`".to_owned(),
            Kind::Bool => "`true` or `false`".to_owned(),
            Kind::Whole(least, most) => format!("{least} to {most}"),
            Kind::Choice(words) => format!("`{}`", words.join("`, `")),
            Kind::Time => "`2025-07-10T10:00:00Z`".to_owned(),
        };
        let family = match spec.family {
            Family::Both => "all",
            Family::Ip => "200, 400, 6500, One",
            Family::Rack => "2500, 8000",
        };
        let mark = |set, mark| if set { mark } else { "" };
        let (ours, later) = (mark(spec.ours, " (1)"), mark(spec.later, " (2)"));
        format!("| `{}`{ours}{later} | {} | {takes} | {family} |\n", spec.name, spec.help.trim())
    });
    let table: String = rows.collect();
    let manual = include_str!("../../../docs/manual/users.md");
    assert!(manual.contains(&table), "docs/manual/users.md should have\n{table}");
}

/// A text of the listed length is taken and one more is not.
fn limit_is_held(spec: &fields::FieldSpec, listed: Option<usize>) {
    let Some(most) =
        listed.filter(|_| matches!(spec.kind, Kind::Digits(_) | Kind::Text(_) | Kind::SipUser(_)))
    else {
        return;
    };
    let sample = if spec.name == "lid" { "01010001".to_owned() } else { "1".repeat(most) };
    assert_eq!((spec.check)(&sample), Ok(()), "{}", spec.name);
    assert!((spec.check)(&format!("{sample}1")).is_err(), "{}", spec.name);
}

/// Somewhere in a sound file something is put, taken away or said twice.
fn damaged() -> impl Strategy<Value = String> {
    let whole = prop_oneof![
        Just(GUIDE_6500),
        Just(GUIDE_8000),
        Just(OLD),
        Just(TABLE),
        Just(WEBEX),
        Just(SCREEN)
    ];
    let piece = prop_oneof![
        "[<>/a-z&;\"',@\t\n\r ]{0,6}",
        Just("<user>".to_owned()),
        Just("</user>".to_owned()),
        Just("<users>".to_owned()),
        Just("<username>".to_owned()),
        Just("<!--".to_owned()),
        Just("&x;".to_owned()),
        Just("<!DOCTYPE a [<!ENTITY x 'y'>]>".to_owned()),
        Just("<a>".repeat(2000)),
        Just("9".repeat(5000)),
        Just("\u{0}".to_owned()),
        Just("\u{feff}".to_owned()),
        Just("<ipei>00077 0000001 8</ipei>".to_owned()),
        Just(",".repeat(5000)),
        ".{0,8}",
    ];
    (whole, proptest::collection::vec((any::<proptest::sample::Index>(), 0..40usize, piece), 1..4))
        .prop_map(|(whole, wounds)| {
            let mut letters: Vec<char> = whole.chars().collect();
            for (at, length, piece) in wounds {
                let from = at.index(letters.len() + 1);
                let to = letters.len().min(from + length);
                letters.splice(from..to, piece.chars());
            }
            letters.into_iter().collect()
        })
}

proptest! {
    #[test]
    fn a_damaged_file_is_read_whole_or_refused_with_places(text in damaged()) {
        let lines = text.split(['\n', '\r']).count();
        for form in [None, Some(Form::Xml), Some(Form::Csv), Some(Form::Webex)] {
            let source = Source { form, ..Source::default() };
            match Users::read_any(&source, "file", text.as_bytes()) {
                Ok((users, notices)) => {
                    for notice in notices {
                        prop_assert!((1..=lines).contains(&(notice.place.line as usize)), "{:?}", notice);
                        prop_assert!(notice.place.column >= 1);
                    }
                    let written = users.write();
                    let again = Users::read("again", &written);
                    let again = again.map_err(|flaws| TestCaseError::fail(format!("{flaws}\n{written}")))?.0;
                    prop_assert_eq!(again.write(), written);
                    prop_assert_eq!(said(&again), said(&users));
                }
                Err(flaws) => {
                    prop_assert!(!flaws.0.is_empty());
                    for flaw in flaws.0 {
                        prop_assert!((1..=lines).contains(&(flaw.place.line as usize)), "{:?}", flaw);
                        prop_assert!(flaw.place.column >= 1 && flaw.file == "file", "{:?}", flaw);
                    }
                }
            }
        }
    }
}

#[test]
fn ten_thousand_users_are_read_and_written_by_each_form() {
    let user = |n: u32| {
        format!(
            "<user><ipei>00077 {n:07}</ipei><username>{n}</username><shoe>{n}</shoe></user>\r\n        "
        )
    };
    let text: String = (0..10_000).map(user).collect();
    let (users, _) = read(&format!("<users>{text}</users>"));
    assert_eq!(users.users.len(), 10_000);
    let (again, _) = read(&users.write_csv());
    assert_eq!(said(&again), said(&users));
    let roster = Roster::from_users(users);
    assert_eq!(roster.difference(&Roster::from_users(again)), []);
    let one_more = format!("<users>{text}<user><username>x</username></user></users>");
    let flaws = read_as(None, &one_more).err().unwrap();
    assert!(flaws.contains("expected at most 10000 for xl"), "{flaws}");
}
