//! A fault of this program: a panic, told in one message that holds nothing but its place.
//!
//! Rust's own message shows the panic's text, and that can hold any value, a secret too.

use super::error::CliError;
use super::exit::Exit;
use super::stream::Stream;
use crate::report::stream::Said;
use std::fmt;
use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook};

/// What is said of a fault.
struct Fault<'a> {
    place: &'a dyn fmt::Display,
    flags: &'a str,
}

impl fmt::Display for Fault<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { place, flags } = self;
        write!(
            f,
            "error: matchplan {} has a fault of its own, at {place}.\n  \
             → Nothing is lost: every write is in the journal. `matchplan{flags} status` shows what stands, `matchplan{flags} \
             apply` goes on.\n  → Please report it with the place above; it holds no data of yours.",
            env!("CARGO_PKG_VERSION")
        )
    }
}

/// Runs the program's work; a panic in it becomes an ordinary error. `flags` is what the person must give again with the
/// next command, such as ` --lab`; where there is an event stream, it is told there.
pub fn contained(flags: String, stream: Option<&'static Stream>, work: impl FnOnce() -> Exit) -> Exit {
    set_hook(Box::new(move |panic| {
        let unknown = "an unknown place";
        let place = panic.location().map_or(&unknown as &dyn fmt::Display, |place| place as _);
        let fault = Fault { place, flags: &flags };
        let _ = match stream {
            Some(stream) => stream.tell(Said::Note { text: fault.to_string() }),
            None => writeln!(std::io::stderr().lock(), "{fault}"),
        };
    }));
    // Whatever was half-changed in memory is gone with the process; files are whole by themselves.
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| match stream {
        Some(stream) => {
            stream.end(Err(CliError::plain("matchplan has a fault of its own; the note before says where.")))
        }
        None => Exit::Error,
    })
}
