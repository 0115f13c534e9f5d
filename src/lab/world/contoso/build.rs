//! Putting Contoso together.

use super::{company, people};
use crate::lab::sync::cycle;
use crate::lab::world::load::fill_in_ids;
use crate::lab::world::{WORLD_VERSION, World};
use jiff::{SignedDuration, Timestamp};

/// The world's clock at the start: 1 September 2026, 08:00 UTC.
const START: Timestamp = Timestamp::constant(1_788_249_600, 0);

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
    fill_in_ids(&mut world);
    people::add_entanglements(&mut world);
    people::give_roles(&mut world);
    world.clock = START;
    world
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::sync::report::Outcome;
    use crate::lab::world::load;
    use std::path::Path;

    #[test]
    fn contoso_is_the_same_every_time_and_survives_its_file() {
        let world = contoso();
        assert_eq!(world, contoso());
        let text = crate::model::digest::to_canonical_file(&world).unwrap();
        assert_eq!(load::parse(&text, Path::new("contoso.json")).unwrap(), world);
        assert_eq!(world.clock.to_string(), "2026-09-01T08:00:00Z");
    }

    #[test]
    fn the_first_cycle_links_the_exposed_user_and_the_second_changes_nothing() {
        let mut world = contoso();
        let first = cycle::of_embedded_forest(&mut world);
        let outcomes: Vec<_> = first.objects.iter().map(|o| (o.outcome, o.error.clone())).collect();
        assert_eq!(outcomes, [(Outcome::SoftMatchedBySmtp, None)], "only Kim Kay is new and in scope");
        let before = world.clone();
        let second = cycle::of_embedded_forest(&mut world);
        assert_eq!(second.objects, []);
        assert_eq!((world.ad, world.entra.users), (before.ad, before.entra.users));
    }
}
