use super::harness::{Lab, user_id, world};
use crate::lab::faults::{Faults, GraphFault, Rates, RetryAfter};
use serde_json::{Value, json};

/// A lab whose requests all meet this fault, each for one time.
async fn lab(fault: GraphFault) -> Lab {
    Lab::with(world(3), Faults::seeded(1, Rates::none().graph(fault, 1000).at_most_in_a_row(1))).await
}

#[tokio::test]
async fn a_fault_is_worded_as_graph_words_it() {
    let date = "Thu, 20 Aug 2026 12:00:02 GMT";
    for (fault, status, code, after) in [
        (GraphFault::Throttled(RetryAfter::Unsaid), 429, "TooManyRequests", None),
        (GraphFault::Throttled(RetryAfter::Seconds), 429, "TooManyRequests", Some("2")),
        (GraphFault::Throttled(RetryAfter::Decimal), 429, "TooManyRequests", Some("2.128")),
        (GraphFault::Throttled(RetryAfter::Date), 429, "TooManyRequests", Some(date)),
        (GraphFault::Throttled(RetryAfter::Hour), 429, "TooManyRequests", Some("3600")),
        (GraphFault::InternalError, 500, "InternalServerError", None),
        (GraphFault::BadGateway, 502, "BadGateway", None),
        (GraphFault::Unavailable(RetryAfter::Seconds), 503, "ServiceUnavailable", Some("2")),
        (GraphFault::Outage, 503, "ServiceUnavailable", None),
        (GraphFault::GatewayTimeout, 504, "GatewayTimeout", None),
    ] {
        let lab = lab(fault).await;
        let seen = lab.get(&format!("/users/{}", user_id(1))).await;
        assert_eq!((seen.status, seen.code()), (status, code));
        assert_eq!(seen.headers.get("retry-after").map(|value| value.to_str().unwrap()), after);
        let id = seen.headers["request-id"].to_str().unwrap();
        assert_eq!(seen.body["error"]["innerError"]["request-id"], id);
        assert!(!seen.message().is_empty());
    }
    let seen = lab(GraphFault::NotJson).await.get("/organization").await;
    assert_eq!((seen.status, seen.body.is_string()), (200, true));
}

#[tokio::test]
async fn a_batch_fails_in_parts() {
    let rates = Rates::none().graph(GraphFault::Throttled(RetryAfter::Seconds), 500);
    let faults = Faults::seeded(2, rates.at_most_in_a_row(1));
    let lab = Lab::with(world(20), faults.clone()).await;
    let anchors: Vec<String> = (1..=20u8).map(base64_of).collect();
    let items: Vec<Value> = (1..=20)
        .map(|n| {
            json!({ "id": n.to_string(), "method": "PATCH", "url": format!("/users/{}", user_id(n)),
                "headers": { "Content-Type": "application/json" },
                "body": { "onPremisesImmutableId": anchors[n - 1] } })
        })
        .collect();
    let body = json!({ "requests": items });
    let mut seen = lab.post("/$batch", body.clone()).await;
    if seen.status == 429 {
        seen = lab.post("/$batch", body).await;
    }
    let mut refused = 0;
    for response in seen.body["responses"].as_array().unwrap() {
        let number: usize = response["id"].as_str().unwrap().parse().unwrap();
        let done = lab.world.read(|world| world.entra.users[number - 1].on_premises_immutable_id.is_some());
        if done {
            assert_eq!(response["status"], 204);
        } else {
            refused += 1;
            assert_eq!((&response["status"], &response["headers"]["Retry-After"]), (&json!(429), &json!("2")));
            assert_eq!(response["body"]["error"]["code"], "TooManyRequests");
        }
    }
    assert!((3..=17).contains(&refused), "{refused} of 20");
    assert!(faults.told().iter().any(|told| told.request.ends_with(" in a batch")));
}

/// An anchor of sixteen equal octets.
fn base64_of(octet: u8) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode([octet; 16])
}

#[tokio::test]
async fn a_token_endpoint_that_fails_says_so_in_its_own_words() {
    let lab = lab(GraphFault::Throttled(RetryAfter::Decimal)).await;
    let form = [("grant_type", "client_credentials"), ("client_id", "x"), ("client_secret", "planted")];
    let mut failed = 0;
    for _ in 0..60 {
        let seen = lab.token(&lab.server.token_url(), &form).await;
        if seen.status == 429 {
            failed += 1;
            assert_eq!(
                (&seen.body["error"], seen.headers["retry-after"].to_str().unwrap()),
                (&json!("temporarily_unavailable"), "2.128")
            );
            assert_eq!(seen.body["error_codes"], json!([90_033]));
        }
    }
    assert!((1..=15).contains(&failed), "{failed} of 60");
}
