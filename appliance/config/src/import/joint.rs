//! What several elements of a file mean together.

use super::NOWHERE;
use super::reading::Reading;
use crate::groups::{self, feature_codes, network};
use crate::spec::{At, Family, Spec};
use crate::value::Ipv6Type;

/// Looks at all that was read and sets what follows from it.
pub(super) fn complete(reading: &mut Reading<'_>) {
    twins(reading);
    ipv6_method(reading);
    ipv6_address(reading);
    call_forward(reading);
    other_defaults(reading);
}

/// A setting of the other family counts for the one here that says the same, where the file has none of that. It stays
/// in the file as it was, since its form can say more.
fn twins(reading: &mut Reading<'_>) {
    for spec in groups::all() {
        if reading.config.is_set(spec) {
            continue;
        }
        for twin in spec.twins {
            let Some((theirs, at)) = groups::find(twin.path) else { continue };
            let Some(text) = reading.config.was_set(theirs, &at) else { continue };
            if let Some(own) = (twin.convert)(text.trim()).map(str::to_owned) {
                set(reading, spec, &own, twin.path);
            }
        }
    }
}

/// 2500 and 8000 have a switch for IPv6 beside the kind of address.
fn ipv6_method(reading: &mut Reading<'_>) {
    let config = &reading.config;
    let rack = [network::IPV6ENABLE.spec, network::IPV6CTYPE.spec];
    if config.is_set(network::IPV6_METHOD.spec) || !rack.iter().any(|spec| config.is_set(spec)) {
        return;
    }
    let method = match (config.get(&network::IPV6ENABLE), config.get(&network::IPV6CTYPE)) {
        (false, _) => "Disabled",
        (true, Ipv6Type::Static) => "Static",
        (true, Ipv6Type::Slaac) => "Stateless",
        (true, Ipv6Type::Dhcp) => "Statefull",
        (true, Ipv6Type::LinkLocal) => {
            let place = reading.places.get(network::IPV6CTYPE.spec.path).copied();
            let what = "network.ipv6ctype: there is no method for an address of the link only; IPv6 stays off";
            return reading.notice(place.unwrap_or(NOWHERE), what.to_owned());
        }
    };
    set(reading, network::IPV6_METHOD.spec, method, network::IPV6ENABLE.spec.path);
}

/// 2500 and 8000 have the length of the prefix in an element of its own.
fn ipv6_address(reading: &mut Reading<'_>) {
    let config = &reading.config;
    let Some(address) = config.get(&network::IPV6ADDR) else { return };
    if config.is_set(network::IPV6_IPADDR.spec) {
        return;
    }
    let own = format!("{address}/{}", config.get(&network::IPV6PREFIX));
    set(reading, network::IPV6_IPADDR.spec, &own, network::IPV6ADDR.spec.path);
}

fn set(reading: &mut Reading<'_>, spec: &'static Spec, text: &str, from: &str) {
    if (spec.check)(spec, text).is_err() {
        return;
    }
    let place = reading.places.get(from).copied().unwrap_or(NOWHERE);
    reading.config.put(spec, At::new(), text.to_owned());
    reading.places.insert(spec.path.to_owned(), place);
    let shown = if spec.secret { "(secret)" } else { text };
    reading.notice(place, format!("{from} counts for {} too, as {shown}", spec.path));
}

/// The guide prints the codes of both directions exchanged; a file that has both as printed was never tried.
fn call_forward(reading: &mut Reading<'_>) {
    let off = feature_codes::CALL_FORWARD_DISABLE.spec;
    let on = feature_codes::CALL_FORWARD_ENABLE.spec;
    let config = &mut reading.config;
    let text = |spec: &'static Spec| config.is_set(spec).then(|| config.text(spec, 1));
    let place = reading.places.get(on.path).copied().unwrap_or(NOWHERE);
    match (text(off), text(on)) {
        (Some(PRINTED_OFF), Some(PRINTED_ON)) => {
            config.put(off, At::new(), PRINTED_ON.to_owned());
            config.put(on, At::new(), PRINTED_OFF.to_owned());
            let what = format!(
                "swapped call-forward codes: {} is now {PRINTED_OFF} and {} is now {PRINTED_ON}",
                on.path, off.path
            );
            reading.notice(place, what);
        }
        _ if config.text(off, 1) == config.text(on, 1) && !config.text(on, 1).is_empty() => {
            let what = format!("{} and {} are the same code; only one can work", on.path, off.path);
            reading.notice(place, what);
        }
        _ => {}
    }
}

/// A file of a 2500 or 8000, known by what it has and what not, leaves away what has its default there, which may be
/// another one here.
fn other_defaults(reading: &mut Reading<'_>) {
    let config = &reading.config;
    let of = |family: Family| config.all_set().any(|(spec, ..)| spec.family == family);
    if !of(Family::Rack) || of(Family::Ip) {
        return;
    }
    let differing: Vec<String> = groups::all()
        .filter(|spec| !config.is_set(spec) && spec.family != Family::Rack)
        .filter_map(|spec| {
            let theirs = spec.rack_default.filter(|theirs| *theirs != spec.default)?;
            let (path, ours) = (spec.path, spec.default);
            Some(format!(
                "{path} is not in the file; it is {ours} here and {theirs} on a 2500 or 8000"
            ))
        })
        .collect();
    for what in differing {
        reading.notice(NOWHERE, what);
    }
}

/// The guide's code for switching off.
const PRINTED_OFF: &str = "*21*$#";
/// The guide's code for switching on.
const PRINTED_ON: &str = "#21#";
