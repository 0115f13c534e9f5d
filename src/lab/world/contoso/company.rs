//! Contoso's tenant, domain and sync engine, before anybody works there.

use crate::lab::world::cloud::{
    AdministrativeUnit, Caller, Cloud, CloudDomain, CloudGroup, CloudHolder, CloudRoleAssignment, Features,
    RoleDefinition,
};
use crate::lab::world::derive;
use crate::lab::world::forest::{AdDomain, AdEntry, AdValues};
use crate::lab::world::load::{no_guid, no_object_id};
use crate::lab::world::sync::{MangledUpn, SyncEngine};
use crate::lab::world::table::Table;
use crate::model::anchor::SourceAnchor;
use crate::model::dn::Dn;
use crate::model::id::{ObjectId, RoleDefinitionId, TenantId};
use std::collections::{BTreeMap, BTreeSet};

/// Reads a DN that is written in this crate.
pub(in crate::lab::world) fn dn(text: &str) -> Dn {
    Dn::parse(text).unwrap_or_else(|error| unreachable!("{error}"))
}

/// The domain's base.
pub(in crate::lab::world) const BASE: &str = "DC=corp,DC=contoso,DC=com";

/// The container whose users are synced.
pub(in crate::lab::world) const SYNCED: &str = "OU=Users,OU=Corp,DC=corp,DC=contoso,DC=com";

/// An entry without a GUID yet.
pub(in crate::lab::world) fn entry(name: &str, classes: &[&str], attributes: &[(&str, &str)]) -> AdEntry {
    let classes = AdValues::Many(classes.iter().map(|&class| class.to_owned()).collect());
    let mut all = BTreeMap::from([("objectClass".to_owned(), classes)]);
    all.extend(attributes.iter().map(|&(name, value)| (name.to_owned(), AdValues::One(value.to_owned()))));
    AdEntry { dn: dn(name), guid: no_guid(), sid: None, attributes: all }
}

/// `corp.contoso.com` with its containers, the accounts that every domain has, and a computer and a group, which are
/// not users.
pub(in crate::lab::world) fn domain() -> AdDomain {
    let under = |rdn: &str| format!("{rdn},{BASE}");
    let container = |rdn: &str| {
        let name = rdn.split(['=', ',']).nth(1).unwrap_or_default();
        entry(&under(rdn), &["top", "organizationalUnit"], &[("ou", name)])
    };
    let mut partitions =
        entry(&under("CN=Partitions,CN=Configuration"), &["top", "crossRefContainer"], &[("cn", "Partitions")]);
    let suffixes = ["contoso.com", "fabrikam.com", "corp.contoso.local"].map(str::to_owned).to_vec();
    partitions.attributes.insert("uPNSuffixes".to_owned(), AdValues::Many(suffixes));
    let account = ["top", "person", "organizationalPerson", "user"];
    let mut entries = vec![
        entry(BASE, &["top", "domain", "domainDNS"], &[("dc", "corp")]),
        entry(&under("CN=Configuration"), &["top", "configuration"], &[("cn", "Configuration")]),
        partitions,
        entry(&under("CN=Users"), &["top", "container"], &[("cn", "Users")]),
        container("OU=Corp"),
        container("OU=Users,OU=Corp"),
        container("OU=Munich,OU=Users,OU=Corp"),
        container("OU=Staging"),
        container("OU=Service Accounts"),
        container("OU=Admins"),
        container("OU=Computers,OU=Corp"),
    ];
    entries.push(entry(
        &under("CN=Administrator,CN=Users"),
        &account,
        &[
            ("cn", "Administrator"),
            ("sAMAccountName", "Administrator"),
            ("userAccountControl", "512"),
            ("isCriticalSystemObject", "TRUE"),
            ("adminCount", "1"),
        ],
    ));
    for (name, description) in [
        ("matchplan", "Plans and applies links with Microsoft Entra ID"),
        ("MSOL_4f1c2a9d0b7e", "Account created by Microsoft Entra Connect"),
    ] {
        entries.push(entry(
            &under(&format!("CN={name},OU=Service Accounts")),
            &account,
            &[
                ("cn", name),
                ("sAMAccountName", name),
                ("userPrincipalName", &format!("{name}@corp.contoso.com")),
                ("description", description),
                ("userAccountControl", "66048"),
            ],
        ));
    }
    entries.push(entry(
        &under("CN=PC-0142,OU=Computers,OU=Corp"),
        &["top", "person", "organizationalPerson", "user", "computer"],
        &[("cn", "PC-0142"), ("sAMAccountName", "PC-0142$"), ("userAccountControl", "4096")],
    ));
    entries.push(entry(
        &under("CN=All Staff,OU=Users,OU=Corp"),
        &["top", "group"],
        &[("cn", "All Staff"), ("sAMAccountName", "All Staff"), ("groupType", "-2147483646")],
    ));
    AdDomain {
        name: "corp".into(),
        dns_name: "corp.contoso.com".to_owned(),
        netbios_name: "CORP".to_owned(),
        base_dn: dn(BASE),
        entries: entries.into(),
        deleted: Table::default(),
    }
}

