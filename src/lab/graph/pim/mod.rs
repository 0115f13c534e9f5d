//! Privileged Identity Management: `…/roleEligibilitySchedules`, `…/roleAssignmentSchedules` and their requests, role
//! management policies, and PIM for Groups.
//!
//! | module | what |
//! |---|---|
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
pub mod wish;

use super::answer::Refusal;
use crate::lab::world::World;
use crate::lab::world::cloud::Term;
use crate::lab::world::cloud::policy::{EnablementRule, ExpirationRule};
use serde_json::{Value, json};

/// What PIM keeps two lists of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Table {
    /// Who may activate.
    Eligibility,
    /// Who is active.
    Assignment,
}

impl Table {
    const fn expiration(self) -> ExpirationRule {
        match self {
            Self::Eligibility => ExpirationRule::Eligibility,
            Self::Assignment => ExpirationRule::Assignment,
        }
    }

    const fn enablement(self) -> EnablementRule {
        match self {
            Self::Eligibility => EnablementRule::Eligibility,
            Self::Assignment => EnablementRule::Assignment,
        }
    }
}

/// Whether the tenant has PIM at all.
///
/// # Errors
/// 400 `AadPremiumLicenseRequired`.
pub fn check_licence(world: &World) -> Result<(), Refusal> {
    if world.entra.pim_licensed {
        return Ok(());
    }
    Err(Refusal::coded("AadPremiumLicenseRequired", "The tenant needs an AAD Premium 2 license."))
}

/// `requestSchedule`.
fn schedule_info(term: Term) -> Value {
    let kind = if term.end.is_some() { "afterDateTime" } else { "noExpiration" };
    json!({
        "startDateTime": term.start,
        "recurrence": null,
        "expiration": { "type": kind, "endDateTime": term.end, "duration": null },
    })
}

fn already_exists() -> Refusal {
    Refusal::coded("RoleAssignmentExists", "The Role assignment already exists.")
}

fn does_not_exist() -> Refusal {
    Refusal::coded("RoleAssignmentDoesNotExist", "The Role assignment does not exist.")
}
