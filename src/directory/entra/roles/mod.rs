//! Everything that makes a user a role holder: read for a snapshot, read for one user, taken and given back.
//!
//! | module | what |
//! |---|---|
//! | [`wire`], [`policy`] | Graph's JSON read into the model; PIM's policies |
//! | [`join`] | assignments and PIM's schedules made one list (pure) |
//! | [`read`] | the roles of the tenant or of one principal, the memberships of one user |
//! | [`groups`] | the role-assignable groups with members, owners and uses |
//! | [`change`] | taking and giving back as requests (pure) |
//!
//! **Why schedules and not their instances.** A `…ScheduleInstance` is made from a `…Schedule` when its time has come, so
//! that one which begins next week is in `roleAssignmentSchedules` and `roleEligibilitySchedules` only. It would bring
//! the role back right after the match, so it has to be seen. Source: Microsoft Graph v1.0,
//! `unifiedRoleAssignmentSchedule` ("used to instantiate a unifiedRoleAssignmentScheduleInstance").

pub mod change;
pub mod groups;
pub mod join;
pub mod policy;
pub mod read;
pub mod wire;
