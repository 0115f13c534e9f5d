//! The whole list, in the order in which it is shown.

use super::facts::Facts;
use super::point::Check;
use super::{access, around, forest, links, record, tenant};
use crate::snapshot::index::Index;

/// Goes through the list.
pub fn check(facts: &Facts<'_>) -> Vec<Check> {
    // Joined and indexed once: a tenant's users are many.
    let joined = facts.joined();
    let index = joined.as_ref().map(|joined| Index::new(joined, |name| facts.settings.source_anchor(name)));
    let mut all = tenant::sync(facts);
    all.extend(tenant::tenant(facts));
    all.extend(forest::forest(facts, index.as_ref()));
    all.extend(links::links(facts, index.as_ref()));
    all.extend(access::access(facts, index.as_ref()));
    all.extend(around::around(facts));
    all.extend(record::record(facts));
    all
}
