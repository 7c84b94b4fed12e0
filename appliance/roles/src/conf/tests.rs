//! The role's keeping with a real database, without its socket.

use super::keeping::Keeping;
use crate::settings::{Files, Optional};
use bus::conf1::{Ask, Author, Keep, News, Outcome, Row, Standing, Subscription};
use std::path::Path;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::sync::oneshot;

fn open(folder: &Path) -> Keeping {
    Keeping::open(folder).unwrap_or_else(|error| panic!("{error}"))
}

fn fresh() -> (TempDir, Keeping) {
    let folder = tempfile::tempdir().unwrap();
    let keeping = open(&folder.path().join("conf"));
    (folder, keeping)
}

fn author() -> Author {
    Author { who: "test".into(), from: "here".into(), ..Author::default() }
}

/// Asks and takes the answer, which is there at once.
fn ask<T>(keeping: &mut Keeping, ask: impl FnOnce(oneshot::Sender<T>) -> Ask) -> T {
    let (answer, mut answered) = oneshot::channel();
    keeping.asked(ask(answer));
    answered.try_recv().unwrap_or_else(|_| panic!("no answer"))
}

fn import(keeping: &mut Keeping, author: Author, inside: &str) -> Result<Outcome, String> {
    let file = format!("<config>{inside}</config>").into_bytes();
    ask(keeping, |answer| Ask::ImportSettings(author, "a.xml".into(), file, answer))
}

fn import_users(keeping: &mut Keeping, names: &[&str]) -> Result<Outcome, String> {
    let users = names.iter().fold(String::new(), |text, name| {
        text + &format!("<user><username>{name}</username></user>")
    });
    let file = format!("<users>{users}</users>").into_bytes();
    ask(keeping, |answer| Ask::ImportUsers(author(), "u.xml".into(), file, answer))
}

fn set(keeping: &mut Keeping, author: Author, path: &str, text: &str) -> Result<Outcome, String> {
    let values = vec![(path.to_owned(), text.to_owned())];
    ask(keeping, |answer| Ask::Set(author, values, answer))
}

fn settings(keeping: &mut Keeping) -> String {
    ask(keeping, Ask::Settings).1
}

fn users(keeping: &mut Keeping, since: u64) -> News {
    ask(keeping, |answer| Ask::Users(since, answer))
}

fn standing(keeping: &mut Keeping) -> Standing {
    ask(keeping, Ask::Standing)
}

#[test]
fn a_change_is_a_generation_and_is_there_after_the_role_has_died() {
    let (folder, mut keeping) = fresh();
    let outcome = import(&mut keeping, author(), "<sip><transport>tcp</transport></sip>").unwrap();
    assert_eq!(outcome.generation, 1);
    assert_eq!(outcome.differences, ["sip.transport: udp -> tcp"]);
    let again = import(&mut keeping, author(), "<sip><transport>tcp</transport></sip>").unwrap();
    assert_eq!((again.generation, again.differences.len()), (1, 0), "nothing changes nothing");
    drop(keeping);

    let mut keeping = open(&folder.path().join("conf"));
    assert!(settings(&mut keeping).contains("<transport>tcp</transport>"));
    let history = ask(&mut keeping, |answer| Ask::History(5, answer)).unwrap();
    assert_eq!(history.len(), 1);
    assert_eq!((history[0].who.as_str(), history[0].from.as_str()), ("test", "here"));
    assert!(history[0].kept && history[0].what.contains("a.xml"), "{:?}", history[0]);
}

