//! Putting Contoso together.

use super::{administrators, company, people};
use crate::lab::sync::cycle;
use crate::lab::world::load::fill_in_ids;
use crate::lab::world::{WORLD_VERSION, World};
use jiff::{SignedDuration, Timestamp};

/// The world's clock at the start: 1 September 2026, 08:00 UTC.
pub(in crate::lab::world) const START: Timestamp = Timestamp::constant(1_788_249_600, 0);

/// The seeded world; the same on every call.
pub fn contoso() -> World {
    let mut world = World {
        version: WORLD_VERSION,
        clock: START.saturating_sub(SignedDuration::from_mins(10)).unwrap_or(START),
        ad: vec![company::domain()],
        entra: company::tenant(),
        sync: company::engine(),
    };
    people::add_those_of_last_cycle(&mut world);
    fill_in_ids(&mut world);
    people::give_roles(&mut world);
    // Wanda held a role when the engine first met her, so it made a duplicate; the role is gone, the duplicate stays.
    let duplicated = people::duplicated_for_a_role(&world);
    world.entra.role_assignments.extend(duplicated.clone());
    cycle::of_embedded_forest(&mut world);
    world.entra.role_assignments.retain(|assignment| !duplicated.contains(assignment));

    people::add_newcomers(&mut world);
    administrators::join(&mut world);
    fill_in_ids(&mut world);
    people::add_entanglements(&mut world);
    people::give_roles(&mut world);
    world.clock = START;
    world
}

#[cfg(test)]
mod tests;
