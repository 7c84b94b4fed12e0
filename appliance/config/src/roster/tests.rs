//! What holds for rosters.

use super::*;
use crate::users::fields::{ACCESSCODE, DISABLED};
use proptest::prelude::*;

/// Some texts of one user: name, handset, whether it is shared, and two more fields.
type Sketch = (u8, Option<u8>, bool, Option<bool>, Option<u8>);

fn sketch() -> impl Strategy<Value = Sketch> {
    let handset = proptest::option::of(0..6u8);
    (0..8u8, handset, any::<bool>(), any::<Option<bool>>(), proptest::option::of(0..3u8))
}

fn ipei(number: u8) -> String {
    format!("00077 {number:07}")
}

/// A roster of those that do not take another's name or handset, and of the handsets that are left over.
fn roster(sketches: &[Sketch], spare: &[u8], rest: bool) -> Roster {
    let mut users = Users::default();
    let (mut names, mut handsets) = (Vec::new(), Vec::new());
    for (name, handset, dynamic, disabled, code) in sketches {
        let handset = handset.filter(|number| !handsets.contains(number));
        if names.contains(name) {
            continue;
        }
        names.push(*name);
        handsets.extend(handset);
        let mut fields = vec![("username".to_owned(), name.to_string())];
        fields.extend(handset.map(|number| ("ipei".to_owned(), ipei(number))));
        fields.extend(code.map(|code| ("accesscode".to_owned(), code.to_string())));
        fields.extend(dynamic.then(|| ("link".to_owned(), "dynamic".to_owned())));
        fields.extend(disabled.map(|disabled| ("disabled".to_owned(), disabled.to_string())));
        fields.extend(code.map(|code| ("shoe".to_owned(), code.to_string())));
        let row = Row { key: name.to_string(), fields: fields.into_iter().collect() };
        users.users.push(User::from_row(&row).expect("a user"));
    }
    for number in spare.iter().filter(|number| !handsets.contains(number)) {
        let row =
            Row { key: ipei(*number), fields: [("ipei", ipei(*number))].into_iter().collect() };
        users.devices.push(Device::from_row(&row).expect("a handset"));
    }
    users.devices.sort_by_key(Device::ipei);
    users.devices.dedup();
    if rest {
        let mut element = crate::xml::Element::new("groups");
        element.children.push(crate::xml::Element { text: "1".into(), ..element.clone() });
        users.unknown.push(element);
    }
    Roster::from_users(users)
}

/// A roster that can be shown, by the names in it.
#[derive(Clone)]
struct Shown(Roster);

impl std::fmt::Debug for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.rows()).finish()
    }
}

fn any_roster() -> impl Strategy<Value = Shown> {
    let parts = (
        proptest::collection::vec(sketch(), 0..10),
        proptest::collection::vec(0..8u8, 0..4),
        any::<bool>(),
    );
    parts.prop_map(|(sketches, spare, rest)| Shown(roster(&sketches, &spare, rest)))
}

fn user(texts: &[(&str, &str)]) -> User {
    let mut user = User::default();
    for (name, text) in texts {
        user.set(name, text).unwrap();
    }
    user
}

proptest! {
    #[test]
    fn the_difference_between_two_rosters_leads_from_one_to_the_other(
        old in any_roster(), new in any_roster(),
    ) {
        let changes = old.0.difference(&new.0);
        let mut now = old.0.clone();
        for change in &changes {
            prop_assert_eq!(now.apply(change), Ok(()));
        }
        prop_assert!(now == new.0, "{:?}", changes);
        prop_assert_eq!(new.0.difference(&new.0), []);
    }

    #[test]
    fn a_roster_is_the_set_of_its_rows_and_a_file_of_it_says_the_same(roster in any_roster()) {
        let Shown(roster) = roster;
        let (again, refused) = Roster::from_rows(roster.rows());
        prop_assert!(again == roster);
        prop_assert_eq!(refused, []);
        let text = roster.to_users().write();
        let users = Users::read("users.xml", &text);
        let users = users.map_err(|flaws| TestCaseError::fail(flaws.to_string()))?.0;
        prop_assert!(Roster::from_users(users) == roster, "{}", text);
    }

    #[test]
    fn who_has_a_handset_and_which_one_somebody_has_are_the_same_fact(
        old in any_roster(), new in any_roster(),
    ) {
        let Shown(mut roster) = old;
        for row in new.0.rows() {
            drop(roster.apply(&Change::Changed(row)));
            let turned: BTreeMap<Ipei, String> =
                roster.links.iter().map(|(key, link)| (link.device, key.clone())).collect();
            prop_assert_eq!(&turned, &roster.holders);
            prop_assert!(roster.links.keys().all(|key| roster.users.contains_key(key)));
            prop_assert!(roster.holders.keys().all(|ipei| roster.devices.contains_key(ipei)));
        }
    }
}

