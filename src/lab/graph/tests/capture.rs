//! Replays what Microsoft's Python SDK sent, where such a capture is at hand.

use super::harness::{Lab, TENANT, user_id, world};
use reqwest::Method;
use serde_json::Value;
use std::io::Write as _;
use std::path::PathBuf;

/// The folder with the capture: `MATCHPLAN_GRAPH_DATA`, or beside the repository.
fn file() -> PathBuf {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/graph");
    std::env::var_os("MATCHPLAN_GRAPH_DATA").map_or_else(beside, PathBuf::from).join("captures/py-msgraph-sdk.jsonl")
}

/// What the lab says otherwise than the recording, and why.
fn differs(method: &str, path: &str, body: &Value) -> Option<u16> {
    match (method, path) {
        // A Python attribute's name, which Graph does not know.
        ("PATCH", _) if body.get("on_premises_immutable_id").is_some() => Some(400),
        // A count of directory objects needs ConsistencyLevel.
        ("GET", "/users/$count") => Some(400),
        _ => None,
    }
}

#[tokio::test]
async fn microsofts_python_sdk_is_understood() {
    let Ok(text) = std::fs::read_to_string(file()) else {
        // The harness swallows what a passing test prints; this must be seen.
        let _ = writeln!(std::io::stderr(), "left out: no capture at {}", file().display());
        return;
    };
    let mut tenant = world(5);
    // The recording converts a user to the cloud, so here it is a synced one, but not before it was patched.
    tenant.entra.users[0].on_premises_sync_enabled = None;
    let lab = Lab::start(tenant).await;
    let mut assignment = String::new();
    let mut replayed = 0;
    for line in text.lines().filter(|l| !l.is_empty()) {
        let recorded: Value = serde_json::from_str(line).unwrap();
        let text_of = |name: &str| recorded[name].as_str().unwrap();
        let url = text_of("url");
        let mut path = url[url.find("/v1.0").unwrap() + 5..].to_owned();
        if path.contains("$skiptoken") {
            // The recording server's own token; our own links are followed elsewhere.
            continue;
        }
        if text_of("method") == "DELETE" && path.contains("/roleAssignments/") {
            path = format!("/roleManagement/directory/roleAssignments/{assignment}");
        }
        if path.ends_with("/onPremisesSyncBehavior") && text_of("method") == "PATCH" {
            lab.world.write(|w| w.entra.users[0].on_premises_sync_enabled = Some(true)).unwrap();
        }
        let mut body = recorded["request_body"].clone();
        if let Some(requests) = body.get_mut("requests").and_then(Value::as_array_mut) {
            for request in requests {
                let local = request["url"].as_str().unwrap();
                let at = local.find("/v1.0").unwrap();
                request["url"] = format!("{}{}", lab.server.url(), &local[at..]).into();
            }
        }
        // Recorded as a list of pairs.
        let pairs: Vec<(String, String)> = serde_json::from_value(recorded["request_headers"].clone()).unwrap();
        let told = ["accept", "consistencylevel", "client-request-id", "sdkversion"];
        let headers: Vec<(String, String)> = pairs
            .into_iter()
            .map(|(name, value)| (name.to_ascii_lowercase(), value))
            .filter(|(name, _)| told.contains(&name.as_str()))
            .collect();
        let headers: Vec<(&str, &str)> = headers.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        let method = Method::from_bytes(text_of("method").as_bytes()).unwrap();
        let sent = (!body.is_null()).then_some(&body);
        let seen = lab.send(method.clone(), &path, &headers, sent).await;
        let status = u64::from(differs(method.as_str(), &path, &body).unwrap_or_default());
        let wanted = if status == 0 { recorded["status"].as_u64().unwrap() } else { status };
        assert_eq!(u64::from(seen.status), wanted, "{method} {path}: {}", seen.body);
        if seen.status == 201 {
            seen.body["id"].as_str().unwrap().clone_into(&mut assignment);
        }
        if let Some(responses) = seen.body.get("responses").and_then(Value::as_array) {
            let before = recorded["response_body"]["responses"].as_array().unwrap();
            for response in responses {
                let same = before.iter().find(|b| b["id"] == response["id"]).unwrap();
                assert_eq!(response["status"], same["status"], "{response}");
            }
        }
        replayed += 1;
    }
    assert!(replayed > 20, "{replayed} requests");
    assert!(text.contains(TENANT) && text.contains(&user_id(1)), "the world has the recording's ids");
}
