//! What a description says of its media lines.

use super::{Direction, Encoding, Session};
use sdp_types::{Attribute, Media};
use std::net::{IpAddr, SocketAddr};

/// A line for speech over plain RTP, as its sender wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AudioLine {
    /// Its place among the media lines.
    pub index: usize,
    /// Where its sender receives RTP.
    pub rtp: SocketAddr,
    /// Where its sender receives RTCP (RFC 3605; else the next port).
    pub rtcp: SocketAddr,
    /// The encodings that we know, in the sender's order, with their payload types.
    pub encodings: Vec<(Encoding, u8)>,
    /// Payload type of telephone events at 8 kHz (RFC 4733).
    pub events: Option<u8>,
    /// Packet time asked for, in milliseconds; 20 where nothing sensible is said.
    pub ptime_ms: u8,
    /// Which way its sender wants media to go; an address of zeros is an old way to say "do not send".
    pub direction: Direction,
}

impl Session {
    /// The lines for speech that plain RTP can carry, refused ones left out.
    pub fn audio_lines(&self) -> impl Iterator<Item = AudioLine> {
        let medias = self.0.medias.iter().enumerate();
        medias.filter_map(|(index, media)| self.audio_line(index, media))
    }

    /// How many media lines there are, refused ones included.
    #[must_use]
    pub fn media_count(&self) -> usize {
        self.0.medias.len()
    }

    fn audio_line(&self, index: usize, media: &Media) -> Option<AudioLine> {
        let plain = PLAIN_RTP.iter().any(|proto| media.proto.eq_ignore_ascii_case(proto));
        if !media.media.eq_ignore_ascii_case("audio") || !plain || media.port == 0 {
            return None;
        }
        let address = self.address_of(media)?;
        let held = address.is_unspecified();
        let said = direction(&media.attributes).or_else(|| direction(&self.0.attributes));
        let direction = match said.unwrap_or(Direction::SendRecv) {
            Direction::SendRecv if held => Direction::SendOnly,
            Direction::RecvOnly if held => Direction::Inactive,
            said => said,
        };
        let rtp = SocketAddr::new(address, media.port);
        let formats = media.fmt.split_ascii_whitespace().filter_map(|format| format.parse().ok());
        let formats: Vec<u8> = formats.take(FORMATS_MAX).collect();
        let known = |format: &u8| encoding(media, *format).map(|encoding| (encoding, *format));
        let is_events = |format: &&u8| {
            rtpmap(media, **format).is_some_and(|(name, rate)| {
                name.eq_ignore_ascii_case("telephone-event") && rate == 8000
            })
        };
        Some(AudioLine {
            index,
            rtp,
            rtcp: rtcp(media, rtp),
            encodings: formats.iter().filter_map(known).collect(),
            events: formats.iter().find(is_events).copied(),
            ptime_ms: ptime(media),
            direction,
        })
    }

    fn address_of(&self, media: &Media) -> Option<IpAddr> {
        let connection = media.connections.first().or(self.0.connection.as_ref())?;
        connection.try_address().ok().map(|address| address.ip)
    }
}

/// Feedback profiles are plain RTP to who gives no feedback (RFC 4585 clause 3.4).
const PLAIN_RTP: [&str; 2] = ["RTP/AVP", "RTP/AVPF"];

/// There are 128 payload types.
const FORMATS_MAX: usize = 128;

fn direction(attributes: &[Attribute]) -> Option<Direction> {
    attributes.iter().rev().find_map(|attribute| Direction::of_name(&attribute.attribute))
}

fn encoding(media: &Media, format: u8) -> Option<Encoding> {
    match rtpmap(media, format) {
        Some((name, 8000)) => Encoding::of_name(name),
        Some(_) => None,
        None => Encoding::of_payload_type(format),
    }
}

/// Name and clock rate of a payload type, where `a=rtpmap` tells them.
fn rtpmap(media: &Media, format: u8) -> Option<(&str, u32)> {
    let mut maps = media.attributes.iter().filter(|attribute| attribute.attribute == "rtpmap");
    maps.find_map(|attribute| {
        let (number, rest) = attribute.value.as_deref()?.trim().split_once(' ')?;
        let mut parts = rest.trim().split('/');
        let (name, rate) = (parts.next()?, parts.next()?.trim().parse().ok()?);
        // One channel is all there is in telephony.
        let mono = parts.next().is_none_or(|channels| channels.trim() == "1");
        (number.parse() == Ok(format) && mono).then_some((name, rate))
    })
}

fn value<'a>(media: &'a Media, name: &str) -> Option<&'a str> {
    media.attributes.iter().find(|attribute| attribute.attribute == name)?.value.as_deref()
}

/// `a=rtcp:53020` or `a=rtcp:53020 IN IP4 126.16.64.4` (RFC 3605 clause 2.1).
fn rtcp(media: &Media, rtp: SocketAddr) -> SocketAddr {
    let next = SocketAddr::new(rtp.ip(), rtp.port().saturating_add(1));
    let Some(text) = value(media, "rtcp") else { return next };
    let mut words = text.split_ascii_whitespace();
    let Some(port) = words.next().and_then(|port| port.parse().ok()) else { return next };
    let address = words.nth(2).and_then(|address| address.parse().ok()).unwrap_or(rtp.ip());
    SocketAddr::new(address, port)
}

/// Packet times that telephones use; anything else is answered with the usual one.
fn ptime(media: &Media) -> u8 {
    let asked = value(media, "ptime").and_then(|text| text.trim().parse::<f32>().ok());
    match asked {
        Some(asked) if (9.5..=60.5).contains(&asked) => [10, 20, 30, 40, 60]
            .into_iter()
            .find(|usual| asked < f32::from(*usual) + 5.0)
            .unwrap_or(20),
        _ => 20,
    }
}
