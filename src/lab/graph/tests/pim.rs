use super::harness::{GA, HELPDESK, Lab, USER_ADMIN, caller_is, user_id, world};
use crate::lab::world::World;
use jiff::Timestamp;
use serde_json::{Value, json};

const ROLES: &str = "/roleManagement/directory";

fn with_pim(change: impl FnOnce(&mut Value)) -> World {
    let mut json = serde_json::to_value(world(2)).unwrap();
    change(&mut json["entra"]);
    serde_json::from_value(json).unwrap()
}

fn row(id: &str, principal: usize, role: &str) -> Value {
    json!({ "id": id, "principalId": user_id(principal), "roleDefinitionId": role, "directoryScopeId": "/" })
}

/// `u1` is eligible, `u2` has activated a role until 14:00, and what ended at noon is gone.
fn tenant() -> World {
    with_pim(|entra| {
        entra["roleEligibilitySchedules"] =
            json!([row("e-1", 1, HELPDESK), row("e-over", 2, GA), row("e-2", 2, HELPDESK)]);
        entra["roleEligibilitySchedules"][1]["endDateTime"] = "2026-08-20T12:00:00Z".into();
        entra["roleAssignmentSchedules"] = json!([row("s-1", 2, HELPDESK), row("s-later", 1, USER_ADMIN)]);
        let rows = &mut entra["roleAssignmentSchedules"];
        rows[0]["assignmentType"] = "Activated".into();
        rows[0]["endDateTime"] = "2026-08-20T14:00:00Z".into();
        rows[1]["startDateTime"] = "2026-09-01T00:00:00Z".into();
    })
}

fn at(time: &str) -> Timestamp {
    time.parse().unwrap()
}

#[tokio::test]
async fn schedules_show_what_begins_later_and_instances_what_holds_now() {
    let lab = Lab::start(tenant()).await;
    assert_eq!(lab.get(&format!("{ROLES}/roleEligibilitySchedules")).await.column("id"), ["e-1", "e-2"]);
    let of_one = format!("{ROLES}/roleEligibilitySchedules?$filter=principalId%20eq%20'{}'", user_id(1));
    let seen = lab.get(&format!("{of_one}&$select=id,scheduleInfo,memberType")).await;
    assert_eq!(seen.column("id"), ["e-1"]);
    assert_eq!(seen.body["value"][0]["scheduleInfo"]["expiration"]["type"], "noExpiration");
    let schedules = lab.get(&format!("{ROLES}/roleAssignmentSchedules")).await;
    assert_eq!(schedules.column("id"), ["a-1", "a-2", "a-3", "s-1", "s-later"]);
    let instances = lab.get(&format!("{ROLES}/roleAssignmentScheduleInstances?$top=3")).await;
    assert_eq!(instances.column("roleAssignmentScheduleId"), ["a-1", "a-2", "a-3"]);
    let rest = lab.get(instances.body["@odata.nextLink"].as_str().unwrap()).await;
    assert_eq!(rest.column("roleAssignmentScheduleId"), ["s-1"]);
    let active = &rest.body["value"][0];
    assert_eq!(
        (&active["assignmentType"], &active["endDateTime"]),
        (&json!("Activated"), &json!("2026-08-20T14:00:00Z"))
    );
    let by_role = format!("{ROLES}/roleAssignmentSchedules?$filter=roleDefinitionId%20eq%20'{USER_ADMIN}'");
    assert_eq!(lab.get(&by_role).await.column("id"), ["s-later"]);
    assert_eq!(lab.get(&format!("{ROLES}/roleEligibilitySchedules/e-1")).await.status, 200);
    assert_eq!(lab.get(&format!("{ROLES}/roleEligibilitySchedules/e-over")).await.status, 404);
    assert_eq!(lab.delete(&format!("{ROLES}/roleEligibilitySchedules/e-1")).await.status, 405);
}

