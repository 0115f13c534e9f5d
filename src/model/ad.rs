//! What we read of a user in Active Directory.

use super::address::AddressSet;
use super::anchor::{Anchor, AnchorError, SourceAnchor};
use super::dn::Dn;
use super::id::{AdGuid, DomainName, Sid};
use super::name::{SamAccountName, Upn};
use super::profile::Profile;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// A user object in AD (`objectClass=user` or `inetOrgPerson`, never a computer).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AdUser {
    /// `objectGUID`: stays the same over moves and renames.
    pub guid: AdGuid,
    /// `distinguishedName` at the time of reading.
    pub dn: Dn,
    /// Which configured domain it was read from.
    pub domain: DomainName,
    /// `sAMAccountName`.
    pub sam: SamAccountName,
    /// `objectSid`; becomes `onPremisesSecurityIdentifier` in the cloud.
    pub sid: Sid,
    /// `userPrincipalName`, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upn: Option<Upn>,
    /// `mail`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mail: Option<String>,
    /// `proxyAddresses`.
    #[serde(default, skip_serializing_if = "AddressSet::is_empty")]
    pub proxy_addresses: AddressSet,
    /// `mS-DS-ConsistencyGuid` as hexadecimal octets; usually 16, but AD does not check the length.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consistency_guid: Option<Octets>,
    /// `displayName`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<SmolStr>,
    /// `givenName`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub given_name: Option<SmolStr>,
    /// `sn`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub surname: Option<SmolStr>,
    /// `mailNickname`, the Exchange alias; Exchange attributes flow only where it is set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mail_nickname: Option<SmolStr>,
    /// `targetAddress`: where mail is forwarded to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_address: Option<String>,
    /// `msExchRecipientTypeDetails`: what kind of mailbox; some kinds are never synced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipient_type: Option<i64>,
    /// The attributes that describe the person.
    #[serde(default, skip_serializing_if = "Profile::is_empty")]
    pub profile: Profile,
    /// `userAccountControl`; bit 2 set means disabled.
    #[serde(default)]
    pub user_account_control: u32,
    /// Whether `isCriticalSystemObject` is present (presence, not TRUE, keeps a user out of sync).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub critical_system_object: bool,
    /// Whether `adminCount` is 1: AdminSDHolder strips inherited rights, so writes can be refused.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub admin_count: bool,
}

impl AdUser {
    /// Whether the account is disabled (`userAccountControl` bit 2, ACCOUNTDISABLE).
    pub const fn is_disabled(&self) -> bool {
        self.user_account_control & 2 != 0
    }

    /// The anchor that the sync engine takes from this user: the chosen attribute, and `objectGUID` while
    /// `mS-DS-ConsistencyGuid` is empty. An `mS-DS-ConsistencyGuid` of another length than 16 octets is an error.
    ///
    /// Source: Microsoft Entra Connect "Design concepts", "Using ms-DS-ConsistencyGuid as sourceAnchor".
    pub fn anchor(&self, source: SourceAnchor) -> Result<Anchor, AnchorError> {
        match (source, &self.consistency_guid) {
            (SourceAnchor::ConsistencyGuid, Some(octets)) => Anchor::from_octets(&octets.0),
            _ => Ok(Anchor::from_guid(self.guid)),
        }
    }
}

/// Octets of any length, written as hexadecimal in JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct Octets(pub Vec<u8>);

impl Octets {
    /// Their Base64: of a source anchor, the form of an ImmutableID.
    pub fn to_base64(&self) -> String {
        STANDARD.encode(&self.0)
    }
}

impl TryFrom<String> for Octets {
    type Error = String;
    fn try_from(hex: String) -> Result<Self, Self::Error> {
        if !hex.is_ascii() || !hex.len().is_multiple_of(2) {
            return Err(format!("{hex:?} is not hexadecimal octets"));
        }
        (0..hex.len() / 2)
            .map(|i| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16))
            .collect::<Result<_, _>>()
            .map(Self)
            .map_err(|_| format!("{hex:?} is not hexadecimal octets"))
    }
}

impl From<Octets> for String {
    fn from(octets: Octets) -> Self {
        super::digest::hex(&octets.0)
    }
}
