//! Whatever is done in whatever order, the database holds what a list in memory would.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;

/// One thing done to the database.
#[derive(Clone, Debug)]
enum Deed {
    /// All settings, by name and text.
    Settings(Vec<(u8, u8)>),
    /// Users that are put or removed.
    Users(Vec<(u8, Option<u8>)>),
    /// So many generations back.
    Undo(u64),
    /// Handsets that are put or removed.
    Keep(Vec<(u8, Option<u8>)>),
    Snapshot,
    Checkpoint,
    Reopen,
}

fn deed() -> impl Strategy<Value = Deed> {
    let some = || proptest::collection::vec((0..5_u8, proptest::option::of(0..3_u8)), 0..4);
    prop_oneof![
        4 => proptest::collection::vec((0..6_u8, 0..3_u8), 0..8).prop_map(Deed::Settings),
        4 => some().prop_map(Deed::Users),
        3 => (0..6_u64).prop_map(Deed::Undo),
        2 => some().prop_map(Deed::Keep),
        1 => Just(Deed::Snapshot),
        1 => Just(Deed::Checkpoint),
        2 => Just(Deed::Reopen),
    ]
}

/// What is in force.
#[derive(Clone, Default, PartialEq, Eq)]
struct Content {
    settings: Vec<Entry>,
    users: BTreeMap<String, Row>,
}

#[derive(Default)]
struct Model {
    /// Of each generation, from 0.
    generations: Vec<Content>,
    handsets: BTreeMap<u32, u8>,
}

impl Model {
    fn now(&self) -> Content {
        self.generations.last().cloned().unwrap_or_default()
    }

    fn next(&mut self, content: Content) {
        if content != self.now() {
            self.generations.push(content);
        }
    }

    fn generation(&self) -> u64 {
        self.generations.len() as u64 - 1
    }
}

fn carry_out(database: &mut Database, model: &mut Model, deed: &Deed) {
    match deed {
        Deed::Settings(list) => {
            let named = |(name, text): &(u8, u8)| match name {
                0 => entry("sip/password", &text.to_string()),
                1 => entry("x/y", &text.to_string()),
                name => entry(&format!("a/{name}"), &text.to_string()),
            };
            let list: Vec<Entry> = list.iter().map(named).collect();
            let commit = Commit { settings: Some(list.clone()), ..by("settings") };
            model.next(Content { settings: list, ..model.now() });
            assert_eq!(database.commit(&commit).unwrap().number, model.generation());
        }
        Deed::Users(list) => {
            let mut content = model.now();
            let mut changes = Vec::new();
            for (name, text) in list {
                let key = name.to_string();
                if let Some(text) = text {
                    let fields = [("username", &*key), ("authpassword", &*text.to_string())];
                    let row = row(&key, &fields);
                    content.users.insert(key, row.clone());
                    changes.push(roster::Change::Changed(row));
                } else {
                    content.users.remove(&key);
                    changes.push(roster::Change::Removed(key));
                }
            }
            model.next(content);
            assert_eq!(database.commit(&users(changes)).unwrap().number, model.generation());
        }
        Deed::Undo(back) => {
            let to = model.generation().saturating_sub(*back);
            let content = model.generations[usize::try_from(to).unwrap()].clone();
            model.next(content);
            assert_eq!(go_back(database, to).unwrap().number, model.generation());
        }
        Deed::Keep(list) => {
            let change = |(psn, octet): &(u8, Option<u8>)| match octet {
                Some(octet) => handset((*psn).into(), *octet),
                None => Change::Remove(Ipei::new(77, (*psn).into()).unwrap()),
            };
            database.keep(&list.iter().map(change).collect::<Vec<_>>()).unwrap();
            for (psn, octet) in list {
                match octet {
                    Some(octet) => model.handsets.insert((*psn).into(), *octet),
                    None => model.handsets.remove(&(*psn).into()),
                };
            }
        }
        Deed::Snapshot => database.snapshot().unwrap(),
        Deed::Checkpoint => database.checkpoint().unwrap(),
        Deed::Reopen => {}
    }
}

fn compare(database: &mut Database, model: &Model) {
    let stored = database.load().unwrap();
    let content = model.now();
    assert_eq!(stored.generation, model.generation());
    assert!(stored.settings == content.settings);
    assert!(stored.users.iter().eq(content.users.values()));
    let handsets = model.handsets.iter().map(|(psn, octet)| handset(*psn, *octet));
    let stored = stored.subscriptions.into_iter().map(|it| Change::Put(Box::new(it)));
    assert!(stored.zip(handsets).all(|(one, other)| one.same_as(&other)));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]
    #[test]
    fn any_sequence_of_deeds_leaves_what_a_list_in_memory_has(
        deeds in proptest::collection::vec(deed(), 1..24)
    ) {
        let folder = folder();
        let mut model = Model { generations: vec![Content::default()], ..Model::default() };
        let mut database = sound(folder.path());
        for deed in &deeds {
            if matches!(deed, Deed::Reopen) {
                drop(database);
                database = sound(folder.path());
            }
            carry_out(&mut database, &mut model, deed);
            compare(&mut database, &model);
        }
        database.integrity_check().unwrap();
    }
}
