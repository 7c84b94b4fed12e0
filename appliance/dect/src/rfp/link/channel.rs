//! Speech channels of one base station: MEDIA_OPEN, MEDIA_CONF, MEDIA_START and back.

use super::{Effects, Wire};
use crate::primitive::RtpPeer;
use crate::rfp::kind;
use crate::rfp::media::{BOTH, Conf, Media, codec_code};
use crate::rfp::message::{Message, PORT_IN_USE, nack_reason};
use crate::rfp::primitive::{Action, Carried, Handle, Indication, Mcei, Timer};
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr, SocketAddrV4};

/// The speech channels that are there.
pub(super) struct Channels {
    /// Where the base station is.
    peer: IpAddr,
    open: BTreeMap<Handle, Channel>,
    /// The pair of ports to try next, counted from [`FIRST_PORT`].
    next_pair: u16,
}

struct Channel {
    stage: Stage,
    mcei: Mcei,
    /// What is wanted.
    wanted: RtpPeer,
    /// What the base station was told last.
    told: RtpPeer,
    /// Its RTP port; RTCP is the next.
    port: u16,
    /// How many ports were taken already.
    tries: u16,
}

/// Which request the base station has not answered yet.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Open,
    Conf,
    Start,
    Running,
    /// Stopped, to be told a new peer.
    Stop,
    Close,
}

impl Channels {
    pub(super) fn new(peer: IpAddr) -> Self {
        Self { peer: peer.to_canonical(), open: BTreeMap::new(), next_pair: 0 }
    }

    /// Forgets all channels; the base station has.
    pub(super) fn clear(&mut self, out: &mut Effects) {
        for handle in std::mem::take(&mut self.open).into_keys() {
            out.stop(Timer::Media(handle));
        }
    }

    pub(super) fn open(
        &mut self,
        handle: Handle,
        mcei: Mcei,
        peer: RtpPeer,
        (wire, out): (&mut Wire, &mut Effects),
    ) {
        if self.open.contains_key(&handle) {
            return failed(handle, "its handle is still in use".into(), out);
        }
        if v4(&peer).is_none() {
            return failed(handle, "base stations know no IPv6 for speech".into(), out);
        }
        let port = self.port();
        let channel =
            Channel { stage: Stage::Open, mcei, wanted: peer, told: peer, port, tries: 1 };
        self.open.insert(handle, channel);
        let (codec, _) = codec_code(peer.codec);
        let open = Media::Open { handle, codec, slots: 1, flags: 0, rest: Vec::new() };
        request(handle, open, wire, out);
    }

    pub(super) fn change(
        &mut self,
        handle: Handle,
        peer: RtpPeer,
        wire: &mut Wire,
        out: &mut Effects,
    ) {
        let Some(channel) = self.open.get_mut(&handle) else { return };
        channel.wanted = peer;
        if channel.stage == Stage::Running {
            channel.adjust(handle, wire, out);
        }
    }

    pub(super) fn close(&mut self, handle: Handle, wire: &mut Wire, out: &mut Effects) {
        let Some(channel) = self.open.get_mut(&handle) else { return };
        if channel.stage == Stage::Close {
            return;
        }
        if matches!(channel.stage, Stage::Start | Stage::Running) {
            let stop = Media::Stop { handle, direction: BOTH, rest: vec![0] };
            wire.send(&Message::Media(stop), out);
        }
        channel.stage = Stage::Close;
        request(handle, Media::Close { handle, rest: vec![0; 2] }, wire, out);
    }

    /// The base station has done what it was asked.
    pub(super) fn acknowledged(&mut self, of: u16, id: u16, wire: &mut Wire, out: &mut Effects) {
        let (handle, peer) = (Handle(id), self.peer);
        let Some(channel) = self.open.get_mut(&handle) else { return };
        match (channel.stage, of) {
            (Stage::Open, kind::MEDIA_OPEN) | (Stage::Stop, kind::MEDIA_STOP) => {
                channel.configure(handle, wire, out);
            }
            (Stage::Conf, kind::MEDIA_CONF) => {
                channel.stage = Stage::Start;
                let start = Media::Start { handle, direction: BOTH, rest: vec![0; 9] };
                request(handle, start, wire, out);
            }
            (Stage::Start, kind::MEDIA_START) => {
                channel.stage = Stage::Running;
                out.stop(Timer::Media(handle));
                let at = SocketAddr::new(peer, channel.port);
                out.act(Action::Indicate(Indication::MediaOpened(handle, at)));
                channel.adjust(handle, wire, out);
            }
            _ => {}
        }
    }

