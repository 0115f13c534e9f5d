//! Privileged Identity Management: `…/roleEligibilitySchedules`, `…/roleAssignmentSchedules` and their requests, role
//! management policies, and PIM for Groups.
//!
//! | module | what |
//! |---|---|
//! | [`table`] | its two lists, and what all of it shares |
//! | [`schedules`] | reading the schedules of roles, and their instances |
//! | [`wish`] | what a request asks for, as far as roles and groups are alike |
//! | [`role_request`] | assigning and removing roles |
//! | [`policies`] | `/policies/roleManagementPolicyAssignments`, and holding a request against a policy |
//! | [`groups`] | PIM for Groups: reading schedules |
//! | [`group_request`] | PIM for Groups: assigning and removing members and owners |

pub mod group_request;
pub mod groups;
pub mod policies;
pub mod role_request;
pub mod schedules;
pub mod table;
pub mod wish;

pub use table::Table;
