//! What `apply` and `rollback` share: the lock, the ledger, the executor, its events and its last words.

use super::args::Global;
use super::error::{CliError, CliResult, capital};
use super::exit::Exit;
use super::home;
use super::locking::{host, user};
use super::site::{Site, SiteClock};
use super::terminal::Terminal;
use super::{progress, signals};
use crate::apply::error::ApplyError;
use crate::apply::event::Event;
use crate::apply::executor;
use crate::apply::options::{Fresh, OnFailure, Options, Ports, Stop};
use crate::apply::outcome::{ApplyOutcome, Ending};
use crate::config::settings::Settings;
use crate::directory::connected::Directories;
use crate::directory::entra::token::Lifetime;
use crate::directory::port::Clock as _;
use crate::model::entra::EntraUser;
use crate::model::id::{ApplyId, ObjectId};
use crate::plan::document::{Plan, Purpose};
use crate::plan::resolve;
use crate::report::{damage, events, outcome, safe};
use crate::rollback::elsewhere;
use crate::rollback::plan::{ALLOW_ROLE_GRANTS, RollbackError, RollbackInput, Target, plan_rollback};
use crate::rules::aftermath::Seen;
use crate::rules::finding::{Finding, FindingCode, Severity};
use crate::snapshot::document::Snapshot;
use crate::snapshot::index::Index;
use crate::state::journal::JournalEvent;
use crate::state::ledger::{ApplyRecord, Context, State};
use crate::state::recorder::{RecordError, Recorder as _};
use crate::store::disk::RealDisk;
use crate::store::ledger::{Ledger, OpenError};
use crate::store::lock::Lock;
use crate::store::paths::Paths;
use crate::store::salvage;
use crate::store::witness::Witness;
use indicatif::ProgressBar;
use jiff::SignedDuration;
use std::collections::BTreeSet;
use std::sync::Arc;
use uuid::Uuid;

/// The right to write: the lock is held and the ledger is open.
pub struct Work<'a> {
    /// Where.
    pub site: &'a Site,
    /// What is told goes here.
    pub terminal: Terminal,
    /// What a failed link does to the others.
    pub on_failure: OnFailure,
    /// Whether to stop before the point of no return.
    pub prepare_only: bool,
    /// Whether every question is answered with yes.
    pub yes: bool,
    ledger: Ledger,
}

/// What the person said beforehand.
#[derive(Clone, Copy, Debug)]
pub struct Consent<'a> {
    /// Brakes that were lifted by name.
    pub allow: &'a [String],
    /// Do not ask.
    pub yes: bool,
}

/// How a rollback is planned.
#[derive(Clone, Copy, Debug)]
pub struct HowBack<'a> {
    /// Brakes that were lifted by name.
    pub allow: &'a [String],
    /// Leave out what cannot go back.
    pub skip_blocked: bool,
}

/// What is executed.
enum Begun {
    /// A plan.
    Now(Box<Fresh>),
    /// An apply that was interrupted, by other settings than its own where there are some.
    Earlier { settings: Option<Box<Settings>> },
}

/// What this computer noted of its own ledgers.
pub fn witness() -> Witness {
    home::state_folder().map_or_else(Witness::nobody, |folder| Witness::in_folder(folder.join("witness")))
}

impl<'a> Work<'a> {
    /// Opens the ledger, whose lock is held.
    pub fn begin(site: &'a Site, lock: Lock, flags: &str, terminal: Terminal) -> Result<Self, CliError> {
        let paths = Paths::of(&site.state_file());
        let ledger = Ledger::open_by(&paths, lock, Box::new(RealDisk), witness());
        let mut ledger = ledger.map_err(|error| unreadable(&error, &paths, flags))?;
        if let Some(why) = ledger.loss() {
            let lost = ledger.record(site.clock.now(), JournalEvent::RecordsLost { why: why.to_owned() });
            lost.map_err(|error| apply_error(&error.into(), flags))?;
            terminal.note("note: the state came without its journal, so what it may have left half-done is read anew.");
        }
        Ok(Self { site, terminal, on_failure: OnFailure::default(), prepare_only: false, yes: false, ledger })
    }

    /// The ledger's content.
    pub fn state(&self) -> Option<&State> {
        self.ledger.state()
    }

    /// The apply to go on with.
    pub fn unfinished(&self) -> Option<&ApplyRecord> {
        self.state().and_then(State::unfinished)
    }

