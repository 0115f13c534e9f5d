//! Over any directories: what is written can be read, nobody is in two links, no name alone makes one, and the next cycle
//! is what comparing everybody with everybody says.

use super::super::evidence::{Confidence, EvidenceKind};
use super::super::next_cycle::Outcome;
use super::super::objections::Named;
use super::{Input, Suggestions, suggest};
use crate::config::Config;
use crate::config::read;
use crate::diagnostic::Diagnostic;
use crate::model::ad::AdUser;
use crate::model::anchor::SourceAnchor;
use crate::model::entra::EntraUser;
use crate::model::profile::ProfileAttribute::EmployeeId;
use crate::plan::testing::{self, HELPDESK, STAGING, SYNCED, Scene, linked};
use crate::report::style::Style;
use crate::report::suggest::{to_json, to_text};
use crate::report::suggest_toml::to_toml;
use crate::rules::matching::{Candidate, predict};
use crate::rules::prediction::Prediction;
use crate::snapshot::document::Snapshot;
use crate::snapshot::index::Index;
use proptest::prelude::*;
use std::collections::BTreeSet;

/// Few names, so that users meet; some that would like to leave their comment or string.
fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => "[a-d]",
        1 => "[a-d]\u{202e}",
        1 => Just("a=b".to_owned()),
        1 => Just("a\"\n[[link]]\nad = \"x".to_owned()),
        1 => Just("'''a".to_owned()),
        1 => Just("12345678-1234-1234-1234-123456789012".to_owned()),
    ]
}

#[derive(Clone, Debug)]
struct Drawn {
    account: String,
    upn: String,
    addresses: Vec<String>,
    mail: Option<String>,
    display: String,
    employee: Option<String>,
    /// In scope, or synced; disabled; a guest or a role.
    flags: (bool, bool, bool),
    mark: usize,
}

fn drawn() -> impl Strategy<Value = Drawn> {
    let address = (any::<bool>(), name())
        .prop_map(|(primary, name)| format!("{}:{name}@contoso.com", if primary { "SMTP" } else { "smtp" }));
    let addresses = proptest::collection::vec(address, 0..3);
    let employee = proptest::option::of("0?[12]");
    let flags = (any::<bool>(), any::<bool>(), any::<bool>());
    (name(), name(), addresses, proptest::option::of(name()), name(), employee, flags, 0..8_usize).prop_map(
        |(account, upn, addresses, mail, display, employee, flags, mark)| Drawn {
            account,
            upn,
            addresses,
            mail: mail.map(|mail| format!("{mail}@contoso.com")),
            display,
            employee,
            flags,
            mark,
        },
    )
}

fn scene() -> impl Strategy<Value = Scene> {
    let users = || proptest::collection::vec(drawn(), 0..7);
    (users(), users(), any::<bool>()).prop_map(|(ads, clouds, has_scope)| {
        let mut scene = Scene::empty();
        for (n, one) in ads.iter().enumerate() {
            let ou = if one.flags.0 { SYNCED } else { STAGING };
            let mut user = AdUser {
                dn: crate::model::dn::Dn::parse(&format!("CN=u{n},{ou}")).unwrap(),
                // Unique within a domain, as AD has it.
                sam: if n < 4 { format!("{}{}", one.account, "x".repeat(n)).into() } else { format!("u{n}").into() },
                upn: Some(format!("{}@contoso.com", one.upn).into()),
                mail: one.mail.clone(),
                proxy_addresses: one.addresses.iter().map(String::as_str).collect(),
                display_name: Some(one.display.as_str().into()),
                user_account_control: if one.flags.1 { 514 } else { 512 },
                ..testing::ad(&format!("u{n}"))
            };
            if let Some(id) = &one.employee {
                user.profile.insert(EmployeeId, id.as_str());
            }
            scene = scene.ad(user);
        }
        for (n, one) in clouds.iter().enumerate() {
            let mut user = EntraUser {
                // Unique in the tenant.
                upn: format!("{}{}@contoso.com", one.upn, "x".repeat(n)).into(),
                mail: one.mail.clone(),
                mail_nickname: Some(one.account.as_str().into()),
                proxy_addresses: one.addresses.iter().map(String::as_str).collect(),
                display_name: Some(one.display.as_str().into()),
                user_type: Some(if one.flags.2 { "Guest" } else { "Member" }.into()),
                ..testing::cloud(&format!("u{n}"))
            };
            if let Some(id) = &one.employee {
                user.profile.insert(EmployeeId, id.as_str());
            }
            // An ImmutableID is unique in the tenant.
            let free = clouds[..n].iter().all(|earlier| earlier.mark != one.mark);
            if let Some(other) = scene.snapshot.domains[0].users.get(one.mark).filter(|_| free) {
                let synced = linked(user.clone(), other);
                user = match (one.flags.0, one.flags.1) {
                    (true, _) => synced,
                    (false, true) => EntraUser { immutable_id: synced.immutable_id, ..user },
                    (false, false) => user,
                };
            }
            scene = scene.cloud(user);
            if one.mark == 7 {
                scene = scene.role(&format!("u{n}"), HELPDESK);
            }
        }
        if !has_scope {
            scene.sync.clear();
        }
        scene
    })
}

