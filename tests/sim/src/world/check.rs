//! What must be true after every step, whatever happens.

use super::World;
use ident::{Rpn, Tpui};
use std::collections::BTreeSet;

impl World {
    /// Looks at what can be looked at in no time; every so often at everything.
    pub(super) fn check(&self) {
        self.check_counts();
        if self.steps.is_multiple_of(THOROUGH_EVERY * (1 + self.handsets.len() as u64)) {
            self.check_identities();
        }
    }

    /// Channels, sessions and calls add up, and nothing piles up.
    fn check_counts(&self) {
        let handsets = self.handsets.len();
        let (calls, sessions) = (self.server.calls(), self.media.sessions());
        assert!(
            sessions <= calls + CLOSING_MAX,
            "{sessions} sessions for {calls} calls:\n{}",
            self.trace()
        );
        assert!(
            calls <= handsets * CALLS_PER_HANDSET,
            "{calls} calls of {handsets} handsets:\n{}",
            self.trace()
        );
        let queue = self.agenda.len();
        assert!(queue <= QUEUE_PER_HANDSET * (handsets + 10), "{queue} errands:\n{}", self.trace());
    }

    /// No two handsets have the same temporary identity, no two base stations the same number.
    ///
    /// # Panics
    /// When two have.
    pub fn check_identities(&self) {
        let mut tpuis: BTreeSet<Tpui> = BTreeSet::new();
        for kept in self.store.subscriptions() {
            if let Some(tpui) = kept.tpui {
                assert!(tpuis.insert(tpui), "{tpui} is given twice:\n{}", self.trace());
            }
        }
        let mut rpns: BTreeSet<Rpn> = BTreeSet::new();
        for kept in self.store.rfps() {
            assert!(rpns.insert(kept.rpn), "{} is given twice:\n{}", kept.rpn, self.trace());
        }
    }

    /// Nobody is in a call, and nothing of one is left.
    ///
    /// # Panics
    /// When something is left, and says what.
    pub fn check_idle(&self) {
        let mut left = Vec::new();
        let mut look = |what: &str, count: usize| {
            if count > 0 {
                left.push(format!("{count} {what}"));
            }
        };
        look("calls in the server", self.server.calls());
        look("media sessions", self.media.sessions());
        look("calls at the PBX", self.pbx.calls());
        look("bearers", self.bases.iter().map(|base| base.rfp.bearers()).sum());
        look("speech channels", self.bases.iter().map(|base| base.rfp.channels()).sum());
        look("calls of handsets", self.handsets.iter().filter(|it| it.pp.call().is_some()).count());
        assert!(
            left.is_empty(),
            "left behind: {} (seed {}):\n{}",
            left.join(", "),
            self.seed,
            self.trace()
        );
        self.check_identities();
    }
}

/// Sessions that are being closed while their call is gone already.
const CLOSING_MAX: usize = 0;
/// One that speaks, one that is refused, one that is being released.
const CALLS_PER_HANDSET: usize = 4;
/// Frames, datagrams and reports under way.
const QUEUE_PER_HANDSET: usize = 64;
/// Looking at everything takes time in proportion to everything: so many steps between, for each handset.
const THOROUGH_EVERY: u64 = 256;
