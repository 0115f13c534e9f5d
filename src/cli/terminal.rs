//! The terminal: what each stream can show, how wide it is, and whether there is somebody to ask. With `--json` there is
//! nobody, and everything that is said becomes a line of the event stream.

use super::args::{ColorChoice, Global};
use super::error::{CliError, CliResult, unwritable};
use super::exit::Exit;
use super::stream::Stream;
use crate::apply::event::{Event, What};
use crate::diagnostic::{Diagnostic, Sources, render_all};
use crate::model::visible::{harmless, visible};
use crate::report::events;
use crate::report::stream::Said;
use crate::report::style::Style;
use serde::Serialize;
use serde_json::Value;
use std::borrow::Cow;
use std::io::{self, BufRead as _, IsTerminal, Read as _, Write as _};

/// The width that is assumed where there is no terminal.
const DEFAULT_WIDTH: usize = 100;

/// The longest answer to a question that is read, in octets.
const LONGEST_ANSWER: u64 = 1024;

/// The process's streams, looked at once.
#[expect(clippy::struct_excessive_bools, reason = "independent facts about independent streams")]
#[derive(Clone, Copy, Debug)]
pub struct Terminal {
    /// Whether standard output gets colour.
    pub out_colour: bool,
    /// Whether standard error gets colour.
    pub err_colour: bool,
    /// Whether standard error is a terminal, so that progress may be drawn on it.
    pub err_is_terminal: bool,
    /// Columns.
    pub width: usize,
    asks: bool,
    stream: Option<&'static Stream>,
}

impl Terminal {
    /// Looks at the process's streams and environment.
    ///
    /// Colour is decided per stream: a terminal gets it unless `NO_COLOR` is set to anything (no-color.org) or
    /// `TERM` is `dumb`.
    pub fn detect(global: &Global) -> Self {
        if global.json {
            let stream = Some(Stream::begin(global.clock));
            let width = DEFAULT_WIDTH;
            return Self { out_colour: false, err_colour: false, err_is_terminal: false, width, asks: false, stream };
        }
        let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let plain = set("NO_COLOR") || std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let colour = |is_terminal: bool| match global.color {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => is_terminal && !plain,
        };
        let (out, err) = (std::io::stdout().is_terminal(), std::io::stderr().is_terminal());
        let columns = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
        let measured = || terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
        let width = columns.or_else(measured).unwrap_or(DEFAULT_WIDTH).clamp(40, 400);
        enable_escape_codes(colour(out) || colour(err));
        let asks = std::io::stdin().is_terminal() && err;
        Self { out_colour: colour(out), err_colour: colour(err), err_is_terminal: err, width, asks, stream: None }
    }

    /// What standard output shows.
    pub const fn out_style(self) -> Style {
        Style { colour: self.out_colour }
    }

    /// What standard error shows.
    pub const fn err_style(self) -> Style {
        Style { colour: self.err_colour }
    }

