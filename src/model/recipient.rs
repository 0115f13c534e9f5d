//! What else can hold an address: objects of AD that are no users, and recipients that only Exchange knows.

use super::address::AddressSet;
use super::dn::Dn;
use super::entra::HolderKind;
use super::id::{AdGuid, DomainName};
use super::name::SamAccountName;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The command that exports the recipients, for Exchange Online PowerShell. The addresses are joined by hand: `Export-Csv`
/// writes the type of a list, not what it holds.
pub const EXPORT: &str = "Get-Recipient -ResultSize Unlimited | Select-Object RecipientTypeDetails,DisplayName,\
PrimarySmtpAddress,@{n='EmailAddresses';e={$_.EmailAddresses -join ' '}},ExternalDirectoryObjectId,Guid | \
Export-Csv recipients.csv -NoTypeInformation -Encoding UTF8";

/// What an [`AdHolder`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AdHolderKind {
    /// `group`.
    Group,
    /// `contact`.
    Contact,
    /// `publicFolder`.
    PublicFolder,
    /// `msExchDynamicDistributionList`.
    DynamicList,
    /// Anything else with an address.
    Other,
}

impl AdHolderKind {
    /// What the sync makes of it in the cloud; `None` for kinds that it leaves alone.
    pub const fn in_cloud(self) -> Option<HolderKind> {
        match self {
            Self::Group => Some(HolderKind::Group),
            Self::Contact => Some(HolderKind::Contact),
            Self::PublicFolder | Self::DynamicList | Self::Other => None,
        }
    }
}

impl fmt::Display for AdHolderKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Group => "AD group",
            Self::Contact => "AD contact",
            Self::PublicFolder => "AD public folder",
            Self::DynamicList => "AD dynamic distribution list",
            Self::Other => "AD object",
        })
    }
}

/// An object of AD that is no user and has an address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AdHolder {
    /// What it is.
    pub kind: AdHolderKind,
    /// `objectGUID`.
    pub guid: AdGuid,
    /// `distinguishedName`.
    pub dn: Dn,
    /// Which configured domain it was read from.
    pub domain: DomainName,
    /// `displayName`, or the common name.
    pub name: String,
    /// `sAMAccountName`; contacts have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sam: Option<SamAccountName>,
    /// `mail`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mail: Option<String>,
    /// `proxyAddresses`.
    #[serde(default, skip_serializing_if = "AddressSet::is_empty")]
    pub proxy_addresses: AddressSet,
    /// `mailNickname`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mail_nickname: Option<String>,
    /// `targetAddress`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_address: Option<String>,
}

/// A recipient from an export of Exchange's `Get-Recipient`: public folders, dynamic lists and other kinds that Graph
/// does not show.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Recipient {
    /// `RecipientTypeDetails`, such as `PublicFolder`.
    pub kind: String,
    /// `ExternalDirectoryObjectId`, or `Guid`, or `Identity`: the first that the export has.
    pub id: String,
    /// `DisplayName`, or `Name`.
    pub name: String,
    /// `EmailAddresses`.
    pub addresses: AddressSet,
}
