//! Speech channels: RTP with G.711 on one side, samples on the other.

use super::Output;
use dect::rfp::kind;
use dect::rfp::media::{Conf, Media};
use dect::rfp::message::{Message, PORT_IN_USE};
use dect::rfp::primitive::{Carried, Handle, Mcei};
use machine::Rng;
use media::rtp::{self, Header};
use media::session::Codec;
use std::collections::BTreeMap;
use std::net::Ipv4Addr;

/// The speech channels that are open.
#[derive(Default)]
pub(super) struct Speech {
    channels: BTreeMap<Handle, Channel>,
}

struct Channel {
    conf: Option<Box<Conf>>,
    /// The port that was bound.
    port: Option<u16>,
    running: bool,
    header: Header,
    /// Samples that do not fill a packet yet.
    samples: Vec<i16>,
    carried: Carried,
}

impl Speech {
    pub(super) fn len(&self) -> usize {
        self.channels.len()
    }

    pub(super) fn clear(&mut self, out: &mut Vec<Output>) {
        for (handle, channel) in std::mem::take(&mut self.channels) {
            if channel.port.is_some() {
                out.push(Output::Unbind(handle));
            }
        }
    }

    /// Does what is asked; the answers are to be sent in order.
    pub(super) fn message(
        &mut self,
        media: Media,
        rng: &mut dyn Rng,
        out: &mut Vec<Output>,
    ) -> Vec<Message> {
        match media {
            Media::Open { handle, codec, .. } => {
                if codec_of(codec).is_none() {
                    return vec![nack(kind::MEDIA_OPEN, handle, CODEC_NOT_SUPPORTED)];
                }
                self.channels.insert(handle, Channel::new(rng));
                vec![Message::ack(kind::MEDIA_OPEN, handle.0)]
            }
            Media::Conf(conf) => self.configure(conf, out).into_iter().collect(),
            Media::Start { handle, .. } => vec![self.run(kind::MEDIA_START, handle, true)],
            Media::Stop { handle, .. } => vec![self.run(kind::MEDIA_STOP, handle, false)],
            Media::Close { handle, .. } => self.close(handle, out),
            other => {
                let name = kind::name(other.encode().code);
                out.push(Output::Fault(format!("{name} is not understood here")));
                Vec::new()
            }
        }
    }

    /// The ports are there, or taken by another.
    pub(super) fn bound(&mut self, handle: Handle, bound: bool) -> Option<Message> {
        let channel = self.channels.get_mut(&handle)?;
        if bound {
            return Some(Message::ack(kind::MEDIA_CONF, handle.0));
        }
        channel.port = None;
        Some(nack(kind::MEDIA_CONF, handle, PORT_IN_USE))
    }

    /// What a datagram says, and to which bearer.
    pub(super) fn received(&mut self, handle: Handle, datagram: &[u8]) -> Option<(Mcei, Vec<i16>)> {
        let channel = self.channels.get_mut(&handle).filter(|channel| channel.running)?;
        let (mcei, codec, payload_type) = channel.coding()?;
        let (header, payload) = rtp::read(datagram)?;
        if header.payload_type != payload_type {
            return None;
        }
        channel.carried.received_packets += 1;
        channel.carried.received_octets += u32::try_from(payload.len()).unwrap_or(0);
        Some((mcei, payload.iter().map(|octet| codec.decode(*octet)).collect()))
    }

    /// Sends what a handset says, packet by packet.
    pub(super) fn send(&mut self, mcei: Mcei, samples: &[i16], out: &mut Vec<Output>) {
        for (handle, channel) in &mut self.channels {
            match channel.coding() {
                Some((of, codec, payload_type)) if of == mcei && channel.running => {
                    channel.samples.extend(samples);
                    channel.header.payload_type = payload_type;
                    channel.packets(*handle, codec, out);
                }
                _ => {}
            }
        }
    }

