//! A message that is piped into `matchplan explain -`, as it comes out of a log.

use crate::support::program::PROGRAM;
use std::io::Write as _;
use std::process::{Command, Stdio};

fn piped(message: &[u8]) -> (Option<i32>, String, String) {
    let mut child = Command::new(PROGRAM)
        .args(["explain", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    child.stdin.take().unwrap().write_all(message).expect("it reads");
    let ran = child.wait_with_output().expect("it ends");
    let text = |octets: Vec<u8>| String::from_utf8(octets).expect("UTF-8");
    (ran.status.code(), text(ran.stdout), text(ran.stderr))
}

#[test]
fn a_message_of_several_lines_finds_its_page_from_standard_input() {
    let (code, out, err) = piped(
        b"TimeOccurred (UTC) 2026-10-20 23:51:28\r\nErrorType 114\r\nErrorLiteral This synchronization operation,\r\n  \
          Delete, is not valid. Tracking Id: 09fb1e9b\r\n\xfe\x1b[31m",
    );
    assert_eq!((code, err.as_str()), (Some(0), ""));
    assert!(out.starts_with("error-type-114\n"), "{out}");
    assert!(!out.contains('\u{1b}'), "what was pasted is not shown");
}

#[test]
fn a_message_without_a_page_ends_with_1_and_shows_the_way() {
    for message in [&b"all is well"[..], b"", b"\r\n"] {
        let (code, out, err) = piped(message);
        assert_eq!((code, out.as_str()), (Some(1), ""));
        assert!(err.contains("matchplan explain"), "{err}");
    }
}
