//! The log is sent to rsyslog over all three transports; it goes away and comes back; it shows a wrong certificate.

use peers::ours::Ours;
use peers::place::Place;
use peers::process::{Process, until};
use peers::{Given, Story, Wrong};
use serde_json::Value;
use std::fmt::Write as _;
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// All of them.
pub(crate) const STORIES: &[Story] = &[
    Story {
        name: "rsyslog understands every part of what is said, by datagrams, a connection and TLS",
        needs: NEEDS,
        tell: parts,
    },
    Story {
        name: "a syslog server with a wrong certificate gets nothing, and with the right one everything",
        needs: NEEDS,
        tell: wrong_certificate,
    },
    Story {
        name: "rsyslog that was away for ten seconds gets all of it in order by a connection",
        needs: NEEDS,
        tell: |given| away(given, TCP),
    },
    Story {
        name: "rsyslog that was away for ten seconds gets all of it in order by TLS",
        needs: NEEDS,
        tell: |given| away(given, TLS),
    },
    Story {
        name: "rsyslog that was away for ten seconds is told how many datagrams it has missed",
        needs: NEEDS,
        tell: |given| away(given, UDP),
    },
];

const NEEDS: &[&str] = &["rsyslogd", "openssl", "ss"];

/// A transport: its word in the settings and the port.
type Way = (&'static str, u16);

const UDP: Way = ("udp", 514);
const TCP: Way = ("tcp", 601);
const TLS: Way = ("tls", 6514);

/// Two hosts, the box with `192.0.2.1` and the server of the log with `192.0.2.2`, and certificates.
fn place() -> Result<Place, Wrong> {
    let place = Place::new(&["box", "logs"])?;
    for (host, address) in [("box", "192.0.2.1/24"), ("logs", "192.0.2.2/24")] {
        place.run(host, "ip", &["addr", "add", address, "dev", "eth0"])?;
    }
    for authority in ["ca", "stranger"] {
        let words = format!(
            "req -x509 -newkey rsa:2048 -nodes -days 3650 -subj /CN={authority} \
             -keyout {authority}.key -out {authority}.pem"
        );
        openssl(&place, &words)?;
    }
    for (name, address) in [("right", "192.0.2.2"), ("other", "192.0.2.99")] {
        openssl(
            &place,
            &format!(
                "req -new -newkey rsa:2048 -nodes -subj /CN=logs -keyout {name}.key \
                 -out {name}.csr -addext subjectAltName=IP:{address}"
            ),
        )?;
        openssl(
            &place,
            &format!(
                "x509 -req -in {name}.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 3650 \
                 -copy_extensions copy -out {name}.pem"
            ),
        )?;
    }
    Ok(place)
}

fn openssl(place: &Place, words: &str) -> Result<(), Wrong> {
    let mut command = place.command("logs", "openssl");
    let output = command.current_dir(place.folder()).args(words.split_whitespace()).output()?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    Err(format!("openssl {words}: {said}").into())
}

/// Starts rsyslog with all three doors and this certificate, and waits until they are open.
fn rsyslog(place: &Place, certificate: &str) -> Result<Process, Wrong> {
    let folder = place.folder().display();
    let (tcp, tls, udp) = (TCP.1, TLS.1, UDP.1);
    let text = format!(
        r#"global(workDirectory="{folder}" defaultNetstreamDriverCAFile="{folder}/ca.pem"
            defaultNetstreamDriverCertFile="{folder}/{certificate}.pem"
            defaultNetstreamDriverKeyFile="{folder}/{certificate}.key")
module(load="imudp")
module(load="imtcp")
template(name="parts" type="string"
    string="%pri-text%|%hostname%|%app-name%|%procid%|%structured-data%|%msg%\n")
ruleset(name="kept") {{ action(type="omfile" file="{folder}/heard" template="parts") }}
input(type="imudp" port="{udp}" ruleset="kept")
input(type="imtcp" port="{tcp}" ruleset="kept")
input(type="imtcp" port="{tls}" ruleset="kept" streamDriver.name="gtls" streamDriver.mode="1"
    streamDriver.authMode="anon")
"#
    );
    let file = place.write("rsyslog.conf", &text)?.display().to_string();
    let pid = format!("{folder}/rsyslog.pid");
    let server = place.start("logs", "rsyslogd", &["-n", "-f", &file, "-i", &pid])?;
    until(|| {
        let open = place.run("logs", "ss", &["-Hlntu"])?;
        let all = [udp, tcp, tls].iter().all(|port| open.contains(&format!(":{port} ")));
        if all { Ok(()) } else { Err(format!("open are {open}; {}", server.everything()).into()) }
    })?;
    Ok(server)
}

