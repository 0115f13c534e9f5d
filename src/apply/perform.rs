//! One write, the careful way: read, compare, journal the intent, write, read back.

use super::error::ApplyError;
use super::event::{Event, What};
use super::run::Run;
use crate::directory::error::{DirectoryError, ErrorKind};
use crate::directory::port::{Clock, Turn, WriteAd, WriteEntra};
use crate::model::cloud::{EntraAttribute, Presence};
use crate::model::id::{AssignmentId, ObjectId};
use crate::model::reference::EntraRef;
use crate::model::role::Holding;
use crate::state::journal::JournalEvent;
use crate::state::ledger::{Forgone, Reading};
use crate::state::recorder::Recorder;
use crate::state::write::{Verdict, Write};
use jiff::SignedDuration;
use std::future::Future;

/// How often a write or a read is tried when another try may mend it.
pub(super) const TRIES: u32 = 4;
/// How often a write waits for its turn again because the tenant's limits were met after all.
const TURNS: u32 = 60;
/// How often a write is read back while the old value still shows: replicas lag.
const READ_BACKS: u32 = 6;

/// What came of a write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Attempt {
    /// It is as wanted, and that was read.
    Done { wrote: bool, after: Reading, assignment: Option<AssignmentId> },
    /// What was taken is not to be given back, for good.
    Forgone(Forgone),
    /// It did not happen.
    Not(String),
    /// What it is about is not there any more.
    Gone(String),
    /// It may have happened: the answer was lost, and what is there could not be read.
    Unknown(String),
}

/// Seconds until another try: 1, 2, 4, …
fn backoff(attempt: u32) -> SignedDuration {
    SignedDuration::from_secs(1 << attempt.min(6).saturating_sub(1))
}

/// Whether another try of a read may answer.
pub(super) const fn may_pass(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::Unreachable | ErrorKind::OutcomeUnknown | ErrorKind::Busy | ErrorKind::Throttled | ErrorKind::Broken
    )
}

