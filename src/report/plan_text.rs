//! A plan as a person reads it before saying yes.

use super::link_text::{ByLink, block, finding_lines};
use super::page::{Line, Mark, Page};
use super::step_text;
use super::style::{Style, Tone};
use crate::plan::document::{Plan, Purpose};
use crate::plan::link::{Outcome, PlannedLink};
use crate::plan::step::{Action, Undo};
use crate::rules::finding::Severity;
use std::collections::BTreeMap;

/// The whole plan as text. Sentences are wrapped at `width` columns; values never are. The last line is the summary.
pub fn render(plan: &Plan, style: Style, width: usize) -> String {
    let mut page = Page::new(width);
    let by_link = ByLink::of(plan);
    header(&mut page, plan);
    waves(&mut page, plan, &by_link);
    blocked(&mut page, plan, &by_link);
    left_over(&mut page, plan);
    whole_plan_findings(&mut page, plan);
    summary(&mut page, plan);
    page.to_text(style)
}

/// What the plan is and for how long it can be applied.
fn header(page: &mut Page, plan: &Plan) {
    let title = match &plan.purpose {
        Purpose::Link => "Plan".to_owned(),
        Purpose::Rollback { of } => format!("Plan to roll back apply {of}"),
    };
    let tenant = &plan.tenant;
    page.push(
        Line::at(0)
            .put(Tone::Strong, format_args!("{title} for {}", tenant.name))
            .plain(format_args!(" ({}, tenant {})", tenant.initial_domain, tenant.id)),
    );
    for domain in &plan.forest {
        page.push(Line::labelled(2, "domain").plain(format_args!("{} ({})", domain.name, domain.base_dn)));
    }
    page.push(Line::labelled(2, "made").plain(format_args!("{} by matchplan {}", plan.created, plan.tool_version)));
    page.push(Line::labelled(2, "expires").plain(plan.expires));
    if !plan.digest.is_empty() {
        page.push(Line::labelled(2, "digest").plain(&plan.digest));
    }
    page.gap();
}

/// The links that change, wave by wave, each wave with its sync cycle.
fn waves(page: &mut Page, plan: &Plan, by_link: &ByLink<'_>) {
    let mut waves: BTreeMap<u32, Vec<&PlannedLink>> = BTreeMap::new();
    for link in &plan.links {
        if let Outcome::Change { wave, .. } | Outcome::Undo { wave } = link.outcome {
            waves.entry(wave).or_default().push(link);
        }
    }
    for step in plan.steps.iter().filter(|step| step.link.is_none()) {
        waves.entry(step.wave).or_default();
    }
    for (wave, links) in waves {
        let own: Vec<_> = plan.steps.iter().filter(|step| step.link.is_none() && step.wave == wave).collect();
        let cycle = own.iter().any(|step| matches!(step.action, Action::Sync));
        let through = if cycle { ", through one sync cycle" } else { "" };
        let count = links.len();
        let noun = if count == 1 { "link" } else { "links" };
        page.push(Line::at(0).put(Tone::Strong, format_args!("Wave {wave}: {count} {noun}{through}")));
        for step in own.iter().filter(|step| matches!(step.action, Action::Hold)) {
            page.push(Line::at(2).plain(step_text::headline(step)));
        }
        for link in links {
            page.gap();
            block(page, link, by_link, 2, true);
        }
        page.gap();
        for step in own.iter().filter(|step| !matches!(step.action, Action::Hold)) {
            let line = Line::at(2).plain(step_text::headline(step));
            page.push(if matches!(step.action, Action::Sync) {
                line.put(Tone::Alarm, "  point of no return of this wave")
            } else {
                line
            });
        }
        page.gap();
    }
}

/// Links that cannot go on, with what stands in the way.
fn blocked(page: &mut Page, plan: &Plan, by_link: &ByLink<'_>) {
    let blocked: Vec<_> = plan.links.iter().filter(|link| link.outcome == Outcome::Blocked).collect();
    if blocked.is_empty() {
        return;
    }
    page.push(Line::at(0).put(Tone::Strong, format_args!("Blocked: {}", blocked.len())));
    for link in blocked {
        page.gap();
        block(page, link, by_link, 2, true);
    }
    page.gap();
}

/// Links with nothing to do, those left out, and findings of links that are none of the planned ones.
fn left_over(page: &mut Page, plan: &Plan) {
    let names: Vec<String> = plan
        .links
        .iter()
        .filter(|link| link.outcome == Outcome::Unchanged)
        .map(|link| format!("{} → {}", link.ad, link.cloud))
        .collect();
    if !names.is_empty() {
        let title = format!("Already linked: {}", names.len());
        page.push(Line::at(0).put(Tone::Quiet, title).put(Tone::Quiet, format_args!(" ({})", names.join(", "))));
        page.gap();
    }
    if !plan.skipped.is_empty() {
        let ids: Vec<_> = plan.skipped.iter().map(ToString::to_string).collect();
        page.push(
            Line::at(0)
                .put(Tone::Warn, format_args!("Left out: {}", ids.len()))
                .plain(format_args!(" ({})", ids.join(", "))),
        );
        page.gap();
    }
}

