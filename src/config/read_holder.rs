//! Reads a `[[link]]` whose `kind` is a group or a contact.
//!
//! Microsoft matches these on their addresses alone ("Configure Microsoft Entra Connect for an existing tenant", other
//! objects than users), so that most of what a link says of users is refused here.

use super::matchplan::{AdSelector, CloudSelector, Origin, ad_user};
use super::table::{At, Node, Table, dn, text, word};
use super::tasks::{HolderSelector, TaskSpec, WorkSpec};
use crate::diagnostic::{Diagnostic, SourceId};
use crate::model::dn::Dn;
use crate::model::entra::HolderKind;
use std::collections::BTreeSet;
use std::ops::Range;

/// A link of a group or contact, and the places that later checks point to.
#[derive(Clone, Debug)]
pub(super) struct ReadHolder {
    kind: HolderKind,
    pub(super) ad: At<AdSelector>,
    cloud: HolderSelector,
    pub(super) move_to: Option<At<Dn>>,
    origin: Origin,
    pub(super) file: SourceId,
}

impl From<ReadHolder> for TaskSpec {
    fn from(read: ReadHolder) -> Self {
        let ReadHolder { kind, ad, cloud, move_to, origin, file: _ } = read;
        let work = WorkSpec::Join { kind, ad: ad.value, cloud, move_to: move_to.map(|at| at.value) };
        Self { work, allow: BTreeSet::new(), origin }
    }
}

/// What a link may say of users only, and why not of a group or contact.
const OF_USERS: [(&str, &str); 8] = [
    ("anchor", "nobody can set the anchor of a group or contact, so it matches by its address alone"),
    ("roles", "a group that roles can be assigned to is never matched, and a contact holds none"),
    ("upn", "a group or contact has no sign-in name"),
    ("primary_smtp", "the match is made by the cloud's primary address, so AD takes that; change it in AD afterwards"),
    (
        "addresses",
        "both sides' addresses are merged, so that nothing of the cloud's is lost; change them in AD afterwards",
    ),
    (
        "duplicate",
        "only a user can be removed as a duplicate: neither a group nor a contact comes back once it is deleted",
    ),
    ("federated", "a group or contact has no sign-in name that could be federated"),
    ("allow", "nothing that is done for a group or contact has to be named"),
];

/// Reads the rest of a link of that kind.
pub(super) fn read(mut table: Table<'_>, kind: HolderKind, origin: Origin) -> Option<ReadHolder> {
    const MATCHES: [(&str, bool); 3] = [("auto", true), ("soft", true), ("hard", false)];
    let sink = table.sink;
    let refuse = |key: &str, span: Range<usize>, why: &str| {
        sink.report(
            Diagnostic::error("not-for-this-kind", format!("`{key}` does not go with `kind = \"{kind}\"`: {why}"))
                .label(sink.file, span, "for users only")
                .help("take it out"),
        );
    };
    let ad = table.require("ad", "which group or contact of AD", ad_user);
    let cloud = table.require("cloud", "which one of the cloud: its object id, address or display name", selector);
    let move_to = table.has("move_to").then(|| table.take("move_to", dn));
    let mut good = true;
    if let Some(At { value: false, span }) = table.take("match", word(&MATCHES)) {
        refuse("match = \"hard\"", span, "nobody can set the anchor of a group or contact; it matches by its address");
        good = false;
    }
    for (key, why) in OF_USERS {
        if let Some(At { span, .. }) = table.take(key, |_| Some(())) {
            refuse(key, span, why);
            good = false;
        }
    }
    let file = sink.file;
    table.finish();
    let move_to = match move_to {
        Some(at) => Some(at?),
        None => None,
    };
    let (ad, cloud) = (ad?, cloud?.value);
    good.then_some(ReadHolder { kind, ad, cloud, move_to, origin, file })
}

/// An object id, an address, or else a display name.
fn selector(node: &Node<'_>) -> Option<HolderSelector> {
    let text = text(node)?;
    Some(match CloudSelector::parse(&text) {
        Ok(CloudSelector::Id(id)) => HolderSelector::Id(id),
        Ok(CloudSelector::Upn(address)) => HolderSelector::Mail(address.to_string()),
        Err(_) => HolderSelector::Name(text),
    })
}
