//! From what people write to the users that it names: exactly one each, never a guess.

use crate::config::matchplan::{AdSelector, CloudSelector, LinkSpec, MatchChoice, UpnChoice};
use crate::model::ad::AdUser;
use crate::model::anchor::SourceAnchor;
use crate::model::entra::EntraUser;
use crate::model::id::{LinkId, ObjectId};
use crate::rules::finding::{Finding, FindingCode};
use crate::rules::objects;
use crate::rules::takeover;
use crate::snapshot::index::{Holder, Index};
use crate::snapshot::question::{Question, most_alike};

/// How many objects a finding about an ambiguous name lists.
const SHOWN: usize = 5;

/// The link's id: `domain/sAMAccountName` in lower case. Where nobody answers to the selector, the id is what was
/// written: folded alike if it is an account name, and untouched otherwise, for a DN's commas, backslashes and letters
/// are what a person looks for in the file.
pub fn link_id(spec: &LinkSpec, ad: Option<&AdUser>) -> LinkId {
    match ad {
        Some(user) => LinkId(format!("{}/{}", user.domain, user.sam).to_lowercase()),
        None => match &spec.ad {
            AdSelector::Sam { domain: Some(domain), sam } => LinkId(format!("{domain}/{sam}").to_lowercase()),
            AdSelector::Sam { domain: None, sam } => LinkId(sam.key()),
            written @ (AdSelector::Upn(_) | AdSelector::Dn(_) | AdSelector::Guid(_)) => LinkId(written.to_string()),
        },
    }
}

/// Whether an account that is not found is compared with all others, for what may have been meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hint {
    /// It is.
    Search,
    /// It is not: looking through a whole directory is for the first few that are missing.
    Leave,
}

impl Hint {
    /// The hint for a link, after so many whose users were missing.
    pub const fn after(missing: usize) -> Self {
        const FEW: usize = 20;
        if missing < FEW { Self::Search } else { Self::Leave }
    }
}

/// The AD user that a selector names.
pub fn ad_user<'a>(selector: &AdSelector, index: &Index<'a>, hint: Hint) -> Result<&'a AdUser, Box<Finding>> {
    let found: Vec<&AdUser> = match selector {
        AdSelector::Sam { domain, sam } => index.ad_by_sam(domain.as_ref(), sam),
        AdSelector::Upn(upn) => index.ad_by_upn(upn),
        AdSelector::Dn(dn) => index.ad_by_dn(dn).into_iter().collect(),
        AdSelector::Guid(guid) => index.ad_user(*guid).into_iter().collect(),
    };
    match found.as_slice() {
        [user] => Ok(user),
        [] => Err(Finding::error(
            FindingCode::AdUserMissing,
            format!("No AD user answers to {selector}."),
            Some(hint).filter(|hint| *hint == Hint::Search).and_then(|_| similar_account(selector, index)).map_or_else(
                || "Check the spelling and the domain; a user outside of base_dn is not read.".to_owned(),
                |name| format!("Did you mean {name}?"),
            ),
        )
        .value(selector.to_string())
        .into()),
        several => Err(Finding::error(
            FindingCode::AdUserAmbiguous,
            format!("{} AD users answer to {selector}; the tool never guesses.", several.len()),
            "Name the one you mean by its DN or objectGUID.",
        )
        .about(several.iter().take(SHOWN).map(|user| objects::ad_user(user)))
        .value(selector.to_string())
        .into()),
    }
}

/// The AD user of a link that is formed already, although the name that the link gives it is gone: the apply itself gave
/// it the cloud's UPN, or moved it. No guess: the cloud user names its AD user by anchor and SID, and the new name is the
/// one that this link writes.
pub fn renamed_by_link<'a>(spec: &LinkSpec, cloud: &EntraUser, index: &Index<'a>) -> Option<&'a AdUser> {
    let anchor = cloud.immutable_id.as_ref().filter(|_| cloud.is_synced())?.to_anchor().ok()?;
    let [user] = index.ad_by_anchor(anchor)[..] else { return None };
    let renamed = match &spec.ad {
        AdSelector::Dn(dn) => spec.move_to.as_ref().is_some_and(|to| dn.moved_to(to) == user.dn),
        AdSelector::Upn(_) => user.upn.as_ref() == Some(&cloud.upn),
        AdSelector::Sam { .. } | AdSelector::Guid(_) => false,
    };
    (renamed && cloud.security_identifier.as_ref() == Some(&user.sid)).then_some(user)
}

