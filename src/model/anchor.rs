//! The source anchor: one value, five spellings.
//!
//! AD holds 16 octets (`objectGUID` or `mS-DS-ConsistencyGuid`), people write a GUID, Graph holds Base64
//! (`onPremisesImmutableId`), an LDAP filter wants `\xx` escapes, and the Entra connector's space names the object by
//! the hexadecimal of the Base64's ASCII. The GUID's first three fields are little-endian in the octets, which is where
//! hand-made conversions go wrong.
//!
//! Sources: Microsoft Entra Connect "Design concepts" (sourceAnchor), ADSyncTools reference
//! (`ConvertTo-ADSyncToolsAadDistinguishedName`), RFC 4515 (filter escapes), RFC 4648 section 4 (Base64).

use super::id::AdGuid;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::fmt::Write as _;
use uuid::Uuid;

/// The 16 octets of a source anchor, in the order LDAP returns them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct Anchor([u8; 16]);

/// Why a text is no anchor. The message is one sentence, meant for the person who wrote the value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AnchorError {
    /// The length rules Base64 of 16 octets out before decoding.
    #[error("{text:?} is {chars} characters long: Base64 of a 16-octet anchor has 24, the last two of them `==`")]
    Length {
        /// The value as given.
        text: String,
        /// Its length in characters.
        chars: usize,
    },
    /// 24 characters, but not canonical Base64.
    #[error("{text:?} is not Base64: {reason}")]
    NotBase64 {
        /// The value as given.
        text: String,
        /// What the decoder found.
        reason: String,
    },
    /// Base64 of another number of octets.
    #[error("an anchor has 16 octets, this value has {octets}")]
    Octets {
        /// How many octets there are.
        octets: usize,
    },
    /// Not a GUID's text.
    #[error("{0:?} is not a GUID (such as 88666888-0101-1111-bbbb-1234567890ab)")]
    NotGuid(String),
    /// Not a connector-space name.
    #[error("{0:?} is not a connector-space name: CN={{hexadecimal of the Base64 anchor's characters}}")]
    NotConnectorDn(String),
    /// Not the filter form.
    #[error("{0:?} is not the filter form of 16 octets: \\xx, sixteen times")]
    NotFilter(String),
}

impl Anchor {
    /// An anchor from octets in LDAP order; exactly 16.
    pub fn from_octets(octets: &[u8]) -> Result<Self, AnchorError> {
        octets.try_into().map(Self).map_err(|_| AnchorError::Octets { octets: octets.len() })
    }

    /// The octets in LDAP order.
    pub const fn octets(&self) -> &[u8; 16] {
        &self.0
    }

    /// The anchor that `objectGUID` gives: the GUID's octets, first three fields little-endian.
    pub fn from_guid(guid: AdGuid) -> Self {
        Self(guid.0.to_bytes_le())
    }

    /// The GUID whose octets these are.
    pub fn to_guid(&self) -> AdGuid {
        AdGuid(Uuid::from_bytes_le(self.0))
    }

    /// Reads the strict Base64 of exactly 16 octets: 24 characters, padded, canonical.
    pub fn from_base64(text: &str) -> Result<Self, AnchorError> {
        let chars = text.chars().count();
        if chars != 24 {
            return Err(AnchorError::Length { text: text.to_owned(), chars });
        }
        let octets = STANDARD
            .decode(text)
            .map_err(|e| AnchorError::NotBase64 { text: text.to_owned(), reason: e.to_string() })?;
        Self::from_octets(&octets)
    }

    /// The Base64 that Entra holds as `onPremisesImmutableId`.
    pub fn to_base64(&self) -> String {
        STANDARD.encode(self.0)
    }

    /// The value as it stands in an LDAP filter: `\88\66…` (RFC 4515 section 3).
    pub fn to_filter_value(&self) -> String {
        self.0.iter().fold(String::with_capacity(48), |mut out, octet| {
            let _ = write!(out, "\\{octet:02x}");
            out
        })
    }

