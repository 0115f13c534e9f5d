use super::harness::{Lab, user_id, world};
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
