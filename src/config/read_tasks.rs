//! Reads what a match plan asks for around its links.

use super::matchplan::{Origin, ad_user};
use super::read_settings::cloud_user;
use super::table::{At, Node, Table, dn, flag, list_of, table, tables, word};
use super::tasks::{Irreversible, TaskSpec, UnlinkSpec, Window, WorkSpec};
use crate::config::matchplan::CloudSelector;
use crate::diagnostic::Diagnostic;
use crate::model::cloud::SyncFeature;
use std::collections::BTreeSet;
use std::ops::Range;

/// What a file says besides its links.
#[derive(Clone, Debug, Default)]
pub(super) struct ReadTasks {
    pub(super) tasks: Vec<TaskSpec>,
    pub(super) window: Window,
}

/// Reads the sections that are no links. Tasks with a problem are left out (the problem is reported).
pub(super) fn read(root: &mut Table<'_>, origin: &impl Fn(&Range<usize>) -> Origin) -> ReadTasks {
    let window = root.take("window", table("[window]")).map_or_else(Window::default, |at| window(at.value));
    let mut tasks = root.take("tenant", table("[tenant]")).map_or_else(Vec::new, |at| features(at.value, origin));
    for at in root.take("unlink", tables("[[unlink]]")).into_iter().flat_map(|at| at.value) {
        let origin = origin(&at.span);
        let work = unlink(at.value);
        tasks.extend(work.map(|work| TaskSpec { work, allow: BTreeSet::new(), origin }));
    }
    for at in root.take("deleted", tables("[[deleted]]")).into_iter().flat_map(|at| at.value) {
        let origin = origin(&at.span);
        tasks.extend(deleted(at.value, origin));
    }
    ReadTasks { tasks, window }
}

fn window(mut table: Table<'_>) -> Window {
    let read = Window {
        soft_match: table.take_or("soft_match", false, flag).unwrap_or_default(),
        hard_match: table.take_or("hard_match", false, flag).unwrap_or_default(),
    };
    table.finish();
    read
}

fn features(mut table: Table<'_>, origin: &impl Fn(&Range<usize>) -> Origin) -> Vec<TaskSpec> {
    let read = SyncFeature::ALL.iter().filter_map(|feature| {
        let At { value: on, span } = table.take(feature.name(), flag)?;
        let work = WorkSpec::Feature { feature: *feature, on };
        Some(TaskSpec { work, allow: BTreeSet::new(), origin: origin(&span) })
    });
    let read = read.collect();
    table.finish();
    read
}

/// `[[unlink]]`'s methods as words.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Method {
    SourceOfAuthority,
    Clear,
    RecycleBin,
}

fn unlink(mut table: Table<'_>) -> Option<WorkSpec> {
    const METHODS: [(&str, Method); 3] = [
        ("source-of-authority", Method::SourceOfAuthority),
        ("clear", Method::Clear),
        ("recycle-bin", Method::RecycleBin),
    ];
    let sink = table.sink;
    let cloud = table.require("cloud", "which cloud user, by UPN or object id", cloud_user);
    let method = table.require("method", "how: source-of-authority, clear or recycle-bin", word(&METHODS));
    let has = [table.has("ad"), table.has("move_to")];
    let of_bin = method.as_ref().is_some_and(|at| at.value == Method::RecycleBin);
    let (ad, move_to) = if of_bin {
        (
            table.require("ad", "which AD user leaves the sync scope", ad_user),
            table.require("move_to", "the OU outside of the sync scope that it goes to", dn),
        )
    } else {
        (table.take("ad", ad_user), table.take("move_to", dn))
    };
    table.finish();
    let (cloud, method) = (cloud?.value, method?);
    if !of_bin && has != [false, false] {
        sink.report(
            Diagnostic::error("not-with-this-method", "`ad` and `move_to` belong to `method = \"recycle-bin\"` only")
                .label(sink.file, method.span, "another method")
                .help("take them out: this method needs nothing of AD"),
        );
        return None;
    }
    let method = match method.value {
        Method::SourceOfAuthority => UnlinkSpec::SourceOfAuthority,
        Method::Clear => UnlinkSpec::Clear,
        Method::RecycleBin => UnlinkSpec::RecycleBin { ad: ad?.value, move_to: move_to?.value },
    };
    Some(WorkSpec::Unlink { cloud, method })
}

fn deleted(mut table: Table<'_>, origin: Origin) -> Option<TaskSpec> {
    const ACTIONS: [(&str, bool); 2] = [("restore", false), ("purge", true)];
    let sink = table.sink;
    let user =
        table.require("user", "which user in the recycle bin, by object id or by the UPN that it had", cloud_user);
    let action = table.require("action", "restore or purge", word(&ACTIONS));
    let has_upn = table.has("upn");
    let upn = table.take("upn", cloud_user);
    let allow = table.take_or("allow", BTreeSet::new(), allowed);
    table.finish();
    let (user, action, allow) = (user?.value, action?, allow?);
    let refused = |message: &str, help: &str| {
        let span = action.span.clone();
        sink.report(
            Diagnostic::error("not-with-this-action", message).label(sink.file, span, "another action").help(help),
        );
        None
    };
    let work = match (action.value, upn.map(|at| at.value)) {
        (true, _) if has_upn => {
            return refused(
                "`upn` belongs to `action = \"restore\"` only",
                "take it out: who is purged has no name any more",
            );
        }
        (false, None) if has_upn => return None,
        (false, _) if !allow.is_empty() => {
            return refused(
                "`allow` belongs to `action = \"purge\"` only",
                "take it out: a restored user can be deleted again",
            );
        }
        (true, _) => WorkSpec::Purge { user },
        (false, None) => WorkSpec::Restore { user, upn: None },
        (false, Some(CloudSelector::Upn(upn))) => WorkSpec::Restore { user, upn: Some(upn) },
        (false, Some(CloudSelector::Id(_))) => {
            return refused(
                "`upn` is no sign-in name but an object id",
                "write the name that the user gets: name@domain",
            );
        }
    };
    Some(TaskSpec { work, allow, origin })
}

/// Reads `allow`: the steps without a way back, one by one.
pub(super) fn allowed(node: &Node<'_>) -> Option<BTreeSet<Irreversible>> {
    const KINDS: [(&str, Irreversible); 1] = [("purge", Irreversible::Purge)];
    Some(list_of(word(&KINDS))(node)?.into_iter().map(|at| at.value).collect())
}
