//! A narrow snapshot: both directories are asked the questions that planning asks, and those that the answers lead to,
//! until none is left ([`crate::snapshot::question`]).

use super::ad;
use super::collect::Progress;
use super::connected::Directories;
use super::cost::Cost;
use super::entra;
use super::entra::meter::Spent;
use super::error::DirectoryError;
use super::port::Clock;
use crate::model::name::SamAccountName;
use crate::snapshot::document::{AdDomainSnapshot, Coverage, Narrow, Snapshot};
use crate::snapshot::question::{Question, most_alike};
use futures_util::future::{join_all, try_join_all};
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

/// How many rounds of questions are asked at most. Four are usual; answers that lead on and on are read as a whole.
const MOST_ROUNDS: usize = 12;

/// What came of asking.
pub enum Narrowed {
    /// Every question has its answer.
    Done {
        /// The answers.
        snapshot: Box<Snapshot>,
        /// How many rounds it took.
        rounds: usize,
        /// What it cost.
        cost: Cost,
    },
    /// Only whole directories will do, and why.
    NotEnough(String),
}

impl<C: Clock> Directories<C> {
    /// Reads the answers to the questions that `ask` has about what was read so far, until it has none that is open.
    ///
    /// Errors as those of a whole snapshot.
    pub async fn narrow(
        &self,
        taken: Timestamp,
        mut ask: impl FnMut(&Snapshot) -> BTreeSet<Question>,
        progress: impl FnMut(Progress) + Send,
    ) -> Result<Narrowed, DirectoryError> {
        let before = self.graph().spent();
        let progress = Mutex::new(progress);
        let progress = |event: Progress| (progress.lock().unwrap_or_else(PoisonError::into_inner))(event);
        let mut ad = vec![ad::narrow::Answers::default(); self.domains().len()];
        let frames = try_join_all(self.domains().iter().zip(&ad).map(|(domain, none)| domain.narrow_snapshot(none)));
        let (frames, mut cloud) = tokio::try_join!(frames, self.graph().begin_narrow(&progress))?;
        let mut covered = Narrow::default();
        for round in 0..MOST_ROUNDS {
            let snapshot = assemble(taken, &frames, &ad, &cloud, &covered);
            let mut open: BTreeSet<Question> =
                ask(&snapshot).into_iter().filter(|question| !snapshot.answers(question)).collect();
            if open.is_empty() && round > 0 {
                let cost = self.cost_since(before, &ad);
                return Ok(Narrowed::Done { snapshot: Box::new(snapshot), rounds: round, cost });
            }
            // What is not known yet may answer it, so that it counts only once nothing else is open.
            let whole = open.remove(&Question::Everything);
            if whole && open.is_empty() {
                let why = "a sample of the synced users does not show which source anchor is in force";
                let recipients = "an export of Exchange's recipients names objects by their ids";
                let why = if snapshot.recipients.is_some() { recipients } else { why };
                return Ok(Narrowed::NotEnough(why.to_owned()));
            }
            // Nor is it known of a name whether anybody has it before it was asked for, and what is like it takes every name.
            let is_alike = |question: &Question| matches!(question, Question::AdAlike(_));
            if !open.iter().all(is_alike) {
                open.retain(|question| !is_alike(question));
            }
            let mut asking = open.clone();
            asking.extend(self.most_alike(&open, &mut ad).await?.into_iter().map(Question::AdSam));
            let domains =
                try_join_all(self.domains().iter().zip(&mut ad).map(|(domain, into)| domain.answer(&asking, into)));
            let (domains, tenant) = tokio::try_join!(domains, self.graph().answer(&asking, &mut cloud))?;
            if let Some(why) = domains.into_iter().chain([tenant]).flatten().next() {
                return Ok(Narrowed::NotEnough(why));
            }
            covered.asked.extend(asking);
            covered.synced = cloud.synced();
            self.tell(&ad, &cloud, &progress);
        }
        Ok(Narrowed::NotEnough(format!("after {MOST_ROUNDS} rounds, the answers still lead to questions")))
    }

    /// The account names that are most like those that nobody has, if that is a question.
    async fn most_alike(
        &self,
        open: &BTreeSet<Question>,
        ad: &mut [ad::narrow::Answers],
    ) -> Result<Vec<String>, DirectoryError> {
        let wanted: Vec<&str> = open
            .iter()
            .filter_map(|question| if let Question::AdAlike(sam) = question { Some(sam.as_str()) } else { None })
            .collect();
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        let names = join_all(self.domains().iter().zip(ad).map(|(domain, into)| domain.account_names(into))).await;
        let names: Vec<Vec<SamAccountName>> = names.into_iter().collect::<Result<_, _>>()?;
        let best = wanted.into_iter().filter_map(|sam| most_alike(sam, names.iter().flatten()));
        Ok(best.map(SamAccountName::key).collect())
    }

    fn tell(&self, ad: &[ad::narrow::Answers], cloud: &entra::narrow::Answers, progress: &dyn Fn(Progress)) {
        for (domain, answers) in self.domains().iter().zip(ad) {
            progress(Progress::Domain { domain: domain.name().clone(), users: answers.len(), of: None });
        }
        progress(Progress::Cloud { part: super::collect::Part::Users, count: cloud.len(), of: None });
    }

    fn cost_since(&self, before: Spent, ad: &[ad::narrow::Answers]) -> Cost {
        let Spent { requests, units, .. } = self.graph().spent() - before;
        Cost { requests, units, searches: ad.iter().map(|answers| answers.searches).sum() }
    }
}

fn assemble(
    taken: Timestamp,
    frames: &[AdDomainSnapshot],
    ad: &[ad::narrow::Answers],
    cloud: &entra::narrow::Answers,
    covered: &Narrow,
) -> Snapshot {
    let domains = frames.iter().zip(ad).map(|(frame, answers)| answers.filled(frame)).collect();
    let snapshot = cloud.collected().into_snapshot(taken, domains);
    Snapshot { coverage: Coverage::Narrow(covered.clone()), ..snapshot }
}
