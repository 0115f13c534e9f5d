//! Each directory by itself: for looking at what answers, where one that does not must hide nothing of the other.

use super::ad::connection::AdDomain;
use super::collect::Progress;
use super::connected::Access;
use super::entra::cloud::Endpoints;
use super::entra::http::Graph;
use super::entra::trace::Trace;
use super::error::DirectoryError;
use super::port::Clock;
use crate::config::settings::{AdSettings, Settings};
use crate::model::id::DomainName;
use crate::snapshot::document::Snapshot;
use futures_util::future::join_all;
use jiff::Timestamp;
use std::sync::{Arc, Mutex, PoisonError};

/// What could be connected, side by side with what could not. It can only read.
pub struct Reached<C> {
    /// Every domain of the settings, in their order.
    pub domains: Vec<(DomainName, Result<AdDomain, DirectoryError>)>,
    /// Graph, with a first token.
    pub graph: Result<Graph<C>, DirectoryError>,
}

impl<C: Clock> Reached<C> {
    /// Connects and binds to every domain and gets a first token, all at once; nothing waits for another's success.
    pub async fn connect(settings: &Settings, access: Access, clock: Arc<C>, trace: Option<Arc<Trace>>) -> Self {
        let Access { passwords, authorities, entra } = access;
        let domains = settings.ad.iter().map(async |ad: &AdSettings| {
            let password = passwords.get(&ad.name).cloned().unwrap_or_default();
            let authority = authorities.get(&ad.name).map(Vec::as_slice);
            (ad.name.clone(), AdDomain::connect(ad.clone(), password, authority).await)
        });
        let graph = async {
            let graph = Graph::new(Endpoints::of(&settings.entra)?, entra, clock, trace)?.within(settings.entra.limits);
            graph.tokens().token().await?;
            Ok(graph)
        };
        let (domains, graph) = tokio::join!(join_all(domains), graph);
        Self { domains, graph }
    }

    /// The cloud's part of a snapshot: it names no domain.
    pub async fn cloud(
        &self,
        taken: Timestamp,
        progress: impl FnMut(Progress) + Send,
    ) -> Result<Snapshot, DirectoryError> {
        let progress = Mutex::new(progress);
        let progress = |event: Progress| (progress.lock().unwrap_or_else(PoisonError::into_inner))(event);
        let graph = self.graph.as_ref().map_err(Clone::clone)?;
        Ok(graph.collect(&progress).await?.into_snapshot(taken, Vec::new()))
    }
}
