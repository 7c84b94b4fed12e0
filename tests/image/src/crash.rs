//! placeholder
pub(crate) fn run(_bench: &mut crate::bench::Bench) {}
