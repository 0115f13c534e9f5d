//! The event stream of `--json` on its way out: standard output gets one JSON object per line, and nothing else.

use super::error::{CliError, CliResult};
use super::exit::Exit;
use crate::apply::event::Event;
use crate::report::events;
use crate::report::stream::{Said, Told};
use jiff::Timestamp;
use serde_json::Value;
use std::io::{self, Write as _};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How often progress is told at most.
const PACE: Duration = Duration::from_secs(1);

/// The stream of this run.
#[derive(Debug)]
pub struct Stream {
    /// The time that the command line asks for; otherwise this computer's.
    clock: Option<Timestamp>,
    /// What the command found so far, for the last line.
    data: Mutex<Option<Value>>,
    /// When progress was told, or its beginning.
    progress: Mutex<Instant>,
}

impl Stream {
    /// Begins the stream, which lasts as long as the process.
    pub fn begin(clock: Option<Timestamp>) -> &'static Self {
        Box::leak(Box::new(Self { clock, data: Mutex::default(), progress: Mutex::new(Instant::now()) }))
    }

    /// Writes one line. A reader that went away is no error.
    pub fn tell(&self, what: Said) -> io::Result<()> {
        let at = self.clock.unwrap_or_else(Timestamp::now);
        write(&Told { at, what }.to_line()?)
    }

    /// Writes an event of an apply.
    pub fn happened(&self, event: &Event) -> io::Result<()> {
        write(&events::json_line(event)?)
    }

    /// Says how far reading has come, unless that was said a moment ago.
    pub fn progress(&self, part: &str, read: usize, of: Option<usize>) {
        if due(&mut self.progress.lock().unwrap_or_else(PoisonError::into_inner), Instant::now()) {
            // Progress that nobody can read any more is none.
            let _ = self.tell(Said::Progress { part: part.to_owned(), read, of });
        }
    }

    /// Keeps what the command found, for the last line.
    pub fn keep(&self, data: Value) {
        *self.data.lock().unwrap_or_else(PoisonError::into_inner) = Some(data);
    }

    /// Writes the last line: what the command came to. The exit code is the command's own, unless a success could not be
    /// told.
    pub fn end(&self, ended: CliResult) -> Exit {
        let data = self.data.lock().unwrap_or_else(PoisonError::into_inner).take();
        let (exit, last) = match ended {
            Ok(exit) => (exit, Said::Result { exit_code: exit.code(), data }),
            Err(CliError { exit, message, hints }) => {
                (exit, Said::Error { message, hints, exit_code: exit.code(), data })
            }
        };
        match self.tell(last) {
            Ok(()) => exit,
            Err(error) => {
                let _ = writeln!(io::stderr().lock(), "error: Could not write to standard output: {error}");
                if exit == Exit::Success { Exit::Error } else { exit }
            }
        }
    }
}

/// Whether it is time to tell progress again, which is then told.
fn due(told: &mut Instant, now: Instant) -> bool {
    let due = now.duration_since(*told) >= PACE;
    if due {
        *told = now;
    }
    due
}

/// All of a line at once, so that lines of several threads do not mix.
fn write(line: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(line.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_told_once_a_second_at_most() {
        let start = Instant::now();
        let mut told = start;
        let seen: Vec<u64> =
            (0..=30).map(|n| n * 100).filter(|ms| due(&mut told, start + Duration::from_millis(*ms))).collect();
        assert_eq!(seen, [1_000, 2_000, 3_000]);
    }

    #[test]
    fn the_last_thing_that_was_found_is_kept() {
        let stream = Stream::begin(None);
        stream.keep(Value::Bool(true));
        stream.keep(serde_json::json!({ "links": 2 }));
        assert_eq!(stream.data.lock().unwrap().as_ref().unwrap()["links"], 2);
    }
}
