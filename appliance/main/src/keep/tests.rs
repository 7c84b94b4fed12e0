use super::*;
use std::ffi::OsString;

fn read(line: &str) -> Result<(Option<PathBuf>, Wish), String> {
    let mut words = line.split(' ').map(OsString::from);
    let kind = words.next().unwrap_or_default();
    let parser = Parser::from_args(words);
    parse(&kind.to_string_lossy(), parser).map_err(|error| error.to_string())
}

#[test]
fn each_command_is_read_with_its_own_options_only() {
    let how = How { confirm: 120, base: 7 };
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    for (line, wish) in [
        ("config show", Wish::Show { paths: vec![], all: false }),
        ("config show sip --all", Wish::Show { paths: vec!["sip".into()], all: true }),
        ("config import a.xml --confirm 120 --base 7", Wish::Import("a.xml".into(), how)),
        ("config set a.b=c d=", Wish::Set(vec![pair("a.b", "c"), pair("d", "")], How::default())),
        ("config undo 3", Wish::Undo(3)),
        (
            "users set 1001 displayname=A=B",
            Wish::SetUser("1001".into(), vec![pair("displayname", "A=B")]),
        ),
        ("users remove 1001", Wish::RemoveUser("1001".into())),
    ] {
        assert_eq!(read(line), Ok((None, wish)), "{line}");
    }
    assert_eq!(read("users list --state s"), Ok((Some("s".into()), Wish::Users)));
    for wrong in [
        "config",
        "config fly",
        "config undo x",
        "config set",
        "config set a",
        "config diff",
        "config show --confirm 3",
        "users import",
        "users list x",
        "users import a --base 3",
    ] {
        assert!(read(wrong).is_err(), "{wrong}");
    }
    assert_eq!(read("config set"), Err("expected: config set PATH=VALUE...".into()));
    let all = read("users fly").expect_err("it is wrong");
    assert!(all.contains("users list, users export, users diff FILE"), "{all}");
}

#[test]
fn what_is_about_a_file_alone_does_not_ask_a_server() {
    for (line, server) in [
        ("check a.xml", false),
        ("convert a.xml", false),
        ("export a.xml", false),
        ("export --guide a.xml", false),
        ("export --state s", true),
        ("export --guide", true),
        ("import a.xml", true),
        ("", true),
    ] {
        let mut parser = Parser::from_args(line.split(' ').map(OsString::from));
        assert_eq!(is_for_server(&mut parser), server, "{line}");
    }
}

#[test]
fn secrets_are_not_shown_and_defaults_are_marked() {
    let file = "<config><sip><auth><password>zebra7</password></auth><tos>7</tos></sip></config>";
    let show = |paths: &[String]| show(file, paths, false).map_err(|error| error.to_string());
    let shown = show(&[]).unwrap_or_default();
    assert_eq!(shown, "  sip.tos = 7\n  sip.auth.password = (secret)\n");
    let one = show(&["sip.transport".to_owned()]);
    assert_eq!(one.as_deref(), Ok("* sip.transport = udp\n"));
    assert!(show(&["sip.wings".to_owned()]).is_err());
    let row = Row {
        key: "1".into(),
        fields: [("username", "1"), ("authpassword", "zebra7")]
            .into_iter()
            .collect::<config::roster::Fields>()
            .into_piece(),
    };
    assert_eq!(list(&[row]), "1  authpassword=(secret)\n");
}
