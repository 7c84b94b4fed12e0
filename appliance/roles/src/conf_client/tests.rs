//! The client against a role `conf` that is played, over a real bus socket: it changes, dies and comes back.

use super::*;
use bus::conf1::{Ask, Keep, Rfp, Row, Service, Subscription};
use bus::door::Door;
use bus::streams::streams;
use config::groups::sip;
use std::collections::BTreeMap;
use std::os::unix::net::UnixListener;
use std::sync::{Arc, Mutex};
use tokio::sync::{mpsc, watch};

/// What a role `conf` has on its disk, and what it was asked.
#[derive(Default)]
pub(crate) struct Book {
    pub(crate) generation: u64,
    pub(crate) settings: String,
    pub(crate) users: BTreeMap<String, Row>,
    /// The changes since the beginning, by generation; earlier ones are forgotten.
    pub(crate) history: BTreeMap<u64, String>,
    pub(crate) subscriptions: BTreeMap<String, Subscription>,
    pub(crate) rfps: BTreeMap<String, Rfp>,
    /// How many changes came in each question of the method Keep.
    pub(crate) kept: Vec<usize>,
    /// Since which numbers users were asked for.
    pub(crate) asked: Vec<u64>,
    /// Handsets whose record it cannot keep; with an empty text none can be kept.
    pub(crate) refuses: Option<String>,
}

impl Book {
    fn news(&mut self, since: u64) -> News {
        self.asked.push(since);
        let number = self.generation;
        let oldest = self.history.keys().next().copied().unwrap_or(u64::MAX);
        if since == 0 || since > number || since + 1 < oldest {
            let put = self.users.values().cloned().map(Arc::new).collect();
            return News { number, whole: true, put, removed: vec![] };
        }
        let mut keys: Vec<&String> = self.history.range(since + 1..).map(|it| it.1).collect();
        keys.sort();
        keys.dedup();
        let (there, gone): (Vec<_>, Vec<_>) =
            keys.into_iter().partition(|key| self.users.contains_key(*key));
        let put = there
            .into_iter()
            .filter_map(|key| self.users.get(key).cloned())
            .map(Arc::new)
            .collect();
        News { number, whole: false, put, removed: gone.into_iter().cloned().collect() }
    }

    fn keep(&mut self, keep: &Keep) -> Result<(), String> {
        let handsets = keep.put.iter().map(|it| &it.ipei).chain(&keep.removed);
        self.kept.push(keep.put.len() + keep.removed.len() + keep.put_rfps.len());
        if let Some(refused) = &self.refuses
            && handsets.clone().any(|ipei| refused.is_empty() || ipei == refused)
        {
            return Err("the disk is full".into());
        }
        for it in &keep.put {
            self.subscriptions.insert(it.ipei.clone(), it.clone());
        }
        for it in &keep.put_rfps {
            self.rfps.insert(it.mac.clone(), it.clone());
        }
        for ipei in &keep.removed {
            self.subscriptions.remove(ipei);
        }
        Ok(())
    }
}

/// A role `conf` that is played.
pub(crate) struct Player {
    _folder: tempfile::TempDir,
    listener: UnixListener,
    pub(crate) conf: Conf,
    pub(crate) book: Arc<Mutex<Book>>,
    changed: watch::Sender<(u64, u64)>,
    running: Option<JoinHandle<()>>,
}

