//! What is written to AD. Sources: Microsoft, "Configure Microsoft Entra Connect for an existing tenant" (only the
//! upper-case `SMTP:` value is matched; addresses that only the cloud has are lost), KB 2641663.

use crate::model::ad::AdUser;
use crate::model::address::AddressSet;
use crate::model::anchor::Anchor;
use crate::model::entra::EntraUser;
use crate::plan::link::{Method, Outcome};
use crate::plan::step::Undo;
use crate::plan::testing::{Scene, ad, changes, kinds, only};

fn set(addresses: &[&str]) -> AddressSet {
    addresses.iter().copied().collect()
}

/// The changes for a pair after `change`, with these lines in the link.
fn aligned(change: impl FnOnce(&mut AdUser, &mut EntraUser), says: &str) -> Vec<String> {
    let plan = Scene::pair("jane").his(change).saying(says).plan();
    assert!(!plan.is_blocked(), "{:#?}", plan.findings);
    changes(&plan)
}

#[test]
fn nothing_to_align_is_no_step() {
    assert_eq!(aligned(|_, _| (), ""), <[&str; 0]>::default());
}

#[test]
fn case_alone_is_no_change() {
    let upper = |ad: &mut AdUser, jane: &mut EntraUser| {
        ad.upn = Some("JANE@Contoso.com".into());
        ad.mail = Some("Jane@contoso.com".into());
        ad.proxy_addresses = set(&["SMTP:Jane@Contoso.com", "smtp:x@contoso.com"]);
        jane.proxy_addresses = set(&["SMTP:jane@contoso.com", "smtp:X@contoso.com"]);
    };
    assert_eq!(aligned(upper, ""), <[&str; 0]>::default());
    let list = "addresses = [\"SMTP:JANE@contoso.com\", \"smtp:X@contoso.com\"]";
    assert_eq!(aligned(upper, list), <[&str; 0]>::default());
    // Where another value changes, those that AD has keep their spelling.
    let more = |ad: &mut AdUser, jane: &mut EntraUser| {
        upper(ad, jane);
        jane.proxy_addresses.insert("smtp:new@contoso.com".into());
    };
    assert_eq!(
        aligned(more, ""),
        [
            "proxyAddresses: SMTP:Jane@Contoso.com smtp:x@contoso.com → SMTP:Jane@Contoso.com smtp:new@contoso.com smtp:x@contoso.com"
        ]
    );
}

#[test]
fn a_soft_match_takes_the_cloud_upn_and_a_hard_match_keeps_ads() {
    let other = |ad: &mut AdUser, _: &mut EntraUser| ad.upn = Some("j.doe@contoso.com".into());
    let taken = ["userPrincipalName: j.doe@contoso.com → jane@contoso.com"];
    let none = <[&str; 0]>::default();
    assert_eq!(aligned(other, "match = \"soft\""), taken);
    assert_eq!(aligned(other, "match = \"soft\"\nupn = \"ad\""), none);
    assert_eq!(aligned(other, "match = \"hard\""), none);
    assert_eq!(aligned(other, "match = \"hard\"\nupn = \"cloud\""), taken);
    // A user without one would be called sAMAccountName@<domain>, which nobody knows in the cloud.
    let without = |ad: &mut AdUser, _: &mut EntraUser| ad.upn = None;
    assert_eq!(aligned(without, "match = \"hard\""), ["userPrincipalName:  → jane@contoso.com"]);
}

#[test]
fn the_cloud_primary_becomes_ads_and_no_alias_is_lost() {
    let differ = |ad: &mut AdUser, jane: &mut EntraUser| {
        ad.mail = Some("j@ad.test".into());
        ad.proxy_addresses = set(&["SMTP:j@ad.test", "smtp:old@ad.test", "x500:/o=ad"]);
        jane.proxy_addresses = set(&["SMTP:jane@contoso.com", "smtp:alias@contoso.com", "sip:jane@contoso.com"]);
    };
    let merged =
        "SMTP:jane@contoso.com sip:jane@contoso.com smtp:alias@contoso.com smtp:j@ad.test smtp:old@ad.test x500:/o=ad";
    let before = "SMTP:j@ad.test smtp:old@ad.test x500:/o=ad";
    assert_eq!(
        aligned(differ, ""),
        ["mail: j@ad.test → jane@contoso.com".to_owned(), format!("proxyAddresses: {before} → {merged}")]
    );
    // Without the merge AD's own stay, and the match needs the primary only.
    let kept = "SMTP:jane@contoso.com smtp:j@ad.test smtp:old@ad.test x500:/o=ad";
    assert_eq!(
        aligned(differ, "addresses = \"keep\""),
        ["mail: j@ad.test → jane@contoso.com".to_owned(), format!("proxyAddresses: {before} → {kept}")]
    );
    assert_eq!(aligned(differ, "addresses = \"keep\"\nprimary_smtp = \"ad\""), <[&str; 0]>::default());
    let ads =
        "SMTP:j@ad.test sip:jane@contoso.com smtp:alias@contoso.com smtp:jane@contoso.com smtp:old@ad.test x500:/o=ad";
    assert_eq!(aligned(differ, "primary_smtp = \"ad\""), [format!("proxyAddresses: {before} → {ads}")]);
}