impl<D, S, C, R, F> Run<'_, D, S, C, R, F>
where
    D: WriteAd + WriteEntra,
    C: Clock,
    R: Recorder,
    F: FnMut(Event),
{
    /// Performs a write. `intent` makes the journal's record of it from what was read before. With `begun`, the intent
    /// was journaled in an earlier run, after that reading: then what is there tells whether it happened.
    pub(super) async fn perform(
        &self,
        write: &Write,
        begun: Option<&Reading>,
        intent: impl Fn(Reading) -> JournalEvent,
    ) -> Result<Attempt, ApplyError> {
        let turn = self.turn(write).await;
        let before = match self.read(write).await {
            Ok(reading) => reading,
            Err(error) if error.kind == ErrorKind::NotFound => return Ok(gone(write, &error)),
            Err(error) if begun.is_some() || self.is_stopping() => return Ok(Attempt::Unknown(error.in_full())),
            Err(error) => return Ok(Attempt::Not(error.in_full())),
        };
        let verdict = write.verdict(&before);
        if verdict == Verdict::AsWanted {
            if begun.is_none() {
                self.record(intent(before.clone())).await?;
            }
            return Ok(done(write, begun.is_some_and(|read| may_be_ours(write, read)), before));
        }
        if let Write::Give { holding, .. } = write {
            match self.forgone(holding, &before).await {
                Ok(None) => {}
                Ok(Some(reason)) => return Ok(Attempt::Forgone(reason)),
                Err(error) => return Ok(Attempt::Not(format!("could not {write}: {}", error.in_full()))),
            }
        }
        if let Verdict::Surprise(why) = verdict {
            return Ok(Attempt::Not(format!("could not {write}: {why}")));
        }
        if let Write::Take { user, holding } = write
            && let Err(why) = self.may_take(user.id, holding).await
        {
            let why = format!("the role {holding} stays with {user}: {why}");
            // What was begun in an earlier run may have happened, although it does not show yet.
            return Ok(if begun.is_some() { Attempt::Unknown(why) } else { Attempt::Not(why) });
        }
        self.record(intent(before)).await?;
        Ok(self.send_and_read_back(write, begun.is_some(), turn).await)
    }

    /// The right to write to Entra, which has limits.
    async fn turn(&self, write: &Write) -> Option<Turn> {
        match write {
            Write::Anchor { .. }
            | Write::Amend { .. }
            | Write::Place { .. }
            | Write::Authority { .. }
            | Write::Switch { .. }
            | Write::Take { .. }
            | Write::Give { .. } => {
                if let Some(wait) = self.ports.directories.held_up() {
                    self.say_throttled(wait);
                }
                Some(self.ports.directories.turn().await)
            }
            Write::Align { .. } | Write::Move { .. } => None,
        }
    }

    /// Why what was taken is not given back at all, if that is so. `live` is what is there of it.
    async fn forgone(&self, holding: &Holding, live: &Reading) -> Result<Option<Forgone>, DirectoryError> {
        if let Reading::Holdings { holdings } = live
            && let Some(other) = holdings.first()
        {
            return Ok(Some(Forgone::OtherEnd { ends: other.ends() }));
        }
        if !holding.comes_back() {
            return Ok(Some(Forgone::Activation));
        }
        if let Some(ends) = holding.ends().filter(|_| holding.is_over(self.ports.directories.time())) {
            return Ok(Some(Forgone::Ended { ends }));
        }
        if self.again(|| self.ports.directories.entra_marks(holding.user())).await?.is_none() {
            return Ok(Some(holder_is_gone()));
        }
        let missing = self.again(|| self.ports.directories.missing_for(holding)).await?;
        Ok(missing.map(|what| Forgone::Missing { what }))
    }

    /// Sends until the write is done or certainly is not. With `doubt`, an earlier try may have reached the server, in an
    /// earlier run of the program.
    async fn send_and_read_back(&self, write: &Write, mut doubt: bool, mut turn: Option<Turn>) -> Attempt {
        let mut last = String::new();
        let (mut attempt, mut turns) = (0, 0);
        while attempt < TRIES && turns < TURNS {
            attempt += 1;
            let answer = self.send(write).await;
            drop(turn.take());
            if let Err(error) = &answer {
                last = error.in_full();
                let throttled = error.kind == ErrorKind::Throttled;
                if throttled || matches!(error.kind, ErrorKind::Unreachable | ErrorKind::Busy) {
                    if throttled {
                        // A refusal for a limit is no failure of this write.
                        (attempt, turns) = (attempt - 1, turns + 1);
                    }
                    if !self.wait_to_retry(write, &last, attempt.max(1)).await {
                        return Attempt::Unknown(last);
                    }
                    turn = self.turn(write).await;
                    // Somebody else may have been at work meanwhile, and Graph does not compare before it writes.
                    match self.read_back(write, false).await {
                        Ok((_, Verdict::Surprise(why))) => return Attempt::Not(format!("could not {write}: {why}")),
                        Ok((reading, Verdict::AsWanted)) => return done(write, doubt, reading),
                        Ok((_, Verdict::AsExpected)) | Err(_) => continue,
                    }
                }
                // After any other error the server may have done it: only a reading tells.
                doubt |= matches!(error.kind, ErrorKind::OutcomeUnknown | ErrorKind::Broken);
            }
            let says_done = answer.as_ref().err().is_some_and(|error| is_done_already(write, error.kind, doubt));
            let ours = answer.is_ok() || doubt;
            match self.read_back(write, answer.is_ok() || says_done).await {
                // What was refused and is there all the same, somebody else has done: it is not ours to undo.
                Ok((reading, Verdict::AsWanted)) => return done(write, ours, reading),
                Ok((_, Verdict::Surprise(why))) => {
                    return Attempt::Not(format!("could not {write}: {why}{}", because(&answer)));
                }
                Ok((_, Verdict::AsExpected)) => match answer {
                    Ok(()) => {
                        return Attempt::Unknown(format!(
                            "could not {write}: the server agreed, but the old value still shows"
                        ));
                    }
                    // Replicas can lag for longer than we look; what the directory that writes says is newer.
                    Err(_) if says_done && matches!(write, Write::Take { .. }) => {
                        return done(write, ours, Reading::Holdings { holdings: Vec::new() });
                    }
                    Err(error) if may_pass(error.kind) => {
                        if !self.wait_to_retry(write, &last, attempt).await {
                            return Attempt::Unknown(last);
                        }
                        turn = self.turn(write).await;
                    }
                    Err(error) if doubt => return Attempt::Unknown(error.in_full()),
                    Err(error) => return Attempt::Not(error.in_full()),
                },
                Err(error) if ours => return Attempt::Unknown(error.in_full()),
                Err(_) => return Attempt::Not(last),
            }
        }
        // Every try ended with a reading of the old value, or never left this computer. One reading may lag.
        if !doubt {
            return Attempt::Not(last);
        }
        match self.read_back(write, true).await {
            Ok((reading, Verdict::AsWanted)) => done(write, true, reading),
            Ok((_, Verdict::AsExpected)) => Attempt::Not(last),
            Ok((_, Verdict::Surprise(_))) | Err(_) => Attempt::Unknown(last),
        }
    }

    /// Waits for another try, if there is one. `false` if the person asks to stop: the step stays as it is then, and a
    /// resume reads it.
    async fn wait_to_retry(&self, write: &Write, error: &str, attempt: u32) -> bool {
        if attempt < TRIES && !self.is_stopping() {
            let after = backoff(attempt);
            self.emit(What::Retrying { what: write.to_string(), error: error.to_owned(), after });
            self.pause(after).await;
        }
        !self.is_stopping()
    }

    /// Reads until the new value shows. If the server did not agree to the write, one look is enough.
    pub(super) async fn read_back(&self, write: &Write, agreed: bool) -> Result<(Reading, Verdict), DirectoryError> {
        let mut look = 1;
        loop {
            let reading = self.read(write).await?;
            let verdict = write.verdict(&reading);
            if verdict != Verdict::AsExpected || !agreed || look == READ_BACKS {
                return Ok((reading, verdict));
            }
            self.ports.clock.sleep(backoff(look)).await;
            look += 1;
        }
    }

    /// Reads what a write is about, with another try where that may help. An object that is gone is an error.
    pub(super) async fn read(&self, write: &Write) -> Result<Reading, DirectoryError> {
        self.again(|| self.read_once(write)).await
    }

    /// A reading, with another try where that may help.
    pub(super) async fn again<T, Fut>(&self, read: impl Fn() -> Fut) -> Result<T, DirectoryError>
    where
        Fut: Future<Output = Result<T, DirectoryError>>,
    {
        let mut attempt = 1;
        loop {
            match read().await {
                Err(error) if may_pass(error.kind) && attempt < TRIES && !self.is_stopping() => {
                    self.pause(backoff(attempt)).await;
                    attempt += 1;
                }
                answer => return answer,
            }
        }
    }

    async fn read_once(&self, write: &Write) -> Result<Reading, DirectoryError> {
        let directories = self.ports.directories;
        let gone =
            |who: String| DirectoryError::new(ErrorKind::NotFound, format!("read {who}"), "it is not there any more");
        match write {
            Write::Align { user, changes } => {
                let of = changes.iter().map(|c| &c.attribute);
                let reading = if user.holder.is_some() {
                    let live = directories.ad_holder(&user.domain, user.guid).await?;
                    live.map(|live| Reading::holder_attributes(&live, of))
                } else {
                    directories.ad_user(&user.domain, user.guid).await?.map(|live| Reading::attributes(&live, of))
                };
                reading.ok_or_else(|| gone(user.to_string()))
            }
            Write::Move { user, .. } => {
                let dn = match user.holder {
                    None => directories.ad_user(&user.domain, user.guid).await?.map(|live| live.dn),
                    Some(_) => directories.ad_holder(&user.domain, user.guid).await?.map(|live| live.dn),
                };
                let dn = dn.and_then(|dn| dn.parent()).ok_or_else(|| gone(user.to_string()))?;
                Ok(Reading::Container { dn })
            }
            Write::Anchor { user, .. } => {
                let live = directories.entra_marks(user.id).await?.ok_or_else(|| gone(user.to_string()))?;
                Ok(Reading::ImmutableId { value: live.immutable_id })
            }
            Write::Amend { user, changes } => {
                let attributes: Vec<EntraAttribute> = changes.iter().map(|change| change.attribute).collect();
                let values = directories.attributes_of(user.id, &attributes).await?;
                Ok(Reading::Values { values: values.ok_or_else(|| gone(user.to_string()))? })
            }
            Write::Place { user, .. } => Ok(Reading::Presence { presence: directories.presence_of(user.id).await? }),
            Write::Authority { user, .. } => {
                let on = directories.is_cloud_managed(user.id).await?.ok_or_else(|| gone(user.to_string()))?;
                Ok(Reading::Flag { on })
            }
            Write::Switch { feature, .. } => {
                let on = directories.sync_switches().await?.get(feature).copied();
                Ok(Reading::Flag { on: on.ok_or_else(|| gone(feature.to_string()))? })
            }
            Write::Take { user, holding } | Write::Give { user, holding } => {
                let mut holdings = directories.holdings_of(user.id).await?;
                holdings.retain(|live| holding.same_as(live));
                Ok(Reading::Holdings { holdings })
            }
        }
    }

    async fn send(&self, write: &Write) -> Result<(), DirectoryError> {
        let directories = self.ports.directories;
        match write {
            Write::Align { user, changes } => directories.modify(user, changes).await,
            Write::Move { user, to, .. } => directories.move_under(user, to).await,
            Write::Anchor { user, sets, .. } => directories.set_immutable_id(user.id, sets.as_ref()).await,
            Write::Amend { user, changes } => directories.amend(user.id, changes).await,
            Write::Place { user, from, to, upn } => directories.place(user.id, *from, *to, upn.as_ref()).await,
            Write::Authority { user, sets, .. } => directories.set_authority(user.id, *sets).await,
            Write::Switch { feature, sets, .. } => directories.set_switch(*feature, *sets).await,
            Write::Take { holding, .. } => directories.take(holding).await,
            Write::Give { holding, .. } => directories.give(holding).await,
        }
    }

    /// Reads until the user holds no role any more: PIM's removals take their time. What it still holds is the inner
    /// error: Entra would not match it.
    pub(super) async fn holds_nothing(&self, user: &EntraRef) -> Result<Result<(), String>, DirectoryError> {
        let mut look = 1;
        loop {
            let held = self.again(|| self.ports.directories.holdings_of(user.id)).await?;
            if held.is_empty() {
                return Ok(Ok(()));
            }
            if look == READ_BACKS {
                let held: Vec<String> = held.iter().map(ToString::to_string).collect();
                return Ok(Err(format!(
                    "{user} holds {} now, and Entra does not match a role holder",
                    held.join(", ")
                )));
            }
            self.ports.clock.sleep(backoff(look)).await;
            look += 1;
        }
    }

    /// The guards of a role removal, read live just before it.
    async fn may_take(&self, user: ObjectId, holding: &Holding) -> Result<(), String> {
        let signed_in = self.again(|| self.ports.directories.signed_in()).await.map_err(|e| e.in_full())?;
        if [self.options.caller, signed_in].contains(&Some(user)) {
            return Err("matchplan runs in that user's name and would lose its own rights".to_owned());
        }
        if self.options.protected.contains(&user) {
            return Err("the configuration protects that user".to_owned());
        }
        self.leaves_enough(holding).await
    }

    /// Whether enough Global Administrators are left besides those of the plan, read live. Asked before each removal that
    /// may matter, and again after it: somebody else, with another state file, may have asked and removed at the same time.
    pub(super) async fn leaves_enough(&self, holding: &Holding) -> Result<(), String> {
        if !holding.grants_global_administrator() {
            return Ok(());
        }
        let all = self.again(|| self.ports.directories.global_administrators()).await.map_err(|e| e.in_full())?;
        let outside = |id: &ObjectId| !self.plan.links.iter().any(|link| link.cloud.id == *id);
        let left = all.iter().filter(|(id, enabled)| *enabled && outside(id)).count();
        let needed = self.plan.settings.guard.min_global_admins as usize;
        if left < needed {
            return Err(format!(
                "{left} enabled Global Administrators outside of this plan are left, and `min_global_admins` is {needed}"
            ));
        }
        Ok(())
    }
}

