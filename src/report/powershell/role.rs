//! Roles: taken, kept in the record, given back.

use super::literal::{Code, fill, flag, number, quote, quote_or_null};
use super::step::Parts;
use crate::model::id::{ApplyId, StepId};
use crate::model::reference::EntraRef;
use crate::model::role::Holding;
use crate::plan::document::Plan;
use crate::plan::step::{Action, Step};
use crate::state::restore_request::{RestoreRequest, TakeRequest, TakeWay};

const READ: [&str; 2] = ["RoleManagement.ReadWrite.Directory", "GroupMember.Read.All"];
const READ_GROUPS: [&str; 2] =
    ["PrivilegedAssignmentSchedule.ReadWrite.AzureADGroup", "PrivilegedEligibilitySchedule.ReadWrite.AzureADGroup"];

/// Takes a role away.
pub(super) fn suspend(plan: &Plan, step: &Step, user: &EntraRef, holding: &Holding, restore: bool) -> Parts {
    let take = TakeRequest::of(holding, plan.created);
    let give = RestoreRequest::of(holding, &plan.settings.entra.cloud.graph_host(), plan.created);
    let mut scopes: Vec<&'static str> = READ.into_iter().chain([take.permission]).collect();
    scopes.extend(give.as_ref().map(|request| request.permission));
    if matches!(holding, Holding::Group(_)) {
        scopes.extend(READ_GROUPS);
    }
    let id = quote(step.id.as_str());
    let guard = if holding.grants_global_administrator() {
        let needed = number(u64::from(plan.settings.guard.min_global_admins));
        fill("    Assert-GlobalAdministrators <needed>\n", &[("needed", &needed)])
    } else {
        Code::default()
    };
    let send = match &take.way {
        TakeWay::Assignment => Code::fixed(
            "Send-Graph 'DELETE' ('/roleManagement/directory/roleAssignments/' + [uri]::EscapeDataString($Matchplan.Live.Id))",
        ),
        TakeWay::Delete(path) => fill("Send-Graph 'DELETE' <path>", &[("path", &quote(path))]),
        TakeWay::Order { path, body } => {
            fill("Send-Graph 'POST' <path> <body>", &[("path", &quote(path)), ("body", &quote(body))])
        }
    };
    let act = if holding.user() == user.id {
        fill(
            r"if (Test-Take <id>) {
<guard>    Save-Taking <id>
    <send>
    Wait-For <seen> 120 { @(Get-Rights $Matchplan.Rights[<id>]).Count -eq 0 }
    Save-Record <id> 'taken'
}
",
            &[
                ("id", &id),
                ("guard", &guard),
                ("send", &send),
                ("seen", &quote(&format!("{} does not hold {holding} any more", user.upn))),
            ],
        )
    } else {
        Code::fixed("throw 'The role in the plan is not the role of the user in the plan. Nothing is taken.'\n")
    };
    let undo = holding.comes_back().then(|| fill("Restore-Right <id>\n", &[("id", &id)]));
    let more = fill("; Back = <back>", &[("back", &flag(restore && holding.comes_back()))]);
    let before = right(plan, &id, user, holding, give.as_ref());
    Parts { before, act, undo, more, new_work: true, scopes }
}

/// The table of what is taken: by it the script knows it again, and gives it back.
fn right(plan: &Plan, id: &Code, user: &EntraRef, holding: &Holding, give: Option<&RestoreRequest>) -> Code {
    let text = |value: Option<&str>| quote(value.unwrap_or_default());
    let (role, scope, app_scope, condition, group) = match holding {
        Holding::Role(role) => {
            let grant = &role.grant;
            let (scope, app_scope) = (grant.directory_scope.as_deref(), grant.app_scope.as_deref());
            // As a request sends it: exactly one of the two.
            let scope = scope.or(if app_scope.is_none() { Some("/") } else { None });
            let app_scope = if scope.is_some() { None } else { app_scope };
            (Some(grant.role.as_str()), scope, app_scope, grant.condition.as_deref(), None)
        }
        Holding::Group(group) => (None, None, None, None, Some(group.group.to_string())),
    };
    let ends = holding.ends().map(|ends| ends.to_string());
    fill(
        r"$Matchplan.Rights[<id>] = @{
    Name = <name>
    User = <user>; Kind = <kind>; Ends = <ends>
    Role = <role>; Scope = <scope>; AppScope = <appscope>; Condition = <condition>; Group = <group>
    Path = <path>
    Body = { <body> }
}
",
        &[
            ("id", id),
            ("name", &quote(&format!("{holding} of {}", user.upn))),
            ("user", &quote(&holding.user().to_string())),
            ("kind", &quote(&holding.kind().to_string())),
            ("ends", &quote_or_null(ends.as_deref())),
            ("role", &text(role)),
            ("scope", &text(scope)),
            ("appscope", &text(app_scope)),
            ("condition", &text(condition)),
            ("group", &text(group.as_deref())),
            ("path", &text(give.map(|request| request.path.as_str()))),
            ("body", &give.map_or_else(|| Code::fixed("''"), |request| body(plan, &request.body))),
        ],
    )
}

/// A request's body, in which what begins now begins when it is sent.
fn body(plan: &Plan, body: &str) -> Code {
    const START: &str = "\"startDateTime\":\"";
    let now = format!("{START}{}\"", plan.created);
    // Within a JSON text each quotation mark is escaped, so that this is found as a member only.
    match body.split_once(now.as_str()) {
        None => quote(body),
        Some((before, behind)) => fill(
            "<before> + (Get-UtcText) + <behind>",
            &[("before", &quote(&format!("{before}{START}"))), ("behind", &quote(&format!("\"{behind}")))],
        ),
    }
}