    /// Reads the `\xx` form; a surrounding `(attribute=…)` is tolerated.
    pub fn from_filter_value(text: &str) -> Result<Self, AnchorError> {
        let err = || AnchorError::NotFilter(text.to_owned());
        let inner = text.trim().trim_start_matches('(').trim_end_matches(')');
        let inner = inner.split_once('=').map_or(inner, |(_, value)| value);
        let octets: Vec<u8> = inner
            .strip_prefix('\\')
            .ok_or_else(err)?
            .split('\\')
            .map(|hex| if hex.len() == 2 { u8::from_str_radix(hex, 16).map_err(|_| err()) } else { Err(err()) })
            .collect::<Result<_, _>>()?;
        Self::from_octets(&octets)
    }

    /// Reads any of the spellings: a GUID (with hyphens), an ImmutableID, an LDAP filter value, a connector-space name,
    /// or the octets as 32 hexadecimal digits.
    pub fn from_any(text: &str) -> Result<Self, AnchorError> {
        let text = text.trim();
        let bare = text.strip_prefix('{').and_then(|t| t.strip_suffix('}')).unwrap_or(text);
        if text.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("CN=")) {
            Self::from_connector_dn(text)
        } else if text.contains('\\') {
            Self::from_filter_value(text)
        } else if bare.len() == 36 && bare.matches('-').count() == 4 {
            Uuid::parse_str(bare)
                .map(|guid| Self::from_guid(AdGuid(guid)))
                .map_err(|_| AnchorError::NotGuid(text.to_owned()))
        } else if text.len() == 32 && text.bytes().all(|octet| octet.is_ascii_hexdigit()) {
            let octets: Vec<u8> =
                (0..16).filter_map(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).ok()).collect();
            Self::from_octets(&octets)
        } else {
            Self::from_base64(text)
        }
    }

    /// The name of the object in the Entra connector's space: `CN={hex of the ASCII of the Base64}`.
    pub fn to_connector_dn(&self) -> String {
        let hex = self.to_base64().bytes().fold(String::with_capacity(48), |mut out, octet| {
            let _ = write!(out, "{octet:02x}");
            out
        });
        format!("CN={{{hex}}}")
    }

    /// Reads a connector-space name.
    pub fn from_connector_dn(text: &str) -> Result<Self, AnchorError> {
        let err = || AnchorError::NotConnectorDn(text.to_owned());
        let hex = text.trim();
        let hex = hex.get(..3).filter(|p| p.eq_ignore_ascii_case("CN=")).map_or(hex, |_| &hex[3..]);
        let hex = hex.strip_prefix('{').and_then(|h| h.strip_suffix('}')).ok_or_else(err)?;
        if !hex.is_ascii() || hex.len() % 2 != 0 {
            return Err(err());
        }
        let ascii: Vec<u8> = (0..hex.len() / 2)
            .map(|i| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).map_err(|_| err()))
            .collect::<Result<_, _>>()?;
        Self::from_base64(std::str::from_utf8(&ascii).map_err(|_| err())?)
    }
}

impl fmt::Display for Anchor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_base64())
    }
}

impl fmt::Debug for Anchor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Anchor({self})")
    }
}

impl TryFrom<String> for Anchor {
    type Error = AnchorError;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::from_base64(&text)
    }
}

impl From<Anchor> for String {
    fn from(anchor: Anchor) -> Self {
        anchor.to_base64()
    }
}

/// What Entra holds in `onPremisesImmutableId`: usually an [`Anchor`]'s Base64, but any text can be there (a
/// third-party identity provider may have put an e-mail address). Compared exactly: it is case-sensitive.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct ImmutableId(pub String);

impl ImmutableId {
    /// The anchor that this value spells, or why it is none.
    pub fn to_anchor(&self) -> Result<Anchor, AnchorError> {
        Anchor::from_base64(&self.0)
    }

    /// The value as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<Anchor> for ImmutableId {
    fn from(anchor: Anchor) -> Self {
        Self(anchor.to_base64())
    }
}

