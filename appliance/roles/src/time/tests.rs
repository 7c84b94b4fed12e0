//! The role with settings of the test's own; servers are asked in networks of their own elsewhere (`tests/peers`).

use super::*;
use crate::client::{self, Server};
use crate::conf_client::tests::Player;
use lan::ntp::SECOND;

/// A clock that a kernel does not let be set.
struct Stubborn(Wall);

impl Clock for Stubborn {
    fn read(&self) -> Wall {
        self.0
    }

    fn change(&mut self, _: Change) -> io::Result<()> {
        Err(io::ErrorKind::PermissionDenied.into())
    }

    fn word(&self) -> &'static str {
        "stubborn"
    }
}

async fn state(server: &Server) -> bus::time1::TimeState {
    let server = server.clone();
    tokio::task::spawn_blocking(move || client::time(&server).unwrap()).await.unwrap()
}

#[tokio::test]
async fn what_is_wrong_with_zone_and_clock_is_told_and_the_role_goes_on() {
    let mut player = Player::new();
    player.change(|book| {
        book.settings =
            "<config><network><timezone>Middle-Earth</timezone></network></config>".into();
    });
    player.start();
    let folder = tempfile::tempdir().unwrap();
    let listener = UnixListener::bind(folder.path().join("time.sock")).unwrap();
    let net = folder.path().join("net.sock");
    let options = Options {
        conf: player.conf.clone(),
        net: Net { path: net.clone(), uid: os::own_uid() },
        clock: Box::new(Stubborn(floor::FLOOR.plus(-SECOND))),
        up_for: Duration::ZERO,
        callers: vec![os::own_uid()],
    };
    let role = tokio::spawn(run(options, listener, pending()));
    let server = Server { sockets: folder.path().to_owned(), user: os::own_uid() };
    let first = state(&server).await;
    assert!(first.problem.starts_with("the clock cannot be set"), "{}", first.problem);
    assert_eq!((first.synchronised, &*first.zone_name, first.zone_ahead_s), (false, "UTC", 0));
    assert!(first.servers.is_empty());

    player.change(|book| {
        book.settings =
            "<config><network><ntp>time.invalid</ntp><timezone>GMT-1</timezone></network>\
            </config>"
                .into();
    });
    let second = loop {
        let state = state(&server).await;
        if state.zone == "GMT-1" {
            break state;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!((second.zone_ahead_s, second.servers.len()), (3600, 1));
    assert_eq!((&*second.servers[0].name, &*second.servers[0].state), ("time.invalid", "silent"));

    // Whom the network names is asked when the settings name nobody.
    let door = Door::new(UnixListener::bind(&net).unwrap(), vec![os::own_uid()]).unwrap();
    let offered = NetState { ntp: vec!["192.0.2.77".into()], ..NetState::default() };
    let (_told, state_of_net) = watch::channel(offered);
    let (begun, running) = streams();
    let stream = door.accept().await.unwrap();
    let service = bus::net1::Service::new(state_of_net, begun);
    let connection = door.serve(stream, service).await.unwrap();
    let _net = tokio::spawn(running.until_gone(connection));
    player.change(|book| book.settings = "<config></config>".into());
    while state(&server).await.servers.iter().all(|it| it.name != "192.0.2.77") {
        tokio::task::yield_now().await;
    }
    role.abort();
}
