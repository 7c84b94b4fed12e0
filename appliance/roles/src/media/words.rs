//! Between the words of the bus and those of the media room.

use bus::media1;
use media::session::{Codec, Command, Direction, Peer, Report, SessionId, Side, SideTally, Tally};
use std::time::Duration;

/// A command as it came over the bus.
#[must_use]
pub fn command(command: &media1::Command) -> Command {
    match *command {
        media1::Command::Open(session) => Command::Open(SessionId(session)),
        media1::Command::Connect(session, on, far) => {
            Command::Connect(SessionId(session), side(on), peer(&far))
        }
        media1::Command::Key(session, on, key, milliseconds) => {
            let held = Duration::from_millis(milliseconds.into());
            Command::Key(SessionId(session), side(on), key, held)
        }
        media1::Command::Close(session) => Command::Close(SessionId(session)),
    }
}

/// A command as it goes over the bus.
#[must_use]
pub fn command_out(command: &Command) -> media1::Command {
    match *command {
        Command::Open(session) => media1::Command::Open(session.0),
        Command::Connect(session, side, far) => {
            media1::Command::Connect(session.0, side_out(side), peer_out(&far))
        }
        Command::Key(session, side, key, held) => {
            media1::Command::Key(session.0, side_out(side), key, milliseconds(held))
        }
        Command::Close(session) => media1::Command::Close(session.0),
    }
}

/// A report as it goes over the bus.
#[must_use]
pub fn report(report: Report) -> media1::Report {
    match report {
        Report::Opened { session, radio, network } => {
            media1::Report::Opened(session.0, media1::Address(radio), media1::Address(network))
        }
        Report::Failed(session, why) => media1::Report::Failed(session.0, why),
        Report::Key(session, side, key, held) => {
            media1::Report::Key(session.0, side_out(side), key, milliseconds(held))
        }
        Report::Silent(session, side, silent) => {
            media1::Report::Silent(session.0, side_out(side), milliseconds(silent))
        }
        Report::Closed(session, tally) => {
            let radio = tally_out(&tally.radio);
            let network = tally_out(&tally.network);
            media1::Report::Closed(session.0, media1::Tally { radio, network })
        }
    }
}

/// A report as it came over the bus.
#[must_use]
pub fn report_in(report: media1::Report) -> Report {
    let time = |milliseconds: u32| Duration::from_millis(milliseconds.into());
    match report {
        media1::Report::Opened(session, radio, network) => {
            Report::Opened { session: SessionId(session), radio: radio.0, network: network.0 }
        }
        media1::Report::Failed(session, why) => Report::Failed(SessionId(session), why),
        media1::Report::Key(session, on, key, held) => {
            Report::Key(SessionId(session), side(on), key, time(held))
        }
        media1::Report::Silent(session, on, silent) => {
            Report::Silent(SessionId(session), side(on), time(silent))
        }
        media1::Report::Closed(session, carried) => {
            let (radio, network) = (tally(&carried.radio), tally(&carried.network));
            Report::Closed(SessionId(session), Box::new(Tally { radio, network }))
        }
    }
}

/// The session that a command is about.
#[must_use]
pub const fn session(command: &Command) -> SessionId {
    match *command {
        Command::Open(session)
        | Command::Connect(session, ..)
        | Command::Key(session, ..)
        | Command::Close(session) => session,
    }
}

const fn side(side: media1::Side) -> Side {
    match side {
        media1::Side::Radio => Side::Radio,
        media1::Side::Network => Side::Network,
    }
}

const fn side_out(side: Side) -> media1::Side {
    match side {
        Side::Radio => media1::Side::Radio,
        Side::Network => media1::Side::Network,
    }
}

fn peer(far: &media1::Peer) -> Peer {
    Peer {
        rtp: far.rtp.0,
        rtcp: far.rtcp.0,
        codec: match far.codec {
            media1::Codec::Pcma => Codec::Pcma,
            media1::Codec::Pcmu => Codec::Pcmu,
        },
        payload_type: far.payload_type,
        events: (far.events != media1::NO_EVENTS).then_some(far.events),
        ptime_ms: far.ptime_ms,
        direction: match far.direction {
            media1::Direction::Both => Direction::Both,
            media1::Direction::Send => Direction::Send,
            media1::Direction::Receive => Direction::Receive,
            media1::Direction::None => Direction::None,
        },
    }
}

fn peer_out(far: &Peer) -> media1::Peer {
    media1::Peer {
        rtp: media1::Address(far.rtp),
        rtcp: media1::Address(far.rtcp),
        codec: match far.codec {
            Codec::Pcma => media1::Codec::Pcma,
            Codec::Pcmu => media1::Codec::Pcmu,
        },
        payload_type: far.payload_type,
        events: far.events.unwrap_or(media1::NO_EVENTS),
        ptime_ms: far.ptime_ms,
        direction: match far.direction {
            Direction::Both => media1::Direction::Both,
            Direction::Send => media1::Direction::Send,
            Direction::Receive => media1::Direction::Receive,
            Direction::None => media1::Direction::None,
        },
    }
}

const fn tally(carried: &media1::SideTally) -> SideTally {
    let media1::SideTally { packets, octets, lost, jitter_us, dropped } = *carried;
    SideTally { packets, octets, lost, jitter_us, dropped }
}

pub(super) const fn tally_out(carried: &SideTally) -> media1::SideTally {
    let SideTally { packets, octets, lost, jitter_us, dropped } = *carried;
    media1::SideTally { packets, octets, lost, jitter_us, dropped }
}

fn milliseconds(duration: Duration) -> u32 {
    u32::try_from(duration.as_millis()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_comes_back_as_it_went() {
        let far = |codec, events, direction| Peer {
            rtp: "192.0.2.1:4000".parse().unwrap(),
            rtcp: "[2001:db8::1]:4001".parse().unwrap(),
            codec,
            payload_type: 8,
            events,
            ptime_ms: 30,
            direction,
        };
        let id = SessionId(9);
        let mut commands = vec![
            Command::Open(id),
            Command::Key(id, Side::Radio, '#', Duration::from_millis(80)),
            Command::Close(id),
        ];
        for direction in [Direction::Both, Direction::Send, Direction::Receive, Direction::None] {
            commands.push(Command::Connect(
                id,
                Side::Network,
                far(Codec::Pcma, Some(96), direction),
            ));
            commands.push(Command::Connect(id, Side::Radio, far(Codec::Pcmu, None, direction)));
        }
        for one in commands {
            assert_eq!(command(&command_out(&one)), one);
            assert_eq!(session(&one), id);
        }

        let radio = SideTally { packets: 1, octets: 2, lost: 3, jitter_us: 4, dropped: 5 };
        let reports = [
            Report::Opened {
                session: id,
                radio: "127.0.0.1:2".parse().unwrap(),
                network: "[::1]:4".parse().unwrap(),
            },
            Report::Failed(id, "no port".into()),
            Report::Key(id, Side::Network, '5', Duration::from_millis(100)),
            Report::Silent(id, Side::Radio, Duration::from_secs(5)),
            Report::Closed(id, Box::new(Tally { radio, network: SideTally::default() })),
        ];
        for one in reports {
            assert_eq!(report_in(report(one.clone())), one);
        }
    }
}
