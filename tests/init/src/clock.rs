//! The clock of the box: its floor, the step, the slew, and how near it comes to that of a chrony.

use crate::disk::Disk;
use crate::machine::{Machine, PLAIN, Start};
use crate::{Kernel, Story, Wrong};
use serde_json::Value;
use std::io::{BufRead as _, BufReader, Read};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

pub(crate) const STORIES: &[Story] = &[Story {
    name: "a clock that was never set begins with the day of the version, and is set and followed by chrony's",
    kernel: Kernel::Small,
    tell: never_set,
}];

/// A program in a network of its own, or the one that keeps that network; it dies with us.
struct Neighbour(Child, BufReader<ChildStdout>);

impl Neighbour {
    fn start(words: &[&str]) -> Result<Self, Wrong> {
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL"]).args(words);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let out = child.stdout.take().ok_or("no output")?;
        Ok(Self(child, BufReader::new(out)))
    }

    /// Waits for a line with these words.
    fn says(&mut self, words: &str) -> Result<(), Wrong> {
        for line in self.1.by_ref().lines() {
            if line?.contains(words) {
                return Ok(());
            }
        }
        Err(format!("it has ended without saying {words:?}").into())
    }
}

impl Drop for Neighbour {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn never_set(disk: &Disk) -> Result<String, Wrong> {
    let copy = disk.copy("never-set")?;
    let inside = ["unshare", "--net", "sh", "-c"];
    let quiet = "ip link set lo up; echo inside; exec sleep infinity";
    let mut network = Neighbour::start(&[&inside[..], &[quiet]].concat())?;
    network.says("inside")?;
    let pid = network.0.id();
    let target = pid.to_string();
    let chrony = "port 123\nallow all\nlocal stratum 3\ncmdport 0\n";
    let file = disk.work.join("chrony.conf");
    let pidfile = disk.work.join("chrony.pid");
    std::fs::write(&file, format!("{chrony}pidfile {}\n", pidfile.display()))?;
    let command = format!("exec chronyd -d -x -u root -f {} 2>&1", file.display());
    let words = ["nsenter", "--target", &target, "--net", "--", "sh", "-c", &command];
    let mut chrony = Neighbour::start(&words)?;
    chrony.says("chronyd version")?;
    // The clock of a machine without a battery.
    let start = Start { more: &["-rtc", "base=2000-01-01"], beside: Some(pid), ..PLAIN };
    let (mut machine, _) = Machine::up_with(disk, &copy, start)?;
    let begun = ahead(&mut machine)?;
    machine.ask("ask config set network.ntp=10.0.2.2")?;
    let set = until(&mut machine, |state| state["synchronised"] == true)?;
    let left = ahead(&mut machine)?;
    if begun > -1.0 || left.abs() > 0.5 {
        return Err(format!("it was {begun} s ahead, then {left} s: {set}").into());
    }
    // An answer after the step is followed, and the kernel lets it be.
    let followed = until(&mut machine, |state| {
        state["servers"][0]["delay_us"].as_i64() > Some(0) && state["problem"] == ""
    })?;
    let observed = machine.ask("ask ctl observed time --json")?;
    let observed: Value = serde_json::from_str(&observed)?;
    if observed["counters"]["clock_steps"] != 1 {
        return Err(format!("it was not set once: {observed}").into());
    }
    machine.order("poweroff");
    machine.ends()?;
    Ok(format!(
        "from {:.0} days behind to {:.0} ms; by its own account {} us off",
        -begun / 86_400.0,
        left * 1000.0,
        followed["offset_us"]
    ))
}

/// Seconds by which the clock inside is ahead of ours.
fn ahead(machine: &mut Machine) -> Result<f64, Wrong> {
    let state = state(machine)?;
    let here = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs_f64();
    Ok(state["now_us"].as_f64().ok_or("no clock")? / 1e6 - here)
}

fn state(machine: &mut Machine) -> Result<Value, Wrong> {
    Ok(serde_json::from_str(&machine.ask("ask ctl time --json")?)?)
}

/// Asks until it is so.
fn until(machine: &mut Machine, wanted: impl Fn(&Value) -> bool) -> Result<Value, Wrong> {
    let end = Instant::now() + PATIENCE;
    loop {
        let state = state(machine)?;
        if wanted(&state) {
            return Ok(state);
        }
        if Instant::now() > end {
            return Err(format!("it stays {state}").into());
        }
        std::thread::sleep(Duration::from_millis(500));
    }
}

/// What nothing takes unless it hangs.
const PATIENCE: Duration = Duration::from_mins(2);
