//! The storm is killed again and again in the same folder: what was acknowledged is there, and nothing in part.

#![expect(clippy::unwrap_used, reason = "the helpers of a test are part of it")]

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

/// Starts the storm, kills it after some commits, and looks; tells how many commits there are.
fn killed(folder: &Path, chance: &mut Chance) -> u64 {
    let mut storm = Command::new(env!("CARGO_BIN_EXE_storm"));
    let mut storm = storm.arg(folder).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(storm.stdout.take().unwrap()).lines();
    // Some ends come while it opens what the one before has left.
    for _ in 0..chance.below(12) {
        let line = lines.next().expect("it goes on until it is killed").unwrap();
        assert!(line.starts_with("ACK "), "{line}");
    }
    for _ in 0..chance.below(1 << 20) {
        std::hint::spin_loop();
    }
    storm.kill().unwrap();
    storm.wait().unwrap();
    // What it said before it ended, and nobody had read yet.
    let rest = lines.map_while(Result::ok).last();
    let said = rest.and_then(|line| line.strip_prefix("ACK ")?.parse().ok()).unwrap_or(0);
    storm::look(folder, said).unwrap_or_else(|error| panic!("{error}; seed {:#x}", chance.0))
}

fn many(times: u32) {
    let folder = tempfile::tempdir().unwrap();
    let mut chance = Chance(0x00F1_C5BA_27D3_0001);
    let mut last = 0;
    for _ in 0..times {
        let now = killed(folder.path(), &mut chance);
        assert!(now >= last, "{last} was there before");
        last = now;
    }
    assert!(last > u64::from(times), "{last} commits in {times} lives");
}

/// Numbers that look like chance (Knuth's MMIX).
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

#[test]
fn what_was_acknowledged_is_there_after_each_of_sixty_kills() {
    many(60);
}

/// A file system in memory, so small that it is soon full, first by the snapshots and then by the commits.
#[test]
fn a_full_disk_stops_the_storm_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    // What is mounted there is gone with the process.
    let script =
        "mount -t tmpfs -o size=900k storm \"$1\" && { \"$0\" \"$1\"; \"$0\" look \"$1\"; }";
    let mut all = Command::new("unshare");
    all.args(["--user", "--map-root-user", "--mount", "sh", "-c", script]);
    let done = all.arg(env!("CARGO_BIN_EXE_storm")).arg(folder.path()).output().unwrap();
    let [said, complained] = [done.stdout, done.stderr].map(|it| String::from_utf8(it).unwrap());
    if complained.contains("unshare:") || complained.contains("mount:") {
        println!("skipped: this user may not mount anything here");
        return;
    }
    let number = |word: &str| {
        let line = said.lines().rev().find_map(|line| line.strip_prefix(word)?.parse::<u64>().ok());
        line.unwrap_or_else(|| panic!("no {word}in {said} {complained}"))
    };
    assert!(complained.contains("no room"), "{complained}");
    assert!(number("ACK ") > 10 && number("LAST ") >= number("ACK "), "{said}");
}

#[test]
#[ignore = "minutes: with the long tests"]
fn what_was_acknowledged_is_there_after_each_of_a_thousand_kills() {
    many(1_000);
}
