//! `cargo xtask test`: every check there is, fast to slow.

use crate::rooms;
use crate::steps::{Done, Steps, Tally, Verdict, command, runs};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// Takes all steps; the last line printed is the tally.
pub(crate) fn run(words: &[String]) -> ExitCode {
    let nightly = match words {
        [] => false,
        [word] if word == "--nightly" => true,
        _ => {
            eprintln!("usage: cargo xtask test [--nightly]");
            return ExitCode::from(2);
        }
    };
    let root = rooms::root();
    let mut steps = Steps::default();
    look(&root, &mut steps);
    crate::buildroot::run(&root, nightly, &mut steps);
    // With the tests, so that nothing is built twice with other features.
    let built = steps.step("programs and tests are built", || {
        cargo(&root, "build", &["build", "--locked", "--workspace", "--bins", "--tests"])
    });
    if built {
        steps.step("tests", || tests(&root));
        steps.step("tests in documentation", || doc_tests(&root));
        crate::ova::run(&root, &mut steps);
        crate::boots::run(&root, nightly, &mut steps);
        lab(&root, &mut steps);
    }
    if nightly {
        steps.step("long tests", || long_tests(&root));
        crate::nightly::run(&root, &mut steps);
    }
    println!("{}", steps.tally);
    if steps.tally.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// What needs no test to be built.
fn look(root: &Path, steps: &mut Steps) {
    steps.step("format", || cargo(root, "format", &["fmt", "--all", "--check"]));
    steps.step("rooms", || match rooms::broken_rules() {
        Ok(broken) if broken.is_empty() => Verdict::Passed(String::new()),
        Ok(broken) => Verdict::Failed(broken.join("\n")),
        Err(error) => Verdict::Failed(error.to_string()),
    });
    steps.step("licences, bans and sources of foreign crates", || {
        deny(root, &["bans", "licenses", "sources"])
    });
    steps.step("advisories on foreign crates", || advisories(root));
    steps.step("clippy", || {
        let words = ["clippy", "--locked", "--workspace", "--all-targets", "--", "-D", "warnings"];
        cargo(root, "clippy", &words)
    });
    steps.step("pure rooms name no clock, socket, file or hash map", || pure(root));
}

fn pure(root: &Path) -> Verdict {
    let mut words = vec!["clippy", "--locked", "--lib", "--no-deps"];
    words.extend(rooms::pure_rooms().flat_map(|room| ["-p", room]));
    words.extend(["--", "-D", "clippy::disallowed_methods", "-D", "clippy::disallowed_types"]);
    cargo(root, "pure", &words)
}

fn cargo(root: &Path, name: &str, words: &[&str]) -> Verdict {
    match command(root, name, Command::new("cargo").args(words)) {
        Ok(done) if done.well => Verdict::Passed(String::new()),
        Ok(done) => Verdict::Failed(done.tail()),
        Err(error) => Verdict::Failed(format!("cannot start cargo: {error}")),
    }
}

fn deny(root: &Path, what: &[&str]) -> Verdict {
    let Some(program) = cargo_deny(root) else {
        return Verdict::Skipped("cargo-deny cannot be had here".into());
    };
    match checked(root, &program, what) {
        Ok(done) if done.well => Verdict::Passed(String::new()),
        Ok(done) => Verdict::Failed(done.tail()),
        Err(error) => Verdict::Failed(error.to_string()),
    }
}

fn advisories(root: &Path) -> Verdict {
    let Some(program) = cargo_deny(root) else {
        return Verdict::Skipped("cargo-deny cannot be had here".into());
    };
    match checked(root, &program, &["advisories"]) {
        Ok(done) if done.well => Verdict::Passed(String::new()),
        Ok(done) if done.tail().contains("failed to fetch advisory database") => {
            Verdict::Skipped("the advisory database cannot be reached".into())
        }
        Ok(done) => Verdict::Failed(done.tail()),
        Err(error) => Verdict::Failed(error.to_string()),
    }
}

fn checked(root: &Path, program: &Path, what: &[&str]) -> std::io::Result<Done> {
    let name = format!("deny-{}", what.join("-"));
    let mut deny = Command::new(program);
    deny.args(["--color", "never", "check", "--hide-inclusion-graph"]).args(what);
    command(root, &name, &mut deny)
}

/// cargo-deny as it is found, else built from source into the cache.
fn cargo_deny(root: &Path) -> Option<PathBuf> {
    let tools = root.join(TOOLS);
    let built = tools.join("bin/cargo-deny");
    for candidate in [PathBuf::from("cargo-deny"), built.clone()] {
        if runs(&candidate) {
            return Some(candidate);
        }
    }
    let mut install = Command::new("cargo");
    install.args(["install", "--locked", "cargo-deny", "--version", CARGO_DENY, "--root"]);
    let done = command(root, "cargo-deny", install.arg(&tools)).ok()?;
    done.well.then_some(built)
}

fn tests(root: &Path) -> Verdict {
    let nextest = Command::new("cargo").args(["nextest", "--version"]).output();
    let done = if nextest.is_ok_and(|output| output.status.success()) {
        let words =
            ["nextest", "run", "--locked", "--workspace", "--no-fail-fast", "--color=never"];
        command(
            root,
            "tests",
            Command::new("cargo").args(words).env("NEXTEST_HIDE_PROGRESS_BAR", "1"),
        )
    } else {
        let words =
            ["test", "--locked", "--workspace", "--no-fail-fast", "--lib", "--bins", "--tests"];
        command(root, "tests", Command::new("cargo").args(words))
    };
    counted(done)
}

fn doc_tests(root: &Path) -> Verdict {
    let words = ["test", "--locked", "--workspace", "--doc", "--no-fail-fast"];
    counted(command(root, "doc-tests", Command::new("cargo").args(words)))
}

fn long_tests(root: &Path) -> Verdict {
    let words =
        ["test", "--locked", "--workspace", "--release", "--no-fail-fast", "--", "--ignored"];
    counted(command(root, "long-tests", Command::new("cargo").args(words)))
}

/// The tests of a test runner, counted one by one.
fn counted(done: std::io::Result<Done>) -> Verdict {
    let done = match done {
        Ok(done) => done,
        Err(error) => return Verdict::Failed(error.to_string()),
    };
    let text = std::fs::read_to_string(&done.log).unwrap_or_default();
    let tally = test_tally(&text);
    if !done.well {
        println!("{}", done.tail());
    }
    match tally {
        Some(tally) if done.well == (tally.failed == 0) => Verdict::Counted(tally),
        _ => Verdict::Failed("the tests could not be built or counted".into()),
    }
}

/// Adds up what `cargo test` or cargo-nextest has printed.
fn test_tally(text: &str) -> Option<Tally> {
    let mut tally = None;
    for line in text.lines() {
        let summary = line.contains("tests run: ") || line.contains("test run: ");
        let counts = match line.trim().strip_prefix("test result: ") {
            Some(rest) => rest.split_once(". ").map(|(_, counts)| counts),
            None if summary => line.split_once("run: ").map(|(_, counts)| counts),
            None => None,
        };
        let Some(counts) = counts else { continue };
        let sum: &mut Tally = tally.get_or_insert_default();
        for count in counts.split([',', ';', '(', ')']) {
            let mut words = count.split_whitespace();
            let Some(Ok(number)) = words.next().map(str::parse::<u64>) else { continue };
            match words.next() {
                Some("passed") => sum.passed += number,
                Some("failed" | "timed") => sum.failed += number,
                Some("skipped" | "ignored") => sum.skipped += number,
                _ => {}
            }
        }
    }
    tally
}

/// The first calls with the server in the foreground, what Wireshark makes of its base-station link, and the same
/// calls with the appliance booted from its image.
fn lab(root: &Path, steps: &mut Steps) {
    steps.step("the first call: PBX, server, base stations and handsets", || {
        first_call(root, &["run", "--once", "--host"])
    });
    steps.step("Wireshark understands the base-station link", || crate::tshark::verdict(root));
    steps.step("foreign programs for addresses, time, logs, discovery and monitoring", || {
        crate::peers::verdict(root)
    });
    steps.step("raw flash and its volumes, on simulated NAND", || crate::flash::verdict(root));
    steps.step("a disk boots, and PID 1 keeps its roles and its disk", || {
        crate::keeps::verdict(root)
    });
    crate::arm::run(root, steps);
    steps.step("the first call through the booted image", || match crate::first_call::bootable() {
        Ok(()) => first_call(root, &["run", "--once"]),
        Err(why) => Verdict::Skipped(why),
    });
}

/// Runs `cargo xtask` with these words, which make the first calls, and shows its steps.
pub(crate) fn first_call(root: &Path, words: &[&str]) -> Verdict {
    let done = rooms::program("scripts")
        .and_then(|program| command(root, "first-call", Command::new(program).args(words)));
    Verdict::counted(done)
}

/// Tools that were built here.
const TOOLS: &str = ".cache/tools";
/// The version that `deny.toml` was written for.
const CARGO_DENY: &str = "^0.20";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_test_runners_are_understood() {
        let nextest = "     Summary [   0.270s] 25 tests run: 23 passed (1 slow), 1 failed, 1 timed out, 4 skipped";
        assert_eq!(test_tally(nextest), Some(Tally { passed: 23, failed: 2, skipped: 4 }));
        let cargo = "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 9 filtered out; finished in 0.00s\n\
                     test result: FAILED. 2 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out";
        assert_eq!(test_tally(cargo), Some(Tally { passed: 5, failed: 1, skipped: 1 }));
        assert_eq!(test_tally("error: could not compile"), None);
    }
}
