//! Duplicates: every side, every spelling, every type of object, every attribute.

use super::build::{domain, has, holder, jane, lint_all, user};
use crate::model::ad::AdUser;
use crate::model::recipient::{AdHolder, AdHolderKind};
use crate::rules::finding::{FindingCode, Severity};
use crate::rules::lint::finding::{Attribute, LintFinding, Proposal};
use crate::rules::lint::run::{LintReport, LintScope, lint};
use crate::rules::lint::world::World;

fn joe(change: impl FnOnce(&mut AdUser)) -> AdUser {
    let mut joe = user("joe");
    change(&mut joe);
    joe
}

/// Who is told, in which attribute, and of whom.
fn told(report: &LintReport, code: FindingCode) -> Vec<(String, Attribute, Vec<String>)> {
    let found = report.findings.iter().filter(|finding| finding.code == code);
    let names = |finding: &LintFinding| finding.duplicate_of.iter().map(|held| held.object.name.clone()).collect();
    found.map(|finding| (finding.object.name.clone(), finding.attribute, names(finding))).collect()
}

fn line(name: &str, attribute: Attribute, others: &[&str]) -> (String, Attribute, Vec<String>) {
    (format!("corp\\{name}"), attribute, others.iter().map(|other| format!("corp\\{other}")).collect())
}

// rule: 4.4-upn-unique
#[test]
fn both_sides_of_a_sign_in_name_are_named_and_get_different_proposals() {
    let report = lint_all(vec![user("jane"), joe(|joe| joe.upn = Some("JANE@Contoso.com".into()))], Vec::new());
    let upn = Attribute::UserPrincipalName;
    assert_eq!(told(&report, FindingCode::UpnDuplicate), [line("jane", upn, &["joe"]), line("joe", upn, &["jane"])]);
    let proposals: Vec<_> = report.findings.iter().map(|finding| finding.proposed.clone().unwrap()).collect();
    assert_eq!(report.findings.len(), 2);
    assert_ne!(proposals[0], proposals[1]);
    for finding in &report.findings {
        assert!(finding.message.contains(if finding.object.name.ends_with("joe") {
            "corp\\jane"
        } else {
            "corp\\joe"
        }));
    }
}

#[test]
fn a_name_that_the_sync_makes_up_can_be_somebodys() {
    let named = joe(|joe| joe.upn = Some("jane@corp.contoso.com".into()));
    let report = lint_all(vec![jane(|jane| jane.upn = None), named], Vec::new());
    let upn = Attribute::UserPrincipalName;
    assert_eq!(told(&report, FindingCode::UpnDuplicate), [line("jane", upn, &["joe"]), line("joe", upn, &["jane"])]);
}

// rule: 4.4-address-unique, 4.4-mail, 4.4-target-address
#[test]
fn addresses_collide_across_attributes_and_types_in_any_case() {
    let (proxy, mail, target) = (Attribute::ProxyAddresses, Attribute::Mail, Attribute::TargetAddress);
    // An alias, `mail` alone, and a group, all of one address.
    let report = lint_all(
        vec![
            jane(|jane| jane.proxy_addresses.insert("smtp:Desk@contoso.com".into())),
            joe(|joe| joe.mail = Some("DESK@contoso.com".to_owned())),
        ],
        vec![holder(AdHolderKind::Group, "desk", &["SMTP:desk@CONTOSO.com"])],
    );
    let found = told(&report, FindingCode::AddressDuplicate);
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(
        found.contains(&line("desk", proxy, &["joe", "jane"]))
            || found.contains(&line("desk", proxy, &["jane", "joe"]))
    );
    assert!(
        found.iter().any(|(name, attribute, others)| name == "corp\\joe" && *attribute == mail && others.len() == 2)
    );
    assert!(report.findings.iter().all(|finding| finding.severity == Severity::Error));
    // Jane's is an alias, and others have it as their own.
    let jane_s = report.findings.iter().find(|finding| finding.object.name == "corp\\jane").unwrap();
    assert_eq!(jane_s.proposed, Some(Proposal::Remove));

    // Two that forward to the same address; one that forwards to somebody's own.
    let forward = |user: &mut AdUser| user.target_address = Some("SMTP:pool@fabrikam.com".to_owned());
    let report = lint_all(vec![jane(forward), joe(forward)], Vec::new());
    assert_eq!(
        told(&report, FindingCode::AddressDuplicate),
        [line("jane", target, &["joe"]), line("joe", target, &["jane"])]
    );
    assert!(report.findings.iter().all(|f| f.severity == Severity::Error && f.proposed.is_none()));
    let report =
        lint_all(vec![user("jane"), joe(|joe| joe.target_address = Some("jane@contoso.com".to_owned()))], Vec::new());
    let warnings: Vec<_> = report.findings.iter().filter(|f| f.code == FindingCode::AddressDuplicate).collect();
    assert!(
        warnings.len() == 3 && warnings.iter().all(|finding| finding.severity == Severity::Warning),
        "{warnings:#?}"
    );
}

