//! What becomes of one link: which branch of the published decision tree, which attributes, which roles, and what
//! stands in the way.
//!
//! `auto`: UPN and primary SMTP address match already, or can be aligned without a conflict, and no role is held →
//! soft match; otherwise hard match; roles held → suspend, hard match, restore. `roles` decides whether roles may be
//! taken at all.

use super::align;
use super::duplicates::Duplicates;
use super::{detour, hurdles, reverse};
use crate::config::Config;
use crate::config::matchplan::{AnchorChoice, LinkSpec, MatchChoice, RolesChoice};
use crate::model::ad::AdUser;
use crate::model::anchor::{Anchor, SourceAnchor};
use crate::model::attribute::AttributeChange;
use crate::model::dn::Dn;
use crate::model::entra::EntraUser;
use crate::model::id::{DomainName, ObjectId};
use crate::model::name::Upn;
use crate::model::role::Holding;
use crate::model::tenant::SyncFeatures;
use crate::rules::conflict;
use crate::rules::exposure::{self, Exposure};
use crate::rules::finding::{Finding, FindingCode, Severity};
use crate::rules::lint::world::World;
use crate::rules::matching::{self, Candidate};
use crate::rules::objects;
use crate::rules::prediction::{MatchKey, Method, Prediction, Takeover};
use crate::rules::takeover;
use crate::snapshot::index::Index;
use jiff::Timestamp;

/// Everything that deciding needs besides the link.
pub struct Context<'a> {
    /// The configuration.
    pub config: &'a Config,
    /// The directories.
    pub index: &'a Index<'a>,
    /// The tenant's switches; all off where they could not be read (a finding says so).
    pub features: SyncFeatures,
    /// Users that no plan may touch.
    pub protected: &'a [ObjectId],
    /// Brakes that were lifted, by name.
    pub allow: &'a [String],
    /// When the plan is made.
    pub now: Timestamp,
    /// What the lint needs to know of both directories.
    pub lint: &'a World<'a>,
    /// What is removed before a match, or would be.
    pub duplicates: &'a Duplicates<'a>,
}

impl Context<'_> {
    /// The source anchor of a domain.
    pub fn source_anchor(&self, domain: &DomainName) -> SourceAnchor {
        self.config.settings.source_anchor(domain)
    }

    /// Where an AD user stands, judged by its place.
    pub fn exposure(&self, ad: &AdUser) -> Exposure {
        let sync = &self.config.settings.sync;
        exposure::by_place(&ad.dn, &sync.synced_ous, sync.hold.is_some())
    }

    /// Whether a brake was lifted.
    pub fn allows(&self, code: FindingCode) -> bool {
        self.allow.iter().any(|name| name == code.as_str())
    }
}

/// What was decided about a link that is to be changed.
pub struct Decision<'a> {
    /// The AD user as it is.
    pub ad: &'a AdUser,
    /// The cloud user as it is.
    pub cloud: &'a EntraUser,
    /// How the match is to happen.
    pub method: Method,
    /// Why, in one sentence.
    pub why: String,
    /// The anchor that the link rests on.
    pub anchor: Anchor,
    /// What is written to AD.
    pub changes: Vec<AttributeChange>,
    /// The source anchor that is written to AD, where the AD user takes the cloud's.
    pub source_anchor: Option<AttributeChange>,
    /// The container before and after, if the user is moved.
    pub relocation: Option<(Dn, Dn)>,
    /// The roles, and memberships that bring roles, to take.
    pub roles: Vec<Holding>,
    /// Whether they come back.
    pub restore: bool,
    /// The cloud users that are removed before the match.
    pub duplicates: Vec<&'a EntraUser>,
    /// The sign-in name that the cloud user has while its ImmutableID is written, where its own is in a federated domain.
    pub detour: Option<Upn>,
    /// Where the AD user stands.
    pub exposure: Exposure,
    /// What the next cycle makes of it.
    pub prediction: Prediction,
    /// What the takeover does.
    pub takeover: Takeover,
    /// What was noticed, errors included.
    pub findings: Vec<Finding>,
}

impl Decision<'_> {
    /// Whether the ImmutableID has to be written: a hard match whose target does not have the anchor yet.
    pub fn writes_anchor(&self) -> bool {
        self.method == Method::Hard && !self.cloud.has_anchor(self.anchor)
    }
}

