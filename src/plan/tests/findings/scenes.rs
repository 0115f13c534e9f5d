//! Scenes of what Entra refuses, where users stand, what is to be read first, and the plan as a whole.

use super::{Case, HARD, REMAP, has, jane};
use crate::model::anchor::Anchor;
use crate::model::id::ObjectId;
use crate::model::role::{GLOBAL_ADMINISTRATOR, PolicySubject, RoleAssignment, RoleKind};
use crate::plan::testing::{HELPDESK, SYNCED, Scene, assignment, cloud, linked, uuid};
use crate::rules::finding::FindingCode::*;
use crate::rules::finding::Severity::*;
use crate::snapshot::document::Missing;

/// What Entra refuses. Sources: "Configure Microsoft Entra Connect for an existing tenant" (hard match security
/// protections of 2026; soft matching with an admin role), "Microsoft Entra Connect Sync service features".
pub(super) fn refusals() -> Vec<Case> {
    let foreign = |scene: Scene| scene.his(|_, jane| jane.object_identifier = Some(uuid("another forest").to_string()));
    vec![
        Case("a role", jane().role("jane", HELPDESK), &[(Error, HoldsRoles, HARD)]),
        Case(
            "a role at a scope",
            jane().scoped_role("jane", HELPDESK, "/administrativeUnits/1").saying("match = \"soft\""),
            &[(Error, HoldsRoles, Some("ExistingAdminRoleConflict"))],
        ),
        Case("roles could not be read", jane().gap(Missing::Roles), &[(Error, RolesUnseen, None)]),
        Case("nor are they wanted", jane().gap(Missing::Roles).allow(RolesUnseen), &[(Warning, RolesUnseen, None)]),
        Case(
            "soft matches are blocked",
            jane().features(|f| f.block_soft_match = true).saying("match = \"soft\""),
            &[(Error, SoftMatchBlocked, Some("InvalidSoftMatch"))],
        ),
        Case(
            "hard matches are blocked",
            jane().features(|f| f.block_hard_match = true).saying("match = \"hard\""),
            &[(Error, HardMatchBlocked, HARD)],
        ),
        Case(
            "a soft match that is a hard match in truth is not stopped by the other switch",
            jane()
                .features(|f| f.block_soft_match = true)
                .his(|ad, jane| jane.immutable_id = Some(Anchor::from_guid(ad.guid).into()))
                .saying("match = \"soft\""),
            &[],
        ),
        Case(
            "no match by UPN",
            jane()
                .features(|f| f.soft_match_on_upn = false)
                .his(|ad, jane| {
                    (ad.proxy_addresses, jane.proxy_addresses, ad.mail, jane.mail) = (has(&[]), has(&[]), None, None);
                })
                .saying("match = \"soft\""),
            &[(Error, UpnMatchOff, None)],
        ),
        Case(
            "the cloud is the source of authority",
            jane().his(|_, jane| jane.cloud_managed = Some(true)),
            &[(Error, CloudManaged, None)],
        ),
        Case(
            "another AD object's identifier, hard",
            foreign(jane().saying("match = \"hard\"")),
            &[(Error, ObjectIdentifierSet, REMAP)],
        ),
        Case(
            "another AD object's identifier, soft",
            foreign(jane().saying("match = \"soft\"")),
            &[(Error, ObjectIdentifierSet, REMAP)],
        ),
        Case(
            "which the tenant allows for a time",
            foreign(jane().features(|f| f.allow_object_identifier_update = true)),
            &[],
        ),
        Case(
            "its own identifier",
            jane().his(|ad, jane| jane.object_identifier = Some(ad.guid.to_string().to_uppercase())),
            &[],
        ),
        Case(
            "an account of the engine itself",
            jane().his(|ad, _| ad.critical_system_object = true),
            &[(Error, ExcludedFromSync, None)],
        ),
        Case(
            "nothing matches",
            jane()
                .his(|ad, _| {
                    (ad.upn, ad.proxy_addresses) = (Some("j@contoso.com".into()), has(&["SMTP:j@contoso.com"]));
                })
                .saying("match = \"soft\"\nupn = \"ad\"\nprimary_smtp = \"ad\""),
            &[(Error, MatchImpossible, None), (Warning, SignInNameChanges, None)],
        ),
        Case(
            "federated, by hard match",
            jane().with(|s| s.tenant.domains[0].federated = true).saying("match = \"hard\""),
            &[(Error, FederatedDomain, None)],
        ),
        Case(
            "federated, by soft match",
            jane().with(|s| s.tenant.domains[0].federated = true),
            &[(Warning, FederatedDomain, None)],
        ),
    ]
}

