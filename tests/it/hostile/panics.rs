//! A panic is told without its text.

use matchplan::cli::exit::Exit;
use matchplan::cli::fault::contained;
use std::process::Command;

const CHILD: &str = "MATCHPLAN_TEST_PANICS";
const SECRET: &str = "hunter2-in-a-panic";

/// Runs itself once more, as a process whose standard error can be read whole.
#[test]
fn a_panic_says_where_and_what_next_and_never_what() {
    let name = "hostile::panics::a_panic_says_where_and_what_next_and_never_what";
    if std::env::var_os(CHILD).is_some() {
        let exit = contained(" --lab".to_owned(), None, || {
            let value = Some(SECRET).filter(|value| value.is_empty());
            // Its text holds the value, as `expect` and `assert_eq` do.
            value.ok_or(SECRET).unwrap();
            Exit::Success
        });
        assert_eq!(exit, Exit::Error);
        return;
    }
    let program = std::env::current_exe().unwrap();
    let child = Command::new(program).args(["--exact", name, "--nocapture"]).env(CHILD, "1").output().unwrap();
    assert!(child.status.success());
    let all = format!("{}{}", String::from_utf8_lossy(&child.stdout), String::from_utf8_lossy(&child.stderr));
    assert!(!all.contains("hunter2") && !all.contains("stack backtrace"), "{all}");
    for said in [
        "has a fault of its own, at",
        "panics.rs:",
        "Nothing is lost",
        "`matchplan --lab status`",
        "`matchplan --lab apply`",
    ] {
        assert!(all.contains(said), "{said:?} is not in {all}");
    }
}
