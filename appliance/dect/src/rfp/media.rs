//! MEDIA: speech channels between a base station's radio and RTP.

use super::frame::{Frame, Malformed, Reader};
use super::kind;
use super::primitive::{Carried, Handle, Mcei};
use crate::primitive::RfpCodec;
use std::net::{Ipv4Addr, SocketAddrV4};

/// The messages about speech channels that we use. `rest` is what follows the known fields.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the field names are explained at the variants")]
pub enum Media {
    /// MEDIA_OPEN: have a channel; codec, slots and flags are not understood fully.
    Open { handle: Handle, codec: u8, slots: u8, flags: u32, rest: Vec<u8> },
    /// MEDIA_CONF: its RTP and its radio link.
    Conf(Box<Conf>),
    /// MEDIA_CLOSE: give it up.
    Close { handle: Handle, rest: Vec<u8> },
    /// MEDIA_START: let speech through (1 receive, 2 send, 3 both); pad, time, keepalive in `rest`.
    Start { handle: Handle, direction: u8, rest: Vec<u8> },
    /// MEDIA_STOP.
    Stop { handle: Handle, direction: u8, rest: Vec<u8> },
    /// MEDIA_STATISTICS: what a closed channel carried.
    Statistics { handle: Handle, pad: [u8; 2], carried: Carried, peer: Ipv4Addr, rest: Vec<u8> },
    /// MEDIA_DTMF: a key, in ASCII, for so many milliseconds.
    Dtmf { handle: Handle, duration: u16, key: u8, direction: u8, rest: Vec<u8> },
    /// MEDIA_DSP_CLOSE: the channel is gone.
    DspClose { handle: Handle, rest: Vec<u8> },
}

/// MEDIA_CONF.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conf {
    /// Which channel.
    pub handle: Handle,
    /// Reserved.
    pub reserved: u16,
    /// Milliseconds of speech in a packet.
    pub packet_time: u8,
    /// Voice activity detection.
    pub vad: u8,
    /// How many of the codecs count.
    pub codec_count: u8,
    /// Codec, payload type, clock in kHz; what is behind the last stays as it is.
    pub codecs: [[u8; 3]; 17],
    /// The radio link.
    pub mcei: Mcei,
    /// Reserved.
    pub reserved_2: u8,
    /// Number of the handset.
    pub ppn: u16,
    /// Reserved.
    pub reserved_3: [u8; 4],
    /// RTP and RTCP port of the base station.
    pub local: [u16; 2],
    /// Reserved.
    pub reserved_4: [u8; 2],
    /// Where packets come from: RTP, and the port of RTCP.
    pub receive_from: (SocketAddrV4, u16),
    /// Where packets go: RTP, and the port of RTCP.
    pub send_to: (SocketAddrV4, u16),
    /// SRTP, telephone events and more, not understood; 76 octets were seen.
    pub rest: Vec<u8>,
}

impl Media {
    /// Reads one of these messages; `None` for any other type.
    ///
    /// # Errors
    /// Where the payload ends within a field.
    #[must_use]
    pub fn decode(frame: &Frame) -> Option<Result<Self, Malformed>> {
        let decode = match frame.code {
            kind::MEDIA_OPEN => open,
            kind::MEDIA_CONF => conf,
            kind::MEDIA_CLOSE => close,
            kind::MEDIA_START => start,
            kind::MEDIA_STOP => stop,
            kind::MEDIA_STATISTICS => statistics,
            kind::MEDIA_DTMF => dtmf,
            kind::MEDIA_DSP_CLOSE => dsp_close,
            _ => return None,
        };
        Some(decode(Reader::new(&frame.payload)))
    }

