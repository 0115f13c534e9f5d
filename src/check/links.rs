//! The users of the match plans, on both sides: what Microsoft's list before a match asks of them.
//!
//! Source: Microsoft, "Configure Microsoft Entra Connect for an existing tenant" (hard match: before you start), and
//! "Microsoft Entra Connect Sync: Understanding the default configuration" (who is never synced).

use super::facts::Facts;
use super::{Area, Check, Point, plural};
use crate::config::matchplan::{LinkSpec, RolesChoice};
use crate::config::read::Config;
use crate::model::ad::AdUser;
use crate::model::entra::EntraUser;
use crate::plan::resolve::{self, Hint};
use crate::rules::aftermath::words;
use crate::rules::exposure::{excluded_by_default, in_scope};
use crate::rules::matching::foreign_identifier;
use crate::snapshot::document::Missing;
use crate::snapshot::index::Index;

const AD: Point = Point(Area::Links, "links-ad", "every link names one AD user");
const CLOUD: Point = Point(Area::Links, "links-cloud", "every link names one live cloud user");
const SCOPE: Point = Point(Area::Links, "links-scope", "the sync engine sees the AD users");
const ANCHOR: Point = Point(Area::Links, "links-anchor", "each AD user has an anchor of its own");
const NEW: Point = Point(Area::Links, "links-new", "the AD users are new to the cloud");
const TARGET: Point = Point(Area::Links, "links-target", "the cloud users are cloud-only and free");
const ROLES: Point = Point(Area::Links, "links-roles", "roles do not stand in the way");
const ERRORS: Point = Point(Area::Links, "links-errors", "the linked cloud users carry no provisioning errors");

/// One link, as far as its users were found. `Err` says what is wrong, `None` that its directory was not read.
struct Pair<'a> {
    spec: &'a LinkSpec,
    ad: Option<Result<&'a AdUser, String>>,
    cloud: Option<Result<&'a EntraUser, String>>,
}

impl<'a> Pair<'a> {
    fn ad(&self) -> Option<&'a AdUser> {
        self.ad.as_ref()?.as_ref().ok().copied()
    }

    fn cloud(&self) -> Option<&'a EntraUser> {
        self.cloud.as_ref()?.as_ref().ok().copied()
    }

    fn both(&self) -> Option<(&'a AdUser, &'a EntraUser)> {
        Some((self.ad()?, self.cloud()?))
    }

    /// Whether the link is formed: then nothing is asked of its users any more.
    fn is_formed(&self) -> bool {
        self.both().is_some_and(|(ad, cloud)| cloud.is_synced() && cloud.security_identifier.as_ref() == Some(&ad.sid))
    }
}

pub(super) fn links(facts: &Facts<'_>, index: Option<&Index<'_>>) -> Vec<Check> {
    let (Some(config), Some(index)) = (facts.config, index) else { return Vec::new() };
    let unread = facts.domains.iter().find_map(|domain| domain.read.as_ref().err());
    let pairs = pairs(facts, config, index);
    let open: Vec<&Pair<'_>> = pairs.iter().filter(|pair| !pair.is_formed()).collect();
    let cloud = facts.cloud.as_ref().err();
    let mut all = vec![
        side(AD, unread, pairs.iter().map(|pair| pair.ad.as_ref().map(|ad| ad.as_ref().err()))),
        side(CLOUD, cloud, pairs.iter().map(|pair| pair.cloud.as_ref().map(|cloud| cloud.as_ref().err()))),
    ];
    let ad = [scope(facts, &open), anchor(facts, &open, index)];
    all.extend(ad.map(|check| told_of(check, unread)));
    let both = [new(facts, &open, index), target(facts, &open), roles(&open, index), errors(&pairs)];
    all.extend(both.map(|check| told_of(check, cloud.or(unread))));
    all
}

/// A check that passes for those that were read, while some were not, cannot tell.
fn told_of(check: Check, unread: Option<&String>) -> Check {
    match unread {
        Some(why) if check.verdict == super::Verdict::Pass => {
            let seen = format!("not every link could be looked at: {why}");
            Check { verdict: super::Verdict::CannotTell, seen, ..check }.help("Mend that first, then check again.")
        }
        _ => check,
    }
}

