//! What a person at the screen or the serial port of the box reads and types.
//!
//! Lines come in, text and deeds go out: nothing but plain letters, so that any
//! terminal will do, and nothing wider or longer than 80 times 24 of them.
//! [`Menu`] is the machine of one terminal, [`View`] what it shows; terminals,
//! the network and the supervisor are the role's.

mod line;
mod screen;
mod view;

pub use line::{LINE_MAX, Line, WrongLine};
pub use screen::{COLUMNS, ROWS, screen};
pub use view::{Interface, Link, Page, View};

use std::fmt::Write as _;
use std::net::Ipv4Addr;
use std::time::Duration;
use supervise::control::{Other, Scope, Standing};
use supervise::net::{self, DNS_MAX, Fixed, Host};

/// The menu on one terminal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Menu {
    at: At,
}

/// What follows from a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Out {
    /// To be printed as it is.
    Say(String),
    /// To be done; its outcome is told with [`Menu::answered`].
    Do(Deed),
}

/// What a person wants done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Give the box this address.
    Address(Fixed),
    /// Forget the address that was typed.
    AsItWas,
    /// See whether this host answers.
    Ping(Ipv4Addr),
    /// Boot the other slot.
    OtherSlot,
    /// Take this away and start anew.
    Reset(Scope),
    /// Start anew.
    Restart,
    /// Switch off.
    PowerOff,
}

/// What came of a deed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It is being done.
    Done,
    /// The supervisor refuses.
    Refused,
    /// The supervisor does not answer.
    Silent,
    /// For each echo request how long its reply took; `None`: there was none.
    Echoes(Vec<Option<Duration>>),
    /// An echo request could not be sent, for this reason.
    NotSent(String),
}

/// Where in the menu a person is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum At {
    /// A number of the menu is awaited.
    #[default]
    Main,
    /// An address.
    Host,
    Gateway(Host),
    Dns(Host, Option<Ipv4Addr>),
    Vlan(Host, Option<Ipv4Addr>, [Option<Ipv4Addr>; DNS_MAX]),
    /// The word `yes`.
    Sure(Deed),
    /// Whom to ping.
    Whom,
    /// What to take away.
    Scope,
    /// The words that confirm it.
    ResetSure(Scope),
    /// A deed is being done.
    Doing(Deed),
}

impl Menu {
    /// The first screen.
    #[must_use]
    pub fn begin(view: &View) -> (Self, String) {
        (Self::default(), format!("\n{}", screen(view)))
    }

    /// Takes a line as it was typed, without its end.
    pub fn line(&mut self, typed: &[u8], view: &View, out: &mut Vec<Out>) {
        let line = match Line::parse(typed) {
            Ok(line) => line,
            Err(wrong) => return say(out, &format!("{}.\n{PROMPT}", sentence(&wrong.to_string()))),
        };
        let text = line.as_str();
        if text.eq_ignore_ascii_case(BACK) && !matches!(self.at, At::Main | At::Doing(_)) {
            return self.back("Nothing was changed.", out);
        }
        match self.at {
            At::Main => self.main(text, view, out),
            At::Host => match Host::parse(text) {
                Ok(host) => self.ask(At::Gateway(host), GATEWAY, out),
                Err(wrong) => again(&wrong, out),
            },
            At::Gateway(host) => match net::gateway(text, host) {
                Ok(gateway) => self.ask(At::Dns(host, gateway), DNS, out),
                Err(wrong) => again(&wrong, out),
            },
            At::Dns(host, gateway) => match net::dns(text) {
                Ok(dns) => self.ask(At::Vlan(host, gateway, dns), VLAN, out),
                Err(wrong) => again(&wrong, out),
            },
            At::Vlan(host, gateway, dns) => match net::vlan(text) {
                Ok(vlan) => {
                    let fixed = Fixed { host, gateway, dns, vlan };
                    let sure = format!("The box is to have {}.", words(&fixed));
                    self.sure(Deed::Address(fixed), &sure, out);
                }
                Err(wrong) => again(&wrong, out),
            },
            At::Sure(deed) => match text {
                "yes" => self.take(deed, out),
                _ => again(&"expected the word yes", out),
            },
            At::Whom => match text.parse::<Ipv4Addr>().ok().filter(|it| is_one_host(*it)) {
                Some(address) => self.take(Deed::Ping(address), out),
                None => again(&"expected the IPv4 address of a host, as in 192.0.2.1", out),
            },
            At::Scope => match Scope::ALL.into_iter().find(|scope| scope.word() == text) {
                Some(scope) => {
                    let asked = format!("{}\nType  reset {}  to do it.", lost(scope), scope.word());
                    self.ask(At::ResetSure(scope), &asked, out);
                }
                None => again(&"expected network, config, full or decommission", out),
            },
            At::ResetSure(scope) => match text.strip_prefix("reset ") {
                Some(word) if word == scope.word() => self.take(Deed::Reset(scope), out),
                _ => again(&format!("expected the words  reset {}", scope.word()), out),
            },
            At::Doing(_) => say(out, "Wait: what you wanted before is still being done.\n"),
        }
    }

