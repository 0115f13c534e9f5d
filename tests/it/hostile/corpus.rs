//! What a directory, a server or a file can hold to be obeyed by whoever shows it, and what must be true of every output.

use matchplan::model::visible::is_hidden;
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

/// Each begins with a letter, so that it can stand where something must. INJECTED stands where a line would begin, FORGED
/// where a block, a cell or a comment of Markdown would.
pub const NASTY: [&str; 12] = [
    "a\u{1b}[2J\u{1b}]8;;http://evil.example\u{7}click\u{1b}]8;;\u{1b}\\",
    "b\u{9b}31m\u{90}q\u{9d}0;x\u{9c}\u{7f}\u{8}\u{8}",
    "c\u{202e}\u{2066}gnp.exe\u{2069}\u{202c}\u{61c}\u{200e}\u{200f}",
    "d\u{200b}\u{200d}\u{feff}\u{ad}\u{e0041}\u{e0042}\u{e007f}\u{fe0f}\u{180e}\u{3164}",
    "e\r\nINJECTED\u{85}INJECTED\u{2028}INJECTED\u{2029}INJECTED\u{b}\u{c}\nINJECTED",
    "f\0\u{1}\t\u{1a}",
    "g | FORGED | `FORGED` |\n|---|---|\n| FORGED | FORGED |\n",
    "h [link](http://evil.example) ![img](http://evil.example/x.png) <http://evil.example> [ref]: http://evil.example",
    "i http://evil.example https://evil.example www.evil.example evil@evil.example @team org/repo#12 #123 GH-12",
    "j<img src=x onerror=alert(1)><script>alert(1)</script></details></summary></code><!-- FORGED --><a href=x>",
    "k\n```\n# FORGED\n~~~\n> FORGED\n- FORGED\n\n    FORGED\n***\n``` `` ` \\` **bold** _it_ ~~s~~ $x$",
    "l'; Remove-MgUser -All; #`$(whoami)\"$(Get-Date)\u{2018}\u{2019}\u{201a}\u{201b} ; &calc",
];

/// No character that a terminal, an editor or a log viewer would obey or not show, but line feeds.
#[track_caller]
pub fn assert_harmless(text: &str) {
    let raw: Vec<String> =
        text.chars().filter(|c| is_hidden(*c) && *c != '\n').map(|c| c.escape_unicode().to_string()).collect();
    assert!(raw.is_empty(), "{raw:?} in\n{text:?}");
}

/// Harmless, and no value begins a line of its own.
#[track_caller]
pub fn assert_lines(text: &str) {
    assert_harmless(text);
    for line in text.lines() {
        let bare = line.trim_start_matches(|c: char| !c.is_alphanumeric());
        assert!(!bare.starts_with("INJECTED"), "a value has a line of its own: {line:?} in\n{text}");
    }
}

/// HTML that our own Markdown is made of.
const OUR_HTML: [&str; 7] = ["<details>", "</details>", "<summary>", "</summary>", "<code>", "</code>", "<!-- -->"];

/// What GitHub would show holds no link, image, HTML, heading, list item or table cell that is a value's own. GitHub looks
/// for mentions and references in what was rendered, so they are looked for there.
#[track_caller]
pub fn assert_markdown(text: &str) {
    assert_lines(text);
    let (mut in_code, mut cells, mut wanted) = (false, 0, None);
    let mut block = String::new();
    for event in Parser::new_ext(text, Options::all().difference(Options::ENABLE_SMART_PUNCTUATION)) {
        match event {
            Event::Start(Tag::CodeBlock(_)) => in_code = true,
            Event::End(TagEnd::CodeBlock) => in_code = false,
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                panic!("a link to {dest_url} in\n{text}")
            }
            Event::Html(html) | Event::InlineHtml(html) => {
                let mut rest = html.to_string();
                for ours in OUR_HTML {
                    rest = rest.replace(ours, "");
                }
                assert!(!rest.contains(['<', '>']), "HTML {html:?} in\n{text}");
                // Values stand in `<code>`, where GitHub looks for no reference; outside is what we wrote ourselves.
                let mut outside =
                    html.split("<code>").map(|part| part.split_once("</code>").map_or(part, |(_, after)| after));
                assert!(
                    outside.all(|part| !part.contains(['&', '@', '#'])),
                    "a value outside of code: {html:?} in\n{text}"
                );
            }
            Event::Start(Tag::Table(columns)) => wanted = Some(columns.len()),
            Event::Start(Tag::TableRow | Tag::TableHead) => cells = 0,
            Event::Start(Tag::TableCell) => {
                cells += 1;
                block.clear();
            }
            Event::End(TagEnd::TableRow) => assert_eq!(Some(cells), wanted, "cells of a row in\n{text}"),
            Event::Start(Tag::Paragraph | Tag::Heading { .. } | Tag::Item) => block.clear(),
            Event::End(TagEnd::TableCell | TagEnd::Paragraph | TagEnd::Heading(_) | TagEnd::Item) => {
                assert!(!block.trim_start().starts_with("FORGED"), "a value's own block {block:?} in\n{text}");
            }
            Event::Code(code) => block.push_str(&code),
            Event::Text(shown) if !in_code => {
                no_reference(&shown, text);
                block.push_str(&shown);
            }
            _ => {}
        }
    }
}

/// Whether GitHub would make a link of a piece of rendered text.
#[track_caller]
fn no_reference(shown: &str, text: &str) {
    let chars: Vec<char> = shown.chars().collect();
    for pair in chars.windows(2) {
        let refers = (pair[0] == '@' && pair[1].is_alphanumeric()) || (pair[0] == '#' && pair[1].is_ascii_digit());
        assert!(!refers, "a mention or reference in {shown:?} in\n{text}");
    }
    assert!(!shown.contains("GH-1"), "a reference in {shown:?}");
}
