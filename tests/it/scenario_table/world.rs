//! A scenario's world, its configuration and its match plan.

use super::format::{Ad, Cloud, Holder, Scenario};
use matchplan::lab::sync::cycle::of_embedded_forest;
use matchplan::lab::world::{World, contoso, derive, load};
use matchplan::model::anchor::Anchor;
use matchplan::model::digest::hex;
use matchplan::model::dn::Dn;
use matchplan::model::id::{AdGuid, ObjectId};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::path::Path;

const BASE: &str = "DC=corp,DC=contoso,DC=com";
const SYNCED: &str = "OU=Users,OU=Corp,DC=corp,DC=contoso,DC=com";
const STAGING: &str = "OU=Staging,DC=corp,DC=contoso,DC=com";
pub const INITIAL: &str = "contoso.onmicrosoft.com";

/// The roles that a scenario can name, and the one that a tenant made for itself.
const ROLES: [(&str, &str); 3] = [
    ("Global Administrator", "62e90394-69f5-4237-9190-012177145e10"),
    ("Helpdesk Administrator", "729827e3-9c14-49f7-bb1b-9608f156bbb8"),
    ("Printer Keeper", "0c0c0c0c-1111-4222-8333-444444444444"),
];

/// Who is who.
pub struct Cast {
    pub ad: BTreeMap<String, AdGuid>,
    pub cloud: BTreeMap<String, (ObjectId, String)>,
    anchors: BTreeMap<String, Anchor>,
}

impl Cast {
    /// The name of a cloud user; `new` if the scenario does not know it.
    pub fn name(&self, id: ObjectId) -> &str {
        self.cloud.iter().find(|(_, (known, _))| *known == id).map_or("new", |(name, _)| name)
    }

    /// The anchor of an AD user, or of one that is gone.
    pub fn anchor(&self, name: &str) -> Anchor {
        self.anchors.get(name).copied().unwrap_or_else(|| Anchor::from_guid(guid(name, &Ad::default())))
    }
}

fn dn(name: &str, user: &Ad) -> Dn {
    let parent = Dn::parse(if user.in_scope { SYNCED } else { STAGING }).expect("a DN");
    match &user.cn {
        // Escapes and all.
        Some(cn) => Dn::parse(&format!("CN={cn},{parent}")).expect("a DN"),
        None => parent.child("CN", name).expect("a DN"),
    }
}

fn guid(name: &str, user: &Ad) -> AdGuid {
    derive::ad_guid(&dn(name, user))
}

fn object_id(kind: &str, name: &str) -> String {
    derive::object_id(kind, name).to_string()
}

/// Puts a value in unless it is empty.
fn put(into: &mut Map<String, Value>, name: &str, value: Option<String>) {
    if let Some(value) = value.filter(|value| !value.is_empty()) {
        into.insert(name.to_owned(), Value::String(value));
    }
}

/// What is written, or what is usual.
fn or<T: Clone>(written: Option<&T>, usual: impl FnOnce() -> T) -> T {
    written.cloned().unwrap_or_else(usual)
}

fn ad_entry(name: &str, user: &Ad) -> Value {
    let address = || format!("{name}@contoso.com");
    let mut attributes = Map::new();
    let class = user.class.as_deref().unwrap_or("user");
    attributes.insert("objectClass".into(), json!(["top", "person", "organizationalPerson", class]));
    put(&mut attributes, "sAMAccountName", Some(or(user.sam.as_ref(), || name.to_owned())));
    put(&mut attributes, "userPrincipalName", Some(or(user.upn.as_ref(), address)));
    put(&mut attributes, "mail", Some(or(user.mail.as_ref(), address)));
    put(&mut attributes, "mailNickname", Some(or(user.nickname.as_ref(), || name.to_owned())));
    put(&mut attributes, "displayName", Some(or(user.display_name.as_ref(), || format!("{name} in AD"))));
    let addresses = user.addresses.clone().unwrap_or_else(|| vec![format!("SMTP:{}", address())]);
    if !addresses.is_empty() {
        attributes.insert("proxyAddresses".into(), json!(addresses));
    }
    put(&mut attributes, "userAccountControl", Some(if user.disabled { "514" } else { "512" }.to_owned()));
    put(&mut attributes, "adminCount", user.admin_count.then(|| "1".to_owned()));
    put(&mut attributes, "isCriticalSystemObject", user.critical.map(|value| value.to_string().to_uppercase()));
    put(&mut attributes, "msExchRecipientTypeDetails", user.recipient_type.map(|kind| kind.to_string()));
    if let Some(octets) = consistency(user) {
        attributes.insert("mS-DS-ConsistencyGuid".into(), json!({ "hex": [octets] }));
    }
    json!({ "dn": dn(name, user).to_string(), "attributes": attributes })
}

