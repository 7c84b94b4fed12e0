//! Tones for the phone that is not ours: what it sends, and whether it has heard one.

use std::f64::consts::TAU;

/// Samples per second of a telephone.
const RATE: u32 = 8000;

/// A WAV file of one tone: 8000 samples a second, 16 bits, one channel.
pub(super) fn wav(hertz: f64, seconds: u32) -> Vec<u8> {
    let samples = seconds * RATE;
    let octets = samples * 2;
    let mut file = Vec::new();
    file.extend(b"RIFF");
    file.extend((octets + 36).to_le_bytes());
    file.extend(b"WAVEfmt ");
    file.extend(16u32.to_le_bytes());
    file.extend([1, 0, 1, 0]);
    file.extend(RATE.to_le_bytes());
    file.extend((RATE * 2).to_le_bytes());
    file.extend([2, 0, 16, 0]);
    file.extend(b"data");
    file.extend(octets.to_le_bytes());
    for sample in 0..samples {
        let value = LOUDNESS * (TAU * hertz * f64::from(sample) / f64::from(RATE)).sin();
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a sine of this loudness fits 16 bits"
        )]
        file.extend((value as i16).to_le_bytes());
    }
    file
}

/// For how many seconds a recording holds this tone louder than everything else in it together.
pub(super) fn heard(wav: &[u8], hertz: f64) -> f64 {
    let Some(data) = wav.windows(4).position(|window| window == b"data") else { return 0.0 };
    let samples: Vec<f64> = wav
        .get(data + 8..)
        .unwrap_or_default()
        .chunks_exact(2)
        .map(|pair| f64::from(i16::from_le_bytes([pair[0], pair[1]])))
        .collect();
    let blocks = samples.chunks_exact(BLOCK).filter(|block| is_tone(block, hertz)).count();
    f64::from(u32::try_from(blocks).unwrap_or(u32::MAX)) * BLOCK_SECONDS
}

/// Goertzel's algorithm: the share of one frequency in a block.
fn is_tone(block: &[f64], hertz: f64) -> bool {
    let total: f64 = block.iter().map(|sample| sample * sample).sum();
    let turn = 2.0 * (TAU * hertz / f64::from(RATE)).cos();
    let (mut before, mut last) = (0.0, 0.0);
    for sample in block {
        (before, last) = (last, sample + turn * last - before);
    }
    let power = before * before + last * last - turn * before * last;
    let share = 2.0 * power / (BLOCK_SECONDS * f64::from(RATE)) / total.max(1.0);
    total > SILENCE && share > 0.5
}

/// Half of full scale.
const LOUDNESS: f64 = 12_000.0;
/// 50 ms: long enough to tell tones 40 Hz apart.
const BLOCK: usize = 400;
const BLOCK_SECONDS: f64 = 0.05;
/// What a block of silence and rounding adds up to at the most.
const SILENCE: f64 = 400.0 * 50.0 * 50.0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tone_is_heard_and_no_other() {
        let recording = wav(1300.0, 2);
        assert!((heard(&recording, 1300.0) - 2.0).abs() < 0.06, "{}", heard(&recording, 1300.0));
        for other in [440.0, 1000.0, 1200.0, 1400.0, 2600.0] {
            assert!(heard(&recording, other) < 0.06, "{other}");
        }
        assert!(heard(b"RIFF", 1300.0) < 0.01);
    }
}
