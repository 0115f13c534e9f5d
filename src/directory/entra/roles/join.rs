//! Role assignments and PIM's schedules, members and PIM for Groups' schedules: each pair made one list. Pure.

use super::wire::GroupSchedule;
use crate::model::id::ObjectId;
use crate::model::role::{GroupMember, RoleAssignment, RoleKind};
use jiff::Timestamp;

/// One row for every way to hold a role. `assignments` are what is in force, `active` and `eligible` are PIM's schedules.
///
/// A schedule in force gives its kind and term to the assignment that it made; one that has not begun is a row of its
/// own; one that has ended is none. A schedule in force without its assignment is a row too: the directory has not
/// caught up with PIM yet, or already has.
pub fn roles(
    mut assignments: Vec<RoleAssignment>,
    active: Vec<RoleAssignment>,
    eligible: Vec<RoleAssignment>,
    now: Timestamp,
) -> Vec<RoleAssignment> {
    let mut active: Vec<RoleAssignment> = active.into_iter().filter(|role| !is_over(role.ends, now)).collect();
    // What was assigned stands when an activation beside it ends, so that its term is the assignment's.
    active.sort_by_key(|role| role.kind == RoleKind::Activated);
    let mut own: Vec<RoleAssignment> = eligible.into_iter().filter(|role| !is_over(role.ends, now)).collect();
    let mut described = vec![false; assignments.len()];
    for schedule in active {
        let same = |role: &RoleAssignment| {
            let (one, other) = (&role.grant, &schedule.grant);
            role.principal == schedule.principal
                && one.role.as_str().eq_ignore_ascii_case(other.role.as_str())
                && (&one.directory_scope, &one.app_scope) == (&other.directory_scope, &other.app_scope)
        };
        let at = if lies_ahead(schedule.starts, now) { None } else { assignments.iter().position(same) };
        match at {
            None => own.push(schedule),
            Some(at) if described[at] => {}
            Some(at) => {
                described[at] = true;
                let RoleAssignment { kind, starts, ends, .. } = schedule;
                assignments[at] = RoleAssignment { kind, starts, ends, ..assignments[at].clone() };
            }
        }
    }
    assignments.append(&mut own);
    assignments.sort();
    assignments
}

/// The members of one group, by the same rules: `users` are its members, `schedules` are PIM for Groups'.
pub fn members(users: &[ObjectId], schedules: &[GroupSchedule], now: Timestamp) -> Vec<GroupMember> {
    let plain = |user: &ObjectId| GroupMember { user: *user, kind: RoleKind::Active, starts: None, ends: None };
    let mut members: Vec<GroupMember> = users.iter().map(plain).collect();
    let standing = schedules.iter().filter(|schedule| !schedule.owner).map(|schedule| &schedule.member);
    let mut standing: Vec<&GroupMember> = standing.filter(|member| !is_over(member.ends, now)).collect();
    standing.sort_by_key(|member| member.kind == RoleKind::Activated);
    let mut described = vec![false; members.len()];
    let mut own = Vec::new();
    for schedule in standing {
        let aside = schedule.kind == RoleKind::Eligible || lies_ahead(schedule.starts, now);
        let at = if aside { None } else { members.iter().position(|member| member.user == schedule.user) };
        match at {
            None => own.push(schedule.clone()),
            Some(at) if described[at] => {}
            Some(at) => {
                described[at] = true;
                members[at] = schedule.clone();
            }
        }
    }
    members.append(&mut own);
    members.sort();
    members.dedup();
    members
}

/// Whether it has ended.
pub fn is_over(ends: Option<Timestamp>, now: Timestamp) -> bool {
    ends.is_some_and(|end| end <= now)
}

