//! Search.

use super::controls::{Controls, Page};
use super::filter::Filter;
use super::forest::{Forest, Place, View};
use super::paging::{Cursor, Cursors};
use super::refusal::{Outcome, Refusal};
use super::root_dse;
use super::select::Selection;
use super::target::{Target, ldap_url};
use super::value::Key;
use crate::lab::world::keys::{AdKey, INDEXED, dn_key};
use crate::model::digest::hex;
use crate::model::dn::Dn;
use crate::model::id::{AdGuid, Sid};
use rasn_ldap::{SearchRequest, SearchRequestScope, SearchResultEntry};
use std::collections::BTreeMap;

/// The most entries that one answer holds (AD's MaxPageSize): a search for more must be paged.
pub const MAX_ENTRIES: usize = 1_000;

/// What a search answers.
#[derive(Clone, Debug)]
pub struct Found {
    /// The entries.
    pub entries: Vec<SearchResultEntry>,
    /// URLs of naming contexts below the base, which the search did not enter.
    pub references: Vec<String>,
    /// How it ended; a size limit comes with the entries up to it.
    pub end: Outcome,
    /// The cookie of the next page if the search is paged; empty after the last one.
    pub cookie: Option<Vec<u8>>,
}

impl Found {
    fn whole(entries: Vec<SearchResultEntry>) -> Self {
        Self { entries, references: Vec::new(), end: Ok(()), cookie: None }
    }
}

/// Whether a request asks for the rootDSE, which anybody may read.
pub fn is_for_root_dse(request: &SearchRequest) -> bool {
    request.base_object.trim().is_empty() && request.scope == SearchRequestScope::BaseObject
}

/// Answers a search.
pub fn search(forest: &Forest<'_>, request: &SearchRequest, controls: &Controls, open: &mut Cursors) -> Outcome<Found> {
    let selection = Selection::read(request.attributes.iter().map(|name| name.as_str()), request.types_only);
    if is_for_root_dse(request) {
        let asks_for_it = Filter::prepare(forest, &request.filter)? == Filter::prepare(forest, &object_class())?;
        let entry = asks_for_it.then(|| selection.of_list("", root_dse::attributes(forest)));
        return Ok(Found::whole(entry.into_iter().collect()));
    }
    let limit = usize::try_from(request.size_limit).ok().filter(|limit| *limit > 0);
    if let Some(page) = &controls.page {
        return paged(forest, request, controls, &selection, (page, limit), open);
    }
    let (mut matches, references) = matches(forest, request, controls)?;
    let limit = limit.unwrap_or(MAX_ENTRIES).min(MAX_ENTRIES);
    let end = if matches.len() > limit { Err(Refusal::size_limit()) } else { Ok(()) };
    matches.truncate(limit);
    let entries = matches.iter().map(|view| selection.entry(view)).collect();
    Ok(Found { entries, references, end, cookie: None })
}

fn object_class() -> rasn_ldap::Filter {
    rasn_ldap::Filter::Present("objectClass".into())
}

/// One page. The first page finds everything and notes the rest by GUID; an entry that is deleted meanwhile is left out.
fn paged(
    forest: &Forest<'_>,
    request: &SearchRequest,
    controls: &Controls,
    selection: &Selection,
    (page, limit): (&Page, Option<usize>),
    open: &mut Cursors,
) -> Outcome<Found> {
    let size = usize::try_from(page.size).map_err(|_| Refusal::bad_control())?;
    let (mut cursor, references) = if page.cookie.is_empty() {
        let (matches, references) = matches(forest, request, controls)?;
        let cut = limit.is_some_and(|limit| matches.len() > limit);
        let rest = matches.iter().take(limit.unwrap_or(usize::MAX)).map(|view| view.entry.guid).collect();
        (Cursor { request: request.clone(), rest, cut }, references)
    } else {
        (open.take(&page.cookie, request)?, Vec::new())
    };
    if size == 0 {
        // RFC 2696 section 3: a size of zero with a cookie gives the search up.
        return Ok(Found { cookie: Some(Vec::new()), ..Found::whole(Vec::new()) });
    }
    let now: Vec<AdGuid> = cursor.rest.drain(..size.min(MAX_ENTRIES).min(cursor.rest.len())).collect();
    let entries =
        now.iter().filter_map(|guid| forest.find_guid(*guid)).map(|(_, view)| selection.entry(&view)).collect();
    let is_last = cursor.rest.is_empty();
    let end = if is_last && cursor.cut { Err(Refusal::size_limit()) } else { Ok(()) };
    let cookie = if is_last { Vec::new() } else { open.keep(cursor) };
    Ok(Found { entries, references, end, cookie: Some(cookie) })
}

