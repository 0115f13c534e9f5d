//! The sync engine and the tenant.
//!
//! Sources: Microsoft, "Microsoft Entra Connect Sync: Scheduler" (30 minutes between cycles, staging mode), "Microsoft
//! Entra Connect Sync service features" and "Configure Microsoft Entra Connect for an existing tenant" (the switches),
//! "Identity synchronization and duplicate attribute resiliency" (quarantine).

use super::facts::Facts;
use super::{Area, Check, Point, plural, some};
use crate::config::matchplan::{LinkSpec, MatchChoice};
use crate::model::entra::EntraUser;
use crate::model::tenant::SyncFeatures;
use crate::rules::aftermath::{mangled, prefix, words};
use crate::snapshot::document::{Missing, Snapshot};
use jiff::SignedDuration;
use std::collections::BTreeSet;

/// Six cycles of the default interval: one that takes long, or a maintenance window, is no fault.
const LATE: SignedDuration = SignedDuration::from_hours(3);

/// More makes Kerberos and tokens fail (five minutes are the default tolerance of both).
pub(super) const SKEW: SignedDuration = SignedDuration::from_mins(5);

const READ_TENANT: &str = "Mend the connection to Graph first; `tenant-reach` says what is wrong.";

pub(super) fn sync(facts: &Facts<'_>) -> Vec<Check> {
    vec![enabled(facts), last_sync(facts), engine(facts)]
}

pub(super) fn tenant(facts: &Facts<'_>) -> Vec<Check> {
    let reach = reach(facts);
    let Ok(cloud) = &facts.cloud else { return vec![reach] };
    let mut all = vec![reach, clock(facts)];
    all.extend(switches(facts, cloud));
    all.extend([quarantine(cloud), errors(cloud)]);
    all
}

fn enabled(facts: &Facts<'_>) -> Check {
    let point = Point(Area::Sync, "sync-enabled", "directory synchronization is on in the tenant");
    match facts.cloud.as_ref().map(|cloud| cloud.tenant.sync_enabled) {
        Err(why) => point.cannot_tell(why.as_str(), READ_TENANT),
        Ok(Some(true)) => point.pass("onPremisesSyncEnabled is true"),
        Ok(Some(false) | None) => point.fail(
            "onPremisesSyncEnabled is not true: nothing from AD reaches this tenant",
            "Set up Entra Connect or Cloud Sync for this tenant. After it was switched off, it can be switched on again \
             only after 72 hours.",
        ),
    }
}

fn last_sync(facts: &Facts<'_>) -> Check {
    let point = Point(Area::Sync, "last-sync", "the last sync is recent");
    let help = "On the sync server: `Get-ADSyncScheduler` (SyncCycleEnabled, SchedulerSuspended, StagingModeEnabled), \
                `Get-ADSyncConnectorRunStatus`, and the event log of ADSync.";
    match facts.cloud.as_ref().map(|cloud| cloud.tenant.last_sync) {
        Err(why) => point.cannot_tell(why.as_str(), READ_TENANT),
        Ok(None) => point.fail("the tenant has never been synced", help),
        Ok(Some(at)) => {
            let ago = facts.now.duration_since(at);
            if ago <= LATE {
                point.pass(format!("{at}, {} ago", ago_words(ago)))
            } else {
                let seen = format!("{at}, {} ago; the engine's default is every 30 minutes", ago_words(ago));
                point.fail(seen, help)
            }
        }
    }
}

/// A time that has passed, in hours and minutes.
fn ago_words(ago: SignedDuration) -> String {
    let minutes = ago.as_mins().max(0);
    match (minutes / (24 * 60), minutes / 60, minutes % 60) {
        (0, 0, 0) => "less than a minute".to_owned(),
        (0, 0, minutes) => plural(usize::try_from(minutes).unwrap_or(0), "minute"),
        (0, hours, minutes) => format!("{hours} h {minutes} min"),
        (days, ..) => plural(usize::try_from(days).unwrap_or(0), "day"),
    }
}

