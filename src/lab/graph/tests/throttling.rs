//! Throttling over HTTP. The windows last an hour, so that nothing here depends on how fast a machine is.

use super::harness::{Lab, user_id, world};
use crate::lab::faults::Faults;
use crate::lab::manners::{Manners, Pace};
use serde_json::{Value, json};
use std::time::Duration;

async fn patch(lab: &Lab, number: usize) -> super::harness::Seen {
    lab.patch(&format!("/users/{}", user_id(number)), json!({ "displayName": format!("Jane {number}") })).await
}

#[tokio::test]
async fn so_many_writes_pass_and_the_next_is_told_when_to_come_back() {
    let lab = Lab::throttled(world(5), "off,writes=4/1h").await;
    for number in 1..=4 {
        let passed = patch(&lab, number).await;
        assert_eq!((passed.status, &passed.headers["x-ms-resource-unit"]), (204, &"1".parse().unwrap()));
        let told = passed.headers.get("x-ms-throttle-limit-percentage").map(|share| share.to_str().unwrap());
        assert_eq!(told, if number == 4 { Some("1.00") } else { None }, "{number}");
    }
    let refused = patch(&lab, 5).await;
    assert_eq!((refused.status, refused.code()), (429, "TooManyRequests"));
    let after: u32 = refused.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((3_500..=3_600).contains(&after), "{after}");
    assert_eq!(refused.headers["x-ms-throttle-information"], "WriteLimitExceeded");
    assert_eq!(refused.headers["x-ms-throttle-limit-percentage"], "1.25");
    let scope = refused.headers["x-ms-throttle-scope"].to_str().unwrap();
    assert!(scope.starts_with("Tenant_Application/Write/"), "{scope}");
    assert_eq!(lab.get("/users").await.status, 200, "reads have their own limit");
    assert_eq!(lab.world.read(|w| w.entra.users[4].display_name.clone()).as_deref(), Some("User u5"));
}

#[tokio::test]
async fn each_request_of_a_batch_counts_for_itself() {
    let lab = Lab::throttled(world(5), "off,writes=2/1h").await;
    let item = |n: usize| {
        json!({ "id": n.to_string(), "method": "PATCH", "url": format!("/users/{}", user_id(n)),
            "headers": { "Content-Type": "application/json" }, "body": { "displayName": "x" } })
    };
    let batch = json!({ "requests": (1..=4).map(item).collect::<Vec<_>>() });
    let seen = lab.post("/$batch", batch).await;
    assert_eq!(seen.status, 200, "the batch itself is never throttled");
    let mut responses = seen.body["responses"].as_array().unwrap().clone();
    responses.sort_by_key(|response| response["id"].as_str().unwrap().to_owned());
    let statuses: Vec<&Value> = responses.iter().map(|response| &response["status"]).collect();
    assert_eq!(statuses, [204, 204, 429, 429]);
    assert!(responses[3]["headers"]["Retry-After"].is_string());
    assert_eq!(responses[3]["body"]["error"]["code"], "TooManyRequests");
    assert_eq!(responses[0]["headers"]["x-ms-resource-unit"], "1");
}

#[tokio::test]
async fn a_silent_throttle_says_neither_what_is_left_nor_when() {
    let lab = Lab::throttled(world(2), "off,writes=1/1h,silent,no-retry-after").await;
    patch(&lab, 1).await;
    let refused = patch(&lab, 2).await;
    assert_eq!(refused.status, 429);
    assert!(refused.headers.keys().all(|name| !name.as_str().starts_with("x-ms-") && name != "retry-after"));
}

#[tokio::test]
async fn resource_units_go_by_what_is_asked() {
    let lab = Lab::throttled(world(30), "published").await;
    let units = async |target: &str| lab.get(target).await.headers["x-ms-resource-unit"].to_str().unwrap().to_owned();
    let id = user_id(1);
    for (target, expected) in [
        ("/users".to_owned(), "2"),
        ("/users?$select=id".to_owned(), "1"),
        ("/users?$top=19".to_owned(), "1"),
        ("/users?$top=20".to_owned(), "2"),
        ("/users?$select=id&$top=5".to_owned(), "1"),
        ("/users/delta".to_owned(), "2"),
        (format!("/users/{id}"), "1"),
        (format!("/users/{id}/memberOf"), "2"),
        ("/groups/00007001-0000-4000-8000-000000000000/members".to_owned(), "3"),
        ("/domains".to_owned(), "1"),
        ("/users/nobody@contoso.com".to_owned(), "1"),
    ] {
        assert_eq!(units(&target).await, expected, "{target}");
    }
}

#[tokio::test]
async fn what_was_served_is_counted() {
    let manners = Manners { throttle: "off,writes=1/1h".parse().unwrap(), ..Manners::default() };
    let usage = std::sync::Arc::clone(&manners.usage);
    let lab = Lab::serving(world(3), Faults::none(), manners).await;
    patch(&lab, 1).await;
    patch(&lab, 2).await;
    let get = |n: usize| json!({ "id": n.to_string(), "method": "GET", "url": format!("/users/{}", user_id(n)) });
    lab.post("/$batch", json!({ "requests": [get(1), get(2), get(3)] })).await;
    let graph = usage.reset().graph;
    assert_eq!((graph.exchanges, graph.requests, graph.inner_requests, graph.batches), (3, 5, 3, 1));
    assert_eq!((graph.writes, graph.resource_units, graph.throttled, graph.peak_writes), (1, 4, 1, 1));
    assert_eq!(usage.now().graph.requests, 0);
}

#[tokio::test]
async fn latency_is_waited_for_together() {
    let pace = Pace { latency: Duration::from_millis(300), batch_write: Duration::from_millis(1) };
    let manners = Manners { pace, ..Manners::default() };
    let usage = std::sync::Arc::clone(&manners.usage);
    let lab = Lab::serving(world(3), Faults::none(), manners).await;
    let all = futures_util::future::join_all((0..100).map(|_| lab.get("/users?$top=1"))).await;
    assert!(all.iter().all(|seen| seen.status == 200));
    assert!(usage.now().graph.peak_in_flight > 50, "{:?}", usage.now());
}
