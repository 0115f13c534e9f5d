//! A lab's world, put into a real domain.
//!
//! A directory chooses GUIDs and SIDs itself, so the world that comes back refers to those: the scenario is the same,
//! the ids are the domain's.

use super::ldap::{Directory, attributes, expect_code};
use ldap3::{Ldap, Mod, Scope, SearchEntry};
use matchplan::lab::world::World;
use matchplan::lab::world::cloud::CloudUser;
use matchplan::lab::world::forest::AdEntry;
use matchplan::model::anchor::{Anchor, SourceAnchor};
use matchplan::model::dn::Dn;
use matchplan::model::id::{AdGuid, Sid};
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// A world as a real domain holds it.
#[derive(Debug)]
pub struct Seeded {
    /// The world with the domain's own GUIDs and SIDs, on the cloud's side too.
    pub world: World,
    /// Attributes (in lower case) that the domain's schema lacks or lets only the system write.
    pub left_out: BTreeSet<String>,
}

/// Creates the world's entries in the domain. The world has one AD domain, with the directory's base DN.
pub async fn seed(directory: &Directory, world: &World) -> Seeded {
    let mut seeded = Seeded { world: world.clone(), left_out: BTreeSet::new() };
    let [domain] = seeded.world.ad.as_mut_slice() else { panic!("a world with one domain is wanted") };
    assert_eq!(domain.base_dn, Dn::parse(&directory.base_dn).expect("a DN"), "the domain has another name");
    let mut ldap = directory.bound().await;
    let writable = writable_attributes(&mut ldap).await;
    let mut ids = NewIds::default();
    // Parents before children.
    domain.entries.sort_by_cached_key(|entry| depth(&entry.dn));
    for entry in &mut domain.entries {
        let unwritable =
            entry.attributes.keys().map(|name| name.to_lowercase()).filter(|name| !writable.contains(name));
        seeded.left_out.extend(unwritable);
        create(&mut ldap, entry, &writable).await;
        let anchored_by_guid =
            world.sync.source_anchor == SourceAnchor::ObjectGuid || entry.values("mS-DS-ConsistencyGuid").is_none();
        let (guid, sid) = ids_of(&mut ldap, &entry.dn).await.expect("what was created is there");
        ids.guids.insert(entry.guid, guid);
        if anchored_by_guid {
            ids.anchors.insert(Anchor::from_guid(entry.guid), Anchor::from_guid(guid));
        }
        if let (Some(old), Some(new)) = (&entry.sid, &sid) {
            ids.sids.insert(old.to_string(), new.to_string());
        }
        entry.guid = guid;
        entry.sid = sid;
    }
    ids.write_into(&mut seeded.world);
    seeded
}

/// Which of the world's ids became which of the domain's.
#[derive(Default)]
struct NewIds {
    guids: BTreeMap<AdGuid, AdGuid>,
    anchors: BTreeMap<Anchor, Anchor>,
    sids: BTreeMap<String, String>,
}

impl NewIds {
    fn write_into(&self, world: &mut World) {
        let cloud = &mut world.entra;
        for user in cloud.users.iter_mut().chain(&mut cloud.deleted_users) {
            self.write_into_user(user);
        }
        for connected in &mut world.sync.connector_space {
            replace(&mut connected.ad, &self.guids);
            replace(&mut connected.anchor, &self.anchors);
        }
    }

    fn write_into_user(&self, user: &mut CloudUser) {
        if let Some(text) = &mut user.on_premises_immutable_id
            && let Some(new) = Anchor::from_base64(text).ok().and_then(|old| self.anchors.get(&old))
        {
            *text = new.to_base64();
        }
        if let Some(sid) = &mut user.on_premises_security_identifier {
            replace(sid, &self.sids);
        }
        if let Some(text) = &mut user.on_premises_object_identifier
            && let Some(new) = text.parse().ok().and_then(|old| self.guids.get(&old))
        {
            *text = new.to_string();
        }
    }
}