    /// Takes the outcome of a deed.
    pub fn answered(&mut self, answer: &Answer, out: &mut Vec<Out>) {
        let At::Doing(deed) = std::mem::take(&mut self.at) else { return };
        let text = match answer {
            Answer::Done => done(deed).to_owned(),
            Answer::Refused => "The supervisor refuses: it is going down already, or it cannot be \
                                done on this box."
                .to_owned(),
            Answer::Silent => "The supervisor does not answer; nothing is known to have changed. \
                               Press the power button."
                .to_owned(),
            Answer::Echoes(echoes) => replies(deed, echoes),
            Answer::NotSent(reason) => {
                let bounded: String = reason.chars().take(REASON_MAX).collect();
                format!("Nothing could be sent: {bounded}.")
            }
        };
        say(out, &format!("{}{HINT}\n{PROMPT}", screen::wrapped(&text)));
    }

    /// What is shown has changed: it is shown anew, unless a question is open.
    pub fn changed(&self, view: &View, out: &mut Vec<Out>) {
        if self.at == At::Main {
            say(out, &format!("\n\n{}", screen(view)));
        }
    }

    /// Nobody has typed for long: an open question is not left to the next person.
    pub fn left(&mut self, out: &mut Vec<Out>) {
        if !matches!(self.at, At::Main | At::Doing(_)) {
            say(out, "\n");
            self.back("Nobody has answered; nothing was changed.", out);
        }
    }

    fn main(&mut self, text: &str, view: &View, out: &mut Vec<Out>) {
        match text {
            "" => say(out, &screen(view)),
            "1" => self.ask(At::Host, &address(view), out),
            "2" => {
                let sure = "The address that was typed here is forgotten; what was there before \
                            counts again.";
                self.sure(Deed::AsItWas, sure, out);
            }
            "3" => self.ask(At::Whom, "Address of the host that is to answer:", out),
            "4" => self.back(PASSWORD, out),
            "5" => self.other_slot(view.standing, out),
            "6" => self.ask(At::Scope, SCOPES, out),
            "7" => self.sure(Deed::Restart, "The box starts anew; calls end.", out),
            "8" => self.sure(Deed::PowerOff, "The box switches itself off; calls end.", out),
            _ => again(&"expected a number from 1 to 8, or Enter alone", out),
        }
    }

    fn other_slot(&mut self, standing: Option<Standing>, out: &mut Vec<Out>) {
        let known = match standing.map(|it| it.other) {
            None => return self.back("The supervisor does not answer.", out),
            Some(Other::None) => {
                let text = "There is no other slot to choose from here: the recovery slot runs, \
                            or there is no disk. A restart (7) tries slot A and slot B again.";
                return self.back(text, out);
            }
            Some(Other::Empty) => {
                return self.back("The other slot is empty: there is nothing to boot.", out);
            }
            Some(Other::Whole) => "The other slot is booted; calls end.",
            Some(Other::GivenUp) => {
                "The other slot was given up before; it is booted all the same, and calls end."
            }
        };
        let sure = format!(
            "{known} It is tried three times; unless it is healthy for a minute this one comes back."
        );
        self.sure(Deed::OtherSlot, &sure, out);
    }

    fn sure(&mut self, deed: Deed, what: &str, out: &mut Vec<Out>) {
        self.ask(At::Sure(deed), &format!("{what}\nType  yes  to do it."), out);
    }

    fn ask(&mut self, at: At, question: &str, out: &mut Vec<Out>) {
        let how = if self.at == At::Main { "\nx goes back to the menu." } else { "" };
        self.at = at;
        let question = screen::wrapped(&format!("{question}{how}"));
        say(out, &format!("{question}{PROMPT}"));
    }

    fn take(&mut self, deed: Deed, out: &mut Vec<Out>) {
        self.at = At::Doing(deed);
        if matches!(deed, Deed::Ping(_)) {
            say(out, "Waiting for replies ...\n");
        }
        out.push(Out::Do(deed));
    }

    fn back(&mut self, why: &str, out: &mut Vec<Out>) {
        self.at = At::Main;
        say(out, &format!("{}{HINT}\n{PROMPT}", screen::wrapped(why)));
    }
}

