mod hostile;
mod sending;

use super::*;
use crate::conf_client::tests::Player;
use bus::door::connect;
use bus::log1::{Entry, Filter, ServiceProxy, heard};
use bus::observed1::{self, Observed};
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, LocalSet};

/// The role with its sockets, as a supervisor would hold them.
struct House {
    folder: TempDir,
    bus: UnixListener,
    journal: std::os::fd::OwnedFd,
    devlog: std::os::fd::OwnedFd,
    speaker: Datagrams,
}

struct Lives {
    stop: oneshot::Sender<()>,
    running: JoinHandle<Result<(), LogError>>,
}

impl House {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let bus = UnixListener::bind(at("bus")).unwrap();
        let ear = |name| {
            let ear = os::heard::Ear::open(&at(name)).unwrap();
            std::os::fd::AsFd::as_fd(&ear).try_clone_to_owned().unwrap()
        };
        let (journal, devlog) = (ear("journal"), ear("devlog"));
        let speaker = Datagrams::unbound().unwrap();
        speaker.set_nonblocking(true).unwrap();
        Self { folder, bus, journal, devlog, speaker }
    }

    fn begin(&self) -> Lives {
        // Nobody is there who has settings.
        self.begin_with(Conf { path: self.folder.path().join("conf"), uid: os::own_uid() })
    }

    fn begin_with(&self, conf: Conf) -> Lives {
        let ear = |fd: &std::os::fd::OwnedFd| Datagrams::from(fd.try_clone().unwrap());
        let sockets = Sockets {
            bus: self.bus.try_clone().unwrap(),
            journal: ear(&self.journal),
            devlog: Some(ear(&self.devlog)),
            kmsg: None,
        };
        let own = os::own_uid();
        let settings = Settings {
            folder: self.folder.path().join("log"),
            conf,
            callers: vec![own],
            senders: Senders::new([(704, "dect"), (709, "media")], own),
            echo: false,
        };
        let (stop, stopped) = oneshot::channel();
        let stopped = async { drop(stopped.await) };
        Lives { stop, running: tokio::task::spawn_local(run(settings, sockets, stopped)) }
    }

    /// A role says something.
    fn say(&self, role: &str, level: Level, text: &str) {
        let record = journal::write(level, text, [("SYSLOG_IDENTIFIER", role), ("F_CALL", "417")]);
        self.speaker.send_to(&record, self.folder.path().join("journal")).unwrap();
    }

    /// The same, if there is room for it.
    fn tries_to_say(&self, role: &str, text: &str) -> bool {
        let record = journal::write(Level::Info, text, [("SYSLOG_IDENTIFIER", role)]);
        self.speaker.send_to(&record, self.folder.path().join("journal")).is_ok()
    }

    fn send(&self, socket: &str, octets: &[u8]) {
        self.speaker.send_to(octets, self.folder.path().join(socket)).unwrap();
    }

    async fn caller(&self) -> bus::Connection {
        connect(&self.folder.path().join("bus"), os::own_uid()).await.unwrap()
    }

    /// Everything that a filter takes, until `enough` of them are there.
    async fn records(&self, filter: Filter, enough: usize) -> Vec<Entry> {
        let connection = self.caller().await;
        let log = ServiceProxy::new(&connection).await.unwrap();
        loop {
            let (mut all, mut from) = (Vec::new(), 0);
            loop {
                let page = log.query(filter.clone(), from).await.unwrap();
                all.extend(page.entries);
                from = page.next;
                if from == 0 {
                    break;
                }
            }
            if all.len() >= enough {
                return all;
            }
            tokio::task::yield_now().await;
        }
    }

    async fn observed(&self) -> Observed {
        let connection = self.caller().await;
        observed1::ServiceProxy::new(&connection).await.unwrap().get().await.unwrap()
    }
}

impl Lives {
    async fn end(self) {
        self.stop.send(()).unwrap();
        self.running.await.unwrap().unwrap();
    }
}

fn local(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    LocalSet::new().block_on(&runtime, test);
}

fn texts(entries: &[Entry]) -> Vec<&str> {
    entries.iter().map(|entry| entry.text.as_str()).collect()
}

fn counter(observed: &Observed, name: &str) -> u64 {
    observed.counters.iter().find(|counter| counter.name == name).unwrap().value
}

fn of(role: &str) -> Filter {
    Filter { role: role.into(), ..Filter::default() }
}

