//! What speaks against a link between two users that look alike.

use super::evidence::{EmployeeIds, employee_ids, same_name};
use super::keys::{AdSide, Keys};
use crate::config::matchplan::{CloudSelector, LinkSpec, Origin};
use crate::config::settings::Settings;
use crate::model::ad::AdUser;
use crate::model::entra::EntraUser;
use crate::model::id::{AdGuid, ObjectId};
use crate::model::name::Upn;
use crate::plan::resolve::{self, Hint};
use crate::rules::exposure::{self, Exposure};
use crate::rules::matching::foreign_identifier;
use crate::snapshot::index::Index;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashMap};

/// What an objection does to a proposal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Weight {
    /// Nothing: it is to be known.
    Remark,
    /// It is written commented out: a person has to decide first.
    Hold,
    /// There is no proposal.
    Forbid,
}

/// A reason against linking two users.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ObjectionKind {
    /// Both have an employee id, and they differ.
    DifferentEmployeeIds,
    /// One of them fits several users equally well.
    Ambiguous,
    /// One of them fits another user better.
    BetterElsewhere,
    /// A match plan links one of them with somebody else.
    NamedByLink,
    /// `guard.protect` names the cloud user, or the AD user's sign-in name.
    Protected,
    /// The cloud user is synced already, from another object of AD.
    Synced,
    /// The cloud user has the ImmutableID or the SID of another AD user.
    MarkOfAnother,
    /// The AD user has a cloud object of its own already.
    Provisioned,
    /// The source of authority of the cloud user is the cloud.
    CloudManaged,
    /// The sync engine never looks at the AD user.
    NeverSynced,
    /// The cloud user is a guest.
    Guest,
    /// The cloud user holds a role, or may activate one.
    HoldsRole,
    /// The AD user is disabled and the cloud user is not.
    AdDisabled,
    /// The cloud user is the identity that read the directories.
    OwnIdentity,
    /// The display names have no word in common.
    UnlikeDisplayName,
    /// An ImmutableID, or an `onPremisesObjectIdentifier`, of no AD user that was read is on the cloud user.
    UnknownMark,
    /// The cloud user cannot sign in.
    CloudDisabled,
    /// The employee ids differ in leading zeros.
    OtherZeros,
    /// The display names differ.
    OtherDisplayName,
    /// The AD user is in the sync scope.
    InScope,
    /// The AD user is outside of the sync scope.
    OutOfScope,
}

impl ObjectionKind {
    /// What it does to a proposal.
    pub const fn weight(self) -> Weight {
        match self {
            Self::DifferentEmployeeIds
            | Self::Ambiguous
            | Self::BetterElsewhere
            | Self::NamedByLink
            | Self::Protected
            | Self::Synced
            | Self::MarkOfAnother
            | Self::Provisioned
            | Self::CloudManaged
            | Self::NeverSynced => Weight::Forbid,
            Self::Guest | Self::HoldsRole | Self::AdDisabled | Self::OwnIdentity | Self::UnlikeDisplayName => {
                Weight::Hold
            }
            Self::UnknownMark
            | Self::CloudDisabled
            | Self::OtherZeros
            | Self::OtherDisplayName
            | Self::InScope
            | Self::OutOfScope => Weight::Remark,
        }
    }
}

/// One reason against a link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Objection {
    /// Which.
    pub kind: ObjectionKind,
    /// What it means for these two, in words.
    pub why: String,
}

impl Objection {
    /// An objection.
    pub fn new(kind: ObjectionKind, why: impl Into<String>) -> Self {
        Self { kind, why: why.into() }
    }

    /// What it does to a proposal.
    pub const fn weight(&self) -> Weight {
        self.kind.weight()
    }
}

/// The users that links of match plans name.
#[derive(Debug, Default)]
pub struct Named {
    by_ad: HashMap<AdGuid, (ObjectId, Origin)>,
    by_cloud: HashMap<ObjectId, (AdGuid, Origin)>,
    /// Links of which a user was not found; what was found of them counts all the same.
    pub unresolved: usize,
}

impl Named {
    /// Finds the users of every link. One that is not found is left to `plan`, which says so at length.
    pub fn of(links: &[LinkSpec], index: &Index<'_>) -> Self {
        let mut named = Self::default();
        for link in links {
            let ad = resolve::ad_user(&link.ad, index, Hint::Leave).ok().map(|user| user.guid);
            let cloud = resolve::cloud_user(&link.cloud, index).ok().map(|user| user.id);
            named.unresolved += usize::from(ad.is_none() || cloud.is_none());
            // Where one of them is unknown, the other is taken by nobody that could be the wanted one.
            let (nobody, no_id) = (AdGuid(uuid::Uuid::nil()), ObjectId(uuid::Uuid::nil()));
            if let Some(guid) = ad {
                named.by_ad.insert(guid, (cloud.unwrap_or(no_id), link.origin.clone()));
            }
            if let Some(id) = cloud {
                named.by_cloud.insert(id, (ad.unwrap_or(nobody), link.origin.clone()));
            }
        }
        named
    }

