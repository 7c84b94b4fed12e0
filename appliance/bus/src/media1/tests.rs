use super::*;
use crate::door::{Door, Incoming, connect};
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::net::UnixListener;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

struct Recorder(UnboundedSender<Command>);

impl Answers for Recorder {
    fn command(&self, command: Command) {
        self.0.send(command).unwrap();
    }
}

fn address(text: &str) -> Address {
    Address(text.parse().unwrap())
}

fn peer() -> Peer {
    Peer {
        rtp: address("192.0.2.1:4000"),
        rtcp: address("[2001:db8::1]:4001"),
        codec: Codec::Pcmu,
        payload_type: 0,
        events: NO_EVENTS,
        ptime_ms: 20,
        direction: Direction::Receive,
    }
}

#[test]
fn the_contract_is_the_one_that_is_checked_in() {
    let service = Service::new(Recorder(unbounded_channel().0));
    crate::assert_contract(&service, "org.fixpart.Media1.xml");
}

#[tokio::test]
async fn every_command_and_every_report_crosses_the_bus_in_order() {
    let path = std::env::temp_dir().join(format!("fixpart-{}-media1", std::process::id()));
    let _ = std::fs::remove_file(&path);
    let listener = UnixListener::bind(&path).unwrap();
    let uid = std::fs::metadata(&path).unwrap().uid();
    let door = Door::new(listener, vec![uid]).unwrap();
    let (sender, mut commands) = unbounded_channel();

    let serving = async {
        let stream = door.accept().await.unwrap();
        door.serve(stream, Service::new(Recorder(sender))).await.unwrap()
    };
    let (server, client) = tokio::join!(serving, connect(&path, uid));
    let client = client.unwrap();
    let proxy = ServiceProxy::new(&client).await.unwrap();

    let asked = [
        Command::Open(7),
        Command::Connect(7, Side::Radio, peer()),
        Command::Key(7, Side::Network, '#', 100),
        Command::Close(u32::MAX),
    ];
    for command in asked.clone() {
        proxy.command(command).await.unwrap();
    }
    for command in asked {
        assert_eq!(commands.recv().await, Some(command));
    }

    let tally = SideTally { packets: 1, octets: 2, lost: 3, jitter_us: 4, dropped: 5 };
    let told = [
        Report::Opened(7, address("127.0.0.1:2"), address("[::1]:4")),
        Report::Failed(8, "no port".into()),
        Report::Key(7, Side::Radio, '*', 250),
        Report::Silent(7, Side::Network, 5000),
        Report::Closed(7, Tally { radio: tally, network: SideTally::default() }),
    ];
    let mut incoming = Incoming::new(&client);
    for report in told.clone() {
        report.emit(&server).await.unwrap();
    }
    for report in told {
        let message = incoming.next().await.unwrap();
        assert_eq!(Report::read(&message).unwrap(), Some(report));
    }

    drop(server);
    assert!(incoming.next().await.is_none(), "the end of the role is seen");
}

#[test]
fn an_address_that_is_none_is_refused_at_the_border() {
    assert!(Address::try_from("example.org:4000".to_owned()).is_err());
    assert!(Address::try_from("192.0.2.1".to_owned()).is_err());
}

#[test]
fn a_key_is_one_character() {
    assert_eq!(one_key("5"), Some('5'));
    assert_eq!(one_key(""), None);
    assert_eq!(one_key("55"), None);
}
