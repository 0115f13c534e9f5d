//! A plan for a pull request: summary first, each link's details folded, never longer than GitHub takes.

use super::finding_text::finding_lines;
use super::link_text::{ByLink, block, outcome_word, prediction_words, task_block};
use super::markdown::{Bounded, LIMIT};
use super::page::Page;
use super::plan_text::{count, for_good, links_beyond_return, summary_text};
use super::safe::{Code, HtmlCode, Prose, clip};
use crate::model::cloud::Presence;
use crate::plan::document::{Plan, Purpose};
use crate::plan::link::{Outcome, PlannedLink};
use crate::plan::step::Action;
use crate::plan::task::TaskOutcome;
use crate::rules::finding::Severity;
use std::fmt::Write as _;

/// Characters of the longest value in headings and tables; the details show all of it.
const CELL: usize = 120;
/// Columns of sentences in the details, which GitHub shows in a narrow box.
const WIDTH: usize = 100;
/// Characters kept free for the notes that say what was left out.
const RESERVE: usize = 1_000;

/// The plan as Markdown. `file` is the saved plan's name, for the command that shows what did not fit.
pub fn render(plan: &Plan, file: &str) -> String {
    let by_link = ByLink::of(plan);
    let mut text = Bounded::new(LIMIT);
    let mut dropped = Vec::new();
    // Every value in it is clipped but the list of domains, which no forest makes this long; `add` still decides.
    if !text.add(&head(plan), RESERVE) {
        dropped.push("the heading".to_owned());
    }
    errors(&mut text, plan, &mut dropped);
    tasks(&mut text, plan, &by_link, &mut dropped);
    table(&mut text, plan, &by_link, &mut dropped);
    details(&mut text, plan, &by_link, &mut dropped);
    if !dropped.is_empty() {
        let command = format!("matchplan show {}", clip(file, CELL));
        let note = format!(
            "\n**Left out, because a comment on GitHub holds {LIMIT} characters: {}.** {} shows all of it.\n",
            dropped.join(", "),
            Code(&command)
        );
        // RESERVE is kept free for this note: three short phrases and one clipped name.
        let _ = text.add(&note, 0);
    }
    text.finish()
}

/// Title, summary and everything that a reviewer must know before looking at single links.
fn head(plan: &Plan) -> String {
    let cell = |value: &str| Code(&clip(value, CELL)).to_string();
    let title = match &plan.purpose {
        Purpose::Link => "matchplan: plan".to_owned(),
        Purpose::Rollback { of } => format!("matchplan: roll back apply {}", Prose(&clip(of.as_str(), CELL))),
    };
    let mut out = format!("### {title}\n\n**{}**\n\n", Prose(&summary_text(plan)));
    if plan.is_blocked() {
        let errors = count(plan, Severity::Error);
        let noun = if errors == 1 { "error" } else { "errors" };
        let _ = writeln!(out, "> [!CAUTION]\n> **Blocked by {errors} {noun}:** nothing of this plan can be applied.\n");
    }
    let beyond = links_beyond_return(plan);
    if beyond > 0 {
        let noun = if beyond == 1 { "link" } else { "links" };
        let _ = writeln!(
            out,
            "> [!WARNING]\n> **Point of no return:** after the sync cycle, {beyond} {noun} cannot be taken back as if \
             nothing had been.\n"
        );
    }
    for what in for_good(plan).iter().take(20) {
        let _ = writeln!(out, "> [!WARNING]\n> **Cannot be undone:** {}\n", Prose(&clip(what, 2 * CELL)));
    }
    out.push_str("| | |\n|---|---|\n");
    let mut row = |name: &str, value: String| {
        let _ = writeln!(out, "| {name} | {value} |");
    };
    row("tenant", format!("{} {}", cell(&plan.tenant.name), Code(&plan.tenant.id.to_string())));
    for domain in plan.forest.iter().take(50) {
        row("domain", format!("{} {}", cell(domain.name.as_str()), cell(domain.base_dn.as_str())));
    }
    row("made", Code(&plan.created.to_string()).to_string());
    row("expires", Code(&plan.expires.to_string()).to_string());
    row("digest", cell(&plan.digest));
    row("waves", plan.counts.waves.to_string());
    row("warnings", count(plan, Severity::Warning).to_string());
    out
}

