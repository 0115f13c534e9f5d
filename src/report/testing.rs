//! A small plan with one link of each kind, for the tests of every renderer.

use crate::apply::event::{Event, What};
use crate::config::matchplan::CloudSelector;
use crate::config::settings::{
    AdSettings, Bind, Cloud, CredentialKind, EntraSettings, GraphLimits, Guard, SecretSource, Settings, SyncSettings,
    TenantName, Trigger,
};
use crate::model::anchor::{Anchor, SourceAnchor};
use crate::model::attribute::{AdAttribute, AttributeChange};
use crate::model::dn::Dn;
use crate::model::entra::EntraUser;
use crate::model::id::{AdGuid, ObjectId, TenantId};
use crate::model::profile::Profile;
use crate::model::reference::{AdRef, EntraRef};
use crate::model::role::{Holding, RoleAssignment, RoleGrant, RoleKind};
use crate::plan::document::{Counts, DomainRef, PLAN_VERSION, Plan, Purpose, TenantRef};
use crate::plan::link::{BeforeImage, Exposure, Method, Outcome, PlannedLink};
use crate::plan::step::{Action, Step, Undo};
use crate::rules::finding::{Finding, FindingCode, ObjectRef, Origin, Severity};
use crate::rules::microsoft::MicrosoftError;
use crate::rules::prediction::{MatchKey, Overwrite, Prediction, Takeover};
use crate::state::ledger::{
    ApplyRecord, Context, Done, LinkRecord, Reading, STATE_VERSION, Standing, State, StepRecord, StepStatus,
};
use std::collections::BTreeMap;
use uuid::Uuid;

pub(crate) fn strings(values: &[&str]) -> Vec<String> {
    values.iter().map(|v| (*v).to_owned()).collect()
}

pub(crate) fn ad(n: u128, sam: &str, common_name: &str) -> AdRef {
    let ou = Dn::parse("OU=Users,DC=corp,DC=contoso,DC=com").unwrap();
    AdRef {
        domain: "corp".into(),
        guid: AdGuid(Uuid::from_u128(0xad00_0000 + n)),
        dn: ou.child("CN", common_name).unwrap(),
        sam: sam.into(),
        holder: None,
    }
}

pub(crate) fn entra(n: u128, upn: &str) -> EntraRef {
    EntraRef { id: ObjectId(Uuid::from_u128(0xc10d_0000 + n)), upn: upn.into() }
}

