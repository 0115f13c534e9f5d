//! A plan as a person reads it before saying yes.

use super::link_text::ByLink;
use super::page::{Line, Mark, Page};
use super::step_text::headline;
use super::style::{Style, Tone};
use super::{plan_brief, plan_full};
use crate::plan::document::{Plan, Purpose};
use crate::plan::link::{Outcome, PlannedLink};
use crate::plan::step::{Action, Step, Undo};
use crate::rules::finding::Severity;
use std::collections::{BTreeMap, BTreeSet};

/// How much is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Detail {
    /// What changes, and what stands in the way.
    #[default]
    Brief,
    /// Also ids, DNs, places in files, and how each single step is undone.
    Full,
}

/// The whole plan as text. Sentences are wrapped at `width` columns; values never are. The last line is the summary.
pub fn render(plan: &Plan, style: Style, width: usize, detail: Detail) -> String {
    let mut page = Page::new(width);
    let by_link = ByLink::of(plan);
    header(&mut page, plan, detail);
    match detail {
        Detail::Brief => plan_brief::body(&mut page, plan, &by_link),
        Detail::Full => plan_full::body(&mut page, plan, &by_link),
    }
    left_over(&mut page, plan, &by_link, detail);
    summary(&mut page, plan, &by_link);
    page.to_text(style)
}

/// What the plan is and for how long it can be applied.
fn header(page: &mut Page, plan: &Plan, detail: Detail) {
    let title = match &plan.purpose {
        Purpose::Link => "Plan".to_owned(),
        Purpose::Rollback { of } => format!("Plan to roll back apply {of}"),
    };
    let tenant = &plan.tenant;
    let line = Line::at(0).put(Tone::Strong, format_args!("{title} for {}", tenant.name));
    page.push(match detail {
        Detail::Brief => line.plain(format_args!(" ({})", tenant.initial_domain)),
        Detail::Full => line.plain(format_args!(" ({}, tenant {})", tenant.initial_domain, tenant.id)),
    });
    for domain in &plan.forest {
        page.push(Line::labelled(2, "domain").plain(format_args!("{} ({})", domain.name, domain.base_dn)));
    }
    if detail == Detail::Full {
        page.push(Line::labelled(2, "made").plain(format_args!("{} by matchplan {}", plan.created, plan.tool_version)));
    }
    page.push(Line::labelled(2, "expires").plain(plan.expires));
    if !plan.digest.is_empty() {
        page.push(Line::labelled(2, "digest").plain(&plan.digest));
    }
    page.gap();
}

/// A wave: the links that go through it, and its own steps.
#[derive(Debug)]
pub struct Wave<'a> {
    /// Its number, from 1.
    pub number: u32,
    /// The links that change in it.
    pub links: Vec<&'a PlannedLink>,
    /// The steps that are no link's: hold, release, sync.
    pub steps: Vec<&'a Step>,
}

impl<'a> Wave<'a> {
    /// A plan's waves, in order.
    pub fn of(plan: &'a Plan) -> Vec<Self> {
        let mut waves: BTreeMap<u32, Self> = BTreeMap::new();
        let empty = |number| Self { number, links: Vec::new(), steps: Vec::new() };
        for link in &plan.links {
            if let Outcome::Change { wave, .. } | Outcome::Undo { wave } = link.outcome {
                waves.entry(wave).or_insert_with(|| empty(wave)).links.push(link);
            }
        }
        for step in plan.steps.iter().filter(|step| step.link.is_none()) {
            waves.entry(step.wave).or_insert_with(|| empty(step.wave)).steps.push(step);
        }
        waves.into_values().collect()
    }

    /// Whether a sync cycle ends it.
    pub fn has_cycle(&self) -> bool {
        self.steps.iter().any(|step| matches!(step.action, Action::Sync))
    }

    /// Its title.
    pub fn title(&self) -> Line {
        let Self { number, links, .. } = self;
        let noun = if links.len() == 1 { "link" } else { "links" };
        let through = if self.has_cycle() { ", through one sync cycle" } else { "" };
        Line::at(0).put(Tone::Strong, format_args!("Wave {number}: {} {noun}{through}", links.len()))
    }
}