    fn configure(&mut self, conf: Box<Conf>, out: &mut Vec<Output>) -> Option<Message> {
        let (handle, port) = (conf.handle, conf.local[0]);
        let Some(channel) = self.channels.get_mut(&handle) else {
            return Some(nack(kind::MEDIA_CONF, handle, WRONG_STATE));
        };
        if channel.running {
            return Some(nack(kind::MEDIA_CONF, handle, WRONG_STATE));
        }
        if conf.codec_count == 0 || codec_of(conf.codecs[0][0]).is_none() {
            return Some(nack(kind::MEDIA_CONF, handle, CODEC_NOT_SUPPORTED));
        }
        channel.conf = Some(conf);
        if channel.port == Some(port) {
            return Some(Message::ack(kind::MEDIA_CONF, handle.0));
        }
        if channel.port.replace(port).is_some() {
            out.push(Output::Unbind(handle));
        }
        out.push(Output::Bind(handle, port));
        None
    }

    fn run(&mut self, asked: u16, handle: Handle, running: bool) -> Message {
        match self.channels.get_mut(&handle) {
            Some(channel) if channel.port.is_some() => {
                channel.running = running;
                channel.samples.clear();
                channel.header.marker = true;
                Message::ack(asked, handle.0)
            }
            _ => nack(asked, handle, WRONG_STATE),
        }
    }

    fn close(&mut self, handle: Handle, out: &mut Vec<Output>) -> Vec<Message> {
        let Some(channel) = self.channels.remove(&handle) else {
            return vec![nack(kind::MEDIA_CLOSE, handle, WRONG_STATE)];
        };
        if channel.port.is_some() {
            out.push(Output::Unbind(handle));
        }
        let peer = channel.conf.map_or(Ipv4Addr::UNSPECIFIED, |conf| *conf.send_to.0.ip());
        let statistics = Media::Statistics {
            handle,
            pad: [0; 2],
            carried: channel.carried,
            peer,
            rest: Vec::new(),
        };
        let closed = Media::DspClose { handle, rest: vec![0; 2] };
        vec![Message::Media(statistics), Message::Media(closed)]
    }
}

impl Channel {
    fn new(rng: &mut dyn Rng) -> Self {
        let header = Header {
            marker: true,
            payload_type: 0,
            sequence: u16::try_from(rng.below(1 << 16)).unwrap_or(0),
            timestamp: rng.u32(),
            ssrc: rng.u32(),
        };
        Self {
            conf: None,
            port: None,
            running: false,
            header,
            samples: Vec::new(),
            carried: Carried::default(),
        }
    }

    /// On which bearer, and how speech is coded.
    fn coding(&self) -> Option<(Mcei, Codec, u8)> {
        let conf = self.conf.as_ref()?;
        let [code, payload_type, _] = conf.codecs[0];
        Some((conf.mcei, codec_of(code)?, payload_type))
    }

    fn packets(&mut self, handle: Handle, codec: Codec, out: &mut Vec<Output>) {
        let Some((to, size)) = self.conf.as_ref().map(|conf| (conf.send_to.0, size(conf))) else {
            return;
        };
        while self.samples.len() >= size {
            let mut datagram = Vec::with_capacity(rtp::HEADER + size);
            rtp::write(&self.header, &mut datagram);
            datagram.extend(self.samples.drain(..size).map(|sample| codec.encode(sample)));
            self.header.marker = false;
            self.header.sequence = self.header.sequence.wrapping_add(1);
            let samples = u32::try_from(size).unwrap_or(0);
            self.header.timestamp = self.header.timestamp.wrapping_add(samples);
            self.carried.sent_packets += 1;
            self.carried.sent_octets += samples;
            out.push(Output::Datagram(handle, to, datagram));
        }
    }
}

/// Samples in a packet: 8 in a millisecond.
fn size(conf: &Conf) -> usize {
    8 * usize::from(conf.packet_time.max(10))
}

const fn codec_of(code: u8) -> Option<Codec> {
    match code {
        0 => Some(Codec::Pcma),
        4 => Some(Codec::Pcmu),
        _ => None,
    }
}

fn nack(of: u16, handle: Handle, reason: u32) -> Message {
    Message::Nack { of, id: handle.0, reason, rest: Vec::new() }
}

const WRONG_STATE: u32 = 0x0400_0003;
const CODEC_NOT_SUPPORTED: u32 = 0x0400_0006;
