//! Users and settings that change while everybody is at work.

use super::bench::{BASE, Bench, RFP, dial, handset, ring, session, settings, user};
use crate::iwu::Input;
use crate::status::{Registration, Status, UserStatus};
use crate::users::{User, UserChange};
use ::dect::primitive::{self as dect, AccessCode, Indication};
use ::sip::primitive::{self as sip, AccountId, Ended, Password};
use media::session::Codec;
use proptest::prelude::*;
use std::time::Duration;

fn put(user: User) -> Input {
    Input::UserChanges(vec![UserChange::Put(Box::new(user))])
}

fn remove(name: &str) -> Input {
    Input::UserChanges(vec![UserChange::Remove(name.into())])
}

fn deregistered(account: u32) -> Input {
    Input::Sip(sip::Event::Deregistered(AccountId(account)))
}

fn registered(account: u32) -> Input {
    Input::Sip(sip::Event::Registered(AccountId(account), Duration::from_hours(1)))
}

fn seen(bench: &Bench, name: &str) -> UserStatus {
    let Status { users, .. } = bench.iwu.status();
    users.into_iter().find(|user| user.user == name).unwrap()
}

/// What is asked for in answer to this.
fn follows(bench: &mut Bench, input: Input) -> String {
    bench.world.trace.clear();
    bench.input(input);
    std::mem::take(&mut bench.world.trace)
}

/// The handset of user 201 talks.
fn talk(bench: &mut Bench) {
    dial(bench, 900, 1, "555");
    bench.opened(1);
    bench.input(Input::Sip(sip::Event::Answered(sip::CallId(1), Some(session(7000)))));
    bench.input(Input::Dect(Indication::MediaOpened(dect::CallId(900), BASE)));
}

#[test]
fn a_user_whose_handset_is_there_already_registers_at_once_and_another_when_it_comes() {
    let mut bench = Bench::new();
    for psn in [3, 4] {
        bench.input(Input::Dect(Indication::Subscribed(handset(psn))));
    }
    bench.input(Input::Dect(Indication::Located(handset(3), RFP)));
    assert_eq!(bench.iwu.status().strangers, [handset(3), handset(4)]);
    assert_eq!(
        follows(&mut bench, put(user("203", 3))),
        "sip   account 3 put\nsip   account 3 Register\n"
    );
    assert_eq!(follows(&mut bench, put(user("204", 4))), "sip   account 4 put\n");
    let comes = Input::Dect(Indication::Located(handset(4), RFP));
    assert!(follows(&mut bench, comes).ends_with("sip   account 4 Register\n"));
    assert_eq!(bench.iwu.status().strangers, []);
}

#[test]
fn a_handset_that_nobody_knew_subscribes_as_soon_as_it_has_a_user() {
    let mut bench = Bench::new();
    let asks = || Input::Dect(Indication::AccessRights(handset(9)));
    assert!(follows(&mut bench, asks()).ends_with("refused\n"));
    bench.input(put(user("209", 9)));
    assert_eq!(follows(&mut bench, asks()), "dect  0 AccessRights 00077 0000009 6 allowed\n");
}

#[test]
fn a_removed_user_talks_to_the_end_is_not_called_any_more_and_the_handset_stays_as_a_stranger() {
    let mut bench = Bench::new();
    talk(&mut bench);
    assert_eq!(follows(&mut bench, remove("201")), "sip   account 1 Deregister\n");
    assert!(bench.iwu.is_leaving());
    assert_eq!(follows(&mut bench, deregistered(1)), "");
    bench.world.trace.clear();
    ring(&mut bench, 800, 1, Some(session(7000)));
    assert!(bench.world.trace.starts_with("sip   800 Reject 404\n"), "{}", bench.world.trace);
    bench.world.sip.remove(&sip::CallId(800));

    let keys = Indication::Info { call: dect::CallId(900), keys: "5".into(), complete: false };
    assert_eq!(follows(&mut bench, Input::Dect(keys)), "media 1 Key Network 5\n");
    bench.world.sip.clear();
    let ends = Input::Sip(sip::Event::Ended(sip::CallId(1), Ended::ByPeer));
    assert_eq!(follows(&mut bench, ends), "dect  900 Release Normal \nmedia 1 Close\n");
    bench.world.trace.clear();
    bench.end_all();
    assert_eq!(bench.world.trace, "sip   account 1 removed\n");

    bench.world.trace.clear();
    dial(&mut bench, 901, 1, "555");
    assert!(bench.world.trace.contains("dect  901 Release UserRejection Not allowed"));
    assert_eq!(bench.iwu.status().strangers, [handset(1)]);
    bench.end_all();
    bench.assert_idle();
}