fn engine(facts: &Facts<'_>) -> Check {
    let point = Point(Area::Sync, "engine-status", "the sync engine exports, and its scheduler runs");
    match &facts.engine {
        Err(why) => point.cannot_tell(why.as_str(), "Try the `status` command of [sync] by hand."),
        Ok(None) => point.cannot_tell(
            "no `status` command is configured, so whether the engine is busy, suspended or a staging server is not known",
            "Add `status` to [sync]: a command that prints {\"busy\": …, \"staging\": …, \"suspended\": …}.",
        ),
        Ok(Some(engine)) if engine.staging => point.fail(
            "it is a staging server: it imports and synchronizes, and exports nothing, so no match will happen",
            "Let `trigger` and `status` of [sync] name the active server, or switch staging mode off there.",
        ),
        Ok(Some(engine)) if engine.suspended => point.fail(
            "its scheduler is suspended: no cycle comes by itself",
            "`Set-ADSyncScheduler -SyncCycleEnabled $true`; `matchplan status` says whether an apply of ours holds it.",
        ),
        Ok(Some(engine)) => {
            let busy = if engine.busy { "a cycle is running" } else { "idle" };
            point.pass(format!("{busy}, no staging server, not suspended"))
        }
    }
}

fn reach(facts: &Facts<'_>) -> Check {
    let point = Point(Area::Tenant, "tenant-reach", "the tenant can be read");
    match &facts.cloud {
        Ok(cloud) => point.pass(format!(
            "{} ({}), {}",
            cloud.tenant.display_name,
            cloud.tenant.id,
            plural(cloud.users.len(), "user")
        )),
        Err(why) => point.fail(why.as_str(), "Check [entra] in matchplan.toml, the network, and the credential."),
    }
}

fn clock(facts: &Facts<'_>) -> Check {
    let point = Point(Area::Tenant, "graph-clock", "this computer's clock agrees with Graph's");
    skew(point, facts.graph_ahead)
}

/// A verdict on two clocks.
pub(super) fn skew(point: Point, ahead: Option<SignedDuration>) -> Check {
    match ahead {
        None => point.cannot_tell("the server did not say what time it is", "Compare the clocks by hand."),
        Some(ahead) if ahead.abs() <= SKEW => point.pass("they differ by no more than five minutes"),
        Some(ahead) => {
            let word = if ahead.is_negative() { "behind" } else { "ahead of" };
            let seen = format!("the server is {} {word} this computer", ago_words(ahead.abs()));
            point.fail(
                seen,
                "Set the time by NTP: tokens and Kerberos fail when clocks differ by more than five minutes.",
            )
        }
    }
}

fn switches(facts: &Facts<'_>, cloud: &Snapshot) -> Vec<Check> {
    let points = [
        Point(Area::Tenant, "soft-match-switch", "blockSoftMatchEnabled does not stand in the way"),
        Point(
            Area::Tenant,
            "hard-match-switch",
            "blockCloudObjectTakeoverThroughHardMatchEnabled does not stand in the way",
        ),
        Point(Area::Tenant, "upn-match-switch", "softMatchOnUpnEnabled is on"),
        Point(
            Area::Tenant,
            "object-identifier-switch",
            "allowOnPremUpdateOfOnPremisesObjectIdentifierEnabled is closed",
        ),
        Point(Area::Tenant, "password-sync", "what a takeover does to passwords is known"),
        Point(Area::Tenant, "upn-sync", "changed UPNs reach the cloud (synchronizeUpnForManagedUsersEnabled)"),
    ];
    let Some(features) = cloud.tenant.features else {
        let why =
            cloud.gap(Missing::SyncFeatures).map_or("the tenant's sync features were not read", |gap| &gap.reason);
        let help =
            "Grant OnPremDirectorySynchronization.Read.All, or look with `Get-MgDirectoryOnPremiseSynchronization`.";
        return points.into_iter().map(|point| point.cannot_tell(why, help)).collect();
    };
    let [soft, hard, upn, identifier, password, upn_sync] = points;
    vec![
        blocking(soft, features.block_soft_match, wants(facts, |m| m != MatchChoice::Hard)),
        blocking(hard, features.block_hard_match, wants(facts, |m| m != MatchChoice::Soft)),
        upn_match(upn, features),
        if features.allow_object_identifier_update {
            identifier.fail(
                "it is open: any AD object can take over the cloud user of another one",
                "Close it again once the remapping that it was opened for is through: PATCH \
                 /directory/onPremisesSynchronization/{id} {\"features\": \
                 {\"allowOnPremUpdateOfOnPremisesObjectIdentifierEnabled\": false}}.",
            )
        } else {
            identifier.pass("it is closed")
        },
        password.pass(if features.password_sync {
            "password hash sync is on: a takeover replaces the cloud password by AD's"
        } else {
            "password hash sync is off: cloud passwords stay"
        }),
        if features.synchronize_upn_for_managed_users {
            upn_sync.pass("it is on")
        } else {
            upn_sync
                .pass("it is off: the UPN of a managed user with a licence stays as it is in the cloud")
                .help("Switching it on cannot be undone; do so only if UPNs are to follow AD.")
        },
    ]
}

