//! Cloud Sync's provisioning on demand: one user at a time, without a cycle.
//!
//! Source: Graph v1.0, "synchronizationJob: provisionOnDemand" (a user of AD is named by its distinguished name; 5 requests
//! in 10 seconds), "synchronizationJobSubject", "provisioningStatusInfo". One answer is about all subjects of its request,
//! so each request names one: only then is it known whom an answer is about.

use super::http::Graph;
use super::permission::Operation;
use super::request::Request;
use crate::config::settings::OnDemand;
use crate::directory::error::{DirectoryError, ErrorKind};
use crate::directory::port::{Clock, Provisioned};
use crate::directory::text::one_line;
use crate::model::dn::Dn;
use crate::model::id::SyncId;
use jiff::{SignedDuration, Timestamp};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::VecDeque;
use tokio::sync::{Mutex, OnceCell};

/// So many requests …
const BURST: usize = 5;
/// … are taken in this time.
const WINDOW: SignedDuration = SignedDuration::from_secs(10);
/// The template of jobs that bring users from AD. The other jobs of a configuration bring password hashes and the like.
const FROM_AD: &str = "AD2AADProvisioning";
/// The names of the two directories in a job's schema.
const SOURCE: &str = "Active Directory";
const TARGETS: [&str; 2] = ["Azure Active Directory", "Microsoft Entra ID"];
/// "The state of the user in both the source and target systems already match": nothing was left undone.
const AS_IT_IS: &str = "RedundantExport";

/// The job of the settings, with what was found out about it.
#[derive(Debug)]
pub struct Provisioning {
    settings: OnDemand,
    found: OnceCell<(SyncId, SyncId)>,
    /// When the newest requests went out, the oldest first.
    sent: Mutex<VecDeque<Timestamp>>,
}

impl Provisioning {
    /// Nothing is asked yet.
    pub fn new(settings: OnDemand) -> Self {
        Self { settings, found: OnceCell::new(), sent: Mutex::default() }
    }

    /// Has one user provisioned, and says what the engine says of it.
    ///
    /// # Errors
    /// The job or its rule is not found or not the only one, a permission is missing, or there is no answer.
    pub async fn provision<C: Clock>(&self, graph: &Graph<C>, user: &Dn) -> Result<Provisioned, DirectoryError> {
        let (job, rule) = self.found.get_or_try_init(|| self.find(graph)).await?;
        let what = format!("provision {} on demand", one_line(user.as_str()));
        let principal = self.settings.service_principal.to_string();
        let path = ["servicePrincipals", &principal, "synchronization", "jobs", job.as_str(), "provisionOnDemand"];
        let subjects = json!([{"objectId": user.as_str(), "objectTypeName": "user"}]);
        let request = Request::new(Method::POST, Operation::ProvisionOnDemand, what, &path)
            .json(json!({"parameters": [{"ruleId": rule.as_str(), "subjects": subjects}]}));
        self.take_turn(graph).await?;
        Ok(graph.send_alone(&request).await?.map_or(Provisioned::Unsaid, |answer| understood(&answer)))
    }

    /// Waits until one more request may go out.
    async fn take_turn<C: Clock>(&self, graph: &Graph<C>) -> Result<(), DirectoryError> {
        let mut sent = self.sent.lock().await;
        while sent.len() >= BURST {
            let Some(oldest) = sent.pop_front() else { break };
            let passed = graph.clock.now().duration_since(oldest);
            // A clock that was set back must not make anybody wait for the difference.
            let wait = if passed.is_negative() { WINDOW } else { WINDOW - passed };
            if wait.is_positive() && !graph.clock.wait(wait).await {
                let what = "provision users on demand";
                return Err(DirectoryError::new(ErrorKind::Busy, what, "stopped as asked"));
            }
        }
        sent.push_back(graph.clock.now());
        Ok(())
    }

    async fn find<C: Clock>(&self, graph: &Graph<C>) -> Result<(SyncId, SyncId), DirectoryError> {
        let principal = self.settings.service_principal.to_string();
        let path = ["servicePrincipals", &principal, "synchronization", "jobs"];
        let job = if let Some(job) = &self.settings.job {
            job.clone()
        } else {
            let what = format!("find the job of the service principal {principal}");
            let request = Request::get(Operation::ReadSyncJobs, what.clone(), &path);
            let jobs = graph.read_all(&request, |_| ()).await?;
            let from_ad = jobs.iter().filter(|job| text(job, "templateId") == Some(FROM_AD));
            let none = format!("it has no job of the template {FROM_AD}");
            only(&what, from_ad, "job", &none)?
        };
        let rule = if let Some(rule) = &self.settings.rule {
            rule.clone()
        } else {
            let what = format!("find the rule of the job {}", job.as_str());
            let path = [&path[..], &[job.as_str(), "schema"]].concat();
            let schema = graph.read(&Request::get(Operation::ReadSyncJobs, what.clone(), &path)).await?;
            let rules = schema.get("synchronizationRules").and_then(Value::as_array);
            let is_it = |rule: &&Value| {
                text(rule, "sourceDirectoryName") == Some(SOURCE)
                    && text(rule, "targetDirectoryName").is_some_and(|name| TARGETS.contains(&name))
            };
            only(&what, rules.into_iter().flatten().filter(is_it), "rule", "no rule of it leads from AD to Entra")?
        };
        Ok((job, rule))
    }
}

