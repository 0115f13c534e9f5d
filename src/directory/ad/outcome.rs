//! LDAP result codes and broken connections, as errors that say what to do next.
//!
//! Sources: RFC 4511 appendix A (result codes), MS-ADTS 3.1.1.5 (which code for which refusal), MS-ERREF (the hexadecimal
//! codes in AD's diagnostic messages).

use crate::directory::error::{DirectoryError, ErrorKind};
use crate::directory::text::one_line;
use crate::directory::tls;
use ldap3::{LdapError, LdapResult};

/// What kind of operation failed, since the same break means different things.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum During {
    /// Connecting or binding.
    Connect,
    /// A read: repeating it is harmless.
    Read,
    /// A write: once it was sent, a break leaves the outcome open.
    Write,
}

/// The error for an `ldap3` failure that is not a server's answer (an answer goes through [`from_result`]).
pub fn from_error(error: &LdapError, during: During, what: impl Into<String>) -> DirectoryError {
    let what = what.into();
    if let LdapError::LdapResult { result } = error {
        return from_result(result, during, what);
    }
    if let Some(problem) = tls::certificate_problem(error) {
        return DirectoryError::new(ErrorKind::Untrusted, what, problem).with_hint(
            "save the certificate of the authority that signed it as a PEM file and name it as `ca_file` in this \
             [[ad]]; and connect by the name that the certificate was made for",
        );
    }
    let (kind, detail) = match (error, during) {
        // The handle's channel to the connection is closed: the operation never left this process.
        (LdapError::OpSend { .. } | LdapError::IdScrubSend { .. }, _) => {
            (ErrorKind::Unreachable, "the connection was closed before the request was sent".to_owned())
        }
        (LdapError::Timeout { .. }, During::Write) => {
            (ErrorKind::OutcomeUnknown, "the domain controller did not answer in time".to_owned())
        }
        (LdapError::Timeout { .. }, _) => (ErrorKind::Unreachable, "no answer in time".to_owned()),
        (LdapError::ResultRecv { .. } | LdapError::EndOfStream, During::Write) => {
            (ErrorKind::OutcomeUnknown, "the connection broke after the request was sent".to_owned())
        }
        (LdapError::ResultRecv { .. } | LdapError::EndOfStream, _) => {
            (ErrorKind::Unreachable, "the connection broke before the answer was complete".to_owned())
        }
        (LdapError::Io { source }, During::Write) => (ErrorKind::OutcomeUnknown, one_line(&source.to_string())),
        (LdapError::Io { source }, _) => (ErrorKind::Unreachable, one_line(&source.to_string())),
        (other, _) => (ErrorKind::Broken, one_line(&other.to_string())),
    };
    DirectoryError::new(kind, what, detail)
}

/// The error for a server's answer other than success.
pub fn from_result(result: &LdapResult, during: During, what: impl Into<String>) -> DirectoryError {
    let code = AdCode::of(&result.text);
    let kind = kind_of(result.rc, code, during);
    let (meaning, rc) = (meaning(result.rc, code), result.rc);
    let words = one_line(result.text.trim_end_matches('\0'));
    let detail =
        if words.is_empty() { format!("{meaning} (LDAP {rc})") } else { format!("{meaning} (LDAP {rc}: {words})") };
    let error = DirectoryError::new(kind, what, detail);
    match hint(result.rc, code, during) {
        Some(hint) => error.with_hint(hint),
        None => error,
    }
}

/// The hexadecimal codes that lead AD's diagnostic messages (`000021C8: …`), and the `data` code of a refused bind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
struct AdCode {
    /// A Windows error code.
    win32: Option<u32>,
    /// The logon failure behind a refused bind.
    logon: Option<u32>,
}

impl AdCode {
    fn of(text: &str) -> Self {
        let hex = |text: &str| u32::from_str_radix(text, 16).ok();
        let win32 = text.trim().split(':').next().filter(|head| head.len() == 8).and_then(hex);
        let logon = text.split("data ").nth(1).and_then(|rest| rest.split([',', ' ']).next()).and_then(hex);
        Self { win32, logon }
    }
}

/// ERROR_DS_UPN_VALUE_NOT_UNIQUE_IN_FOREST.
const UPN_NOT_UNIQUE: u32 = 0x21c8;
/// ERROR_DS_OBJ_NOT_FOUND, which some servers send as `other` when the new parent of a move is not there.
const OBJECT_NOT_FOUND: u32 = 0x2095;

const fn kind_of(rc: u32, code: AdCode, during: During) -> ErrorKind {
    match rc {
        // operationsError: AD's answer to a search without a bind.
        1 | 48 | 49 => ErrorKind::Unauthenticated,
        16 | 20 => match during {
            During::Write => ErrorKind::Changed,
            _ => ErrorKind::Broken,
        },
        32 => ErrorKind::NotFound,
        80 if matches!(code.win32, Some(OBJECT_NOT_FOUND)) => ErrorKind::NotFound,
        50 => ErrorKind::Forbidden,
        51 | 52 => ErrorKind::Busy,
        8 | 13 => ErrorKind::Refused,
        _ => match during {
            During::Write | During::Connect => ErrorKind::Refused,
            During::Read => ErrorKind::Broken,
        },
    }
}

