//! Senders that want the log no good, a disk that has no room, and one who looks while much is going on.

use super::*;
use crate::client::{ClientError, Server};
use crate::log_client;
use lan::log::Filter as Wish;
use std::io::IoSlice;
use std::os::fd::AsRawFd as _;
use std::sync::mpsc::channel;

#[test]
fn a_sender_that_passes_many_descriptors_does_the_log_no_harm() {
    local(async {
        let house = House::new();
        let lives = house.begin();
        let file = File::open("/dev/null").unwrap();
        for count in [1, 3, 250] {
            let numbers = vec![file.as_raw_fd(); count];
            let control = [nix::sys::socket::ControlMessage::ScmRights(&numbers)];
            let to = nix::sys::socket::UnixAddr::new(&house.folder.path().join("journal")).unwrap();
            let (from, none) = (house.speaker.as_raw_fd(), nix::sys::socket::MsgFlags::empty());
            let pieces = [IoSlice::new(b"SYSLOG_IDENTIFIER=dect\nMESSAGE=and more")];
            nix::sys::socket::sendmsg(from, &pieces, &control, none, Some(&to)).unwrap();
        }
        house.say("dect", Level::Info, "still heard");
        let all = house.records(of("dect"), 4).await;
        assert_eq!(texts(&all), ["and more", "and more", "and more", "still heard"]);
        lives.end().await;
    });
}

#[test]
fn a_sender_cannot_say_which_user_or_process_it_is() {
    local(async {
        let house = House::new();
        let lives = house.begin();
        house.send("journal", b"MESSAGE=one\nUID=4242\nIDENTIFIER=root\nSYSLOG_IDENTIFIER=me");
        house.send("devlog", b"<13>me[4242]: two");
        let all = house.records(of("other"), 2).await;
        let field = |entry: &Entry, name: &str| {
            entry.fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
        };
        let (uid, pid) = (os::own_uid().to_string(), std::process::id().to_string());
        let one = all.iter().find(|entry| entry.text == "one").unwrap();
        assert_eq!(field(one, "uid"), Some(uid.clone()));
        assert_eq!(field(one, "identifier").as_deref(), Some("me"));
        let two = all.iter().find(|entry| entry.text == "two").unwrap();
        assert_eq!((field(two, "uid"), field(two, "pid")), (Some(uid), Some(pid)));
        lives.end().await;
    });
}

#[test]
fn octets_that_no_text_can_have_do_not_keep_the_log_from_being_shown() {
    local(async {
        let house = House::new();
        let lives = house.begin();
        house.send("journal", b"MESSAGE\n\x03\0\0\0\0\0\0\0a\0b\nX\n\x01\0\0\0\0\0\0\0\0\n");
        house.send("devlog", b"<13>x: c\0d\xff");
        let all = house.records(of("other"), 2).await;
        let told: std::collections::BTreeSet<_> = texts(&all).into_iter().collect();
        assert_eq!(told, ["a\u{fffd}b", "c\u{fffd}d\u{fffd}"].into());
        lives.end().await;
    });
}

#[test]
fn a_disk_without_room_costs_the_files_and_not_the_log() {
    local(async {
        let house = House::new();
        let folder = house.folder.path().join("log");
        std::fs::create_dir(&folder).unwrap();
        // Whatever is written there finds no room.
        std::os::unix::fs::symlink("/dev/full", folder.join("0000000000.jsonl")).unwrap();
        let lives = house.begin();
        house.say("dect", Level::Info, "kept in memory");
        assert_eq!(texts(&house.records(of("dect"), 1).await), ["kept in memory"]);
        let told = house.records(of("log"), 1).await;
        assert!(told[0].fields.iter().any(|(_, value)| value.contains("No space")), "{told:?}");
        lives.end().await;
    });
}

