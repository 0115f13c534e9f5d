//! Whether the configured source anchor is the one in force: a wrong setting turns every hard match into a duplicate.

use super::decide::Context;
use super::link::Method;
use crate::model::ad::AdUser;
use crate::model::anchor::SourceAnchor;
use crate::model::id::DomainName;
use crate::rules::finding::{Finding, FindingCode, Severity};
use crate::rules::objects;
use crate::rules::source_anchor::{self, Conclusion, Evidence};
use crate::snapshot::question::Question;
use std::collections::BTreeMap;

/// An AD user that is to be linked.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// Which.
    pub ad: &'a AdUser,
    /// How, where that could be decided.
    pub method: Option<Method>,
    /// Whether the cloud's anchor is written to it.
    pub takes_anchor: bool,
}

/// What is to be said of each domain that links come from.
pub fn find(wanted: &[Wanted<'_>], context: &Context<'_>) -> Vec<Finding> {
    let mut by_domain: BTreeMap<&DomainName, Vec<Wanted<'_>>> = BTreeMap::new();
    for link in wanted {
        by_domain.entry(&link.ad.domain).or_default().push(*link);
    }
    if by_domain.is_empty() {
        return Vec::new();
    }
    let evidence = source_anchor::evidence(context.index);
    let sampled = context.index.snapshot.is_sampled();
    let judged = by_domain.into_iter().map(|(domain, links)| {
        let evidence = evidence.get(domain).copied().unwrap_or_default();
        let configured = context.source_anchor(domain);
        let early = early(domain, &links, evidence);
        // What the sync itself writes is the same in both attributes, so that most tenants show nothing at all: then the
        // question matters only to a link whose own attributes differ.
        let open = evidence.conclusion() == Conclusion::Open && concerned(&links).is_empty();
        if sampled && (open || evidence.conclusion() == Conclusion::Proven(configured)) {
            return [early, by_sample(domain, &links, evidence, configured)];
        }
        if sampled {
            // Anything else is a matter of how many, and of whom: that takes all of them.
            context.index.note(|| Question::Everything);
        }
        [early, judge(domain, &links, evidence, configured)]
    });
    judged.flatten().flatten().collect()
}

/// Writing the attribute before an engine is known to read it.
///
/// Source: Microsoft Entra Connect "Design concepts", "How to enable the ConsistencyGuid feature": the wizard looks whether
/// any object of the directory has a value.
fn early(domain: &DomainName, links: &[Wanted<'_>], evidence: Evidence<'_>) -> Option<Finding> {
    let first = links.iter().find(|link| link.takes_anchor)?;
    let proven = evidence.conclusion() == Conclusion::Proven(SourceAnchor::ConsistencyGuid);
    (!proven).then(|| {
        Finding::warning(
            FindingCode::ConsistencyGuidEarly,
            format!(
                "mS-DS-ConsistencyGuid is written in {domain}, and no synced user proves that an engine takes it as the source \
                 anchor: {}. If Entra Connect is installed after this, its wizard finds the attribute in use and takes \
                 objectGUID.",
                evidence.counts()
            ),
            "Install or rebuild the sync engine first; or start its installer as `AzureADConnect.exe /SkipLdapSearch`, or \
             choose the attribute by hand.",
        )
        .about([objects::ad_user(first.ad)])
    })
}

/// Some users prove the setting, and nobody among those that were looked at speaks against it.
fn by_sample(
    domain: &DomainName,
    links: &[Wanted<'_>],
    evidence: Evidence<'_>,
    configured: SourceAnchor,
) -> Option<Finding> {
    let first = hard(links).next()?;
    let finding = Finding::new(
        Severity::Info,
        FindingCode::SourceAnchorUnproven,
        format!(
            "source_anchor of {domain} is {} in matchplan.toml, and a sample {}: {}. The other synced users were not looked at.",
            configured.attribute(),
            if evidence.conclusion() == Conclusion::Open {
                "does not speak against it, and either attribute gives these users the same anchor"
            } else {
                "agrees"
            },
            evidence.counts()
        ),
        "To look at them all, plan with --read all.",
    );
    Some(finding.about([objects::ad_user(first)]))
}

fn judge(
    domain: &DomainName,
    links: &[Wanted<'_>],
    evidence: Evidence<'_>,
    configured: SourceAnchor,
) -> Option<Finding> {
    let hard: Vec<&AdUser> = hard(links).collect();
    let setting = format!("source_anchor of {domain} is {} in matchplan.toml", configured.attribute());
    let counts = evidence.counts();
    match evidence.conclusion() {
        Conclusion::Proven(found) if found == configured => None,
        Conclusion::Proven(found) => {
            let message = format!(
                "{setting}, but {} is in force: {counts}. Every hard match would make a duplicate.",
                found.attribute()
            );
            let help = format!("Write `source_anchor = \"{}\"` for {domain} in matchplan.toml.", found.attribute());
            Some(differs(message, help, &evidence, configured, &hard))
        }
        Conclusion::Mixed => {
            let message = format!(
                "{setting}; the users that are synced show both attributes: {counts}. Neither can be relied on."
            );
            let help = "Look up the source anchor in the sync engine (Entra Connect: View or export current configuration), \
                        and repair the users that have the other one before any hard match.";
            Some(differs(message, help.to_owned(), &evidence, configured, &hard))
        }
        Conclusion::Other => {
            let message = format!("{setting}, but another attribute seems to be in force: {counts}.");
            let help = "Look up the source anchor in the sync engine; anchors of another attribute than these two are not \
                        supported, and no hard match can be made with them.";
            Some(differs(message, help.to_owned(), &evidence, configured, &hard))
        }
        Conclusion::Unseen => {
            unproven(&hard, format!("{setting}, and no user that is synced shows whether that is true."))
        }
        // Where both attributes give the same anchor, the question does not matter.
        Conclusion::Open => unproven(
            &concerned(links),
            format!("{setting}, and no user that is synced shows whether that is true: {counts}."),
        ),
    }
}

/// Whom it matters to which of the two attributes is in force: who is matched by the anchor, and has two.
fn concerned<'a>(links: &[Wanted<'a>]) -> Vec<&'a AdUser> {
    let differ = |ad: &AdUser| ad.anchor(SourceAnchor::ObjectGuid) != ad.anchor(SourceAnchor::ConsistencyGuid);
    hard(links).filter(|ad| differ(ad)).collect()
}

/// Who is matched by the anchor.
fn hard<'a>(links: &[Wanted<'a>]) -> impl Iterator<Item = &'a AdUser> {
    links.iter().filter(|link| link.method == Some(Method::Hard)).map(|link| link.ad)
}

/// Without a hard match nothing is matched by the anchor, but the proof of each link would wait for the wrong one.
fn differs(
    message: String,
    help: String,
    evidence: &Evidence<'_>,
    configured: SourceAnchor,
    hard: &[&AdUser],
) -> Finding {
    let severity = if hard.is_empty() { Severity::Warning } else { Severity::Error };
    let example = evidence.against(configured);
    let message = match example {
        Some((ad, cloud)) => format!("{message} An example is {}\\{}, which is {}.", ad.domain, ad.sam, cloud.upn),
        None => message,
    };
    let finding = Finding::new(severity, FindingCode::SourceAnchorDiffers, message, help);
    finding.about(example.into_iter().flat_map(|(ad, cloud)| [objects::ad_user(ad), objects::cloud_user(cloud)]))
}

fn unproven(concerned: &[&AdUser], message: String) -> Option<Finding> {
    let first = concerned.first()?;
    Some(
        Finding::warning(
            FindingCode::SourceAnchorUnproven,
            message,
            "Look up the source anchor in the sync engine, and link one user first: a wrong setting makes a duplicate of \
             every hard match.",
        )
        .about([objects::ad_user(first)]),
    )
}
