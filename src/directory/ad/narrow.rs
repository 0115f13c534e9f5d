//! Answers to single questions: whichever of a domain's users and other holders of addresses they apply to, by searches
//! with many terms.
//!
//! Terms on indexed attributes go a hundred to a search. A term on an attribute without an index makes a domain
//! controller look at every object of the class, however many such terms there are: those go together, and `objectGUID`,
//! which most anchors are, is indexed. Sources: [MS-ADA1], [MS-ADA2], [MS-ADA3] (`searchFlags`); `mS-DS-ConsistencyGuid`
//! has no index; `targetAddress` has one only where an administrator made it.

use super::connection::AdDomain;
use super::filter::Filter;
use super::holder::{self, read_holder};
use super::user::{self, read_user};
use crate::directory::error::DirectoryError;
use crate::model::ad::AdUser;
use crate::model::anchor::SourceAnchor;
use crate::model::id::AdGuid;
use crate::model::name::SamAccountName;
use crate::model::recipient::AdHolder;
use crate::snapshot::document::AdDomainSnapshot;
use crate::snapshot::question::Question;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use std::collections::{BTreeMap, BTreeSet};

/// Terms on indexed attributes in one search.
pub const TERMS: usize = 100;
/// Terms on others in one search.
const SCANNED_TERMS: usize = 1000;
/// Searches on their way at the same time, over one connection.
const SIDE_BY_SIDE: usize = 4;

/// What of a domain has been read by single questions.
#[derive(Clone, Default)]
pub struct Answers {
    users: BTreeMap<AdGuid, AdUser>,
    holders: BTreeMap<AdGuid, AdHolder>,
    /// LDAP searches so far, each page counted as one.
    pub searches: u64,
}

/// Terms, by what the domain controller needs to answer them.
#[derive(Default)]
struct Terms {
    indexed: Vec<Filter>,
    scanned: Vec<Filter>,
}

impl Terms {
    fn indexed(&mut self, attribute: &'static str, value: impl AsRef<[u8]>) {
        self.indexed.push(Filter::equal(attribute, value));
    }

    fn scanned(&mut self, attribute: &'static str, value: impl AsRef<[u8]>) {
        self.scanned.push(Filter::equal(attribute, value));
    }

    /// Who holds an address: written with its type or without, in every attribute that counts.
    fn address(&mut self, key: &str) {
        let bare = key.strip_prefix("smtp:").filter(|address| !address.is_empty());
        for value in [Some(key), bare].into_iter().flatten() {
            self.indexed("proxyAddresses", value);
            self.indexed("mail", value);
            self.scanned("targetAddress", value);
        }
    }

    /// The searches: the class's own filter, and some of the terms.
    fn searches(self, class: impl Fn() -> Filter) -> Vec<Filter> {
        let both = |terms: &[Filter]| Filter::And(vec![class(), Filter::Or(terms.to_vec())]);
        let indexed = self.indexed.chunks(TERMS).map(both);
        indexed.chain(self.scanned.chunks(SCANNED_TERMS).map(both)).collect()
    }
}

fn user_terms(questions: &BTreeSet<Question>, dns_name: &str, source: SourceAnchor) -> Terms {
    let mut terms = Terms::default();
    for question in questions {
        match question {
            Question::AdGuid(guid) => terms.indexed("objectGUID", guid.0.to_bytes_le()),
            Question::AdDn(dn) => terms.indexed("distinguishedName", dn.as_str()),
            Question::AdSam(sam) => terms.indexed("sAMAccountName", sam),
            Question::AdUpn(upn) => {
                terms.indexed("userPrincipalName", upn);
                // A user without one gets this name.
                let made_up = upn.rsplit_once('@').filter(|(_, suffix)| suffix.eq_ignore_ascii_case(dns_name));
                if let Some((sam, _)) = made_up {
                    terms.indexed("sAMAccountName", sam);
                }
            }
            Question::AdAnchor(anchor) => {
                terms.indexed("objectGUID", anchor.octets());
                if source == SourceAnchor::ConsistencyGuid {
                    terms.scanned("mS-DS-ConsistencyGuid", anchor.octets());
                }
            }
            Question::AdSid(sid) => terms.indexed("objectSid", sid.to_octets()),
            Question::AdNickname(nickname) => terms.indexed("mailNickname", nickname),
            Question::Address(key) => terms.address(key),
            _ => {}
        }
    }
    terms
}

fn holder_terms(questions: &BTreeSet<Question>) -> Terms {
    let mut terms = Terms::default();
    for question in questions {
        match question {
            Question::AdNickname(nickname) => terms.indexed("mailNickname", nickname),
            Question::Address(key) => terms.address(key),
            _ => {}
        }
    }
    terms
}