/// The errors, in the open: they are the first thing to act on. They may take a quarter of the room.
fn errors(text: &mut Bounded, plan: &Plan, dropped: &mut Vec<String>) {
    let mut errors = plan.findings.iter().filter(|finding| finding.severity == Severity::Error).peekable();
    if errors.peek().is_none() {
        return;
    }
    let keep = text.left() / 4 * 3;
    let mut left_out = usize::from(!text.add("\n#### What blocks it\n\n", keep));
    left_out += text.add_all(
        errors,
        |finding| {
            let link =
                finding.link.as_ref().map(|id| format!(" {}", Code(&clip(id.as_str(), CELL)))).unwrap_or_default();
            let message = Prose(&clip(&finding.message, 600)).to_string();
            let help = Prose(&clip(&finding.help, 600)).to_string();
            format!("- `{}`{link}: {message} **What to do:** {help}\n", finding.code)
        },
        keep,
    );
    if left_out > 0 {
        dropped.push(format!("{left_out} errors"));
    }
}

/// The tasks, each folded with its steps. They may take a third of what is left.
fn tasks(text: &mut Bounded, plan: &Plan, by_link: &ByLink<'_>, dropped: &mut Vec<String>) {
    let tasks: Vec<_> = plan.tasks.iter().filter(|task| task.outcome != TaskOutcome::Unchanged).collect();
    if tasks.is_empty() {
        return;
    }
    let keep = (text.left() / 3 * 2).max(RESERVE);
    let mut left_out = usize::from(!text.add("\n#### Tasks, before every link\n", keep));
    left_out += text.add_all(
        &tasks,
        |task| {
            let mut page = Page::new(WIDTH);
            task_block(&mut page, task, by_link, 0);
            let title = HtmlCode(&clip(&task.title, CELL)).to_string();
            format!("\n<details><summary>{title}</summary>\n\n{}\n</details>\n", page.to_fence())
        },
        keep,
    );
    if left_out > 0 {
        dropped.push(format!("{left_out} tasks"));
    }
}

/// One row per link that is not formed already. The table may take a third of what is left.
fn table(text: &mut Bounded, plan: &Plan, by_link: &ByLink<'_>, dropped: &mut Vec<String>) {
    let links: Vec<_> = plan.links.iter().filter(|link| link.outcome != Outcome::Unchanged).collect();
    let keep = (text.left() / 3 * 2).max(RESERVE);
    if !links.is_empty() {
        let heading = "\n| | AD user | cloud user | how | changes | next cycle |\n|---|---|---|---|---|---|\n";
        let left_out =
            if text.add(heading, keep) { text.add_all(&links, |link| row(link, by_link), keep) } else { links.len() };
        if left_out > 0 {
            dropped.push(format!("{left_out} of {} links in the table", links.len()));
        }
    }
    if plan.counts.unchanged > 0 {
        let _ = text.add(&format!("\nAlready linked: {}.\n", plan.counts.unchanged), RESERVE);
    }
    if !plan.skipped.is_empty() {
        let _ = text.add(&format!("\nLeft out by `--skip-blocked`: {}.\n", plan.skipped.len()), RESERVE);
    }
}

fn row(link: &PlannedLink, by_link: &ByLink<'_>) -> String {
    let sign = match link.outcome {
        Outcome::Unchanged => "",
        Outcome::Change { .. } => "~",
        Outcome::Blocked => "!",
        Outcome::Undo { .. } => "-",
    };
    let mut changes = Vec::new();
    for step in by_link.steps(&link.id) {
        match &step.action {
            Action::Align { changes: of, .. } => changes.extend(of.iter().map(|c| c.attribute.name().to_owned())),
            Action::Anchor { .. } => changes.push("onPremisesImmutableId".to_owned()),
            Action::Amend { changes: of, .. } => changes.extend(of.iter().map(|c| c.attribute.name().to_owned())),
            Action::Place { to: Presence::Gone, .. } => changes.push("**duplicate deleted for good**".to_owned()),
            Action::Place { .. } => changes.push("duplicate deleted".to_owned()),
            Action::Move { .. } => changes.push("move".to_owned()),
            Action::Suspend { holding, .. } if !holding.comes_back() => changes.push("activation ended".to_owned()),
            Action::Suspend { restore: true, .. } => changes.push("role suspended".to_owned()),
            Action::Suspend { restore: false, .. } => changes.push("**role removed**".to_owned()),
            Action::Restore { .. }
            | Action::Authority { .. }
            | Action::Switch { .. }
            | Action::Departure { .. }
            | Action::Arrival { .. }
            | Action::Hold
            | Action::Release
            | Action::Sync
            | Action::Verify { .. } => {}
        }
    }
    let lost = link.takeover.addresses_lost.len();
    if lost > 0 {
        let noun = if lost == 1 { "address" } else { "addresses" };
        changes.push(format!("**{lost} {noun} lost**"));
    }
    let prediction = link.prediction.as_ref().map(|p| Prose(&clip(&prediction_words(p).1, CELL)).to_string());
    format!(
        "| `{sign}` | {} | {} | {} | {} | {} |\n",
        Code(&clip(&link.ad.to_string(), CELL)),
        Code(&clip(link.cloud.upn.as_str(), CELL)),
        outcome_word(link),
        changes.join(", "),
        prediction.unwrap_or_default()
    )
}

