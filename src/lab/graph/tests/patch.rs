use super::harness::{HELPDESK, Lab, USER_ADMIN, caller_is, user_id, world};
use reqwest::Method;
use serde_json::{Value, json};

fn user(number: usize) -> String {
    format!("/users/{}", user_id(number))
}

#[tokio::test]
async fn what_graph_lets_a_client_change_changes() {
    let lab = Lab::start(world(2)).await;
    let anchor = "GGhsjYwBEU+buBsE4sqhtg==";
    let body =
        json!({ "@odata.type": "#microsoft.graph.user", "onPremisesImmutableId": anchor, "DisplayName": "Jane" });
    assert_eq!(lab.patch(&user(1), body).await.status, 204);
    let seen = lab.get(&format!("{}?$select=onPremisesImmutableId,displayName", user(1))).await;
    assert_eq!(
        (seen.body["onPremisesImmutableId"].as_str(), &seen.body["displayName"]),
        (Some(anchor), &json!("Jane"))
    );
    assert_eq!(lab.patch(&user(1), json!({ "onPremisesImmutableId": null })).await.status, 204);
    assert_eq!(
        lab.get(&format!("{}?$select=onPremisesImmutableId", user(1))).await.body["onPremisesImmutableId"],
        Value::Null
    );
    assert_eq!(lab.patch(&user(1), json!({ "userPrincipalName": "jane@contoso.onmicrosoft.com" })).await.status, 204);
    assert_eq!(lab.get("/users/jane@contoso.onmicrosoft.com").await.status, 200);
}

#[tokio::test]
async fn a_new_mail_becomes_the_primary_address_and_the_old_one_stays() {
    let lab = Lab::start(world(2)).await;
    assert_eq!(lab.patch(&user(1), json!({ "mail": "jane@contoso.com" })).await.status, 204);
    let seen = lab.get(&format!("{}?$select=mail,proxyAddresses", user(1))).await;
    assert_eq!(
        seen.body["proxyAddresses"],
        json!(["SMTP:jane@contoso.com", "smtp:alias+u1@contoso.com", "smtp:u1@contoso.com"])
    );
    let taken = lab.patch(&user(1), json!({ "mail": "sales@contoso.com" })).await;
    assert_eq!((taken.status, taken.body["error"]["details"][0]["code"].as_str()), (400, Some("ObjectConflict")));
    assert_eq!(taken.message(), "Another object with the same value for property proxyAddresses already exists.");
}

#[tokio::test]
async fn what_graph_refuses_is_refused_in_its_words_and_changes_nothing() {
    let lab = Lab::start(world(2)).await;
    let before = lab.world.read(Clone::clone);
    let invalid = |name: &str| format!("Invalid value specified for property '{name}' of resource 'User'.");
    for (target, body, message) in [
        (user(1), json!({ "proxyAddresses": [] }), "Property 'proxyAddresses' is read-only and cannot be set.".to_owned()),
        (user(1), json!({ "onPremisesDomainName": null }), "Property 'onPremisesDomainName' is read-only and cannot be set.".to_owned()),
        (user(1), json!({ "onPremisesImmutableId": "" }), invalid("onPremisesImmutableId")),
        (user(1), json!({ "onPremisesImmutableId": "a$b" }), invalid("onPremisesImmutableId")),
        (user(1), json!({ "onPremisesImmutableId": "a_b" }), invalid("onPremisesImmutableId")),
        (user(1), json!({ "mail": null }), invalid("mail")),
        (user(1), json!({ "mail": "no address" }), invalid("mail")),
        (user(1), json!({ "on_premises_immutable_id": null }), "Property 'on_premises_immutable_id' does not exist as a declared property or extension property.".to_owned()),
        (user(1), json!({ "onPremisesImmutableId": "iGhmiAEBERG7uxI0VniQqw==" }), "Another object with the same value for property onPremisesImmutableId already exists.".to_owned()),
        (user(1), json!({ "onPremisesImmutableId": "AAAAAAAAAAAAAAAAAAAAAA==" }), "Another object with the same value for property onPremisesImmutableId already exists.".to_owned()),
        (user(1), json!({ "userPrincipalName": "U2@contoso.com" }), "Another object with the same value for property userPrincipalName already exists.".to_owned()),
        (user(1), json!({ "userPrincipalName": "u1@unproven.example" }), "The domain portion of the userPrincipalName property is invalid. You must use one of the verified domain names in your organization.".to_owned()),
        (user(1), json!({ "userPrincipalName": "u 1@contoso.com" }), "Property userPrincipalName is invalid.".to_owned()),
        (user(1), json!({ "userPrincipalName": "u1@fed.contoso.com" }), "You must provide a required property: FederatedUser.SourceAnchor".to_owned()),
        (user(9004), json!({ "onPremisesImmutableId": null }), "Unable to update the specified properties for on-premises mastered Directory Sync objects or objects currently undergoing migration.".to_owned()),
        // The first change would be good; with the second the whole request is refused.
        (user(1), json!({ "displayName": "Jane", "mail": "u2@contoso.com" }), "Another object with the same value for property proxyAddresses already exists.".to_owned()),
    ] {
        let seen = lab.patch(&target, body.clone()).await;
        assert_eq!((seen.status, seen.code(), seen.message()), (400, "Request_BadRequest", message.as_str()), "{body}");
    }
    assert_eq!(lab.patch(&user(1), json!({ "jobTitle": "x" })).await.status, 501, "never a pretence");
    assert_eq!(lab.patch("/users/nobody@contoso.com", json!({})).await.status, 404);
    let undeclared = lab.send(Method::PATCH, &user(1), &[("content-type", "text/plain")], Some(&json!({}))).await;
    assert!(undeclared.message().contains("Content-Type"));
    assert_eq!(lab.patch(&user(1), json!([])).await.status, 400);
    assert_eq!(lab.world.read(Clone::clone), before);
}