#[test]
fn one_changed_user_of_ten_thousand_is_one_change() {
    let users = (0..10_000)
        .map(|n| user(&[("username", &n.to_string()), ("ipei", &format!("00077 {n:07}"))]));
    let old = Roster::from_users(Users { users: users.collect(), ..Users::default() });
    let mut changed = old.user("77").unwrap();
    changed.set("disabled", "true").unwrap();
    let mut new = old.clone();
    new.apply(&Change::Changed(changed.row())).unwrap();

    let changes = old.difference(&new);
    assert_eq!(changes, [Change::Changed(changed.row())]);
    assert!(new.user("77").unwrap().get(&DISABLED));
    assert_eq!(new.len(), 10_000);
}

#[test]
fn two_users_can_exchange_their_handsets() {
    let one = user(&[("username", "1"), ("ipei", "00077 0000001"), ("accesscode", "11")]);
    let two = user(&[("username", "2"), ("ipei", "00077 0000002"), ("accesscode", "22")]);
    let old = Roster::from_users(Users { users: vec![one, two], ..Users::default() });
    let one = user(&[("username", "1"), ("ipei", "00077 0000002"), ("accesscode", "22")]);
    let two = user(&[("username", "2"), ("ipei", "00077 0000001"), ("accesscode", "11")]);
    let new = Roster::from_users(Users { users: vec![one, two], ..Users::default() });
    let mut now = old.clone();
    for change in old.difference(&new) {
        now.apply(&change).unwrap();
    }
    assert!(now == new);
    assert_eq!(now.user("1").unwrap().get(&ACCESSCODE).expose(), "22");
    let handset: Ipei = "00077 0000001".parse().unwrap();
    assert_eq!(now.holder(handset), Some("2"));
    assert_eq!(now.link("2"), Some(Link { device: handset, kind: LinkKind::Fixed }));
}

#[test]
fn the_access_code_waits_with_the_user_until_there_is_a_handset() {
    let waiting = user(&[("username", "1"), ("accesscode", "1234")]);
    let mut roster = Roster::default();
    roster.apply(&Change::Added(waiting.row())).unwrap();
    assert_eq!(roster.devices().count(), 0);
    assert_eq!(roster.user("1").unwrap().get(&ACCESSCODE).expose(), "1234");

    let mut subscribed = roster.user("1").unwrap();
    subscribed.set("ipei", "00077 0000001").unwrap();
    roster.apply(&Change::Changed(subscribed.row())).unwrap();
    let device = roster.devices().next().unwrap();
    assert_eq!(device.get(&ACCESSCODE).expose(), "1234");
    assert!(roster.user("1").unwrap() == subscribed);
}

#[test]
fn a_row_that_this_version_cannot_read_is_kept_and_counts_for_nothing() {
    let row = |key: &str, name: &str, text: &str| Row {
        key: key.into(),
        fields: [("username", key), (name, text)].into_iter().collect(),
    };
    let rows = [row("1", "tx_gain", "loud"), row("2", "disabled", "true")];
    let (roster, refused) = Roster::from_rows(rows.clone());
    assert_eq!(refused.len(), 1);
    assert_eq!(refused[0].1.to_string(), "tx_gain: expected a whole number from -12 to 12");
    assert_eq!(roster.len(), 1);
    let mut kept: Vec<Row> = roster.rows().collect();
    kept.sort_by(|a, b| a.key.cmp(&b.key));
    assert_eq!(kept, rows);

    let mut roster = roster;
    roster.apply(&Change::Changed(row("1", "tx_gain", "3"))).unwrap();
    assert_eq!(roster.len(), 2);
    assert_eq!(roster.rows().count(), 2);
}

#[test]
fn an_unknown_field_is_a_secret_where_its_name_suggests_it() {
    assert!(secret("authpassword") && secret("sippassword") && secret("pin"));
    assert!(!secret("username") && !secret("ipei") && !secret("shoe"));
    let row = Row { key: "1".into(), fields: [("authpassword", "geheim")].into_iter().collect() };
    assert!(!format!("{row:?}").contains("geheim"));
}
