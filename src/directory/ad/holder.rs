//! An entry with an address that is no user, read into an [`AdHolder`]. As with users, one that cannot be read is an error
//! and never left out: it may hold the address that a link wants.

use super::entry::Entry;
use super::reader::Reader;
use crate::directory::error::DirectoryError;
use crate::model::id::DomainName;
use crate::model::recipient::{AdHolder, AdHolderKind};

/// What is read of it.
const ATTRIBUTES: [&str; 9] = [
    "objectClass",
    "objectGUID",
    "displayName",
    "cn",
    "sAMAccountName",
    "mail",
    "proxyAddresses",
    "mailNickname",
    "targetAddress",
];

/// The names of everything that is read.
pub fn attributes() -> Vec<String> {
    ATTRIBUTES.map(str::to_owned).to_vec()
}

/// Reads an entry of `domain`; ranged values must be complete.
pub fn read_holder(entry: &Entry, domain: &DomainName) -> Result<AdHolder, DirectoryError> {
    let at = Reader::new(entry);
    let dn = at.dn()?;
    let name = match at.string("displayName")? {
        Some(name) => name,
        None => at.string("cn")?.unwrap_or_else(|| dn.rdn().to_owned()),
    };
    Ok(AdHolder {
        kind: kind(entry.values("objectClass")),
        guid: at.guid()?,
        dn,
        domain: domain.clone(),
        name,
        sam: at.string("sAMAccountName")?.map(Into::into),
        mail: at.string("mail")?,
        proxy_addresses: at.addresses()?,
        mail_nickname: at.string("mailNickname")?,
        target_address: at.string("targetAddress")?,
    })
}

fn kind(classes: &[Vec<u8>]) -> AdHolderKind {
    let is = |class: &str| classes.iter().any(|one| one.eq_ignore_ascii_case(class.as_bytes()));
    if is("group") {
        AdHolderKind::Group
    } else if is("contact") {
        AdHolderKind::Contact
    } else if is("publicFolder") {
        AdHolderKind::PublicFolder
    } else if is("msExchDynamicDistributionList") {
        AdHolderKind::DynamicList
    } else {
        AdHolderKind::Other
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::error::ErrorKind;

    const GUID: &[u8] = b"0123456789abcdef";

    fn holder(more: &[(&str, &[&[u8]])]) -> Result<AdHolder, DirectoryError> {
        let mut attributes: Vec<(&str, &[&[u8]])> = vec![
            ("objectGUID", &[GUID]),
            ("objectClass", &[b"top", b"group"]),
            ("cn", &[b"Sales"]),
            ("proxyAddresses", &[b"SMTP:sales@contoso.com"]),
        ];
        attributes.retain(|(name, _)| !more.iter().any(|(other, _)| other == name));
        attributes.extend_from_slice(more);
        read_holder(&Entry::new("CN=Sales,DC=corp,DC=test", &attributes), &"corp".into())
    }

    #[test]
    fn an_object_is_told_by_class_and_name() {
        let read = holder(&[]).unwrap();
        assert_eq!((read.kind, read.name.as_str()), (AdHolderKind::Group, "Sales"));
        assert_eq!(read.proxy_addresses.primary(), Some("sales@contoso.com"));
        for (class, kind) in [
            (&b"contact"[..], AdHolderKind::Contact),
            (b"publicFolder", AdHolderKind::PublicFolder),
            (b"msExchDynamicDistributionList", AdHolderKind::DynamicList),
            (b"organizationalUnit", AdHolderKind::Other),
        ] {
            assert_eq!(holder(&[("objectClass", &[b"top", class])]).unwrap().kind, kind);
        }
        assert_eq!(holder(&[("displayName", &[b"All of Sales"])]).unwrap().name, "All of Sales");
    }

    #[test]
    fn unusable_data_is_an_error_that_names_dn_and_attribute() {
        for (name, values) in
            [("objectGUID", &[][..]), ("mail", &[&b"a@x"[..], b"b@x"]), ("proxyAddresses", &[b"\xff\xfe"])]
        {
            let error = holder(&[(name, values)]).unwrap_err();
            assert_eq!(error.kind, ErrorKind::Broken);
            assert!(error.to_string().contains(&format!("{name} of CN=Sales,DC=corp,DC=test")), "{error}");
        }
    }
}
