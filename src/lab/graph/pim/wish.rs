//! What a request to PIM asks for, as far as roles and groups are alike: the action, from when to when, why.

use super::policies::Claim;
use super::table::{Table, schedule_info};
use crate::lab::graph::answer::{Object, Refusal};
use crate::lab::graph::request::Request;
use crate::lab::world::World;
use crate::lab::world::cloud::policy::Period;
use crate::lab::world::cloud::{RoleManagementPolicy, Term};
use crate::model::id::ObjectId;
use jiff::Timestamp;
use serde_json::{Value, json};

/// What is to happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// An administrator assigns.
    Assign,
    /// An administrator removes.
    Remove,
}

/// How long it is to last.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Expiration {
    Never,
    At(Timestamp),
    After(Period),
}

/// The part of a request that roles and groups share.
#[derive(Clone, Debug)]
pub struct Wish {
    /// What is to happen.
    pub action: Action,
    /// For whom.
    pub principal: ObjectId,
    /// Whether nothing is to happen yet.
    pub validation_only: bool,
    justification: Option<String>,
    ticket: Option<Value>,
    start: Option<Timestamp>,
    expiration: Option<Expiration>,
}

/// The members that every request has, besides those that say what it is about.
const COMMON: [&str; 7] =
    ["action", "principalId", "justification", "scheduleInfo", "ticketInfo", "isValidationOnly", "customData"];

impl Wish {
    /// Reads a request's body; `own` are the members that say what it is about.
    ///
    /// # Errors
    /// 400 for a body that PIM does not take, 501 for an action that the lab does not have.
    pub fn read(request: &Request, own: &[&str], entity: &str) -> Result<Self, Refusal> {
        let body = request.json_object()?;
        let is_known = |name: &str| COMMON.iter().chain(own).any(|known| known.eq_ignore_ascii_case(name));
        if let Some(name) = body.keys().find(|name| !name.contains('@') && !is_known(name)) {
            return Err(Refusal::odata(format!(
                "The property '{name}' does not exist on type 'microsoft.graph.{entity}'. Make sure to only use \
                 property names that are defined by the type."
            )));
        }
        let action = match required(body, "action")? {
            "adminAssign" => Action::Assign,
            "adminRemove" => Action::Remove,
            other @ ("adminUpdate" | "adminExtend" | "adminRenew" | "selfActivate" | "selfDeactivate"
            | "selfExtend" | "selfRenew") => {
                return Err(Refusal::not_in_the_lab(&format!("the action {other}")));
            }
            other => return Err(Refusal::odata(format!("Invalid value '{other}' for property 'action'."))),
        };
        let principal = required(body, "principalId")?;
        let principal = principal.parse().map_err(|_| Refusal::bad_request("The principalId is not a GUID."))?;
        let ticket = member(body, "ticketInfo").filter(|ticket| {
            let part = |name| ticket.get(name).and_then(Value::as_str).is_some_and(|t| !t.trim().is_empty());
            part("ticketNumber") && part("ticketSystem")
        });
        let schedule = member(body, "scheduleInfo").and_then(Value::as_object);
        Ok(Self {
            action,
            principal,
            validation_only: member(body, "isValidationOnly").and_then(Value::as_bool).unwrap_or(false),
            justification: text(body, "justification")?.filter(|t| !t.trim().is_empty()).map(str::to_owned),
            ticket: ticket.cloned(),
            start: schedule.map(|s| time(s, "startDateTime")).transpose()?.flatten(),
            expiration: schedule.map(expiration).transpose()?,
        })
    }

