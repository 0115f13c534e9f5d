//! One step of the script. What each action does is in one place: [`parts`].

use super::literal::{Code, array, fill, flag, number, quote, quote_or_null, remark};
use super::{directory, graph, role, sync};
use crate::model::cloud::EntraAttribute;
use crate::model::id::LinkId;
use crate::model::visible::visible;
use crate::plan::document::{Plan, Purpose};
use crate::plan::step::{Action, Step, Undo};
use crate::report::step_text::headline;

/// What a step does, and how it is taken back.
pub(super) struct Parts {
    /// What stands before the step, for all that use it.
    pub before: Code,
    /// The check, the write and the reading.
    pub act: Code,
    /// The same backwards; `None` where there is nothing to take back.
    pub undo: Option<Code>,
    /// Further entries of the step's table.
    pub more: Code,
    /// Whether it begins something new, which an expired plan must not.
    pub new_work: bool,
    /// The permissions that it takes.
    pub scopes: Vec<&'static str>,
}

impl Parts {
    /// A step that is taken back by its inverse.
    pub fn work(act: Code, undo: Code, scopes: &[&'static str]) -> Self {
        Self { undo: Some(undo), new_work: true, ..Self::rest(act, scopes) }
    }

    /// A step that a script cannot do: it stops there, and says what to do instead.
    pub fn cannot(why: &str) -> Self {
        let act = fill("# This script cannot do it.\nthrow <why>\n", &[("why", &quote(why))]);
        Self::rest(act, &[])
    }

    /// A step that begins nothing and has nothing to take back.
    pub fn rest(act: Code, scopes: &[&'static str]) -> Self {
        let (before, more) = (Code::default(), Code::default());
        Self { before, act, undo: None, more, new_work: false, scopes: scopes.to_vec() }
    }
}

/// What each action is in PowerShell. One that a script cannot do is [`Parts::cannot`].
fn parts(plan: &Plan, step: &Step) -> Parts {
    match &step.action {
        Action::Hold => sync::hold(plan, step),
        Action::Release => sync::release(plan, step),
        Action::Sync => sync::cycle(plan, step),
        Action::Align { user, changes } => directory::align(plan, user, changes),
        Action::Move { user, from, to } => directory::move_user(plan, user, from, to),
        Action::Anchor { user, expects, sets } => graph::anchor(user, expects.as_ref(), sets.as_ref()),
        Action::Amend { user, changes } => match changes.as_slice() {
            [name] if name.attribute == EntraAttribute::UserPrincipalName => graph::sign_in_name(user, name),
            _ => Parts::cannot("On-premises attributes are cleared by matchplan apply, which keeps what they held."),
        },
        Action::Place { .. } => Parts::cannot(
            "Users are deleted, restored and deleted for good by matchplan apply, which looks where they are and keeps a journal.",
        ),
        Action::Authority { .. } => {
            Parts::cannot("The source of authority is moved by matchplan apply; there is a way back from there.")
        }
        Action::Switch { .. } => Parts::cannot(
            "Switches of the tenant are turned by matchplan apply, which closes a match window again whatever happens.",
        ),
        Action::Departure { .. } => Parts::cannot("Unlinking through the recycle bin is done by matchplan apply."),
        Action::Arrival { .. } => {
            Parts::cannot("Groups and contacts are linked by matchplan apply, which sees what the cycle made of them.")
        }
        Action::Verify { ad: _, cloud, anchor, sid } => graph::verify(step, cloud, *anchor, sid),
        Action::Suspend { user, holding, restore } => role::suspend(plan, step, user, holding, *restore),
        Action::Restore { user, apply, suspend, label } => {
            role::restore(plan, step, user, apply.as_ref(), suspend, label)
        }
    }
}

/// The permissions that a step takes.
pub(super) fn scopes(plan: &Plan, step: &Step) -> Vec<&'static str> {
    parts(plan, step).scopes
}

/// A step: a remark, its table, what it does, how it is taken back.
pub(super) fn block(plan: &Plan, step: &Step) -> Code {
    let Parts { before, act, undo, more, new_work, scopes: _ } = parts(plan, step);
    let headline = headline(step);
    let act = guard(plan, step).then(&act);
    let link = step.link.as_ref().map(LinkId::as_str);
    // A rollback takes back what another apply did: its age stops it no more than it stops that.
    let new_work = new_work && plan.purpose == Purpose::Link;
    let terms = match &step.undo {
        Undo::UntilSync { reason } => fill("; UntilSync = <why>", &[("why", &quote(reason))]),
        Undo::FlowsOn { effect } => fill("; Effect = <why>", &[("why", &quote(effect))]),
        Undo::Never { reason } => fill("; Never = <why>", &[("why", &quote(reason))]),
        Undo::Inverse | Undo::Nothing => Code::default(),
    };
    let undo = match undo {
        Some(undo) if !matches!(step.undo, Undo::Never { .. }) => fill(" {\n<undo>}", &[("undo", &undo.indented())]),
        _ => Code::default(),
    };
    fill(
        "# <headline>\n<before>Add-Step @{ Id = <id>; Kind = <kind>; Wave = <wave>; Link = <link>; Work = <work>; What = <what><terms><more> } {\n<act>}<undo>\n",
        &[
            ("headline", &remark(&headline)),
            ("before", &before),
            ("id", &quote(step.id.as_str())),
            ("kind", &quote(step.action.kind())),
            ("wave", &number(u64::from(step.wave))),
            ("link", &quote_or_null(link)),
            ("work", &flag(new_work)),
            ("what", &quote(&visible(&headline))),
            ("terms", &terms),
            ("more", &more),
            ("act", &act.indented()),
            ("undo", &undo),
        ],
    )
}

/// In a rollback: a cycle may have formed the link since the plan was made, and what it rests on is then not written back.
fn guard(plan: &Plan, step: &Step) -> Code {
    let is_role = matches!(step.action, Action::Suspend { .. } | Action::Restore { .. });
    let link = step.link.as_ref().and_then(|id| plan.links.iter().find(|link| link.id == *id));
    match link {
        Some(link) if plan.purpose != Purpose::Link && step.action.writes() && !is_role => fill(
            "Assert-NotFormed <cloud> <anchor>\n",
            &[
                ("cloud", &quote(&link.cloud.id.to_string())),
                ("anchor", &quote(&link.anchor.map(|anchor| anchor.to_base64()).unwrap_or_default())),
            ],
        ),
        _ => Code::default(),
    }
}

/// The table of one value that is to change.
pub(super) fn change(name: &str, kind: &str, before: &Code, after: &Code) -> Code {
    fill(
        "@{ Name = <name>; Kind = <kind>; Before = <before>; After = <after> }",
        &[("name", &quote(name)), ("kind", &quote(kind)), ("before", before), ("after", after)],
    )
}

/// Several of them, one on a line.
pub(super) fn changes(all: &[Code]) -> Code {
    match all {
        [one] => fill("$changes = <all>\n", &[("all", &array(std::slice::from_ref(one)))]),
        all => {
            let lines = all.iter().fold(Code::default(), |lines, one| lines.then(one).then(&Code::fixed("\n")));
            fill("$changes = @(\n<lines>)\n", &[("lines", &lines.indented())])
        }
    }
}

/// Which state the record gets before a write, forwards and backwards.
pub(super) fn mark(backwards: bool) -> Code {
    quote(if backwards { "undoing" } else { "begun" })
}
