//! One link in a few lines: what changes and where, one value per line, in columns.
//!
//! What holds for most links (how a step is undone, where the AD user stands, that the password is replaced) is said once
//! per wave by the caller; here stands what is particular to the link.

use super::diff_values::{ValueChange, emphasis, value_changes};
use super::finding_text::{BRIEF_LABEL, Errors, brief_label};
use super::link_text::{ByLink, exposure_word, outcome_word, pieces, prediction_words};
use super::page::{Line, Mark, Page};
use super::safe::Text;
use super::step_text;
use super::style::Tone;
use crate::model::dn::Dn;
use crate::model::id::DomainName;
use crate::model::profile::ProfileAttribute;
use crate::plan::document::Plan;
use crate::plan::link::{Exposure, Method, Outcome, PlannedLink};
use crate::plan::step::{Action, Step, Undo};
use crate::plan::task::{PlannedTask, TaskOutcome};
use crate::rules::finding::{Finding, FindingCode, Severity};
use crate::rules::prediction::{MatchKey, Overwrite, Prediction, Takeover};

/// Columns before a headline.
const HEAD: usize = 2;
/// Columns before what stands below it.
const INNER: usize = 6;
/// The widest name that moves the other lines' values to the right.
const WIDEST_NAME: usize = 24;
/// The widest pair of names that moves the other headlines' words to the right.
const WIDEST_PAIR: usize = 64;

/// Where something is written, in the order in which it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Role,
    Ad,
    Cloud,
    Sync,
}

impl Place {
    const fn label(self) -> &'static str {
        match self {
            Self::Role => "role",
            Self::Ad => "AD",
            Self::Cloud => "cloud",
            Self::Sync => "sync",
        }
    }
}

/// One value that changes.
struct Row {
    place: Place,
    mark: Mark,
    name: String,
    change: Change,
}

/// How it changes.
enum Change {
    Value(ValueChange),
    Words(Tone, String),
}

/// The columns that all links of a plan share, so that the eye can run down them.
#[derive(Clone, Copy, Debug)]
pub struct Columns {
    name: usize,
    pair: usize,
}

impl Columns {
    /// As wide as the plan's names need.
    pub fn of(plan: &Plan, by_link: &ByLink<'_>) -> Self {
        let shown = || plan.links.iter().filter(|link| link.outcome != Outcome::Unchanged);
        let of_tasks = plan.tasks.iter().flat_map(|task| by_link.steps(&task.id));
        let of_tasks = of_tasks.flat_map(|step| step_rows(plan, step, &[]));
        let of_links = shown().flat_map(|link| rows(plan, link, by_link));
        let names = of_links.chain(of_tasks).filter(|row| row.place != Place::Role);
        let widest = |lengths: &mut dyn Iterator<Item = usize>, most: usize| {
            lengths.filter(|length| *length <= most).max().unwrap_or_default()
        };
        Self {
            name: widest(&mut names.map(|row| columns_of(&row.name)), WIDEST_NAME),
            pair: widest(
                &mut shown().map(|link| columns_of(&link.ad.to_string()) + columns_of(link.cloud.upn.as_str())),
                WIDEST_PAIR,
            ),
        }
    }
}

fn columns_of(text: &str) -> usize {
    Text(text).to_string().chars().count()
}

/// What the plan says once, and the link therefore only where it differs.
#[derive(Clone, Copy, Debug, Default)]
pub struct Usual {
    /// Where most AD users of the wave stand.
    pub exposure: Option<Exposure>,
    /// Whether all passwords are replaced.
    pub password_replaced: bool,
    /// Whether a sync cycle ends the wave, so that its steps can be undone until then.
    pub cycle: bool,
}

/// A link: its headline, its changes, the names of its warnings, its errors.
pub fn link<'a>(
    page: &mut Page,
    plan: &Plan,
    link: &PlannedLink,
    by_link: &ByLink<'a>,
    columns: Columns,
    usual: Usual,
    errors: &mut Errors<'a>,
) {
    headline(page, link, columns);
    let changes = matches!(link.outcome, Outcome::Change { .. } | Outcome::Undo { .. });
    if changes {
        let mut rows = rows(plan, link, by_link);
        if link.takeover.password_replaced && !usual.password_replaced {
            let change = Change::Words(Tone::Warn, "replaced by AD's".to_owned());
            rows.push(Row { place: Place::Sync, mark: Mark::Alarm, name: "password".to_owned(), change });
        }
        values(page, &rows, columns);
        particulars(page, link, by_link, usual);
    }
    let findings = by_link.findings(&link.id);
    warned(page, findings);
    for finding in findings.iter().filter(|finding| finding.severity == Severity::Error) {
        errors.add(page, finding, Some(link), &link.ad.to_string(), INNER);
    }
}