#[test]
fn an_object_does_not_collide_with_itself() {
    let own = jane(|jane| {
        jane.target_address = Some("SMTP:jane@contoso.mail.onmicrosoft.com".to_owned());
        jane.proxy_addresses =
            has(&["SMTP:jane@contoso.com", "smtp:jane@contoso.mail.onmicrosoft.com", "sip:jane@contoso.com"]);
    });
    assert_eq!(lint_all(vec![own], Vec::new()).findings, []);
}

#[test]
fn other_types_of_address_collide_too() {
    let old = "X500:/o=Contoso/cn=x";
    let report = lint_all(
        vec![
            jane(|jane| jane.proxy_addresses.insert(old.into())),
            joe(|joe| joe.proxy_addresses.insert(old.to_lowercase().into())),
        ],
        Vec::new(),
    );
    assert_eq!(told(&report, FindingCode::AddressDuplicate).len(), 2);
    assert!(
        report.findings.iter().all(|f| f.proposed.is_none() && f.help.contains("who should keep it cannot be told"))
    );
}

#[test]
fn a_narrow_scope_sees_the_whole_domain() {
    let domains = [domain(vec![user("jane"), joe(|joe| joe.upn = Some("jane@contoso.com".into()))], Vec::new())];
    let world = World::of_domains(&domains);
    let report = lint(&world, LintScope::default(), |subject| subject.object.name.ends_with("jane"));
    assert_eq!(told(&report, FindingCode::UpnDuplicate), [line("jane", Attribute::UserPrincipalName, &["joe"])]);
    assert_eq!(report.counts.objects, 1);
}

#[test]
fn one_that_the_sync_leaves_out_is_named_and_breaks_nothing() {
    let hidden = joe(|joe| {
        joe.critical_system_object = true;
        joe.upn = Some("jane@contoso.com".into());
    });
    let report = lint_all(vec![user("jane"), hidden], Vec::new());
    let [finding] = report.findings.as_slice() else { panic!("{:#?}", report.findings) };
    assert_eq!((finding.severity, finding.duplicate_of.len()), (Severity::Warning, 1));
    assert!(finding.duplicate_of[0].left_out);
}

// rule: 4.4-nickname
#[test]
fn aliases_and_accounts() {
    let group = AdHolder { mail_nickname: Some("JANE".to_owned()), ..holder(AdHolderKind::Group, "all", &[]) };
    let report = lint_all(vec![user("jane")], vec![group]);
    assert_eq!(told(&report, FindingCode::NicknameDuplicate).len(), 2);
    assert!(report.findings.iter().all(|finding| finding.severity == Severity::Warning));
    // sAMAccountNames are unique per domain, and two domains may have the same.
    let elsewhere = joe(|joe| (joe.sam, joe.domain) = ("jane".into(), "emea".into()));
    assert_eq!(lint_all(vec![user("jane"), elsewhere], Vec::new()).findings, []);
    let here = joe(|joe| joe.sam = "JANE".into());
    assert_eq!(told(&lint_all(vec![user("jane"), here], Vec::new()), FindingCode::SamDuplicate).len(), 2);
}

#[test]
fn a_proposal_avoids_what_the_cloud_has() {
    let mut snapshot = crate::plan::testing::Scene::empty().cloud(crate::plan::testing::cloud("jane")).snapshot;
    let spaced = jane(|jane| {
        jane.upn = Some("ja ne@contoso.com".into());
        jane.mail = None;
        jane.proxy_addresses = has(&[]);
        jane.mail_nickname = Some("x".into());
    });
    snapshot.domains = vec![domain(vec![spaced], Vec::new())];
    snapshot.users[0].upn = "ja.ne@contoso.com".into();
    let report = lint(&World::of_snapshot(&snapshot), LintScope::default(), |_| true);
    // `ja.ne` and `jane` are a cloud user's sign-in name and address.
    assert_eq!(super::build::proposed(&report.findings, Attribute::UserPrincipalName).unwrap(), "ja.ne2@contoso.com");
}
