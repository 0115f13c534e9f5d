//! The ways in which an operating system asks a program to end, and what comes of it.
//!
//! | asked | while a command reads, plans or asks | while an apply writes ([`orderly`]) |
//! |---|---|---|
//! | once | it ends at once: nothing was changed | what is in flight is finished, the state is saved |
//! | again | | it ends at once: the journal knows what was begun |
//!
//! Ctrl-C, SIGTERM and a closed terminal (SIGHUP) ask alike; on Windows Ctrl-C, Ctrl-Break and the console's closing. A
//! closed terminal asks once, however often the system says so, and not at all under `nohup`.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::watch;

/// How often somebody asked. A process has one set of signal handlers, so it has one count.
static ASKED: LazyLock<watch::Sender<u32>> = LazyLock::new(|| watch::Sender::new(0));
/// Whether the command ends itself in good order when it is asked once.
static ORDERLY: AtomicBool = AtomicBool::new(false);

/// While it lives, the first request is the command's own to follow.
#[must_use = "the first request is the command's own only while this lives"]
pub struct Orderly(());

/// From now on the command ends itself in good order: it watches [`asked`].
pub fn orderly() -> Orderly {
    ORDERLY.store(true, Ordering::Relaxed);
    Orderly(())
}

impl Drop for Orderly {
    fn drop(&mut self) {
        ORDERLY.store(false, Ordering::Relaxed);
    }
}

/// What a command was doing when it had to end at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// Nothing that matters.
    Reading,
    /// Writing, after it was asked twice.
    Writing,
}

/// Waits until somebody has asked at least once.
pub async fn asked() {
    at_least(1).await;
}

/// Waits until somebody has asked a command that ends itself in good order; any other is cut off instead.
pub async fn stopping() {
    asked().await;
    if !ORDERLY.load(Ordering::Relaxed) {
        std::future::pending::<()>().await;
    }
}

/// Waits until the command must end at once.
pub async fn cut() -> Cut {
    at_least(1).await;
    if ORDERLY.load(Ordering::Relaxed) {
        at_least(2).await;
        return Cut::Writing;
    }
    Cut::Reading
}

async fn at_least(times: u32) {
    // The sender lives as long as the process, so waiting ends only by a request.
    let _ = ASKED.subscribe().wait_for(|asked| *asked >= times).await;
}

/// Counts a request; one of a kind that may come more than once for one wish is no second one.
fn count(again: bool) {
    ASKED.send_modify(|asked| *asked = if again { asked.saturating_add(1) } else { (*asked).max(1) });
}

/// Begins to listen. Needs a running tokio.
#[cfg(unix)]
pub fn listen() {
    use tokio::signal::unix::{SignalKind, signal};
    for kind in [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()] {
        let is_hangup = kind == SignalKind::hangup();
        if is_hangup && hangups_are_ignored() {
            continue;
        }
        let Ok(mut signals) = signal(kind) else { continue };
        tokio::spawn(async move {
            while signals.recv().await.is_some() {
                count(!is_hangup);
            }
        });
    }
}

/// Whether whoever started us (`nohup`) wants a closed terminal to be nothing. Known on Linux only.
#[cfg(unix)]
fn hangups_are_ignored() -> bool {
    let ignored = |status: &str| {
        let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"))?;
        Some(u64::from_str_radix(mask.trim(), 16).ok()? & 1 == 1)
    };
    std::fs::read_to_string("/proc/self/status").ok().and_then(|status| ignored(&status)).unwrap_or(false)
}

/// Begins to listen. Needs a running tokio.
#[cfg(windows)]
pub fn listen() {
    use tokio::signal::windows::{ctrl_break, ctrl_c, ctrl_close};
    // Three types that have nothing in common but `recv`.
    macro_rules! listen_to {
        ($signals:expr, $again:expr) => {
            if let Ok(mut signals) = $signals {
                tokio::spawn(async move {
                    while signals.recv().await.is_some() {
                        count($again);
                    }
                });
            }
        };
    }
    listen_to!(ctrl_c(), true);
    listen_to!(ctrl_break(), true);
    listen_to!(ctrl_close(), false);
}
