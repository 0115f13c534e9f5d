//! One point of the list: what is asked, what it comes to, and what was seen.

use serde::Serialize;
use std::fmt;

/// What a check comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// As it should be.
    Pass,
    /// Something is to be done.
    Fail,
    /// It could not be read.
    CannotTell,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pass => "pass",
            Self::Fail => "FAIL",
            Self::CannotTell => "cannot tell",
        })
    }
}

/// What a check is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Area {
    /// The sync engine.
    Sync,
    /// The tenant.
    Tenant,
    /// Active Directory.
    Ad,
    /// The users of the match plans.
    Links,
    /// What the credential may do, and the guards.
    Access,
    /// What earlier applies left.
    State,
}

impl Area {
    /// All, in the order in which they are shown.
    pub const ALL: [Self; 6] = [Self::Sync, Self::Tenant, Self::Ad, Self::Links, Self::Access, Self::State];

    /// As a heading.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Sync => "Sync engine",
            Self::Tenant => "Tenant",
            Self::Ad => "Active Directory",
            Self::Links => "Links",
            Self::Access => "Credential and guards",
            Self::State => "State",
        }
    }
}

/// One point of the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// Stable, kebab-case; scripts rely on it.
    pub id: &'static str,
    /// What it is about.
    pub area: Area,
    /// The one domain that it is about, where there are several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// What is asked, in a few words.
    pub title: &'static str,
    /// What it comes to.
    pub verdict: Verdict,
    /// What was seen, in one sentence.
    pub seen: String,
    /// What to do, or what to know.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
}

impl Check {
    pub(super) fn new(
        area: Area,
        id: &'static str,
        title: &'static str,
        verdict: Verdict,
        seen: impl Into<String>,
    ) -> Self {
        Self { id, area, domain: None, title, verdict, seen: seen.into(), help: None }
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    pub(super) fn of(mut self, domain: &str) -> Self {
        self.domain = Some(domain.to_owned());
        self
    }
}

/// A point that is asked: the id, the title and the area stay the same whatever comes of it.
#[derive(Clone, Copy)]
pub(super) struct Point(pub(super) Area, pub(super) &'static str, pub(super) &'static str);

impl Point {
    pub(super) fn pass(self, seen: impl Into<String>) -> Check {
        Check::new(self.0, self.1, self.2, Verdict::Pass, seen)
    }

    pub(super) fn fail(self, seen: impl Into<String>, help: impl Into<String>) -> Check {
        Check::new(self.0, self.1, self.2, Verdict::Fail, seen).help(help)
    }

    pub(super) fn cannot_tell(self, seen: impl Into<String>, help: impl Into<String>) -> Check {
        Check::new(self.0, self.1, self.2, Verdict::CannotTell, seen).help(help)
    }

    /// Fails with what is wrong, or passes.
    pub(super) fn unless(self, wrong: &[String], good: impl Into<String>, help: impl Into<String>) -> Check {
        if wrong.is_empty() { self.pass(good) } else { self.fail(some(wrong), help) }
    }
}

/// How many of a long list are shown.
const SHOWN: usize = 5;

/// The first few of a list, and how many more there are.
pub(super) fn some(all: &[String]) -> String {
    let shown = all.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join("; ");
    match all.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown}; and {more} more"),
    }
}

pub(super) fn plural(n: usize, noun: &str) -> String {
    format!("{n} {noun}{}", if n == 1 { "" } else { "s" })
}
