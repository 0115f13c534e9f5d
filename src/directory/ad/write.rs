//! Writing one domain: compare-and-swap of attributes, and moves.
//!
//! AD has no assertion control (RFC 4528); what it has is that one modify is atomic and that deleting a value that is
//! not there fails (RFC 4511 section 4.6). So a change deletes exactly the old values by name and adds the new ones: if
//! somebody changed one in between, nothing happens at all. Two things this cannot see, which the executor's read
//! afterwards does: a value that somebody *added* to a set, and a value changed in case only, as AD compares these
//! attributes without case.

use super::connection::{AdDomain, by_guid};
use super::outcome::{During, from_error, from_result};
use crate::directory::error::{DirectoryError, ErrorKind};
use crate::model::attribute::AttributeChange;
use crate::model::dn::Dn;
use crate::model::reference::AdRef;
use ldap3::{Ldap, LdapResult, Mod};
use std::collections::HashSet;
use std::time::Duration;

/// How long a write may take before its outcome counts as unknown.
const WRITE_TIMEOUT: Duration = Duration::from_mins(1);

impl AdDomain {
    /// Changes attributes in one atomic modify. A change that changes nothing is not sent.
    pub async fn modify(&self, user: &AdRef, changes: &[AttributeChange]) -> Result<(), DirectoryError> {
        let names: Vec<&str> = changes.iter().map(|change| change.attribute.name()).collect();
        let what = format!("change {} of {user} ({})", names.join(", "), user.dn);
        let Some(mods) = modifications(changes) else {
            return Err(DirectoryError::new(ErrorKind::Refused, what, "a value is not of its attribute's form"));
        };
        if mods.is_empty() {
            return Ok(());
        }
        let target = by_guid(user.guid);
        let send = async |mut ldap: Ldap| ldap.with_timeout(WRITE_TIMEOUT).modify(&target, mods.clone()).await;
        self.write(send, what).await
    }

    /// Moves the user below `parent`, keeping the name that it has now. Where it already is there, nothing is sent.
    pub async fn move_under(&self, user: &AdRef, parent: &Dn) -> Result<(), DirectoryError> {
        let what = format!("move {user} to {parent}");
        let gone = || DirectoryError::new(ErrorKind::NotFound, what.clone(), "it is not there any more");
        // Its name of planning time would rename it back if somebody has renamed it since.
        let now = match user.holder {
            None => self.user(user.guid).await?.map(|user| user.dn),
            Some(_) => self.holder(user.guid).await?.map(|holder| holder.dn),
        };
        let now = now.ok_or_else(gone)?;
        if now.parent().as_ref() == Some(parent) {
            return Ok(());
        }
        // Servers answer the same for a missing target and a missing user; these are different news.
        if self.object(parent.as_str(), vec!["objectClass".into()], &what).await?.is_none() {
            let error = DirectoryError::new(ErrorKind::Refused, what, format!("there is no {parent}"));
            return Err(error.with_hint("create the OU, or correct `move_to`"));
        }
        let target = by_guid(user.guid);
        let send = async |mut ldap: Ldap| {
            ldap.with_timeout(WRITE_TIMEOUT).modifydn(&target, now.rdn(), true, Some(parent.as_str())).await
        };
        self.write(send, what).await
    }

    /// Sends a write. It is sent a second time only if the first never left this process.
    async fn write(
        &self,
        send: impl AsyncFn(Ldap) -> ldap3::result::Result<LdapResult>,
        what: String,
    ) -> Result<(), DirectoryError> {
        let mut answer = send(self.ldap().await?).await;
        if matches!(answer, Err(ldap3::LdapError::OpSend { .. })) {
            answer = send(self.ldap().await?).await;
        }
        match answer {
            Ok(result) if result.rc == 0 => Ok(()),
            Ok(result) => Err(from_result(&result, During::Write, what)),
            Err(error) => {
                // What comes next is a read that must tell whether it was done: not over a connection that hangs.
                self.forget_connection().await;
                Err(from_error(&error, During::Write, what))
            }
        }
    }
}

/// Per attribute first the deletions, then the additions: a value whose case or primary mark changes is, to AD, the same
/// value, and could not be added while it is still there. `None` if a value is not of its attribute.
fn modifications(changes: &[AttributeChange]) -> Option<Vec<Mod<Vec<u8>>>> {
    let mut mods = Vec::new();
    for change in changes {
        let name = change.attribute.name().as_bytes().to_vec();
        let octets = |value: &String| change.attribute.octets(value);
        let removed: HashSet<Vec<u8>> = change.removed().map(octets).collect::<Option<_>>()?;
        let added: HashSet<Vec<u8>> = change.added().map(octets).collect::<Option<_>>()?;
        if !removed.is_empty() {
            mods.push(Mod::Delete(name.clone(), removed));
        }
        if !added.is_empty() {
            mods.push(Mod::Add(name, added));
        }
    }
    Some(mods)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::attribute::AdAttribute;

    fn change(attribute: AdAttribute, expects: &[&str], sets: &[&str]) -> AttributeChange {
        let owned = |values: &[&str]| values.iter().map(ToString::to_string).collect();
        AttributeChange { attribute, expects: owned(expects), sets: owned(sets) }
    }

    fn set(values: &[&str]) -> HashSet<Vec<u8>> {
        values.iter().map(|v| v.as_bytes().to_vec()).collect()
    }

    #[test]
    fn an_anchor_goes_as_octets_and_nonsense_not_at_all() {
        let anchor = |value| change(AdAttribute::ConsistencyGuid, &[], &[value]);
        let mods = modifications(&[anchor("iGhmiAEBERG7uxI0VniQqw==")]).unwrap();
        let octets = uuid::uuid!("88666888-0101-1111-bbbb-1234567890ab").to_bytes_le().to_vec();
        assert_eq!(mods, [Mod::Add(b"mS-DS-ConsistencyGuid".to_vec(), HashSet::from([octets]))]);
        assert_eq!(modifications(&[anchor("jane@gmail.com")]), None);
    }

    #[test]
    fn a_new_primary_is_deleted_before_it_is_added() {
        let mods = modifications(&[change(
            AdAttribute::ProxyAddresses,
            &["SMTP:a@x", "smtp:b@x", "x500:c"],
            &["SMTP:b@x", "smtp:a@x", "x500:c"],
        )])
        .unwrap();
        let name = b"proxyAddresses".to_vec();
        assert_eq!(
            mods,
            [Mod::Delete(name.clone(), set(&["SMTP:a@x", "smtp:b@x"])), Mod::Add(name, set(&["SMTP:b@x", "smtp:a@x"])),]
        );
    }

    #[test]
    fn absent_values_are_neither_deleted_nor_added() {
        let mods = modifications(&[
            change(AdAttribute::Mail, &[], &["a@x"]),
            change(AdAttribute::UserPrincipalName, &["a@x"], &[]),
            change(AdAttribute::ProxyAddresses, &["smtp:a@x"], &["smtp:a@x"]),
        ])
        .unwrap();
        let mail = Mod::Add(b"mail".to_vec(), set(&["a@x"]));
        assert_eq!(mods, [mail, Mod::Delete(b"userPrincipalName".to_vec(), set(&["a@x"]))]);
    }
}
