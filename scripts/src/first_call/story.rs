//! What is shown: each step says what it saw, or what it waited for in vain.

mod live;

use super::net::Net;
use super::phone::{self, Phone};
use super::process::{Process, until};
use super::server::{self, ACCESS_CODE, Server};
use super::simulator::{Simulator, TONES, base_mac};
use super::{pbx, peer};
use crate::steps::{Steps, Verdict};
use serde_json::Value;
use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

/// Everybody who takes part.
pub(super) struct Cast {
    net: Net,
    root: std::path::PathBuf,
    folder: std::path::PathBuf,
    /// Kept for its end.
    _pbx: Process,
    server: Server,
    pub(super) simulator: Simulator,
    phone: Option<Phone>,
}

/// What a step saw; else what it waited for in vain.
type Told = Result<String, String>;

/// Brings everybody on, a step each; `None` where one could not come.
pub(super) fn gather(
    (root, folder): (&Path, &Path),
    net: Net,
    image: Option<&Path>,
    steps: &mut Steps,
) -> Option<Cast> {
    let pbx = bring(steps, "Kamailio answers", || Ok(plainly(pbx::start(root, folder, net)?)))?;
    let runs = if image.is_some() { "the image boots" } else { "the server runs" };
    let server = bring(steps, runs, || Server::start(folder, net, image))?;
    let simulator = bring(steps, "two base stations enrol and are on the air", || {
        let tokens = [token(&server, 1)?, token(&server, 2)?];
        let mut simulator = Simulator::start(folder, net, &tokens)?;
        simulator.base(1, "on-air")?;
        simulator.base(2, "on-air")?;
        Ok(plainly(simulator))
    })?;
    let phone = if net.own {
        bring(steps, "a phone that is not ours registers", || {
            let phone = Phone::start(root, folder, net)?;
            until(USUAL, || phone.registered())?;
            Ok(plainly(phone))
        })
    } else {
        let why = "baresip refuses loopback addresses, and no namespace can be made here";
        steps.step("a phone that is not ours registers", || Verdict::Skipped(why.into()));
        None
    };
    let (root, folder) = (root.to_owned(), folder.to_owned());
    Some(Cast { net, root, folder, _pbx: pbx, server, simulator, phone })
}

fn bring<T>(
    steps: &mut Steps,
    name: &str,
    come: impl FnOnce() -> Result<(T, String), String>,
) -> Option<T> {
    let mut came = None;
    steps.step(name, || match come() {
        Ok((one, note)) => {
            came = Some(one);
            Verdict::Passed(note)
        }
        Err(reason) => Verdict::Failed(reason),
    });
    came
}

/// Somebody of whom nothing is to be said.
fn plainly<T>(came: T) -> (T, String) {
    (came, String::new())
}

/// A token for a base station, as a technician would ask for it.
fn token(server: &Server, base: u8) -> Result<String, String> {
    let said = server.ask(&["enrol", "--mac", &base_mac(base)])?;
    said.split_whitespace().next().map(str::to_owned).ok_or_else(|| "no token was given".to_owned())
}

