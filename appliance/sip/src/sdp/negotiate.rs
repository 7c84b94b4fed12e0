//! Offers and answers (RFC 3264).

use super::lines::AudioLine;
use super::{Direction, Encoding, Session};
use sdp_types::{Attribute, Connection, Media, Origin, Time};
use std::net::SocketAddr;

/// What we can do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// Encodings in order of preference.
    pub encodings: Vec<Encoding>,
    /// Packet time asked for in an offer, in milliseconds.
    pub ptime_ms: u8,
    /// Payload type offered for telephone events; `None`: neither offered nor accepted.
    pub events: Option<u8>,
}

/// Our side of one session.
#[derive(Clone, Copy, Debug)]
pub struct Local<'a> {
    /// Where we receive RTP; RTCP at the next port.
    pub address: SocketAddr,
    /// Tells this session from others at this address (RFC 8866 clause 5.2).
    pub id: u64,
    /// What we have last sent in this session; its version is counted on from.
    pub previous: Option<&'a Session>,
}

/// What two descriptions come to, seen from us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Agreed {
    /// Where the peer receives RTP.
    pub rtp: SocketAddr,
    /// Where the peer receives RTCP.
    pub rtcp: SocketAddr,
    /// How speech is coded, both ways.
    pub encoding: Encoding,
    /// Its payload type, both ways.
    pub payload_type: u8,
    /// Payload type of telephone events, if both sides have them.
    pub events: Option<u8>,
    /// Packet time in milliseconds.
    pub ptime_ms: u8,
    /// Which way media goes, seen from us.
    pub direction: Direction,
}

/// An offer of all that we can do. In a session that has lines already, each keeps its place.
#[must_use]
pub fn offer(ours: &Capabilities, local: Local<'_>) -> Session {
    let codecs: Vec<(Encoding, u8)> =
        ours.encodings.iter().map(|it| (*it, it.payload_type())).collect();
    let media = audio(&codecs, ours.events, ours.ptime_ms, Direction::SendRecv, local.address);
    let medias = match local.previous {
        Some(Session(previous)) => in_its_place(&previous.medias, media),
        None => vec![media],
    };
    describe(local, medias)
}

/// Our answer to `offer` and what is agreed by it; `None` where no media line can be accepted: none has an
/// encoding of ours at an address of our family.
///
/// The offerer's order of encodings and its payload types are kept (RFC 3264 clause 6.1). One encoding is
/// answered, so that the peer does not change it in the middle of the speech.
#[must_use]
pub fn answer(ours: &Capabilities, offer: &Session, local: Local<'_>) -> Option<(Session, Agreed)> {
    let ours_too = |line: &AudioLine| line.rtp.is_ipv4() == local.address.is_ipv4();
    let (line, (encoding, payload_type)) = first_common(ours, offer, ours_too)?;
    let events = line.events.filter(|_| ours.events.is_some());
    let direction = line.direction.seen_from_the_other_side();
    let codec = [(encoding, payload_type)];
    let accepted = audio(&codec, events, line.ptime_ms, direction, local.address);
    let medias = offer.0.medias.iter().enumerate();
    let medias = medias.map(|(index, media)| {
        if index == line.index {
            // The profile is the offerer's to choose (RFC 3264 clause 6.1).
            Media { proto: media.proto.clone(), ..accepted.clone() }
        } else {
            refused(media)
        }
    });
    let agreed = agreed_with(&line, (encoding, payload_type), events, direction);
    Some((describe(local, medias.collect()), agreed))
}

/// What the peer's `answer` to an offer of ours comes to; `None` where it accepts nothing.
#[must_use]
pub fn agreed(ours: &Capabilities, answer: &Session) -> Option<Agreed> {
    let (line, codec) = first_common(ours, answer, |_| true)?;
    let events = line.events.filter(|_| ours.events.is_some());
    Some(agreed_with(&line, codec, events, line.direction.seen_from_the_other_side()))
}

