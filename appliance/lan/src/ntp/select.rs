//! Which servers are believed: those whose answers can all be true at once, if they are the majority (RFC 5905 11.2).

use super::stamp::Nanos;

/// What one server says: the offset of our clock is within `reach` of `offset`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Claim {
    /// Its number.
    pub(super) server: usize,
    /// How far it is ahead of us.
    pub(super) offset: Nanos,
    /// How far that can be from the truth; more than 0.
    pub(super) reach: Nanos,
}

impl Claim {
    const fn first(&self) -> Nanos {
        self.offset.saturating_sub(self.reach)
    }

    const fn last(&self) -> Nanos {
        self.offset.saturating_add(self.reach)
    }
}

/// The largest group of claims that can all be true at once; of two as large the one that leaves less open.
pub(super) fn agreeing(claims: &[Claim]) -> Vec<Claim> {
    // Where the most intervals meet, one of them begins.
    let groups = claims.iter().map(|at| {
        let holds = |it: &&Claim| it.first() <= at.first() && at.first() <= it.last();
        claims.iter().filter(holds).copied().collect::<Vec<Claim>>()
    });
    let width = |group: &[Claim]| group.iter().map(|it| it.reach).min().unwrap_or(Nanos::MAX);
    let better = |one: Vec<Claim>, other: Vec<Claim>| {
        let (less, more) = (one.len().cmp(&other.len()), width(&other).cmp(&width(&one)));
        if less.then(more).is_lt() { other } else { one }
    };
    groups.reduce(better).unwrap_or_default()
}

/// What a group says together: the nearer to the truth a server is, the more it counts (RFC 5905 11.2.3).
pub(super) fn combined(group: &[Claim]) -> Option<Nanos> {
    let weight = |claim: &Claim| WEIGHT / i128::from(claim.reach.max(1));
    let all: i128 = group.iter().map(weight).sum();
    let sum: i128 = group.iter().map(|it| weight(it) * i128::from(it.offset)).sum();
    if all == 0 { None } else { i64::try_from(sum / all).ok() }
}

/// Whoever is a nanosecond off weighs so much; who is a minute off still weighs something.
const WEIGHT: i128 = 1_000_000_000_000_000;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn claims(list: &[(Nanos, Nanos)]) -> Vec<Claim> {
        let claim = |(server, &(offset, reach))| Claim { server, offset, reach };
        list.iter().enumerate().map(claim).collect()
    }

    fn servers(list: &[(Nanos, Nanos)]) -> Vec<usize> {
        agreeing(&claims(list)).iter().map(|it| it.server).collect()
    }

    #[test]
    fn who_lies_is_left_out_and_who_is_nearer_counts_more() {
        assert_eq!(servers(&[(10, 5), (86_400, 5), (12, 5)]), [0, 2]);
        assert_eq!(servers(&[(10, 5), (12, 5), (14, 5), (-9, 5), (-12, 5)]), [0, 1, 2]);
        assert_eq!(servers(&[(0, 100), (90, 5)]), [0, 1]);
        // Two against two, or each against each: the one that leaves less open, which is no majority.
        assert_eq!(servers(&[(0, 5), (1000, 3)]), [1]);
        assert_eq!(servers(&[]), [0_usize; 0]);
        assert_eq!(combined(&claims(&[(100, 10), (200, 10)])), Some(150));
        assert_eq!(combined(&claims(&[(100, 10), (200, 1000)])), Some(100));
        assert_eq!(combined(&[]), None);
    }

    proptest! {
        #[test]
        fn the_truth_is_found_where_most_tell_it(
            truth in -1_000_000_i64..1_000_000,
            honest in prop::collection::vec((-50_i64..=50, 50_i64..100), 3..6),
            lies in prop::collection::vec((10_000_i64..1_000_000, 1_i64..100), 0..3),
        ) {
            let told = honest.iter().map(|(off, reach)| (truth + off, *reach));
            let lied = lies.iter().map(|(off, reach)| (truth + off, *reach));
            let list: Vec<(Nanos, Nanos)> = lied.chain(told).collect();
            let group = agreeing(&claims(&list));
            prop_assert!(group.iter().all(|it| it.server >= lies.len()), "{group:?}");
            prop_assert_eq!(group.len(), honest.len());
            prop_assert!((combined(&group).unwrap() - truth).abs() <= 50);
        }

        #[test]
        fn claims_of_any_size_do_no_harm(list in prop::collection::vec(any::<(i64, i64)>(), 0..9)) {
            let group = agreeing(&claims(&list));
            prop_assert!(group.len() <= list.len());
            let _ = combined(&group);
        }
    }
}
