//! Where a tenant's sign-in and Graph are. Source: Microsoft Graph, "National cloud deployments".

use crate::config::settings::{EntraSettings, TenantName};
use crate::directory::error::{DirectoryError, ErrorKind};
use url::Url;

/// The addresses of one tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoints {
    /// Where tokens are asked for: `{login}/{tenant}/oauth2/v2.0/token`.
    pub token: Url,
    /// Graph's base, to which `/v1.0/…` or `/beta/…` is added.
    pub graph: Url,
    /// What a token is asked for: all permissions that were consented to.
    pub scope: String,
    /// The same for the Azure CLI, which names the resource and not the scope.
    pub resource: String,
    /// The tenant as the settings name it.
    pub tenant: TenantName,
}

impl Endpoints {
    /// The addresses that the settings lead to. Errors: a custom host that is no base of a URL.
    pub fn of(settings: &EntraSettings) -> Result<Self, DirectoryError> {
        let (login, resource) = (settings.cloud.login_host(), settings.cloud.graph_host());
        let parse = |text: &str| {
            Url::parse(text).ok().filter(|url| !url.cannot_be_a_base()).ok_or_else(|| {
                DirectoryError::new(ErrorKind::Broken, "read [entra]", format!("{text:?} is no web address"))
            })
        };
        Ok(Self {
            // A tenant's name is safe as a path segment by its type.
            token: parse(&format!("{login}/{}/oauth2/v2.0/token", settings.tenant))?,
            graph: parse(&resource)?,
            scope: format!("{resource}/.default"),
            resource,
            tenant: settings.tenant.clone(),
        })
    }

    /// Whether Graph is on this machine (the lab): then no proxy is between.
    pub fn is_loopback(&self) -> bool {
        match self.graph.host() {
            Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
            Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
            Some(url::Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::settings::{Cloud, CredentialKind, GraphLimits};

    fn of(cloud: Cloud) -> Endpoints {
        let tenant = TenantName::parse("contoso.onmicrosoft.com").unwrap();
        Endpoints::of(&EntraSettings {
            tenant,
            cloud,
            credential: CredentialKind::AzureCli,
            limits: GraphLimits::default(),
        })
        .unwrap()
    }

    #[test]
    fn every_cloud_has_its_own_hosts() {
        let global = of(Cloud::Global);
        assert_eq!(
            global.token.as_str(),
            "https://login.microsoftonline.com/contoso.onmicrosoft.com/oauth2/v2.0/token"
        );
        assert_eq!(global.scope, "https://graph.microsoft.com/.default");
        assert_eq!(of(Cloud::Dod).graph.as_str(), "https://dod-graph.microsoft.us/");
        assert!(!global.is_loopback());
        let local = |url: &str| of(Cloud::Custom { login: url.parse().unwrap(), graph: url.parse().unwrap() });
        assert!(local("http://127.0.0.1:99").is_loopback() && local("http://[::1]:99").is_loopback());
    }
}
