use super::harness::{Lab, TENANT, TOKEN, user_id, world};
use reqwest::Method;
use serde_json::{Value, json};

#[tokio::test]
async fn pages_lead_through_all_users_once() {
    let lab = Lab::start(world(250)).await;
    let mut target = "/users?$select=id,userPrincipalName,proxyAddresses".to_owned();
    let (mut ids, mut pages) = (Vec::new(), 0);
    loop {
        let page = lab.get(&target).await;
        assert_eq!(page.status, 200);
        pages += 1;
        ids.extend(page.column("id").iter().map(|id| (*id).to_owned()));
        match page.body["@odata.nextLink"].as_str() {
            Some(link) => target = link.to_owned(),
            None => break,
        }
    }
    assert_eq!(pages, 3);
    assert_eq!(ids.len(), 254);
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 254);
}

#[tokio::test]
async fn a_page_goes_on_after_its_last_user_even_if_users_went_away() {
    let lab = Lab::start(world(6)).await;
    let first = lab.get("/users?$top=3&$select=userPrincipalName").await;
    let link = first.body["@odata.nextLink"].as_str().unwrap().to_owned();
    lab.world.write(|w| w.entra.users.remove(0)).unwrap();
    let second = lab.get(&link).await;
    assert_eq!(second.column("userPrincipalName"), ["u4@contoso.com", "u5@contoso.com", "u6@contoso.com"]);
    assert_eq!(lab.get("/users?$skiptoken=made-up").await.code(), "Directory_ExpiredPageToken");
}

#[tokio::test]
async fn without_select_only_the_default_properties_come() {
    let lab = Lab::start(world(1)).await;
    let seen = lab.get(&format!("/users/{}", user_id(1))).await;
    let mut names: Vec<&str> = seen.body.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(
        names,
        [
            "@odata.context",
            "businessPhones",
            "displayName",
            "givenName",
            "id",
            "jobTitle",
            "mail",
            "mobilePhone",
            "officeLocation",
            "preferredLanguage",
            "surname",
            "userPrincipalName"
        ]
    );
    let seen = lab.get("/users/U1%40contoso.com?$select=id,onPremisesImmutableId,otherMails").await;
    assert_eq!(seen.body["id"], user_id(1));
    assert_eq!((&seen.body["onPremisesImmutableId"], &seen.body["otherMails"]), (&Value::Null, &json!([])));
    assert!(
        seen.body["@odata.context"].as_str().unwrap().ends_with("#users(id,onPremisesImmutableId,otherMails)/$entity")
    );
    let by_key = lab.get("/users(userPrincipalName='u1@contoso.com')?$select=id").await;
    assert_eq!(by_key.body["id"], user_id(1));
}

// rule: 1.5-beta
#[tokio::test]
async fn the_stamp_is_in_beta_only() {
    let lab = Lab::start(world(1)).await;
    let refused = lab.get("/users?$select=id,onPremisesObjectIdentifier").await;
    assert_eq!((refused.status, refused.code()), (400, "BadRequest"));
    assert!(refused.message().contains("Could not find a property named 'onPremisesObjectIdentifier'"));
    let seen = lab.get("/beta/users/synced@contoso.com?$select=onPremisesObjectIdentifier").await;
    assert_eq!(seen.body["onPremisesObjectIdentifier"], "88666888-0101-1111-bbbb-1234567890ab");
}

#[tokio::test]
async fn filters_find_what_they_say() {
    let lab = Lab::start(world(12)).await;
    let all = 16;
    for (filter, wanted) in [
        ("userPrincipalName eq 'U3@CONTOSO.com'", vec!["u3"]),
        ("proxyAddresses/any(x:x eq 'smtp:alias+u7@contoso.com')", vec!["u7"]),
        ("proxyAddresses/any(p:startsWith(p,'smtp:alias+u1'))", vec!["u1", "u10", "u11", "u12"]),
        ("onPremisesImmutableId eq 'iGhmiAEBERG7uxI0VniQqw=='", vec!["synced"]),
        ("onPremisesSyncEnabled eq true and startswith(displayName,'user s')", vec!["synced"]),
        (
            "mail in ('u1@contoso.com','u2@contoso.com') or USERPRINCIPALNAME eq 'u5@contoso.com'",
            vec!["u1", "u2", "u5"],
        ),
        ("(mail eq 'u1@contoso.com' or mail eq 'u2@contoso.com') and displayName eq 'User u2'", vec!["u2"]),
        ("id eq '00000004-0000-4000-8000-000000000000'", vec!["u4"]),
        ("displayName eq 'O''Brien & #1'", vec![]),
    ] {
        assert_eq!(lab.find(filter, false).await.unwrap(), wanted, "{filter}");
    }
    for (filter, count) in [
        ("endsWith(mail,'@contoso.com')", all),
        ("not(onPremisesSyncEnabled eq true)", all - 1),
        ("onPremisesSyncEnabled ne true", all - 1),
        ("proxyAddresses/$count eq 0", 0),
        ("not proxyAddresses/any(x:endsWith(x,'@contoso.com'))", 0),
        ("onPremisesLastSyncDateTime ge 2026-07-01T00:00:00Z", 1),
        ("onPremisesImmutableId eq null", all - 1),
    ] {
        assert_eq!(lab.find(filter, true).await.unwrap().len(), count, "{filter}");
        let refused = lab.find(filter, false).await.unwrap_err();
        assert!(refused.starts_with("Request_UnsupportedQuery"), "{filter}: {refused}");
    }
}