/// The entries that match, and the references to naming contexts that the search does not enter.
fn matches<'f>(
    forest: &'f Forest<'_>,
    request: &SearchRequest,
    controls: &Controls,
) -> Outcome<(Vec<View<'f>>, Vec<String>)> {
    let filter = Filter::prepare(forest, &request.filter)?;
    let (_, base) = forest.locate(&Target::parse(&request.base_object)?)?;
    if request.scope == SearchRequestScope::BaseObject {
        let hit = filter.test(&base) == Some(true);
        return Ok((hit.then_some(base).into_iter().collect(), Vec::new()));
    }
    let base = &base.entry.dn;
    let one_level = request.scope == SearchRequestScope::SingleLevel;
    let in_scope = |dn: &Dn| dn.is_under(base) && (!one_level || dn.parent().as_ref() == Some(base));
    let below = contexts_below(forest, base);
    let is_hit = |view: &View<'_>| {
        let inside = in_scope(&view.entry.dn) && !below.iter().any(|(_, context)| view.entry.dn.is_under(context));
        inside && filter.test(view) == Some(true)
    };
    let hits = match candidates(forest, &filter) {
        Some(candidates) => candidates.into_values().filter(is_hit).collect(),
        None if one_level => forest.children(base).into_iter().filter(is_hit).collect(),
        None => forest.entries().filter(is_hit).collect(),
    };
    let references = below.iter().filter(|(_, context)| !controls.domain_scope && in_scope(context));
    Ok((hits, references.map(|(host, context)| ldap_url(host, context)).collect()))
}

/// The entries of which every hit is one, in the forest's order; `None` if no index says.
fn candidates<'f>(forest: &'f Forest<'_>, filter: &Filter) -> Option<BTreeMap<Place, View<'f>>> {
    match filter {
        Filter::Equal(attribute, key) => {
            let found = |key, text: &str| Some(forest.candidates(key, text).into_iter().collect());
            match (attribute.name, key) {
                ("objectGUID", Key::Octets(octets)) => {
                    found(AdKey::Guid, &AdGuid(uuid::Uuid::from_slice_le(octets).ok()?).to_string())
                }
                ("objectSid", Key::Octets(octets)) => found(AdKey::Sid, &Sid::from_octets(octets).ok()?.to_string()),
                ("distinguishedName", Key::Dn(dn)) => found(AdKey::Dn, &dn_key(dn)),
                ("member" | "manager", Key::Dn(dn)) => found(AdKey::Link, &dn_key(dn)),
                (name, Key::Text(text)) if INDEXED.contains(&name) => found(AdKey::Value(attribute.name), text),
                (name, Key::Octets(octets)) if INDEXED.contains(&name) => {
                    found(AdKey::Value(attribute.name), &hex(octets))
                }
                _ => None,
            }
        }
        Filter::And(all) => all.iter().filter_map(|one| candidates(forest, one)).min_by_key(BTreeMap::len),
        Filter::Or(any) => {
            let all: Option<Vec<_>> = any.iter().map(|one| candidates(forest, one)).collect();
            Some(all?.into_iter().flatten().collect())
        }
        _ => None,
    }
}

/// The naming contexts other than the base's own that lie below it, each with the DNS name that serves it.
fn contexts_below(forest: &Forest<'_>, base: &Dn) -> Vec<(String, Dn)> {
    let own = forest.context_of(base);
    let host = |context: &Dn| {
        let domain = forest.world.ad.iter().find(|domain| domain.base_dn == *context).or(forest.root());
        domain.map(|domain| domain.dns_name.clone()).unwrap_or_default()
    };
    let others = forest.naming_contexts().iter().filter(|context| own.as_ref() != Some(*context));
    others.filter(|context| context.is_under(base)).map(|context| (host(context), context.clone())).collect()
}