/// How many of the links that are formed already are named where not everything is shown.
const NAMED: usize = 5;

/// Links with nothing to do, and those left out.
fn left_over(page: &mut Page, plan: &Plan, by_link: &ByLink<'_>, detail: Detail) {
    let formed = plan.links.iter().filter(|link| link.outcome == Outcome::Unchanged);
    let mut names: Vec<String> = formed.map(|link| format!("{} → {}", link.ad, link.cloud)).collect();
    if !names.is_empty() {
        let title = format!("Already linked: {}", names.len());
        if detail == Detail::Brief && names.len() > NAMED {
            let more = names.len() - NAMED;
            names.truncate(NAMED);
            names.push(format!("and {more} more"));
        }
        page.list(Line::at(0).put(Tone::Strong, title).plain("  "), 2, Tone::Quiet, &names);
        page.gap();
    }
    // In brief, those with an error stand where the error is told.
    let errors = plan.findings.iter().filter(|finding| finding.severity == Severity::Error);
    let told: BTreeSet<_> = errors.filter_map(|finding| finding.link.as_ref()).collect();
    let skipped = plan.skipped.iter().filter(|id| detail == Detail::Full || !told.contains(id));
    let names: Vec<String> = skipped.map(|id| by_link.name(id)).collect();
    if !names.is_empty() {
        let title = Line::at(0).put(Tone::Warn, format_args!("Left out: {}", names.len()));
        page.list(title.plain("  "), 2, Tone::Plain, &names);
        page.gap();
    }
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
        .filter(|step| step.wave > 0)
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

/// What it comes to: what blocks it first. The last line is `Plan: …` or `No changes. …`.
fn summary(page: &mut Page, plan: &Plan, by_link: &ByLink<'_>) {
    if plan.is_blocked() {
        blockers(page, plan, by_link);
    }
    let warnings = count(plan, Severity::Warning);
    if warnings > 0 {
        let noun = if warnings == 1 { "warning" } else { "warnings" };
        page.push(Line::at(0).put(Tone::Warn, format_args!("{warnings} {noun} to read before applying.")));
    }
    if warnings > 0 || plan.is_blocked() {
        page.push(Line::at(0).put(Tone::Quiet, "What a [code] means and what to do: matchplan explain CODE"));
    }
    let beyond = links_beyond_return(plan);
    if beyond > 0 {
        let noun = if beyond == 1 { "link" } else { "links" };
        page.push(
            Line::at(0).put(Tone::Alarm, format_args!("Point of no return: the sync cycle, for {beyond} {noun}.")),
        );
    }
    for what in for_good(plan) {
        page.push(Line::at(0).put(Tone::Alarm, format_args!("Cannot be undone: {what}.")));
    }
    page.push(summary_line(plan));
}

/// The writes that nothing takes back, in words.
pub fn for_good(plan: &Plan) -> Vec<String> {
    let never = |step: &&Step| step.action.writes() && matches!(step.undo, Undo::Never { .. });
    plan.steps.iter().filter(never).map(headline).collect()
}

/// Each link that blocks the plan, with the codes of its errors.
fn blockers(page: &mut Page, plan: &Plan, by_link: &ByLink<'_>) {
    let errors: Vec<_> = plan.findings.iter().filter(|finding| finding.severity == Severity::Error).collect();
    let noun = if errors.len() == 1 { "error" } else { "errors" };
    let start = Line::at(0).mark(Mark::Alarm).put(Tone::Alarm, format_args!("Blocked by {} {noun}.", errors.len()));
    let of_links = plan.purpose == Purpose::Link && errors.iter().all(|finding| finding.link.is_some());
    let way_out = if of_links { "; --skip-blocked leaves these links out" } else { "" };
    page.flow(start.plain(" "), 2, Tone::Plain, &format!("Nothing can be applied{way_out}."));
    let mut blockers: BTreeMap<(String, String), BTreeMap<&str, usize>> = BTreeMap::new();
    for finding in errors {
        let name = finding.link.as_ref().map_or_else(|| "the plan as a whole".to_owned(), |id| by_link.name(id));
        *blockers.entry((name.to_lowercase(), name)).or_default().entry(finding.code.as_str()).or_default() += 1;
    }
    let names = blockers.keys().map(|(_, name)| Line::at(2).plain(name).width());
    let column = names.filter(|width| *width <= 40).max().unwrap_or_default();
    for ((_, name), codes) in &blockers {
        let codes: Vec<String> = codes
            .iter()
            .map(|(code, times)| if *times == 1 { (*code).to_owned() } else { format!("{code} ({times})") })
            .collect();
        page.list(Line::at(2).plain(name).to_column(column).plain("  "), column + 2, Tone::Alarm, &codes);
    }
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
        0 if !plan.tasks.is_empty() => "No changes. Everything that the tasks ask for is so already.".to_owned(),
        0 => "No changes. No link is to be formed.".to_owned(),
        1 => "No changes. The one link is formed already.".to_owned(),
        n => format!("No changes. All {n} links are formed already."),
    }
}

