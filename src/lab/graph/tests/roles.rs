use super::harness::{GA, HELPDESK, Lab, caller_is, user_id, world};
use serde_json::{Value, json};

const ASSIGNMENTS: &str = "/roleManagement/directory/roleAssignments";

// rule: 3.6-write, 3.6-new-id
#[tokio::test]
async fn a_role_is_read_removed_and_granted_again_under_another_id() {
    let lab = Lab::start(world(1)).await;
    let filter = format!("{ASSIGNMENTS}?$filter=principalId%20eq%20'{}'", user_id(9003));
    let held = lab.get(&filter).await;
    assert_eq!(held.column("id"), ["a-3"]);
    assert_eq!(lab.delete(&format!("{ASSIGNMENTS}/a-3")).await.status, 204);
    assert_eq!(lab.get(&filter).await.column("id"), Vec::<&str>::new());
    assert_eq!(lab.get(&format!("{ASSIGNMENTS}/a-3")).await.status, 404);

    let body = json!({ "principalId": user_id(9003), "roleDefinitionId": HELPDESK, "directoryScopeId": "/" });
    let first = lab.post(ASSIGNMENTS, body.clone()).await;
    assert_eq!(first.status, 201);
    let first_id = first.body["id"].as_str().unwrap();
    assert!(first_id.ends_with("-1") && first_id.len() == 45, "{first_id}");
    assert!(first.headers["location"].to_str().unwrap().ends_with(first_id));
    let twice = lab.post(ASSIGNMENTS, body.clone()).await;
    assert_eq!((twice.status, twice.code()), (400, "RoleAssignmentExists"));
    assert_eq!(lab.delete(&format!("{ASSIGNMENTS}/{first_id}")).await.status, 204);
    let second = lab.post(ASSIGNMENTS, body).await;
    assert_ne!(second.body["id"], first_id);
}

#[tokio::test]
async fn the_same_history_gives_the_same_ids() {
    let mut ids: Vec<Value> = Vec::new();
    for _ in 0..2 {
        let lab = Lab::start(world(1)).await;
        let body = json!({ "principalId": user_id(1), "roleDefinitionId": HELPDESK, "directoryScopeId": "/" });
        ids.push(lab.post(ASSIGNMENTS, body).await.body["id"].clone());
    }
    assert_eq!(ids[0], ids[1]);
}

#[tokio::test]
async fn assignments_name_what_they_are_about() {
    let lab = Lab::start(world(1)).await;
    let seen = lab.get(&format!("{ASSIGNMENTS}?$expand=roleDefinition,principal")).await;
    let first = &seen.body["value"][0];
    assert_eq!(first["roleDefinition"]["displayName"], "Global Administrator");
    assert_eq!(first["principal"]["@odata.type"], "#microsoft.graph.user");
    assert_eq!(first["principal"]["userPrincipalName"], "ga1@contoso.com");
    let one = lab.get(&format!("{ASSIGNMENTS}/a-1")).await;
    assert_eq!((one.status, one.body.get("principal")), (200, None));
    let by_role = lab.get(&format!("{ASSIGNMENTS}?$filter=roleDefinitionId%20eq%20'{GA}'")).await;
    assert_eq!(by_role.column("id"), ["a-1", "a-2"]);
    let roles =
        lab.get("/roleManagement/directory/roleDefinitions?$filter=displayName%20eq%20'global%20administrator'").await;
    assert_eq!(roles.column("templateId"), [GA]);
    assert_eq!(lab.get(&format!("/roleManagement/directory/roleDefinitions/{GA}")).await.body["isBuiltIn"], true);
    assert_eq!(lab.get(&format!("{ASSIGNMENTS}?$filter=condition%20eq%20'x'")).await.status, 400);
}

#[tokio::test]
async fn scopes_and_names_must_exist() {
    let lab = Lab::start(world(1)).await;
    let holder = user_id(1);
    let unit = "/administrativeUnits/00007003-0000-4000-8000-000000000000";
    let missing_unit = "/administrativeUnits/00007099-0000-4000-8000-000000000000";
    for (body, status) in [
        (json!({ "principalId": holder, "roleDefinitionId": HELPDESK, "directoryScopeId": unit }), 201),
        (json!({ "principalId": holder, "roleDefinitionId": HELPDESK, "directoryScopeId": missing_unit }), 404),
        (json!({ "principalId": holder, "roleDefinitionId": HELPDESK, "directoryScopeId": "here" }), 400),
        (json!({ "principalId": holder, "roleDefinitionId": HELPDESK }), 400),
        (
            json!({ "principalId": holder, "roleDefinitionId": HELPDESK, "directoryScopeId": "/", "appScopeId": "x" }),
            400,
        ),
        (json!({ "principalId": holder, "roleDefinitionId": user_id(5), "directoryScopeId": "/" }), 400),
        (json!({ "principalId": user_id(5), "roleDefinitionId": HELPDESK, "directoryScopeId": "/" }), 404),
        (json!({ "roleDefinitionId": HELPDESK, "directoryScopeId": "/" }), 400),
        (json!({ "principalId": holder, "nonsense": 1 }), 400),
    ] {
        assert_eq!(lab.post(ASSIGNMENTS, body.clone()).await.status, status, "{body}");
    }
    assert_eq!(lab.patch(&format!("{ASSIGNMENTS}/a-1"), json!({})).await.status, 405);
}

// rule: 3.6-own-administrator, 3.6-last-administrator
#[tokio::test]
async fn the_last_global_administrator_and_ones_own_role_stay() {
    let mut own = world(1);
    caller_is(&mut own, "ga1", &[]);
    let lab = Lab::start(own).await;
    let refused = lab.delete(&format!("{ASSIGNMENTS}/a-1")).await;
    assert_eq!((refused.status, refused.code()), (400, "Request_BadRequest"));
    assert_eq!(lab.delete(&format!("{ASSIGNMENTS}/a-2")).await.status, 204);
    let lab = Lab::start(world(1)).await;
    assert_eq!(lab.delete(&format!("{ASSIGNMENTS}/a-1")).await.status, 204);
    assert_eq!(lab.delete(&format!("{ASSIGNMENTS}/a-2")).await.status, 400);
}

// rule: 3.6-read, 3.6-write
#[tokio::test]
async fn only_those_who_may_assign_roles_do() {
    let body = json!({ "principalId": user_id(1), "roleDefinitionId": HELPDESK, "directoryScopeId": "/" });
    let mut person = world(1);
    caller_is(&mut person, "helpdesk", &[]);
    let lab = Lab::start(person).await;
    assert_eq!(lab.post(ASSIGNMENTS, body.clone()).await.status, 403);
    assert_eq!(lab.get("/me").await.body["userPrincipalName"], "helpdesk@contoso.com");
    let mut app = world(1);
    app.entra.caller.permissions.retain(|p| !p.starts_with("RoleManagement"));
    let lab = Lab::start(app).await;
    assert_eq!(lab.post(ASSIGNMENTS, body).await.status, 403);
    assert_eq!(lab.get(ASSIGNMENTS).await.status, 403);
    assert!(lab.get("/me").await.message().contains("delegated authentication flow"));
}