#[tokio::test]
async fn an_activated_role_is_a_role_until_its_end() {
    let lab = Lab::start(tenant()).await;
    let held = format!("{ROLES}/roleAssignments?$filter=principalId%20eq%20'{}'", user_id(2));
    let row = &lab.get(&held).await.body["value"][0];
    assert_eq!(row["roleDefinitionId"], HELPDESK);
    assert_eq!(
        lab.get(&format!("/users/{}/memberOf", user_id(2))).await.column("displayName"),
        ["Helpdesk Administrator"]
    );
    lab.world.write(|w| w.clock = at("2026-08-20T14:00:00Z")).unwrap();
    assert_eq!(lab.get(&held).await.body["value"], json!([]));
    lab.world.write(|w| w.clock = at("2026-09-01T00:00:00Z")).unwrap();
    let started = format!("{ROLES}/roleAssignments?$filter=principalId%20eq%20'{}'", user_id(1));
    assert_eq!(lab.get(&started).await.column("roleDefinitionId"), [USER_ADMIN]);
}

#[tokio::test]
async fn an_eligibility_is_taken_and_given_back() {
    let lab = Lab::start(tenant()).await;
    let requests = format!("{ROLES}/roleEligibilityScheduleRequests");
    let about = json!({ "principalId": user_id(1), "roleDefinitionId": HELPDESK, "directoryScopeId": "/" });
    let body = |action: &str, more: Value| {
        let mut body = about.clone();
        body["action"] = action.into();
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let forever = json!({ "scheduleInfo": { "startDateTime": "2026-08-20T12:00:00Z", "expiration": { "type": "noExpiration" } } });
    let twice = lab.post(&requests, body("adminAssign", forever.clone())).await;
    assert_eq!((twice.status, twice.code()), (400, "RoleAssignmentExists"));

    let dry = lab.post(&requests, body("adminRemove", json!({ "isValidationOnly": true }))).await;
    assert_eq!((dry.status, &dry.body["status"]), (201, &json!("Granted")));
    let gone = lab.post(&requests, body("adminRemove", json!({ "justification": "x" }))).await;
    assert_eq!(
        (gone.status, &gone.body["status"], &gone.body["targetScheduleId"]),
        (201, &json!("Revoked"), &json!("e-1"))
    );
    let again = lab.post(&requests, body("adminRemove", json!({}))).await;
    assert_eq!((again.status, again.code()), (400, "RoleAssignmentDoesNotExist"));

    let dry = lab
        .post(
            &requests,
            body("adminAssign", json!({ "isValidationOnly": true, "scheduleInfo": forever["scheduleInfo"] })),
        )
        .await;
    assert_eq!(dry.status, 201);
    let without = lab.post(&requests, body("adminAssign", json!({}))).await;
    assert_eq!((without.status, without.code()), (400, "Request_BadRequest"));
    let back = lab.post(&requests, body("adminAssign", forever)).await;
    assert_eq!((back.status, &back.body["status"]), (201, &json!("Provisioned")));
    assert_ne!(back.body["targetScheduleId"], "e-1");
    let held = format!("{ROLES}/roleEligibilityScheduleInstances?$filter=principalId%20eq%20'{}'", user_id(1));
    assert_eq!(
        lab.get(&held).await.column("roleEligibilityScheduleId"),
        [back.body["targetScheduleId"].as_str().unwrap()]
    );
}

/// The default policy asks for a reason on an active assignment and for nothing on an eligibility.
// rule: 3.6-policy
#[tokio::test]
async fn the_roles_policy_is_enforced_with_the_rules_named() {
    let rule = |kind: &str, id: &str| json!({ "@odata.type": format!("#microsoft.graph.unifiedRoleManagementPolicy{kind}Rule"), "id": id });
    let mut expiration = rule("Expiration", "Expiration_Admin_Assignment");
    expiration["isExpirationRequired"] = true.into();
    expiration["maximumDuration"] = "P15D".into();
    let mut enablement = rule("Enablement", "Enablement_Admin_Assignment");
    enablement["enabledRules"] = json!(["Justification", "Ticketing", "MultiFactorAuthentication"]);
    let lab = Lab::start(with_pim(|entra| {
        entra["roleManagementPolicies"] = json!([{ "roleDefinitionId": HELPDESK, "rules": [expiration, enablement] }]);
    }))
    .await;
    let assign = async |role: &str, more: Value| {
        let mut body = json!({ "action": "adminAssign", "principalId": user_id(1), "roleDefinitionId": role, "directoryScopeId": "/" });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        lab.post(&format!("{ROLES}/roleAssignmentScheduleRequests"), body).await
    };
    let forever = json!({ "expiration": { "type": "noExpiration" } });
    let bare = assign(HELPDESK, json!({ "scheduleInfo": forever })).await;
    assert_eq!((bare.status, bare.code()), (400, "RoleAssignmentRequestPolicyValidationFailed"));
    for rule in ["ExpirationRule", "JustificationRule", "TicketingRule", "MfaRule"] {
        assert!(bare.message().contains(rule), "{}", bare.message());
    }
    // A service principal cannot bring along a second factor.
    let full = json!({
        "justification": "restored", "ticketInfo": { "ticketNumber": "1", "ticketSystem": "desk" },
        "scheduleInfo": { "expiration": { "type": "afterDuration", "duration": "P16D" } },
    });
    let message = assign(HELPDESK, full.clone()).await.message().to_owned();
    assert!(message.ends_with(r#"["ExpirationRule","MfaRule"]"#), "{message}");
    lab.world
        .write(|w| {
            caller_is(w, "ga1", &[]);
            w.entra.caller.multi_factor = true;
        })
        .unwrap();
    assert_eq!(assign(HELPDESK, full.clone()).await.code(), "RoleAssignmentRequestPolicyValidationFailed");
    let mut fits = full;
    fits["scheduleInfo"] = json!({ "expiration": { "type": "afterDateTime", "endDateTime": "2026-09-04T12:00:00Z" } });
    let given = assign(HELPDESK, fits).await;
    assert_eq!(
        (given.status, &given.body["scheduleInfo"]["expiration"]["endDateTime"]),
        (201, &json!("2026-09-04T12:00:00Z"))
    );

    let unexplained = assign(USER_ADMIN, json!({ "scheduleInfo": forever })).await;
    assert!(unexplained.message().ends_with(r#"["JustificationRule"]"#), "{}", unexplained.message());
    let permanent = assign(USER_ADMIN, json!({ "scheduleInfo": forever, "justification": "why" })).await;
    assert_eq!(permanent.status, 201);
    assert_eq!(
        assign(USER_ADMIN, json!({ "scheduleInfo": forever, "justification": "why" })).await.code(),
        "RoleAssignmentExists"
    );
    let held = lab.get(&format!("{ROLES}/roleAssignments?$filter=principalId%20eq%20'{}'", user_id(1))).await;
    assert_eq!(held.column("roleDefinitionId"), [USER_ADMIN, HELPDESK]);
}

#[tokio::test]
async fn the_last_global_administrator_stays_whatever_the_way() {
    let lab = Lab::start(world(1)).await;
    let remove = async |principal: usize| {
        let body = json!({ "action": "adminRemove", "principalId": user_id(principal), "roleDefinitionId": GA, "directoryScopeId": "/" });
        lab.post(&format!("{ROLES}/roleAssignmentScheduleRequests"), body).await
    };
    assert_eq!(remove(9001).await.status, 201);
    assert_eq!(remove(9002).await.status, 400);
}

#[tokio::test]
async fn policies_come_with_all_their_rules() {
    let lab = Lab::start(world(1)).await;
    let path = "/policies/roleManagementPolicyAssignments";
    assert_eq!(lab.get(path).await.status, 400);
    let scope = "$filter=scopeId%20eq%20'/'%20and%20scopeType%20eq%20'DirectoryRole'";
    let seen = lab.get(&format!("{path}?{scope}&$expand=policy($expand=rules)")).await;
    assert_eq!(seen.column("roleDefinitionId"), [GA, USER_ADMIN, HELPDESK]);
    let rules = seen.body["value"][0]["policy"]["rules"].as_array().unwrap();
    let rule = |id: &str| rules.iter().find(|r| r["id"] == id).unwrap();
    assert_eq!(rule("Enablement_Admin_Assignment")["enabledRules"], json!(["Justification"]));
    assert_eq!(rule("Expiration_Admin_Eligibility")["isExpirationRequired"], false);
    assert_eq!(rule("Expiration_Admin_Eligibility")["target"]["level"], "Eligibility");
    assert_eq!(rule("Approval_EndUser_Assignment")["target"]["caller"], "EndUser");
    let one = lab.get(&format!("{path}?{scope}%20and%20roleDefinitionId%20eq%20'{GA}'&$expand=policy")).await;
    assert_eq!((one.column("roleDefinitionId"), &one.body["value"][0]["policy"]["rules"]), (vec![GA], &Value::Null));
    let id = one.body["value"][0]["id"].as_str().unwrap();
    assert_eq!(lab.get(&format!("{path}/{id}")).await.status, 200);
}

#[tokio::test]
async fn a_tenant_without_the_licence_has_no_pim() {
    let lab = Lab::start(with_pim(|entra| {
        entra["pimLicensed"] = false.into();
        entra["caller"]["permissions"].as_array_mut().unwrap().push("PrivilegedAccess.ReadWrite.AzureADGroup".into());
    }))
    .await;
    for path in [
        "/roleManagement/directory/roleEligibilityScheduleInstances",
        "/roleManagement/directory/roleAssignmentScheduleInstances",
        "/roleManagement/directory/roleEligibilitySchedules",
        "/roleManagement/directory/roleAssignmentSchedules",
        "/roleManagement/directory/roleEligibilityScheduleRequests",
        "/policies/roleManagementPolicyAssignments?$filter=scopeId%20eq%20'/'%20and%20scopeType%20eq%20'DirectoryRole'",
        "/identityGovernance/privilegedAccess/group/eligibilitySchedules?$filter=groupId%20eq%20'x'",
    ] {
        let seen = lab.get(path).await;
        assert_eq!((seen.status, seen.code()), (400, "AadPremiumLicenseRequired"), "{path}");
    }
    let body =
        json!({ "action": "adminRemove", "principalId": user_id(1), "roleDefinitionId": GA, "directoryScopeId": "/" });
    assert_eq!(
        lab.post(&format!("{ROLES}/roleEligibilityScheduleRequests"), body).await.code(),
        "AadPremiumLicenseRequired"
    );
}

// rule: 3.6-pim-permission
#[tokio::test]
async fn each_of_pims_endpoints_asks_for_its_permission() {
    let lab = Lab::start(tenant()).await;
    let remove = json!({ "action": "adminRemove", "principalId": user_id(1), "roleDefinitionId": HELPDESK, "directoryScopeId": "/" });
    let assign = json!({ "action": "adminAssign", "principalId": user_id(1), "roleDefinitionId": HELPDESK, "directoryScopeId": "/" });
    let requests = format!("{ROLES}/roleEligibilityScheduleRequests");
    let only =
        |permission: &str| lab.world.write(|w| w.entra.caller.permissions = vec![permission.to_owned()]).unwrap();
    only("User.Read.All");
    for path in ["roleEligibilitySchedules", "roleAssignmentSchedules", "roleEligibilityScheduleInstances"] {
        let seen = lab.get(&format!("{ROLES}/{path}")).await;
        assert_eq!((seen.status, seen.code()), (403, "Authorization_RequestDenied"), "{path}");
    }
    assert_eq!(lab.post(&requests, remove.clone()).await.status, 403);
    only("RoleEligibilitySchedule.Read.Directory");
    assert_eq!(lab.get(&format!("{ROLES}/roleEligibilitySchedules")).await.status, 200);
    assert_eq!(lab.get(&format!("{ROLES}/roleAssignmentSchedules")).await.status, 403);
    assert_eq!(lab.post(&requests, remove.clone()).await.status, 403);
    only("RoleEligibilitySchedule.Remove.Directory");
    assert_eq!(lab.post(&requests, assign).await.status, 403);
    assert_eq!(lab.post(&requests, remove).await.status, 201);
    // A group's policy is another permission than a role's.
    only("RoleManagementPolicy.Read.Directory");
    let policies = "/policies/roleManagementPolicyAssignments?$filter=scopeId%20eq%20";
    assert_eq!(lab.get(&format!("{policies}'/'%20and%20scopeType%20eq%20'DirectoryRole'")).await.status, 200);
    assert_eq!(lab.get(&format!("{policies}'x'%20and%20scopeType%20eq%20'Group'")).await.status, 403);
    // A person also needs the role.
    lab.world
        .write(|w| {
            caller_is(w, "helpdesk", &[]);
            w.entra.caller.permissions = vec!["RoleManagement.ReadWrite.Directory".to_owned()];
        })
        .unwrap();
    let body = json!({ "action": "adminRemove", "principalId": user_id(2), "roleDefinitionId": HELPDESK, "directoryScopeId": "/" });
    assert_eq!(lab.post(&requests, body).await.status, 403);
}
