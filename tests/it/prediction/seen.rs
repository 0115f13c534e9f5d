//! The world as a snapshot: what a perfect reader of both directories would see.

use matchplan::lab::sync::view::AdView;
use matchplan::lab::world::World;
use matchplan::lab::world::cloud::{AccessId, AssignmentType, CloudUser};
use matchplan::lab::world::forest::{AdEntry, AdValues};
use matchplan::model::ad::{AdUser, Octets};
use matchplan::model::anchor::ImmutableId;
use matchplan::model::entra::{AddressHolder, EntraUser, HolderKind};
use matchplan::model::profile::{Profile, ProfileAttribute};
use matchplan::model::recipient::{AdHolder, AdHolderKind};
use matchplan::model::role::{GroupMember, RoleAssignment, RoleGrant, RoleGroup, RoleKind};
use matchplan::model::tenant::{Domain, SyncFeatures, Tenant};
use matchplan::snapshot::document::{AdDomainSnapshot, Coverage, SNAPSHOT_VERSION, Snapshot};

/// What a perfect reader of both directories would see.
pub(crate) fn snapshot(world: &World) -> Snapshot {
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
        display_name: user.display_name.map(Into::into),
        given_name: user.given_name.map(Into::into),
        surname: user.surname.map(Into::into),
        mail_nickname: user.mail_nickname.map(Into::into),
        target_address: None,
        recipient_type: (user.recipient_type != 0).then_some(user.recipient_type),
        profile: profile(|attribute| user.profile.get(attribute.ad_name())),
        user_account_control: user.user_account_control.unwrap(),
        critical_system_object: user.critical_system_object,
        admin_count: false,
    });
    let cloud = &world.entra;
    let features = &cloud.features;
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
            holders: domain.entries.iter().filter_map(|entry| ad_holder(entry, world)).collect(),
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
                    federated: d.authentication_type == "Federated",
                    initial: d.is_initial,
                    default: false,
                })
                .collect(),
            sync_enabled: cloud.on_premises_sync_enabled,
            last_sync: cloud.on_premises_last_sync_date_time,
            switches: std::collections::BTreeMap::new(),
            deletion_threshold: Some(world.sync.deletion_threshold),
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
        marks: None,
        coverage: Coverage::Whole,
        deleted_users: cloud.deleted_users.iter().map(entra_user).collect(),
        holders: address_holders(world),
        roles: roles(world),
        role_groups: role_groups(world),
        role_policies: Vec::new(),
        recipients: None,
        caller: None,
        gaps: Vec::new(),
    }
}

fn ad_holder(entry: &AdEntry, world: &World) -> Option<AdHolder> {
    let kinds = [("group", AdHolderKind::Group), ("contact", AdHolderKind::Contact)];
    let (_, kind) = kinds.into_iter().find(|(class, _)| entry.has_class(class))?;
    Some(AdHolder {
        kind,
        guid: entry.guid,
        dn: entry.dn.clone(),
        domain: world.ad[0].name.clone(),
        name: entry.dn.to_string(),
        sam: None,
        mail: None,
        proxy_addresses: entry
            .values("proxyAddresses")
            .map_or(&[][..], AdValues::texts)
            .iter()
            .map(String::as_str)
            .collect(),
        mail_nickname: None,
        target_address: None,
    })
}

fn address_holders(world: &World) -> Vec<AddressHolder> {
    let cloud = &world.entra;
    let groups = cloud.groups.iter().map(|group| AddressHolder {
        kind: HolderKind::Group,
        id: group.id,
        display_name: Some(group.display_name.clone()),
        mail: group.mail.clone(),
        proxy_addresses: group.proxy_addresses.iter().map(String::as_str).collect(),
        synced: group.on_premises_sync_enabled == Some(true),
        assignable_to_role: group.is_assignable_to_role,
        microsoft_365: group.group_types.iter().any(|one| one == "Unified"),
    });
    let contacts = cloud.contacts.iter().map(|contact| AddressHolder {
        kind: HolderKind::Contact,
        id: contact.id,
        display_name: Some(contact.display_name.clone()),
        mail: contact.mail.clone(),
        proxy_addresses: contact.proxy_addresses.iter().map(String::as_str).collect(),
        synced: contact.on_premises_sync_enabled == Some(true),
        assignable_to_role: false,
        microsoft_365: false,
    });
    groups.chain(contacts).collect()
}