    /// Plans the rollback of a saved rollback plan again: of its one link, where the apply has more.
    pub fn rollback_again(&self, plan: &Plan, snapshot: &Snapshot, allow: &[String]) -> Result<Plan, CliError> {
        let Purpose::Rollback { of } = &plan.purpose else { return Ok(plan.clone()) };
        // A step that was left out is a warning of the plan that was reviewed.
        let left_out = |f: &Finding| f.code == FindingCode::ChangedSince && f.severity == Severity::Warning;
        let skip_blocked = !plan.skipped.is_empty() || plan.findings.iter().any(left_out);
        let how = HowBack { allow, skip_blocked };
        let whole = self.plan_rollback(&Target::Apply(of.clone()), snapshot, how)?;
        match plan.links.as_slice() {
            [only] if whole.links.len() > 1 => self.plan_rollback(&Target::Link(only.id.clone()), snapshot, how),
            _ => Ok(whole),
        }
    }

    /// Plans a rollback from the ledger and a fresh snapshot.
    pub fn plan_rollback(&self, target: &Target, snapshot: &Snapshot, how: HowBack<'_>) -> Result<Plan, CliError> {
        let nothing = || CliError::plain("There is no state here, so there is nothing to go back from.");
        let state = self.state().ok_or_else(nothing)?;
        let planned = plan_rollback(&RollbackInput {
            state,
            target,
            snapshot,
            settings: &self.site.settings,
            config_digest: "",
            tool_version: env!("CARGO_PKG_VERSION"),
            now: self.site.clock.now(),
            allow: &how.allow.iter().cloned().collect(),
            skip_blocked: how.skip_blocked,
        })
        .map_err(|error| {
            let found = CliError::plain(format!("{}.", capital(&error.to_string())));
            match error {
                RollbackError::NoSuchApply(_) | RollbackError::NoSuchLink(_) => {
                    found.hint("matchplan status lists what the state holds.")
                }
                RollbackError::Nothing => found,
            }
        });
        planned.map(|mut plan| {
            if !self.ledger.is_known() {
                plan.findings.push(elsewhere::finding(&plan, state, snapshot));
                plan.findings.sort();
                plan.seal();
            }
            plan
        })
    }

    /// Goes on with the unfinished apply. Where the ledger stands as this computer left it, by the settings that the apply
    /// began with: nothing else is asked or needed. Otherwise by those of the configuration, after a person has looked.
    pub async fn resume(mut self, consent: Consent<'_>, global: &Global) -> CliResult {
        let embedded = self.unfinished().and_then(|record| record.plan.as_ref()).map(|plan| plan.settings.clone());
        let configured = &self.site.settings;
        let settings = embedded.clone().filter(|_| self.ledger.is_known()).unwrap_or_else(|| configured.clone());
        let directories = self.site.connect(&settings, self.terminal).await?;
        let snapshot = self.site.snapshot(&directories, self.terminal).await?;
        let replaced = embedded.is_some_and(|embedded| embedded != settings);
        if !self.ledger.is_known() {
            self.look_first(&snapshot, consent, global).await?;
            self.ledger.take_on();
        }
        let begun = Begun::Earlier { settings: replaced.then(|| Box::new(settings.clone())) };
        Box::pin(self.run(begun, &settings, &snapshot, &directories, global)).await
    }

    /// Shows what a ledger from elsewhere would have this computer do. Giving a role that is not there needs to be allowed
    /// by name, and going on at all a yes.
    async fn look_first(&self, snapshot: &Snapshot, consent: Consent<'_>, global: &Global) -> Result<(), CliError> {
        let Some((state, record)) = self.state().zip(self.unfinished()) else { return Ok(()) };
        if let Some(plan) = &record.plan {
            same_tenant(plan, snapshot)?;
        }
        let settings = record.plan.as_ref().map(|plan| &plan.settings);
        let differing = settings.map(|found| found.differing(&self.site.settings)).unwrap_or_default();
        let ahead = elsewhere::ahead(state, record, snapshot, self.site.clock.now());
        let style = self.terminal.err_style();
        let text = crate::report::elsewhere::render(record, &ahead, &differing, style, self.terminal.width);
        self.terminal.note(text.trim_end());
        let allowed = consent.allow.iter().any(|name| name == ALLOW_ROLE_GRANTS);
        if !ahead.gifts.is_empty() && !allowed {
            let flags = global.repeated();
            let message = format!(
                "Going on would give {} that nobody holds now, on the word of a state from elsewhere; nothing was changed.",
                events::count(ahead.gifts.len(), "role")
            );
            return Err(CliError::new(Exit::Blocked, message)
                .hint(format!("If each of them is right: matchplan{flags} apply --allow {ALLOW_ROLE_GRANTS}"))
                .hint("Or go on on the computer that began, where the state is known."));
        }
        if consent.yes || self.terminal.confirm("\nGo on with it?").await? {
            return Ok(());
        }
        Err(CliError::new(Exit::Partial, "Nothing was changed."))
    }