/// Settings with the server of the log; only what is critical is sent, so that the stories know what to expect.
fn settings(place: &Place, (transport, port): Way, authority: &str) -> Result<String, Wrong> {
    let authority = std::fs::read_to_string(place.folder().join(format!("{authority}.pem")))?;
    Ok(format!(
        "<log><syslog><host>192.0.2.2</host><port>{port}</port><facility>17</facility>\
         <level>critical</level></syslog></log>\
         <fixpart><syslog><transport>{transport}</transport><ca>{authority}</ca></syslog></fixpart>"
    ))
}

/// Says something to our log as a role would.
fn say(ours: &Ours, text: &str) -> Result<(), Wrong> {
    let fields = "SYSLOG_IDENTIFIER=dect\nF_CALL=417\nF_WHY=it \"said\" ]so[";
    let record = format!("PRIORITY=2\n{fields}\nMESSAGE={text}\n");
    let log = ours.state().join("run/journal.datagrams");
    UnixDatagram::unbound()?.send_to(record.as_bytes(), log)?;
    Ok(())
}

/// What rsyslog has written until now, a line each.
fn heard(place: &Place) -> Vec<String> {
    let path: PathBuf = place.folder().join("heard");
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.lines().map(ToOwned::to_owned).collect()
}

/// Waits until rsyslog has written a line that ends so.
fn hears(place: &Place, end: &str) -> Result<String, Wrong> {
    until(|| {
        let lines = heard(place);
        let found = lines.iter().find(|line| line.ends_with(end)).cloned();
        found.ok_or_else(|| {
            format!("rsyslog has {} lines, none ends with {end}", lines.len()).into()
        })
    })
}

fn observed(ours: &Ours, place: &Place) -> Result<Value, Wrong> {
    Ok(serde_json::from_str(&ours.ask(place, &["ctl", "observed", "log", "--json"])?)?)
}

fn parts(given: &Given) -> Result<String, Wrong> {
    let place = place()?;
    let _server = rsyslog(&place, "right")?;
    let host = place.run("box", "hostname", &[])?;
    let mut expected = String::new();
    let _ = write!(expected, "local1.crit|{}|dect|", host.trim());
    let data = r#"[fixpart@32473 call="417" why="it \"said\" \]so["]"#;
    let long = "\u{fc}".repeat(3000);
    for way in [UDP, TCP, TLS] {
        let ours = Ours::start(given, &place, ("box", ""), &settings(&place, way, "ca")?)?;
        let text = format!("by {}", way.0);
        say(&ours, &text)?;
        let line = hears(&place, &text)?;
        if !line.starts_with(&expected) || !line.contains(data) {
            return Err(format!("by {}: {line}; expected {expected}..{data}", way.0).into());
        }
        // A record that is longer than a message: cut where it must be, and never a second message.
        let before = heard(&place).len();
        say(&ours, &long)?;
        say(&ours, &format!("after the long one {text}"))?;
        hears(&place, &format!("after the long one {text}"))?;
        let lines = heard(&place);
        let (count, long) = (lines.len() - before, lines.get(before).map_or(0, String::len));
        let whole = long > 6000 || (way == UDP && (900..=1024).contains(&long));
        if count != 2 || !whole {
            return Err(format!("by {}: {count} lines, the long one has {long}", way.0).into());
        }
        ours.stop()?;
    }
    Ok(String::new())
}