const fn meaning(rc: u32, code: AdCode) -> &'static str {
    match (rc, code.win32, code.logon) {
        (49, _, Some(0x530 | 0x531)) => "this account may not sign in now or from here",
        (49, _, Some(0x532 | 0x773)) => "the account's password has expired or must be changed first",
        (49, _, Some(0x533)) => "the account is disabled",
        (49, _, Some(0x701)) => "the account has expired",
        (49, _, Some(0x775)) => "the account is locked",
        (49, ..) => "the user name or the password is wrong",
        (1, ..) => "the domain controller wants a sign-in first",
        (8 | 13, ..) => "the domain controller refuses this sign-in on a connection without encryption",
        (10, ..) => "the object belongs to another domain than this domain controller's",
        (16, ..) => "a value that should be replaced is not there any more",
        (20, ..) => "the value is there already",
        (19, Some(UPN_NOT_UNIQUE), _) => "another user of the forest has this userPrincipalName already",
        (19, ..) => "a rule of the directory refuses this value (another object may have it)",
        (21, ..) => "the value is not valid for this attribute",
        (32, ..) | (80, Some(OBJECT_NOT_FOUND), _) => "the object is not there",
        (50, ..) => "the account that matchplan binds as may not do this",
        (51 | 52, ..) => "the domain controller is busy or not available now",
        (3 | 4 | 11, ..) => "the domain controller stopped at one of its limits",
        (53, ..) => "the domain controller is not willing to do this",
        (65, ..) => "the object's class does not allow this attribute",
        (68, ..) => "an object with this name is there already",
        _ => "the domain controller refused",
    }
}

const fn hint(rc: u32, code: AdCode, during: During) -> Option<&'static str> {
    match (rc, during) {
        (49, _) => match code.logon {
            Some(0x532 | 0x533 | 0x701 | 0x773 | 0x775) => Some("have the account repaired, or name another in [[ad]]"),
            _ => Some(
                "the user is a DN, a UPN (user@corp.example.com) or DOMAIN\\user, never a bare name; then check the \
                 password's source",
            ),
        },
        (8 | 13, _) => Some("use an ldaps:// URL, or set `starttls = true`"),
        (10, _) => Some("base_dn must lie in the domain that `url` leads to; give each domain its own [[ad]]"),
        (50, During::Write) => Some(
            "grant it Write on userPrincipalName, mail and proxyAddresses of the users (and Create/Delete of user \
             objects on both OUs for a move); a user with adminCount = 1 is under AdminSDHolder, which strips such grants \
             every hour: grant them on AdminSDHolder itself, or let a domain administrator make this change",
        ),
        (50, _) => Some("grant it Read on the users below base_dn"),
        (19, During::Write) if matches!(code.win32, Some(UPN_NOT_UNIQUE)) => Some(
            "find the other user with `Get-ADUser -Filter \"userPrincipalName -eq '…'\"` in every domain of the forest",
        ),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;

    fn answer(rc: u32, text: &str, during: During) -> DirectoryError {
        let result = LdapResult { rc, matched: String::new(), text: text.to_owned(), refs: vec![], ctrls: vec![] };
        from_result(&result, during, "change jdoe")
    }

    #[test]
    fn writes_are_sorted_by_what_to_do_next() {
        for (rc, text, kind) in [
            (16, "", ErrorKind::Changed),
            (20, "", ErrorKind::Changed),
            (19, "000021C8: AtrErr: DSID-03200BBA, #1:", ErrorKind::Refused),
            (68, "", ErrorKind::Refused),
            (50, "00002098: SecErr: DSID-03150F94", ErrorKind::Forbidden),
            (32, "", ErrorKind::NotFound),
            (80, "00002095: no parent", ErrorKind::NotFound),
            (80, "00002024: else", ErrorKind::Refused),
            (51, "", ErrorKind::Busy),
            (52, "", ErrorKind::Busy),
        ] {
            assert_eq!(answer(rc, text, During::Write).kind, kind, "{rc} {text}");
        }
        let upn = answer(19, "000021C8: AtrErr: DSID-03200BBA, #1:", During::Write);
        assert!(upn.detail.contains("userPrincipalName already"), "{upn}");
        assert!(answer(50, "", During::Write).hint.unwrap().contains("AdminSDHolder"));
    }

    #[test]
    fn a_refused_bind_says_which_refusal() {
        let text = "80090308: LdapErr: DSID-0C090439, comment: AcceptSecurityContext error, data 775, v4563\0";
        let error = answer(49, text, During::Connect);
        assert_eq!(error.kind, ErrorKind::Unauthenticated);
        assert!(error.detail.starts_with("the account is locked"), "{error}");
        assert!(!error.detail.contains('\0'));
    }

    #[test]
    fn a_break_leaves_only_a_sent_write_open() {
        let reset = || LdapError::Io { source: io::Error::from(io::ErrorKind::ConnectionReset) };
        assert_eq!(from_error(&reset(), During::Write, "x").kind, ErrorKind::OutcomeUnknown);
        assert_eq!(from_error(&reset(), During::Read, "x").kind, ErrorKind::Unreachable);
        assert_eq!(from_error(&LdapError::EndOfStream, During::Read, "x").kind, ErrorKind::Unreachable);
    }

    #[test]
    fn an_untrusted_certificate_names_ca_file() {
        let rustls = rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer);
        let error = LdapError::Io { source: io::Error::new(io::ErrorKind::InvalidData, rustls) };
        let error = from_error(&error, During::Connect, "connect");
        assert_eq!(error.kind, ErrorKind::Untrusted);
        assert!(error.hint.unwrap().contains("ca_file"));
    }
}