fn cloud_user(user: &EntraRef, display_name: &str) -> EntraUser {
    EntraUser {
        id: user.id,
        upn: user.upn.clone(),
        display_name: Some(display_name.into()),
        given_name: None,
        surname: None,
        mail: Some(user.upn.to_string()),
        mail_nickname: None,
        proxy_addresses: [format!("SMTP:{}", user.upn)].into_iter().collect(),
        account_enabled: Some(true),
        user_type: Some("Member".into()),
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

fn link(n: u128, ad: &AdRef, cloud: &EntraRef, display_name: &str, outcome: Outcome) -> PlannedLink {
    PlannedLink {
        id: format!("corp/{}", ad.sam.key()).into(),
        origin: Some(Origin { file: "plans/wave-01.toml".to_owned(), line: 3 + u32::try_from(n).unwrap() * 4 }),
        ad: ad.clone(),
        cloud: cloud.clone(),
        outcome,
        exposure: Exposure::Exposed,
        anchor: Some(Anchor::from_guid(ad.guid)),
        prediction: None,
        takeover: Takeover::default(),
        before: BeforeImage { user: cloud_user(cloud, display_name), roles: Vec::new() },
    }
}

fn step(id: &str, link: Option<&PlannedLink>, action: Action, undo: Undo) -> Step {
    let id = link.map_or_else(|| id.to_owned(), |link| format!("{id}-{}", link.id));
    Step { id: id.into(), wave: 1, link: link.map(|link| link.id.clone()), action, undo }
}

pub(crate) fn verify(id: &str, link: &PlannedLink) -> Step {
    let action = Action::Verify {
        ad: link.ad.clone(),
        cloud: link.cloud.clone(),
        anchor: Anchor::from_guid(link.ad.guid),
        sid: "S-1-5-21-1-2-3-1106".parse().unwrap(),
    };
    step(id, Some(link), action, Undo::Nothing)
}

pub(crate) fn settings() -> Settings {
    Settings {
        entra: EntraSettings {
            tenant: TenantName::parse("contoso.onmicrosoft.com").unwrap(),
            cloud: Cloud::Global,
            credential: CredentialKind::AzureCli,
            limits: GraphLimits::default(),
        },
        ad: vec![AdSettings {
            name: "corp".into(),
            url: "ldaps://dc01.corp.contoso.com".parse().unwrap(),
            starttls: false,
            allow_plain: false,
            ca_file: None,
            base_dn: Dn::parse("DC=corp,DC=contoso,DC=com").unwrap(),
            bind: Bind::Simple { user: "CORP\\olga.operator".to_owned(), password: SecretSource::Prompt },
            source_anchor: SourceAnchor::ConsistencyGuid,
        }],
        sync: SyncSettings {
            trigger: Trigger::Command(strings(&["pwsh", "-Command", "Start-ADSyncSyncCycle"]).try_into().unwrap()),
            ..SyncSettings::default()
        },
        guard: Guard { protect: vec![CloudSelector::parse("brigitte.break@contoso.com").unwrap()], ..Guard::default() },
        plan_ttl: Settings::DEFAULT_PLAN_TTL,
        state: Settings::DEFAULT_STATE.into(),
    }
}

/// The plan of `links` and `steps`, counted and digested.
pub(crate) fn plan_of(links: Vec<PlannedLink>, steps: Vec<Step>, findings: Vec<Finding>) -> Plan {
    let mut plan = Plan {
        format_version: PLAN_VERSION,
        tool_version: "0.1.0".to_owned(),
        purpose: Purpose::Link,
        tenant: TenantRef {
            id: TenantId(Uuid::from_u128(0x7e_0001)),
            name: "Contoso".to_owned(),
            initial_domain: "contoso.onmicrosoft.com".to_owned(),
        },
        forest: vec![DomainRef {
            name: "corp".into(),
            base_dn: Dn::parse("DC=corp,DC=contoso,DC=com").unwrap(),
            dns_name: "corp.contoso.com".to_owned(),
        }],
        config_digest: "sha256:00".to_owned(),
        sources: Vec::new(),
        recipients: None,
        settings: settings(),
        created: "2026-11-20T10:00:00Z".parse().unwrap(),
        expires: "2026-11-23T10:00:00Z".parse().unwrap(),
        counts: Counts::of(&links, &[], &steps, false),
        findings,
        skipped: Vec::new(),
        selection: crate::plan::document::Selection::default(),
        tasks: Vec::new(),
        links,
        steps,
        digest: String::new(),
    };
    plan.digest = plan.compute_digest().unwrap();
    plan
}

/// Four links: a soft match, an administrator's hard match with a move, one formed already, and a blocked one.
pub(crate) fn sample() -> Plan {
    let (john, john_cloud) = (ad(1, "jsmith", "John Smith"), entra(1, "john.smith@contoso.com"));
    let (jane, jane_cloud) = (ad(2, "jdoe", "Jane Doe"), entra(2, "jane.doe@contoso.com"));
    let (old, old_cloud) = (ad(3, "linus", "Linus Linked"), entra(3, "linus.linked@contoso.com"));
    let (bob, bob_cloud) = (ad(4, "bblock", "Bob Block"), entra(4, "bob.block@contoso.com"));

    let why = "UPN and primary address can be aligned, and no role is held".to_owned();
    let mut soft = link(1, &john, &john_cloud, "Johnny S.", Outcome::Change { method: Method::Soft, why, wave: 1 });
    soft.prediction = Some(Prediction::Linked { by: MatchKey::PrimarySmtp });
    soft.takeover = Takeover {
        overwritten: vec![Overwrite {
            attribute: "displayName".to_owned(),
            before: strings(&["Johnny S."]),
            after: strings(&["John Smith"]),
        }],
        addresses_lost: strings(&["smtp:johnny@contoso.com"]),
        password_replaced: true,
        sign_in_name_changes: false,
        sign_in_name_unproven: None,
    };

    let why = "it holds a role, which blocks a soft match: suspend, hard match, restore".to_owned();
    let mut hard = link(2, &jane, &jane_cloud, "Jane Doe", Outcome::Change { method: Method::Hard, why, wave: 1 });
    hard.exposure = Exposure::Staged;
    hard.prediction = Some(Prediction::Linked { by: MatchKey::HardMatch });
    let role = RoleAssignment {
        id: "assignment-1".into(),
        principal: jane_cloud.id,
        kind: RoleKind::Active,
        starts: None,
        ends: None,
        grant: RoleGrant {
            role: "fe930be7-5e62-47db-91af-98c3a49a38b1".into(),
            role_name: "User Administrator".to_owned(),
            directory_scope: Some("/".to_owned()),
            app_scope: None,
            condition: None,
        },
    };
    let holding = Holding::Role(role);
    hard.before.roles.push(holding.clone());
    let unchanged = link(3, &old, &old_cloud, "Linus Linked", Outcome::Unchanged);
    let mut blocked = link(4, &bob, &bob_cloud, "Bob Block", Outcome::Blocked);
    blocked.exposure = Exposure::Unknown;

    let suspend = Action::Suspend { user: jane_cloud.clone(), holding, restore: true };
    let align = Action::Align {
        user: john.clone(),
        changes: vec![
            AttributeChange {
                attribute: AdAttribute::UserPrincipalName,
                expects: strings(&["jsmith@corp.contoso.com"]),
                sets: strings(&["john.smith@contoso.com"]),
            },
            AttributeChange {
                attribute: AdAttribute::ProxyAddresses,
                expects: strings(&["SMTP:jsmith@contoso.com", "x500:/o=Contoso/cn=jsmith"]),
                sets: strings(&["SMTP:john.smith@contoso.com", "smtp:jsmith@contoso.com", "x500:/o=Contoso/cn=jsmith"]),
            },
        ],
    };
    let anchor =
        Action::Anchor { user: jane_cloud.clone(), expects: None, sets: Some(Anchor::from_guid(jane.guid).into()) };
    let moved = Action::Move {
        user: jane.clone(),
        from: Dn::parse("OU=Staging,DC=corp,DC=contoso,DC=com").unwrap(),
        to: Dn::parse("OU=Users,DC=corp,DC=contoso,DC=com").unwrap(),
    };
    let restore = Action::Restore {
        user: jane_cloud,
        apply: None,
        suspend: "0001-suspend-corp/jdoe".into(),
        label: "User Administrator".to_owned(),
    };
    let until = Undo::UntilSync { reason: "a linked user's anchor cannot be changed".to_owned() };
    let flows = Undo::FlowsOn { effect: "the cloud user's addresses follow".to_owned() };
    let steps = vec![
        step("0001-suspend", Some(&hard), suspend, Undo::Inverse),
        step("0002-align", Some(&soft), align, flows),
        step("0003-anchor", Some(&hard), anchor, until),
        step("0004-move", Some(&hard), moved, Undo::Inverse),
        step("0005-sync", None, Action::Sync, Undo::Never { reason: "the takeover cannot be undone".to_owned() }),
        verify("0006-verify", &soft),
        verify("0007-verify", &hard),
        step("0008-restore", Some(&hard), restore, Undo::Nothing),
    ];
    let findings = vec![
        Finding {
            severity: Severity::Error,
            code: FindingCode::AddressConflict,
            link: Some(blocked.id.clone()),
            origin: blocked.origin.clone(),
            message: "Betty Other holds bob.block@contoso.com too, so the address of corp\\bblock would be dropped."
                .to_owned(),
            objects: vec![
                ObjectRef {
                    kind: "AD user".to_owned(),
                    id: bob.guid.to_string(),
                    name: "corp\\bblock".to_owned(),
                    place: "OU=Users,DC=corp,DC=contoso,DC=com".to_owned(),
                },
                ObjectRef {
                    kind: "cloud user".to_owned(),
                    id: entra(9, "").id.to_string(),
                    name: "Betty Other".to_owned(),
                    place: "Entra ID".to_owned(),
                },
            ],
            value: Some("smtp:bob.block@contoso.com".to_owned()),
            microsoft_error: Some(MicrosoftError::AttributeValueMustBeUnique),
            help: "Remove the address from Betty Other, or leave the link out.".to_owned(),
        },
        Finding {
            severity: Severity::Warning,
            code: FindingCode::Exposed,
            link: Some(soft.id.clone()),
            origin: soft.origin.clone(),
            message: "A cycle may run before the alignment of corp\\jsmith is complete.".to_owned(),
            objects: Vec::new(),
            value: None,
            microsoft_error: None,
            help: "Configure hold and release under [sync].".to_owned(),
        },
    ];
    plan_of(vec![soft, hard, unchanged, blocked], steps, findings)
}

/// Names and values of [`sample`] that say who somebody is.
pub(crate) const PERSONAL: &[&str] = &[
    "john", "smith", "jane", "doe", "jdoe", "linus", "linked@", "bob", "bblock", "block@", "betty", "other", "olga",
    "operator", "brigitte", "break",
];

/// What a directory could hold to be obeyed by a terminal or by GitHub.
pub(crate) const HOSTILE: &str =
    "x\u{1b}[2J\u{202e}\u{200b}\u{9b}\n```\n</details>|@team [l](http://e) `q` <img src=x>";

/// [`sample`] with [`HOSTILE`] wherever a directory's text can stand.
pub(crate) fn hostile() -> Plan {
    let mut plan = sample();
    plan.tenant.name = HOSTILE.to_owned();
    for link in &mut plan.links {
        link.cloud.upn = HOSTILE.into();
        link.ad.sam = HOSTILE.into();
        link.before.user.display_name = Some(HOSTILE.into());
        link.takeover.overwritten = vec![Overwrite {
            attribute: HOSTILE.to_owned(),
            before: vec![HOSTILE.to_owned()],
            after: vec![format!("{HOSTILE}2")],
        }];
        link.takeover.addresses_lost = vec![HOSTILE.to_owned()];
        if let Outcome::Change { why, .. } = &mut link.outcome {
            HOSTILE.clone_into(why);
        }
    }
    for finding in &mut plan.findings {
        HOSTILE.clone_into(&mut finding.message);
        HOSTILE.clone_into(&mut finding.help);
        finding.value = Some(HOSTILE.to_owned());
        finding.objects.iter_mut().for_each(|object| HOSTILE.clone_into(&mut object.name));
    }
    for step in &mut plan.steps {
        match &mut step.action {
            Action::Align { changes, user } => {
                user.sam = HOSTILE.into();
                changes[0].sets = vec![HOSTILE.to_owned()];
            }
            Action::Suspend { holding: Holding::Role(role), .. } => HOSTILE.clone_into(&mut role.grant.role_name),
            Action::Restore { label, .. } => HOSTILE.clone_into(label),
            _ => {}
        }
    }
    plan
}

/// A plan of many soft matches, each with an error.
pub(crate) fn many(count: u128) -> Plan {
    let finding = sample().findings.remove(0);
    let (mut links, mut steps, mut findings) = (Vec::new(), Vec::new(), Vec::new());
    for n in 0..count {
        let user = ad(n, &format!("user{n:05}"), &format!("User {n:05}"));
        let cloud = entra(n, &format!("user{n:05}@contoso.com"));
        let outcome = Outcome::Change { method: Method::Soft, why: "because".to_owned(), wave: 1 };
        let link = link(n, &user, &cloud, "User", outcome);
        steps.push(verify(&format!("{n:05}-verify"), &link));
        findings.push(Finding { link: Some(link.id.clone()), ..finding.clone() });
        links.push(link);
    }
    plan_of(links, steps, findings)
}

/// An event at a fixed time.
pub(crate) fn event(what: What) -> Event {
    Event { at: "2026-11-20T10:00:03Z".parse().unwrap(), what }
}

/// An unfinished apply of [`sample`]: both links in progress, no step begun.
pub(crate) fn record() -> ApplyRecord {
    let plan = sample();
    let links = plan.links.iter().filter(|link| matches!(link.outcome, Outcome::Change { .. })).map(|link| {
        let record = LinkRecord {
            ad: link.ad.clone(),
            cloud: link.cloud.clone(),
            method: Some(Method::Hard),
            anchor: link.anchor,
            sid: None,
            wave: 1,
            standing: Standing::InProgress,
            diagnosis: None,
        };
        (link.id.clone(), record)
    });
    ApplyRecord {
        id: "apply-1".into(),
        purpose: Purpose::Link,
        context: Context { host: "admin-pc".to_owned(), user: "olga".to_owned() },
        started: "2026-11-20T10:30:00Z".parse().unwrap(),
        ended: None,
        plan_digest: plan.digest.clone(),
        plan: None,
        controllers: BTreeMap::new(),
        links: links.collect(),
        tasks: BTreeMap::new(),
        steps: plan.steps.iter().map(|step| StepRecord { step: step.clone(), status: StepStatus::Pending }).collect(),
    }
}

/// [`record`] after the role was taken.
pub(crate) fn suspended_record() -> ApplyRecord {
    let mut record = record();
    let at = "2026-11-20T10:30:01Z".parse().unwrap();
    let done = Done { at, wrote: true, before: Reading::Nothing, after: Reading::Nothing, assignment: None };
    record.steps[0].status = StepStatus::Succeeded { done };
    record
}

/// A ledger.
pub(crate) fn state_of(applies: Vec<ApplyRecord>) -> State {
    State {
        format_version: STATE_VERSION,
        tool_version: "0.1.0".to_owned(),
        tenant: sample().tenant,
        lineage: "lineage".to_owned(),
        serial: 7,
        journal: "sha256:00".to_owned(),
        applies,
        losses: Vec::new(),
        digest: String::new(),
    }
}
