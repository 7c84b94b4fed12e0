//! What the running server is asked, and how its answer looks on a terminal.

use crate::arguments::Question;
use bus::control1::Roles;
use bus::dect1::{Base, Status, User};
use bus::observed1::{Call, Leg, Observed};
use roles::client::{self, ClientError, Server};
use serde_json::{Map, Value, json};
use std::fmt::Write as _;

/// Asks, and gives the answer as it is printed.
///
/// # Errors
/// Why there is none.
pub(crate) fn ask(server: &Server, question: &Question) -> Result<String, ClientError> {
    match question {
        Question::Status { json: true } => Ok(format!("{}\n", as_json(&client::status(server)?))),
        Question::Status { json: false } => Ok(as_text(&client::status(server)?)),
        Question::BaseList => Ok(bases(&client::status(server)?.bases)),
        Question::BaseApprove(mac) => {
            client::approve(server, mac)?;
            Ok(format!("{mac} will be let in when it comes next\n"))
        }
        Question::BaseRemove(mac) => {
            client::remove(server, mac)?;
            Ok(format!(
                "{mac} is sent away; its certificate and its key are worth nothing any more\n"
            ))
        }
        Question::HandsetRemove(ipei) => {
            client::unsubscribe(server, ipei)?;
            Ok(format!(
                "handset {ipei} is told; its subscription ends even if it does not answer\n"
            ))
        }
        Question::Enrol(mac) => Ok(format!("{}\n", client::enrol(server, mac.as_deref())?)),
        Question::Network { json } => Ok(crate::network::show(&client::network(server)?, *json)),
        Question::Roles => Ok(roles(&client::roles(server)?)),
        Question::Observed { role, json } => observed(server, role.as_deref(), *json),
        Question::Time { json } => Ok(crate::clock::show(&client::time(server)?, *json)),
        Question::Restart(role) => {
            client::restart(server, role)?;
            Ok(format!("{role} is begun anew\n"))
        }
        Question::Reboot => {
            client::reboot(server)?;
            Ok("the box starts anew\n".to_owned())
        }
        Question::PowerOff => {
            client::power_off(server)?;
            Ok("the box is switched off\n".to_owned())
        }
        Question::Reset(scope) => {
            client::reset(server, scope)?;
            Ok(format!("the box starts anew and takes away what is kept, scope {scope}\n"))
        }
    }
}

fn observed(server: &Server, role: Option<&str>, json: bool) -> Result<String, ClientError> {
    let roles = match role {
        Some(role) => vec![role],
        None => client::names(server).collect(),
    };
    let mut text = String::new();
    for role in roles {
        let seen = client::observed(server, role)?;
        if json {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{}", observed_json(&seen));
        } else {
            text.push_str(&observed_text(&seen));
        }
    }
    Ok(text)
}

fn observed_json(seen: &Observed) -> Value {
    let counters: Map<String, Value> =
        seen.counters.iter().map(|counter| (counter.name.clone(), counter.value.into())).collect();
    let leg = |leg: &Leg| {
        json!({
            "side": leg.side, "packets": leg.packets, "octets": leg.octets, "lost": leg.lost,
            "jitter_us": leg.jitter_us, "dropped": leg.dropped,
        })
    };
    let call = |call: &Call| {
        json!({
            "call": call.call, "state": call.state, "user": call.user, "peer": call.peer,
            "legs": call.legs.iter().map(leg).collect::<Vec<_>>(),
        })
    };
    json!({
        "version": seen.version, "role": seen.role, "release": seen.release, "up_s": seen.up_s,
        "status": seen.status, "counters": counters,
        "calls": seen.calls.iter().map(call).collect::<Vec<_>>(), "alerts": seen.alerts,
    })
}

