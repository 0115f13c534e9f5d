//! A world of one AD user `jane` in scope, and whatever a test adds.

use crate::lab::sync::cycle::of_embedded_forest;
use crate::lab::sync::report::{CycleReport, ErrorCode, ObjectReport, Outcome};
use crate::lab::world::World;
use crate::lab::world::cloud::{CloudRoleAssignment, CloudUser};
use crate::lab::world::forest::{AdEntry, AdValues};
use crate::lab::world::load::{fill_in_ids, parse};
use crate::model::anchor::Anchor;
use crate::model::id::ObjectId;
use std::path::Path;

pub(super) const JANE: &str = "CN=Jane,OU=Staff,DC=ad,DC=test";
pub(super) const INITIAL: &str = "x.onmicrosoft.com";

/// The tenant `x.onmicrosoft.com` with the verified domain `x.com`, the forest `ad.test` with Jane in scope, in the
/// format of a world's file.
const WORLD: &str = r#"{
  "version": 1,
  "clock": "2026-09-01T08:00:00Z",
  "ad": [{
    "name": "ad", "dns_name": "ad.test", "netbios_name": "AD", "base_dn": "DC=ad,DC=test",
    "entries": [
      {"dn": "CN=Jane,OU=Staff,DC=ad,DC=test", "attributes": {
        "objectClass": ["top", "person", "organizationalPerson", "user"],
        "sAMAccountName": "jane", "userPrincipalName": "jane@x.com", "displayName": "Jane (AD)", "mail": "jane@x.com",
        "proxyAddresses": ["SMTP:jane@x.com"], "userAccountControl": "512"}}
    ]
  }],
  "entra": {
    "tenantId": "11111111-2222-3333-4444-555555555555", "displayName": "X",
    "domains": [
      {"id": "x.com", "authenticationType": "Managed", "isVerified": true},
      {"id": "x.onmicrosoft.com", "authenticationType": "Managed", "isVerified": true, "isInitial": true}
    ],
    "features": {"passwordSyncEnabled": true},
    "caller": {"id": "99999999-2222-3333-4444-555555555555", "displayName": "test", "permissions": [], "roles": []},
    "users": [],
    "roleDefinitions": [{"id": "729827e3-9c14-49f7-bb1b-9608f156bbb8", "displayName": "Helpdesk Administrator"}]
  },
  "sync": {"scope": ["OU=Staff,DC=ad,DC=test"], "password_hash_sync": true}
}"#;

pub(super) struct Small {
    pub(super) world: World,
}

/// Jane alone.
pub(super) fn jane() -> Small {
    Small { world: parse(WORLD, Path::new("test")).unwrap() }
}

/// A cloud-only user.
pub(super) fn user(upn: &str, addresses: &[&str]) -> CloudUser {
    CloudUser {
        id: ObjectId(crate::lab::world::derive::uuid("user", upn)),
        display_name: Some("Jane (cloud)".to_owned()),
        mail: addresses.iter().find_map(|a| a.strip_prefix("SMTP:")).map(str::to_owned),
        proxy_addresses: addresses.iter().map(|&a| a.to_owned()).collect(),
        ..CloudUser::named(upn)
    }
}

impl Small {
    pub(super) fn with(mut self, user: CloudUser) -> Self {
        self.world.entra.users.push(user);
        self
    }

    pub(super) fn deleted(mut self, user: CloudUser) -> Self {
        let deleted_date_time = Some(self.world.clock);
        self.world.entra.deleted_users.push(CloudUser { deleted_date_time, ..user });
        self
    }

    pub(super) fn having(mut self, change: impl FnOnce(&mut World)) -> Self {
        change(&mut self.world);
        fill_in_ids(&mut self.world);
        self
    }

    pub(super) fn set(self, attribute: &str, values: &[&str]) -> Self {
        let values = AdValues::Many(values.iter().map(|&v| v.to_owned()).collect());
        self.having(|w| {
            w.ad[0].entries[0].attributes.insert(attribute.to_owned(), values);
        })
    }

    pub(super) fn unset(self, attribute: &str) -> Self {
        self.having(|w| {
            w.ad[0].entries[0].attributes.remove(attribute);
        })
    }

    pub(super) fn role_for(self, id: ObjectId) -> Self {
        self.having(|w| {
            w.entra.role_assignments.push(CloudRoleAssignment {
                id: String::new().into(),
                principal_id: id,
                role_definition_id: "729827e3-9c14-49f7-bb1b-9608f156bbb8".into(),
                directory_scope_id: Some("/".to_owned()),
                app_scope_id: None,
                condition: None,
            });
        })
    }

    /// Another AD user in scope, with addresses of its own.
    pub(super) fn colleague(self, name: &str) -> Self {
        let sam = name.to_lowercase();
        let address = format!("{sam}@x.com");
        self.having(|w| {
            let jane = &w.ad[0].entries[0];
            let mut attributes = jane.attributes.clone();
            let own = [
                ("sAMAccountName", sam),
                ("userPrincipalName", address.clone()),
                ("mail", address.clone()),
                ("proxyAddresses", format!("SMTP:{address}")),
            ];
            attributes.extend(own.map(|(name, value)| (name.to_owned(), AdValues::One(value))));
            let dn = jane.dn.parent().unwrap().child("CN", name).unwrap();
            let guid = crate::lab::world::derive::ad_guid(&dn);
            w.ad[0].entries.push(AdEntry { dn, guid, sid: None, attributes });
        })
    }

    pub(super) fn entry(&self) -> &AdEntry {
        self.world.ad[0].entries.iter().find(|e| e.dn.as_str() == JANE).unwrap()
    }

    /// Jane's anchor while her mS-DS-ConsistencyGuid is empty.
    pub(super) fn anchor(&self) -> String {
        Anchor::from_guid(self.entry().guid).to_base64()
    }

    pub(super) fn cycle(&mut self) -> CycleReport {
        of_embedded_forest(&mut self.world)
    }

    /// Runs a cycle and says what became of Jane.
    #[track_caller]
    pub(super) fn outcome(&mut self) -> (Outcome, Option<ErrorCode>) {
        let ObjectReport { outcome, error, .. } = self.report();
        (outcome, error.map(|e| e.code))
    }

    #[track_caller]
    pub(super) fn report(&mut self) -> ObjectReport {
        let guid = self.entry().guid;
        self.cycle().of(guid).cloned().expect("something happened to Jane")
    }

    #[track_caller]
    pub(super) fn cloud(&self, id: ObjectId) -> &CloudUser {
        self.world.entra.users.iter().find(|u| u.id == id).expect("the cloud user is live")
    }

    /// The error that Jane's export has, as the engine remembers it.
    pub(super) fn remembered_error(&self) -> Option<&str> {
        let guid = self.entry().guid;
        self.world.sync.connector_space.iter().find(|c| c.ad == guid).and_then(|c| c.error.as_deref())
    }
}