/// Gives back what a step of this plan has taken; what another apply took is not in the plan.
pub(super) fn restore(
    plan: &Plan,
    step: &Step,
    user: &EntraRef,
    apply: Option<&ApplyId>,
    suspend: &StepId,
    label: &str,
) -> Parts {
    let taken = plan.steps.iter().find_map(|step| match &step.action {
        Action::Suspend { holding, .. } if step.id == *suspend => Some(holding),
        _ => None,
    });
    match (apply, taken) {
        (None, Some(holding)) if holding.user() == user.id => {
            let linked = step.link.as_ref().map_or_else(Code::default, |link| {
                fill(
                    "if (-not (Test-Linked <link>)) { throw 'The link is not formed, and Entra ID matches no role holder. To give the role back all the same: Restore-Roles' }\n",
                    &[("link", &quote(link.as_str()))],
                )
            });
            let give = fill("Restore-Right <id>\n", &[("id", &quote(suspend.as_str()))]);
            Parts::rest(linked.then(&give), &READ)
        }
        _ => {
            let from = apply.map_or_else(|| "an apply".to_owned(), |apply| format!("apply {apply}"));
            let why = format!(
                "What {from} took from {} ({label}) is not in this plan, so this script cannot give it back. The restore \
                 sheet of that apply in .matchplan, beside the state file, has the request: send it by hand.",
                user.upn
            );
            Parts::cannot(&why)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::role::{GroupMember, GroupMembership, RoleAssignment, RoleGrant, RoleKind};
    use crate::report::testing::{entra, sample};
    use jiff::Timestamp;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn grant(condition: Option<&str>) -> RoleGrant {
        RoleGrant {
            role: "r".into(),
            role_name: "Reader".into(),
            directory_scope: Some("/".into()),
            app_scope: None,
            condition: condition.map(ToOwned::to_owned),
        }
    }

    fn role(kind: RoleKind, ends: Option<&str>, condition: Option<&str>) -> Holding {
        let (principal, ends) = (entra(2, "").id, ends.map(at));
        Holding::Role(RoleAssignment { id: "a1".into(), principal, kind, starts: None, ends, grant: grant(condition) })
    }

    fn script(holding: &Holding) -> String {
        let mut plan = sample();
        plan.findings.clear();
        for step in &mut plan.steps {
            if let Action::Suspend { holding: old, .. } = &mut step.action {
                *old = holding.clone();
            }
        }
        super::super::render(&plan)
    }

    #[test]
    fn an_assignment_is_deleted_by_the_id_that_it_has_then() {
        let script = script(&role(RoleKind::Active, None, None));
        assert!(
            script
                .contains("'/roleManagement/directory/roleAssignments/' + [uri]::EscapeDataString($Matchplan.Live.Id)")
        );
        assert!(!script.contains("a1"), "the id of planning time is of no use");
    }

    #[test]
    fn what_pim_keeps_is_ordered_with_the_time_of_the_order() {
        let script = script(&role(RoleKind::Active, Some("2027-01-01T00:00:00Z"), None));
        assert!(script.contains("\"action\":\"adminRemove\""), "{script}");
        assert!(script.contains("\"startDateTime\":\"' + (Get-UtcText) + '\""), "{script}");
        assert!(script.contains("Ends = '2027-01-01T00:00:00Z'"));
    }

    #[test]
    fn a_condition_cannot_pass_for_the_beginning() {
        let plan = sample();
        let trick = format!("\"startDateTime\":\"{}\"", plan.created);
        let request = RestoreRequest::of(&role(RoleKind::Active, None, Some(&trick)), "", plan.created).unwrap();
        assert!(!body(&plan, &request.body).as_str().contains("Get-UtcText"), "{}", request.body);
    }

    #[test]
    fn an_activation_is_never_given() {
        let script = script(&role(RoleKind::Activated, Some("2027-01-01T00:00:00Z"), None));
        assert!(script.contains("    Path = ''\n"), "{script}");
        assert!(!script.contains("adminAssign"));
    }

    #[test]
    fn a_membership_is_taken_and_given_by_its_group() {
        let group = entra(7, "").id;
        let member = GroupMember { user: entra(2, "").id, kind: RoleKind::Active, starts: None, ends: None };
        let roles = vec![grant(None)];
        let script = script(&Holding::Group(GroupMembership { group, group_name: "Admins".into(), roles, member }));
        let path = format!("'/groups/{group}/members/{}/$ref'", entra(2, "").id);
        assert!(script.contains(&format!("Send-Graph 'DELETE' {path}")), "{script}");
        assert!(script.contains(&format!("    Path = '/groups/{group}/members/$ref'\n")), "{script}");
    }

    #[test]
    fn what_another_apply_took_is_not_made_up() {
        let mut plan = sample();
        plan.findings.clear();
        for step in &mut plan.steps {
            if let Action::Restore { apply, .. } = &mut step.action {
                *apply = Some("7a4f".into());
            }
        }
        let script = super::super::render(&plan);
        let block = script.split("Kind = 'restore'").nth(1).unwrap();
        assert!(block.contains("throw 'What apply 7a4f took"), "{block}");
        assert!(!block.contains("Restore-Right"), "{block}");
    }

    #[test]
    fn a_role_of_somebody_else_is_not_taken() {
        let other = match role(RoleKind::Active, None, None) {
            Holding::Role(role) => Holding::Role(RoleAssignment { principal: entra(9, "").id, ..role }),
            group @ Holding::Group(_) => group,
        };
        let script = script(&other);
        assert!(!script.contains("Send-Graph 'DELETE' ('/roleManagement"), "{script}");
    }
}