fn consistency(user: &Ad) -> Option<String> {
    let of = |name: &String| hex(Anchor::from_guid(guid(name, &Ad::default())).octets());
    user.consistency_hex.clone().or_else(|| user.consistency_of.as_ref().map(of))
}

fn anchor(name: &str, user: &Ad, source: Option<&str>) -> Option<Anchor> {
    match user.consistency_hex.as_ref().filter(|_| source != Some("objectGUID")) {
        Some(octets) => Anchor::from_any(octets).ok(),
        None => Some(match user.consistency_of.as_ref().filter(|_| source != Some("objectGUID")) {
            Some(of) => Anchor::from_guid(guid(of, &Ad::default())),
            None => Anchor::from_guid(guid(name, user)),
        }),
    }
}

fn cloud_user(name: &str, user: &Cloud, cast: &Cast, scenario: &Scenario) -> Value {
    let address = || format!("{name}@contoso.com");
    let mut fields = Map::new();
    let (id, upn) = &cast.cloud[name];
    fields.insert("id".into(), json!(id.to_string()));
    let prefix = if user.deleted { id.0.simple().to_string() } else { String::new() };
    fields.insert("userPrincipalName".into(), json!(format!("{prefix}{upn}")));
    put(&mut fields, "mail", Some(or(user.mail.as_ref(), address)));
    put(&mut fields, "mailNickname", Some(name.to_owned()));
    put(&mut fields, "displayName", Some(or(user.display_name.as_ref(), || format!("{name} in the cloud"))));
    let addresses = user.addresses.clone().unwrap_or_else(|| vec![format!("SMTP:{}", address())]);
    fields.insert("proxyAddresses".into(), json!(addresses));
    let anchored = user.anchor_of.as_ref().map(|of| cast.anchor(of).to_base64());
    put(&mut fields, "onPremisesImmutableId", user.immutable_id.clone().or(anchored));
    let of = |name: &String| cast.ad.get(name).copied().unwrap_or_else(|| guid(name, &Ad::default()));
    let identifier = user.identifier_of.as_ref().map(|name| of(name).to_string());
    put(&mut fields, "onPremisesObjectIdentifier", identifier);
    let sid = user.sid_of.as_ref().map(|name| {
        let plain = Ad::default();
        let dn = dn(name, scenario.ad.get(name).unwrap_or(&plain));
        derive::sid(&Dn::parse(BASE).expect("a DN"), &dn).to_string()
    });
    put(&mut fields, "onPremisesSecurityIdentifier", sid);
    fields.insert("isCloudManaged".into(), json!(user.keeps_authority));
    if user.deleted {
        fields.insert("deletedDateTime".into(), json!("2026-08-30T08:00:00Z"));
    }
    Value::Object(fields)
}

/// An assignment, written as `ROLE` or `ROLE at ADMINISTRATIVE UNIT`.
pub fn assignment(principal: &str, written: &str) -> Result<Value, String> {
    let (role, unit) = written.split_once(" at ").map_or((written, None), |(role, unit)| (role, Some(unit)));
    let (_, id) = ROLES.iter().find(|(name, _)| *name == role).ok_or_else(|| format!("there is no role {role}"))?;
    let scope = unit.map_or_else(|| "/".to_owned(), |unit| format!("/administrativeUnits/{}", object_id("unit", unit)));
    Ok(json!({ "principalId": principal, "roleDefinitionId": id, "directoryScopeId": scope }))
}

