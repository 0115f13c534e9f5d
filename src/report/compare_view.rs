//! A comparison as text, JSON and Markdown.

use super::compare::{Aspect, Comparison, LineOp, LinkChange, LinkDifference};
use super::link_text::finding_lines;
use super::markdown::{Bounded, LIMIT};
use super::page::{Line, Mark, Page};
use super::plan_json::VIEW_VERSION;
use super::safe::{Code, HtmlCode, Prose, clip, json};
use super::style::{Style, Tone};
use serde::Serialize;
use std::fmt::Write as _;

const SAME: &str = "Nothing to look at again: the plans differ at most in when they were made.";
const CELL: usize = 120;
const RESERVE: usize = 1_000;

impl LinkChange {
    const fn mark(self) -> Mark {
        match self {
            Self::Appeared => Mark::Add,
            Self::Gone => Mark::Remove,
            Self::Changed => Mark::Change,
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Appeared => "new in this plan",
            Self::Gone => "no longer in this plan",
            Self::Changed => "changed",
        }
    }
}

impl Comparison {
    /// The last line: how much there is to look at again.
    pub fn summary(&self) -> String {
        if self.is_same() {
            return SAME.to_owned();
        }
        let count = |change| self.links.iter().filter(|link| link.change == change).count();
        let parts = [
            (count(LinkChange::Appeared), "links new"),
            (count(LinkChange::Gone), "links gone"),
            (count(LinkChange::Changed), "links changed"),
            (self.findings_appeared.len(), "findings new"),
            (self.findings_gone.len(), "findings gone"),
            (self.plan.len(), "differences in the plan as a whole"),
        ];
        let parts: Vec<_> = parts.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{what}: {n}")).collect();
        format!("To look at again: {}", parts.join(" · "))
    }

    /// As text. Sentences are wrapped at `width`; values never are.
    pub fn to_text(&self, style: Style, width: usize) -> String {
        let mut page = Page::new(width);
        for (mark, plan) in [(Mark::Remove, &self.old), (Mark::Add, &self.new)] {
            page.push(Line::at(0).mark(mark).put(Tone::Strong, &plan.summary));
            page.push(Line::labelled(4, "made").plain(format_args!("{}, expires {}", plan.created, plan.expires)));
            page.push(Line::labelled(4, "digest").plain(&plan.digest));
        }
        page.gap();
        if !self.plan.is_empty() {
            page.push(Line::at(0).put(Tone::Strong, "The plan as a whole"));
            aspects(&mut page, &self.plan, 2);
            page.gap();
        }
        for link in &self.links {
            page.push(headline(link));
            aspects(&mut page, &link.aspects, 4);
            page.gap();
        }
        self.findings(&mut page);
        page.push(Line::at(0).put(if self.is_same() { Tone::Good } else { Tone::Strong }, self.summary()));
        page.to_text(style)
    }

    fn findings(&self, page: &mut Page) {
        for (title, findings) in [("New findings", &self.findings_appeared), ("Findings gone", &self.findings_gone)] {
            if !findings.is_empty() {
                page.push(Line::at(0).put(Tone::Strong, title));
                for finding in findings {
                    if let Some(link) = &finding.link {
                        page.push(Line::at(2).plain(format_args!("{link}:")));
                    }
                    finding_lines(page, finding, 2);
                }
                page.gap();
            }
        }
    }

    /// As JSON text: the comparison's members, with `format_version`, `kind`, `same` and `summary`.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        #[derive(Serialize)]
        struct View<'a> {
            format_version: u32,
            kind: &'static str,
            same: bool,
            summary: String,
            #[serde(flatten)]
            comparison: &'a Comparison,
        }
        json(&View {
            format_version: VIEW_VERSION,
            kind: "comparison",
            same: self.is_same(),
            summary: self.summary(),
            comparison: self,
        })
    }

    /// As Markdown for a pull request, under GitHub's limit. `command` shows what did not fit.
    pub fn to_markdown(&self, command: &str) -> String {
        let mut text = Bounded::new(LIMIT);
        let mut head = format!("### matchplan: what to look at again\n\n**{}**\n\n| | made | expires | digest |\n", Prose(&self.summary()));
        head.push_str("|---|---|---|---|\n");
        for (title, plan) in [("approved", &self.old), ("now", &self.new)] {
            let _ = writeln!(
                head,
                "| {title} | {} | {} | {} |",
                Code(&plan.created.to_string()),
                Code(&plan.expires.to_string()),
                Code(&clip(&plan.digest, CELL))
            );
        }
        let mut left_out = usize::from(!text.add(&head, RESERVE));
        let mut folds = Vec::new();
        let mut fold = |title: String, fill: &dyn Fn(&mut Page)| {
            let mut page = Page::new(100);
            fill(&mut page);
            if !page.is_empty() {
                folds.push(format!("\n<details><summary>{title}</summary>\n\n{}\n</details>\n", page.to_fence()));
            }
        };
        fold("The plan as a whole".to_owned(), &|page| aspects(page, &self.plan, 0));
        fold("Findings".to_owned(), &|page| self.findings(page));
        for link in &self.links {
            let names = [&link.ad, &link.cloud].map(|name| HtmlCode(&clip(name, CELL)).to_string());
            let title = format!("{} {} ({})", link.change.mark().sign(), names.join(" → "), link.change.word());
            fold(title, &|page| aspects(page, &link.aspects, 0));
        }
        left_out += text.add_all(folds.into_iter(), RESERVE);
        if left_out > 0 {
            let command = clip(command, 2 * CELL);
            let note = format!("\n**{left_out} sections are left out, because a comment on GitHub holds {LIMIT} characters.** {} shows all.\n", Code(&command));
            // RESERVE is kept free for this note.
            let _ = text.add(&note, 0);
        }
        text.finish()
    }
}

fn headline(link: &LinkDifference) -> Line {
    let mark = link.change.mark();
    Line::at(0)
        .mark(mark)
        .put(Tone::Strong, &link.ad)
        .plain(" → ")
        .put(Tone::Strong, &link.cloud)
        .put(mark.tone(), format_args!("  {}", link.change.word()))
}

fn aspects(page: &mut Page, aspects: &[Aspect], indent: usize) {
    for Aspect { name, lines } in aspects {
        page.push(Line::at(indent).put(Tone::Quiet, name));
        for line in lines {
            let mark = match line.op {
                LineOp::Equal => Mark::None,
                LineOp::Removed => Mark::Remove,
                LineOp::Added => Mark::Add,
            };
            let (indent, tone) = if mark == Mark::None { (indent + 4, Tone::Quiet) } else { (indent + 2, mark.tone()) };
            page.push(Line::at(indent).mark(mark).put(tone, &line.text));
        }
    }
}
