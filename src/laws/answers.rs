//! What servers send.

use super::shown::harmless;
use crate::directory::ad::entry::Entry;
use crate::directory::ad::holder::read_holder;
use crate::directory::ad::user::read_user;
use crate::directory::entra::claims::Claims;
use crate::directory::entra::permission::Operation;
use crate::directory::entra::request::Request;
use crate::directory::entra::roles::policy::WirePolicyAssignment;
use crate::directory::entra::roles::wire::{WireAssignment, WireGroup, WireGroupSchedule, WireRole, WireSchedule};
use crate::directory::entra::wire::{self, WireDomain, WireHolder, WireOrganization, WireSynchronization, WireUser};
use crate::directory::entra::{refusal, retry};
use crate::directory::error::DirectoryError;
use crate::model::entra::{EntraUser, HolderKind};
use crate::model::role::PolicySubject;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::fmt::Debug;

/// `ldap3` decodes without a limit of depth, on the stack; longer answers are not given to it here.
const LONGEST: usize = 16 * 1024;

fn says(error: &DirectoryError) {
    harmless(&error.to_string());
    harmless(error.hint.as_deref().unwrap_or_default());
}

/// What is kept in a snapshot or a plan comes back from there as it was.
fn kept<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T) {
    let written = serde_json::to_string(value).expect("it can be written");
    assert_eq!(serde_json::from_str::<T>(&written).expect("its own words are understood"), *value);
}

/// BER as a search entry, and that as a user and as another holder of addresses.
pub fn ldap_entry(octets: &[u8]) {
    if octets.len() > LONGEST {
        return;
    }
    let Ok((_, tag)) = ldap3::asn1::parse_tag(octets) else { return };
    let mut entry = match Entry::read(tag) {
        Ok(entry) => entry,
        Err(error) => return harmless(&error.to_string()),
    };
    let before = entry.values("proxyAddresses").len();
    let Ok(next) = entry.fold_range("proxyAddresses") else { return };
    assert!(entry.values("proxyAddresses").len() >= before);
    if let Some(next) = next {
        // A part that does not move on would be asked for again and again.
        let part = entry.clone();
        if let Ok(Some(after)) = entry.complete("proxyAddresses", part, next) {
            assert!(after.from > next.from);
        }
    }
    let domain = "corp".into();
    match read_user(&entry, &domain) {
        Ok(user) => kept(&user),
        Err(error) => says(&error),
    }
    match read_holder(&entry, &domain) {
        Ok(holder) => kept(&holder),
        Err(error) => says(&error),
    }
}

fn read<T: DeserializeOwned>(value: &Value) -> Option<T> {
    match wire::from_json(value.clone(), "read it") {
        Ok(read) => Some(read),
        Err(error) => {
            says(&error);
            None
        }
    }
}

/// Graph's JSON as everything that is read of it; its error bodies, the sign-in's, a token, and `Retry-After`.
pub fn graph(octets: &[u8]) {
    refusals(octets);
    if let Ok(text) = std::str::from_utf8(octets) {
        times(text);
        if let Some(claims) = Claims::read(text) {
            let _ = (claims.expires(), claims.granted());
        }
    }
    let Ok(value) = serde_json::from_slice::<Value>(octets) else { return };
    if let Some(user) = read::<WireUser>(&value) {
        kept(&EntraUser::from(user));
    }
    if let Some(holder) = read::<WireHolder>(&value) {
        kept(&holder.of_kind(HolderKind::Group));
    }
    read::<WireOrganization>(&value);
    read::<WireRole>(&value);
    read::<WireGroup>(&value);
    let name = |role: &crate::model::id::RoleDefinitionId| role.to_string();
    if let Some(domain) = read::<WireDomain>(&value) {
        kept(&crate::model::tenant::Domain::from(domain));
    }
    if let Some(features) = read::<WireSynchronization>(&value) {
        kept(&features.read().1.switches);
    }
    if let Some(assignment) = read::<WireAssignment>(&value) {
        kept(&assignment.named(name));
    }
    for eligible in [false, true] {
        if let Some(schedule) = read::<WireSchedule>(&value) {
            kept(&schedule.named(eligible, name));
        }
        if let Some(schedule) = read::<WireGroupSchedule>(&value) {
            kept(&schedule.read(eligible).map(|schedule| schedule.member));
        }
    }
    if let Some(policy) = read::<WirePolicyAssignment>(&value) {
        kept(&policy.of(PolicySubject::Role("r".into())));
    }
}

fn refusals(octets: &[u8]) {
    let reading = Request::get(Operation::ReadUsers, "read users", &["users"]);
    let id = std::str::from_utf8(octets).ok();
    for status in [302, 400, 401, 403, 404, 429, 500, 503] {
        says(&refusal::from_graph(&reading, status, id, octets));
        says(&refusal::from_graph(&reading, status, None, octets));
        says(&refusal::from_sign_in(status, octets));
    }
}

/// A wait is never negative, and never longer than what is accepted.
fn times(text: &str) {
    let now = Timestamp::UNIX_EPOCH;
    let asked = retry::parse_retry_after(text, now);
    assert!(asked.is_none_or(|wait| !wait.is_negative()), "{asked:?}");
    for write in [false, true] {
        let wait = retry::wait(429, write, asked, 0);
        assert!(wait.is_none_or(|wait| (SignedDuration::ZERO..=retry::LONGEST_WAIT).contains(&wait)), "{wait:?}");
    }
}