/// One scene: its name, and what happens in it.
type Scene = (&'static str, fn(&mut Cast) -> Told);

/// Plays every scene.
pub(super) fn play(cast: &mut Cast, steps: &mut Steps) {
    for (name, scene) in SCENES {
        cast.simulator.forget();
        let held = steps.step(name, || match scene(cast) {
            Ok(saw) if saw.starts_with(SKIPPED) => {
                Verdict::Skipped(saw.trim_start_matches(SKIPPED).into())
            }
            Ok(saw) => Verdict::Passed(saw),
            Err(reason) => Verdict::Failed(reason),
        });
        if !held {
            cast.quiet();
        }
    }
}

const SCENES: &[Scene] = &[
    ("a wrong access code is refused", wrong_access_code),
    ("3 subscribed", subscribed),
    ("3 located", located),
    ("3 registered", registered),
    ("handset 3 goes to the other base station", walked),
    ("a wrong SIP password is shown as not registered", wrong_password),
    ("handset 1 calls handset 2", handset_to_handset),
    ("a call goes on while every role dies that carries none", bystanders_die),
    ("a user is added while the server runs", live::added),
    ("a password and a name are changed while it runs", live::mended),
    ("a user is taken off the list in a call, and put back", live::taken_off),
    ("handset 3 calls a phone that is not ours", handset_to_phone),
    ("and is called by it", phone_to_handset),
    ("keys in a call reach the other side", keys),
    ("a call is rejected by a handset", rejected),
    ("a call is rejected by the other side", rejected_there),
    ("a call is not answered", unanswered),
    ("a call is cancelled", cancelled),
    ("a number that nobody has", unknown_number),
    ("a handset that is switched off", switched_off),
    ("a back-to-back peer calls, moves speech by re-INVITE and UPDATE", changes),
    ("a back-to-back peer calls without an offer", late_offer),
    ("a back-to-back peer is called and asks for an offer", asks_for_an_offer),
    ("the server is killed and started again", killed),
    ("and carries calls as before", handset_to_handset),
    ("a handset is removed by the administrator", removed),
];

fn wrong_access_code(cast: &mut Cast) -> Told {
    cast.simulator.say("subscribe 4 9999")?;
    let event = cast.simulator.handset(4, "not-subscribed", &[])?;
    Ok(format!("handset 4: {}", words(&event["reason"])))
}

fn subscribed(cast: &mut Cast) -> Told {
    for handset in 1..=3 {
        cast.simulator.say(&format!("subscribe {handset} {ACCESS_CODE}"))?;
    }
    let mut parks = Vec::new();
    for handset in 1..=3 {
        parks.push(words(&cast.simulator.handset(handset, "subscribed", &[])?["park"]));
    }
    Ok(format!("to the system with PARK {}", parks.first().map_or("", String::as_str)))
}

fn located(cast: &mut Cast) -> Told {
    until(USUAL, || cast.users(3, |user| user["subscribed"] == true && is_located(user)))
}

fn registered(cast: &mut Cast) -> Told {
    until(USUAL, || cast.users(3, |user| user["registration"] == "registered"))?;
    Ok("401 answered by digest, passwords of their own".to_owned())
}

fn walked(cast: &mut Cast) -> Told {
    // Within one location area it need not say so: it is found by a page at every base station.
    cast.simulator.say("walk 3 2")?;
    until(USUAL, || {
        cast.simulator.say("status")?;
        let at = words(&cast.simulator.handset(3, "is", &[])?["at_base"]);
        if at == "2" { Ok(String::new()) } else { Err(format!("it listens to base station {at}")) }
    })
}

fn wrong_password(cast: &mut Cast) -> Told {
    cast.simulator.say(&format!("subscribe 4 {ACCESS_CODE}"))?;
    cast.simulator.handset(4, "located", &[])?;
    until(USUAL, || {
        let user = cast.user("1004")?;
        if user["registration"] == "failed" {
            Ok(format!("user 1004: {}", words(&user["detail"])))
        } else {
            Err(format!("user 1004 is shown as {}", words(&user["registration"])))
        }
    })
}

fn handset_to_handset(cast: &mut Cast) -> Told {
    cast.simulator.say("dial 1 1002")?;
    let ringing = cast.simulator.handset(2, "ringing", &[])?;
    cast.simulator.handset(1, "rings-there", &[])?;
    cast.answer(2)?;
    cast.simulator.handset(1, "connected", &[])?;
    cast.hears(1, TONES[1])?;
    cast.hears(2, TONES[0])?;
    cast.hang_up(1, 2)?;
    let shown = format!("{} {}", words(&ringing["number"]), words(&ringing["name"]));
    if !shown.contains("1001") || !shown.contains("Handset 1") {
        return Err(format!("handset 2 showed the caller as {shown:?}; expected 1001, Handset 1"));
    }
    Ok(format!("both tones heard, caller shown as {shown}"))
}

fn bystanders_die(cast: &mut Cast) -> Told {
    cast.simulator.say("dial 1 1002")?;
    cast.simulator.handset(2, "ringing", &[])?;
    cast.answer(2)?;
    cast.simulator.handset(1, "connected", &[])?;
    cast.hears(1, TONES[1])?;
    let said = cast.server.ask(&["ctl", "status"])?;
    let roles = said.lines().filter_map(|line| line.split_once(": ready").map(|(name, _)| name));
    let others: Vec<&str> =
        roles.filter(|name| !["dect", "media", "probe"].contains(name)).collect();
    if !others.contains(&"conf") {
        return Err(format!("the role that keeps settings and users does not run: {said}"));
    }
    for role in &others {
        cast.server.kill_role(role)?;
    }
    // Tones that nobody has heard before can only have come since.
    for (handset, other, tone) in [(1, 2, 450), (2, 1, 1250)] {
        cast.simulator.say(&format!("tone {handset} {tone}"))?;
        cast.hears(other, tone)?;
        cast.simulator.say(&format!("tone {handset} {}", TONES[handset - 1]))?;
    }
    cast.hang_up(1, 2)?;
    Ok(format!("killed {}, and new tones were heard at both ends", others.join(", ")))
}

fn handset_to_phone(cast: &mut Cast) -> Told {
    if cast.phone.is_none() {
        return Ok(NO_PHONE.to_owned());
    }
    cast.simulator.say(&format!("dial 3 {}", phone::EXTENSION))?;
    cast.simulator.handset(3, "connected", &[])?;
    cast.hears(3, PHONE_TONE)?;
    std::thread::sleep(SPEECH);
    cast.simulator.say("hang 3")?;
    cast.phone_heard()
}

fn phone_to_handset(cast: &mut Cast) -> Told {
    let net = cast.net;
    let Some(phone) = &mut cast.phone else { return Ok(NO_PHONE.to_owned()) };
    phone.dial("1003", net)?;
    cast.simulator.handset(3, "ringing", &[phone::EXTENSION])?;
    cast.answer(3)?;
    cast.hears(3, PHONE_TONE)?;
    std::thread::sleep(SPEECH);
    if let Some(phone) = &mut cast.phone {
        phone.hang_up()?;
    }
    cast.simulator.handset(3, "released", &[])?;
    cast.phone_heard()
}

fn keys(cast: &mut Cast) -> Told {
    let Some(phone) = &mut cast.phone else { return Ok(NO_PHONE.to_owned()) };
    phone.forget();
    cast.simulator.say(&format!("dial 3 {}", phone::EXTENSION))?;
    cast.simulator.handset(3, "connected", &[])?;
    cast.simulator.say("keys 3 159#")?;
    let mut heard = String::new();
    for _ in 0..4 {
        heard.push_str(&phone.event("CALL_DTMF_START", USUAL)?);
    }
    cast.simulator.say("hang 3")?;
    phone.event("CALL_CLOSED", USUAL)?;
    if heard == "159#" {
        Ok("159# as telephone events".into())
    } else {
        Err(format!("heard {heard}"))
    }
}

fn rejected(cast: &mut Cast) -> Told {
    cast.simulator.say("dial 1 1002")?;
    cast.simulator.handset(2, "ringing", &[])?;
    cast.simulator.say("reject 2")?;
    cast.refused(1)
}

fn rejected_there(cast: &mut Cast) -> Told {
    let mut busy = cast.peer_waits("rejects", 8003)?;
    cast.simulator.say("dial 1 8003")?;
    busy.ended(USUAL)?;
    cast.refused(1)
}

fn unanswered(cast: &mut Cast) -> Told {
    cast.simulator.say("dial 1 1002")?;
    cast.simulator.handset(2, "ringing", &[])?;
    let event = cast.simulator.handset_within(2, "released", Duration::from_secs(40))?;
    let told = cast.refused(1)?;
    Ok(format!("handset 2: {}, {told}", words(&event["reason"])))
}

fn cancelled(cast: &mut Cast) -> Told {
    cast.simulator.say("dial 1 1002")?;
    cast.simulator.handset(2, "ringing", &[])?;
    cast.simulator.say("hang 1")?;
    let event = cast.simulator.handset(2, "released", &[])?;
    Ok(format!("handset 2 stops ringing: {}", words(&event["reason"])))
}

fn unknown_number(cast: &mut Cast) -> Told {
    cast.simulator.say("dial 1 1999")?;
    cast.refused(1)
}

fn switched_off(cast: &mut Cast) -> Told {
    cast.simulator.say("off 2")?;
    until(USUAL, || {
        let gone = words(&cast.user("1002")?["located"]).is_empty();
        gone.then_some(()).ok_or("user 1002 is still shown as located".to_owned())
    })?;
    cast.simulator.say("dial 1 1002")?;
    let told = cast.refused(1)?;
    cast.simulator.say("on 2")?;
    cast.simulator.handset(2, "located", &[])?;
    Ok(told)
}

fn changes(cast: &mut Cast) -> Told {
    let mut peer = cast.peer_calls("calls-and-changes", "1001")?;
    cast.simulator.handset(1, "ringing", &[])?;
    cast.answer(1)?;
    cast.hears(1, TONES[0])?;
    peer.ended(Duration::from_secs(40))?;
    cast.simulator.handset(1, "released", &[])?;
    Ok("its own tone came back".into())
}

fn late_offer(cast: &mut Cast) -> Told {
    let mut peer = cast.peer_calls("calls-with-late-offer", "1001")?;
    cast.simulator.handset(1, "ringing", &[])?;
    cast.answer(1)?;
    cast.hears(1, TONES[0])?;
    peer.ended(Duration::from_secs(40))?;
    cast.simulator.handset(1, "released", &[])?;
    Ok("its own tone came back".into())
}

fn asks_for_an_offer(cast: &mut Cast) -> Told {
    let mut peer = cast.peer_waits("answers-and-asks-for-an-offer", 8001)?;
    cast.simulator.say("dial 2 8001")?;
    cast.simulator.handset(2, "connected", &[])?;
    cast.hears(2, TONES[1])?;
    // The peer asks after a second and a half.
    std::thread::sleep(SPEECH + SPEECH);
    cast.simulator.say("hang 2")?;
    peer.ended(Duration::from_secs(40))?;
    Ok("its own tone came back".into())
}

fn killed(cast: &mut Cast) -> Told {
    cast.server.kill_and_start()?;
    cast.simulator.base(1, "on-air")?;
    cast.simulator.base(2, "on-air")?;
    until(RECOVERY, || cast.users(1, |user| user["registration"] == "registered"))?;
    let first = cast.server.since_kernel();
    until(RECOVERY, || {
        cast.users(3, |user| {
            user["subscribed"] == true && is_located(user) && user["registration"] == "registered"
        })
    })?;
    let mut told = "3 subscribed, 3 located, 3 registered again".to_owned();
    if let Some((ready, registered)) = first {
        let (ready, registered) = (ready.as_secs_f64(), registered.as_secs_f64());
        // Writing to a string cannot fail.
        let _ = write!(
            told,
            "; after the kernel's start all roles were ready in {ready:.1} s, the first was registered in {registered:.1} s"
        );
    }
    if let Some(memory) = cast.server.memory() {
        let _ = write!(told, "; all our processes together have {} MiB", memory / 1024);
    }
    Ok(told)
}

fn removed(cast: &mut Cast) -> Told {
    cast.server.ask(&["handset", "remove", &server::ipei(4)])?;
    cast.simulator.handset(4, "terminated", &[])?;
    until(USUAL, || {
        let user = cast.user("1004")?;
        let gone = user["subscribed"] == false && user["registration"] == "off";
        if gone { Ok("handset 4 was told".into()) } else { Err(format!("it is shown as {user}")) }
    })
}

impl Cast {
    /// Counts the users of whom something is true, as `appliance status` shows them.
    fn users(&self, wanted: usize, is: impl Fn(&Value) -> bool) -> Told {
        let status = self.server.status()?;
        let users = status["users"].as_array().ok_or("the status lists no users")?;
        let so = users.iter().filter(|user| is(user)).count();
        if so >= wanted {
            Ok(String::new())
        } else {
            Err(format!("{so} of {wanted}: {}", status["users"]))
        }
    }

    fn user(&self, name: &str) -> Result<Value, String> {
        let status = self.server.status()?;
        let users = status["users"].as_array().ok_or("the status lists no users")?;
        let user = users.iter().find(|user| user["user"] == name);
        user.cloned().ok_or_else(|| format!("the status does not list user {name}"))
    }

    /// Answers as a person would, not within a millisecond.
    fn answer(&mut self, handset: u32) -> Result<(), String> {
        std::thread::sleep(RING);
        self.simulator.say(&format!("answer {handset}"))
    }

    fn hears(&mut self, handset: u32, hertz: u32) -> Result<(), String> {
        self.simulator.handset(handset, "hears", &[&hertz.to_string()]).map(drop)
    }

    /// One hangs up, and the other is told.
    fn hang_up(&mut self, one: u32, other: u32) -> Result<(), String> {
        self.simulator.say(&format!("hang {one}"))?;
        self.simulator.handset(other, "released", &[]).map(drop)
    }

    /// The caller is told that it is over; it says why.
    fn refused(&mut self, handset: u32) -> Told {
        let event = self.simulator.handset(handset, "released", &[])?;
        Ok(format!("handset {handset}: {}", words(&event["reason"])))
    }

    fn phone_heard(&mut self) -> Told {
        let Some(phone) = &mut self.phone else { return Ok(NO_PHONE.to_owned()) };
        phone.event("CALL_CLOSED", USUAL)?;
        let seconds = phone.heard(f64::from(TONES[2]))?;
        if seconds < 0.5 {
            return Err(format!("the phone heard the handset for {seconds:.1} s only"));
        }
        Ok(format!("both tones heard, {seconds:.1} s of ours at the phone"))
    }

    fn peer_waits(&self, scenario: &str, extension: u16) -> Result<Process, String> {
        peer::waits((&self.root, &self.folder), self.net, scenario, extension)
    }

    fn peer_calls(&self, scenario: &str, extension: &str) -> Result<Process, String> {
        peer::calls((&self.root, &self.folder), self.net, scenario, extension)
    }

    /// Ends what a failed scene has left, so that the next one begins from rest.
    fn quiet(&mut self) {
        for handset in 1..=5 {
            let _ = self.simulator.say(&format!("hang {handset}"));
        }
        if let Some(phone) = &mut self.phone {
            let _ = phone.hang_up();
        }
        let _ = until(Duration::from_secs(15), || match self.server.status()?["calls"].as_u64() {
            Some(0) => Ok(()),
            _ => Err("calls are left".to_owned()),
        });
    }
}

fn is_located(user: &Value) -> bool {
    !words(&user["located"]).is_empty()
}

fn words(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a whole number of hertz"
)]
const PHONE_TONE: u32 = phone::TONE as u32;
/// Anything here takes less, except what waits on purpose.
const USUAL: Duration = Duration::from_secs(20);
/// Handsets and registrations come back within this time after a restart.
const RECOVERY: Duration = Duration::from_mins(1);
/// How long is spoken where somebody listens to the recording afterwards.
const SPEECH: Duration = Duration::from_millis(1500);
/// How long a handset rings at the least before somebody answers.
const RING: Duration = Duration::from_millis(300);
/// Marks a scene that cannot be played here.
const SKIPPED: &str = "skipped: ";
const NO_PHONE: &str = "skipped: there is no phone that is not ours";