#[test]
fn the_files_never_have_more_than_their_eight_mebibytes() {
    local(async {
        let house = House::new();
        let lives = house.begin();
        let text = "x".repeat(8000);
        for number in 0..1500 {
            while !house.tries_to_say("dect", &text) {
                tokio::task::yield_now().await;
            }
            while number == 1000 && !house.tries_to_say("media", "in the middle") {
                tokio::task::yield_now().await;
            }
        }
        while !house.tries_to_say("media", "at the end") {
            tokio::task::yield_now().await;
        }
        // The first is in memory no more, but in the files.
        let told = house.records(of("media"), 2).await;
        assert_eq!(texts(&told), ["in the middle", "at the end"]);
        lives.end().await;
        let files = std::fs::read_dir(house.folder.path().join("log")).unwrap();
        let lengths: Vec<u64> = files.map(|file| file.unwrap().metadata().unwrap().len()).collect();
        assert!(
            lengths.len() <= 8 && lengths.iter().all(|length| *length <= 1 << 20),
            "{lengths:?}"
        );
        assert!(lengths.iter().sum::<u64>() > 7 << 20, "{lengths:?}");
    });
}

/// While one who follows asks for what there is already, so much comes that its connection holds no more.
#[test]
fn one_that_begins_to_follow_a_busy_log_hears_all_of_it_once() {
    local(async {
        let house = House::new();
        let lives = house.begin();
        std::os::unix::fs::symlink("bus", house.folder.path().join("log.sock")).unwrap();
        let text = "x".repeat(8000);
        for _ in 0..300 {
            while !house.tries_to_say("dect", &text) {
                tokio::task::yield_now().await;
            }
        }
        house.records(of("dect"), 300).await;
        let server = Server { sockets: house.folder.path().to_owned(), user: os::own_uid() };
        let (begun, has_begun) = oneshot::channel();
        let (go_on, may_go_on) = channel();
        let (heard_in, mut heard) = mpsc::unbounded_channel();
        let client = std::thread::spawn(move || {
            let mut begun = Some(begun);
            let each = |record: &lan::log::Record| {
                if let Some(begun) = begun.take() {
                    begun.send(()).unwrap();
                    may_go_on.recv().unwrap();
                }
                heard_in.send(record.text.to_string()).unwrap();
                &*record.text != "the last"
            };
            log_client::follow(&server, &Wish::default(), each, |missed| panic!("{missed} missed"))
        });
        has_begun.await.unwrap();
        for number in 0..100 {
            house.say("media", Level::Info, &number.to_string());
            // One by one, so that each of them is a message of its own.
            house.records(of("media"), number + 1).await;
        }
        go_on.send(()).unwrap();
        let mut told = Vec::new();
        while told.len() < 400 {
            told.push(heard.recv().await.unwrap());
        }
        house.say("media", Level::Info, "the last");
        assert_eq!(heard.recv().await.unwrap(), "the last");
        assert!(told[..300].iter().all(|it| *it == text));
        let numbers: Vec<String> = (0..100).map(|number: u32| number.to_string()).collect();
        assert_eq!(told[300..], numbers);
        client.join().unwrap().unwrap();
        lives.end().await;
    });
}

#[test]
fn one_that_follows_is_told_when_the_log_ends() {
    local(async {
        let house = House::new();
        let lives = house.begin();
        std::os::unix::fs::symlink("bus", house.folder.path().join("log.sock")).unwrap();
        house.say("dect", Level::Info, "one");
        let server = Server { sockets: house.folder.path().to_owned(), user: os::own_uid() };
        let (heard_in, mut heard) = mpsc::unbounded_channel();
        let client = std::thread::spawn(move || {
            let each = |_: &lan::log::Record| heard_in.send(()).is_ok();
            log_client::follow(&server, &Wish::default(), each, |_| ())
        });
        heard.recv().await.unwrap();
        house.say("dect", Level::Info, "two");
        heard.recv().await.unwrap();
        lives.end().await;
        let ended = tokio::task::spawn_blocking(|| client.join().unwrap()).await.unwrap();
        assert!(matches!(ended, Err(ClientError::Ended)), "{ended:?}");
    });
}
