//! What cloud users remember of AD, which no snapshot holds: it is read of those only that are to be cleared.

use super::error::DirectoryError;
use super::port::ReadEntra;
use crate::config::matchplan::{CloudSelector, MatchPlan};
use crate::config::tasks::{UnlinkSpec, WorkSpec};
use crate::model::cloud::{EntraAttribute, Residues};
use crate::snapshot::document::Snapshot;
use std::collections::HashSet;

/// Reads it live of everybody in the snapshot whom the match plan unlinks by clearing. Who is gone meanwhile is left out.
///
/// # Errors
/// Those of reading a user.
pub async fn residues(
    plan: &MatchPlan,
    snapshot: &Snapshot,
    entra: &impl ReadEntra,
) -> Result<Residues, DirectoryError> {
    let (mut ids, mut names) = (HashSet::new(), HashSet::new());
    for task in &plan.tasks {
        if let WorkSpec::Unlink { cloud, method: UnlinkSpec::Clear | UnlinkSpec::RecycleBin { .. } } = &task.work {
            match cloud {
                CloudSelector::Id(id) => drop(ids.insert(*id)),
                CloudSelector::Upn(upn) => drop(names.insert(upn)),
            }
        }
    }
    let mut residues = Residues::new();
    if ids.is_empty() && names.is_empty() {
        return Ok(residues);
    }
    for user in snapshot.users.iter().filter(|user| ids.contains(&user.id) || names.contains(&user.upn)) {
        let read = entra.attributes_of(user.id, &EntraAttribute::ON_PREMISES).await?;
        residues.extend(read.map(|values| (user.id, values)));
    }
    Ok(residues)
}
