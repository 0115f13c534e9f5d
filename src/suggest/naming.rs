//! What to write for a user, so that a match plan names exactly this one.

use crate::config::matchplan::{AdSelector, CloudSelector};
use crate::config::settings::Settings;
use crate::model::ad::AdUser;
use crate::model::entra::EntraUser;
use crate::model::visible::is_hidden;
use crate::plan::resolve::{self, Hint};
use crate::snapshot::index::Index;

/// The account name, with its domain where several are configured; the `objectGUID` where that would not be read as this
/// user.
pub fn ad(user: &AdUser, settings: &Settings, index: &Index<'_>) -> String {
    let name = if settings.ad.len() > 1 { format!("{}\\{}", user.domain, user.sam) } else { user.sam.to_string() };
    let read = AdSelector::parse(&name).ok().filter(|_| is_plain(&name));
    let found = read.and_then(|selector| resolve::ad_user(&selector, index, Hint::Leave).ok());
    if found.is_some_and(|found| found.guid == user.guid) { name } else { user.guid.to_string() }
}

/// The sign-in name; the object id where that would not be read as this user.
pub fn cloud(user: &EntraUser, index: &Index<'_>) -> String {
    let name = user.upn.to_string();
    let read = CloudSelector::parse(&name).ok().filter(|_| is_plain(&name));
    let found = read.and_then(|selector| resolve::cloud_user(&selector, index).ok());
    if found.is_some_and(|found| found.id == user.id) { name } else { user.id.to_string() }
}

/// Whether a name is seen as it is: on one line, and without characters that a reviewer does not see.
fn is_plain(name: &str) -> bool {
    name.trim() == name && !name.contains(is_hidden)
}
