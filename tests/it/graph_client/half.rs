//! A tenant that answers half: each part that is refused becomes the gap that is named after it, and is missing as a
//! whole; what fails in another way, and what nothing can be planned without, ends the reading.

use super::{Seen, TENANT, clock, reply, serve, with_token};
use axum::body::Body;
use axum::http::Response;
use matchplan::directory::entra::collect::Collected;
use matchplan::directory::error::{DirectoryError, ErrorKind};
use matchplan::model::role::RoleKind;
use matchplan::snapshot::document::Missing;
use serde_json::{Value, json};

const GROUP: &str = "00000000-0000-0000-0000-0000000000aa";

fn id(n: u8) -> String {
    format!("00000000-0000-0000-0000-0000000000{n:02}")
}

fn schedule(n: u8, kind: &str) -> Value {
    json!({"id": format!("s{n}"), "principalId": id(n), "roleDefinitionId": "helpdesk", "directoryScopeId": "/",
        "assignmentType": kind, "memberType": "Direct", "status": "Provisioned",
        "scheduleInfo": {"startDateTime": "2026-01-01T00:00:00Z", "expiration": {"type": "noExpiration"}}})
}

fn group_schedule(n: u8) -> Value {
    json!({"id": format!("{GROUP}_member_{n}"), "groupId": GROUP, "principalId": id(n), "accessId": "member",
        "memberType": "Direct", "status": "Provisioned", "assignmentType": "Assigned",
        "scheduleInfo": {"startDateTime": "2026-01-01T00:00:00Z", "expiration": {"type": "noExpiration"}}})
}

/// Each collection of a tenant, in two pages of one item where it matters.
fn pages(path: &str) -> Vec<Value> {
    let assignment = |n: u8, principal: &str| json!({"id": format!("a{n}"), "principalId": principal, "roleDefinitionId": "helpdesk", "directoryScopeId": "/"});
    let policy = json!({"id": "p", "roleDefinitionId": "helpdesk", "policy": {"id": "p", "rules": []}});
    let of_group = |part: &str| path == format!("groups/{GROUP}/{part}");
    let user = |n: u8| json!({"@odata.type": "#microsoft.graph.user", "id": id(n)});
    match path {
        "organization" => vec![json!({"id": TENANT, "displayName": "Contoso"})],
        "domains" => vec![json!({"id": "contoso.com", "authenticationType": "Managed", "isVerified": true})],
        "users" => [1, 2].map(|n| json!({"id": id(n), "userPrincipalName": format!("u{n}@contoso.com")})).to_vec(),
        "groups" => vec![json!({"id": GROUP, "displayName": "Admins"}), json!({"id": id(90), "displayName": "Sales"})],
        "groups?role" => vec![json!({"id": GROUP, "displayName": "Admins", "assignedLicenses": [{"skuId": "sku"}]})],
        "roleManagement/directory/roleDefinitions" => vec![json!({"id": "helpdesk", "displayName": "Helpdesk"})],
        "roleManagement/directory/roleAssignments" => vec![assignment(1, &id(1)), assignment(2, GROUP)],
        "roleManagement/directory/roleAssignmentSchedules" => vec![schedule(1, "Activated"), schedule(3, "Assigned")],
        "roleManagement/directory/roleEligibilitySchedules" => vec![schedule(1, ""), schedule(2, "")],
        "policies/roleManagementPolicyAssignments" => vec![policy],
        "policies/roleManagementPolicyAssignments?group" => {
            vec![json!({"id": "m", "roleDefinitionId": "member", "policy": {"rules": []}})]
        }
        "identityGovernance/privilegedAccess/group/assignmentSchedules" => vec![group_schedule(1), group_schedule(5)],
        "identityGovernance/privilegedAccess/group/eligibilitySchedules" => vec![group_schedule(2), group_schedule(4)],
        "identity/conditionalAccess/policies" => {
            let policy = |n: u8| {
                json!({"id": id(n), "displayName": format!("Rule {n}"), "state": "enabled",
                    "conditions": {"users": {"excludeGroups": [GROUP]}}})
            };
            vec![policy(1), policy(2)]
        }
        "subscribedSkus" => vec![json!({"skuId": "sku", "skuPartNumber": "SPE_E5"})],
        "directory/onPremisesSynchronization" => vec![json!({"id": TENANT, "features": {}})],
        _ if of_group("members") => vec![user(1), user(2)],
        _ if of_group("owners") => vec![user(3)],
        _ if of_group("appRoleAssignments") => vec![json!({"resourceDisplayName": "Ticketing"})],
        _ => Vec::new(),
    }
}

