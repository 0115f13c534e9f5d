//! An entry read into an [`AdUser`].
//!
//! A user that cannot be read is an error that names the DN and the attribute, never a user left out: a snapshot that
//! lacks a user would make the planner see a free address or a missing link where there is none. Attributes that every
//! user has (`objectGUID`, `objectSid`, `sAMAccountName`, `userAccountControl`) must be there; if one is not, the
//! account that we are bound as may not read it. The others may be absent, but not unreadable.

use super::entry::Entry;
use crate::directory::error::{DirectoryError, ErrorKind};
use crate::directory::text::one_line;
use crate::model::ad::{AdUser, Octets};
use crate::model::dn::Dn;
use crate::model::id::{AdGuid, DomainName, Sid};
use crate::model::profile::{Profile, ProfileAttribute};
use std::str::FromStr;
use uuid::Uuid;

/// What is read of a user besides its profile.
const ATTRIBUTES: [&str; 16] = [
    "objectGUID",
    "objectSid",
    "sAMAccountName",
    "userPrincipalName",
    "mail",
    "proxyAddresses",
    "mS-DS-ConsistencyGuid",
    "displayName",
    "givenName",
    "sn",
    "mailNickname",
    "targetAddress",
    "msExchRecipientTypeDetails",
    "userAccountControl",
    "isCriticalSystemObject",
    "adminCount",
];

/// The names of everything that is read of a user.
pub fn attributes() -> Vec<String> {
    let profile = ProfileAttribute::ALL.iter().map(|attribute| attribute.ad_name());
    ATTRIBUTES.into_iter().chain(profile).map(str::to_owned).collect()
}

/// Reads a user of `domain`; ranged values must be complete.
pub fn read_user(entry: &Entry, domain: &DomainName) -> Result<AdUser, DirectoryError> {
    let at = Reader { entry };
    let dn = Dn::parse(&entry.dn).map_err(|e| at.problem("distinguishedName", &e.to_string()))?;
    let guid = at.required("objectGUID")?;
    let guid = Uuid::from_slice_le(guid)
        .map(AdGuid)
        .map_err(|_| at.problem("objectGUID", &format!("it has {} octets, not 16", guid.len())))?;
    let sid = Sid::from_octets(at.required("objectSid")?).map_err(|e| at.problem("objectSid", &e.to_string()))?;
    let control: i32 = at.integer("userAccountControl")?.ok_or_else(|| at.missing("userAccountControl"))?;
    let proxies = entry.values("proxyAddresses").iter().map(|v| at.text("proxyAddresses", v));
    Ok(AdUser {
        guid,
        dn,
        domain: domain.clone(),
        sam: at.string("sAMAccountName")?.ok_or_else(|| at.missing("sAMAccountName"))?.into(),
        sid,
        upn: at.string("userPrincipalName")?.map(Into::into),
        mail: at.string("mail")?,
        proxy_addresses: proxies.collect::<Result<Vec<String>, _>>()?.into_iter().collect(),
        consistency_guid: at.single("mS-DS-ConsistencyGuid")?.map(|octets| Octets(octets.to_vec())),
        display_name: at.string("displayName")?,
        given_name: at.string("givenName")?,
        surname: at.string("sn")?,
        mail_nickname: at.string("mailNickname")?,
        target_address: at.string("targetAddress")?,
        recipient_type: at.integer("msExchRecipientTypeDetails")?,
        profile: at.profile()?,
        // A signed 32-bit integer on the wire, a set of bits in meaning.
        user_account_control: control.cast_unsigned(),
        critical_system_object: !entry.values("isCriticalSystemObject").is_empty(),
        admin_count: at.integer::<i32>("adminCount")?.is_some_and(|count| count > 0),
    })
}

struct Reader<'a> {
    entry: &'a Entry,
}

impl<'a> Reader<'a> {
    fn problem(&self, attribute: &str, reason: &str) -> DirectoryError {
        let dn = one_line(&self.entry.dn);
        DirectoryError::new(ErrorKind::Broken, format!("read {attribute} of {dn}"), one_line(reason))
    }

    fn missing(&self, attribute: &str) -> DirectoryError {
        self.problem(attribute, "the domain controller did not send it, although every user has it").with_hint(format!(
            "give the account that matchplan binds as the right to read {attribute}; \
             Authenticated Users have it unless somebody took it away"
        ))
    }