fn pairs<'a>(facts: &Facts<'a>, config: &'a Config, index: &'a Index<'a>) -> Vec<Pair<'a>> {
    let all_ad = facts.domains.iter().all(|domain| domain.read.is_ok());
    let any_cloud = facts.cloud.is_ok();
    let mut missing = 0;
    let pair = |spec: &'a LinkSpec| {
        let mut ad = resolve::ad_user(&spec.ad, index, Hint::after(missing));
        missing += usize::from(ad.is_err());
        let mut cloud = resolve::cloud_user(&spec.cloud, index);
        // A formed link may have lost the name that it is written with.
        if let (Err(_), Ok(user)) = (&ad, &cloud)
            && let Some(found) = resolve::renamed_by_link(spec, user, index)
        {
            ad = Ok(found);
        }
        if let (Ok(user), Err(_)) = (&ad, &cloud)
            && let Some(found) =
                resolve::renamed_by_takeover(spec, user, facts.settings.source_anchor(&user.domain), index)
        {
            cloud = Ok(found);
        }
        Pair {
            spec,
            // Whoever is not found may be in a domain that was not read.
            ad: (ad.is_ok() || all_ad).then(|| ad.map_err(|finding| finding.message)),
            cloud: any_cloud.then(|| cloud.map_err(|finding| finding.message)),
        }
    };
    config.plan.links.iter().map(pair).collect()
}

/// Whether all were found on one side.
fn side<'a>(point: Point, unread: Option<&String>, all: impl Iterator<Item = Option<Option<&'a String>>>) -> Check {
    let all: Vec<_> = all.collect();
    let wrong: Vec<String> = all.iter().flatten().flatten().map(|message| (*message).clone()).collect();
    let found = plural(all.len(), "link");
    let help = "Correct the names in the match plan; `matchplan plan` shows each with its line.";
    told_of(point.unless(&wrong, found, help), unread.filter(|_| all.iter().any(Option::is_none)))
}

fn name(ad: &AdUser) -> String {
    format!("{}\\{}", ad.domain, ad.sam)
}

fn scope(facts: &Facts<'_>, open: &[&Pair<'_>]) -> Check {
    let ous = &facts.settings.sync.synced_ous;
    if ous.is_empty() {
        return SCOPE.cannot_tell(
            "`synced_ous` in [sync] names nothing",
            "Write there which OUs the engine syncs (Entra Connect: Domain and OU filtering).",
        );
    }
    let wrong = open.iter().filter_map(|pair| {
        let ad = pair.ad()?;
        let dn = pair.spec.move_to.as_ref().map_or_else(|| ad.dn.clone(), |to| ad.dn.moved_to(to));
        match excluded_by_default(ad) {
            Some(why) => Some(format!("{}: {why}", name(ad))),
            None => (!in_scope(&dn, ous)).then(|| format!("{} stays outside of what is synced ({})", name(ad), ad.dn)),
        }
    });
    let wrong: Vec<String> = wrong.collect();
    let help = "Write `move_to` in the link, or extend `synced_ous` if the engine syncs that OU; whom the default rules leave \
                out is never synced.";
    SCOPE.unless(&wrong, "every one is in scope, or its link moves it there", help)
}

fn anchor(facts: &Facts<'_>, open: &[&Pair<'_>], index: &Index<'_>) -> Check {
    let mut wrong = Vec::new();
    for ad in open.iter().filter_map(|pair| pair.ad()) {
        match ad.anchor(facts.settings.source_anchor(&ad.domain)) {
            Err(error) => wrong.push(format!("{}: {error}", name(ad))),
            Ok(anchor) => {
                let others = index.ad_by_anchor(anchor).into_iter().filter(|other| other.guid != ad.guid);
                wrong.extend(others.map(|other| format!("{} and {} have the same anchor", name(ad), name(other))));
            }
        }
        let same = ad.upn.iter().flat_map(|upn| index.ad_by_upn(upn)).filter(|other| other.guid != ad.guid);
        wrong.extend(same.map(|other| format!("{} and {} have the same UPN", name(ad), name(other))));
    }
    let help = "The anchor is 16 octets and belongs to one user of the forest: correct or clear mS-DS-ConsistencyGuid of the \
                user that was copied.";
    ANCHOR.unless(&wrong, "16 octets, and nobody else has them", help)
}

