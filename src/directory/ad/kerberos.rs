//! Signing in with the Kerberos ticket of whoever runs the program: SASL GSSAPI (RFC 4752), by way of the system's own
//! Kerberos (MIT's library; SSPI on Windows).
//!
//! Only inside of TLS, for two reasons. There, the ticket signs in and nothing more, which is what AD and Samba want: they
//! refuse signing or sealing within TLS (MS-ADTS 5.1.1.1.2); the ticket is bound to the connection by the server's
//! certificate (`tls-server-end-point`, RFC 5929), so that a domain controller that demands channel binding takes it. And
//! without TLS all would rest on the library's sealing, which loses messages: of several in one sealed packet, `ldap3` 0.12
//! keeps only the first if the next packet has come already. Against Samba, a search of 200 entries then never ends; one that
//! loses an entry and not its end would look whole and not be.
//!
//! Every sign-in reads the ticket cache anew, so that a connection that is opened again takes a renewed ticket.

use super::root::dns_name;
use crate::config::names_an_address;
use crate::config::settings::AdSettings;
use crate::directory::error::{DirectoryError, ErrorKind};
use crate::directory::text::one_line;
use url::Url;

/// Whether this build can: with the feature `kerberos`, and always on Windows.
pub const BUILT_IN: bool = cfg!(any(windows, feature = "kerberos"));

/// SEC_E_BAD_BINDINGS, in AD's answer to a ticket that is not bound to the connection as it demands (MS-ERREF).
const BAD_BINDINGS: &str = "80090346";

/// Whom a ticket is for, and who gives it out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// The domain controller's name, as the settings or its own rootDSE have it.
    pub host: String,
    /// The domain's realm: its DNS name in capitals, by AD's rule.
    pub realm: String,
}

impl Service {
    /// The LDAP service of the domain controller that a URL leads to.
    pub fn of(settings: &AdSettings, url: &Url) -> Self {
        let host = url.host_str().unwrap_or_default().trim_end_matches('.').to_ascii_lowercase();
        Self { host, realm: dns_name(&settings.base_dn).to_uppercase() }
    }

    /// Its name as it stands in a ticket.
    fn name(&self) -> String {
        format!("ldap/{}", self.host)
    }

    /// What the library puts behind `ldap/`. MIT's would else take the default realm of `krb5.conf`, which need not be
    /// this domain's or there at all; SSPI finds it by itself.
    #[cfg(any(windows, feature = "kerberos"))]
    fn target(&self) -> String {
        if cfg!(windows) || self.realm.is_empty() { self.host.clone() } else { format!("{}@{}", self.host, self.realm) }
    }

    /// How to come by a ticket.
    fn how_to_get_one(&self) -> String {
        if cfg!(windows) {
            "sign in to Windows as a user of the domain (or `runas /netonly`), then try again; `klist` shows the tickets"
                .to_owned()
        } else {
            format!("get one with `kinit USER@{}`, then try again; `klist` shows what is there", self.realm)
        }
    }
}

/// Refuses before anything is sent: settings may come from a saved plan, which nobody has checked since.
pub fn refuse(settings: &AdSettings) -> Result<(), DirectoryError> {
    let refusal = |kind, reason: &str, hint: &str| {
        Err(DirectoryError::new(kind, format!("sign in to {} with Kerberos", settings.url), reason).with_hint(hint))
    };
    if names_an_address(&settings.url) {
        return refusal(
            ErrorKind::Refused,
            "Kerberos knows a domain controller by its name, and this is an address",
            "write the domain controller's full name in `url` of this [[ad]]",
        );
    }
    if !settings.is_encrypted() {
        return refusal(
            ErrorKind::Refused,
            "the connection is not encrypted, and a ticket does not protect what follows",
            "use an ldaps:// URL, or `starttls = true`",
        );
    }
    if !BUILT_IN {
        return refusal(
            ErrorKind::Refused,
            "this build of matchplan has no Kerberos",
            "build one that has it: `cargo install --path . --features kerberos` (on Debian with libkrb5-dev and \
             libclang-dev); or write `bind = \"simple\"` with a user and a password",
        );
    }
    Ok(())
}

