//! From texts to a checked [`Config`], with every problem of every file at once.

use super::matchplan::{LinkSpec, MatchPlan};
use super::read_plan::{self, ReadLink, ReadPlan};
use super::read_settings::{self, ReadSettings};
use super::settings::Settings;
use super::table::{Node, Sink, Table};
use super::tasks::{TaskSpec, Window};
use super::{checks, secrets};
use crate::diagnostic::{Diagnostic, SourceId, Sources};
use crate::model::digest;
use serde::Serialize;
use std::collections::{BTreeSet, HashMap};
use toml::de::{DeTable, DeValue};

/// The version of both file formats.
pub const VERSION: u32 = 1;

/// A larger file is refused: it takes about sixty times its size to read one. 16 MiB hold some 120,000 links.
pub const MAX_FILE_SIZE: usize = 16 << 20;

/// A longer line is refused, in octets: a problem is shown with its line, and a line may hold many.
const MAX_LINE: usize = 64 << 10;

/// Of a larger file that is no TOML, only the first syntax error is found: it may have one per octet.
const MAX_BROKEN: usize = 1 << 20;

/// So many syntax errors of one file are shown; a file that is no TOML at all has one per line.
const MAX_SYNTAX_ERRORS: usize = 20;

/// What is wanted, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// From `matchplan.toml`.
    pub settings: Settings,
    /// From the match plan files.
    pub plan: MatchPlan,
    /// Digest of settings and links as [`config_digest`] makes it.
    pub digest: String,
}

/// The digest of what is wanted: settings, links with defaults filled in, and tasks. Comments, white space and file names do not
/// count; the order of links does.
pub fn config_digest(settings: &Settings, plan: &MatchPlan) -> Result<String, serde_json::Error> {
    #[derive(Serialize)]
    struct Wanted<'a> {
        settings: &'a Settings,
        links: &'a [LinkSpec],
        #[serde(skip_serializing_if = "<[TaskSpec]>::is_empty")]
        tasks: &'a [TaskSpec],
        #[serde(skip_serializing_if = "Window::is_none")]
        window: &'a Window,
    }
    digest::of(&Wanted { settings, links: &plan.links, tasks: &plan.tasks, window: &plan.window })
}

/// Reads `matchplan.toml` and match plan files, each given as name and text. The files are not looked for here.
///
/// There is a `Config` only if there is no error among the diagnostics. A warning may come with it.
pub fn read(settings_file: (&str, &str), plan_files: &[(&str, &str)]) -> (Option<Config>, Vec<Diagnostic>, Sources) {
    let mut sources = Sources::new();
    let mut found = Vec::new();
    let (settings_id, settings) =
        read_file(settings_file, &mut sources, &mut found, |root, _, _| read_settings::read(root));
    let mut settings = settings.flatten();
    let (mut links, mut holders, mut tasks, mut window) = (Vec::new(), Vec::new(), Vec::new(), Window::default());
    let mut ids: HashMap<&str, SourceId> = HashMap::new();
    for (name, text) in plan_files {
        let (id, read) = read_plan_file((name, text), &mut sources, &mut found);
        if let Some(first) = ids.insert(name, id) {
            found.push(
                Diagnostic::error("file-given-twice", "the same match plan file was given twice")
                    .label(id, 0..0, "")
                    .label(first, 0..0, "")
                    .help("name every file once"),
            );
        } else {
            let ReadPlan { links: of_file, holders: others_of_file, others } = read;
            links.extend(of_file);
            holders.extend(others_of_file);
            tasks.extend(others.tasks);
            window.soft_match |= others.window.soft_match;
            window.hard_match |= others.window.hard_match;
        }
    }
    found.extend(checks::links(&links, settings.as_ref().map(|read| &read.settings)));
    if let Some(read) = &settings {
        found.extend(checks::against_settings(&mut links, read, settings_id));
        found.extend(checks::holders_against_settings(&mut holders, &read.settings));
    }
    if found.iter().any(Diagnostic::is_error) {
        settings = None;
    }
    let config = settings.and_then(|ReadSettings { settings, .. }| {
        tasks.extend(holders.into_iter().map(TaskSpec::from));
        let plan = MatchPlan {
            files: plan_files.iter().map(|(name, _)| (*name).to_owned()).collect(),
            links: links.into_iter().map(|ReadLink { spec, .. }| spec).collect(),
            tasks,
            window,
        };
        match config_digest(&settings, &plan) {
            Ok(digest) => Some(Config { settings, plan, digest }),
            Err(why) => {
                found.push(Diagnostic::error("no-digest", format!("the settings cannot be written as JSON: {why}")));
                None
            }
        }
    });
    (config, found, sources)
}

/// Reads one match plan by itself. Its links stand only if there is no error in it.
pub(super) fn match_plan(name: &str, text: &str) -> (Option<Vec<LinkSpec>>, Vec<Diagnostic>, Sources) {
    let (mut sources, mut found) = (Sources::new(), Vec::new());
    let (_, ReadPlan { links, .. }) = read_plan_file((name, text), &mut sources, &mut found);
    found.extend(checks::links(&links, None));
    let whole = !found.iter().any(Diagnostic::is_error);
    (whole.then(|| links.into_iter().map(|read| read.spec).collect()), found, sources)
}

/// Reads settings alone, such as those that the lab brings along.
pub fn settings_from(name: &str, text: &str) -> (Option<Settings>, Vec<Diagnostic>, Sources) {
    let (config, found, sources) = read((name, text), &[]);
    (config.map(|config| config.settings), found, sources)
}

