//! The terminal: what each stream can show, how wide it is, and whether there is somebody to ask.

use super::args::ColorChoice;
use super::error::CliError;
use super::exit::Exit;
use crate::model::visible::{harmless, visible};
use crate::report::style::Style;
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
}

impl Terminal {
    /// Looks at the process's streams and environment.
    ///
    /// Colour is decided per stream: a terminal gets it unless `NO_COLOR` is set to anything (no-color.org) or
    /// `TERM` is `dumb`.
    pub fn detect(choice: ColorChoice) -> Self {
        let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let plain = set("NO_COLOR") || std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let colour = |is_terminal: bool| match choice {
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
        Self { out_colour: colour(out), err_colour: colour(err), err_is_terminal: err, width, asks }
    }

    /// What standard output shows.
    pub const fn out_style(self) -> Style {
        Style { colour: self.out_colour }
    }

    /// What standard error shows.
    pub const fn err_style(self) -> Style {
        Style { colour: self.err_colour }
    }

    /// Writes to standard output; nothing that a terminal would obey but colours. A reader that went away (`| head`) is no
    /// error.
    pub fn print(self, text: &str) -> Result<(), CliError> {
        let text = harmless(text, self.out_colour);
        let mut out = std::io::stdout().lock();
        match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
                Err(CliError::plain(format!("Could not write to standard output: {error}")))
            }
            _ => Ok(()),
        }
    }

    /// Writes a line to standard error, where everything goes that is not the result.
    pub fn note(self, text: &str) {
        // Nothing can be done about a standard error that is closed.
        let _ = writeln!(std::io::stderr().lock(), "{}", self.harmless_err(text));
    }

    /// A text as standard error gets it, for what is written there by others.
    pub fn harmless_err(self, text: &str) -> Cow<'_, str> {
        harmless(text, self.err_colour)
    }

    /// Asks a yes-or-no question; only the whole word `yes` is a yes. Without a terminal there is nobody to ask, and
    /// silence is no consent.
    pub async fn confirm(self, question: &str) -> Result<bool, CliError> {
        if !self.asks {
            return Err(CliError::new(Exit::Usage, "There is no terminal to ask on, so nothing was changed.")
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
        if !self.asks {
            return Err(CliError::new(Exit::Usage, format!("There is no terminal to ask on for: {prompt}"))
                .hint("Let matchplan.toml name an environment variable or a file for it."));
        }
        let prompt = format!("{}: ", visible(prompt));
        answered(move || rpassword::prompt_password(prompt)).await.map(Into::into)
    }
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
