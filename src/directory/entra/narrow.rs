//! Answers to single questions: whoever of the tenant's users, groups and contacts they apply to, by `$batch`.
//!
//! A `$filter` on directory objects takes 15 conditions at most, and so many values stand in one `in`. Addresses are
//! asked of `proxyAddresses` and of `mail`, of users, groups and contacts. Entra compares texts without case; what an
//! answer holds too much does no harm, since look-ups compare exactly.
//!
//! Sources: Microsoft, "user resource type", "group resource type", "orgContact resource type" (which properties can be
//! filtered), "Advanced query capabilities on Microsoft Entra ID objects", and the service's own limit ("Too many child
//! clauses specified in search filter expression containing 'OR' operators … Max allowed: 15").

use super::batch::Outcome;
use super::collect::{Collected, Frame, holders, identifiers};
use super::http::Graph;
use super::read::{Place, optional, users};
use super::request::{Filter, Request};
use super::wire::{self, WireHolder, WireObjectIdentifier, WireUser};
use crate::directory::collect::Progress;
use crate::directory::error::{DirectoryError, ErrorKind};
use crate::directory::port::Clock;
use crate::model::entra::{AddressHolder, EntraUser, HolderKind};
use crate::model::id::ObjectId;
use crate::snapshot::document::{Missing, Synced};
use crate::snapshot::question::Question;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// How many conditions one filter holds.
pub const MOST_CONDITIONS: usize = 15;

/// What of a tenant has been read by single questions.
pub struct Answers {
    frame: Frame,
    users: BTreeMap<ObjectId, EntraUser>,
    holders: BTreeMap<(HolderKind, ObjectId), AddressHolder>,
    /// The users whose `onPremisesObjectIdentifier` and source of authority were read.
    detailed: BTreeSet<ObjectId>,
    /// Whether at least one group, one contact and one user was asked for: what may not be read is a gap in any case.
    probed: bool,
    synced: Option<Synced>,
}

/// What a list of values is asked of.
#[derive(Default)]
struct Wanted<'a> {
    ids: Vec<String>,
    upns: Vec<&'a str>,
    immutable_ids: Vec<&'a str>,
    sids: Vec<String>,
    addresses: Vec<&'a str>,
    mails: Vec<&'a str>,
}

impl<'a> Wanted<'a> {
    fn of(questions: &'a BTreeSet<Question>) -> Self {
        let mut wanted = Self::default();
        for question in questions {
            match question {
                Question::CloudId(id) => wanted.ids.push(id.to_string()),
                Question::CloudUpn(upn) => wanted.upns.push(upn),
                Question::ImmutableId(value) => wanted.immutable_ids.push(value),
                Question::CloudSid(sid) => wanted.sids.push(sid.to_string()),
                Question::Address(key) => {
                    wanted.addresses.push(key);
                    wanted.mails.extend(key.strip_prefix("smtp:").filter(|address| !address.is_empty()));
                }
                _ => {}
            }
        }
        wanted
    }

    /// `property in (…)`, a list for each request.
    fn lists(property: &'static str, values: &[&str]) -> Vec<Filter> {
        values.chunks(MOST_CONDITIONS).map(|values| Filter::is_in(property, values)).collect()
    }

    fn held(&self) -> Vec<Filter> {
        let any = |values: &[&str]| Filter::any_of(values.iter().map(|value| Filter::any_eq("proxyAddresses", value)));
        let mut filters: Vec<Filter> = self.addresses.chunks(MOST_CONDITIONS).filter_map(any).collect();
        filters.extend(Self::lists("mail", &self.mails));
        filters
    }

    fn of_users(&self) -> Vec<Request> {
        let ids: Vec<&str> = self.ids.iter().map(String::as_str).collect();
        let sids: Vec<&str> = self.sids.iter().map(String::as_str).collect();
        let plain = Self::lists("id", &ids)
            .into_iter()
            .chain(Self::lists("userPrincipalName", &self.upns))
            .chain(Self::lists("onPremisesSecurityIdentifier", &sids))
            .chain(self.held());
        let either = |values: &[&str]| Filter::any_of(values.iter().map(|v| Filter::eq("onPremisesImmutableId", v)));
        let anchors = self.immutable_ids.chunks(MOST_CONDITIONS).filter_map(either);
        let plain = plain.map(|filter| users(Place::Live).filter(&filter));
        plain.chain(anchors.map(|filter| users(Place::Live).filter(&filter).advanced())).collect()
    }
}