    /// Executes a plan that was proven to hold.
    pub async fn execute(
        mut self,
        plan: Plan,
        snapshot: &Snapshot,
        directories: &Directories<SiteClock>,
        global: &Global,
    ) -> CliResult {
        let settings = plan.settings.clone();
        let fresh = Fresh { id: ApplyId(Uuid::new_v4().to_string()), lineage: Uuid::new_v4().to_string(), plan };
        if self.unfinished().is_none() {
            // Nothing in it waits to be gone on with, so it asks for no trust: a rollback of it is looked at each time.
            self.ledger.take_on();
        }
        Box::pin(self.run(Begun::Now(Box::new(fresh)), &settings, snapshot, directories, global)).await
    }

    /// Runs the executor: on a fresh apply, or on the unfinished one.
    async fn run(
        mut self,
        begun: Begun,
        settings: &Settings,
        snapshot: &Snapshot,
        directories: &Directories<SiteClock>,
        global: &Global,
    ) -> CliResult {
        self.outlives(directories, settings).await?;
        let mut options = self.options(snapshot, settings);
        // An interrupted apply that is gone on with has been decided on.
        options.pilot_only = matches!(&begun, Begun::Now(fresh) if fresh.plan.selection.pilot.is_some());
        if let Begun::Now(_) = &begun {
            let ids = |users: &[EntraUser]| users.iter().map(|user| user.id).collect();
            let seen = Seen { live: ids(&snapshot.users), deleted: ids(&snapshot.deleted_users) };
            options.seen = Some(Arc::new(seen));
        }
        let again = Options { pilot_only: false, seen: None, ..options.clone() };
        let ended = self.drive(begun, options, directories).await;
        if ended.as_ref().is_ok_and(|outcome| outcome.pilot_through) && (self.yes || self.go_on().await?) {
            let ended = self.drive(Begun::Earlier { settings: None }, again, directories).await;
            return self.last_words(ended, global);
        }
        self.last_words(ended, global)
    }

    /// Whether the links behind the pilot follow. Where nobody can be asked they wait: the pilot stands, and what came of it
    /// is to be said.
    async fn go_on(&self) -> Result<bool, CliError> {
        const QUESTION: &str = "\nThe pilot is formed. Go on with the other links?";
        if self.terminal.can_ask(QUESTION) { self.terminal.confirm(QUESTION).await } else { Ok(false) }
    }

    /// Has the executor at work, and shows what it does.
    async fn drive(
        &mut self,
        begun: Begun,
        mut options: Options,
        directories: &Directories<SiteClock>,
    ) -> Result<ApplyOutcome, ApplyError> {
        let engine = self.site.engine(directories);
        let ports = Ports { directories, sync: &engine, clock: self.site.clock.as_ref() };
        let steps = match &begun {
            Begun::Now(fresh) => fresh.plan.steps.len(),
            Begun::Earlier { .. } => self.unfinished().map_or(0, |record| record.steps.len()),
        };
        let mut show = Show::new(self.terminal, steps);
        // From here on a first request to stop is the executor's, which knows what is in flight.
        let orderly = signals::orderly();
        let watcher = watch_signals(&options.stop, self.terminal);
        let tell = |event| show.tell(&event);
        let ended = match begun {
            Begun::Now(fresh) => Box::pin(executor::apply(ports, &mut self.ledger, options, *fresh, tell)).await,
            Begun::Earlier { settings } => {
                options.settings = settings.map(|settings| *settings);
                Box::pin(executor::resume(ports, &mut self.ledger, options, tell)).await
            }
        };
        watcher.abort();
        show.end();
        drop(orderly);
        ended
    }

    fn options(&self, snapshot: &Snapshot, settings: &Settings) -> Options {
        let index = Index::new(snapshot, |name| settings.source_anchor(name));
        let (protected, _) = resolve::protected(&settings.guard.protect, &index);
        Options {
            on_failure: self.on_failure,
            prepare_only: self.prepare_only,
            caller: snapshot.caller.as_ref().map(|caller| caller.id),
            protected: protected.into_iter().collect::<BTreeSet<ObjectId>>(),
            context: Context { host: host(), user: user() },
            stop: Stop::default(),
            ..Options::default()
        }
    }

    /// A credential that cannot be renewed must outlive the wait for the cycle, or roles could not be given back.
    async fn outlives(&self, directories: &Directories<SiteClock>, settings: &Settings) -> Result<(), CliError> {
        let Lifetime::Until(end) = directories.graph().tokens().lifetime().await? else { return Ok(()) };
        let now = self.site.clock.now();
        let needed = now.saturating_add(settings.sync.timeout).and_then(|t| t.saturating_add(MARGIN)).unwrap_or(now);
        if end >= needed {
            return Ok(());
        }
        Err(CliError::plain(format!(
            "The access token ends at {end}, before the sync cycle must have come ({needed}); roles could not be given back."
        ))
        .hint("Get a fresh token, or use a credential that can be renewed (client-certificate, client-secret, azure-cli)."))
    }

