//! The keeper against a role `conf` that is slow, away, full or dead in between.

use super::*;
use crate::conf_client::tests::Player;
use dect::subscription::{Keys, Uak};
use ident::{Ipei, Ipui, Mac};
use std::collections::BTreeMap;

fn ipei(psn: u32) -> Ipei {
    Ipei::new(77, psn).unwrap()
}

fn located(psn: u32, rfp: u8) -> Change {
    let ipei = ipei(psn);
    Change::Put(Box::new(Subscription {
        ipei,
        ipui: Ipui::N(ipei),
        tpui: None,
        keys: Keys::Confirmed(Uak::new([7; 16])),
        located: Some(Mac([2, 0, 0, 0, 0, rfp])),
        terminal_capability: vec![],
        model: vec![],
    }))
}

async fn told(keeper: &mut Keeper, count: usize) -> Vec<(u32, bool)> {
    let mut told = Vec::new();
    while told.len() < count {
        let (Ticket(ticket), kept) = keeper.next().await;
        told.push((ticket, kept));
    }
    told
}

fn places(player: &Player) -> BTreeMap<String, String> {
    let book = player.book.lock().unwrap();
    book.subscriptions.values().map(|it| (it.ipei.clone(), it.located.clone())).collect()
}

#[tokio::test]
async fn ten_thousand_handsets_that_come_at_once_are_kept_by_a_handful_of_questions() {
    let mut player = Player::new();
    let mut keeper = Keeper::start(player.conf.clone());
    for psn in 1..=10_000 {
        assert!(keeper.keep(Ticket(psn), located(psn, 1)));
    }
    assert_eq!(keeper.waiting(), 10_000);
    player.start();
    let told = told(&mut keeper, 10_000).await;
    assert!(told.iter().zip(1..).all(|((ticket, kept), psn)| *ticket == psn && *kept));
    assert_eq!(keeper.waiting(), 0);
    let book = player.book.lock().unwrap();
    assert_eq!(book.subscriptions.len(), 10_000);
    assert!(book.kept.len() <= 12, "{} questions", book.kept.len());
}

#[tokio::test]
async fn nothing_is_told_before_it_is_kept_and_nothing_is_lost_when_the_role_dies() {
    let mut player = Player::new();
    let mut keeper = Keeper::start(player.conf.clone());
    for round in 0..20u32 {
        player.start();
        for psn in 1..=50 {
            assert!(keeper.keep(Ticket(round * 50 + psn), located(psn, 1)));
        }
        // One answer at least, then the role is gone with whatever it was asked meanwhile.
        let (ticket, kept) = keeper.next().await;
        assert!(kept);
        let psn = (ticket.0 - 1) % 50 + 1;
        assert!(places(&player).contains_key(&ipei(psn).to_string()));
        player.die().await;
    }
    player.start();
    assert!(keeper.keep(Ticket(5000), located(1, 9)));
    let rest = keeper.waiting();
    let told = told(&mut keeper, rest).await;
    assert!(told.iter().all(|(_, kept)| *kept));
    assert_eq!(told.last(), Some(&(5000, true)));
    // The last change of a handset is the one that stays.
    let first = places(&player)[&ipei(1).to_string()].clone();
    assert_eq!(first, Mac([2, 0, 0, 0, 0, 9]).to_string());
}

#[tokio::test]
async fn one_record_that_cannot_be_kept_takes_no_other_with_it() {
    let mut player = Player::new();
    player.book.lock().unwrap().refuses = Some(ipei(33).to_string());
    let mut keeper = Keeper::start(player.conf.clone());
    for psn in 1..=100 {
        assert!(keeper.keep(Ticket(psn), located(psn, 1)));
    }
    player.start();
    let mut told = told(&mut keeper, 100).await;
    told.sort_unstable();
    let refused: Vec<u32> =
        told.iter().filter(|(_, kept)| !kept).map(|(ticket, _)| *ticket).collect();
    assert_eq!(refused, [33]);
    assert_eq!(places(&player).len(), 99);
}

#[tokio::test]
async fn a_full_disk_is_told_for_every_change() {
    let mut player = Player::new();
    player.book.lock().unwrap().refuses = Some(String::new());
    player.start();
    let mut keeper = Keeper::start(player.conf.clone());
    for psn in 1..=20 {
        assert!(keeper.keep(Ticket(psn), located(psn, 1)));
    }
    assert!(told(&mut keeper, 20).await.iter().all(|(_, kept)| !kept));
    player.book.lock().unwrap().refuses = None;
    assert!(keeper.keep(Ticket(21), located(1, 1)));
    assert_eq!(told(&mut keeper, 1).await, [(21, true)]);
}

#[tokio::test]
async fn the_queue_has_an_end_and_says_so() {
    let player = Player::new();
    let mut keeper = Keeper::start(player.conf.clone());
    let taken = (0..40_000).filter(|n| keeper.keep(Ticket(*n), located(n % 10_000, 1))).count();
    assert_eq!((taken, keeper.waiting()), (CHANGES_MAX, CHANGES_MAX));
}

#[tokio::test]
async fn what_is_kept_is_there_at_the_next_start_also_when_the_role_comes_late() {
    let mut player = Player::new();
    player.start();
    let changes = vec![located(1, 1), located(2, 2), Change::Remove(ipei(2)), located(1, 3)];
    assert!(keep_now(player.conf.clone(), changes).await.is_empty());
    player.die().await;
    let conf = player.conf.clone();
    let loading = tokio::spawn(async move { load(conf).await.0 });
    tokio::task::yield_now().await;
    player.start();
    let kept = loading.await.unwrap();
    assert!(kept.len() == 1 && kept[0].located == Some(Mac([2, 0, 0, 0, 0, 3])));
}
