//! Who is named, and where a value is to be changed.

use crate::model::ad::AdUser;
use crate::model::address::AddressSet;
use crate::model::dn::Dn;
use crate::model::entra::{EntraUser, HolderKind};
use crate::model::id::AdGuid;
use crate::model::recipient::{AdHolder, AdHolderKind, Recipient};
use crate::plan::testing::{SYNCED, Scene, ad, cloud, linked, uuid};
use crate::rules::finding::{Finding, FindingCode};

const ADDRESS: &str = "smtp:all@contoso.com";

fn has(address: &str) -> AddressSet {
    [address].into_iter().collect()
}

fn jane() -> Scene {
    Scene::pair("jane").his(|ad, _| ad.proxy_addresses.insert(ADDRESS.into()))
}

fn in_ad(mut scene: Scene, kind: AdHolderKind, name: &str) -> Scene {
    scene.snapshot.domains[0].holders.push(AdHolder {
        kind,
        guid: AdGuid(uuid(name)),
        dn: Dn::parse(&format!("CN={name},{SYNCED}")).unwrap(),
        domain: "corp".into(),
        name: name.to_owned(),
        sam: None,
        mail: None,
        proxy_addresses: has(ADDRESS),
        mail_nickname: None,
        target_address: None,
    });
    scene
}

fn synced(scene: Scene, kind: HolderKind) -> Scene {
    let mut scene = scene.holder(kind, ADDRESS);
    scene.snapshot.holders[0].synced = true;
    scene
}

fn recipient(mut scene: Scene, kind: &str) -> Scene {
    let (kind, name) = (kind.to_owned(), "PF".to_owned());
    let recipient = Recipient { kind, id: "pf".to_owned(), name, addresses: has(ADDRESS) };
    scene.snapshot.recipients = Some(vec![recipient]);
    scene
}

/// The conflicts of the plan: the kinds of the objects that each names besides the AD user of the link, and its advice.
fn conflicts(scene: &Scene) -> Vec<(Vec<String>, String)> {
    let wanted = [FindingCode::AddressConflict, FindingCode::ObjectTypeConflict, FindingCode::SoftDeletedHolder];
    let found = scene.plan().findings.into_iter().filter(|finding: &Finding| wanted.contains(&finding.code));
    found
        .map(|finding| {
            assert_eq!(finding.objects[0].kind, "AD user");
            assert!(finding.objects.iter().all(|object| !object.id.is_empty() && !object.place.is_empty()));
            assert!(finding.message.contains(finding.value.as_deref().unwrap()), "{}", finding.message);
            (finding.objects[1..].iter().map(|object| object.kind.clone()).collect(), finding.help)
        })
        .collect()
}

/// The one conflict of the plan.
fn only(scene: &Scene) -> (Vec<String>, String) {
    let mut all = conflicts(scene);
    assert_eq!(all.len(), 1, "{all:#?}");
    all.remove(0)
}

// rule: 1.3-other-type, 2-object-type-mismatch
#[test]
fn a_synced_group_and_its_original_are_one_holder_and_changed_in_ad() {
    let scene = synced(in_ad(jane(), AdHolderKind::Group, "All"), HolderKind::Group);
    let (kinds, help) = only(&scene);
    assert_eq!(kinds, ["AD group", "group"]);
    assert_eq!(help, format!("In AD, remove it from the AD group All (CN=All,{SYNCED}), or from this link's AD user."));
}

#[test]
fn without_a_single_original_each_stands_for_itself() {
    // Of another type, so not its original.
    let scene = synced(in_ad(jane(), AdHolderKind::Contact, "All"), HolderKind::Group);
    assert_eq!(conflicts(&scene).len(), 2);
    // Two of its type: nothing says which.
    let scene = in_ad(in_ad(jane(), AdHolderKind::Group, "One"), AdHolderKind::Group, "Two");
    assert_eq!(conflicts(&synced(scene, HolderKind::Group)).len(), 3);
    // None that was read.
    let (kinds, help) = only(&synced(jane(), HolderKind::Contact));
    assert_eq!(kinds, ["contact"]);
    assert!(help.starts_with("In the AD that the contact The contact is synced from"), "{help}");
    // A cloud group has no original.
    let scene = in_ad(jane(), AdHolderKind::Group, "All").holder(HolderKind::Group, ADDRESS);
    assert_eq!(conflicts(&scene).len(), 2);
}

#[test]
fn the_advice_names_the_directory() {
    let user = |change: fn(EntraUser) -> EntraUser| change(EntraUser { proxy_addresses: has(ADDRESS), ..cloud("joe") });
    let help = |scene: &Scene| only(scene).1;
    assert!(help(&jane().cloud(user(|joe| joe))).starts_with("In the cloud, remove it from joe@contoso.com"));
    assert!(help(&jane().deleted(user(|joe| joe))).starts_with("In the cloud, delete "));
    assert!(help(&jane().holder(HolderKind::Group, ADDRESS)).starts_with("In the cloud, remove it from the group"));
    assert!(
        help(&recipient(jane(), "PublicFolder"))
            .contains("In Exchange Online, remove it from PF (Set-MailPublicFolder)")
    );
    assert!(
        help(&recipient(jane(), "DynamicDistributionGroup")).contains("(Set-DynamicDistributionGroup)"),
        "a list that Graph never shows"
    );
    let unread = user(|joe| linked(joe, &ad("joe")));
    assert!(help(&jane().cloud(unread)).starts_with("In the AD that joe@contoso.com is synced from"));
}

#[test]
fn a_synced_user_is_changed_in_ad_unless_the_cloud_alone_has_the_value() {
    let in_cloud = EntraUser { proxy_addresses: has(ADDRESS), ..linked(cloud("joe"), &ad("joe")) };
    let in_ad = AdUser { proxy_addresses: has(ADDRESS), ..ad("joe") };
    let (kinds, help) = only(&jane().ad(in_ad).cloud(in_cloud.clone()));
    assert_eq!(kinds, ["AD user", "cloud user, synced from AD"]);
    assert!(help.starts_with("In AD, remove it from corp\\joe (CN=joe,"), "{help}");
    let (_, help) = only(&jane().ad(ad("joe")).cloud(in_cloud));
    assert!(help.starts_with("AD does not give it to corp\\joe"), "{help}");
}

#[test]
fn what_the_merge_brings_may_be_left_out_by_the_link() {
    let brought = Scene::pair("jane").his(|_, jane| jane.proxy_addresses.insert(ADDRESS.into()));
    let (_, help) = only(&in_ad(brought, AdHolderKind::Contact, "All"));
    assert!(help.ends_with("or leave it out with `addresses` in this link."), "{help}");
}

#[test]
fn a_public_folder_on_both_sides_is_one() {
    let scene = recipient(in_ad(jane(), AdHolderKind::PublicFolder, "PF"), "PublicFolder");
    assert_eq!(only(&scene).0, ["AD public folder", "Exchange recipient (PublicFolder)"]);
    assert_eq!(
        conflicts(&recipient(in_ad(jane(), AdHolderKind::DynamicList, "PF"), "DynamicDistributionGroup")).len(),
        2
    );
}
