//! Whatever is linked: rollback undoes apply before the cycle, and after it there is nothing left to plan. On some
//! random choices among the links of Contoso that can succeed.

use super::linking::assert_same;
use crate::support::site::{Backend, Site, Wishes};
use proptest::sample::subsequence;
use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::TestRunner;

/// How many choices; each is a company of its own.
const CHOICES: usize = 5;

/// The links of `plans/contoso.toml`, with the file's head before them.
fn contoso() -> (String, Vec<String>) {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/plans/contoso.toml")).unwrap();
    let mut parts = text.split("[[link]]");
    let head = parts.next().unwrap().to_owned();
    (head, parts.map(|link| format!("[[link]]{link}")).collect())
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rollback_undoes_apply_and_apply_leaves_nothing_to_plan() {
    let (head, links) = contoso();
    let all = links.len();
    let mut random = TestRunner::deterministic();
    let choice = subsequence(links, 1..=all);
    for number in 0..CHOICES {
        let chosen = choice.new_tree(&mut random).unwrap().current();
        let text = format!("{head}{}", chosen.concat());
        let site = Site::contoso(Backend::Embedded, &format!("identity-{number}")).await.unwrap();
        site.write("plans/wave.toml", &text);
        let before = site.read().await;
        let roles = site.grants();
        if site.run(&["plan", "--detailed-exitcode"]).await.code == 0 {
            continue; // The one link that is formed already.
        }

        let sync = vec![("trigger", "\"wait\"".to_owned()), ("timeout", "\"1h\"".to_owned())];
        site.configure(&Wishes { sync, ..Wishes::default() });
        let mut applying = site.start(&["apply", "--yes"]);
        applying.until("waits for the scheduler's next cycle").await;
        applying.interrupt();
        applying.end().await.expect(130);
        site.run(&["rollback", "--yes", "--allow", "role-grants"]).await.expect(0);
        assert_same(&site.read().await, &before);
        assert_eq!(site.grants(), roles, "{text}");

        site.configure(&Wishes::default());
        site.run(&["apply", "--yes"]).await.expect(0);
        assert_eq!(site.grants(), roles, "{text}");
        let again = site.run(&["plan", "--detailed-exitcode"]).await;
        assert_eq!(again.code, 0, "{text}\n{}", again.out);
        site.run(&["status"]).await.expect(0).shows(" 0 drifted");
    }
}
