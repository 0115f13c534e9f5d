//! Answers that are none: cut connections, and what a proxy puts in the place of an answer.

use axum::body::{Body, Bytes, HttpBody as _, to_bytes};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, Response};
use futures_util::{StreamExt as _, stream};
use std::io;

fn cut_off() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionAborted, "the lab cuts this connection")
}

/// No answer: the connection is cut. A body that fails before its first octet makes the server close the connection with
/// nothing sent, the head neither.
pub fn cut() -> Response<Body> {
    Response::new(Body::from_stream(stream::iter([Err::<Bytes, _>(cut_off())])))
}

/// The answer up to the middle of its body; then the connection is cut. An answer without a body is not sent at all.
pub fn cut_in_body(answer: Response<Body>) -> Response<Body> {
    if answer.body().is_end_stream() {
        return cut();
    }
    let (head, body) = answer.into_parts();
    let half = async {
        let whole = to_bytes(body, usize::MAX).await.map_err(io::Error::other)?;
        Ok(whole.slice(..whole.len() / 2))
    };
    let end = async {
        // Lets the server send what it has before it learns of the end.
        tokio::task::yield_now().await;
        Err(cut_off())
    };
    let body = stream::once(half).chain(stream::once(end));
    Response::from_parts(head, Body::from_stream(body))
}

/// What a proxy answers that would rather have somebody sign in to it first: status 200, and no JSON.
pub fn proxy_page() -> Response<Body> {
    let mut response = Response::new(Body::from("<!DOCTYPE html><title>Sign in to the network</title>\n"));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/html"));
    response
}
