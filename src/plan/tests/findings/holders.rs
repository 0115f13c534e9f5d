//! Scenes of everything that can hold a value besides users, of values that clash across kinds, and of the source anchor
//! that is in force.

use super::{Case, HARD, TYPE, UNIQUE, has, jane};
use crate::model::ad::{AdUser, Octets};
use crate::model::anchor::Anchor;
use crate::model::dn::Dn;
use crate::model::entra::{EntraUser, HolderKind};
use crate::model::id::AdGuid;
use crate::model::recipient::{AdHolder, AdHolderKind, Recipient};
use crate::plan::testing::{SYNCED, Scene, ad, cloud, linked, uuid};
use crate::rules::finding::FindingCode::*;
use crate::rules::finding::Severity::*;

/// Jane's AD user with an address of hers and one more.
fn alias(address: &str) -> Scene {
    jane().his(|ad, _| ad.proxy_addresses.insert(format!("smtp:{address}@contoso.com").as_str().into()))
}

impl Scene {
    /// The same with an object of AD that has an address.
    pub(super) fn ad_holder(mut self, kind: AdHolderKind, address: &str) -> Self {
        self.snapshot.domains[0].holders.push(AdHolder {
            kind,
            guid: AdGuid(uuid(&format!("{kind} {address}"))),
            dn: Dn::parse(&format!("CN=the holder,{SYNCED}")).unwrap(),
            domain: "corp".into(),
            name: "The holder".to_owned(),
            sam: None,
            mail: None,
            proxy_addresses: has(&[address]),
            mail_nickname: None,
            target_address: None,
        });
        self
    }

    /// The same with a recipient from Exchange's export.
    pub(super) fn recipient(mut self, kind: &str, id: &str, address: &str) -> Self {
        self.snapshot.recipients.get_or_insert_default().push(Recipient {
            kind: kind.to_owned(),
            id: id.to_owned(),
            name: "The recipient".to_owned(),
            addresses: has(&[address]),
        });
        self
    }
}

/// Objects that are no users. Source: "Understanding errors during Microsoft Entra synchronization" (ObjectTypeMismatch).
pub(super) fn others() -> Vec<Case> {
    const ALL: &str = "smtp:all@contoso.com";
    let blocked = &[(Error, ObjectTypeConflict, TYPE)];
    vec![
        Case("a group of AD has it", alias("all").ad_holder(AdHolderKind::Group, ALL), blocked),
        Case("a contact of AD has it", alias("all").ad_holder(AdHolderKind::Contact, ALL), blocked),
        Case("a public folder of AD has it", alias("all").ad_holder(AdHolderKind::PublicFolder, ALL), blocked),
        Case(
            "a dynamic list of AD has it, which the engine leaves alone",
            alias("all").ad_holder(AdHolderKind::DynamicList, ALL),
            &[(Warning, ObjectTypeConflict, None)],
        ),
        Case(
            "a contact of AD has what the merge would bring there",
            jane()
                .his(|_, jane| jane.proxy_addresses.insert(ALL.into()))
                .ad_holder(AdHolderKind::Contact, "SMTP:all@contoso.com"),
            blocked,
        ),
        Case("a public folder of Exchange has it", alias("all").recipient("PublicFolder", "pf", ALL), blocked),
        Case(
            "a mailbox that Graph did not show has it",
            alias("all").recipient("SharedMailbox", &uuid("unseen").to_string(), ALL),
            &[(Error, AddressConflict, UNIQUE)],
        ),
        Case(
            "Exchange shows an address of a cloud user that Graph does not",
            alias("joe").cloud(EntraUser { proxy_addresses: has(&[]), mail: None, ..cloud("sue") }).recipient(
                "UserMailbox",
                &cloud("sue").id.to_string(),
                "smtp:joe@contoso.com",
            ),
            &[(Error, AddressConflict, UNIQUE)],
        ),
        Case(
            "Exchange shows the cloud user of the link itself",
            alias("joe").recipient("UserMailbox", &cloud("jane").id.to_string(), "smtp:joe@contoso.com"),
            &[],
        ),
        Case("there is no export of Exchange", jane().with(|s| s.recipients = None), &[(Info, CouldNotBeSeen, None)]),
    ]
}

