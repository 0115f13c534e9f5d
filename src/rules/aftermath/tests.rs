//! One test per aftermath, and both forms of a quarantined name.

use super::*;
use crate::model::id::AssignmentId;
use crate::model::profile::Profile;
use crate::model::role::{RoleAssignment, RoleGrant, RoleKind};
use uuid::Uuid;

const INITIAL: &str = "contoso.onmicrosoft.com";
const SID: &str = "S-1-5-21-1-2-3-1001";

fn id(n: u128) -> ObjectId {
    ObjectId(Uuid::from_u128(n))
}

fn wanted(method: Method) -> Wanted {
    let guid = crate::model::id::AdGuid(Uuid::from_u128(7));
    Wanted {
        ad: AdRef {
            domain: "corp".into(),
            guid,
            dn: crate::model::dn::Dn::parse("CN=Jane,OU=Users,DC=corp,DC=test").unwrap(),
            sam: "jdoe".into(),
            holder: None,
        },
        cloud: EntraRef { id: id(1), upn: "jane.doe@contoso.com".into() },
        anchor: Anchor::from_guid(guid),
        sid: SID.parse().unwrap(),
        method,
        before: None,
    }
}

fn user(n: u128, upn: &str) -> EntraUser {
    EntraUser {
        id: id(n),
        upn: upn.into(),
        display_name: None,
        given_name: None,
        surname: None,
        mail: None,
        mail_nickname: None,
        proxy_addresses: crate::model::address::AddressSet::default(),
        account_enabled: Some(true),
        user_type: None,
        immutable_id: None,
        sync_enabled: None,
        security_identifier: None,
        last_sync: None,
        object_identifier: None,
        cloud_managed: None,
        provisioning_errors: Vec::new(),
        profile: Profile::new(),
        deleted: None,
    }
}

/// A user that the AD user of [`wanted`] is synced to.
fn synced(n: u128, upn: &str) -> EntraUser {
    EntraUser {
        immutable_id: Some(wanted(Method::Soft).anchor.into()),
        sync_enabled: Some(true),
        security_identifier: Some(SID.parse().unwrap()),
        last_sync: Some("2026-11-20T10:00:00Z".parse().unwrap()),
        ..user(n, upn)
    }
}

fn jane() -> EntraUser {
    user(1, "jane.doe@contoso.com")
}

fn conflict(category: &str, property: &str, value: &str) -> ProvisioningError {
    let some = |text: &str| Some(text.to_owned());
    ProvisioningError { category: some(category), property: some(property), value: some(value), occurred: None }
}

/// What a test says differently.
#[derive(Default)]
struct Scene<'a> {
    holdings: &'a [Holding],
    features: Option<SyncFeatures>,
    seen: Option<Seen>,
}

fn see(method: Method, user: Option<&EntraUser>, carriers: &[EntraUser], scene: &Scene<'_>) -> Diagnosis {
    let Scene { holdings, features, seen } = scene;
    let (features, seen) = (*features, seen.as_ref());
    diagnose(&wanted(method), Looked { user, carriers, holdings, features, seen, initial_domain: INITIAL })
}

fn soft(carriers: &[EntraUser]) -> Diagnosis {
    see(Method::Soft, Some(&jane()), carriers, &Scene::default())
}

fn role() -> Holding {
    Holding::Role(RoleAssignment {
        id: AssignmentId("a".to_owned()),
        principal: id(1),
        kind: RoleKind::Active,
        starts: None,
        ends: None,
        grant: RoleGrant {
            role: "helpdesk".into(),
            role_name: "Helpdesk Administrator".to_owned(),
            directory_scope: Some("/".to_owned()),
            app_scope: None,
            condition: None,
        },
    })
}

