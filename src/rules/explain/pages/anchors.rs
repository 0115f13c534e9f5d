//! Source anchor, ImmutableID, earlier mappings.

use super::super::page::{Page, Theme, run, say};
use super::super::source;
use super::super::topic::Topic::{Error, Finding};
use crate::rules::finding::FindingCode;
use crate::rules::microsoft::MicrosoftError;

const BLANK: Page = Page { theme: Theme::Anchors, ..Page::BLANK };

pub(in super::super) static BAD_ANCHOR: Page = Page {
    title: "The anchor is not 16 octets",
    means: "A source anchor of a user is a GUID: 16 octets, 24 characters of Base64. The value that was found is \
        not.",
    cause: "mS-DS-ConsistencyGuid was written by another program or as text, or an ImmutableID comes from another \
        identity provider, which often uses an e-mail address.",
    see: &[
        run(
            "The octets in AD",
            "(Get-ADUser SAM -Properties 'mS-DS-ConsistencyGuid').'mS-DS-ConsistencyGuid' | Format-Hex",
        ),
        run("A value in all its spellings", "matchplan anchor VALUE"),
    ],
    fix: &[
        say("If the AD user was never synced, clear mS-DS-ConsistencyGuid: objectGUID is taken then."),
        run("Or write the right value", "Set-ADSyncToolsMsDsConsistencyGuid -Identity SAM -Value GUID-OR-BASE64"),
    ],
    sources: &[source::DESIGN, source::ADSYNCTOOLS],
    related: &[Finding(FindingCode::AnchorMismatch)],
    ..BLANK
};

pub(in super::super) static ANCHOR_MISMATCH: Page = Page {
    title: "The link states another anchor than the AD user has",
    means: "The anchor in the link is a check of the author's: it says which AD object was meant. The AD user has \
        another one.",
    cause: "The AD user was made anew since, the anchor was copied from somebody else, or its octets were written \
        in the wrong order: LDAP's order has the first three fields of a GUID turned round.",
    see: &[
        run("Both in all spellings", "matchplan anchor VALUE"),
        run("The AD user's own", "Get-ADUser SAM -Properties objectGUID,'mS-DS-ConsistencyGuid'"),
    ],
    fix: &[say("Correct `anchor` in the link, or name the AD user that has this anchor.")],
    sources: &[source::DESIGN, source::ADSYNCTOOLS],
    related: &[Finding(FindingCode::BadAnchor), Finding(FindingCode::SourceAnchorDiffers)],
    ..BLANK
};

pub(in super::super) static CLOUD_ANCHOR_UNUSABLE: Page = Page {
    title: "The cloud's ImmutableID cannot become the AD user's anchor",
    means: "`anchor = \"cloud-to-ad\"` writes the cloud user's ImmutableID into mS-DS-ConsistencyGuid of the AD user. \
        That needs an ImmutableID of 16 octets, and a sync engine that reads the attribute.",
    cause: "The cloud user has no ImmutableID; or another identity provider set one, often an e-mail address; or the \
        source anchor of the domain is objectGUID, which AD itself gives and nobody writes.",
    see: &[
        run("The cloud's value", "(Get-MgUser -UserId UPN -Property onPremisesImmutableId).OnPremisesImmutableId"),
        run("Whether it is an anchor", "matchplan anchor VALUE"),
    ],
    fix: &[say("Leave `anchor` out of the link: then the cloud user takes the AD user's anchor.")],
    sources: &[source::DESIGN, source::ADSYNCTOOLS],
    related: &[Finding(FindingCode::AlreadyImported), Finding(FindingCode::BadAnchor)],
    ..BLANK
};

pub(in super::super) static ALREADY_IMPORTED: Page = Page {
    title: "The anchor of an AD user that was imported does not change",
    means: "With the first cycle that sees an AD user, the sync engine takes its source anchor for good. Another value in \
        mS-DS-ConsistencyGuid later is an error of that user until it is changed back.",
    cause: "The AD user lies in the sync scope, has a cloud object of its own, or has mS-DS-ConsistencyGuid filled in, \
        which the engine does with the first cycle.",
    see: &[run("The AD user's own", "Get-ADUser SAM -Properties objectGUID,'mS-DS-ConsistencyGuid'")],
    fix: &[
        say(
            "Write the anchor while the AD user is outside of the synced OUs, and let the link bring it in: `move_to`.",
        ),
        say("If the value was written by hand and no cycle ever saw the user, clear mS-DS-ConsistencyGuid first."),
    ],
    sources: &[source::DESIGN],
    related: &[Finding(FindingCode::CloudAnchorUnusable), Finding(FindingCode::Provisioned)],
    ..BLANK
};

