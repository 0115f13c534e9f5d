//! Why an apply cannot begin or go on. What goes wrong with single links is no error but their ending.

use crate::model::id::ApplyId;
use crate::state::recorder::RecordError;

/// Why an apply cannot begin or go on.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// Journal or state cannot be kept. Nothing is written to a directory after that.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// An earlier apply is unfinished.
    #[error("apply {apply} is unfinished: resume it or roll it back first")]
    Unfinished {
        /// Which.
        apply: ApplyId,
    },
    /// There is nothing to resume.
    #[error("no apply is unfinished: there is nothing to resume")]
    NothingToResume,
    /// The plan is for another tenant than the ledger.
    #[error("the plan is for tenant {plan}, the state for tenant {state}")]
    ForeignTenant {
        /// The plan's.
        plan: String,
        /// The ledger's.
        state: String,
    },
    /// The plan has error findings.
    #[error("the plan is blocked by error findings")]
    Blocked,
    /// The plan's digest cannot be taken, or the plan is not in the ledger: a fault of this program.
    #[error("this should not happen: {0}")]
    Fault(String),
}