#[test]
fn who_comes_back_before_the_registrar_has_answered_has_the_old_account() {
    let mut bench = Bench::new();
    assert_eq!(follows(&mut bench, remove("201")), "sip   account 1 Deregister\n");
    assert_eq!(
        follows(&mut bench, put(user("201", 1))),
        "sip   account 1 put\nsip   account 1 Register\n"
    );
    // The old registration is gone; the new one is on its way.
    assert_eq!(follows(&mut bench, deregistered(1)), "");
    assert_eq!(seen(&bench, "201").registration, Registration::Trying);
    bench.input(registered(1));
    assert!(matches!(seen(&bench, "201").registration, Registration::Registered(_)));
    assert!(!bench.iwu.is_leaving());
    assert_eq!(follows(&mut bench, remove("201")), "sip   account 1 Deregister\n");
    assert_eq!(follows(&mut bench, deregistered(1)), "sip   account 1 removed\n");
}

#[test]
fn each_kind_of_change_asks_for_what_it_needs_and_for_nothing_else() {
    type Change = fn(&mut User);
    let changes: [(Change, &str); 7] = [
        (|_| (), ""),
        (|user| user.account.display_name = "Ward 3".into(), "sip   account 1 put\n"),
        (
            |user| user.account.password = Password::new("louder"),
            "sip   account 1 put\nsip   account 1 Register\n",
        ),
        (
            |user| user.account.auth_user = "u1".into(),
            "sip   account 1 put\nsip   account 1 Register\n",
        ),
        (
            |user| user.account.domain = "elsewhere.example".into(),
            "sip   account 1 Deregister\nsip   account 3 put\nsip   account 3 Register\n",
        ),
        (|user| user.access_code = AccessCode::new("1234"), ""),
        (|user| user.disabled = true, ""),
    ];
    for (change, asked) in changes {
        let mut bench = Bench::new();
        let mut changed = user("201", 1);
        change(&mut changed);
        assert_eq!(follows(&mut bench, put(changed.clone())), asked);
        // The whole list says the same.
        let mut bench = Bench::new();
        let list = Input::Users(vec![user("202", 2), changed.clone()]);
        assert_eq!(follows(&mut bench, list), asked);
        assert_eq!(follows(&mut bench, put(changed)), "");
    }
}

#[test]
fn a_new_password_is_proved_also_by_one_who_was_refused_or_is_switched_off() {
    let mut louder = user("201", 1);
    louder.account.password = Password::new("louder");
    let refused = sip::NotRegistered { status: Some(401), reason: "no".into(), retry: None };
    let asked = "sip   account 1 put\nsip   account 1 Register\n";
    for before in [
        Input::Sip(sip::Event::NotRegistered(AccountId(1), refused)),
        Input::Dect(Indication::Detached(handset(1))),
    ] {
        let mut bench = Bench::new();
        bench.input(before);
        assert_eq!(follows(&mut bench, put(louder.clone())), asked);
        assert_eq!(seen(&bench, "201").registration, Registration::Trying);
    }
    // One who does not want to be registered is left alone.
    let mut bench = Bench::new();
    bench.input(Input::Dect(Indication::Terminated(handset(1))));
    bench.input(deregistered(1));
    assert_eq!(follows(&mut bench, put(louder)), "sip   account 1 put\n");
}

#[test]
fn a_disabled_user_ends_the_call_when_he_likes_and_begins_no_other() {
    let mut bench = Bench::new();
    talk(&mut bench);
    let disabled = User { disabled: true, ..user("201", 1) };
    assert_eq!(follows(&mut bench, put(disabled)), "");
    assert_eq!(bench.iwu.calls(), 1);
    bench.end_all();
    dial(&mut bench, 901, 1, "555");
    assert!(bench.world.trace.contains("dect  901 Release UserRejection Not allowed"));
    bench.input(put(user("201", 1)));
    bench.end_all();
    dial(&mut bench, 902, 1, "555");
    assert_eq!(bench.iwu.calls(), 1);
}

