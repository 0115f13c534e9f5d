//! How fast Graph may be asked: just below the limits that Microsoft publishes, and slower as soon as it says so. Pure.
//!
//! Source: Microsoft Graph, "Microsoft Graph service-specific throttling limits", identity and access: per application and
//! tenant 3,500, 5,000 or 8,000 resource units in 10 seconds by the size of the tenant, and 3,000 writes in 150 seconds. The
//! windows slide, so that as much may be asked at once as the window holds, and no more until it has slid on. 429 may come
//! below the published limits; then what was accepted so far is the limit.

use crate::config::settings::GraphLimits;
use jiff::SignedDuration;
use std::collections::VecDeque;

/// Writes in one window, for each application and tenant.
const WRITES: u32 = 3000;
/// The window of writes.
const WRITE_WINDOW: SignedDuration = SignedDuration::from_secs(150);
/// The window of resource units.
const UNIT_WINDOW: SignedDuration = SignedDuration::from_secs(10);
/// Up to how many users a tenant counts as small, and as medium, with the resource units that each may use.
const SIZES: [(u64, u32); 2] = [(50, 3500), (500, 5000)];
/// Resource units of a large tenant.
const LARGE: u32 = 8000;
/// How far below a limit we stay: others' clocks and counts are not ours.
const MARGIN: f64 = 0.995;
/// What is learned of a limit never goes below this: a single refusal must not stop everything for a whole window.
const LEAST: u32 = 20;
/// The longest that one refusal stops us.
const LONGEST_STOP: SignedDuration = SignedDuration::from_mins(5);
/// By how much a limit that was learned is tried to be raised after a window without a refusal.
const RAISE: f64 = 1.02;

/// What is limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Resource units, which every request costs.
    Units,
    /// Requests that change something.
    Writes,
}

/// The pace of one application in one tenant. Times are counted from any fixed moment and never go back.
#[derive(Clone, Debug)]
pub struct Pace {
    units: Window,
    writes: Window,
    /// Whether the size of the tenant decides how many units there are.
    by_size: bool,
    /// How many refusals there were.
    refusals: u64,
}

impl Default for Pace {
    fn default() -> Self {
        Self::within(GraphLimits::default())
    }
}

impl Pace {
    /// Below these limits, and below the published ones where they say nothing.
    pub fn within(limits: GraphLimits) -> Self {
        let GraphLimits { writes, resource_units } = limits;
        Self {
            units: Window::new(resource_units.unwrap_or(SIZES[0].1), UNIT_WINDOW),
            writes: Window::new(writes.unwrap_or(WRITES), WRITE_WINDOW),
            by_size: resource_units.is_none(),
            refusals: 0,
        }
    }

    /// How many users the tenant has, which decides what it may be asked where no limit was set.
    pub fn set_users(&mut self, users: u64) {
        if !self.by_size {
            return;
        }
        let size = SIZES.iter().find(|(most, _)| users < *most);
        self.units.set_published(size.map_or(LARGE, |(_, units)| *units));
    }

    /// Takes `amount` of a class, if there is room; otherwise how long to wait before asking again. What was taken counts
    /// as under way until [`Pace::done`] or [`Pace::give_back`].
    pub fn take(&mut self, class: Class, amount: u32, now: SignedDuration) -> Result<(), SignedDuration> {
        self.window(class).take(amount, now)
    }

    /// What was taken has been answered, and counts from now.
    pub fn done(&mut self, class: Class, amount: u32, now: SignedDuration) {
        let window = self.window(class);
        window.under_way = window.under_way.saturating_sub(amount);
        window.count(amount, now);
    }

    /// Something that was not taken before was accepted, and counts from now.
    pub fn accepted(&mut self, class: Class, amount: u32, now: SignedDuration) {
        self.window(class).count(amount, now);
    }

    /// What was taken was not used.
    pub fn give_back(&mut self, class: Class, amount: u32) {
        let window = self.window(class);
        window.under_way = window.under_way.saturating_sub(amount);
    }

    /// A request was refused with 429: nothing was done, and nothing more of its class is sent for so long, or, where the
    /// server does not say how long, until the window has slid on.
    pub fn refused(&mut self, class: Class, retry_after: Option<SignedDuration>, now: SignedDuration) {
        self.refusals += 1;
        self.window(class).refused(retry_after, now);
    }