/// The id of the only one.
fn only<'a>(
    what: &str,
    mut all: impl Iterator<Item = &'a Value>,
    key: &str,
    none: &str,
) -> Result<SyncId, DirectoryError> {
    let refused = |detail: String| DirectoryError::new(ErrorKind::Refused, what, detail);
    let say = format!("say which one is meant: `{key}` in [sync] of matchplan.toml");
    match (all.next(), all.next()) {
        (None, _) => Err(refused(none.to_owned()).with_hint(
            "check `service_principal` in [sync]: the object id of the Cloud Sync configuration's application",
        )),
        (Some(_), Some(_)) => Err(refused(format!("there is more than one {key}")).with_hint(say)),
        (Some(one), None) => text(one, "id")
            .and_then(|id| SyncId::try_from(id.to_owned()).ok())
            .ok_or_else(|| DirectoryError::new(ErrorKind::Broken, what, format!("the {key} has no usable id"))),
    }
}

fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key).and_then(Value::as_str).filter(|text| !text.trim().is_empty())
}

/// What a `stringKeyStringValuePair` says: both members are JSON as text, `key` the result in short, `value` its steps.
fn understood(answer: &Value) -> Provisioned {
    let member = |key| text(answer, key).and_then(|json| serde_json::from_str::<Value>(json).ok()).unwrap_or_default();
    let (short, long) = (member("key"), member("value"));
    let (details, status) = (&short["details"], &long["statusInfo"]);
    let code = text(details, "errorCode").or_else(|| text(status, "errorCode"));
    let result = text(&short, "result").or_else(|| text(status, "status")).unwrap_or_default().to_ascii_lowercase();
    match result.as_str() {
        "success" => Provisioned::Done,
        "skipped" if code.or_else(|| skip_reason(&long)) == Some(AS_IT_IS) => Provisioned::Done,
        "skipped" | "failure" | "failed" => {
            let message = text(details, "errorMessage")
                .or_else(|| text(status, "reason"))
                .or_else(|| text(status, "additionalDetails"))
                .or_else(|| unsuccessful(&long).and_then(|step| text(step, "description")));
            let parts: Vec<&str> = code.or_else(|| skip_reason(&long)).into_iter().chain(message).collect();
            let verb = if result == "skipped" { "left out" } else { "refused" };
            let why = if parts.is_empty() { "no reason is given".to_owned() } else { one_line(&parts.join(": ")) };
            Provisioned::Refused(format!("{verb}: {why}"))
        }
        _ => Provisioned::Unsaid,
    }
}

/// The first step that did not succeed.
fn unsuccessful(long: &Value) -> Option<&Value> {
    let mut steps = long["provisioningSteps"].as_array()?.iter();
    steps.find(|step| text(step, "status").is_some_and(|status| !status.eq_ignore_ascii_case("success")))
}

fn skip_reason(long: &Value) -> Option<&str> {
    text(&unsuccessful(long)?["details"], "SkipReason")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(key: &Value, value: &Value) -> Provisioned {
        understood(&json!({"key": key.to_string(), "value": value.to_string()}))
    }

    fn refused(why: &str) -> Provisioned {
        Provisioned::Refused(why.to_owned())
    }

    #[test]
    fn only_what_is_said_is_concluded() {
        assert_eq!(said(&json!({"result": "Success", "details": {}}), &json!({})), Provisioned::Done);
        let as_it_is =
            json!({"result": "Skipped", "details": {"errorCode": "RedundantExport", "errorMessage": "same"}});
        assert_eq!(said(&as_it_is, &json!({})), Provisioned::Done);
        let status = json!({"statusInfo": {"status": "Skipped"}, "provisioningSteps": [
            {"status": "Success"}, {"status": "Skipped", "details": {"SkipReason": "RedundantExport"}}]});
        assert_eq!(understood(&json!({"value": status.to_string()})), Provisioned::Done);
        for odd in [json!({}), json!({"key": "x", "value": "y"}), json!({"key": "{\"result\":\"Warning\"}"}), json!([])]
        {
            assert_eq!(understood(&odd), Provisioned::Unsaid, "{odd}");
        }
    }

    #[test]
    fn a_refusal_is_told_in_its_own_words() {
        let key = json!({"result": "Failure", "details": {"errorCode": "InvalidSoftMatch", "errorMessage": "a\nb"}});
        let Provisioned::Refused(why) = said(&key, &json!({})) else { panic!("not refused") };
        assert!(why.starts_with("refused: InvalidSoftMatch: a") && !why.contains('\n'), "{why}");
        let steps = json!({"provisioningSteps": [{"status": "Skipped", "description": "out of scope"}]});
        assert_eq!(said(&json!({"result": "Skipped"}), &steps), refused("left out: out of scope"));
        let status = json!({"statusInfo": {"status": "Failure", "errorCode": "X", "reason": "why"}});
        assert_eq!(said(&json!({}), &status), refused("refused: X: why"));
        assert_eq!(said(&json!({"result": "Failure"}), &json!({})), refused("refused: no reason is given"));
    }
}