#[test]
fn both_documented_forms_of_a_quarantined_name_are_recognised() {
    let original = |upn: &str| mangled(&upn.into(), INITIAL, &["jane.doe", "jdoe"]);
    assert_eq!(original("jane.doe+1234@contoso.onmicrosoft.com").as_deref(), Some("jane.doe"));
    assert_eq!(original("jane.doe1234@contoso.onmicrosoft.com").as_deref(), Some("jane.doe"));
    assert_eq!(original("JDoe0001@CONTOSO.onmicrosoft.com").as_deref(), Some("JDoe"));
    // With the `+`, no chosen name looks like it; without, only a known name counts.
    assert_eq!(original("other+0001@contoso.onmicrosoft.com").as_deref(), Some("other"));
    for chosen in [
        "class2024@contoso.onmicrosoft.com",
        "jane.doe@contoso.onmicrosoft.com",
        "jane.doe+1234@contoso.com",
        "jane.doe+123@contoso.onmicrosoft.com",
        "+1234@contoso.onmicrosoft.com",
        "1234@contoso.onmicrosoft.com",
        "jane.doe+12é4@contoso.onmicrosoft.com",
        "ü123@contoso.onmicrosoft.com",
        "no-at-sign",
    ] {
        assert_eq!(original(chosen), None, "{chosen}");
    }
    assert_eq!(mangled(&"jane+1234@".into(), "", &[]), None);
}

#[test]
fn a_duplicate_is_purged_before_the_user_comes_into_scope_again() {
    for upn in ["jane.doe+4321@contoso.onmicrosoft.com", "jane.doe4321@contoso.onmicrosoft.com"] {
        let found = soft(&[synced(2, upn)]);
        assert!(
            matches!(&found.aftermath, Aftermath::QuarantinedDuplicate { rival, original }
                if rival.upn.as_str() == upn && rival.anchor && rival.sid && original == "jane.doe"),
            "{found:?}"
        );
        assert!(found.is_final() && found.to_string().contains(upn));
        let place = |what: &str| found.way_back.iter().position(|step| step.contains(what)).expect(what);
        let (scope, purge, again) = (place("out of the sync scope"), place("deletedItems"), place("matchplan plan"));
        assert!(scope < purge && purge < again, "{:?}", found.way_back);
    }
    let clean = soft(&[synced(2, "jdoe@contoso.com")]);
    assert!(matches!(clean.aftermath, Aftermath::Duplicate { .. }) && clean.is_final());
}

#[test]
fn a_refused_name_tells_what_the_duplicate_was_to_be_called() {
    let refused = EntraUser {
        provisioning_errors: vec![conflict("PropertyConflict", "UserPrincipalName", "j.d@contoso.com")],
        ..synced(2, "j.d1111@contoso.onmicrosoft.com")
    };
    let found = soft(&[refused]);
    assert!(matches!(&found.aftermath, Aftermath::QuarantinedDuplicate { original, .. } if original == "j.d"));
    assert_eq!(found.microsoft_error, Some(MicrosoftError::AttributeValueMustBeUnique));
    assert!(found.cause.unwrap().contains("j.d@contoso.com"));
}

#[test]
fn who_was_there_before_is_never_to_be_deleted() {
    let seen = |live: &[u128], deleted: &[u128]| Seen {
        live: live.iter().map(|n| id(*n)).collect(),
        deleted: deleted.iter().map(|n| id(*n)).collect(),
    };
    let look = |seen| {
        let scene = Scene { seen: Some(seen), ..Scene::default() };
        see(Method::Soft, Some(&jane()), &[synced(2, "bob@contoso.com")], &scene)
    };
    let elsewhere = look(seen(&[1, 2], &[]));
    assert!(matches!(elsewhere.aftermath, Aftermath::LinkedElsewhere { .. }) && elsewhere.is_final());
    assert!(!elsewhere.way_back.iter().any(|step| step.contains("DELETE")), "{:?}", elsewhere.way_back);
    assert!(matches!(look(seen(&[1], &[2])).aftermath, Aftermath::Restored { .. }));
    assert!(matches!(look(seen(&[1], &[])).aftermath, Aftermath::Duplicate { .. }));
}

#[test]
fn what_is_not_synced_proves_nothing_yet() {
    let claimed = EntraUser { sync_enabled: None, ..synced(2, "bob@contoso.com") };
    let deleted = EntraUser { deleted: Some("2026-11-20T10:00:00Z".parse().unwrap()), ..synced(3, "old@contoso.com") };
    let found = soft(&[deleted.clone(), claimed]);
    assert!(matches!(&found.aftermath, Aftermath::Claimed { rival } if rival.id == id(2)) && !found.is_final());
    let found = soft(&[deleted]);
    assert!(matches!(found.aftermath, Aftermath::InRecycleBin { .. }) && !found.is_final());
}