#[test]
fn what_is_wrong_is_refused_with_its_place_and_changes_nothing() {
    let (_folder, mut keeping) = fresh();
    set(&mut keeping, author(), "sip.transport", "tcp").unwrap();
    let why = import(&mut keeping, author(), "<sip><transport>carrier</transport></sip>");
    let why = why.unwrap_err();
    assert!(why.contains("a.xml, line 1") && why.contains("nothing of it was applied"), "{why}");
    let why = set(&mut keeping, author(), "sip.wings", "2").unwrap_err();
    assert!(why.contains("sip.wings"), "{why}");
    assert_eq!(standing(&mut keeping).generation, 1);
    let looked = Author { only_look: true, ..author() };
    let outcome = set(&mut keeping, looked, "sip.transport", "udp").unwrap();
    assert_eq!((outcome.generation, outcome.differences.len()), (1, 1));
    assert!(settings(&mut keeping).contains("tcp"), "it was only looked at");
}

#[test]
fn two_administrators_do_not_undo_each_others_work_unseen() {
    let (_folder, mut keeping) = fresh();
    set(&mut keeping, author(), "sip.tos", "1").unwrap();
    let based = |base| Author { base, ..author() };
    set(&mut keeping, based(1), "sip.tos", "2").unwrap();
    let why = set(&mut keeping, based(1), "sip.maxforwards", "60").unwrap_err();
    assert!(why.contains("generation 1") && why.contains('2'), "{why}");
    assert!(!settings(&mut keeping).contains("maxforwards"));
}

#[test]
fn one_changed_user_is_one_difference_for_whoever_knew_the_others() {
    let (_folder, mut keeping) = fresh();
    let names: Vec<String> = (1000..3000).map(|it| it.to_string()).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    import_users(&mut keeping, &names).unwrap();
    let known = users(&mut keeping, 0);
    assert!(known.whole && known.put.len() == 2000);

    let fields = [("username", "1007"), ("displayname", "Bond")]
        .into_iter()
        .collect::<config::roster::Fields>()
        .into_piece();
    let row = Row { key: "1007".into(), fields };
    let change = |answer| Ask::ChangeUsers(author(), vec![row], vec!["1999".into()], answer);
    let outcome = ask(&mut keeping, change).unwrap();
    assert_eq!(outcome.differences, ["user 1999 is removed", "user 1007 is changed"]);
    let news = users(&mut keeping, known.number);
    assert!(!news.whole && news.put.len() == 1 && news.removed == ["1999"]);
    assert_eq!(news.number, outcome.generation);
    assert!(users(&mut keeping, news.number).put.is_empty());
}

#[test]
fn a_user_that_breaks_a_rule_between_users_is_refused_whole() {
    let (_folder, mut keeping) = fresh();
    import_users(&mut keeping, &["1", "2"]).unwrap();
    let ipei = ("ipei", "00077 0000001");
    let row = |key: &str| Row {
        key: key.into(),
        fields: [ipei, ("username", key)]
            .into_iter()
            .collect::<config::roster::Fields>()
            .into_piece(),
    };
    let change = |rows: Vec<Row>| |answer| Ask::ChangeUsers(author(), rows, vec![], answer);
    ask(&mut keeping, change(vec![row("1")])).unwrap();
    let why = ask(&mut keeping, change(vec![row("2")])).unwrap_err();
    assert!(why.contains("that of user 1"), "{why}");
    let news = users(&mut keeping, 0);
    let owners: Vec<_> = news
        .put
        .iter()
        .filter(|row| config::roster::pairs(&row.fields).any(|it| it == ipei))
        .collect();
    assert!(owners.len() == 1 && owners[0].key == "1");
    let gone = |answer| Ask::ChangeUsers(author(), vec![], vec!["9".into()], answer);
    assert!(ask(&mut keeping, gone).unwrap_err().contains("no user 9"));
}

