//! Tones made and tones found: what the simulator speaks and listens with.

use std::f64::consts::TAU;

/// A mixture of sine waves that goes on without a break from block to block.
#[derive(Clone, Debug)]
pub struct Generator {
    waves: Vec<Wave>,
}

#[derive(Clone, Debug)]
struct Wave {
    amplitude: f64,
    step: f64,
    phase: f64,
}

impl Generator {
    /// Sine waves of these frequencies in hertz, each at this level in dBm0 (0 and below).
    #[must_use]
    pub fn new(frequencies: &[f64], dbm0: f64) -> Self {
        let amplitude = SINE_AT_0_DBM0 * 10f64.powf(dbm0 / 20.0);
        let wave = |hz: &f64| Wave { amplitude, step: TAU * hz / SAMPLES_PER_SECOND, phase: 0.0 };
        Self { waves: frequencies.iter().map(wave).collect() }
    }

    /// Fills `samples` with what comes next, at 8000 samples a second.
    pub fn fill(&mut self, samples: &mut [i16]) {
        for sample in samples {
            let mut sum = 0.0;
            for wave in &mut self.waves {
                sum += wave.amplitude * wave.phase.sin();
                wave.phase = (wave.phase + wave.step) % TAU;
            }
            *sample = linear(sum);
        }
    }
}

/// Measures how much of what is heard lies at each of a few frequencies (Goertzel).
#[derive(Clone, Debug)]
pub struct Detector {
    bins: Vec<Bin>,
    energy: f64,
    samples: u32,
}

#[derive(Clone, Debug)]
struct Bin {
    hz: f64,
    coefficient: f64,
    one: f64,
    two: f64,
}

/// What was heard at one frequency.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Level {
    /// The frequency.
    pub hz: f64,
    /// Its level.
    pub dbm0: f64,
    /// Its share of all that was heard, 0 to 1.
    pub share: f64,
}

impl Detector {
    /// Listens for these frequencies in hertz.
    #[must_use]
    pub fn new(frequencies: &[f64]) -> Self {
        let bin = |hz: &f64| {
            let coefficient = 2.0 * (TAU * hz / SAMPLES_PER_SECOND).cos();
            Bin { hz: *hz, coefficient, one: 0.0, two: 0.0 }
        };
        Self { bins: frequencies.iter().map(bin).collect(), energy: 0.0, samples: 0 }
    }

    /// Takes samples, any number of them.
    pub fn hear(&mut self, samples: &[i16]) {
        for sample in samples {
            let sample = f64::from(*sample);
            self.energy += sample * sample;
            for bin in &mut self.bins {
                let next = sample + bin.coefficient * bin.one - bin.two;
                (bin.two, bin.one) = (bin.one, next);
            }
        }
        self.samples = self.samples.saturating_add(u32::try_from(samples.len()).unwrap_or(0));
    }

    /// How many samples were taken since the last [`Detector::levels`]; 800 and more tell tones
    /// 10 Hz apart.
    #[must_use]
    pub const fn samples(&self) -> u32 {
        self.samples
    }

    /// What was heard since the last time, in the order of the frequencies; begins anew.
    pub fn levels(&mut self) -> Vec<Level> {
        let (count, energy) = (f64::from(self.samples.max(1)), self.energy.max(1.0));
        (self.samples, self.energy) = (0, 0.0);
        let measure = |bin: &mut Bin| {
            let power = bin.one * bin.one + bin.two * bin.two - bin.coefficient * bin.one * bin.two;
            (bin.one, bin.two) = (0.0, 0.0);
            let amplitude = 2.0 * power.max(0.0).sqrt() / count;
            let dbm0 = 20.0 * (amplitude / SINE_AT_0_DBM0).max(SILENCE).log10();
            Level { hz: bin.hz, dbm0, share: (2.0 * power / (count * energy)).clamp(0.0, 1.0) }
        };
        self.bins.iter_mut().map(measure).collect()
    }

    /// The one frequency that makes up most of what was heard, if it is loud enough to be a tone.
    pub fn tone(&mut self) -> Option<Level> {
        let levels = self.levels();
        let heard = levels.into_iter().max_by(|one, other| one.share.total_cmp(&other.share))?;
        Some(heard).filter(|level| level.share >= TONE_SHARE && level.dbm0 >= TONE_DBM0)
    }
}

#[expect(clippy::cast_possible_truncation, reason = "clamped to the range of the samples")]
fn linear(sum: f64) -> i16 {
    sum.round().clamp(f64::from(i16::MIN), f64::from(i16::MAX)) as i16
}

const SAMPLES_PER_SECOND: f64 = 8000.0;

/// Peak of a sine of 0 dBm0 in 16-bit samples: 3.14 dB below the overload of A-law (G.711).
const SINE_AT_0_DBM0: f64 = 22_826.0;

/// -120 dB: what silence is said to be.
const SILENCE: f64 = 1e-6;

/// Less than half of the energy is speech or noise, not a tone.
const TONE_SHARE: f64 = 0.5;

/// Softer than this is not meant to be heard.
const TONE_DBM0: f64 = -40.0;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::Codec;

    #[test]
    fn a_tone_is_found_at_its_frequency_and_level_through_both_laws() {
        for codec in [Codec::Pcma, Codec::Pcmu] {
            let mut generator = Generator::new(&[697.0], -10.0);
            let mut detector = Detector::new(&[440.0, 697.0, 1209.0]);
            for _ in 0..10 {
                let mut samples = [0; 160];
                generator.fill(&mut samples);
                let heard = samples.map(|sample| codec.decode(codec.encode(sample)));
                detector.hear(&heard);
            }
            assert_eq!(detector.samples(), 1600);
            let level = detector.tone().expect("a tone");
            assert!((level.hz - 697.0).abs() < 0.1 && (level.dbm0 + 10.0).abs() < 0.5, "{level:?}");
            assert!(level.share > 0.95, "{level:?}");
        }
    }

    #[test]
    fn two_tones_at_once_are_both_measured() {
        let mut samples = [0; 1600];
        Generator::new(&[770.0, 1336.0], -13.0).fill(&mut samples);
        let mut detector = Detector::new(&[770.0, 852.0, 1336.0]);
        detector.hear(&samples);
        let levels = detector.levels().iter().map(|level| level.dbm0.round()).collect::<Vec<_>>();
        assert!((levels[0] + 13.0).abs() <= 1.0 && (levels[2] + 13.0).abs() <= 1.0, "{levels:?}");
        assert!(levels[1] < -30.0, "{levels:?}");
    }

    #[test]
    fn silence_and_a_tone_that_is_not_listened_for_are_no_tone() {
        let mut detector = Detector::new(&[440.0]);
        assert_eq!(detector.tone(), None);
        detector.hear(&[0; 1600]);
        assert_eq!(detector.tone(), None);
        let mut samples = [0; 1600];
        Generator::new(&[1000.0], -10.0).fill(&mut samples);
        detector.hear(&samples);
        assert_eq!(detector.tone(), None);
    }
}