/// Whether what a begun write wanted and what is there now can be our own work: not if it was there when the write began,
/// and nothing was written then.
pub(super) fn may_be_ours(write: &Write, before: &Reading) -> bool {
    write.verdict(before) != Verdict::AsWanted
}

/// What an object that is not there any more means for a write: nobody can be given anything then.
fn gone(write: &Write, error: &DirectoryError) -> Attempt {
    match write {
        Write::Give { .. } => Attempt::Forgone(holder_is_gone()),
        _ => Attempt::Gone(error.in_full()),
    }
}

fn holder_is_gone() -> Forgone {
    Forgone::Missing { what: "its holder is not there any more".to_owned() }
}

/// Whether an answer says that there is nothing left to do: what is to be taken is not there; what is to be given is,
/// where an earlier try may have given it.
const fn is_done_already(write: &Write, kind: ErrorKind, doubt: bool) -> bool {
    match write {
        Write::Take { .. } => matches!(kind, ErrorKind::NotFound),
        Write::Give { .. } => doubt && matches!(kind, ErrorKind::Refused),
        // Whoever is not there any more is deleted.
        Write::Place { to, .. } => {
            matches!(to, Presence::RecycleBin | Presence::Gone) && matches!(kind, ErrorKind::NotFound)
        }
        Write::Align { .. }
        | Write::Anchor { .. }
        | Write::Amend { .. }
        | Write::Authority { .. }
        | Write::Switch { .. }
        | Write::Move { .. } => false,
    }
}

fn because(answer: &Result<(), DirectoryError>) -> String {
    answer.as_ref().err().map_or_else(String::new, |error| format!(" ({error})"))
}

fn done(write: &Write, wrote: bool, after: Reading) -> Attempt {
    let assignment = match (write, &after) {
        (Write::Give { .. }, Reading::Holdings { holdings }) => holdings.first().and_then(Holding::id).cloned(),
        _ => None,
    };
    Attempt::Done { wrote, after, assignment }
}
