//! The settings, one file per top-level XML element.

pub mod dect;
pub mod fixpart;
pub mod network;
pub mod provisioning;
pub mod sip;

use crate::spec::Spec;

/// Every setting there is.
pub fn all() -> impl Iterator<Item = &'static Spec> {
    [dect::ALL, sip::ALL, network::ALL, provisioning::ALL, fixpart::ALL]
        .into_iter()
        .flatten()
        .copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Value;
    use std::collections::BTreeSet;

    /// One loop over the table stands for a test per setting.
    #[test]
    fn every_default_is_a_value_and_every_help_a_sentence() {
        for spec in all() {
            for nth in 1..=spec.count {
                assert_eq!((spec.check)(spec, spec.default_of(nth)), Ok(()), "{}", spec.path);
            }
            assert!(spec.help.trim().ends_with('.'), "{}", spec.path);
            assert!(spec.range.0 <= spec.range.1, "{}", spec.path);
        }
    }

    #[test]
    fn no_two_settings_answer_to_the_same_path() {
        let mut seen = BTreeSet::new();
        for spec in all() {
            let own = (1..=spec.count).map(|nth| spec.path_of(nth));
            let others = spec.aliases.iter().map(|alias| alias.path.to_owned());
            for path in own.chain(others) {
                assert!(seen.insert(path.clone()), "{path}");
            }
        }
    }

    #[test]
    fn no_secret_has_a_default() {
        for spec in all().filter(|spec| spec.secret) {
            assert_eq!(spec.default, "", "{}", spec.path);
        }
    }

    #[test]
    fn a_number_outside_its_range_is_refused_at_both_ends() {
        for spec in all() {
            let (least, most) = spec.range;
            if (spec.check)(spec, "x").is_ok() || u8::parse(spec, &least.to_string()).is_err() {
                continue;
            }
            for number in [least - 1, most + 1] {
                let kept = (spec.check)(spec, &number.to_string()).is_ok();
                assert!(!kept, "{} takes {number}", spec.path);
            }
        }
    }
}
