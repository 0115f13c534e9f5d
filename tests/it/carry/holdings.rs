//! Roles taken from a world and given back, as PIM and Graph would.

use matchplan::lab::world::World;
use matchplan::lab::world::cloud::CloudRoleAssignment;
use matchplan::model::id::ObjectId;
use matchplan::model::role::{Holding, RoleKind};

/// What was taken and is to come back.
#[derive(Debug, Default)]
pub struct Taken {
    assignments: Vec<CloudRoleAssignment>,
}

impl Taken {
    /// Whether everything is back.
    pub fn is_empty(&self) -> bool {
        self.assignments.is_empty()
    }

    /// Takes one holding.
    pub fn take(&mut self, holding: &Holding, comes_back: bool, world: &mut World) {
        match (holding, holding.kind()) {
            (Holding::Role(role), RoleKind::Active) => {
                let all = &mut world.entra.role_assignments;
                let at = all.iter().position(|held| held.id == role.id).expect("the assignment is there");
                let held = all.remove(at);
                self.assignments.extend(comes_back.then_some(held));
            }
            other => panic!("no world here has {other:?}"),
        }
    }

    /// Gives one holding of this user back.
    pub fn give(&mut self, user: ObjectId, world: &mut World) {
        let at = self.assignments.iter().position(|held| held.principal_id == user).expect("something was taken");
        world.entra.role_assignments.push(self.assignments.remove(at));
    }
}
