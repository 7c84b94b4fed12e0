//! What stands on a terminal, letter by letter, while a person uses the menu.
//!
//! A file below `transcripts` is such a terminal: lines that begin with the prompt were typed; lines in square brackets
//! are no text but what happens (`[view NAME]`, `[answer NAME]`, `[left]`) or what is wanted done (`[does ..]`). All else
//! is what the menu says. `UPDATE=1` writes it anew.

#![expect(clippy::unwrap_used, reason = "the helpers of a test are part of it")]

use menu::{Answer, Interface, Link, Menu, Out, Page, View};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;
use supervise::boot::Slot;
use supervise::control::{Cause, Mode, Name, Other, Standing};

fn view(name: &str) -> View {
    let standing = Standing {
        slot: Some(Slot::A),
        other: Other::Empty,
        mode: Mode::Normal,
        address_fixed: false,
    };
    let interface = Interface {
        name: "eth0".into(),
        link: Link::Up,
        mac: [0x52, 0x54, 0, 0x12, 0x34, 0x56],
        addresses: vec![("fe80::5054:ff:fe12:3456".parse().unwrap(), 64)],
    };
    let mut with_address = interface.clone();
    with_address.addresses.insert(0, ("10.0.2.20".parse().unwrap(), 24));
    let none = "none yet: type one (1); this version has no DHCP";
    let typed = "10.0.2.20/24, gateway 10.0.2.2, typed at the console";
    let radio = [
        "radio off: no ARI is set (fixpart.ari); it comes with your order",
        "radio off: no region is set (dect.frequency)",
    ];
    let first = View {
        version: "0.1.0".into(),
        name: "fixpart-123456".into(),
        standing: Some(standing),
        interfaces: vec![interface],
        address: none.into(),
        page: None,
        alerts: radio.map(str::to_owned).to_vec(),
    };
    let set = View { interfaces: vec![with_address], address: typed.into(), ..first.clone() };
    let fares = |standing| View { standing: Some(standing), ..set.clone() };
    match name {
        "first" => first,
        "set" => set,
        "trial" => fares(Standing {
            slot: Some(Slot::B),
            other: Other::Whole,
            mode: Mode::Trial,
            ..standing
        }),
        "given up" => fares(Standing { other: Other::GivenUp, ..standing }),
        "safe" => {
            let cause = Cause::Role(Name::new("dect").unwrap());
            fares(Standing { mode: Mode::Safe(cause), other: Other::Whole, ..standing })
        }
        "lost keeper" => {
            let cause = Cause::Role(Name::new("conf").unwrap());
            fares(Standing { mode: Mode::Safe(cause), ..standing })
        }
        "broken state" => fares(Standing { mode: Mode::Safe(Cause::State), ..standing }),
        "late" => fares(Standing { mode: Mode::Safe(Cause::Deadline), ..standing }),
        "recovery" => {
            fares(Standing { slot: Some(Slot::Recovery), other: Other::None, ..standing })
        }
        "no disk" => View {
            interfaces: vec![],
            ..fares(Standing { slot: None, other: Other::None, address_fixed: true, ..standing })
        },
        "ending" => fares(Standing { mode: Mode::Ending, ..standing }),
        "silent" => View { standing: None, ..set },
        "page" => View {
            page: Some(Page {
                url: "https://10.0.2.20/".into(),
                fingerprint: Some("0f".repeat(32)),
            }),
            alerts: vec![],
            ..set
        },
        _ => panic!("there is no view {name:?}"),
    }
}

fn answer(name: &str) -> Answer {
    match name {
        "done" => Answer::Done,
        "refused" => Answer::Refused,
        "silent" => Answer::Silent,
        "echoes" => Answer::Echoes(vec![
            Some(Duration::from_micros(1834)),
            None,
            Some(Duration::from_micros(412)),
        ]),
        "not sent" => Answer::NotSent("Network is unreachable (os error 101)".into()),
        _ => panic!("there is no answer {name:?}"),
    }
}

