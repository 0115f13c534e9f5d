//! Scenes of tasks, and of what is removed before a match.

use super::{Case, has, jane};
use crate::model::anchor::Anchor;
use crate::model::cloud::{EntraAttribute, SyncFeature};
use crate::model::entra::EntraUser;
use crate::plan::document::Plan;
use crate::plan::testing::{HELPDESK, STAGING, SYNCED, Scene, ad, cloud, linked, uuid};
use crate::rules::finding::FindingCode::{self, *};
use crate::rules::finding::Severity::{self, *};

/// A cloud user that is synced from an AD user of the same name, in scope.
fn synced(name: &str) -> Scene {
    let user = crate::model::ad::AdUser { dn: in_scope(name), ..ad(name) };
    Scene::empty().cloud(linked(cloud(name), &user)).ad(user).remembering(name)
}

fn in_scope(name: &str) -> crate::model::dn::Dn {
    crate::model::dn::Dn::parse(&format!("CN={name},{SYNCED}")).unwrap()
}

/// A cloud user that was synced once, from an AD user that is no more.
fn left(name: &str) -> Scene {
    let user = EntraUser { sync_enabled: None, object_identifier: None, ..linked(cloud(name), &ad(name)) };
    Scene::empty().cloud(user).remembering(name)
}

fn unlink(name: &str, method: &str) -> String {
    format!("[[unlink]]\ncloud = \"{name}@contoso.com\"\nmethod = \"{method}\"\n")
}

fn recycle(name: &str, to: &str) -> String {
    format!("{}ad = \"{name}\"\nmove_to = \"{to}\"\n", unlink(name, "recycle-bin"))
}

fn purge(name: &str, allow: &str) -> String {
    format!("[[deleted]]\nuser = \"{name}@contoso.com\"\naction = \"purge\"\n{allow}")
}

const BLOCK: &str = "[tenant]\nblockSoftMatchEnabled = true\n";
const ALLOWED: &str = "allow = [\"purge\"]\n";
const RESTORE: &str = "[[deleted]]\nuser = \"jane@contoso.com\"\naction = \"restore\"\n";

/// What cannot be set again is said of every clearing.
const STAMP: (Severity, FindingCode, Option<&str>) = (Info, ObjectIdentifierSet, None);

/// What a failed match left of Jane's AD user.
fn duplicate(upn: &str) -> EntraUser {
    let user = crate::model::ad::AdUser { dn: in_scope("jane"), ..ad("jane") };
    EntraUser { upn: upn.into(), ..linked(EntraUser { proxy_addresses: has(&[]), mail: None, ..cloud("dup") }, &user) }
}

/// Jane in scope, with a duplicate that the link removes. The scheduler can be held.
fn beside_duplicate(upn: &str, allow: &str) -> Scene {
    let mut scene = jane().his(|ad, _| ad.dn = in_scope("jane")).unmoved().cloud(duplicate(upn));
    scene.sync += "hold = { command = [\"hold\"] }\nrelease = { command = [\"release\"] }\n";
    scene.saying("duplicate = \"remove\"").saying(allow)
}

const MANGLED: &str = "jane+1234@contoso.onmicrosoft.com";

impl Scene {
    fn task(mut self, text: &str) -> Self {
        self.links.insert_str(0, text);
        self
    }

    fn remembering(mut self, name: &str) -> Self {
        let value = |attribute: &EntraAttribute| (*attribute, Some(format!("{name} {attribute}")));
        self.residues.insert(cloud(name).id, EntraAttribute::ON_PREMISES[..5].iter().map(value).collect());
        self
    }

    fn switch(mut self, feature: SyncFeature, on: bool) -> Self {
        self.snapshot.tenant.switches.insert(feature, on);
        self
    }
}

