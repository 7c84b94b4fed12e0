//! The server and chrony tell each other the time; who lies is found out; every time zone of the guides is understood.
//!
//! No story touches the clock of the machine: chrony runs with `-x`, and the
//! role `time` has a clock of its own that begins wrong.

use peers::ours::Ours;
use peers::place::Place;
use peers::process::{Process, until};
use peers::{Given, Story, Wrong};
use serde_json::Value;
use std::fmt::Write as _;

/// All of them.
pub(crate) const STORIES: &[Story] = &[
    Story {
        name: "our clock, an hour and a half wrong, is set by chrony and follows it",
        needs: &["chronyd"],
        tell: follows,
    },
    Story {
        name: "chrony takes the time from us and finds our clock as wrong as it is",
        needs: &["chronyd"],
        tell: serves,
    },
    Story {
        name: "who is not synchronised says so, and chrony does not follow",
        needs: &["chronyd", "chronyc"],
        tell: unsynchronised,
    },
    Story {
        name: "a server that lies by a day is refused, against two others and alone",
        needs: &["chronyd"],
        tell: lies,
    },
    Story {
        name: "each time zone of the guides is understood without a database of zones",
        needs: &["date"],
        tell: zones,
    },
];

/// How wrong our clock begins, in seconds.
const AHEAD: i64 = -5400;