/// Whether what is taken comes back. Sources: Microsoft Graph v1.0, `unifiedRoleManagementPolicyExpirationRule` and its
/// siblings; "Use Microsoft Entra groups to manage role assignments".
pub(super) fn restores() -> Vec<Case> {
    let suspended = |scene: Scene| scene.saying("roles = \"suspend\"");
    let eligible = || suspended(jane().role_as("jane", HELPDESK, RoleKind::Eligible, None));
    let of_role = || PolicySubject::Role(HELPDESK.into());
    let grouped = || suspended(jane().group("Tier 1", HELPDESK, "jane", RoleKind::Active));
    let carrying = |scene: Scene| scene.with(|s| s.role_groups[0].uses.push("the licence E5".to_owned()));
    let owned = |scene: Scene| scene.with(|s| s.role_groups[0].owners.push(cloud("jane").id));
    vec![
        Case(
            "an eligible role",
            jane().role_as("jane", HELPDESK, RoleKind::Eligible, None),
            &[(Error, HoldsRoles, HARD)],
        ),
        Case(
            "an activated role",
            jane().role_as("jane", HELPDESK, RoleKind::Activated, Some("2026-09-01T12:00:00Z")),
            &[(Error, HoldsRoles, HARD)],
        ),
        Case(
            "a role through a group",
            jane().group("Tier 1", HELPDESK, "jane", RoleKind::Active).saying("match = \"soft\""),
            &[(Error, HoldsRoles, Some("ExistingAdminRoleConflict"))],
        ),
        Case(
            "readiness for such a group",
            jane().group("Tier 1", HELPDESK, "jane", RoleKind::Eligible),
            &[(Error, HoldsRoles, HARD)],
        ),
        Case(
            "a group without a role is no hurdle",
            jane().group("Tier 1", HELPDESK, "jane", RoleKind::Active).with(|s| s.roles.clear()),
            &[],
        ),
        Case("an eligible role, suspended", eligible(), &[]),
        Case(
            "permanence is not allowed any more",
            eligible().policy(of_role(), |p| p.expiration_required = true),
            &[(Error, RestoreImpossible, None)],
        ),
        Case(
            "which matters only to who wants it back",
            jane()
                .role_as("jane", HELPDESK, RoleKind::Eligible, None)
                .policy(of_role(), |p| p.expiration_required = true)
                .saying("roles = \"remove\""),
            &[],
        ),
        Case(
            "more is left than the longest duration",
            suspended(jane().role_as("jane", HELPDESK, RoleKind::Eligible, Some("2027-09-01T09:00:01Z")))
                .policy(of_role(), |p| (p.expiration_required, p.longest) = (true, Some("P365D".to_owned()))),
            &[(Error, RestoreImpossible, None)],
        ),
        Case(
            "a ticket, of a group",
            suspended(jane().group("Tier 1", HELPDESK, "jane", RoleKind::Eligible))
                .policy(PolicySubject::Group(ObjectId(uuid("Tier 1"))), |p| p.ticket = true),
            &[(Error, RestoreImpossible, None)],
        ),
        Case(
            "multifactor authentication, which the credential may have",
            eligible().policy(of_role(), |p| p.mfa = true),
            &[(Error, UnprovenRestore, None)],
        ),
        Case(
            "policies could not be read",
            eligible().with(|s| s.role_policies.clear()).gap(Missing::RolePolicies),
            &[(Error, UnprovenRestore, None), (Warning, CouldNotBeSeen, None)],
        ),
        Case(
            "and it is gone on all the same",
            eligible().with(|s| s.role_policies.clear()).gap(Missing::RolePolicies).allow(UnprovenRestore),
            &[(Warning, UnprovenRestore, None), (Warning, CouldNotBeSeen, None)],
        ),
        Case(
            "without PIM an active role may be an activation",
            suspended(jane().role("jane", HELPDESK)).gap(Missing::PimSchedules),
            &[(Error, UnprovenRestore, None), (Warning, CouldNotBeSeen, None)],
        ),
        Case(
            "an activation needs no way back",
            suspended(jane().role_as("jane", HELPDESK, RoleKind::Activated, None)).with(|s| s.role_policies.clear()),
            &[],
        ),
        Case("a membership", grouped(), &[]),
        Case("a group that carries a licence", carrying(grouped()), &[(Warning, GroupCarriesMore, None)]),
        Case("which nobody leaves", carrying(jane().group("Tier 1", HELPDESK, "joe", RoleKind::Active)), &[]),
        Case(
            "what it carries could not be read",
            grouped().gap(Missing::GroupUses),
            &[(Warning, CouldNotBeSeen, None)],
        ),
        Case(
            "an owner",
            owned(jane().group("Tier 1", HELPDESK, "joe", RoleKind::Active)),
            &[(Warning, OwnsRoleGroup, None)],
        ),
        Case(
            "an owner who is the tool's own identity",
            owned(jane().group("Tier 1", HELPDESK, "joe", RoleKind::Active)).caller("jane"),
            &[(Warning, OwnsRoleGroup, None), (Error, OwnIdentity, None)],
        ),
        Case("the tool's own identity in a group", grouped().caller("jane"), &[(Error, OwnIdentity, None)]),
        Case(
            "a protected user in a group",
            grouped().guard("protect = [\"jane@contoso.com\"]"),
            &[(Error, ProtectedUser, None)],
        ),
        Case("groups could not be read", jane().gap(Missing::RoleGroups), &[(Warning, CouldNotBeSeen, None)]),
    ]
}

