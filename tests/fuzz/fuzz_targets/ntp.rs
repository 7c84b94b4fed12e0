//! Time of the network: whatever comes from a server is taken or left without harm to the clock, and whatever comes
//! from a client is answered with no more octets than it has.
#![no_main]

use lan::ntp::{Client, Doorkeeper, Ground, OCTETS, Output, Packet, SECOND, Standing, Wall, server};
use lan::zone::Zone;
use libfuzzer_sys::fuzz_target;
use std::time::{Duration, Instant};

fuzz_target!(|octets: &[u8]| {
    if let Ok(packet) = Packet::read(octets) {
        assert_eq!(packet.write(), octets[..OCTETS]);
    }
    let (start, wall) = (Instant::now(), Wall(1_800_000_000 * SECOND));
    let times = server::Times { received: wall, sent: wall };
    for answer in [server::answer(octets, &Standing::default(), times), server::slower(octets)] {
        assert!(answer.is_none_or(|answer| answer.write().len() <= octets.len()));
    }
    if let Ok(text) = std::str::from_utf8(octets)
        && let Ok(zone) = Zone::read(text)
    {
        zone.local("2027-07-01T00:00:00Z".parse().expect("a time"));
    }
    conversation(start, wall, octets);
    let mut door = Doorkeeper::default();
    for from in octets.chunks_exact(4) {
        door.admits(start, [from[0], from[1], from[2], from[3]].into());
    }
});

/// Three servers answer our questions with pieces of the input, the cookie put where it belongs.
fn conversation(start: Instant, wall: Wall, octets: &[u8]) {
    let ground = Ground { floor: Wall(1_790_000_000 * SECOND), known: octets.len() % 2 == 0 };
    let (mut client, mut out) = (Client::new(start, 3, ground), Vec::new());
    let (mut chance, mut clock) = (1, wall);
    for (turn, piece) in (0..).zip(octets.chunks(OCTETS)) {
        let now = start + Duration::from_secs(turn * 700);
        client.expire((now, clock), &mut || { chance += 1; chance }, &mut out);
        for output in std::mem::take(&mut out) {
            match output {
                Output::Ask(server, question) if piece.len() == OCTETS => {
                    let mut answer = piece.to_vec();
                    answer[24..32].copy_from_slice(&question[40..]);
                    client.hear((now, clock), server, &answer, &mut out);
                }
                Output::Clock(lan::ntp::Change::Step(by)) => clock = clock.plus(by),
                _ => {}
            }
            assert!(clock >= ground.floor, "{clock:?}");
        }
        let _ = client.state(now);
    }
}
