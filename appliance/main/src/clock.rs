//! How the time stands, on a terminal.

use bus::time1::{Server, TimeState};
use serde_json::{Value, json};
use std::fmt::Write as _;

/// As one line of JSON, or as a person reads it.
pub(crate) fn show(state: &TimeState, json: bool) -> String {
    if json { format!("{}\n", as_json(state)) } else { as_text(state) }
}

fn as_json(state: &TimeState) -> Value {
    let server = |server: &Server| {
        json!({
            "name": server.name, "address": server.address, "state": server.state,
            "reach": server.reach, "every_s": server.every_s, "stratum": server.stratum,
            "offset_us": server.offset_us, "delay_us": server.delay_us,
        })
    };
    json!({
        "version": state.version, "synchronised": state.synchronised, "problem": state.problem,
        "clock": state.clock, "now_us": state.now_us, "source": state.source,
        "stratum": state.stratum, "offset_us": state.offset_us,
        "uncertain_us": state.uncertain_us,
        "servers": state.servers.iter().map(server).collect::<Vec<_>>(),
        "serves": state.serves, "zone": state.zone, "zone_name": state.zone_name,
        "zone_ahead_s": state.zone_ahead_s,
    })
}

fn as_text(state: &TimeState) -> String {
    let mut text = if state.synchronised {
        format!(
            "the time is that of {}, stratum {}, within {}; the clock was off by {}\n",
            state.source,
            state.stratum,
            length(state.uncertain_us),
            length(state.offset_us)
        )
    } else {
        "the time of the network is not known\n".to_owned()
    };
    // Writing to a string cannot fail.
    if !state.problem.is_empty() {
        let _ = writeln!(text, "  {}", state.problem);
    }
    for server in &state.servers {
        let _ = writeln!(
            text,
            "  {} {}: {}, stratum {}, off by {}, asked every {} s",
            server.name,
            server.address,
            server.state,
            server.stratum,
            length(server.offset_us),
            server.every_s
        );
    }
    let _ = writeln!(
        text,
        "  the clock is {}, the zone {}: {}, {} minutes ahead of UTC{}",
        state.clock,
        state.zone,
        state.zone_name,
        state.zone_ahead_s / 60,
        if state.serves { "; others are told the time" } else { "" }
    );
    text
}

/// Microseconds as a person reads them.
fn length(us: i64) -> String {
    let (size, sign) = (us.unsigned_abs(), if us < 0 { "-" } else { "" });
    match size {
        0..1_000 => format!("{sign}{size} us"),
        1_000..10_000_000 => format!("{sign}{} ms", size / 1_000),
        _ => format!("{sign}{} s", size / 1_000_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_reads_who_is_followed_and_who_is_not_believed() {
        let of = |name: &str, state: &str, offset_us| Server {
            name: name.into(),
            address: "192.0.2.1".into(),
            state: state.into(),
            stratum: 2,
            offset_us,
            every_s: 64,
            ..Server::default()
        };
        let state = TimeState {
            synchronised: true,
            clock: "machine".into(),
            source: "ntp.test".into(),
            stratum: 3,
            offset_us: -250,
            uncertain_us: 12_345,
            servers: vec![
                of("ntp.test", "followed", -250),
                of("liar.test", "doubted", 86_400_000_000),
            ],
            zone: "CET".into(),
            zone_name: "CEST".into(),
            zone_ahead_s: 7200,
            ..TimeState::default()
        };
        assert_eq!(
            show(&state, false),
            "the time is that of ntp.test, stratum 3, within 12 ms; the clock was off by -250 us\n  \
             ntp.test 192.0.2.1: followed, stratum 2, off by -250 us, asked every 64 s\n  \
             liar.test 192.0.2.1: doubted, stratum 2, off by 86400 s, asked every 64 s\n  \
             the clock is machine, the zone CET: CEST, 120 minutes ahead of UTC\n"
        );
        let read: Value = serde_json::from_str(&show(&state, true)).unwrap();
        assert_eq!(read["servers"][1]["state"], "doubted");
    }
}
