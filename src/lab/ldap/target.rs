//! What a request names: an entry by its DN, or by AD's stable `<GUID=…>` and `<SID=…>` forms.

use super::refusal::{Outcome, Refusal};
use crate::model::ad::Octets;
use crate::model::dn::Dn;
use crate::model::id::{AdGuid, Sid};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use uuid::Uuid;

/// The name in a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// The empty name: the rootDSE.
    Root,
    /// A distinguished name.
    Dn(Dn),
    /// `<GUID=…>`.
    Guid(AdGuid),
    /// `<SID=…>`.
    Sid(Sid),
}

impl Target {
    /// Reads a name. `<GUID=…>` takes the text form or the 32 hexadecimal digits of the octets, `<SID=…>` takes
    /// `S-1-…` or hexadecimal octets.
    ///
    /// Source: [MS-ADTS] 3.1.1.3.1.2.4, "Alternative Forms of DNs".
    pub fn parse(text: &str) -> Outcome<Self> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(Self::Root);
        }
        let bad = || Refusal::bad_dn(text);
        let Some(inner) = text.strip_prefix('<').and_then(|rest| rest.strip_suffix('>')) else {
            return Dn::parse(text).map(Self::Dn).map_err(|_| bad());
        };
        let (kind, value) = inner.split_once('=').ok_or_else(bad)?;
        match kind.to_ascii_lowercase().as_str() {
            "guid" => guid(value).map(Self::Guid).ok_or_else(bad),
            "sid" => sid(value).map(Self::Sid).ok_or_else(bad),
            _ => Err(bad()),
        }
    }
}

fn octets(hex: &str) -> Option<Vec<u8>> {
    Octets::try_from(hex.to_owned()).ok().map(|octets| octets.0)
}

/// A GUID's text is 36 characters; 32 hexadecimal digits are its octets as `objectGUID` holds them (mixed-endian).
fn guid(value: &str) -> Option<AdGuid> {
    if value.len() == 36 {
        return value.parse().ok();
    }
    octets(value).and_then(|octets| Uuid::from_slice_le(&octets).ok()).map(AdGuid)
}

fn sid(value: &str) -> Option<Sid> {
    value.parse().ok().or_else(|| octets(value).and_then(|octets| Sid::from_octets(&octets).ok()))
}

/// What an LDAP URL must escape in its DN (RFC 4516 section 2.1).
const URL: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'%').add(b'<').add(b'>').add(b'?').add(b'\\');

/// `ldap://host/dn`, as in references and referrals.
pub fn ldap_url(host: &str, dn: &Dn) -> String {
    format!("ldap://{host}/{}", utf8_percent_encode(dn.as_str(), URL))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guid_is_read_in_both_forms() {
        let expected = Target::Guid("15355f5d-d167-4f4f-80fb-7c3bedf5e411".parse().unwrap());
        assert_eq!(Target::parse("<GUID=15355f5d-d167-4f4f-80fb-7c3bedf5e411>").unwrap(), expected);
        assert_eq!(Target::parse("<guid=5d5f351567d14f4f80fb7c3bedf5e411>").unwrap(), expected);
    }

    #[test]
    fn a_sid_is_read_in_both_forms() {
        let expected = Target::Sid("S-1-5-32-544".parse().unwrap());
        assert_eq!(Target::parse("<SID=S-1-5-32-544>").unwrap(), expected);
        assert_eq!(Target::parse("<SID=01020000000000052000000020020000>").unwrap(), expected);
    }

    #[test]
    fn nonsense_is_an_invalid_dn() {
        for text in ["jsmith", "<GUID=12>", "<GUID=>", "<SID=x>", "<WKGUID=a,b>", "<>", "CN=,DC=x"] {
            assert_eq!(Target::parse(text).unwrap_err().code, rasn_ldap::ResultCode::InvalidDnSyntax, "{text}");
        }
    }

    #[test]
    fn a_url_escapes_what_is_not_allowed() {
        let dn = Dn::parse("OU=R&D \\, #1,DC=x").unwrap();
        assert_eq!(ldap_url("x", &dn), "ldap://x/OU=R&D%20%5C,%20%231,DC=x");
    }
}
