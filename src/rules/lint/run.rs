//! A whole scope, and one linked user.

use super::finding::{Attribute, LintFinding, Proposal};
use super::problem::Problem;
use super::proposal::{Claims, Outcome, propose};
use super::subject::Subject;
use super::world::World;
use super::{
    display_name, duplicates, given_name, mail, mail_nickname, proxy_addresses, sam_account_name, target_address,
    user_principal_name,
};
use crate::model::ad::AdUser;
use crate::model::id::ObjectId;
use crate::rules::finding::{FindingCode, ObjectRef, Severity};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The format of the report that this version writes.
pub const REPORT_VERSION: u32 = 1;

/// What was looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LintScope {
    /// The configured domains; all of them are read whole, for duplicates.
    pub domains: Vec<String>,
    /// The container below which objects are linted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<String>,
    /// The LDAP filter of the objects that are linted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<String>,
    /// Whether the tenant's verified domains were known.
    pub tenant_known: bool,
}

/// An object that the sync leaves out, and so does the lint.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LeftOut {
    /// The object.
    pub object: ObjectRef,
    /// Why.
    pub why: String,
}

/// How many findings there are of each weight, whether they are shown or not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LintCounts {
    /// Objects that were linted.
    pub objects: usize,
    /// Objects in scope that were left out.
    pub left_out: usize,
    /// Errors.
    pub errors: usize,
    /// Warnings.
    pub warnings: usize,
    /// Remarks.
    pub infos: usize,
}

/// What `matchplan lint --format json` writes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LintReport {
    /// [`REPORT_VERSION`].
    pub format_version: u32,
    /// What was looked at.
    pub scope: LintScope,
    /// How much was found, whatever is shown of it.
    pub counts: LintCounts,
    /// The findings, by object and attribute.
    pub findings: Vec<LintFinding>,
    /// The objects that were left out, each with the reason.
    pub left_out: Vec<LeftOut>,
}

impl LintReport {
    /// Leaves out findings that weigh less than `least`; the counts stay.
    #[must_use]
    pub fn at_least(mut self, least: Severity) -> Self {
        self.findings.retain(|finding| finding.severity <= least);
        self
    }
}

/// What the rules say of one attribute of one object, duplicates aside.
pub fn rules(attribute: Attribute, subject: &Subject, world: &World<'_>) -> Vec<Problem> {
    match attribute {
        Attribute::UserPrincipalName => user_principal_name::check(subject, world),
        Attribute::ProxyAddresses => proxy_addresses::check(subject, world),
        Attribute::Mail => mail::check(subject, world),
        Attribute::MailNickname => mail_nickname::check(subject),
        Attribute::SamAccountName => sam_account_name::check(subject),
        Attribute::TargetAddress => target_address::check(subject),
        Attribute::DisplayName => display_name::check(subject),
        Attribute::GivenName => given_name::check(subject),
    }
}

/// Lints every object that `wanted` lets in. The result does not depend on the order in which objects were read.
pub fn lint(world: &World<'_>, scope: LintScope, wanted: impl Fn(&Subject) -> bool) -> LintReport {
    let mut claims = Claims::default();
    let (mut findings, mut left_out, mut counts) = (Vec::new(), Vec::new(), LintCounts::default());
    for subject in world.subjects().filter(|subject| wanted(subject)) {
        if let Some(why) = subject.left_out {
            left_out.push(LeftOut { object: subject.object, why: why.to_owned() });
            continue;
        }
        counts.objects += 1;
        for attribute in Attribute::ALL {
            let mut problems = rules(attribute, &subject, world);
            problems.extend(duplicates::check(attribute, &subject, world));
            findings.extend(with_proposals(problems, &subject, None, world, &mut claims));
        }
    }
    let by_place = |object: &ObjectRef| (object.name.to_lowercase(), object.id.clone());
    findings.sort_by(|a, b| {
        let key = |f: &LintFinding| (by_place(&f.object), f.attribute, f.value.clone(), f.severity, f.code);
        key(a).cmp(&key(b)).then_with(|| a.cmp(b))
    });
    left_out.sort_by_key(|one| by_place(&one.object));
    let count = |severity| findings.iter().filter(|finding| finding.severity == severity).count();
    counts.left_out = left_out.len();
    counts.errors = count(Severity::Error);
    counts.warnings = count(Severity::Warning);
    counts.infos = count(Severity::Info);
    LintReport { format_version: REPORT_VERSION, scope, counts, findings, left_out }
}

