//! A small wave whose users Cloud Sync is asked for one by one, instead of a cycle.
//!
//! It proves no cycle. A link is formed when its marks say so, as after a cycle; a user that the engine refuses or leaves
//! out is read on for as long as replicas lag, and its link is then undone with that reason; who is not answered waits for
//! the scheduler's cycle, until the timeout.

use super::cycle::REPLICAS;
use super::error::ApplyError;
use super::event::{Event, What};
use super::perform::may_pass;
use super::run::Run;
use crate::config::settings::{self, Trigger};
use crate::directory::error::DirectoryError;
use crate::directory::port::{Clock, Provisioned, SyncEngine, WriteAd, WriteEntra};
use crate::model::id::LinkId;
use crate::state::recorder::Recorder;
use jiff::SignedDuration;
use std::collections::{BTreeMap, BTreeSet};

/// How often users that got no answer are asked for.
const ROUNDS: u32 = 3;

/// What the engine has said of a wave's users so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct OnDemand {
    answered: BTreeSet<LinkId>,
    /// In its words, and after which time of waiting.
    refused: BTreeMap<LinkId, (String, SignedDuration)>,
    rounds: u32,
}

impl OnDemand {
    /// For a wave of so many links; `None` where a cycle is asked for or waited for.
    pub(super) const fn of(trigger: &Trigger, links: usize) -> Option<Self> {
        let small = matches!(trigger, Trigger::ProvisionOnDemand(_)) && links <= settings::OnDemand::MOST;
        if small { Some(Self { answered: BTreeSet::new(), refused: BTreeMap::new(), rounds: ROUNDS }) } else { None }
    }
}

impl<D, S, C, R, F> Run<'_, D, S, C, R, F>
where
    D: WriteAd + WriteEntra,
    S: SyncEngine,
    C: Clock,
    R: Recorder,
    F: FnMut(Event),
{
    /// Asks for the users of these links. `true` if nothing more is to be asked.
    pub(super) async fn provision(
        &self,
        wave: u32,
        links: &[LinkId],
        so_far: &mut OnDemand,
        waited: SignedDuration,
    ) -> bool {
        let (mut done, mut refused, mut failed) = (0, 0, None);
        for link in links.iter().filter(|link| !so_far.answered.contains(*link)).cloned().collect::<Vec<_>>() {
            if self.is_stopping() {
                break;
            }
            match self.provision_one(&link).await {
                Ok(answer) => {
                    so_far.answered.insert(link.clone());
                    match answer {
                        Provisioned::Done => done += 1,
                        Provisioned::Refused(why) => {
                            refused += 1;
                            so_far.refused.insert(link, (why, waited));
                        }
                        Provisioned::Unsaid => {}
                    }
                }
                Err(error) => {
                    // What one request met, the next would meet, too.
                    failed = Some(error);
                    break;
                }
            }
        }
        if done + refused > 0 {
            self.emit(What::Provisioned { wave, done, refused });
        }
        so_far.rounds -= 1;
        let all = links.iter().all(|link| so_far.answered.contains(link));
        let again = failed.as_ref().is_some_and(|error| may_pass(error.kind)) && so_far.rounds > 0;
        if let Some(error) = failed {
            self.say_retry("provision on demand", &error.in_full());
        }
        if !all && !again && !self.is_stopping() {
            self.emit(What::CycleAsked { wave, triggered: false });
        }
        !again
    }

    async fn provision_one(&self, link: &LinkId) -> Result<Provisioned, DirectoryError> {
        // A wave whose plan does not say what to look for is undone when its cycle is proven.
        let Some(wanted) = self.wanted(link) else { return Ok(Provisioned::Unsaid) };
        // The engine is asked by name, and a step of ours may have moved the user.
        let user = self.ports.directories.ad_user(&wanted.ad.domain, wanted.ad.guid).await?;
        match user {
            Some(user) => self.ports.sync.provision(&user.dn).await,
            None => Ok(Provisioned::Unsaid),
        }
    }

    /// Undoes links whose users were refused, once replicas have had their time: also a refusal is not believed where the
    /// marks say that the link is formed.
    pub(super) async fn give_up_refused(
        &self,
        waiting: Vec<LinkId>,
        so_far: &OnDemand,
        waited: SignedDuration,
    ) -> Result<Vec<LinkId>, ApplyError> {
        let (over, waiting): (Vec<LinkId>, Vec<LinkId>) = waiting
            .into_iter()
            .partition(|link| so_far.refused.get(link).is_some_and(|(_, at)| waited - *at >= REPLICAS));
        if over.is_empty() {
            return Ok(waiting);
        }
        // With a status command a cycle that is running now is waited for.
        self.is_idle().await;
        if self.is_stopping() {
            return Ok([over, waiting].concat());
        }
        self.side_by_side(&over, |link| async move {
            let Some(found) = self.diagnosis(link).await? else { return self.finish_linked(link).await };
            let said = so_far.refused.get(link).map_or("", |(why, _)| why.as_str());
            self.failures.set(self.failures.get() + 1);
            self.undo_link(link, &format!("provisioning on demand did not form the link ({said}): {found}")).await
        })
        .await?;
        Ok(waiting)
    }
}
