//! The settings, one file per top-level XML element.

pub mod app_db;
pub mod application;
pub mod bif08;
pub mod dect;
pub mod feature_codes;
pub mod fixpart;
pub mod handset_sharing;
pub mod installation;
pub mod language;
pub mod license;
pub mod log;
pub mod media_resource;
pub mod mr;
pub mod msf;
pub mod network;
pub mod phonebook;
pub mod provisioning;
pub mod redundancy;
pub mod rfp;
pub mod rs232;
pub mod security;
pub mod sip;
pub mod snmp;
pub mod suota;
pub mod system_event;
pub mod tap;
pub mod trace_event;
pub mod tx_power;
pub mod upnp;

use crate::spec::{At, Spec, at};

/// Every setting there is, ours last.
pub fn all() -> impl Iterator<Item = &'static Spec> {
    GROUPS.iter().copied().flatten().copied()
}

/// The setting that a dotted path means, and which of several: `sip.proxy.domain2`, `bif08.shelf1.card2.port3.enable`.
/// Other spellings are for files; they are not found here.
#[must_use]
pub fn find(path: &str) -> Option<(&'static Spec, At)> {
    all().find_map(|spec| {
        if spec.count > 1 {
            return (1..=spec.count)
                .find(|nth| spec.path_of(*nth) == path)
                .map(|nth| (spec, at(nth)));
        }
        spec.place_in(path).map(|at| (spec, at))
    })
}

const GROUPS: &[&[&Spec]] = &[
    app_db::ALL,
    application::ALL,
    bif08::ALL,
    dect::ALL,
    feature_codes::ALL,
    handset_sharing::ALL,
    installation::ALL,
    language::ALL,
    license::ALL,
    log::ALL,
    media_resource::ALL,
    mr::ALL,
    msf::ALL,
    network::ALL,
    phonebook::ALL,
    provisioning::ALL,
    redundancy::ALL,
    rfp::ALL,
    rs232::ALL,
    security::ALL,
    sip::ALL,
    snmp::ALL,
    suota::ALL,
    system_event::ALL,
    tap::ALL,
    trace_event::ALL,
    tx_power::ALL,
    upnp::ALL,
    fixpart::ALL,
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::Family;
    use crate::value::{Kind, same_word};
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
        for spec in all().filter(|spec| spec.kind == Kind::Whole) {
            let (least, most) = spec.range;
            for number in [least - 1, most + 1] {
                // Zero leaves some to the system.
                let kept = number != 0 && (spec.check)(spec, &number.to_string()).is_ok();
                assert!(!kept, "{} takes {number}", spec.path);
            }
            assert!((spec.check)(spec, "x").is_err(), "{}", spec.path);
        }
    }

    #[test]
    fn the_models_are_those_of_their_own_table() {
        let names: Vec<&str> = crate::model::MODELS.iter().map(|model| model.name).collect();
        assert_eq!(fixpart::MODEL.spec.kind, Kind::Words(&["200", "400", "6500", "one", "xl"]));
        assert_eq!(names, ["200", "400", "6500", "one", "xl"]);
    }

    #[test]
    fn a_setting_is_found_by_its_path_and_its_place() {
        for spec in all() {
            for nth in 1..=spec.count {
                let found =
                    find(&spec.path_of(nth)).map(|(found, at)| (found.path, found.path_at(&at)));
                assert_eq!(found, Some((spec.path, spec.path_of(nth))), "{}", spec.path);
            }
        }
        let (spec, at) = find("bif08.shelf12.card2.port30.enable").expect("any numbers");
        assert_eq!(
            (spec.path, &at[..]),
            (bif08::ENABLE.spec.path, &[Some(12), Some(2), Some(30)][..])
        );
        assert!(find("RS232.shelf.card0.port1.conf").is_some(), "a word without a number");
        for path in [
            "sip.proxy.domain1",
            "sip.proxy.domain5",
            "bif08.shelf01.card2.port3.enable",
            "bif08.shelf1.card2.enable",
            "sip",
        ] {
            assert!(find(path).is_none(), "{path}");
        }
    }

    #[test]
    fn no_choice_has_two_words_that_are_read_as_the_same() {
        for spec in all() {
            let Kind::Words(words) = spec.kind else { continue };
            for (index, word) in words.iter().enumerate() {
                assert_eq!((spec.check)(spec, word), Ok(()), "{} {word}", spec.path);
                let same = words.iter().position(|other| same_word(word, other));
                assert_eq!(same, Some(index), "{} {word}", spec.path);
            }
        }
    }

    #[test]
    fn every_twin_is_a_setting_whose_default_means_the_default_on_a_rack_server() {
        for spec in all() {
            for twin in spec.twins {
                let (theirs, _) = find(twin.path).expect(twin.path);
                assert_eq!(theirs.family, Family::Rack, "{}", twin.path);
                let means = (twin.convert)(theirs.default);
                assert!(
                    means.is_none_or(|it| it == spec.rack_default.unwrap_or(spec.default)),
                    "{}",
                    spec.path
                );
            }
        }
    }

    #[test]
    fn what_a_rack_server_alone_has_is_acted_on_by_nobody_here() {
        for spec in all() {
            assert!(!(spec.acts() && spec.family == Family::Rack), "{}", spec.path);
            assert_eq!(spec.is_ours(), spec.path.starts_with("fixpart."), "{}", spec.path);
            assert!(
                spec.rack_default.is_none_or(|text| (spec.check)(spec, text).is_ok()),
                "{}",
                spec.path
            );
        }
    }
}
