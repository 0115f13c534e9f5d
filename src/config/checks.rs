//! What can only be seen with all files side by side.

use super::matchplan::{AdSelector, RolesChoice};
use super::read_holder::ReadHolder;
use super::read_plan::ReadLink;
use super::read_settings::ReadSettings;
use super::settings::{OnTimeout, Settings};
use crate::diagnostic::{Diagnostic, Label, SourceId};
use crate::model::dn::Dn;
use std::collections::HashMap;
use std::hash::Hash;
use std::ops::Range;

/// Checks links against each other: one user, one link. What is only known once both directories are read (two names of
/// one user) is the planner's.
pub(super) fn links(links: &[ReadLink], settings: Option<&Settings>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    twice(links, "AD", |link| ad_key(&link.spec.ad, settings), |link| link.ad.clone(), &mut found);
    twice(links, "cloud", |link| link.spec.cloud.clone(), |link| link.cloud.clone(), &mut found);
    found
}

fn twice<K: Hash + Eq>(
    links: &[ReadLink],
    side: &str,
    key: impl Fn(&ReadLink) -> K,
    span: impl Fn(&ReadLink) -> Range<usize>,
    found: &mut Vec<Diagnostic>,
) {
    let mut first: HashMap<K, &ReadLink> = HashMap::with_capacity(links.len());
    for link in links {
        match first.entry(key(link)) {
            std::collections::hash_map::Entry::Vacant(place) => {
                place.insert(link);
            }
            std::collections::hash_map::Entry::Occupied(earlier) => found.push(
                Diagnostic::error("duplicate-link", format!("two links name the same {side} user"))
                    .label(link.file, span(link), "the same user again")
                    .label(earlier.get().file, span(earlier.get()), "first linked here")
                    .help("one user can be linked once; take one of the two links out"),
            ),
        }
    }
}

/// What an AD user's name compares by: with the domain filled in where only one is configured.
pub(super) fn ad_key(ad: &AdSelector, settings: Option<&Settings>) -> AdSelector {
    let AdSelector::Sam { domain, sam } = ad else { return ad.clone() };
    let only = settings.and_then(|settings| match settings.ad.as_slice() {
        [only] => Some(only.name.clone()),
        _ => None,
    });
    let domain = domain.clone().or(only).map(|domain| domain.as_str().to_lowercase().into());
    AdSelector::Sam { domain, sam: sam.clone() }
}

/// Checks links against the settings, and gives domains the spelling of the settings.
pub(super) fn against_settings(
    links: &mut [ReadLink],
    read: &ReadSettings,
    settings_file: SourceId,
) -> Vec<Diagnostic> {
    let settings = &read.settings;
    let mut found = Vec::new();
    for link in links {
        let mut named = Named { ad: &mut link.spec.ad, span: &link.ad, file: link.file };
        found.extend(domain(&mut named, settings));
        let to = link.spec.move_to.as_ref().zip(link.move_to.as_ref());
        found.extend(to.and_then(|(ou, span)| destination(&named, ou, span, settings)));
        found.extend(unattended_roles(link, read, settings_file));
    }
    found
}

/// The same for links of groups and contacts.
pub(super) fn holders_against_settings(holders: &mut [ReadHolder], settings: &Settings) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for ReadHolder { ad, move_to, file, .. } in holders {
        let mut named = Named { ad: &mut ad.value, span: &ad.span, file: *file };
        found.extend(domain(&mut named, settings));
        found.extend(move_to.as_ref().and_then(|at| destination(&named, &at.value, &at.span, settings)));
    }
    found
}

/// An object of AD as a link names it.
struct Named<'a> {
    ad: &'a mut AdSelector,
    span: &'a Range<usize>,
    file: SourceId,
}

