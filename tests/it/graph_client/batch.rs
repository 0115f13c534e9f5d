//! `$batch` against a server that answers by script: refusals inside of it, lost answers, pages that go on.

use super::{Seen, clock, lines, reply, serve, with_token};
use axum::body::Body;
use axum::http::Response;
use jiff::SignedDuration;
use matchplan::directory::entra::permission::Operation;
use matchplan::directory::entra::request::Request;
use matchplan::directory::error::ErrorKind;
use reqwest::Method;
use serde_json::{Value, json};

fn get(n: usize) -> Request {
    Request::get(Operation::ReadUsers, format!("read {n}"), &["users", &n.to_string()])
}

fn patch(n: usize) -> Request {
    let request =
        Request::new(Method::PATCH, Operation::SetImmutableId, format!("set {n}"), &["users", &n.to_string()]);
    request.json(json!({"onPremisesImmutableId": null}))
}

/// The items of a batch: id and last segment of the address.
fn items(body: &str) -> Vec<(String, String)> {
    let body: Value = serde_json::from_str(body).unwrap();
    let text = |item: &Value, name: &str| item[name].as_str().unwrap().to_owned();
    let last = |url: String| url.rsplit('/').next().unwrap().to_owned();
    body["requests"].as_array().unwrap().iter().map(|item| (text(item, "id"), last(text(item, "url")))).collect()
}

/// Answers every item of a batch by its address, in reverse order.
fn answered(body: &str, answer: impl Fn(&str) -> Value) -> Response<Body> {
    let responses = items(body).into_iter().rev().map(|(id, n)| {
        let mut one = answer(&n);
        one["id"] = id.into();
        one
    });
    reply(200, &[], &json!({"responses": responses.collect::<Vec<_>>()}))
}

#[tokio::test]
async fn only_what_was_throttled_is_sent_again_after_its_wait() {
    let (base, log) = serve(|_, seen, before| {
        answered(&seen.body, |n| match (n, before) {
            ("2", 0) => json!({"status": 429, "headers": {"Retry-After": "2.128"}}),
            ("3", 0) => json!({"status": 429, "headers": {"Retry-After": "1"}}),
            ("4", _) => {
                json!({"status": 404, "body": {"error": {"code": "Request_ResourceNotFound", "message": "gone"}}})
            }
            _ => json!({"status": 200, "body": {"n": n}}),
        })
    })
    .await;
    let clock = clock();
    let graph = with_token(&base, &clock);
    let outcomes = graph.batch(&[get(1), get(2), get(3), get(4)]).await;
    assert!(clock.slept().contains(&SignedDuration::from_millis(2128)), "{:?}", clock.slept());
    for (n, outcome) in [(1, 0), (2, 1), (3, 2)] {
        assert_eq!(outcomes[outcome].as_ref().unwrap().as_ref().unwrap()["n"], n.to_string());
    }
    assert_eq!(outcomes[3].as_ref().unwrap_err().kind, ErrorKind::NotFound);
    let log = log.lock().unwrap();
    let numbers = |seen: &Seen| {
        let in_batch = seen.line.contains("$batch").then(|| items(&seen.body).into_iter().map(|(_, n)| n).collect());
        in_batch.unwrap_or_else(|| vec![seen.line.rsplit('/').next().unwrap().to_owned()])
    };
    let mut again: Vec<String> = log[1..].iter().flat_map(numbers).collect();
    again.sort();
    assert_eq!(again, ["2", "3"]);
}

#[tokio::test]
async fn many_requests_keep_their_order_over_batches_and_versions() {
    let (base, log) = serve(|_, seen, _| answered(&seen.body, |n| json!({"status": 200, "body": n}))).await;
    let requests: Vec<Request> = (0..45).map(|n| if n % 3 == 0 { get(n).beta() } else { get(n) }).collect();
    let outcomes = with_token(&base, &clock()).batch(&requests).await;
    let read: Vec<Option<Value>> = outcomes.into_iter().map(Result::unwrap).collect();
    let wanted: Vec<Option<Value>> = (0..45).map(|n| Some(n.to_string().into())).collect();
    assert_eq!(read, wanted);
    let mut lines = lines(&log);
    lines.sort();
    assert_eq!(lines, ["POST /beta/$batch", "POST /v1.0/$batch", "POST /v1.0/$batch"]);
}

#[tokio::test]
async fn a_write_whose_answer_is_missing_may_have_been_done() {
    let (base, _) = serve(|_, _, _| {
        reply(200, &[], &json!({"responses": [{"id": "1", "status": 204}, {"id": "3", "status": 503}]}))
    })
    .await;
    let outcomes = with_token(&base, &clock()).batch(&[patch(1), patch(2), patch(3)]).await;
    assert_eq!(outcomes[0], Ok(None));
    assert_eq!(outcomes[1].as_ref().unwrap_err().kind, ErrorKind::OutcomeUnknown);
    assert_eq!(outcomes[2].as_ref().unwrap_err().kind, ErrorKind::Busy);
}

#[tokio::test]
async fn a_batch_of_reads_goes_again_where_one_of_writes_does_not() {
    let (base, log) = serve(|_, seen, before| match before {
        0 | 1 => reply(503, &[], &Value::Null),
        _ => answered(&seen.body, |_| json!({"status": 200, "body": {}})),
    })
    .await;
    let clock = clock();
    let graph = with_token(&base, &clock);
    let writes = graph.batch(&[patch(1), patch(2)]).await;
    assert!(writes.iter().all(|write| write.as_ref().unwrap_err().kind == ErrorKind::Busy), "{writes:?}");
    assert_eq!(log.lock().unwrap().len(), 1);
    assert!(graph.batch(&[get(1), get(2)]).await.iter().all(Result::is_ok));
    assert_eq!(log.lock().unwrap().len(), 3);
}

#[tokio::test]
async fn a_refused_batch_is_the_failure_of_each_of_its_requests() {
    let (base, _) = serve(|_, _, _| reply(403, &[], &json!({"error": {"code": "Authorization_RequestDenied"}}))).await;
    let outcomes = with_token(&base, &clock()).batch(&[get(1), get(2)]).await;
    let errors: Vec<_> = outcomes.into_iter().map(Result::unwrap_err).collect();
    assert_eq!((errors[0].what.as_str(), errors[1].what.as_str()), ("read 1", "read 2"));
    assert!(errors.iter().all(|error| error.kind == ErrorKind::Forbidden));
}

#[tokio::test]
async fn a_collection_in_a_batch_is_read_to_its_end() {
    let (base, log) = serve(|base, seen, _| {
        if seen.line.contains("$batch") {
            return answered(&seen.body, |n| {
                let next = format!("{base}/v1.0/more/{n}");
                json!({"status": 200, "body": {"value": [{"id": n}], "@odata.nextLink": next}})
            });
        }
        let n = seen.line.rsplit('/').next().unwrap();
        reply(200, &[], &json!({"value": [{"id": format!("{n}+")}]}))
    })
    .await;
    let lists = with_token(&base, &clock()).batch_lists(&[get(1), get(2)]).await;
    let ids: Vec<Vec<String>> = lists
        .into_iter()
        .map(|list| list.unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect())
        .collect();
    assert_eq!(ids, [["1", "1+"], ["2", "2+"]]);
    assert_eq!(lines(&log).len(), 3);
}
