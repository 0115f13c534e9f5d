//! Writing Entra. Each write is one request; the caller reads back.

use super::http::Graph;
use super::permission::Operation;
use super::request::Request;
use super::roles::change;
use crate::directory::error::{DirectoryError, ErrorKind};
use crate::directory::port::{Clock, Turn, WriteEntra};
use crate::directory::text::one_line;
use crate::model::anchor::ImmutableId;
use crate::model::cloud::{EntraAttribute, EntraChange, Presence, SyncFeature};
use crate::model::id::ObjectId;
use crate::model::name::Upn;
use crate::model::role::Holding;
use jiff::SignedDuration;
use reqwest::Method;
use serde_json::{Value, json};

impl<C: Clock> WriteEntra for Graph<C> {
    async fn turn(&self) -> Turn {
        self.turn_to_write().await
    }

    fn held_up(&self) -> Option<SignedDuration> {
        self.slowed()
    }

    async fn set_immutable_id(&self, user: ObjectId, value: Option<&ImmutableId>) -> Result<(), DirectoryError> {
        let what = match value {
            Some(value) => format!("set the ImmutableID of the user {user} to {value}"),
            None => format!("clear the ImmutableID of the user {user}"),
        };
        // Clearing is JSON null; "" is refused.
        let body = json!({"onPremisesImmutableId": value.map(ImmutableId::as_str)});
        let path = ["users", &user.to_string()];
        let request = Request::new(Method::PATCH, Operation::SetImmutableId, what, &path).json(body);
        self.send(&request).await.map(drop)
    }

    async fn amend(&self, user: ObjectId, changes: &[EntraChange]) -> Result<(), DirectoryError> {
        let names: Vec<&str> = changes.iter().map(|change| change.attribute.name()).collect();
        let what = format!("change {} of the user {user}", names.join(", "));
        let stamp = changes.iter().any(|change| change.attribute == EntraAttribute::ObjectIdentifier);
        let operation = if stamp { Operation::ClearObjectIdentifier } else { Operation::SetImmutableId };
        let member = |change: &EntraChange| (change.attribute.name().to_owned(), json!(change.sets));
        let body: serde_json::Map<String, Value> = changes.iter().map(member).collect();
        let request = Request::new(Method::PATCH, operation, what, &["users", &*user.to_string()]);
        let request = request.json(Value::Object(body));
        let beta = changes.iter().any(|change| change.attribute.is_beta());
        self.send(&if beta { request.beta() } else { request }).await.map(drop)
    }

    async fn place(
        &self,
        user: ObjectId,
        from: Presence,
        to: Presence,
        upn: Option<&Upn>,
    ) -> Result<(), DirectoryError> {
        let id = user.to_string();
        let request = match (from, to) {
            (Presence::Live, Presence::RecycleBin) => {
                let what = format!("delete the user {user}");
                Request::new(Method::DELETE, Operation::DeleteUser, what, &["users", &id])
            }
            (Presence::RecycleBin, Presence::Live) => {
                let what = format!("restore the user {user} from the recycle bin");
                let path = ["directory", "deletedItems", &id, "restore"];
                let request = Request::new(Method::POST, Operation::DeleteUser, what, &path);
                match upn {
                    Some(upn) => request.json(json!({"newUserPrincipalName": upn.as_str()})),
                    None => request,
                }
            }
            (Presence::RecycleBin, Presence::Gone) => {
                let what = format!("delete the user {user} for good");
                Request::new(Method::DELETE, Operation::DeleteUser, what, &["directory", "deletedItems", &id])
            }
            _ => {
                let what = format!("bring the user {user} from {from} to {to}");
                return Err(DirectoryError::new(ErrorKind::Refused, what, "nothing leads there in one step"));
            }
        };
        self.send(&request).await.map(drop)
    }

    async fn set_authority(&self, user: ObjectId, cloud: bool) -> Result<(), DirectoryError> {
        let source = if cloud { "the cloud" } else { "AD" };
        let what = format!("make {source} the source of authority of the user {user}");
        let path = ["users", &user.to_string(), "onPremisesSyncBehavior"];
        let request = Request::new(Method::PATCH, Operation::ReadSyncBehavior, what, &path);
        self.send(&request.json(json!({"isCloudManaged": cloud}))).await.map(drop)
    }

    async fn set_switch(&self, feature: SyncFeature, on: bool) -> Result<(), DirectoryError> {
        let what = format!("switch {feature} {}", if on { "on" } else { "off" });
        let (id, _) = self.synchronization().await?;
        let path = ["directory", "onPremisesSynchronization", &id];
        let request = Request::new(Method::PATCH, Operation::ChangeSyncFeatures, what, &path);
        // Features that are not named stay as they are.
        let features = json!({feature.name(): on});
        self.send(&request.json(json!({"features": features}))).await.map(drop)
    }

    async fn take(&self, holding: &Holding) -> Result<(), DirectoryError> {
        self.order(&change::take(holding, self.now())).await
    }

    async fn give(&self, holding: &Holding) -> Result<(), DirectoryError> {
        let request = change::give(holding, self.now(), |object| self.address_of(object))?;
        self.order(&request).await
    }
}

impl<C: Clock> Graph<C> {
    /// Sends a change of a role. PIM also answers "created" to a request that it then refuses or leaves to an approver:
    /// its status tells.
    async fn order(&self, request: &Request) -> Result<(), DirectoryError> {
        let answer = self.send(request).await?;
        let status = answer.as_ref().and_then(|answer| answer.get("status")).and_then(Value::as_str);
        let Some(status) = status else { return Ok(()) };
        let refused = |detail: String| Err(DirectoryError::new(ErrorKind::Refused, request.what.clone(), detail));
        match status.to_ascii_lowercase().as_str() {
            // "Revoked" is how PIM calls a removal that is done.
            "denied" | "failed" | "canceled" => refused(format!("PIM says: {}", one_line(status))),
            "pendingapproval" | "pendingadmindecision" => {
                let detail = format!("PIM has the request wait for somebody's approval ({})", one_line(status));
                refused(detail).map_err(|error| error.with_hint("approve it in Privileged Identity Management"))
            }
            _ => Ok(()),
        }
    }
}
