//! Findings: what the planner noticed, with both sides of a conflict, the reason and the way out.

use super::microsoft::MicrosoftError;
use crate::model::id::LinkId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// How much a finding weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Blocks the plan (or, with `--skip-blocked`, its link).
    Error,
    /// To be read before applying.
    Warning,
    /// Worth knowing.
    Info,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Info => "info",
        })
    }
}

/// Something the planner noticed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// How much it weighs.
    pub severity: Severity,
    /// The stable kebab-case code.
    pub code: FindingCode,
    /// The link it is about; `None` for the plan as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<LinkId>,
    /// Where the link is written: file and line, or `None` for the plan as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    /// What is the case and why it matters, in one or two sentences.
    pub message: String,
    /// The objects that it is about: both sides of a conflict.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub objects: Vec<ObjectRef>,
    /// The value in conflict, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Microsoft's name for the error that the sync would give, such as `InvalidSoftMatch`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub microsoft_error: Option<MicrosoftError>,
    /// What to do.
    pub help: String,
}

/// Where a link is written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Origin {
    /// The file's name as it was given.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// An object that a finding names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ObjectRef {
    /// What it is: `AD user`, `cloud user`, `soft-deleted cloud user`, `group`, `contact`.
    pub kind: String,
    /// Its stable id.
    pub id: String,
    /// Its readable name.
    pub name: String,
    /// Where it lives: a DN's container, `Entra ID`, `Entra recycle bin`.
    pub place: String,
}

impl Finding {
    /// A finding of that weight. [`Finding::at`] says which link it is about.
    pub fn new(severity: Severity, code: FindingCode, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            severity,
            code,
            link: None,
            origin: None,
            message: message.into(),
            objects: Vec::new(),
            value: None,
            microsoft_error: None,
            help: help.into(),
        }
    }

    /// A finding that blocks.
    pub fn error(code: FindingCode, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self::new(Severity::Error, code, message, help)
    }

    /// A finding to be read.
    pub fn warning(code: FindingCode, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self::new(Severity::Warning, code, message, help)
    }

    /// The same about these objects.
    #[must_use]
    pub fn about(mut self, objects: impl IntoIterator<Item = ObjectRef>) -> Self {
        self.objects.extend(objects);
        self
    }

    /// The same with the value in conflict.
    #[must_use]
    pub fn value(mut self, value: impl Into<String>) -> Self {
        self.value = Some(value.into());
        self
    }

    /// The same with Microsoft's name for the error that the sync would give.
    #[must_use]
    pub const fn microsoft(mut self, name: MicrosoftError) -> Self {
        self.microsoft_error = Some(name);
        self
    }

    /// The same for that link.
    #[must_use]
    pub fn at(mut self, link: &LinkId, origin: &Origin) -> Self {
        self.link = Some(link.clone());
        self.origin = Some(origin.clone());
        self
    }
}

