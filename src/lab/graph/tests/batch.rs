use super::harness::{HELPDESK, Lab, user_id, world};
use serde_json::{Value, json};
use std::collections::BTreeMap;

fn by_id(body: &Value) -> BTreeMap<&str, &Value> {
    body["responses"].as_array().unwrap().iter().map(|r| (r["id"].as_str().unwrap(), r)).collect()
}

#[tokio::test]
async fn items_are_answered_each_for_itself_in_any_order() {
    let lab = Lab::start(world(3)).await;
    let json_header = json!({ "Content-Type": "application/json" });
    let body = json!({ "requests": [
        { "id": "1", "method": "GET", "url": "/users/u1@contoso.com?$select=id" },
        { "id": "2", "method": "GET", "url": "/v1.0/users/u2@contoso.com" , "depends_on": [] },
        { "id": "3", "method": "GET", "url": format!("{}/v1.0/users/nobody@contoso.com", lab.server.url()) },
        { "id": "4", "method": "PATCH", "url": format!("users/{}", user_id(3)), "headers": json_header,
          "body": { "onPremisesImmutableId": "GGhsjYwBEU+buBsE4sqhtg==" } },
        { "id": "5", "method": "GET", "url": "/users/$count", "headers": { "ConsistencyLevel": "eventual" } },
        { "id": "6", "method": "GET", "url": "/beta/users/synced@contoso.com?$select=onPremisesObjectIdentifier" },
        { "id": "7", "method": "GET", "url": "/users?$count=true&$select=id&$filter=endsWith(mail,'1@contoso.com')",
          "headers": { "ConsistencyLevel": "eventual" } },
    ] });
    let seen = lab.post("/$batch", body).await;
    assert_eq!(seen.status, 200);
    let answers = by_id(&seen.body);
    let status = |id: &str| answers[id]["status"].as_u64().unwrap();
    assert_eq!(["1", "2", "3", "4", "5", "6", "7"].map(status), [200, 200, 404, 204, 200, 200, 200]);
    assert_eq!(answers["1"]["body"]["id"], user_id(1));
    assert_eq!(answers["3"]["body"]["error"]["code"], "Request_ResourceNotFound");
    assert_eq!(answers["4"].get("body"), None);
    assert_eq!(answers["5"]["body"], 7);
    assert_eq!(answers["7"]["body"]["@odata.count"], 2);
    assert_ne!(seen.body["responses"][0]["id"], "1", "a client must not rely on the order");
}

#[tokio::test]
async fn what_depends_on_a_failure_is_not_done() {
    let lab = Lab::start(world(2)).await;
    let headers = json!({ "Content-Type": "application/json" });
    let grant = json!({ "principalId": user_id(1), "roleDefinitionId": HELPDESK, "directoryScopeId": "/" });
    let body = json!({ "requests": [
        { "id": "a", "method": "PATCH", "url": format!("/users/{}", user_id(1)), "headers": headers, "body": { "mail": null } },
        { "id": "b", "dependsOn": ["a"], "method": "POST", "url": "/roleManagement/directory/roleAssignments",
          "headers": headers, "body": grant },
        { "id": "c", "dependsOn": ["b"], "method": "GET", "url": "/users" },
    ] });
    let seen = lab.post("/$batch", body).await;
    let answers = by_id(&seen.body);
    assert_eq!(["a", "b", "c"].map(|id| answers[id]["status"].as_u64().unwrap()), [400, 424, 424]);
    assert_eq!(lab.world.read(|w| w.entra.role_assignments.len()), 3);
}

#[tokio::test]
async fn batches_that_are_not_well_formed_do_nothing() {
    let lab = Lab::start(world(1)).await;
    let before = lab.world.read(Clone::clone);
    let get = |id: usize| json!({ "id": id.to_string(), "method": "GET", "url": "/users" });
    let change = json!({ "id": "p", "method": "PATCH", "url": format!("/users/{}", user_id(1)),
        "headers": { "Content-Type": "application/json" }, "body": { "displayName": "x" } });
    for requests in [
        json!((0..21).map(get).collect::<Vec<_>>()),
        json!([change, get(1), get(1)]),
        json!([change, { "id": "1", "method": "GET", "url": "/users", "dependsOn": ["2"] }, get(2)]),
        json!([change, { "id": "1", "method": "GET", "url": "/users", "dependsOn": ["1"] }]),
        json!([change, { "id": "1", "method": "PATCH", "url": "/users/x", "body": {} }]),
        json!([change, { "id": "1", "method": "BREW", "url": "/users" }]),
        json!([change, { "method": "GET", "url": "/users" }]),
        json!([]),
        json!("x"),
    ] {
        let seen = lab.post("/$batch", json!({ "requests": requests })).await;
        assert_eq!(seen.status, 400, "{requests}");
    }
    let nested = json!({ "requests": [{ "id": "1", "method": "POST", "url": "/$batch" }] });
    assert_eq!(by_id(&lab.post("/$batch", nested).await.body)["1"]["status"], 400);
    assert_eq!(lab.world.read(Clone::clone), before);
}