#[cfg(test)]
#[expect(clippy::needless_raw_string_hashes, reason = "snapbox writes expected texts with hashes")]
mod tests {
    use super::*;
    use crate::model::visible::is_hidden;
    use crate::plan::link::Exposure;
    use crate::report::testing::{HOSTILE, hostile, plan_of, sample};
    use crate::rules::finding::{Finding, FindingCode};
    use snapbox::IntoData as _;

    #[test]
    fn the_sample_in_brief() {
        snapbox::assert_data_eq!(render(&sample(), Style::PLAIN, 100, Detail::Brief), snapbox::str![[r#"
Plan for Contoso (contoso.onmicrosoft.com)
  domain     corp (DC=corp,DC=contoso,DC=com)
  expires    2026-11-23T10:00:00Z
  digest     sha256:3c1b5c80960852511023a4bb94ef881727111f8b16a204ce99001b760806dbd4

  AD, cloud: written by this plan · sync: what the cycle then changes in the cloud (predicted)

Wave 1: 2 links, through one sync cycle
  AD users: 1 exposed (a cycle may run at any moment), 1 staged (no cycle sees them yet)

  ~ corp\jsmith → john.smith@contoso.com  soft match, by primary SMTP address
      AD    ~ userPrincipalName      jsmith@corp.contoso.com → john.smith@contoso.com
            + proxyAddresses         SMTP:john.smith@contoso.com
            ~                        SMTP:jsmith@contoso.com → smtp:jsmith@contoso.com
      sync  ~ displayName            Johnny S. → John Smith
            ! address lost           smtp:johnny@contoso.com
            ! password               replaced by AD's
      warn  exposed
  ~ corp\jdoe → jane.doe@contoso.com      hard match
      why   it holds a role, which blocks a soft match: suspend, hard match, restore
      role  ~ User Administrator  suspended, given back after the match
      AD    > move                   OU=Staging,… → OU=Users,…
      cloud + onPremisesImmutableId  AAAAAAAAAAAAAAAArQAAAg==

  ! Point of no return: the sync cycle of wave 1. Everything above can be undone until then.
    Then the role is given back.

Blocked: 1

  ! corp\bblock → bob.block@contoso.com   blocked  plans/wave-01.toml:19
      error[address-conflict] Betty Other holds bob.block@contoso.com too, so the address of
        corp\bblock would be dropped.
      sync  would end with AttributeValueMustBeUnique
      help  Remove the address from Betty Other, or leave the link out.

Warnings: 1
  warning[exposed] A cycle may run before the alignment of corp\jsmith is complete.
      for   corp\jsmith
      help  Configure hold and release under [sync].

Already linked: 1  corp\linus → linus.linked@contoso.com

! Blocked by 1 error. Nothing can be applied; --skip-blocked leaves these links out.
  corp\bblock  address-conflict
1 warning to read before applying.
What a [code] means and what to do: matchplan explain CODE
Point of no return: the sync cycle, for 2 links.
Plan: 2 links: 1 hard, 1 soft · 3 attribute changes · 1 role suspended and restored · 1 move · 1 already linked · 1 blocked

"#]].raw());
    }

    #[test]
    fn the_sample_in_full() {
        snapbox::assert_data_eq!(render(&sample(), Style::PLAIN, 100, Detail::Full), snapbox::str![[r#"
Plan for Contoso (contoso.onmicrosoft.com, tenant 00000000-0000-0000-0000-0000007e0001)
  domain     corp (DC=corp,DC=contoso,DC=com)
  made       2026-11-20T10:00:00Z by matchplan 0.1.0
  expires    2026-11-23T10:00:00Z
  digest     sha256:3c1b5c80960852511023a4bb94ef881727111f8b16a204ce99001b760806dbd4

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

Already linked: 1  corp\linus → linus.linked@contoso.com

! Blocked by 1 error. Nothing can be applied; --skip-blocked leaves these links out.
  corp\bblock  address-conflict
1 warning to read before applying.
What a [code] means and what to do: matchplan explain CODE
Point of no return: the sync cycle, for 2 links.
Plan: 2 links: 1 hard, 1 soft · 3 attribute changes · 1 role suspended and restored · 1 move · 1 already linked · 1 blocked

"#]].raw());
    }

    #[test]
    fn colour_changes_nothing_but_colour() {
        let coloured = render(&sample(), Style::COLOUR, 100, Detail::Brief);
        assert!(coloured.contains("\u{1b}[1;31mPoint of no return"), "{coloured}");
        let uncoloured =
            |(n, piece): (usize, &'static str)| if n == 0 { piece } else { piece.split_once('m').unwrap().1 };
        let plain: String = coloured.leak().split("\u{1b}[").enumerate().map(uncoloured).collect();
        let strip = |text: &str| text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
        assert_eq!(strip(&plain), strip(&render(&sample(), Style::PLAIN, 100, Detail::Brief)));
    }

    #[test]
    fn nothing_hidden_reaches_the_terminal() {
        for detail in [Detail::Brief, Detail::Full] {
            let text = render(&hostile(), Style::PLAIN, 80, detail);
            assert!(text.contains("x\\u{1b}[2J\\u{202e}\\u{200b}\\u{9b}\\n```"), "{text}");
            assert!(!text.replace('\n', "").contains(is_hidden));
            assert!(!text.contains(HOSTILE));
        }
    }

    /// Only lines with a value that cannot be broken may be longer than the terminal is wide.
    #[test]
    fn sentences_keep_the_width() {
        for width in [60, 80, 132] {
            for line in render(&sample(), Style::PLAIN, width, Detail::Brief).lines() {
                let value =
                    ["→", "sha256:", "Plan: ", "AAAA", "suspended", "SMTP:"].iter().any(|part| line.contains(part));
                assert!(value || line.chars().count() <= width, "{width}: {line}");
            }
        }
    }

    #[test]
    fn a_move_out_of_the_base_shows_whole_names() {
        let mut plan = sample();
        plan.forest[0].base_dn = crate::model::dn::Dn::parse("OU=Users,DC=corp,DC=contoso,DC=com").unwrap();
        let text = render(&plan, Style::PLAIN, 100, Detail::Brief);
        assert!(text.contains("OU=Staging,DC=corp,DC=contoso,DC=com → OU=Users,DC=corp,DC=contoso,DC=com\n"), "{text}");
    }

    #[test]
    fn what_differs_from_the_wave_is_said_at_the_link() {
        let mut plan = sample();
        plan.findings.clear();
        plan.links[1].takeover.password_replaced = true;
        plan.links[0].exposure = Exposure::Staged;
        plan.links[1].exposure = Exposure::Held;
        let moved = plan.steps.iter_mut().find(|step| matches!(step.action, Action::Move { .. })).unwrap();
        moved.undo = Undo::Never { reason: "the OU is gone".to_owned() };
        let text = render(&plan, Style::PLAIN, 100, Detail::Brief);
        assert!(
            text.contains("  AD users: 1 staged (no cycle sees them yet), 1 in sync scope (the scheduler"),
            "{text}"
        );
        assert!(text.contains("      place held: in sync scope"), "{text}");
        assert!(text.contains("      undo  ! move: never: the OU is gone\n"), "{text}");
        assert!(text.contains("The cycle replaces the passwords of these 2 cloud users"), "{text}");
        plan.links[0].takeover.password_replaced = false;
        let text = render(&plan, Style::PLAIN, 100, Detail::Brief);
        assert_eq!(text.matches("! password               replaced by AD's").count(), 1, "{text}");
    }

    #[test]
    fn warnings_alike_are_told_once() {
        let mut plan = sample();
        let warning = plan.findings.remove(1);
        plan.findings = plan.links.iter().map(|l| Finding { link: Some(l.id.clone()), ..warning.clone() }).collect();
        let text = render(&plan, Style::PLAIN, 100, Detail::Brief);
        assert_eq!(text.matches(&warning.help).count(), 1, "{text}");
        assert!(text.contains("      for   corp\\jsmith, corp\\jdoe, corp\\linus, corp\\bblock\n"), "{text}");
    }

    #[test]
    fn a_blocked_plan_ends_with_who_blocks_it() {
        let mut plan = sample();
        let missing = Finding {
            code: FindingCode::CloudUserMissing,
            link: Some("corp/nnobel".into()),
            objects: Vec::new(),
            value: None,
            message: "No cloud user answers to nina.nobel@contoso.com.".to_owned(),
            ..plan.findings[0].clone()
        };
        let again = Finding { message: "Another reason.".to_owned(), ..plan.findings[0].clone() };
        plan.findings.extend([missing, again]);
        let text = render(&plan, Style::PLAIN, 100, Detail::Brief);
        assert!(text.contains("Blocked: 2\n") && text.contains("  ! corp\\nnobel  plans/wave-01.toml:19\n"), "{text}");
        let end = "\n! Blocked by 3 errors. Nothing can be applied; --skip-blocked leaves these links out.\n  \
                   corp\\bblock  address-conflict (2)\n  corp\\nnobel  cloud-user-missing\n1 warning to";
        assert!(text.contains(end), "{text}");
        let dropped = Plan { skipped: vec!["corp/bblock".into(), "corp/nnobel".into()], ..plan };
        let text = render(&dropped, Style::PLAIN, 100, Detail::Brief);
        assert!(text.contains("Blocked and left out: 2\n") && !text.contains("Blocked by"), "{text}");
        let text = render(&dropped, Style::PLAIN, 100, Detail::Full);
        assert!(text.contains("Left out: 2  corp\\bblock, corp\\nnobel\n"), "{text}");
    }

    #[test]
    fn of_many_formed_links_a_few_are_named() {
        let formed = sample().links.remove(2);
        let links = (0..13).map(|n| PlannedLink { id: format!("corp/l{n}").into(), ..formed.clone() }).collect();
        let plan = plan_of(links, Vec::new(), Vec::new());
        let text = render(&plan, Style::PLAIN, 100, Detail::Brief);
        assert_eq!(text.matches("linus →").count(), 5, "{text}");
        assert!(text.contains(", and 8 more\n"), "{text}");
        assert!(text.ends_with("\nNo changes. All 13 links are formed already.\n"), "{text}");
        assert_eq!(render(&plan, Style::PLAIN, 100, Detail::Full).matches("linus →").count(), 13);
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
        plan.counts = crate::plan::document::Counts::of(&plan.links, &[], &plan.steps, true);
        let text = render(&plan, Style::PLAIN, 100, Detail::Brief);
        assert!(text.starts_with("Plan to roll back apply apply-1 for Contoso"), "{text}");
        assert!(text.contains("  - corp\\jsmith → john.smith@contoso.com  roll back\n"), "{text}");
        assert!(!text.contains("point of no return"), "{text}");
        assert!(text.ends_with("\nPlan: 1 link · 2 attribute changes\n"), "{text}");
    }

    #[test]
    fn nothing_to_do_is_said_in_one_line() {
        let unchanged = sample().links.remove(2);
        let text = render(&plan_of(vec![unchanged], Vec::new(), Vec::new()), Style::PLAIN, 80, Detail::Brief);
        assert_eq!(text.lines().last(), Some("No changes. The one link is formed already."));
    }
}
