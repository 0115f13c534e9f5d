//! Which page belongs to which topic. Each `match` names every code, so that a new one without a page does not compile.

use super::message::Message;
use super::page::Page;
use super::pages::{
    addresses, anchors, conflicts, guard, names, refusals, roles, scope, sync, takeover, tenant, unlinking, users,
};
use super::topic::Topic;
use crate::rules::finding::FindingCode;
use crate::rules::microsoft::MicrosoftError;

/// The page of a topic.
pub fn page(topic: Topic) -> &'static Page {
    match topic {
        Topic::Finding(code) => finding(code),
        Topic::Error(name) => error(name),
        Topic::Message(message) => self::message(message),
    }
}

fn finding(code: FindingCode) -> &'static Page {
    use FindingCode as C;
    match code {
        C::AdUserMissing => &users::AD_USER_MISSING,
        C::AdUserAmbiguous => &users::AD_USER_AMBIGUOUS,
        C::CloudUserMissing => &users::CLOUD_USER_MISSING,
        C::CloudUserDeleted => &users::CLOUD_USER_DELETED,
        C::CloudUserAmbiguous => &users::CLOUD_USER_AMBIGUOUS,
        C::LinkedTwice => &users::LINKED_TWICE,
        C::AlreadySynced => &users::ALREADY_SYNCED,
        C::Provisioned => &anchors::PROVISIONED,
        C::ProtectedUser => &guard::PROTECTED_USER,
        C::ProtectUnresolved => &guard::PROTECT_UNRESOLVED,
        C::BadAnchor => &anchors::BAD_ANCHOR,
        C::AnchorMismatch => &anchors::ANCHOR_MISMATCH,
        C::CloudAnchorUnusable => &anchors::CLOUD_ANCHOR_UNUSABLE,
        C::AlreadyImported => &anchors::ALREADY_IMPORTED,
        C::ConsistencyGuidEarly => &anchors::CONSISTENCY_GUID_EARLY,
        C::AnchorTaken => &anchors::ANCHOR_TAKEN,
        C::SidTaken => &anchors::SID_TAKEN,
        C::ImmutableIdSet => &anchors::IMMUTABLE_ID_SET,
        C::AddressConflict => &conflicts::ADDRESS_CONFLICT,
        C::UpnConflict => &conflicts::UPN_CONFLICT,
        C::SoftDeletedHolder => &conflicts::SOFT_DELETED_HOLDER,
        C::ObjectTypeConflict => &conflicts::OBJECT_TYPE_CONFLICT,
        C::HoldsRoles => &roles::HOLDS_ROLES,
        C::RolesUnseen => &roles::ROLES_UNSEEN,
        C::OwnIdentity => &roles::OWN_IDENTITY,
        C::GlobalAdminsLeft => &roles::GLOBAL_ADMINS_LEFT,
        C::SoftMatchBlocked => &tenant::SOFT_MATCH_BLOCKED,
        C::SwitchOpen => &tenant::SWITCH_OPEN,
        C::HardMatchBlocked => &tenant::HARD_MATCH_BLOCKED,
        C::UpnMatchOff => &tenant::UPN_MATCH_OFF,
        C::SyncFeaturesUnseen => &tenant::SYNC_FEATURES_UNSEEN,
        C::SyncDisabled => &tenant::SYNC_DISABLED,
        C::CloudManaged => &tenant::CLOUD_MANAGED,
        C::ObjectIdentifierSet => &anchors::OBJECT_IDENTIFIER_SET,
        C::NotSynced => &unlinking::NOT_SYNCED,
        C::StillSynced => &unlinking::STILL_SYNCED,
        C::NotLinked => &unlinking::NOT_LINKED,
        C::AuthorityPrerequisites => &unlinking::AUTHORITY_PREREQUISITES,
        C::ComesBack => &unlinking::COMES_BACK,
        C::ResidueUnseen => &unlinking::RESIDUE_UNSEEN,
        C::DeletedForAWhile => &unlinking::DELETED_FOR_A_WHILE,
        C::DeletionThreshold => &unlinking::DELETION_THRESHOLD,
        C::DeletedUserMissing => &unlinking::DELETED_USER_MISSING,
        C::Irreversible => &unlinking::IRREVERSIBLE,
        C::PermanentFeature => &unlinking::PERMANENT_FEATURE,
        C::DuplicateInUse => &unlinking::DUPLICATE_IN_USE,
        C::SignInNameDetour => &unlinking::SIGN_IN_NAME_DETOUR,
        C::OutOfScope => &scope::OUT_OF_SCOPE,
        C::ExcludedFromSync => &scope::EXCLUDED_FROM_SYNC,
        C::Exposed => &scope::EXPOSED,
        C::ExposureUnknown => &scope::EXPOSURE_UNKNOWN,
        C::UnverifiedSuffix => &takeover::UNVERIFIED_SUFFIX,
        C::SuffixNotInForest => &takeover::SUFFIX_NOT_IN_FOREST,
        C::FederatedDomain => &tenant::FEDERATED_DOMAIN,
        C::SignInNameChanges => &takeover::SIGN_IN_NAME_CHANGES,
        C::AddressesLost => &takeover::ADDRESSES_LOST,
        C::SeveralPrimaries => &takeover::SEVERAL_PRIMARIES,
        C::NoMailNickname => &takeover::NO_MAIL_NICKNAME,
        C::AdUserDisabled => &takeover::AD_USER_DISABLED,
        C::AdminSdHolder => &scope::ADMIN_SD_HOLDER,
        C::GuestUser => &users::GUEST_USER,
        C::WrongTarget => &conflicts::WRONG_TARGET,
        C::OwnsRoleGroup => &roles::OWNS_ROLE_GROUP,
        C::GroupCarriesMore => &roles::GROUP_CARRIES_MORE,
        C::RestoreImpossible => &roles::RESTORE_IMPOSSIBLE,
        C::UnprovenRestore => &roles::UNPROVEN_RESTORE,
        C::SourceAnchorDiffers => &anchors::SOURCE_ANCHOR_DIFFERS,
        C::SourceAnchorUnproven => &anchors::SOURCE_ANCHOR_UNPROVEN,
        C::MailWithoutAddresses => &conflicts::MAIL_WITHOUT_ADDRESSES,
        C::MatchedBefore => &anchors::MATCHED_BEFORE,
        C::MatchImpossible => &conflicts::MATCH_IMPOSSIBLE,
        C::CouldNotBeSeen => &tenant::COULD_NOT_BE_SEEN,
        C::ForeignTenant => &tenant::FOREIGN_TENANT,
        C::DomainUnread => &tenant::DOMAIN_UNREAD,
        C::TooManyLinks => &guard::TOO_MANY_LINKS,
        C::TooManyRoleRemovals => &guard::TOO_MANY_ROLE_REMOVALS,
        C::ChangedSince => &guard::CHANGED_SINCE,
        C::PointOfNoReturn => &guard::POINT_OF_NO_RETURN,
        C::RoleGrant => &guard::ROLE_GRANT,
        C::LedgerElsewhere => &guard::LEDGER_ELSEWHERE,
        C::UpnMissing => &names::UPN_MISSING,
        C::UpnCharacter => &names::UPN_CHARACTER,
        C::UpnFormat => &names::UPN_FORMAT,
        C::UpnTooLong => &names::UPN_TOO_LONG,
        C::UpnDuplicate => &names::UPN_DUPLICATE,
        C::SuffixNotRoutable => &names::SUFFIX_NOT_ROUTABLE,
        C::AddressCharacter => &addresses::ADDRESS_CHARACTER,
        C::AddressFormat => &addresses::ADDRESS_FORMAT,
        C::AddressTooLong => &addresses::ADDRESS_TOO_LONG,
        C::AddressDuplicate => &addresses::ADDRESS_DUPLICATE,
        C::AddressNotRoutable => &addresses::ADDRESS_NOT_ROUTABLE,
        C::NicknameFormat => &addresses::NICKNAME_FORMAT,
        C::NicknameTooLong => &addresses::NICKNAME_TOO_LONG,
        C::NicknameDuplicate => &addresses::NICKNAME_DUPLICATE,
        C::SamCharacter => &names::SAM_CHARACTER,
        C::SamTooLong => &names::SAM_TOO_LONG,
        C::SamDuplicate => &names::SAM_DUPLICATE,
        C::DisplayNameBlank => &names::DISPLAY_NAME_BLANK,
        C::DisplayNameTooLong => &names::DISPLAY_NAME_TOO_LONG,
        C::GivenNameTooLong => &names::GIVEN_NAME_TOO_LONG,
    }
}

