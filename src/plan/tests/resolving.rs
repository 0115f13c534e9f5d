//! From names to users, before and after an apply.

use crate::model::entra::EntraUser;
use crate::plan::link::Outcome;
use crate::plan::testing::{SYNCED, Scene, ad, cloud, linked, only};
use crate::rules::finding::FindingCode;

#[test]
fn every_spelling_names_the_same_user() {
    let guid = ad("jane").guid;
    let id = cloud("jane").id;
    let names = ["jane", "JANE", "corp\\\\jane", "Jane@Contoso.com", "cn=JANE, ou=staging,DC=corp,DC=contoso,DC=com"];
    let names = names.map(str::to_owned).into_iter().chain([guid.to_string()]);
    for name in names {
        for cloud_name in ["jane@contoso.com".to_owned(), "JANE@contoso.com".to_owned(), id.to_string()] {
            let lines = format!("ad = \"{name}\"\ncloud = \"{cloud_name}\"\nmove_to = \"{SYNCED}\"");
            let plan = Scene::empty().ad(ad("jane")).cloud(cloud("jane")).link(&lines).plan();
            assert!(!plan.is_blocked(), "{name}: {:#?}", plan.findings);
            assert_eq!((only(&plan).id.as_str(), only(&plan).cloud.id), ("corp/jane", id), "{name}");
        }
    }
}

#[test]
fn a_near_miss_gets_a_suggestion() {
    let plan = Scene::empty()
        .ad(ad("jsmith"))
        .cloud(cloud("jsmith"))
        .link("ad = \"jsmth\"\ncloud = \"jsmith@contoso.com\"")
        .plan();
    assert_eq!(plan.findings[0].help, "Did you mean jsmith?");
    let by_address = Scene::empty().ad(ad("jane")).cloud(EntraUser { upn: "j@contoso.com".into(), ..cloud("jane") });
    let plan = by_address.link("ad = \"jane\"\ncloud = \"jane@contoso.com\"").plan();
    assert!(plan.findings[0].help.contains("j@contoso.com"), "{:#?}", plan.findings);
}

#[test]
fn a_link_by_a_name_that_the_apply_changed_is_no_change() {
    // AD took the cloud's UPN and was moved; the link still says what it was before.
    let moved = |selector: &str| {
        let scene = Scene::empty().ad(ad("jane")).cloud(linked(cloud("jane"), &ad("jane"))).in_scope();
        scene.link(&format!("ad = \"{selector}\"\ncloud = \"jane@contoso.com\"\nmove_to = \"{SYNCED}\""))
    };
    for selector in ["old@ad.test", "CN=jane,OU=Staging,DC=corp,DC=contoso,DC=com"] {
        let plan = moved(selector).plan();
        assert!(only_the_switches(&plan) && only(&plan).outcome == Outcome::Unchanged, "{:#?}", plan.findings);
    }
    assert!(moved("CN=joe,OU=Staging,DC=corp,DC=contoso,DC=com").plan().is_blocked());
}

#[test]
fn a_link_by_a_name_that_the_takeover_changed_is_no_change() {
    // A hard match keeps AD's UPN, which the cloud user has from then on.
    let scene = Scene::empty().ad(ad("jane")).cloud(linked(cloud("jane"), &ad("jane")));
    let says =
        |lines: &str| scene.clone().link(&format!("ad = \"jane\"\ncloud = \"formerly@contoso.com\"\n{lines}")).plan();
    for lines in ["match = \"hard\"", "upn = \"ad\""] {
        let plan = says(lines);
        assert!(only_the_switches(&plan) && only(&plan).outcome == Outcome::Unchanged, "{:#?}", plan.findings);
    }
    // Where AD took the cloud's UPN, the name that is gone is simply wrong.
    for lines in ["match = \"soft\"", "match = \"hard\"\nupn = \"cloud\""] {
        assert_eq!(says(lines).findings[0].code, FindingCode::CloudUserMissing);
    }
}

#[test]
fn an_unsynced_or_other_users_object_is_never_taken_for_the_renamed_one() {
    let other = linked(cloud("jane"), &ad("joe"));
    let scene = Scene::empty().ad(ad("jane")).ad(ad("joe")).cloud(other);
    let plan = scene.link("ad = \"jane\"\ncloud = \"formerly@contoso.com\"\nmatch = \"hard\"").plan();
    assert_eq!(plan.findings[0].code, FindingCode::CloudUserMissing);
}

/// Everything is formed, so what is said at most is that the tenant's switches are still off.
fn only_the_switches(plan: &crate::plan::document::Plan) -> bool {
    plan.findings.iter().all(|finding| finding.code == crate::rules::finding::FindingCode::SwitchOpen)
}