    fn last_words(&self, ended: Result<ApplyOutcome, ApplyError>, global: &Global) -> CliResult {
        let outcome = ended.map_err(|error| apply_error(&error, &global.repeated()))?;
        if let Some(record) = self.state().and_then(|state| state.apply(&outcome.apply)) {
            let flags = global.repeated();
            let (style, width) = (self.terminal.out_style(), self.terminal.width);
            let text = || outcome::render(&outcome, record, &flags, style, width);
            if let Err(error) = self.terminal.give(false, || safe::json(&outcome), text) {
                // What was applied is applied, whether or not it could be told.
                self.terminal.note(&error.to_string());
            }
        }
        Ok(match outcome.ending {
            Ending::Complete => Exit::Success,
            Ending::Waiting | Ending::Partial => Exit::Partial,
            Ending::Interrupted => Exit::Interrupted,
            Ending::Stuck => Exit::Stuck,
        })
    }
}

/// How long the credential must be good for, beyond the timeout: time to undo and restore.
const MARGIN: SignedDuration = SignedDuration::from_mins(10);

/// A plan for another tenant than the one that is signed in to is refused before anything else.
pub fn same_tenant(plan: &Plan, snapshot: &Snapshot) -> Result<(), CliError> {
    if plan.tenant.id == snapshot.tenant.id {
        return Ok(());
    }
    Err(CliError::new(
        Exit::Stale,
        format!(
            "The plan is for {} ({}), but this is {} ({}).",
            plan.tenant.name, plan.tenant.id, snapshot.tenant.display_name, snapshot.tenant.id
        ),
    )
    .hint("Use the configuration of that tenant, or sign in to the right one."))
}

/// The ledger cannot be read: nothing is guessed about what was done, and what is certain is said.
pub fn unreadable(error: &OpenError, paths: &Paths, flags: &str) -> CliError {
    let found = |exit| CliError::new(exit, format!("The state cannot be used: {error}."));
    if error.is_newer() {
        return found(Exit::Error)
            .hint("Nothing was changed. Use the version of matchplan that wrote it, or a newer one.");
    }
    if !error.is_damage() {
        return found(Exit::Error).hint("Nothing was changed. See that the file can be read.");
    }
    match salvage::survey(paths, error, None) {
        Ok(damaged) => damage::sentences(&damaged, flags).into_iter().fold(found(Exit::Stuck), CliError::hint),
        Err(unread) => found(Exit::Stuck).hint(format!("Nothing was changed. {}.", capital(&unread.to_string()))),
    }
}

fn apply_error(error: &ApplyError, flags: &str) -> CliError {
    let found = |exit| CliError::new(exit, format!("{}.", capital(&error.to_string())));
    match error {
        ApplyError::Record(RecordError::Released) => {
            found(Exit::Locked).hint("Nothing more was written; every write so far is in the journal.").hint(format!(
                "`matchplan{flags} lock status` says who is at work, `matchplan{flags} status` what stands."
            ))
        }
        ApplyError::Record(_) => found(Exit::Partial).hint(format!(
            "Nothing is written to a directory that cannot be journaled. Mend that, then run `matchplan{flags} apply`."
        )),
        ApplyError::Unfinished { .. } => {
            found(Exit::Partial).hint(format!("`matchplan{flags} apply` goes on with it."))
        }
        ApplyError::NothingToResume | ApplyError::Fault(_) => found(Exit::Error),
        ApplyError::ForeignTenant { .. } => found(Exit::Stale),
        ApplyError::Blocked => found(Exit::Blocked),
    }
}

/// A first request to stop: finish what is in flight, save, say how to go on. A second one ends the command from above.
fn watch_signals(stop: &Stop, terminal: Terminal) -> tokio::task::AbortHandle {
    let stop = stop.clone();
    tokio::spawn(async move {
        signals::asked().await;
        stop.request();
        terminal.note("Stopping: what is in flight is finished. Once more ends at once.");
    })
    .abort_handle()
}

/// Shows an apply while it runs: a bar with the lines above it on a terminal, plain lines otherwise.
struct Show {
    terminal: Terminal,
    bar: ProgressBar,
    progress: events::Progress,
}

impl Show {
    fn new(terminal: Terminal, steps: usize) -> Self {
        Self { terminal, bar: progress::steps(terminal, steps), progress: events::Progress::default() }
    }

    fn tell(&mut self, event: &Event) {
        self.progress.take(event);
        self.terminal.happened(event, |line| self.bar.println(line));
        self.bar.set_length(self.progress.length() as u64);
        self.bar.set_position(self.progress.position() as u64);
        self.bar.set_message(format!("{} {}", self.progress.prefix(), self.progress.message()));
    }

    fn end(&self) {
        self.bar.finish_and_clear();
    }
}
