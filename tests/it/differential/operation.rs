//! One operation, and everything of its answer that a client can rely on.

use crate::support::ldap::attributes;
use ldap3::adapters::{Adapter, EntriesOnly, PagedResults};
use ldap3::controls::RawControl;
use ldap3::{Ldap, Mod, Scope, SearchEntry};
use matchplan::model::dn::Dn;
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// What to send.
#[derive(Clone, Debug)]
pub(super) enum Operation {
    /// A search; `page` is its page size.
    Search { base: String, scope: Scope, filter: String, attributes: Vec<&'static str>, page: Option<i32> },
    /// A modify.
    Modify { dn: String, changes: Vec<Change> },
    /// An add.
    Add { dn: String, attributes: Vec<(&'static str, Vec<String>)> },
    /// A delete.
    Delete { dn: String },
    /// A rename or move.
    Move { dn: String, rdn: &'static str, delete_old: bool, parent: Option<String> },
    /// A compare.
    Compare { dn: String, attribute: &'static str, value: &'static str },
    /// The next operation with a critical control that has no value.
    With(&'static str, Box<Operation>),
}

/// One change of a modify.
#[derive(Clone, Debug)]
pub(super) enum Change {
    Add(&'static str, Vec<Vec<u8>>),
    Delete(&'static str, Vec<Vec<u8>>),
    Replace(&'static str, Vec<Vec<u8>>),
}

type Values = BTreeSet<String>;

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    /// The result code; of a search, the last page's.
    pub(super) code: u32,
    /// What was found, or what a write left behind: by DN, then by attribute, both in lower case.
    pub(super) entries: BTreeMap<String, BTreeMap<String, Values>>,
}

/// What is read after a write.
const WATCHED: [&str; 15] = [
    "cn",
    "description",
    "displayName",
    "distinguishedName",
    "employeeID",
    "mail",
    "mS-DS-ConsistencyGuid",
    "name",
    "objectClass",
    "objectSid",
    "proxyAddresses",
    "sAMAccountName",
    "sn",
    "userAccountControl",
    "userPrincipalName",
];

/// Sends an operation.
pub(super) async fn send(ldap: &mut Ldap, operation: &Operation) -> Answer {
    match operation {
        Operation::Search { base, scope, filter, attributes, page } => {
            search(ldap, base, *scope, filter, attributes.clone(), *page).await
        }
        Operation::Modify { dn, changes } => {
            let changes: Vec<Mod<Vec<u8>>> = changes.iter().map(Change::to_mod).collect();
            let code = ldap.modify(dn, changes).await.expect("an answer").rc;
            left_behind(ldap, code, [dn.clone()]).await
        }
        Operation::Add { dn, attributes } => {
            let attributes =
                attributes.iter().map(|(name, values)| (*name, values.iter().map(String::as_str).collect()));
            let code = ldap.add(dn, attributes.collect::<Vec<(&str, HashSet<&str>)>>()).await.expect("an answer").rc;
            left_behind(ldap, code, [dn.clone()]).await
        }
        Operation::Delete { dn } => {
            let code = ldap.delete(dn).await.expect("an answer").rc;
            left_behind(ldap, code, [dn.clone()]).await
        }
        Operation::Move { dn, rdn, delete_old, parent } => {
            let code = ldap.modifydn(dn, rdn, *delete_old, parent.as_deref()).await.expect("an answer").rc;
            let old_parent = Dn::parse(dn).ok().and_then(|dn| dn.parent()).map(String::from);
            let moved = parent.clone().or(old_parent).map(|parent| format!("{rdn},{parent}"));
            left_behind(ldap, code, [dn.clone()].into_iter().chain(moved)).await
        }
        Operation::Compare { dn, attribute, value } => {
            let code = ldap.compare(dn, attribute, value).await.expect("an answer").0.rc;
            Answer { code, entries: BTreeMap::new() }
        }
        Operation::With(control, operation) => {
            ldap.with_controls(RawControl { ctype: (*control).to_owned(), crit: true, val: None });
            Box::pin(send(ldap, operation)).await
        }
    }
}

/// The result code of a write with what the named entries hold now.
async fn left_behind(ldap: &mut Ldap, code: u32, names: impl IntoIterator<Item = String>) -> Answer {
    let mut entries = BTreeMap::new();
    for name in names {
        entries.extend(search(ldap, &name, Scope::Base, "(objectClass=*)", WATCHED.to_vec(), None).await.entries);
    }
    Answer { code, entries }
}

async fn search(
    ldap: &mut Ldap,
    base: &str,
    scope: Scope,
    filter: &str,
    attributes: Vec<&'static str>,
    page: Option<i32>,
) -> Answer {
    let mut adapters: Vec<Box<dyn Adapter<_, _>>> = vec![Box::new(EntriesOnly::new())];
    if let Some(size) = page {
        adapters.push(Box::new(PagedResults::new(size)));
    }
    let mut stream = ldap.streaming_search_with(adapters, base, scope, filter, attributes).await.expect("an answer");
    let mut entries = BTreeMap::new();
    while let Some(entry) = stream.next().await.expect("an answer") {
        let entry = SearchEntry::construct(entry);
        let dn = entry.dn.to_lowercase();
        let earlier = entries.insert(dn.clone(), self::attributes(entry).into_iter().map(readable).collect());
        assert!(earlier.is_none(), "{dn} came twice");
    }
    Answer { code: stream.finish().await.rc, entries }
}

/// DNs and classes compare without case; octets that are no text are shown in hexadecimal.
fn readable((name, values): (String, BTreeSet<Vec<u8>>)) -> (String, Values) {
    let fold = matches!(name.as_str(), "distinguishedname" | "objectclass" | "member" | "memberof" | "objectcategory");
    let text = |value: Vec<u8>| match String::from_utf8(value) {
        Ok(text) if fold => text.to_lowercase(),
        Ok(text) => text,
        Err(octets) => matchplan::model::digest::hex(octets.as_bytes()),
    };
    (name, values.into_iter().map(text).collect())
}

impl Change {
    fn to_mod(&self) -> Mod<Vec<u8>> {
        let set = |values: &Vec<Vec<u8>>| values.iter().cloned().collect::<HashSet<_>>();
        match self {
            Self::Add(name, values) => Mod::Add(name.as_bytes().to_vec(), set(values)),
            Self::Delete(name, values) => Mod::Delete(name.as_bytes().to_vec(), set(values)),
            Self::Replace(name, values) => Mod::Replace(name.as_bytes().to_vec(), set(values)),
        }
    }
}
