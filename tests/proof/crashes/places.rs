//! The places at which a process can die, and the table of what was covered.

use crate::doors::{Kind, Operation, Phase, about};
use matchplan::plan::step::Action;
use matchplan::state::write::Write;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// One place: what was about to be done or had just been done, for which kind of step.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// `apply` for records that are about no step.
    pub step: String,
    pub point: Point,
}

/// The points of a step, in the order in which it goes through them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Point {
    Step(Kind, Phase),
    /// A write to a directory, or a command to the sync engine.
    Write(Phase),
    /// A record about a link or the whole apply.
    Record(Phase),
    State(Phase),
    Sheet(Phase),
    Witness(Phase),
}

impl Place {
    /// The place of an operation; what the operation does not say, it has from the place before.
    pub fn of(operation: &Operation<'_>, phase: Phase, before: Option<&Self>) -> Self {
        let earlier = || before.map_or_else(|| "apply".to_owned(), |place| place.step.clone());
        let (step, point) = match operation {
            Operation::Record(record) => match about(&record.event) {
                Some((kind, step)) => (step, Point::Step(kind, phase)),
                None => ("apply".to_owned(), Point::Record(phase)),
            },
            Operation::State => (earlier(), Point::State(phase)),
            Operation::Sheet => ("apply".to_owned(), Point::Sheet(phase)),
            Operation::Witness => (earlier(), Point::Witness(phase)),
            // An undo writes what another kind of step writes: the record before says whose it is.
            Operation::Write(write) => {
                (before.map_or_else(|| kind_of(write).to_owned(), |place| place.step.clone()), Point::Write(phase))
            }
            Operation::Engine("trigger") => ("sync".to_owned(), Point::Write(phase)),
            Operation::Engine(what) => ((*what).to_owned(), Point::Write(phase)),
        };
        Self { step, point }
    }
}

const fn kind_of(write: &Write) -> &'static str {
    match write {
        Write::Align { .. } => "align",
        Write::Anchor { .. } => "anchor",
        Write::Move { .. } => "move",
        Write::Take { .. } => "suspend",
        Write::Give { .. } => "restore",
        Write::Amend { .. } => "amend",
        Write::Place { .. } => "place",
        Write::Authority { .. } => "authority",
        Write::Switch { .. } => "switch",
    }
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (of, phase) = match self {
            Self::Step(Kind::Intent, Phase::Before) => return f.write_str("before the intent"),
            Self::Step(Kind::Intent, Phase::After) => return f.write_str("after the intent"),
            Self::Step(Kind::Outcome, Phase::Before) => return f.write_str("after the read-back"),
            Self::Step(Kind::Outcome, Phase::After) => return f.write_str("between journal and state"),
            Self::Step(Kind::Intent, phase) => ("the intent", phase),
            Self::Step(Kind::Outcome, phase) => ("the outcome", phase),
            Self::Step(Kind::UndoIntent, phase) => ("the intent to undo", phase),
            Self::Step(Kind::UndoOutcome, phase) => ("the undo's outcome", phase),
            Self::Write(phase) => ("the write", phase),
            Self::Record(phase) => ("a record", phase),
            Self::State(phase) => ("the state", phase),
            Self::Sheet(phase) => ("the sheet", phase),
            Self::Witness(phase) => ("this computer's note", phase),
        };
        match phase {
            Phase::Before => write!(f, "before {of}"),
            Phase::Half => write!(f, "in the middle of {of}"),
            Phase::Written => write!(f, "{of} written, not yet kept"),
            Phase::After => write!(f, "after {of}"),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.point, self.step)
    }
}

/// What was covered: how often each point for each kind of step.
#[derive(Debug, Default)]
pub struct Table(BTreeMap<(Point, String), usize>);

impl Table {
    pub fn add(&mut self, place: &Place) {
        *self.0.entry((place.point, place.step.clone())).or_default() += 1;
    }

    /// How many places there were.
    pub fn count(&self) -> usize {
        self.0.values().sum()
    }

    /// Points that no story goes through for a kind of step that has them.
    pub fn holes(&self) -> Vec<String> {
        use Phase::{After, Before, Half, Written};
        let record = |kind: Kind| [Before, Half, Written, After].map(|phase| Point::Step(kind, phase));
        let kept = [Before, Written, After].map(Point::State);
        let written = [Before, After].map(Point::Write);
        let mut holes = Vec::new();
        for kind in kinds() {
            let mut points: Vec<Point> =
                record(Kind::Intent).into_iter().chain(record(Kind::Outcome)).chain(kept).collect();
            // These only read.
            if !["verify", "departure", "arrival"].contains(&kind.as_str()) {
                points.extend(written);
            }
            if ["suspend", "align", "anchor", "move"].contains(&kind.as_str()) {
                points.extend(record(Kind::UndoIntent).into_iter().chain(record(Kind::UndoOutcome)));
            }
            let missing = points.into_iter().filter(|point| !self.0.contains_key(&(*point, kind.clone())));
            holes.extend(missing.map(|point| format!("no story goes through: {point} ({kind})")));
        }
        holes
    }
}

/// The kinds of steps, as the plan's own schema lists them: a new one is in it by itself.
fn kinds() -> BTreeSet<String> {
    let schema = serde_json::to_value(schemars::schema_for!(Action)).expect("a schema is JSON");
    let variants = schema["oneOf"].as_array().expect("an action is one of its kinds");
    let kind = |variant: &serde_json::Value| variant["properties"]["kind"]["const"].as_str().map(str::to_owned);
    let kinds: BTreeSet<String> = variants.iter().filter_map(kind).collect();
    assert_eq!(kinds.len(), variants.len(), "each kind has a name");
    kinds
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let steps: BTreeSet<&String> = self.0.keys().map(|(_, step)| step).collect();
        let points: BTreeSet<Point> = self.0.keys().map(|(point, _)| *point).collect();
        write!(f, "{:42}", "killed")?;
        for step in &steps {
            write!(f, "{step:>10}")?;
        }
        for point in points {
            write!(f, "\n{:42}", point.to_string())?;
            for step in &steps {
                match self.0.get(&(point, (*step).clone())) {
                    Some(count) => write!(f, "{count:>10}")?,
                    None => write!(f, "{:>10}", "·")?,
                }
            }
        }
        Ok(())
    }
}
