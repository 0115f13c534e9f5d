//! Where a connection's paged searches stand.

use super::refusal::{Outcome, Refusal};
use crate::model::id::AdGuid;
use rasn_ldap::SearchRequest;
use std::collections::VecDeque;

/// The most unfinished paged searches that a connection keeps; the oldest goes first (AD's MaxResultSetsPerConn).
const MAX_CURSORS: usize = 10;

/// An unfinished paged search.
#[derive(Clone, Debug)]
pub struct Cursor {
    /// The search, which must be the same on every page.
    pub request: SearchRequest,
    /// What is still to come.
    pub rest: VecDeque<AdGuid>,
    /// Whether the client's own size limit cut the end off.
    pub cut: bool,
}

/// The unfinished paged searches of one connection.
#[derive(Debug, Default)]
pub struct Cursors {
    open: VecDeque<(u64, Cursor)>,
    given_out: u64,
}

impl Cursors {
    /// Keeps a search and gives the cookie with which to go on.
    pub fn keep(&mut self, cursor: Cursor) -> Vec<u8> {
        self.given_out += 1;
        self.open.push_back((self.given_out, cursor));
        if self.open.len() > MAX_CURSORS {
            self.open.pop_front();
        }
        self.given_out.to_be_bytes().to_vec()
    }

    /// Takes the search that a cookie names out of the kept ones. The cookie is good once, and for the same search
    /// only.
    pub fn take(&mut self, cookie: &[u8], request: &SearchRequest) -> Outcome<Cursor> {
        let number = cookie.try_into().map(u64::from_be_bytes).map_err(|_| Refusal::bad_cookie())?;
        let at = self.open.iter().position(|(kept, _)| *kept == number).ok_or_else(Refusal::bad_cookie)?;
        let (_, cursor) = self.open.remove(at).ok_or_else(Refusal::bad_cookie)?;
        if cursor.request == *request { Ok(cursor) } else { Err(Refusal::bad_control()) }
    }
}