#[tokio::test]
async fn filters_that_graph_refuses_are_refused() {
    let lab = Lab::start(world(1)).await;
    for (filter, code) in [
        ("mail", "BadRequest"),
        ("nonsense eq 'x'", "BadRequest"),
        ("contains(mail,'x')", "BadRequest"),
        ("accountEnabled eq 'true'", "BadRequest"),
        ("proxyAddresses eq 'x'", "BadRequest"),
        ("onPremisesDistinguishedName eq 'x'", "Request_UnsupportedQuery"),
        ("mail/any(x:x eq 'x')", "Request_UnsupportedQuery"),
    ] {
        let refused = lab.find(filter, true).await.unwrap_err();
        assert!(refused.starts_with(code), "{filter}: {refused}");
    }
    let many: Vec<String> = (0..16).map(|n| format!("mail eq '{n}'")).collect();
    assert!(lab.find(&many.join(" or "), false).await.unwrap_err().contains("Max allowed: 15"));
}

#[tokio::test]
async fn plus_is_a_space_and_the_dollar_may_be_escaped() {
    let lab = Lab::start(world(2)).await;
    let seen = lab.get("/users?%24select=id&%24filter=mail+eq+%27u2%40contoso.com%27").await;
    assert_eq!(seen.column("id"), [user_id(2)]);
    let raw_plus =
        lab.get("/users?$select=id&$filter=proxyAddresses/any(x:x%20eq%20'smtp:alias+u2@contoso.com')").await;
    assert_eq!(raw_plus.column("id"), Vec::<&str>::new());
}

#[tokio::test]
async fn options_out_of_range_are_refused() {
    let lab = Lab::start(world(2)).await;
    for target in [
        "/users?$skip=1",
        "/users?$top=0",
        "/users?$top=1000",
        "/users?$top=x",
        "/users?$select=nonsense",
        "/users?$expand=nonsense",
        "/users?$orderby=nonsense",
        "/users?$count=maybe",
        "/users?$search=%22displayName:u%22",
        "/users?$select=id&$select=mail",
        "/users/$count",
        "/domains?$filter=id%20eq%20'x'",
        "/users/u1@contoso.com?$filter=mail%20eq%20'x'",
        "/nonsense",
    ] {
        assert_eq!(lab.get(target).await.status, 400, "{target}");
    }
    assert_eq!(lab.get("/users?$top=999").await.status, 200);
}

#[tokio::test]
async fn counting_and_sorting_follow_the_advanced_rules() {
    let lab = Lab::start(world(3)).await;
    let counted = lab.get_eventual("/users?$count=true&$top=2&$orderby=displayName%20desc&$select=displayName").await;
    assert_eq!(counted.body["@odata.count"], 7);
    assert_eq!(counted.column("displayName"), ["User u3", "User u2"]);
    assert_eq!(lab.get("/users?$count=true").await.body.get("@odata.count"), None);
    assert_eq!(lab.get_eventual("/users/$count").await.body, 7);
    let filtered = "/users?$orderby=displayName&$select=id&$filter=endsWith(mail,'@contoso.com')&$count=true";
    assert_eq!(lab.get_eventual(filtered).await.status, 200);
    let default = "/users?$orderby=displayName&$select=id&$filter=startsWith(mail,'u')";
    assert_eq!(lab.get(default).await.code(), "Request_UnsupportedQuery");
}

