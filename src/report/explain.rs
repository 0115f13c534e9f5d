//! Pages of the manual as text, JSON and Markdown.

use super::page::{Line, Page as Lines};
use super::safe::{self, Code, Fence, Prose};
use super::style::{Style, Tone};
use crate::rules::explain::catalogue;
use crate::rules::explain::page::{Page, Step, Theme};
use crate::rules::explain::source::Source;
use crate::rules::explain::topic::Topic;
use serde::Serialize;
use std::fmt::Write as _;

/// The version of the JSON output's shape.
pub const VIEW_VERSION: u32 = 1;

const OWN: &str = "matchplan's own rule";

/// The pages that answer to a text, best first: the first in full, the others by name.
pub fn pages_text(topics: &[Topic], style: Style, width: usize) -> String {
    let mut lines = Lines::new(width);
    if let Some((first, others)) = topics.split_first() {
        page_lines(&mut lines, *first, catalogue::page(*first));
        if !others.is_empty() {
            lines.gap();
            lines.push(Line::at(0).put(Tone::Strong, "It may also be about"));
            entries(&mut lines, others);
        }
    }
    lines.to_text(style)
}

/// Every topic by theme.
pub fn list_text(style: Style, width: usize) -> String {
    let mut lines = Lines::new(width);
    for theme in Theme::ALL {
        let topics: Vec<Topic> = Topic::all().filter(|topic| catalogue::page(*topic).theme == *theme).collect();
        if !topics.is_empty() {
            lines.gap();
            lines.push(Line::at(0).put(Tone::Strong, capital(&theme.to_string())));
            entries(&mut lines, &topics);
        }
    }
    lines.gap();
    lines.sentence(
        0,
        "",
        Tone::Plain,
        "A page: matchplan explain CODE. A message: matchplan explain 'TEXT', or \
        paste it to matchplan explain - and end with Ctrl-D (Windows: Ctrl-Z, Enter).",
    );
    lines.to_text(style)
}

fn entries(lines: &mut Lines, topics: &[Topic]) {
    const COLUMN: usize = 30;
    for topic in topics {
        let name = Line::at(2).put(Tone::Plain, topic).plain(" ").to_column(COLUMN);
        lines.flow(name, COLUMN, Tone::Quiet, short_title(*topic));
    }
}

/// The title without the name before it: the name stands beside it.
fn short_title(topic: Topic) -> &'static str {
    let title = catalogue::page(topic).title;
    title.strip_prefix(topic.as_str()).and_then(|rest| rest.strip_prefix(": ")).unwrap_or(title)
}

fn page_lines(lines: &mut Lines, topic: Topic, page: &Page) {
    lines.push(Line::at(0).put(Tone::Strong, topic));
    lines.sentence(0, "", Tone::Plain, short_title(topic));
    part(lines, "What it means", page.means);
    part(lines, "Why", page.cause);
    steps(lines, "How to see it", page.see);
    steps(lines, "What to do", page.fix);
    if let Some(unconfirmed) = page.unconfirmed {
        part(lines, "Not confirmed", unconfirmed);
    }
    lines.gap();
    lines.push(Line::at(0).put(Tone::Strong, "Source"));
    if page.sources.is_empty() {
        lines.sentence(2, "", Tone::Plain, OWN);
    }
    for Source { title, url } in page.sources {
        lines.sentence(2, "", Tone::Plain, &format!("Microsoft, \"{title}\""));
        lines.push(Line::at(4).put(Tone::Quiet, url));
    }
    if !page.related.is_empty() {
        lines.gap();
        lines.push(Line::at(0).put(Tone::Strong, "See also"));
        entries(lines, page.related);
    }
}

fn part(lines: &mut Lines, title: &str, text: &str) {
    lines.gap();
    lines.push(Line::at(0).put(Tone::Strong, title));
    lines.sentence(2, "", Tone::Plain, text);
}

fn steps(lines: &mut Lines, title: &str, steps: &[Step]) {
    lines.gap();
    lines.push(Line::at(0).put(Tone::Strong, title));
    for Step { text, command } in steps {
        let end = if command.is_some() { ":" } else { "" };
        lines.flow(Line::at(2).plain("- "), 4, Tone::Plain, &format!("{text}{end}"));
        if let Some(command) = command {
            lines.push(Line::at(6).put(Tone::Add, command));
        }
    }
}

