//! Settings and users of a state folder on which no server runs.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::os::unix::fs::{MetadataExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A state folder of the test's own.
struct State(PathBuf);

impl State {
    fn new(name: &str, config: &str) -> Self {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("stopped-{name}"));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).expect("the target folder can be written");
        if !config.is_empty() {
            fs::write(folder.join("config.xml"), config).expect("the folder can be written");
        }
        Self(folder)
    }

    fn file(&self, name: &str, text: &str) -> String {
        let path = self.0.join(name);
        fs::write(&path, text).expect("the folder can be written");
        path.to_string_lossy().into_owned()
    }

    /// What is printed, to standard output or to standard error.
    fn ask(&self, words: &[&str]) -> Result<String, String> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_appliance"));
        command.args(words).arg("--state").arg(&self.0).env("USER", "nightingale");
        let output = command.env_remove("SUDO_USER").output().expect("the binary starts");
        let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
        match output.status.code() {
            Some(0) => Ok(text(&output.stdout)),
            Some(1) => Err(text(&output.stderr)),
            other => panic!("{words:?}: {other:?} {}", text(&output.stderr)),
        }
    }

    fn says(&self, words: &[&str]) -> String {
        self.ask(words).unwrap_or_else(|why| panic!("{words:?}: {why}"))
    }
}

/// Every file below a folder, as it is.
fn all(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).expect("it is there") {
        let path = entry.expect("it is there").path();
        if path.is_dir() {
            found.extend(all(&path));
        } else {
            let octets = fs::read(&path).expect("it is there");
            found.insert(path, octets);
        }
    }
    found
}

const CONFIG: &str = "<config><sip><transport>tcp</transport></sip></config>";

#[test]
fn settings_are_changed_kept_and_undone_with_who_and_from_where() {
    let state = State::new("change", CONFIG);
    // As a server would, it takes the administrator's file over first.
    let set = state.says(&["config", "set", "sip.tos=7"]);
    assert_eq!(set, "sip.tos: 96 -> 7\n1 is now different; generation 2\n");
    assert_eq!(state.says(&["config", "show"]), "  sip.transport = tcp\n  sip.tos = 7\n");
    let file = state.file("new.xml", "<config><sip><tos>9</tos></sip></config>");
    let lines = "sip.transport: tcp -> udp\nsip.tos: 7 -> 9\n";
    let differs = state.says(&["config", "diff", &file]);
    assert_eq!(differs, format!("{lines}2 would be different; generation 2\n"));
    let imported = state.says(&["config", "import", &file]);
    assert_eq!(imported, format!("{lines}2 is now different; generation 3\n"));
    let exported = state.says(&["config", "export"]);
    assert!(exported.contains("<tos>9</tos>") && !exported.contains("tcp"), "{exported}");
    state.says(&["config", "undo", "2"]);
    assert_eq!(state.says(&["config", "show", "sip.tos"]), "  sip.tos = 7\n");

    let history = state.says(&["config", "history"]);
    let lines: Vec<&str> = history.lines().filter(|line| !line.starts_with(' ')).collect();
    assert_eq!(lines.len(), 4, "{history}");
    let by = "back to generation 2 by nightingale from command without a server";
    assert!(lines[0].starts_with("4 ") && lines[0].ends_with(by), "{history}");
    assert!(lines[3].contains("config.xml by conf from"), "{history}");
}

#[test]
fn users_are_made_listed_imported_and_removed() {
    let state = State::new("users", CONFIG);
    state.says(&["users", "set", "1001", "displayname=Night nurse", "authpassword=zebra7"]);
    let list = state.says(&["users", "list"]);
    assert!(list.starts_with("1001") && list.contains("displayname=Night nurse"), "{list}");
    assert!(list.contains("authpassword=(secret)") && !list.contains("zebra7"), "{list}");
    let file = state.says(&["users", "export"]);
    assert!(file.contains("zebra7"), "it opens with the key that it was sealed with: {file}");
    let file = state.file("more.xml", &file.replace("1001", "1002"));
    let lines = "user 1001 is removed\nuser 1002 is added\n2 ";
    let differs = state.says(&["users", "diff", &file]);
    assert_eq!(differs, format!("{lines}would be different; generation 2\n"));
    let imported = state.says(&["users", "import", &file]);
    assert_eq!(imported, format!("{lines}is now different; generation 3\n"));
    state.says(&["users", "remove", "1002"]);
    assert_eq!(state.says(&["users", "list"]), "");
    let why = state.ask(&["users", "remove", "1002"]).unwrap_err();
    assert!(why.contains("there is no user 1002; nothing was changed"), "{why}");
}

#[test]
fn who_only_looks_leaves_no_trace_and_sees_what_a_server_would_begin_with() {
    let state = State::new("look", CONFIG);
    let file = state.file("new.xml", "<config/>");
    for _ in 0..2 {
        let before = all(&state.0);
        // A file that no server has taken over yet counts.
        assert_eq!(state.says(&["config", "show"]).lines().next(), Some("  sip.transport = tcp"));
        for words in [
            &["config", "export"][..],
            &["config", "history"],
            &["config", "diff", &file],
            &["users", "list"],
            &["users", "export"],
        ] {
            state.says(words);
        }
        assert!(all(&state.0) == before, "the folder has changed");
        // The second time with a database.
        state.says(&["config", "set", "sip.tos=7"]);
    }
}

