use super::*;

fn read(line: &str) -> Result<Command, String> {
    parse(line.split(' ').map(OsString::from)).map_err(|error| error.to_string())
}

#[test]
fn the_first_word_chooses_and_the_state_folder_must_be_named() {
    let place = Place { state: "/x".into(), config: None, users: Some("u".into()) };
    assert_eq!(read("appliance run --state /x --users u"), Ok(Command::Run(place, vec![])));
    assert!(matches!(
        read("appliance run --state /x --with a,b --with c"),
        Ok(Command::Run(_, with)) if with == ["a", "b", "c"]
    ));
    assert!(read("media --state /x --with a").is_err());
    let place = Place { state: "/x".into(), config: None, users: None };
    assert_eq!(read("media --state /x"), Ok(Command::Role("media", place)));
    assert_eq!(read("/usr/bin/appliance run"), Err("--state DIR is missing".into()));
    assert_eq!(read("appliance"), Err("a command is missing".into()));
    assert_eq!(read("appliance fly"), Err("there is no command \"fly\"".into()));
    assert_eq!(read("appliance run --state a --state b"), Err("--state is given twice".into()));
    assert!(read("appliance run --state a --wings").is_err());
    assert!(read("appliance version now").is_err());
}

#[test]
fn help_is_about_everything_or_about_one_command() {
    for all in ["appliance help", "appliance --help", "appliance -h"] {
        assert_eq!(read(all), Ok(Command::Help(None)), "{all}");
    }
    let about = |topic: &str| Ok(Command::Help(Some(topic.to_owned())));
    assert_eq!(read("appliance help config"), about("config"));
    assert_eq!(read("appliance config import --help"), about("config"));
    assert_eq!(read("appliance help fly"), Err("there is no command \"fly\"".into()));
    assert!(read("appliance help config set").is_err() && read("appliance fly --help").is_err());
}

#[test]
fn on_the_box_the_name_is_all_and_the_kernels_words_are_passed_over() {
    assert_eq!(read("/sbin/init quiet splash=1"), Ok(Command::Init));
    assert_eq!(read("/init"), Ok(Command::Init));
    assert_eq!(read("ctl --box"), Ok(Command::RoleOnTheBox("ctl")));
    assert!(read("media --box --state /x").is_err());
}

#[test]
fn a_captured_session_needs_all_three_of_its_options() {
    let link = read("appliance decode link --key aa --random bb --from rfp 0102");
    let cipher = Cipher { key: "aa".into(), random: "bb".into(), from_rfp: true };
    assert_eq!(link, Ok(Command::DecodeLink(vec!["0102".into()], Some(cipher))));
    assert!(read("appliance decode link --key aa 0102").is_err());
    assert!(read("appliance decode nwk --key aa 0102").is_err());
    assert!(read("appliance decode sip").is_err());
    assert!(read("appliance decode morse 0").is_err());
}

#[test]
fn the_running_server_is_asked_one_thing_at_a_time() {
    let approve = Question::BaseApprove("00:30:42:00:00:01".into());
    assert_eq!(
        read("appliance base approve 00:30:42:00:00:01 --state s"),
        Ok(Command::Control(Some("s".into()), approve))
    );
    assert_eq!(
        read("appliance net show --json --state s"),
        Ok(Command::Control(Some("s".into()), Question::Network { json: true }))
    );
    assert!(read("appliance net hide --state s").is_err());
    assert_eq!(
        read("appliance ctl restart media"),
        Ok(Command::Control(None, Question::Restart("media".into())))
    );
    let logs = read(
        "appliance ctl logs -f --level warn --role dect --since 10m --grep x --field call=7 --json",
    );
    let filter = Filter {
        level: Some("warning".parse().expect("it is one")),
        role: Some("dect".parse().expect("it is one")),
        text: Some("x".into()),
        fields: vec![("call".into(), "7".into())],
        since: None,
    };
    let wish = Logs { follow: true, json: true, filter, since: Some("10m".into()) };
    assert_eq!(logs, Ok(Command::Logs(None, wish)));
    assert!(read("appliance ctl logs --level loud").is_err_and(|why| why.contains("emergency")));
    for wrong in ["ctl logs dect", "ctl logs --field x", "ctl status --json", "ctl restart x -f"] {
        assert!(read(&format!("appliance {wrong}")).is_err(), "{wrong}");
    }
    assert_eq!(
        read("appliance ctl reset full --yes"),
        Ok(Command::Control(None, Question::Reset("full".into())))
    );
    let unsure = read("appliance ctl reset full").unwrap_err();
    assert!(unsure.contains("users") && unsure.contains("--yes"), "{unsure}");
    assert!(read("appliance ctl reboot --yes").is_err());
    for wrong in ["ctl", "ctl fly", "ctl restart", "ctl reboot now", "ctl --state"] {
        assert!(read(&format!("appliance {wrong}")).is_err(), "{wrong}");
    }
    assert!(read("appliance base approve --state s").is_err());
    assert!(read("appliance base list list --state s").is_err());
    let remove = Question::HandsetRemove("00077 0000004 4".into());
    assert_eq!(
        read("appliance handset remove 00077 0000004 4 --state s"),
        Ok(Command::Control(Some("s".into()), remove))
    );
    assert!(read("appliance handset remove --state s").is_err());
    assert!(read("appliance handset approve 1 --state s").is_err());
}
