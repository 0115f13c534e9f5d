//! How many objects the tenant has: what reading all of them would come to.

use super::http::Graph;
use super::permission::Operation;
use super::request::Request;
use crate::directory::port::Clock;

/// The numbers, as the tenant's index has them; `None` for what may not be counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sizes {
    /// Live users.
    pub users: Option<u64>,
    /// Users in the recycle bin.
    pub deleted: Option<u64>,
    /// Groups.
    pub groups: Option<u64>,
    /// Contacts.
    pub contacts: Option<u64>,
}

impl<C: Clock> Graph<C> {
    /// Counts, all at once. What cannot be counted stops nothing: whoever reads it says why.
    pub async fn sizes(&self) -> Sizes {
        let count = async |operation, path: &[&str]| {
            let request = Request::get(operation, format!("count the {} of the tenant", path[0]), path);
            self.count(&request.eventually()).await.ok()
        };
        let (users, deleted, groups, contacts) = tokio::join!(
            count(Operation::ReadUsers, &["users", "$count"]),
            count(Operation::ReadDeletedUsers, &["directory", "deletedItems", "microsoft.graph.user", "$count"]),
            count(Operation::ReadGroups, &["groups", "$count"]),
            count(Operation::ReadContacts, &["contacts", "$count"]),
        );
        Sizes { users, deleted, groups, contacts }
    }
}
