//! A comparison as text, JSON and Markdown.

use super::compare::{Aspect, Comparison, LineOp, LinkChange, LinkDifference};
use super::finding_text::finding_lines;
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
        let mut head = format!(
            "### matchplan: what to look at again\n\n**{}**\n\n| | made | expires | digest |\n",
            Prose(&self.summary())
        );
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
        let fold = |title: String, fill: &dyn Fn(&mut Page)| {
            let mut page = Page::new(100);
            fill(&mut page);
            format!("\n<details><summary>{title}</summary>\n\n{}\n</details>\n", page.to_fence())
        };
        if !self.plan.is_empty() {
            let folded = fold("The plan as a whole".to_owned(), &|page| aspects(page, &self.plan, 0));
            left_out += usize::from(!text.add(&folded, RESERVE));
        }
        if !(self.findings_appeared.is_empty() && self.findings_gone.is_empty()) {
            let folded = fold("Findings".to_owned(), &|page| self.findings(page));
            left_out += usize::from(!text.add(&folded, RESERVE));
        }
        left_out += text.add_all(
            &self.links,
            |link| {
                let names = [&link.ad, &link.cloud].map(|name| HtmlCode(&clip(name, CELL)).to_string());
                let title = format!("{} {} ({})", link.change.mark().sign(), names.join(" → "), link.change.word());
                fold(title, &|page| aspects(page, &link.aspects, 0))
            },
            RESERVE,
        );
        if left_out > 0 {
            let command = clip(command, 2 * CELL);
            let note = format!(
                "\n**{left_out} sections are left out, because a comment on GitHub holds {LIMIT} characters.** {} shows all.\n",
                Code(&command)
            );
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::role::Holding;
    use crate::plan::document::Plan;
    use crate::plan::step::Action;
    use crate::report::testing::{hostile, many, sample};
    use crate::rules::prediction::Prediction;
    use snapbox::IntoData as _;

    fn text(new: &Plan) -> String {
        Comparison::of(&sample(), new).to_text(Style::PLAIN, 100)
    }

    #[test]
    fn a_plan_made_again_needs_no_second_look() {
        let mut again = sample();
        let later = jiff::SignedDuration::from_hours(1);
        again.created += later;
        again.expires += later;
        again.digest = "sha256:other".to_owned();
        again.links[0].origin.as_mut().unwrap().line += 7;
        again.findings[1].origin.as_mut().unwrap().line += 7;
        for step in &mut again.steps {
            step.id = format!("1{}", step.id).into();
        }
        let comparison = Comparison::of(&sample(), &again);
        assert!(comparison.is_same(), "{comparison:#?}");
        assert_eq!(text(&again).lines().last(), Some(SAME));
        assert!(comparison.to_json().unwrap().contains("\"same\": true"));
    }

    #[test]
    fn every_kind_of_difference_is_shown() {
        let mut new = sample();
        let gone = new.links.remove(2);
        let mut appeared = gone;
        appeared.id = "corp/new".into();
        appeared.ad.sam = "new".into();
        new.links.push(appeared);
        let Action::Align { changes, .. } = &mut new.steps[1].action else { panic!() };
        changes[0].sets = vec!["john.smith2@contoso.com".to_owned()];
        let Action::Suspend { holding: Holding::Role(role), .. } = &mut new.steps[0].action else { panic!() };
        role.grant.directory_scope = Some("/administrativeUnits/7".to_owned());
        new.links[0].prediction = Some(Prediction::Duplicate { error: None, why: "another address".to_owned() });
        new.links[1].before.roles.clear();
        new.findings.remove(1);
        new.findings[0].value = Some("smtp:else@contoso.com".to_owned());
        new.settings.sync.trigger = crate::config::settings::Trigger::Wait;
        new.expires += jiff::SignedDuration::from_hours(24);
        snapbox::assert_data_eq!(text(&new), snapbox::str![[r#"
- Plan: 2 links: 1 hard, 1 soft · 3 attribute changes · 1 role suspended and restored · 1 move · 1 already linked · 1 blocked
    made       2026-11-20T10:00:00Z, expires 2026-11-23T10:00:00Z
    digest     sha256:3c1b5c80960852511023a4bb94ef881727111f8b16a204ce99001b760806dbd4
+ Plan: 2 links: 1 hard, 1 soft · 3 attribute changes · 1 role suspended and restored · 1 move · 1 already linked · 1 blocked
    made       2026-11-20T10:00:00Z, expires 2026-11-24T10:00:00Z
    digest     sha256:3c1b5c80960852511023a4bb94ef881727111f8b16a204ce99001b760806dbd4

The plan as a whole
  validity
    - PT72H from when it was made
    + PT96H from when it was made
  settings and sync commands
      sync.timeout = "PT45M"
    - sync.trigger.command = ["pwsh","-Command","Start-ADSyncSyncCycle"]
    + sync.trigger = "wait"

~ corp\jdoe → jane.doe@contoso.com  changed
    steps
      - wave 1: suspend role User Administrator of jane.doe@contoso.com
      + wave 1: suspend role User Administrator (scope /administrativeUnits/7) of jane.doe@contoso.com
          user 00000000-0000-0000-0000-0000c10d0002
    roles
      - User Administrator (fe930be7-5e62-47db-91af-98c3a49a38b1) held by 00000000-0000-0000-0000-0000c10d0002, assignment assignment-1

~ corp\jsmith → john.smith@contoso.com  changed
    steps
          user 00000000-0000-0000-0000-0000ad000001 CN=John Smith,OU=Users,DC=corp,DC=contoso,DC=com
      -   userPrincipalName ~ jsmith@corp.contoso.com → john.smith@contoso.com
      +   userPrincipalName ~ jsmith@corp.contoso.com → john.smith2@contoso.com
          proxyAddresses + SMTP:john.smith@contoso.com
    next cycle
      - linked by soft match on the primary SMTP address
      + a second cloud user appears: another address

- corp\linus → linus.linked@contoso.com  no longer in this plan
    users
      - corp\linus 00000000-0000-0000-0000-0000ad000003 CN=Linus Linked,OU=Users,DC=corp,DC=contoso,DC=com
      - linus.linked@contoso.com 00000000-0000-0000-0000-0000c10d0003
    outcome
      - already linked
    exposure
      - exposed: in sync scope, a cycle may run at any moment
    anchor
      - AAAAAAAAAAAAAAAArQAAAw==
    cloud user before
      - account_enabled = true
      - display_name = "Linus Linked"
      - id = "00000000-0000-0000-0000-0000c10d0003"
      - mail = "linus.linked@contoso.com"
      - proxy_addresses = ["SMTP:linus.linked@contoso.com"]
      - upn = "linus.linked@contoso.com"
      - user_type = "Member"

+ corp\new → linus.linked@contoso.com  new in this plan
    users
      + corp\new 00000000-0000-0000-0000-0000ad000003 CN=Linus Linked,OU=Users,DC=corp,DC=contoso,DC=com
      + linus.linked@contoso.com 00000000-0000-0000-0000-0000c10d0003
    outcome
      + already linked
    exposure
      + exposed: in sync scope, a cycle may run at any moment
    anchor
      + AAAAAAAAAAAAAAAArQAAAw==
    cloud user before
      + account_enabled = true
      + display_name = "Linus Linked"
      + id = "00000000-0000-0000-0000-0000c10d0003"
      + mail = "linus.linked@contoso.com"
      + proxy_addresses = ["SMTP:linus.linked@contoso.com"]
      + upn = "linus.linked@contoso.com"
      + user_type = "Member"

New findings
  corp/bblock:
  ! error[address-conflict]
      Betty Other holds bob.block@contoso.com too, so the address of corp\bblock would be dropped.
      object     AD user corp\bblock (00000000-0000-0000-0000-0000ad000004) in OU=Users,DC=corp,DC=contoso,DC=com
      object     cloud user Betty Other (00000000-0000-0000-0000-0000c10d0009) in Entra ID
      value      smtp:else@contoso.com
      Microsoft  AttributeValueMustBeUnique
      help       Remove the address from Betty Other, or leave the link out.

Findings gone
  corp/bblock:
  ! error[address-conflict]
      Betty Other holds bob.block@contoso.com too, so the address of corp\bblock would be dropped.
      object     AD user corp\bblock (00000000-0000-0000-0000-0000ad000004) in OU=Users,DC=corp,DC=contoso,DC=com
      object     cloud user Betty Other (00000000-0000-0000-0000-0000c10d0009) in Entra ID
      value      smtp:bob.block@contoso.com
      Microsoft  AttributeValueMustBeUnique
      help       Remove the address from Betty Other, or leave the link out.
  corp/jsmith:
  warning[exposed]
      A cycle may run before the alignment of corp\jsmith is complete.
      help       Configure hold and release under [sync].

To look at again: links new: 1 · links gone: 1 · links changed: 2 · findings new: 1 · findings gone: 2 · differences in the plan as a whole: 2

"#]].raw());
    }

    #[test]
    fn each_single_change_is_seen() {
        type Change = fn(&mut Plan);
        let changes: [(&str, Change); 8] = [
            ("made by", |plan| plan.tool_version = "9".to_owned()),
            ("validity", |plan| plan.expires += jiff::SignedDuration::from_secs(1)),
            ("configuration", |plan| plan.config_digest = "sha256:11".to_owned()),
            ("tenant", |plan| plan.tenant.name = "Fabrikam".to_owned()),
            ("left out", |plan| plan.skipped.push("corp/x".into())),
            ("settings and sync commands", |plan| plan.settings.guard.max_links = 1),
            ("steps of the waves", |plan| drop(plan.steps.remove(4))),
            ("domains", |plan| plan.forest.clear()),
        ];
        for (aspect, change) in changes {
            let mut new = sample();
            change(&mut new);
            let comparison = Comparison::of(&sample(), &new);
            let names: Vec<_> = comparison.plan.iter().map(|aspect| aspect.name).collect();
            assert_eq!(names, [aspect]);
        }
    }

    #[test]
    fn markdown_stays_short_and_safe() {
        let long = Comparison::of(&sample(), &many(5_000)).to_markdown("matchplan diff a b");
        assert!(long.chars().count() <= LIMIT);
        assert!(long.contains("`matchplan diff a b` shows all."));
        let hostile = Comparison::of(&sample(), &hostile()).to_markdown("matchplan diff a b");
        assert!(!hostile.replace('\n', "").contains(crate::model::visible::is_hidden));
        assert!(!hostile.contains("<img src=x>") || hostile.contains("````diff"));
    }
}