#[test]
fn what_was_in_force_returns_whole_and_one_way_switches_stay() {
    let (_folder, mut keeping) = fresh();
    import_users(&mut keeping, &["1", "2"]).unwrap();
    import(&mut keeping, author(), "<sip><tos>7</tos></sip>").unwrap();
    import_users(&mut keeping, &["3"]).unwrap();
    set(&mut keeping, author(), "security.strict_password", "true").unwrap();
    let outcome = ask(&mut keeping, |answer| Ask::Undo(author(), 2, answer)).unwrap();
    assert_eq!(outcome.generation, 5);
    assert!(outcome.notices.iter().any(|it| it.contains("strict_password")), "{outcome:?}");
    let text = settings(&mut keeping);
    assert!(text.contains("<tos>7</tos>") && text.contains("strict_password"), "{text}");
    let keys: Vec<String> = users(&mut keeping, 0).put.iter().map(|row| row.key.clone()).collect();
    assert_eq!(keys, ["1", "2"]);
    assert!(ask(&mut keeping, |answer| Ask::Undo(author(), 99, answer)).is_err());
}

fn trial() -> Author {
    Author { confirm_within_s: 100, ..author() }
}

#[test]
fn what_nobody_confirms_returns_and_users_that_came_meanwhile_stay() {
    let (_folder, mut keeping) = fresh();
    set(&mut keeping, author(), "network.ipaddr", "10.0.0.1").unwrap();
    set(&mut keeping, trial(), "network.ipaddr", "10.0.0.2").unwrap();
    let standing_now = standing(&mut keeping);
    assert!(standing_now.on_trial && standing_now.back_to == 1 && standing_now.left_s >= 98);
    assert!(set(&mut keeping, author(), "sip.tos", "1").is_err(), "others wait");
    assert!(ask(&mut keeping, |answer| Ask::Undo(author(), 1, answer)).is_err());
    import_users(&mut keeping, &["1"]).unwrap();

    keeping.expire_at(Instant::now() + Duration::from_secs(101));
    assert!(settings(&mut keeping).contains("10.0.0.1"));
    assert_eq!(users(&mut keeping, 0).put.len(), 1);
    assert!(!standing(&mut keeping).on_trial);
    set(&mut keeping, author(), "sip.tos", "1").unwrap();
}

#[test]
fn what_is_confirmed_stays_and_what_was_not_returns_when_the_role_has_died() {
    let (folder, mut keeping) = fresh();
    let folder = folder.path().join("conf");
    assert!(ask(&mut keeping, |answer| Ask::Confirm(author(), answer)).is_err());
    set(&mut keeping, author(), "network.ipaddr", "10.0.0.1").unwrap();
    set(&mut keeping, trial(), "network.ipaddr", "10.0.0.2").unwrap();
    ask(&mut keeping, |answer| Ask::Confirm(author(), answer)).unwrap();
    set(&mut keeping, trial(), "network.ipaddr", "10.0.0.3").unwrap();
    drop(keeping);

    let mut keeping = open(&folder);
    assert!(settings(&mut keeping).contains("10.0.0.2"));
    drop(keeping);
    let mut keeping = open(&folder);
    assert!(settings(&mut keeping).contains("10.0.0.2") && !standing(&mut keeping).on_trial);
}

#[test]
fn a_file_is_taken_over_once_and_a_wrong_one_is_said_and_harms_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let files = Files {
        config: folder.path().join("config.xml"),
        users: folder.path().join("users.xml"),
        optional: Optional { config: true, users: true },
    };
    let begin = || {
        let mut keeping = open(&folder.path().join("conf"));
        keeping.begin(&files);
        keeping
    };
    let write = |tos: &str| {
        let text = format!("<config><sip><tos>{tos}</tos></sip></config>");
        std::fs::write(&files.config, text).unwrap();
    };
    assert_eq!(standing(&mut begin()).generation, 0, "no file is no change");
    write("5");
    let mut keeping = begin();
    assert!(settings(&mut keeping).contains("<tos>5</tos>"));
    set(&mut keeping, author(), "sip.tos", "6").unwrap();
    drop(keeping);
    assert!(settings(&mut begin()).contains("<tos>6</tos>"), "it was taken over already");
    write("7");
    assert!(settings(&mut begin()).contains("<tos>7</tos>"), "it is another file");
    write("many");
    let mut keeping = begin();
    assert!(settings(&mut keeping).contains("<tos>7</tos>"));
    assert!(
        keeping
            .alerts()
            .iter()
            .any(|it| it.contains("was not taken over") && it.contains("sip.tos"))
    );
}

