//! Writing Entra. Each write is one request; the caller reads back.

use super::http::Graph;
use super::permission::Operation;
use super::request::Request;
use super::roles::change;
use crate::directory::error::{DirectoryError, ErrorKind};
use crate::directory::port::{Clock, Turn, WriteEntra};
use crate::directory::text::one_line;
use crate::model::anchor::ImmutableId;
use crate::model::id::ObjectId;
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
