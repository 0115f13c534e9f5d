//! PIM's two lists, its licence, and the answers that everything of it shares.

use crate::lab::graph::answer::Refusal;
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
    /// The rule on how long an entry may last.
    pub const fn expiration(self) -> ExpirationRule {
        match self {
            Self::Eligibility => ExpirationRule::Eligibility,
            Self::Assignment => ExpirationRule::Assignment,
        }
    }

    /// The rule on what a request must bring along.
    pub const fn enablement(self) -> EnablementRule {
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
pub fn schedule_info(term: Term) -> Value {
    let kind = if term.end.is_some() { "afterDateTime" } else { "noExpiration" };
    json!({
        "startDateTime": term.start,
        "recurrence": null,
        "expiration": { "type": kind, "endDateTime": term.end, "duration": null },
    })
}

/// 400: it is there already.
pub fn already_exists() -> Refusal {
    Refusal::coded("RoleAssignmentExists", "The Role assignment already exists.")
}

/// 400: it is not there.
pub fn does_not_exist() -> Refusal {
    Refusal::coded("RoleAssignmentDoesNotExist", "The Role assignment does not exist.")
}