/// Each link's block, folded; link by link as long as they fit. Then the findings about the plan as a whole.
fn details(text: &mut Bounded, plan: &Plan, by_link: &ByLink<'_>, dropped: &mut Vec<String>) {
    let links: Vec<_> = plan.links.iter().filter(|link| link.outcome != Outcome::Unchanged).collect();
    let mut page = Page::new(WIDTH);
    let whole = plan.findings.iter().filter(|finding| finding.link.is_none());
    whole.for_each(|finding| finding_lines(&mut page, finding, 0));
    if !page.is_empty() {
        let folded = format!(
            "\n<details><summary>Findings about the plan as a whole</summary>\n\n{}\n</details>\n",
            page.to_fence()
        );
        if !text.add(&folded, RESERVE) {
            dropped.push("findings about the plan as a whole".to_owned());
        }
    }
    let left_out = text.add_all(&links, |link| folded(link, by_link), RESERVE);
    if left_out > 0 {
        dropped.push(format!("the details of {left_out} of {} links", links.len()));
    }
}

fn folded(link: &PlannedLink, by_link: &ByLink<'_>) -> String {
    let mut page = Page::new(WIDTH);
    block(&mut page, link, by_link, 0, false);
    format!(
        "\n<details><summary>{} → {} ({})</summary>\n\n{}\n</details>\n",
        HtmlCode(&clip(&link.ad.to_string(), CELL)),
        HtmlCode(&clip(link.cloud.upn.as_str(), CELL)),
        outcome_word(link),
        page.to_fence()
    )
}

#[cfg(test)]
#[expect(clippy::needless_raw_string_hashes, reason = "snapbox writes expected texts with hashes")]
mod tests {
    use super::*;
    use crate::model::visible::is_hidden;
    use crate::report::testing::{hostile, many, sample};
    use snapbox::IntoData as _;

