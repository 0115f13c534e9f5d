//! The form of a page.

use super::source::Source;
use super::topic::Topic;
use serde::Serialize;
use std::fmt;

/// What a page is about, for the list of all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Theme {
    /// Which two users a link means.
    Users,
    /// Source anchor, ImmutableID, earlier mappings.
    Anchors,
    /// Values that somebody else holds.
    Conflicts,
    /// Roles, and giving them back.
    Roles,
    /// The tenant's switches, and what could not be read.
    Tenant,
    /// What the sync engine sees, and when.
    Scope,
    /// What a takeover changes.
    Takeover,
    /// Unlinking, the recycle bin, what is deleted for good.
    Unlinking,
    /// Links of groups and contacts.
    Groups,
    /// Limits and brakes of this tool, rolling back.
    Guard,
    /// The form of attribute values.
    Attributes,
    /// Errors of the sync, by Microsoft's names.
    Sync,
    /// What Graph or Active Directory answers.
    Refusals,
}

impl Theme {
    /// Every theme, in the order of the list.
    pub const ALL: &[Self] = &[
        Self::Users,
        Self::Anchors,
        Self::Conflicts,
        Self::Roles,
        Self::Tenant,
        Self::Scope,
        Self::Takeover,
        Self::Unlinking,
        Self::Groups,
        Self::Guard,
        Self::Attributes,
        Self::Sync,
        Self::Refusals,
    ];
}

impl fmt::Display for Theme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Users => "which users a link means",
            Self::Anchors => "anchors",
            Self::Conflicts => "conflicts",
            Self::Roles => "roles",
            Self::Tenant => "the tenant",
            Self::Scope => "the sync engine",
            Self::Takeover => "what a takeover changes",
            Self::Unlinking => "unlinking, the recycle bin",
            Self::Groups => "groups and contacts",
            Self::Guard => "limits, brakes, going back",
            Self::Attributes => "attribute values",
            Self::Sync => "Microsoft: errors of the sync",
            Self::Refusals => "Microsoft: answers of Graph and Active Directory",
        })
    }
}

/// One page.
#[derive(Debug)]
pub struct Page {
    /// What it is about.
    pub theme: Theme,
    /// The topic in one line.
    pub title: &'static str,
    /// What it means.
    pub means: &'static str,
    /// How it comes about.
    pub cause: &'static str,
    /// How to see it for oneself.
    pub see: &'static [Step],
    /// What to do, in order.
    pub fix: &'static [Step],
    /// What of this Microsoft's documents do not say, or say in two ways.
    pub unconfirmed: Option<&'static str>,
    /// Where it stands. None: it is a rule of this tool's own.
    pub sources: &'static [Source],
    /// Pages to read next.
    pub related: &'static [Topic],
    /// Parts of messages that this page answers to, as Microsoft writes them.
    pub said: &'static [&'static str],
}

impl Page {
    /// What a page has if it says nothing else.
    pub(super) const BLANK: Self = Self {
        theme: Theme::Users,
        title: "",
        means: "",
        cause: "",
        see: &[],
        fix: &[],
        unconfirmed: None,
        sources: &[],
        related: &[],
        said: &[],
    };
}

/// A thing to do, with the command for it if there is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Step {
    /// What.
    pub text: &'static str,
    /// The command, to be copied; `…` and capitals are the reader's to fill in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<&'static str>,
}

/// A step without a command.
pub(super) const fn say(text: &'static str) -> Step {
    Step { text, command: None }
}

/// A step with a command.
pub(super) const fn run(text: &'static str, command: &'static str) -> Step {
    Step { text, command: Some(command) }
}
