use super::harness::{GA, HELPDESK, Lab, caller_is, user_id, world};
use crate::lab::world::World;
use serde_json::{Value, json};

const ADMINS: &str = "00007010-0000-4000-8000-000000000000";
const SALES: &str = "00007001-0000-4000-8000-000000000000";
const UNIT: &str = "00007003-0000-4000-8000-000000000000";
const APP: &str = "00007050-0000-4000-8000-000000000000";

/// `u1` is a member of a role-assignable group with a licence, an application and a Conditional Access exclusion, `u2`
/// owns it, `u3` may become a member, `u4` is one until 14:00.
fn tenant() -> World {
    let mut json = serde_json::to_value(world(4)).unwrap();
    let entra = &mut json["entra"];
    entra["groups"].as_array_mut().unwrap().push(json!({
        "id": ADMINS, "displayName": "Helpdesk admins", "isAssignableToRole": true,
        "members": [user_id(1)], "owners": [user_id(2)],
        "eligibilitySchedules": [{ "id": "ge-1", "principalId": user_id(3) }],
        "assignmentSchedules": [{
            "id": "ga-1", "principalId": user_id(4), "assignmentType": "Activated", "endDateTime": "2026-08-20T14:00:00Z",
        }],
        "assignedLicenses": [{ "skuId": "06ebc4ee-1bb5-47dd-8120-11324bc54e06" }],
        "appRoleAssignments": [{ "resourceId": APP, "resourceDisplayName": "Payroll" }],
    }));
    entra["roleAssignments"].as_array_mut().unwrap().push(json!({
        "id": "a-9", "principalId": ADMINS, "roleDefinitionId": HELPDESK, "directoryScopeId": "/",
    }));
    entra["conditionalAccessPolicies"] = json!([{
        "id": "00007060-0000-4000-8000-000000000000", "displayName": "Require MFA",
        "conditions": { "users": { "includeUsers": ["All"], "excludeGroups": [ADMINS] } },
    }]);
    let permissions = entra["caller"]["permissions"].as_array_mut().unwrap();
    permissions.extend(
        [
            "GroupMember.ReadWrite.All",
            "Directory.Read.All",
            "Policy.Read.All",
            "PrivilegedAccess.ReadWrite.AzureADGroup",
            "RoleManagementPolicy.Read.AzureADGroup",
            "AdministrativeUnit.ReadWrite.All",
        ]
        .map(Value::from),
    );
    serde_json::from_value(json).unwrap()
}

fn reference(id: &str) -> Value {
    json!({ "@odata.id": format!("https://graph.microsoft.com/v1.0/directoryObjects/{id}") })
}

#[tokio::test]
async fn a_group_says_whether_roles_can_be_assigned_to_it_and_what_it_brings() {
    let lab = Lab::start(tenant()).await;
    let path = "/groups?$select=id,isAssignableToRole,assignedLicenses&$filter=isAssignableToRole%20eq%20true";
    // Microsoft's pages filter by it without the parameters of an advanced query ("View Microsoft Entra role assignments").
    let seen = lab.get(path).await;
    assert_eq!(seen.column("id"), [ADMINS]);
    assert_eq!(seen.body["value"][0]["assignedLicenses"][0]["skuId"], "06ebc4ee-1bb5-47dd-8120-11324bc54e06");
    assert_eq!(lab.get(&format!("/groups/{SALES}")).await.body["isAssignableToRole"], Value::Null);
    let apps = lab.get(&format!("/groups/{ADMINS}/appRoleAssignments")).await;
    assert_eq!(apps.column("resourceDisplayName"), ["Payroll"]);
    let policies = lab.get("/identity/conditionalAccess/policies").await;
    assert_eq!(policies.body["value"][0]["conditions"]["users"]["excludeGroups"], json!([ADMINS]));
    let role = lab
        .get(&format!(
            "/roleManagement/directory/roleAssignments?$expand=principal&$filter=principalId%20eq%20'{ADMINS}'"
        ))
        .await;
    assert_eq!(role.body["value"][0]["principal"]["@odata.type"], "#microsoft.graph.group");
}

#[tokio::test]
async fn members_are_those_of_now() {
    let lab = Lab::start(tenant()).await;
    let members = format!("/groups/{ADMINS}/members");
    let seen = lab.get(&format!("{members}?$select=id,userPrincipalName")).await;
    assert_eq!(seen.column("userPrincipalName"), ["u1@contoso.com", "u4@contoso.com"]);
    assert_eq!(seen.body["value"][0]["@odata.type"], "#microsoft.graph.user");
    assert_eq!(lab.get(&format!("/groups/{ADMINS}/owners")).await.column("id"), [user_id(2)]);
    let groups = lab.get(&format!("/users/{}/memberOf", user_id(1))).await;
    assert_eq!(groups.column("@odata.type"), ["#microsoft.graph.group"]);
    assert_eq!(groups.column("displayName"), ["Helpdesk admins"]);
    lab.world.write(|w| w.clock = "2026-08-20T14:00:00Z".parse().unwrap()).unwrap();
    assert_eq!(lab.get(&members).await.column("id"), [user_id(1)]);
}

