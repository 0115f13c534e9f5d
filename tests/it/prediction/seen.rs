//! The world as a snapshot: what a perfect reader of both directories would see.

use matchplan::lab::sync::view::AdView;
use matchplan::lab::world::World;
use matchplan::lab::world::cloud::CloudUser;
use matchplan::model::ad::{AdUser, Octets};
use matchplan::model::anchor::ImmutableId;
use matchplan::model::entra::{AddressHolder, EntraUser, HolderKind};
use matchplan::model::profile::Profile;
use matchplan::model::role::{RoleAssignment, RoleGrant, RoleKind};
use matchplan::model::tenant::{Domain, SyncFeatures, Tenant};
use matchplan::snapshot::document::{AdDomainSnapshot, SNAPSHOT_VERSION, Snapshot};

/// What a perfect reader of both directories would see.
pub(super) fn snapshot(world: &World) -> Snapshot {
    let domain = &world.ad[0];
    let users = AdView::of_forest(&world.ad).users.into_iter().map(|user| AdUser {
        guid: user.guid,
        dn: user.dn,
        domain: domain.name.clone(),
        sam: user.sam.unwrap().into(),
        sid: user.sid,
        upn: user.upn.map(Into::into),
        mail: user.mail,
        proxy_addresses: user.proxy_addresses.into_iter().collect(),
        consistency_guid: user.consistency_guid.map(Octets),
        display_name: user.display_name,
        given_name: user.given_name,
        surname: user.surname,
        mail_nickname: user.mail_nickname,
        target_address: None,
        recipient_type: None,
        profile: Profile::new(),
        user_account_control: user.user_account_control.unwrap(),
        critical_system_object: user.critical_system_object,
        admin_count: false,
    });
    let cloud = &world.entra;
    let features = &cloud.features;
    let role_name = |id: &matchplan::model::id::RoleDefinitionId| {
        cloud.role_definitions.iter().find(|role| role.id == *id).unwrap().display_name.clone()
    };
    Snapshot {
        format_version: SNAPSHOT_VERSION,
        taken: world.clock,
        domains: vec![AdDomainSnapshot {
            name: domain.name.clone(),
            base_dn: domain.base_dn.clone(),
            dns_name: domain.dns_name.clone(),
            server: "dc".to_owned(),
            upn_suffixes: Vec::new(),
            users: users.collect(),
            holders: Vec::new(),
        }],
        tenant: Tenant {
            id: cloud.tenant_id,
            display_name: cloud.display_name.clone(),
            domains: cloud
                .domains
                .iter()
                .map(|d| Domain {
                    name: d.id.clone(),
                    verified: d.is_verified,
                    federated: false,
                    initial: d.is_initial,
                    default: false,
                })
                .collect(),
            sync_enabled: cloud.on_premises_sync_enabled,
            last_sync: cloud.on_premises_last_sync_date_time,
            features: Some(SyncFeatures {
                block_soft_match: features.block_soft_match_enabled,
                block_hard_match: features.block_cloud_object_takeover_through_hard_match_enabled,
                soft_match_on_upn: features.soft_match_on_upn_enabled,
                allow_object_identifier_update: features.allow_on_prem_update_of_on_premises_object_identifier_enabled,
                synchronize_upn_for_managed_users: features.synchronize_upn_for_managed_users_enabled,
                password_sync: features.password_sync_enabled,
            }),
        },
        users: cloud.users.iter().map(entra_user).collect(),
        deleted_users: cloud.deleted_users.iter().map(entra_user).collect(),
        holders: cloud
            .groups
            .iter()
            .map(|group| AddressHolder {
                kind: HolderKind::Group,
                id: group.id,
                display_name: Some(group.display_name.clone()),
                mail: group.mail.clone(),
                proxy_addresses: group.proxy_addresses.iter().map(String::as_str).collect(),
                synced: false,
            })
            .collect(),
        roles: cloud
            .role_assignments
            .iter()
            .map(|role| RoleAssignment {
                id: role.id.clone(),
                principal: role.principal_id,
                kind: RoleKind::Active,
                starts: None,
                ends: None,
                grant: RoleGrant {
                    role: role.role_definition_id.clone(),
                    role_name: role_name(&role.role_definition_id),
                    directory_scope: role.directory_scope_id.clone(),
                    app_scope: role.app_scope_id.clone(),
                    condition: role.condition.clone(),
                },
            })
            .collect(),
        role_groups: Vec::new(),
        role_policies: Vec::new(),
        recipients: None,
        caller: None,
        gaps: Vec::new(),
    }
}

fn entra_user(user: &CloudUser) -> EntraUser {
    EntraUser {
        id: user.id,
        upn: user.user_principal_name.as_str().into(),
        display_name: user.display_name.clone(),
        given_name: user.given_name.clone(),
        surname: user.surname.clone(),
        mail: user.mail.clone(),
        mail_nickname: user.mail_nickname.clone(),
        proxy_addresses: user.proxy_addresses.iter().map(String::as_str).collect(),
        account_enabled: Some(user.account_enabled),
        user_type: Some(user.user_type.clone()),
        immutable_id: user.on_premises_immutable_id.clone().map(ImmutableId),
        sync_enabled: user.on_premises_sync_enabled,
        security_identifier: user.on_premises_security_identifier.as_ref().map(|sid| sid.parse().unwrap()),
        last_sync: user.on_premises_last_sync_date_time,
        object_identifier: user.on_premises_object_identifier.clone(),
        cloud_managed: Some(user.is_cloud_managed),
        provisioning_errors: Vec::new(),
        profile: Profile::new(),
        deleted: user.deleted_date_time,
    }
}
