//! What is evidence, what speaks against it, and what must hold over any directories.

mod properties;

use super::document::Suggestions;
use super::evidence::{Confidence, EvidenceKind as Kind};
use super::next_cycle::Outcome;
use super::objections::{ObjectionKind as Against, Weight};
use super::run::{Input, suggest};
use crate::model::ad::AdUser;
use crate::model::anchor::{Anchor, SourceAnchor};
use crate::model::entra::EntraUser;
use crate::model::profile::ProfileAttribute::EmployeeId;
use crate::model::tenant::Identity;
use crate::plan::testing::{self, HELPDESK, Scene, linked};
use crate::rules::prediction::MatchKey;
use Confidence::{Certain, Likely, Possible};

/// An AD user that shares nothing with [`cloud`] users of other names.
fn ad(name: &str) -> AdUser {
    AdUser { display_name: Some(format!("{name} of AD").into()), ..testing::ad(name) }
}

fn cloud(name: &str) -> EntraUser {
    EntraUser { display_name: Some(format!("{name} of the cloud").into()), ..testing::cloud(name) }
}

fn run(scene: &Scene) -> Suggestions {
    let config = scene.config();
    let (settings, links) = (&config.settings, &config.plan.links[..]);
    suggest(Input { settings, links, snapshot: &scene.snapshot, least: Possible, limit: None })
}

/// Two users with different names, and what is changed about them.
fn two(change: impl FnOnce(&mut AdUser, &mut EntraUser)) -> Scene {
    Scene::empty().ad(ad("jane")).cloud(cloud("doe")).his(change)
}

fn proposed(found: &Suggestions) -> Vec<(String, String, Confidence, bool)> {
    let one = |p: &super::document::Proposal| {
        (p.ad_selector.clone(), p.cloud_selector.clone(), p.confidence, p.commented_out)
    };
    found.proposals.iter().map(one).collect()
}

/// The kinds of objections against the only pair with jane, whether it is proposed or not.
fn against(found: &Suggestions) -> Vec<Against> {
    let proposed = found.proposals.iter().map(|one| (&one.ad, &one.against));
    let all = proposed.chain(found.not_proposed.iter().map(|one| (&one.ad, &one.against)));
    let janes: Vec<_> = all.filter(|(ad, _)| ad.sam.as_str() == "jane").collect();
    assert_eq!(janes.len(), 1, "{found:#?}");
    let known = |kind: &Against| !matches!(kind, Against::OutOfScope | Against::OtherDisplayName);
    janes[0].1.iter().map(|objection| objection.kind).filter(known).collect()
}

type Change = fn(&mut AdUser, &mut EntraUser);