/// A task that changes something: what it does and why, its changes, the names of its warnings.
pub fn task(page: &mut Page, plan: &Plan, task: &PlannedTask, by_link: &ByLink<'_>, columns: Columns) {
    let mark = if task.outcome == TaskOutcome::Undo { Mark::Remove } else { Mark::Change };
    page.push(Line::at(HEAD).mark(mark).put(Tone::Strong, &task.title));
    let steps = by_link.steps(&task.id);
    let mut rows: Vec<Row> = steps.iter().flat_map(|step| step_rows(plan, step, steps)).collect();
    rows.sort_by_key(|row| row.place);
    values(page, &rows, columns);
    if let TaskOutcome::Change { why } = &task.outcome {
        page.flow(brief_label(INNER, "then"), INNER + BRIEF_LABEL, Tone::Plain, why);
    }
    for step in steps {
        if let Some(how) = step_text::undo(&step.undo).filter(|_| step.undo != Undo::Inverse) {
            let tone = if matches!(step.undo, Undo::Never { .. }) { Tone::Alarm } else { Tone::Plain };
            page.flow(brief_label(INNER, "undo"), INNER + BRIEF_LABEL, tone, &how);
        }
    }
    warned(page, by_link.findings(&task.id));
}

fn warned(page: &mut Page, findings: &[&Finding]) {
    let mut codes: Vec<&str> =
        findings.iter().filter(|f| f.severity == Severity::Warning).map(|f| f.code.as_str()).collect();
    codes.dedup();
    if !codes.is_empty() {
        page.push(brief_label(INNER, "warn").put(Tone::Warn, codes.join(", ")));
    }
}

/// Who becomes one with whom, and how; why, unless it is by the plainest way.
fn headline(page: &mut Page, link: &PlannedLink, columns: Columns) {
    let mark = match link.outcome {
        Outcome::Unchanged => Mark::None,
        Outcome::Change { .. } => Mark::Change,
        Outcome::Blocked => Mark::Alarm,
        Outcome::Undo { .. } => Mark::Remove,
    };
    let line = Line::at(HEAD).mark(mark).put(Tone::Strong, &link.ad).plain(" → ").put(Tone::Strong, &link.cloud);
    let line = line.to_column(HEAD + 2 + columns.pair + 3).plain("  ").put(mark.tone(), outcome_word(link));
    match (&link.outcome, &link.prediction) {
        (Outcome::Change { method: Method::Soft, .. }, Some(Prediction::Linked { by: MatchKey::PrimarySmtp })) => {
            page.push(line.plain(", by primary SMTP address"));
        }
        (Outcome::Change { method: Method::Soft, .. }, Some(Prediction::Linked { by: MatchKey::Upn })) => {
            page.push(line.plain(", by UPN"));
        }
        (Outcome::Change { why, .. }, _) => {
            let with_why = line.clone().plain(": ").plain(why);
            if with_why.width() <= page.width() {
                page.push(with_why);
            } else {
                page.push(line);
                page.flow(brief_label(INNER, "why"), INNER + BRIEF_LABEL, Tone::Plain, why);
            }
        }
        (Outcome::Blocked, _) => {
            let origin = link.origin.iter();
            page.push(origin.fold(line, |line, origin| line.put(Tone::Quiet, format_args!("  {origin}"))));
        }
        (Outcome::Unchanged | Outcome::Undo { .. }, _) => page.push(line),
    }
}

/// Everything about a link that changes, in the order of the places.
fn rows(plan: &Plan, link: &PlannedLink, by_link: &ByLink<'_>) -> Vec<Row> {
    let steps = by_link.steps(&link.id);
    let mut rows: Vec<Row> = steps.iter().flat_map(|step| step_rows(plan, step, steps)).collect();
    if matches!(link.outcome, Outcome::Change { .. }) {
        rows.extend(sync_rows(&link.takeover));
    }
    rows.sort_by_key(|row| row.place);
    rows
}

