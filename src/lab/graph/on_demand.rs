//! `/servicePrincipals/{id}/synchronization`: the job of Cloud Sync, its rule, and provisioning single users on demand.
//!
//! Source: Graph v1.0 `synchronizationJob` ("List synchronizationJobs", "provisionOnDemand" with its second example, from AD
//! to Entra), `synchronizationSchema`, `synchronizationJobSubject`.

use super::answer::{Answer, Object, Refusal, Reply};
use super::request::{Payload, Request};
use super::sensitive::{HYBRID_IDENTITY_ADMINISTRATOR, check_role};
use crate::lab::sync::cycle::{self, Single};
use crate::lab::sync::report::{ObjectReport, Outcome};
use crate::lab::world::World;
use crate::lab::world::sync::CloudSync;
use crate::model::dn::Dn;
use crate::model::role::GLOBAL_ADMINISTRATOR;
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Application Administrator.
const APPLICATION_ADMINISTRATOR: &str = "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3";
/// Cloud Application Administrator.
const CLOUD_APPLICATION_ADMINISTRATOR: &str = "158c047a-c907-4556-b7ef-446551a6b5f7";
/// Who may run a job, besides a service principal.
const ROLES: [&str; 4] =
    [HYBRID_IDENTITY_ADMINISTRATOR, APPLICATION_ADMINISTRATOR, CLOUD_APPLICATION_ADMINISTRATOR, GLOBAL_ADMINISTRATOR];

/// "The rate limit for this API is 5 requests per 10 seconds."
const REQUESTS: usize = 5;
const WINDOW: Duration = Duration::from_secs(10);
/// How many subjects one request may name ("up to five members at a time", Entra, "On-demand provisioning").
const SUBJECTS: usize = 5;

/// The requests of the last seconds.
#[derive(Debug, Default)]
pub struct Limit(Mutex<VecDeque<Instant>>);

impl Limit {
    /// Counts a request.
    ///
    /// # Errors
    /// 429 with `Retry-After`, if there were too many.
    pub fn admit(&self, now: Instant) -> Result<(), Refusal> {
        let mut sent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        sent.retain(|at| now.duration_since(*at) < WINDOW);
        if let (true, Some(oldest)) = (sent.len() >= REQUESTS, sent.front()) {
            let wait = WINDOW.saturating_sub(now.duration_since(*oldest));
            return Err(Refusal::throttled(Some(wait.as_secs_f64().ceil().to_string())));
        }
        sent.push_back(now);
        Ok(())
    }
}

/// The job of a service principal.
fn job_of<'w>(world: &'w World, principal: &str) -> Result<&'w CloudSync, Refusal> {
    let is_it = |job: &&CloudSync| job.service_principal.to_string().eq_ignore_ascii_case(principal);
    world.sync.cloud_sync.as_ref().filter(is_it).ok_or_else(|| Refusal::not_found(principal))
}

/// The same by the ids of both.
fn named<'w>(world: &'w World, principal: &str, job: &str) -> Result<&'w CloudSync, Refusal> {
    let found = job_of(world, principal)?;
    if found.job == job { Ok(found) } else { Err(Refusal::not_found(job)) }
}

fn object(request: &Request, context: &str, body: Value) -> Object {
    let mut object = match body {
        Value::Object(object) => object,
        _ => Object::new(),
    };
    let context = format!("{}/v1.0/$metadata#{context}", request.root);
    object.insert("@odata.context".to_owned(), context.into());
    object
}

/// `GET /servicePrincipals/{id}/synchronization/jobs`: the one from AD, and the one for password hashes beside it.
pub fn list_jobs(world: &World, request: &Request, principal: &str) -> Answer {
    let job = job_of(world, principal)?;
    let state = if world.sync.scheduler_enabled { "Active" } else { "Paused" };
    let schedule = json!({"expiration": null, "interval": "PT2M", "state": state});
    let jobs = json!({"value": [
        {"id": job.job, "templateId": "AD2AADProvisioning", "schedule": schedule},
        {"id": format!("{}.hashes", job.job), "templateId": "AD2AADPasswordHash", "schedule": schedule},
    ]});
    let context = format!("servicePrincipals('{principal}')/synchronization/jobs");
    Ok(Reply::object(object(request, &context, jobs)))
}

/// `GET …/jobs/{id}/schema`, with its rule and without the rule's mappings.
pub fn schema(world: &World, request: &Request, principal: &str, job: &str) -> Answer {
    let found = named(world, principal, job)?;
    let schema = json!({
        "id": found.job,
        "version": "1",
        "synchronizationRules": [{
            "editable": true,
            "id": found.rule,
            "name": "AD2AADProvisioning",
            "priority": 1,
            "sourceDirectoryName": "Active Directory",
            "targetDirectoryName": "Azure Active Directory",
            "objectMappings": [],
        }],
    });
    let context = format!("servicePrincipals('{principal}')/synchronization/jobs('{job}')/schema/$entity");
    Ok(Reply::object(object(request, &context, schema)))
}