/// The world, and who is who in it.
pub fn build(scenario: &Scenario) -> Result<(World, Cast), String> {
    let source = scenario.source_anchor.as_deref();
    let anchors = scenario.ad.iter().filter_map(|(name, user)| Some((name.clone(), anchor(name, user, source)?)));
    let cast = Cast {
        ad: scenario.ad.iter().map(|(name, user)| (name.clone(), guid(name, user))).collect(),
        cloud: scenario
            .cloud
            .iter()
            .map(|(name, user)| {
                let upn = user.upn.clone().unwrap_or_else(|| format!("{name}@contoso.com"));
                (name.clone(), (derive::object_id("user", name), upn))
            })
            .collect(),
        anchors: anchors.collect(),
    };
    let mut world = serde_json::to_value(contoso()).map_err(|error| error.to_string())?;
    furnish(&mut world, scenario, &cast)?;
    let mut world = load::parse(&world.to_string(), Path::new("scenario")).map_err(|error| error.to_string())?;
    // Somebody was synced before: the tenant's anchor shows in her.
    of_embedded_forest(&mut world);
    for _ in 0..scenario.cycles_before {
        of_embedded_forest(&mut world);
    }
    then(&mut world, scenario, &cast)?;
    for late in ad_holders(scenario, true) {
        world.ad[0].entries.push(serde_json::from_value(late).map_err(|error| error.to_string())?);
    }
    load::fill_in_ids(&mut world);
    Ok((world, cast))
}

/// Replaces everybody in Contoso by the scenario's people.
fn furnish(world: &mut Value, scenario: &Scenario, cast: &Cast) -> Result<(), String> {
    let entries = world["ad"][0]["entries"].as_array_mut().ok_or("a world has entries")?;
    entries.retain(|entry| {
        let classes = entry["attributes"]["objectClass"].as_array();
        !classes.is_some_and(|classes| classes.iter().any(|c| ["user", "group", "contact"].iter().any(|k| c == k)))
    });
    let seen = Ad { in_scope: true, consistency_of: Some("sample's earlier self".into()), ..Ad::default() };
    let seen = if scenario.source_anchor.is_some() { Ad { consistency_of: None, ..seen } } else { seen };
    entries.push(ad_entry("sample", &seen));
    entries.extend(scenario.ad.iter().map(|(name, user)| ad_entry(name, user)));
    entries.extend(ad_holders(scenario, false));
    let entra = &mut world["entra"];
    let named = |name: &str, kind: &str, initial: bool| json!({ "id": name, "authenticationType": kind, "isVerified": true, "isInitial": initial });
    entra["domains"] = json!([
        named("contoso.com", "Managed", false),
        named("federated.contoso.com", "Federated", false),
        named(INITIAL, "Managed", true)
    ]);
    let (deleted, live): (Vec<_>, Vec<_>) = scenario.cloud.iter().partition(|(_, user)| user.deleted);
    let users = |all: Vec<(&String, &Cloud)>| -> Vec<Value> {
        all.into_iter().map(|(name, user)| cloud_user(name, user, cast, scenario)).collect()
    };
    entra["users"] = json!(users(live));
    entra["deletedUsers"] = json!(users(deleted));
    entra["features"] = serde_json::to_value(&scenario.switches).map_err(|error| error.to_string())?;
    if let Some(permissions) = entra["caller"]["permissions"].as_array_mut() {
        permissions.retain(|name| !scenario.without.iter().any(|lacking| name == lacking));
    }
    entra["contacts"] = scenario.contact.iter().map(|(name, contact)| holder("contact", name, contact)).collect();
    roles(entra, scenario, cast)?;
    world["sync"]["connector_space"] = json!([]);
    world["sync"]["password_hash_sync"] = json!(scenario.password_hash_sync);
    if let Some(attribute) = &scenario.source_anchor {
        world["sync"]["source_anchor"] = json!(attribute);
    }
    Ok(())
}

