//! What one application has spent in one tenant. Time is told by the caller, counted from any moment that stays the same.

use super::cost::Cost;
use std::collections::VecDeque;
use std::time::Duration;

/// So much within a window that slides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// How much.
    pub amount: u32,
    /// The window's length.
    pub window: Duration,
}

/// The limits of an application in a tenant; `None` is no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Of resource units.
    pub units: Option<Limit>,
    /// Of writes.
    pub writes: Option<Limit>,
}

/// What there is a limit of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quota {
    /// Resource units.
    ResourceUnits,
    /// Writes.
    Writes,
}

/// How an application stands after a request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Standing {
    /// The limit that it would have gone over, and in how long it would not.
    pub refused: Option<(Quota, Duration)>,
    /// The resource units spent within the window.
    pub units: u64,
    /// The writes spent within the window.
    pub writes: u64,
    /// The largest share of a limit that was asked for within its window, refused requests included.
    pub share: Option<f64>,
}

/// The window that counts where there is no limit, so that peaks are told then too: the published ones.
const WINDOW_OF_UNITS: Duration = Duration::from_secs(10);
const WINDOW_OF_WRITES: Duration = Duration::from_secs(150);

/// The meter of one application.
#[derive(Debug, Default)]
pub struct Meter {
    units: Window,
    writes: Window,
}

impl Meter {
    /// Charges a request at `now`: it spends what it costs if no limit is in the way, else nothing.
    pub fn charge(&mut self, now: Duration, cost: Cost, limits: &Limits) -> Standing {
        let (units, writes) = (cost.units, u32::from(cost.write));
        self.units.slide(now, limits.units.map_or(WINDOW_OF_UNITS, |limit| limit.window));
        self.writes.slide(now, limits.writes.map_or(WINDOW_OF_WRITES, |limit| limit.window));
        let over_units =
            limits.units.and_then(|limit| Some((Quota::ResourceUnits, self.units.wait(now, units, limit)?)));
        let over_writes = limits.writes.and_then(|limit| Some((Quota::Writes, self.writes.wait(now, writes, limit)?)));
        // Both must be free again, so the longer wait is the answer.
        let refused = [over_units, over_writes].into_iter().flatten().max_by_key(|(_, wait)| *wait);
        self.units.note(now, units, refused.is_none());
        self.writes.note(now, writes, refused.is_none());
        let shares = [self.units.share(limits.units), self.writes.share(limits.writes)];
        let share = shares.into_iter().flatten().reduce(f64::max);
        Standing { refused, units: self.units.spent, writes: self.writes.spent, share }
    }
}

/// What was asked for within a window.
#[derive(Debug, Default)]
struct Window {
    /// When, how much, and whether it was spent. The oldest first.
    asked: VecDeque<(Duration, u32, bool)>,
    spent: u64,
    refused: u64,
}

impl Window {
    /// Forgets what is older than the window.
    fn slide(&mut self, now: Duration, window: Duration) {
        while let Some((at, amount, spent)) = self.asked.front().copied() {
            if at + window > now {
                break;
            }
            self.asked.pop_front();
            let sum = if spent { &mut self.spent } else { &mut self.refused };
            *sum -= u64::from(amount);
        }
    }

    /// How long until `amount` more fits; `None` if it does now. More than the limit itself never fits: then, until the
    /// window is empty.
    fn wait(&self, now: Duration, amount: u32, limit: Limit) -> Option<Duration> {
        if amount == 0 {
            return None;
        }
        let mut excess =
            (self.spent + u64::from(amount)).checked_sub(u64::from(limit.amount)).filter(|over| *over > 0)?;
        let mut free = now;
        for (at, amount, _) in self.asked.iter().filter(|(_, _, spent)| *spent) {
            free = *at + limit.window;
            excess = excess.saturating_sub(u64::from(*amount));
            if excess == 0 {
                break;
            }
        }
        Some(if self.spent == 0 { limit.window } else { free.saturating_sub(now) })
    }

    fn note(&mut self, now: Duration, amount: u32, spent: bool) {
        if amount > 0 {
            self.asked.push_back((now, amount, spent));
            let sum = if spent { &mut self.spent } else { &mut self.refused };
            *sum += u64::from(amount);
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "a share with two digits")]
    fn share(&self, limit: Option<Limit>) -> Option<f64> {
        let limit = limit.filter(|limit| limit.amount > 0)?;
        Some((self.spent + self.refused) as f64 / f64::from(limit.amount))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const READ: Cost = Cost { units: 1, write: false };
    const WRITE: Cost = Cost { units: 1, write: true };

    fn at(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    fn limits(units: u32, writes: u32) -> Limits {
        let limit = |amount, seconds| Some(Limit { amount, window: Duration::from_secs(seconds) });
        Limits { units: limit(units, 10), writes: limit(writes, 150) }
    }

    #[test]
    fn the_published_number_of_writes_passes_and_not_one_more_until_the_window_has_slid() {
        let limits = limits(1_000_000, 3_000);
        let mut meter = Meter::default();
        for n in 0..3_000 {
            assert_eq!(meter.charge(at(n * 10), WRITE, &limits).refused, None, "{n}");
        }
        assert_eq!(meter.charge(at(100_000), WRITE, &limits).refused, Some((Quota::Writes, at(50_000))));
        assert_eq!(meter.charge(at(149_999), WRITE, &limits).refused, Some((Quota::Writes, at(1))));
        assert_eq!(meter.charge(at(150_000), WRITE, &limits).refused, None);
        // One slot was free, and it is taken: the next one frees ten milliseconds after.
        assert_eq!(meter.charge(at(150_000), WRITE, &limits).refused, Some((Quota::Writes, at(10))));
        assert_eq!(meter.charge(at(150_000), READ, &limits).refused, None, "reads have their own limit");
    }

    #[test]
    fn what_is_refused_spends_nothing_but_shows_as_demand() {
        let limits = limits(10, 1_000);
        let mut meter = Meter::default();
        let five = Cost { units: 5, write: true };
        assert_eq!(meter.charge(at(0), five, &limits).share, Some(0.5));
        assert_eq!(meter.charge(at(1_000), five, &limits).share, Some(1.0));
        let standing = meter.charge(at(2_000), five, &limits);
        assert_eq!((standing.refused, standing.share), (Some((Quota::ResourceUnits, at(8_000))), Some(1.5)));
        assert_eq!((standing.units, standing.writes), (10, 2), "the refused write is no write");
        assert_eq!(meter.charge(at(10_000), five, &limits).refused, None);
    }

    #[test]
    fn the_longer_wait_is_told() {
        let limits = limits(1, 1);
        let mut meter = Meter::default();
        meter.charge(at(0), WRITE, &limits);
        assert_eq!(meter.charge(at(5_000), WRITE, &limits).refused, Some((Quota::Writes, at(145_000))));
    }

    #[test]
    fn without_limits_nothing_is_refused_and_peaks_are_told() {
        let none = Limits { units: None, writes: None };
        let mut meter = Meter::default();
        let last = (0..5_000).map(|n| meter.charge(at(n), WRITE, &none)).last().unwrap();
        assert_eq!((last.refused, last.writes, last.units, last.share), (None, 5_000, 5_000, None));
    }

    #[test]
    fn a_request_larger_than_its_limit_never_passes() {
        let mut meter = Meter::default();
        let cost = Cost { units: 3, write: false };
        assert_eq!(meter.charge(at(0), cost, &limits(2, 1)).refused, Some((Quota::ResourceUnits, at(10_000))));
    }
}