/// A `sAMAccountName` is unique within its domain only.
fn domain(link: &mut Named<'_>, settings: &Settings) -> Option<Diagnostic> {
    let names = || settings.ad.iter().map(|ad| format!("`{}`", ad.name)).collect::<Vec<_>>().join(", ");
    let AdSelector::Sam { domain, sam } = &mut *link.ad else { return None };
    if let Some(written) = domain {
        if let Some(known) = settings.domain(written) {
            *domain = Some(known.name.clone());
            return None;
        }
        let help = format!("the domains of the settings are {}; [[ad]] `name` is what counts here", names());
        return Some(
            Diagnostic::error("unknown-domain", format!("there is no domain called {:?}", written.as_str()))
                .label(link.file, link.span.clone(), "unknown domain")
                .help(help),
        );
    }
    if settings.ad.len() < 2 {
        return None;
    }
    let example = settings.ad.first().map_or("corp", |ad| ad.name.as_str());
    Some(
        Diagnostic::error(
            "domain-needed",
            format!(
                "{:?} does not say in which domain: there are several, and a sAMAccountName is unique in one only",
                sam.as_str()
            ),
        )
        .label(link.file, link.span.clone(), "which domain?")
        .help(format!("write '{example}\\{sam}' (in single quotes); the domains are {}", names())),
    )
}

/// Where a user is moved must be in its own domain and in sync scope: that is what the move is for.
fn destination(link: &Named<'_>, ou: &Dn, span: &Range<usize>, settings: &Settings) -> Option<Diagnostic> {
    let problem =
        |code, message: String, label: &str| Diagnostic::error(code, message).label(link.file, span.clone(), label);
    let Some(target) = settings.domain_of(ou) else {
        return Some(
            problem(
                "outside-of-domains",
                "`move_to` lies in none of the configured domains".to_owned(),
                "under no [[ad]] base_dn",
            )
            .help("check the spelling of its DC= parts"),
        );
    };
    let home = match &*link.ad {
        AdSelector::Sam { domain: Some(domain), .. } => settings.domain(domain),
        AdSelector::Sam { domain: None, .. } if settings.ad.len() == 1 => settings.ad.first(),
        AdSelector::Dn(dn) => settings.domain_of(dn),
        AdSelector::Sam { .. } | AdSelector::Upn(_) | AdSelector::Guid(_) => None,
    };
    if let Some(home) = home.filter(|home| home.name != target.name) {
        return Some(
            problem(
                "move-across-domains",
                format!("`move_to` is in domain `{}`, but the user is in `{}`", target.name, home.name),
                "another domain",
            )
            .label(link.file, link.span.clone(), "this user")
            .help("a user cannot be moved between domains; name an OU of its own domain"),
        );
    }
    let synced: &[Dn] = &settings.sync.synced_ous;
    if synced.iter().any(|scope| ou.is_under(scope)) {
        return None;
    }
    let (label, help) = if synced.is_empty() {
        ("is this synced?", "name the OUs in the sync engine's scope as `synced_ous` in [sync]")
    } else {
        ("not under any of `synced_ous`", "name an OU under one of `synced_ous` of [sync], or complete that list")
    };
    Some(
        problem("move-outside-of-sync", "`move_to` would not bring the user into sync scope".to_owned(), label)
            .help(help),
    )
}

/// A held wave may stay as it is for days; administrators must not be without their roles for so long.
fn unattended_roles(link: &ReadLink, read: &ReadSettings, settings_file: SourceId) -> Option<Diagnostic> {
    if read.settings.sync.on_timeout != OnTimeout::Hold || link.spec.roles != RolesChoice::Suspend {
        return None;
    }
    let mut problem = Diagnostic::error(
        "hold-with-suspended-roles",
        "roles may not be suspended where a timeout leaves everything as it stands: nobody would give them back",
    );
    let roles = link.roles.clone().unwrap_or_else(|| link.ad.clone());
    problem.labels.push(Label::new(link.file, roles, "roles are suspended here"));
    if let Some(span) = &read.on_timeout {
        problem.labels.push(Label::new(settings_file, span.clone(), "a timeout changes nothing"));
    }
    Some(problem.help("write `on_timeout = \"withdraw\"`, or link users with roles under settings of their own"))
}
