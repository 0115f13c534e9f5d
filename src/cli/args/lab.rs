//! The command line of `lab`.

use clap::{Args, Subcommand};
use std::path::PathBuf;

/// `lab`.
#[derive(Debug, Subcommand)]
pub enum Lab {
    /// Run the lab for other clients; prints one JSON line with everything that they need.
    Serve(Box<LabServe>),
    /// Put the lab of --lab back to its first day.
    Reset,
    /// Print the world of --lab, the seeded one or a generated one of any size, as JSON.
    World(LabWorld),
    /// Run one sync cycle in a lab that is being served; usable as sync.trigger.
    Cycle(LabControl),
    /// Say how the sync engine of a lab that is being served stands; usable as sync.status.
    Status(LabControl),
    /// Stop the scheduler of a lab that is being served; usable as sync.hold.
    Hold(LabControl),
    /// Start the scheduler of a lab that is being served; usable as sync.release.
    Release(LabControl),
    /// Print what a lab that is being served has served: requests, writes, resource units, refusals and peaks.
    Usage(LabUsage),
}

/// `lab serve`.
#[derive(Debug, Args)]
pub struct LabServe {
    /// The world to serve; without it, the seeded one.
    #[arg(long, value_name = "FILE", conflicts_with = "users")]
    pub world: Option<PathBuf>,
    /// Write the world back to its file after each change.
    #[arg(long, requires = "world")]
    pub keep: bool,
    /// Graph's port; 0 is any free one.
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    pub graph_port: u16,
    /// LDAP's port; 0 is any free one.
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    pub ldap_port: u16,
    /// Let the sync engine read this AD (ldap:// or ldaps://) instead of the embedded one.
    #[arg(long, value_name = "URL", requires_all = ["ad_bind", "ad_base"])]
    pub ad: Option<url::Url>,
    /// Whom to bind as there; the password is taken from MATCHPLAN_LAB_AD_PASSWORD.
    #[arg(long, value_name = "NAME")]
    pub ad_bind: Option<String>,
    /// Where to read there.
    #[arg(long, value_name = "DN")]
    pub ad_base: Option<String>,
    /// The certificate authority there.
    #[arg(long, value_name = "FILE")]
    pub ad_ca: Option<PathBuf>,
    /// Let both servers fail as real ones do on a very bad day, chosen by this number.
    ///
    /// Connections are cut before, while and after a request is done; Graph throttles, breaks, times out with the write
    /// done or not, and answers reads from replicas that lag behind; AD is busy or answers half. The same number gives
    /// each request the same fate.
    #[arg(long, value_name = "SEED")]
    pub faults: Option<u64>,
    /// A generated world instead.
    #[command(flatten)]
    pub generated: Generated,
    /// How much Graph serves: published, half, off, or rules separated by commas.
    ///
    /// published keeps Microsoft's limits for each application in a tenant: 3,500, 5,000 or 8,000 resource units in 10
    /// seconds by the tenant's size, and 3,000 writes in 150 seconds. Rules change single limits: writes=1500/150s,
    /// units=800/1s, writes=off. silent leaves out every header that tells of costs and limits, no-retry-after the one
    /// that says when to come back. A refused request spends nothing.
    #[arg(long, value_name = "RULES", default_value = "published")]
    pub throttle: crate::lab::graph::throttle::rules::Rules,
    /// Add this to each HTTP exchange and to each LDAP request, such as 50ms; what is sent meanwhile waits for it together.
    #[arg(long, value_name = "TIME", default_value = "0ms", value_parser = time)]
    pub latency: std::time::Duration,
    /// Add this to a $batch for each write in it, as those of one batch are done one after the other.
    #[arg(long, value_name = "TIME", default_value = "0ms", value_parser = time)]
    pub batch_write_cost: std::time::Duration,
}

/// A world that is made from three numbers.
#[derive(Clone, Copy, Debug, Args)]
pub struct Generated {
    /// Generate a world of so many people, up to 10,000,000; the same numbers give the same world.
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    pub users: Option<u32>,
    /// How many of them are to be linked; the others are synced, in the cloud only or in AD only.
    #[arg(long, value_name = "NUMBER", requires = "users", default_value_t = 0)]
    pub links: u32,
    /// Which world of this size.
    #[arg(long, value_name = "NUMBER", requires = "users", default_value_t = 1)]
    pub seed: u64,
}

fn time(text: &str) -> Result<std::time::Duration, String> {
    let unclear = || format!("`{text}` is no time; one is written as 50ms, 2s or 1m");
    let time: jiff::SignedDuration = text.parse().map_err(|_| unclear())?;
    time.try_into().map_err(|_| unclear())
}

/// `lab world`.
#[derive(Debug, Args)]
pub struct LabWorld {
    /// Print the seeded world instead of the one in use.
    #[arg(long, conflicts_with = "users")]
    pub seeded: bool,
    /// A generated world instead.
    #[command(flatten)]
    pub generated: Generated,
    /// Write the world to this file instead of standard output.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Write the match plan of a generated world to this file: a hard match for each of the --links.
    #[arg(long, value_name = "FILE", requires = "users")]
    pub plan: Option<PathBuf>,
}

/// `lab usage`.
#[derive(Debug, Args)]
pub struct LabUsage {
    /// The control_url that `lab serve` printed.
    #[arg(long, value_name = "URL")]
    pub control: url::Url,
    /// Set the counters back after printing them.
    #[arg(long)]
    pub reset: bool,
}

/// `lab cycle`, `lab status`, `lab hold`, `lab release`.
#[derive(Debug, Args)]
pub struct LabControl {
    /// The control_url that `lab serve` printed.
    #[arg(long, value_name = "URL")]
    pub control: url::Url,
}
