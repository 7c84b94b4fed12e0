//! The server as a process with its roles, on a loopback address of the test's own.

use nix::sys::signal::Signal;
use nix::unistd::Pid;
use std::io::{BufRead as _, BufReader};
use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::path::PathBuf;
use std::process::{Child, ChildStderr, Command, Output, Stdio};

/// A running server; it is killed when this is dropped.
struct Server {
    child: Child,
    lines: std::io::Lines<BufReader<ChildStderr>>,
    state: PathBuf,
}

impl Server {
    fn start(name: &str, address: Ipv4Addr) -> Self {
        let state = state(name, address);
        let mut child = appliance(&["run", "--state", &state.to_string_lossy()])
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let lines = BufReader::new(child.stderr.take().expect("it was asked for")).lines();
        Self { child, lines, state }
    }

    /// Reads on until a line holds this text.
    fn says(&mut self, text: &str) -> String {
        let mut said = Vec::new();
        for line in self.lines.by_ref().map_while(Result::ok) {
            if line.contains(text) {
                return line;
            }
            said.push(line);
        }
        panic!("it ended without saying {text:?}: {said:#?}");
    }

    fn ask(&self, words: &[&str]) -> Output {
        let mut command = appliance(words);
        command.arg("--state").arg(&self.state).output().expect("the binary starts")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn appliance(words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_appliance"));
    command.args(words);
    command
}

/// An address that no other test and no other run has, so that fixed ports are free there.
fn address(test: u8) -> Ipv4Addr {
    let [.., high, low] = std::process::id().to_be_bytes();
    Ipv4Addr::new(127, 100 + test, high, low.max(1))
}

fn state(name: &str, address: Ipv4Addr) -> PathBuf {
    let state = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&state);
    std::fs::create_dir_all(&state).expect("the target folder can be written");
    let config = format!(
        "<config><fixpart><address>{address}</address></fixpart>\
         <sip><proxy><domain>{address}</domain><port>9</port></proxy></sip></config>"
    );
    let users = "<users><user><ipei>00077 0000001</ipei><username>1001</username></user></users>";
    std::fs::write(state.join("config.xml"), config).expect("the folder can be written");
    std::fs::write(state.join("users.xml"), users).expect("the folder can be written");
    state
}

fn kill(signal: Signal, pid: &str) {
    let pid = Pid::from_raw(pid.parse().expect("a process has a number"));
    nix::sys::signal::kill(pid, signal).expect("the process is there");
}

/// The number behind `pid=` in a line of the log.
fn pid_of(line: &str) -> String {
    let rest = line.split("pid=").nth(1).expect("the line names a process");
    rest.chars().take_while(char::is_ascii_digit).collect()
}

#[test]
fn the_server_answers_restarts_a_killed_role_and_stops_in_order() {
    let mut server = Server::start("server", address(1));
    let media = pid_of(&server.says("started role=\"media\""));
    server.says("all roles are up");
    let status = server.ask(&["status", "--json"]);
    let text = String::from_utf8_lossy(&status.stdout).into_owned();
    assert!(text.contains(r#""user":"1001""#) && text.contains(r#""subscribed":false"#), "{text}");
    let token = server.ask(&["enrol", "--mac", "02:00:00:00:00:01"]);
    assert!(token.status.success() && token.stdout.len() > 8);
    let wrong = server.ask(&["base", "approve", "nonsense"]);
    assert_eq!(wrong.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("twelve hexadecimal digits"));
    let unknown = server.ask(&["base", "remove", "02:00:00:00:00:01"]);
    assert_eq!(unknown.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("base list"));
    let stranger = server.ask(&["handset", "remove", "00077", "0000001"]);
    assert_eq!(stranger.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&stranger.stderr).contains("is not subscribed"));

    kill(Signal::SIGKILL, &media);
    let again = pid_of(&server.says("started role=\"media\""));
    assert_ne!(again, media);
    server.says("all roles are up");
    assert!(server.ask(&["status"]).status.success());

    kill(Signal::SIGTERM, &server.child.id().to_string());
    let ended = server.child.wait().expect("it is our child");
    assert!(ended.success(), "{ended}");
    let gone = server.ask(&["status"]);
    assert_eq!(gone.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&gone.stderr).contains("no server runs in"));
}

#[test]
fn what_a_stopped_server_has_kept_is_answered_as_by_the_running_one() {
    let mut server = Server::start("stopped", address(4));
    server.says("all roles are up");
    let said = |server: &Server, words: &[&str]| {
        let output = server.ask(words);
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    said(&server, &["config", "set", "sip.tos=7"]);
    said(&server, &["users", "set", "1002", "displayname=Night nurse"]);
    let file = server.state.join("users.xml");
    let questions = [
        vec!["config", "show"],
        vec!["config", "show", "--all"],
        vec!["config", "export"],
        vec!["config", "history"],
        vec!["users", "list"],
        vec!["users", "export"],
        vec!["users", "diff", file.to_str().expect("it is plain")],
    ];
    let running: Vec<String> = questions.iter().map(|words| said(&server, words)).collect();
    kill(Signal::SIGTERM, &server.child.id().to_string());
    assert!(server.child.wait().expect("it is our child").success());
    for (words, answer) in questions.iter().zip(&running) {
        assert_eq!(said(&server, words), *answer, "{words:?}");
    }
    let unread = server.ask(&["config", "show", "sip.wings"]);
    assert_eq!(
        String::from_utf8_lossy(&unread.stderr),
        "appliance: there is no setting sip.wings\n"
    );
}

#[test]
fn a_taken_port_stops_the_start_and_is_named() {
    let here = address(2);
    let _taken = UdpSocket::bind((here, 5060)).expect("the address is ours alone");
    let mut server = Server::start("taken-sip", here);
    server.says("5060");
    assert_eq!(server.child.wait().expect("it is our child").code(), Some(1));

    let here = address(3);
    let _taken = TcpListener::bind((here, 16_322)).expect("the address is ours alone");
    let mut server = Server::start("taken-door", here);
    server.says("16322");
    assert_eq!(server.child.wait().expect("it is our child").code(), Some(1));
}
