//! The book of records: what was heard, limited, numbered, kept, and told to those who follow.

use super::files::{Files, Unwritten};
use super::remote::Remote;
use super::{own, senders, words};
use crate::observing::observed;
use crate::watchers::Watchers;
use bus::log1::{Ask, Entry, Page};
use bus::observed1::{self, Counter, Observed};
use lan::log::{Draft, Filter, Level, Limiter, Name, Rate, Record, Ring, Timestamp};
use lan::syslog::Report;
use std::path::Path;
use std::time::{Duration, Instant};

/// The book.
pub(super) struct Book {
    ring: Ring,
    files: Files,
    limiter: Limiter,
    /// Where records go beside the files.
    remote: Remote,
    /// The number of the next record.
    next: u64,
    followers: Watchers<Filter, Entry>,
    watchers: Watchers<(), observed1::Event>,
    counted: Counted,
    begun: Instant,
    synced: Instant,
    /// Lines that could not be written since the files could last be.
    unwritten: u64,
}

#[derive(Debug, Default)]
struct Counted {
    kept: u64,
    suppressed: u64,
    damaged: u64,
    unwritten: u64,
}

impl Book {
    /// The book with what is in the files.
    pub(super) fn open(folder: &Path, remote: Remote) -> Self {
        let mut ring = Ring::new(RING_OCTETS_MAX);
        let mut next = 1;
        let files = Files::open(folder, |record| {
            next = next.max(record.number.saturating_add(1));
            ring.push(record);
        });
        let now = Instant::now();
        Self {
            ring,
            files,
            limiter: Limiter::new(Rate::default()),
            remote,
            next,
            followers: Watchers::default(),
            watchers: Watchers::default(),
            counted: Counted::default(),
            begun: now,
            synced: now,
            unwritten: 0,
        }
    }

    /// Takes what somebody has said.
    pub(super) fn hear(&mut self, now: Instant, time: Timestamp, draft: Draft, who: Name) {
        if self.limiter.admits(now, &who, draft.level) {
            // What this process has said by way of the kernel may be about sending.
            let ours = who == *senders::LOG;
            let record = self.record(time, draft, who);
            if !ours {
                self.send(&record);
            }
            self.keep(record);
        } else {
            self.counted.suppressed += 1;
        }
    }

    /// Counts what could not be understood; it costs its sender as much as a record.
    pub(super) fn damaged(&mut self, who: Name) {
        self.counted.damaged += 1;
        let text = "said something that is no record of the log";
        self.hear(Instant::now(), Timestamp::now(), own(Level::Notice, text, &[]), who);
    }

    fn say(&mut self, level: Level, text: &str, fields: &[(&str, &str)]) {
        let record = self.record(Timestamp::now(), own(level, text, fields), senders::LOG.clone());
        self.send(&record);
        self.keep(record);
    }

    fn record(&mut self, time: Timestamp, draft: Draft, who: Name) -> Record {
        let record = draft.record(self.next, time, who);
        self.next = self.next.saturating_add(1);
        record
    }

    fn keep(&mut self, record: Record) {
        self.counted.kept += 1;
        let followers = &mut self.followers;
        followers.tell(|filter| filter.takes(&record), record.octets(), || words::entry(&record));
        let written = self.files.append(&record);
        self.ring.push(record);
        self.written(written);
    }

    fn send(&mut self, record: &Record) {
        self.by_remote(|remote| remote.offer(record));
    }

    /// Does something with the way to the syslog server. What that has to tell is kept and never sent.
    pub(super) fn by_remote(&mut self, act: impl FnOnce(&mut Remote)) {
        act(&mut self.remote);
        let server = self.remote.server();
        for report in self.remote.reports() {
            let (kind, level, text) = match report {
                Report::Away(why) => {
                    let text = format!("the log cannot be sent to {server}: {why}");
                    ("syslog-away", Level::Warning, text)
                }
                Report::Back { lost, waiting } => {
                    let text = format!(
                        "the log is sent to {server} again; {waiting} records have waited, {lost} were lost"
                    );
                    ("syslog-back", Level::Notice, text)
                }
            };
            self.event(kind, &text);
            let draft = own(level, &text, &[]);
            let record = self.record(Timestamp::now(), draft, senders::LOG.clone());
            self.keep(record);
        }
    }

    /// The way to the syslog server.
    pub(super) const fn remote(&self) -> &Remote {
        &self.remote
    }

    /// Ends it.
    pub(super) async fn hang_up(&mut self) {
        self.remote.close().await;
    }

    /// Writes what waits.
    pub(super) fn flush(&mut self) {
        let written = self.files.flush();
        self.written(written);
    }

    /// Says when the files cannot be written, once, and when they can again.
    fn written(&mut self, written: Result<(), Unwritten>) {
        let Err(Unwritten { lines, error }) = written else { return };
        self.counted.unwritten += lines;
        let first = self.unwritten == 0;
        self.unwritten += lines.max(1);
        if first {
            self.event("log-unwritten", UNWRITTEN);
            self.say(Level::Error, UNWRITTEN, &[("reason", &error.to_string())]);
        }
    }