#[tokio::test]
async fn a_member_leaves_and_comes_back() {
    let lab = Lab::start(tenant()).await;
    let link = format!("/groups/{ADMINS}/members/{}/$ref", user_id(1));
    assert_eq!(lab.delete(&link).await.status, 204);
    assert_eq!(lab.delete(&link).await.status, 404);
    let members = format!("/groups/{ADMINS}/members/$ref");
    assert_eq!(lab.post(&members, reference(&user_id(1))).await.status, 204);
    let twice = lab.post(&members, reference(&user_id(1))).await;
    assert_eq!((twice.status, twice.code()), (400, "Request_BadRequest"));
    assert!(twice.message().starts_with("One or more added object references already exist"));
    assert_eq!(lab.post(&members, reference(&user_id(7777))).await.status, 404);
    assert_eq!(lab.post(&members, reference(SALES)).await.status, 400, "no nesting");
    assert_eq!(lab.post(&members, json!({ "id": "x" })).await.status, 400);
}

// rule: 3.6-role-group-permission
#[tokio::test]
async fn a_role_assignable_group_is_changed_by_few() {
    let lab = Lab::start(tenant()).await;
    let link = format!("/groups/{ADMINS}/members/{}/$ref", user_id(1));
    let only = |permissions: &[&str]| {
        lab.world
            .write(|w| w.entra.caller.permissions = permissions.iter().map(|p| (*p).to_owned()).collect())
            .unwrap();
    };
    for permissions in
        [&["Group.ReadWrite.All"][..], &["RoleManagement.ReadWrite.Directory"], &["GroupMember.Read.All"]]
    {
        only(permissions);
        let refused = lab.delete(&link).await;
        assert_eq!((refused.status, refused.code()), (403, "Authorization_RequestDenied"), "{permissions:?}");
    }
    let both = ["GroupMember.ReadWrite.All", "RoleManagement.ReadWrite.Directory"];
    only(&both);
    lab.world.write(|w| caller_is(w, "helpdesk", &[])).unwrap();
    assert_eq!(lab.delete(&link).await.status, 403, "a person needs the role too");
    lab.world.write(|w| caller_is(w, "u2", &[])).unwrap();
    assert_eq!(lab.delete(&link).await.status, 204, "an owner needs none");
}