/// The text of a file's octets. Windows PowerShell's `>` writes UTF-16, which is refused by its name.
pub fn decode(name: &str, octets: Vec<u8>) -> Result<String, Box<Diagnostic>> {
    let name = crate::model::visible::visible(name).into_owned();
    let problem = |message: String, help: &str| Box::new(Diagnostic::error("not-utf-8", message).help(help));
    if octets.starts_with(&[0xff, 0xfe]) || octets.starts_with(&[0xfe, 0xff]) {
        return Err(problem(
            format!("{name} is UTF-16, but TOML is UTF-8"),
            "save it as UTF-8; in PowerShell, write files with `Out-File -Encoding utf8` instead of `>`",
        ));
    }
    String::from_utf8(octets).map_err(|why| {
        let at = why.utf8_error().valid_up_to();
        let line = String::from_utf8_lossy(&why.as_bytes()[..at]).split('\n').count();
        problem(format!("{name} is not UTF-8: see line {line}"), "save it as UTF-8")
    })
}

/// What a match plan asks for, as far as it has no problem of its own.
fn read_plan_file(
    (name, text): (&str, &str),
    sources: &mut Sources,
    found: &mut Vec<Diagnostic>,
) -> (SourceId, ReadPlan) {
    let (id, read) = read_file((name, text), sources, found, |root, sources, id| {
        read_plan::read(root, name, |octet| sources.position(id, octet).line)
    });
    (id, read.unwrap_or_default())
}

/// Parses a file and hands its top table to `read`, unless the file is too large or of another version.
fn read_file<T>(
    (name, text): (&str, &str),
    sources: &mut Sources,
    found: &mut Vec<Diagnostic>,
    read: impl FnOnce(Table<'_>, &Sources, SourceId) -> T,
) -> (SourceId, Option<T>) {
    if text.len() > MAX_FILE_SIZE {
        let id = sources.add(name, "");
        let message = format!("{name} is larger than {} MiB", MAX_FILE_SIZE >> 20);
        found
            .push(Diagnostic::error("file-too-large", message).label(id, 0..0, "").help("split it into several files"));
        return (id, None);
    }
    if let Some((before, length)) = long_line(text) {
        let id = sources.add(name, before);
        let message = format!("a line of {name} has {length} octets, and at most {MAX_LINE} are read");
        let problem = Diagnostic::error("line-too-long", message).label(id, before.len()..before.len(), "");
        found.push(problem.help("write one [[link]] for each link, with each setting on a line of its own"));
        return (id, None);
    }
    let id = sources.add(name, text);
    for span in secrets::suspects(text) {
        sources.mask(id, span);
    }
    let (document, errors) = match DeTable::parse(text) {
        Ok(document) => (document, Vec::new()),
        Err(first) if text.len() > MAX_BROKEN => {
            let span = first.span().unwrap_or(0..0);
            found.push(Diagnostic::error("syntax", first.message()).label(id, span, ""));
            return (id, None);
        }
        Err(_) => DeTable::parse_recoverable(text),
    };
    let broken: BTreeSet<usize> =
        errors.iter().filter_map(toml::de::Error::span).map(|span| sources.position(id, span.start).line).collect();
    for error in errors.iter().take(MAX_SYNTAX_ERRORS) {
        found.push(Diagnostic::error("syntax", error.message()).label(id, error.span().unwrap_or(0..0), ""));
    }
    if let Some(more) = errors.len().checked_sub(MAX_SYNTAX_ERRORS).filter(|more| *more > 0) {
        found.push(Diagnostic::error("syntax", format!("{name} has {more} more syntax errors")).label(id, 0..0, ""));
    }
    let sink = Sink::new(id);
    let mut root = Table::new(&sink, document.get_ref(), "this file".to_owned(), 0..0);
    let value = is_readable(&mut root).then(|| read(root, sources, id));
    let (mut problems, masked) = sink.into_parts();
    problems.sort_by_key(|problem| problem.labels.first().map(|label| label.span.start));
    for span in masked {
        sources.mask(id, span);
    }
    if broken.is_empty() {
        found.extend(problems);
        return (id, value);
    }
    // What the parser made of broken lines is a guess: keys may be missing, or in another table.
    let certain = problems.into_iter().filter(|problem| {
        let touches = problem.labels.iter().any(|label| {
            let lines = sources.position(id, label.span.start).line..=sources.position(id, label.span.end).line;
            broken.range(lines).next().is_some()
        });
        let structural = ["missing-key", "unknown-key", "unused-key", "no-links"].contains(&problem.code);
        problem.is_error() && !touches && !structural
    });
    found.extend(certain);
    (id, value)
}

/// The first line that is too long: what stands before it, and its length.
fn long_line(text: &str) -> Option<(&str, usize)> {
    let mut start = 0;
    for line in text.split('\n') {
        if line.len() > MAX_LINE {
            return Some((&text[..start], line.len()));
        }
        start += line.len() + 1;
    }
    None
}

/// Checks `version`. Of a newer format nothing else is read: it would only look wrong.
fn is_readable(root: &mut Table<'_>) -> bool {
    let version = root.require("version", "write `version = 1` as the first line", |node: &Node<'_>| {
        let number = match node.value {
            DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix()).ok(),
            _ => None,
        };
        if number == Some(i64::from(VERSION)) {
            return Some(true);
        }
        let problem = if number.is_some_and(|number| number > i64::from(VERSION)) {
            node.problem("newer-version", "this file needs a newer matchplan", "a newer format")
                .help(format!("this matchplan reads version {VERSION}; update it, or ask who wrote the file"))
        } else {
            node.problem("unsupported-version", "this is not a version of this format", "not supported")
                .help(format!("write `version = {VERSION}`"))
        };
        node.sink.report(problem);
        Some(number.is_none_or(|number| number < i64::from(VERSION)))
    });
    version.is_none_or(|version| version.value)
}