    /// The only value, or `None`.
    fn single(&self, attribute: &str) -> Result<Option<&'a [u8]>, DirectoryError> {
        match self.entry.values(attribute) {
            [] => Ok(None),
            [value] => Ok(Some(value)),
            more => Err(self.problem(attribute, &format!("it has {} values and should have one", more.len()))),
        }
    }

    fn required(&self, attribute: &str) -> Result<&'a [u8], DirectoryError> {
        self.single(attribute)?.ok_or_else(|| self.missing(attribute))
    }

    fn text(&self, attribute: &str, value: &[u8]) -> Result<String, DirectoryError> {
        String::from_utf8(value.to_vec()).map_err(|_| self.problem(attribute, "a value is not UTF-8 text"))
    }

    fn string(&self, attribute: &str) -> Result<Option<String>, DirectoryError> {
        self.single(attribute)?.map(|value| self.text(attribute, value)).transpose()
    }

    fn integer<N: FromStr>(&self, attribute: &str) -> Result<Option<N>, DirectoryError> {
        let Some(text) = self.string(attribute)? else { return Ok(None) };
        let bits = size_of::<N>() * 8;
        text.parse().map(Some).map_err(|_| self.problem(attribute, &format!("{text:?} is not a {bits}-bit integer")))
    }

    fn profile(&self) -> Result<Profile, DirectoryError> {
        let values = ProfileAttribute::ALL.iter().map(|attribute| Ok((*attribute, self.string(attribute.ad_name())?)));
        let values: Vec<_> = values.collect::<Result<_, _>>()?;
        Ok(values.into_iter().filter_map(|(attribute, value)| Some((attribute, value?))).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::anchor::Anchor;

    const SID: &[u8] = &[1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0];
    const GUID: &[u8] = b"0123456789abcdef";

    fn user(more: &[(&str, &[&[u8]])]) -> Entry {
        let mut attributes: Vec<(&str, &[&[u8]])> = vec![
            ("objectGUID", &[GUID]),
            ("objectSid", &[SID]),
            ("sAMAccountName", &[b"jdoe"]),
            ("userAccountControl", &[b"-2147483136"]),
        ];
        attributes.retain(|(name, _)| !more.iter().any(|(other, _)| other == name));
        attributes.extend_from_slice(more);
        Entry::new("CN=Jane Doe,DC=corp,DC=test", &attributes)
    }

    fn corp() -> DomainName {
        "corp".into()
    }

    #[test]
    fn octets_and_text_come_out_as_the_model_has_them() {
        let entry = user(&[
            ("mS-DS-ConsistencyGuid", &[b"0123456789abcdef"]),
            ("proxyAddresses", &[b"smtp:b@x", b"SMTP:a@x"]),
            ("isCriticalSystemObject", &[b"FALSE"]),
            ("adminCount", &[b"1"]),
        ]);
        let user = read_user(&entry, &corp()).unwrap();
        assert_eq!(Anchor::from_guid(user.guid).octets(), b"0123456789abcdef");
        assert_eq!(user.consistency_guid, Some(Octets(GUID.to_vec())));
        assert_eq!((user.sid.as_str(), user.proxy_addresses.primary()), ("S-1-5-18", Some("a@x")));
        assert!(user.critical_system_object && user.admin_count && !user.is_disabled());
        assert_eq!(user.user_account_control, 0x8000_0200);
    }

    #[test]
    fn unusable_data_is_an_error_that_names_dn_and_attribute() {
        for (name, values) in [
            ("objectGUID", &[&b"short"[..]][..]),
            ("objectSid", &[b"\x01"]),
            ("sAMAccountName", &[]),
            ("userAccountControl", &[b"many"]),
            ("mail", &[b"a@x", b"b@x"]),
            ("displayName", &[b"\xff\xfe"]),
        ] {
            let error = read_user(&user(&[(name, values)]), &corp()).unwrap_err();
            assert_eq!(error.kind, ErrorKind::Broken);
            assert!(error.to_string().contains(&format!("{name} of CN=Jane Doe,DC=corp,DC=test")), "{error}");
        }
    }
}