/// Lints a user with the values that it will have, as far as its link goes: who else holds an address or a sign-in name
/// is judged with both directories in view, by [`crate::rules::conflict`].
pub fn lint_linked(aligned: &AdUser, dns_name: &str, cloud: ObjectId, world: &World<'_>) -> Vec<LintFinding> {
    let subject = Subject::of_user(aligned, dns_name);
    let mut claims = Claims::default();
    let mut findings = Vec::new();
    for attribute in Attribute::ALL {
        let mut problems = rules(attribute, &subject, world);
        if attribute == Attribute::MailNickname {
            problems.extend(duplicates::check(attribute, &subject, world));
        }
        findings.extend(with_proposals(problems, &subject, Some(cloud), world, &mut claims));
    }
    findings
}

/// Findings of one attribute, those of one value with one proposal.
fn with_proposals(
    problems: Vec<Problem>,
    subject: &Subject,
    cloud_half: Option<ObjectId>,
    world: &World<'_>,
    claims: &mut Claims,
) -> Vec<LintFinding> {
    let mut by_value: BTreeMap<Option<String>, Vec<&Problem>> = BTreeMap::new();
    for problem in &problems {
        by_value.entry(problem.value.clone()).or_default().push(problem);
    }
    let outcomes: BTreeMap<Option<String>, Outcome> = by_value
        .into_iter()
        .map(|(value, problems)| (value, propose(&problems, subject, cloud_half, world, claims)))
        .collect();
    problems
        .into_iter()
        .filter_map(|problem| {
            let outcome = outcomes.get(&problem.value)?;
            Some(finding(problem, subject, outcome, world))
        })
        .collect()
}

fn finding(problem: Problem, subject: &Subject, outcome: &Outcome, world: &World<'_>) -> LintFinding {
    let help = help(&problem, outcome, world);
    let Problem { severity, code, confidence, attribute, value, message, duplicate_of } = problem;
    LintFinding {
        object: subject.object.clone(),
        attribute,
        value,
        severity,
        code,
        confidence,
        proposed: outcome.as_ref().ok().cloned(),
        message,
        help,
        duplicate_of,
    }
}

fn help(problem: &Problem, outcome: &Outcome, world: &World<'_>) -> String {
    let attribute = problem.attribute;
    let general = match problem.code {
        FindingCode::UpnDuplicate
        | FindingCode::AddressDuplicate
        | FindingCode::NicknameDuplicate
        | FindingCode::SamDuplicate => "Only one of them may keep it. ",
        FindingCode::SuffixNotInForest => {
            "Add the suffix in Active Directory Domains and Trusts if it is the right one. "
        }
        FindingCode::UnverifiedSuffix => "Verify the domain in the tenant if it is the right one. ",
        FindingCode::NoMailNickname => "It matters where Exchange attributes are managed in AD. ",
        _ => "",
    };
    match outcome {
        Ok(Proposal::Set { value }) if problem.code == FindingCode::SeveralPrimaries => {
            format!("{general}Make it an alias, {value}: mail names another one as the primary.")
        }
        Ok(Proposal::Set { value }) => format!(
            "{general}Set {attribute} to {value}, which passes every rule and which nobody in {} has.",
            world.looked_at()
        ),
        Ok(Proposal::Remove) => format!("{general}Remove it here: it is the own address of another object."),
        Err(why) => format!("{general}No value is proposed: {why}."),
    }
}