/// The distinguished names that a request's body asks for.
fn subjects(request: &Request, rule: &str) -> Result<Vec<String>, Refusal> {
    let missing = |what: &str| Refusal::bad_request(format!("Invalid or missing parameter: {what}."));
    let Payload::Json(body) = &request.body else { return Err(missing("parameters")) };
    let parameters =
        body["parameters"].as_array().filter(|all| !all.is_empty()).ok_or_else(|| missing("parameters"))?;
    let mut names = Vec::new();
    for parameter in parameters {
        if parameter["ruleId"].as_str() != Some(rule) {
            return Err(missing("ruleId"));
        }
        let subjects = parameter["subjects"].as_array().ok_or_else(|| missing("subjects"))?;
        for subject in subjects {
            if subject["objectTypeName"] != "user" {
                return Err(missing("objectTypeName"));
            }
            names.push(subject["objectId"].as_str().ok_or_else(|| missing("objectId"))?.to_owned());
        }
    }
    if (1..=SUBJECTS).contains(&names.len()) { Ok(names) } else { Err(missing("subjects")) }
}

/// `POST …/jobs/{id}/provisionOnDemand`. One answer is about all subjects: the first that was not written tells.
pub fn provision(world: &mut World, request: &Request, principal: &str, job: &str) -> Answer {
    check_role(world, &ROLES)?;
    let rule = named(world, principal, job)?.rule.clone();
    if world.ad.iter().all(|domain| domain.entries.is_empty()) {
        return Err(Refusal::not_in_the_lab("provisioning on demand from an AD that is not its own"));
    }
    let names = subjects(request, &rule)?;
    let mut answers = names.iter().map(|name| {
        let single = Dn::parse(name).map_or(Single::NotFound, |dn| cycle::single(&dn, world));
        told(name, &single)
    });
    let first = answers.next().unwrap_or_else(|| told("", &Single::NotFound));
    let (key, value) = answers.fold(first, |first, next| if first.0["result"] == "Success" { next } else { first });
    let pair = json!({"key": key.to_string(), "value": value.to_string()});
    Ok(Reply::object(object(request, "microsoft.graph.stringKeyStringValuePair", pair)))
}

/// What the service says of one user: the result in short, and its steps.
fn told(name: &str, single: &Single) -> (Value, Value) {
    let step = |name: &str, kind: &str, status: &str, text: &str| json!({"name": name, "type": kind, "status": status, "description": text, "details": {}});
    let import =
        |status| step("EntryImport", "Import", status, &format!("Retrieved user '{name}' from Active Directory"));
    let scoping = |status| {
        let text = "Determine if user in scope by evaluating against each scoping filter";
        step("EntrySynchronizationScoping", "Scoping", status, text)
    };
    let (result, code, message, steps) = match single {
        Single::NotFound => {
            let text = format!("The user '{name}' was not found in Active Directory.");
            ("Failure", Some("EntryNotFound"), text, vec![import("Failure")])
        }
        Single::Excluded(why) => {
            let text = format!("The user is not in scope: {why:?}.");
            ("Skipped", Some("NotEffectivelyEntitled"), text, vec![import("Success"), scoping("Skipped")])
        }
        Single::Staging => ("Skipped", Some("Staging"), "The job exports nothing.".to_owned(), vec![import("Success")]),
        Single::Unchanged => {
            let text = "The state of the user in both the source and target systems already match.".to_owned();
            ("Skipped", Some("RedundantExport"), text, vec![import("Success"), scoping("Success")])
        }
        Single::Reported(report) => {
            let ObjectReport { outcome, error, .. } = &**report;
            let code = error.as_ref().map(|error| error.code.as_str());
            let text = error.as_ref().map(|error| error.detail.clone()).unwrap_or_default();
            let (result, verb) = match outcome {
                Outcome::Failed => ("Failure", "was not written"),
                Outcome::Skipped => ("Skipped", "is managed in the cloud"),
                _ => ("Success", "was updated"),
            };
            let export = format!("User '{name}' {verb} in Azure Active Directory");
            let export = step("EntryExportUpdate", "Export", result, &export);
            (result, code, text, vec![import("Success"), scoping("Success"), export])
        }
    };
    let success = result == "Success";
    let details = if success { json!({}) } else { json!({"errorCode": code, "errorMessage": message}) };
    let mut status = json!({"status": result});
    if !success {
        status = json!({"status": result, "errorCode": code, "reason": message});
    }
    let target = match single {
        Single::Reported(report) => json!({"id": report.cloud, "type": "User"}),
        _ => Value::Null,
    };
    let value = json!({
        "provisioningSteps": steps,
        "reportableIdentifier": name,
        "statusInfo": status,
        "sourceSystem": {"name": "Active Directory"},
        "targetIdentity": target,
        "targetSystem": {"name": "Azure Active Directory"},
    });
    (json!({"result": result, "details": details}), value)
}
