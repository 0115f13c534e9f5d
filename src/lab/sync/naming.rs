//! Which UPN a user gets in the cloud. Source: *UPN population*; for the characters and lengths, "Prepare for directory
//! synchronization to Microsoft 365".

use super::report::{ErrorCode, ExportError};
use super::view::ImportedUser;
use crate::lab::world::cloud::Cloud;

/// The UPN that AD says: `userPrincipalName`, or `sAMAccountName@domain` where that is empty.
pub fn on_premises_upn(user: &ImportedUser) -> String {
    let implied = || format!("{}@{}", user.sam.as_deref().unwrap_or_default(), user.domain);
    user.upn.clone().unwrap_or_else(implied)
}

/// The UPN that the cloud makes of it: the same if its suffix is a verified domain, else
/// `<MailNickName>@<initial domain>`.
pub fn cloud_upn(user: &ImportedUser, cloud: &Cloud) -> Result<String, ExportError> {
    let upn = on_premises_upn(user);
    let (prefix, suffix) = upn.rsplit_once('@').unwrap_or((&upn, ""));
    let verified = cloud.domains.iter().any(|d| d.is_verified && d.id.eq_ignore_ascii_case(suffix));
    if !verified {
        return Ok(format!("{}@{}", mail_nickname(user), initial_domain(cloud)));
    }
    match flaw(prefix, suffix) {
        None => Ok(upn),
        Some(flaw) => {
            let detail = format!("userPrincipalName {upn}: {flaw}");
            Err(ExportError::new(ErrorCode::IdentityDataValidationFailed, detail))
        }
    }
}

/// The tenant's first domain.
pub fn initial_domain(cloud: &Cloud) -> &str {
    let initial = cloud.domains.iter().find(|d| d.is_initial).or_else(|| cloud.domains.first());
    initial.map_or("", |d| d.id.as_str())
}

/// `MailNickName`: the first of AD's mailNickname and the prefixes of primary SMTP, mail, UPN, secondary SMTP.
pub fn mail_nickname(user: &ImportedUser) -> String {
    let prefix = |address: &str| address.rsplit_once('@').map_or(address, |(prefix, _)| prefix).to_owned();
    let alias = || user.proxy_addresses.iter().find_map(|a| a.smtp_address());
    user.mail_nickname
        .clone()
        .or_else(|| user.primary_smtp().map(prefix))
        .or_else(|| user.mail.as_deref().map(prefix))
        .or_else(|| user.upn.as_deref().map(prefix))
        .or_else(|| alias().map(prefix))
        .unwrap_or_else(|| user.sam.clone().unwrap_or_default())
}

/// What is wrong with a UPN of these parts.
fn flaw(prefix: &str, suffix: &str) -> Option<&'static str> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "'.-_!#^~".contains(c);
    if prefix.is_empty() {
        Some("nothing stands before the @")
    } else if !prefix.chars().all(allowed) {
        Some("it has a character that Microsoft Entra ID does not allow")
    } else if prefix.ends_with('.') {
        Some("a full stop stands before the @")
    } else if prefix.len() > 64 || suffix.len() > 48 {
        Some("it is longer than 64 characters before the @ or 48 after")
    } else {
        None
    }
}
