//! The role and its client over a real bus socket and real UDP ports of this machine.

use super::*;
use crate::media_client::{Heard, MediaClient};
use ::media::rtp::{self, Header};
use ::media::session::{Codec, Direction, Peer, Side};
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use tokio::net::UdpSocket;
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, LocalSet};

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

struct Role {
    listener: UnixListener,
    path: PathBuf,
    first: u16,
}

impl Role {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("fixpart-{}-{name}", std::process::id()));
        let _ = std::fs::remove_file(&path);
        let listener = UnixListener::bind(&path).unwrap();
        let any = std::net::UdpSocket::bind((HERE, 0)).unwrap().local_addr().unwrap().port();
        Self { listener, path, first: any.min(65_000) & !1 }
    }

    /// Starts the role, as the parent does: on a copy of the socket that stays open.
    fn start(&self, count: u16) -> (oneshot::Sender<()>, JoinHandle<Result<(), MediaError>>) {
        let settings = Settings {
            ports: Range { address: HERE, first: self.first, count },
            tos: 184,
            threads: 2,
            silence: Duration::from_mins(1),
            callers: vec![os::own_uid()],
            alerts: watch::channel(vec!["something waits".into()]).1,
        };
        let (stop, stopped) = oneshot::channel::<()>();
        let running = run(settings, self.listener.try_clone().unwrap(), async {
            let _ = stopped.await;
        });
        (stop, tokio::task::spawn_local(running))
    }
}

async fn report(client: &mut MediaClient) -> Report {
    match client.next().await {
        Heard::Report(report) => report,
        Heard::Lost => panic!("the role was lost"),
    }
}

async fn far_end() -> (UdpSocket, Peer) {
    let socket = UdpSocket::bind((HERE, 0)).await.unwrap();
    let rtp = socket.local_addr().unwrap();
    let peer = Peer {
        rtp,
        rtcp: rtp,
        codec: Codec::Pcma,
        payload_type: 8,
        events: Some(101),
        ptime_ms: 20,
        direction: Direction::Both,
    };
    (socket, peer)
}

async fn opened(client: &mut MediaClient, session: SessionId) -> (SocketAddr, SocketAddr) {
    client.send(Command::Open(session));
    match report(client).await {
        Report::Opened { session: id, radio, network } if id == session => (radio, network),
        other => panic!("{other:?}"),
    }
}

/// Sends speech until some of it arrives; what was sent before the peer was known is dropped.
async fn heard_at(
    from: &UdpSocket,
    to: SocketAddr,
    at: &UdpSocket,
) -> (Header, Vec<u8>, SocketAddr) {
    let mut buffer = [0; 1500];
    for sequence in 0.. {
        let header = Header { marker: false, payload_type: 8, sequence, timestamp: 0, ssrc: 1 };
        let mut datagram = Vec::new();
        rtp::write(&header, &mut datagram);
        datagram.extend([0x2a; 160]);
        from.send_to(&datagram, to).await.unwrap();
        let arrived = timeout(Duration::from_millis(20), at.recv_from(&mut buffer)).await;
        let Ok(Ok((length, by))) = arrived else { continue };
        if let Some((header, payload)) = rtp::read(&buffer[..length])
            && header.payload_type == 8
        {
            return (header, payload.to_vec(), by);
        }
    }
    unreachable!("the test is ended by its time limit")
}

fn local(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    LocalSet::new().block_on(&runtime, test);
}

#[test]
fn a_session_carries_speech_and_says_what_it_carried() {
    local(async {
        let role = Role::new("speech");
        let (_stop, _running) = role.start(40);
        let mut client = MediaClient::connect(&role.path);
        let session = SessionId(7);
        let (radio, network) = opened(&mut client, session).await;
        assert_eq!((radio.port() % 2, network.port() % 2), (0, 0));
        let ((base, base_peer), (pbx, pbx_peer)) = (far_end().await, far_end().await);
        client.send(Command::Connect(session, Side::Radio, base_peer));
        client.send(Command::Connect(session, Side::Network, pbx_peer));

        let (header, payload, by) = heard_at(&base, radio, &pbx).await;
        assert_eq!((payload, by), (vec![0x2a; 160], network));
        assert_ne!(header.ssrc, 1, "the relay is a source of its own");
        let (_, _, by) = heard_at(&pbx, network, &base).await;
        assert_eq!(by, radio);

        client.send(Command::Close(session));
        let Report::Closed(id, tally) = report(&mut client).await else { panic!("not closed") };
        assert_eq!(id, session);
        assert!(tally.radio.packets > 0 && tally.network.packets > 0, "{tally:?}");
        assert_eq!(tally.radio.octets, tally.radio.packets * 160);
    });
}