/// The terminal after all that happens in this transcript.
fn played(script: &str) -> String {
    let mut text = String::new();
    let mut shown = view("first");
    let mut menu = Menu::default();
    let mut begun = false;
    let mut lines = script.lines().peekable();
    while let Some(line) = lines.next() {
        let mut out = Vec::new();
        // Where something happens at an open prompt, nothing was typed there.
        let open = lines.peek().is_none_or(|next| next.starts_with('['));
        let entered = (line == ">" && !open).then_some("");
        if let Some(typed) = line.strip_prefix("> ").or(entered) {
            text.push_str(typed);
            text.push('\n');
            menu.line(typed.as_bytes(), &shown, &mut out);
        } else if let Some(happens) = line.strip_prefix('[').and_then(|it| it.strip_suffix(']')) {
            let (what, name) = happens.split_once(' ').unwrap_or((happens, ""));
            if what == "does" {
                continue;
            }
            if begun {
                text.push('\n');
            }
            writeln!(text, "[{happens}]").unwrap();
            match what {
                "view" => {
                    shown = view(name);
                    if begun {
                        menu.changed(&shown, &mut out);
                    } else {
                        let (fresh, screen) = Menu::begin(&shown);
                        menu = fresh;
                        text.push_str(&screen);
                        begun = true;
                    }
                }
                "answer" => menu.answered(&answer(name), &mut out),
                "left" => menu.left(&mut out),
                _ => panic!("nothing like {happens:?} can happen"),
            }
        }
        for out in out {
            match out {
                Out::Say(said) => text.push_str(&said),
                Out::Do(deed) => write!(text, "[does {}]", deed.words()).unwrap(),
            }
        }
    }
    // An editor takes away blanks at the ends of lines.
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    lines.join("\n") + "\n"
}

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts");
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn every_terminal_stands_as_it_was_written_down() {
    for file in files() {
        let written = std::fs::read_to_string(&file).unwrap();
        let played = played(&written);
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(&file, &played).unwrap();
        } else {
            assert_eq!(played, written, "{}", file.display());
        }
    }
    assert!(files().len() >= 6);
}

/// The manual shows what is really there.
#[test]
fn every_screen_in_the_manual_is_one_of_these() {
    let manual = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/manual/console.md");
    let manual = std::fs::read_to_string(manual).unwrap();
    let terminals: Vec<String> =
        files().iter().map(|file| std::fs::read_to_string(file).unwrap()).collect();
    let mut shown = 0;
    for block in manual.split("```text\n").skip(1) {
        let (block, _) = block.split_once("```").unwrap();
        assert!(terminals.iter().any(|terminal| terminal.contains(block)), "nobody sees:\n{block}");
        shown += 1;
    }
    assert!(shown >= 5, "only {shown} screens are in the manual");
}

/// Whatever is typed, nothing is done that was not confirmed, and the menu is never left for good.
#[test]
fn nothing_is_done_unasked_and_there_is_always_a_way_back() {
    let words = [
        "",
        "x",
        "1",
        "2",
        "3",
        "4",
        "5",
        "6",
        "7",
        "8",
        "yes",
        "10.0.2.20/24",
        "10.0.2.2",
        "full",
        "reset full",
        "0",
    ];
    for first in words {
        for second in words {
            for third in words {
                let mut menu = Menu::default();
                let mut typed = Vec::new();
                let mut out = Vec::new();
                for word in [first, second, third] {
                    typed.push(word);
                    menu.line(word.as_bytes(), &view("given up"), &mut out);
                }
                let does = out.iter().find(|it| matches!(it, Out::Do(_)));
                let before = |choices: &[&str], word: &str| {
                    let at = typed.iter().position(|it| choices.contains(it));
                    at.is_some_and(|at| typed[at..].contains(&word))
                };
                let may = before(&["2", "5", "7", "8"], "yes")
                    || before(&["full"], "reset full")
                    || before(&["3"], "10.0.2.2");
                assert!(may || does.is_none(), "{typed:?}: {does:?}");
                menu.left(&mut Vec::new());
                menu.answered(&Answer::Silent, &mut Vec::new());
                assert_eq!(menu, Menu::default(), "{typed:?}");
            }
        }
    }
}