impl Player {
    /// Somebody whose socket is there, and who does not listen yet.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("conf.sock");
        let listener = UnixListener::bind(&path).unwrap();
        let settings = "<config></config>".to_owned();
        let book = Arc::new(Mutex::new(Book { generation: 1, settings, ..Book::default() }));
        let conf = Conf { path, uid: os::own_uid() };
        Self {
            _folder: folder,
            listener,
            conf,
            book,
            changed: watch::channel((0, 0)).0,
            running: None,
        }
    }

    /// Begins to answer.
    pub(crate) fn start(&mut self) {
        let door = Door::new(self.listener.try_clone().unwrap(), vec![os::own_uid()]).unwrap();
        let (asks_in, asks) = mpsc::channel(16);
        let answers = answer(self.book.clone(), self.changed.clone(), asks);
        self.running = Some(tokio::spawn(async move {
            tokio::select! {
                () = serve(Arc::new(door), asks_in) => {}
                () = answers => {}
            }
        }));
    }

    /// Dies in the middle of whatever it does.
    pub(crate) async fn die(&mut self) {
        let running = self.running.take().unwrap();
        running.abort();
        let _ = running.await;
    }

    /// Something changes, and everybody who follows is told.
    pub(crate) fn change(&self, change: impl FnOnce(&mut Book)) {
        let mut book = self.book.lock().unwrap();
        book.generation += 1;
        change(&mut book);
        self.changed.send_replace((book.generation, book.generation));
    }

    pub(crate) fn put(&self, name: &str, display: &str) {
        self.change(|book| {
            let fields = [("username", name), ("displayname", display)]
                .into_iter()
                .collect::<config::roster::Fields>()
                .into_piece();
            book.users.insert(name.into(), Row { key: name.into(), fields });
            book.history.insert(book.generation, name.into());
        });
    }

    pub(crate) fn remove(&self, name: &str) {
        self.change(|book| {
            book.users.remove(name);
            book.history.insert(book.generation, name.into());
        });
    }
}

async fn serve(door: Arc<Door>, asks: mpsc::Sender<Ask>) {
    let mut callers = tokio::task::JoinSet::new();
    while let Ok(stream) = door.accept().await {
        let (begun, running) = streams();
        let service = Service::new(asks.clone(), begun);
        let door = door.clone();
        callers.spawn(async move {
            if let Ok(connection) = door.serve(stream, service).await {
                running.until_gone(connection).await;
            }
        });
    }
}

async fn answer(
    book: Arc<Mutex<Book>>,
    changed: watch::Sender<(u64, u64)>,
    mut asks: mpsc::Receiver<Ask>,
) {
    while let Some(ask) = asks.recv().await {
        let mut book = book.lock().unwrap();
        match ask {
            Ask::Settings(answer) => {
                drop(answer.send((book.generation, book.settings.clone())));
            }
            Ask::Users(since, answer) => drop(answer.send(book.news(since))),
            Ask::Subscriptions(answer) => {
                let all = book.subscriptions.values().cloned().collect();
                drop(answer.send(Ok((all, book.rfps.values().cloned().collect()))));
            }
            Ask::Keep(keep, answer) => drop(answer.send(book.keep(&keep))),
            Ask::Follow(answer) => drop(answer.send(changed.subscribe())),
            _ => panic!("a role does not ask this"),
        }
    }
}

fn users(heard: Heard) -> (bool, Vec<String>, Vec<String>) {
    match heard {
        Heard::Users(news) => {
            (news.whole, news.put.into_iter().map(|row| row.key.clone()).collect(), news.removed)
        }
        Heard::Settings(_) => panic!("settings"),
    }
}

fn expire(heard: Heard) -> u64 {
    match heard {
        Heard::Settings(config) => config.get(&sip::REGISTRATION_EXPIRE).0.as_secs(),
        Heard::Users(_) => panic!("users"),
    }
}

fn set(player: &Player, seconds: u32) {
    player.change(|book| {
        book.settings = format!(
            "<config><sip><registration_expire>{seconds}</registration_expire></sip></config>"
        );
    });
}

#[tokio::test]
async fn a_role_waits_for_its_settings_and_hears_of_each_change_once() {
    let mut player = Player::new();
    let mut client = ConfClient::follow(player.conf.clone(), Follows::Users);
    player.put("201", "Ward 1");
    player.start();
    assert_eq!(expire(client.next().await), 3600);
    assert_eq!(users(client.next().await), (true, vec!["201".into()], vec![]));
    set(&player, 600);
    assert_eq!(expire(client.next().await), 600);
    player.put("202", "Ward 2");
    assert_eq!(users(client.next().await), (false, vec!["202".into()], vec![]));
    player.remove("201");
    assert_eq!(users(client.next().await), (false, vec![], vec!["201".into()]));
    assert!(client.heard().is_none());
}

#[tokio::test]
async fn one_who_follows_the_settings_alone_is_not_given_the_users() {
    let mut player = Player::new();
    player.put("201", "");
    player.start();
    let mut client = ConfClient::follow(player.conf.clone(), Follows::Settings);
    assert_eq!(expire(client.next().await), 3600);
    player.put("202", "");
    set(&player, 600);
    assert_eq!(expire(client.next().await), 600);
    assert_eq!(player.book.lock().unwrap().asked, [0; 0]);
}

