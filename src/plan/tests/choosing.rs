//! Which branch of the published decision tree. Source: Microsoft, "Configure Microsoft Entra Connect for an existing
//! tenant": hard match, else primary SMTP, else UPN; role holders are never matched.

use crate::model::address::AddressSet;
use crate::model::anchor::{Anchor, ImmutableId};
use crate::model::entra::EntraUser;
use crate::model::role::Holding;
use crate::plan::link::{Exposure, Method, Outcome};
use crate::plan::step::Action;
use crate::plan::testing::{HELPDESK, Scene, ad, cloud, kinds, linked, only};
use crate::rules::finding::FindingCode;
use crate::rules::prediction::{MatchKey, Prediction};

fn jane() -> Scene {
    Scene::pair("jane")
}

/// Jane without any address.
fn bare() -> Scene {
    jane().his(|ad, jane| {
        (ad.mail, jane.mail) = (None, None);
        (ad.proxy_addresses, jane.proxy_addresses) = Default::default();
    })
}

#[test]
fn auto_takes_the_branch_of_the_tree_and_says_why() {
    use MatchKey::{HardMatch, PrimarySmtp, Upn};
    use Method::{Hard, Soft};
    let taken = cloud("joe");
    let cases = [
        ("all agrees", jane(), Soft, PrimarySmtp, "can be aligned"),
        ("only the UPN can match", bare(), Soft, Upn, "the UPN matches"),
        (
            "the UPN can be aligned",
            jane().his(|ad, _| ad.upn = Some("j@x".into())),
            Soft,
            PrimarySmtp,
            "can be aligned",
        ),
        (
            "a role",
            jane().role("jane", HELPDESK).saying("roles = \"suspend\""),
            Hard,
            HardMatch,
            "the cloud user holds a role",
        ),
        (
            "the anchor is there already",
            jane().his(|ad, jane| jane.immutable_id = Some(Anchor::from_guid(ad.guid).into())),
            Hard,
            HardMatch,
            "anchor already",
        ),
        (
            "another ImmutableID",
            jane().his(|_, jane| jane.immutable_id = Some(ImmutableId("x".to_owned()))),
            Hard,
            HardMatch,
            "another ImmutableID",
        ),
        (
            "soft matches are blocked",
            jane().features(|f| f.block_soft_match = true),
            Hard,
            HardMatch,
            "blocks soft matches",
        ),
        (
            "UPN match is off",
            bare().features(|f| f.soft_match_on_upn = false),
            Hard,
            HardMatch,
            "softMatchOnUpnEnabled",
        ),
        (
            "aligning the UPN would conflict",
            jane()
                .his(|ad, _| ad.upn = Some("j@contoso.com".into()))
                .ad(crate::model::ad::AdUser { upn: ad("jane").upn, ..ad("joe") })
                .cloud(taken),
            Hard,
            HardMatch,
            "would conflict",
        ),
        ("the link says soft", jane().saying("match = \"soft\""), Soft, PrimarySmtp, "asks for it"),
        ("the link says hard", jane().saying("match = \"hard\""), Hard, HardMatch, "asks for it"),
        (
            "the link says soft, but Entra looks at the anchor first",
            jane()
                .his(|ad, jane| jane.immutable_id = Some(Anchor::from_guid(ad.guid).into()))
                .saying("match = \"soft\""),
            Hard,
            HardMatch,
            "whatever the link asks for",
        ),
    ];
    for (what, scene, wanted, by, because) in cases {
        let plan = scene.plan();
        assert!(!plan.is_blocked(), "{what}: {:#?}", plan.findings);
        let link = only(&plan);
        let Outcome::Change { method, why, .. } = &link.outcome else { panic!("{what}: {link:#?}") };
        assert_eq!(*method, wanted, "{what}");
        assert!(why.contains(because), "{what}: {why}");
        assert_eq!(link.prediction, Some(Prediction::Linked { by }), "{what}");
        let writes_anchor = link.before.user.immutable_id != Some(link.anchor.unwrap().into());
        assert_eq!(kinds(&plan.steps).contains(&"anchor"), wanted == Method::Hard && writes_anchor, "{what}");
    }
}

