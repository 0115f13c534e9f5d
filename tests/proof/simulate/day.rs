//! One seed from the morning to the evening: the program is started again and again until nothing is unfinished.

use super::disturber::Disturber;
use super::laws;
use super::meddler::Pair;
use super::script::Script;
use crate::doors::Watcher;
use crate::stage::{Session, Way, paths, state, try_open};
use crate::{stage, world};
use jiff::SignedDuration;
use matchplan::apply::options::{Options, Stop};
use matchplan::lab::faults::{Faults, Rates};
use matchplan::lab::runtime::Lab;
use matchplan::lab::world::World;
use matchplan::plan::document::Plan;
use matchplan::report::events;
use matchplan::report::style::Style;
use matchplan::state::ledger::{Standing, State};
use matchplan::state::recorder::Recorder as _;
use matchplan::store::paths::Paths;
use std::collections::BTreeMap;
use std::sync::Arc;

/// After how many starts on a good day something must be at its end.
const GOOD_STARTS: usize = 8;

/// What came of a day.
#[derive(Default)]
pub struct Day {
    /// Laws that were broken.
    pub wrong: Vec<String>,
    /// What happened, for whoever lives it again.
    pub told: Vec<String>,
    counts: BTreeMap<String, u64>,
}

/// What the program is started for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Start {
    Apply,
    Resume,
    RollBack,
}

impl Day {
    /// The day on which the program panicked.
    pub fn of_a_panic() -> Self {
        Self { wrong: vec!["a panic, shown above".to_owned()], ..Self::default() }
    }

    /// What is counted over all days: each as often as it happened.
    pub fn tally(&self) -> Vec<String> {
        self.counts.iter().flat_map(|(what, times)| (0..*times).map(move |_| what.clone())).collect()
    }

    /// Lives it.
    pub async fn live(script: &Script) -> Self {
        let mut world = world::of(script.links.iter().map(|(sam, upn, _)| (*sam, *upn)));
        let ends = world.clock + SignedDuration::from_hours(script.elena_ends_in);
        for row in world.entra.role_eligibility_schedules.iter_mut().filter(|row| row.end_date_time.is_some()) {
            row.end_date_time = Some(ends);
        }
        let faults = if script.stormy { Faults::seeded(script.seed, Rates::stormy()) } else { Faults::none() };
        faults.calm();
        let lab = stage::serve(world, faults.clone()).await;
        let way = Way::to(&lab);
        let config = way.config(&script.sync, "max_failures = 1\n", &script.match_plan());
        let session = way.connect(&config.settings).await.expect("the day begins well");
        let plan = session.plan(&config, &[]).await.expect("the day begins well");
        let mut day = Self::default();
        if plan.is_blocked() {
            day.wrong.push(format!("the plan is blocked: {:?}", plan.findings));
            return day;
        }
        let folder = stage::folder();
        let paths = paths(folder.path());
        let pairs = plan.links.iter().map(|link| Pair { ad: link.ad.guid, cloud: link.cloud.id }).collect();
        let disturber = Arc::new(Disturber::new(script, lab.world(), pairs, paths.journal.clone()));
        faults.resume();
        let company = Company {
            script,
            lab: &lab,
            way: &way,
            plan: &plan,
            paths: &paths,
            disturber: &disturber,
            faults: &faults,
        };
        let mut starts = 0;
        let ended = loop {
            if starts == script.bad_starts {
                faults.calm();
                disturber.calm();
            }
            let found = state(&paths);
            let next = match &found {
                Some(state) if state.applies.is_empty() => Start::Apply,
                None => Start::Apply,
                Some(state) if state.unfinished().is_none() => break found,
                // Nobody else decides for the one who would have to: what is stuck for good is taken back.
                Some(_) if script.gives_up_at == Some(starts) || starts + 3 == script.bad_starts + GOOD_STARTS => {
                    Start::RollBack
                }
                Some(_) => Start::Resume,
            };
            if starts == script.bad_starts + GOOD_STARTS {
                break found;
            }
            disturber.tell(format!("start {starts}: {next:?}"));
            let came = company.start(next).await;
            disturber.tell(format!("start {starts} came to: {came}"));
            let world = lab.world().read(World::clone);
            day.wrong.extend(laws::nobody_is_forgotten(&disturber, &world, state(&paths).as_ref()));
            starts += 1;
        };
        let world = lab.world().read(World::clone);
        match ended {
            Some(state) if state.unfinished().is_none() => {
                day.wrong.extend(laws::at_the_end(&disturber, &world, &state));
                day.count(&state);
            }
            Some(state) => day.wrong.push(format!("it cannot be brought to an end: {:?}", standings(&state))),
            None => day.wrong.push("the apply never began".to_owned()),
        }
        day.wrong.extend(disturber.take_wrong());
        for (what, times) in disturber.counts() {
            *day.counts.entry(what.to_owned()).or_default() += times;
        }
        *day.counts.entry("starts of the program".to_owned()).or_default() += starts as u64;
        *day.counts.entry("faults of servers".to_owned()).or_default() += faults.told().len() as u64;
        day.told = disturber.take_told();
        day.told.extend(faults.told().iter().map(|told| format!("server: {told}")));
        day
    }