/// Where the AD user stands. Source: "Scheduler" (a cycle every 30 minutes), "Default configuration" (scope).
pub(super) fn places() -> Vec<Case> {
    let blind = |mut scene: Scene| {
        scene.sync = String::new();
        scene
    };
    vec![
        Case("not moved into scope", jane().unmoved(), &[(Error, OutOfScope, None)]),
        Case("in scope, soft", jane().in_scope(), &[(Warning, Exposed, None)]),
        Case("in scope, hard", jane().in_scope().saying("match = \"hard\""), &[(Error, Exposed, None)]),
        Case(
            "moved within the scope, hard",
            jane().in_scope().saying(&format!("match = \"hard\"\nmove_to = \"OU=Munich,{SYNCED}\"")),
            &[(Error, Exposed, None)],
        ),
        Case("in scope, hard, held", jane().in_scope().holding().saying("match = \"hard\""), &[]),
        Case(
            "scope unknown, hard",
            blind(jane().unmoved()).saying("match = \"hard\""),
            &[(Error, ExposureUnknown, None)],
        ),
        Case(
            "scope unknown, hard, held",
            blind(jane().unmoved()).holding().saying("match = \"hard\""),
            &[(Warning, ExposureUnknown, None)],
        ),
        Case(
            "in scope while an earlier wave has its cycle",
            jane().and_pair("joe").role("joe", HELPDESK).saying("roles = \"suspend\"").in_scope().holding(),
            &[(Error, Exposed, None)],
        ),
    ]
}

/// What is to be read before applying. Sources: "Configure Microsoft Entra Connect for an existing tenant" (what a
/// takeover overwrites), "Plan and troubleshoot UserPrincipalName changes", "Default configuration" (mailNickname).
pub(super) fn cautions() -> Vec<Case> {
    vec![
        Case(
            "`mail` alone, which is no key",
            jane()
                .his(|ad, _| (ad.upn, ad.proxy_addresses) = (Some("j@contoso.com".into()), has(&[])))
                .saying("match = \"soft\"\nupn = \"ad\"\naddresses = \"keep\"\nprimary_smtp = \"ad\""),
            &[
                (Error, MatchImpossible, None),
                (Warning, MailWithoutAddresses, None),
                (Warning, SignInNameChanges, None),
            ],
        ),
        Case(
            "synced before, with an empty ImmutableID",
            jane().his(|ad, jane| jane.security_identifier = Some(ad.sid.clone())).saying("match = \"soft\""),
            &[(Warning, MatchedBefore, None)],
        ),
        Case(
            "AD's UPN changes",
            jane().his(|ad, _| ad.upn = Some("j@contoso.com".into())),
            &[(Warning, SignInNameChanges, None)],
        ),
        Case(
            "the cloud's UPN changes",
            jane().his(|ad, _| ad.upn = Some("j@contoso.com".into())).saying("upn = \"ad\""),
            &[(Warning, SignInNameChanges, None)],
        ),
        Case(
            "to a made-up name",
            jane().his(|ad, _| ad.upn = Some("jane@new.example".into())).saying("upn = \"ad\""),
            &[(Warning, UnverifiedSuffix, None)],
        ),
        Case(
            "to a suffix that the forest does not list",
            jane()
                .his(|ad, jane| {
                    (ad.upn, jane.upn) = (Some("j@contoso.com".into()), "jane@contoso.onmicrosoft.com".into());
                })
                .relink("jane@contoso.onmicrosoft.com"),
            &[(Warning, SuffixNotInForest, None), (Warning, SignInNameChanges, None)],
        ),
        Case(
            "addresses are lost",
            jane()
                .his(|_, jane| jane.proxy_addresses.insert("smtp:j@contoso.com".into()))
                .saying("addresses = \"keep\""),
            &[(Warning, AddressesLost, None)],
        ),
        Case(
            "two primaries",
            jane().his(|ad, _| ad.proxy_addresses.insert("SMTP:j@contoso.com".into())),
            &[(Warning, SeveralPrimaries, None)],
        ),
        Case("no mailNickname", jane().his(|ad, _| ad.mail_nickname = None), &[(Warning, NoMailNickname, None)]),
        Case("disabled in AD", jane().his(|ad, _| ad.user_account_control = 514), &[(Warning, AdUserDisabled, None)]),
        Case("AdminSDHolder", jane().his(|ad, _| ad.admin_count = true), &[(Warning, AdminSdHolder, None)]),
        Case("a guest", jane().his(|_, jane| jane.user_type = Some("Guest".into())), &[(Warning, GuestUser, None)]),
    ]
}