/// Active, activated and eligible roles of users and groups.
fn roles(world: &World) -> Vec<RoleAssignment> {
    let cloud = &world.entra;
    let grant = |role: &matchplan::model::id::RoleDefinitionId, scope: Option<&str>| RoleGrant {
        role: role.clone(),
        role_name: cloud.role_definitions.iter().find(|known| known.id == *role).unwrap().display_name.clone(),
        directory_scope: scope.map(str::to_owned),
        app_scope: None,
        condition: None,
    };
    let active = cloud.scheduled_roles(world.clock).map(|role| RoleAssignment {
        id: role.id.clone(),
        principal: role.principal_id,
        kind: match role.assignment_type() {
            AssignmentType::Assigned => RoleKind::Active,
            AssignmentType::Activated => RoleKind::Activated,
        },
        starts: role.term().start,
        ends: role.term().end,
        grant: grant(role.role_definition_id, role.directory_scope),
    });
    let eligible = cloud.eligibilities(world.clock).map(|role| RoleAssignment {
        id: role.id.0.clone().into(),
        principal: role.principal_id,
        kind: RoleKind::Eligible,
        starts: role.start_date_time,
        ends: role.end_date_time,
        grant: grant(&role.role_definition_id, role.directory_scope()),
    });
    active.chain(eligible).collect()
}

/// Role-assignable groups with their members, those in readiness too.
fn role_groups(world: &World) -> Vec<RoleGroup> {
    let member = |user, kind| GroupMember { user, kind, starts: None, ends: None };
    let groups = world.entra.groups.iter().filter(|group| group.is_assignable_to_role);
    groups
        .map(|group| {
            let inside = group.holders(AccessId::Member, world.clock);
            let eligible = group.eligibility_schedules.iter().filter(|row| row.access_id == AccessId::Member);
            RoleGroup {
                id: group.id,
                name: group.display_name.clone(),
                members: inside
                    .into_iter()
                    .map(|user| member(user, RoleKind::Active))
                    .chain(eligible.map(|row| member(row.principal_id, RoleKind::Eligible)))
                    .collect(),
                owners: group.owners.clone(),
                uses: Vec::new(),
            }
        })
        .collect()
}

fn entra_user(user: &CloudUser) -> EntraUser {
    EntraUser {
        id: user.id,
        upn: user.user_principal_name.as_str().into(),
        display_name: user.display_name.clone().map(Into::into),
        given_name: user.given_name.clone().map(Into::into),
        surname: user.surname.clone().map(Into::into),
        mail: user.mail.clone(),
        mail_nickname: user.mail_nickname.clone().map(Into::into),
        proxy_addresses: user.proxy_addresses.iter().map(String::as_str).collect(),
        account_enabled: Some(user.account_enabled),
        user_type: Some(user.user_type.as_str().into()),
        immutable_id: user.on_premises_immutable_id.clone().map(ImmutableId),
        sync_enabled: user.on_premises_sync_enabled,
        security_identifier: user.on_premises_security_identifier.as_ref().map(|sid| sid.parse().unwrap()),
        last_sync: user.on_premises_last_sync_date_time,
        object_identifier: user.on_premises_object_identifier.clone(),
        cloud_managed: Some(user.is_cloud_managed),
        provisioning_errors: Vec::new(),
        profile: profile(|attribute| user.profile.get(attribute.graph_name())),
        deleted: user.deleted_date_time,
    }
}

/// The attributes that have a value.
fn profile<'a>(value: impl Fn(ProfileAttribute) -> Option<&'a String>) -> Profile {
    ProfileAttribute::ALL.iter().filter_map(|attribute| Some((*attribute, value(*attribute)?.clone()))).collect()
}