impl<C: Clock> Graph<C> {
    /// The tenant without its users, groups and contacts, to be filled by answers.
    pub async fn begin_narrow(&self, progress: &(dyn Fn(Progress) + Sync)) -> Result<Answers, DirectoryError> {
        Ok(Answers {
            frame: self.frame(progress).await?,
            users: BTreeMap::new(),
            holders: BTreeMap::new(),
            detailed: BTreeSet::new(),
            probed: false,
            synced: None,
        })
    }

    /// Reads the answers to these questions, and takes them in. What may not be read becomes a gap.
    ///
    /// The text is why the answers cannot be relied on: a user that is known to be part of one is not in it, so that
    /// nothing may be concluded from what is not in it either.
    pub async fn answer(
        &self,
        questions: &BTreeSet<Question>,
        into: &mut Answers,
    ) -> Result<Option<String>, DirectoryError> {
        let wanted = Wanted::of(questions);
        let mut user_requests = wanted.of_users();
        let sample = questions.contains(&Question::SyncedUsers).then_some(user_requests.len());
        if sample.is_some() {
            user_requests.push(users(Place::Live).filter(&Filter::is_true("onPremisesSyncEnabled")));
        }
        let of_kind = |kind| -> Vec<Request> {
            let mut requests: Vec<Request> = wanted.held().iter().map(|filter| holders(kind).filter(filter)).collect();
            if requests.is_empty() && !into.probed {
                requests.push(holders(kind).one());
            }
            requests
        };
        let (groups, contacts) = (of_kind(HolderKind::Group), of_kind(HolderKind::Contact));
        let (split, second) = (user_requests.len(), user_requests.len() + groups.len());
        let all: Vec<Request> = user_requests.into_iter().chain(groups).chain(contacts).collect();
        let mut pages = self.batch(&all).await;
        let contact_pages = pages.split_off(second);
        let group_pages = pages.split_off(split);

        let mut came = BTreeMap::new();
        for (at, (request, page)) in all.iter().zip(pages).enumerate() {
            let values = if sample == Some(at) {
                // Its first page is the sample.
                let (values, goes_on) = first_page(page?, request)?;
                into.synced = Some(if goes_on { Synced::Sample } else { Synced::All });
                values
            } else {
                self.to_the_end(request, page?).await?
            };
            let found = wire::all_from_json(values, &request.what, |user: WireUser| EntraUser::from(user))?;
            if sample == Some(at) {
                for user in found {
                    into.users.entry(user.id).or_insert(user);
                }
            } else {
                came.extend(found.into_iter().map(|user| (user.id, user)));
            }
        }
        if let Some(why) = missed(questions, &into.users, &came) {
            return Ok(Some(why));
        }
        for (id, mut user) in came {
            if let Some(known) = into.users.remove(&id) {
                // One reading of an object, or a snapshot would hold it as it never was.
                user = known;
            }
            into.users.insert(id, user);
        }
        self.take_holders(HolderKind::Group, Missing::Groups, &all[split..second], group_pages, into).await?;
        self.take_holders(HolderKind::Contact, Missing::Contacts, &all[second..], contact_pages, into).await?;
        self.detail(questions, into).await?;
        into.probed = true;
        Ok(None)
    }

    /// A page in a batch, and the rare ones that follow it.
    async fn to_the_end(&self, request: &Request, page: Option<Value>) -> Result<Vec<Value>, DirectoryError> {
        self.rest_of(request, page.unwrap_or_default()).await
    }

    async fn take_holders(
        &self,
        kind: HolderKind,
        what: Missing,
        requests: &[Request],
        pages: Vec<Outcome>,
        into: &mut Answers,
    ) -> Result<(), DirectoryError> {
        for (request, page) in requests.iter().zip(pages) {
            let read = async {
                let values = self.to_the_end(request, page?).await?;
                wire::all_from_json(values, &request.what, |holder: WireHolder| holder.of_kind(kind))
            };
            for holder in into.frame.gaps.or_gap(what, optional(read.await)?) {
                into.holders.entry((kind, holder.id)).or_insert(holder);
            }
        }
        Ok(())
    }