    fn count(&mut self, state: &State) {
        for link in state.applies.iter().take(1).flat_map(|apply| apply.links.values()) {
            *self.counts.entry(format!("links {}", link.standing.kind())).or_default() += 1;
        }
    }
}

fn standings(state: &State) -> Vec<(&str, &Standing)> {
    state.applies.iter().flat_map(|a| a.links.values().map(|link| (a.id.as_str(), &link.standing))).collect()
}

/// Everything that a start of the program needs.
struct Company<'a> {
    script: &'a Script,
    lab: &'a Lab,
    way: &'a Way,
    plan: &'a Plan,
    paths: &'a Paths,
    disturber: &'a Arc<Disturber>,
    faults: &'a Faults,
}

impl Company<'_> {
    /// One start, to its end or its death; says what came of it.
    async fn start(&self, start: Start) -> String {
        let stop = Stop::default();
        self.disturber.begin(stop.clone());
        let watcher: Arc<dyn Watcher> = self.disturber.clone();
        let work = async {
            let mut way = self.way.clone();
            way.set_time(self.lab.clock());
            // What is read side by side is given up as soon as one part fails, so which requests are made at all depends
            // on speed; the same seed must be the same day.
            let session = self.in_a_calm(way.connect(&self.plan.settings)).await.expect("nothing goes wrong in a calm");
            let session = session.watched(Arc::clone(&watcher));
            let options = Options { on_failure: self.script.on_failure, stop, ..stage::one_by_one() };
            self.run(start, &session, watcher, options).await
        };
        let came = tokio::select! {
            biased;
            () = self.disturber.death() => "death".to_owned(),
            came = work => came,
        };
        let length = std::fs::metadata(&self.paths.journal).map_or(0, |file| file.len());
        if let Some(left) = self.disturber.without_power(length, self.script.seed.wrapping_mul(7919)) {
            let journal = std::fs::OpenOptions::new().write(true).open(&self.paths.journal).expect("it is there");
            journal.set_len(left).expect("the folder is ours");
            self.disturber.tell(format!("the power took {} octets of the journal", length - left));
        }
        came
    }

    /// Does something while the servers are at peace.
    async fn in_a_calm<T>(&self, work: impl Future<Output = T>) -> T {
        self.faults.calm();
        let done = work.await;
        if !self.disturber.is_calm() {
            self.faults.resume();
        }
        done
    }

    async fn run(&self, start: Start, session: &Session, watcher: Arc<dyn Watcher>, options: Options) -> String {
        let tell = |event: matchplan::apply::event::Event| {
            let line = events::line(&event, Style { colour: false }).unwrap_or_default();
            self.disturber.tell(format!("  {}", line.trim_end()));
        };
        let mut ledger = match try_open(self.paths, watcher) {
            Ok(ledger) => ledger,
            Err(error) => return error.to_string(),
        };
        if !ledger.is_known() && !self.disturber.note_missed() {
            self.disturber.object("this computer does not know its own ledger again".to_owned());
        }
        let rolls_back = |state: &State| state.unfinished().is_some_and(|apply| apply.purpose != self.plan.purpose);
        let came = match start {
            Start::Apply => session.apply(&mut ledger, "apply", self.plan.clone(), options, tell).await,
            Start::RollBack if !ledger.state().is_some_and(rolls_back) => {
                let state = ledger.state().expect("an apply began").clone();
                let back = match self.in_a_calm(session.plan_rollback(&state, self.plan)).await {
                    Ok(Ok(back)) if !back.is_blocked() => back,
                    Ok(Ok(back)) => return format!("the rollback is blocked: {:?}", back.findings),
                    Ok(Err(error)) => return error.to_string(),
                    Err(error) => return error.to_string(),
                };
                let id = format!("back-{}", state.applies.len());
                session.apply(&mut ledger, &id, back, options, tell).await
            }
            Start::Resume | Start::RollBack => session.resume(&mut ledger, options, tell).await,
        };
        match came {
            Ok(outcome) => format!("{:?}", outcome.ending),
            Err(error) => error.to_string(),
        }
    }
}
