//! Progress: a bar on a terminal, plain lines otherwise.

use super::terminal::Terminal;
use crate::directory::collect::{Part, Progress};
use crate::model::visible::visible;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// How reading a snapshot goes on.
pub struct Reading {
    bar: ProgressBar,
    counts: Mutex<BTreeMap<String, usize>>,
}

/// Shows that reading begins: a spinner on a terminal, nothing otherwise.
pub fn reading(terminal: Terminal) -> Reading {
    let bar = ProgressBar::new_spinner();
    bar.set_draw_target(if terminal.err_is_terminal {
        ProgressDrawTarget::stderr()
    } else {
        ProgressDrawTarget::hidden()
    });
    // One line, however narrow the terminal is.
    if let Ok(style) = ProgressStyle::with_template("{spinner} {wide_msg}") {
        bar.set_style(style);
    }
    bar.set_message("Reading both directories");
    Reading { bar, counts: Mutex::default() }
}

impl Reading {
    /// Takes in one piece of news.
    pub fn tell(&self, news: &Progress) {
        let (part, count) = match news {
            Progress::Domain { domain, users } => (format!("AD users of {}", visible(domain.as_str())), *users),
            Progress::Cloud { part, count } => (cloud_part(*part).to_owned(), *count),
        };
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.insert(part, count);
        let parts: Vec<String> = counts.iter().map(|(part, count)| format!("{count} {part}")).collect();
        self.bar.set_message(format!("Reading both directories: {}", parts.join(", ")));
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

/// A bar over the steps of an apply; hidden where there is no terminal (lines are written then).
pub fn steps(terminal: Terminal, total: usize) -> ProgressBar {
    let bar = ProgressBar::new(total as u64);
    bar.set_draw_target(if terminal.err_is_terminal {
        ProgressDrawTarget::stderr()
    } else {
        ProgressDrawTarget::hidden()
    });
    if let Ok(style) = ProgressStyle::with_template("{bar:32} {pos}/{len} steps  {elapsed}  {wide_msg}") {
        bar.set_style(style);
    }
    bar
}

/// A bar over a saved snapshot that is read; hidden where there is no terminal. Only what takes its time is shown.
pub fn unpacking(terminal: Terminal, size: Option<u64>) -> ProgressBar {
    const LARGE: u64 = 8 << 20;
    let bar = ProgressBar::new(size.unwrap_or_default());
    bar.set_draw_target(if terminal.err_is_terminal && size.is_some_and(|size| size > LARGE) {
        ProgressDrawTarget::stderr()
    } else {
        ProgressDrawTarget::hidden()
    });
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
    bar.set_draw_target(if terminal.err_is_terminal {
        ProgressDrawTarget::stderr()
    } else {
        ProgressDrawTarget::hidden()
    });
    if let Ok(style) = ProgressStyle::with_template("{spinner} {wide_msg}") {
        bar.set_style(style);
    }
    bar.set_message(what);
    if terminal.err_is_terminal {
        bar.enable_steady_tick(std::time::Duration::from_millis(100));
    }
    bar
}
