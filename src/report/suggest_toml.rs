//! What is proposed, as a match plan to be read by a person: every link with what speaks for and against it.
//!
//! A comment is `# …`; a link that a person has to decide about is commented out as `#[[link]]`, so that the two are told
//! apart, and taking away the first sign of its three lines makes it a link. Whatever comes from a directory passes
//! [`Page`] or is written as a TOML string, so nothing of it can leave its comment or its string.

use super::page::Page;
use super::style::{Style, Tone};
use super::suggest::{evidence, next_cycle, not_proposed, notes, objections, summary};
use crate::suggest::document::{Proposal, Suggestions};
use crate::suggest::objections::ObjectionKind;
use std::fmt::Write as _;
use toml_edit::Value;

/// How wide a line of comment is.
const WIDTH: usize = 110;

/// The match plan.
pub fn to_toml(suggestions: &Suggestions) -> String {
    let mut out = String::new();
    comment(&mut out, |page| {
        let at = format!(
            "Links that `matchplan suggest` proposes for {}, as both directories were at {}.",
            suggestions.tenant.name, suggestions.taken
        );
        page.sentence(0, "", Tone::Plain, &at);
        page.sentence(0, "", Tone::Plain, "Nothing has been changed. Read each, keep what is right; `matchplan plan FILE` shows what it would change. A link that is commented out is for a person to decide: take away the # before each of its three lines.");
        page.gap();
        page.sentence(0, "", Tone::Plain, &summary(suggestions));
        next_cycle(page, &suggestions.next_cycle);
        notes(page, &suggestions.notes);
    });
    out.push_str("version = 1\n");
    destination(&mut out, suggestions);
    for proposal in &suggestions.proposals {
        out.push('\n');
        link(&mut out, proposal);
    }
    if !suggestions.not_proposed.is_empty() {
        out.push('\n');
        comment(&mut out, |page| not_proposed(page, &suggestions.not_proposed));
    }
    out
}

/// Where the users outside of the sync scope are to go is not ours to say; how to say it for all of them is.
fn destination(out: &mut String, suggestions: &Suggestions) {
    let is_outside = |one: &Proposal| one.against.iter().any(|against| against.kind == ObjectionKind::OutOfScope);
    let outside = suggestions.proposals.iter().filter(|one| is_outside(one)).count();
    let Some(first) = suggestions.synced_ous.first().filter(|_| outside > 0) else { return };
    out.push('\n');
    comment(out, |page| {
        let text = format!(
            "{} outside of the synced OUs. Write `move_to` in each link, or for all of them here (those in scope move too):",
            if outside == 1 { "One of these is".to_owned() } else { format!("{outside} of these are") }
        );
        page.sentence(0, "", Tone::Plain, &text);
    });
    let _ = writeln!(out, "#[defaults]\n#move_to = {}", one_line(first.as_str()));
}

fn link(out: &mut String, proposal: &Proposal) {
    let Proposal { ad, cloud, ad_selector, cloud_selector, confidence, evidence: found, against, commented_out } =
        proposal;
    comment(out, |page| {
        // Whoever is written by an id is named here.
        if !ad_selector.ends_with(ad.sam.as_str()) || cloud_selector != cloud.upn.as_str() {
            page.sentence(0, "", Tone::Plain, &format!("{ad} → {cloud}"));
        }
        evidence(page, 0, *confidence, found);
        objections(page, 0, against);
    });
    let sign = if *commented_out { "#" } else { "" };
    let _ = writeln!(out, "{sign}[[link]]");
    let _ = writeln!(out, "{sign}ad = {}", one_line(ad_selector));
    let _ = writeln!(out, "{sign}cloud = {}", one_line(cloud_selector));
}

/// Writes what is put on a page as comments.
fn comment(out: &mut String, write: impl FnOnce(&mut Page)) {
    let mut page = Page::new(WIDTH);
    write(&mut page);
    for line in page.to_text(Style::PLAIN).lines() {
        let _ = writeln!(out, "{}", format!("# {line}").trim_end());
    }
}

/// A TOML string. What is written here has no line feed, so it is of the kind that stays on its line.
fn one_line(text: &str) -> String {
    Value::from(text).to_string()
}