fn observed_text(seen: &Observed) -> String {
    let mut text = format!("{}: {}, up for {} s\n", seen.role, seen.status, seen.up_s);
    // Writing to a string cannot fail.
    for alert in &seen.alerts {
        let _ = writeln!(text, "  alert: {alert}");
    }
    for counter in &seen.counters {
        let _ = writeln!(text, "  {} {}", counter.name, counter.value);
    }
    for call in &seen.calls {
        let _ = writeln!(text, "  call {} {} {} {}", call.call, call.state, call.user, call.peer);
        for leg in &call.legs {
            let _ = writeln!(
                text,
                "    {}: {} packets, {} lost, {} dropped, jitter {} us",
                leg.side, leg.packets, leg.lost, leg.dropped, leg.jitter_us
            );
        }
    }
    text
}

fn roles(roles: &Roles) -> String {
    let mut text = String::new();
    if roles.safe_mode {
        text.push_str("safe mode: only what is needed to mend this box runs\n");
    }
    for role in &roles.roles {
        let process = if role.pid == 0 { String::new() } else { format!(", process {}", role.pid) };
        let degraded = if role.degraded { ", look at its log" } else { "" };
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "{}: {}{process}, started {} time(s), {} death(s){degraded}",
            role.name, role.state, role.starts, role.deaths
        );
    }
    text
}

fn as_json(status: &Status) -> Value {
    let users: Vec<Value> = status
        .users
        .iter()
        .map(|user| {
            json!({
                "user": user.user, "ipei": user.ipei, "subscribed": user.subscribed,
                "located": user.located, "registration": user.registration,
                "detail": user.detail, "busy": user.busy,
            })
        })
        .collect();
    let bases: Vec<Value> = status
        .bases
        .iter()
        .map(|base| json!({ "mac": base.mac, "state": base.state, "detail": base.detail }))
        .collect();
    json!({ "users": users, "bases": bases, "calls": status.calls, "strangers": status.strangers })
}

fn as_text(status: &Status) -> String {
    let mut text = bases(&status.bases);
    if status.users.is_empty() {
        text.push_str("no users\n");
    }
    for user in &status.users {
        text.push_str(&line(user));
    }
    for ipei in &status.strangers {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "handset {ipei}: subscribed, and no user's");
    }
    let _ = writeln!(text, "{} call(s)", status.calls);
    text
}

fn line(user: &User) -> String {
    let handset = match user.ipei.as_str() {
        "" => "no handset".to_owned(),
        ipei => format!("handset {ipei}"),
    };
    let subscribed = if user.subscribed { "subscribed" } else { "not subscribed" };
    let located = match user.located.as_str() {
        "" => "not located".to_owned(),
        mac => format!("at base station {mac}"),
    };
    let registered = match (user.registration.as_str(), user.detail.as_str()) {
        ("registered", seconds) => format!("registered for {seconds} s"),
        ("failed", reason) => format!("not registered: {reason}"),
        ("trying", _) => "registering".to_owned(),
        _ => "not registered".to_owned(),
    };
    let busy = if user.busy { ", in a call" } else { "" };
    format!("user {}: {handset}, {subscribed}, {located}, {registered}{busy}\n", user.user)
}

fn bases(bases: &[Base]) -> String {
    if bases.is_empty() {
        return "no base stations\n".to_owned();
    }
    let line = |base: &Base| match base.detail.as_str() {
        "" => format!("base station {}: {}\n", base.mac, base.state),
        detail => format!("base station {}: {}, {detail}\n", base.mac, base.state),
    };
    bases.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_that_is_not_registered_is_shown_with_the_reason() {
        let user = User {
            user: "1004".into(),
            ipei: "00077 0000004 4".into(),
            subscribed: true,
            located: "02:00:00:00:00:01".into(),
            registration: "failed".into(),
            detail: "the PBX refuses the password".into(),
            busy: false,
        };
        let base = Base { mac: "02:00:00:00:00:01".into(), state: "up".into(), ..Base::default() };
        let status = Status { users: vec![user], bases: vec![base], ..Status::default() };
        assert_eq!(
            as_text(&status),
            "base station 02:00:00:00:00:01: up\n\
             user 1004: handset 00077 0000004 4, subscribed, at base station 02:00:00:00:00:01, \
             not registered: the PBX refuses the password\n\
             0 call(s)\n"
        );
    }
}