/// Signs in. The system's library asks its files and the Kerberos servers without giving way, so it runs on a thread of
/// its own.
#[cfg(any(windows, feature = "kerberos"))]
pub(super) async fn sign_in(ldap: &ldap3::Ldap, service: &Service, what: &str) -> Result<(), DirectoryError> {
    use super::outcome::{During, from_error, from_result};
    use ldap3::LdapError;

    let (mut ldap, target) = (ldap.clone(), service.target());
    let runtime = tokio::runtime::Handle::current();
    let asked =
        tokio::task::spawn_blocking(move || runtime.block_on(async move { ldap.sasl_gssapi_bind(&target).await }));
    let Ok(asked) = tokio::time::timeout(SIGN_IN_TIMEOUT, asked).await else {
        return Err(DirectoryError::new(
            ErrorKind::Unreachable,
            what,
            "the Kerberos servers or the domain controller did not answer in time",
        )
        .with_hint(KDC_HINT));
    };
    let answer = asked.map_err(|error| DirectoryError::new(ErrorKind::Broken, what, one_line(&error.to_string())))?;
    match answer {
        Ok(answer) if answer.rc == 0 => Ok(()),
        Ok(answer) => {
            let error = from_result(&answer, During::Connect, what);
            Err(refused(error, answer.rc, &answer.text, service))
        }
        Err(LdapError::GssapiOperationError(words)) => Err(explained(&words, service, what)),
        Err(error) => Err(from_error(&error, During::Connect, what)),
    }
}

/// [`BUILT_IN`] says that it cannot, and [`refuse`] has said so before.
#[cfg(not(any(windows, feature = "kerberos")))]
#[expect(clippy::unused_async, reason = "the other build's waits")]
pub(super) async fn sign_in(_: &ldap3::Ldap, service: &Service, what: &str) -> Result<(), DirectoryError> {
    Err(DirectoryError::new(ErrorKind::Refused, what, format!("no ticket for {} in this build", service.name())))
}

/// How long a sign-in may take: a library that finds one Kerberos server dead asks the next.
#[cfg(any(windows, feature = "kerberos"))]
const SIGN_IN_TIMEOUT: std::time::Duration = std::time::Duration::from_mins(1);

const KDC_HINT: &str = "this computer finds the domain's Kerberos servers by DNS (`_kerberos._tcp` of the domain) or in \
                        krb5.conf, and must reach their port 88";

/// What the library's words mean. MIT's are matched in English, which is what it speaks to a program that has set no
/// language; Windows speaks the system's, so its codes count there (MS-ERREF 2.1).
pub fn explained(words: &str, service: &Service, what: &str) -> DirectoryError {
    let says = |any: &[&str]| any.iter().any(|part| words.contains(part));
    let (name, realm) = (service.name(), &service.realm);
    let (kind, meaning, hint) = if says(&["xpired"]) {
        (ErrorKind::Unauthenticated, "the Kerberos ticket has expired".to_owned(), service.how_to_get_one())
    } else if says(&["lock skew", "80090324"]) {
        (
            ErrorKind::Unauthenticated,
            "this computer's clock and the domain's differ by more than Kerberos allows (five minutes)".to_owned(),
            "set the time by NTP, then get a new ticket".to_owned(),
        )
    } else if says(&["not found in Kerberos database", "80090303"]) {
        (
            ErrorKind::Unauthenticated,
            format!("the domain knows no service {name}"),
            format!(
                "`url` must have a domain controller's own full name, not an alias and not the domain's name: \
                 `nltest /dclist:{}` or `Get-ADDomainController -Filter *` lists them",
                realm.to_lowercase()
            ),
        )
    } else if says(&["annot find KDC", "annot contact any KDC", "annot resolve", "80090311"]) {
        (
            ErrorKind::Unreachable,
            format!("no Kerberos server of {realm} could be found or reached"),
            KDC_HINT.to_owned(),
        )
    } else if says(&["credentials cache", "No Kerberos credentials", "No credentials", "8009030E"]) {
        (ErrorKind::Unauthenticated, "there is no Kerberos ticket".to_owned(), service.how_to_get_one())
    } else if says(&["have been revoked"]) {
        (
            ErrorKind::Unauthenticated,
            "the account of the ticket is disabled or locked".to_owned(),
            "have the account repaired, or get a ticket of another".to_owned(),
        )
    } else {
        (
            ErrorKind::Unauthenticated,
            format!("Kerberos gave no ticket for {name}"),
            format!("try `kvno {name}`; with KRB5_TRACE=/dev/stderr set, matchplan shows each step of Kerberos"),
        )
    };
    let words = one_line(words);
    DirectoryError::new(kind, what, format!("{meaning} ({words})")).with_hint(hint)
}