    /// The event stream, where there is one: nothing else goes to either stream then.
    pub const fn stream(self) -> Option<&'static Stream> {
        self.stream
    }

    /// Gives a command's result: the text, or the JSON where that was asked for. In the event stream it is the data of the
    /// last line.
    pub fn give(
        self,
        as_json: bool,
        json: impl FnOnce() -> Result<String, serde_json::Error>,
        text: impl FnOnce() -> String,
    ) -> Result<(), CliError> {
        match self.stream {
            Some(_) => self.data(|| serde_json::from_str::<Value>(&json()?)),
            None if as_json => self.print(&json().map_err(|error| unwritable(&error))?),
            None => self.print(&text()),
        }
    }

    /// Keeps what the event stream's last line has as data; nothing where there is no stream.
    pub fn data<T: Serialize>(self, data: impl FnOnce() -> Result<T, serde_json::Error>) -> Result<(), CliError> {
        let Some(stream) = self.stream else { return Ok(()) };
        let data = data().and_then(serde_json::to_value).map_err(|error| unwritable(&error))?;
        stream.keep(data);
        Ok(())
    }

    /// Gives a text that is a command's whole result: a script, a page.
    pub fn give_text(self, text: &str) -> Result<(), CliError> {
        match self.stream {
            Some(_) => self.data(|| Ok(serde_json::json!({ "text": text }))),
            None => self.print(text),
        }
    }

    /// Gives what is needed before the command ends: in the event stream it is a line at once.
    pub fn give_now(
        self,
        said: impl FnOnce(Value) -> Said,
        json: impl FnOnce() -> Result<String, serde_json::Error>,
        text: impl FnOnce() -> Result<String, CliError>,
    ) -> Result<(), CliError> {
        let Some(stream) = self.stream else { return self.print(&text()?) };
        let data = json().and_then(|json| serde_json::from_str(&json)).map_err(|error| unwritable(&error))?;
        stream.tell(said(data)).map_err(|error| unprinted(&error))
    }

    /// Says what a command came to, unless that was said already: the exit code is the process's.
    pub fn end(self, ended: CliResult) -> Exit {
        match (self.stream, ended) {
            (Some(stream), ended) => stream.end(ended),
            (None, Ok(exit)) => exit,
            (None, Err(error)) => {
                self.note(&error.to_string());
                error.exit
            }
        }
    }

    /// Writes to standard output; nothing that a terminal would obey but colours. A reader that went away (`| head`) is no
    /// error.
    pub fn print(self, text: &str) -> Result<(), CliError> {
        if self.stream.is_some() {
            self.note(text);
            return Ok(());
        }
        let text = harmless(text, self.out_colour);
        let mut out = std::io::stdout().lock();
        match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(unprinted(&error)),
            _ => Ok(()),
        }
    }

    /// Writes a line to standard error, where everything goes that is not the result.
    pub fn note(self, text: &str) {
        if let Some(stream) = self.stream {
            let text = text.trim_matches('\n');
            let text = text.strip_prefix("note: ").unwrap_or(text).to_owned();
            // As below: whoever does not listen is not told.
            let _ = stream.tell(Said::Note { text });
            return;
        }
        // Nothing can be done about a standard error that is closed.
        let _ = writeln!(std::io::stderr().lock(), "{}", self.harmless_err(text));
    }

    /// Says what was noticed in files that people wrote.
    pub fn diagnostics(self, found: &[Diagnostic], sources: &Sources) {
        if let Some(stream) = self.stream {
            for diagnostic in found {
                let _ = stream.tell(Said::Diagnostic(diagnostic.to_json(sources)));
            }
        } else if !found.is_empty() {
            self.note(render_all(found, sources, self.err_colour, self.width).trim_end());
        }
    }

    /// Tells an event of an apply, on a line of its own; `above` writes it where a bar is drawn.
    pub fn happened(self, event: &Event, above: impl FnOnce(Cow<'_, str>)) {
        if let Some(stream) = self.stream {
            // What is applied is applied, whether or not it can be told.
            let _ = stream.happened(event);
            return;
        }
        let Some(line) = events::line(event, self.err_style()) else { return };
        if self.err_is_terminal && !matches!(event.what, What::ApplyEnded { .. }) {
            above(self.harmless_err(line.trim_end()));
        } else {
            self.note(line.trim_end());
        }
    }

    /// Tells the event stream how far reading has come.
    pub fn progress(self, part: &str, read: usize, of: Option<usize>) {
        if let Some(stream) = self.stream {
            stream.progress(part, read, of);
        }
    }

    /// Whether a question of this command could be answered. One that could not stands in the event stream all the same.
    pub fn can_ask(self, question: &str) -> bool {
        if let Some(stream) = self.stream {
            let _ = stream.tell(Said::Question { text: question.trim().to_owned() });
        }
        self.asks
    }

    /// A text as standard error gets it, for what is written there by others.
    pub fn harmless_err(self, text: &str) -> Cow<'_, str> {
        harmless(text, self.err_colour)
    }

    /// Asks a yes-or-no question; only the whole word `yes` is a yes. Without a terminal there is nobody to ask, and
    /// silence is no consent.
    pub async fn confirm(self, question: &str) -> Result<bool, CliError> {
        if !self.can_ask(question) {
            let nobody = match self.stream {
                Some(_) => "With --json nobody is asked, so nothing was changed.",
                None => "There is no terminal to ask on, so nothing was changed.",
            };
            return Err(CliError::new(Exit::Usage, nobody)
                .hint("Review a saved plan (plan --out FILE) and apply that, or write --yes."));
        }
        {
            let mut err = std::io::stderr().lock();
            let _ = write!(err, "{} Only \"yes\" goes on: ", self.harmless_err(question));
            let _ = err.flush();
        }
        let answer = answered(|| {
            let mut answer = String::new();
            std::io::stdin().lock().take(LONGEST_ANSWER).read_line(&mut answer).map(|_| answer)
        });
        Ok(answer.await?.trim() == "yes")
    }

    /// Asks for a secret without showing it.
    pub async fn secret(self, prompt: &str) -> Result<secrecy::SecretString, CliError> {
        if !self.can_ask(prompt) {
            let nobody =
                if self.stream.is_some() { "With --json nobody is asked" } else { "There is no terminal to ask on" };
            return Err(CliError::new(Exit::Usage, format!("{nobody} for: {prompt}"))
                .hint("Let matchplan.toml name an environment variable or a file for it."));
        }
        let prompt = format!("{}: ", visible(prompt));
        answered(move || rpassword::prompt_password(prompt)).await.map(Into::into)
    }
}

fn unprinted(error: &io::Error) -> CliError {
    CliError::plain(format!("Could not write to standard output: {error}"))
}

/// Waits for a person on a thread of its own, so that a signal can end the waiting.
async fn answered(read: impl FnOnce() -> io::Result<String> + Send + 'static) -> Result<String, CliError> {
    let failed = |error: io::Error| match error.kind() {
        // Ctrl-C, where the terminal does not make a signal of it.
        io::ErrorKind::Interrupted => CliError::new(Exit::Interrupted, "Interrupted; nothing was changed."),
        _ => CliError::plain(format!("Could not read the answer: {error}")),
    };
    tokio::task::spawn_blocking(read).await.map_err(io::Error::other).flatten().map_err(failed)
}

#[cfg(windows)]
fn enable_escape_codes(wanted: bool) {
    if wanted {
        // An old console that cannot show escape codes shows them raw; there is nothing better to do than go on.
        let _ = colored::control::set_virtual_terminal(true);
    }
}

#[cfg(not(windows))]
const fn enable_escape_codes(_wanted: bool) {}
