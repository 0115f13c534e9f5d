//! What has changed in a collection since a link was given.
//!
//! A delta tells of an object "at least the properties that have been updated", may tell of it several times, and tells
//! nothing of properties that are kept elsewhere. So it is asked for one thing only: which objects were touched. Those are
//! read anew. Source: Microsoft, "Use delta query to track changes in Microsoft Graph data".

use super::collect::holders;
use super::http::Graph;
use super::read::{Place, users};
use super::request::Request;
use crate::directory::error::{DirectoryError, ErrorKind};
use crate::directory::port::Clock;
use crate::model::entra::HolderKind;
use crate::model::id::ObjectId;
use serde_json::Value;
use std::collections::BTreeSet;

/// Which collection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tracked {
    /// Live users.
    Users,
    /// Groups or contacts.
    Holders(HolderKind),
}

/// What was touched, and where to go on from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delta {
    /// Objects that are new, changed, or gone.
    pub touched: BTreeSet<ObjectId>,
    /// The link for the next time.
    pub link: String,
}

impl Tracked {
    fn request(self) -> Request {
        let mut request = match self {
            Self::Users => users(Place::Live),
            Self::Holders(kind) => holders(kind),
        };
        request.what = format!("{} that have changed", request.what);
        request.path.push("delta".to_owned());
        // Deltas have pages of their own size.
        request.options.retain(|(name, _)| *name != "$top");
        request
    }
}

impl<C: Clock> Graph<C> {
    /// A link to what changes from now on; `None` where the collection cannot be tracked, for whatever reason: it is then
    /// read as a whole the next time.
    pub async fn mark(&self, tracked: Tracked) -> Option<String> {
        let mut request = tracked.request();
        request.options.push(("$deltatoken", "latest".to_owned()));
        let (_, link) = self.follow_delta(&request, None).await.ok()?;
        Some(link)
    }

    /// What was touched since. The text is why that cannot be told any more: the collection is to be read as a whole.
    pub async fn touched_since(&self, tracked: Tracked, link: &str) -> Result<Result<Delta, String>, DirectoryError> {
        match self.follow_delta(&tracked.request(), Some(link)).await {
            Ok((touched, link)) => Ok(Ok(Delta { touched, link })),
            // 410 Gone with `resyncRequired` or `syncStateNotFound`, or a token that is not understood any more.
            Err(error) if matches!(error.kind, ErrorKind::NotFound | ErrorKind::Refused | ErrorKind::Broken) => {
                Ok(Err(error.detail))
            }
            Err(error) => Err(error),
        }
    }

    async fn follow_delta(
        &self,
        request: &Request,
        link: Option<&str>,
    ) -> Result<(BTreeSet<ObjectId>, String), DirectoryError> {
        let broken = |reason: &str| DirectoryError::new(ErrorKind::Broken, request.what.clone(), reason);
        let (items, last) = self.read_to_delta_link(request, link).await?;
        let id = |item: &Value| item.get("id").and_then(Value::as_str).and_then(|id| id.parse().ok());
        let touched = items.iter().map(|item| id(item).ok_or_else(|| broken("an object came without its id")));
        Ok((touched.collect::<Result<_, _>>()?, last))
    }
}