    /// For how long a class is held up from now, if it is.
    pub fn held_up(&mut self, class: Class, now: SignedDuration) -> Option<SignedDuration> {
        self.window(class).wait(1, now)
    }

    /// How many refusals there were.
    pub const fn refusals(&self) -> u64 {
        self.refusals
    }

    const fn window(&mut self, class: Class) -> &mut Window {
        match class {
            Class::Units => &mut self.units,
            Class::Writes => &mut self.writes,
        }
    }
}

/// A limit on what is accepted within a window that slides.
#[derive(Clone, Debug)]
struct Window {
    published: u32,
    limit: u32,
    length: SignedDuration,
    /// When how much was accepted, oldest first.
    accepted: VecDeque<(SignedDuration, u32)>,
    /// The sum of these.
    used: u32,
    under_way: u32,
    /// Nothing is sent before this.
    stopped_until: SignedDuration,
    /// When the last refusal came, or the limit was raised.
    changed: SignedDuration,
    /// Refusals in a row without anything accepted.
    in_a_row: u32,
}

impl Window {
    const fn new(published: u32, length: SignedDuration) -> Self {
        Self {
            published,
            limit: published,
            length,
            accepted: VecDeque::new(),
            used: 0,
            under_way: 0,
            stopped_until: SignedDuration::ZERO,
            changed: SignedDuration::ZERO,
            in_a_row: 0,
        }
    }

