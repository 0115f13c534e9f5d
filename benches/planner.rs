//! Planning alone, with both directories in memory: look-ups and plan.
//!
//! ```text
//! cargo bench --bench planner                 10,000 and 100,000 users in each directory, one link to a hundred users
//! cargo bench --bench planner -- --ignored    a million users, 10,000 and 200,000 links
//! ```

mod world;

use divan::Bencher;
use divan::counter::ItemsCount;
use matchplan::config::Config;
use matchplan::config::read::read;
use matchplan::plan::planner::{PlanInput, plan};
use world::Size;

fn main() {
    divan::main();
}

fn config(size: Size) -> Config {
    let (settings, plans) = (world::settings(size), world::match_plans(size));
    let named: Vec<(String, &str)> =
        plans.iter().enumerate().map(|(at, text)| (format!("plans/{at:02}.toml"), text.as_str())).collect();
    let plans: Vec<(&str, &str)> = named.iter().map(|(name, text)| (name.as_str(), *text)).collect();
    read(("matchplan.toml", &settings), &plans).0.expect("a good configuration")
}

fn measure(bencher: Bencher<'_, '_>, size: Size) {
    let (config, snapshot) = (config(size), world::snapshot(size));
    let now = snapshot.taken;
    bencher.counter(ItemsCount::new(2 * size.users)).bench_local(|| {
        let made = plan(PlanInput::of(&config, &snapshot, now));
        assert_eq!(made.counts.links, size.links);
        made
    });
}

#[divan::bench(args = [10_000, 100_000], sample_count = 10, sample_size = 1)]
fn one_link_to_a_hundred_users(bencher: Bencher<'_, '_>, users: usize) {
    measure(bencher, Size::of(users));
}

#[divan::bench(args = [1_000, 10_000, 50_000], sample_count = 5, sample_size = 1)]
fn links_of_100_000_users(bencher: Bencher<'_, '_>, links: usize) {
    measure(bencher, Size { links, ..Size::of(100_000) });
}

#[divan::bench(args = [10_000, 200_000], sample_count = 1, sample_size = 1, ignore)]
fn links_of_a_million_users(bencher: Bencher<'_, '_>, links: usize) {
    measure(bencher, Size { links, ..Size::of(1_000_000) });
}