    /// Writes the message.
    #[must_use]
    pub fn encode(&self) -> Frame {
        let (code, handle, body) = match self {
            Self::Open { handle, codec, slots, flags, rest } => {
                let flags = flags.to_le_bytes();
                (kind::MEDIA_OPEN, handle, [&[*codec, *slots], flags.as_slice(), rest].concat())
            }
            Self::Conf(conf) => (kind::MEDIA_CONF, &conf.handle, conf.encode()),
            Self::Close { handle, rest } => (kind::MEDIA_CLOSE, handle, rest.clone()),
            Self::Start { handle, direction, rest } => {
                (kind::MEDIA_START, handle, [&[*direction], rest.as_slice()].concat())
            }
            Self::Stop { handle, direction, rest } => {
                (kind::MEDIA_STOP, handle, [&[*direction], rest.as_slice()].concat())
            }
            Self::Statistics { handle, pad, carried, peer, rest } => {
                let mut body = pad.to_vec();
                body.extend(counters(carried).iter().flat_map(|counter| counter.to_le_bytes()));
                body.extend(peer.octets());
                body.extend(rest);
                (kind::MEDIA_STATISTICS, handle, body)
            }
            Self::Dtmf { handle, duration, key, direction, rest } => {
                let duration = duration.to_le_bytes();
                let body = [duration.as_slice(), &[*key, *direction], rest].concat();
                (kind::MEDIA_DTMF, handle, body)
            }
            Self::DspClose { handle, rest } => (kind::MEDIA_DSP_CLOSE, handle, rest.clone()),
        };
        Frame::new(code, [handle.0.to_le_bytes().as_slice(), &body].concat())
    }
}

impl Conf {
    /// A channel of one codec, without voice activity detection.
    #[must_use]
    pub fn new(handle: Handle, mcei: Mcei, codec: RfpCodec, peer: (SocketAddrV4, u16)) -> Self {
        let (code, payload_type) = codec_code(codec);
        let mut codecs = [[0; 3]; 17];
        codecs[0] = [code, payload_type, CLOCK_KHZ];
        Self {
            handle,
            reserved: 0,
            packet_time: 20,
            vad: 0,
            codec_count: 1,
            codecs,
            mcei,
            reserved_2: 0,
            ppn: 0,
            reserved_3: [0; 4],
            local: [0; 2],
            reserved_4: [0; 2],
            receive_from: peer,
            send_to: peer,
            rest: vec![0; 76],
        }
    }

    fn encode(&self) -> Vec<u8> {
        let mut octets = self.reserved.to_be_bytes().to_vec();
        octets.extend([self.packet_time, self.vad, self.codec_count]);
        octets.extend(self.codecs.as_flattened());
        octets.extend([self.mcei.0, self.reserved_2]);
        octets.extend(self.ppn.to_le_bytes());
        octets.extend(self.reserved_3);
        octets.extend(self.local.iter().flat_map(|port| port.to_be_bytes()));
        octets.extend(self.reserved_4);
        for (rtp, rtcp) in [self.receive_from, self.send_to] {
            octets.extend(rtp.ip().octets());
            octets.extend(rtp.port().to_be_bytes());
            octets.extend(rtcp.to_be_bytes());
        }
        octets.extend(&self.rest);
        octets
    }
}

/// The link's number of a codec, and its RTP payload type.
#[must_use]
pub const fn codec_code(codec: RfpCodec) -> (u8, u8) {
    match codec {
        RfpCodec::Pcma => (0, 8),
        RfpCodec::Pcmu => (4, 0),
    }
}

/// Direction "both" of MEDIA_START and MEDIA_STOP.
pub const BOTH: u8 = 3;

const CLOCK_KHZ: u8 = 8;

fn handle(reader: &mut Reader<'_>) -> Result<Handle, Malformed> {
    reader.u16_le("handle").map(Handle)
}

fn open(mut reader: Reader<'_>) -> Result<Media, Malformed> {
    Ok(Media::Open {
        handle: handle(&mut reader)?,
        codec: reader.u8("codec")?,
        slots: reader.u8("slots")?,
        flags: reader.u32_le("flags")?,
        rest: reader.rest(),
    })
}

fn close(mut reader: Reader<'_>) -> Result<Media, Malformed> {
    Ok(Media::Close { handle: handle(&mut reader)?, rest: reader.rest() })
}

