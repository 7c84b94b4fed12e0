//! From one packet time to another: samples are collected until a packet is full.

/// Collects G.711 samples of one source.
#[derive(Clone, Debug, Default)]
pub struct Packer {
    samples: Vec<u8>,
    /// Source's timestamp of the first sample.
    first: u32,
}

/// A packet that is ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packed<'a> {
    /// Source's timestamp of its first sample.
    pub timestamp: u32,
    /// Its samples.
    pub payload: &'a [u8],
}

impl Packer {
    /// Takes a packet and hands out the packets of `size` samples that are full by now.
    ///
    /// A gap ends the packet that was being collected: it goes out filled up with `silence`.
    /// Samples of a time that already went out are left away. At most [`SAMPLES_MAX`] are kept.
    pub fn packet(
        &mut self,
        Packed { timestamp, payload }: Packed<'_>,
        Packing { size, silence }: Packing,
        mut ready: impl FnMut(Packed<'_>),
    ) {
        if size == 0 || size > SAMPLES_MAX || payload.len() > SAMPLES_MAX {
            return;
        }
        if !self.samples.is_empty() {
            let due = self.first.wrapping_add(length(&self.samples));
            let step = timestamp.wrapping_sub(due).cast_signed();
            if step < 0 && step > -RECENT {
                return;
            }
            if step != 0 {
                self.samples.resize(self.samples.len().max(size), silence);
                ready(Packed { timestamp: self.first, payload: &self.samples[..size] });
                self.samples.clear();
            }
        }
        if self.samples.is_empty() {
            self.first = timestamp;
        }
        self.samples.extend_from_slice(payload);
        let mut full = 0;
        for chunk in self.samples.chunks_exact(size) {
            ready(Packed { timestamp: self.first, payload: chunk });
            self.first = self.first.wrapping_add(length(chunk));
            full += size;
        }
        self.samples.drain(..full);
    }

    /// Forgets what was being collected.
    pub fn clear(&mut self) {
        self.samples.clear();
    }
}

/// How packets are to be.
#[derive(Clone, Copy, Debug)]
pub struct Packing {
    /// Samples in a packet.
    pub size: usize,
    /// Fills up what is missing.
    pub silence: u8,
}

fn length(samples: &[u8]) -> u32 {
    u32::try_from(samples.len()).unwrap_or(0)
}

/// 60 ms: the longest packet time that is taken or made.
pub const SAMPLES_MAX: usize = 480;

/// A second: what lies further back is not late but another time.
const RECENT: i32 = 8000;

#[cfg(test)]
mod tests {
    use super::*;

    fn pack(
        packer: &mut Packer,
        size: usize,
        timestamp: u32,
        payload: &[u8],
    ) -> Vec<(u32, Vec<u8>)> {
        let mut packets = Vec::new();
        packer.packet(Packed { timestamp, payload }, Packing { size, silence: 0xd5 }, |packet| {
            packets.push((packet.timestamp, packet.payload.to_vec()));
        });
        packets
    }

    #[test]
    fn every_packet_time_becomes_every_other_without_losing_a_sample() {
        for from in [80usize, 160, 240, 320] {
            for to in [80usize, 160, 240, 320] {
                let mut packer = Packer::default();
                let sent: Vec<u8> = (0..=250).cycle().take(9600).collect();
                let mut got = Vec::new();
                for (n, payload) in sent.chunks(from).enumerate() {
                    let timestamp = u32::try_from(n * from).unwrap().wrapping_add(u32::MAX - 500);
                    for (at, payload) in pack(&mut packer, to, timestamp, payload) {
                        let due = u32::try_from(got.len()).unwrap().wrapping_add(u32::MAX - 500);
                        assert_eq!((at, payload.len()), (due, to), "{from} to {to}");
                        got.extend(payload);
                    }
                }
                assert_eq!(got, sent, "{from} to {to}");
            }
        }
    }

    #[test]
    fn a_gap_ends_the_packet_and_what_comes_too_late_is_left_away() {
        let mut packer = Packer::default();
        assert_eq!(pack(&mut packer, 160, 0, &[1; 80]), []);
        let mut filled = vec![1; 80];
        filled.resize(160, 0xd5);
        assert_eq!(pack(&mut packer, 160, 240, &[2; 80]), [(0, filled)]);
        assert_eq!(pack(&mut packer, 160, 80, &[9; 80]), []);
        assert_eq!(pack(&mut packer, 160, 320, &[2; 80]), [(240, vec![2; 160])]);
    }

    #[test]
    fn a_packet_of_an_impossible_size_is_left_away() {
        let mut packer = Packer::default();
        assert_eq!(pack(&mut packer, 80, 0, &[0; SAMPLES_MAX + 1]), []);
        assert_eq!(pack(&mut packer, 0, 0, &[0; 80]), []);
    }
}
