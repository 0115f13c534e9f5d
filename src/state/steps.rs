//! The steps of an apply, found by id and by link without going through all of them.

use super::ledger::StepRecord;
use crate::model::id::{LinkId, StepId};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::OnceLock;

/// Steps in the plan's order. An apply of thousands of links asks for single ones with every record, so that going through
/// all of them each time would take longer than the network does.
#[derive(Clone, Default)]
pub struct Steps {
    list: Vec<StepRecord>,
    /// Made when first asked for. It stays right, since what may be changed of a step is its status.
    index: OnceLock<Index>,
}

#[derive(Clone, Debug, Default)]
struct Index {
    by_id: HashMap<StepId, usize>,
    by_link: HashMap<LinkId, Vec<usize>>,
}

impl Steps {
    fn index(&self) -> &Index {
        self.index.get_or_init(|| {
            let mut index = Index::default();
            for (at, record) in self.list.iter().enumerate() {
                // Of two with the same id the first counts: the state machine refuses such a plan, a file may hold one.
                index.by_id.entry(record.step.id.clone()).or_insert(at);
                if let Some(link) = &record.step.link {
                    index.by_link.entry(link.clone()).or_default().push(at);
                }
            }
            index
        })
    }

    /// The step of that id.
    pub fn get(&self, id: &StepId) -> Option<&StepRecord> {
        self.index().by_id.get(id).map(|at| &self.list[*at])
    }

    /// The step of that id, to change its status.
    pub fn get_mut(&mut self, id: &StepId) -> Option<&mut StepRecord> {
        let at = *self.index().by_id.get(id)?;
        Some(&mut self.list[at])
    }

    /// The steps of one link, in order.
    pub fn of_link(&self, link: &LinkId) -> impl DoubleEndedIterator<Item = &StepRecord> {
        self.places(link).iter().map(|at| &self.list[*at])
    }

    /// Where the steps of one link are.
    pub fn places(&self, link: &LinkId) -> &[usize] {
        self.index().by_link.get(link).map_or(&[], Vec::as_slice)
    }
}

impl FromIterator<StepRecord> for Steps {
    fn from_iter<I: IntoIterator<Item = StepRecord>>(steps: I) -> Self {
        Self { list: steps.into_iter().collect(), index: OnceLock::new() }
    }
}

impl Deref for Steps {
    type Target = [StepRecord];

    fn deref(&self) -> &[StepRecord] {
        &self.list
    }
}

impl DerefMut for Steps {
    fn deref_mut(&mut self) -> &mut [StepRecord] {
        &mut self.list
    }
}

impl<'a> IntoIterator for &'a Steps {
    type Item = &'a StepRecord;
    type IntoIter = std::slice::Iter<'a, StepRecord>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.iter()
    }
}

impl<'a> IntoIterator for &'a mut Steps {
    type Item = &'a mut StepRecord;
    type IntoIter = std::slice::IterMut<'a, StepRecord>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.iter_mut()
    }
}

impl PartialEq for Steps {
    fn eq(&self, other: &Self) -> bool {
        self.list == other.list
    }
}

impl Eq for Steps {}

impl fmt::Debug for Steps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.list.fmt(f)
    }
}

impl Serialize for Steps {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.list.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Steps {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::deserialize(deserializer).map(|list| Self { list, index: OnceLock::new() })
    }
}

impl JsonSchema for Steps {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        Vec::<StepRecord>::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Vec::<StepRecord>::json_schema(generator)
    }
}
