//! Why a link was not formed: read when a cycle is proven or the time is over, and journaled with the link.

use super::error::ApplyError;
use super::event::Event;
use super::run::Run;
use crate::directory::port::{Clock, WriteAd, WriteEntra};
use crate::model::id::LinkId;
use crate::rules::aftermath::{Aftermath, Diagnosis, Looked, Wanted, diagnose};
use crate::state::journal::JournalEvent;
use crate::state::recorder::Recorder;

impl<D, S, C, R, F> Run<'_, D, S, C, R, F>
where
    D: WriteAd + WriteEntra,
    C: Clock,
    R: Recorder,
    F: FnMut(Event),
{
    /// Finds out why a link was not formed, journals it, and says it in one sentence; `None` if it turns out to be formed
    /// after all, as replicas lag. What cannot be read is named: a diagnosis of half an answer could send somebody to delete
    /// the wrong user.
    pub(super) async fn diagnosis(&self, link: &LinkId) -> Result<Option<String>, ApplyError> {
        let Some(wanted) = self.wanted(link) else {
            return Ok(Some("the plan does not say what to look for".to_owned()));
        };
        let diagnosis = match self.examine(&wanted).await {
            Ok(diagnosis) if diagnosis.aftermath == Aftermath::Formed => return Ok(None),
            Ok(diagnosis) => diagnosis,
            Err(unread) => return Ok(Some(unread)),
        };
        self.keep(link, &diagnosis).await?;
        Ok(Some(diagnosis.to_string()))
    }

    /// The diagnosis of a link that no later cycle can form; `None` for all others, and where it cannot be read.
    pub(super) async fn hopeless(&self, link: &LinkId) -> Option<Diagnosis> {
        let wanted = self.wanted(link)?;
        // What cannot be read proves nothing: then the link goes on waiting.
        self.examine(&wanted).await.ok().filter(Diagnosis::is_final)
    }

    /// Journals a diagnosis with its link.
    pub(super) async fn keep(&self, link: &LinkId, diagnosis: &Diagnosis) -> Result<(), ApplyError> {
        let (apply, link, diagnosis) = (self.apply.clone(), link.clone(), Box::new(diagnosis.clone()));
        self.record(JournalEvent::LinkDiagnosed { apply, link, diagnosis }).await?;
        Ok(())
    }

    async fn examine(&self, wanted: &Wanted) -> Result<Diagnosis, String> {
        let directories = self.ports.directories;
        let user = directories.entra_user(wanted.cloud.id).await.map_err(|error| error.in_full())?;
        let carriers = directories.users_with(&wanted.anchor.into(), &wanted.sid).await;
        let carriers = carriers.map_err(|error| error.in_full())?;
        // These two only explain; without them the diagnosis is still right, and says less.
        let holdings = directories.holdings_of(wanted.cloud.id).await.unwrap_or_default();
        let features = directories.sync_features().await.unwrap_or_default();
        Ok(diagnose(
            wanted,
            Looked {
                user: user.as_ref(),
                carriers: &carriers,
                holdings: &holdings,
                features,
                seen: self.options.seen.as_deref(),
                initial_domain: &self.plan.tenant.initial_domain,
            },
        ))
    }
}
