//! What a scenario says against what was found.

use super::format::{After, Scenario};
use super::world::Cast;
use matchplan::lab::sync::report::ObjectReport;
use matchplan::lab::world::World;
use matchplan::lab::world::cloud::CloudUser;
use matchplan::model::id::ObjectId;
use matchplan::plan::document::Plan;
use matchplan::rules::finding::{Finding, Severity};
use matchplan::rules::prediction::{MatchKey, Prediction};
use std::collections::BTreeSet;

fn written(finding: &Finding) -> String {
    let error = finding.microsoft_error.map(|error| format!(" {error}")).unwrap_or_default();
    format!("{} {}{error}", finding.severity, finding.code)
}

/// All errors and everything that the scenario names must be the same; other warnings may stand beside them.
pub fn findings(scenario: &Scenario, made: &Plan) -> Vec<String> {
    let mut wrong = Vec::new();
    for (of, wanted) in [(true, &scenario.findings), (false, &scenario.plan_findings)] {
        let here = || made.findings.iter().filter(|finding| finding.link.is_some() == of);
        let found: BTreeSet<String> = here().map(written).collect();
        let missing: Vec<&String> = wanted.iter().filter(|wanted| !found.contains(*wanted)).collect();
        let errors = here().filter(|finding| finding.severity == Severity::Error);
        let unsaid: Vec<String> = errors.map(written).filter(|error| !wanted.contains(error)).collect();
        if !missing.is_empty() || !unsaid.is_empty() {
            wrong.push(format!("findings: not found {missing:?}, not expected {unsaid:?}; all: {found:?}"));
        }
    }
    wrong
}

const fn key(by: MatchKey) -> &'static str {
    match by {
        MatchKey::HardMatch => "hard-match",
        MatchKey::PrimarySmtp => "primary-smtp",
        MatchKey::Upn => "upn",
    }
}

/// The prediction in the table's words, and its reason.
fn words(prediction: &Prediction) -> (String, &str) {
    match prediction {
        Prediction::Linked { by } => (format!("linked {}", key(*by)), ""),
        Prediction::Unproven { by, why } => (format!("unproven {}", key(*by)), why),
        Prediction::Error { name, why } => (format!("error {name}"), why),
        Prediction::Duplicate { error: Some(error), why } => (format!("duplicate {error}"), why),
        Prediction::Duplicate { error: None, why } => ("duplicate".to_owned(), why),
        Prediction::WrongTarget { why } => ("wrong-target".to_owned(), why),
        Prediction::Restored { why } => ("restored".to_owned(), why),
        Prediction::NotEvaluated { why } => ("not-evaluated".to_owned(), why),
        Prediction::NotSynced { why } => ("not-synced".to_owned(), why),
    }
}

/// What the next cycle is expected to do.
pub fn prediction(scenario: &Scenario, prediction: Option<&Prediction>) -> Vec<String> {
    let nothing = matches!(scenario.prediction.as_str(), "none" | "linked already");
    let (found, why) = prediction.map_or_else(|| ("none".to_owned(), ""), words);
    let same = if nothing { prediction.is_none() } else { found == scenario.prediction };
    let mut wrong = Vec::new();
    if !same {
        wrong.push(format!("prediction: wanted {}, found {found} ({why})", scenario.prediction));
    }
    for reason in scenario.because.iter().filter(|reason| !why.contains(reason.as_str())) {
        wrong.push(format!("prediction: {reason:?} is not said: {why}"));
    }
    wrong
}

/// What the cycle did with AD's jane.
pub fn result(scenario: &Scenario, cast: &Cast, did: Option<&ObjectReport>) -> Option<String> {
    let found = did.map_or_else(
        || "nothing".to_owned(),
        |did| {
            let outcome = serde_json::to_value(did.outcome).expect("a name");
            let outcome = outcome.as_str().unwrap_or_default();
            let cloud = did.cloud.map(|id| format!(" {}", cast.name(id))).unwrap_or_default();
            let error = did.error.as_ref().map(|error| format!(" {}", error.code)).unwrap_or_default();
            format!("{outcome}{cloud}{error}")
        },
    );
    (found != scenario.result).then(|| {
        let detail = did.and_then(|did| did.error.as_ref()).map(|error| error.detail.clone()).unwrap_or_default();
        format!("result: wanted {}, found {found} ({detail})", scenario.result)
    })
}