/// Where a pair of users stands before anything is decided.
pub enum Standing<'a> {
    /// Linked already.
    Linked(Anchor),
    /// Cannot be judged further.
    Blocked(Vec<Finding>),
    /// To be changed (or blocked, if the decision's findings say so).
    Decided(Box<Decision<'a>>),
}

/// Decides one link.
pub fn decide<'a>(spec: &LinkSpec, ad: &'a AdUser, cloud: &'a EntraUser, context: &Context<'a>) -> Standing<'a> {
    let reversed = spec.anchor == Some(AnchorChoice::CloudToAd);
    // A link that is formed has nothing to take.
    let found =
        if reversed && !cloud.is_synced() { reverse::anchor(ad, cloud, context) } else { anchor(spec, ad, context) };
    let anchor = match found {
        Ok(anchor) => anchor,
        Err(finding) => return Standing::Blocked(vec![*finding]),
    };
    if cloud.is_synced() {
        return synced(ad, cloud, anchor);
    }
    let roles = context.index.holdings_of(cloud.id).to_vec();
    let soft = Try::new(spec, ad, cloud, anchor, Method::Soft, &roles, context);
    let hard = Try::new(spec, ad, cloud, anchor, Method::Hard, &roles, context);
    let (chosen, why) = choose(spec, soft, hard, &roles);
    let provisioned = chosen.conflicts.iter().any(|finding| finding.code == FindingCode::Provisioned);
    let exposure = if provisioned { Exposure::Provisioned } else { context.exposure(ad) };
    let relocation = spec.move_to.as_ref().and_then(|to| {
        let from = ad.dn.parent()?;
        (from != *to).then(|| (from, to.clone()))
    });
    let mut decision = Decision {
        ad,
        cloud,
        method: chosen.method,
        why,
        anchor,
        changes: align::changes(ad, &chosen.aligned),
        source_anchor: reversed.then(|| reverse::change(ad, anchor)).flatten(),
        relocation,
        roles: if spec.roles == RolesChoice::Refuse { Vec::new() } else { roles },
        restore: spec.roles == RolesChoice::Suspend,
        duplicates: context.duplicates.get(&ad.guid).cloned().unwrap_or_default(),
        detour: None,
        exposure,
        prediction: chosen.prediction,
        takeover: takeover::preview(&chosen.aligned, cloud, context.index),
        findings: chosen.conflicts,
    };
    decision.detour = detour::name(spec, &decision, context);
    hurdles::find(spec, &chosen.aligned, &mut decision, context);
    Standing::Decided(Box::new(decision))
}

/// The AD user's anchor, checked against the one that the link states.
fn anchor(spec: &LinkSpec, ad: &AdUser, context: &Context<'_>) -> Result<Anchor, Box<Finding>> {
    let source = context.source_anchor(&ad.domain);
    let anchor = ad.anchor(source).map_err(|error| {
        Box::new(
            Finding::error(
                FindingCode::BadAnchor,
                format!("mS-DS-ConsistencyGuid of this AD user cannot be a source anchor: {error}."),
                "Correct the attribute, or clear it if the user was never synced: objectGUID is taken then.",
            )
            .about([objects::ad_user(ad)]),
        )
    })?;
    match spec.anchor {
        Some(AnchorChoice::Expected(stated)) if stated != anchor => Err(Box::new(
            Finding::error(
                FindingCode::AnchorMismatch,
                format!(
                    "The link states the anchor {stated}, but this AD user's ({}) is {anchor}.",
                    source.attribute()
                ),
                "Compare both with `matchplan anchor`; correct the link, or name the AD user that has this anchor.",
            )
            .about([objects::ad_user(ad)])
            .value(stated.to_base64()),
        )),
        _ => Ok(anchor),
    }
}