#[test]
fn a_linked_user_with_a_rival_is_contested_and_waiting_is_not_pointless() {
    let linked = synced(1, "jane.doe@contoso.com");
    let only_sid = EntraUser { immutable_id: None, ..synced(2, "rival@contoso.com") };
    let found = see(Method::Hard, Some(&linked), &[linked.clone(), only_sid], &Scene::default());
    assert!(matches!(&found.aftermath, Aftermath::Contested { rival } if rival.sid && !rival.anchor));
    assert!(!found.is_final() && found.found.contains("the SID"));
    let formed = see(Method::Hard, Some(&linked), std::slice::from_ref(&linked), &Scene::default());
    assert_eq!(formed.aftermath, Aftermath::Formed);
}

#[test]
fn recorded_errors_are_shown_as_they_were_read() {
    let errors = vec![conflict("SomethingNew", "ProxyAddress", "SMTP:x@contoso.com")];
    let jane = EntraUser { provisioning_errors: errors.clone(), ..jane() };
    let found = see(Method::Soft, Some(&jane), &[], &Scene::default());
    assert_eq!(found.aftermath, Aftermath::Recorded { errors });
    assert_eq!(found.microsoft_error, None);
    assert!(found.found.contains("SomethingNew of ProxyAddress (value \"SMTP:x@contoso.com\")"), "{}", found.found);
    assert_eq!(microsoft_name(&conflict("invalidsoftmatch", "", "")), Some(MicrosoftError::InvalidSoftMatch));
}

#[test]
fn nothing_yet_and_gone_say_where_to_look() {
    let found = soft(&[]);
    assert_eq!(found.aftermath, Aftermath::NothingYet);
    assert!(found.way_back.iter().any(|step| step.contains("matchplan check")));
    let gone = see(Method::Soft, None, &[], &Scene::default());
    assert_eq!(gone.aftermath, Aftermath::Gone);
}

#[test]
fn the_cause_has_microsofts_name() {
    let held = [role()];
    let holder = Scene { holdings: &held, ..Scene::default() };
    let switch = |features| Scene { features: Some(features), ..Scene::default() };
    let no_soft = SyncFeatures { block_soft_match: true, ..SyncFeatures::default() };
    let no_hard = SyncFeatures { block_hard_match: true, ..SyncFeatures::default() };
    let other_id = EntraUser { immutable_id: Some(serde_json::from_str("\"b3RoZXI=\"").unwrap()), ..jane() };
    let other_object = EntraUser { object_identifier: Some(Uuid::from_u128(99).to_string()), ..jane() };
    let ours = EntraUser { object_identifier: Some(Uuid::from_u128(7).to_string().to_uppercase()), ..jane() };
    let managed = EntraUser { cloud_managed: Some(true), ..jane() };
    let duplicate = [synced(2, "jane.doe+1111@contoso.onmicrosoft.com")];
    for (method, user, scene, name) in [
        (Method::Soft, jane(), &holder, Some(MicrosoftError::ExistingAdminRoleConflict)),
        (Method::Hard, jane(), &holder, Some(MicrosoftError::InvalidHardMatch)),
        (Method::Soft, jane(), &switch(no_soft), Some(MicrosoftError::InvalidSoftMatch)),
        (Method::Hard, jane(), &switch(no_soft), None),
        (Method::Hard, jane(), &switch(no_hard), Some(MicrosoftError::InvalidHardMatch)),
        (Method::Soft, other_id, &Scene::default(), Some(MicrosoftError::AttributeValueMustBeUnique)),
        (Method::Hard, other_object, &Scene::default(), Some(MicrosoftError::AttributeUpdateNotAllowed)),
        (Method::Hard, ours, &Scene::default(), None),
        (Method::Soft, managed, &holder, None),
    ] {
        let found = see(method, Some(&user), &duplicate, scene);
        assert_eq!(found.microsoft_error, name, "{method:?} {user:?}");
    }
    let found = see(Method::Soft, Some(&jane()), &duplicate, &holder);
    assert!(found.to_string().contains("Helpdesk Administrator"), "{found}");
    assert!(found.way_back.iter().any(|step| step.contains("roles = \"suspend\"")));
}