/// AD's groups and contacts: those that the last cycle saw, or those that came after it.
fn ad_holders(scenario: &Scenario, late: bool) -> Vec<Value> {
    let holders = [("group", &scenario.ad_group), ("contact", &scenario.ad_contact)];
    let all = holders.iter().flat_map(|(class, all)| all.iter().map(move |(name, holder)| (class, name, holder)));
    all.filter(|(_, _, holder)| holder.comes_late == late)
        .map(|(class, name, holder)| {
            json!({ "dn": format!("CN={name},{SYNCED}"), "attributes": {
                "objectClass": ["top", class], "displayName": name, "mailNickname": name,
                "mail": primary(holder), "proxyAddresses": holder.addresses,
            } })
        })
        .collect()
}

fn primary(holder: &Holder) -> &str {
    holder.addresses.iter().find_map(|address| address.strip_prefix("SMTP:")).unwrap_or("nobody@contoso.com")
}

fn holder(kind: &str, name: &str, holder: &Holder) -> Value {
    let mut fields = json!({
        "id": object_id(kind, name), "displayName": name, "proxyAddresses": holder.addresses,
    });
    if holder.synced {
        fields["onPremisesSyncEnabled"] = json!(true);
    }
    fields
}

/// Roles, eligibilities and role-assignable groups.
fn roles(entra: &mut Value, scenario: &Scenario, cast: &Cast) -> Result<(), String> {
    let mut units = Vec::new();
    let mut all = |written: &mut dyn Iterator<Item = (&str, &String)>| -> Result<Vec<Value>, String> {
        written
            .map(|(principal, role)| {
                units.extend(role.split_once(" at ").map(|(_, unit)| unit.to_owned()));
                assignment(principal, role)
            })
            .collect()
    };
    let ids: BTreeMap<&String, String> = cast.cloud.iter().map(|(name, (id, _))| (name, id.to_string())).collect();
    let group_ids: BTreeMap<&String, String> = scenario.group.keys().map(|n| (n, object_id("group", n))).collect();
    let of = |pick: fn(&Cloud) -> &Vec<String>| {
        let ids = &ids;
        scenario
            .cloud
            .iter()
            .flat_map(move |(name, user)| pick(user).iter().map(move |role| (ids[name].as_str(), role)))
    };
    let of_groups = scenario.group.iter().flat_map(|(name, group)| {
        let id = group_ids[name].as_str();
        group.roles.iter().map(move |role| (id, role))
    });
    let active = all(&mut of(|user| &user.roles).chain(of_groups))?;
    let eligible = all(&mut of(|user| &user.eligible))?;
    let activated: Vec<Value> = all(&mut of(|user| &user.activated))?
        .into_iter()
        .map(|mut row| {
            row["assignmentType"] = json!("Activated");
            row["endDateTime"] = json!("2026-09-01T18:00:00Z");
            row
        })
        .collect();
    units.sort();
    units.dedup();
    entra["roleAssignments"] = json!(active);
    entra["administrativeUnits"] =
        units.iter().map(|unit| json!({ "id": object_id("unit", unit), "displayName": unit })).collect();
    entra["roleDefinitions"] = ROLES
        .iter()
        .map(|(name, id)| json!({ "id": id, "displayName": name, "isBuiltIn": *name != "Printer Keeper" }))
        .collect();
    let member = |name: &str, pick: fn(&Cloud) -> &Vec<String>| -> Vec<&str> {
        let is_in = |user: &Cloud| pick(user).iter().any(|group| group == name);
        scenario.cloud.iter().filter(|(_, user)| is_in(user)).map(|(user, _)| ids[user].as_str()).collect()
    };
    entra["groups"] = scenario
        .group
        .iter()
        .map(|(name, group)| {
            let mut fields = holder("group", name, group);
            if !group.roles.is_empty() {
                let eligible = member(name, |user| &user.eligible_member_of);
                fields["isAssignableToRole"] = json!(true);
                fields["members"] = json!(member(name, |user| &user.member_of));
                fields["eligibilitySchedules"] = eligible.into_iter().map(|id| json!({ "principalId": id })).collect();
            }
            fields
        })
        .collect();
    for gone in ["conditionalAccessPolicies", "roleManagementPolicies", "pastRoleAssignments"] {
        entra.as_object_mut().map(|entra| entra.remove(gone));
    }
    for (name, rows) in [("roleEligibilitySchedules", eligible), ("roleAssignmentSchedules", activated)] {
        entra.as_object_mut().map(|entra| entra.remove(name));
        if !rows.is_empty() {
            entra[name] = json!(rows);
        }
    }
    if !scenario.pim {
        entra["pimLicensed"] = json!(false);
    }
    Ok(())
}

