//! Scenes of links of groups and contacts. Sources: "Configure Microsoft Entra Connect for an existing tenant" (other objects
//! than users), "Understanding errors during Microsoft Entra synchronization" (ObjectTypeMismatch).

use super::{Case, TYPE, UNIQUE, has};
use crate::model::attribute::AttributeChange;
use crate::model::dn::Dn;
use crate::model::entra::{AddressHolder, HolderKind};
use crate::model::id::{AdGuid, ObjectId};
use crate::model::recipient::{AdHolder, AdHolderKind};
use crate::plan::step::Action;
use crate::plan::testing::{STAGING, SYNCED, Scene, cloud, uuid};
use crate::rules::finding::FindingCode::{self, *};
use crate::rules::finding::Severity::{self, *};
use crate::snapshot::document::Missing;

const MEMBERS: (Severity, FindingCode, Option<&str>) = (Warning, MembersFromAd, None);

fn of_ad(kind: AdHolderKind, name: &str) -> AdHolder {
    AdHolder {
        kind,
        guid: AdGuid(uuid(&format!("{kind} {name}"))),
        dn: Dn::parse(&format!("CN={name},{STAGING}")).unwrap(),
        domain: "corp".into(),
        name: format!("{name} of AD"),
        sam: (kind == AdHolderKind::Group).then(|| name.into()),
        mail: None,
        proxy_addresses: has(&[&format!("SMTP:{name}-ad@contoso.com")]),
        mail_nickname: None,
        target_address: None,
    }
}

fn of_cloud(kind: HolderKind, name: &str) -> AddressHolder {
    AddressHolder {
        kind,
        id: ObjectId(uuid(&format!("cloud {kind} {name}"))),
        display_name: Some(format!("The {name}")),
        mail: Some(format!("{name}@contoso.com")),
        proxy_addresses: has(&[&format!("SMTP:{name}@contoso.com"), &format!("smtp:{name}-old@contoso.com")]),
        synced: false,
        assignable_to_role: false,
        microsoft_365: false,
    }
}

fn link(kind: &str, ad: &str, cloud: &str) -> String {
    format!("[[link]]\nkind = \"{kind}\"\nad = \"{ad}\"\ncloud = \"{cloud}\"\nmove_to = \"{SYNCED}\"\n")
}

/// A group on both sides, and its link.
fn sales() -> Scene {
    let mut scene = Scene::empty().with(|s| {
        s.domains[0].holders.push(of_ad(AdHolderKind::Group, "sales"));
        s.holders.push(of_cloud(HolderKind::Group, "sales"));
    });
    scene.links = link("group", "sales", "sales@contoso.com");
    scene
}

fn partner() -> Scene {
    let mut scene = Scene::empty().with(|s| {
        s.domains[0].holders.push(of_ad(AdHolderKind::Contact, "partner"));
        s.holders.push(of_cloud(HolderKind::Contact, "partner"));
    });
    scene.links = link("contact", "partner-ad@contoso.com", "The partner");
    scene
}

impl Scene {
    fn named(mut self, from: &str, to: &str) -> Self {
        assert!(self.links.contains(from));
        self.links = self.links.replacen(from, to, 1);
        self
    }

    fn in_cloud(self, change: impl FnOnce(&mut AddressHolder)) -> Self {
        self.with(|s| change(&mut s.holders[0]))
    }

    fn in_ad(self, change: impl FnOnce(&mut AdHolder)) -> Self {
        self.with(|s| change(&mut s.domains[0].holders[0]))
    }
}