/// What is asked for: the path below the version, with a word for the filter that makes it another question, and the
/// page.
fn asked(seen: &Seen) -> (String, usize) {
    let line = seen.line.trim_start_matches("GET ");
    let (path, query) = line.split_once('?').unwrap_or((line, ""));
    let path = path.trim_start_matches("/v1.0/").trim_start_matches("/beta/");
    let word = match path {
        "groups" if query.contains("filter=isAssignableToRole") => "?role",
        "policies/roleManagementPolicyAssignments" if query.contains(GROUP) || query.contains("Group%27") => "?group",
        _ => "",
    };
    (format!("{path}{word}"), if query.contains("page=2") { 2 } else { 1 })
}

fn answer(base: &str, seen: &Seen) -> Response<Body> {
    let (path, page) = asked(seen);
    let items = pages(&path);
    let value: Vec<Value> = if page == 1 { items.iter().take(1).cloned().collect() } else { items[1..].to_vec() };
    let line = seen.line.trim_start_matches("GET ");
    let link = if line.contains('?') { format!("{base}{line}&page=2") } else { format!("{base}{line}?page=2") };
    let next = (page == 1 && items.len() > 1).then_some(link);
    reply(200, &[], &json!({"value": value, "@odata.nextLink": next}))
}

/// Reads the tenant, with one question (path and page) that gets another answer.
async fn collect(fault: Option<(&'static str, usize, u16, &'static str)>) -> Result<Collected, DirectoryError> {
    let (base, _) = serve(move |base, seen, _| match fault {
        Some((path, page, status, code)) if asked(seen) == (path.to_owned(), page) => {
            reply(status, &[("retry-after", "1")], &json!({"error": {"code": code, "message": "No."}}))
        }
        _ => answer(base, seen),
    })
    .await;
    with_token(&base, &clock()).collect(&|_| ()).await
}

fn missing(collected: &Collected) -> Vec<Missing> {
    // The token in these tests is opaque, so that nobody knows whose it is.
    collected.gaps.iter().map(|gap| gap.what).filter(|what| *what != Missing::Caller).collect()
}

#[tokio::test]
async fn a_tenant_that_answers_everything_has_no_gap() {
    let whole = collect(None).await.unwrap();
    assert_eq!(missing(&whole), [], "{:?}", whole.gaps);
    let kinds = |kind| whole.roles.iter().filter(|role| role.kind == kind).count();
    assert_eq!((kinds(RoleKind::Active), kinds(RoleKind::Activated), kinds(RoleKind::Eligible)), (2, 1, 2));
    let [group] = &whole.role_groups[..] else { panic!("{:?}", whole.role_groups) };
    assert_eq!((group.members.len(), group.owners.len()), (5, 1), "{group:?}");
    let uses = [
        "an app role of Ticketing",
        "exclusion from the Conditional Access policy Rule 1",
        "exclusion from the Conditional Access policy Rule 2",
        "the licence SPE_E5",
    ];
    assert_eq!(group.uses, uses);
    assert_eq!((whole.role_policies.len(), whole.holders.len(), whole.users.len()), (2, 2, 2));
}

