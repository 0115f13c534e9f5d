//! Sends every operation to both directories.

use super::cases::cases;
use super::laxer::LAXER_THAN_WINDOWS;
use super::operation::send;
use super::stage::{Stage, wire};
use crate::support::ldap::Directory;
use ldap3::Mod;
use std::collections::{BTreeSet, HashSet};

#[tokio::test]
async fn the_embedded_server_answers_as_a_real_domain_controller_does() {
    let Some(stage) = Stage::open(true).await else { return };
    let (mut embedded, mut samba) = (stage.embedded.bound().await, stage.samba.bound().await);
    let cases = cases(&stage.world);
    assert!(cases.len() >= 60, "only {} operations", cases.len());
    let names: BTreeSet<&str> = cases.iter().map(|(name, _)| *name).collect();
    assert_eq!(names.len(), cases.len(), "every operation has a name of its own");
    for lax in LAXER_THAN_WINDOWS {
        assert!(names.contains(lax.case), "no operation is called {}", lax.case);
    }

    let mut wrong = Vec::new();
    for (name, operation) in cases {
        let (ours, real) = (send(&mut embedded, &operation).await, send(&mut samba, &operation).await);
        match LAXER_THAN_WINDOWS.iter().find(|lax| lax.case == name) {
            None if ours == real => {}
            None => wrong.push(format!("{name}\n  {operation:?}\n  embedded {ours:?}\n  Samba    {real:?}")),
            Some(lax) if (lax.as_listed)(&ours, &real) => {}
            Some(lax) => wrong.push(format!(
                "{name} is listed ({}), but not so:\n  embedded {ours:?}\n  Samba    {real:?}",
                lax.windows
            )),
        }
    }
    assert!(wrong.is_empty(), "{} differences:\n\n{}", wrong.len(), wrong.join("\n\n"));
}

/// Twenty clients swap the same old value for one of their own, all at once.
async fn winners(directory: &Directory) -> Vec<u32> {
    let swap = async |number: usize| {
        let mut ldap = directory.bound().await;
        let old = Mod::Delete("mail", HashSet::from(["w30@contoso.com"]));
        let mine = format!("client{number}@contoso.com");
        ldap.modify(&wire("w30"), vec![old, Mod::Add("mail", HashSet::from([mine.as_str()]))]).await.unwrap().rc
    };
    futures_util::future::join_all((0..20).map(swap)).await
}

#[tokio::test]
async fn of_many_clients_that_swap_a_value_one_wins() {
    let Some(stage) = Stage::open(false).await else { return };
    for directory in [&stage.embedded, &stage.samba] {
        let mut codes = winners(directory).await;
        codes.sort_unstable();
        let lost = [16; 19]; // noSuchAttribute: the old value is gone
        assert_eq!(codes, [&[0], &lost[..]].concat());
    }
}
