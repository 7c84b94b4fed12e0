//! G.711: A-law and mu-law, and from one to the other.

use crate::session::Codec;
use audio_codec_algorithms::{
    convert_alaw_to_ulaw, convert_ulaw_to_alaw, decode_alaw, decode_ulaw, encode_alaw, encode_ulaw,
};

impl Codec {
    /// The octet that stands for silence.
    #[must_use]
    pub const fn silence(self) -> u8 {
        match self {
            Self::Pcma => 0xd5,
            Self::Pcmu => 0xff,
        }
    }

    /// One sample as linear 16-bit PCM.
    #[must_use]
    pub fn decode(self, octet: u8) -> i16 {
        match self {
            Self::Pcma => decode_alaw(octet),
            Self::Pcmu => decode_ulaw(octet),
        }
    }

    /// One linear 16-bit sample as an octet.
    #[must_use]
    pub fn encode(self, sample: i16) -> u8 {
        match self {
            Self::Pcma => encode_alaw(sample),
            Self::Pcmu => encode_ulaw(sample),
        }
    }
}

/// From one law to the other by G.711 tables 3 and 4, an octet at a time.
#[derive(Clone, Debug)]
pub struct Transcoder {
    to_pcmu: [u8; 256],
    to_pcma: [u8; 256],
}

impl Transcoder {
    /// Computes the tables.
    #[must_use]
    pub fn new() -> Self {
        let table = |convert: fn(u8) -> u8| {
            let mut octets = [0; 256];
            for (octet, place) in (0..=u8::MAX).zip(&mut octets) {
                *place = convert(octet);
            }
            octets
        };
        Self { to_pcmu: table(convert_alaw_to_ulaw), to_pcma: table(convert_ulaw_to_alaw) }
    }

    /// Appends `payload`, coded as `from`, to `into`, coded as `to`.
    pub fn append(&self, from: Codec, to: Codec, payload: &[u8], into: &mut Vec<u8>) {
        let table = match (from, to) {
            (Codec::Pcma, Codec::Pcmu) => &self.to_pcmu,
            (Codec::Pcmu, Codec::Pcma) => &self.to_pcma,
            (Codec::Pcma, Codec::Pcma) | (Codec::Pcmu, Codec::Pcmu) => {
                return into.extend_from_slice(payload);
            }
        };
        into.extend(payload.iter().map(|octet| table[usize::from(*octet)]));
    }
}

impl Default for Transcoder {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_stays_silence_in_both_directions() {
        let transcoder = Transcoder::new();
        for (from, to) in [(Codec::Pcma, Codec::Pcmu), (Codec::Pcmu, Codec::Pcma)] {
            let mut octets = Vec::new();
            transcoder.append(from, to, &[from.silence()], &mut octets);
            assert!(to.decode(octets[0]).abs() <= 8, "{from:?}: {octets:x?}");
        }
    }

    /// G.711 tables 3 and 4 keep the loudness within one step of the coarser law.
    #[test]
    fn every_octet_keeps_its_sign_and_its_loudness() {
        let transcoder = Transcoder::new();
        for (from, to) in [(Codec::Pcma, Codec::Pcmu), (Codec::Pcmu, Codec::Pcma)] {
            for octet in 0..=u8::MAX {
                let mut octets = Vec::new();
                transcoder.append(from, to, &[octet], &mut octets);
                let (before, after) =
                    (i32::from(from.decode(octet)), i32::from(to.decode(octets[0])));
                let allowed = 16 + before.abs() / 16;
                assert!((before - after).abs() <= allowed, "{from:?} {octet:#x}: {before} {after}");
            }
        }
    }

    #[test]
    fn the_same_law_is_not_touched() {
        let payload: Vec<u8> = (0..=u8::MAX).collect();
        let mut octets = Vec::new();
        Transcoder::new().append(Codec::Pcmu, Codec::Pcmu, &payload, &mut octets);
        assert_eq!(octets, payload);
    }
}
