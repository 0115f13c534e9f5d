//! An entry read into an [`AdUser`].
//!
//! A user that cannot be read is an error that names the DN and the attribute, never a user left out: a snapshot that
//! lacks a user would make the planner see a free address or a missing link where there is none. Attributes that every
//! user has (`objectGUID`, `objectSid`, `sAMAccountName`, `userAccountControl`) must be there; if one is not, the
//! account that we are bound as may not read it. The others may be absent, but not unreadable.

use super::entry::Entry;
use super::reader::Reader;
use crate::directory::error::DirectoryError;
use crate::model::ad::{AdUser, Octets};
use crate::model::id::{DomainName, Sid};
use crate::model::profile::{Profile, ProfileAttribute};

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
    let at = Reader::new(entry);
    let sid = Sid::from_octets(at.required("objectSid")?).map_err(|e| at.problem("objectSid", &e.to_string()))?;
    let control: i32 = at.integer("userAccountControl")?.ok_or_else(|| at.missing("userAccountControl"))?;
    Ok(AdUser {
        guid: at.guid()?,
        dn: at.dn()?,
        domain: domain.clone(),
        sam: at.string("sAMAccountName")?.ok_or_else(|| at.missing("sAMAccountName"))?.into(),
        sid,
        upn: at.string("userPrincipalName")?.map(Into::into),
        mail: at.string("mail")?,
        proxy_addresses: at.addresses()?,
        consistency_guid: at.single("mS-DS-ConsistencyGuid")?.map(|octets| Octets(octets.to_vec())),
        display_name: at.string("displayName")?.map(Into::into),
        given_name: at.string("givenName")?.map(Into::into),
        surname: at.string("sn")?.map(Into::into),
        mail_nickname: at.string("mailNickname")?.map(Into::into),
        target_address: at.string("targetAddress")?,
        recipient_type: at.integer("msExchRecipientTypeDetails")?,
        profile: profile(&at)?,
        // A signed 32-bit integer on the wire, a set of bits in meaning.
        user_account_control: control.cast_unsigned(),
        critical_system_object: !entry.values("isCriticalSystemObject").is_empty(),
        admin_count: at.integer::<i32>("adminCount")?.is_some_and(|count| count > 0),
    })
}

/// The attributes that describe a person.
fn profile(at: &Reader<'_>) -> Result<Profile, DirectoryError> {
    let values = ProfileAttribute::ALL.iter().map(|attribute| Ok((*attribute, at.string(attribute.ad_name())?)));
    let values: Vec<_> = values.collect::<Result<_, _>>()?;
    Ok(values.into_iter().filter_map(|(attribute, value)| Some((attribute, value?))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::error::ErrorKind;
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
        assert_eq!((user.sid.to_string().as_str(), user.proxy_addresses.primary()), ("S-1-5-18", Some("a@x")));
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
