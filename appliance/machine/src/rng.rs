//! Where engines get their random numbers from.

/// A source of random octets, given to an engine when it is made.
///
/// In the product this is the operating system's generator; in the simulator
/// a [`Seeded`] one, so that a run can be repeated.
pub trait Rng {
    /// Fills `octets` with random values.
    fn fill(&mut self, octets: &mut [u8]);

    /// A random number.
    fn u32(&mut self) -> u32 {
        let mut octets = [0; 4];
        self.fill(&mut octets);
        u32::from_be_bytes(octets)
    }

    /// A random number.
    fn u64(&mut self) -> u64 {
        let mut octets = [0; 8];
        self.fill(&mut octets);
        u64::from_be_bytes(octets)
    }

    /// A random number below `bound`, nearly even; 0 where `bound` is 0.
    fn below(&mut self, bound: u32) -> u32 {
        let wide = u64::from(self.u32()) * u64::from(bound);
        u32::try_from(wide >> 32).unwrap_or(0)
    }
}

/// Repeatable octets for simulations and tests (splitmix64). Never for keys that matter.
#[derive(Clone, Debug)]
pub struct Seeded(u64);

impl Seeded {
    /// The generator that begins at `seed`.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}

impl Rng for Seeded {
    fn fill(&mut self, octets: &mut [u8]) {
        for chunk in octets.chunks_mut(8) {
            let next = self.next().to_be_bytes();
            chunk.iter_mut().zip(next).for_each(|(octet, random)| *octet = random);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_numbers_and_a_bound_holds() {
        let (mut one, mut other) = (Seeded::new(7), Seeded::new(7));
        for _ in 0..1000 {
            let number = one.below(10);
            assert_eq!(number, other.below(10));
            assert!(number < 10);
        }
        assert_eq!(one.below(0), 0);
    }
}
