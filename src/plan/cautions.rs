//! What does not block a link but is to be read before applying.

use super::decide::{Context, Decision};
use crate::config::matchplan::{AddressChoice, LinkSpec};
use crate::model::ad::AdUser;
use crate::model::attribute::AdAttribute;
use crate::rules::finding::{Finding, FindingCode, Severity};
use crate::rules::{objects, takeover};

/// The cautions of one link.
pub fn find(spec: &LinkSpec, aligned: &AdUser, decision: &Decision<'_>, context: &Context<'_>) -> Vec<Finding> {
    [
        sign_in_name(aligned, decision),
        cloud_sign_in_name(aligned, decision, context),
        sign_in_name_unproven(aligned, decision, context),
        unverified_suffix(aligned, context),
        suffix_not_in_forest(aligned, decision, context),
        addresses_lost(spec, decision),
        several_primaries(aligned, decision),
        no_mail_nickname(decision),
        disabled(decision),
        admin_sd_holder(decision),
        guest(decision),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn sign_in_name(aligned: &AdUser, decision: &Decision<'_>) -> Option<Finding> {
    let change = decision.changes.iter().find(|change| change.attribute == AdAttribute::UserPrincipalName)?;
    let before = change.expects.first().map_or("none", String::as_str);
    let after = aligned.upn.as_ref().map_or("none", |upn| upn.as_str());
    Some(
        Finding::warning(
            FindingCode::SignInNameChanges,
            format!("The on-premises sign-in name changes from {before} to {after}."),
            "Tell the person, and check what on premises knows them by the old name.",
        )
        .about([objects::ad_user(decision.ad)])
        .value(after),
    )
}

/// The takeover gives the cloud user AD's UPN: the name that the person types in the cloud. One that becomes a made-up
/// name is reported by [`unverified_suffix`].
fn cloud_sign_in_name(aligned: &AdUser, decision: &Decision<'_>, context: &Context<'_>) -> Option<Finding> {
    let exported = context.index.exported_upn(aligned);
    let verified = context.index.snapshot.tenant.domain(exported.suffix()).is_some_and(|domain| domain.verified);
    (decision.takeover.sign_in_name_changes && verified).then(|| {
        Finding::warning(
            FindingCode::SignInNameChanges,
            format!(
                "The cloud sign-in name changes from {} to {exported}, which signs the person out.",
                decision.cloud.upn
            ),
            "Tell the person; or write `upn = \"cloud\"` in this link: AD then takes the cloud user's sign-in name.",
        )
        .about([objects::cloud_user(decision.cloud)])
        .value(exported.as_str())
    })
}

/// Where the tenant holds UPNs back, it depends on a licence whether the name changes, and licences are not read.
fn sign_in_name_unproven(aligned: &AdUser, decision: &Decision<'_>, context: &Context<'_>) -> Option<Finding> {
    let becomes = decision.takeover.sign_in_name_unproven.as_ref()?;
    let (cloud, exported) = (&decision.cloud.upn, context.index.exported_upn(aligned));
    context.index.snapshot.tenant.domain(exported.suffix()).filter(|domain| domain.verified)?;
    Some(
        Finding::warning(
            FindingCode::SignInNameChanges,
            format!(
                "The tenant holds new sign-in names back from licensed users (synchronizeUpnForManagedUsersEnabled is off): \
                 {cloud} stays if the user has a licence, and becomes {becomes} if not. Licences could not be seen."
            ),
            "Write `upn = \"cloud\"` in this link: AD then takes the cloud user's sign-in name, and nothing changes.",
        )
        .about([objects::cloud_user(decision.cloud)])
        .value(becomes.as_str()),
    )
}

fn unverified_suffix(aligned: &AdUser, context: &Context<'_>) -> Option<Finding> {
    let tenant = &context.index.snapshot.tenant;
    let upn = context.index.exported_upn(aligned);
    if tenant.domain(upn.suffix()).is_some_and(|domain| domain.verified) {
        return None;
    }
    let becomes = takeover::predicted_upn(aligned, context.index)
        .map_or_else(|| "a name in the initial domain".to_owned(), |name| name.to_string());
    Some(
        Finding::warning(
            FindingCode::UnverifiedSuffix,
            format!(
                "{} is no verified domain of the tenant: the cloud sign-in name would become {becomes}.",
                upn.suffix()
            ),
            "Write `upn = \"cloud\"` in this link: AD then takes the cloud user's sign-in name.",
        )
        .about([objects::ad_user(aligned)])
        .value(upn.as_str()),
    )
}

fn suffix_not_in_forest(aligned: &AdUser, decision: &Decision<'_>, context: &Context<'_>) -> Option<Finding> {
    let changed = decision.changes.iter().any(|change| change.attribute == AdAttribute::UserPrincipalName);
    let suffix = aligned.upn.as_ref()?.suffix();
    let known = context.index.snapshot.domains.iter().any(|domain| {
        let listed = domain.upn_suffixes.iter().any(|listed| listed.eq_ignore_ascii_case(suffix));
        listed || domain.dns_name.eq_ignore_ascii_case(suffix)
    });
    (changed && !known).then(|| {
        Finding::warning(
            FindingCode::SuffixNotInForest,
            format!("The forest does not list the UPN suffix {suffix}; AD takes the name all the same."),
            "Add the suffix in Active Directory Domains and Trusts, so that administrators can choose it.",
        )
        .value(suffix)
    })
}

/// A person who writes `addresses` has decided what is lost; a merge must lose nothing.
fn addresses_lost(spec: &LinkSpec, decision: &Decision<'_>) -> Option<Finding> {
    let lost = &decision.takeover.addresses_lost;
    if lost.is_empty() {
        return None;
    }
    let decided = spec.addresses != AddressChoice::Merge;
    let severity = if decided { Severity::Warning } else { Severity::Error };
    let message =
        format!("The takeover loses {} of {}: {}.", addresses(lost.len()), decision.cloud.upn, lost.join(", "));
    let help = if decided {
        "Write `addresses = \"merge\"` to keep them."
    } else {
        "Write `addresses = [\"…\"]` in this link with every address that is to stay."
    };
    Some(Finding::new(severity, FindingCode::AddressesLost, message, help).about([objects::cloud_user(decision.cloud)]))
}

fn addresses(n: usize) -> String {
    if n == 1 { "an address".to_owned() } else { format!("{n} addresses") }
}

fn several_primaries(aligned: &AdUser, decision: &Decision<'_>) -> Option<Finding> {
    let (before, after) = (decision.ad.proxy_addresses.primary_count(), aligned.proxy_addresses.primary_count());
    let fate = if after > 1 {
        "and it keeps them, so none can be matched by"
    } else {
        "all but the chosen one become aliases"
    };
    (before > 1).then(|| {
        Finding::warning(
            FindingCode::SeveralPrimaries,
            format!("This AD user has {before} primary addresses (SMTP:); {fate}."),
            "Name the right one with `primary_smtp` in this link.",
        )
        .about([objects::ad_user(decision.ad)])
    })
}

fn no_mail_nickname(decision: &Decision<'_>) -> Option<Finding> {
    decision.ad.mail_nickname.is_none().then(|| {
        Finding::warning(
            FindingCode::NoMailNickname,
            "This AD user has no mailNickname; Entra Connect's Exchange rules flow only where it is set.",
            "Set mailNickname if the cloud user has a mailbox that is managed from AD.",
        )
        .about([objects::ad_user(decision.ad)])
    })
}

fn disabled(decision: &Decision<'_>) -> Option<Finding> {
    (decision.ad.is_disabled() && decision.cloud.account_enabled != Some(false)).then(|| {
        Finding::warning(
            FindingCode::AdUserDisabled,
            format!("The AD account is disabled, so the takeover blocks the sign-in of {}.", decision.cloud.upn),
            "Enable the AD account first if the person is to keep working.",
        )
        .about([objects::ad_user(decision.ad)])
    })
}

fn admin_sd_holder(decision: &Decision<'_>) -> Option<Finding> {
    let writes = !decision.changes.is_empty() || decision.source_anchor.is_some() || decision.relocation.is_some();
    (decision.ad.admin_count && writes).then(|| {
        Finding::warning(
            FindingCode::AdminSdHolder,
            "This AD user is protected by AdminSDHolder (adminCount = 1): inherited rights do not count there.",
            "Check that the account that matchplan binds with may write it, or write as a domain administrator.",
        )
        .about([objects::ad_user(decision.ad)])
    })
}

fn guest(decision: &Decision<'_>) -> Option<Finding> {
    let guest = decision.cloud.user_type.as_deref().is_some_and(|kind| kind.eq_ignore_ascii_case("guest"));
    guest.then(|| {
        Finding::warning(
            FindingCode::GuestUser,
            format!("{} is a guest: linking makes a member's AD account its source.", decision.cloud.upn),
            "Make sure that this is the user you mean; convert it to a member first.",
        )
        .about([objects::cloud_user(decision.cloud)])
    })
}