impl AdDomain {
    /// Reads the answers to these questions, and takes them in. Errors as a whole reading. The text is why the answers
    /// cannot be relied on: one lacks a user to whom it applies.
    pub async fn answer(
        &self,
        questions: &BTreeSet<Question>,
        into: &mut Answers,
    ) -> Result<Option<String>, DirectoryError> {
        let source = self.settings.source_anchor;
        let dns_name = self.controller().map(|controller| controller.dns_name.clone()).unwrap_or_default();
        let searches = user_terms(questions, &dns_name, source).searches(Filter::users);
        let holder_searches = holder_terms(questions).searches(Filter::address_holders);
        into.searches += (searches.len() + holder_searches.len()) as u64;
        let users = stream::iter(searches)
            .map(async |filter| self.below_base("users", filter, user::attributes()).await)
            .buffer_unordered(SIDE_BY_SIDE)
            .try_concat();
        let what = "groups, contacts and other objects with addresses";
        let holders = stream::iter(holder_searches)
            .map(async |filter| self.below_base(what, filter, holder::attributes()).await)
            .buffer_unordered(SIDE_BY_SIDE)
            .try_concat();
        let (users, holders) = tokio::try_join!(users, holders)?;
        let mut came = BTreeMap::new();
        for entry in users {
            let user = read_user(&entry, self.name())?;
            came.insert(user.guid, user);
        }
        if let Some(why) = missed(questions, source, &into.users, &came) {
            return Ok(Some(why));
        }
        for (guid, user) in came {
            into.users.entry(guid).or_insert(user);
        }
        for entry in holders {
            let holder = read_holder(&entry, self.name())?;
            into.holders.entry(holder.guid).or_insert(holder);
        }
        Ok(None)
    }

    /// The `sAMAccountName` of every user: one attribute, for who looks for a name that is like another.
    pub async fn account_names(&self, into: &mut Answers) -> Result<Vec<SamAccountName>, DirectoryError> {
        let entries = self.below_base("account names", Filter::users(), vec!["sAMAccountName".to_owned()]).await?;
        into.searches += entries.len() as u64 / 1000 + 1;
        let name = |value: &Vec<u8>| SamAccountName(String::from_utf8_lossy(value).into());
        Ok(entries.iter().filter_map(|entry| entry.values("sAMAccountName").first().map(name)).collect())
    }

    /// What of the domain was asked for.
    pub async fn narrow_snapshot(&self, answers: &Answers) -> Result<AdDomainSnapshot, DirectoryError> {
        let users = answers.users.values().cloned().collect();
        self.as_snapshot(users, answers.holders.values().cloned().collect()).await
    }
}

impl Answers {
    /// How many users are in it.
    pub fn len(&self) -> usize {
        self.users.len()
    }

    /// Whether no user is in it.
    pub fn is_empty(&self) -> bool {
        self.users.is_empty()
    }

    /// The domain with what is in it.
    pub fn filled(&self, domain: &AdDomainSnapshot) -> AdDomainSnapshot {
        AdDomainSnapshot {
            users: self.users.values().cloned().collect(),
            holders: self.holders.values().cloned().collect(),
            ..domain.clone()
        }
    }
}

/// A user that was read before and that a question applies to must be in the answer.
fn missed(
    questions: &BTreeSet<Question>,
    source: SourceAnchor,
    known: &BTreeMap<AdGuid, AdUser>,
    came: &BTreeMap<AdGuid, AdUser>,
) -> Option<String> {
    known.values().filter(|user| !came.contains_key(&user.guid)).find_map(|user| {
        let question = Question::of_ad(user, source).into_iter().find(|question| questions.contains(question))?;
        Some(format!(
            "the answer of {} to the question for {question} lacks {}, to whom it applies",
            user.domain, user.dn
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::anchor::Anchor;

    fn texts(filters: &[Filter]) -> Vec<String> {
        filters.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn indexed_terms_are_kept_from_those_that_scan() {
        let anchor = Anchor::from_octets(b"0123456789abcdef").unwrap();
        let questions = BTreeSet::from([Question::AdSam("jane".to_owned()), Question::AdAnchor(anchor)]);
        let of = |source| texts(&user_terms(&questions, "corp.test", source).searches(Filter::any));
        assert_eq!(
            of(SourceAnchor::ConsistencyGuid),
            [
                "(&(objectClass=*)(|(sAMAccountName=jane)(objectGUID=0123456789abcdef)))",
                "(&(objectClass=*)(|(mS-DS-ConsistencyGuid=0123456789abcdef)))"
            ]
        );
        assert_eq!(of(SourceAnchor::ObjectGuid).len(), 1);
    }

    #[test]
    fn a_made_up_name_is_looked_for_by_its_account() {
        let terms = |upn: &str| {
            let questions = BTreeSet::from([Question::AdUpn(upn.to_owned())]);
            user_terms(&questions, "corp.test", SourceAnchor::ObjectGuid).indexed.len()
        };
        assert_eq!((terms("jane@corp.test"), terms("jane@contoso.com")), (2, 1));
    }

    #[test]
    fn addresses_are_looked_for_with_their_type_and_without() {
        let questions =
            BTreeSet::from([Question::Address("smtp:a@x".to_owned()), Question::Address("x500:/o".to_owned())]);
        let terms = holder_terms(&questions);
        assert_eq!((terms.indexed.len(), terms.scanned.len()), (6, 3));
        let many: BTreeSet<Question> = (0..60).map(|n| Question::Address(format!("smtp:u{n}@x"))).collect();
        assert_eq!(holder_terms(&many).searches(Filter::any).len(), 4);
    }
}
