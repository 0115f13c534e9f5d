//! Tones, and what they look like.
//!
//! `colored` decides about colour for the whole process, from standard output alone. A renderer here is told what its
//! own stream can do, so `colored` serves as the palette: it composes a style, and [`Style::paint`] writes the codes
//! or leaves them away by its own flag. No global switch is read or set, and tests of both kinds can run side by side.

use colored::{ColoredString, Colorize, Styles};
use std::fmt::Write as _;

/// What a piece of text means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tone {
    /// Nothing in particular.
    #[default]
    Plain,
    /// A title, or the name of what a block is about.
    Strong,
    /// Less important than what stands around it.
    Quiet,
    /// Something comes.
    Add,
    /// Something goes.
    Remove,
    /// Something changes.
    Change,
    /// The part of a new value that differs from the old one.
    AddPart,
    /// The part of an old value that differs from the new one.
    RemovePart,
    /// An error, a loss, or a point of no return.
    Alarm,
    /// To be read before going on.
    Warn,
    /// As it should be.
    Good,
}

impl Tone {
    fn of(self, text: &str) -> ColoredString {
        match self {
            Self::Plain => text.normal(),
            Self::Strong => text.bold(),
            Self::Quiet => text.dimmed(),
            Self::Add | Self::Good => text.green(),
            Self::Remove => text.red(),
            Self::Change | Self::Warn => text.yellow(),
            Self::AddPart => text.green().bold().underline(),
            Self::RemovePart => text.red().bold().underline(),
            Self::Alarm => text.red().bold(),
        }
    }
}

/// Whether the stream that is written to shows colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Style {
    /// Whether to write colour codes (ECMA-48 "SGR").
    pub colour: bool,
}

impl Style {
    /// Without any codes.
    pub const PLAIN: Self = Self { colour: false };
    /// With codes.
    pub const COLOUR: Self = Self { colour: true };

    /// The text in a tone. The text has no hidden characters of its own: see [`super::safe::Text`].
    pub fn paint(self, tone: Tone, text: &str) -> String {
        let mut out = String::with_capacity(text.len() + 12);
        self.paint_into(&mut out, tone, text);
        out
    }

    /// As [`Style::paint`], at the end of `out`.
    pub fn paint_into(self, out: &mut String, tone: Tone, text: &str) {
        if !self.colour || tone == Tone::Plain || text.is_empty() {
            out.push_str(text);
            return;
        }
        let dressed = tone.of(text);
        let mut codes: Vec<String> = [(Styles::Bold, "1"), (Styles::Dimmed, "2"), (Styles::Underline, "4")]
            .into_iter()
            .filter(|(style, _)| dressed.style.contains(*style))
            .map(|(_, code)| code.to_owned())
            .collect();
        codes.extend(dressed.fgcolor.map(|colour| colour.to_fg_str().into_owned()));
        let _ = write!(out, "\u{1b}[{}m{text}\u{1b}[0m", codes.join(";"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flag_alone_decides() {
        assert_eq!(Style::PLAIN.paint(Tone::Alarm, "x"), "x");
        assert_eq!(Style::COLOUR.paint(Tone::Alarm, "x"), "\u{1b}[1;31mx\u{1b}[0m");
        assert_eq!(Style::COLOUR.paint(Tone::AddPart, "x"), "\u{1b}[1;4;32mx\u{1b}[0m");
        assert_eq!(Style::COLOUR.paint(Tone::Plain, "x"), "x");
    }
}
