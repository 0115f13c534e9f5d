//! What `check` is given. Each part was read by itself and may be missing, with the reason.

use crate::config::matchplan::LinkSpec;
use crate::config::read::Config;
use crate::config::settings::Settings;
use crate::model::granted::Granted;
use crate::model::id::{AdGuid, DomainName};
use crate::snapshot::document::{AdDomainSnapshot, Snapshot};
use crate::state::ledger::State;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;

/// A part that may not have been readable: then with the reason, in one sentence.
pub type Read<T> = Result<T, String>;

/// Everything that was gathered.
#[derive(Debug)]
pub struct Facts<'a> {
    /// The settings.
    pub settings: &'a Settings,
    /// The configuration with its links; `None` without a match plan.
    pub config: Option<&'a Config>,
    /// Now.
    pub now: Timestamp,
    /// Each configured domain, in the settings' order.
    pub domains: Vec<DomainFacts>,
    /// The cloud's part of a snapshot: its `domains` are empty.
    pub cloud: Read<Snapshot>,
    /// What the token carries; `None` where it is opaque to us.
    pub granted: Read<Option<Granted>>,
    /// By how much Graph's clock is ahead of ours; `None` where it did not say.
    pub graph_ahead: Option<SignedDuration>,
    /// What the engine says of itself; `None` without a `status` command.
    pub engine: Read<Option<EngineFacts>>,
    /// The ledger; `None` before the first apply.
    pub state: Read<Option<State>>,
    /// Who is at work on the state now, in words.
    pub lock: Read<Option<String>>,
}

/// One domain.
#[derive(Debug)]
pub struct DomainFacts {
    /// Its name in the settings.
    pub name: DomainName,
    /// What it holds.
    pub read: Read<AdDomainSnapshot>,
    /// Who the server says that we are, where that is nobody of the settings; `None` where it does not say.
    pub account: Option<String>,
    /// By how much the domain controller's clock is ahead of ours.
    pub ahead: Option<SignedDuration>,
    /// Of some users, the attributes that our account may write; `None` where the server does not say.
    pub writable: Vec<(AdGuid, Option<BTreeSet<String>>)>,
}

/// The sync engine's account of itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EngineFacts {
    /// A cycle is running.
    pub busy: bool,
    /// A staging server: it exports nothing.
    pub staging: bool,
    /// The scheduler is suspended.
    pub suspended: bool,
}

impl<'a> Facts<'a> {
    /// The wanted links; `None` without a match plan.
    pub fn links(&self) -> Option<&'a [LinkSpec]> {
        self.config.map(|config| config.plan.links.as_slice())
    }

    /// A snapshot of one domain alone, to resolve names in it.
    pub fn only(domain: &AdDomainSnapshot, now: Timestamp) -> Snapshot {
        Snapshot { domains: vec![domain.clone()], ..empty(now) }
    }

    /// Whether nothing at all could be read of either side.
    pub fn nothing_read(&self) -> bool {
        self.cloud.is_err() && self.domains.iter().all(|domain| domain.read.is_err())
    }

    /// One snapshot of everything that could be read, for look-ups. What is missing is empty in it, so whoever asks must
    /// know first that his side was read.
    pub fn joined(&self) -> Option<Snapshot> {
        let domains: Vec<AdDomainSnapshot> =
            self.domains.iter().filter_map(|domain| domain.read.as_ref().ok().cloned()).collect();
        let cloud = self.cloud.as_ref().ok().cloned();
        match (cloud, domains.is_empty()) {
            (Some(cloud), _) => Some(Snapshot { domains, ..cloud }),
            (None, false) => Some(Snapshot { domains, ..empty(self.now) }),
            (None, true) => None,
        }
    }
}

/// A snapshot of a cloud in which there is nothing: look-ups in AD need the form, not the content.
fn empty(now: Timestamp) -> Snapshot {
    use crate::model::id::TenantId;
    use crate::model::tenant::Tenant;
    let id = TenantId(uuid::Uuid::nil());
    Snapshot {
        format_version: crate::snapshot::document::SNAPSHOT_VERSION,
        taken: now,
        domains: Vec::new(),
        tenant: Tenant {
            id,
            display_name: String::new(),
            domains: Vec::new(),
            sync_enabled: None,
            last_sync: None,
            features: None,
            switches: std::collections::BTreeMap::new(),
            deletion_threshold: None,
        },
        users: Vec::new(),
        marks: None,
        coverage: crate::snapshot::document::Coverage::Whole,
        deleted_users: Vec::new(),
        holders: Vec::new(),
        roles: Vec::new(),
        role_groups: Vec::new(),
        role_policies: Vec::new(),
        recipients: None,
        caller: None,
        gaps: Vec::new(),
    }
}
