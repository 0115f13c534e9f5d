//! Newtypes of ids. Each prints and serialises as the plain value.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize, Serializer};
use smol_str::SmolStr;
use std::fmt;
use std::str::FromStr;
use uuid::Uuid;

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(s: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(s).map(Self)
            }
        }
    };
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        text_id! { $(#[$doc])* $name(String) }
    };
    ($(#[$doc:meta])* $name:ident($text:ty)) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(transparent)]
        pub struct $name(pub $text);

        impl $name {
            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(s: &str) -> Self {
                Self(s.into())
            }
        }

        impl From<String> for $name {
            fn from(s: String) -> Self {
                Self(s.into())
            }
        }
    };
}

uuid_id! {
    /// The `id` of an object in Entra ID (user, group, contact, administrative unit).
    ObjectId
}
uuid_id! {
    /// The `objectGUID` of an object in AD, in its usual text form (not in octet order; see [`super::anchor::Anchor`]).
    AdGuid
}
uuid_id! {
    /// The id of a held lock: random, and new each time the lock is taken.
    LockId
}
uuid_id! {
    /// The id of an Entra tenant (the `id` of its `organization`).
    TenantId
}
text_id! {
    /// The id of a role definition; for built-in roles it equals the role template id.
    RoleDefinitionId
}
text_id! {
    /// The id of one role assignment. Entra makes a new one each time a role is assigned.
    AssignmentId
}
text_id! {
    /// The name that `[[ad]] name = "…"` gives a domain.
    DomainName(SmolStr)
}
text_id! {
    /// A link within the tool: `domain/sAMAccountName` in lower case, such as `corp/jsmith`.
    LinkId
}
text_id! {
    /// A step within one plan, such as `0007-align-corp/jsmith`. Unique in its plan, and sorts in execution order.
    StepId
}
text_id! {
    /// One run of `apply` (or of a rollback): a random UUID's text, made once and kept over resumes.
    ApplyId
}

/// A security identifier in its `S-1-…` form.
///
/// Source: [MS-DTYP] 2.4.2, "SID".
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(with = "String")]
pub struct Sid(Parts);

/// A SID's numbers. Those of accounts are all of one shape, which needs no allocation of its own.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Parts {
    /// `S-1-5-` and five numbers: 21, three of the domain, one of the account.
    Account([u32; 5]),
    /// The authority, and then the sub-authorities.
    Other(Box<(u64, Vec<u32>)>),
}

/// Why a value is not a security identifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a security identifier: {0}")]
pub struct SidError(pub String);

impl Sid {
    /// A SID of an authority and its sub-authorities; at most 15.
    fn of(authority: u64, subs: Vec<u32>) -> Self {
        match <[u32; 5]>::try_from(subs) {
            Ok(subs) if authority == 5 => Self(Parts::Account(subs)),
            Ok(subs) => Self(Parts::Other(Box::new((authority, subs.to_vec())))),
            Err(subs) => Self(Parts::Other(Box::new((authority, subs)))),
        }
    }

    fn parts(&self) -> (u64, &[u32]) {
        match &self.0 {
            Parts::Account(subs) => (5, subs),
            Parts::Other(other) => (other.0, &other.1),
        }
    }

    /// Reads the octets of `objectSid` as LDAP returns them.
    ///
    /// Layout ([MS-DTYP] 2.4.2.2): revision (1), number of sub-authorities (1), authority (6, big-endian), then that
    /// many sub-authorities (4 each, little-endian).
    pub fn from_octets(octets: &[u8]) -> Result<Self, SidError> {
        let Some(([revision, count, authority @ ..], rest)) = octets.split_first_chunk::<8>() else {
            return Err(SidError(format!("{} octets are too few", octets.len())));
        };
        if *revision != 1 || *count > 15 || rest.len() != usize::from(*count) * 4 {
            return Err(SidError(format!("revision {revision}, {count} sub-authorities, {} octets", octets.len())));
        }
        let authority = authority.iter().fold(0_u64, |sum, octet| sum << 8 | u64::from(*octet));
        let parts = rest.chunks_exact(4).map(|chunk| u32::from_le_bytes([chunk[0], chunk[1], chunk[2], chunk[3]]));
        Ok(Self::of(authority, parts.collect()))
    }

