//! What must never be lost, proven.
//!
//! ```text
//! cargo test --test proof                            both proofs
//! cargo test --test proof -- crashes                 a crash at every point, for every kind of step
//! cargo test --test proof -- crashes --every         and each time that an apply comes by
//! cargo test --test proof -- crashes --story tasks   one story alone
//! cargo test --test proof -- simulate                2,000 seeds
//! cargo test --test proof -- simulate --seeds 50000  as many as you like
//! cargo test --test proof -- simulate --seed 1234    one again, saying everything
//! ```
//!
//! It is a program of its own since it has to die: it starts itself as the process that is killed.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "a program that tests: files, and its own words"
)]

mod control;
mod crashes;
mod doors;
mod image;
mod simulate;
mod stage;
mod world;

fn main() -> std::process::ExitCode {
    if crashes::is_child() {
        return std::process::ExitCode::SUCCESS;
    }
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let proven = match arguments.as_slice() {
        ["crashes"] => crashes::prove(false, None),
        ["crashes", "--every"] => crashes::prove(true, None),
        ["crashes", "--story", name] => crashes::prove(false, Some(name)),
        ["simulate"] => simulate::prove(simulate::SEEDS),
        ["simulate", "--seeds", seeds] => number(seeds).and_then(simulate::prove),
        ["simulate", "--seed", seed] => number(seed).and_then(simulate::replay),
        [] => crashes::prove(false, None).and_then(|told| Ok(told + "\n" + &simulate::prove(simulate::SEEDS)?)),
        _ => Err("usage: proof [crashes [--every | --story NAME] | simulate [--seeds N | --seed N]]".to_owned()),
    };
    match proven {
        Ok(told) => {
            println!("{told}");
            std::process::ExitCode::SUCCESS
        }
        Err(told) => {
            eprintln!("{told}");
            std::process::ExitCode::FAILURE
        }
    }
}

fn number(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("{text:?} is no number"))
}
