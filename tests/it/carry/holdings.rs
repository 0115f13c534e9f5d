//! Roles and memberships taken from a world and given back, row by row, as Graph and PIM keep them.

use matchplan::lab::world::World;
use matchplan::lab::world::cloud::{CloudGroup, CloudRoleAssignment, GroupSchedule, RoleSchedule};
use matchplan::model::id::ObjectId;
use matchplan::model::role::{GroupMembership, Holding, RoleAssignment, RoleKind};

/// A row that was taken.
#[derive(Debug)]
enum Row {
    Assignment(CloudRoleAssignment),
    Schedule(RoleSchedule),
    Eligibility(RoleSchedule),
    Member(ObjectId, ObjectId),
    Membership(ObjectId, GroupSchedule),
    EligibleMembership(ObjectId, GroupSchedule),
}

impl Row {
    const fn user(&self) -> ObjectId {
        match self {
            Self::Assignment(row) => row.principal_id,
            Self::Schedule(row) | Self::Eligibility(row) => row.principal_id,
            Self::Member(_, user) => *user,
            Self::Membership(_, row) | Self::EligibleMembership(_, row) => row.principal_id,
        }
    }
}

/// What was taken and is to come back.
#[derive(Debug, Default)]
pub struct Taken(Vec<Row>);

impl Taken {
    /// Whether everything is back.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes one holding.
    pub fn take(&mut self, holding: &Holding, comes_back: bool, world: &mut World) {
        let row = match holding {
            Holding::Role(role) => role_row(role, world),
            Holding::Group(membership) => group_row(membership, world),
        };
        let row = row.unwrap_or_else(|| panic!("the world has no {holding:?}"));
        self.0.extend(comes_back.then_some(row));
    }

    /// Gives one holding of this user back.
    pub fn give(&mut self, user: ObjectId, world: &mut World) {
        let at = self.0.iter().position(|row| row.user() == user).expect("something was taken");
        let cloud = &mut world.entra;
        match self.0.remove(at) {
            Row::Assignment(row) => cloud.role_assignments.push(row),
            Row::Schedule(row) => cloud.role_assignment_schedules.push(row),
            Row::Eligibility(row) => cloud.role_eligibility_schedules.push(row),
            Row::Member(id, user) => group(world, id).members.push(user),
            Row::Membership(id, row) => group(world, id).assignment_schedules.push(row),
            Row::EligibleMembership(id, row) => group(world, id).eligibility_schedules.push(row),
        }
    }
}

fn take_first<T>(rows: &mut Vec<T>, is_it: impl Fn(&T) -> bool) -> Option<T> {
    let at = rows.iter().position(is_it)?;
    Some(rows.remove(at))
}

fn role_row(role: &RoleAssignment, world: &mut World) -> Option<Row> {
    let (principal, definition) = (role.principal, &role.grant.role);
    let scope = role.grant.directory_scope.as_deref();
    let scheduled = |row: &RoleSchedule| {
        row.principal_id == principal && row.role_definition_id == *definition && row.directory_scope() == scope
    };
    let cloud = &mut world.entra;
    if role.kind == RoleKind::Eligible {
        return take_first(&mut cloud.role_eligibility_schedules, scheduled).map(Row::Eligibility);
    }
    let plain = |row: &CloudRoleAssignment| {
        row.principal_id == principal && row.role_definition_id == *definition && row.directory_scope() == scope
    };
    let has_clock = role.kind == RoleKind::Activated || role.ends.is_some();
    let at = cloud.role_assignments.iter().position(plain).filter(|_| !has_clock);
    let permanent = at.map(|at| cloud.role_assignments.remove(at));
    match permanent {
        Some(row) => Some(Row::Assignment(row)),
        None => take_first(&mut cloud.role_assignment_schedules, scheduled).map(Row::Schedule),
    }
}

fn group(world: &mut World, id: ObjectId) -> &mut CloudGroup {
    world.entra.groups.iter_mut().find(|group| group.id == id).expect("the group is there")
}

fn group_row(membership: &GroupMembership, world: &mut World) -> Option<Row> {
    let (id, user) = (membership.group, membership.member.user);
    let group = group(world, id);
    let scheduled = |row: &GroupSchedule| row.principal_id == user;
    if membership.member.kind == RoleKind::Eligible {
        let row = take_first(&mut group.eligibility_schedules, scheduled);
        return row.map(|row| Row::EligibleMembership(id, row));
    }
    match take_first(&mut group.members, |member| *member == user) {
        Some(user) => Some(Row::Member(id, user)),
        None => take_first(&mut group.assignment_schedules, scheduled).map(|row| Row::Membership(id, row)),
    }
}
