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
    /// Counts, all at once, and lets the pace know what a tenant of that size may be asked. What cannot be counted stops nothing: whoever reads it says why.
    pub async fn sizes(&self) -> Sizes {
        let [live, bin, groups, contacts] = [
            (Operation::ReadUsers, &["users", "$count"][..]),
            (Operation::ReadDeletedUsers, &["directory", "deletedItems", "microsoft.graph.user", "$count"]),
            (Operation::ReadGroups, &["groups", "$count"]),
            (Operation::ReadContacts, &["contacts", "$count"]),
        ]
        .map(|(operation, path)| Request::get(operation, "count what the tenant holds", path).eventually());
        let (users, deleted, groups, contacts) =
            tokio::join!(self.count(&live), self.count(&bin), self.count(&groups), self.count(&contacts));
        if let Ok(users) = users {
            self.learn_size(users);
        }
        Sizes { users: users.ok(), deleted: deleted.ok(), groups: groups.ok(), contacts: contacts.ok() }
    }
}