impl Deed {
    /// What it is, for the log.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Address(fixed) => format!("set the address {}", words(fixed)),
            Self::AsItWas => "forget the address that was typed".into(),
            Self::Ping(address) => format!("ping {address}"),
            Self::OtherSlot => "boot the other slot".into(),
            Self::Reset(scope) => format!("factory reset, scope {}", scope.word()),
            Self::Restart => "restart".into(),
            Self::PowerOff => "power off".into(),
        }
    }
}

/// An address with all that belongs to it.
#[must_use]
pub fn words(fixed: &Fixed) -> String {
    let mut text = fixed.host.to_string();
    match fixed.gateway {
        // Writing to a string cannot fail, here and below.
        Some(gateway) => drop(write!(text, ", gateway {gateway}")),
        None => text.push_str(", no gateway"),
    }
    let dns: Vec<String> = fixed.dns.iter().flatten().map(ToString::to_string).collect();
    if !dns.is_empty() {
        let _ = write!(text, ", DNS {}", dns.join(" "));
    }
    if let Some(vlan) = fixed.vlan {
        let _ = write!(text, ", VLAN {}", vlan.number());
    }
    text
}

fn is_one_host(address: Ipv4Addr) -> bool {
    !address.is_unspecified() && !address.is_multicast() && !address.is_broadcast()
}

fn address(view: &View) -> String {
    let mut text = String::new();
    if view.standing.is_some_and(|it| it.address_fixed) {
        text.push_str(
            "fixpart.net= on the kernel's command line sets the address and wins; what you type \
             is kept and counts once that word is gone.\n",
        );
    }
    if view.standing.is_some_and(|it| it.slot.is_none()) {
        text.push_str("There is no disk: the address is forgotten at the next start.\n");
    }
    text + "Address with the length of its prefix, as in 192.0.2.10/24:"
}

fn done(deed: Deed) -> &'static str {
    match deed {
        Deed::Address(_) | Deed::AsItWas => {
            "It is kept and being set; base stations and the PBX are served from it in a moment."
        }
        Deed::Restart | Deed::OtherSlot | Deed::Reset(_) => "Everything ends; then it starts anew.",
        Deed::PowerOff => "Everything ends; then the box is off.",
        Deed::Ping(_) => "",
    }
}

fn lost(scope: Scope) -> &'static str {
    match scope {
        Scope::Network => "The network settings are lost: address, gateway, DNS, VLAN, host name.",
        Scope::Config => "All settings are lost; users and subscriptions stay.",
        Scope::Full => {
            "Everything is lost but identity and software: settings, users, subscriptions, logs, \
             certificates. Every handset has to be subscribed again."
        }
        Scope::Decommission => {
            "Everything is lost but identity and software, and it is overwritten, which takes \
             minutes. For a box that is given away."
        }
    }
}

fn replies(deed: Deed, echoes: &[Option<Duration>]) -> String {
    let whom = if let Deed::Ping(address) = deed { address.to_string() } else { String::new() };
    let mut text = String::new();
    for (nth, echo) in (1..).zip(echoes.iter().take(ECHOES_MAX)) {
        let line = match echo {
            Some(took) => {
                let micros = took.as_micros();
                format!(
                    "{nth}: {whom} has replied after {}.{} ms\n",
                    micros / 1000,
                    micros / 100 % 10
                )
            }
            None => format!("{nth}: no reply within a second\n"),
        };
        text.push_str(&line);
    }
    let count = echoes.iter().flatten().count();
    text + &format!("{count} of {} have come back.", echoes.len().min(ECHOES_MAX))
}

fn again(wrong: &impl std::fmt::Display, out: &mut Vec<Out>) {
    let wrong = sentence(&wrong.to_string());
    say(out, &format!("{}{PROMPT}", screen::wrapped(&format!("{wrong}."))));
}

/// With a capital letter at the beginning.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_ascii_uppercase().to_string() + letters.as_str())
}

fn say(out: &mut Vec<Out>, text: &str) {
    out.push(Out::Say(text.to_owned()));
}

/// What stands before the place to type.
pub const PROMPT: &str = "> ";
/// Leaves a question.
const BACK: &str = "x";
const HINT: &str = "Enter shows the menu.";
const GATEWAY: &str = "Gateway, Enter for none:";
const DNS: &str = "DNS servers, at most three with commas between them, Enter for none:";
const VLAN: &str = "VLAN, 1 to 4094, Enter for none:";
const PASSWORD: &str = "This version has no password yet: nothing asks for one, so there is nothing to reset. \
                        Standing here will be what it takes once there is one.";
const SCOPES: &str = "What is to be taken away?\n\
                      network       the network settings\n\
                      config        all settings; users and subscriptions stay\n\
                      full          everything but identity and software\n\
                      decommission  the same, overwritten, for a box that is given away";
/// Echo requests of one ping.
pub const ECHOES_MAX: usize = 4;
/// Of a reason that the system gives: it fits its line.
const REASON_MAX: usize = 200;
