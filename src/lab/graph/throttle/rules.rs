//! The limits that a lab keeps, and how `--throttle` writes them.
//!
//! ```text
//! rules  = rule *( "," rule )
//! rule   = "published" / "half" / "off"          ; where the others start from, first; else "published"
//!        / "writes=" limit / "units=" limit
//!        / "silent"                              ; no header says what is left
//!        / "no-retry-after"
//! limit  = amount "/" window / "off"             ; such as 1500/150s, 300/15s, 8000/10s
//! ```

use super::meter::{Limit, Limits};
use jiff::SignedDuration;
use std::str::FromStr;
use std::time::Duration;

/// The published limit of writes.
const WRITES: Limit = Limit { amount: 3_000, window: Duration::from_secs(150) };
/// The published window of resource units.
const WINDOW_OF_UNITS: Duration = Duration::from_secs(10);

/// What is limited, and how it is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Of resource units.
    pub units: Units,
    /// Of writes; `None` is no limit.
    pub writes: Option<Limit>,
    /// No header tells of costs and limits.
    pub silent: bool,
    /// A 429 does not say when to come back.
    pub without_retry_after: bool,
}

/// The limit of resource units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Units {
    /// None.
    Unlimited,
    /// By the tenant's size, as published; divided by this.
    Published {
        /// 1, or 2 for half.
        divided_by: u32,
    },
    /// This one.
    Fixed(Limit),
}

/// No limits; costs are told.
impl Default for Rules {
    fn default() -> Self {
        Self { units: Units::Unlimited, writes: None, silent: false, without_retry_after: false }
    }
}

impl Rules {
    /// As Microsoft publishes them; divided by this.
    const fn published(divided_by: u32) -> Self {
        let writes = Some(Limit { amount: WRITES.amount / divided_by, ..WRITES });
        Self { units: Units::Published { divided_by }, writes, silent: false, without_retry_after: false }
    }

    /// The limits in a tenant with so many users: S has fewer than 50, M up to 500, L more.
    pub const fn limits(&self, users: usize) -> Limits {
        let published: u32 = match users {
            0..50 => 3_500,
            50..=500 => 5_000,
            _ => 8_000,
        };
        let units = match self.units {
            Units::Unlimited => None,
            Units::Fixed(limit) => Some(limit),
            Units::Published { divided_by } => Some(Limit { amount: published / divided_by, window: WINDOW_OF_UNITS }),
        };
        Limits { units, writes: self.writes }
    }
}

impl FromStr for Rules {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut rules = Self::published(1);
        for (at, rule) in text.split(',').map(str::trim).enumerate() {
            match (rule.split_once('='), rule) {
                (Some(("writes", limit)), _) => rules.writes = read_limit(limit)?,
                (Some(("units", limit)), _) => rules.units = read_limit(limit)?.map_or(Units::Unlimited, Units::Fixed),
                (None, "silent") => rules.silent = true,
                (None, "no-retry-after") => rules.without_retry_after = true,
                (None, "published" | "half" | "off") if at > 0 => {
                    return Err(format!("`{rule}` is where the other rules start from: it stands first"));
                }
                (None, "published") => {}
                (None, "half") => rules = Self::published(2),
                (None, "off") => rules = Self::default(),
                _ => {
                    return Err(format!(
                        "`{rule}` is no rule; there are published, half, off, writes=AMOUNT/WINDOW, units=AMOUNT/WINDOW, \
                         silent and no-retry-after, separated by commas"
                    ));
                }
            }
        }
        Ok(rules)
    }
}

fn read_limit(text: &str) -> Result<Option<Limit>, String> {
    if text == "off" {
        return Ok(None);
    }
    let unclear = || format!("`{text}` is no limit; one is written as AMOUNT/WINDOW, such as 3000/150s, or off");
    let (amount, window) = text.split_once('/').ok_or_else(unclear)?;
    let amount: u32 = amount.parse().map_err(|_| unclear())?;
    let window: SignedDuration = window.parse().map_err(|_| unclear())?;
    let window = Duration::try_from(window).ok().filter(|window| !window.is_zero()).ok_or_else(unclear)?;
    if amount == 0 {
        return Err(format!("`{text}` would let nothing through; the smallest amount is 1"));
    }
    Ok(Some(Limit { amount, window }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(text: &str) -> Rules {
        text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    fn limit(amount: u32, seconds: u64) -> Limit {
        Limit { amount, window: Duration::from_secs(seconds) }
    }

    #[test]
    fn published_limits_go_by_the_tenants_size() {
        let units = |users| rules("published").limits(users).units.unwrap();
        assert_eq!(
            [0, 49, 50, 500, 501, 100_000].map(|users| units(users).amount),
            [3500, 3500, 5000, 5000, 8000, 8000]
        );
        assert_eq!(units(1).window, Duration::from_secs(10));
        assert_eq!(rules("published").writes, Some(limit(3_000, 150)));
        let half = rules("half").limits(1_000);
        assert_eq!((half.units, half.writes), (Some(limit(4_000, 10)), Some(limit(1_500, 150))));
        assert_eq!(rules("off"), Rules::default());
    }

    #[test]
    fn rules_are_put_together() {
        let custom = rules("writes=1500/150s,silent,no-retry-after");
        assert_eq!(custom.writes, Some(limit(1_500, 150)));
        assert_eq!((custom.units, custom.silent, custom.without_retry_after), (rules("published").units, true, true));
        let scaled = rules("off, writes=300/15s, units=800/1s");
        assert_eq!((scaled.writes, scaled.units), (Some(limit(300, 15)), Units::Fixed(limit(800, 1))));
        assert_eq!(rules("half,writes=off").writes, None);
        assert_eq!(rules("writes=3000/2m30s").writes, Some(limit(3_000, 150)));
    }

    #[test]
    fn what_is_unclear_is_said_with_what_would_be_clear() {
        for (text, part) in [
            ("", "is no rule"),
            ("writes=", "AMOUNT/WINDOW"),
            ("writes=3000", "AMOUNT/WINDOW"),
            ("writes=x/10s", "AMOUNT/WINDOW"),
            ("writes=10/0s", "AMOUNT/WINDOW"),
            ("writes=0/10s", "smallest amount is 1"),
            ("reads=10/10s", "is no rule"),
            ("silent,half", "stands first"),
        ] {
            let error = text.parse::<Rules>().unwrap_err();
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