pub(super) fn groups() -> Vec<Case> {
    let id = of_cloud(HolderKind::Group, "sales").id.to_string();
    let guid = of_ad(AdHolderKind::Group, "sales").guid.to_string();
    let missing = &[(Error, GroupMissing, None)];
    let never = &[(Error, NeverMatched, None), MEMBERS];
    let twin = |s: &mut crate::snapshot::document::Snapshot| {
        let twin =
            AddressHolder { id: ObjectId(uuid("twin")), proxy_addresses: has(&[]), mail: None, ..s.holders[0].clone() };
        s.holders.push(twin);
    };
    let formed = |scene: Scene| {
        let scene = scene.in_cloud(|group| group.synced = true);
        scene.in_ad(|group| group.proxy_addresses = has(&["SMTP:sales@contoso.com"]))
    };
    vec![
        Case("a group", sales(), &[MEMBERS]),
        Case(
            "by its ids",
            sales().named("ad = \"sales\"", &format!("ad = \"{guid}\"")).named("sales@contoso.com", &id),
            &[MEMBERS],
        ),
        Case("by DN", sales().named("\"sales\"", &format!("\"CN=sales,{STAGING}\"")), &[MEMBERS]),
        Case("by its name", sales().named("sales@contoso.com", "the SALES"), &[MEMBERS]),
        Case("a contact", partner(), &[]),
        Case("a contact has no account name", partner().named("partner-ad@contoso.com", "partner"), missing),
        Case("nobody in AD", sales().named("\"sales\"", "\"sails\""), missing),
        Case("nobody in the cloud", sales().named("sales@contoso.com", "sails@contoso.com"), missing),
        Case(
            "two of one name",
            sales().with(twin).named("sales@contoso.com", "The sales"),
            &[(Error, GroupAmbiguous, None)],
        ),
        Case("a group is no contact", sales().named("\"group\"", "\"contact\""), &[(Error, ObjectTypeConflict, TYPE)]),
        Case("roles can be assigned to it", sales().in_cloud(|group| group.assignable_to_role = true), never),
        Case("a Microsoft 365 group", sales().in_cloud(|group| group.microsoft_365 = true), never),
        Case(
            "no mail",
            sales()
                .in_cloud(|group| (group.mail, group.proxy_addresses) = (None, has(&[])))
                .named("sales@contoso.com", &id),
            never,
        ),
        Case("joined already", formed(sales()), &[]),
        Case("synced from another", sales().in_cloud(|group| group.synced = true), &[(Error, AlreadySynced, None)]),
        Case(
            "a user has the address",
            sales().cloud(crate::model::entra::EntraUser {
                proxy_addresses: has(&["smtp:sales-ad@contoso.com"]),
                ..cloud("joe")
            }),
            &[(Error, ObjectTypeConflict, TYPE), MEMBERS],
        ),
        Case(
            "a user is called so",
            sales().cloud(crate::model::entra::EntraUser { upn: "sales-ad@contoso.com".into(), ..cloud("joe") }),
            &[(Error, ObjectTypeConflict, TYPE), MEMBERS],
        ),
        Case(
            "another group has the address",
            sales().holder(HolderKind::Group, "smtp:sales-ad@contoso.com").with(|s| s.holders[1].synced = false),
            &[(Error, AddressConflict, UNIQUE), MEMBERS],
        ),
        Case(
            "an earlier cycle made one of it",
            sales().holder(HolderKind::Group, "SMTP:sales-ad@contoso.com").with(|s| s.holders[1].synced = true),
            &[(Error, Provisioned, UNIQUE), MEMBERS],
        ),
        Case(
            "a contact of AD has the address",
            sales().ad_holder(AdHolderKind::Contact, "smtp:sales@contoso.com"),
            &[(Error, ObjectTypeConflict, TYPE), MEMBERS],
        ),
        Case(
            "the tenant blocks soft matches",
            sales().features(|f| f.block_soft_match = true),
            &[(Error, SoftMatchBlocked, Some("InvalidSoftMatch")), MEMBERS],
        ),
        Case("nothing syncs", sales().with(|s| s.tenant.sync_enabled = None), &[(Error, SyncDisabled, None), MEMBERS]),
        Case(
            "nothing moves it",
            sales().named(&format!("move_to = \"{SYNCED}\"\n"), ""),
            &[(Error, OutOfScope, None), MEMBERS],
        ),
        Case(
            "in scope",
            sales().in_ad(|group| group.dn = Dn::parse(&format!("CN=sales,{SYNCED}")).unwrap()),
            &[(Warning, Exposed, None), MEMBERS],
        ),
        Case(
            "groups that may not be read",
            sales().gap(Missing::Groups),
            &[(Error, CouldNotBeSeen, None), (Warning, CouldNotBeSeen, None)],
        ),
        Case(
            "linked twice",
            Scene { links: sales().links + &link("group", &guid, &id), ..sales() },
            &[(Error, LinkedTwice, None), MEMBERS],
        ),
    ]
}

#[test]
fn nothing_of_the_cloud_is_lost_and_the_cloud_s_primary_address_matches() {
    let plan = sales().plan();
    let [align, relocate, arrival] = plan.steps.as_slice() else { panic!("{:#?}", plan.steps) };
    let Action::Align { user, changes } = &align.action else { panic!("{align:#?}") };
    assert_eq!(user.holder, Some(HolderKind::Group));
    let of = |change: &AttributeChange| (change.attribute.name(), change.sets.clone());
    let addresses = ["SMTP:sales@contoso.com", "smtp:sales-ad@contoso.com", "smtp:sales-old@contoso.com"];
    assert_eq!(
        changes.iter().map(of).collect::<Vec<_>>(),
        [("mail", vec!["sales@contoso.com".to_owned()]), ("proxyAddresses", addresses.map(str::to_owned).to_vec())]
    );
    assert_eq!((relocate.action.kind(), arrival.action.kind()), ("move", "arrival"));
    assert_eq!(plan.tasks[0].id.as_str(), "link/sales");
}

/// The window is for every soft match.
#[test]
fn a_window_opens_for_a_group() {
    use crate::model::cloud::SyncFeature;
    let mut scene = sales().features(|f| f.block_soft_match = true);
    scene.snapshot.tenant.switches.insert(SyncFeature::BlockSoftMatch, true);
    scene.links += "[window]\nsoft_match = true\n";
    let plan = scene.plan();
    assert!(!plan.is_blocked(), "{:#?}", plan.findings);
    let kinds: Vec<&str> = plan.steps.iter().map(|step| step.action.kind()).collect();
    assert_eq!(kinds, ["align", "move", "arrival", "switch"]);
}