#[tokio::test]
async fn each_part_that_is_refused_is_the_gap_of_its_name_and_missing_as_a_whole() {
    let denied = (403, "Authorization_RequestDenied");
    let unlicensed = (400, "AadPremiumLicenseRequired");
    let unknown = (404, "ResourceNotFound");
    let active = "roleManagement/directory/roleAssignmentSchedules";
    let eligible = "roleManagement/directory/roleEligibilitySchedules";
    let members = "groups/00000000-0000-0000-0000-0000000000aa/members";
    let app_roles = "groups/00000000-0000-0000-0000-0000000000aa/appRoleAssignments";
    let access = "identity/conditionalAccess/policies";
    let pim = "identityGovernance/privilegedAccess/group/eligibilitySchedules";
    let role_policies = "policies/roleManagementPolicyAssignments";
    for (path, page, (status, code), what, says) in [
        ("groups", 2, denied, Missing::Groups, "Group.Read.All"),
        ("roleManagement/directory/roleAssignments", 2, denied, Missing::Roles, "RoleManagement.Read.Directory"),
        (active, 1, denied, Missing::PimSchedules, "RoleAssignmentSchedule.Read.Directory"),
        (active, 2, denied, Missing::PimSchedules, "RoleAssignmentSchedule.Read.Directory"),
        (eligible, 1, unlicensed, Missing::PimSchedules, "Entra ID P2"),
        (eligible, 2, denied, Missing::PimSchedules, "RoleEligibilitySchedule.Read.Directory"),
        (pim, 2, denied, Missing::PimSchedules, "PrivilegedEligibilitySchedule.Read.AzureADGroup"),
        ("groups?role", 1, denied, Missing::RoleGroups, "Group.Read.All"),
        (members, 1, denied, Missing::RoleGroups, "GroupMember.Read.All"),
        (members, 2, denied, Missing::RoleGroups, "GroupMember.Read.All"),
        (role_policies, 1, denied, Missing::RolePolicies, "RoleManagementPolicy.Read.Directory"),
        (role_policies, 1, unlicensed, Missing::RolePolicies, "Entra ID P2"),
        ("policies/roleManagementPolicyAssignments?group", 1, denied, Missing::RolePolicies, "Read.AzureADGroup"),
        (access, 2, denied, Missing::GroupUses, "Policy.Read.All"),
        (app_roles, 1, unknown, Missing::GroupUses, "app roles"),
    ] {
        let half = collect(Some((path, page, status, code))).await.unwrap();
        assert_eq!(missing(&half), [what], "{path} page {page}: {:?}", half.gaps);
        let reason = &half.gaps.iter().find(|gap| gap.what == what).unwrap().reason;
        assert!(reason.contains(says) && reason.contains(code), "{path}: {reason}");
        // Nothing of its first page either.
        let kinds = |kind| half.roles.iter().filter(|role| role.kind == kind).count();
        match path {
            "groups" => assert_eq!(half.holders.len(), 0),
            "roleManagement/directory/roleAssignments" => {
                assert!(half.roles.iter().all(|role| role.id.as_str().starts_with('s')), "{:?}", half.roles);
            }
            _ if path == active => assert_eq!((kinds(RoleKind::Activated), kinds(RoleKind::Active)), (0, 2)),
            _ if path == eligible => assert_eq!(kinds(RoleKind::Eligible), 0),
            _ if path == pim => {
                let ready = half.role_groups[0].members.iter().filter(|member| member.kind == RoleKind::Eligible);
                assert_eq!(ready.count(), 0);
            }
            _ if path == members || path == "groups?role" => assert_eq!(half.role_groups, []),
            _ if path == role_policies => assert!(half.role_policies.len() <= 1),
            _ if path == access => assert!(!half.role_groups[0].uses.iter().any(|words| words.contains("Rule"))),
            _ => {}
        }
    }
}

#[tokio::test]
async fn a_second_page_of_users_that_is_refused_ends_the_reading() {
    let error = collect(Some(("users", 2, 403, "Authorization_RequestDenied"))).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Forbidden);
    assert!(error.what.contains("users"), "{error}");
}

#[tokio::test]
async fn a_failure_that_may_pass_is_no_gap() {
    for (path, page, status) in [
        ("roleManagement/directory/roleEligibilitySchedules", 2, 500),
        ("identity/conditionalAccess/policies", 1, 503),
        ("groups/00000000-0000-0000-0000-0000000000aa/members", 2, 429),
        ("policies/roleManagementPolicyAssignments", 1, 504),
    ] {
        let error = collect(Some((path, page, status, "ServiceNotAvailable"))).await.unwrap_err();
        assert!(matches!(error.kind, ErrorKind::Busy | ErrorKind::Throttled), "{path}: {error}");
    }
}

#[tokio::test]
async fn an_answer_that_is_not_as_documented_is_no_gap() {
    let (base, _) = serve(|base, seen, _| match asked(seen).0.as_str() {
        "roleManagement/directory/roleEligibilitySchedules" => {
            let mut broken = schedule(1, "");
            broken["scheduleInfo"]["expiration"] = json!({"type": "afterDateTime", "endDateTime": null});
            reply(200, &[], &json!({"value": [broken]}))
        }
        _ => answer(base, seen),
    })
    .await;
    let error = with_token(&base, &clock()).collect(&|_| ()).await.unwrap_err();
    assert!(error.kind == ErrorKind::Broken && error.detail.contains("object s1"), "{error}");
}