fn replace<T: Ord + Clone>(value: &mut T, by: &BTreeMap<T, T>) {
    if let Some(new) = by.get(value) {
        value.clone_from(new);
    }
}

fn depth(dn: &Dn) -> usize {
    std::iter::successors(Some(dn.clone()), Dn::parent).count()
}

/// Creates an entry; one that every domain has (`CN=Users`, `Administrator`, …) is given the world's values.
async fn create(ldap: &mut Ldap, entry: &AdEntry, writable: &BTreeSet<String>) {
    let dn = entry.dn.as_str();
    let attributes: Vec<(Vec<u8>, HashSet<Vec<u8>>)> = entry
        .attributes
        .iter()
        .filter(|(name, _)| writable.contains(&name.to_lowercase()))
        .map(|(name, values)| (name.clone().into_bytes(), values.to_octets().into_iter().collect()))
        .collect();
    if ids_of(ldap, &entry.dn).await.is_none() {
        let mut attributes = attributes;
        if entry.has_class("user") && !entry.has_class("computer") {
            // An account without a password cannot be an enabled one.
            let quoted = "\"Only.For.Tests.1\"".encode_utf16().flat_map(u16::to_le_bytes).collect();
            attributes.push((b"unicodePwd".to_vec(), HashSet::from([quoted])));
        }
        let answer = ldap.add(dn, attributes).await.expect("the directory answers");
        return expect_code(&answer, &[0], &format!("adding {dn}"));
    }
    let named_by = entry.dn.rdn().split('=').next().unwrap_or_default().to_lowercase();
    let changes: Vec<_> = attributes
        .into_iter()
        .filter(|(name, _)| {
            let name = String::from_utf8_lossy(name).to_lowercase();
            name != "objectclass" && name != named_by
        })
        .map(|(name, values)| Mod::Replace(name, values))
        .collect();
    if !changes.is_empty() {
        let answer = ldap.modify(dn, changes).await.expect("the directory answers");
        expect_code(&answer, &[0], &format!("changing {dn}"));
    }
}

/// The names, in lower case, of the attributes that clients may write.
async fn writable_attributes(ldap: &mut Ldap) -> BTreeSet<String> {
    let root = ldap.search("", Scope::Base, "(objectClass=*)", ["schemaNamingContext"]).await;
    let (root, _) = root.and_then(ldap3::SearchResult::success).expect("rootDSE is readable");
    let root = SearchEntry::construct(root.into_iter().next().expect("there is a rootDSE"));
    let filter = "(&(objectClass=attributeSchema)(!(systemOnly=TRUE)))";
    let found = ldap.search(&root.attrs["schemaNamingContext"][0], Scope::OneLevel, filter, ["lDAPDisplayName"]).await;
    let (found, _) = found.and_then(ldap3::SearchResult::success).expect("the schema is readable");
    let names = found.into_iter().filter_map(|entry| SearchEntry::construct(entry).attrs.remove("lDAPDisplayName"));
    let mut names: BTreeSet<String> = names.flatten().map(|name| name.to_lowercase()).collect();
    // The schema calls the first system-only, though every add names it, and not the second, which is refused.
    names.insert("objectclass".to_owned());
    names.remove("iscriticalsystemobject");
    names
}

/// The entry's GUID and SID, if there is such an entry.
async fn ids_of(ldap: &mut Ldap, dn: &Dn) -> Option<(AdGuid, Option<Sid>)> {
    let answer = ldap.search(dn.as_str(), Scope::Base, "(objectClass=*)", ["objectGUID", "objectSid"]).await;
    let ldap3::SearchResult(found, answer) = answer.expect("the directory answers");
    expect_code(&answer, &[0, 32], &format!("reading {dn}"));
    let values = attributes(found.into_iter().next().map(SearchEntry::construct)?);
    let one = |name: &str| values.get(name).and_then(|values| values.first());
    let guid = Anchor::from_octets(one("objectguid").expect("every entry has a GUID")).expect("it has 16 octets");
    Some((guid.to_guid(), one("objectsid").map(|octets| Sid::from_octets(octets).expect("it is a SID"))))
}