/// Sign-in names against addresses. Source: Microsoft's archived "Azure AD Object Attribute Uniqueness".
pub(super) fn names() -> Vec<Case> {
    let renamed = || jane().his(|ad, _| ad.upn = Some("joe@contoso.com".into())).saying("match = \"hard\"");
    let bare = |name: &str| EntraUser { proxy_addresses: has(&[]), mail: None, ..cloud(name) };
    vec![
        Case(
            "an address is another cloud user's sign-in name",
            alias("joe").cloud(bare("joe")),
            &[(Error, AddressConflict, UNIQUE)],
        ),
        Case(
            "or an AD user's",
            alias("joe").ad(AdUser { proxy_addresses: has(&[]), mail: None, ..ad("joe") }),
            &[(Error, AddressConflict, UNIQUE)],
        ),
        Case(
            "which the cloud has accepted already",
            alias("joe").his(|_, jane| jane.proxy_addresses.insert("smtp:joe@contoso.com".into())).cloud(bare("joe")),
            &[],
        ),
        Case(
            "the new sign-in name is a group's address",
            renamed().holder(HolderKind::Group, "smtp:joe@contoso.com"),
            &[(Error, UpnConflict, UNIQUE), (Warning, SignInNameChanges, None)],
        ),
        Case(
            "or a deleted user's, of which nothing is documented",
            renamed().deleted(EntraUser { upn: "x@contoso.com".into(), ..cloud("joe") }),
            &[(Warning, UpnConflict, UNIQUE), (Warning, SignInNameChanges, None)],
        ),
        Case(
            "a sign-in name that stays cannot begin to clash",
            jane().holder(HolderKind::Group, "smtp:jane@contoso.onmicrosoft.com").his(|ad, jane| {
                (ad.proxy_addresses, jane.proxy_addresses, ad.mail, jane.mail) = (has(&[]), has(&[]), None, None);
            }),
            &[],
        ),
        Case(
            "a deleted user has the SID",
            jane().deleted(EntraUser {
                security_identifier: Some(ad("jane").sid),
                proxy_addresses: has(&[]),
                mail: None,
                ..cloud("joe")
            }),
            &[(Error, SoftDeletedHolder, UNIQUE)],
        ),
        Case(
            "the anchor leads to another cloud user",
            jane()
                .cloud(EntraUser { immutable_id: Some(Anchor::from_guid(ad("jane").guid).into()), ..bare("joe") })
                .saying("match = \"soft\""),
            &[(Error, AnchorTaken, HARD), (Error, WrongTarget, None)],
        ),
        Case(
            "the primary address leads to another cloud user",
            jane()
                .his(|ad, _| ad.proxy_addresses = has(&["SMTP:joe@contoso.com"]))
                .cloud(EntraUser { upn: "j.doe@contoso.com".into(), ..cloud("joe") })
                .saying("match = \"soft\"\naddresses = \"keep\"\nprimary_smtp = \"ad\""),
            &[(Error, AddressConflict, UNIQUE), (Error, WrongTarget, None), (Warning, AddressesLost, None)],
        ),
    ]
}

/// What a takeover does. Sources: "Microsoft Entra Connect Sync service features" (synchronizeUpnForManagedUsers),
/// "Configure Microsoft Entra Connect for an existing tenant" (addresses).
pub(super) fn takeovers() -> Vec<Case> {
    let renamed = || {
        let scene = jane().his(|ad, _| ad.upn = Some("j@contoso.com".into())).saying("upn = \"ad\"");
        scene.features(|features| features.synchronize_upn_for_managed_users = false)
    };
    vec![
        Case("a new name that a licence would hold back", renamed(), &[(Warning, SignInNameChanges, None)]),
        Case(
            "or a made-up one",
            renamed().his(|ad, _| ad.upn = Some("j@new.example".into())),
            &[(Warning, UnverifiedSuffix, None)],
        ),
        Case(
            "addresses that a list leaves out",
            jane()
                .his(|_, jane| jane.proxy_addresses.insert("smtp:j@contoso.com".into()))
                .saying("addresses = [\"SMTP:jane@contoso.com\"]"),
            &[(Warning, AddressesLost, None)],
        ),
        Case(
            "a merge keeps what the cloud has in `mail` alone",
            jane()
                .his(|_, jane| (jane.mail, jane.proxy_addresses) = (Some("j@contoso.com".to_owned()), has(&[])))
                .saying("primary_smtp = \"ad\""),
            &[],
        ),
    ]
}

/// The source anchor. Source: "Microsoft Entra Connect: Design concepts".
pub(super) fn source_anchors() -> Vec<Case> {
    let octets = |name: &str| Some(Octets(Anchor::from_guid(ad(name).guid).octets().to_vec()));
    // A user that was linked by its objectGUID, and got another value in mS-DS-ConsistencyGuid from somebody else.
    let by_guid = |scene: Scene| {
        let joe = AdUser { consistency_guid: octets("x"), ..ad("joe") };
        scene.ad(joe).cloud(linked(cloud("joe"), &ad("joe")))
    };
    let by_neither = |scene: Scene| {
        scene.ad(ad("joe")).cloud(linked(cloud("joe"), &AdUser { consistency_guid: octets("x"), ..ad("joe") }))
    };
    let hard = || jane().saying("match = \"hard\"");
    let either = |scene: Scene| scene.ad(ad("joe")).cloud(linked(cloud("joe"), &ad("joe")));
    vec![
        Case("another attribute is in force", by_guid(hard().unsampled()), &[(Error, SourceAnchorDiffers, None)]),
        Case("for soft matches only", by_guid(jane().unsampled()), &[(Warning, SourceAnchorDiffers, None)]),
        Case("both attributes are in force", by_guid(hard()), &[(Error, SourceAnchorDiffers, None)]),
        Case("an attribute that is neither", by_neither(hard().unsampled()), &[(Error, SourceAnchorDiffers, None)]),
        Case("no user is synced", hard().unsampled(), &[(Warning, SourceAnchorUnproven, None)]),
        Case("nor would one matter to a soft match", jane().unsampled(), &[]),
        Case("what is synced shows either, and either gives the same anchor", either(hard().unsampled()), &[]),
        Case(
            "but not for the linked user",
            either(hard().unsampled().his(|ad, _| ad.consistency_guid = octets("y"))),
            &[(Warning, SourceAnchorUnproven, None)],
        ),
    ]
}