pub(in super::super) static CONSISTENCY_GUID_EARLY: Page = Page {
    title: "mS-DS-ConsistencyGuid is written before an engine is known to use it",
    means: "The wizard of Entra Connect looks whether any object has mS-DS-ConsistencyGuid filled in. If one has, an \
        express installation takes objectGUID as the source anchor, and adding a directory is refused.",
    cause: "No synced user of the domain shows that mS-DS-ConsistencyGuid is the source anchor in force: the engine may \
        not be installed yet, or may be about to be rebuilt.",
    see: &[run("What the synced users show", "matchplan check")],
    fix: &[
        say("Install the engine first; or install it with this attribute chosen by hand (custom settings)."),
        run("Or skip the wizard's look", "AzureADConnect.exe /SkipLdapSearch"),
    ],
    sources: &[source::DESIGN],
    related: &[Finding(FindingCode::SourceAnchorUnproven), Finding(FindingCode::SourceAnchorDiffers)],
    ..BLANK
};

pub(in super::super) static ANCHOR_TAKEN: Page = Page {
    title: "Another object has this anchor",
    means: "Entra matches by anchor before anything else. Another cloud user has this AD user's anchor as its \
        ImmutableID and would be matched in place of the wanted one; or another AD user has the same anchor.",
    cause: "An ImmutableID that was set by hand on the wrong user, a copied mS-DS-ConsistencyGuid, or an earlier \
        attempt at a match.",
    see: &[
        run(
            "The cloud user with the anchor",
            "Get-MgUser -Filter \"onPremisesImmutableId eq 'IMMUTABLE-ID'\" -ConsistencyLevel eventual \
                -CountVariable n",
        ),
        run(
            "AD users with the anchor (take the filter from `matchplan anchor`)",
            "Get-ADUser -LDAPFilter '(mS-DS-ConsistencyGuid=\\xx…)'",
        ),
    ],
    fix: &[
        run(
            "Clear the ImmutableID of the cloud user that it does not belong to: null, never an empty text",
            "Invoke-MgGraphRequest -Method PATCH -Uri v1.0/users/ID -Body '{\"onPremisesImmutableId\":null}'",
        ),
        say("Or link to the cloud user that has it, if that is the right one."),
        say("Of two AD users with one anchor, correct mS-DS-ConsistencyGuid of the one that was not synced yet."),
    ],
    unconfirmed: Some(
        "Whether an ImmutableID must differ from those of soft-deleted users too is not stated; they are reported \
            as well.",
    ),
    sources: &[source::EXISTING_TENANT, source::SYNC_ERRORS, source::USER_UPDATE],
    related: &[Error(MicrosoftError::InvalidHardMatch), Finding(FindingCode::WrongTarget)],
    ..BLANK
};

pub(in super::super) static SID_TAKEN: Page = Page {
    title: "Another cloud user has this AD user's SID",
    means: "onPremisesSecurityIdentifier is unique in a tenant. Another cloud user carries the security identifier \
        of this AD user, so the export of the link would be refused.",
    cause: "The person was synced before under another anchor and only the ImmutableID was cleared; or a domain \
        controller was restored and gave out the same SIDs twice.",
    see: &[run(
        "The cloud user with the SID",
        "Get-MgUser -Filter \"onPremisesSecurityIdentifier eq 'SID'\" -Property \
            id,userPrincipalName,onPremisesImmutableId",
    )],
    fix: &[
        say("Find out which of the two cloud users belongs to the person."),
        run(
            "Clear the on-premises attributes of the other, if it is cloud-only",
            "Clear-ADSyncToolsOnPremisesAttribute",
        ),
        say("Or write the ImmutableID of the right cloud user into mS-DS-ConsistencyGuid of the AD user, if that \
                was not imported yet."),
    ],
    sources: &[source::EXISTING_TENANT, source::CLEAR_ATTRIBUTES],
    related: &[Error(MicrosoftError::AttributeValueMustBeUnique), Finding(FindingCode::Provisioned)],
    ..BLANK
};

