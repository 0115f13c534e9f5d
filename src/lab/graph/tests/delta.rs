use super::harness::{Lab, user_id, world};
use reqwest::Method;
use serde_json::json;

/// Follows the links to the round's end; returns the items and the delta link.
async fn round(lab: &Lab, start: &str) -> (Vec<serde_json::Value>, String) {
    let (mut items, mut target) = (Vec::new(), start.to_owned());
    loop {
        let page = lab.get(&target).await;
        assert_eq!(page.status, 200, "{}", page.body);
        items.extend(page.body["value"].as_array().unwrap().iter().cloned());
        match page.body["@odata.nextLink"].as_str() {
            Some(next) => next.clone_into(&mut target),
            None => return (items, page.body["@odata.deltaLink"].as_str().unwrap().to_owned()),
        }
    }
}

#[tokio::test]
async fn a_delta_shows_all_once_and_then_only_changes() {
    let lab = Lab::start(world(130)).await;
    let (all, link) = round(&lab, "/users/delta()?$select=displayName").await;
    assert_eq!(all.len(), 134);
    let (none, link) = round(&lab, &link).await;
    assert_eq!(none.len(), 0);
    lab.patch(&format!("/users/{}", user_id(1)), json!({ "displayName": "Jane" })).await;
    lab.world
        .write(|w| {
            let gone = w.entra.users.remove(1);
            w.entra.deleted_users.push(gone);
            w.entra.users.remove(1);
        })
        .unwrap();
    let (changes, link) = round(&lab, &link).await;
    assert_eq!(changes[0], json!({ "id": user_id(1), "displayName": "Jane" }));
    assert_eq!(changes[1], json!({ "id": user_id(2), "@removed": { "reason": "changed" } }));
    assert_eq!(changes[2], json!({ "id": user_id(3), "@removed": { "reason": "deleted" } }));
    assert_eq!(changes.len(), 3);
    assert_eq!(round(&lab, &link).await.0.len(), 0);
}

#[tokio::test]
async fn a_delta_may_start_from_now_and_old_links_end() {
    let lab = Lab::start(world(2)).await;
    let (none, link) = round(&lab, "/users/delta?$deltatoken=latest").await;
    assert_eq!(none.len(), 0);
    lab.patch(&format!("/users/{}", user_id(1)), json!({ "displayName": "Jane" })).await;
    assert_eq!(round(&lab, &link).await.0.len(), 1);
    assert_eq!(lab.get("/users/delta?$select=nonsense").await.status, 400);
    assert_eq!(lab.get("/users/delta?$deltatoken=x").await.status, 400);
    let other = Lab::start(world(2)).await;
    let foreign = link.replace(&lab.server.url(), &other.server.url());
    let seen = other.get(&foreign).await;
    assert_eq!((seen.status, seen.code()), (410, "syncStateNotFound"));
}

#[tokio::test]
async fn only_changes_of_what_is_selected_are_told_and_minimal_ones_alone() {
    let lab = Lab::start(world(3)).await;
    let (first, link) = round(&lab, "/users/delta?$select=displayName,onPremisesImmutableId,mail").await;
    let one = first.iter().find(|user| user["id"] == user_id(1)).unwrap();
    assert_eq!(one.get("onPremisesImmutableId"), None, "what was never set is left out");
    lab.patch(&format!("/users/{}", user_id(2)), json!({ "givenName": "Nobody asked" })).await;
    let anchor = json!({ "onPremisesImmutableId": "GGhsjYwBEU+buBsE4sqhtg==" });
    assert_eq!(lab.patch(&format!("/users/{}", user_id(1)), anchor).await.status, 204);
    let minimal = lab.send(Method::GET, &link, &[("Prefer", "return=minimal")], None).await;
    let expected = json!([{ "id": user_id(1), "onPremisesImmutableId": "GGhsjYwBEU+buBsE4sqhtg==" }]);
    assert_eq!(minimal.body["value"], expected);
    let (changes, link) = round(&lab, &link).await;
    assert_eq!(changes.len(), 1);
    assert_eq!(changes[0]["mail"], one["mail"], "the rest comes along, unless it is asked not to");
    lab.patch(&format!("/users/{}", user_id(1)), json!({ "onPremisesImmutableId": null })).await;
    let (changes, _) = round(&lab, &link).await;
    assert_eq!(changes[0]["onPremisesImmutableId"], json!(null), "what was set before is told to be null now");
}

#[tokio::test]
async fn a_filter_tracks_single_users_and_a_purge_is_told() {
    let lab = Lab::start(world(5)).await;
    let filter = format!("/users/delta?$select=id&$filter=id eq '{}' or id eq '{}'", user_id(1), user_id(2));
    let (two, link) = round(&lab, &filter.replace(' ', "%20")).await;
    assert_eq!(two.len(), 2);
    assert_eq!(lab.get("/users/delta?$filter=startsWith(displayName,'a')").await.code(), "Request_UnsupportedQuery");
    lab.world
        .write(|w| {
            let gone = w.entra.users.remove(0);
            w.entra.deleted_users.push(gone);
            w.entra.users.remove(2);
        })
        .unwrap();
    let (changes, link) = round(&lab, &link).await;
    assert_eq!(changes, [json!({ "id": user_id(1), "@removed": { "reason": "changed" } })]);
    assert_eq!(lab.delete(&format!("/directory/deletedItems/{}", user_id(1))).await.status, 204);
    let (changes, _) = round(&lab, &link).await;
    assert_eq!(changes, [json!({ "id": user_id(1), "@removed": { "reason": "deleted" } })]);
}

#[tokio::test]
async fn pages_are_as_large_as_preferred_and_links_live_seven_days() {
    let lab = Lab::start(world(250)).await;
    let page = lab.send(Method::GET, "/users/delta", &[("Prefer", "odata.maxpagesize=200")], None).await;
    assert_eq!(page.body["value"].as_array().unwrap().len(), 200);
    let (_, link) = round(&lab, "/users/delta?$select=id").await;
    lab.world.write(|w| w.clock += jiff::SignedDuration::from_hours(7 * 24 + 1)).unwrap();
    assert_eq!(lab.get(&link).await.status, 410);
}