/// The domain controller's own refusal of a ticket; what a password has to do with in [`super::outcome`] is put right.
pub fn refused(error: DirectoryError, rc: u32, text: &str, service: &Service) -> DirectoryError {
    let words = one_line(text.trim_end_matches('\0'));
    let (meaning, hint) = match rc {
        49 if text.contains(BAD_BINDINGS) => (
            "the domain controller demands channel binding, and this ticket is not bound to its certificate".to_owned(),
            "connect to the domain controller itself, with nothing between that ends TLS; its certificate must be signed \
             with RSA (PKCS #1) or ECDSA, as the ticket cannot be bound to another"
                .to_owned(),
        ),
        49 => (
            format!("the domain controller does not accept the ticket for {}", service.name()),
            "compare the clocks; see that `url` leads to the very domain controller that it names; then get a new ticket"
                .to_owned(),
        ),
        8 => (
            "the domain controller accepts a ticket without signing on no connection, not even inside of TLS".to_owned(),
            "Samba before 4.21: `ldap server require strong auth = allow_sasl_over_tls` in smb.conf".to_owned(),
        ),
        _ => return error,
    };
    DirectoryError {
        detail: DirectoryError::new(error.kind, "", format!("{meaning} (LDAP {rc}: {words})")).detail,
        ..error
    }
    .with_hint(hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service() -> Service {
        Service { host: "dc1.corp.test".to_owned(), realm: "CORP.TEST".to_owned() }
    }

    #[test]
    fn what_the_library_says_is_explained() {
        // Each as MIT Kerberos 1.20 said it to this program, or as Windows documents it.
        for (words, kind, meaning, hint) in [
            (
                "No Kerberos credentials available (default cache: FILE:/tmp/krb5cc_0)",
                ErrorKind::Unauthenticated,
                "there is no Kerberos ticket",
                "kinit USER@CORP.TEST",
            ),
            ("Ticket expired", ErrorKind::Unauthenticated, "the Kerberos ticket has expired", "kinit USER@CORP.TEST"),
            ("Clock skew too great", ErrorKind::Unauthenticated, "clock", "NTP"),
            (
                "Server ldap/dc1.corp.test@CORP.TEST not found in Kerberos database",
                ErrorKind::Unauthenticated,
                "the domain knows no service ldap/dc1.corp.test",
                "/dclist:corp.test",
            ),
            (
                "Cannot contact any KDC for realm 'CORP.TEST'",
                ErrorKind::Unreachable,
                "no Kerberos server of CORP.TEST",
                "port 88",
            ),
            ("Cannot find KDC for realm \"CORP.TEST\"", ErrorKind::Unreachable, "no Kerberos server", "krb5.conf"),
            ("KDC has no support for encryption type", ErrorKind::Unauthenticated, "gave no ticket", "KRB5_TRACE"),
        ] {
            let error = explained(words, &service(), "sign in");
            assert_eq!(error.kind, kind, "{words}");
            assert!(error.detail.contains(meaning) && error.detail.contains(words), "{error}");
            let told = error.hint.unwrap();
            assert!(told.contains(hint) || cfg!(windows) && hint.contains("kinit"), "{words}: {told}");
        }
    }

    #[test]
    fn a_refusal_speaks_of_the_ticket_and_of_no_password() {
        let error =
            || DirectoryError::new(ErrorKind::Unauthenticated, "sign in", "the user name or the password is wrong");
        let bindings = "80090346: LdapErr: DSID-0C090716, comment: AcceptSecurityContext error, data 80090346, v4563\0";
        let told = refused(error(), 49, bindings, &service());
        assert!(told.detail.contains("channel binding") && !told.detail.contains('\0'), "{told}");
        let told = refused(error(), 49, "80090308: LdapErr: data 57", &service());
        assert!(told.detail.contains("ldap/dc1.corp.test") && !told.detail.contains("password"), "{told}");
        assert!(refused(error(), 8, "", &service()).hint.unwrap().contains("allow_sasl_over_tls"));
        assert_eq!(refused(error(), 53, "", &service()), error());
    }
}
