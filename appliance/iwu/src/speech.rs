//! The speech of a call: what was agreed with the PBX, and how it reaches the base station.

use crate::call::{Call, Out, Ports};
use ::dect::primitive::{Request, RfpCodec, RtpPeer};
use ::sip::sdp::{self, Agreed, Capabilities, Encoding, Local, Session};
use media::session::{Codec, Command, Direction, Peer, Side};
use std::net::SocketAddr;

/// How speech is offered and answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Preferences {
    /// Codecs in order of preference.
    pub(crate) codecs: Vec<Codec>,
    /// Packet time asked for, in milliseconds.
    pub(crate) ptime_ms: u8,
    /// Payload type offered for telephone events; `None`: not offered and not accepted.
    pub(crate) events: Option<u8>,
}

/// The speech of one call.
#[derive(Debug)]
pub(crate) struct Speech {
    ports: Ports,
    /// The far end on the network's side.
    peer: Peer,
    /// Where the base station receives; `None` until it has answered.
    base: Option<SocketAddr>,
    /// What we have last offered or answered; the next one counts on from its version.
    local: Option<Session>,
}

impl Speech {
    /// Speech between our ports and this peer.
    pub(crate) const fn new(ports: Ports, peer: Peer) -> Self {
        Self { ports, peer, base: None, local: None }
    }

    /// The same, having sent this description.
    pub(crate) fn with_local(mut self, local: Session) -> Self {
        self.local = Some(local);
        self
    }

    /// Has sent this description.
    pub(crate) fn set_local(&mut self, local: Session) {
        self.local = Some(local);
    }

    /// What we have last sent.
    pub(crate) const fn local(&self) -> Option<&Session> {
        self.local.as_ref()
    }

    /// Our own ports.
    pub(crate) const fn ports(&self) -> Ports {
        self.ports
    }

    /// Whether keys can go as telephone events.
    pub(crate) const fn events_agreed(&self) -> bool {
        self.peer.events.is_some()
    }

    /// Joins the network's side and asks the base station for its speech channel.
    pub(crate) fn open(&self, call: &Call, out: &mut Out) {
        self.connect_network(call, out);
        if let Some(leg) = call.legs.dect {
            out.act(Request::OpenMedia(leg, self.base_peer()));
        }
    }

    /// The network's side has another address, codec or direction.
    pub(crate) fn change(&mut self, call: &Call, peer: Peer, out: &mut Out) {
        let codec_changed = (peer.codec, peer.ptime_ms) != (self.peer.codec, self.peer.ptime_ms);
        if peer == self.peer {
            return;
        }
        self.peer = peer;
        self.connect_network(call, out);
        // The base station follows the codec, so that nothing has to be transcoded.
        if let (true, Some(leg)) = (codec_changed, call.legs.dect) {
            out.act(Request::ChangeMedia(leg, self.base_peer()));
            self.connect_radio(call, out);
        }
    }

    /// The base station receives speech here.
    pub(crate) fn base_opened(&mut self, call: &Call, base: SocketAddr, out: &mut Out) {
        self.base = Some(base);
        self.connect_radio(call, out);
    }

    fn connect_network(&self, call: &Call, out: &mut Out) {
        if let Some(session) = call.legs.media {
            out.act(Command::Connect(session, Side::Network, self.peer));
        }
    }

    fn connect_radio(&self, call: &Call, out: &mut Out) {
        let (Some(session), Some(rtp)) = (call.legs.media, self.base) else { return };
        let mut rtcp = rtp;
        rtcp.set_port(rtp.port().saturating_add(1));
        let peer = Peer {
            rtp,
            rtcp,
            codec: self.peer.codec,
            payload_type: payload_type(self.peer.codec),
            // Keys reach the server as keypad elements, never as events from the base station.
            events: None,
            ptime_ms: self.peer.ptime_ms,
            direction: Direction::Both,
        };
        out.act(Command::Connect(session, Side::Radio, peer));
    }

    fn base_peer(&self) -> RtpPeer {
        let (address, rtp) = (self.ports.radio.ip(), self.ports.radio.port());
        let codec = match self.peer.codec {
            Codec::Pcma => RfpCodec::Pcma,
            Codec::Pcmu => RfpCodec::Pcmu,
        };
        RtpPeer { address, rtp, rtcp: rtp.saturating_add(1), codec, ptime_ms: self.peer.ptime_ms }
    }
}

/// The static payload type (RFC 3551 clause 6).
const fn payload_type(codec: Codec) -> u8 {
    match codec {
        Codec::Pcmu => 0,
        Codec::Pcma => 8,
    }
}

impl Preferences {
    fn capabilities(&self) -> Capabilities {
        let encoding = |codec: &Codec| match codec {
            Codec::Pcma => Encoding::Pcma,
            Codec::Pcmu => Encoding::Pcmu,
        };
        Capabilities {
            encodings: self.codecs.iter().map(encoding).collect(),
            ptime_ms: self.ptime_ms,
            events: self.events,
        }
    }
}

/// Our offer; `previous` is what we have last sent in the same session.
pub(crate) fn offer(
    preferences: &Preferences,
    network: SocketAddr,
    previous: Option<&Session>,
) -> Session {
    sdp::offer(&preferences.capabilities(), local(network, previous))
}

/// Whether an offer has a line for speech with a codec of ours.
pub(crate) fn acceptable(preferences: &Preferences, offer: &Session) -> bool {
    sdp::agreed(&preferences.capabilities(), offer).is_some()
}

/// Our answer to an offer, and the far end; `None`: nothing in common.
pub(crate) fn answer(
    preferences: &Preferences,
    offer: &Session,
    network: SocketAddr,
    previous: Option<&Session>,
) -> Option<(Session, Peer)> {
    let answered = sdp::answer(&preferences.capabilities(), offer, local(network, previous));
    answered.map(|(answer, agreed)| (answer, peer(&agreed)))
}

/// The far end of an answer to an offer of ours; `None`: nothing in common.
pub(crate) fn of_answer(preferences: &Preferences, answer: &Session) -> Option<Peer> {
    sdp::agreed(&preferences.capabilities(), answer).as_ref().map(peer)
}

fn local(network: SocketAddr, previous: Option<&Session>) -> Local<'_> {
    // A port carries one session at a time, which is all that has to be told apart.
    Local { address: network, id: u64::from(network.port()), previous }
}

fn peer(agreed: &Agreed) -> Peer {
    Peer {
        rtp: agreed.rtp,
        rtcp: agreed.rtcp,
        codec: match agreed.encoding {
            Encoding::Pcma => Codec::Pcma,
            Encoding::Pcmu => Codec::Pcmu,
        },
        payload_type: agreed.payload_type,
        events: agreed.events,
        ptime_ms: agreed.ptime_ms,
        direction: match agreed.direction {
            sdp::Direction::SendRecv => Direction::Both,
            sdp::Direction::SendOnly => Direction::Send,
            sdp::Direction::RecvOnly => Direction::Receive,
            sdp::Direction::Inactive => Direction::None,
        },
    }
}
