//! A large collection read in parts side by side: pages follow each other one by one, but users can be asked for by the
//! first character of their sign-in name.
//!
//! No list of first characters is certain to be whole, and a user who is renamed under way may be in no part or in two. So
//! the parts count only if what changed meanwhile is read again (by a delta link from before), and if there are then as
//! many users as the tenant counts. Otherwise all are read page after page.

use super::collect::{identifiers, live};
use super::delta::Tracked;
use super::http::Graph;
use super::permission::Operation;
use super::request::{Filter, Request};
use super::wire::{self, WireObjectIdentifier, WireUser};
use crate::directory::collect::{Part, Progress};
use crate::directory::error::DirectoryError;
use crate::directory::port::Clock;
use crate::model::entra::EntraUser;
use crate::model::id::ObjectId;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

/// From how many users on parts are read: every first character costs a request, and 20 pages one after the other take
/// longer than all of them side by side.
pub const PAYS_FROM: u64 = 20_000;

/// What a sign-in name can begin with (Microsoft, "Prepare for directory synchronization to Microsoft 365"); Entra compares
/// without case.
const FIRST: &str = "abcdefghijklmnopqrstuvwxyz0123456789_-.'!#^~";

/// Parts on their way at the same time.
const SIDE_BY_SIDE: usize = 8;

impl<C: Clock> Graph<C> {
    /// All live users, without what is read of each by itself. The text is why the parts are not certain to be all.
    pub async fn users_in_parts(
        &self,
        progress: &(dyn Fn(Progress) + Sync),
    ) -> Result<Result<BTreeMap<ObjectId, EntraUser>, String>, DirectoryError> {
        let (Some(mark), Ok(before)) = tokio::join!(self.mark(Tracked::Users), self.count_users()) else {
            return Ok(Err("the tenant does not say what changes meanwhile, or how many users it has".to_owned()));
        };
        let of = usize::try_from(before).ok();
        let tell = |count| progress(Progress::Cloud { part: Part::Users, count, of });
        let values = self.in_parts(&live(), tell).await?;
        let what = live().what;
        let read = wire::all_from_json(values, &what, |user: WireUser| EntraUser::from(user))?;
        let mut users: BTreeMap<ObjectId, EntraUser> = read.into_iter().map(|user| (user.id, user)).collect();
        let touched = match self.touched_since(Tracked::Users, &mark).await? {
            Ok(delta) => delta.touched,
            Err(why) => return Ok(Err(why)),
        };
        users.retain(|id, _| !touched.contains(id));
        users.extend(self.users_by_id(&touched).await?.into_iter().map(|user| (user.id, user)));
        let after = self.count_users().await?;
        let found = users.len() as u64;
        if found < before.min(after) || found > before.max(after) {
            return Ok(Err(format!(
                "they come to {found} users, and the tenant counts {before} before and {after} after"
            )));
        }
        Ok(Ok(users))
    }

    /// `onPremisesObjectIdentifier` of these users; `None` where the parts leave one of them out.
    pub(super) async fn identifiers_in_parts(
        &self,
        users: &BTreeMap<ObjectId, EntraUser>,
    ) -> Result<Option<BTreeMap<ObjectId, String>>, DirectoryError> {
        let request = identifiers();
        let values = self.in_parts(&request, |_| ()).await?;
        let pair = |user: WireObjectIdentifier| (user.id, user.on_premises_object_identifier);
        let all: BTreeMap<ObjectId, Option<String>> =
            wire::all_from_json(values, &request.what, pair)?.into_iter().collect();
        let whole = users.keys().all(|id| all.contains_key(id));
        Ok(whole.then(|| all.into_iter().filter_map(|(id, value)| Some((id, value?))).collect()))
    }

    async fn in_parts(&self, list: &Request, tell: impl Fn(usize) + Sync) -> Result<Vec<Value>, DirectoryError> {
        let so_far = AtomicUsize::new(0);
        let of = |first: char| list.clone().filter(&Filter::starts_with("userPrincipalName", &first.to_string()));
        let requests: Vec<Request> = FIRST.chars().map(of).collect();
        let parts = requests.iter().map(|request| self.part(request, &so_far, &tell));
        stream::iter(parts.collect::<Vec<_>>()).buffer_unordered(SIDE_BY_SIDE).try_concat().await
    }

    async fn part(
        &self,
        request: &Request,
        so_far: &AtomicUsize,
        tell: &(dyn Fn(usize) + Sync),
    ) -> Result<Vec<Value>, DirectoryError> {
        let mut seen = 0;
        let told = |count| {
            let more = count - seen;
            seen = count;
            tell(so_far.fetch_add(more, Ordering::Relaxed) + more);
        };
        self.read_all(request, told).await
    }

    async fn count_users(&self) -> Result<u64, DirectoryError> {
        let request = Request::get(Operation::ReadUsers, "count the users of the tenant", &["users", "$count"]);
        self.count(&request.eventually()).await
    }
}
