//! Reads `matchplan.toml` into [`Settings`].

use super::matchplan::CloudSelector;
use super::read_ad::domains_of;
use super::read_entra::entra;
use super::read_sync::sync_of;
use super::settings::{Guard, Settings, SyncSettings};
use super::table::{Node, Table, count, duration, list_of, parsed, path, table, tables};
use std::ops::Range;
use std::path::PathBuf;

/// Settings, and the places that later checks against match plans point to.
pub(super) struct ReadSettings {
    pub(super) settings: Settings,
    /// `on_timeout`, where it is written.
    pub(super) on_timeout: Option<Range<usize>>,
}

/// Reads all of it; `None` if something is wrong.
pub(super) fn read(mut root: Table<'_>) -> Option<ReadSettings> {
    let sink = root.sink;
    let entra = root.require("entra", "the tenant and how to sign in", table("[entra]")).and_then(|at| entra(at.value));
    let ad = root.require("ad", "at least one domain, as [[ad]]", tables("[[ad]]"));
    let ad = ad.and_then(|domains| domains_of(sink, domains));
    let has_sync = root.has("sync");
    let sync = root.take("sync", table("[sync]"));
    let (sync, on_timeout) = match sync {
        Some(table) => sync_of(table.value, ad.as_deref()).unzip(),
        None => ((!has_sync).then(SyncSettings::default), None),
    };
    let has_guard = root.has("guard");
    let guard = match root.take("guard", table("[guard]")) {
        Some(table) => guard(table.value),
        None => (!has_guard).then(Guard::default),
    };
    let plan_ttl = root.take_or("plan_ttl", Settings::DEFAULT_PLAN_TTL, duration);
    let state = root.take_or("state", PathBuf::from(Settings::DEFAULT_STATE), path);
    root.finish();
    let settings = Settings { entra: entra?, ad: ad?, sync: sync?, guard: guard?, plan_ttl: plan_ttl?, state: state? };
    Some(ReadSettings { settings, on_timeout: on_timeout.flatten() })
}

fn guard(mut table: Table<'_>) -> Option<Guard> {
    let default = Guard::default();
    let max_links = table.take_or("max_links", default.max_links, count(1));
    let max_role_removals = table.take_or("max_role_removals", default.max_role_removals, count(0));
    let max_suspended = table.take_or("max_suspended", default.max_suspended, count(1));
    let min_global_admins = table.take_or("min_global_admins", default.min_global_admins, count(1));
    let max_failures = table.take_or("max_failures", default.max_failures, count(0));
    let has_protect = table.has("protect");
    let protect = table.take("protect", list_of(cloud_user));
    table.finish();
    if has_protect && protect.is_none() {
        return None;
    }
    Some(Guard {
        max_links: max_links?,
        max_role_removals: max_role_removals?,
        max_suspended: max_suspended?,
        min_global_admins: min_global_admins?,
        max_failures: max_failures?,
        protect: protect.into_iter().flat_map(|list| list.value).map(|at| at.value).collect(),
    })
}

/// Reads a cloud user's UPN or object id.
pub(super) fn cloud_user(node: &Node<'_>) -> Option<CloudSelector> {
    parsed(
        "bad-cloud-user",
        "not a cloud user",
        "write the user principal name, such as \"jane.doe@contoso.com\", or the object id",
        CloudSelector::parse,
    )(node)
}