#[test]
fn what_is_said_in_every_way_is_kept_under_the_name_of_who_said_it() {
    local(async {
        let house = House::new();
        let lives = house.begin();
        house.say("dect", Level::Warning, "lost a base");
        house.send("devlog", b"<11>Nov 21 15:31:11 e2fsck[9]: clean");
        house.send("journal", b"MESSAGE\n\xff\xff");
        let all = house.records(Filter::default(), 3).await;
        let told: Vec<_> = all.iter().map(|it| (&*it.role, &*it.level, &*it.text)).collect();
        assert!(told.contains(&("dect", "warning", "lost a base")), "{told:?}");
        assert!(told.contains(&("other", "error", "clean")), "{told:?}");
        let damaged = "said something that is no record of the log";
        assert!(told.contains(&("other", "notice", damaged)), "{told:?}");
        let by_level = Filter { level: "error".into(), ..Filter::default() };
        assert_eq!(texts(&house.records(by_level, 1).await), ["clean"]);
        let by_call = Filter { fields: vec![("call".into(), "417".into())], ..Filter::default() };
        assert_eq!(texts(&house.records(by_call, 1).await), ["lost a base"]);
        assert_eq!(counter(&house.observed().await, "damaged"), 1);
        lives.end().await;
    });
}

#[test]
fn a_new_process_has_what_the_old_one_had_and_what_was_said_between_them() {
    local(async {
        let house = House::new();
        let lives = house.begin();
        house.say("dect", Level::Info, "one");
        house.records(of("dect"), 1).await;
        // Killed: nothing is ended in order.
        lives.running.abort();
        assert!(lives.running.await.unwrap_err().is_cancelled());
        house.say("dect", Level::Info, "two");
        let torn = house.folder.path().join("log/0000000000.jsonl");
        let mut file = std::fs::File::options().append(true).open(torn).unwrap();
        std::io::Write::write_all(&mut file, b"{\"number\":9,\"ti").unwrap();

        let lives = house.begin();
        let all = house.records(of("dect"), 2).await;
        assert_eq!(texts(&all), ["one", "two"]);
        assert!(all[0].number < all[1].number);
        lives.end().await;
        let lives = house.begin();
        house.say("dect", Level::Info, "three");
        assert_eq!(texts(&house.records(of("dect"), 3).await), ["one", "two", "three"]);
        lives.end().await;
    });
}

#[test]
fn one_that_follows_hears_what_comes_and_only_that() {
    local(async {
        let house = House::new();
        let _lives = house.begin();
        house.say("dect", Level::Info, "before");
        house.records(of("dect"), 1).await;
        let connection = house.caller().await;
        let mut incoming = bus::door::Incoming::new(&connection);
        let log = ServiceProxy::new(&connection).await.unwrap();
        let from = log.follow(of("dect")).await.unwrap();
        house.say("media", Level::Info, "not this");
        house.say("dect", Level::Info, "after");
        let (entries, missed) = loop {
            if let Some(told) = heard(&incoming.next().await.unwrap()) {
                break told;
            }
        };
        assert_eq!((texts(&entries), missed), (vec!["after"], 0));
        assert!(entries[0].number > from, "the one that was not wanted stands between");
        let wrong = Filter { level: "loud".into(), ..Filter::default() };
        let error = log.follow(wrong).await.unwrap_err();
        assert!(error.to_string().contains("emergency"), "{error}");
    });
}

#[test]
fn a_flood_is_cut_counted_and_told_and_the_others_are_heard() {
    local(async {
        let house = House::new();
        let _lives = house.begin();
        let flood = journal::write(Level::Info, "flood", [("SYSLOG_IDENTIFIER", "dect")]);
        for _ in 0..5000 {
            // The socket holds a few only.
            while house.speaker.send_to(&flood, house.folder.path().join("journal")).is_err() {
                tokio::task::yield_now().await;
            }
        }
        while !house.tries_to_say("media", "still here") {
            tokio::task::yield_now().await;
        }
        assert_eq!(texts(&house.records(of("media"), 1).await), ["still here"]);
        let told = house.records(of("log"), 1).await;
        assert!(told[0].text.contains("records of dect were left out"), "{told:?}");
        let observed = house.observed().await;
        assert!(counter(&observed, "suppressed") > 0, "{observed:?}");
        crate::watchers::assert_documented(&observed);
    });
}

#[test]
fn a_disk_that_is_full_costs_the_files_and_not_the_log() {
    local(async {
        let house = House::new();
        // A file where the folder should be: nothing can be written, as on a full disk.
        let folder = house.folder.path().join("log");
        std::fs::write(&folder, "").unwrap();
        let lives = house.begin();
        house.say("dect", Level::Info, "kept in memory");
        assert_eq!(texts(&house.records(of("dect"), 1).await), ["kept in memory"]);
        let told = house.records(of("log"), 1).await;
        assert_eq!(told[0].level, "error");
        assert!(house.observed().await.status.contains("memory only"));

        std::fs::remove_file(&folder).unwrap();
        std::fs::create_dir(&folder).unwrap();
        house.say("dect", Level::Info, "written");
        let told = house.records(of("log"), 2).await;
        assert!(told[1].text.contains("can be written again"), "{told:?}");
        lives.end().await;
        let lives = house.begin();
        assert_eq!(texts(&house.records(of("dect"), 1).await), ["written"]);
        lives.end().await;
    });
}