#[tokio::test]
async fn pim_for_groups_reads_and_changes() {
    let lab = Lab::start(tenant()).await;
    let pim = "/identityGovernance/privilegedAccess/group";
    assert_eq!(lab.get(&format!("{pim}/eligibilitySchedules")).await.code(), "MissingParameters");
    let of = format!("$filter=groupId%20eq%20'{ADMINS}'");
    let eligible = lab.get(&format!("{pim}/eligibilitySchedules?{of}")).await;
    assert_eq!(eligible.column("id"), ["ge-1"]);
    assert_eq!(eligible.body["value"][0]["accessId"], "member");
    let active = lab.get(&format!("{pim}/assignmentSchedules?{of}")).await;
    assert_eq!(active.column("assignmentType"), ["activated", "assigned", "assigned"]);

    let body = |action: &str, principal: usize, more: Value| {
        let mut body =
            json!({ "action": action, "accessId": "member", "groupId": ADMINS, "principalId": user_id(principal) });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let until = json!({ "justification": "back", "scheduleInfo": { "expiration": { "type": "afterDateTime", "endDateTime": "2026-12-01T00:00:00Z" } } });
    let requests = format!("{pim}/eligibilityScheduleRequests");
    assert_eq!(lab.post(&requests, body("adminAssign", 3, until.clone())).await.code(), "RoleAssignmentExists");
    assert_eq!(lab.post(&requests, body("adminRemove", 3, json!({}))).await.status, 201);
    assert_eq!(lab.post(&requests, body("adminRemove", 3, json!({}))).await.code(), "RoleAssignmentDoesNotExist");
    let back = lab.post(&requests, body("adminAssign", 3, until)).await;
    assert_eq!((back.status, &back.body["groupId"]), (201, &json!(ADMINS)));
    let seen = lab.get(&format!("{pim}/eligibilityScheduleInstances?{of}")).await;
    assert_eq!(seen.column("endDateTime"), ["2026-12-01T00:00:00Z"]);

    let requests = format!("{pim}/assignmentScheduleRequests");
    let forever = json!({ "scheduleInfo": { "expiration": { "type": "noExpiration" } } });
    let unexplained = lab.post(&requests, body("adminAssign", 2, forever.clone())).await;
    assert_eq!(unexplained.code(), "RoleAssignmentRequestPolicyValidationFailed");
    assert_eq!(lab.post(&requests, body("adminRemove", 4, json!({}))).await.status, 201);
    assert_eq!(lab.get(&format!("/groups/{ADMINS}/members")).await.column("id"), [user_id(1)]);
    let policies = format!(
        "/policies/roleManagementPolicyAssignments?$filter=scopeId%20eq%20'{ADMINS}'%20and%20scopeType%20eq%20'Group'"
    );
    assert_eq!(lab.get(&policies).await.column("roleDefinitionId"), ["member", "owner"]);
}

#[tokio::test]
async fn only_a_role_assignable_group_gets_a_role() {
    let lab = Lab::start(tenant()).await;
    let body = |group: &str| json!({ "principalId": group, "roleDefinitionId": GA, "directoryScopeId": "/" });
    let path = "/roleManagement/directory/roleAssignments";
    assert_eq!(lab.post(path, body(SALES)).await.status, 400);
    assert_eq!(lab.post(path, body(ADMINS)).await.status, 201);
}

#[tokio::test]
async fn directory_objects_are_found_by_id_whatever_they_are() {
    let lab = Lab::start(tenant()).await;
    let caller = lab.world.read(|w| w.entra.caller.id.to_string());
    for (id, kind) in
        [(user_id(1).as_str(), "user"), (ADMINS, "group"), (UNIT, "administrativeUnit"), (&caller, "servicePrincipal")]
    {
        let seen = lab.get(&format!("/directoryObjects/{id}")).await;
        assert_eq!((seen.status, &seen.body["@odata.type"]), (200, &json!(format!("#microsoft.graph.{kind}"))));
    }
    assert_eq!(lab.get(&format!("/servicePrincipals/{caller}")).await.body["displayName"], "matchplan");
    assert_eq!(lab.get(&format!("/directoryObjects/{}", user_id(7777))).await.status, 404);
    assert_eq!(lab.get("/directoryObjects/nonsense").await.status, 400);
}

#[tokio::test]
async fn the_roles_of_a_deleted_unit_go_with_it() {
    let lab = Lab::start(tenant()).await;
    let scope = format!("/administrativeUnits/{UNIT}");
    let body = json!({ "principalId": user_id(1), "roleDefinitionId": HELPDESK, "directoryScopeId": scope });
    assert_eq!(lab.post("/roleManagement/directory/roleAssignments", body.clone()).await.status, 201);
    assert_eq!(lab.delete(&format!("/directory/administrativeUnits/{UNIT}")).await.status, 204);
    assert_eq!(lab.get(&format!("/directory/administrativeUnits/{UNIT}")).await.status, 404);
    let held = format!("/roleManagement/directory/roleAssignments?$filter=principalId%20eq%20'{}'", user_id(1));
    assert_eq!(lab.get(&held).await.body["value"], json!([]));
    assert_eq!(lab.post("/roleManagement/directory/roleAssignments", body).await.status, 404);
}

#[tokio::test]
async fn each_endpoint_asks_for_its_permission() {
    let lab = Lab::start(tenant()).await;
    lab.world.write(|w| w.entra.caller.permissions = vec!["User.Read.All".to_owned()]).unwrap();
    for path in [
        format!("/groups/{ADMINS}/members"),
        format!("/groups/{ADMINS}/owners"),
        format!("/groups/{ADMINS}/appRoleAssignments"),
        "/identity/conditionalAccess/policies".to_owned(),
        format!("/identityGovernance/privilegedAccess/group/eligibilitySchedules?$filter=groupId%20eq%20'{ADMINS}'"),
        format!("/identityGovernance/privilegedAccess/group/assignmentSchedules?$filter=groupId%20eq%20'{ADMINS}'"),
        format!("/directoryObjects/{ADMINS}"),
        format!("/servicePrincipals/{ADMINS}"),
    ] {
        let seen = lab.get(&path).await;
        assert_eq!((seen.status, seen.code()), (403, "Authorization_RequestDenied"), "{path}");
    }
    assert_eq!(lab.delete(&format!("/directory/administrativeUnits/{UNIT}")).await.status, 403);
    lab.world.write(|w| w.entra.caller.permissions = vec!["GroupMember.ReadBasic.All".to_owned()]).unwrap();
    assert_eq!(lab.get(&format!("/groups/{ADMINS}/members")).await.status, 200);
    assert_eq!(lab.get(&format!("/groups/{ADMINS}/owners")).await.status, 403);
}
