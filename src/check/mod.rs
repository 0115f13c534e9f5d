//! `matchplan check`: is everything ready, and where it is not, what to do. Pure: facts in, verdicts out.
//!
//! The points are those that an experienced administrator goes through when a match does not happen: the sync engine,
//! the tenant and its switches, AD, the wanted links on both sides, what the credential may do, and what earlier applies
//! left behind. What could not be read is never called good: it cannot be told, with the reason.
//!
//! | module | what it looks at |
//! |---|---|
//! | [`facts`] | what was gathered, each part by itself: one directory that does not answer hides nothing of the other |
//! | `tenant` | sync, its engine, the tenant's switches, what is in quarantine |
//! | `forest` | each AD domain: reached how, as whom, with which rights, its suffixes and its source anchor |
//! | `links` | the users of the match plans, on both sides |
//! | `access` | what the credential may do, who is protected, how many Global Administrators stay |
//! | `record` | unfinished applies, missing roles, the lock |

mod access;
pub mod facts;
mod forest;
mod links;
mod record;
mod tenant;
#[cfg(test)]
mod tests;

use facts::Facts;
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
    fn new(area: Area, id: &'static str, title: &'static str, verdict: Verdict, seen: impl Into<String>) -> Self {
        Self { id, area, domain: None, title, verdict, seen: seen.into(), help: None }
    }

    fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    fn of(mut self, domain: &str) -> Self {
        self.domain = Some(domain.to_owned());
        self
    }
}

/// A point that is asked: the id, the title and the area stay the same whatever comes of it.
#[derive(Clone, Copy)]
struct Point(Area, &'static str, &'static str);

impl Point {
    fn pass(self, seen: impl Into<String>) -> Check {
        Check::new(self.0, self.1, self.2, Verdict::Pass, seen)
    }

    fn fail(self, seen: impl Into<String>, help: impl Into<String>) -> Check {
        Check::new(self.0, self.1, self.2, Verdict::Fail, seen).help(help)
    }

    fn cannot_tell(self, seen: impl Into<String>, help: impl Into<String>) -> Check {
        Check::new(self.0, self.1, self.2, Verdict::CannotTell, seen).help(help)
    }

    /// Fails with what is wrong, or passes.
    fn unless(self, wrong: &[String], good: impl Into<String>, help: impl Into<String>) -> Check {
        if wrong.is_empty() { self.pass(good) } else { self.fail(some(wrong), help) }
    }
}

/// How many of a long list are shown.
const SHOWN: usize = 5;

/// The first few of a list, and how many more there are.
fn some(all: &[String]) -> String {
    let shown = all.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join("; ");
    match all.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown}; and {more} more"),
    }
}

fn plural(n: usize, noun: &str) -> String {
    format!("{n} {noun}{}", if n == 1 { "" } else { "s" })
}

/// Goes through the list.
pub fn check(facts: &Facts<'_>) -> Vec<Check> {
    let mut all = tenant::sync(facts);
    all.extend(tenant::tenant(facts));
    all.extend(forest::forest(facts));
    all.extend(links::links(facts));
    all.extend(access::access(facts));
    all.extend(record::record(facts));
    all
}