    /// The octets of this SID, as AD stores them in `objectSid`.
    pub fn to_octets(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(28);
        self.write_octets(&mut out);
        out
    }

    /// Appends the same to other octets.
    pub fn write_octets(&self, out: &mut Vec<u8>) {
        let (authority, subs) = self.parts();
        out.extend_from_slice(&[1, u8::try_from(subs.len()).unwrap_or_default()]);
        out.extend_from_slice(&authority.to_be_bytes()[2..]);
        for sub in subs {
            out.extend_from_slice(&sub.to_le_bytes());
        }
    }
}

impl FromStr for Sid {
    type Err = SidError;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        let err = || SidError(format!("{s:?}"));
        let rest = s.strip_prefix("S-1-").or_else(|| s.strip_prefix("s-1-")).ok_or_else(err)?;
        let mut parts = rest.split('-');
        let authority: u64 = parts.next().and_then(|p| p.parse().ok()).ok_or_else(err)?;
        if authority >= 1 << 48 {
            return Err(err());
        }
        let subs: Vec<u32> = parts.map(str::parse).collect::<Result<_, _>>().map_err(|_| err())?;
        if subs.len() > 15 {
            return Err(err());
        }
        Ok(Self::of(authority, subs))
    }
}

impl TryFrom<String> for Sid {
    type Error = SidError;
    fn try_from(s: String) -> Result<Self, Self::Error> {
        s.parse()
    }
}

impl Serialize for Sid {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl fmt::Display for Sid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (authority, subs) = self.parts();
        write!(f, "S-1-{authority}")?;
        subs.iter().try_for_each(|sub| write!(f, "-{sub}"))
    }
}

impl fmt::Debug for Sid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sid({self})")
    }
}

/// The id of a synchronization job or rule, such as `AD2AADProvisioning.a948…` or `6c409270-f78a-4bc6-af23-7cf3ab6482fe`:
/// up to 200 letters, digits, and `.`, `_`, `-`, `#` after the first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct SyncId(String);

/// A text that is no id of a job or rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an id is letters, digits, and `.`, `_`, `-`, `#` after the first, 200 characters at most")]
pub struct NoSyncId;

impl SyncId {
    /// The id.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for SyncId {
    type Error = NoSyncId;
    fn try_from(id: String) -> Result<Self, Self::Error> {
        let allowed = |c: u8| c.is_ascii_alphanumeric() || b"._-#".contains(&c);
        let begins = id.bytes().next().is_some_and(|c| c.is_ascii_alphanumeric());
        if begins && id.len() <= 200 && id.bytes().all(allowed) { Ok(Self(id)) } else { Err(NoSyncId) }
    }
}

impl From<SyncId> for String {
    fn from(id: SyncId) -> Self {
        id.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sid_goes_from_octets_to_text_and_back() {
        let octets =
            [1, 5, 0, 0, 0, 0, 0, 5, 21, 0, 0, 0, 0x15, 0xcd, 0x5b, 0x07, 0x80, 0, 0, 0, 1, 0, 0, 0, 0x52, 0x04, 0, 0];
        let sid = Sid::from_octets(&octets).unwrap();
        assert_eq!(sid.to_string(), "S-1-5-21-123456789-128-1-1106");
        assert_eq!(sid.to_octets(), octets);
        assert_eq!(sid.to_string().parse::<Sid>().unwrap(), sid);
    }

    #[test]
    fn a_sid_of_the_wrong_length_is_refused() {
        assert!(Sid::from_octets(&[1, 2, 0, 0, 0, 0, 0, 5, 1, 0, 0, 0]).is_err());
        assert!(Sid::from_octets(&[]).is_err());
        assert!("S-1-5-x".parse::<Sid>().is_err());
        assert!("S-2-5-1".parse::<Sid>().is_err());
    }
}
