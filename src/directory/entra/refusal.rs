//! Error bodies, read: Graph's (`error.code`, `message`, `innerError`) and the sign-in's (`AADSTS…`).
//!
//! Sources: "Microsoft Graph error responses", "Microsoft Entra authentication and authorization error codes".

use super::request::Request;
use crate::directory::error::{DirectoryError, ErrorKind};
use crate::directory::text::one_line;
use serde::Deserialize;

#[derive(Default, Deserialize)]
struct GraphBody {
    #[serde(default)]
    error: GraphError,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct GraphError {
    code: String,
    message: String,
    #[serde(rename = "innerError", alias = "innererror")]
    inner: Option<Inner>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Inner {
    #[serde(rename = "request-id")]
    request_id: Option<String>,
}

/// The error for Graph's answer other than success. `request_id` is the `request-id` header's value.
pub fn from_graph(request: &Request, status: u16, request_id: Option<&str>, body: &[u8]) -> DirectoryError {
    let GraphError { code, message, inner } =
        serde_json::from_slice::<GraphBody>(body).map(|body| body.error).unwrap_or_default();
    let id = request_id.map(str::to_owned).or(inner.and_then(|inner| inner.request_id));
    let said = match (code.is_empty(), message.is_empty()) {
        (false, false) => format!("{}: {}", one_line(&code), one_line(&message)),
        (false, true) => one_line(&code),
        (true, false) => one_line(&message),
        (true, true) => "no reason was given".to_owned(),
    };
    let detail = match id.filter(|id| !id.is_empty()) {
        Some(id) => format!("{said} (HTTP {status}, request-id {})", one_line(&id)),
        None => format!("{said} (HTTP {status})"),
    };
    let (kind, known) = match pim(&code) {
        Some((kind, hint)) if status == 400 => (kind, Some(hint.to_owned())),
        _ => (kind(status, request.is_write()), None),
    };
    let error = DirectoryError::new(kind, request.what.clone(), detail);
    match known.or_else(|| hint(request, status, &message)) {
        Some(hint) => error.with_hint(hint),
        None => error,
    }
}

/// What PIM means with a code: it says nearly everything with status 400.
///
/// Sources: Microsoft, "License requirements to use Privileged Identity Management", "Configure Microsoft Entra role
/// settings in Privileged Identity Management"; the codes as the service sends them.
fn pim(code: &str) -> Option<(ErrorKind, &'static str)> {
    let settings = "PIM's settings for this role or group ask for more than matchplan can give; change them for the time \
                    of the change, or let a Privileged Role Administrator assign it in Privileged Identity Management";
    Some(match code {
        "AadPremiumLicenseRequired" => (
            ErrorKind::Refused,
            "PIM needs Microsoft Entra ID P2 or Microsoft Entra ID Governance in the tenant; without it, what is \
             eligible or ends by itself cannot be seen",
        ),
        "RoleAssignmentDoesNotExist" => {
            (ErrorKind::NotFound, "somebody has taken it away, or it has ended: there is nothing to do")
        }
        "RoleAssignmentExists" => (ErrorKind::Refused, "it is there already: there is nothing to do"),
        "RoleAssignmentRequestPolicyValidationFailed" | "RoleAssignmentRequestAcrsValidationFailed" => {
            (ErrorKind::Refused, settings)
        }
        "ActiveDurationTooShort" => (
            ErrorKind::Busy,
            "PIM takes an assignment away at the earliest five minutes after it began; try again then",
        ),
        "PendingRoleAssignmentRequest" => (
            ErrorKind::Busy,
            "PIM still works on an earlier request for the same assignment; wait, or cancel it under Pending requests in \
             Privileged Identity Management",
        ),
        _ => return None,
    })
}

const fn kind(status: u16, write: bool) -> ErrorKind {
    match status {
        300..=399 => ErrorKind::Broken,
        401 => ErrorKind::Unauthenticated,
        403 => ErrorKind::Forbidden,
        404 | 410 => ErrorKind::NotFound,
        412 => ErrorKind::Changed,
        // Neither was acted upon: Graph says of both that the request may be repeated later.
        429 => ErrorKind::Throttled,
        503 => ErrorKind::Busy,
        400..=499 => ErrorKind::Refused,
        // A failure behind the gateway: the write may have been done before.
        _ if write => ErrorKind::OutcomeUnknown,
        500..=599 => ErrorKind::Busy,
        _ => ErrorKind::Broken,
    }
}

fn hint(request: &Request, status: u16, message: &str) -> Option<String> {
    match status {
        401 => Some("sign in again (`az login`), or renew the secret or the token; see [entra] credential".to_owned()),
        403 => Some(request.operation.hint()),
        429 => Some("the tenant's request limit is reached; try again in a few minutes".to_owned()),
        300..=399 => Some("Graph redirects nobody: check `cloud` in [entra], and for a proxy in between".to_owned()),
        _ if message.contains("on-premises mastered") => Some(
            "the user is synced from AD, so its on-premises attributes cannot be changed in the cloud; take a new \
             snapshot with `matchplan plan`"
                .to_owned(),
        ),
        _ => None,
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct SignInBody {
    error: String,
    error_description: String,
    error_codes: Vec<u32>,
}

/// The error for the token endpoint's refusal.
pub fn from_sign_in(status: u16, body: &[u8]) -> DirectoryError {
    let SignInBody { error, error_description, error_codes } = serde_json::from_slice(body).unwrap_or_default();
    let said = error_description
        .split("AADSTS")
        .nth(1)
        .and_then(|rest| rest.split(|c: char| !c.is_ascii_digit()).next())
        .and_then(|digits| digits.parse().ok());
    let code = error_codes.first().copied().or(said);
    let (meaning, hint) = code.and_then(aadsts).unwrap_or(("the sign-in was refused", ""));
    // The trace and correlation ids at its end are what Microsoft's support asks for.
    let words = if error_description.is_empty() { &error } else { &error_description };
    let kind = match status {
        429 | 500..=599 => ErrorKind::Busy,
        _ => ErrorKind::Unauthenticated,
    };
    let detail = format!("{meaning}: {} (HTTP {status})", one_line(words));
    let error = DirectoryError::new(kind, "sign in to Entra ID", detail);
    if hint.is_empty() { error } else { error.with_hint(hint) }
}

/// The codes that a client meets: what they mean and what to do.
const fn aadsts(code: u32) -> Option<(&'static str, &'static str)> {
    Some(match code {
        7_000_215 => (
            "the client secret is wrong",
            "use the secret's value, not its id (the portal shows the value only once, right after it was made)",
        ),
        7_000_222 => {
            ("the client secret has expired", "make a new one under the app registration's Certificates & secrets")
        }
        700_016 | 700_038 => (
            "there is no application with this id in the tenant",
            "check client_id and tenant in [entra]; client_id is the Application (client) ID",
        ),
        7_000_229 | 650_052 => (
            "the application has no service principal in this tenant",
            "an administrator of the tenant must consent to the application once",
        ),
        90_002 | 900_023 | 50_059 => ("there is no such tenant", "check tenant and cloud in [entra]"),
        700_027 => (
            "the certificate is not one of the application's",
            "upload certificate_file under the app registration's Certificates & secrets",
        ),
        700_024 => ("the assertion is not valid at this time", "set this machine's clock right"),
        500_011 => ("Graph is not known in this tenant", "check `cloud` in [entra]"),
        53_003 | 530_003 | 53_000 => (
            "Conditional Access forbids this sign-in",
            "sign in from an allowed place or device, or use an application that the policy does not cover",
        ),
        50_076 | 50_079 => ("the sign-in needs a second factor", "sign in again with `az login`"),
        50_173 | 70_043 | 700_082 => ("the sign-in is too old", "sign in again with `az login`"),
        7_000_112 => ("the application is disabled in this tenant", "enable it under Enterprise applications"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::entra::permission::Operation;
    use reqwest::Method;

    fn patch() -> Request {
        Request::new(
            Method::PATCH,
            Operation::SetImmutableId,
            "set the ImmutableID of jane@contoso.com",
            &["users", "1"],
        )
    }

    #[test]
    fn graphs_code_message_and_request_id_are_kept() {
        let body = br#"{"error":{"code":"Authorization_RequestDenied","message":"Insufficient privileges\u001b[0m to complete",
            "innerError":{"request-id":"inner-id"}}}"#;
        let error = from_graph(&patch(), 403, None, body);
        assert_eq!(error.kind, ErrorKind::Forbidden);
        assert_eq!(
            error.detail,
            "Authorization_RequestDenied: Insufficient privileges\\u{1b}[0m to complete (HTTP 403, request-id inner-id)"
        );
        let hint = error.hint.unwrap();
        assert!(
            hint.contains("User.ReadWrite.All") && hint.contains("Privileged Authentication Administrator"),
            "{hint}"
        );
        assert!(from_graph(&patch(), 403, Some("outer"), body).detail.ends_with("request-id outer)"));
    }

    #[test]
    fn a_failed_write_is_open_where_it_may_have_been_done() {
        for (status, kind) in [
            (400, ErrorKind::Refused),
            (404, ErrorKind::NotFound),
            (409, ErrorKind::Refused),
            (412, ErrorKind::Changed),
            (429, ErrorKind::Throttled),
            (500, ErrorKind::OutcomeUnknown),
            (503, ErrorKind::Busy),
            (504, ErrorKind::OutcomeUnknown),
            (302, ErrorKind::Broken),
        ] {
            assert_eq!(from_graph(&patch(), status, None, b"<html>").kind, kind, "{status}");
        }
    }

    #[test]
    fn what_pim_says_with_a_400_is_told_apart() {
        for (code, kind, hint) in [
            ("RoleAssignmentDoesNotExist", ErrorKind::NotFound, "nothing to do"),
            ("RoleAssignmentExists", ErrorKind::Refused, "there already"),
            ("AadPremiumLicenseRequired", ErrorKind::Refused, "Entra ID P2"),
            ("RoleAssignmentRequestPolicyValidationFailed", ErrorKind::Refused, "settings"),
            ("ActiveDurationTooShort", ErrorKind::Busy, "five minutes"),
        ] {
            let body = format!(r#"{{"error":{{"code":"{code}","message":"Said."}}}}"#);
            let error = from_graph(&patch(), 400, None, body.as_bytes());
            assert_eq!(error.kind, kind, "{code}");
            assert!(error.hint.unwrap().contains(hint) && error.detail.starts_with(code));
        }
    }

    #[test]
    fn a_wrong_secret_says_so() {
        let body = br#"{"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret provided. Trace ID: t",
            "error_codes":[7000215]}"#;
        let error = from_sign_in(401, body);
        assert_eq!(error.kind, ErrorKind::Unauthenticated);
        assert!(error.detail.starts_with("the client secret is wrong: AADSTS7000215") && error.hint.is_some());
        let unlisted = from_sign_in(400, br#"{"error":"x","error_description":"AADSTS900023: no"}"#);
        assert!(unlisted.detail.starts_with("there is no such tenant"), "{unlisted}");
        assert_eq!(from_sign_in(503, b"").kind, ErrorKind::Busy);
    }
}