#[test]
fn a_user_who_gets_another_handset_follows_it_and_two_may_swap() {
    let mut bench = Bench::new();
    // Handset 3 has never been here: nobody would answer.
    assert_eq!(follows(&mut bench, put(user("201", 3))), "sip   account 1 Deregister\n");
    assert_eq!(bench.iwu.status().strangers, [handset(1)]);
    bench.input(deregistered(1));
    assert_eq!(follows(&mut bench, put(user("201", 1))), "sip   account 1 Register\n");
    bench.input(registered(1));

    talk(&mut bench);
    let swap = [user("201", 2), user("202", 1)].map(|user| UserChange::Put(Box::new(user)));
    assert_eq!(follows(&mut bench, Input::UserChanges(swap.into())), "");
    let [one, two] = ["201", "202"].map(|name| seen(&bench, name));
    assert_eq!((one.ipei, two.ipei), (Some(handset(2)), Some(handset(1))));
    // The handset that talks goes on talking, as the account by which it has called.
    assert!(two.busy && !one.busy);
    assert_eq!(bench.iwu.call_list().next().unwrap().user, "201");
    bench.end_all();
    dial(&mut bench, 901, 1, "555");
    bench.opened(2);
    assert!(bench.world.trace.contains("Invite 555 by 2"), "{}", bench.world.trace);
}

#[test]
fn one_change_costs_one_user_however_many_there_are() {
    let mut bench = Bench::empty(settings());
    let list = || (1..=10_000).map(|psn| user(&psn.to_string(), psn)).collect::<Vec<_>>();
    bench.input(Input::Users(list()));
    for psn in 1..=10_000 {
        bench.input(Input::Dect(Indication::Subscribed(handset(psn))));
        bench.input(Input::Dect(Indication::Located(handset(psn), RFP)));
    }
    let mut costs = |input| {
        let before = bench.iwu.looked_at;
        let lines = follows(&mut bench, input).lines().count();
        (bench.iwu.looked_at - before, lines)
    };
    let mut changed = user("77", 77);
    changed.account.password = Password::new("louder");
    assert_eq!(costs(put(changed)), (1, 2));
    assert_eq!(costs(remove("78")), (0, 1));
    assert_eq!(costs(put(user("20000", 78))), (1, 2));
    // A whole list is compared, and only who differs is looked at.
    let mut same = list();
    same.retain(|user| !["77", "78"].contains(&user.account.user.as_str()));
    same.push(user("77", 77));
    same.push(user("20000", 78));
    assert_eq!(costs(Input::Users(same)), (1, 2));
}

#[test]
fn a_call_goes_on_as_it_began_and_the_next_one_as_it_is_set_now() {
    let mut bench = Bench::new();
    talk(&mut bench);
    let mut other = settings();
    (other.codecs, other.events, other.info_keys) = (vec![Codec::Pcmu], None, true);
    bench.set(other);
    bench.world.trace.clear();
    let keys = |call| Indication::Info { call, keys: "5".into(), complete: false };
    bench.input(Input::Dect(keys(dect::CallId(900))));
    bench.input(Input::Sip(sip::Event::Offer(sip::CallId(1), Some(session(7002)))));
    assert_eq!(
        bench.world.trace,
        "media 1 Key Network 5\nsip   1 Answer\nmedia 1 Connect Network 127.0.0.1:7002 Pcma Both\n"
    );
    bench.world.trace.clear();
    dial(&mut bench, 901, 2, "555");
    bench.opened(2);
    bench.input(Input::Sip(sip::Event::Answered(sip::CallId(2), Some(session(7004)))));
    bench.input(Input::Dect(keys(dect::CallId(901))));
    let trace = &bench.world.trace;
    assert!(trace.contains("Connect Network 127.0.0.1:7004 Pcmu Both"), "{trace}");
    assert!(trace.ends_with("sip   2 InfoKey 5\n"), "{trace}");
}

#[test]
fn who_is_switched_off_is_deregistered_as_soon_as_the_settings_want_it() {
    let mut bench = Bench::new();
    bench.input(Input::Dect(Indication::Detached(handset(2))));
    bench.world.trace.clear();
    let mut other = settings();
    other.deregister_on_detach = true;
    bench.set(other.clone());
    assert_eq!(bench.world.trace, "sip   account 2 Deregister\n");
    bench.set(other);
    bench.set(settings());
    assert_eq!(bench.world.trace, "sip   account 2 Deregister\n");
}

