//! Answers without end: pages that lead on for ever, and a body that fills the memory once it is unpacked.

use super::{clock, reply, serve, small_tenant, with_token};
use axum::body::Body;
use axum::http::Response;
use flate2::Compression;
use flate2::write::GzEncoder;
use matchplan::directory::error::ErrorKind;
use serde_json::json;
use std::io::Write as _;

#[tokio::test]
async fn pages_that_never_end_are_given_up_on() {
    let (base, log) = serve(|base, seen, before| {
        if seen.line.starts_with("GET /v1.0/users?") {
            let next = format!("{base}/v1.0/users?page={before}");
            return reply(200, &[], &json!({"value": [], "@odata.nextLink": next}));
        }
        small_tenant(base, seen, "")
    })
    .await;
    let error = with_token(&base, &clock()).collect(&|_| ()).await.unwrap_err();
    assert_eq!(
        (error.kind, error.detail.as_str()),
        (ErrorKind::Broken, "its pages do not end: 500 in a row held nothing")
    );
    assert!(log.lock().unwrap().len() < 600);
}

/// 65 MiB of spaces in some 66 KiB (RFC 1952: one member, stored by `gzip -9` as runs of the same octet).
fn bomb() -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    (0..65).for_each(|_| encoder.write_all(&vec![b' '; 1 << 20]).unwrap());
    encoder.finish().unwrap()
}

#[tokio::test]
async fn an_answer_that_grows_when_it_is_unpacked_is_refused() {
    let bomb = bomb();
    assert!(bomb.len() < 100_000);
    let (base, _) = serve(move |base, seen, _| {
        if seen.line.starts_with("GET /v1.0/users?") {
            let packed = Response::builder().header("content-encoding", "gzip").body(Body::from(bomb.clone()));
            return packed.unwrap();
        }
        small_tenant(base, seen, "")
    })
    .await;
    let error = with_token(&base, &clock()).collect(&|_| ()).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Broken);
    assert!(error.detail.contains("the answer is larger than 64 MB"), "{error}");
}