/// Built-in roles: name and template id, the same in every tenant ("Microsoft Entra built-in roles").
const ROLES: [(&str, &str); 9] = [
    (GLOBAL_ADMINISTRATOR, "62e90394-69f5-4237-9190-012177145e10"),
    (EXCHANGE_ADMINISTRATOR, "29232cdf-9323-42fd-ade2-1d097af3e4de"),
    (USER_ADMINISTRATOR, "fe930be7-5e62-47db-91af-98c3a49a38b1"),
    (HELPDESK_ADMINISTRATOR, "729827e3-9c14-49f7-bb1b-9608f156bbb8"),
    (TEAMS_ADMINISTRATOR, "69091246-20e8-4a56-aa4d-066075b2a7a8"),
    (REPORTS_READER, "4a5d8f65-41da-4de4-8968-e035b65339cf"),
    ("Hybrid Identity Administrator", "8ac3fc64-6eca-42ea-9e69-59f4c7b60eb2"),
    (PRIVILEGED_ROLE_ADMINISTRATOR, "e8611ab8-c189-46e8-94e1-60213ab1f814"),
    (PRIVILEGED_AUTHENTICATION_ADMINISTRATOR, "7be44c8a-adaf-4e2a-84d6-ab2649e08a13"),
];
pub(super) const GLOBAL_ADMINISTRATOR: &str = "Global Administrator";
pub(super) const EXCHANGE_ADMINISTRATOR: &str = "Exchange Administrator";
pub(super) const USER_ADMINISTRATOR: &str = "User Administrator";
pub(super) const HELPDESK_ADMINISTRATOR: &str = "Helpdesk Administrator";
pub(super) const TEAMS_ADMINISTRATOR: &str = "Teams Administrator";
pub(super) const REPORTS_READER: &str = "Reports Reader";
const PRIVILEGED_ROLE_ADMINISTRATOR: &str = "Privileged Role Administrator";
const PRIVILEGED_AUTHENTICATION_ADMINISTRATOR: &str = "Privileged Authentication Administrator";

/// The administrative unit of the Berlin office.
pub(super) const BERLIN: &str = "Berlin";

/// An active assignment; the scope is `/` or an administrative unit's name.
pub(super) fn assignment(principal: ObjectId, role: &str, unit: Option<&str>) -> CloudRoleAssignment {
    let scope = unit.map_or_else(
        || "/".to_owned(),
        |unit| format!("/administrativeUnits/{}", derive::object_id("administrativeUnit", unit)),
    );
    assigned(principal, &role_id(role), scope)
}

/// An active assignment over the whole directory, of a role by its id.
pub(in crate::lab::world) fn assignment_of(principal: ObjectId, role: &RoleDefinitionId) -> CloudRoleAssignment {
    assigned(principal, role, "/".to_owned())
}

fn assigned(principal: ObjectId, role: &RoleDefinitionId, scope: String) -> CloudRoleAssignment {
    CloudRoleAssignment {
        id: derive::assignment_id(principal, role, &scope),
        principal_id: principal,
        role_definition_id: role.clone(),
        directory_scope_id: Some(scope),
        app_scope_id: None,
        condition: None,
    }
}

pub(super) fn role_id(role: &str) -> RoleDefinitionId {
    let known = ROLES.iter().find(|(name, _)| *name == role);
    known.map_or_else(|| unreachable!("{role} is in the table"), |(_, id)| (*id).into())
}

