//! Progress: a bar on a terminal, plain lines otherwise.

use super::terminal::Terminal;
use crate::directory::collect::{Part, Progress};
use crate::directory::cost::grouped;
use crate::model::visible::visible;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// How reading a snapshot goes on.
pub struct Reading {
    bar: ProgressBar,
    terminal: Terminal,
    counts: Mutex<BTreeMap<String, Count>>,
}

/// How far one part has come, and how far it goes, if that is known.
#[derive(Clone, Copy)]
struct Count {
    read: usize,
    of: Option<usize>,
}

impl Count {
    /// Before its first page, nothing can be said of the time that is left; nor of one whose end is not known. What has
    /// changed since it was counted does not make it more than whole.
    fn left(self, elapsed: Duration) -> Option<Duration> {
        let of = self.of.filter(|of| self.read > 0 && self.read < *of)?;
        let (read, open) = (u32::try_from(self.read).ok()?, u32::try_from(of - self.read).ok()?);
        Some(elapsed / read * open)
    }

    fn told(self, part: &str) -> String {
        let read = grouped(self.read as u64);
        match self.of.filter(|of| self.read < *of) {
            Some(of) => format!("{read} of ~{} {part}", grouped(of as u64)),
            None => format!("{read} {part}"),
        }
    }
}

/// The time that is left, as roughly as it is known.
fn about(left: Duration) -> String {
    match left.as_secs() {
        0..=9 => "a few seconds left".to_owned(),
        seconds @ 10..=99 => format!("about {} s left", seconds.div_ceil(10) * 10),
        seconds => format!("about {} min left", seconds.div_ceil(60)),
    }
}

/// Shows that reading begins: a spinner on a terminal, nothing otherwise.
pub fn reading(terminal: Terminal) -> Reading {
    let bar = ProgressBar::new_spinner();
    bar.set_draw_target(target(terminal.err_is_terminal));
    // One line, however narrow the terminal is.
    if let Ok(style) = ProgressStyle::with_template("{spinner} {wide_msg}") {
        bar.set_style(style);
    }
    bar.set_message("Reading both directories");
    Reading { bar, terminal, counts: Mutex::default() }
}

impl Reading {
    /// Takes in one piece of news.
    pub fn tell(&self, news: &Progress) {
        let (part, count) = match news {
            Progress::Domain { domain, users, of } => {
                (format!("AD users of {}", visible(domain.as_str())), Count { read: *users, of: *of })
            }
            Progress::Cloud { part, count, of } => (cloud_part(*part).to_owned(), Count { read: *count, of: *of }),
        };
        self.terminal.progress(&part, count.read, count.of);
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.insert(part, count);
        let parts: Vec<String> = counts.iter().map(|(part, count)| count.told(part)).collect();
        let left = counts.values().filter_map(|count| count.left(self.bar.elapsed())).max();
        let left = left.map(|left| format!("; {}", about(left))).unwrap_or_default();
        self.bar.set_message(format!("Reading both directories: {}{left}", parts.join(", ")));
        self.bar.tick();
    }

    /// Clears the line.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

const fn cloud_part(part: Part) -> &'static str {
    match part {
        Part::Users => "cloud users",
        Part::DeletedUsers => "soft-deleted users",
        Part::Groups => "groups",
        Part::Contacts => "contacts",
        Part::Roles => "role assignments",
    }
}

/// Where a bar is drawn, if it is shown at all.
fn target(shown: bool) -> ProgressDrawTarget {
    if shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() }
}

/// A bar over the steps of an apply; hidden where there is no terminal (lines are written then).
pub fn steps(terminal: Terminal, total: usize) -> ProgressBar {
    let bar = ProgressBar::new(total as u64);
    bar.set_draw_target(target(terminal.err_is_terminal));
    if let Ok(style) =
        ProgressStyle::with_template("{bar:32} {human_pos}/{human_len} steps  {elapsed}, {eta} left  {wide_msg}")
    {
        bar.set_style(style);
    }
    bar
}

/// A bar over a saved snapshot that is read; hidden where there is no terminal. Only what takes its time is shown.
pub fn unpacking(terminal: Terminal, size: Option<u64>) -> ProgressBar {
    const LARGE: u64 = 8 << 20;
    let bar = ProgressBar::new(size.unwrap_or_default());
    bar.set_draw_target(target(terminal.err_is_terminal && size.is_some_and(|size| size > LARGE)));
    if let Ok(style) =
        ProgressStyle::with_template("{bar:32} reading the snapshot: {bytes} of {total_bytes}  {wide_msg}")
    {
        bar.set_style(style);
    }
    bar
}

/// That something takes its time which says nothing of how far it is.
pub fn thinking(terminal: Terminal, what: &'static str) -> ProgressBar {
    let bar = ProgressBar::new_spinner();
    bar.set_draw_target(target(terminal.err_is_terminal));
    if let Ok(style) = ProgressStyle::with_template("{spinner} {wide_msg}") {
        bar.set_style(style);
    }
    bar.set_message(what);
    if terminal.err_is_terminal {
        bar.enable_steady_tick(std::time::Duration::from_millis(100));
    }
    bar
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_told_where_the_end_is_known() {
        let part = Count { read: 412_000, of: Some(1_000_000) };
        assert_eq!(part.told("cloud users"), "412,000 of ~1,000,000 cloud users");
        let left = part.left(Duration::from_mins(2)).unwrap();
        assert_eq!(about(left), "about 3 min left");
        // More came than were counted.
        let over = Count { read: 12, of: Some(11) };
        assert_eq!((over.told("groups"), over.left(Duration::from_secs(1))), ("12 groups".to_owned(), None));
        assert_eq!(Count { read: 0, of: Some(11) }.left(Duration::from_secs(1)), None);
        assert_eq!(Count { read: 5, of: None }.left(Duration::from_secs(1)), None);
    }

    #[test]
    fn time_is_told_as_roughly_as_it_is_known() {
        for (seconds, told) in [(3, "a few seconds left"), (41, "about 50 s left"), (150, "about 3 min left")] {
            assert_eq!(about(Duration::from_secs(seconds)), told);
        }
    }
}