#[test]
fn subscriptions_are_kept_for_good_and_an_import_does_not_touch_them() {
    let (folder, mut keeping) = fresh();
    let subscription = Subscription {
        ipei: "00077 0000001".into(),
        ipui: ident::Ipui::N("00077 0000001".parse().unwrap()).to_octets(),
        keys: "confirmed".into(),
        key: vec![7; 16],
        ..Subscription::default()
    };
    let keep = Keep { put: vec![subscription.clone()], ..Keep::default() };
    ask(&mut keeping, |answer| Ask::Keep(keep, answer)).unwrap();
    let bad = Keep { put: vec![Subscription::default()], ..Keep::default() };
    assert!(ask(&mut keeping, |answer| Ask::Keep(bad, answer)).is_err());
    import_users(&mut keeping, &["1"]).unwrap();
    import(&mut keeping, author(), "<sip><tos>7</tos></sip>").unwrap();
    drop(keeping);
    let mut keeping = open(&folder.path().join("conf"));
    let (kept, _) = ask(&mut keeping, Ask::Subscriptions).unwrap();
    assert!(kept.len() == 1 && kept[0].key == subscription.key);
}

#[test]
fn a_factory_reset_takes_what_its_scope_names_once_and_leaves_users_and_licences() {
    let (folder, mut keeping) = fresh();
    let folder = folder.path().join("conf");
    let files = Files {
        config: folder.join("none.xml"),
        users: folder.join("none.xml"),
        optional: Optional { config: true, users: true },
    };
    let inside = "<license>abc</license><network><ipaddr>10.0.0.1</ipaddr></network>\
                  <security><strict_password>true</strict_password></security><own>x</own>";
    import(&mut keeping, author(), inside).unwrap();
    import_users(&mut keeping, &["1"]).unwrap();
    drop(keeping);
    for (scope, left) in [
        ("network", ["license", "strict_password", "own"].as_slice()),
        ("config", ["license"].as_slice()),
    ] {
        std::fs::write(folder.join(super::RESET), scope).unwrap();
        let mut keeping = open(&folder);
        keeping.begin(&files);
        let text = settings(&mut keeping);
        for name in ["license", "strict_password", "own", "ipaddr"] {
            assert_eq!(text.contains(name), left.contains(&name), "{scope} {name}: {text}");
        }
        assert_eq!(users(&mut keeping, 0).put.len(), 1);
        assert!(!folder.join(super::RESET).exists());
    }
}

#[test]
fn a_model_takes_as_many_users_as_it_can() {
    let (_folder, mut keeping) = fresh();
    set(&mut keeping, author(), "fixpart.model", "200").unwrap();
    let names: Vec<String> = (0..13).map(|it| it.to_string()).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let why = import_users(&mut keeping, &names).unwrap_err();
    assert!(why.contains("12"), "{why}");
    import_users(&mut keeping, &names[..12]).unwrap();
}

#[test]
fn a_damaged_database_comes_back_from_its_daily_copy_and_that_is_said() {
    let (folder, mut keeping) = fresh();
    let folder = folder.path().join("conf");
    set(&mut keeping, author(), "sip.tos", "7").unwrap();
    keeping.idle_at(Instant::now() + Duration::from_mins(3));
    assert!(keeping.alerts().is_empty(), "{:?}", keeping.alerts());
    keeping.close();
    let database = folder.join(std::fs::read_to_string(folder.join("current")).unwrap().trim());
    std::fs::write(&database, vec![0x55; 8192]).unwrap();
    let mut keeping = open(&folder);
    assert!(settings(&mut keeping).contains("<tos>7</tos>"));
    assert!(keeping.alerts().iter().any(|it| it.contains("damaged")), "{:?}", keeping.alerts());
}