fn new(facts: &Facts<'_>, open: &[&Pair<'_>], index: &Index<'_>) -> Check {
    let wrong = open.iter().filter_map(|pair| {
        let ad = pair.ad()?;
        let wanted = pair.cloud().map(|cloud| cloud.id);
        let anchor = ad.anchor(facts.settings.source_anchor(&ad.domain)).ok()?;
        let by_anchor = index.cloud_by_immutable_id(&anchor.to_base64()).into_iter();
        let other = by_anchor.chain(index.cloud_by_sid(&ad.sid)).find(|user| Some(user.id) != wanted)?;
        let place = if other.deleted.is_some() { "in the recycle bin, " } else { "" };
        Some(format!("{} is {} already ({place}{})", name(ad), other.upn_before_deletion(), other.id))
    });
    let wrong: Vec<String> = wrong.collect();
    let help = "A match is evaluated only for objects that are new to the cloud: take the AD user out of scope, let a cycle \
                run, purge that cloud user, and link then.";
    NEW.unless(&wrong, "no cloud user has the anchor or the SID of one of them", help)
}

fn target(facts: &Facts<'_>, open: &[&Pair<'_>]) -> Check {
    let mut wrong = Vec::new();
    for pair in open {
        let Some(cloud) = pair.cloud() else { continue };
        let upn = &cloud.upn;
        if cloud.is_synced() {
            wrong.push(format!("{upn} is synced from another AD user"));
            continue;
        }
        if cloud.cloud_managed == Some(true) {
            wrong.push(format!("the source of authority of {upn} is the cloud"));
        }
        let Some(ad) = pair.ad() else { continue };
        let Ok(anchor) = ad.anchor(facts.settings.source_anchor(&ad.domain)) else { continue };
        if let Some(id) = cloud.immutable_id.as_ref().filter(|_| !cloud.has_anchor(anchor)) {
            wrong.push(format!("{upn} has the ImmutableID {:?}, not {}'s", id.as_str(), name(ad)));
        }
        if foreign_identifier(cloud, ad, anchor) {
            wrong.push(format!("{upn} carries the onPremisesObjectIdentifier of another AD object"));
        }
    }
    let help = "`matchplan plan` says for each what to do: clear what is left of an earlier sync, or correct the link.";
    TARGET.unless(&wrong, "none is synced, cloud-managed, or tied to another AD object", help)
}

fn roles(open: &[&Pair<'_>], index: &Index<'_>) -> Check {
    if let Some(gap) = index.snapshot.gap(Missing::Roles) {
        return ROLES.cannot_tell(gap.reason.as_str(), "Grant RoleManagement.Read.Directory.");
    }
    let (mut refused, mut taken) = (Vec::new(), 0);
    for pair in open {
        let Some(cloud) = pair.cloud() else { continue };
        let held = index.holdings_of(cloud.id);
        match pair.spec.roles {
            _ if held.is_empty() => {}
            RolesChoice::Refuse => {
                let names: Vec<String> = held.iter().map(ToString::to_string).collect();
                refused.push(format!("{} holds {}", cloud.upn, names.join(", ")));
            }
            RolesChoice::Suspend | RolesChoice::Remove => taken += held.len(),
        }
    }
    let good = if taken == 0 {
        "no linked cloud user holds one".to_owned()
    } else {
        format!("{}, taken for the time of the match as the links say", plural(taken, "role"))
    };
    let check = ROLES.unless(
        &refused,
        good,
        "Write `roles = \"suspend\"` in the link: Entra matches nobody onto a role holder.",
    );
    let gap = [Missing::PimSchedules, Missing::RoleGroups].into_iter().find_map(|what| index.snapshot.gap(what));
    match gap {
        Some(gap) if refused.is_empty() => ROLES.cannot_tell(
            format!("no active role stands in the way; eligible roles or groups could not be seen: {}", gap.reason),
            "Look in Privileged Identity Management before you apply, or grant the permission that is named.",
        ),
        _ => check,
    }
}

fn errors(pairs: &[Pair<'_>]) -> Check {
    let told =
        pairs.iter().filter_map(Pair::cloud).filter(|cloud| !cloud.provisioning_errors.is_empty()).map(|cloud| {
            let errors: Vec<String> = cloud.provisioning_errors.iter().map(words).collect();
            format!("{}: {}", cloud.upn, errors.join(", "))
        });
    let told: Vec<String> = told.collect();
    let help = "Remove the value from the other object that has it, in the directory where that object is mastered.";
    ERRORS.unless(&told, "none", help)
}
