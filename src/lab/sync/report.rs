//! What a cycle did, by Microsoft's names.

use crate::model::dn::Dn;
use crate::model::id::{AdGuid, ObjectId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;

/// One run of the engine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CycleReport {
    /// The world's time when it began.
    pub started: Timestamp,
    /// The world's time when it ended.
    pub ended: Timestamp,
    /// Why nothing was exported; `None` in an ordinary cycle.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stopped: Option<Stopped>,
    /// The objects that something happened to, or that have an error. The rest were imported and found unchanged.
    pub objects: Vec<ObjectReport>,
}

impl CycleReport {
    /// What happened to one AD object, if anything did.
    pub fn of(&self, ad: AdGuid) -> Option<&ObjectReport> {
        self.objects.iter().find(|object| object.ad == ad)
    }

    /// Whether any object was written in the cloud.
    pub fn changed_anything(&self) -> bool {
        self.objects.iter().any(|object| !matches!(object.outcome, Outcome::Failed | Outcome::Skipped))
    }
}

/// Why a cycle exported nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reason", rename_all = "kebab-case")]
pub enum Stopped {
    /// The server is in staging mode.
    Staging,
    /// More objects would be deleted than accidental-delete prevention allows.
    DeletionThreshold {
        /// How many would be deleted.
        deletions: usize,
        /// How many may be.
        threshold: u32,
    },
}

/// What happened to one AD object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ObjectReport {
    /// The AD object.
    pub ad: AdGuid,
    /// Its name, unless it is gone from AD.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dn: Option<Dn>,
    /// The cloud object that it is joined to now, or was until it was deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cloud: Option<ObjectId>,
    /// What was done.
    pub outcome: Outcome,
    /// The export error; can go with an outcome other than `failed` (a quarantined duplicate).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<ExportError>,
}

/// What was done with one AD user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Joined to an existing cloud user by the source anchor.
    HardMatched,
    /// Joined to an existing cloud user by the primary SMTP address.
    SoftMatchedBySmtp,
    /// Joined to an existing cloud user by the UPN.
    SoftMatchedByUpn,
    /// The soft-deleted cloud user with this anchor was restored and joined.
    Restored,
    /// A new cloud user was made.
    Provisioned,
    /// Attributes of the joined cloud user changed.
    Updated,
    /// The joined cloud user was soft-deleted: the AD user is gone, or out of scope.
    Deleted,
    /// The joined cloud user is managed in the cloud (`isCloudManaged`, event 6956); nothing was written.
    Skipped,
    /// Nothing was written; see the error.
    Failed,
}

/// An export error.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExportError {
    /// Microsoft's name of it.
    pub code: ErrorCode,
    /// The attribute or object in conflict, in words.
    pub detail: String,
}

impl ExportError {
    /// An error with its detail.
    pub fn new(code: ErrorCode, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into() }
    }
}

impl fmt::Display for ExportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.detail)
    }
}

/// The errors that the engine can meet, as Microsoft names them (*sync errors*; *existing tenant*).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ErrorCode {
    /// The anchor is equal, but the match is not allowed.
    InvalidHardMatch,
    /// A soft match is not allowed.
    InvalidSoftMatch,
    /// Another object has the value.
    AttributeValueMustBeUnique,
    /// `onPremisesObjectIdentifier` names another AD object.
    AttributeUpdateNotAllowed,
    /// A group or contact has the address.
    ObjectTypeMismatch,
    /// A value is of no valid form.
    IdentityDataValidationFailed,
    /// A soft match would have met a role holder ("Existing Admin Role Conflict").
    ExistingAdminRoleConflict,
    /// The anchor of a joined user changed in AD.
    SourceAnchorHasChanged,
    /// The anchor could not be written back to AD (8344, "Insufficient access rights to perform the operation").
    #[serde(rename = "permission-issue")]
    PermissionIssue,
}

impl ErrorCode {
    /// The name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidHardMatch => "InvalidHardMatch",
            Self::InvalidSoftMatch => "InvalidSoftMatch",
            Self::AttributeValueMustBeUnique => "AttributeValueMustBeUnique",
            Self::AttributeUpdateNotAllowed => "AttributeUpdateNotAllowed",
            Self::ObjectTypeMismatch => "ObjectTypeMismatch",
            Self::IdentityDataValidationFailed => "IdentityDataValidationFailed",
            Self::ExistingAdminRoleConflict => "ExistingAdminRoleConflict",
            Self::SourceAnchorHasChanged => "SourceAnchorHasChanged",
            Self::PermissionIssue => "permission-issue",
        }
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