    /// How many links have both of their users.
    pub fn pairs(&self) -> usize {
        self.by_ad.iter().filter(|(guid, (id, _))| self.links(**guid, *id)).count()
    }

    /// Whether a link names an AD user.
    pub fn has_ad(&self, user: &AdUser) -> bool {
        self.by_ad.contains_key(&user.guid)
    }

    /// Whether a link names these two together.
    pub fn links(&self, ad: AdGuid, cloud: ObjectId) -> bool {
        self.by_ad.get(&ad).is_some_and(|(id, _)| *id == cloud)
            && self.by_cloud.get(&cloud).is_some_and(|(guid, _)| *guid == ad)
    }

    /// The link that has another idea about one of them.
    fn otherwise(&self, ad: AdGuid, cloud: ObjectId) -> Option<(&'static str, &Origin)> {
        let by_ad = self.by_ad.get(&ad).map(|(_, origin)| ("the AD user", origin));
        by_ad.or_else(|| self.by_cloud.get(&cloud).map(|(_, origin)| ("the cloud user", origin)))
    }
}

/// Everything that judging a pair needs.
pub struct Context<'a> {
    /// The settings.
    pub settings: &'a Settings,
    /// Both directories.
    pub index: &'a Index<'a>,
    /// Both by their keys.
    pub keys: &'a Keys<'a>,
    /// Who is in a match plan.
    pub named: &'a Named,
    /// The cloud users that `guard.protect` names.
    pub protected: &'a [ObjectId],
}

impl Context<'_> {
    /// Where an AD user stands, judged by its place.
    pub fn exposure(&self, user: &AdUser) -> Exposure {
        exposure::by_place(&user.dn, &self.settings.sync.synced_ous, false)
    }

    /// A cloud user that an AD user has already: synced, with its anchor or its SID.
    pub fn own_object(&self, ad: &AdSide<'_>) -> Option<&EntraUser> {
        let by_anchor = ad.anchor.map(|anchor| self.index.cloud_by_immutable_id(&anchor.to_base64()));
        let by_sid = self.index.cloud_by_sid(&ad.user.sid);
        by_anchor.into_iter().flatten().chain(by_sid).find(|user| user.deleted.is_none() && user.is_synced())
    }

    /// Whether a protected name is this AD user's.
    fn protects(&self, upn: &Upn) -> bool {
        self.settings.guard.protect.iter().any(|entry| matches!(entry, CloudSelector::Upn(name) if name == upn))
    }
}

/// Whether a cloud user is synced from this very AD user: they are linked, and nothing is to be said.
pub fn is_linked(ad: &AdSide<'_>, cloud: &EntraUser) -> bool {
    let marked = ad.anchor.is_some_and(|anchor| cloud.has_anchor(anchor));
    cloud.is_synced() && (marked || cloud.security_identifier.as_ref() == Some(&ad.user.sid))
}

/// Every objection to a pair that its two users are the reason for, the weightiest first; that others fit as well is said
/// by who compares pairs.
pub fn find(ad: &AdSide<'_>, cloud: &EntraUser, context: &Context<'_>) -> Vec<Objection> {
    let mut found = Vec::new();
    let mut add = |kind, why: String| found.push(Objection::new(kind, why));
    let user = ad.user;
    match employee_ids(ad, cloud, context.keys) {
        EmployeeIds::Different(own, other) => add(
            ObjectionKind::DifferentEmployeeIds,
            format!("the employee ids differ: {own} in AD, {other} in the cloud"),
        ),
        EmployeeIds::OtherZeros(own, other) => {
            add(
                ObjectionKind::OtherZeros,
                format!("the employee ids differ in zeros: {own} in AD, {other} in the cloud"),
            );
        }
        EmployeeIds::Silent | EmployeeIds::Equal(_) => {}
    }
    if let Some((who, origin)) = context.named.otherwise(user.guid, cloud.id) {
        add(ObjectionKind::NamedByLink, format!("{origin} links {who} already"));
    }
    if context.protected.contains(&cloud.id) {
        add(ObjectionKind::Protected, "guard.protect names the cloud user".to_owned());
    } else if context.protects(&ad.upn) {
        add(ObjectionKind::Protected, "guard.protect names the AD user's sign-in name".to_owned());
    }
    if let Some(own) = context.own_object(ad).filter(|own| own.id != cloud.id) {
        add(ObjectionKind::Provisioned, format!("the AD user has a cloud object of its own already: {}", own.upn));
    }
    if let Some((kind, why)) = marks(ad, cloud, context) {
        add(kind, why);
    }
    if cloud.cloud_managed == Some(true) {
        add(ObjectionKind::CloudManaged, "the source of authority of the cloud user is the cloud".to_owned());
    }
    if let Some(why) = exposure::excluded_by_default(user) {
        add(ObjectionKind::NeverSynced, format!("the sync engine never looks at the AD user: {why}"));
    }
    if cloud.user_type.as_deref().is_some_and(|kind| kind.eq_ignore_ascii_case("guest")) {
        add(ObjectionKind::Guest, "the cloud user is a guest".to_owned());
    }
    let roles = context.index.holdings_of(cloud.id);
    if !roles.is_empty() {
        let names: BTreeSet<String> = roles.iter().map(role_name).collect();
        let more = if names.len() > SHOWN { ", …" } else { "" };
        let shown: Vec<String> = names.into_iter().take(SHOWN).collect();
        let why = format!(
            "the cloud user holds a role ({}{more}), and whoever controls the AD account would control it: decide about `roles`",
            shown.join(", ")
        );
        add(ObjectionKind::HoldsRole, why);
    }
    if user.is_disabled() && cloud.account_enabled != Some(false) {
        add(
            ObjectionKind::AdDisabled,
            "the AD user is disabled: the takeover would block the cloud user's sign-in".to_owned(),
        );
    }
    if context.index.snapshot.caller.as_ref().is_some_and(|caller| caller.id == cloud.id) {
        add(ObjectionKind::OwnIdentity, "the cloud user is the identity that this tool runs as".to_owned());
    }
    remarks(ad, cloud, context, &mut found);
    found.sort_by_key(|objection| (std::cmp::Reverse(objection.weight()), objection.kind));
    found
}

