//! Every finding: the scene that brings it about, and the Microsoft document that it follows. A scene differs in one
//! respect from a pair of users that raises no finding at all, so each list is exact.

mod holders;
mod joining;
mod lint;
mod scenes;
mod tasks;

use crate::model::ad::Octets;
use crate::model::anchor::{Anchor, ImmutableId};
use crate::model::entra::{EntraUser, HolderKind};
use crate::model::tenant::Identity;
use crate::plan::testing::{HELPDESK, SYNCED, Scene, ad, cloud, codes, linked};
use crate::rules::finding::FindingCode::{self, *};
use crate::rules::finding::Severity::{self, *};
use crate::rules::microsoft::MicrosoftError;
use std::collections::BTreeSet;

type Expected = &'static [(Severity, FindingCode, Option<&'static str>)];

/// A scene, what it is, and its findings with Microsoft's name of the error.
struct Case(&'static str, Scene, Expected);

fn jane() -> Scene {
    Scene::pair("jane")
}

/// Jane, and another cloud user `joe` who is changed.
fn beside(change: impl FnOnce(&mut EntraUser)) -> Scene {
    let mut joe = cloud("joe");
    change(&mut joe);
    jane().cloud(joe)
}

fn anchor(name: &str) -> Anchor {
    Anchor::from_guid(ad(name).guid)
}

const REVERSED: &str = "anchor = \"cloud-to-ad\"";

/// Jane, whose cloud user has the anchor of an AD user that is no more.
fn of_old() -> Scene {
    jane().his(|_, jane| jane.immutable_id = Some(anchor("jane of old").into())).saying(REVERSED)
}

const UNIQUE: Option<&str> = Some("AttributeValueMustBeUnique");
const REMAP: Option<&str> = Some("AttributeUpdateNotAllowed");
const TYPE: Option<&str> = Some("ObjectTypeMismatch");
const HARD: Option<&str> = Some("InvalidHardMatch");

fn has(addresses: &[&str]) -> crate::model::address::AddressSet {
    addresses.iter().copied().collect()
}

/// Names that lead to nobody, or to too many: the tool never guesses.
fn selectors() -> Vec<Case> {
    let twice = format!("ad = \"jane@contoso.com\"\ncloud = \"{}\"\nmove_to = \"{SYNCED}\"", cloud("jane").id);
    let twin = |name: &str| crate::model::ad::AdUser { upn: ad("jane").upn, ..ad(name) };
    vec![
        Case(
            "nobody in AD",
            Scene::empty().cloud(cloud("jane")).link("ad = \"jane\"\ncloud = \"jane@contoso.com\""),
            &[(Error, AdUserMissing, None)],
        ),
        Case(
            "nobody in the cloud",
            Scene::empty().ad(ad("jane")).link("ad = \"jane\"\ncloud = \"jane@contoso.com\""),
            &[(Error, CloudUserMissing, None)],
        ),
        Case(
            "the cloud user is in the recycle bin",
            Scene::empty().ad(ad("jane")).deleted(cloud("jane")).link("ad = \"jane\"\ncloud = \"jane@contoso.com\""),
            &[(Error, CloudUserDeleted, None)],
        ),
        Case(
            "two AD users with one UPN",
            Scene::empty()
                .ad(twin("a"))
                .ad(twin("b"))
                .cloud(cloud("jane"))
                .link("ad = \"jane@contoso.com\"\ncloud = \"jane@contoso.com\""),
            &[(Error, AdUserAmbiguous, None)],
        ),
        Case(
            "two cloud users with one UPN, which replication delay can show",
            Scene::empty()
                .ad(ad("jane"))
                .cloud(cloud("jane"))
                .cloud(EntraUser { upn: cloud("jane").upn, ..cloud("b") })
                .link("ad = \"jane\"\ncloud = \"jane@contoso.com\""),
            &[(Error, CloudUserAmbiguous, None)],
        ),
        Case("one user by two names", jane().link(&twice), &[(Error, LinkedTwice, None)]),
        Case(
            "a protected user",
            jane().guard("protect = [\"jane@contoso.com\"]").guard("max_links = 9"),
            &[(Error, ProtectedUser, None)],
        ),
        Case(
            "nobody is protected",
            jane().guard("protect = [\"nobody@contoso.com\"]"),
            &[(Error, ProtectUnresolved, None)],
        ),
        Case("the tool's own identity", jane().his(|_, _| ()).caller("jane"), &[(Warning, OwnIdentity, None)]),
        Case(
            "its role, too",
            jane().caller("jane").role("jane", HELPDESK).saying("roles = \"suspend\""),
            &[(Error, OwnIdentity, None)],
        ),
    ]
}

/// Anchors. Sources: "Design concepts" (source anchor), "Understanding errors during Microsoft Entra synchronization".
fn anchors() -> Vec<Case> {
    vec![
        Case(
            "no 16 octets",
            jane().his(|ad, _| ad.consistency_guid = Some(Octets(vec![1; 5]))),
            &[(Error, BadAnchor, None)],
        ),
        Case(
            "another anchor than stated",
            jane().saying(&format!("anchor = \"{}\"", anchor("joe"))),
            &[(Error, AnchorMismatch, None)],
        ),
        Case("nothing to take", jane().saying(REVERSED), &[(Error, CloudAnchorUnusable, None)]),
        Case(
            "an e-mail address cannot be taken",
            jane().his(|_, jane| jane.immutable_id = Some(ImmutableId("jane@gmail.com".into()))).saying(REVERSED),
            &[(Error, CloudAnchorUnusable, None)],
        ),
        Case(
            "another anchor was imported",
            of_old().his(|ad, _| ad.consistency_guid = Some(Octets(vec![7; 16]))),
            &[(Error, AlreadyImported, None)],
        ),
        Case("it lies in the sync scope", of_old().in_scope(), &[(Error, AlreadyImported, None)]),
        Case(
            "the engine may not be there yet",
            of_old().unsampled(),
            &[(Warning, ConsistencyGuidEarly, None), (Warning, SourceAnchorUnproven, None)],
        ),
        Case(
            "another cloud user has it",
            beside(|joe| joe.immutable_id = Some(anchor("jane").into())),
            &[(Error, AnchorTaken, HARD), (Error, WrongTarget, None)],
        ),
        Case(
            "two AD users have it",
            jane().ad(crate::model::ad::AdUser {
                consistency_guid: Some(Octets(anchor("jane").octets().to_vec())),
                ..ad("joe")
            }),
            &[(Error, AnchorTaken, None)],
        ),
        Case(
            "a cloud object of its own",
            jane().cloud(EntraUser { proxy_addresses: has(&[]), mail: None, ..linked(cloud("joe"), &ad("jane")) }),
            &[(Error, Provisioned, HARD)],
        ),
        Case(
            "the same, known by the SID alone, since the anchor was changed afterwards",
            beside(|joe| *joe = EntraUser { immutable_id: None, ..linked(joe.clone(), &ad("jane")) }),
            &[(Error, Provisioned, UNIQUE)],
        ),
        Case(
            "another cloud user has the SID",
            beside(|joe| joe.security_identifier = Some(ad("jane").sid)),
            &[(Error, SidTaken, UNIQUE)],
        ),
        Case(
            "a deleted user has it (How Entra Connect restores deleted users)",
            jane().deleted(EntraUser {
                immutable_id: Some(anchor("jane").into()),
                proxy_addresses: has(&[]),
                mail: None,
                ..cloud("joe")
            }),
            &[(Error, SoftDeletedHolder, HARD)],
        ),
        Case(
            "synced from another AD user",
            jane().his(|_, jane| *jane = linked(jane.clone(), &ad("joe"))),
            &[(Error, AlreadySynced, None)],
        ),
        Case(
            "soft match onto another ImmutableID",
            jane()
                .his(|_, jane| jane.immutable_id = Some(ImmutableId("jane@idp.example".into())))
                .saying("match = \"soft\""),
            &[(Error, ImmutableIdSet, UNIQUE)],
        ),
        Case(
            "a hard match replaces it",
            jane().his(|_, jane| jane.immutable_id = Some(ImmutableId("jane@idp.example".into()))),
            &[(Warning, ImmutableIdSet, None)],
        ),
        Case(
            "unless it belongs to an AD user",
            jane().ad(ad("joe")).his(|_, jane| jane.immutable_id = Some(anchor("joe").into())),
            &[(Error, ImmutableIdSet, UNIQUE)],
        ),
    ]
}

/// Values that must be unique. Source: "Understanding errors during Microsoft Entra synchronization".
fn conflicts() -> Vec<Case> {
    let alias = |address: &str| {
        jane().his(|ad, _| ad.proxy_addresses.insert(format!("smtp:{address}@contoso.com").as_str().into()))
    };
    vec![
        Case("a cloud user has the address", alias("joe").cloud(cloud("joe")), &[(Error, AddressConflict, UNIQUE)]),
        Case("an AD user has the address", alias("joe").ad(ad("joe")), &[(Error, AddressConflict, UNIQUE)]),
        Case(
            "both, but they are one person: said once",
            alias("joe").ad(ad("joe")).cloud(linked(cloud("joe"), &ad("joe"))),
            &[(Error, AddressConflict, UNIQUE)],
        ),
        Case(
            "by `mail` alone",
            alias("joe").cloud(EntraUser { proxy_addresses: has(&[]), ..cloud("joe") }),
            &[(Error, AddressConflict, UNIQUE)],
        ),
        Case(
            "a group has it",
            alias("all").holder(HolderKind::Group, "SMTP:All@contoso.com"),
            &[(Error, ObjectTypeConflict, TYPE)],
        ),
        Case(
            "a contact has it",
            alias("all").holder(HolderKind::Contact, "smtp:all@contoso.com"),
            &[(Error, ObjectTypeConflict, TYPE)],
        ),
        Case("a deleted user has it", alias("joe").deleted(cloud("joe")), &[(Error, SoftDeletedHolder, UNIQUE)]),
        Case(
            "another AD user has the UPN, which is unique in a forest",
            jane().ad(crate::model::ad::AdUser { upn: ad("jane").upn, ..ad("joe") }),
            &[(Error, UpnConflict, UNIQUE)],
        ),
        Case(
            "another cloud user has the UPN that AD keeps",
            jane().his(|ad, _| ad.upn = Some("joe@contoso.com".into())).cloud(cloud("joe")).saying("match = \"hard\""),
            &[(Error, UpnConflict, UNIQUE), (Warning, SignInNameChanges, None)],
        ),
        Case(
            "another AD user could match the same cloud user",
            jane()
                .his(|ad, _| ad.upn = Some("j@contoso.com".into()))
                .ad(crate::model::ad::AdUser { upn: ad("jane").upn, ..ad("joe") })
                .saying("match = \"soft\"\nupn = \"ad\""),
            &[(Error, UpnConflict, None), (Warning, SignInNameChanges, None)],
        ),
        Case(
            "by its address",
            jane()
                .his(|ad, _| ad.proxy_addresses = has(&["SMTP:j@contoso.com"]))
                .ad(crate::model::ad::AdUser { proxy_addresses: ad("jane").proxy_addresses, ..ad("joe") })
                .saying("match = \"soft\"\naddresses = \"keep\"\nprimary_smtp = \"ad\""),
            &[(Error, AddressConflict, None), (Error, AddressConflict, UNIQUE), (Warning, AddressesLost, None)],
        ),
        Case(
            "a deleted user's UPN is free again",
            jane().deleted(EntraUser { proxy_addresses: has(&[]), mail: None, upn: cloud("jane").upn, ..cloud("joe") }),
            &[(Warning, SoftDeletedHolder, None)],
        ),
    ]
}

fn cases() -> Vec<Case> {
    let own = [selectors(), anchors(), conflicts()];
    let scenes = [scenes::refusals(), scenes::restores(), scenes::places(), scenes::cautions(), scenes::wholes()];
    let holders = [holders::others(), holders::names(), holders::takeovers(), holders::source_anchors()];
    let tasks = [tasks::unlinking(), tasks::others(), joining::groups()];
    own.into_iter().chain(scenes).chain(holders).chain(tasks).chain([lint::values()]).flatten().collect()
}

#[test]
fn a_pair_that_agrees_raises_no_finding() {
    assert_eq!(codes(&jane().plan()), []);
}

#[test]
fn each_scene_raises_its_findings_and_no_other() {
    let mut wrong = Vec::new();
    for Case(what, scene, expected) in cases() {
        let plan = scene.plan();
        let mut found: Vec<_> = plan
            .findings
            .iter()
            .map(|finding| (finding.severity, finding.code, finding.microsoft_error.map(MicrosoftError::as_str)))
            .collect();
        let mut wanted = expected.to_vec();
        wanted.sort_unstable();
        found.sort_unstable();
        found.dedup();
        if found != wanted {
            wrong.push(format!("{what}:\n  found  {found:?}\n  wanted {wanted:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn an_error_blocks_and_names_its_link() {
    for Case(what, scene, expected) in cases() {
        let plan = scene.plan();
        let blocked = expected.iter().any(|(severity, ..)| *severity == Error);
        assert_eq!(plan.is_blocked(), blocked, "{what}");
        for finding in &plan.findings {
            assert!(!finding.help.is_empty() && finding.message.ends_with(['.', ')']), "{what}: {finding:#?}");
            assert_eq!(finding.link.is_some(), finding.origin.is_some(), "{what}");
        }
    }
}

// rule: 1.6-set-back
#[test]
fn who_opens_a_switch_is_told_to_close_it() {
    let soft = jane().features(|f| f.block_soft_match = true).saying("match = \"soft\"");
    let hard = jane().features(|f| f.block_hard_match = true).saying("match = \"hard\"");
    for (scene, code) in [(soft, SoftMatchBlocked), (hard, HardMatchBlocked)] {
        let plan = scene.plan();
        let finding = plan.findings.iter().find(|finding| finding.code == code).unwrap();
        assert!(finding.help.contains("on again afterwards"), "{}", finding.help);
    }
}

// rule: 1.6-left-open
#[test]
fn a_switch_that_is_left_open_is_said_once_every_link_is_formed_and_never_written() {
    let formed = |soft: bool, hard: bool| {
        let scene = jane().his(|ad, jane| *jane = linked(jane.clone(), ad));
        scene.features(|f| (f.block_soft_match, f.block_hard_match) = (soft, hard))
    };
    for (soft, hard, said) in [
        (true, true, None),
        (false, true, Some("blockSoftMatchEnabled is off")),
        (true, false, Some("blockCloudObjectTakeoverThroughHardMatchEnabled is off")),
        (false, false, Some("blockSoftMatchEnabled and blockCloudObjectTakeoverThroughHardMatchEnabled are off")),
    ] {
        let plan = formed(soft, hard).plan();
        let found = plan.findings.iter().find(|finding| finding.code == SwitchOpen);
        assert_eq!(found.is_some(), said.is_some(), "{:#?}", plan.findings);
        assert!(found.zip(said).is_none_or(|(f, said)| f.severity == Info && f.message.contains(said)));
        assert!(!plan.has_changes() && plan.steps.is_empty());
    }
    // While a link is still to be formed, it may be needed.
    assert_eq!(codes(&jane().plan()), []);
}

#[test]
fn every_code_is_raised_by_a_scene_or_belongs_elsewhere() {
    // `rollback::tests` raises these; a link plan never does.
    const ROLLBACK: [FindingCode; 5] = [ForeignTenant, ChangedSince, PointOfNoReturn, RoleGrant, LedgerElsewhere];
    let raised: BTreeSet<FindingCode> =
        cases().iter().flat_map(|Case(.., expected)| expected.iter().map(|(_, code, _)| *code)).collect();
    for code in FindingCode::ALL {
        let elsewhere = ROLLBACK.contains(code) || lint::OF_LINT_ALONE.contains(code);
        assert_ne!(raised.contains(code), elsewhere, "{code}");
    }
}

impl Scene {
    fn with(mut self, change: impl FnOnce(&mut crate::snapshot::document::Snapshot)) -> Self {
        change(&mut self.snapshot);
        self
    }

    fn his_cloud(self, change: impl FnOnce(&mut EntraUser)) -> Self {
        self.with(|s| change(&mut s.users[0]))
    }

    fn caller(self, name: &str) -> Self {
        self.with(|s| s.caller = Some(Identity { id: cloud(name).id, name: name.to_owned() }))
    }

    /// Names the cloud user of the first link anew.
    fn relink(mut self, upn: &str) -> Self {
        self.links = self.links.replacen("jane@contoso.com", upn, 1);
        self
    }
}

/// Of most tenants a sample shows nothing: the sync itself makes both attributes the same. A link to which it does not matter
/// then needs no look at everybody, and one to which it matters does.
#[test]
fn a_sample_that_shows_nothing_is_enough_where_both_attributes_agree() {
    use crate::snapshot::document::{Coverage, Narrow, Synced};
    let sampled = |mut scene: Scene| {
        scene.snapshot.coverage = Coverage::Narrow(Narrow { synced: Some(Synced::Sample), ..Narrow::default() });
        scene.plan().findings.into_iter().filter(|f| f.code == SourceAnchorUnproven).collect::<Vec<_>>()
    };
    let either = || jane().unsampled().ad(ad("joe")).cloud(linked(cloud("joe"), &ad("joe"))).saying("match = \"hard\"");
    let found = sampled(either());
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].severity, Severity::Info, "{found:?}");
    assert!(found[0].message.contains("were not looked at"), "{found:?}");
    let found = sampled(either().his(|ad, _| ad.consistency_guid = Some(Octets(vec![7; 16]))));
    assert_eq!(found.iter().map(|f| f.severity).collect::<Vec<_>>(), [Severity::Warning], "{found:?}");
}
