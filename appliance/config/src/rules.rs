//! What must hold between settings, and what should.

use crate::config::Config;
use crate::groups::{
    dect, fixpart, network, phonebook, provisioning, redundancy, security, sip, snmp,
};
use crate::spec::Spec;
use crate::value::{Bootproto, Ipv6Method, PhonebookSource, ProvisioningMethod, RedundancyMode};

/// A rule that does not hold: the setting to look at, and what was expected.
pub(crate) type Broken = (&'static Spec, String);

/// The rules that do not hold. Only settings of ours have any: a file of another server breaks none.
pub(crate) fn broken(config: &Config) -> Vec<Broken> {
    RULES.iter().filter_map(|rule| rule(config)).collect()
}

/// What an administrator should look at: settings that were taken together by some server, but hardly meant so.
pub(crate) fn doubtful(config: &Config) -> Vec<Broken> {
    DOUBTS.iter().filter_map(|doubt| doubt(config)).collect()
}

const RULES: &[fn(&Config) -> Option<Broken>] =
    &[media_ports_exist, doors_differ, unmasked_needs_the_mirror];

const DOUBTS: &[fn(&Config) -> Option<Broken>] = &[
    media_ports_are_fewer,
    static_needs_an_address,
    static_ipv6_needs_an_address,
    srtp_is_required_but_off,
    jitter_is_upside_down,
    ldap_needs_a_server,
    provisioning_needs_a_url,
    a_second_server_needs_a_first,
    snmp_needs_a_community,
    proxies_without_the_first,
    a_radio_without_a_band,
    http_is_open,
];

fn media_ports_most(config: &Config) -> Option<(u32, u16)> {
    let (first, count) = (config.get(&sip::MEDIA_PORT).0, config.get(&fixpart::MEDIA_PORTS));
    let most = u32::from(u16::MAX) + 1 - u32::from(first);
    (u32::from(count) > most).then_some((most, first))
}

fn media_ports_exist(config: &Config) -> Option<Broken> {
    let (most, first) = media_ports_most(config)?;
    let spec = fixpart::MEDIA_PORTS.spec;
    config.is_set(spec).then(|| (spec, format!("at most {most}, since sip.media.port is {first}")))
}

fn media_ports_are_fewer(config: &Config) -> Option<Broken> {
    let (most, first) = media_ports_most(config)?;
    let spec = sip::MEDIA_PORT.spec;
    let what = format!("{}: behind port {first} there are only {most} ports for speech", spec.path);
    (!config.is_set(fixpart::MEDIA_PORTS.spec)).then_some((spec, what))
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

/// A doubt about a setting.
fn doubt(spec: &'static Spec, holds: bool, what: &str) -> Option<Broken> {
    holds.then(|| (spec, format!("{}: {what}", spec.path)))
}

fn static_needs_an_address(config: &Config) -> Option<Broken> {
    let typed = config.get(&network::BOOTPROTO) == Bootproto::Static;
    let whole = config.get(&network::IPADDR).is_some() && config.get(&network::NETMASK).is_some();
    let what = "static needs network.ipaddr and network.netmask, and one of them is missing";
    doubt(network::BOOTPROTO.spec, typed && !whole, what)
}

fn static_ipv6_needs_an_address(config: &Config) -> Option<Broken> {
    let typed = config.get(&network::IPV6_METHOD) == Ipv6Method::Static;
    let missing = config.get(&network::IPV6_IPADDR).is_none();
    doubt(network::IPV6_METHOD.spec, typed && missing, "Static needs network.ipv6.ipaddr")
}

fn srtp_is_required_but_off(config: &Config) -> Option<Broken> {
    let holds = config.get(&sip::MEDIA_SRTP_REQUIRED) && !config.get(&sip::MEDIA_SRTP_ENABLE);
    let what = "SRTP is required, but sip.media.srtp.enable is false";
    doubt(sip::MEDIA_SRTP_REQUIRED.spec, holds, what)
}

fn jitter_is_upside_down(config: &Config) -> Option<Broken> {
    let holds = config.get(&sip::MEDIA_JITTER_MIN).0 > config.get(&sip::MEDIA_JITTER_MAX).0;
    doubt(sip::MEDIA_JITTER_MIN.spec, holds, "is more than sip.media.jitter_max")
}

fn ldap_needs_a_server(config: &Config) -> Option<Broken> {
    let ldap = config.get(&phonebook::SOURCE) == PhonebookSource::Ldap;
    let missing = config.get(&phonebook::LDAP_URI).0.is_empty();
    doubt(phonebook::SOURCE.spec, ldap && missing, "ldap needs phonebook.ldap_uri")
}

fn provisioning_needs_a_url(config: &Config) -> Option<Broken> {
    let typed = config.get(&provisioning::SERVER_METHOD) == ProvisioningMethod::Static;
    let missing = config.get(&provisioning::SERVER_URL).is_none();
    doubt(
        provisioning::SERVER_METHOD.spec,
        typed && missing,
        "static needs provisioning.server.url",
    )
}

fn a_second_server_needs_a_first(config: &Config) -> Option<Broken> {
    let single = config.get(&redundancy::MODE) == RedundancyMode::Single;
    let missing = config.get(&redundancy::PEER).0.is_empty();
    doubt(redundancy::MODE.spec, !single && missing, "needs redundancy.peer")
}

fn snmp_needs_a_community(config: &Config) -> Option<Broken> {
    let on = config.get(&snmp::ENABLE);
    let missing = config.get(&snmp::COMMUNITY).is_empty();
    let what =
        "no community is set, and the usual one is not taken over; versions 1 and 2c stay silent";
    doubt(snmp::ENABLE.spec, on && missing, what)
}

fn proxies_without_the_first(config: &Config) -> Option<Broken> {
    let others = (2..=sip::PROXIES).any(|nth| config.get_nth(&sip::PROXY_DOMAIN, nth).is_some());
    let missing = config.get(&sip::PROXY_DOMAIN).is_none();
    doubt(sip::PROXY_DOMAIN.spec, others && missing, "is empty, but another proxy is set")
}

fn a_radio_without_a_band(config: &Config) -> Option<Broken> {
    let spec = dect::FREQUENCY.spec;
    let what = "the radio stays off until the band of the country is chosen";
    let imported = config.is_set(sip::PROXY_DOMAIN.spec);
    doubt(spec, imported && config.get(&dect::FREQUENCY).is_none(), what)
}

fn http_is_open(config: &Config) -> Option<Broken> {
    let what = "plain HTTP shows passwords to whoever listens";
    doubt(security::ALLOW_HTTP.spec, config.get(&security::ALLOW_HTTP), what)
}