#[test]
fn a_database_that_somebody_has_open_is_neither_changed_nor_looked_at() {
    let state = State::new("busy", CONFIG);
    state.says(&["config", "set", "sip.tos=7"]);
    let owner = File::open(state.0.join("conf/database.lock")).expect("the store has made it");
    owner.lock().expect("nobody else has it");
    let before = all(&state.0);
    for words in [&["config", "set", "sip.tos=8"][..], &["config", "show"]] {
        let why = state.ask(words).unwrap_err();
        assert!(why.contains("is in use by another server; stop that one first"), "{why}");
    }
    assert!(all(&state.0) == before, "the folder has changed");
    drop(owner);
    assert_eq!(state.says(&["config", "show", "sip.tos"]), "  sip.tos = 7\n");
}

#[test]
fn a_folder_that_is_no_state_folder_stays_as_it_is() {
    let state = State::new("nothing", "");
    for words in [&["config", "show"][..], &["config", "set", "sip.tos=8"], &["users", "list"]] {
        let why = state.ask(words).unwrap_err();
        assert!(why.contains("none has kept anything there"), "{why}");
    }
    assert!(all(&state.0).is_empty());
}

#[test]
fn what_needs_a_running_server_says_so() {
    let state = State::new("needs", CONFIG);
    state.says(&["config", "set", "sip.tos=7"]);
    let why = state.ask(&["config", "set", "sip.tos=8", "--confirm", "60"]).unwrap_err();
    assert!(why.contains("no server runs that could take it back"), "{why}");
    let why = state.ask(&["ctl", "confirm"]).unwrap_err();
    assert!(why.contains("no server runs in"), "{why}");
    assert_eq!(state.says(&["config", "show", "sip.tos"]), "  sip.tos = 7\n");
    let stale = state.ask(&["config", "set", "sip.tos=8", "--base", "1"]).unwrap_err();
    assert!(stale.contains("generation 1"), "{stale}");
}

#[test]
fn what_a_server_would_complain_of_is_said_beside_the_answer() {
    let state = State::new("alarms", CONFIG);
    state.says(&["users", "set", "1001", "authpassword=zebra7"]);
    fs::write(state.0.join("config.xml"), "<config><sip></config>").expect("it can be written");
    fs::remove_file(state.0.join("conf/device.key")).expect("it is there");
    let mut command = Command::new(env!("CARGO_BIN_EXE_appliance"));
    command.args(["users", "list", "--state"]).arg(&state.0);
    let output = command.output().expect("the binary starts");
    let (out, err) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && out.starts_with("1001"), "{out} {err}");
    let key = format!("the device key {}", state.0.join("conf/device.key").display());
    assert!(err.contains(&key) && err.contains("config.xml was not taken over"), "{err}");
    assert!(!state.0.join("conf/device.key").exists(), "it was only looked at");
}

#[test]
fn what_nobody_has_confirmed_has_returned_once_somebody_changes_something_and_counts_so_before() {
    let state = State::new("trial", CONFIG);
    state.says(&["config", "set", "sip.tos=7"]);
    // As a server leaves it that is stopped before anybody has said `ctl confirm`.
    let trial = state.0.join("conf/trial");
    fs::write(&trial, "1").expect("the folder can be written");
    assert_eq!(state.says(&["config", "show"]), "  sip.transport = tcp\n");
    assert!(trial.exists(), "it was only looked at");
    state.says(&["config", "set", "sip.maxforwards=60"]);
    assert!(!trial.exists());
    let shown = state.says(&["config", "show"]);
    assert_eq!(shown, "  sip.transport = tcp\n  sip.maxforwards = 60\n");
}

/// A state folder of the box, mounted somewhere: its role must be able to open what was made there.
#[test]
fn what_root_makes_in_a_folder_of_another_user_is_that_users() {
    let folder = std::env::temp_dir().join(format!("fixpart-stopped-{}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(folder.join("conf")).expect("a folder for such things can be written");
    let state = State(folder);
    if chown(state.0.join("conf"), Some(ROLE), Some(ROLE)).is_err() {
        println!("skipped: only root can give a folder away");
        let _ = fs::remove_dir_all(&state.0);
        return;
    }
    let file = state.file("new.xml", CONFIG);
    state.says(&["config", "import", &file]);
    assert_eq!(state.says(&["config", "show"]), "  sip.transport = tcp\n");
    let made = all(&state.0.join("conf"));
    assert!(made.len() > 3, "{:?}", made.keys());
    for path in made.keys() {
        let owner = fs::metadata(path).expect("it is there").uid();
        assert_eq!(owner, ROLE, "{}", path.display());
    }
    let _ = fs::remove_dir_all(&state.0);
}

/// As the box has it for the role `conf`; any other user would do.
const ROLE: u32 = 703;
