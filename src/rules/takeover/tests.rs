//! Each attribute, on both sides of what makes it flow.

use super::*;
use crate::model::profile::ProfileAttribute::{Department, JobTitle, UsageLocation};
use crate::plan::testing::{Scene, ad, cloud};

/// What is overwritten for a pair that differs like this, as `attribute: before → after`.
fn overwritten(change: impl FnOnce(&mut AdUser, &mut EntraUser)) -> Vec<String> {
    let (mut ad, mut cloud) = pair();
    change(&mut ad, &mut cloud);
    let text = |values: &[String]| values.join(" ");
    let preview = previewed(&Scene::empty(), &ad, &cloud);
    preview.overwritten.iter().map(|o| format!("{}: {} → {}", o.attribute, text(&o.before), text(&o.after))).collect()
}

/// A pair that agrees in everything.
fn pair() -> (AdUser, EntraUser) {
    (ad("jane"), EntraUser { display_name: Some("jane".into()), ..cloud("jane") })
}

fn previewed(scene: &Scene, ad: &AdUser, cloud: &EntraUser) -> Takeover {
    preview(ad, cloud, &Index::new(&scene.snapshot, |_| crate::model::anchor::SourceAnchor::default()))
}

#[expect(clippy::unnecessary_wraps, reason = "what it is compared with is an option")]
fn some<T: for<'a> From<&'a str>>(text: &str) -> Option<T> {
    Some(text.into())
}

// rule: 1.2-overwritten
#[test]
fn a_value_in_ad_overwrites_and_none_does_not() {
    assert_eq!(overwritten(|_, _| ()), [""; 0]);
    assert_eq!(overwritten(|ad, _| ad.given_name = some("Jane")), ["givenName:  → Jane"]);
    assert_eq!(overwritten(|_, cloud| cloud.given_name = some("Jane")), [""; 0], "AD has none");
    assert_eq!(
        overwritten(|ad, cloud| (ad.surname, cloud.surname) = (some("Doe"), some("Smith"))),
        ["surname: Smith → Doe"]
    );
    assert_eq!(overwritten(|ad, cloud| (ad.surname, cloud.surname) = (some(" Doe "), some("Doe"))), [""; 0], "trimmed");
    assert_eq!(overwritten(|ad, _| ad.surname = some("  ")), [""; 0]);
    assert_eq!(overwritten(|ad, _| ad.mail_nickname = some("j")), ["mailNickname: jane → j"]);
    assert_eq!(overwritten(|ad, _| ad.mail_nickname = None), [""; 0]);
}

#[test]
fn a_display_name_is_the_common_name_where_there_is_none() {
    assert_eq!(overwritten(|_, cloud| cloud.display_name = some("Jane Doe")), ["displayName: Jane Doe → jane"]);
    assert_eq!(overwritten(|ad, _| ad.display_name = some("Jane Doe")), ["displayName: jane → Jane Doe"]);
}

#[test]
fn mail_is_the_primary_address_where_there_is_none() {
    assert_eq!(
        overwritten(|ad, cloud| (ad.mail, cloud.mail) = (None, some("j@contoso.com"))),
        ["mail: j@contoso.com → jane@contoso.com"]
    );
    assert_eq!(overwritten(|ad, _| (ad.mail, ad.proxy_addresses) = (None, [""; 0].into_iter().collect())), [""; 0]);
}

// rule: 1.2-overwritten
#[test]
fn the_profile_flows_attribute_by_attribute() {
    let set = |text: &str, attribute| std::iter::once((attribute, text.to_owned())).collect();
    assert_eq!(overwritten(|ad, _| ad.profile = set("Sales", Department)), ["department:  → Sales"]);
    assert_eq!(overwritten(|_, cloud| cloud.profile = set("Sales", Department)), [""; 0]);
    assert_eq!(
        overwritten(|ad, cloud| (ad.profile, cloud.profile) = (set("CEO", JobTitle), set("CFO", JobTitle))),
        ["jobTitle: CFO → CEO"]
    );
    let all = ProfileAttribute::ALL.iter().map(|attribute| (*attribute, "x".to_owned()));
    assert_eq!(overwritten(|ad, _| ad.profile = all.collect()).len(), ProfileAttribute::ALL.len());
}

// rule: 4.3-mail-nickname
#[test]
fn exchange_attributes_flow_only_with_a_mail_nickname() {
    let germany =
        |ad: &mut AdUser| ad.profile = [(UsageLocation, "DE".to_owned()), (JobTitle, "CEO".to_owned())].into();
    assert_eq!(overwritten(|ad, _| germany(ad)), ["jobTitle:  → CEO", "usageLocation:  → DE"]);
    assert_eq!(
        overwritten(|ad, _| {
            germany(ad);
            ad.mail_nickname = None;
        }),
        ["jobTitle:  → CEO"]
    );
}

#[test]
fn the_account_follows_ad_both_ways() {
    assert_eq!(overwritten(|ad, _| ad.user_account_control = 514), ["accountEnabled: true → false"]);
    assert_eq!(overwritten(|_, cloud| cloud.account_enabled = Some(false)), ["accountEnabled: false → true"]);
    assert_eq!(overwritten(|_, cloud| cloud.account_enabled = None), [""; 0], "could not be seen");
}

// rule: 1.2-sign-in-name
#[test]
fn a_new_upn_is_held_back_only_where_the_tenant_and_a_licence_say_so() {
    let (mut ad, cloud) = pair();
    ad.upn = Some("j@contoso.com".into());
    let fate = |scene: Scene| {
        let preview = previewed(&scene, &ad, &cloud);
        let shown = preview.overwritten.iter().any(|o| o.attribute == "userPrincipalName");
        assert_eq!(shown, preview.sign_in_name_changes);
        (preview.sign_in_name_changes, preview.sign_in_name_unproven)
    };
    let off = || Scene::empty().features(|f| f.synchronize_upn_for_managed_users = false);
    assert_eq!(fate(Scene::empty()), (true, None));
    assert_eq!(fate(off()), (false, some("j@contoso.com")), "who has a licence is not read");
    let mut federated = off();
    federated.snapshot.tenant.domains[0].federated = true;
    assert_eq!(fate(federated), (true, None), "the switch is about managed domains");
    let mut unread = Scene::empty();
    unread.snapshot.tenant.features = None;
    assert_eq!(fate(unread), (true, None), "the switches could not be seen: the worse is assumed");
}

// rule: 1.2-addresses-lost
#[test]
fn addresses_of_the_cloud_alone_are_lost_if_ad_has_any() {
    let (ad, mut cloud) = pair();
    cloud.proxy_addresses = ["SMTP:jane@contoso.com", "smtp:j@contoso.com", "X500:/o=x"].into_iter().collect();
    let lost = |ad: &AdUser| previewed(&Scene::empty(), ad, &cloud).addresses_lost;
    assert_eq!(lost(&ad), ["smtp:j@contoso.com", "X500:/o=x"]);
    let none = AdUser { proxy_addresses: [""; 0].into_iter().collect(), ..ad };
    assert_eq!(lost(&none), [""; 0]);
}
