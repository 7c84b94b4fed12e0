//! The whole role with a role `conf` that is played: it waits for it, follows it, and does without it.

use super::*;
use crate::conf_client::tests::Player;
use bus::conf1::Row;
use bus::dect1::{ServiceProxy, Status};
use bus::door::connect;
use bus::observed1::ServiceProxy as ObservedProxy;
use dect::subscription::{Keys, Uak};
use ident::Ipui;
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, LocalSet};

struct Server {
    folder: tempfile::TempDir,
    options: Options,
    listener: UnixListener,
}

/// An address that no other process here uses, since the ports of the settings have no number for "any".
fn address(number: u8) -> String {
    let [_, _, high, low] = std::process::id().to_be_bytes();
    format!("127.{}.{low}.{number}", (high & 0x7f) | 0x80)
}

impl Server {
    fn new(player: &Player, number: u8) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let control = folder.path().join("dect.sock");
        let listener = UnixListener::bind(control).unwrap();
        player.change(|book| {
            book.settings = format!(
                "<config><fixpart><address>{}</address></fixpart></config>",
                address(number)
            );
        });
        let options = Options {
            state: folder.path().join("state"),
            conf: player.conf.clone(),
            media: folder.path().join("media.sock"),
            media_user: os::own_uid(),
            identity: None,
            callers: vec![os::own_uid()],
        };
        Self { folder, options, listener }
    }

    fn start(&self) -> (oneshot::Sender<()>, JoinHandle<Result<(), DectError>>) {
        let (stop, stopped) = oneshot::channel::<()>();
        let listener = self.listener.try_clone().unwrap();
        let role = run(self.options.clone(), listener, Kept::default(), async {
            let _ = stopped.await;
        });
        (stop, tokio::task::spawn_local(role))
    }

    async fn status(&self) -> Status {
        let control = self.folder.path().join("dect.sock");
        let connection = connect(&control, os::own_uid()).await.unwrap();
        ServiceProxy::new(&connection).await.unwrap().status().await.unwrap()
    }

    async fn alerts(&self) -> Vec<String> {
        let control = self.folder.path().join("dect.sock");
        let connection = connect(&control, os::own_uid()).await.unwrap();
        ObservedProxy::new(&connection).await.unwrap().get().await.unwrap().alerts
    }

    /// Waits until the users are these; a change takes its way over the bus.
    async fn has(&self, users: &[&str]) {
        loop {
            let status = self.status().await;
            if status.users.iter().map(|user| user.user.as_str()).eq(users.iter().copied()) {
                return;
            }
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test]
async fn the_role_waits_for_its_settings_follows_them_and_goes_on_without_the_role_conf() {
    let story = async {
        let mut player = Player::new();
        let server = Server::new(&player, 1);
        player.put("201", "");
        let (stop, ended) = server.start();
        player.start();
        server.has(&["201"]).await;
        assert_eq!(server.alerts().await.len(), 2, "no ARI and no region");
        player.put("202", "");
        server.has(&["201", "202"]).await;
        player.remove("201");
        server.has(&["202"]).await;

        player.die().await;
        // It answers as before, and hears of what has happened meanwhile when the other is back.
        server.has(&["202"]).await;
        player.put("203", "");
        player.change(|book| {
            let port = "</fixpart><sip><localport>5071</localport></sip>";
            book.settings = book.settings.replace("</fixpart>", port);
        });
        player.start();
        server.has(&["202", "203"]).await;
        while server.alerts().await.len() < 3 {
            tokio::task::yield_now().await;
        }
        let waits = server.alerts().await.pop().unwrap();
        assert!(waits.ends_with("sip.localport"), "{waits}");

        let _ = stop.send(());
        assert!(ended.await.unwrap().is_ok());
    };
    LocalSet::new().run_until(story).await;
}

#[tokio::test]
async fn a_stop_ends_a_role_that_waits_in_vain() {
    let story = async {
        let player = Player::new();
        let server = Server::new(&player, 2);
        let (stop, ended) = server.start();
        tokio::task::yield_now().await;
        let _ = stop.send(());
        assert!(ended.await.unwrap().is_ok());
    };
    LocalSet::new().run_until(story).await;
}

fn handset(psn: u32, key: u8) -> Subscription {
    let ipei = Ipei::new(77, psn).unwrap();
    Subscription {
        ipei,
        ipui: Ipui::N(ipei),
        tpui: None,
        keys: Keys::Confirmed(Uak::new([key; 16])),
        located: None,
        terminal_capability: vec![],
        model: vec![],
    }
}

#[tokio::test]
async fn subscriptions_of_an_earlier_version_move_in_once_and_older_ones_do_not_come_back() {
    let story = async {
        let mut player = Player::new();
        let server = Server::new(&player, 3);
        let state = &server.options.state;
        {
            let mut store = DirSubscriptions::open(state).unwrap();
            for subscription in [handset(1, 1), handset(2, 1)] {
                store.apply(&Change::Put(Box::new(subscription))).unwrap();
            }
        }
        // The second one is known to the role conf already, with a newer key.
        let known = crate::records::form(&handset(2, 9));
        player.change(|book| drop(book.subscriptions.insert(known.ipei.clone(), known)));
        player.start();
        let (stop, ended) = server.start();
        let strangers = server.status().await.strangers;
        assert_eq!(strangers.len(), 2);
        {
            let book = player.book.lock().unwrap();
            let keys: Vec<u8> = book.subscriptions.values().map(|it| it.key[0]).collect();
            assert_eq!(keys, [1, 9]);
        }
        let _ = stop.send(());
        assert!(ended.await.unwrap().is_ok());
        assert!(DirSubscriptions::open(state).unwrap().load().unwrap().0.is_empty());

        // One that was ended since stays away.
        player.change(|book| drop(book.subscriptions.pop_first()));
        let (stop, ended) = server.start();
        assert_eq!(server.status().await.strangers.len(), 1);
        let _ = stop.send(());
        assert!(ended.await.unwrap().is_ok());
    };
    LocalSet::new().run_until(story).await;
}

#[tokio::test]
async fn ten_thousand_users_come_at_once_and_one_change_is_one_row() {
    let story = async {
        let mut player = Player::new();
        let server = Server::new(&player, 4);
        player.start();
        let (stop, ended) = server.start();
        server.has(&[]).await;
        player.change(|book| {
            for number in 10_000..20_000u32 {
                let key = number.to_string();
                let fields = [("username", &key)]
                    .into_iter()
                    .collect::<config::roster::Fields>()
                    .into_piece();
                book.users.insert(key.clone(), Row { key, fields });
            }
        });
        while server.status().await.users.len() < 10_000 {
            tokio::task::yield_now().await;
        }
        player.remove("10000");
        while server.status().await.users.len() > 9_999 {
            tokio::task::yield_now().await;
        }
        let _ = stop.send(());
        assert!(ended.await.unwrap().is_ok());
    };
    LocalSet::new().run_until(story).await;
}