/// Pages for scripts.
#[derive(Debug, Serialize)]
struct View {
    format_version: u32,
    kind: &'static str,
    pages: Vec<PageView>,
}

#[derive(Debug, Serialize)]
struct PageView {
    code: Topic,
    theme: Theme,
    title: &'static str,
    means: &'static str,
    cause: &'static str,
    see: &'static [Step],
    fix: &'static [Step],
    unconfirmed: Option<&'static str>,
    sources: &'static [Source],
    related: &'static [Topic],
}

/// All of these pages in full, best first.
pub fn pages_json(topics: &[Topic]) -> Result<String, serde_json::Error> {
    let pages = topics.iter().map(|topic| {
        let Page { theme, title: _, means, cause, see, fix, unconfirmed, sources, related, said: _ } =
            catalogue::page(*topic);
        PageView {
            code: *topic,
            theme: *theme,
            title: short_title(*topic),
            means,
            cause,
            see,
            fix,
            unconfirmed: *unconfirmed,
            sources,
            related,
        }
    });
    safe::json(&View { format_version: VIEW_VERSION, kind: "explain", pages: pages.collect() })
}

/// All of these pages in full, best first, as Markdown.
pub fn pages_markdown(topics: &[Topic]) -> String {
    let mut out = String::new();
    for topic in topics {
        let page = catalogue::page(*topic);
        let _ = writeln!(out, "## {}\n\n**{}**\n", Code(topic.as_str()), Prose(short_title(*topic)));
        let _ = writeln!(out, "{}\n\n{}\n", Prose(page.means), Prose(page.cause));
        for (title, steps) in [("How to see it", page.see), ("What to do", page.fix)] {
            let _ = writeln!(out, "### {title}\n");
            for Step { text, command } in steps {
                let _ = writeln!(out, "- {}", Prose(text));
                if let Some(command) = command {
                    let block = Fence { language: "powershell", lines: &format!("{command}\n") }.to_string();
                    let _ = writeln!(out, "\n  {}\n", block.trim_end().replace('\n', "\n  "));
                }
            }
            out.push('\n');
        }
        if let Some(unconfirmed) = page.unconfirmed {
            let _ = writeln!(out, "> [!NOTE]\n> Not confirmed: {}\n", Prose(unconfirmed));
        }
        for Source { title, url } in page.sources {
            let _ = writeln!(out, "- Source: Microsoft, [{}]({url})", Prose(title));
        }
        if page.sources.is_empty() {
            let _ = writeln!(out, "- Source: {OWN}");
        }
        if !page.related.is_empty() {
            let names: Vec<String> = page.related.iter().map(|topic| Code(topic.as_str()).to_string()).collect();
            let _ = writeln!(out, "- See also: {}", names.join(", "));
        }
        out.push('\n');
    }
    out
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> String {
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn every_form_tells_the_whole_page() {
        for topic in Topic::all() {
            let page = catalogue::page(topic);
            let text = words(&pages_text(&[topic], Style::PLAIN, 100));
            let json: serde_json::Value = serde_json::from_str(&pages_json(&[topic]).unwrap()).unwrap();
            let markdown = pages_markdown(&[topic]);
            assert_eq!(json["pages"][0]["code"], topic.as_str());
            for step in page.see.iter().chain(page.fix) {
                assert!(text.contains(&words(step.text)), "{topic}: {}", step.text);
                if let Some(command) = step.command {
                    assert!(text.contains(&words(command)) && markdown.contains(command), "{topic}: {command}");
                }
            }
            for source in page.sources {
                assert!(text.contains(source.url) && markdown.contains(source.url), "{topic}: {}", source.url);
            }
            assert!(text.contains(&words(page.means)) && text.contains(&words(page.cause)), "{topic}");
        }
    }

    #[test]
    fn the_list_names_every_topic_once() {
        let list = list_text(Style::PLAIN, 100);
        for topic in Topic::all() {
            let named = list.lines().filter(|line| line.trim_start().split(' ').next() == Some(topic.as_str())).count();
            assert_eq!(named, 1, "{topic}");
        }
    }
}
