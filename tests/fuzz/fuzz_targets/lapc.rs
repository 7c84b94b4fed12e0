//! A data link at either end, under any events: it never panics, and what it sends can be read.
#![no_main]

use dect::lapc::{Action, Class, Event, Frame, Link, Mode, Out, Side, Timer};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    let Some((first, mut rest)) = octets.split_first() else { return };
    let (here, there) = match first & 1 {
        0 => (Side::Fixed, Side::Portable),
        _ => (Side::Portable, Side::Fixed),
    };
    let (mut link, mut out) = (Link::new(here), Out::default());
    while let [what, length, after @ ..] = rest {
        let (data, after) = after.split_at(after.len().min(usize::from(*length)));
        rest = after;
        let Some(event) = event(*what, data, there) else { continue };
        link.handle(event, &mut out);
        for effect in out.drain() {
            sent(&effect, here);
        }
    }
});

fn event(what: u8, data: &[u8], there: Side) -> Option<Event> {
    let data = data.to_vec();
    Some(match what % 12 {
        0 => Event::Establish(Class::A, data),
        1 => Event::Establish(Class::B, data),
        2 => Event::Send(data),
        3 => Event::SendUnit(data.into_iter().take(UNIT_MAX).collect()),
        4 => Event::Release(Mode::Normal),
        5 => Event::Release(Mode::Abnormal),
        6 => Event::Busy(what & 0x80 != 0),
        7 => Event::Expired(Timer::ALL[usize::from(what >> 6)]),
        8 if what & 0x80 != 0 => Event::Lost,
        _ => Event::Received(Frame::decode(&data, there).ok()?),
    })
}

/// More is not to be asked for.
const UNIT_MAX: usize = 63;

fn sent(effect: &machine::Effect<Action, Timer>, here: Side) {
    if let machine::Effect::Act(Action::Transmit(frame)) = effect {
        let octets = frame.encode(here);
        assert_eq!(Frame::decode(&octets, here).as_ref(), Ok(frame));
    }
}
