//! Whether a link is formed, and if not, what stands in its way: read, never assumed.

use super::error::ApplyError;
use super::event::{Event, What};
use super::run::Run;
use crate::directory::error::DirectoryError;
use crate::directory::port::{Clock, WriteAd, WriteEntra};
use crate::model::anchor::ImmutableId;
use crate::model::entra::EntraUser;
use crate::model::id::{LinkId, ObjectId, Sid};
use crate::plan::link::{Method, Outcome};
use crate::plan::step::{Action, Step};
use crate::rules::aftermath::{Wanted, missing_marks};
use crate::state::journal::{JournalEvent, LinkEnding};
use crate::state::ledger::{Reading, StepStatus};
use crate::state::recorder::Recorder;
use crate::state::write::{Verdict, Write};
use futures_util::stream::{self, StreamExt as _};
use std::collections::{BTreeMap, HashMap};

/// What one look at the cloud says of a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// Formed, by every mark.
    Linked,
    /// Not formed, with each mark that is missing.
    Not(Vec<String>),
}

impl<D, S, C, R, F> Run<'_, D, S, C, R, F>
where
    D: WriteAd + WriteEntra,
    C: Clock,
    R: Recorder,
    F: FnMut(Event),
{
    /// What the link must show; `None` in a plan without a verify step for it.
    pub(super) fn wanted(&self, link: &LinkId) -> Option<Wanted> {
        let planned = self.planned(link)?;
        let Action::Verify { ad, cloud, anchor, sid } = self.verify_step(link)?.action else { return None };
        let method = match planned.outcome {
            Outcome::Change { method, .. } => method,
            _ => Method::Soft,
        };
        Some(Wanted { ad, cloud, anchor, sid, method, before: planned.before.user.last_sync })
    }

    fn verify_step(&self, link: &LinkId) -> Option<Step> {
        self.steps_of(link).into_iter().find(|step| matches!(step.action, Action::Verify { .. }))
    }

    /// One look. Linked = the same cloud object, synced, the exact anchor, the SID, a sync after our step, and no other
    /// live or deleted object with that anchor or SID.
    pub(super) async fn look(&self, wanted: &Wanted) -> Result<Look, DirectoryError> {
        let missing = self.marks(wanted).await?;
        let missing =
            if missing.is_empty() { self.rivals(std::slice::from_ref(wanted)).await?.remove(0) } else { missing };
        Ok(if missing.is_empty() { Look::Linked } else { Look::Not(missing) })
    }

    /// Which of these links are formed, asked of all of them together.
    pub(super) async fn look_at_all(&self, all: &[Wanted]) -> Result<Vec<bool>, DirectoryError> {
        let ids: Vec<ObjectId> = all.iter().map(|wanted| wanted.cloud.id).collect();
        let users = self.ports.directories.entra_marks_of(&ids).await?;
        let is_marked =
            |wanted: &Wanted| users.get(&wanted.cloud.id).is_some_and(|user| missing_marks(user, wanted).is_empty());
        let marked: Vec<bool> = all.iter().map(is_marked).collect();
        let candidates: Vec<Wanted> =
            all.iter().zip(&marked).filter(|(_, marked)| **marked).map(|(wanted, _)| wanted.clone()).collect();
        let mut rivals = self.rivals(&candidates).await?.into_iter();
        Ok(marked.into_iter().map(|marked| marked && rivals.next().is_some_and(|them| them.is_empty())).collect())
    }

    /// The same, each by itself.
    pub(super) async fn look_one_by_one(&self, all: &[Wanted]) -> Vec<Result<bool, DirectoryError>> {
        let looks = all.iter().map(async |wanted| Ok(self.look(wanted).await? == Look::Linked));
        stream::iter(looks).buffered(self.options.side_by_side.max(1)).collect().await
    }

    /// What is missing at the cloud user itself.
    async fn marks(&self, wanted: &Wanted) -> Result<Vec<String>, DirectoryError> {
        let user = self.ports.directories.entra_marks(wanted.cloud.id).await?;
        let gone = || vec!["the cloud user is not there any more".to_owned()];
        Ok(user.map_or_else(gone, |user| missing_marks(&user, wanted)))
    }

    /// Other objects that carry the anchor or the SID, for each link.
    async fn rivals(&self, all: &[Wanted]) -> Result<Vec<Vec<String>>, DirectoryError> {
        if all.is_empty() {
            return Ok(Vec::new());
        }
        let marks: Vec<_> = all.iter().map(|wanted| (wanted.anchor.into(), wanted.sid.clone())).collect();
        let holders = self.ports.directories.users_with_any(&marks).await?;
        let (mut by_anchor, mut by_sid) = (HashMap::<&str, Vec<_>>::new(), HashMap::<&Sid, Vec<_>>::new());
        for user in &holders {
            if let Some(id) = &user.immutable_id {
                by_anchor.entry(id.as_str()).or_default().push(user);
            }
            if let Some(sid) = &user.security_identifier {
                by_sid.entry(sid).or_default().push(user);
            }
        }
        let rivals = |wanted: &Wanted| {
            let anchor = ImmutableId::from(wanted.anchor);
            let all = by_anchor.get(anchor.as_str()).into_iter().chain(by_sid.get(&wanted.sid)).flatten();
            let others: BTreeMap<ObjectId, &EntraUser> =
                all.filter(|user| user.id != wanted.cloud.id).map(|user| (user.id, *user)).collect();
            let tell = |user: &EntraUser| {
                let place = if user.deleted.is_some() { "deleted cloud user" } else { "cloud user" };
                let what = if user.immutable_id.as_ref() == Some(&anchor) { "anchor" } else { "SID" };
                format!("the {place} {} ({}) carries the {what}", user.upn, user.id)
            };
            others.into_values().map(tell).collect()
        };
        Ok(all.iter().map(rivals).collect())
    }

    /// Ends a link that is formed: its roles come back at once, waiting for no other link.
    pub(super) async fn finish_linked(&self, link: &LinkId) -> Result<(), ApplyError> {
        if let Some(verify) = self.verify_step(link) {
            let status = self.status(&verify.id)?;
            if matches!(status, StepStatus::Pending | StepStatus::Started { .. }) {
                let (apply, step) = (self.apply.clone(), verify.id.clone());
                if status == StepStatus::Pending {
                    let before = Reading::Nothing;
                    self.record(JournalEvent::StepStarted { apply: apply.clone(), step: step.clone(), before }).await?;
                }
                let after = Reading::Nothing;
                self.record(JournalEvent::StepSucceeded { apply, step, wrote: false, after, assignment: None }).await?;
                self.emit(What::StepSucceeded { step: Box::new(verify), wrote: false });
            }
        }
        let restores: Vec<Step> =
            self.steps_of(link).into_iter().filter(|s| matches!(s.action, Action::Restore { .. })).collect();
        let mut problems = Vec::new();
        for step in &restores {
            if let Err(why) = self.restore_step(step).await? {
                problems.push(why);
            }
        }
        if self.with_record(|record| record.roles_out(link))? {
            let found = format!("the link is formed, but a role is not back: {}", problems.join("; "));
            return self.settle(link, LinkEnding::Stuck { found, next: self.how_to_restore() }).await;
        }
        if let Some((found, next)) = self.out_of_scope(link).await? {
            return self.settle(link, LinkEnding::Stuck { found, next }).await;
        }
        self.skip_pending(link, "the link is formed").await?;
        self.settle(link, LinkEnding::Linked).await
    }

    /// A formed link whose AD user an undo has moved back out of scope: the next cycle would delete the cloud user.
    async fn out_of_scope(&self, link: &LinkId) -> Result<Option<(String, String)>, ApplyError> {
        let undone = |step: &Step| self.status(&step.id).map(|s| matches!(s, StepStatus::Undone { .. }));
        for step in self.steps_of(link) {
            let Action::Move { user, to, .. } = &step.action else { continue };
            let Some(write) = Write::of(&step.action, None) else { continue };
            if undone(&step)?
                && self.read(&write).await.map_or(true, |reading| write.verdict(&reading) != Verdict::AsWanted)
            {
                let found = format!(
                    "a cycle formed the link while it was being undone, and {user} was moved out of the sync scope again: \
                     the next cycle would delete the cloud user"
                );
                let next = format!("move {user} to {to} at once, then `matchplan apply`");
                return Ok(Some((found, next)));
            }
        }
        Ok(None)
    }

    /// What to type when roles are missing.
    pub(super) fn how_to_restore(&self) -> String {
        let sheet =
            self.sheet.as_ref().map_or_else(String::new, |path| format!(", or by hand with the requests in {path}"));
        format!("give the roles back: `matchplan apply` tries again{sheet}")
    }
}
