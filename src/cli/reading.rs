//! How much of both directories a plan needs, and reading that much: what its links need where that is cheaper, all of
//! it otherwise.

use super::args::{Global, Planning, Read};
use super::error::CliError;
use super::site::{Site, SiteClock};
use super::terminal::Terminal;
use crate::config::read::Config;
use crate::config::selection::Selection;
use crate::config::tasks::WorkSpec;
use crate::directory::connected::Directories;
use crate::directory::cost::{Cost, grouped};
use crate::directory::narrow::Narrowed;
use crate::directory::port::Clock as _;
use crate::model::cloud::Residues;
use crate::plan::planner::{PlanInput, plan_noting};
use crate::report::events::count;
use crate::report::safe::Text;
use crate::snapshot::document::Snapshot;
use crate::snapshot::question::{Asked, Question};
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::sync::Arc;

/// What is wanted of a reading.
#[derive(Clone, Copy)]
pub struct Need<'a> {
    /// The links.
    pub config: &'a Config,
    /// How they are planned.
    pub how: &'a Planning,
    /// Which of them.
    pub selection: &'a Selection,
    /// When.
    pub now: Timestamp,
}

impl Need<'_> {
    fn links_groups(&self) -> bool {
        self.config.plan.tasks.iter().any(|task| matches!(task.work, WorkSpec::Join { .. }))
    }

    /// What planning asks of this snapshot.
    pub fn questions(&self, snapshot: &Snapshot) -> BTreeSet<Question> {
        let Self { config, how, selection, now } = *self;
        let residues = Residues::new();
        let asked = Arc::new(Asked::default());
        drop(plan_noting(
            PlanInput {
                config,
                snapshot,
                now,
                skip_blocked: how.skip_blocked,
                allow: &how.allow,
                selection,
                residues: &residues,
            },
            &asked,
        ));
        asked.questions()
    }
}

impl Site {
    /// Reads what planning needs. `narrowly` overrides what the command line says of it.
    pub async fn snapshot_for(
        &self,
        need: Need<'_>,
        directories: &Directories<SiteClock>,
        global: &Global,
        terminal: Terminal,
    ) -> Result<Snapshot, CliError> {
        let say = |text: &str| {
            if global.verbose {
                terminal.note(text);
            }
        };
        let read = match (need.how.read, &need.how.recipients) {
            (Read::All, _) => false,
            (_, Some(_)) => {
                say(
                    "Reading all: an export of Exchange's recipients names objects by their ids, which only all of them answer.",
                );
                false
            }
            (narrow, None) if need.links_groups() => {
                let why = "Reading all: links of groups and contacts name what only all of them answer.";
                if narrow == Read::Narrow {
                    terminal.note(why);
                } else {
                    say(why);
                }
                false
            }
            (Read::Narrow, None) => true,
            (Read::Auto, None) => self.narrow_is_cheaper(need, directories, say).await,
        };
        if read {
            let bar = super::progress::reading(terminal);
            let ask = |snapshot: &Snapshot| need.questions(snapshot);
            let narrowed = Box::pin(directories.narrow(self.clock.now(), ask, |event| bar.tell(&event))).await;
            bar.finish();
            match narrowed? {
                Narrowed::Done { snapshot, rounds, cost } => {
                    say(&format!("Read narrowly, in {}: {cost}.", count(rounds, "round")));
                    return Ok(*snapshot);
                }
                // What was asked for and cannot be is said in any case.
                Narrowed::NotEnough(why) if need.how.read == Read::Narrow => {
                    terminal.note(&format!("note: reading all, since {}.", Text(&why)));
                }
                Narrowed::NotEnough(why) => say(&format!("Reading all, since {}.", Text(&why))),
            }
        }
        let before = directories.graph().spent();
        let snapshot = self.snapshot(directories, terminal).await?;
        say(&format!("Read all: {}.", directories.graph().spent() - before));
        Ok(snapshot)
    }

    async fn narrow_is_cheaper(
        &self,
        need: Need<'_>,
        directories: &Directories<SiteClock>,
        say: impl Fn(&str),
    ) -> bool {
        let domains = directories.domains().len() as u64;
        let links = need.config.plan.links.len();
        let sizes = Box::pin(directories.graph().sizes()).await;
        let narrow = Cost::of_links(links as u64, domains);
        let Some(all) = Cost::of_all(sizes, domains) else {
            say("Reading all: the tenant does not say how many users it has.");
            return false;
        };
        let users = grouped(sizes.users.unwrap_or_default());
        let links = count(links, "link");
        if narrow.weight() < all.weight() {
            say(&format!(
                "Reading narrowly: about {narrow} for {links}; reading all of {users} users would be about {all}."
            ));
            return true;
        }
        say(&format!(
            "Reading all of {users} users: about {all}; reading narrowly would be about {narrow} for {links}."
        ));
        false
    }
}

/// Refuses a snapshot that was read for other links: what it does not hold was not looked for.
pub fn refuse_unanswered(asked: &Asked, snapshot: &Snapshot) -> Result<(), CliError> {
    const SHOWN: usize = 3;
    let open: Vec<String> = asked
        .questions()
        .iter()
        .filter(|question| !snapshot.answers(question))
        .map(|question| Text(&question.to_string()).to_string())
        .collect();
    if open.is_empty() {
        return Ok(());
    }
    let shown = open.iter().take(SHOWN).cloned().collect::<Vec<_>>().join("; ");
    let more = open.len().saturating_sub(SHOWN);
    let more = if more == 0 { String::new() } else { format!("; and {more} more") };
    Err(CliError::plain(format!(
        "The snapshot was read for other links. What these need was not looked for, which is not the same as not being there: {shown}{more}."
    ))
    .hint("Take one for these match plans: matchplan snapshot --for MATCH-PLAN --out FILE.")
    .hint("Or a whole one, which serves every link: matchplan snapshot --out FILE."))
}