#[tokio::test]
async fn the_rest_of_the_tenant_is_there() {
    let lab = Lab::start(world(1)).await;
    let organization = lab.get("/organization").await;
    assert_eq!(organization.body["value"][0]["onPremisesLastSyncDateTime"], "2026-08-20T11:40:00Z");
    assert_eq!(lab.get(&format!("/organization/{TENANT}")).await.body["displayName"], "Contoso");
    let domains = lab.get("/domains").await;
    assert_eq!(domains.body["value"][2]["authenticationType"], "Federated");
    assert_eq!(domains.body["value"][2]["isRoot"], false);
    assert_eq!(lab.get("/domains/CONTOSO.com").await.body["isVerified"], true);
    assert_eq!(lab.get("/domains/nowhere.example").await.status, 404);
    let groups = lab.get("/groups?$select=id,mail,proxyAddresses,onPremisesSyncEnabled").await;
    assert_eq!(groups.body["value"][0]["proxyAddresses"], json!(["SMTP:sales@contoso.com"]));
    let by_address = "/contacts?$filter=proxyAddresses/any(x:x%20eq%20'smtp:partner@fabrikam.com')&$select=id";
    assert_eq!(lab.get(by_address).await.column("id").len(), 1);
    assert_eq!(lab.get("/groups").await.status, 200);
    assert_eq!(lab.get("/contacts").await.status, 200);
    assert_eq!(lab.get("/directory/administrativeUnits").await.column("displayName"), ["Berlin"]);
    let roles = lab.get(&format!("/users/{}/memberOf", user_id(9001))).await;
    assert_eq!(roles.column("displayName"), ["Global Administrator"]);
}

// rule: 1.1-permanent-switches
#[tokio::test]
async fn sync_switches_are_set_one_by_one_and_some_for_ever() {
    let lab = Lab::start(world(1)).await;
    let path = format!("/directory/onPremisesSynchronization/{TENANT}");
    assert_eq!(lab.get("/directory/onPremisesSynchronization").await.body["value"][0]["id"], TENANT);
    let body = json!({ "features": { "blockSoftMatchEnabled": true, "softMatchOnUpnEnabled": true } });
    assert_eq!(lab.patch(&path, body).await.status, 204);
    let features = lab.get(&path).await.body["features"].clone();
    assert_eq!((&features["blockSoftMatchEnabled"], &features["passwordSyncEnabled"]), (&json!(true), &json!(false)));
    assert_eq!(features.as_object().unwrap().len(), 20);
    let back = json!({ "features": { "blockSoftMatchEnabled": false, "softMatchOnUpnEnabled": false } });
    assert_eq!(lab.patch(&path, back).await.status, 400);
    assert!(lab.world.read(|w| w.entra.features.block_soft_match_enabled), "a refused change changes nothing");
    assert_eq!(lab.patch(&path, json!({ "features": { "nonsense": true } })).await.status, 400);
    let threshold = json!({ "accidentalDeletionPrevention": { "alertThreshold": 20 } });
    assert_eq!(lab.patch(&path, json!({ "configuration": threshold })).await.status, 204);
    let seen = lab.get(&path).await;
    assert_eq!(seen.body["configuration"]["accidentalDeletionPrevention"]["alertThreshold"], 20);
    assert_eq!(lab.patch(&path, json!({ "configuration": { "nonsense": 1 } })).await.status, 400);
}

#[tokio::test]
async fn answers_carry_graphs_headers_and_errors_graphs_shape() {
    let lab = Lab::start(world(1)).await;
    let id = "bec86679-dfa6-4ff5-b60f-59c12b3746dc";
    let seen = lab.send(Method::GET, "/users/nobody@contoso.com", &[("client-request-id", id)], None).await;
    assert_eq!((seen.status, seen.code()), (404, "Request_ResourceNotFound"));
    assert_eq!(seen.body["error"]["innerError"]["client-request-id"], id);
    assert_eq!(seen.body["error"]["innerError"]["date"], "2026-08-20T12:00:00");
    assert_eq!(seen.headers["client-request-id"], id);
    assert_eq!(seen.body["error"]["innerError"]["request-id"], seen.headers["request-id"].to_str().unwrap());
    let good = lab.get("/users?$select=id&$top=5").await;
    assert_eq!(good.headers["odata-version"], "4.0");
    assert_eq!(good.headers["x-ms-resource-unit"], "1");
    assert!(good.headers["content-type"].to_str().unwrap().contains("odata.metadata=minimal"));
}

#[tokio::test]
async fn requests_without_a_good_token_or_permission_are_refused() {
    let mut poor = world(1);
    poor.entra.caller.permissions = vec!["User.ReadBasic.All".to_owned()];
    let lab = Lab::start(poor).await;
    for token in ["", "Bearer wrong", "Basic abc"] {
        let seen = lab.send(Method::GET, "/users", &[("authorization", token)], None).await;
        assert_eq!((seen.status, seen.code()), (401, "InvalidAuthenticationToken"), "{token}");
        assert!(seen.headers["www-authenticate"].to_str().unwrap().starts_with("Bearer "));
        assert!(!seen.body.to_string().contains(TOKEN));
    }
    for target in ["/users?$select=onPremisesImmutableId", "/domains", "/directory/onPremisesSynchronization"] {
        let seen = lab.get(target).await;
        assert_eq!((seen.status, seen.code()), (403, "Authorization_RequestDenied"), "{target}");
    }
    assert_eq!(lab.get("/users?$select=id,mail").await.status, 200);
    assert_eq!(lab.get("/me").await.status, 403);
}