#[test]
fn a_packet_that_becomes_two_arrives_as_two() {
    local(async {
        let role = Role::new("two");
        let (_stop, _running) = role.start(40);
        let mut client = MediaClient::connect(&role.path);
        let (radio, _) = opened(&mut client, SessionId(1)).await;
        let ((base, base_peer), (pbx, pbx_peer)) = (far_end().await, far_end().await);
        let pbx_peer = Peer { ptime_ms: 10, ..pbx_peer };
        client.send(Command::Connect(SessionId(1), Side::Radio, base_peer));
        client.send(Command::Connect(SessionId(1), Side::Network, pbx_peer));
        let (first, payload, _) = heard_at(&base, radio, &pbx).await;
        assert_eq!(payload, [0x2a; 80]);
        let mut buffer = [0; 1500];
        let length = pbx.recv(&mut buffer).await.unwrap();
        let (second, _) = rtp::read(&buffer[..length]).unwrap();
        assert_eq!(second.sequence, first.sequence.wrapping_add(1));
        assert_eq!(second.timestamp, first.timestamp.wrapping_add(80));
    });
}

#[test]
fn ports_run_out_with_a_sentence_and_come_back_after_a_close() {
    local(async {
        let role = Role::new("ports");
        let (_stop, _running) = role.start(40);
        let mut client = MediaClient::connect(&role.path);
        let mut last = 0;
        let why = loop {
            last += 1;
            client.send(Command::Open(SessionId(last)));
            match report(&mut client).await {
                Report::Opened { .. } => {}
                Report::Failed(id, why) => {
                    assert_eq!(id, SessionId(last));
                    break why;
                }
                other => panic!("{other:?}"),
            }
            assert!(last < 100, "forty ports are not endless");
        };
        assert!(why.contains("port"), "{why}");
        client.send(Command::Close(SessionId(1)));
        assert!(matches!(report(&mut client).await, Report::Closed(SessionId(1), _)));
        // The ports are free a moment after the report.
        loop {
            last += 1;
            client.send(Command::Open(SessionId(last)));
            if let Report::Opened { .. } = report(&mut client).await {
                break;
            }
        }
    });
}

#[test]
fn a_role_that_died_is_told_once_and_its_successor_serves() {
    local(async {
        let role = Role::new("successor");
        let (stop, running) = role.start(40);
        let mut client = MediaClient::connect(&role.path);
        opened(&mut client, SessionId(1)).await;
        stop.send(()).unwrap();
        running.await.unwrap().unwrap();
        while client.next().await != Heard::Lost {}

        let asked_before = Command::Open(SessionId(2));
        client.send(asked_before);
        let (_stop, _running) = role.start(40);
        let answer = report(&mut client).await;
        assert!(matches!(answer, Report::Opened { session: SessionId(2), .. }), "{answer:?}");
        opened(&mut client, SessionId(1)).await;
    });
}

#[test]
fn a_restarted_caller_finds_the_sessions_of_the_old_one_gone() {
    local(async {
        let role = Role::new("restarted");
        let (_stop, _running) = role.start(40);
        let mut old = MediaClient::connect(&role.path);
        opened(&mut old, SessionId(1)).await;
        let mut new = MediaClient::connect(&role.path);
        opened(&mut new, SessionId(1)).await;
    });
}

#[test]
fn one_who_observes_sees_the_sessions_and_takes_nobodys_place() {
    local(async {
        let role = Role::new("observed");
        let (_stop, _running) = role.start(40);
        let mut client = MediaClient::connect(&role.path);
        opened(&mut client, SessionId(7)).await;
        let observer = bus::door::connect(&role.path, os::own_uid()).await.unwrap();
        let proxy = bus::observed1::ServiceProxy::new(&observer).await.unwrap();
        let seen = proxy.get().await.unwrap();
        crate::watchers::assert_documented(&seen);
        let [call] = &seen.calls[..] else { panic!("{seen:?}") };
        let sides: Vec<&str> = call.legs.iter().map(|leg| leg.side.as_str()).collect();
        assert_eq!((call.call, sides), (7, vec!["radio", "network"]));
        let mut incoming = bus::door::Incoming::new(&observer);
        proxy.watch().await.unwrap();

        client.send(Command::Close(SessionId(7)));
        assert!(matches!(report(&mut client).await, Report::Closed(SessionId(7), _)));
        let (event, missed) = loop {
            if let Some(told) = bus::observed1::happened(&incoming.next().await.unwrap()) {
                break told;
            }
        };
        assert_eq!((event.kind.as_str(), event.call, missed), ("session-closed", 7, 0));
    });
}

#[test]
fn where_nobody_listens_a_session_fails_and_says_why() {
    local(async {
        let role = Role::new("nobody");
        drop(role.listener);
        let mut client = MediaClient::connect(&role.path);
        client.send(Command::Open(SessionId(1)));
        let Report::Failed(SessionId(1), why) = report(&mut client).await else {
            panic!("not failed")
        };
        assert!(why.contains("nobody"), "{why}");
    });
}

#[test]
fn a_range_without_room_for_a_call_is_refused_at_the_start() {
    local(async {
        let role = Role::new("range");
        let (_stop, running) = role.start(3);
        let error = running.await.unwrap().unwrap_err();
        assert!(matches!(error, MediaError::Range(..)), "{error}");
    });
}
