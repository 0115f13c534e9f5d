//! Another administrator, who works on the same users at the same time and knows nothing of us.

use super::dice::Dice;
use crate::image::roles;
use matchplan::lab::world::World;
use matchplan::lab::world::cloud::CloudRoleAssignment;
use matchplan::lab::world::derive;
use matchplan::lab::world::forest::AdValues;
use matchplan::model::anchor::Anchor;
use matchplan::model::id::{AdGuid, ObjectId, RoleDefinitionId};
use std::collections::BTreeSet;

/// One thing that somebody does. The number chooses whom it is done to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meddling {
    AddressInAd(usize),
    MailInAd(usize),
    AddressInCloud(usize),
    AnchorInCloud(usize),
    GrantRole(usize),
    RevokeRole(usize),
    GiveBack(usize),
}

impl Meddling {
    pub fn of(dice: &mut Dice) -> Self {
        let whom = dice.below(3);
        match dice.below(7) {
            0 => Self::AddressInAd(whom),
            1 => Self::MailInAd(whom),
            2 => Self::AddressInCloud(whom),
            3 => Self::AnchorInCloud(whom),
            4 => Self::GrantRole(whom),
            5 => Self::RevokeRole(whom),
            _ => Self::GiveBack(whom),
        }
    }
}

/// What others have done, and must find again.
#[derive(Clone, Debug, Default)]
pub struct Done {
    /// Addresses by AD user.
    pub ad_addresses: Vec<(AdGuid, String)>,
    /// `mail` by AD user: the newest.
    pub ad_mail: Vec<(AdGuid, String)>,
    /// Addresses by cloud user.
    pub cloud_addresses: Vec<(ObjectId, String)>,
    /// ImmutableIDs by cloud user.
    pub anchors: Vec<(ObjectId, String)>,
    /// Rows of `image::roles` that they made, and that they took away.
    pub roles_made: BTreeSet<String>,
    pub roles_gone: BTreeSet<String>,
}

/// A linked pair, as everybody knows it.
#[derive(Clone, Copy, Debug)]
pub struct Pair {
    pub ad: AdGuid,
    pub cloud: ObjectId,
}

/// A role that nobody at Contoso holds.
const REPORTS_READER: &str = "Reports Reader";

impl Done {
    /// Does it; `None` if there is nothing to do it to. `first` is the world before anything was done.
    pub fn meddle(&mut self, what: Meddling, world: &mut World, first: &World, pairs: &[Pair]) -> Option<String> {
        let (Meddling::AddressInAd(n)
        | Meddling::MailInAd(n)
        | Meddling::AddressInCloud(n)
        | Meddling::AnchorInCloud(n)
        | Meddling::GrantRole(n)
        | Meddling::RevokeRole(n)
        | Meddling::GiveBack(n)) = what;
        let pair = pairs[n % pairs.len()];
        let count = self.ad_addresses.len() + self.ad_mail.len() + self.cloud_addresses.len();
        let address = format!("smtp:of-others-{count}@contoso.com");
        let before = roles(world);
        match what {
            Meddling::AddressInAd(_) => {
                let entry = world.ad[0].entries.iter_mut().find(|entry| entry.guid == pair.ad)?;
                let mut all = entry.values("proxyAddresses").map_or_else(Vec::new, |values| values.texts().to_vec());
                all.push(address.clone());
                entry.attributes.insert("proxyAddresses".to_owned(), AdValues::Many(all));
                self.ad_addresses.push((pair.ad, address));
            }
            Meddling::MailInAd(_) => {
                let entry = world.ad[0].entries.iter_mut().find(|entry| entry.guid == pair.ad)?;
                let mail = format!("of-others-{count}@contoso.com");
                entry.attributes.insert("mail".to_owned(), AdValues::One(mail.clone()));
                self.ad_mail.retain(|(guid, _)| *guid != pair.ad);
                self.ad_mail.push((pair.ad, mail));
            }
            Meddling::AddressInCloud(_) => {
                let user = world.entra.users.iter_mut().find(|user| user.id == pair.cloud)?;
                if user.on_premises_sync_enabled == Some(true) {
                    return None;
                }
                user.proxy_addresses.push(address.clone());
                self.cloud_addresses.push((pair.cloud, address));
            }
            Meddling::AnchorInCloud(_) => {
                let user = world.entra.users.iter_mut().find(|user| user.id == pair.cloud)?;
                if user.on_premises_sync_enabled == Some(true) {
                    return None;
                }
                let anchor =
                    Anchor::from_guid(AdGuid(derive::uuid("objectGUID", &format!("of others {}", pair.cloud))));
                user.on_premises_immutable_id = Some(anchor.to_base64());
                self.anchors.push((pair.cloud, anchor.to_base64()));
            }
            Meddling::GrantRole(_) => {
                let role = world.entra.role_definitions.iter().find(|role| role.display_name == REPORTS_READER)?;
                let row = assignment(pair.cloud, &role.id, "/");
                if world.entra.role_assignments.iter().any(|known| known.id == row.id) {
                    return None;
                }
                world.entra.role_assignments.push(row);
            }
            Meddling::RevokeRole(_) => {
                let at = world.entra.role_assignments.iter().position(|row| row.principal_id == pair.cloud)?;
                world.entra.role_assignments.remove(at);
            }
            Meddling::GiveBack(_) => {
                let gone = |row: &&CloudRoleAssignment| {
                    row.principal_id == pair.cloud
                        && !world.entra.role_assignments.iter().any(|known| {
                            known.principal_id == row.principal_id
                                && known.role_definition_id == row.role_definition_id
                                && known.directory_scope_id == row.directory_scope_id
                        })
                };
                let row = first.entra.role_assignments.iter().find(gone)?.clone();
                let scope = row.directory_scope_id.clone().unwrap_or_default();
                let id =
                    derive::assignment_id(row.principal_id, &row.role_definition_id, &format!("{scope} by others"));
                world.entra.role_assignments.push(CloudRoleAssignment { id, ..row });
            }
        }
        let after = roles(world);
        for row in after.difference(&before) {
            self.roles_gone.remove(row);
            self.roles_made.insert(row.clone());
        }
        for row in before.difference(&after) {
            self.roles_made.remove(row);
            self.roles_gone.insert(row.clone());
        }
        Some(format!("{what:?} of {}", pair.cloud))
    }
}

fn assignment(principal_id: ObjectId, role: &RoleDefinitionId, scope: &str) -> CloudRoleAssignment {
    CloudRoleAssignment {
        id: derive::assignment_id(principal_id, role, scope),
        principal_id,
        role_definition_id: role.clone(),
        directory_scope_id: Some(scope.to_owned()),
        app_scope_id: None,
        condition: None,
    }
}
