//! Entra's steps: the ImmutableID, and whether a link is formed.

use super::literal::{Code, fill, list, quote};
use super::step::{Parts, change, changes, mark};
use crate::model::anchor::{Anchor, ImmutableId};
use crate::model::cloud::EntraChange;
use crate::model::id::Sid;
use crate::model::reference::EntraRef;
use crate::plan::step::Step;
use serde_json::json;

/// Sets or clears the ImmutableID.
pub(super) fn anchor(user: &EntraRef, expects: Option<&ImmutableId>, sets: Option<&ImmutableId>) -> Parts {
    Parts::work(write(user, expects, sets, false), write(user, sets, expects, true), &["User.ReadWrite.All"])
}

fn write(user: &EntraRef, expects: Option<&ImmutableId>, sets: Option<&ImmutableId>, backwards: bool) -> Code {
    let values = |value: Option<&ImmutableId>| list(value.map(ImmutableId::as_str));
    let table = change("onPremisesImmutableId", "exact", &values(expects), &values(sets));
    let body = json!({"onPremisesImmutableId": sets.map(ImmutableId::as_str)});
    let body = crate::state::restore_request::in_quotes(&body);
    fill(
        r"<changes>$changes[0].Now = @(Get-ImmutableId <id>)
if (Test-Todo <whose> $changes) {
    Save-Record $StepId <mark>
    Send-Graph 'PATCH' <path> <body>
    Wait-For <seen> 120 { Test-Same 'exact' @(Get-ImmutableId <id>) $changes[0].After }
}
",
        &[
            ("changes", &changes(&[table])),
            ("id", &quote(&user.id.to_string())),
            ("whose", &quote(user.upn.as_str())),
            ("mark", &mark(backwards)),
            ("path", &quote(&format!("/users/{}", user.id))),
            ("body", &quote(&body)),
            ("seen", &quote(&format!("the ImmutableID of {} is as planned", user.upn))),
        ],
    )
}

/// Changes the sign-in name.
pub(super) fn sign_in_name(user: &EntraRef, change: &EntraChange) -> Parts {
    let write = |from: Option<&str>, to: Option<&str>, backwards: bool| {
        let table = self::change("userPrincipalName", "name", &list(from), &list(to));
        let body = crate::state::restore_request::in_quotes(&json!({"userPrincipalName": to}));
        fill(
            r"<changes>$changes[0].Now = @((Get-Graph <select>)['userPrincipalName'])
if (Test-Todo <whose> $changes) {
    Save-Record $StepId <mark>
    Send-Graph 'PATCH' <path> <body>
    Wait-For <seen> 120 { Test-Same 'name' @((Get-Graph <select>)['userPrincipalName']) $changes[0].After }
}
",
            &[
                ("changes", &changes(&[table])),
                ("select", &quote(&format!("/users/{}?$select=id,userPrincipalName", user.id))),
                ("whose", &quote(user.upn.as_str())),
                ("mark", &mark(backwards)),
                ("path", &quote(&format!("/users/{}", user.id))),
                ("body", &quote(&body)),
                ("seen", &quote(&format!("the sign-in name of {} is as planned", user.upn))),
            ],
        )
    };
    let (from, to) = (change.expects.as_deref(), change.sets.as_deref());
    Parts::work(write(from, to, false), write(to, from, true), &["User.ReadWrite.All"])
}

/// Reads until the link is formed.
pub(super) fn verify(step: &Step, cloud: &EntraRef, anchor: Anchor, sid: &Sid) -> Parts {
    let link = step.link.as_ref().map_or_else(|| step.id.as_str(), |link| link.as_str());
    let before = fill(
        "$Matchplan.Links[<link>] = @{ Cloud = <cloud>; Anchor = <anchor>; Sid = <sid> }\n",
        &[
            ("link", &quote(link)),
            ("cloud", &quote(&cloud.id.to_string())),
            ("anchor", &quote(&anchor.to_base64())),
            ("sid", &quote(&sid.to_string())),
        ],
    );
    let act = fill(
        "Wait-For <what> 120 { Test-Linked <link> }\n",
        &[("what", &quote(&format!("{} is synced from its AD user", cloud.upn))), ("link", &quote(link))],
    );
    Parts { before, ..Parts::rest(act, &[]) }
}
