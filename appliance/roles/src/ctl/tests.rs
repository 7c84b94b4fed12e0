//! The role with a supervisor and callers of the test's own.

use super::*;
use crate::client::{self, Server};
use std::os::unix::net::UnixDatagram as Pair;
use std::path::PathBuf;
use supervise::control::{RECORD, Shown};

/// Answers as a supervisor does that knows one role and does not own the machine.
fn supervise(ours: &Pair) {
    let mut record = [0; RECORD];
    for _ in 0..QUESTIONS {
        assert_eq!(ours.recv(&mut record).unwrap(), RECORD);
        let media = Name::new("media").unwrap();
        let answers = match Request::decode(&record).unwrap() {
            Request::Status => vec![
                Answer::Role(View {
                    name: media,
                    state: Shown::Ready,
                    deaths: 1,
                    pid: 42,
                    starts: 2,
                    degraded: false,
                    safe_mode: true,
                }),
                Answer::Done,
            ],
            Request::Restart(name) if name == media => vec![Answer::Done],
            Request::Restart(_) => vec![Answer::Unknown],
            Request::Reset(Scope::Full) => vec![Answer::Done],
            _ => vec![Answer::Refused],
        };
        for answer in answers {
            ours.send(&answer.encode()).unwrap();
        }
    }
}

/// Those that come to the supervisor; the name that is too long does not.
const QUESTIONS: usize = 7;

#[test]
fn an_administrator_asks_and_a_stranger_is_not_heard() {
    let folder = tempfile::tempdir().unwrap();
    let listener = UnixListener::bind(folder.path().join("ctl.sock")).unwrap();
    let (ours, theirs) = Pair::pair().unwrap();
    // What an earlier process of the role did not take does not confuse this one.
    ours.send(&Answer::Unknown.encode()).unwrap();
    let supervisor = std::thread::spawn(move || supervise(&ours));
    let (stop, stopped) = oneshot::channel::<()>();
    let role = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(run(listener, theirs.into(), vec![os::own_uid()], async {
            let _ = stopped.await;
        }))
    });

    // One that connects and says nothing holds up nobody.
    let _silent = std::os::unix::net::UnixStream::connect(folder.path().join("ctl.sock")).unwrap();
    let server = Server { sockets: folder.path().to_owned(), user: os::own_uid() };
    let roles = client::roles(&server).unwrap();
    assert!(roles.safe_mode);
    assert_eq!(
        roles.roles,
        [RoleState {
            name: "media".into(),
            state: "ready".into(),
            pid: 42,
            starts: 2,
            deaths: 1,
            degraded: false
        }]
    );
    crate::watchers::assert_documented(&client::observed(&server, "ctl").unwrap());
    client::restart(&server, "media").unwrap();
    let unknown = client::restart(&server, "nobody").unwrap_err().to_string();
    assert!(unknown.contains("there is no role \"nobody\""), "{unknown}");
    assert!(client::restart(&server, "a name that is far too long").is_err());
    assert!(client::reboot(&server).unwrap_err().to_string().contains("foreground"));
    assert!(client::power_off(&server).is_err());
    client::reset(&server, "full").unwrap();
    assert!(client::reset(&server, "network").is_err());
    let unknown = client::reset(&server, "everything").unwrap_err().to_string();
    assert!(unknown.contains("network, config, full, decommission"), "{unknown}");
    let elsewhere = Server { sockets: PathBuf::from("/nonexistent"), user: 0 };
    assert!(client::roles(&elsewhere).unwrap_err().to_string().contains("no server runs"));

    stop.send(()).unwrap();
    role.join().unwrap().unwrap();
    supervisor.join().unwrap();
}