fn step_rows(plan: &Plan, step: &Step, all: &[&Step]) -> Vec<Row> {
    let role = |mark, name: String, tone, fate: &str| {
        vec![Row { place: Place::Role, mark, name, change: Change::Words(tone, fate.to_owned()) }]
    };
    match &step.action {
        Action::Hold
        | Action::Release
        | Action::Sync
        | Action::Departure { .. }
        | Action::Arrival { .. }
        | Action::Verify { .. } => Vec::new(),
        Action::Suspend { holding, restore, .. } => {
            let (tone, mark, fate) = step_text::fate(holding, *restore);
            role(mark, holding.to_string(), tone, fate)
        }
        // The suspension said so already.
        Action::Restore { suspend, .. } if all.iter().any(|step| step.id == *suspend) => Vec::new(),
        Action::Restore { label, .. } => role(Mark::Add, label.clone(), Tone::Good, "given back"),
        Action::Align { changes, .. } => changes
            .iter()
            .flat_map(|change| attribute(Place::Ad, change.attribute.name(), &change.expects, &change.sets))
            .collect(),
        Action::Anchor { .. }
        | Action::Amend { .. }
        | Action::Place { .. }
        | Action::Authority { .. }
        | Action::Switch { .. } => step_text::cloud_writes(&step.action)
            .iter()
            .flat_map(|write| attribute(Place::Cloud, &write.name, &write.before, &write.after))
            .collect(),
        Action::Move { user, from, to } => {
            let (from, to) = containers(plan, &user.domain, from, to);
            let change = Change::Value(ValueChange::Changed { old: from, new: to });
            vec![Row { place: Place::Ad, mark: Mark::Move, name: "move".to_owned(), change }]
        }
    }
}

/// Two containers without the base DN of their domain, if that is what both end in. Everything below one base is
/// unambiguous without it.
fn containers(plan: &Plan, domain: &DomainName, from: &Dn, to: &Dn) -> (String, String) {
    let base = plan.forest.iter().find(|known| known.name == *domain).map(|domain| &domain.base_dn);
    let below = base.and_then(|base| Some((from.below(base)?, to.below(base)?)));
    below.map_or_else(|| (from.to_string(), to.to_string()), |(from, to)| (format!("{from},…"), format!("{to},…")))
}

/// So many attributes of a person's profile are shown value by value.
const PROFILE_SHOWN: usize = 3;
/// So many names of attributes stand on one line.
const NAMES_PER_LINE: usize = 5;

/// What the takeover does to the cloud user's attributes.
fn sync_rows(takeover: &Takeover) -> Vec<Row> {
    let Takeover { overwritten, addresses_lost, password_replaced: _, sign_in_name_changes, sign_in_name_unproven } =
        takeover;
    let alarm = |name: &str, change| Row { place: Place::Sync, mark: Mark::Alarm, name: name.to_owned(), change };
    let of_profile = |name: &str| ProfileAttribute::ALL.iter().any(|attribute| attribute.graph_name() == name);
    let (profile, others): (Vec<_>, Vec<_>) = overwritten.iter().partition(|o| of_profile(&o.attribute));
    let (profile, many) = if profile.len() > PROFILE_SHOWN { (Vec::new(), profile) } else { (profile, Vec::new()) };
    let overwrites = others
        .into_iter()
        .chain(profile)
        .flat_map(|Overwrite { attribute: name, before, after }| attribute(Place::Sync, name, before, after));
    let lost = addresses_lost.iter().map(|lost| alarm("address lost", Change::Words(Tone::Alarm, lost.clone())));
    let signed_out = sign_in_name_changes
        .then(|| alarm("sign-in name", Change::Words(Tone::Warn, "it changes: the person is signed out".to_owned())));
    let unproven = sign_in_name_unproven.iter().map(|name| {
        alarm("sign-in name", Change::Words(Tone::Warn, format!("it becomes {name} unless the user has a licence")))
    });
    overwrites.chain(names_only(&many)).chain(lost).chain(signed_out).chain(unproven).collect()
}

