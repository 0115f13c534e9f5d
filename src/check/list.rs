//! The whole list, in the order in which it is shown.

use super::facts::Facts;
use super::point::Check;
use super::{access, forest, links, record, tenant};

/// Goes through the list.
pub fn check(facts: &Facts<'_>) -> Vec<Check> {
    let mut all = tenant::sync(facts);
    all.extend(tenant::tenant(facts));
    all.extend(forest::forest(facts));
    all.extend(links::links(facts));
    all.extend(access::access(facts));
    all.extend(record::record(facts));
    all
}
