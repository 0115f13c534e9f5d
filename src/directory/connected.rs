//! Both directories and the sync engine, connected: what planning reads from and `apply` is given.

use super::ad::connection::AdDomain;
use super::entra::cloud::Endpoints;
use super::entra::credential::Credential;
use super::entra::http::Graph;
use super::entra::on_demand::Provisioning;
use super::entra::trace::Trace;
use super::error::{DirectoryError, ErrorKind};
use super::port::{
    Clock, Provisioned, ReadAd, ReadEntra, SyncEngine, SyncStatus, Triggered, Turn, WriteAd, WriteEntra,
};
use super::sync::SyncCommands;
use crate::config::settings::{AdSettings, Settings, Trigger};
use crate::model::ad::AdUser;
use crate::model::anchor::ImmutableId;
use crate::model::attribute::AttributeChange;
use crate::model::cloud::{EntraAttribute, EntraChange, Presence, SyncFeature};
use crate::model::dn::Dn;
use crate::model::entra::{AddressHolder, EntraUser, HolderKind};
use crate::model::id::{AdGuid, DomainName, ObjectId, Sid};
use crate::model::name::Upn;
use crate::model::recipient::AdHolder;
use crate::model::reference::AdRef;
use crate::model::role::Holding;
use crate::model::tenant::SyncFeatures;
use futures_util::future::try_join_all;
use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What the settings only point at, found and read: nothing in here ever goes to a file or a message.
#[derive(Debug)]
pub struct Access {
    /// The bind password of each domain that has one.
    pub passwords: BTreeMap<DomainName, SecretString>,
    /// The content of each domain's `ca_file`, if it has one.
    pub authorities: BTreeMap<DomainName, Vec<u8>>,
    /// The credential for Graph.
    pub entra: Credential,
}

/// The directories of one configuration.
pub struct Directories<C> {
    ad: Vec<AdDomain>,
    graph: Graph<C>,
    sync: SyncCommands,
    /// With `trigger = { provision_on_demand = … }`.
    provisioning: Option<Provisioning>,
}

impl<C: Clock> Directories<C> {
    /// Connects and binds to every domain and gets a first token, all at once.
    ///
    /// Errors: a password that is missing or refused, a server that is unreachable or not trusted, a domain controller
    /// that does not do ([`super::ad::root`]), a token that is refused or is another tenant's.
    pub async fn connect(
        settings: &Settings,
        access: Access,
        clock: Arc<C>,
        trace: Option<Arc<Trace>>,
    ) -> Result<Self, DirectoryError> {
        let Access { passwords, authorities, entra } = access;
        let graph = Graph::new(Endpoints::of(&settings.entra)?, entra, clock, trace)?;
        let graph = graph.within(settings.entra.limits).gathering();
        let connect = async |ad: &AdSettings| {
            let password = passwords.get(&ad.name).cloned().unwrap_or_default();
            AdDomain::connect(ad.clone(), password, authorities.get(&ad.name).map(Vec::as_slice)).await
        };
        let domains = try_join_all(settings.ad.iter().map(connect));
        let (ad, _) = tokio::try_join!(domains, graph.tokens().token())?;
        let provisioning = match &settings.sync.trigger {
            Trigger::ProvisionOnDemand(job) => Some(Provisioning::new(job.clone())),
            Trigger::Command(_) | Trigger::Wait => None,
        };
        Ok(Self { ad, graph, sync: SyncCommands::new(settings.sync.clone()), provisioning })
    }

    /// The same, with one exchange with Graph after the other where single objects are read and written: slower, and the
    /// same each time.
    #[must_use]
    pub fn one_exchange_at_a_time(self) -> Self {
        Self { graph: self.graph.one_at_a_time(), ..self }
    }

    /// The AD domains, in the settings' order.
    pub fn domains(&self) -> &[AdDomain] {
        &self.ad
    }

    /// Graph, for its credential's lifetime and what else is asked of it alone.
    pub const fn graph(&self) -> &Graph<C> {
        &self.graph
    }

    fn domain(&self, name: &DomainName) -> Result<&AdDomain, DirectoryError> {
        self.find(name).ok_or_else(|| {
            DirectoryError::new(
                ErrorKind::Broken,
                format!("reach the domain {name}"),
                "the configuration has no [[ad]] with this name",
            )
            .with_hint("add the domain to matchplan.toml again under the name that the plan or the state uses")
        })
    }

    fn find(&self, name: &DomainName) -> Option<&AdDomain> {
        self.ad.iter().find(|ad| ad.name().as_str().eq_ignore_ascii_case(name.as_str()))
    }
}

impl<C: Clock> ReadAd for Directories<C> {
    async fn ad_user(&self, domain: &DomainName, guid: AdGuid) -> Result<Option<AdUser>, DirectoryError> {
        self.domain(domain)?.user(guid).await
    }

    async fn ad_holder(&self, domain: &DomainName, guid: AdGuid) -> Result<Option<AdHolder>, DirectoryError> {
        self.domain(domain)?.holder(guid).await
    }

    fn domain_controller(&self, domain: &DomainName) -> Option<String> {
        self.find(domain)?.controller().map(|controller| controller.host.clone())
    }
}

impl<C: Clock> WriteAd for Directories<C> {
    async fn modify(&self, user: &AdRef, changes: &[AttributeChange]) -> Result<(), DirectoryError> {
        self.domain(&user.domain)?.modify(user, changes).await
    }

