//! What the reader accepts, refuses, and says.

mod accepted;
mod agreement;
mod recipients;
mod refused;

use super::{Config, read};
use crate::diagnostic::{Diagnostic, Sources, render_all};

/// Settings that are right, with one domain, a synced OU and nothing else.
pub(super) const SETTINGS: &str = r#"version = 1
[entra]
tenant = "contoso.onmicrosoft.com"
[[ad]]
name = "corp"
url = "ldaps://dc01.corp.contoso.com"
base_dn = "DC=corp,DC=contoso,DC=com"
user = "svc@corp.contoso.com"
password = { env = "AD_PASSWORD" }
[sync]
synced_ous = ["OU=Users,DC=corp,DC=contoso,DC=com"]
"#;

/// A second domain, to be put behind [`SETTINGS`].
pub(super) const SECOND_DOMAIN: &str = r#"
[[ad]]
name = "lab"
url = "ldap://127.0.0.1:1389"
base_dn = "DC=lab"
user = "CN=admin,DC=lab"
password = "prompt"
"#;

pub(super) fn read_both(settings: &str, plan: &str) -> (Option<Config>, Vec<Diagnostic>, Sources) {
    read(("matchplan.toml", settings), &[("plans/a.toml", plan)])
}

/// What a person sees of settings or a match plan with problems.
pub(super) fn drawn(settings: &str, plan: &str) -> String {
    let (config, found, sources) = read_both(settings, plan);
    assert_eq!(config.is_none(), found.iter().any(Diagnostic::is_error));
    render_all(&found, &sources, false, 100)
}

/// The codes of all problems, in order.
pub(super) fn codes(settings: &str, plan: &str) -> Vec<&'static str> {
    read_both(settings, plan).1.iter().map(|problem| problem.code).collect()
}