/// Findings about the plan as a whole, and those whose link is not among the shown ones.
fn whole_plan_findings(page: &mut Page, plan: &Plan) {
    let shown: std::collections::BTreeSet<_> =
        plan.links.iter().filter(|link| link.outcome != Outcome::Unchanged).map(|link| &link.id).collect();
    let mut findings = plan.findings.iter().filter(|f| f.link.as_ref().is_none_or(|id| !shown.contains(id))).peekable();
    if findings.peek().is_none() {
        return;
    }
    page.push(Line::at(0).put(Tone::Strong, "Also noticed"));
    for finding in findings {
        if let Some(link) = &finding.link {
            page.push(Line::at(2).plain(format_args!("{link}:")));
        }
        finding_lines(page, finding, 2);
    }
    page.gap();
}

/// How many findings of a severity a plan has.
pub fn count(plan: &Plan, severity: Severity) -> usize {
    plan.findings.iter().filter(|finding| finding.severity == severity).count()
}

/// The number of links whose takeover, or any other step, cannot be undone once done.
pub fn links_beyond_return(plan: &Plan) -> usize {
    let mut links: Vec<_> = plan
        .steps
        .iter()
        .filter(|step| {
            matches!(step.action, Action::Verify { .. })
                || matches!(step.undo, Undo::Never { .. } | Undo::UntilSync { .. })
        })
        .filter_map(|step| step.link.as_ref())
        .collect();
    links.sort();
    links.dedup();
    links.len()
}

/// What it comes to. The last line is `Plan: …` or `No changes. …`.
fn summary(page: &mut Page, plan: &Plan) {
    let (errors, warnings) = (count(plan, Severity::Error), count(plan, Severity::Warning));
    if plan.is_blocked() {
        let noun = if errors == 1 { "error" } else { "errors" };
        let line = Line::at(0).mark(Mark::Alarm).put(Tone::Alarm, format_args!("Blocked by {errors} {noun}."));
        page.push(line.plain(" Nothing of this plan can be applied; --skip-blocked leaves blocked links out."));
    }
    if warnings > 0 {
        let noun = if warnings == 1 { "warning" } else { "warnings" };
        page.push(Line::at(0).put(Tone::Warn, format_args!("{warnings} {noun} to read before applying.")));
    }
    let beyond = links_beyond_return(plan);
    if beyond > 0 {
        let noun = if beyond == 1 { "link" } else { "links" };
        page.push(
            Line::at(0).put(Tone::Alarm, format_args!("Point of no return: the sync cycle, for {beyond} {noun}.")),
        );
    }
    page.push(summary_line(plan));
}

/// The one line that says what a plan comes to.
fn summary_line(plan: &Plan) -> Line {
    Line::at(0).put(Tone::Strong, summary_text(plan))
}

/// The one sentence that says what a plan comes to: `Plan: 3 links: 1 hard, 2 soft · …` or `No changes. …`.
pub fn summary_text(plan: &Plan) -> String {
    if plan.has_changes() || plan.counts.blocked > 0 {
        return format!("Plan: {}", plan.counts);
    }
    match plan.counts.unchanged {
        0 => "No changes. No link is to be formed.".to_owned(),
        1 => "No changes. The one link is formed already.".to_owned(),
        n => format!("No changes. All {n} links are formed already."),
    }
}

#[cfg(test)]
#[expect(clippy::needless_raw_string_hashes, reason = "snapbox writes expected texts with hashes")]
mod tests {
    use super::*;
    use crate::report::safe::is_hidden;
    use crate::report::testing::{HOSTILE, hostile, plan_of, sample};
    use snapbox::IntoData as _;