fn run(scene: &Scene, config: &Config) -> Suggestions {
    suggest(Input {
        settings: &config.settings,
        links: &config.plan.links,
        snapshot: &scene.snapshot,
        least: Confidence::Possible,
        limit: None,
    })
}

const SETTINGS: &str = "version = 1\n[entra]\ntenant = \"contoso.onmicrosoft.com\"\n[[ad]]\nname = \"corp\"\n\
    url = \"ldaps://dc01.corp.contoso.com\"\nbase_dn = \"DC=corp,DC=contoso,DC=com\"\nuser = \"svc@corp.contoso.com\"\n\
    password = { env = \"AD_PASSWORD\" }\n[sync]\nsynced_ous = [\"OU=Users,DC=corp,DC=contoso,DC=com\"]\n";

/// The match plan's links, which must be free of errors.
fn links(toml: &str) -> Config {
    let (config, found, _) = read(("matchplan.toml", SETTINGS), &[("plans/s.toml", toml)]);
    let errors: Vec<&Diagnostic> = found.iter().filter(|one| one.is_error()).collect();
    assert!(errors.is_empty(), "{errors:#?}\n{toml}");
    config.unwrap()
}

/// The same directories, read in another order.
fn reversed(snapshot: &Snapshot) -> Snapshot {
    let mut other = snapshot.clone();
    other.users.reverse();
    other.domains[0].users.reverse();
    other
}

proptest! {
    #[test]
    fn what_is_written_is_a_match_plan_that_says_the_same(scene in scene()) {
        let found = run(&scene, &scene.config());
        let toml = to_toml(&found);
        let index = Index::new(&scene.snapshot, |_| SourceAnchor::ConsistencyGuid);
        let uncommented = toml.replace("\n#[[link]]\n#ad", "\n[[link]]\nad").replace("\n#cloud", "\ncloud");
        let uncommented = uncommented.replace("\n#[defaults]\n#", "\n[defaults]\n");
        for (text, commented_out) in [(&toml, false), (&uncommented, true)] {
            let read = links(text).plan.links;
            let wanted = found.proposals.iter().filter(|one| commented_out || !one.commented_out);
            prop_assert_eq!(read.len(), wanted.clone().count());
            let named = Named::of(&read, &index);
            prop_assert_eq!(named.unresolved, 0);
            for one in wanted {
                prop_assert!(named.links(one.ad.guid, one.cloud.id), "{:?}", one);
            }
        }
        let hidden = |text: &str| text.contains(|c: char| c != '\n' && crate::model::visible::is_hidden(c));
        prop_assert!(!hidden(&toml) && !hidden(&to_text(&found, Style::PLAIN, 80)) && !hidden(&to_json(&found).unwrap()));
    }

    #[test]
    fn nobody_is_in_two_and_no_name_alone_is_enough(scene in scene()) {
        let config = scene.config();
        let found = run(&scene, &config);
        let ads: BTreeSet<_> = found.proposals.iter().map(|one| one.ad.guid).collect();
        let clouds: BTreeSet<_> = found.proposals.iter().map(|one| one.cloud.id).collect();
        prop_assert_eq!((ads.len(), clouds.len()), (found.proposals.len(), found.proposals.len()));
        for one in &found.proposals {
            prop_assert!(one.evidence.iter().any(|one| one.kind != EvidenceKind::DisplayName));
            let user = scene.snapshot.users.iter().find(|user| user.id == one.cloud.id).unwrap();
            prop_assert!(!user.is_synced());
            let other = scene.snapshot.domains[0].users.iter().find(|user| user.guid == one.ad.guid).unwrap();
            let ids = (other.profile.get(EmployeeId), user.profile.get(EmployeeId));
            if let (Some(own), Some(other)) = ids {
                prop_assert_eq!(own.trim_start_matches('0'), other.trim_start_matches('0'));
            }
        }
        let other = Scene { snapshot: reversed(&scene.snapshot), ..scene };
        prop_assert_eq!(run(&other, &config), found);
    }

    #[test]
    fn the_next_cycle_is_what_everybody_against_everybody_says(scene in scene()) {
        let config = scene.config();
        let found = run(&scene, &config).next_cycle;
        let index = Index::new(&scene.snapshot, |name| config.settings.source_anchor(name));
        let mut expected = BTreeSet::new();
        for ad in &scene.snapshot.domains[0].users {
            let staged = config.settings.sync.synced_ous.first().is_some_and(|ou| !ad.dn.is_under(ou));
            let anchor = ad.anchor(config.settings.source_anchor(&ad.domain)).unwrap();
            for cloud in scene.snapshot.users.iter().filter(|cloud| !cloud.is_synced()) {
                let privileged = !index.holdings_of(cloud.id).is_empty();
                let candidate = Candidate { ad, anchor, cloud, anchored: false, privileged, staged };
                if let Prediction::Linked { .. } | Prediction::Unproven { .. } = predict(candidate, &index) {
                    expected.insert((ad.guid, cloud.id));
                }
            }
        }
        let taken = found.iter().filter(|one| !matches!(one.outcome, Outcome::Duplicate { .. }));
        let taken: BTreeSet<_> = taken.map(|one| (one.ad.guid, one.cloud.id)).collect();
        prop_assert_eq!(taken, expected);
    }
}