/// The cloud after the cycle: how many users there are, and how those stand that the scenario speaks of.
pub fn after(
    scenario: &Scenario,
    cast: &Cast,
    before: &World,
    world: &World,
    did: Option<&ObjectReport>,
) -> Vec<String> {
    let mut wrong = Vec::new();
    let made = scenario.result.starts_with("provisioned") || scenario.result.starts_with("restored");
    let (was, is) = (before.entra.users.len(), world.entra.users.len());
    if is != was + usize::from(made) {
        wrong.push(format!("after: {was} live users became {is}"));
    }
    for (name, wanted) in &scenario.after {
        let id = match name.as_str() {
            "new" => did.and_then(|did| did.cloud),
            name => cast.cloud.get(name).map(|(id, _)| *id),
        };
        let find = |world: &World, id: ObjectId| {
            let mut all = world.entra.users.iter().chain(&world.entra.deleted_users);
            all.find(|user| user.id == id).cloned()
        };
        match id.and_then(|id| find(world, id)) {
            Some(user) => {
                let earlier = find(before, user.id);
                let differences = differences(wanted, &user, earlier.as_ref(), world, cast);
                wrong.extend(differences.into_iter().map(|what| format!("after.{name}.{what}")));
            }
            None => wrong.push(format!("after.{name}: there is no such user")),
        }
    }
    wrong
}

fn differences(
    wanted: &After,
    user: &CloudUser,
    earlier: Option<&CloudUser>,
    world: &World,
    cast: &Cast,
) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut compare = |what: &str, wanted: Option<String>, found: String| {
        if let Some(wanted) = wanted.filter(|wanted| *wanted != found) {
            wrong.push(format!("{what}: wanted {wanted}, found {found}"));
        }
    };
    let pattern = wanted.upn.as_deref();
    let upn = if pattern.is_some_and(|pattern| fits(pattern, &user.user_principal_name)) {
        pattern.unwrap_or_default().to_owned()
    } else {
        user.user_principal_name.clone()
    };
    compare("upn", wanted.upn.clone(), upn);
    compare("mail", wanted.mail.clone(), user.mail.clone().unwrap_or_default());
    compare("display_name", wanted.display_name.clone(), user.display_name.clone().unwrap_or_default());
    let set = |values: &[String]| format!("{:?}", values.iter().collect::<BTreeSet<_>>());
    compare("addresses", wanted.addresses.as_deref().map(set), set(&user.proxy_addresses));
    compare("synced", wanted.synced.map(|v| v.to_string()), (user.on_premises_sync_enabled == Some(true)).to_string());
    compare("enabled", wanted.enabled.map(|v| v.to_string()), user.account_enabled.to_string());
    let anchor = wanted.anchor_of.as_ref().map(|name| match name.as_str() {
        "" => String::new(),
        name => cast.anchor(name).to_base64(),
    });
    compare("anchor_of", anchor, user.on_premises_immutable_id.clone().unwrap_or_default());
    let identifier = wanted.identifier_of.as_ref().map(|name| cast.ad[name].to_string());
    compare("identifier_of", identifier, user.on_premises_object_identifier.clone().unwrap_or_default());
    let replaced = earlier.is_none_or(|earlier| earlier.password_version != user.password_version);
    compare("password_replaced", wanted.password_replaced.map(|v| v.to_string()), replaced.to_string());
    let errors: Vec<String> = user
        .on_premises_provisioning_errors
        .iter()
        .map(|error| format!("{} {}", error.property_causing_error, error.value))
        .collect();
    compare("errors", wanted.errors.as_deref().map(set), set(&errors));
    compare("deleted", wanted.deleted.map(|v| v.to_string()), user.deleted_date_time.is_some().to_string());
    let held = world.entra.role_assignments.iter().filter(|held| held.principal_id == user.id).count();
    compare("roles", wanted.roles.map(|v| v.to_string()), held.to_string());
    let eligible = world.entra.role_eligibility_schedules.iter().filter(|row| row.principal_id == user.id).count();
    compare("eligible", wanted.eligible.map(|v| v.to_string()), eligible.to_string());
    let memberships = world.entra.groups.iter().filter(|group| group.members.contains(&user.id)).count();
    compare("memberships", wanted.memberships.map(|v| v.to_string()), memberships.to_string());
    wrong
}

/// Whether a text is as the pattern says; `#` is any digit.
fn fits(pattern: &str, text: &str) -> bool {
    let same = |(p, t): (char, char)| if p == '#' { t.is_ascii_digit() } else { p == t };
    pattern.chars().count() == text.chars().count() && pattern.chars().zip(text.chars()).all(same)
}