fn wrong_certificate(given: &Given) -> Result<String, Wrong> {
    let place = place()?;
    let mut whys = Vec::new();
    // Signed by somebody who is not known, and issued for another address.
    for (certificate, authority) in [("right", "stranger"), ("other", "ca")] {
        let _server = rsyslog(&place, certificate)?;
        let ours = Ours::start(given, &place, ("box", ""), &settings(&place, TLS, authority)?)?;
        say(&ours, certificate)?;
        let why = until(|| {
            let seen = observed(&ours, &place)?;
            let alert = seen["alerts"][0].as_str().filter(|it| it.contains("certificate"));
            alert.map(ToOwned::to_owned).ok_or_else(|| format!("no alert: {seen}").into())
        })?;
        if !heard(&place).is_empty() {
            return Err(format!("{why}, and yet it has {:?}", heard(&place)).into());
        }
        whys.push(why);
        if authority == "stranger" {
            let right = std::fs::read_to_string(place.folder().join("ca.pem"))?;
            let setting = format!("fixpart.syslog.ca={right}");
            ours.ask(&place, &["config", "set", &setting])?;
            hears(&place, certificate)?;
            std::fs::remove_file(place.folder().join("heard"))?;
        }
        ours.stop()?;
    }
    Ok(format!("{} refused", whys.len()))
}

/// The numbers among what rsyslog has heard.
fn numbers(place: &Place) -> Vec<u64> {
    let lines = heard(place);
    lines.iter().filter_map(|line| line.rsplit_once("number ")?.1.parse().ok()).collect()
}

/// How many rsyslog was told that it has missed.
fn missed(place: &Place) -> u64 {
    let gap = |line: &String| {
        let (_, count) = line.split_once("lost=\"")?;
        count.split_once('"')?.0.parse::<u64>().ok()
    };
    heard(place).iter().filter_map(gap).sum()
}

fn away(given: &Given, way: Way) -> Result<String, Wrong> {
    let place = place()?;
    let server = rsyslog(&place, "right")?;
    let ours = Ours::start(given, &place, ("box", ""), &settings(&place, way, "ca")?)?;
    let mut said = 0;
    let mut next = |ours: &Ours| {
        said += 1;
        say(ours, &format!("number {said}"))
    };
    (0..20).try_for_each(|_| next(&ours))?;
    hears(&place, "number 20")?;
    server.end()?;
    let begun = Instant::now();
    while begun.elapsed() < AWAY {
        next(&ours)?;
        // What is tried is that it takes so long.
        std::thread::sleep(AWAY / 50);
    }
    let server = rsyslog(&place, "right")?;
    next(&ours)?;
    let last = said;
    hears(&place, &format!("number {last}"))?;
    let (numbers, missed) = (numbers(&place), missed(&place));
    let received = u64::try_from(numbers.len())?;
    if !numbers.is_sorted_by(|a, b| a < b) || received + missed != last {
        return Err(format!("of {last}, {missed} are said to be lost; heard: {numbers:?}").into());
    }
    if (missed == 0) == (way == UDP) {
        return Err(format!("{missed} are lost by {}", way.0).into());
    }
    until(|| {
        let seen = observed(&ours, &place)?;
        let counted = ["sent", "lost"].map(|name| seen["counters"][name].as_u64());
        let right = counted == [Some(received), Some(missed)] && seen["alerts"][0].is_null();
        let wrong = || format!("{received} heard, {missed} missed, but it shows {seen}");
        if right { Ok(()) } else { Err(wrong().into()) }
    })?;
    ours.stop()?;
    server.end()?;
    Ok(format!("{received} of {last}, {missed} said to be lost"))
}

/// How long the server is away.
const AWAY: Duration = Duration::from_secs(10);