    #[test]
    fn the_sample_for_a_pull_request() {
        snapbox::assert_data_eq!(
            render(&sample(), "wave-01.plan.json"),
            snapbox::str![[r#"
### matchplan: plan

**Plan: 2 links: 1 hard, 1 soft · 3 attribute changes · 1 role suspended and restored · 1 move · 1 already linked · 1 blocked**

> [!CAUTION]
> **Blocked by 1 error:** nothing of this plan can be applied.

> [!WARNING]
> **Point of no return:** after the sync cycle, 2 links cannot be taken back as if nothing had been.

| | |
|---|---|
| tenant | `Contoso` `00000000-0000-0000-0000-0000007e0001` |
| domain | `corp` `DC=corp,DC=contoso,DC=com` |
| made | `2026-11-20T10:00:00Z` |
| expires | `2026-11-23T10:00:00Z` |
| digest | `sha256:3c1b5c80960852511023a4bb94ef881727111f8b16a204ce99001b760806dbd4` |
| waves | 1 |
| warnings | 1 |

#### What blocks it

- `address-conflict` `corp/bblock`: Betty Other holds bob.block@<!-- -->contoso.com too, so the address of corp\\bblock would be dropped. **What to do:** Remove the address from Betty Other, or leave the link out.

| | AD user | cloud user | how | changes | next cycle |
|---|---|---|---|---|---|
| `~` | `corp\jsmith` | `john.smith@contoso.com` | soft match | userPrincipalName, proxyAddresses, **1 address lost** | linked by soft match on the primary SMTP address |
| `~` | `corp\jdoe` | `jane.doe@contoso.com` | hard match | role suspended, onPremisesImmutableId, move | linked by hard match (source anchor = ImmutableID) |
| `!` | `corp\bblock` | `bob.block@contoso.com` | blocked |  |  |

Already linked: 1.

<details><summary><code>corp&#92;jsmith</code> → <code>john&#46;smith&#64;contoso&#46;com</code> (soft match)</summary>

```diff
  why        UPN and primary address can be aligned, and no role is held
  written in plans/wave-01.toml:7
  AD user    CN=John Smith,OU=Users,DC=corp,DC=contoso,DC=com
  cloud user 00000000-0000-0000-0000-0000c10d0001
  exposure   exposed: in sync scope, a cycle may run at any moment
  AD, one write
!   userPrincipalName  jsmith@corp.contoso.com → john.smith@contoso.com
+   proxyAddresses  SMTP:john.smith@contoso.com
!   proxyAddresses  SMTP:jsmith@contoso.com → smtp:jsmith@contoso.com
      proxyAddresses  1 value stays
    undo       at any time, but after the cycle it flows on: the cloud user's addresses follow
! point of no return: the sync cycle
  next cycle linked by soft match on the primary SMTP address
  cloud, by the sync (predicted)
!   displayName  Johnny S. → John Smith
!   address lost  smtp:johnny@contoso.com
!   the password is replaced by AD's
  warning[exposed]
      A cycle may run before the alignment of corp\jsmith is complete.
      help       Configure hold and release under [sync].
```

</details>

<details><summary><code>corp&#92;jdoe</code> → <code>jane&#46;doe&#64;contoso&#46;com</code> (hard match)</summary>

```diff
  why        it holds a role, which blocks a soft match: suspend, hard match, restore
  written in plans/wave-01.toml:11
  AD user    CN=Jane Doe,OU=Users,DC=corp,DC=contoso,DC=com
  cloud user 00000000-0000-0000-0000-0000c10d0002
  exposure   staged: outside of the sync scope, no cycle sees it
  role       User Administrator  suspended until the link is formed
    undo       at any time
  cloud, our write
+   onPremisesImmutableId  AAAAAAAAAAAAAAAArQAAAg==
    undo       only until the next sync cycle: a linked user's anchor cannot be changed
  AD, move
-   OU=Staging,DC=corp,DC=contoso,DC=com
+   OU=Users,DC=corp,DC=contoso,DC=com
    undo       at any time
! point of no return: the sync cycle
  next cycle linked by hard match (source anchor = ImmutableID)
  role       User Administrator  restored at once
```

</details>

<details><summary><code>corp&#92;bblock</code> → <code>bob&#46;block&#64;contoso&#46;com</code> (blocked)</summary>

```diff
  written in plans/wave-01.toml:19
  AD user    CN=Bob Block,OU=Users,DC=corp,DC=contoso,DC=com
  cloud user 00000000-0000-0000-0000-0000c10d0004
  exposure   unknown: whether a cycle sees it could not be determined
! error[address-conflict]
      Betty Other holds bob.block@contoso.com too, so the address of corp\bblock would be dropped.
      object     AD user corp\bblock (00000000-0000-0000-0000-0000ad000004) in OU=Users,DC=corp,DC=contoso,DC=com
      object     cloud user Betty Other (00000000-0000-0000-0000-0000c10d0009) in Entra ID
      value      smtp:bob.block@contoso.com
      Microsoft  AttributeValueMustBeUnique
      help       Remove the address from Betty Other, or leave the link out.
```

</details>

"#]].raw()
        );
    }

    #[test]
    fn five_thousand_links_fit_and_say_what_is_missing() {
        let text = render(&many(5_000), "big.plan.json");
        let length = text.chars().count();
        assert!((50_000..=LIMIT).contains(&length), "{length}");
        assert!(text.contains("`matchplan show big.plan.json` shows all of it."), "{}", &text[text.len() - 400..]);
        assert!(text.contains("links in the table") && text.contains("the details of"));
        assert_eq!(text.matches("<details>").count(), text.matches("</details>").count());
        assert!(text.matches("<details>").count() > 10);
    }

    #[test]
    fn hostile_values_stay_values() {
        let text = render(&hostile(), "x.plan.json");
        assert!(!text.replace('\n', "").contains(is_hidden));
        // Outside of code fences and code spans nothing is left that GitHub would act on.
        let mut fence: Option<&str> = None;
        for line in text.lines() {
            let ticks = &line[..line.len() - line.trim_start_matches('`').len()];
            match fence {
                None if ticks.len() >= 3 => fence = Some(ticks),
                Some(open) if line == open => fence = None,
                None => {
                    let bare = without_code(line);
                    assert!(
                        !bare.contains("@team")
                            && !bare.contains("<img")
                            && !bare.replace("\\]", "").contains("](http"),
                        "{line}"
                    );
                    assert!(!bare.contains("</details>") || line == "</details>", "{line}");
                }
                Some(_) => {}
            }
        }
        assert_eq!(fence, None);
    }

    /// A line without its code spans (CommonMark 6.1: as many backticks close as have opened).
    fn without_code(line: &str) -> String {
        let (mut out, mut rest) = (String::new(), line);
        while let Some(at) = rest.find('`') {
            let escaped = rest[..at].ends_with('\\');
            out.push_str(&rest[..at]);
            let length = rest[at..].len() - rest[at..].trim_start_matches('`').len();
            let ticks = &rest[at..at + length];
            let tail = &rest[at + length..];
            let close = tail.match_indices('`').find(|(i, _)| {
                tail[*i..].starts_with(ticks) && !tail[i + length..].starts_with('`') && !tail[..*i].ends_with('`')
            });
            rest = match close {
                Some((end, _)) if !escaped => &tail[end + length..],
                _ => tail,
            };
        }
        out + rest
    }
}