#[tokio::test]
async fn what_has_changed_while_the_role_was_away_is_asked_for_and_nothing_is_told_twice() {
    let mut player = Player::new();
    player.put("201", "");
    player.start();
    let mut client = ConfClient::follow(player.conf.clone(), Follows::Users);
    assert_eq!(expire(client.next().await), 3600);
    assert!(users(client.next().await).0);
    player.die().await;
    player.put("202", "");
    player.start();
    assert_eq!(users(client.next().await), (false, vec!["202".into()], vec![]));
    // Once more, with nothing new: the next that is heard is what changes after that.
    player.die().await;
    player.start();
    player.put("203", "");
    assert_eq!(users(client.next().await), (false, vec!["203".into()], vec![]));
}

#[tokio::test]
async fn after_a_gap_and_after_a_fall_back_to_an_older_state_the_whole_list_comes() {
    let mut player = Player::new();
    player.put("201", "");
    player.start();
    let mut client = ConfClient::follow(player.conf.clone(), Follows::Users);
    assert_eq!(expire(client.next().await), 3600);
    assert!(users(client.next().await).0);
    player.die().await;
    player.put("202", "");
    player.put("203", "");
    player.book.lock().unwrap().history.pop_first();
    player.book.lock().unwrap().history.pop_first();
    player.start();
    let all: Vec<String> = ["201", "202", "203"].map(str::to_owned).into();
    assert_eq!(users(client.next().await), (true, all, vec![]));

    player.die().await;
    {
        let mut book = player.book.lock().unwrap();
        (book.generation, book.settings) =
            (1, "<config><sip><localport>5070</localport></sip></config>".into());
        book.users.remove("203");
    }
    player.start();
    assert_eq!(expire(client.next().await), 3600);
    let two: Vec<String> = ["201", "202"].map(str::to_owned).into();
    assert_eq!(users(client.next().await), (true, two, vec![]));
}

#[tokio::test]
async fn settings_that_are_not_understood_leave_those_that_hold() {
    let mut player = Player::new();
    player.start();
    let mut client = ConfClient::follow(player.conf.clone(), Follows::Settings);
    assert_eq!(expire(client.next().await), 3600);
    player.change(|book| book.settings = "<config><sip>".into());
    set(&player, 600);
    assert_eq!(expire(client.next().await), 600);
}

#[tokio::test]
async fn a_burst_of_changes_while_the_owner_is_busy_ends_in_the_last_of_them() {
    let mut player = Player::new();
    player.start();
    let mut client = ConfClient::follow(player.conf.clone(), Follows::Users);
    for number in 0..500 {
        player.put("201", &number.to_string());
        tokio::task::yield_now().await;
    }
    let mut last = String::new();
    while last != "499" {
        if let Heard::Users(news) = client.next().await
            && let Some(row) = news.put.into_iter().next()
        {
            config::roster::pairs(&row.fields).last().unwrap().1.clone_into(&mut last);
        }
    }
}

#[tokio::test]
async fn a_stop_ends_the_waiting_for_a_role_that_never_comes() {
    let player = Player::new();
    let mut client = ConfClient::follow(player.conf.clone(), Follows::Users);
    assert!(client.first_settings(std::future::ready(())).await.is_none());
    assert!(client.first_users(std::future::ready(())).await.is_none());
}

#[tokio::test(start_paused = true)]
async fn attempts_grow_rarer_and_complaints_stay_few() {
    let mut patience = Patience::new("changes");
    let begun = Instant::now();
    let mut complaints = 0;
    let mut attempts = 0;
    while begun.elapsed() < Duration::from_mins(10) {
        let before = patience.complained;
        patience.rest(&Unanswered::Silent).await;
        complaints += usize::from(patience.complained != before);
        attempts += 1;
    }
    assert!((120..140).contains(&attempts), "{attempts}");
    assert!((9..=11).contains(&complaints), "{complaints}");
    patience.works();
    let before = Instant::now();
    patience.rest(&Unanswered::Silent).await;
    assert_eq!(before.elapsed(), REST_MIN);
}