/// What is changed, how sure it makes it, and what is said.
type Case = (&'static str, &'static [Change], Option<Confidence>, &'static [Kind]);

fn employee(ad: &mut AdUser, cloud: &mut EntraUser, own: &str, other: &str) {
    ad.profile.insert(EmployeeId, own);
    cloud.profile.insert(EmployeeId, other);
}

fn same_upn(ad: &mut AdUser, cloud: &mut EntraUser) {
    ad.upn = Some(cloud.upn.as_str().to_uppercase().into());
}

fn same_primary(ad: &mut AdUser, cloud: &mut EntraUser) {
    ad.proxy_addresses = ["SMTP:Doe@Contoso.com"].into_iter().collect();
    ad.mail.clone_from(&cloud.mail);
}

fn shared_alias(ad: &mut AdUser, cloud: &mut EntraUser) {
    ad.proxy_addresses.insert("smtp:old@contoso.com".into());
    cloud.proxy_addresses.insert("smtp:OLD@contoso.com".into());
}

fn same_account(ad: &mut AdUser, cloud: &mut EntraUser) {
    cloud.mail_nickname = Some(ad.sam.as_str().to_uppercase().into());
}

fn same_display(ad: &mut AdUser, cloud: &mut EntraUser) {
    ad.display_name = Some("Jane  DOE".into());
    cloud.display_name = Some("jane doe".into());
}

#[test]
fn how_sure_it_is() {
    let cases: [Case; 16] = [
        ("nothing", &[], None, &[]),
        ("a display name alone", &[same_display], None, &[]),
        ("a shared address alone", &[shared_alias], Some(Possible), &[Kind::Address]),
        ("the account name alone", &[same_account], Some(Possible), &[Kind::AccountName]),
        ("account and address", &[same_account, shared_alias], Some(Likely), &[Kind::Address, Kind::AccountName]),
        ("account and display", &[same_account, same_display], Some(Likely), &[Kind::AccountName, Kind::DisplayName]),
        ("address and display", &[shared_alias, same_display], Some(Likely), &[Kind::Address, Kind::DisplayName]),
        ("the sign-in name", &[same_upn], Some(Likely), &[Kind::Upn]),
        ("the primary address", &[same_primary], Some(Likely), &[Kind::PrimarySmtp]),
        ("number", &[|a, c| employee(a, c, " a17", "A17 ")], Some(Likely), &[Kind::EmployeeId]),
        ("both names", &[same_upn, same_primary], Some(Certain), &[Kind::Upn, Kind::PrimarySmtp]),
        (
            "number and account",
            &[same_account, |a, c| employee(a, c, "17", "17")],
            Some(Certain),
            &[Kind::EmployeeId, Kind::AccountName],
        ),
        (
            "number and display",
            &[same_display, |a, c| employee(a, c, "17", "17")],
            Some(Likely),
            &[Kind::EmployeeId, Kind::DisplayName],
        ),
        // A sign-in name is an address: the cloud user has no mailbox yet, and AD knows the address.
        ("address as name", &[|a, c| a.mail = Some(c.upn.to_string())], Some(Possible), &[Kind::Address]),
        (
            "an anchor",
            &[|a, c| c.immutable_id = Some(a.anchor(SourceAnchor::ConsistencyGuid).unwrap().into())],
            Some(Certain),
            &[Kind::Anchor],
        ),
        ("a SID", &[|a, c| c.security_identifier = Some(a.sid.clone())], Some(Certain), &[Kind::Sid]),
    ];
    for (what, changes, confidence, kinds) in cases {
        let found = run(&two(|ad, cloud| changes.iter().for_each(|change| change(ad, cloud))));
        let one = found.proposals.first();
        assert_eq!(one.map(|one| one.confidence), confidence, "{what}: {found:#?}");
        let said: Vec<Kind> = one.into_iter().flat_map(|one| &one.evidence).map(|one| one.kind).collect();
        assert_eq!(said, kinds, "{what}");
        assert!(one.is_none_or(|one| one.commented_out || one.confidence > Possible), "{what}");
    }
}

#[test]
fn mail_stands_for_addresses_only_where_there_are_none() {
    let found = run(&two(|ad, cloud| {
        ad.proxy_addresses = Vec::<&str>::new().into_iter().collect();
        ad.mail.clone_from(&cloud.mail);
    }));
    assert_eq!(found.proposals[0].evidence[0].kind, Kind::PrimarySmtp);
    let found = run(&two(|ad, cloud| ad.mail.clone_from(&cloud.mail)));
    assert_eq!(found.proposals[0].evidence[0].kind, Kind::Address);
}

#[test]
fn different_employee_ids_are_two_people_and_stand_in_nobodys_way() {
    let agreeing = |ad: &mut AdUser, cloud: &mut EntraUser| {
        same_upn(ad, cloud);
        same_primary(ad, cloud);
    };
    let found = run(&two(|ad, cloud| {
        agreeing(ad, cloud);
        employee(ad, cloud, "17", "18");
    }));
    assert_eq!((found.proposals.len(), against(&found)), (0, vec![Against::DifferentEmployeeIds]));
    let found = run(&two(|ad, cloud| {
        agreeing(ad, cloud);
        employee(ad, cloud, "0017", "17");
    }));
    assert_eq!((found.proposals.len(), against(&found)), (1, vec![Against::OtherZeros]));
    // Another cloud user with the right number is found although the first one fits better by name.
    let mut right = cloud("right");
    right.profile.insert(EmployeeId, "17");
    let found = run(&two(|ad, cloud| {
        agreeing(ad, cloud);
        employee(ad, cloud, "17", "18");
    })
    .cloud(right));
    assert_eq!(proposed(&found), [("jane".into(), "right@contoso.com".into(), Likely, false)]);
}

#[test]
fn whoever_fits_several_equally_well_is_not_proposed() {
    let numbered = |mut user: EntraUser| {
        user.profile.insert(EmployeeId, "17");
        user
    };
    let mut jane = ad("jane");
    jane.profile.insert(EmployeeId, "17");
    let scene = Scene::empty().ad(jane.clone()).cloud(numbered(cloud("a"))).cloud(numbered(cloud("b")));
    let found = run(&scene);
    assert!(found.proposals.is_empty());
    assert_eq!(found.not_proposed.len(), 2);
    assert!(found.not_proposed.iter().all(|one| one.against[0].kind == Against::Ambiguous), "{found:#?}");
    // The administrator's second account has the same number, and the names say which of the two is meant.
    let mut second = ad("jane-adm");
    second.profile.insert(EmployeeId, "17");
    let found = run(&Scene::empty().ad(jane).ad(second).cloud(numbered(cloud("jane"))));
    assert_eq!(proposed(&found), [("jane".into(), "jane@contoso.com".into(), Certain, false)]);
    assert_eq!(found.not_proposed[0].against[0].kind, Against::BetterElsewhere);
}

#[test]
fn a_value_that_many_have_identifies_nobody() {
    let crowd = |most: usize| {
        let mut scene = two(|ad, cloud| employee(ad, cloud, "0", "0"));
        for n in 0..most {
            let mut other = ad(&format!("other{n}"));
            other.profile.insert(EmployeeId, "0");
            scene = scene.ad(other);
        }
        run(&scene)
    };
    let (few, many) = (crowd(super::keys::MOST - 1), crowd(super::keys::MOST));
    assert_eq!(few.not_proposed.len(), super::keys::MOST, "each of them is ambiguous");
    assert_eq!((many.proposals.len(), many.not_proposed.len(), many.counts.weaker), (0, 0, 0));
    // Nor does it contradict anything.
    let mut scene = two(|ad, cloud| {
        same_upn(ad, cloud);
        employee(ad, cloud, "n/a", "17");
    });
    for n in 0..super::keys::MOST {
        let mut other = ad(&format!("other{n}"));
        other.profile.insert(EmployeeId, "N/A");
        scene = scene.ad(other);
    }
    assert_eq!(run(&scene).proposals.len(), 1);
}

/// What stands against a pair that agrees in everything.
#[test]
fn objections_forbid_hold_or_are_only_said() {
    type Build = fn() -> Scene;
    fn pair() -> Scene {
        Scene::empty().ad(testing::ad("jane")).cloud(testing::cloud("jane"))
    }
    let cases: [(Against, Build); 14] = [
        (Against::NamedByLink, || pair().ad(ad("joe")).link("ad = \"joe\"\ncloud = \"jane@contoso.com\"")),
        (Against::Protected, || pair().guard("protect = [\"jane@contoso.com\"]")),
        (Against::Synced, || {
            let mut scene = pair();
            scene.snapshot.users[0] = linked(testing::cloud("jane"), &ad("joe"));
            scene.ad(ad("joe"))
        }),
        (Against::MarkOfAnother, || {
            let joe = ad("joe");
            pair().his(|_, cloud| cloud.security_identifier = Some(ad("joe").sid)).ad(joe)
        }),
        (Against::Provisioned, || pair().cloud(linked(cloud("double"), &testing::ad("jane")))),
        (Against::CloudManaged, || pair().his(|_, cloud| cloud.cloud_managed = Some(true))),
        (Against::NeverSynced, || pair().his(|ad, _| ad.critical_system_object = true)),
        (Against::Guest, || pair().his(|_, cloud| cloud.user_type = Some("Guest".into()))),
        (Against::HoldsRole, || pair().role("jane", HELPDESK)),
        (Against::AdDisabled, || pair().his(|ad, _| ad.user_account_control |= 2)),
        (Against::OwnIdentity, || {
            let mut scene = pair();
            let id = scene.snapshot.users[0].id;
            scene.snapshot.caller = Some(Identity { id, name: "jane@contoso.com".to_owned() });
            scene
        }),
        (Against::UnlikeDisplayName, || {
            pair().his(|ad, cloud| {
                ad.display_name = Some("Jane Doe".into());
                cloud.display_name = Some("Sales (Berlin)".into());
            })
        }),
        (Against::UnknownMark, || {
            pair().his(|_, cloud| cloud.immutable_id = Some(Anchor::from_guid(ad("gone").guid).into()))
        }),
        (Against::CloudDisabled, || pair().his(|_, cloud| cloud.account_enabled = Some(false))),
    ];
    for (kind, scene) in cases {
        let found = run(&scene());
        assert!(against(&found).contains(&kind), "{kind:?}: {found:#?}");
        let (written, held) = (found.counts.proposed, found.counts.commented_out);
        let expected = match kind.weight() {
            Weight::Forbid => (0, 0),
            Weight::Hold => (0, 1),
            Weight::Remark => (1, 0),
        };
        assert_eq!((written, held), expected, "{kind:?}");
    }
}

#[test]
fn what_is_linked_or_in_a_match_plan_is_not_proposed_again() {
    let jane = testing::ad("jane");
    let found = run(&Scene::empty().cloud(linked(testing::cloud("jane"), &jane)).ad(jane));
    assert_eq!((found.proposals.len(), found.not_proposed.len(), found.counts.weaker), (0, 0, 0));
    let found = run(&Scene::pair("jane").and_pair("joe"));
    assert_eq!((found.proposals.len(), found.not_proposed.len(), found.counts.named), (0, 0, 2));
}

#[test]
fn the_limit_takes_the_surest_and_the_least_confidence_counts() {
    let scene = Scene::empty()
        .ad(ad("a"))
        .cloud(cloud("x"))
        .his(|ad, cloud| {
            employee(ad, cloud, "17", "17");
        })
        .ad(testing::ad("b"))
        .cloud(testing::cloud("b"));
    let config = scene.config();
    let input = Input {
        settings: &config.settings,
        links: &config.plan.links,
        snapshot: &scene.snapshot,
        least: Possible,
        limit: Some(1),
    };
    let found = suggest(input);
    assert_eq!((proposed(&found)[0].0.as_str(), found.counts.beyond_limit), ("b", 1));
    let found = suggest(Input { least: Certain, limit: None, ..input });
    assert_eq!((found.proposals.len(), found.counts.beyond_limit), (1, 0));
}

#[test]
fn a_user_is_written_so_that_it_is_found_again() {
    let mut odd = testing::ad("odd");
    odd.sam = "a=b".into();
    let mut hidden = testing::cloud("odd");
    hidden.upn = "odd@contoso.com".into();
    let guid = odd.guid.to_string();
    let found = run(&Scene::empty().ad(odd).cloud(hidden));
    assert_eq!(
        (&found.proposals[0].ad_selector, found.proposals[0].cloud_selector.as_str()),
        (&guid, "odd@contoso.com")
    );
    let mut hidden = testing::cloud("odd");
    hidden.upn = "odd\u{202e}@contoso.com".into();
    let id = hidden.id.to_string();
    let found = run(&Scene::empty().ad(testing::ad("odd")).cloud(hidden));
    assert_eq!(found.proposals[0].cloud_selector, id);
}

#[test]
fn the_next_cycle_matches_who_is_in_scope_and_named_by_no_link() {
    let pair = || Scene::empty().ad(testing::ad("jane")).cloud(testing::cloud("jane"));
    let outcome = |scene: &Scene| run(scene).next_cycle.into_iter().next().map(|one| one.outcome);
    let by_smtp = Outcome::TakesOver { by: MatchKey::PrimarySmtp };
    assert_eq!(outcome(&pair()), None, "outside of the scope");
    assert_eq!(outcome(&pair().in_scope()), Some(by_smtp.clone()));
    assert_eq!(outcome(&Scene::pair("jane").in_scope()), None, "a link names her");
    let named_elsewhere = Scene::pair("jane").ad(AdUser { upn: Some("jane@contoso.com".into()), ..testing::ad("joe") });
    let found = run(&named_elsewhere.in_scope());
    assert_eq!(found.next_cycle.len(), 1, "joe takes the user that a link wants for jane: {found:#?}");
    assert_eq!(found.next_cycle[0].ad.sam.as_str(), "joe");

    let by_upn = pair().in_scope().his(|ad, _| ad.proxy_addresses = Vec::<&str>::new().into_iter().collect());
    assert_eq!(outcome(&by_upn), Some(Outcome::TakesOver { by: MatchKey::Upn }));
    let anchored = two(|ad, cloud| cloud.immutable_id = Some(ad.anchor(SourceAnchor::ConsistencyGuid).unwrap().into()));
    assert_eq!(outcome(&anchored.in_scope()), Some(Outcome::TakesOver { by: MatchKey::HardMatch }));
    let held = pair().in_scope().role("jane", HELPDESK);
    assert!(matches!(outcome(&held), Some(Outcome::Duplicate { .. })), "{:?}", outcome(&held));
    let alias = two(|ad, cloud| {
        ad.proxy_addresses.insert("smtp:old@contoso.com".into());
        cloud.proxy_addresses.insert("smtp:old@contoso.com".into());
    });
    assert!(matches!(outcome(&alias.in_scope()), Some(Outcome::Duplicate { .. })));
    let unread = pair().in_scope().gap(crate::snapshot::document::Missing::Roles);
    assert!(matches!(outcome(&unread), Some(Outcome::MayTakeOver { .. })));
    assert_eq!(outcome(&two(|_, _| ()).in_scope()), None, "a new cloud user is nothing to be afraid of");
    let own = pair().in_scope().cloud(linked(cloud("double"), &testing::ad("jane")));
    assert_eq!(outcome(&own), None, "who has a cloud object is never matched again");
}

#[test]
fn two_people_about_to_become_one_come_first() {
    let other = testing::ad("zoe");
    let scene = Scene::empty()
        .ad(other)
        .cloud(testing::cloud("zoe"))
        .his(|ad, cloud| employee(ad, cloud, "17", "18"))
        .ad(testing::ad("anna"))
        .cloud(testing::cloud("anna"))
        .in_scope();
    let found = run(&scene);
    let names: Vec<&str> = found.next_cycle.iter().map(|one| one.ad.sam.as_str()).collect();
    assert_eq!(names, ["zoe", "anna"]);
    assert!(found.next_cycle[0].contradiction.is_some() && found.next_cycle[1].confidence == Some(Certain));
    // Where nobody says what is in scope, it is said that this is not known.
    let unknown = Scene { sync: String::new(), ..scene };
    let found = run(&unknown);
    assert!(found.next_cycle.iter().all(|one| !one.in_scope) && found.next_cycle.len() == 2);
    assert!(found.notes.iter().any(|note| note.contains("synced_ous")), "{:?}", found.notes);
}