macro_rules! finding_codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// The stable codes of findings. They are part of the tool's interface: scripts and reviewers rely on them.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        pub enum FindingCode {
            $($(#[$doc])* #[serde(rename = $text)] $name,)*
        }

        impl FindingCode {
            /// Every code.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The code as it is written.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

finding_codes! {
    /// No AD user answers to the selector.
    AdUserMissing = "ad-user-missing",
    /// Several AD users answer to the selector.
    AdUserAmbiguous = "ad-user-ambiguous",
    /// No cloud user answers to the selector.
    CloudUserMissing = "cloud-user-missing",
    /// The cloud user is in the recycle bin.
    CloudUserDeleted = "cloud-user-deleted",
    /// Several cloud users answer to the selector.
    CloudUserAmbiguous = "cloud-user-ambiguous",
    /// Two links name the same AD user or the same cloud user.
    LinkedTwice = "linked-twice",
    /// The cloud user is synced from another AD user.
    AlreadySynced = "already-synced",
    /// The AD user has a cloud object of its own already, so no match is evaluated for it any more.
    Provisioned = "provisioned",
    /// One of the two is protected by the configuration.
    ProtectedUser = "protected-user",
    /// A `protect` entry names nobody.
    ProtectUnresolved = "protect-unresolved",
    /// The AD user's anchor, or the one in the link, is no 16-octet anchor.
    BadAnchor = "bad-anchor",
    /// The link states an anchor that is not the AD user's.
    AnchorMismatch = "anchor-mismatch",
    /// The cloud user has no ImmutableID that the AD user could take as its anchor.
    CloudAnchorUnusable = "cloud-anchor-unusable",
    /// The sync engine has read the AD user already, so that its anchor cannot change any more.
    AlreadyImported = "already-imported",
    /// `mS-DS-ConsistencyGuid` is written before it is known to be the source anchor in force.
    ConsistencyGuidEarly = "consistency-guid-early",
    /// Another cloud object has the anchor already.
    AnchorTaken = "anchor-taken",
    /// Another cloud object has the AD user's SID already.
    SidTaken = "sid-taken",
    /// The cloud user has another ImmutableID, which a soft match does not replace.
    ImmutableIdSet = "immutable-id-set",
    /// An address that the AD user would have is held by somebody else.
    AddressConflict = "address-conflict",
    /// The UPN that the AD user would have is held by somebody else.
    UpnConflict = "upn-conflict",
    /// A soft-deleted object is in the way.
    SoftDeletedHolder = "soft-deleted-holder",
    /// A group or contact holds the address: another object type.
    ObjectTypeConflict = "object-type-conflict",
    /// The cloud user holds roles, and `roles = "refuse"`.
    HoldsRoles = "holds-roles",
    /// The roles could not be read.
    RolesUnseen = "roles-unseen",
    /// The identity that runs the tool would lose its own role.
    OwnIdentity = "own-identity",
    /// Too few Global Administrators would be left.
    GlobalAdminsLeft = "global-admins-left",
    /// `blockSoftMatchEnabled` is on.
    SoftMatchBlocked = "soft-match-blocked",
    /// `blockCloudObjectTakeoverThroughHardMatchEnabled` is on.
    HardMatchBlocked = "hard-match-blocked",
    /// Every link is formed, and a switch that Microsoft advises to have on is off.
    SwitchOpen = "switch-open",
    /// UPN soft match is off and there is no SMTP match.
    UpnMatchOff = "upn-match-off",
    /// The tenant's sync features could not be read.
    SyncFeaturesUnseen = "sync-features-unseen",
    /// Directory synchronization is off in the tenant.
    SyncDisabled = "sync-disabled",
    /// The cloud user's source of authority is the cloud.
    CloudManaged = "cloud-managed",
    /// The cloud user carries another `onPremisesObjectIdentifier`.
    ObjectIdentifierSet = "object-identifier-set",
    /// The AD user lies outside of what the engine syncs, and the link does not move it.
    OutOfScope = "out-of-scope",
    /// The default rules of Entra Connect keep this user out.
    ExcludedFromSync = "excluded-from-sync",
    /// A cycle may run before the steps are complete.
    Exposed = "exposed",
    /// Where the AD user stands towards the engine could not be determined.
    ExposureUnknown = "exposure-unknown",
    /// The UPN's suffix is not a verified domain of the tenant.
    UnverifiedSuffix = "unverified-suffix",
    /// The UPN's suffix is not listed by the forest.
    SuffixNotInForest = "suffix-not-in-forest",
    /// The UPN's domain is federated.
    FederatedDomain = "federated-domain",
    /// The sign-in name of a person changes.
    SignInNameChanges = "sign-in-name-changes",
    /// Addresses that only the cloud has would be lost.
    AddressesLost = "addresses-lost",
    /// The AD user has several primary addresses.
    SeveralPrimaries = "several-primaries",
    /// The AD user has no `mailNickname`.
    NoMailNickname = "no-mail-nickname",
    /// The AD user is disabled, so the cloud user would be disabled.
    AdUserDisabled = "ad-user-disabled",
    /// The AD user is protected by AdminSDHolder: writes may be refused.
    AdminSdHolder = "admin-sd-holder",
    /// The cloud user is a guest.
    GuestUser = "guest-user",
    /// The next cycle would link the AD user with another cloud user than the wanted one.
    WrongTarget = "wrong-target",
    /// The cloud user owns a role-assignable group, and could add itself as a member.
    OwnsRoleGroup = "owns-role-group",
    /// A group that is left for a time carries more than roles.
    GroupCarriesMore = "group-carries-more",
    /// A role could be taken, but not be given back: its policy does not allow it.
    RestoreImpossible = "restore-impossible",
    /// Whether a role can be given back could not be seen.
    UnprovenRestore = "unproven-restore",
    /// Users that are synced already have another source anchor than the configuration says.
    SourceAnchorDiffers = "source-anchor-differs",
    /// No synced user shows which source anchor is in force.
    SourceAnchorUnproven = "source-anchor-unproven",
    /// The AD user has `mail` but no proxyAddresses, so its primary address matches nobody for certain.
    MailWithoutAddresses = "mail-without-addresses",
    /// The cloud user was synced before: a soft match works once.
    MatchedBefore = "matched-before",
    /// The next cycle would not form the link, for a reason that no other code names.
    MatchImpossible = "match-impossible",
    /// A part of the tenant could not be read, so conflicts there could not be seen.
    CouldNotBeSeen = "could-not-be-seen",
    /// The snapshot is not of the configured tenant.
    ForeignTenant = "foreign-tenant",
    /// An AD domain of the configuration is not in the snapshot.
    DomainUnread = "domain-unread",
    /// More links than `max_links`.
    TooManyLinks = "too-many-links",
    /// More roles removed than `max_role_removals`.
    TooManyRoleRemovals = "too-many-role-removals",
    /// A rollback meets a value that others have changed since.
    ChangedSince = "changed-since",
    /// A rollback is not possible any more.
    PointOfNoReturn = "point-of-no-return",
    /// A rollback would grant a role.
    RoleGrant = "role-grant",
    /// A rollback is planned from a state that does not stand as this computer left it.
    LedgerElsewhere = "ledger-elsewhere",
    /// A user has no UPN, so that the sync makes one up.
    UpnMissing = "upn-missing",
    /// The UPN has a character that the cloud does not take.
    UpnCharacter = "upn-character",
    /// The UPN is no `name@domain`.
    UpnFormat = "upn-format",
    /// The UPN, or one side of its `@`, is too long.
    UpnTooLong = "upn-too-long",
    /// Several AD objects have the UPN.
    UpnDuplicate = "upn-duplicate",
    /// The UPN's suffix is no domain of the internet, so that no tenant can verify it.
    SuffixNotRoutable = "suffix-not-routable",
    /// An address has a character that is not allowed there.
    AddressCharacter = "address-character",
    /// An address has not the form of its type.
    AddressFormat = "address-format",
    /// An address is too long.
    AddressTooLong = "address-too-long",
    /// Several AD objects have the address.
    AddressDuplicate = "address-duplicate",
    /// The domain of an address is none of the internet.
    AddressNotRoutable = "address-not-routable",
    /// `mailNickname` begins with a dot.
    NicknameFormat = "nickname-format",
    /// `mailNickname` is too long.
    NicknameTooLong = "nickname-too-long",
    /// Several AD objects have the `mailNickname`.
    NicknameDuplicate = "nickname-duplicate",
    /// The `sAMAccountName`, which stands in for a UPN, has a character that is not allowed.
    SamCharacter = "sam-character",
    /// The `sAMAccountName`, which stands in for a UPN, is too long.
    SamTooLong = "sam-too-long",
    /// Several objects of a domain have the `sAMAccountName`.
    SamDuplicate = "sam-duplicate",
    /// `displayName` is there, and blank.
    DisplayNameBlank = "display-name-blank",
    /// A user that is to be unlinked is not synced.
    NotSynced = "not-synced",
    /// A user is synced, so that what it remembers of AD cannot be cleared.
    StillSynced = "still-synced",
    /// The AD user and the cloud user that are to be unlinked are not linked with each other.
    NotLinked = "not-linked",
    /// What has to be the case before the source of authority moves, and cannot be seen from here.
    AuthorityPrerequisites = "authority-prerequisites",
    /// The next cycle would bring back what was unlinked.
    ComesBack = "comes-back",
    /// The attributes that are to be cleared could not be read.
    ResidueUnseen = "residue-unseen",
    /// A user is deleted for the time of the work.
    DeletedForAWhile = "deleted-for-a-while",
    /// More users would be deleted by one cycle than the tenant's accidental-delete prevention lets through.
    DeletionThreshold = "deletion-threshold",
    /// Nobody in the recycle bin answers to the selector.
    DeletedUserMissing = "deleted-user-missing",
    /// A step has no way back, and nobody named it.
    Irreversible = "irreversible",
    /// A switch of the tenant cannot be switched off again.
    PermanentFeature = "permanent-feature",
    /// What would be removed as a duplicate does not look like one.
    DuplicateInUse = "duplicate-in-use",
    /// A cloud user has another sign-in name for a moment.
    SignInNameDetour = "sign-in-name-detour",
    /// No group or contact answers to the selector.
    GroupMissing = "group-missing",
    /// Several groups or contacts answer to the selector.
    GroupAmbiguous = "group-ambiguous",
    /// The cloud object is of a kind that the sync never takes over.
    NeverMatched = "never-matched",
    /// Whoever is a member of a group is AD's to say from now on.
    MembersFromAd = "members-from-ad",
    /// `displayName` is too long.
    DisplayNameTooLong = "display-name-too-long",
    /// `givenName` is too long.
    GivenNameTooLong = "given-name-too-long",
}

impl fmt::Display for FindingCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
