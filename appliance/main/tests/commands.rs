//! The binary, as it is used from a shell.

use std::path::PathBuf;
use std::process::{Command, Output};

fn appliance(words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_appliance")).args(words).output().expect("the binary starts")
}

fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A folder of the test's own, empty.
fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("the target folder can be written");
    folder
}

#[test]
fn wrong_words_are_named_in_a_line_with_a_hint_and_exit_with_2() {
    let all = "`appliance help` shows all commands";
    for (words, what, hint) in [
        (&["--wings"][..], "invalid option '--wings'", all),
        (&[], "a command is missing", all),
        (&["fly"], "there is no command \"fly\"", all),
        (&["run"], "--state DIR is missing", "`appliance help run` shows how it is used"),
        (
            &["run", "--state"],
            "missing argument for option '--state'",
            "`appliance help run` shows how it is used",
        ),
        (
            &["decode", "sip"],
            "decode sip: nothing to decode is given",
            "`appliance help decode` shows how it is used",
        ),
        (
            &["ctl", "status", "now"],
            "expected: ctl status",
            "`appliance help ctl` shows how it is used",
        ),
    ] {
        let output = appliance(words);
        assert_eq!(output.status.code(), Some(2), "{words:?}");
        let said = err(&output);
        let lines: Vec<&str> = said.lines().collect();
        assert_eq!(lines.len(), 2, "{said}");
        assert!(lines[0].starts_with(&format!("appliance: {what}")), "{said}");
        assert_eq!(lines[1], hint, "{said}");
        assert!(out(&output).is_empty(), "{words:?}");
    }
}

#[test]
fn help_is_printed_for_whoever_asks_whole_or_about_one_command() {
    let whole = appliance(&["help"]);
    assert!(whole.status.success() && out(&whole).starts_with("usage: appliance COMMAND"));
    let enrol = out(&appliance(&["help", "enrol"]));
    assert_eq!(enrol.lines().count(), 1, "{enrol}");
    assert!(out(&whole).contains(&enrol));
    assert_eq!(out(&appliance(&["enrol", "--help"])), enrol);
}

#[test]
fn the_version_is_printed_for_whoever_asks() {
    for word in ["version", "--version", "-V"] {
        let output = appliance(&[word]);
        assert!(output.status.success());
        assert_eq!(out(&output), format!("appliance {}\n", env!("CARGO_PKG_VERSION")));
    }
}

#[test]
fn a_broken_users_file_stops_the_start_and_names_file_line_and_what_was_expected() {
    let state = folder("broken-users");
    let users = state.join("users.xml");
    std::fs::write(&users, "<users>\n <user>\n  <username>a b</username>\n </user>\n</users>\n")
        .expect("the folder can be written");

    let output = appliance(&["run", "--state", &state.to_string_lossy()]);

    assert_eq!(output.status.code(), Some(1));
    let expected =
        format!("{}, line 3, column 3: <username>: expected at most 63", users.display());
    assert!(err(&output).contains(&expected), "{}", err(&output));
    assert!(err(&output).contains("nothing of the file was applied"));
    let left: Vec<_> = std::fs::read_dir(&state).expect("it is there").collect();
    assert_eq!(left.len(), 1, "only the users file is in the state folder");
}