/// The cloud user of a link that is formed already, although the name that the link gives it is gone: the takeover gave
/// it the AD user's UPN, because the link says so or is a hard match. No guess: the AD user names its cloud user by
/// anchor and SID.
pub fn renamed_by_takeover<'a>(
    spec: &LinkSpec,
    ad: &AdUser,
    source: SourceAnchor,
    index: &Index<'a>,
) -> Option<&'a EntraUser> {
    let keeps_ad = spec.upn == UpnChoice::Ad || spec.upn == UpnChoice::Default && spec.matching != MatchChoice::Soft;
    let anchor = ad.anchor(source).ok()?;
    let [user] = index.cloud_by_immutable_id(&anchor.to_base64())[..] else { return None };
    let linked = user.is_synced() && user.security_identifier.as_ref() == Some(&ad.sid);
    let predicted = takeover::predicted_upn(ad, index).as_ref() == Some(&user.upn);
    // A name that somebody has is quarantined: the user gets a made-up one in the initial domain.
    let initial = index.snapshot.tenant.initial_domain();
    let made_up = initial.is_some_and(|domain| domain.name.eq_ignore_ascii_case(user.upn.suffix()));
    (linked && keeps_ad && (predicted || made_up)).then_some(user)
}

fn similar_account(selector: &AdSelector, index: &Index<'_>) -> Option<String> {
    let AdSelector::Sam { sam, .. } = selector else { return None };
    index.note(|| Question::AdAlike(sam.key()));
    most_alike(&sam.key(), index.ad_users().map(|user| &user.sam)).map(ToString::to_string)
}

/// The cloud user that a selector names.
pub fn cloud_user<'a>(selector: &CloudSelector, index: &Index<'a>) -> Result<&'a EntraUser, Box<Finding>> {
    let found: Vec<&EntraUser> = match selector {
        CloudSelector::Id(id) => index.cloud_user(*id).into_iter().collect(),
        CloudSelector::Upn(upn) => index.cloud_by_upn(upn),
    };
    match found.as_slice() {
        [user] => Ok(user),
        [] => Err(cloud_user_missing(selector, index).into()),
        several => Err(Finding::error(
            FindingCode::CloudUserAmbiguous,
            format!("{} cloud users answer to {selector}; the tool never guesses.", several.len()),
            "Name the one you mean by its object id.",
        )
        .about(several.iter().take(SHOWN).map(|user| objects::cloud_user(user)))
        .value(selector.to_string())
        .into()),
    }
}

fn cloud_user_missing(selector: &CloudSelector, index: &Index<'_>) -> Finding {
    let in_bin = match selector {
        CloudSelector::Id(id) => index.snapshot.deleted_users.iter().find(|user| user.id == *id),
        CloudSelector::Upn(upn) => index.deleted_by_upn(upn).first().copied(),
    };
    if let Some(user) = in_bin {
        return Finding::error(
            FindingCode::CloudUserDeleted,
            format!("{selector} is in the recycle bin, so nothing can be linked to it."),
            "Restore the user in the Entra admin center (Deleted users), then plan again.",
        )
        .about([objects::cloud_user(user)])
        .value(selector.to_string());
    }
    let by_address: Vec<_> = match selector {
        CloudSelector::Upn(upn) => index
            .holders_of(&format!("smtp:{}", upn.key()))
            .iter()
            .filter(|holder| matches!(holder, Holder::User(_)))
            .take(SHOWN)
            .map(objects::holder)
            .collect(),
        CloudSelector::Id(_) => Vec::new(),
    };
    let help = match by_address.first() {
        Some(user) => format!("It is an e-mail address of {}; write that sign-in name if you mean it.", user.name),
        None => "Check the spelling; the sign-in name (UPN) or the object id is needed.".to_owned(),
    };
    Finding::error(FindingCode::CloudUserMissing, format!("No cloud user answers to {selector}."), help)
        .about(by_address)
        .value(selector.to_string())
}

/// The users that `protect` names, by id; a finding for each entry that names nobody.
pub fn protected(entries: &[CloudSelector], index: &Index<'_>) -> (Vec<ObjectId>, Vec<Finding>) {
    let mut ids = Vec::new();
    let mut findings = Vec::new();
    for entry in entries {
        match cloud_user(entry, index) {
            Ok(user) => ids.push(user.id),
            Err(_) => findings.push(
                Finding::error(
                    FindingCode::ProtectUnresolved,
                    format!("guard.protect names {entry}, and no cloud user answers to it: nobody would be protected."),
                    "Correct the entry in matchplan.toml, or remove it.",
                )
                .value(entry.to_string()),
            ),
        }
    }
    (ids, findings)
}
