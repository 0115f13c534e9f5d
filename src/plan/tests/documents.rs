//! The saved plan: the same bytes for the same input, and no edit goes unnoticed.

use crate::model::sealed::SealError;
use crate::plan::document::{Counts, Plan};
use crate::plan::testing::{HELPDESK, Scene};

fn scene() -> Scene {
    Scene::pair("a")
        .and_pair("b")
        .role("b", HELPDESK)
        .scoped_role("b", HELPDESK, "/administrativeUnits/1")
        .saying("roles = \"suspend\"")
        .and_pair("c")
        .his(|ad, jane| {
            ad.upn = Some("x@contoso.com".into());
            jane.proxy_addresses.insert("smtp:alias@contoso.com".into());
        })
}

#[test]
fn the_order_in_which_the_directories_answer_leaves_no_trace() {
    let scene = scene().deleted(crate::plan::testing::cloud("d")).deleted(crate::plan::testing::cloud("e"));
    let file = scene.plan().to_file().unwrap();
    assert_eq!(scene.plan().to_file().unwrap(), file);
    let mut shuffled = scene;
    let snapshot = &mut shuffled.snapshot;
    snapshot.users.reverse();
    snapshot.deleted_users.reverse();
    snapshot.roles.reverse();
    snapshot.domains[0].users.rotate_left(1);
    assert_eq!(shuffled.plan().to_file().unwrap(), file);
}

#[test]
fn a_saved_plan_reads_back_in_any_line_ends() {
    let plan = scene().plan();
    let file = plan.to_file().unwrap();
    assert_eq!(Plan::from_file(&file).unwrap(), plan);
    assert_eq!(Plan::from_file(&format!("\u{feff}{}", file.replace('\n', "\r\n"))).unwrap(), plan);
}

#[test]
fn an_edited_truncated_or_newer_plan_is_told_apart() {
    let file = scene().plan().to_file().unwrap();
    let edited = file.replacen("x@contoso.com", "y@contoso.com", 1);
    assert!(matches!(Plan::from_file(&edited), Err(SealError::Edited { .. })));
    for at in [0, 1, file.len() / 2, file.len() - 3] {
        assert!(matches!(Plan::from_file(&file[..at]), Err(SealError::Broken(_))), "{at}");
    }
    let newer = file.replacen("\"format_version\": 1", "\"format_version\": 2", 1);
    assert!(matches!(Plan::from_file(&newer), Err(SealError::Newer { found: 2, .. })));
    let unknown = file.replacen("\"format_version\": 1", "\"format_version\": 1, \"more\": 1", 1);
    assert!(matches!(Plan::from_file(&unknown), Err(SealError::Broken(_))));
}

#[test]
fn the_summary_says_what_counts() {
    let counts = Counts { links: 3, hard: 1, soft: 2, attribute_changes: 7, roles_suspended: 1, ..Counts::default() };
    assert_eq!(counts.to_string(), "3 links: 1 hard, 2 soft · 7 attribute changes · 1 role suspended and restored");
    let one = Counts {
        links: 1,
        soft: 1,
        attribute_changes: 1,
        roles_removed: 2,
        moves: 1,
        unchanged: 4,
        blocked: 5,
        ..Counts::default()
    };
    assert_eq!(
        one.to_string(),
        "1 link: 1 soft · 1 attribute change · 2 roles removed · 1 move · 4 already linked · 5 blocked"
    );
    let rollback = Counts { links: 1, roles_restored: 1, ..Counts::default() };
    assert_eq!(rollback.to_string(), "1 link · 0 attribute changes · 1 role restored");
    assert_eq!(Counts::default().to_string(), "0 links · 0 attribute changes");
    // a: UPN and proxyAddresses; b: the anchor.
    let plan = scene().plan();
    assert_eq!(
        plan.counts.to_string(),
        "3 links: 1 hard, 2 soft · 3 attribute changes · 2 roles suspended and restored · 3 moves"
    );
}