/// One thing that happens in between.
#[derive(Clone, Debug)]
enum Step {
    Put(u32, u32, u32, bool),
    Remove(u32),
    Located(u32),
    Detached(u32),
    Told(u32, bool),
    Calls(u32),
    CallsEnd,
}

fn step() -> impl Strategy<Value = Step> {
    let (who, handset) = (201..206u32, 0..6u32);
    prop_oneof![
        4 => (who.clone(), handset.clone(), 0..3u32, any::<bool>())
            .prop_map(|(who, pp, word, away)| Step::Put(who, pp, word, away)),
        2 => who.prop_map(Step::Remove),
        2 => handset.clone().prop_map(Step::Located),
        1 => handset.clone().prop_map(Step::Detached),
        3 => (1..12u32, any::<bool>()).prop_map(|(account, yes)| Step::Told(account, yes)),
        2 => handset.prop_map(Step::Calls),
        1 => Just(Step::CallsEnd),
    ]
}

fn changed(who: u32, pp: u32, word: u32, away: bool) -> User {
    let mut user = user(&who.to_string(), pp.max(1));
    user.ipei = (pp > 0).then(|| handset(pp));
    user.account.password = Password::new(&word.to_string());
    if away {
        user.account.domain = "elsewhere.example".into();
    }
    user
}

fn take(bench: &mut Bench, call: &mut u32, step: &Step) {
    match *step {
        Step::Put(who, pp, word, away) => bench.input(put(changed(who, pp, word, away))),
        Step::Remove(who) => bench.input(remove(&who.to_string())),
        Step::Located(pp) => {
            bench.input(Input::Dect(Indication::Subscribed(handset(pp))));
            bench.input(Input::Dect(Indication::Located(handset(pp), RFP)));
        }
        Step::Detached(pp) => bench.input(Input::Dect(Indication::Detached(handset(pp)))),
        // The engine answers only what it was asked.
        Step::Told(account, yes) if bench.world.accounts.contains_key(&AccountId(account)) => {
            let wants = bench.world.accounts[&AccountId(account)];
            match (wants, yes) {
                (true, true) => bench.input(registered(account)),
                (true, false) => {
                    let why =
                        sip::NotRegistered { status: None, reason: String::new(), retry: None };
                    let event = sip::Event::NotRegistered(AccountId(account), why);
                    bench.input(Input::Sip(event));
                }
                (false, _) => bench.input(deregistered(account)),
            }
        }
        Step::Told(..) => {}
        Step::Calls(pp) => {
            *call += 1;
            dial(bench, *call, pp, "555");
        }
        Step::CallsEnd => bench.end_all(),
    }
}

proptest! {
    /// Whatever happens in whatever order: the SIP engine has an account for each user and, when all has
    /// come to rest, for nobody else; and the whole list of the same users changes nothing.
    #[test]
    fn no_order_of_changes_leaves_an_account_behind(steps in prop::collection::vec(step(), 0..60)) {
        let mut bench = Bench::empty(settings());
        let (mut users, mut call) = (std::collections::BTreeMap::new(), 900);
        for step in &steps {
            take(&mut bench, &mut call, step);
            match *step {
                Step::Put(who, pp, word, away) => {
                    users.insert(who, changed(who, pp, word, away));
                }
                Step::Remove(who) => drop(users.remove(&who)),
                _ => {}
            }
        }
        let list: Vec<User> = users.into_values().collect();
        let names: Vec<String> = list.iter().map(|user| user.account.user.clone()).collect();
        prop_assert_eq!(follows(&mut bench, Input::Users(list)), "");
        bench.end_all();
        let left: Vec<AccountId> = bench.world.accounts.keys().copied().collect();
        for AccountId(account) in left {
            let wanted = bench.world.accounts[&AccountId(account)];
            bench.input(if wanted { registered(account) } else { deregistered(account) });
        }
        let seen: Vec<String> = bench.iwu.status().users.into_iter().map(|it| it.user).collect();
        prop_assert_eq!(&seen, &names);
        prop_assert_eq!(bench.world.accounts.len(), names.len(), "{}", bench.world.trace);
        prop_assert!(!bench.iwu.is_leaving());
        bench.assert_idle();
    }
}