fn error(name: MicrosoftError) -> &'static Page {
    use MicrosoftError as E;
    match name {
        E::InvalidHardMatch => &sync::INVALID_HARD_MATCH,
        E::InvalidSoftMatch => &sync::INVALID_SOFT_MATCH,
        E::AttributeValueMustBeUnique => &sync::ATTRIBUTE_VALUE_MUST_BE_UNIQUE,
        E::AttributeUpdateNotAllowed => &sync::ATTRIBUTE_UPDATE_NOT_ALLOWED,
        E::ObjectTypeMismatch => &sync::OBJECT_TYPE_MISMATCH,
        E::ExistingAdminRoleConflict => &sync::EXISTING_ADMIN_ROLE_CONFLICT,
        E::IdentityDataValidationFailed => &sync::IDENTITY_DATA_VALIDATION_FAILED,
        E::LargeObject => &sync::LARGE_OBJECT,
        E::ExceededAllowedLength => &sync::EXCEEDED_ALLOWED_LENGTH,
        E::FederatedDomainChangeError => &sync::FEDERATED_DOMAIN_CHANGE_ERROR,
    }
}

fn message(message: Message) -> &'static Page {
    use Message as M;
    match message {
        M::Quarantine => &sync::QUARANTINE,
        M::PropertyConflict => &sync::PROPERTY_CONFLICT,
        M::OrphanedObject => &sync::ORPHANED_OBJECT,
        M::CloudOnlyObject => &sync::CLOUD_ONLY_OBJECT,
        M::DataValidationFailed => &sync::DATA_VALIDATION_FAILED,
        M::PermissionIssue => &sync::PERMISSION_ISSUE,
        M::DeletionThreshold => &sync::DELETION_THRESHOLD,
        M::BlockOnPremisesSync => &sync::BLOCK_ON_PREMISES_SYNC,
        M::UpnNotUniqueInForest => &refusals::UPN_NOT_UNIQUE_IN_FOREST,
        M::AuthorizationRequestDenied => &refusals::AUTHORIZATION_REQUEST_DENIED,
        M::OnPremisesMastered => &refusals::ON_PREMISES_MASTERED,
        M::ObjectConflict => &refusals::OBJECT_CONFLICT,
        M::FederatedSourceAnchor => &refusals::FEDERATED_SOURCE_ANCHOR,
        M::BadRequest => &refusals::BAD_REQUEST,
        M::ResourceNotFound => &refusals::RESOURCE_NOT_FOUND,
        M::UnsupportedQuery => &refusals::UNSUPPORTED_QUERY,
        M::AadPremiumLicenseRequired => &refusals::AAD_PREMIUM_LICENSE_REQUIRED,
        M::PermissionScopeNotGranted => &refusals::PERMISSION_SCOPE_NOT_GRANTED,
        M::RoleAssignmentExists => &refusals::ROLE_ASSIGNMENT_EXISTS,
        M::RoleAssignmentDoesNotExist => &refusals::ROLE_ASSIGNMENT_DOES_NOT_EXIST,
        M::RolePolicy => &refusals::ROLE_POLICY,
        M::TooManyRequests => &refusals::TOO_MANY_REQUESTS,
    }
}