    /// What is due once in a while.
    pub(super) fn beat(&mut self, now: Instant) {
        for (who, count) in self.limiter.told(now) {
            let text = format!("{count} records of {who} were left out: it says too much");
            let fields = [("role", who.as_str()), ("suppressed", &count.to_string())];
            self.event("log-suppressed", &text);
            self.say(Level::Warning, &text, &fields);
        }
        self.flush();
        if self.unwritten > 0 && self.files.writes() {
            let lines = std::mem::take(&mut self.unwritten);
            let text =
                format!("the log can be written again; {lines} records are missing in its files");
            self.event("log-written", &text);
            self.say(Level::Notice, &text, &[]);
        }
        if now.saturating_duration_since(self.synced) >= SYNC_EVERY {
            self.synced = now;
            self.files.sync();
        }
    }

    /// Everything is on the disk when this returns.
    pub(super) fn close(&mut self) {
        self.flush();
        self.files.close();
    }

    fn event(&mut self, kind: &str, text: &str) {
        self.watchers.happened(kind, 0, text);
    }

    /// Answers one who looks at the records. Whoever has hung up meanwhile gets no answer.
    pub(super) fn asked(&mut self, ask: Ask) {
        match ask {
            Ask::Query(filter, from, answer) => {
                let page = words::filter(filter).map(|filter| self.page(&filter, from));
                let _ = answer.send(page);
            }
            Ask::Follow(filter, answer) => {
                let filter = words::filter(filter);
                let following = filter.and_then(|filter| self.followers.add(filter));
                let _ = answer.send(following.map(|records| (self.next, records)));
            }
        }
    }

    /// One page from the files, as far as the records are in memory no more, or from memory.
    fn page(&mut self, filter: &Filter, from: u64) -> Page {
        self.flush();
        let in_memory = self.ring.first().unwrap_or(self.next);
        if from < in_memory {
            let (records, next) = self.files.page(from);
            let older = records.iter().filter(|record| record.number < in_memory);
            return page(older, filter, next.unwrap_or(in_memory).min(in_memory));
        }
        page(self.ring.from(from), filter, 0)
    }

    /// Answers one who observes the role.
    pub(super) fn observed(&mut self, ask: observed1::Ask) {
        match ask {
            observed1::Ask::Get(answer) => drop(answer.send(self.observe())),
            observed1::Ask::Watch(answer) => drop(answer.send(self.watchers.add(()))),
        }
    }

    fn observe(&self) -> Observed {
        let size = |size: usize| u64::try_from(size).unwrap_or(u64::MAX);
        let counters = [
            ("kept", self.counted.kept),
            ("suppressed", self.counted.suppressed),
            ("damaged", self.counted.damaged),
            ("unwritten", self.counted.unwritten),
            ("records_in_memory_now", size(self.ring.len())),
            ("octets_in_memory_now", size(self.ring.octets())),
            ("octets_in_files_now", self.files.octets()),
            ("followers_now", size(self.followers.count())),
            ("sent", self.remote.link().sent()),
            ("lost", self.remote.link().lost()),
            ("records_to_send_now", size(self.remote.link().waiting())),
        ];
        let status = match self.unwritten {
            0 => "the log is kept".to_owned(),
            lines => format!("the log cannot be written; {lines} records are in memory only"),
        };
        let alert = |why| {
            let server = self.remote.server();
            let remedy = "see to that server, or to log.syslog and fixpart.syslog of the settings";
            bus::sendable(&format!("the log cannot be sent to {server}: {why}; {remedy}"))
        };
        Observed {
            status,
            alerts: self.remote.link().problem().map(alert).into_iter().collect(),
            counters: counters
                .map(|(name, value)| Counter { name: name.into(), value })
                .into_iter()
                .collect(),
            ..observed(&senders::LOG.to_string(), self.begun)
        }
    }
}

/// As many of the records as make a page; `next` is where to go on if that is all of them.
fn page<'a>(records: impl Iterator<Item = &'a Record>, filter: &Filter, next: u64) -> Page {
    let (mut entries, mut octets) = (Vec::new(), 0_usize);
    for record in records.filter(|record| filter.takes(record)) {
        octets = octets.saturating_add(record.octets());
        if !entries.is_empty() && octets > PAGE_OCTETS_MAX {
            return Page { entries, next: record.number };
        }
        entries.push(words::entry(record));
    }
    Page { entries, next }
}

/// What an administrator is told when the disk is full.
const UNWRITTEN: &str =
    "the log cannot be written and is kept in memory only; see to room on the data partition";

/// Memory for the newest records: an hour of a busy system, and a tenth of what the role may use.
const RING_OCTETS_MAX: usize = 4 * 1024 * 1024;

/// Octets of the records on one page, before they are packed.
const PAGE_OCTETS_MAX: usize = 512 * 1024;

/// How often the disk is made to keep what was written: a power cut costs no more than this.
const SYNC_EVERY: Duration = Duration::from_secs(5);