/// Sources: "Transfer user source of authority"; "Clear on-premises attributes"; "Prevent accidental deletes".
pub(super) fn unlinking() -> Vec<Case> {
    let authority = || unlink("jane", "source-of-authority");
    let crowd = ["a", "b"].into_iter().fold(Scene::empty(), |scene, name| {
        let user = crate::model::ad::AdUser { dn: in_scope(name), ..ad(name) };
        scene.cloud(linked(cloud(name), &user)).ad(user).remembering(name).task(&recycle(name, STAGING))
    });
    vec![
        Case("the cloud as the source", synced("jane").task(&authority()), &[(Warning, AuthorityPrerequisites, None)]),
        Case("of a user that is not synced", left("jane").task(&authority()), &[(Error, NotSynced, None)]),
        Case("nobody to unlink", Scene::empty().task(&authority()), &[(Error, CloudUserMissing, None)]),
        Case(
            "federated users are not supported",
            synced("jane").with(|s| s.tenant.domains[0].federated = true).task(&authority()),
            &[(Error, FederatedDomain, None)],
        ),
        Case("a second time", left("jane").his_cloud(|jane| jane.cloud_managed = Some(true)).task(&authority()), &[]),
        Case(
            "what a synced user remembers",
            synced("jane").task(&unlink("jane", "clear")),
            &[(Error, StillSynced, None)],
        ),
        Case("what a user remembers", left("jane").task(&unlink("jane", "clear")), &[STAMP]),
        Case(
            "an AD user in scope takes it over again",
            left("jane")
                .ad(crate::model::ad::AdUser { dn: in_scope("jane"), ..ad("jane") })
                .task(&unlink("jane", "clear")),
            &[(Error, ComesBack, None), STAMP],
        ),
        Case(
            "nobody read what it remembers",
            Scene { residues: crate::model::cloud::Residues::new(), ..left("jane") }.task(&unlink("jane", "clear")),
            &[(Error, ResidueUnseen, None)],
        ),
        Case(
            "by the recycle bin",
            synced("jane").task(&recycle("jane", STAGING)),
            &[(Warning, DeletedForAWhile, None), STAMP],
        ),
        Case("to where it stays in scope", synced("jane").task(&recycle("jane", SYNCED)), &[(Error, ComesBack, None)]),
        Case(
            "of somebody else",
            synced("jane").ad(ad("joe")).task(&recycle("jane", STAGING).replace("ad = \"jane\"", "ad = \"joe\"")),
            &[(Error, NotLinked, None)],
        ),
        Case(
            "an administrator",
            synced("jane").role("jane", HELPDESK).task(&recycle("jane", STAGING)),
            &[(Error, HoldsRoles, None)],
        ),
        Case(
            "more than a cycle may delete",
            crowd.with(|s| s.tenant.deletion_threshold = Some(1)),
            &[(Error, DeletionThreshold, None), (Warning, DeletedForAWhile, None), STAMP],
        ),
        Case(
            "more users than one plan may change",
            Scene { guard: "max_links = 1\n".to_owned(), ..synced("jane") }.task(&authority()).and_pair("joe"),
            &[(Error, TooManyLinks, None), (Warning, AuthorityPrerequisites, None)],
        ),
        Case(
            "two wishes about one user",
            left("jane").task(&unlink("jane", "clear")).task(&unlink("jane", "source-of-authority")),
            &[(Error, NotSynced, None), (Error, LinkedTwice, None)],
        ),
    ]
}

/// Sources: Graph v1.0 "Restore deleted item", "Permanently delete item"; "Microsoft Entra Connect Sync service features".
pub(super) fn others() -> Vec<Case> {
    let permanent = "[tenant]\nsoftMatchOnUpnEnabled = true\n";
    let off = || Scene::empty().switch(SyncFeature::SoftMatchOnUpn, false);
    let window = "[window]\nsoft_match = true\n";
    vec![
        Case("back from the recycle bin", Scene::empty().deleted(cloud("jane")).task(RESTORE), &[]),
        Case(
            "whose name somebody has",
            Scene::empty()
                .deleted(EntraUser { id: cloud("old").id, proxy_addresses: has(&[]), mail: None, ..cloud("jane") })
                .cloud(cloud("jane"))
                .task(RESTORE),
            &[(Error, UpnConflict, None)],
        ),
        Case("nobody is there", Scene::empty().task(RESTORE), &[(Warning, DeletedUserMissing, None)]),
        Case("for good", Scene::empty().deleted(cloud("jane")).task(&purge("jane", ALLOWED)), &[]),
        Case("unnamed", Scene::empty().deleted(cloud("jane")).task(&purge("jane", "")), &[(Error, Irreversible, None)]),
        Case("a switch for ever", off().task(permanent), &[(Error, PermanentFeature, None)]),
        Case("as wanted", off().task(permanent).allow(PermanentFeature), &[(Warning, PermanentFeature, None)]),
        Case("a switch that is so already", off().switch(SyncFeature::SoftMatchOnUpn, true).task(permanent), &[]),
        Case("a switch that was not read", Scene::empty().task(permanent), &[(Error, SyncFeaturesUnseen, None)]),
        Case(
            "a window lets through what is blocked",
            jane().features(|f| f.block_soft_match = true).switch(SyncFeature::BlockSoftMatch, true).task(window),
            &[],
        ),
        Case(
            "a window that is open already",
            jane().switch(SyncFeature::BlockSoftMatch, false).task(window),
            &[(Info, SwitchOpen, None)],
        ),
        Case("a window of an unknown tenant", jane().task(window), &[(Error, SyncFeaturesUnseen, None)]),
        Case(
            "what the plan itself switches on counts for its links",
            jane().switch(SyncFeature::BlockSoftMatch, false).task(BLOCK).saying("match = \"soft\""),
            &[(Error, SoftMatchBlocked, Some("InvalidSoftMatch"))],
        ),
        Case(
            "and its window opens it again",
            jane().switch(SyncFeature::BlockSoftMatch, false).task(BLOCK).task(window),
            &[],
        ),
        Case("a duplicate goes", beside_duplicate(MANGLED, ALLOWED), &[]),
        Case(
            "but not unnamed",
            beside_duplicate(MANGLED, ""),
            &[(Error, Irreversible, None), (Error, Provisioned, super::HARD)],
        ),
        Case(
            "and not somebody's account",
            beside_duplicate("janet@contoso.com", ALLOWED),
            &[(Error, DuplicateInUse, None), (Error, Provisioned, super::HARD)],
        ),
        Case(
            "a detour",
            jane().with(|s| s.tenant.domains[0].federated = true).saying("match = \"hard\"\nfederated = \"detour\""),
            &[(Warning, SignInNameDetour, None)],
        ),
        Case(
            "whose name is taken",
            jane()
                .with(|s| s.tenant.domains[0].federated = true)
                .cloud(EntraUser {
                    upn: "jane@contoso.onmicrosoft.com".into(),
                    proxy_addresses: has(&[]),
                    mail: None,
                    ..cloud("joe")
                })
                .saying("match = \"hard\"\nfederated = \"detour\""),
            &[(Error, UpnConflict, None)],
        ),
    ]
}

