//! Saved snapshots: written and read, as text and compressed.
//!
//! ```text
//! cargo bench --bench snapshot                 10,000 and 100,000 users in each directory
//! cargo bench --bench snapshot -- --ignored    a million
//! ```

mod world;

use divan::Bencher;
use divan::counter::ItemsCount;
use matchplan::snapshot::file::{self, Form};
use world::Size;

fn main() {
    divan::main();
}

fn written(users: usize, form: Form) -> Vec<u8> {
    let mut octets = Vec::new();
    file::write(&world::snapshot(Size::of(users)), form, &mut octets).expect("it can be written");
    octets
}

fn reading(bencher: Bencher<'_, '_>, users: usize, form: Form) {
    let octets = written(users, form);
    bencher
        .counter(ItemsCount::new(2 * users))
        .bench_local(|| file::read(&octets[..], Some(octets.len() as u64)).expect("it can be read"));
}

#[divan::bench(args = [10_000, 100_000], sample_count = 5, sample_size = 1)]
fn read_text(bencher: Bencher<'_, '_>, users: usize) {
    reading(bencher, users, Form::Plain);
}

#[divan::bench(args = [10_000, 100_000], sample_count = 5, sample_size = 1)]
fn read_compressed(bencher: Bencher<'_, '_>, users: usize) {
    reading(bencher, users, Form::Compressed);
}

#[divan::bench(args = [1_000_000], sample_count = 1, sample_size = 1, ignore)]
fn read_a_million_compressed(bencher: Bencher<'_, '_>, users: usize) {
    reading(bencher, users, Form::Compressed);
}

#[divan::bench(args = [10_000, 100_000], sample_count = 5, sample_size = 1)]
fn write_compressed(bencher: Bencher<'_, '_>, users: usize) {
    let snapshot = world::snapshot(Size::of(users));
    bencher.counter(ItemsCount::new(2 * users)).bench_local(|| {
        let mut octets = Vec::new();
        file::write(&snapshot, Form::Compressed, &mut octets).expect("it can be written");
        octets
    });
}
