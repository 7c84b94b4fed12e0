//! Network layer messages decoded, judged and encoded. `cargo bench -p dect --bench wire`; figures in
//! docs/performance.md.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use dect::wire::{Direction, Message};
use std::hint::black_box;

/// The messages that the tests know, of all entities.
const MESSAGES: &str = include_str!("../../../tests/vectors/nwk.csv");

fn octets(hex: &str) -> Vec<u8> {
    let pairs = (0..hex.len()).step_by(2).filter_map(|at| hex.get(at..at + 2));
    pairs.map(|pair| u8::from_str_radix(pair, 16).expect("hexadecimal")).collect()
}

fn named(wanted: &str) -> Vec<u8> {
    let columns = MESSAGES.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let rows = columns.filter(|columns| columns.get(1) == Some(&wanted));
    let longest = rows.map(|columns| octets(columns[0])).max_by_key(Vec::len);
    longest.expect("a message of this name")
}

fn wire(c: &mut Criterion) {
    let all: Vec<_> =
        MESSAGES.lines().skip(1).filter_map(|line| line.split(',').next()).map(octets).collect();
    let mut group = c.benchmark_group("NWK");
    for name in ["CC-SETUP", "LOCATE-REQUEST"] {
        let octets = named(name);
        let message = Message::decode(&octets).expect("a message");
        group.throughput(Throughput::Bytes(octets.len() as u64));
        group.bench_function(format!("{name} decoded"), |b| {
            b.iter(|| Message::decode(black_box(&octets)));
        });
        group.bench_function(format!("{name} judged"), |b| {
            b.iter(|| black_box(&message).check(Direction::ToFixed));
        });
        group
            .bench_function(format!("{name} encoded"), |b| b.iter(|| black_box(&message).encode()));
    }
    group.throughput(Throughput::Elements(all.len() as u64));
    group.bench_function("every known message decoded and encoded", |b| {
        b.iter(|| {
            for octets in &all {
                black_box(Message::decode(black_box(octets)).map(|message| message.encode())).ok();
            }
        });
    });
    group.finish();
}

criterion_group!(benches, wire);
criterion_main!(benches);
