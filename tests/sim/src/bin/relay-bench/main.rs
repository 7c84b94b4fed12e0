//! How much processor time a relayed packet costs, beside two others in the same run.
//!
//! `relay-bench [--calls N] [--seconds N] [--rounds N] [--rtpengine-priority N]` measures, one after the
//! other and round after round: the role `media`, rtpengine in user space
//! (Debian's package `rtpengine-daemon`, where it is installed), and a loop that
//! does nothing but receive and send, as the limit of what sockets allow. All
//! get the same packets from the same load, on loopback; each is a process of
//! its own, and the kernel says how long it ran. Since other programs may be
//! running, only the ratios of one run mean something.
//!
//! All three run with the same real-time priority. A relay without it that
//! shares the machine with busy programs waits its turn, then finds many
//! packets at a time and takes them cheaply, though too late for speech;
//! `--rtpengine-priority 0` shows that.
//!
//! It ends with status 1 if a packet was lost or the aim was missed.

mod bare;
mod load;
mod process;
mod relays;
mod rtpengine;

use load::{Load, Plan};
use relays::{Kind, Relay};
use std::process::ExitCode;
use std::time::Duration;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let first = arguments.next();
    let result = match first.as_deref() {
        Some(relays::CHILD_MEDIA) => relays::media(arguments.next()),
        Some(bare::CHILD) => bare::run(arguments),
        _ => {
            Options::read(first.into_iter().chain(arguments)).and_then(|options| measure(&options))
        }
    };
    match result {
        Ok(code) => code,
        Err(error) => {
            eprintln!("relay-bench: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Anything that goes wrong ends the measurement with a sentence.
type Failure = Box<dyn std::error::Error>;

struct Options {
    calls: u16,
    seconds: u32,
    rounds: u32,
    rtpengine_priority: u32,
}

impl Options {
    fn read(mut arguments: impl Iterator<Item = String>) -> Result<Self, Failure> {
        let mut options = Self { calls: 300, seconds: 5, rounds: 3, rtpengine_priority: 10 };
        while let Some(name) = arguments.next() {
            let value =
                arguments.next().ok_or_else(|| format!("{name} wants a number\n{USAGE}"))?;
            let number: u32 = value.parse().map_err(|_| format!("{name} {value}: not a number"))?;
            match name.as_str() {
                "--calls" => options.calls = u16::try_from(number.clamp(1, 1000))?,
                "--seconds" => options.seconds = number.clamp(1, 600),
                "--rtpengine-priority" => options.rtpengine_priority = number.min(99),
                "--rounds" => options.rounds = number.clamp(1, 100),
                _ => return Err(format!("{name} is not an option\n{USAGE}").into()),
            }
        }
        Ok(options)
    }
}

/// What was measured of one relay.
#[derive(Default)]
struct Sum {
    nanoseconds: u64,
    sent: u64,
    arrived: u64,
    /// Of each round, for the spread.
    per_packet: Vec<f64>,
    delays: Vec<Duration>,
}

fn measure(options: &Options) -> Result<ExitCode, Failure> {
    let plan = Plan { calls: options.calls, seconds: options.seconds };
    let load = Load::new(plan)?;
    let mut relays = Vec::new();
    for kind in [Kind::Media, Kind::Rtpengine, Kind::Bare] {
        match Relay::start(kind, &load, options.rtpengine_priority) {
            Ok(relay) => relays.push((relay, Sum::default())),
            Err(error) if kind == Kind::Rtpengine => println!("skipped: rtpengine: {error}"),
            Err(error) => return Err(error),
        }
    }
    println!(
        "{} calls, {} packets per round and relay, {} rounds",
        options.calls,
        load.packets(),
        options.rounds
    );
    for _ in 0..options.rounds {
        for (relay, sum) in &mut relays {
            load.warm_up(&relay.ways)?;
            let before = process::nanoseconds(relay.pid())?;
            let ran = load.run(&relay.ways)?;
            let used = process::nanoseconds(relay.pid())?.saturating_sub(before);
            sum.nanoseconds += used;
            sum.sent += ran.sent;
            sum.arrived += ran.arrived;
            sum.per_packet.push(per_packet(used, ran.sent));
            sum.delays.push(ran.median_delay);
        }
    }
    Ok(report(&relays))
}

fn report(relays: &[(Relay, Sum)]) -> ExitCode {
    let cost = |wanted| {
        let found = relays.iter().find(|(relay, _)| relay.kind == wanted);
        found.map(|(_, sum)| per_packet(sum.nanoseconds, sum.sent))
    };
    let rtpengine = cost(Kind::Rtpengine);
    println!(
        "\n| relay | ns per packet | of rtpengine | rounds | packets/s per core | lost | median delay |"
    );
    println!("|---|---|---|---|---|---|---|");
    let mut lost = 0;
    for (relay, sum) in relays {
        let own = per_packet(sum.nanoseconds, sum.sent);
        let ratio = rtpengine.map_or_else(|| "-".to_owned(), |other| format!("{:.2}", own / other));
        let rounds: Vec<_> = sum.per_packet.iter().map(|cost| format!("{cost:.0}")).collect();
        let missing = sum.sent.saturating_sub(sum.arrived);
        let delay = sum.delays.iter().min().copied().unwrap_or_default();
        println!(
            "| {} | {own:.0} | {ratio} | {} | {:.0} | {missing} | {} us |",
            relay.kind,
            rounds.join(" "),
            1e9 / own,
            delay.as_micros()
        );
        lost += missing;
    }
    let met = rtpengine.zip(cost(Kind::Media)).map(|(other, own)| own / other <= AIM);
    match met {
        Some(true) => println!("\naim met: at most {AIM} of rtpengine"),
        Some(false) => println!("\naim missed: at most {AIM} of rtpengine"),
        None => println!("\naim not checked: no rtpengine"),
    }
    if lost == 0 && met != Some(false) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
fn per_packet(nanoseconds: u64, packets: u64) -> f64 {
    nanoseconds as f64 / packets.max(1) as f64
}

/// What the relay may cost, of rtpengine's cost in the same run.
const AIM: f64 = 0.7;

const USAGE: &str =
    "usage: relay-bench [--calls N] [--seconds N] [--rounds N] [--rtpengine-priority N]";