/// A host for each and an address for each: `192.0.2.1` is ours.
fn place(names: &[&'static str]) -> Result<Place, Wrong> {
    let place = Place::new(names)?;
    for (number, name) in (1..).zip(names) {
        for address in [format!("192.0.2.{number}/24"), format!("2001:db8::{number}/64")] {
            place.run(name, "ip", &["addr", "add", &address, "dev", "eth0", "nodad"])?;
        }
    }
    Ok(place)
}

/// Takes its own clock for right, and tells those of the place.
const SERVES: &str = "port 123\nallow all\nlocal stratum 3\n";

/// A chrony that serves, or does something else.
fn chrony(place: &Place, host: &str, (serves, more): (&str, &str)) -> Result<Process, Wrong> {
    let folder = place.folder().display();
    let text =
        format!("{serves}{more}pidfile {folder}/{host}.pid\ndriftfile {folder}/{host}.drift\n");
    let file = place.write(&format!("{host}.conf"), &text)?;
    let file = file.display().to_string();
    let mut chrony = place.start(host, "chronyd", &["-d", "-x", "-u", "root", "-f", &file])?;
    chrony.says("chronyd version")?;
    Ok(chrony)
}

/// The server on a host, with a clock that is wrong.
fn ours(given: &Given, place: &Place, host: &'static str, settings: &str) -> Result<Ours, Wrong> {
    let variable = ("FIXPART_CLOCK_AHEAD", &*AHEAD.to_string());
    Ours::start_with(given, place, (host, "time"), (settings, &[variable]))
}

fn state(ours: &Ours, place: &Place) -> Result<Value, Wrong> {
    Ok(serde_json::from_str(&ours.ask(place, &["ctl", "time", "--json"])?)?)
}

/// Waits for a state on which `wanted` has nothing to say.
fn becomes(ours: &Ours, place: &Place, wanted: impl Fn(&Value) -> bool) -> Result<Value, Wrong> {
    until(|| {
        let state = state(ours, place)?;
        if wanted(&state) { Ok(state) } else { Err(format!("it is {state}").into()) }
    })
}

/// Microseconds by which our clock is ahead of the machine's.
fn ahead(state: &Value) -> Result<i64, Wrong> {
    let machine = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?;
    let shown = state["now_us"].as_i64().ok_or("no clock")?;
    Ok(shown - i64::try_from(machine.as_micros())?)
}

/// Between the answer of our server and a look at the machine's clock.
const SLACK_US: i64 = 2_000_000;

fn follows(given: &Given) -> Result<String, Wrong> {
    let place = place(&["box", "clock"])?;
    let _chrony = chrony(&place, "clock", (SERVES, "cmdport 0\n"))?;
    let settings = "<network><ntp>192.0.2.2</ntp></network>\
        <fixpart><ntp><servers>2001:db8::2</servers></ntp></fixpart>";
    let ours = ours(given, &place, "box", settings)?;
    // An answer after the step shows that it was the right one.
    let state = becomes(&ours, &place, |it| {
        it["synchronised"] == true && it["servers"][0]["delay_us"].as_i64() > Some(0)
    })?;
    let (ahead, stratum) = (ahead(&state)?, state["stratum"].as_i64());
    if state["clock"] != "simulated" || ahead.abs() > SLACK_US || stratum != Some(4) {
        return Err(format!("it is {ahead} us ahead: {state}").into());
    }
    ours.stop()?;
    Ok(format!("within {} us by its own account", state["uncertain_us"]))
}

fn serves(given: &Given) -> Result<String, Wrong> {
    let place = place(&["box", "clock", "asks"])?;
    let _chrony = chrony(&place, "clock", (SERVES, "cmdport 0\n"))?;
    let settings = "<network><ntp>192.0.2.2</ntp></network>\
        <fixpart><ntp><serve>true</serve></ntp></fixpart>";
    let ours = ours(given, &place, "box", settings)?;
    becomes(&ours, &place, |it| it["synchronised"] == true && it["serves"] == true)?;
    let mut offsets = Vec::new();
    for address in ["192.0.2.1", "2001:db8::1"] {
        let line = format!("server {address} iburst maxsamples 4");
        let pid = format!("pidfile {}/asks.pid", place.folder().display());
        let once = ["-Q", "-x", "-u", "root", "-t", "30", &pid, "cmdport 0", &line];
        let mut asks = place.start("asks", "chronyd", &once)?;
        let said = asks.hear("how wrong its clock is", |line| {
            let (_, rest) = line.split_once("System clock wrong by ")?;
            rest.split(' ').next()?.parse::<f64>().ok()
        })?;
        // Both have the machine's clock in the end: ours was told it by the other chrony.
        if said.abs() > 0.1 {
            return Err(
                format!("by {address} our clock is {said} s ahead of what it follows").into()
            );
        }
        offsets.push(format!("{:.0} us", said * 1e6));
    }
    let told = counter(&ours, &place, "told")?;
    if told < 4 {
        return Err(format!("{told} were told").into());
    }
    ours.stop()?;
    Ok(offsets.join(", "))
}

fn unsynchronised(given: &Given) -> Result<String, Wrong> {
    let place = place(&["box", "asks"])?;
    let settings = "<fixpart><ntp><serve>true</serve></ntp></fixpart>";
    let ours = ours(given, &place, "box", settings)?;
    becomes(&ours, &place, |it| it["serves"] == true)?;
    let more = "server 192.0.2.1 iburst\ncmdport 323\nbindcmdaddress 127.0.0.1\n";
    let _asks = chrony(&place, "asks", ("", more))?;
    // A burst is four questions: all of them were answered.
    let told = until(|| {
        let told = counter(&ours, &place, "told")?;
        if told >= 4 { Ok(told) } else { Err(format!("{told} answers").into()) }
    })?;
    let tracking = place.run("asks", "chronyc", &["-h", "127.0.0.1", "-n", "tracking"])?;
    if !tracking.contains("Not synchronised") {
        return Err(format!("chrony follows: {tracking}").into());
    }
    ours.stop()?;
    Ok(format!("{told} answers"))
}

/// What the role `time` has counted.
fn counter(ours: &Ours, place: &Place, name: &str) -> Result<u64, Wrong> {
    let seen = ours.ask(place, &["ctl", "observed", "time", "--json"])?;
    let seen: Value = serde_json::from_str(&seen)?;
    seen["counters"][name].as_u64().ok_or_else(|| format!("no {name} in {seen}").into())
}

fn lies(given: &Given) -> Result<String, Wrong> {
    let place = place(&["box", "one", "two", "liar", "other"])?;
    let honest: [Result<Process, Wrong>; 2] =
        ["one", "two"].map(|host| chrony(&place, host, (SERVES, "cmdport 0\n")));
    let _honest = honest.into_iter().collect::<Result<Vec<_>, _>>()?;
    let liar = crate::liar::Liar::start(given, &place, "liar")?;
    let settings = "<network><ntp>192.0.2.4</ntp></network>\
        <fixpart><ntp><servers>192.0.2.2,192.0.2.3</servers></ntp></fixpart>";
    let among = ours(given, &place, "box", settings)?;
    let state = becomes(&among, &place, |it| {
        it["synchronised"] == true && it["servers"][0]["state"] == "doubted"
    })?;
    if ahead(&state)?.abs() > SLACK_US {
        return Err(format!("it follows the liar: {state}").into());
    }
    among.stop()?;
    // Alone: our clock is an hour and a half wrong and stays so, since nobody else can be asked.
    let alone = ours(given, &place, "other", "<network><ntp>192.0.2.4</ntp></network>")?;
    let state = becomes(&alone, &place, |it| {
        it["problem"].as_str().is_some_and(|it| it.contains("the only time server that is heard"))
    })?;
    let left = ahead(&state)? - AHEAD * 1_000_000;
    if left.abs() > SLACK_US || state["synchronised"] != false {
        return Err(format!("the clock was moved by {left} us: {state}").into());
    }
    alone.stop()?;
    Ok(format!("{} lies told", liar.told()?))
}

/// What is typed, and what `date` of this machine has to be told for the same.
const ZONES: &[(&str, &str)] = &[
    // The default, the example and the public file of the guides.
    ("CET", "CET-1CEST,M3.5.0,M10.5.0/3"),
    ("GMT-1", "GMT-1"),
    (
        "CET-1CEST-2,M3.5.0/02:00:00,M10.5.0/03:00:00",
        "CET-1CEST-2,M3.5.0/02:00:00,M10.5.0/03:00:00",
    ),
    // One of each group of the page: Europe, USA and Canada, places that are none, others.
    ("WET0WEST,M3.5.0/1,M10.5.0", "WET0WEST,M3.5.0/1,M10.5.0"),
    ("EET-2EEST,M3.5.0/3,M10.5.0/4", "EET-2EEST,M3.5.0/3,M10.5.0/4"),
    ("EST5EDT", "EST5EDT,M3.2.0,M11.1.0"),
    ("NST3:30NDT,M3.2.0,M11.1.0", "NST3:30NDT,M3.2.0,M11.1.0"),
    ("UTC", "UTC0"),
    ("GMT+5", "GMT+5"),
    ("<+0545>-5:45", "<+0545>-5:45"),
    ("AEST-10AEDT,M10.1.0,M4.1.0/3", "AEST-10AEDT,M10.1.0,M4.1.0/3"),
    ("Europe/Berlin", "CET-1CEST,M3.5.0,M10.5.0/3"),
];

fn zones(given: &Given) -> Result<String, Wrong> {
    let place = place(&["box"])?;
    let ours = ours(given, &place, "box", "<network></network>")?;
    for (typed, rule) in ZONES {
        ours.ask(&place, &["config", "set", &format!("network.timezone={typed}")])?;
        let state = becomes(&ours, &place, |it| it["zone"] == *typed)?;
        let seconds = state["now_us"].as_i64().unwrap_or(0) / 1_000_000;
        // The C library reads the rule by itself, and is told of no database.
        let mut date = place.command("box", "date");
        date.env("TZ", rule).env("TZDIR", "/nowhere").args([&format!("-d@{seconds}"), "+%z %Z"]);
        let said = String::from_utf8(date.output()?.stdout)?;
        let minutes = state["zone_ahead_s"].as_i64().unwrap_or(0) / 60;
        let sign = if minutes < 0 { '-' } else { '+' };
        let mut expected = format!("{sign}{:02}{:02} ", minutes.abs() / 60, minutes.abs() % 60);
        let _ = write!(expected, "{}", state["zone_name"].as_str().unwrap_or_default());
        if said.trim() != expected {
            return Err(format!("{typed}: we say {expected}, the C library {said}").into());
        }
    }
    ours.ask(&place, &["config", "set", "network.timezone=Middle-Earth"])?;
    becomes(&ours, &place, |it| {
        it["problem"].as_str().is_some_and(|it| it.contains("\"Middle-Earth\" is no time zone"))
    })?;
    ours.stop()?;
    Ok(format!("{} of them", ZONES.len()))
}
