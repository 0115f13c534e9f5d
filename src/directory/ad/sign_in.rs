//! Signing in to a domain controller, as the settings say.

use super::kerberos::{self, Service};
use super::outcome::{During, from_error, from_result};
use crate::config::is_loopback;
use crate::config::settings::{AdSettings, Bind};
use crate::directory::error::{DirectoryError, ErrorKind};
use ldap3::Ldap;
use secrecy::{ExposeSecret as _, SecretString};
use std::time::Duration;
use url::Url;

/// Refuses what must not be tried, before anything is sent.
///
/// Errors: a plain connection that is not allowed; an empty user or password, which AD would take for an anonymous bind
/// and call a success (RFC 4513 section 5.1.2); with Kerberos, an address in place of a name, and a build without it.
pub(super) fn refuse(settings: &AdSettings, password: &SecretString) -> Result<(), DirectoryError> {
    let user = match &settings.bind {
        Bind::Kerberos => return kerberos::refuse(settings),
        Bind::Simple { user, .. } => user,
    };
    refuse_plain(settings)?;
    if password.expose_secret().is_empty() || user.is_empty() {
        return Err(DirectoryError::new(
            ErrorKind::Unauthenticated,
            format!("sign in to {}", settings.name),
            "the user or the password is empty, and LDAP would take that for an anonymous sign-in",
        )
        .with_hint("check where [[ad]] says that the password is found"));
    }
    Ok(())
}

/// Signs in at the domain controller that `url` leads to, over a connection that was just opened.
pub(super) async fn sign_in(
    ldap: &mut Ldap,
    settings: &AdSettings,
    password: &SecretString,
    url: &Url,
    patience: Duration,
) -> Result<(), DirectoryError> {
    let user = match &settings.bind {
        Bind::Kerberos => {
            let what = format!("sign in to {url} with Kerberos");
            return kerberos::sign_in(ldap, &Service::of(settings, url), &what).await;
        }
        Bind::Simple { user, .. } => user,
    };
    let what = format!("sign in to {url} as {user}");
    let bound = ldap
        .with_timeout(patience)
        .simple_bind(user, password.expose_secret())
        .await
        .map_err(|e| from_error(&e, During::Connect, what.clone()))?;
    if bound.rc == 0 { Ok(()) } else { Err(from_result(&bound, During::Connect, what)) }
}

/// A plain connection shows the password to everyone on the way.
fn refuse_plain(settings: &AdSettings) -> Result<(), DirectoryError> {
    if settings.is_encrypted() || is_loopback(&settings.url) || settings.allow_plain {
        return Ok(());
    }
    Err(DirectoryError::new(
        ErrorKind::Refused,
        format!("sign in to {}", settings.url),
        "the password would cross the network unencrypted",
    )
    .with_hint("use an ldaps:// URL, or `starttls = true`"))
}