/// Whether a link may come to that kind of match; `None` without a match plan.
fn wants(facts: &Facts<'_>, kind: impl Fn(MatchChoice) -> bool) -> Option<bool> {
    facts.links().map(|links| links.iter().any(|link: &LinkSpec| kind(link.matching)))
}

/// A switch that Microsoft wants on at all times but during a matching.
fn blocking(point: Point, on: bool, wanted: Option<bool>) -> Check {
    match (on, wanted) {
        (true, Some(true)) => point.fail(
            "it is on, and links of the match plan need such a match",
            "Switch it off for the time of the matching: PATCH /directory/onPremisesSynchronization/{id}; Microsoft \
             advises to switch it on again afterwards.",
        ),
        (true, _) => point.pass("it is on, as Microsoft advises outside of a matching"),
        (false, _) => point.pass("it is off").help("Switch it on when the matching is through, as Microsoft advises."),
    }
}

fn upn_match(point: Point, features: SyncFeatures) -> Check {
    if features.soft_match_on_upn {
        point.pass("it is on")
    } else {
        point.fail(
            "it is off: a cloud user without a mailbox address cannot be matched softly",
            "Switch softMatchOnUpnEnabled on (that cannot be undone), or write `match = \"hard\"` for such users.",
        )
    }
}

/// Live synced users whose UPN was mangled: one for each match that failed silently.
fn quarantine(cloud: &Snapshot) -> Check {
    let point = Point(Area::Tenant, "quarantined-duplicates", "no duplicates are in quarantine");
    let initial = cloud.tenant.initial_domain().map_or("", |domain| &domain.name);
    // Without a `+`, the digits count only where somebody else has the name that is left.
    let names: BTreeSet<String> = cloud.users.iter().map(|user| prefix(user.upn.as_str()).to_lowercase()).collect();
    let found: Vec<String> = cloud
        .users
        .iter()
        .filter(|user| user.is_synced())
        .filter_map(|user| {
            let name = prefix(user.upn.as_str());
            let left = name.get(..name.len().saturating_sub(4)).unwrap_or_default().to_lowercase();
            let known: Vec<&str> = names.get(&left).map(String::as_str).into_iter().collect();
            let original = mangled(&user.upn, initial, &known)?;
            Some(format!("{} ({}), which was to be called {original}", user.upn, user.id))
        })
        .collect();
    if found.is_empty() {
        return point.pass("no synced user has a mangled UPN");
    }
    point.fail(
        format!("{}: {}", plural(found.len(), "synced user"), some(&found)),
        "Each is a match that failed: take its AD user out of the sync scope, let a cycle run, purge the duplicate from the \
         recycle bin, mend the cause, and link again.",
    )
}

fn errors(cloud: &Snapshot) -> Check {
    let point = Point(Area::Tenant, "provisioning-errors", "no user carries provisioning errors");
    let told = |user: &EntraUser| {
        let errors: Vec<String> = user.provisioning_errors.iter().map(words).collect();
        format!("{}: {}", user.upn, errors.join(", "))
    };
    let found: Vec<String> = cloud.users.iter().filter(|user| !user.provisioning_errors.is_empty()).map(told).collect();
    point.unless(
        &found,
        "onPremisesProvisioningErrors is empty everywhere",
        "Remove each value from all objects but the one that shall have it, in the directory where it is mastered; Entra \
         tries again every hour.",
    )
}
