//! Bytes that no client would send.

use super::fixture::world;
use super::protocol::{Lab, lab};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Sends bytes, ends the sending side, and reads what comes until the server closes.
async fn send(lab: &Lab, bytes: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(lab.server.plain).await.unwrap();
    let mut answer = Vec::new();
    // The server may have closed before all is sent; that is its right.
    if stream.write_all(bytes).await.is_ok() && stream.shutdown().await.is_ok() {
        let _ = stream.read_to_end(&mut answer).await;
    }
    answer
}

#[test]
fn no_bytes_bring_the_server_down() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let lab = runtime.block_on(lab(world(), false));
    let framed = |operation: u8, body: &[u8]| {
        let inner = [&[2, 1, 1, operation, u8::try_from(body.len()).unwrap()], body].concat();
        [&[0x30, u8::try_from(inner.len()).unwrap()], inner.as_slice()].concat()
    };
    let operation = prop::sample::select(vec![0x60u8, 0x63, 0x66, 0x68, 0x4a, 0x6c, 0x6e, 0x77, 0x50, 0x42]);
    let bytes = prop::collection::vec(any::<u8>(), 0..100);
    let mut runner = TestRunner::new(Config { cases: 200, failure_persistence: None, ..Config::default() });
    let hostile = (operation, bytes);
    runner
        .run(&hostile, |(operation, bytes)| {
            runtime.block_on(async {
                send(&lab, &bytes).await;
                send(&lab, &framed(operation, &bytes)).await;
            });
            Ok(())
        })
        .unwrap();
    runtime.block_on(async { lab.bound().await });
}

#[tokio::test]
async fn a_message_that_promises_too_much_ends_the_conversation() {
    let lab = lab(world(), false).await;
    let answer = send(&lab, &[0x30, 0x84, 0x7f, 0xff, 0xff, 0xff, 0, 0, 0]).await;
    let text = String::from_utf8_lossy(&answer);
    assert!(text.contains("1.3.6.1.4.1.1466.20036") && text.contains("too long"), "{text}");
}

#[tokio::test]
async fn what_is_sent_before_the_handshake_is_not_answered_after_it() {
    let lab = lab(world(), false).await;
    let start_tls = [&[0x30, 0x1d, 2, 1, 1, 0x77, 0x18, 0x80, 0x16][..], b"1.3.6.1.4.1.1466.20037"].concat();
    let who_am_i = [&[0x30, 0x1e, 2, 1, 2, 0x77, 0x19, 0x80, 0x17][..], b"1.3.6.1.4.1.4203.1.11.3"].concat();
    let answer = send(&lab, &[start_tls, who_am_i].concat()).await;
    assert!(String::from_utf8_lossy(&answer).contains("20037"), "StartTLS itself is answered");
    assert_eq!(answer.iter().filter(|octet| **octet == 0x78).count(), 1, "and nothing else: {answer:02x?}");
}