    /// From when to when an assignment is to last, if the policy lets it.
    ///
    /// # Errors
    /// 400 for times that make no sense; 400 `RoleAssignmentRequestPolicyValidationFailed` with the rules that are not
    /// met.
    pub fn term(&self, world: &World, policy: &RoleManagementPolicy, table: Table) -> Result<Term, Refusal> {
        let invalid = || Refusal::bad_request("The scheduleInfo of the request is missing or invalid.");
        let start = self.start.filter(|start| *start > world.clock).unwrap_or(world.clock);
        let end = match self.expiration.as_ref().ok_or_else(invalid)? {
            Expiration::Never => None,
            Expiration::At(end) => Some(*end),
            Expiration::After(period) => Some(period.after(start)),
        };
        if end.is_some_and(|end| end <= start) {
            return Err(invalid());
        }
        let claim = Claim {
            start,
            end,
            justified: self.justification.is_some(),
            ticketed: self.ticket.is_some(),
            multi_factor: world.entra.caller.multi_factor && !world.entra.caller.app_only,
        };
        claim.check(policy, table)?;
        Ok(Term { start: Some(start), end })
    }

    /// The request as PIM shows it, without what it is about.
    pub fn show(&self, world: &World, id: &str, term: Option<Term>) -> Object {
        let caller = &world.entra.caller;
        let identity = json!({ "id": caller.id, "displayName": caller.display_name });
        let kind = if caller.app_only { "application" } else { "user" };
        let (action, status) = match self.action {
            Action::Assign => ("adminAssign", "Provisioned"),
            Action::Remove => ("adminRemove", "Revoked"),
        };
        [
            ("id", json!(id)),
            ("status", json!(if self.validation_only { "Granted" } else { status })),
            ("action", json!(action)),
            ("approvalId", Value::Null),
            ("customData", Value::Null),
            ("createdDateTime", json!(world.clock)),
            ("completedDateTime", json!(world.clock)),
            ("createdBy", json!({ kind: identity })),
            ("isValidationOnly", json!(self.validation_only)),
            ("justification", json!(self.justification)),
            ("principalId", json!(self.principal)),
            ("scheduleInfo", term.map_or(Value::Null, schedule_info)),
            ("ticketInfo", json!(self.ticket)),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
    }
}

/// A member of a body, named in any case; null is none.
pub fn member<'b>(body: &'b Object, name: &str) -> Option<&'b Value> {
    body.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value).filter(|v| !v.is_null())
}

/// A text of a body.
///
/// # Errors
/// 400 for something else than text.
pub fn text<'b>(body: &'b Object, name: &str) -> Result<Option<&'b str>, Refusal> {
    match member(body, name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(Refusal::odata(format!("Cannot convert the value of property '{name}' to 'Edm.String'."))),
    }
}

/// A text that a body must have.
///
/// # Errors
/// 400 if it has none.
pub fn required<'b>(body: &'b Object, name: &str) -> Result<&'b str, Refusal> {
    text(body, name)?
        .filter(|text| !text.is_empty())
        .ok_or_else(|| Refusal::bad_request(format!("The property '{name}' is required.")))
}

fn time(body: &Object, name: &str) -> Result<Option<Timestamp>, Refusal> {
    let text = text(body, name)?.map(str::parse::<Timestamp>).transpose();
    text.map_err(|_| Refusal::odata(format!("Cannot convert the value of property '{name}' to 'Edm.DateTimeOffset'.")))
}

fn expiration(schedule: &Object) -> Result<Expiration, Refusal> {
    let missing = |name: &str| Refusal::bad_request(format!("The expiration's '{name}' is missing or invalid."));
    let Some(expiration) = member(schedule, "expiration").and_then(Value::as_object) else {
        return Ok(Expiration::Never);
    };
    // Graph takes the type in any case.
    match text(expiration, "type")?.unwrap_or("notSpecified").to_ascii_lowercase().as_str() {
        "noexpiration" | "notspecified" => Ok(Expiration::Never),
        "afterdatetime" => time(expiration, "endDateTime")?.map(Expiration::At).ok_or_else(|| missing("endDateTime")),
        "afterduration" => {
            let duration = text(expiration, "duration")?.and_then(|text| Period::try_from(text.to_owned()).ok());
            duration.map(Expiration::After).ok_or_else(|| missing("duration"))
        }
        _ => Err(missing("type")),
    }
}