    /// What is read of each user by itself: of those that a question named, and not of the sample.
    async fn detail(&self, questions: &BTreeSet<Question>, into: &mut Answers) -> Result<(), DirectoryError> {
        let is_new = |user: &&EntraUser| !into.detailed.contains(&user.id);
        let named = |user: &&EntraUser| Question::of_cloud(user).iter().any(|question| questions.contains(question));
        let fresh: Vec<EntraUser> = into.users.values().filter(is_new).filter(named).cloned().collect();
        let read_now: BTreeSet<ObjectId> = fresh.iter().map(|user| user.id).collect();
        let ids: Vec<String> = fresh.iter().map(|user| user.id.to_string()).collect();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let mut requests: Vec<Request> =
            ids.chunks(MOST_CONDITIONS).map(|ids| identifiers().filter(&Filter::is_in("id", ids))).collect();
        if requests.is_empty() && !into.probed {
            requests.push(identifiers().one());
        }
        for (request, page) in requests.iter().zip(self.batch(&requests).await) {
            let read = async {
                let values = self.to_the_end(request, page?).await?;
                let pair = |user: WireObjectIdentifier| (user.id, user.on_premises_object_identifier);
                wire::all_from_json(values, &request.what, pair)
            };
            for (id, identifier) in into.frame.gaps.or_gap(Missing::ObjectIdentifier, optional(read.await)?) {
                if let Some(user) = into.users.get_mut(&id).filter(|user| read_now.contains(&user.id)) {
                    user.object_identifier = identifier;
                }
            }
        }
        let behaviors = optional(self.sync_behaviors(&fresh).await)?;
        for (id, managed) in into.frame.gaps.or_gap(Missing::SyncBehavior, behaviors) {
            if let Some(user) = into.users.get_mut(&id) {
                user.cloud_managed = Some(managed);
            }
        }
        into.detailed.extend(read_now);
        Ok(())
    }
}

impl Answers {
    /// The cloud as far as it was asked for.
    pub fn collected(&self) -> Collected {
        let Frame { collected, gaps } = self.frame.clone();
        Collected {
            users: self.users.values().cloned().collect(),
            holders: self.holders.values().cloned().collect(),
            gaps: gaps.sorted(),
            ..collected
        }
    }

    /// How many of the synced users were looked at.
    pub const fn synced(&self) -> Option<Synced> {
        self.synced
    }

    /// How many users are in it.
    pub fn len(&self) -> usize {
        self.users.len()
    }

    /// Whether no user is in it.
    pub fn is_empty(&self) -> bool {
        self.users.is_empty()
    }
}

/// The values of a page, and whether others follow.
fn first_page(page: Option<Value>, request: &Request) -> Result<(Vec<Value>, bool), DirectoryError> {
    let mut page = page.unwrap_or_default();
    let goes_on = page.get("@odata.nextLink").is_some_and(|link| !link.is_null());
    match page.get_mut("value").map(Value::take) {
        Some(Value::Array(values)) => Ok((values, goes_on)),
        _ => Err(DirectoryError::new(ErrorKind::Broken, request.what.clone(), "a page has no `value`")),
    }
}

/// Graph answers filters from an index that lags behind the objects. Of the users that are known already, each that a
/// question applies to must come back: one that does not shows that the answers cannot be relied on.
fn missed(
    questions: &BTreeSet<Question>,
    known: &BTreeMap<ObjectId, EntraUser>,
    came: &BTreeMap<ObjectId, EntraUser>,
) -> Option<String> {
    known.values().filter(|user| !came.contains_key(&user.id)).find_map(|user| {
        let question = Question::of_cloud(user).into_iter().find(|question| questions.contains(question))?;
        Some(format!("Graph's answer to the question for {question} lacks {}, to whom it applies", user.upn))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(id: u128, address: &str) -> EntraUser {
        let value = serde_json::json!({"id": uuid::Uuid::from_u128(id), "userPrincipalName": format!("u{id}@x"),
            "proxyAddresses": [address]});
        wire::from_json::<WireUser>(value, "x").unwrap().into()
    }

    #[test]
    fn a_filter_holds_fifteen_conditions() {
        let mut questions: BTreeSet<Question> = (0..31).map(|n| Question::Address(format!("smtp:u{n}@x"))).collect();
        questions.insert(Question::ImmutableId("a+/=".to_owned()));
        questions.insert(Question::CloudSid("S-1-5-21-1-2-3-4".to_owned().try_into().unwrap()));
        questions.insert(Question::AdSam("not asked here".to_owned()));
        let wanted = Wanted::of(&questions);
        assert_eq!(wanted.held().len(), 6);
        let requests = wanted.of_users();
        assert_eq!(requests.len(), 8);
        assert_eq!(requests.iter().filter(|request| request.eventual).count(), 1);
    }

    #[test]
    fn an_answer_without_a_known_holder_is_no_answer() {
        let known = BTreeMap::from([(user(1, "SMTP:a@x").id, user(1, "SMTP:a@x"))]);
        let of = |key: &str| BTreeSet::from([Question::Address(key.to_owned())]);
        assert_eq!(missed(&of("smtp:b@x"), &known, &BTreeMap::new()), None);
        assert_eq!(missed(&of("smtp:a@x"), &known, &known), None);
        assert!(missed(&of("smtp:a@x"), &known, &BTreeMap::new()).unwrap().contains("u1@x"));
    }
}