/// What concerns the plan as a whole.
pub(super) fn wholes() -> Vec<Case> {
    let global = |scene: Scene| scene.role("jane", GLOBAL_ADMINISTRATOR).saying("roles = \"suspend\"");
    let others = |scene: Scene| {
        scene.cloud(cloud("x")).cloud(cloud("y")).role("x", GLOBAL_ADMINISTRATOR).role("y", GLOBAL_ADMINISTRATOR)
    };
    vec![
        Case("the last Global Administrator", global(jane()), &[(Error, GlobalAdminsLeft, None)]),
        Case("two others are left", others(global(jane())), &[]),
        Case(
            "one of them is disabled",
            others(global(jane())).with(|s| s.users[1].account_enabled = Some(false)),
            &[(Error, GlobalAdminsLeft, None)],
        ),
        Case(
            "others that do not count: eligible, activated, ending, not begun, at a scope, through a group",
            {
                let first = others(global(jane())).with(|s| s.roles.truncate(2));
                let first = first.cloud(cloud("z")).role_as("y", GLOBAL_ADMINISTRATOR, RoleKind::Eligible, None);
                let end = Some("2027-01-01T00:00:00Z");
                let first = first.role_as("z", GLOBAL_ADMINISTRATOR, RoleKind::Activated, end);
                let first = first.role_as("z", GLOBAL_ADMINISTRATOR, RoleKind::Active, end);
                let first = first.scoped_role("z", GLOBAL_ADMINISTRATOR, "/administrativeUnits/1");
                let first = first.group("Admins", GLOBAL_ADMINISTRATOR, "z", RoleKind::Active);
                let ahead = RoleAssignment {
                    starts: end.map(|at| at.parse().unwrap()),
                    ..assignment(cloud("z").id, GLOBAL_ADMINISTRATOR, "/")
                };
                first.assigned(ahead)
            },
            &[(Error, GlobalAdminsLeft, None)],
        ),
        Case(
            "the last one through a group",
            jane().group("Admins", GLOBAL_ADMINISTRATOR, "jane", RoleKind::Active).saying("roles = \"suspend\""),
            &[(Error, GlobalAdminsLeft, None)],
        ),
        Case(
            "the last one that is eligible",
            jane().role_as("jane", GLOBAL_ADMINISTRATOR, RoleKind::Eligible, None).saying("roles = \"suspend\""),
            &[(Error, GlobalAdminsLeft, None)],
        ),
        Case("too many links", jane().and_pair("joe").guard("max_links = 1"), &[(Error, TooManyLinks, None)]),
        Case(
            "which is allowed",
            jane().and_pair("joe").guard("max_links = 1").allow(TooManyLinks),
            &[(Warning, TooManyLinks, None)],
        ),
        Case(
            "too many roles",
            jane()
                .role("jane", HELPDESK)
                .scoped_role("jane", HELPDESK, "/administrativeUnits/1")
                .saying("roles = \"suspend\"")
                .guard("max_role_removals = 1"),
            &[(Error, TooManyRoleRemovals, None)],
        ),
        Case(
            "too many of every kind",
            jane()
                .role_as("jane", HELPDESK, RoleKind::Eligible, None)
                .group("Tier 1", HELPDESK, "jane", RoleKind::Eligible)
                .saying("roles = \"suspend\"")
                .guard("max_role_removals = 1"),
            &[(Error, TooManyRoleRemovals, None)],
        ),
        Case(
            "everything is formed, and the switches are still off",
            jane().his(|ad, jane| *jane = linked(jane.clone(), ad)),
            &[(Info, SwitchOpen, None)],
        ),
        Case("nothing syncs", jane().with(|s| s.tenant.sync_enabled = None), &[(Error, SyncDisabled, None)]),
        Case("switches could not be read", jane().gap(Missing::SyncFeatures), &[(Warning, SyncFeaturesUnseen, None)]),
        Case(
            "the recycle bin could not be read",
            jane().gap(Missing::DeletedUsers),
            &[(Warning, CouldNotBeSeen, None)],
        ),
        Case(
            "a domain was not read",
            jane().with(|s| s.domains[0].name = "other".into()),
            &[(Error, DomainUnread, None)],
        ),
    ]
}