    #[test]
    fn the_sample_reads_well() {
        snapbox::assert_data_eq!(render(&sample(), Style::PLAIN, 100), snapbox::str![[r#"
Plan for Contoso (contoso.onmicrosoft.com, tenant 00000000-0000-0000-0000-0000007e0001)
  domain     corp (DC=corp,DC=contoso,DC=com)
  made       2026-11-20T10:00:00Z by matchplan 0.1.0
  expires    2026-11-23T10:00:00Z
  digest     sha256:d4c53d1e012aefdce32dc564bc7befa0c368e5eccc240bbd2ecf45ade8262061

Wave 1: 2 links, through one sync cycle

  ~ corp\jsmith → john.smith@contoso.com  soft match
      why        UPN and primary address can be aligned, and no role is held
      written in plans/wave-01.toml:7
      AD user    CN=John Smith,OU=Users,DC=corp,DC=contoso,DC=com
      cloud user 00000000-0000-0000-0000-0000c10d0001
      exposure   exposed: in sync scope, a cycle may run at any moment
      AD, one write
        ~ userPrincipalName  jsmith@corp.contoso.com → john.smith@contoso.com
        + proxyAddresses  SMTP:john.smith@contoso.com
        ~ proxyAddresses  SMTP:jsmith@contoso.com → smtp:jsmith@contoso.com
          proxyAddresses  1 value stays
        undo       at any time, but after the cycle it flows on: the cloud user's addresses follow
      ! point of no return: the sync cycle
      next cycle linked by soft match on the primary SMTP address
      cloud, by the sync (predicted)
        ~ displayName  Johnny S. → John Smith
        ! address lost  smtp:johnny@contoso.com
        ! the password is replaced by AD's
      warning[exposed]
          A cycle may run before the alignment of corp\jsmith is complete.
          help       Configure hold and release under [sync].

  ~ corp\jdoe → jane.doe@contoso.com  hard match
      why        it holds a role, which blocks a soft match: suspend, hard match, restore
      written in plans/wave-01.toml:11
      AD user    CN=Jane Doe,OU=Users,DC=corp,DC=contoso,DC=com
      cloud user 00000000-0000-0000-0000-0000c10d0002
      exposure   staged: outside of the sync scope, no cycle sees it
      role       User Administrator  suspended until the link is formed
        undo       at any time
      cloud, our write
        + onPremisesImmutableId  AAAAAAAAAAAAAAAArQAAAg==
        undo       only until the next sync cycle: a linked user's anchor cannot be changed
      AD, move
        - OU=Staging,DC=corp,DC=contoso,DC=com
        + OU=Users,DC=corp,DC=contoso,DC=com
        undo       at any time
      ! point of no return: the sync cycle
      next cycle linked by hard match (source anchor = ImmutableID)
      role       User Administrator  restored at once

  sync cycle of wave 1  point of no return of this wave

Blocked: 1

  ! corp\bblock → bob.block@contoso.com  blocked
      written in plans/wave-01.toml:19
      AD user    CN=Bob Block,OU=Users,DC=corp,DC=contoso,DC=com
      cloud user 00000000-0000-0000-0000-0000c10d0004
      exposure   unknown: whether a cycle sees it could not be determined
      ! error[address-conflict]
          Betty Other holds bob.block@contoso.com too, so the address of corp\bblock would be
          dropped.
          object     AD user corp\bblock (00000000-0000-0000-0000-0000ad000004) in OU=Users,DC=corp,DC=contoso,DC=com
          object     cloud user Betty Other (00000000-0000-0000-0000-0000c10d0009) in Entra ID
          value      smtp:bob.block@contoso.com
          Microsoft  AttributeValueMustBeUnique
          help       Remove the address from Betty Other, or leave the link out.

Already linked: 1 (corp\linus → linus.linked@contoso.com)

! Blocked by 1 error. Nothing of this plan can be applied; --skip-blocked leaves blocked links out.
1 warning to read before applying.
Point of no return: the sync cycle, for 2 links.
Plan: 2 links: 1 hard, 1 soft · 3 attribute changes · 1 role suspended and restored · 1 move · 1 already linked · 1 blocked

"#]].raw());
    }

    #[test]
    fn colour_changes_nothing_but_colour() {
        let coloured = render(&sample(), Style::COLOUR, 100);
        assert!(coloured.contains("\u{1b}[1;31mpoint of no return"), "{coloured}");
        let uncoloured =
            |(n, piece): (usize, &'static str)| if n == 0 { piece } else { piece.split_once('m').unwrap().1 };
        let plain: String = coloured.leak().split("\u{1b}[").enumerate().map(uncoloured).collect();
        let strip = |text: &str| text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
        assert_eq!(strip(&plain), strip(&render(&sample(), Style::PLAIN, 100)));
    }

    #[test]
    fn nothing_hidden_reaches_the_terminal() {
        let text = render(&hostile(), Style::PLAIN, 80);
        assert!(text.contains("x\\u{1b}[2J\\u{202e}\\u{200b}\\u{9b}\\n```"), "{text}");
        assert!(!text.replace('\n', "").contains(is_hidden));
        assert!(!text.contains(HOSTILE));
    }

    #[test]
    fn a_rollback_shows_what_it_takes_back() {
        let mut plan = sample();
        plan.purpose = Purpose::Rollback { of: "apply-1".into() };
        plan.links.truncate(1);
        plan.links[0].outcome = Outcome::Undo { wave: 1 };
        plan.links[0].prediction = None;
        plan.links[0].takeover = crate::rules::prediction::Takeover::default();
        plan.findings.clear();
        plan.steps = vec![plan.steps.swap_remove(1)];
        plan.counts = crate::plan::document::Counts::of(&plan.links, &plan.steps, true);
        let text = render(&plan, Style::PLAIN, 100);
        assert!(text.starts_with("Plan to roll back apply apply-1 for Contoso"), "{text}");
        assert!(text.contains("  - corp\\jsmith → john.smith@contoso.com  roll back\n"), "{text}");
        assert!(!text.contains("point of no return"), "{text}");
        assert!(text.ends_with("\nPlan: 1 link · 2 attribute changes\n"), "{text}");
    }

    #[test]
    fn nothing_to_do_is_said_in_one_line() {
        let unchanged = sample().links.remove(2);
        let text = render(&plan_of(vec![unchanged], Vec::new(), Vec::new()), Style::PLAIN, 80);
        assert_eq!(text.lines().last(), Some("No changes. The one link is formed already."));
    }
}