#[test]
fn a_linked_pair_is_no_change_whatever_its_attributes() {
    let scene = jane().his(|ad, jane| {
        *jane = EntraUser { upn: jane.upn.clone(), ..linked(cloud("jane"), ad) };
        ad.upn = Some("another@contoso.com".into());
        ad.proxy_addresses = ["SMTP:another@contoso.com"].into_iter().collect();
        ad.admin_count = true;
    });
    let plan = scene.role("jane", HELPDESK).plan();
    let link = only(&plan);
    assert_eq!(
        (&link.outcome, link.exposure, link.prediction.as_ref()),
        (&Outcome::Unchanged, Exposure::Provisioned, None)
    );
    let said: Vec<_> = plan.findings.iter().map(|finding| finding.code).collect();
    assert!(plan.steps.is_empty() && said == [FindingCode::SwitchOpen] && !plan.has_changes());
}

#[test]
fn only_anchor_and_sid_together_are_a_link() {
    let cases: [fn(&mut EntraUser); 2] = [|jane| jane.security_identifier = None, |jane| jane.immutable_id = None];
    for change in cases {
        let plan = jane().his(|ad, jane| {
            *jane = linked(jane.clone(), ad);
            change(jane);
        });
        assert_eq!(only(&plan.plan()).outcome, Outcome::Blocked);
    }
}

#[test]
fn roles_are_suspended_and_restored_with_their_scope_or_removed() {
    for (choice, restored) in [("suspend", true), ("remove", false)] {
        for matching in ["soft", "hard"] {
            let scene = jane().role("jane", HELPDESK).scoped_role("jane", HELPDESK, "/administrativeUnits/1");
            let plan = scene.saying(&format!("roles = \"{choice}\"\nmatch = \"{matching}\"")).plan();
            assert!(!plan.is_blocked(), "{:#?}", plan.findings);
            let taken: Vec<_> = plan
                .steps
                .iter()
                .filter_map(|step| match &step.action {
                    Action::Suspend { holding: Holding::Role(role), restore, .. } => {
                        assert_eq!(*restore, restored);
                        Some((step.id.clone(), role.grant.directory_scope.clone().unwrap()))
                    }
                    _ => None,
                })
                .collect();
            assert_eq!(
                taken.iter().map(|(_, scope)| scope.as_str()).collect::<Vec<_>>(),
                ["/", "/administrativeUnits/1"]
            );
            let given: Vec<_> = plan
                .steps
                .iter()
                .filter_map(|step| match &step.action {
                    Action::Restore { suspend, apply: None, .. } => Some(suspend.clone()),
                    _ => None,
                })
                .collect();
            let wanted: Vec<_> = taken.iter().map(|(id, _)| id.clone()).filter(|_| restored).collect();
            assert_eq!(given, wanted);
            let (suspended, removed) = if restored { (2, 0) } else { (0, 2) };
            assert_eq!((plan.counts.roles_suspended, plan.counts.roles_removed), (suspended, removed));
        }
    }
}

#[test]
fn the_exposure_of_a_provisioned_user_is_said() {
    let twin = EntraUser { proxy_addresses: AddressSet::default(), mail: None, ..linked(cloud("twin"), &ad("jane")) };
    assert_eq!(only(&jane().cloud(twin).plan()).exposure, Exposure::Provisioned);
    assert_eq!(only(&jane().plan()).exposure, Exposure::Staged);
    assert_eq!(only(&jane().in_scope().plan()).exposure, Exposure::Exposed);
    assert_eq!(only(&jane().in_scope().holding().plan()).exposure, Exposure::Held);
}

#[test]
fn a_takeover_shows_what_the_cloud_will_have() {
    let plan = jane()
        .features(|f| f.password_sync = true)
        .his(|ad, jane| {
            ad.display_name = Some("Jane (AD)".into());
            jane.display_name = Some("Jane (cloud)".into());
            jane.given_name = Some("Jane".into());
            jane.account_enabled = Some(false);
        })
        .plan();
    let takeover = &only(&plan).takeover;
    let shown: Vec<_> = takeover
        .overwritten
        .iter()
        .map(|o| format!("{}: {} → {}", o.attribute, o.before.join(" "), o.after.join(" ")))
        .collect();
    // givenName has no value in AD, so the cloud's stays.
    assert_eq!(shown, ["accountEnabled: false → true", "displayName: Jane (cloud) → Jane (AD)"]);
    assert!(takeover.password_replaced && !takeover.sign_in_name_changes && takeover.addresses_lost.is_empty());
}
