//! What the engine holds for the handsets of the largest model.
//!
//! One test, in a file of its own: it looks at the memory of its process.

use dect::nwk::{Nwk, Output, Region, Settings};
use dect::subscription::{Keys, Subscription, Uak};
use ident::{Ipei, Ipui, Mac, Tpui};
use machine::Seeded;

/// Handsets of the model `xl`.
const HANDSETS: u32 = 10_000;

/// What an idle handset may cost, in octets, subscription and tables included.
const OCTETS_MAX: usize = 1024;

#[test]
fn an_idle_located_handset_costs_less_than_a_kilobyte() {
    let before = resident();
    let subscriptions: Vec<Subscription> = (1..=HANDSETS).map(subscription).collect();
    let settings = Settings {
        ari: Some("10009034".parse().expect("a valid identity")),
        region: Some(Region::Europe),
        ..Settings::default()
    };
    let mut out = Vec::new();
    let nwk = Nwk::new(settings, subscriptions, Vec::new(), Box::new(Seeded::new(1)), &mut out);
    assert_eq!(out.len(), 2 * HANDSETS as usize);
    assert!(out.iter().all(|output| matches!(output, Output::Indicate(_))));
    drop(out);
    assert_eq!(nwk.census().handsets, HANDSETS as usize);
    let cost = resident().saturating_sub(before) / HANDSETS as usize;
    println!("{cost} octets per handset");
    assert!(cost < OCTETS_MAX, "{cost} octets per handset");
    drop(nwk);
}

fn subscription(number: u32) -> Subscription {
    let ipei = Ipei::new(0x1234, number).expect("a valid identity");
    Subscription {
        ipei,
        ipui: Ipui::private_ipei(ipei),
        tpui: Tpui::assigned(number),
        keys: Keys::Confirmed(Uak::new([7; 16])),
        located: Some(Mac([0, 0x30, 0x42, 0, 0, 1])),
        terminal_capability: vec![0x41; 12],
        model: vec![0, 1, 2],
    }
}

/// Resident memory of this process, in octets.
fn resident() -> usize {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let resident = pages.split_whitespace().nth(1).and_then(|pages| pages.parse::<usize>().ok());
    resident.unwrap_or_default() * 4096
}