/// What happened since the cycles before.
fn then(world: &mut World, scenario: &Scenario, cast: &Cast) -> Result<(), String> {
    for (name, then) in &scenario.then {
        if then.leaves_scope {
            let staging = Dn::parse(STAGING).expect("a DN");
            let guid = cast.ad.get(name).ok_or_else(|| format!("there is no AD user {name}"))?;
            let synced = move_entry(world, *guid, &staging).ok_or("the AD user is there")?;
            of_embedded_forest(world);
            if then.restored.as_ref().is_none_or(|restored| restored == name) {
                move_entry(world, *guid, &synced);
            }
        }
        let of = |name: &String| cast.cloud.get(name).ok_or_else(|| format!("there is no cloud user {name}"));
        let cloud = &mut world.entra;
        if let Some(restored) = &then.restored {
            let (id, _) = of(restored)?;
            let at = cloud.deleted_users.iter().position(|user| user.id == *id).ok_or("the user is not deleted")?;
            let mut user = cloud.deleted_users.remove(at);
            user.deleted_date_time = None;
            user.user_principal_name = user.user_principal_name.replacen(&id.0.simple().to_string(), "", 1);
            cloud.users.push(user);
        }
        for role in &then.gets_roles {
            let mut row = assignment(&of(name)?.0.to_string(), role)?;
            row["id"] = json!(format!("given-to-{name}"));
            cloud.role_assignments.push(serde_json::from_value(row).map_err(|error| error.to_string())?);
        }
    }
    Ok(())
}

fn move_entry(world: &mut World, guid: AdGuid, to: &Dn) -> Option<Dn> {
    let entry = world.ad[0].entries.iter_mut().find(|entry| entry.guid == guid)?;
    let from = entry.dn.parent();
    entry.dn = entry.dn.moved_to(to);
    from
}

/// `matchplan.toml`.
pub fn settings(scenario: &Scenario) -> String {
    let hold = "hold = { command = [\"x\"] }\nrelease = { command = [\"x\"] }\n";
    let anchor = scenario.source_anchor.as_deref().map(|name| format!("source_anchor = \"{name}\"\n"));
    format!(
        "version = 1\n[entra]\ntenant = \"{INITIAL}\"\n[[ad]]\nname = \"corp\"\nurl = \"ldaps://dc.corp.contoso.com\"\n\
         base_dn = \"{BASE}\"\nuser = \"svc@corp.contoso.com\"\npassword = {{ env = \"AD_PASSWORD\" }}\n{}[sync]\n\
         synced_ous = [\"{SYNCED}\"]\n{}",
        anchor.unwrap_or_default(),
        if scenario.hold { hold } else { "" }
    )
}

/// The one link.
pub fn match_plan(scenario: &Scenario, cast: &Cast) -> String {
    let mut link = scenario.link.clone();
    let ad = link.remove("ad").unwrap_or_else(|| "jane".into());
    let cloud = link.remove("cloud").unwrap_or_else(|| "jane".into());
    let named = cloud.as_str().and_then(|name| cast.cloud.get(name)).map(|(_, upn)| upn.clone().into());
    let staged = ad.as_str().and_then(|name| scenario.ad.get(name)).is_some_and(|user| !user.in_scope);
    let stays = link.get("move_to").is_some_and(|to| to.as_str() == Some(""));
    if stays {
        link.remove("move_to");
    } else if staged && !link.contains_key("move_to") {
        link.insert("move_to".into(), SYNCED.into());
    }
    // An account name may differ from the name in the scenario.
    let sam = ad.as_str().and_then(|name| scenario.ad.get(name)?.sam.clone()).map(toml::Value::from);
    link.insert("ad".into(), sam.unwrap_or(ad));
    link.insert("cloud".into(), named.unwrap_or(cloud));
    format!("version = 1\n[[link]]\n{link}")
}