#[tokio::test]
async fn a_federated_user_keeps_its_anchor() {
    let mut fed = world(1);
    fed.entra.users[0].user_principal_name = "u1@fed.contoso.com".to_owned();
    fed.entra.users[0].on_premises_immutable_id = Some("x@y.example".to_owned());
    let lab = Lab::start(fed).await;
    assert_eq!(lab.patch(&user(1), json!({ "onPremisesImmutableId": null })).await.status, 400);
    let both = json!({ "onPremisesImmutableId": null, "userPrincipalName": "u1@contoso.com" });
    assert_eq!(lab.patch(&user(1), both).await.status, 204);
}

// rule: 1.5-null-only, 1.5-permission
#[tokio::test]
async fn beta_clears_the_on_premises_attributes() {
    let lab = Lab::start(world(1)).await;
    let synced = format!("/beta{}", user(9004));
    assert_eq!(lab.patch(&synced, json!({ "onPremisesObjectIdentifier": "x" })).await.status, 400);
    assert_eq!(lab.patch(&synced, json!({ "onPremisesObjectIdentifier": null })).await.status, 204);
    assert_eq!(lab.patch(&synced, json!({ "onPremisesSamAccountName": null })).await.status, 400);
    let own = format!("/beta{}", user(1));
    let sid =
        json!({ "onPremisesSecurityIdentifier": "S-1-5-21-1-2-3-1106", "onPremisesDomainName": "corp.contoso.com" });
    assert_eq!(lab.patch(&own, sid).await.status, 204);
    assert_eq!(lab.patch(&own, json!({ "onPremisesSecurityIdentifier": "S-1-5-18" })).await.status, 400);
    let all = json!({
        "onPremisesDistinguishedName": null, "onPremisesDomainName": null, "onPremisesImmutableId": null,
        "onPremisesObjectIdentifier": null, "onPremisesSamAccountName": null, "onPremisesSecurityIdentifier": null,
        "onPremisesUserPrincipalName": null,
    });
    let stamp = json!({ "onPremisesObjectIdentifier": null });
    let without = lab.world.read(|w| w.entra.caller.permissions.clone());
    lab.world.write(|w| w.entra.caller.permissions.retain(|p| !p.starts_with("User-OnPremisesSyncBehavior"))).unwrap();
    assert_eq!(lab.patch(&synced, stamp).await.status, 403, "a role alone will not do");
    lab.world.write(|w| w.entra.caller.permissions = without).unwrap();
    assert_eq!(lab.patch(&own, all).await.status, 204);
}

#[tokio::test]
async fn sensitive_changes_need_a_role_as_strong_as_the_targets() {
    let anchor = |n: usize| json!({ "onPremisesImmutableId": format!("AAAAAAAAAAAAAAAAAAAA{n}A==") });
    // An application without a role of its own reaches users without roles only.
    let mut app = world(1);
    app.entra.caller.roles.clear();
    let lab = Lab::start(app).await;
    assert_eq!(lab.patch(&user(1), anchor(1)).await.status, 204);
    assert_eq!(lab.patch(&user(9003), anchor(2)).await.code(), "Authorization_RequestDenied");
    assert_eq!(lab.patch(&user(9001), anchor(3)).await.status, 403);
    assert_eq!(lab.patch(&user(9001), json!({ "displayName": "Boss" })).await.status, 204);
    // A User Administrator reaches helpdesk, but no Global Administrator.
    let mut person = world(1);
    caller_is(&mut person, "u1", &[USER_ADMIN]);
    let lab = Lab::start(person).await;
    assert_eq!(lab.patch(&user(9003), anchor(1)).await.status, 204);
    assert_eq!(lab.patch(&user(9001), anchor(2)).await.status, 403);
    // A signed-in user with the permission alone reaches nobody.
    let mut person = world(2);
    caller_is(&mut person, "u1", &[HELPDESK]);
    let lab = Lab::start(person).await;
    assert_eq!(lab.patch(&user(2), anchor(1)).await.status, 403);
    assert_eq!(lab.patch(&user(2), json!({ "displayName": "x" })).await.status, 403);
}

#[tokio::test]
async fn the_source_of_authority_moves_and_comes_back() {
    let lab = Lab::start(world(1)).await;
    let path = format!("{}/onPremisesSyncBehavior", user(9004));
    assert_eq!(lab.get(&path).await.body["isCloudManaged"], false);
    assert_eq!(lab.patch(&path, json!({ "isCloudManaged": true })).await.status, 204);
    let state = lab.world.read(|w| {
        let user = w.entra.users.last().unwrap();
        (user.is_cloud_managed, user.on_premises_sync_enabled)
    });
    assert_eq!(state, (true, None));
    assert_eq!(lab.patch(&user(9004), json!({ "displayName": "Cloud" })).await.status, 204);
    assert_eq!(lab.patch(&path, json!({ "isCloudManaged": "yes" })).await.status, 400);
    let native = format!("{}/onPremisesSyncBehavior", user(1));
    assert_eq!(lab.patch(&native, json!({ "isCloudManaged": true })).await.status, 400);
}