fn agreed_with(
    line: &AudioLine,
    (encoding, payload_type): (Encoding, u8),
    events: Option<u8>,
    direction: Direction,
) -> Agreed {
    let AudioLine { rtp, rtcp, ptime_ms, .. } = *line;
    Agreed { rtp, rtcp, encoding, payload_type, events, ptime_ms, direction }
}

/// The first line that fits and has an encoding of ours, with the first such encoding in the peer's order.
fn first_common(
    ours: &Capabilities,
    theirs: &Session,
    fits: impl Fn(&AudioLine) -> bool,
) -> Option<(AudioLine, (Encoding, u8))> {
    theirs.audio_lines().filter(fits).find_map(|line| {
        let mut codecs = line.encodings.iter();
        let codec = codecs.find(|(encoding, _)| ours.encodings.contains(encoding)).copied()?;
        Some((line, codec))
    })
}

fn audio(
    codecs: &[(Encoding, u8)],
    events: Option<u8>,
    ptime_ms: u8,
    direction: Direction,
    address: SocketAddr,
) -> Media {
    let mut formats: Vec<String> = codecs.iter().map(|(_, format)| format.to_string()).collect();
    let map = |(encoding, format): &(Encoding, u8)| {
        Attribute::with_value("rtpmap", format!("{format} {}/8000", encoding.name()))
    };
    let mut attributes: Vec<Attribute> = codecs.iter().map(map).collect();
    if let Some(events) = events {
        formats.push(events.to_string());
        attributes.push(Attribute::with_value("rtpmap", format!("{events} telephone-event/8000")));
        attributes.push(Attribute::with_value("fmtp", format!("{events} 0-15")));
    }
    attributes.push(Attribute::with_value("ptime", ptime_ms));
    attributes.push(Attribute::new(direction.name()));
    Media {
        media: "audio".into(),
        port: address.port(),
        num_ports: None,
        proto: "RTP/AVP".into(),
        fmt: formats.join(" "),
        media_title: None,
        connections: Vec::new(),
        bandwidths: Vec::new(),
        key: None,
        attributes,
    }
}

/// A later offer has as many lines as the session before, each of the kind it was (RFC 3264 clause 8).
fn in_its_place(previous: &[Media], media: Media) -> Vec<Media> {
    let Some(place) = previous.iter().position(|line| line.port != 0) else {
        // All were refused; a new line follows them.
        return previous.iter().map(refused).chain([media]).collect();
    };
    let lines = previous.iter().enumerate();
    let line = |(index, line): (usize, &Media)| {
        if index == place {
            Media { proto: line.proto.clone(), ..media.clone() }
        } else {
            refused(line)
        }
    };
    lines.map(line).collect()
}

/// A line that is not wanted keeps its kind, profile and formats, and has port 0 (RFC 3264 clause 6).
fn refused(media: &Media) -> Media {
    let (kind, proto, fmt) = (media.media.clone(), media.proto.clone(), media.fmt.clone());
    Media {
        media: kind,
        port: 0,
        num_ports: None,
        proto,
        fmt,
        media_title: None,
        connections: Vec::new(),
        bandwidths: Vec::new(),
        key: None,
        attributes: Vec::new(),
    }
}

/// The description of these lines, with the version that RFC 3264 clause 8 asks for.
fn describe(local: Local<'_>, medias: Vec<Media>) -> Session {
    let ip = local.address.ip();
    let mut session =
        sdp_types::Session::new(Origin::with_ip_addr(local.id, FIRST_VERSION, ip), "-");
    session.origin.username = Some("-".into());
    session.connection = Some(Connection::from_ip_addr(ip));
    session.times = vec![Time::new(0, 0)];
    session.medias = medias;
    if let Some(Session(previous)) = local.previous {
        session.origin.sess_id.clone_from(&previous.origin.sess_id);
        session.origin.sess_version = previous.origin.sess_version;
        if session != *previous {
            session.origin.sess_version = previous.origin.sess_version.wrapping_add(1);
        }
    }
    Session(session)
}

/// Where versions begin.
const FIRST_VERSION: u64 = 1;