/// A cloud user that is synced is linked with this AD user, or with another one.
fn synced<'a>(ad: &AdUser, cloud: &EntraUser, anchor: Anchor) -> Standing<'a> {
    let same_anchor = cloud.has_anchor(anchor);
    let same_sid = cloud.security_identifier.as_ref() == Some(&ad.sid);
    if same_anchor && same_sid {
        return Standing::Linked(anchor);
    }
    let differs = match (same_anchor, same_sid) {
        (true, false) => "it has the same anchor but another security identifier",
        (false, true) => "it has the same security identifier but another anchor",
        _ => "from another AD user",
    };
    Standing::Blocked(vec![
        Finding::error(
            FindingCode::AlreadySynced,
            format!("{} is synced already: {differs}. A synced user is never matched a second time.", cloud.upn),
            "Take the other AD user out of the sync scope first, or link to the right cloud user.",
        )
        .about([objects::ad_user(ad), objects::cloud_user(cloud)])
        .value(cloud.immutable_id.as_ref().map_or("", |id| id.as_str())),
    ])
}

/// One branch of the tree, tried out.
struct Try {
    method: Method,
    /// Whether the anchor is the ImmutableID before anything is written.
    by_anchor: bool,
    aligned: AdUser,
    prediction: Prediction,
    conflicts: Vec<Finding>,
}

impl Try {
    fn new(
        spec: &LinkSpec,
        ad: &AdUser,
        cloud: &EntraUser,
        anchor: Anchor,
        method: Method,
        roles: &[Holding],
        context: &Context<'_>,
    ) -> Self {
        let mut aligned = align::aligned(ad, cloud, spec, method);
        if spec.anchor == Some(AnchorChoice::CloudToAd) {
            aligned = reverse::taking(&aligned, anchor);
        }
        let by_anchor = cloud.has_anchor(anchor);
        let candidate = Candidate {
            ad: &aligned,
            anchor,
            cloud,
            anchored: method == Method::Hard || by_anchor,
            privileged: spec.roles == RolesChoice::Refuse && !roles.is_empty(),
            staged: spec.move_to.is_none() && context.exposure(ad) == Exposure::Staged,
        };
        let prediction = matching::predict(candidate, context.index);
        let conflicts = conflict::find(candidate, context.index);
        Self { method, by_anchor, aligned, prediction, conflicts }
    }

    fn works(&self) -> bool {
        let soft = matches!(
            self.prediction,
            Prediction::Linked { by: MatchKey::PrimarySmtp | MatchKey::Upn }
                | Prediction::Unproven { by: MatchKey::PrimarySmtp | MatchKey::Upn, .. }
        );
        soft && !self.conflicts.iter().any(|f| f.severity == Severity::Error)
    }
}

fn choose(spec: &LinkSpec, soft: Try, hard: Try, roles: &[Holding]) -> (Try, String) {
    match spec.matching {
        MatchChoice::Soft if soft.by_anchor => (
            Try { method: Method::Hard, ..soft },
            "the cloud user has this AD user's anchor already, so Entra links by it whatever the link asks for"
                .to_owned(),
        ),
        MatchChoice::Soft => (soft, "the link asks for it".to_owned()),
        MatchChoice::Hard => (hard, "the link asks for it".to_owned()),
        MatchChoice::Auto if soft.by_anchor => (hard, "the cloud user has this AD user's anchor already".to_owned()),
        MatchChoice::Auto if !roles.is_empty() => {
            let held = if roles.len() == 1 { "a role".to_owned() } else { format!("{} roles", roles.len()) };
            (hard, format!("the cloud user holds {held}"))
        }
        MatchChoice::Auto if soft.works() => {
            let why = match soft.prediction {
                Prediction::Linked { by: MatchKey::Upn } | Prediction::Unproven { by: MatchKey::Upn, .. } => {
                    "the UPN matches, and no role is held"
                }
                _ => "UPN and primary SMTP address match or can be aligned, and no role is held",
            };
            (soft, why.to_owned())
        }
        MatchChoice::Auto => {
            let why = match &soft.prediction {
                Prediction::Linked { .. } | Prediction::Unproven { .. } => {
                    "aligning for a soft match would conflict".to_owned()
                }
                Prediction::Error { why, .. }
                | Prediction::WrongTarget { why }
                | Prediction::Duplicate { why, .. }
                | Prediction::Restored { why }
                | Prediction::NotEvaluated { why }
                | Prediction::NotSynced { why } => format!("a soft match is not possible: {why}"),
            };
            (hard, why)
        }
    }
}