    /// The base station will not do what it was asked.
    pub(super) fn refused(
        &mut self,
        (of, id): (u16, u16),
        reason: u32,
        wire: &mut Wire,
        out: &mut Effects,
    ) {
        let (handle, next) = (Handle(id), self.port());
        let Some(channel) = self.open.get_mut(&handle) else { return };
        let port_taken = (of, reason) == (kind::MEDIA_CONF, PORT_IN_USE);
        if port_taken && channel.stage == Stage::Conf && channel.tries < PAIRS {
            channel.tries += 1;
            channel.port = next;
            return channel.configure(handle, wire, out);
        }
        if channel.stage == Stage::Close {
            return self.closed(handle, Carried::default(), out);
        }
        let opened = channel.stage != Stage::Open;
        self.open.remove(&handle);
        out.stop(Timer::Media(handle));
        if opened {
            wire.send(&Message::Media(Media::Close { handle, rest: vec![0; 2] }), out);
        }
        failed(handle, format!("{} refused: {}", kind::name(of), nack_reason(reason)), out);
    }

    pub(super) fn message(&mut self, media: &Media, out: &mut Effects) {
        match media {
            Media::Statistics { handle, carried, .. } => self.closed(*handle, *carried, out),
            Media::DspClose { handle, .. } => match self.open.get(handle).map(|one| one.stage) {
                Some(Stage::Close) => self.closed(*handle, Carried::default(), out),
                Some(_) => {
                    self.open.remove(handle);
                    out.stop(Timer::Media(*handle));
                    failed(*handle, "the base station has closed it".into(), out);
                }
                None => {}
            },
            Media::Dtmf {
                handle, key: key @ (b'0'..=b'9' | b'*' | b'#' | b'A'..=b'D'), ..
            } if self.open.contains_key(handle) => {
                let key = char::from(*key);
                out.act(Action::Indicate(Indication::MediaKey(*handle, key)));
            }
            _ => {}
        }
    }

    /// A request stayed without an answer.
    pub(super) fn expired(&mut self, handle: Handle, wire: &mut Wire, out: &mut Effects) {
        match self.open.get(&handle).map(|channel| channel.stage) {
            None => {}
            Some(Stage::Close) => self.closed(handle, Carried::default(), out),
            Some(_) => {
                self.open.remove(&handle);
                wire.send(&Message::Media(Media::Close { handle, rest: vec![0; 2] }), out);
                failed(handle, "the base station does not answer".into(), out);
            }
        }
    }

    fn closed(&mut self, handle: Handle, carried: Carried, out: &mut Effects) {
        if self.open.remove(&handle).is_some() {
            out.stop(Timer::Media(handle));
            out.act(Action::Indicate(Indication::MediaClosed(handle, Box::new(carried))));
        }
    }

    /// A pair of ports of the base station that none of our channels has.
    fn port(&mut self) -> u16 {
        let taken = |port: u16| self.open.values().any(|channel| channel.port == port);
        let pair = (0..PAIRS)
            .map(|ahead| (self.next_pair + ahead) % PAIRS)
            .find(|pair| !taken(FIRST_PORT + 2 * pair))
            .unwrap_or(self.next_pair);
        self.next_pair = (pair + 1) % PAIRS;
        FIRST_PORT + 2 * pair
    }
}

impl Channel {
    fn configure(&mut self, handle: Handle, wire: &mut Wire, out: &mut Effects) {
        let Some(peer) = v4(&self.wanted) else { return };
        self.stage = Stage::Conf;
        self.told = self.wanted;
        let mut conf = Conf::new(handle, self.mcei, self.wanted.codec, peer);
        conf.packet_time = self.wanted.ptime_ms;
        conf.local = [self.port, self.port + 1];
        request(handle, Media::Conf(Box::new(conf)), wire, out);
    }

    /// Tells a running channel a peer that has changed meanwhile.
    fn adjust(&mut self, handle: Handle, wire: &mut Wire, out: &mut Effects) {
        if self.wanted != self.told {
            self.stage = Stage::Stop;
            request(handle, Media::Stop { handle, direction: BOTH, rest: vec![0] }, wire, out);
        }
    }
}

fn request(handle: Handle, media: Media, wire: &mut Wire, out: &mut Effects) {
    wire.send(&Message::Media(media), out);
    out.start(Timer::Media(handle));
}

fn failed(handle: Handle, reason: String, out: &mut Effects) {
    out.act(Action::Indicate(Indication::MediaFailed(handle, reason)));
}

fn v4(peer: &RtpPeer) -> Option<(SocketAddrV4, u16)> {
    match peer.address.to_canonical() {
        IpAddr::V4(ip) => Some((SocketAddrV4::new(ip, peer.rtp), peer.rtcp)),
        IpAddr::V6(_) => None,
    }
}

/// Where base stations begin with their RTP ports.
const FIRST_PORT: u16 = 16_320;

/// Pairs of ports from there on; far more than a base station has bearers.
const PAIRS: u16 = 64;