/// How many roles are named.
const SHOWN: usize = 3;

fn role_name(holding: &crate::model::role::Holding) -> String {
    use crate::model::role::Holding;
    match holding {
        Holding::Role(role) => role.grant.role_name.clone(),
        Holding::Group(group) => format!("through {}", group.group_name),
    }
}

/// What an earlier sync left on the cloud user, if it is not this AD user's.
fn marks(ad: &AdSide<'_>, cloud: &EntraUser, context: &Context<'_>) -> Option<(ObjectionKind, String)> {
    let by_sid = cloud.security_identifier.as_ref().and_then(|sid| context.index.ad_by_sid(sid));
    let of_anchor = cloud.immutable_id.as_ref().and_then(|id| id.to_anchor().ok());
    let by_anchor = of_anchor.map(|anchor| context.index.ad_by_anchor(anchor)).unwrap_or_default();
    let other = by_sid.into_iter().chain(by_anchor).find(|other| other.guid != ad.user.guid);
    let account = |user: &AdUser| format!("{}\\{}", user.domain, user.sam);
    if cloud.is_synced() {
        let from = other.map_or_else(|| "an object that was not read".to_owned(), account);
        return Some((ObjectionKind::Synced, format!("the cloud user is synced already, from {from}")));
    }
    if let Some(other) = other {
        let why = format!("the cloud user has the ImmutableID or the SID of {}", account(other));
        return Some((ObjectionKind::MarkOfAnother, why));
    }
    let foreign = ad.anchor.is_some_and(|anchor| foreign_identifier(cloud, ad.user, anchor));
    if foreign {
        let why = "the cloud user has the onPremisesObjectIdentifier of another object of AD".to_owned();
        return Some((ObjectionKind::UnknownMark, why));
    }
    let unknown = cloud.immutable_id.as_ref().filter(|_| !ad.anchor.is_some_and(|anchor| cloud.has_anchor(anchor)))?;
    let why = format!("the cloud user has an ImmutableID that no AD user here has: {}", unknown.as_str());
    Some((ObjectionKind::UnknownMark, why))
}

fn remarks(ad: &AdSide<'_>, cloud: &EntraUser, context: &Context<'_>, found: &mut Vec<Objection>) {
    let mut add = |kind, why: String| found.push(Objection::new(kind, why));
    if cloud.account_enabled == Some(false) && !ad.user.is_disabled() {
        add(
            ObjectionKind::CloudDisabled,
            "the cloud user cannot sign in: the takeover would let it, as AD does".to_owned(),
        );
    }
    let names = (ad.user.display_name.as_deref(), cloud.display_name.as_deref());
    if let (Some(own), Some(other)) = names
        && !same_name(Some(own), other)
    {
        let (kind, how) = if words(own).is_disjoint(&words(other)) {
            (ObjectionKind::UnlikeDisplayName, "have no word in common")
        } else {
            (ObjectionKind::OtherDisplayName, "differ")
        };
        add(kind, format!("the display names {how}: {own} in AD, {other} in the cloud"));
    }
    match context.exposure(ad.user) {
        Exposure::Staged => {
            add(ObjectionKind::OutOfScope, "outside of the synced OUs: it will need `move_to`".to_owned());
        }
        Exposure::Exposed => {
            add(ObjectionKind::InScope, "in the sync scope: a cycle may come before the link is applied".to_owned());
        }
        Exposure::Held | Exposure::Provisioned | Exposure::Unknown => {}
    }
}

/// The words of a display name, without what separates them.
fn words(name: &str) -> BTreeSet<String> {
    let lower = name.to_lowercase();
    lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}
