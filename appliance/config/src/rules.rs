//! What must hold between settings.

use crate::config::Config;
use crate::groups::{fixpart, sip};
use crate::spec::Spec;

/// A rule that does not hold: the setting to look at, and what was expected.
pub(crate) type Broken = (&'static Spec, String);

/// The rules that do not hold.
pub(crate) fn broken(config: &Config) -> Vec<Broken> {
    RULES.iter().filter_map(|rule| rule(config)).collect()
}

const RULES: &[fn(&Config) -> Option<Broken>] =
    &[media_ports_exist, media_ports_are_even, doors_differ, unmasked_needs_the_mirror];

fn media_ports_exist(config: &Config) -> Option<Broken> {
    let (first, count) = (config.get(&sip::MEDIA_PORT), config.get(&fixpart::MEDIA_PORTS));
    let most = u32::from(u16::MAX) + 1 - u32::from(first);
    (u32::from(count) > most).then(|| {
        (fixpart::MEDIA_PORTS.spec, format!("at most {most}, since sip.media.port is {first}"))
    })
}

fn media_ports_are_even(config: &Config) -> Option<Broken> {
    (config.get(&sip::MEDIA_PORT) % 2 == 1)
        .then(|| (sip::MEDIA_PORT.spec, "an even port, since RTCP uses the next one".into()))
}

fn doors_differ(config: &Config) -> Option<Broken> {
    let both = config.get(&fixpart::TLS_ENABLE) && config.get(&fixpart::BLOWFISH_ENABLE);
    let same = config.get(&fixpart::TLS_PORT) == config.get(&fixpart::BLOWFISH_PORT);
    (both && same)
        .then(|| (fixpart::BLOWFISH_PORT.spec, "another port than that of the TLS door".into()))
}

fn unmasked_needs_the_mirror(config: &Config) -> Option<Broken> {
    let unmasked = config.get(&fixpart::MIRROR_UNMASKED_IPEI).is_some();
    (unmasked && !config.get(&fixpart::MIRROR_ENABLE)).then(|| {
        (fixpart::MIRROR_UNMASKED_IPEI.spec, "nothing, since fixpart.mirror.enable is false".into())
    })
}
