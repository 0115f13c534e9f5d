//! Contoso, with only the people that a proof is about, so that it can be read a thousand times.

use matchplan::lab::world::{World, contoso};
use std::collections::BTreeSet;

/// Contoso with these people (sAMAccountName, UPN in the cloud) and its administrators.
pub fn of<'a>(people: impl IntoIterator<Item = (&'a str, &'a str)>) -> World {
    let mut world = contoso();
    let (sams, upns): (BTreeSet<&str>, BTreeSet<&str>) = people.into_iter().unzip();
    let domain = &mut world.ad[0];
    domain.entries.retain(|entry| {
        let sam = entry.values("sAMAccountName").and_then(|values| values.texts().first());
        !entry.is_account() || entry.has_class("group") || sam.is_none_or(|sam| sams.contains(sam.as_str()))
    });
    let kept: BTreeSet<_> = domain.entries.iter().map(|entry| entry.guid).collect();
    world.sync.connector_space.retain(|known| kept.contains(&known.ad));
    let cloud = &mut world.entra;
    let administrates = |upn: &str| upn.starts_with("admin.") || upn.starts_with("breakglass");
    cloud.users.retain(|user| {
        let upn = user.user_principal_name.as_str();
        upns.contains(upn) || administrates(upn)
    });
    let there: BTreeSet<_> = cloud.users.iter().map(|user| user.id).chain(cloud.groups.iter().map(|g| g.id)).collect();
    cloud.role_assignments.retain(|row| there.contains(&row.principal_id));
    cloud.role_assignment_schedules.retain(|row| there.contains(&row.principal_id));
    cloud.role_eligibility_schedules.retain(|row| there.contains(&row.principal_id));
    for group in &mut cloud.groups {
        group.members.retain(|id| there.contains(id));
        group.owners.retain(|id| there.contains(id));
    }
    cloud.deleted_users.clear();
    world
}
