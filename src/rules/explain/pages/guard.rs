//! Limits and brakes of this tool, and rolling back.

use super::super::page::{Page, Theme, run, say};
use super::super::source;
use super::super::topic::Topic::Finding;
use crate::rules::finding::FindingCode;

const BLANK: Page = Page { theme: Theme::Guard, ..Page::BLANK };

pub(in super::super) static PROTECTED_USER: Page = Page {
    title: "The configuration protects this user",
    means: "guard.protect names the cloud user: no plan may touch it. There is no option that lifts this.",
    cause: "A link names an emergency access account, or another account that was put under protection.",
    see: &[say("`protect` in the [guard] section of matchplan.toml.")],
    fix: &[say("Remove the link. Emergency access accounts are to stay cloud-only.")],
    sources: &[source::EMERGENCY_ACCESS],
    related: &[Finding(FindingCode::ProtectUnresolved)],
    ..BLANK
};

pub(in super::super) static PROTECT_UNRESOLVED: Page = Page {
    title: "A name under protection belongs to nobody",
    means: "An entry of guard.protect answers to no cloud user, so it would protect nobody.",
    cause: "The account was renamed or deleted, or its name is misspelt.",
    see: &[run("Look for it", "Get-MgUser -Filter \"userPrincipalName eq 'UPN'\"")],
    fix: &[say(
        "Correct the entry in matchplan.toml, or remove it. An object id does not change when the user is renamed.",
    )],
    related: &[Finding(FindingCode::ProtectedUser)],
    ..BLANK
};

pub(in super::super) static TOO_MANY_LINKS: Page = Page {
    title: "The plan changes more links than allowed",
    means: "guard.max_links says how many links one plan may change. A plan that is larger than anyone meant it to \
        be should not go through unseen.",
    cause: "Too many match plans at once, or a limit that is too low.",
    see: &[run("How many there are", "matchplan plan")],
    fix: &[
        say("Plan fewer files at once."),
        run("Or lift this brake for one plan", "matchplan plan --allow too-many-links"),
    ],
    ..BLANK
};

pub(in super::super) static TOO_MANY_ROLE_REMOVALS: Page = Page {
    title: "The plan takes more roles than allowed",
    means: "guard.max_role_removals says how many roles one plan may take, for a time or for good.",
    cause: "Many administrators in one plan.",
    see: &[run("Which roles are taken", "matchplan plan --details")],
    fix: &[
        say("Link administrators a few at a time."),
        run("Or lift this brake for one plan", "matchplan plan --allow too-many-role-removals"),
    ],
    related: &[Finding(FindingCode::GlobalAdminsLeft)],
    ..BLANK
};

pub(in super::super) static CHANGED_SINCE: Page = Page {
    title: "Somebody has changed the value since",
    means: "A rollback puts back what was there before. The value is not the one that the apply left any more, so \
        somebody else has changed it, and it is left alone.",
    cause: "An administrator, another program or the sync engine wrote to the same user in between.",
    see: &[run("What differs from what was done", "matchplan status")],
    fix: &[
        say("Decide which value is right, and set it by hand."),
        run("Go back from the other links only", "matchplan rollback --link LINK"),
    ],
    related: &[Finding(FindingCode::PointOfNoReturn)],
    ..BLANK
};

pub(in super::super) static POINT_OF_NO_RETURN: Page = Page {
    title: "The sync cycle has run: this link cannot be taken back as if nothing had been",
    means: "Entra has taken the cloud user over. What was overwritten is gone, the password may be AD's, and AD is \
        the source now.",
    cause: "The rollback comes after the cycle that formed the link.",
    see: &[run("How far each link is", "matchplan status")],
    fix: &[
        say("Roles that are still missing can be given back."),
        say("To part the two again: hand the user's source of authority to the cloud (isCloudManaged), or take the \
                AD user out of scope, restore the cloud user, and clear its on-premises attributes."),
    ],
    sources: &[source::SOURCE_OF_AUTHORITY, source::CLEAR_ATTRIBUTES, source::EXISTING_TENANT],
    related: &[Finding(FindingCode::ChangedSince)],
    ..BLANK
};

pub(in super::super) static ROLE_GRANT: Page = Page {
    title: "The rollback would grant a role",
    means: "Going back means giving the user a role that it does not hold now. Granting a role is never done \
        unasked.",
    cause: "The apply took the role, and was not finished.",
    see: &[run("Which roles are suspended", "matchplan status")],
    fix: &[run("If the user is to have the role again", "matchplan rollback --allow role-grants")],
    ..BLANK
};

pub(in super::super) static LEDGER_ELSEWHERE: Page = Page {
    title: "The state does not stand as this computer left it",
    means: "matchplan notes, outside of the project, what it wrote last to a state. This state is another: what it says \
        was done, which roles it would give back included, rests on that file alone.",
    cause: "Another computer went on with it, it came from git or a backup, the notes of this computer are gone, or \
        somebody edited it.",
    see: &[
        run("Who began what, when, on which computer", "matchplan status"),
        run("Who changed the file", "git log -p -- matchplan.state.json"),
    ],
    fix: &[
        say(
            "If you know where it comes from, look at every step and go on. A role that is not there now is given only \
            with --allow role-grants.",
        ),
        say("Otherwise change nothing, and compare it with the state on the computer that applied."),
    ],
    related: &[Finding(FindingCode::RoleGrant)],
    ..BLANK
};