/// The tenant with its domains, groups and contacts.
pub(in crate::lab::world) fn tenant() -> Cloud {
    let named = |name: &str, kind: &str, initial: bool| CloudDomain {
        id: name.to_owned(),
        authentication_type: kind.to_owned(),
        is_verified: true,
        is_default: name == "contoso.com",
        is_initial: initial,
    };
    let holder = |name: &str, address: &str| CloudHolder {
        id: no_object_id(),
        display_name: name.to_owned(),
        mail: Some(address.to_owned()),
        proxy_addresses: vec![format!("SMTP:{address}")],
        on_premises_sync_enabled: None,
    };
    let group = |name: &str, address: &str| CloudGroup {
        mail: Some(address.to_owned()),
        proxy_addresses: vec![format!("SMTP:{address}")],
        ..CloudGroup::named(name)
    };
    let caller = derive::object_id("servicePrincipal", "matchplan");
    let caller_roles = [PRIVILEGED_ROLE_ADMINISTRATOR, PRIVILEGED_AUTHENTICATION_ADMINISTRATOR];
    Cloud {
        tenant_id: TenantId(derive::uuid("tenant", "contoso.onmicrosoft.com")),
        display_name: "Contoso".to_owned(),
        on_premises_sync_enabled: Some(true),
        on_premises_last_sync_date_time: None,
        domains: vec![
            named("contoso.com", "Managed", false),
            named("contoso.onmicrosoft.com", "Managed", true),
            named("fabrikam.com", "Federated", false),
        ],
        features: Features { password_sync_enabled: true, ..Features::default() },
        caller: Caller {
            id: caller,
            display_name: "matchplan".to_owned(),
            app_only: true,
            permissions: [
                "User.ReadWrite.All",
                "User.DeleteRestore.All",
                "User-OnPremisesSyncBehavior.ReadWrite.All",
                "Group.Read.All",
                "OrgContact.Read.All",
                "Domain.Read.All",
                "Organization.Read.All",
                "AdministrativeUnit.Read.All",
                "Directory.Read.All",
                "RoleManagement.ReadWrite.Directory",
                "RoleManagementPolicy.Read.AzureADGroup",
                "PrivilegedAssignmentSchedule.ReadWrite.AzureADGroup",
                "PrivilegedEligibilitySchedule.ReadWrite.AzureADGroup",
                "GroupMember.ReadWrite.All",
                "Policy.Read.All",
                "OnPremDirectorySynchronization.ReadWrite.All",
            ]
            .map(str::to_owned)
            .to_vec(),
            roles: caller_roles.map(role_id).to_vec(),
            multi_factor: false,
        },
        users: Table::default(),
        deleted_users: Table::default(),
        groups: vec![
            group("Sales", "sales@contoso.com"),
            group("All Staff", "all.staff@contoso.com"),
            group("Project Aurora", "aurora@contoso.com"),
        ]
        .into(),
        contacts: vec![
            holder("Sam Stone (external)", "s.stone@contoso.com"),
            holder("Tailspin Toys", "orders@tailspintoys.com"),
        ]
        .into(),
        administrative_units: vec![AdministrativeUnit { id: no_object_id(), display_name: BERLIN.to_owned() }],
        role_definitions: ROLES
            .iter()
            .map(|&(name, id)| RoleDefinition { id: id.into(), display_name: name.to_owned(), is_built_in: true })
            .collect(),
        role_assignments: caller_roles.iter().map(|role| assignment(caller, role, None)).collect(),
        role_assignment_schedules: Vec::new(),
        role_eligibility_schedules: Vec::new(),
        role_management_policies: Vec::new(),
        conditional_access_policies: Vec::new(),
        pim_licensed: true,
        past_role_assignments: BTreeSet::new(),
    }
}

/// Entra Connect with Express settings.
pub(in crate::lab::world) fn engine() -> SyncEngine {
    SyncEngine {
        scope: vec![dn(SYNCED)],
        source_anchor: SourceAnchor::ConsistencyGuid,
        password_hash_sync: true,
        staging: false,
        scheduler_enabled: true,
        interval_minutes: 30,
        next_cycle: None,
        deletion_threshold: 500,
        mangled_upn: MangledUpn::WithPlus,
        connector_space: Table::default(),
        cloud_sync: None,
        connected_holders: Vec::new(),
    }
}