fn kinds(plan: &Plan) -> Vec<&str> {
    plan.steps.iter().map(|step| step.action.kind()).collect()
}

#[test]
fn tasks_come_before_links_and_each_has_its_steps() {
    let plan = synced("jane").task(&recycle("jane", STAGING)).and_pair("joe").plan();
    assert_eq!(kinds(&plan)[..4], ["move", "departure", "revive", "amend"]);
    assert!(plan.steps[..4].iter().all(|step| step.wave == 0) && plan.steps[4..].iter().all(|step| step.wave == 1));
    assert_eq!((plan.counts.tasks, plan.counts.links), (1, 1));
}

#[test]
fn a_duplicate_is_deleted_first_and_for_good_as_late_as_can_be() {
    let scene = beside_duplicate(MANGLED, ALLOWED).saying("match = \"hard\"");
    let plan = scene.plan();
    assert!(!plan.is_blocked(), "{:#?}", plan.findings);
    let expected = ["hold", "delete", "purge", "anchor", "release", "sync", "verify"];
    assert_eq!(kinds(&plan), expected);
    assert_eq!(plan.counts.purges, 1);
}

/// What nobody removes, no other link may rest on being gone.
#[test]
fn a_link_that_is_left_out_leaves_its_duplicate_in_everybodys_way() {
    let mut scene = beside_duplicate(MANGLED, "").and_pair("joe");
    scene.snapshot.users[1].proxy_addresses = has(&["smtp:joe@contoso.com"]);
    assert_eq!(scene.snapshot.users[1].id, cloud("dup").id);
    let plan = Scene { skip_blocked: true, ..scene }.plan();
    let of_joe = plan.findings.iter().filter(|f| f.link.as_ref().is_some_and(|id| id.as_str() == "corp/joe"));
    assert!(of_joe.map(|f| f.code).any(|code| code == AddressConflict), "{:#?}", plan.findings);
}

#[test]
fn a_pilot_goes_first() {
    let mut scene = ["b", "c"].into_iter().fold(Scene::pair("a"), Scene::and_pair);
    scene.selection.pilot = Some(1);
    let plan = scene.plan();
    let waves: Vec<u32> =
        plan.steps.iter().filter(|step| step.action.kind() == "verify").map(|step| step.wave).collect();
    assert_eq!(waves, [1, 2, 2]);
    scene.selection.pilot = Some(3);
    assert!(scene.plan().steps.iter().all(|step| step.wave == 1), "all of them are no pilot");
}

#[test]
fn an_anchor_of_another_user_is_not_taken_for_ours() {
    // The ImmutableID is another's: the AD user that is named would delete somebody else.
    let scene = synced("jane")
        .his_cloud(|jane| jane.immutable_id = Some(Anchor::from_guid(crate::model::id::AdGuid(uuid("x"))).into()));
    let plan = scene.task(&recycle("jane", STAGING)).plan();
    assert!(plan.is_blocked() && plan.findings.iter().any(|finding| finding.code == NotLinked));
}