/// Whether it begins later.
pub fn lies_ahead(starts: Option<Timestamp>, now: Timestamp) -> bool {
    starts.is_some_and(|start| start > now)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::role::RoleGrant;

    fn at(hour: u8) -> Timestamp {
        format!("2026-11-24T{hour:02}:00:00Z").parse().unwrap()
    }

    fn user(n: u8) -> ObjectId {
        format!("00000000-0000-0000-0000-0000000000{n:02}").parse().unwrap()
    }

    fn role(id: &str, kind: RoleKind, term: (Option<u8>, Option<u8>)) -> RoleAssignment {
        let grant = RoleGrant {
            role: "helpdesk".into(),
            role_name: "Helpdesk Administrator".into(),
            directory_scope: Some("/".into()),
            app_scope: None,
            condition: None,
        };
        RoleAssignment { id: id.into(), principal: user(1), kind, starts: term.0.map(at), ends: term.1.map(at), grant }
    }

    fn told(rows: &[RoleAssignment]) -> Vec<(&str, RoleKind, Option<Timestamp>)> {
        rows.iter().map(|row| (row.id.as_str(), row.kind, row.ends)).collect()
    }

    use RoleKind::{Activated, Active, Eligible};

    #[test]
    fn a_schedule_in_force_describes_its_assignment() {
        let condition = |row: RoleAssignment| {
            let grant = RoleGrant { condition: Some("@Resource".into()), ..row.grant };
            RoleAssignment { grant, ..row }
        };
        let plain = condition(role("assignment", Active, (None, None)));
        let joined = roles(vec![plain], vec![role("schedule", Activated, (Some(8), Some(16)))], vec![], at(12));
        assert_eq!(told(&joined), [("assignment", Activated, Some(at(16)))]);
        assert_eq!(joined[0].grant.condition.as_deref(), Some("@Resource"), "what only the assignment says is kept");
    }

    #[test]
    fn another_scope_is_another_role() {
        let mut scoped = role("schedule", Activated, (None, Some(16)));
        scoped.grant.directory_scope = Some("/administrativeUnits/a".into());
        let joined = roles(vec![role("assignment", Active, (None, None))], vec![scoped], vec![], at(12));
        assert_eq!(told(&joined), [("assignment", Active, None), ("schedule", Activated, Some(at(16)))]);
    }

    #[test]
    fn what_begins_later_is_a_row_and_what_has_ended_is_none() {
        let assignment = || vec![role("assignment", Active, (None, None))];
        let joined = roles(assignment(), vec![role("later", Active, (Some(13), None))], vec![], at(12));
        assert_eq!(told(&joined), [("assignment", Active, None), ("later", Active, None)]);
        let over = role("over", Active, (Some(1), Some(12)));
        assert_eq!(roles(assignment(), vec![over.clone()], vec![over], at(12)), assignment());
    }

    #[test]
    fn an_eligibility_stands_beside_its_activation() {
        let joined = roles(
            vec![role("assignment", Active, (None, None))],
            vec![role("activation", Activated, (Some(11), Some(13)))],
            vec![role("eligibility", Eligible, (Some(1), None))],
            at(12),
        );
        assert_eq!(told(&joined), [("assignment", Activated, Some(at(13))), ("eligibility", Eligible, None)]);
    }

    #[test]
    fn what_was_assigned_outlives_an_activation_beside_it() {
        let schedules = vec![role("a", Activated, (Some(11), Some(13))), role("b", Active, (Some(1), None))];
        let joined = roles(vec![role("assignment", Active, (None, None))], schedules, vec![], at(12));
        assert_eq!(told(&joined), [("assignment", Active, None)]);
    }

    #[test]
    fn a_schedule_whose_assignment_does_not_show_is_a_row() {
        let joined = roles(vec![], vec![role("schedule", Active, (Some(1), Some(20)))], vec![], at(12));
        assert_eq!(told(&joined), [("schedule", Active, Some(at(20)))]);
    }

    #[test]
    fn members_are_joined_by_the_same_rules() {
        let schedule = |n, kind, starts: Option<u8>, ends: Option<u8>, owner| GroupSchedule {
            group: user(99),
            owner,
            member: GroupMember { user: user(n), kind, starts: starts.map(at), ends: ends.map(at) },
        };
        let schedules = [
            schedule(2, Activated, Some(1), Some(14), false),
            schedule(2, Eligible, None, None, false),
            schedule(3, Eligible, None, Some(11), false),
            schedule(3, Eligible, None, None, true),
            schedule(4, Active, Some(18), None, false),
        ];
        let members = members(&[user(1), user(2)], &schedules, at(12));
        let told: Vec<_> = members.iter().map(|member| (member.user, member.kind, member.ends)).collect();
        let expected = [
            (user(1), Active, None),
            (user(2), Activated, Some(at(14))),
            (user(2), Eligible, None),
            (user(4), Active, None),
        ];
        assert_eq!(told, expected);
    }
}