impl fmt::Display for ImmutableId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Which AD attribute the sync engine takes the anchor from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum SourceAnchor {
    /// `mS-DS-ConsistencyGuid`, and `objectGUID` while that is empty (Entra Connect's default since 1.1.524.0).
    #[default]
    #[serde(rename = "mS-DS-ConsistencyGuid")]
    ConsistencyGuid,
    /// `objectGUID` always.
    #[serde(rename = "objectGUID")]
    ObjectGuid,
}

impl SourceAnchor {
    /// The AD attribute's name.
    pub const fn attribute(self) -> &'static str {
        match self {
            Self::ConsistencyGuid => "mS-DS-ConsistencyGuid",
            Self::ObjectGuid => "objectGUID",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Microsoft's own check vectors (ADSyncTools reference).
    const VECTORS: [(&str, &str); 2] = [
        ("88666888-0101-1111-bbbb-1234567890ab", "iGhmiAEBERG7uxI0VniQqw=="),
        ("8d6c6818-018c-4f11-9bb8-1b04e2caa1b6", "GGhsjYwBEU+buBsE4sqhtg=="),
    ];

    // rule: 4.1-octet-order
    #[test]
    fn guid_and_base64_agree_with_microsofts_vectors() {
        for (guid, base64) in VECTORS {
            let anchor = Anchor::from_guid(guid.parse().unwrap());
            assert_eq!(anchor.to_base64(), base64);
            assert_eq!(Anchor::from_base64(base64).unwrap().to_guid().to_string(), guid);
        }
    }

    // rule: 4.1-filter, 2-connector-dn
    #[test]
    fn filter_and_connector_forms_round_trip() {
        let anchor = Anchor::from_base64("QF5HMK7n80qvdYsUPIHa9Q==").unwrap();
        let dn = anchor.to_connector_dn();
        assert!(dn.starts_with("CN={514635") && dn.ends_with("3d3d}"), "{dn}");
        assert_eq!(Anchor::from_connector_dn(&dn.to_uppercase()).unwrap(), anchor);
        let filter = format!("(objectGUID={})", anchor.to_filter_value());
        assert_eq!(Anchor::from_filter_value(&filter).unwrap(), anchor);
    }

    #[test]
    fn the_widely_copied_sample_is_refused_for_its_length() {
        let error = Anchor::from_base64("xMf1FXx9RIcbcAbDlqeOA==").unwrap_err();
        assert_eq!(error, AnchorError::Length { text: "xMf1FXx9RIcbcAbDlqeOA==".into(), chars: 23 });
    }

    #[test]
    fn every_spelling_is_read_back() {
        let anchor = Anchor::from_base64("iGhmiAEBERG7uxI0VniQqw==").unwrap();
        let hex = super::super::digest::hex(anchor.octets());
        let guid = anchor.to_guid().to_string();
        let spellings = [
            anchor.to_base64(),
            guid.clone(),
            format!("{{{guid}}}"),
            anchor.to_filter_value(),
            anchor.to_connector_dn(),
            hex,
        ];
        for spelling in spellings {
            assert_eq!(Anchor::from_any(&spelling).unwrap(), anchor, "{spelling}");
        }
        for nonsense in ["", "x", "CN={zz}", "\\8", "88666888-0101-1111-bbbb-12345678900z"] {
            assert!(Anchor::from_any(nonsense).is_err(), "{nonsense:?}");
        }
    }

    #[test]
    fn base64_of_another_length_or_alphabet_is_refused() {
        assert!(matches!(Anchor::from_base64("AAAAAAAAAAAAAAAAAAAAAAAA"), Err(AnchorError::Octets { octets: 18 })));
        assert!(matches!(Anchor::from_base64("iGhmiAEBERG7uxI0VniQq_=="), Err(AnchorError::NotBase64 { .. })));
        // The two unused bits of the last character must be zero: two spellings of one anchor would never compare equal.
        assert!(matches!(Anchor::from_base64("iGhmiAEBERG7uxI0VniQqx=="), Err(AnchorError::NotBase64 { .. })));
    }
}
