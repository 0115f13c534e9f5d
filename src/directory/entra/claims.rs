//! What an access token says of itself. Read without verifying: only Graph can say whether a token is good. These claims
//! are for messages, for knowing whose credential this is, and for refusing the wrong tenant before anything is sent.

use crate::model::granted::Granted;
use crate::model::id::{ObjectId, TenantId};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde::Deserialize;

/// The claims that we look at. Source: "Access token claims reference" of the Microsoft identity platform.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Claims {
    /// The tenant.
    pub tid: Option<TenantId>,
    /// The object id of the user or the service principal.
    pub oid: Option<ObjectId>,
    /// The application's id, in tokens of version 1.
    pub appid: Option<String>,
    /// The application's id, in tokens of version 2.
    pub azp: Option<String>,
    /// The application's name.
    pub app_displayname: Option<String>,
    /// The user's UPN.
    pub upn: Option<String>,
    /// The user's sign-in name where there is no `upn`, in tokens of version 2.
    pub preferred_username: Option<String>,
    /// The same in tokens of version 1.
    pub unique_name: Option<String>,
    /// Application permissions.
    pub roles: Vec<String>,
    /// Delegated permissions, separated by blanks.
    pub scp: Option<String>,
    /// Template ids of directory roles over the whole tenant.
    pub wids: Vec<String>,
    /// `app` or `user`, where the token says it.
    pub idtyp: Option<String>,
    /// When it ends, in seconds since 1970.
    pub exp: Option<i64>,
}

impl Claims {
    /// The claims of a JWT, or `None` for a token that is none or that is opaque to us.
    pub fn read(token: &str) -> Option<Self> {
        let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?.trim_end_matches('=')).ok()?;
        serde_json::from_slice(&payload).ok()
    }

    /// When the token ends.
    pub fn expires(&self) -> Option<Timestamp> {
        self.exp.and_then(|seconds| Timestamp::from_second(seconds).ok())
    }

    /// What it carries. An application's token has no scopes.
    pub fn granted(&self) -> Granted {
        let app_only = self.idtyp.as_deref() == Some("app") || self.scp.is_none();
        let permissions = if app_only {
            self.roles.iter().cloned().collect()
        } else {
            self.scp.iter().flat_map(|scopes| scopes.split_whitespace()).map(str::to_owned).collect()
        };
        Granted { app_only, permissions, role_templates: self.wids.iter().cloned().collect() }
    }

    /// Whom it speaks for, in words: the user, or the application.
    pub fn name(&self) -> Option<&str> {
        let user = [&self.upn, &self.preferred_username, &self.unique_name];
        let application = [&self.app_displayname, &self.appid, &self.azp];
        user.into_iter().chain(application).flatten().next().map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(payload: &str) -> String {
        format!("e30.{}.sig", URL_SAFE_NO_PAD.encode(payload))
    }

    #[test]
    fn both_versions_of_tokens_are_read() {
        let v2 =
            token(r#"{"tid":"11111111-2222-3333-4444-555555555555","azp":"app","roles":["User.Read.All"],"exp":0}"#);
        let claims = Claims::read(&v2).unwrap();
        assert_eq!((claims.name(), claims.expires()), (Some("app"), Some(Timestamp::UNIX_EPOCH)));
        let v1 = token(r#"{"appid":"app","upn":"jane@contoso.com","scp":"User.Read.All"}"#);
        assert_eq!(Claims::read(&v1).unwrap().name(), Some("jane@contoso.com"));
    }

    #[test]
    fn scopes_are_delegated_and_app_roles_are_the_applications() {
        let application = token(r#"{"idtyp":"app","roles":["User.Read.All","Group.Read.All"],"wids":["w1"]}"#);
        let granted = Claims::read(&application).unwrap().granted();
        assert!(granted.app_only && granted.permits(&["Group.Read.All"]) && granted.has_role("w1"));
        let user = token(r#"{"scp":"openid User.Read.All","roles":["of-another-kind"],"wids":["w2"]}"#);
        let granted = Claims::read(&user).unwrap().granted();
        assert!(!granted.app_only && granted.permits(&["User.Read.All"]) && !granted.permits(&["of-another-kind"]));
    }

    #[test]
    fn an_opaque_token_has_no_claims() {
        for opaque in ["", "lab-token", "a.b.c", "a.e30"] {
            assert!(Claims::read(opaque).is_none_or(|claims| claims == Claims::default()), "{opaque}");
        }
    }
}
