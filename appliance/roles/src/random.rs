//! The operating system's random numbers, for engines.

/// The generator of the operating system.
#[derive(Clone, Copy, Debug, Default)]
pub struct OsRandom;

impl machine::Rng for OsRandom {
    /// # Panics
    /// When the operating system has no random numbers: keys made from anything else would be no keys.
    fn fill(&mut self, octets: &mut [u8]) {
        let filled = getrandom::fill(octets);
        assert!(filled.is_ok(), "the operating system gives no random numbers");
    }
}
