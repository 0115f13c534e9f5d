//! Links of groups and contacts.

use super::super::page::{Page, Theme, run, say};
use super::super::source;
use super::super::topic::Topic::{Error, Finding};
use crate::rules::finding::FindingCode;
use crate::rules::microsoft::MicrosoftError;

const BLANK: Page = Page { theme: Theme::Groups, ..Page::BLANK };

pub(in super::super) static GROUP_MISSING: Page = Page {
    title: "No group or contact answers to the name",
    means: "A `[[link]]` with `kind = \"group\"` or `\"contact\"` names nothing that was read.",
    cause: "A wrong spelling; an object outside of base_dn; or a group without mail, which is not read, since nothing matches it. \
        A contact has no sAMAccountName. After the cycle the cloud object has AD's display name.",
    see: &[
        run(
            "Of AD",
            "Get-ADObject -LDAPFilter '(&(|(objectClass=group)(objectClass=contact))(mail=*))' -Properties mail",
        ),
        run("Of the cloud", "Get-MgGroup -All -Property displayName,mail,id | Where-Object Mail"),
    ],
    fix: &[
        say("Name the AD object by its mail, DN or objectGUID, and the cloud object by its object id."),
        say("A group without mail is no case for a match: the sync makes a new group of it."),
    ],
    sources: &[source::EXISTING_TENANT],
    related: &[Finding(FindingCode::GroupAmbiguous)],
    ..BLANK
};

pub(in super::super) static GROUP_AMBIGUOUS: Page = Page {
    title: "Several groups or contacts answer to the name",
    means: "The tool never guesses which one is meant.",
    cause: "Display names are not unique, in the cloud least of all; a sAMAccountName is unique in its domain only.",
    see: &[run("Which ones", "Get-MgGroup -Filter \"displayName eq 'NAME'\" -Property displayName,mail,id")],
    fix: &[say("Write the object id, or the objectGUID.")],
    sources: &[source::EXISTING_TENANT],
    related: &[Finding(FindingCode::GroupMissing)],
    ..BLANK
};

pub(in super::super) static NEVER_MATCHED: Page = Page {
    title: "The sync never takes over an object of this kind",
    means: "A cycle would make another object beside it, or fail. So the link is refused.",
    cause: "Roles can be assigned to the group; it is a Microsoft 365 group; or it has no address, by which alone groups and \
        contacts are matched.",
    see: &[run(
        "What it is",
        "Get-MgGroup -GroupId ID -Property displayName,mail,groupTypes,isAssignableToRole | Format-List",
    )],
    fix: &[
        say("Leave the group where it is: in the cloud alone. Remove the link."),
        say("If AD's group is to replace it, make a mail-enabled group in the cloud, and link that."),
    ],
    sources: &[source::EXISTING_TENANT],
    related: &[Error(MicrosoftError::ObjectTypeMismatch)],
    ..BLANK
};

pub(in super::super) static MEMBERS_FROM_AD: Page = Page {
    title: "AD says from now on who is a member of the group",
    means: "Whoever is a member in the cloud only is none any more after the cycle: guests, cloud-only users, and users whose AD \
        accounts are not in the AD group. They lose mail to the group and whatever it gives access to.",
    cause: "A synced group is changed in AD alone, its members included.",
    see: &[
        run("Who is a member in the cloud", "Get-MgGroupMember -GroupId ID -All"),
        run("Who is in AD", "Get-ADGroupMember -Identity GROUP"),
    ],
    fix: &[
        say("Link the users first, add their AD accounts to the AD group, and link the group last."),
        say("Who has no AD account can be a member of another group, in the cloud."),
    ],
    sources: &[source::EXISTING_TENANT],
    ..BLANK
};
