//! What a base station must not say, or says although it is not so.

use super::*;

#[test]
fn a_link_is_ciphered_only_where_the_base_station_says_that_it_is() {
    let mut bench = Bench::on_air(settings());
    bench.send(&Message::Dnm(Dnm::Mac(
        Mcei(3),
        Mac::ConInd { pmid: 0x27b, flags: 0, rest: vec![1] },
    )));
    bench.take_trace();
    for state in [0, 3, 0xff] {
        let says = Mac::EncEksInd { state, rest: Vec::new() };
        bench.send(&Message::Dnm(Dnm::Mac(Mcei(3), says)));
    }
    assert_eq!(bench.take_trace(), [""; 0]);
    for (state, rest) in [(1, Vec::new()), (2, vec![1, 0, 0])] {
        let says = Mac::EncEksInd { state, rest };
        bench.send(&Message::Dnm(Dnm::Mac(Mcei(3), says)));
    }
    assert_eq!(bench.take_trace(), ["Ciphered(Mcei(3))", "Ciphered(Mcei(3))"]);
}

#[test]
fn only_the_keys_of_a_telephone_are_told_as_keys() {
    let (mut bench, handle) = (Bench::on_air(settings()), Handle(1));
    bench.give(Event::Request(Request::OpenMedia(handle, Mcei(0), peer(10922))));
    bench.obey();
    bench.take_trace();
    for key in *b"5\0#\xffe\nA" {
        let (duration, direction, rest) = (100, 2, Vec::new());
        bench.send(&Message::Media(Media::Dtmf { handle, duration, key, direction, rest }));
    }
    let told: String =
        bench.take_trace().iter().filter_map(|line| line.chars().rev().nth(2)).collect();
    assert_eq!(told, "5#A");
}

#[test]
fn a_base_station_that_floods_us_before_it_is_let_in_is_sent_away() {
    let mut bench = Bench::new(Door::Tls(MAC));
    bench.send(&init(OLDEST_PROTOCOL));
    for _ in 0..4 {
        bench.give(Event::Received(vec![0; 32_768]));
    }
    let trace = bench.take_trace();
    assert!(trace.last().is_some_and(|line| line.contains("before it was let in")), "{trace:?}");
}
