//! The role `conf` is killed in the midst of commits, again and again: what it has acknowledged is there, and nothing
//! is there by half.

use bus::conf1::Author;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use roles::administer;
use roles::client::Server;
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;

/// The role and the socket that outlives it, as its supervisor would keep it.
struct Bench {
    state: PathBuf,
    listener: UnixListener,
    server: Server,
}

impl Bench {
    fn new(name: &str) -> Self {
        let state = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = std::fs::remove_dir_all(&state);
        let sockets = state.join("run");
        std::fs::create_dir_all(&sockets).expect("the target folder can be written");
        let listener = UnixListener::bind(sockets.join("conf.sock")).expect("the name is free");
        let user = std::fs::metadata(&state).expect("it is there").uid();
        Self { state, listener, server: Server { sockets, user } }
    }

    /// Starts the role; whoever calls before it is ready waits on the socket.
    fn start(&self) -> Child {
        let socket = OwnedFd::from(self.listener.try_clone().expect("there are descriptors left"));
        let mut command = Command::new("sh");
        // The supervisor passes sockets from the third on.
        command.args(["-c", "exec \"$0\" conf --state \"$1\" 3<&0 </dev/null"]);
        command.arg(env!("CARGO_BIN_EXE_appliance")).arg(&self.state).stdin(Stdio::from(socket));
        command.env("LISTEN_FDS", "1").env("LISTEN_FDNAMES", "conf").env_remove("NOTIFY_SOCKET");
        command.env("FIXPART_LOG", "error").stderr(Stdio::null());
        command.spawn().expect("the binary starts")
    }

    /// Sets one number after the other, in two settings at once, until it is enough or nobody answers.
    fn commit(&self, from: u64, told: Arc<Told>) -> JoinHandle<()> {
        let server = self.server.clone();
        std::thread::spawn(move || {
            let author = Author { who: "test".into(), ..Author::default() };
            for number in from.. {
                if told.enough.load(Ordering::SeqCst) {
                    return;
                }
                told.issued.store(number, Ordering::SeqCst);
                let values = SETTINGS.map(|path| (path.to_owned(), format!("n{number}"))).to_vec();
                if administer::set(&server, &author, values).is_err() {
                    return;
                }
                told.kept.store(number, Ordering::SeqCst);
            }
        })
    }

    /// The number that both settings have.
    fn found(&self) -> u64 {
        let (_, text) = administer::settings(&self.server).expect("the role answers");
        let number = |name: &str| -> u64 {
            let value =
                text.split(&format!("<{name}>n")).nth(1).and_then(|it| it.split('<').next());
            value.map_or(0, |it| it.parse().expect("a number was set"))
        };
        let [one, other] = ["name", "hostname"].map(number);
        assert_eq!(one, other, "half of a change is there");
        one
    }
}

fn killed_again_and_again(folder: &str, kills: u32) {
    let bench = Bench::new(folder);
    let mut role = bench.start();
    let mut found = bench.found();
    // Any sequence will do, as long as it is the same in each run.
    let mut random: u64 = 0x9E37_79B9_7F4A_7C15;
    for _ in 0..kills {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(FACTOR);
        let told = Arc::new(Told { issued: found.into(), kept: found.into(), ..Told::default() });
        let work = bench.commit(found + 1, told.clone());
        // After some commits, and then at any point of the next one.
        while told.kept.load(Ordering::SeqCst) < found + (random >> 61) {
            std::thread::yield_now();
        }
        for _ in 0..(random >> 40) % 100_000 {
            std::hint::spin_loop();
        }
        told.enough.store(true, Ordering::SeqCst);
        let pid = role.id().try_into().expect("a process has a small number");
        kill(Pid::from_raw(pid), Signal::SIGKILL).expect("it runs");
        role.wait().expect("it was started");
        role = bench.start();
        // Whoever was still waiting on the socket is answered by the new process.
        work.join().expect("it ends");
        let [kept, issued] = [&told.kept, &told.issued].map(|it| it.load(Ordering::SeqCst));
        found = bench.found();
        assert!((kept..=issued).contains(&found), "{found} is there, {kept} to {issued} were set");
    }
    role.kill().expect("it runs");
    role.wait().expect("it was started");
    assert!(found >= u64::from(kills), "only {found} commits were made");
}

#[test]
fn what_is_acknowledged_is_there_whenever_the_role_is_killed() {
    killed_again_and_again("conf-killed", 25);
}

/// A thousand times, in some minutes.
#[test]
#[ignore = "takes minutes; the nightly run has it"]
fn what_is_acknowledged_is_there_after_a_thousand_kills() {
    killed_again_and_again("conf-killed-often", 1000);
}

/// How far the commits have come.
#[derive(Default)]
struct Told {
    issued: AtomicU64,
    kept: AtomicU64,
    enough: AtomicBool,
}

const FACTOR: u64 = 1_442_695_040_888_963_407;
const SETTINGS: [&str; 2] = ["upnp.name", "network.hostname"];