/// A long profile by the names of what changes; `--details` shows each value.
fn names_only(profile: &[&Overwrite]) -> Vec<Row> {
    let lines = profile
        .chunks(NAMES_PER_LINE)
        .map(|some| some.iter().map(|overwrite| overwrite.attribute.as_str()).collect::<Vec<_>>().join(", "));
    lines
        .map(|names| Row {
            place: Place::Sync,
            mark: Mark::Change,
            name: "profile".to_owned(),
            change: Change::Words(Tone::Plain, names),
        })
        .collect()
}

/// An attribute's values that change.
fn attribute(place: Place, name: &str, before: &[String], after: &[String]) -> Vec<Row> {
    let row = |mark, change| Row { place, mark, name: name.to_owned(), change: Change::Value(change) };
    value_changes(before, after)
        .into_iter()
        .filter_map(|change| match change {
            ValueChange::Kept { .. } => None,
            ValueChange::Added { .. } => Some(row(Mark::Add, change)),
            ValueChange::Removed { .. } => Some(row(Mark::Remove, change)),
            ValueChange::Changed { .. } => Some(row(Mark::Change, change)),
        })
        .collect()
}

/// The rows, each with its place and its name only where they are new.
fn values(page: &mut Page, rows: &[Row], columns: Columns) {
    let mut above: Option<&Row> = None;
    let roles = rows.iter().filter(|row| row.place == Place::Role).map(|row| columns_of(&row.name)).max();
    for row in rows {
        let same_place = above.is_some_and(|above| above.place == row.place);
        let same_name = same_place && above.is_some_and(|above| above.name == row.name);
        let line = brief_label(INNER, if same_place { "" } else { row.place.label() })
            .put(row.mark.tone(), row.mark.sign())
            .plain(" ")
            .plain(if same_name { "" } else { &row.name });
        let widest = if row.place == Place::Role { roles.unwrap_or_default() } else { columns.name };
        let line = line.to_column(INNER + BRIEF_LABEL + 2 + widest).plain("  ");
        page.push(match &row.change {
            Change::Words(tone, words) => line.put(*tone, words),
            Change::Value(ValueChange::Added { new }) => line.put(Tone::Add, new),
            Change::Value(ValueChange::Removed { old }) => line.put(Tone::Remove, old),
            Change::Value(ValueChange::Kept { value }) => line.plain(value),
            Change::Value(ValueChange::Changed { old, new }) => {
                let (left, right) = emphasis(old, new);
                let line = pieces(line, &left, Tone::Remove, Tone::RemovePart);
                pieces(line.plain(" → "), &right, Tone::Add, Tone::AddPart)
            }
        });
        above = Some(row);
    }
}

/// What is true of this link and not of the others: its exposure, a bad prediction, what cannot be undone.
fn particulars(page: &mut Page, link: &PlannedLink, by_link: &ByLink<'_>, usual: Usual) {
    let hanging = INNER + BRIEF_LABEL;
    let said = by_link.findings(&link.id).iter().any(|finding| {
        matches!(finding.code, FindingCode::Exposed | FindingCode::ExposureUnknown | FindingCode::Provisioned)
    });
    let noteworthy = link.exposure != Exposure::Staged && usual.exposure != Some(link.exposure) && !said;
    if noteworthy && matches!(link.outcome, Outcome::Change { .. }) {
        page.flow(brief_label(INNER, "place"), hanging, Tone::Warn, exposure_word(link.exposure));
    }
    if let Some(prediction) = link.prediction.as_ref().filter(|p| !matches!(p, Prediction::Linked { .. })) {
        let (tone, words) = prediction_words(prediction);
        page.flow(brief_label(INNER, "next"), hanging, tone, &words);
    }
    for step in by_link.steps(&link.id) {
        if let Some(how) = step_text::undo(&step.undo).filter(|_| !is_usual(&step.undo, usual.cycle)) {
            let start = brief_label(INNER, "undo").put(Tone::Alarm, "! ");
            page.flow(start, hanging + 2, Tone::Alarm, &format!("{}: {how}", step.action.kind()));
        }
    }
}

/// Whether what is said once per wave covers a step.
fn is_usual(undo: &Undo, cycle: bool) -> bool {
    match undo {
        Undo::Inverse | Undo::FlowsOn { .. } | Undo::Nothing => true,
        Undo::UntilSync { .. } => cycle,
        Undo::Never { .. } => false,
    }
}
