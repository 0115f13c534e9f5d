//! The plan and the snapshot of the world.

use super::{STAGING, SYNCED, World, cloud_id, dn, guid};
use crate::config::settings::{
    Cloud, CredentialKind, EntraSettings, GraphLimits, Guard, OnTimeout, Settings, SyncSettings, TenantName,
};
use crate::model::anchor::Anchor;
use crate::model::attribute::{AdAttribute, AttributeChange};
use crate::model::id::{LinkId, StepId, TenantId};
use crate::model::reference::{AdRef, EntraRef};
use crate::model::role::Holding;
use crate::model::tenant::{Domain, Tenant};
use crate::plan::document::{Counts, DomainRef, PLAN_VERSION, Plan, Purpose, TenantRef};
use crate::plan::link::{BeforeImage, Exposure, Method, Outcome, PlannedLink};
use crate::plan::step::{Action, Step, Undo};
use crate::plan::task::{PlannedTask, TaskOutcome};
use crate::snapshot::document::{AdDomainSnapshot, Coverage, SNAPSHOT_VERSION, Snapshot};
use uuid::Uuid;

impl World {
    /// The plan that forms every link of the world.
    pub(crate) fn plan(&self) -> Plan {
        let inner = self.inner.borrow();
        let (mut links, mut steps) = (Vec::new(), Vec::new());
        let mut tasks = Vec::new();
        for (id, of_task) in self.tasks.borrow().iter() {
            let id = LinkId((*id).to_owned());
            for (action, undo) in of_task {
                let step = StepId(format!("00-{:04}-{}-{id}", steps.len(), action.kind()));
                let (action, undo, link) = (action.clone(), undo.clone(), Some(id.clone()));
                steps.push(Step { id: step, wave: 0, link, action, undo });
            }
            let outcome = TaskOutcome::Change { why: "a test".to_owned() };
            let title = format!("the task {id}");
            tasks.push(PlannedTask { id, title, origin: None, user: None, outcome, before: None });
        }
        for (n, (id, spec)) in self.links.borrow().iter().enumerate() {
            let (ad, cloud) = (&inner.ad[&guid(n)], &inner.cloud[&cloud_id(n)]);
            let anchor = Anchor::from_guid(ad.guid);
            let mut roles = self.held_by(cloud.id);
            roles.sort_by_key(Holding::comes_back);
            links.push(PlannedLink {
                id: id.clone(),
                origin: None,
                ad: AdRef::from(ad),
                cloud: EntraRef::from(cloud),
                outcome: Outcome::Change {
                    method: if spec.hard { Method::Hard } else { Method::Soft },
                    why: "a test".to_owned(),
                    wave: spec.wave,
                },
                exposure: if spec.staged { Exposure::Staged } else { Exposure::Exposed },
                anchor: Some(anchor),
                prediction: None,
                takeover: crate::rules::prediction::Takeover::default(),
                before: BeforeImage { user: cloud.clone(), roles: roles.clone() },
            });
            let mut add = |action: Action| {
                let step = format!("{:02}-{:04}-{}-{id}", spec.wave, steps.len(), action.kind());
                let (link, undo) = (Some(id.clone()), Undo::Inverse);
                steps.push(Step { id: StepId(step), wave: spec.wave, link, action, undo });
                steps.last().unwrap().id.clone()
            };
            let user = EntraRef::from(cloud);
            let mut suspended = Vec::new();
            for holding in roles {
                let (label, restore) = (holding.to_string(), holding.comes_back());
                let suspend = add(Action::Suspend { user: user.clone(), holding, restore });
                if restore {
                    suspended.push((suspend, label));
                }
            }
            let change = |attribute: AdAttribute, sets: Vec<String>| AttributeChange {
                attribute,
                expects: attribute.of(ad),
                sets,
            };
            let changes = vec![
                change(AdAttribute::UserPrincipalName, vec![cloud.upn.to_string()]),
                change(AdAttribute::Mail, vec![format!("user{n}@corp.test")]),
                change(
                    AdAttribute::ProxyAddresses,
                    vec![format!("SMTP:user{n}@corp.test"), format!("smtp:User{n}.old@corp.test")],
                ),
            ];
            add(Action::Align { user: AdRef::from(ad), changes });
            if spec.hard {
                add(Action::Anchor { user: user.clone(), expects: None, sets: Some(anchor.into()) });
            }
            if spec.staged {
                add(Action::Move { user: AdRef::from(ad), from: dn(STAGING), to: dn(SYNCED) });
            }
            add(Action::Verify { ad: AdRef::from(ad), cloud: user.clone(), anchor, sid: ad.sid.clone() });
            for (suspend, label) in suspended {
                add(Action::Restore { user: user.clone(), apply: None, suspend, label });
            }
        }
        let waves = links.iter().filter_map(|l| match l.outcome {
            Outcome::Change { wave, .. } => Some(wave),
            _ => None,
        });
        for wave in 1..=waves.max().unwrap_or(0) {
            let mut add = |action: Action| {
                let id = StepId(format!("{wave:02}-wave-{}", action.kind()));
                steps.push(Step { id, wave, link: None, action, undo: Undo::Nothing });
            };
            if self.settings.borrow().sync.hold.is_some() {
                add(Action::Hold);
                add(Action::Release);
            }
            add(Action::Sync);
        }
        Plan {
            format_version: PLAN_VERSION,
            tool_version: "test".to_owned(),
            purpose: Purpose::Link,
            tenant: tenant(),
            forest: vec![DomainRef {
                name: "corp".into(),
                base_dn: dn("DC=corp,DC=test"),
                dns_name: "corp.test".to_owned(),
            }],
            config_digest: String::new(),
            sources: Vec::new(),
            recipients: None,
            settings: self.settings.borrow().clone(),
            created: self.now.get(),
            expires: self.now.get(),
            counts: Counts::of(&links, &tasks, &steps, false),
            findings: Vec::new(),
            skipped: Vec::new(),
            selection: self.selection.borrow().clone(),
            tasks,
            links,
            steps,
            digest: String::new(),
        }
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        let inner = self.inner.borrow();
        Snapshot {
            format_version: SNAPSHOT_VERSION,
            taken: self.now.get(),
            domains: vec![AdDomainSnapshot {
                name: "corp".into(),
                base_dn: dn("DC=corp,DC=test"),
                dns_name: "corp.test".to_owned(),
                server: "dc01.corp.test".to_owned(),
                upn_suffixes: Vec::new(),
                users: inner.ad.values().cloned().collect(),
                holders: Vec::new(),
            }],
            tenant: Tenant {
                id: tenant().id,
                display_name: tenant().name,
                domains: vec![Domain {
                    name: "corp.test".to_owned(),
                    verified: true,
                    federated: false,
                    initial: true,
                    default: true,
                }],
                sync_enabled: Some(true),
                last_sync: inner.last_sync,
                features: None,
                switches: inner.switches.clone(),
                deletion_threshold: None,
            },
            users: inner.cloud.values().cloned().collect(),
            marks: None,
            coverage: Coverage::Whole,
            deleted_users: inner.deleted.values().cloned().collect(),
            holders: Vec::new(),
            roles: inner.roles.clone(),
            role_groups: inner.groups.clone(),
            role_policies: Vec::new(),
            recipients: None,
            caller: None,
            gaps: Vec::new(),
        }
    }
}

pub(super) fn tenant() -> TenantRef {
    TenantRef {
        id: TenantId(Uuid::from_u128(7)),
        name: "Corp".to_owned(),
        initial_domain: "corp.onmicrosoft.com".to_owned(),
    }
}

pub(super) fn settings() -> Settings {
    Settings {
        entra: EntraSettings {
            tenant: TenantName::parse("corp.onmicrosoft.com").unwrap(),
            cloud: Cloud::Global,
            credential: CredentialKind::AzureCli,
            limits: GraphLimits::default(),
        },
        ad: Vec::new(),
        sync: SyncSettings { on_timeout: OnTimeout::Withdraw, ..SyncSettings::default() },
        guard: Guard { max_failures: 1, ..Guard::default() },
        plan_ttl: Settings::DEFAULT_PLAN_TTL,
        state: Settings::DEFAULT_STATE.into(),
    }
}
