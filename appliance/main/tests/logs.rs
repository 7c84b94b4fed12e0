//! The log of a running server, as it is looked at from a shell.

use nix::sys::signal::Signal;
use nix::unistd::Pid;
use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Lines};
use std::net::Ipv4Addr;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};

/// A running server; it is killed when this is dropped.
struct Server {
    child: Child,
    lines: Lines<BufReader<ChildStderr>>,
    state: PathBuf,
}

impl Server {
    /// Starts one on an address that no other test and no other run has, so that fixed ports are free there.
    fn start(name: &str, test: u8) -> Self {
        let [.., high, low] = std::process::id().to_be_bytes();
        let address = Ipv4Addr::new(127, 150 + test, high, low.max(1));
        let state = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = std::fs::remove_dir_all(&state);
        std::fs::create_dir_all(&state).expect("the target folder can be written");
        let config = format!("<config><fixpart><address>{address}</address></fixpart></config>");
        std::fs::write(state.join("config.xml"), config).expect("the folder can be written");
        let mut child = appliance()
            .args(["run", "--state"])
            .arg(&state)
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let lines = BufReader::new(child.stderr.take().expect("it was asked for")).lines();
        Self { child, lines, state }
    }

    /// Reads on until a line holds this text.
    fn says(&mut self, text: &str) -> String {
        let mut lines = self.lines.by_ref().map_while(Result::ok);
        lines.find(|line| line.contains(text)).expect("it says so before it ends")
    }

