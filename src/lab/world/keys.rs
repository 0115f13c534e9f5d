//! By which keys the records of a world are looked up. A key is a place to look, no judgement: whether two values are
//! the same to Entra or to AD is for whoever looks to say.

use super::cloud::{CloudGroup, CloudHolder, CloudRoleAssignment, CloudUser};
use super::forest::AdEntry;
use super::sync::Connected;
use super::table::Record;
use crate::lab::ldap::schema::{self, Syntax};
use crate::lab::ldap::value::{fold, to_octets};
use crate::model::digest::hex;
use crate::model::dn::Dn;

/// What a cloud object is found by. All but ids are in lower case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CloudKey {
    /// The object id.
    Id,
    /// The UPN.
    Upn,
    /// `mail`.
    Mail,
    /// A value of `proxyAddresses`, prefix included.
    Address,
    /// The ImmutableID.
    ImmutableId,
    /// The SID.
    Sid,
    /// The principal of a role assignment.
    Principal,
}

impl Record for CloudUser {
    type Key = CloudKey;

    fn identity(&self) -> (Self::Key, String) {
        (CloudKey::Id, self.id.to_string())
    }

    fn keys(&self, each: &mut dyn FnMut(CloudKey, &str)) {
        each(CloudKey::Id, &self.id.to_string());
        each(CloudKey::Upn, &self.user_principal_name.to_lowercase());
        addressed(self.mail.as_deref(), &self.proxy_addresses, each);
        if let Some(anchor) = &self.on_premises_immutable_id {
            each(CloudKey::ImmutableId, &anchor.to_lowercase());
        }
        if let Some(sid) = &self.on_premises_security_identifier {
            each(CloudKey::Sid, &sid.to_lowercase());
        }
    }
}

fn addressed(mail: Option<&str>, addresses: &[String], each: &mut dyn FnMut(CloudKey, &str)) {
    if let Some(mail) = mail {
        each(CloudKey::Mail, &mail.to_lowercase());
    }
    for address in addresses {
        each(CloudKey::Address, &address.to_lowercase());
    }
}

impl Record for CloudGroup {
    type Key = CloudKey;

    fn identity(&self) -> (Self::Key, String) {
        (CloudKey::Id, self.id.to_string())
    }

    fn keys(&self, each: &mut dyn FnMut(CloudKey, &str)) {
        each(CloudKey::Id, &self.id.to_string());
        addressed(self.mail.as_deref(), &self.proxy_addresses, each);
    }
}

impl Record for CloudHolder {
    type Key = CloudKey;

    fn identity(&self) -> (Self::Key, String) {
        (CloudKey::Id, self.id.to_string())
    }

    fn keys(&self, each: &mut dyn FnMut(CloudKey, &str)) {
        each(CloudKey::Id, &self.id.to_string());
        addressed(self.mail.as_deref(), &self.proxy_addresses, each);
    }
}

impl Record for CloudRoleAssignment {
    type Key = CloudKey;

    fn identity(&self) -> (Self::Key, String) {
        (CloudKey::Id, self.id.to_string())
    }

    fn keys(&self, each: &mut dyn FnMut(CloudKey, &str)) {
        each(CloudKey::Id, self.id.as_str());
        each(CloudKey::Principal, &self.principal_id.to_string());
    }
}

/// What an entry of AD is found by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AdKey {
    /// Its name, as [`dn_key`] writes it.
    Dn,
    /// The name of the container that it is in.
    Parent,
    /// A name that one of its attributes holds (`member`, `manager`, …).
    Link,
    /// `objectGUID`.
    Guid,
    /// `objectSid`.
    Sid,
    /// A value of one of the [`INDEXED`] attributes: folded text, or octets in hexadecimal.
    Value(&'static str),
}

/// The attributes that are indexed for equality, by the schema's names.
pub const INDEXED: [&str; 6] =
    ["mail", "mS-DS-ConsistencyGuid", "proxyAddresses", "sAMAccountName", "servicePrincipalName", "userPrincipalName"];

/// A name in the one form that all its spellings share.
pub fn dn_key(dn: &Dn) -> String {
    dn.folded_parts().collect::<Vec<_>>().join("\0")
}

impl Record for AdEntry {
    type Key = AdKey;

    fn identity(&self) -> (Self::Key, String) {
        (AdKey::Guid, self.guid.to_string())
    }

    fn keys(&self, each: &mut dyn FnMut(AdKey, &str)) {
        let name = dn_key(&self.dn);
        each(AdKey::Dn, &name);
        // A part cannot hold a NUL.
        if let Some((_, parent)) = name.split_once('\0') {
            each(AdKey::Parent, parent);
        }
        each(AdKey::Guid, &self.guid.to_string());
        if let Some(sid) = &self.sid {
            each(AdKey::Sid, &sid.to_string());
        }
        for (name, values) in &self.attributes {
            let Some(attribute) = schema::attribute(name) else { continue };
            if attribute.syntax == Syntax::Dn {
                for linked in values.texts().iter().filter_map(|text| Dn::parse(text).ok()) {
                    each(AdKey::Link, &dn_key(&linked));
                }
            } else if INDEXED.contains(&attribute.name) {
                let text = attribute.syntax == Syntax::Text;
                for value in to_octets(values) {
                    let form = if text { fold(&String::from_utf8_lossy(&value)) } else { hex(&value) };
                    each(AdKey::Value(attribute.name), &form);
                }
            }
        }
    }
}

/// What an imported object is found by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ConnectedKey {
    /// The AD object.
    Ad,
    /// The cloud object.
    Cloud,
}

impl Record for Connected {
    type Key = ConnectedKey;

    fn identity(&self) -> (Self::Key, String) {
        (ConnectedKey::Ad, self.ad.to_string())
    }

    fn keys(&self, each: &mut dyn FnMut(ConnectedKey, &str)) {
        each(ConnectedKey::Ad, &self.ad.to_string());
        if let Some(cloud) = &self.cloud {
            each(ConnectedKey::Cloud, &cloud.to_string());
        }
    }
}