pub(in super::super) static IMMUTABLE_ID_SET: Page = Page {
    title: "The cloud user has another ImmutableID",
    means: "A soft match needs a cloud user without ImmutableID. This one has a value, and it is not the AD user's \
        anchor: a conflict, never a match.",
    cause: "The user was synced or matched before, was federated with another identity provider, or belongs to \
        another AD user.",
    see: &[
        run("The value", "Get-MgUser -UserId USER -Property onPremisesImmutableId"),
        run("The GUID and the LDAP filter that it stands for", "matchplan anchor IMMUTABLE-ID"),
    ],
    fix: &[
        say("If it is another AD user's anchor, link that AD user instead, or find out who of the two is meant."),
        say("If nobody has it, write `match = \"hard\"` in the link: the value is replaced. Make sure that no \
                identity provider signs the person in by it."),
        run(
            "Or clear it (null, never an empty text)",
            "Invoke-MgGraphRequest -Method PATCH -Uri v1.0/users/ID -Body '{\"onPremisesImmutableId\":null}'",
        ),
    ],
    unconfirmed: Some(
        "Microsoft's texts name different errors for this: AttributeValueMustBeUnique (2026), a quarantined \
            duplicate, InvalidSoftMatch (older).",
    ),
    sources: &[source::SYNC_ERRORS, source::EXISTING_TENANT],
    related: &[Error(MicrosoftError::AttributeValueMustBeUnique), Error(MicrosoftError::InvalidSoftMatch)],
    ..BLANK
};

pub(in super::super) static OBJECT_IDENTIFIER_SET: Page = Page {
    title: "The cloud user is mapped to an earlier AD object",
    means: "onPremisesObjectIdentifier of the cloud user is set and is not this AD user's. Since July 2026 Entra \
        refuses to map such a user anew.",
    cause: "The AD user was made anew, moved between forests, or came with a merger; or only the ImmutableID was \
        cleared when the user was taken out of sync.",
    see: &[run(
        "The value (beta only)",
        "Invoke-MgGraphRequest 'beta/users/ID?$select=onPremisesObjectIdentifier,onPremisesImmutableId'",
    )],
    fix: &[
        run(
            "Clear it; only null is accepted. It takes the permission User-OnPremisesSyncBehavior.ReadWrite.All \
                and the role Hybrid Identity Administrator or Global Administrator",
            "Invoke-MgGraphRequest -Method PATCH -Uri beta/users/ID -Body '{\"onPremisesObjectIdentifier\":null}'",
        ),
        say("ADSyncTools 2.5.0 and later does the same with Clear-ADSyncToolsOnPremisesAttribute."),
        say("If many are affected: switch allowOnPremUpdateOfOnPremisesObjectIdentifierEnabled on for the time of \
                the match, and off again."),
        run("Plan again", "matchplan plan"),
    ],
    unconfirmed: Some(
        "One text says that any value blocks, another that only a different one does. An equal one is taken to be \
            fine, one that cannot be compared to block. The change reaches tenants between July and September \
            2026.",
    ),
    sources: &[source::EXISTING_TENANT, source::SYNC_FEATURES, source::CLEAR_ATTRIBUTES],
    related: &[Error(MicrosoftError::AttributeUpdateNotAllowed)],
    ..BLANK
};

pub(in super::super) static SOURCE_ANCHOR_DIFFERS: Page = Page {
    title: "Another source anchor is in force than the configuration says",
    means: "Users that are synced already show which AD attribute their ImmutableID comes from, and it is not the \
        one in matchplan.toml. With the wrong one every hard match becomes a duplicate.",
    cause: "source_anchor is not what Entra Connect was set up with, or Connect was installed anew with another \
        anchor.",
    see: &[
        run(
            "What Connect uses (on its server)",
            "(Get-ADSyncGlobalSettings).Parameters | Where-Object Name -like '*AnchorAttribute*'",
        ),
        run("A synced user's ImmutableID against its AD user", "matchplan anchor IMMUTABLE-ID"),
    ],
    fix: &[say("Write the attribute that is in force as source_anchor of the [[ad]] section, and plan again.")],
    sources: &[source::DESIGN],
    related: &[Finding(FindingCode::SourceAnchorUnproven)],
    ..BLANK
};