fn start(mut reader: Reader<'_>) -> Result<Media, Malformed> {
    let (handle, direction) = (handle(&mut reader)?, reader.u8("direction")?);
    Ok(Media::Start { handle, direction, rest: reader.rest() })
}

fn stop(mut reader: Reader<'_>) -> Result<Media, Malformed> {
    let (handle, direction) = (handle(&mut reader)?, reader.u8("direction")?);
    Ok(Media::Stop { handle, direction, rest: reader.rest() })
}

fn dsp_close(mut reader: Reader<'_>) -> Result<Media, Malformed> {
    Ok(Media::DspClose { handle: handle(&mut reader)?, rest: reader.rest() })
}

fn dtmf(mut reader: Reader<'_>) -> Result<Media, Malformed> {
    Ok(Media::Dtmf {
        handle: handle(&mut reader)?,
        duration: reader.u16_le("duration")?,
        key: reader.u8("key")?,
        direction: reader.u8("direction")?,
        rest: reader.rest(),
    })
}

fn statistics(mut reader: Reader<'_>) -> Result<Media, Malformed> {
    let (handle, pad) = (handle(&mut reader)?, reader.array("pad")?);
    let carried = Carried {
        seconds: reader.u32_le("seconds")?,
        sent_packets: reader.u32_le("sent_packets")?,
        sent_octets: reader.u32_le("sent_octets")?,
        received_packets: reader.u32_le("received_packets")?,
        received_octets: reader.u32_le("received_octets")?,
        lost: reader.u32_le("lost")?,
        jitter_us: reader.u32_le("jitter")?,
    };
    let peer = Ipv4Addr::from_octets(reader.array("peer")?);
    Ok(Media::Statistics { handle, pad, carried, peer, rest: reader.rest() })
}

fn counters(carried: &Carried) -> [u32; 7] {
    [
        carried.seconds,
        carried.sent_packets,
        carried.sent_octets,
        carried.received_packets,
        carried.received_octets,
        carried.lost,
        carried.jitter_us,
    ]
}

fn conf(mut reader: Reader<'_>) -> Result<Media, Malformed> {
    let (handle, reserved) = (handle(&mut reader)?, reader.u16("reserved")?);
    let (packet_time, vad) = (reader.u8("packet_time")?, reader.u8("vad")?);
    let codec_count = reader.u8("codec_count")?;
    let mut codecs = [[0; 3]; 17];
    for codec in &mut codecs {
        *codec = reader.array("codecs")?;
    }
    let (mcei, reserved_2) = (Mcei(reader.u8("mcei")?), reader.u8("reserved_2")?);
    let (ppn, reserved_3) = (reader.u16_le("ppn")?, reader.array("reserved_3")?);
    let local = [reader.u16("local_rtp")?, reader.u16("local_rtcp")?];
    let reserved_4 = reader.array("reserved_4")?;
    let receive_from = address(&mut reader, "receive_from")?;
    let send_to = address(&mut reader, "send_to")?;
    Ok(Media::Conf(Box::new(Conf {
        handle,
        reserved,
        packet_time,
        vad,
        codec_count,
        codecs,
        mcei,
        reserved_2,
        ppn,
        reserved_3,
        local,
        reserved_4,
        receive_from,
        send_to,
        rest: reader.rest(),
    })))
}

fn address(reader: &mut Reader<'_>, what: &'static str) -> Result<(SocketAddrV4, u16), Malformed> {
    let ip = Ipv4Addr::from_octets(reader.array(what)?);
    Ok((SocketAddrV4::new(ip, reader.u16(what)?), reader.u16(what)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn whatever_can_be_read_is_written_back_as_it_was(
            code in 0x200..0x20b_u16,
            payload in prop::collection::vec(any::<u8>(), 0..200),
        ) {
            let frame = Frame::new(code, payload);
            if let Some(Ok(media)) = Media::decode(&frame) {
                prop_assert!(media.encode() == frame);
            }
        }
    }
}