    fn logs(&self, words: &[&str]) -> Vec<String> {
        let mut command = appliance();
        command.args(["ctl", "logs", "--state"]).arg(&self.state).args(words);
        let output = command.output().expect("the binary starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()
    }

    /// Asks again and again until the lines are as they should be.
    fn logs_until(&self, words: &[&str], good: impl Fn(&[String]) -> bool) -> Vec<String> {
        loop {
            let lines = self.logs(words);
            if good(&lines) {
                return lines;
            }
        }
    }

    /// Speaks to the log as the role of this name.
    fn speak(&self, role: &str, text: &str) {
        let socket = UnixDatagram::unbound().expect("a socket can be had");
        let record = format!("SYSLOG_IDENTIFIER={role}\nPRIORITY=6\nMESSAGE={text}\n");
        let path = self.state.join("run/journal.datagrams");
        socket.send_to(record.as_bytes(), path).expect("the log's socket is there");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A command that shows what comes; it is killed when this is dropped.
struct Follower {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Follower {
    fn start(server: &Server, words: &[&str]) -> Self {
        let mut command = appliance();
        command.args(["ctl", "logs", "-f", "--state"]).arg(&server.state).args(words);
        let mut child = command.stdout(Stdio::piped()).spawn().expect("the binary starts");
        let lines = BufReader::new(child.stdout.take().expect("it was asked for")).lines();
        Self { child, lines }
    }

    fn shows(&mut self, text: &str) -> String {
        let mut lines = self.lines.by_ref().map_while(Result::ok);
        lines.find(|line| line.contains(text)).expect("it shows so before it ends")
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn appliance() -> Command {
    Command::new(env!("CARGO_BIN_EXE_appliance"))
}

fn kill(pid: &str) {
    let pid = Pid::from_raw(pid.parse().expect("a process has a number"));
    nix::sys::signal::kill(pid, Signal::SIGKILL).expect("the process is there");
}

/// The number behind `pid=` in a line of the log.
fn pid_of(line: &str) -> String {
    let rest = line.split("pid=").nth(1).expect("the line names a process");
    rest.chars().take_while(char::is_ascii_digit).collect()
}

#[test]
fn every_role_is_heard_and_the_filters_choose() {
    let mut server = Server::start("logs-heard", 1);
    server.says("all roles are up");
    let role_of = |line: &String| {
        let rest = line.split("\"role\":\"").nth(1).expect("every line names a role");
        rest.split('"').next().unwrap_or_default().to_owned()
    };
    server.logs_until(&["--json"], |lines| {
        let roles: BTreeSet<String> = lines.iter().map(role_of).collect();
        ["init", "media", "dect"].iter().all(|role| roles.contains(*role))
    });
    let dect = server.logs(&["--role", "dect", "--json"]);
    assert!(dect.iter().all(|line| role_of(line) == "dect"), "{dect:?}");
    let errors = server.logs(&["--level", "error"]);
    assert!(errors.iter().any(|line| line.contains("the radio stays off")), "{errors:?}");
    assert!(errors.iter().all(|line| line.contains(" error ")), "{errors:?}");
    let found = server.logs(&["--grep", "RADIO STAYS", "--since", "1h"]);
    assert!(!found.is_empty() && found.iter().all(|line| line.contains("the radio stays off")));
    assert_eq!(server.logs(&["--since", "2100-01-01T00:00:00Z"]), Vec::<String>::new());
    let started = server.logs(&["--role", "init", "--field", "role=media", "--grep", "started"]);
    assert_eq!(started.len(), 1, "{started:?}");
}

#[test]
fn one_that_follows_sees_a_role_end_and_begin() {
    let mut server = Server::start("logs-followed", 2);
    let media = pid_of(&server.says("started role=\"media\""));
    server.says("all roles are up");
    let mut follower = Follower::start(&server, &["--role", "init", "--field", "role=media"]);
    assert_eq!(pid_of(&follower.shows("init: started")), media);
    kill(&media);
    follower.shows("ended");
    assert_ne!(pid_of(&follower.shows("init: started")), media);
}

#[test]
fn a_killed_log_comes_back_with_what_it_had_and_with_its_sockets() {
    let mut server = Server::start("logs-killed", 3);
    let log = pid_of(&server.says("started role=\"log\""));
    server.says("all roles are up");
    server.speak("media", "before");
    server.logs_until(&["--grep", "before"], |lines| lines.len() == 1);
    let socket = server.state.join("run/journal.datagrams");
    let inode = std::fs::metadata(&socket).expect("it is there").ino();

    kill(&log);
    server.speak("media", "between");
    assert_ne!(pid_of(&server.says("started role=\"log\"")), log);
    server.speak("media", "behind");
    let told = server.logs_until(&["--role", "media", "--grep", "be"], |lines| lines.len() == 3);
    let order = ["before", "between", "behind"];
    assert!(told.iter().zip(order).all(|(line, text)| line.ends_with(text)), "{told:?}");
    assert_eq!(std::fs::metadata(&socket).expect("it is there").ino(), inode);
}

#[test]
fn a_flood_of_one_role_is_cut_and_counted_and_the_others_get_through() {
    let mut server = Server::start("logs-flood", 4);
    server.says("all roles are up");
    for _ in 0..10_000 {
        server.speak("dect", "flood");
    }
    server.speak("media", "still here");
    server.logs_until(&["--role", "media", "--grep", "still here"], |lines| lines.len() == 1);
    let told = server.logs_until(&["--role", "log"], |lines| !lines.is_empty());
    assert!(told[0].contains("records of dect were left out"), "{told:?}");
    let kept = server.logs(&["--role", "dect", "--grep", "flood"]).len();
    assert!((1000..10_000).contains(&kept), "{kept}");
}

#[test]
fn every_role_can_be_observed() {
    let mut server = Server::start("logs-observed", 5);
    server.says("all roles are up");
    let observed = |words: &[&str]| {
        let mut command = appliance();
        command.args(["ctl", "observed", "--state"]).arg(&server.state).args(words);
        let output = command.output().expect("the binary starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let all = observed(&["--json"]);
    for role in ["log", "ctl", "media", "dect"] {
        assert!(all.contains(&format!("{{\"version\":2,\"role\":\"{role}\"")), "{all}");
    }
    let media = observed(&["media"]);
    assert!(media.contains("carries speech for the role dect") || media.contains("waits for"));
    assert!(media.contains("sessions_opened 0"), "{media}");
}