pub(in super::super) static SOURCE_ANCHOR_UNPROVEN: Page = Page {
    title: "No synced user shows which source anchor is in force",
    means: "Which AD attribute is the anchor shows in users that are synced already, and there is none that could \
        be compared. The configuration is believed.",
    cause: "A tenant in which nothing was synced yet, or a base_dn without any synced user.",
    see: &[run(
        "What Connect uses (on its server)",
        "(Get-ADSyncGlobalSettings).Parameters | Where-Object Name -like '*AnchorAttribute*'",
    )],
    fix: &[
        say("Compare source_anchor in matchplan.toml with what Connect was set up with."),
        say("Link one user first, and look at its ImmutableID after the cycle."),
        say("Do not write mS-DS-ConsistencyGuid before Connect is installed: its wizard then takes objectGUID, \
                unless it is started with /SkipLdapSearch."),
    ],
    sources: &[source::DESIGN],
    related: &[Finding(FindingCode::SourceAnchorDiffers)],
    ..BLANK
};

pub(in super::super) static PROVISIONED: Page = Page {
    title: "The AD user has a cloud object of its own already",
    means: "A match is evaluated only for objects that are new to the cloud. This AD user was synced before and \
        has its own cloud user, often a duplicate with a mangled name that an earlier match left behind.",
    cause: "The AD user was in the sync scope before the link was prepared, or an earlier match failed and a \
        quarantined duplicate was made that holds the anchor.",
    see: &[
        run(
            "The cloud user that the AD user has",
            "Get-MgUser -Filter \"onPremisesImmutableId eq 'IMMUTABLE-ID'\" -ConsistencyLevel eventual \
                -CountVariable n -Property id,userPrincipalName,onPremisesProvisioningErrors",
        ),
        say("A name such as jsmith+1234@contoso.onmicrosoft.com or jsmith1234@… is a quarantined duplicate."),
    ],
    fix: &[
        say("Make sure that nobody works with the duplicate: no mailbox, no licence, no files."),
        run(
            "Move the AD user out of the sync scope and let a cycle delete the duplicate",
            "Start-ADSyncSyncCycle -PolicyType Delta",
        ),
        run("Delete it for good from the recycle bin", "Remove-MgDirectoryDeletedItem -DirectoryObjectId ID"),
        say("Plan the link with `move_to`, so that the AD user comes back into scope once everything is ready."),
    ],
    sources: &[source::EXISTING_TENANT, source::RESILIENCY, source::DELETE_FOR_GOOD],
    related: &[Finding(FindingCode::AlreadySynced), Finding(FindingCode::SidTaken)],
    ..BLANK
};

pub(in super::super) static MATCHED_BEFORE: Page = Page {
    title: "The cloud user was synced before",
    means: "The cloud user still carries the security identifier of an AD account. A soft match is documented to \
        work once per cloud user, so it may fail the second time.",
    cause: "The user was synced, then cut off, and only its ImmutableID was cleared.",
    see: &[run(
        "What is left over",
        "Get-MgUser -UserId USER -Property \
            onPremisesSecurityIdentifier,onPremisesSamAccountName,onPremisesImmutableId,onPremisesSyncEnabled",
    )],
    fix: &[
        say("Write `match = \"hard\"` in the link."),
        run(
            "Or clear the left-over attributes first (cloud-only users; keep a copy)",
            "Invoke-MgGraphRequest -Method PATCH -Uri beta/users/ID -Body \
                '{\"onPremisesSecurityIdentifier\":null,\"onPremisesImmutableId\":null,\"onPremisesObjectIdentifier\":null}'",
        ),
    ],
    unconfirmed: Some(
        "That a soft match works once comes from older articles; what exactly Entra remembers is not stated.",
    ),
    sources: &[source::SMTP_MATCHING, source::UPN_MATCHING, source::CLEAR_ATTRIBUTES],
    related: &[Finding(FindingCode::SidTaken), Finding(FindingCode::ImmutableIdSet)],
    ..BLANK
};