#[test]
fn a_primary_and_a_list_can_be_said() {
    let says = |text: &str| aligned(|_, _| (), text);
    assert_eq!(
        says("primary_smtp = \"new@contoso.com\""),
        [
            "mail: jane@contoso.com → new@contoso.com",
            "proxyAddresses: SMTP:jane@contoso.com → SMTP:new@contoso.com smtp:jane@contoso.com"
        ]
    );
    assert_eq!(
        says("addresses = [\"SMTP:new@contoso.com\", \"X500:/o=x\"]"),
        [
            "mail: jane@contoso.com → new@contoso.com",
            "proxyAddresses: SMTP:jane@contoso.com → SMTP:new@contoso.com X500:/o=x"
        ]
    );
}

#[test]
fn of_several_primaries_the_chosen_one_stays() {
    let two = |ad: &mut AdUser, _: &mut EntraUser| ad.proxy_addresses.insert("SMTP:other@contoso.com".into());
    assert_eq!(
        aligned(two, ""),
        ["proxyAddresses: SMTP:jane@contoso.com SMTP:other@contoso.com → SMTP:jane@contoso.com smtp:other@contoso.com"]
    );
}

#[test]
fn the_cloud_keeps_its_addresses_where_ad_has_none() {
    let none = |ad: &mut AdUser, jane: &mut EntraUser| {
        (ad.mail, ad.proxy_addresses) = (None, AddressSet::default());
        jane.proxy_addresses.insert("smtp:alias@contoso.com".into());
    };
    let says = "addresses = \"keep\"\nprimary_smtp = \"ad\"";
    assert_eq!(aligned(none, says), <[&str; 0]>::default());
    let plan = Scene::pair("jane").his(none).saying(says).plan();
    assert!(only(&plan).takeover.addresses_lost.is_empty());
    let keeps_primary = Scene::pair("jane").his(none).saying("addresses = \"keep\"").plan();
    assert_eq!(only(&keeps_primary).takeover.addresses_lost, ["smtp:alias@contoso.com"]);
}

/// `anchor = "cloud-to-ad"`: AD takes the anchor, in a step of its own that no cycle may have seen; the cloud stays.
#[test]
fn ad_takes_the_anchor_of_the_cloud() {
    let old = Anchor::from_guid(ad("jane of old").guid);
    let scene = Scene::pair("jane").his(|ad, jane| {
        jane.immutable_id = Some(old.into());
        ad.upn = Some("j.doe@contoso.com".into());
    });
    let plan = scene.saying("anchor = \"cloud-to-ad\"\nupn = \"cloud\"").plan();
    assert!(!plan.is_blocked(), "{:#?}", plan.findings);
    assert_eq!(only(&plan).anchor, Some(old));
    assert_eq!(kinds(&plan.steps), ["align", "align", "move", "sync", "verify"]);
    let upn = "userPrincipalName: j.doe@contoso.com → jane@contoso.com".to_owned();
    assert_eq!(changes(&plan), [upn, format!("mS-DS-ConsistencyGuid:  → {old}")]);
    assert!(matches!(plan.steps[1].undo, Undo::UntilSync { .. }), "{:?}", plan.steps[1].undo);
    assert!(matches!(only(&plan).outcome, Outcome::Change { method: Method::Hard, .. }));
}

/// What AD has already is not written.
#[test]
fn an_anchor_that_ad_has_already_is_not_written() {
    let scene = Scene::pair("jane").his(|ad, jane| jane.immutable_id = Some(Anchor::from_guid(ad.guid).into()));
    let plan = scene.saying("anchor = \"cloud-to-ad\"").plan();
    assert_eq!(kinds(&plan.steps), ["move", "sync", "verify"]);
}
