//! What the lint reports.

use crate::rules::finding::{FindingCode, ObjectRef, Severity};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// An attribute that is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Attribute {
    /// `userPrincipalName`.
    UserPrincipalName,
    /// `proxyAddresses`.
    ProxyAddresses,
    /// `mail`.
    Mail,
    /// `mailNickname`.
    MailNickname,
    /// `sAMAccountName`.
    #[serde(rename = "sAMAccountName")]
    SamAccountName,
    /// `targetAddress`.
    TargetAddress,
    /// `displayName`.
    DisplayName,
    /// `givenName`.
    GivenName,
}

impl Attribute {
    /// Every attribute.
    pub const ALL: [Self; 8] = [
        Self::UserPrincipalName,
        Self::ProxyAddresses,
        Self::Mail,
        Self::MailNickname,
        Self::SamAccountName,
        Self::TargetAddress,
        Self::DisplayName,
        Self::GivenName,
    ];

    /// The schema's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::UserPrincipalName => "userPrincipalName",
            Self::ProxyAddresses => "proxyAddresses",
            Self::Mail => "mail",
            Self::MailNickname => "mailNickname",
            Self::SamAccountName => "sAMAccountName",
            Self::TargetAddress => "targetAddress",
            Self::DisplayName => "displayName",
            Self::GivenName => "givenName",
        }
    }
}

impl fmt::Display for Attribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How sure a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Confidence {
    /// Microsoft publishes the rule, and nothing of Microsoft's contradicts it.
    Documented,
    /// Microsoft's own texts and tools differ; this is the stricter reading.
    StrictReading,
    /// No rule of Microsoft's says it; experience does.
    Experience,
}

impl Confidence {
    /// As it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Documented => "documented",
            Self::StrictReading => "strict-reading",
            Self::Experience => "experience",
        }
    }
}

impl fmt::Display for Confidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What could be done with the value. It passes every rule, differs from what is there, and is neither held by another
/// object nor proposed for one in the same run.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "action", deny_unknown_fields)]
pub enum Proposal {
    /// Write this in its place.
    Set {
        /// The value.
        value: String,
    },
    /// Take the value away: the object that should have it has it.
    Remove,
}

/// Somebody who holds a value, and where.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HeldBy {
    /// The object.
    pub object: ObjectRef,
    /// The attribute.
    pub attribute: Attribute,
    /// The value as it stands there.
    pub value: String,
    /// Whether the sync leaves this object out.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub left_out: bool,
}

/// Something that the lint noticed about one value of one object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LintFinding {
    /// The object.
    pub object: ObjectRef,
    /// The attribute.
    pub attribute: Attribute,
    /// The value; `None` where one is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// How much it weighs.
    pub severity: Severity,
    /// The stable kebab-case code.
    pub code: FindingCode,
    /// How sure it is.
    pub confidence: Confidence,
    /// What could be done; `None` where `help` says why nothing can be proposed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposed: Option<Proposal>,
    /// What is the case and why it matters.
    pub message: String,
    /// What to do.
    pub help: String,
    /// For a duplicate: all the others who hold the value.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub duplicate_of: Vec<HeldBy>,
}