    async fn move_under(&self, user: &AdRef, parent: &Dn) -> Result<(), DirectoryError> {
        self.domain(&user.domain)?.move_under(user, parent).await
    }
}

impl<C: Clock> ReadEntra for Directories<C> {
    async fn entra_user(&self, id: ObjectId) -> Result<Option<EntraUser>, DirectoryError> {
        self.graph.entra_user(id).await
    }

    async fn users_with(&self, anchor: &ImmutableId, sid: &Sid) -> Result<Vec<EntraUser>, DirectoryError> {
        self.graph.users_with(anchor, sid).await
    }

    async fn users_with_any(&self, marks: &[(ImmutableId, Sid)]) -> Result<Vec<EntraUser>, DirectoryError> {
        self.graph.users_with_any(marks).await
    }

    async fn entra_marks(&self, id: ObjectId) -> Result<Option<EntraUser>, DirectoryError> {
        self.graph.entra_marks(id).await
    }

    async fn entra_marks_of(&self, ids: &[ObjectId]) -> Result<BTreeMap<ObjectId, EntraUser>, DirectoryError> {
        self.graph.entra_marks_of(ids).await
    }

    async fn holdings_of(&self, user: ObjectId) -> Result<Vec<Holding>, DirectoryError> {
        self.graph.holdings_of(user).await
    }

    async fn holdings_of_all(&self, users: &[ObjectId]) -> Result<BTreeMap<ObjectId, Vec<Holding>>, DirectoryError> {
        self.graph.holdings_of_all(users).await
    }

    async fn missing_for(&self, holding: &Holding) -> Result<Option<String>, DirectoryError> {
        self.graph.missing_for(holding).await
    }

    async fn global_administrators(&self) -> Result<Vec<(ObjectId, bool)>, DirectoryError> {
        self.graph.global_administrators().await
    }

    async fn signed_in(&self) -> Result<Option<ObjectId>, DirectoryError> {
        self.graph.signed_in().await
    }

    async fn attributes_of(
        &self,
        id: ObjectId,
        attributes: &[EntraAttribute],
    ) -> Result<Option<BTreeMap<EntraAttribute, Option<String>>>, DirectoryError> {
        self.graph.attributes_of(id, attributes).await
    }

    async fn presence_of(&self, id: ObjectId) -> Result<Presence, DirectoryError> {
        self.graph.presence_of(id).await
    }

    async fn address_holder(&self, kind: HolderKind, id: ObjectId) -> Result<Option<AddressHolder>, DirectoryError> {
        self.graph.address_holder(kind, id).await
    }

    async fn is_cloud_managed(&self, id: ObjectId) -> Result<Option<bool>, DirectoryError> {
        self.graph.is_cloud_managed(id).await
    }

    async fn sync_switches(&self) -> Result<BTreeMap<SyncFeature, bool>, DirectoryError> {
        self.graph.sync_switches().await
    }

    async fn sync_features(&self) -> Result<Option<SyncFeatures>, DirectoryError> {
        self.graph.sync_features().await
    }

    fn time(&self) -> Timestamp {
        self.graph.now()
    }

    async fn last_sync(&self) -> Result<Option<Timestamp>, DirectoryError> {
        self.graph.last_sync().await
    }
}

impl<C: Clock> WriteEntra for Directories<C> {
    async fn turn(&self) -> Turn {
        self.graph.turn().await
    }

    fn held_up(&self) -> Option<SignedDuration> {
        self.graph.held_up()
    }

    async fn set_immutable_id(&self, user: ObjectId, value: Option<&ImmutableId>) -> Result<(), DirectoryError> {
        self.graph.set_immutable_id(user, value).await
    }

    async fn amend(&self, user: ObjectId, changes: &[EntraChange]) -> Result<(), DirectoryError> {
        self.graph.amend(user, changes).await
    }

    async fn place(
        &self,
        user: ObjectId,
        from: Presence,
        to: Presence,
        upn: Option<&Upn>,
    ) -> Result<(), DirectoryError> {
        self.graph.place(user, from, to, upn).await
    }

    async fn set_authority(&self, user: ObjectId, cloud: bool) -> Result<(), DirectoryError> {
        self.graph.set_authority(user, cloud).await
    }

    async fn set_switch(&self, feature: SyncFeature, on: bool) -> Result<(), DirectoryError> {
        self.graph.set_switch(feature, on).await
    }

    async fn take(&self, holding: &Holding) -> Result<(), DirectoryError> {
        self.graph.take(holding).await
    }

    async fn give(&self, holding: &Holding) -> Result<(), DirectoryError> {
        self.graph.give(holding).await
    }
}

impl<C: Clock> SyncEngine for Directories<C> {
    async fn trigger(&self) -> Result<Triggered, DirectoryError> {
        self.sync.trigger().await
    }

    async fn provision(&self, user: &Dn) -> Result<Provisioned, DirectoryError> {
        match &self.provisioning {
            Some(provisioning) => provisioning.provision(&self.graph, user).await,
            None => Ok(Provisioned::Unsaid),
        }
    }

    async fn status(&self) -> Result<Option<SyncStatus>, DirectoryError> {
        self.sync.status().await
    }

    async fn hold(&self) -> Result<(), DirectoryError> {
        self.sync.hold().await
    }

    async fn release(&self) -> Result<(), DirectoryError> {
        self.sync.release().await
    }
}