    fn set_published(&mut self, published: u32) {
        if self.limit == self.published {
            self.limit = published;
        }
        self.published = published;
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a part of a small number")]
    fn room_for(&self) -> u32 {
        (f64::from(self.limit) * MARGIN) as u32
    }

    fn slide(&mut self, now: SignedDuration) {
        while let Some((at, amount)) = self.accepted.front().copied() {
            if at.saturating_add(self.length) > now {
                break;
            }
            self.accepted.pop_front();
            self.used = self.used.saturating_sub(amount);
        }
        if self.limit < self.published && now.saturating_sub(self.changed) > self.length {
            self.changed = now;
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a part of a small number")]
            let raised = (f64::from(self.limit) * RAISE).ceil() as u32;
            self.limit = raised.min(self.published);
        }
    }

    /// How long until `amount` fits; `None` if it does now.
    fn wait(&mut self, amount: u32, now: SignedDuration) -> Option<SignedDuration> {
        self.slide(now);
        if self.stopped_until > now {
            return Some(self.stopped_until.saturating_sub(now));
        }
        let room = self.room_for();
        // More than a whole window would never fit: it goes when nothing else does.
        let amount = amount.min(room);
        let mut over = (self.used + self.under_way + amount).saturating_sub(room);
        if over == 0 {
            return None;
        }
        for (at, held) in &self.accepted {
            over = over.saturating_sub(*held);
            if over == 0 {
                return Some(at.saturating_add(self.length).saturating_sub(now).max(SHORTEST));
            }
        }
        // What is under way will be answered soon.
        Some(SHORTEST)
    }

    fn take(&mut self, amount: u32, now: SignedDuration) -> Result<(), SignedDuration> {
        if let Some(wait) = self.wait(amount, now) {
            return Err(wait);
        }
        self.under_way += amount;
        Ok(())
    }

    fn count(&mut self, amount: u32, now: SignedDuration) {
        self.in_a_row = 0;
        self.used += amount;
        match self.accepted.back_mut() {
            // Small steps in time are one: a window then holds some hundreds of entries, not thousands.
            Some((at, held)) if now.saturating_sub(*at) < SHORTEST => {
                *at = now;
                *held += amount;
            }
            _ => self.accepted.push_back((now, amount)),
        }
    }

    fn refused(&mut self, retry_after: Option<SignedDuration>, now: SignedDuration) {
        self.slide(now);
        self.limit = self.limit.min(self.used.max(LEAST));
        self.changed = now;
        let own_choice = || {
            let wait = SignedDuration::from_secs(1 << self.in_a_row.min(5));
            let slides = self.accepted.front().map(|(at, _)| at.saturating_add(self.length).saturating_sub(now));
            // Where enough was accepted, the window itself says when there is room again.
            slides.filter(|_| self.used >= LEAST).unwrap_or(wait)
        };
        let stop = retry_after.unwrap_or_else(own_choice).min(LONGEST_STOP);
        if self.stopped_until <= now {
            self.in_a_row += 1;
        }
        self.stopped_until = self.stopped_until.max(now.saturating_add(stop));
    }
}

/// The shortest wait, and the smallest step in time that is counted.
const SHORTEST: SignedDuration = SignedDuration::from_millis(20);

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: i64) -> SignedDuration {
        SignedDuration::from_millis(ms)
    }

    /// Sends `n` writes as fast as the pace allows against a server that accepts so many in a window; gives how long it
    /// took and how many were refused. Each write takes `latency`, and `width` are under way at the same time.
    fn run(n: u32, server: u32, says_when: bool, width: usize) -> (SignedDuration, u64) {
        let (mut pace, mut now) = (Pace::default(), ms(0));
        let (mut accepted, mut refused, mut done) = (VecDeque::<SignedDuration>::new(), 0, 0);
        let mut under_way = VecDeque::<(SignedDuration, bool)>::new();
        let latency = ms(50);
        while done < n {
            while under_way.len() < width && u32::try_from(under_way.len()).unwrap() < n - done {
                let Ok(()) = pace.take(Class::Writes, 1, now) else { break };
                // The server counts when the request comes in, half of the latency later.
                let there = now + ms(25);
                while accepted.front().is_some_and(|at| *at + WRITE_WINDOW <= there) {
                    accepted.pop_front();
                }
                let fits = accepted.len() < server as usize;
                if fits {
                    accepted.push_back(there);
                }
                under_way.push_back((now + latency, fits));
            }
            let next = match under_way.front() {
                Some((at, _)) => *at,
                None => now + pace.take(Class::Writes, 1, now).expect_err("it waits").max(ms(1)),
            };
            now = next;
            while under_way.front().is_some_and(|(at, _)| *at <= now) {
                if under_way.pop_front().unwrap().1 {
                    pace.done(Class::Writes, 1, now);
                    done += 1;
                } else {
                    pace.give_back(Class::Writes, 1);
                    let free = accepted.front().map(|at| *at + WRITE_WINDOW - now);
                    pace.refused(Class::Writes, free.filter(|_| says_when), now);
                    refused += 1;
                }
            }
            assert!(now < SignedDuration::from_hours(2), "it goes on for ever");
        }
        (now, refused)
    }

    /// The published limit is never met, and what the window allows at once is asked at once.
    #[test]
    fn below_the_published_limit_nothing_is_refused_and_no_window_is_wasted() {
        let (took, refused) = run(5000, 3000, true, 160);
        assert_eq!(refused, 0);
        let bound = SignedDuration::from_secs(150);
        assert!(took >= bound && took < bound + SignedDuration::from_secs(5), "{took:#}");
    }

    /// A limit that nobody announced is learned with the first refusals.
    #[test]
    fn a_lower_limit_is_learned_without_a_storm() {
        for says_when in [true, false] {
            let (took, refused) = run(5000, 1500, says_when, 160);
            let bound = SignedDuration::from_secs(150 * 3);
            assert!(took.as_secs_f64() < bound.as_secs_f64() * 1.3, "{took:#}");
            assert!(refused < 500, "{refused} refused");
        }
    }

    #[test]
    fn a_refusal_without_anything_accepted_waits_longer_each_time() {
        let mut pace = Pace::default();
        let mut now = ms(0);
        let mut waits = Vec::new();
        for _ in 0..7 {
            pace.take(Class::Writes, 1, now).unwrap();
            pace.give_back(Class::Writes, 1);
            pace.refused(Class::Writes, None, now);
            let wait = pace.take(Class::Writes, 1, now).unwrap_err();
            waits.push(wait.as_secs());
            now += wait;
        }
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 32]);
        pace.refused(Class::Writes, Some(SignedDuration::from_hours(1)), now);
        assert_eq!(pace.take(Class::Writes, 1, now), Err(LONGEST_STOP));
        assert_eq!(pace.take(Class::Units, 1, now), Ok(()), "reads go on");
        assert_eq!(pace.refusals(), 8);
    }

    #[test]
    fn the_size_of_the_tenant_decides() {
        for (users, units) in [(10, 3500), (50, 5000), (499, 5000), (500, 8000), (500_000, 8000)] {
            let mut pace = Pace::default();
            pace.set_users(users);
            let fits = (1..1000).take_while(|_| pace.take(Class::Units, 100, ms(0)).is_ok()).count();
            assert_eq!(fits, units / 100 - 1, "{users}");
        }
    }
}