#[test]
fn a_broken_settings_file_stops_the_start_and_a_missing_one_only_where_it_was_named() {
    let state = folder("broken-settings");
    let config = state.join("mine.xml");
    std::fs::write(&config, "<config><sip>\n<localport>sixty</localport></sip></config>")
        .expect("the folder can be written");
    let (state, config) = (state.to_string_lossy(), config.to_string_lossy());

    let output = appliance(&["run", "--state", &state, "--config", &config]);
    assert_eq!(output.status.code(), Some(1));
    let expected = format!(
        "{config}, line 2, column 1: sip.localport: expected a whole number from 1 to 65535"
    );
    assert!(err(&output).contains(&expected), "{}", err(&output));

    let output = appliance(&["run", "--state", &state, "--users", "/nowhere/users.xml"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(err(&output).contains("cannot read /nowhere/users.xml"), "{}", err(&output));
}

#[test]
fn a_message_of_each_kind_is_decoded_into_a_line_of_json() {
    let folder = folder("decode");
    let sip = folder.join("options.sip");
    std::fs::write(
        &sip,
        "OPTIONS sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP c;branch=z9hG4bK1\r\nMax-Forwards: 70\r\n\
         From: <sip:d@e>;tag=1\r\nTo: <sip:a@b>\r\nCall-ID: f\r\nCSeq: 1 OPTIONS\r\n\r\n",
    )
    .expect("the folder can be written");
    let sip = sip.to_string_lossy();

    let output = appliance(&["decode", "sip", &sip, &sip]);
    assert!(output.status.success());
    assert_eq!(out(&output).lines().count(), 2);
    assert!(out(&output).contains(r#""verdict":"accept""#), "{}", out(&output));

    // CC-RELEASE-COM of a handset; a heartbeat of a base station; what is no hexadecimal.
    let nwk = appliance(&["decode", "nwk", "03 5a", "zz"]);
    let lines: Vec<String> = out(&nwk).lines().map(str::to_owned).collect();
    assert!(lines[0].contains(r#""encoded":"035a""#), "{lines:?}");
    assert!(lines[1].contains(r#""verdict":"reject""#), "{lines:?}");
    let spelled = appliance(&["decode", "nwk", "0x035A", "0x03 0x5a", "03:5a"]);
    assert_eq!(out(&spelled).matches(r#""encoded":"035a""#).count(), 3, "{}", out(&spelled));
    let link = appliance(&["decode", "link", "0003000800000000000000000"]);
    assert!(out(&link).contains("two for each octet"), "{}", out(&link));
    let link = appliance(&["decode", "link", "00030008 0000000000000000"]);
    assert!(out(&link).contains(r#""verdict":"accept""#), "{}", out(&link));
}

#[test]
fn a_key_of_the_wrong_length_is_named() {
    let words = ["decode", "link", "--key", "00", "--random", "00", "--from", "rfp", "00"];
    let output = appliance(&words);
    assert_eq!(output.status.code(), Some(1));
    assert!(err(&output).contains("--key: expected 128 hexadecimal digits"), "{}", err(&output));
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let here = folder("decode-unread").join("empty.sip");
    std::fs::write(&here, "").expect("the folder can be written");
    let here = here.to_string_lossy();
    let output = appliance(&["decode", "sip", &here, "/nowhere/message", &here]);
    assert_eq!(output.status.code(), Some(1));
    assert!(err(&output).contains("cannot read /nowhere/message"), "{}", err(&output));
    assert_eq!(out(&output).lines().count(), 2, "the others are told: {}", out(&output));
}

#[test]
fn a_file_of_users_is_checked_and_converted_without_a_server() {
    let folder = folder("users");
    let at = |name: &str| folder.join(name).to_string_lossy().into_owned();
    let (table, xml, wrong) = (at("users.csv"), at("users.xml"), at("wrong.xml"));
    let text = "username,ipei,shoe\n1,00077 0000001,44\n2,,\n";
    std::fs::write(&table, text).expect("the folder can be written");
    std::fs::write(&wrong, "<users>\n<user/>\n</users>").expect("the folder can be written");

    let checked = appliance(&["users", "check", &table]);
    assert!(checked.status.success(), "{}", err(&checked));
    let expected = format!(
        "{table}, line 2, column 17: <shoe> is kept, but it is not known\n\
         {table}: 2 user(s); it can be imported\n"
    );
    assert_eq!(out(&checked), expected);

    let converted = appliance(&["users", "convert", &table]);
    assert!(err(&converted).contains("<shoe> is kept"));
    std::fs::write(&xml, converted.stdout).expect("the folder can be written");
    let back = appliance(&["users", "convert", "--to", "csv", &xml]);
    assert_eq!(out(&back), "ipei,username,shoe\n00077 0000001,1,44\n,2,\n");

    let refused = appliance(&["users", "check", &wrong]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(out(&refused).is_empty());
    let expected = format!("{wrong}, line 2, column 1: <user> has no <username>");
    assert!(err(&refused).contains(&expected), "{}", err(&refused));
    let missing = appliance(&["users", "check", &at("nowhere")]);
    assert!(err(&missing).contains("cannot read"));
    assert_eq!(appliance(&["users", "fly", &xml]).status.code(), Some(2));
}

#[test]
fn a_settings_file_is_checked_and_every_mapping_and_change_is_a_line() {
    let folder = folder("config-check");
    let file = folder.join("config.xml");
    std::fs::write(
        &file,
        "<config>\n<feature_codes><call_forward><unconditional>\n<disable>*21*$#</disable>\n<enable>#21#</enable>\n\
         </unconditional></call_forward></feature_codes>\n<future>1</future>\n\
         <sip><proxy><transport>TCPonly</transport></proxy><auth><password>1234</password></auth></sip>\n\
         <fixpart><ring_timeout>60</ring_timeout></fixpart>\n</config>\n",
    )
    .expect("the folder can be written");
    let name = file.to_string_lossy().into_owned();

    let check = appliance(&["config", "check", &name]);
    assert!(check.status.success(), "{}", err(&check));
    for line in [
        format!("{name}, line 4, column 1: swapped call-forward codes: "),
        format!("{name}, line 6, column 1: future is not known; it is kept"),
        format!("{name}, line 7, column 13: sip.proxy.transport is taken as sip.transport"),
        "sip.transport: udp -> tcp".to_owned(),
        "sip.auth.password: (not set) -> (secret)".to_owned(),
        "future: (not set) -> 1".to_owned(),
        "fixpart.ring_timeout: 180 -> 60".to_owned(),
    ] {
        assert!(out(&check).lines().any(|it| it.starts_with(&line)), "{line}: {}", out(&check));
    }
    assert!(!out(&check).contains("1234"));

    let export = appliance(&["config", "export", &name]);
    assert!(out(&export).contains("<ring_timeout>60</ring_timeout>") && export.status.success());
    let again = folder.join("again.xml");
    std::fs::write(&again, out(&export)).expect("the folder can be written");
    let twice = appliance(&["config", "export", &again.to_string_lossy()]);
    assert_eq!(out(&twice), out(&export));
    let guide = appliance(&["config", "export", "--guide", &name]);
    assert!(!out(&guide).contains("fixpart") && out(&guide).contains("<future>1</future>"));
}

#[test]
fn a_settings_file_that_cannot_be_imported_exits_with_1_and_its_flaws() {
    let file = folder("config-flaws").join("config.xml");
    std::fs::write(&file, "<config>\n<sip><localport>0</localport></sip></config>")
        .expect("written");
    let name = file.to_string_lossy().into_owned();
    for task in ["check", "export"] {
        let output = appliance(&["config", task, &name]);
        assert_eq!(output.status.code(), Some(1));
        let expected = format!(
            "{name}, line 2, column 6: sip.localport: expected a whole number from 1 to 65535"
        );
        assert!(err(&output).contains(&expected) && out(&output).is_empty(), "{}", err(&output));
    }
    for words in [
        &["config"][..],
        &["config", "check"],
        &["config", "check", "a", "b"],
        &["config", "check", "--guide", "a"],
    ] {
        assert_eq!(appliance(words).status.code(), Some(2), "{words:?}");
    }
    assert_eq!(appliance(&["config", "check", "/nowhere/config.xml"]).status.code(), Some(1));
}
