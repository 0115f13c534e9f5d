//! Reads URLs, and refuses those over which a secret would travel in the open.

use super::table::{Node, text};
use std::net::IpAddr;
use url::{Host, Url};

/// Whether a host is this computer: `localhost`, 127.0.0.0/8 or ::1.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => {
            name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
        }
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

/// Whether the host is an IP address. In a scheme that the web does not know, `url` takes an IPv4 address for a name.
pub fn names_an_address(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name.parse::<IpAddr>().is_ok(),
        Some(Host::Ipv4(_) | Host::Ipv6(_)) => true,
        None => false,
    }
}

/// Reads a URL that has a host and nothing that could carry a secret or be lost: no user, query or fragment.
fn url(node: &Node<'_>, schemes: &[&str], example: &str) -> Option<Url> {
    let text = text(node)?;
    let problem = |message: String, label: &str| {
        node.sink.report(node.problem("bad-url", message, label).help(format!("write it as in \"{example}\"")));
        None
    };
    let url = match Url::parse(&text) {
        Ok(url) => url,
        Err(why) => {
            // It may have a password in it, and there is no telling where.
            if text.contains('@') {
                node.sink.mask(node.span.clone());
            }
            return problem(format!("{} is not a URL: {why}", node.name), "not a URL");
        }
    };
    if !url.username().is_empty() || url.password().is_some() {
        node.sink.mask(node.span.clone());
        return problem(format!("{} must not contain a user name or a password", node.name), "a user name before `@`");
    }
    if !schemes.contains(&url.scheme()) {
        let allowed = schemes.join("://, ");
        return problem(format!("{} must start with {allowed}://", node.name), "another scheme");
    }
    if url.host_str().is_none_or(str::is_empty) {
        return problem(format!("{} names no host", node.name), "no host");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return problem(format!("{} must end before `?` and `#`", node.name), "too long");
    }
    Some(url)
}

/// Reads an `https://` URL, or an `http://` one on loopback.
pub(super) fn web_url(node: &Node<'_>) -> Option<Url> {
    let url = url(node, &["https", "http"], "https://graph.example")?;
    if url.scheme() == "http" && !is_loopback(&url) {
        let message = format!("{} is not encrypted, and a token would travel in the open", node.name);
        node.sink
            .report(node.problem("plain-http", message, "http:// is for this computer only").help("write https://"));
        return None;
    }
    Some(url)
}

/// Reads `ldaps://host` or `ldap://host`. Whether an unencrypted one is allowed is for its `[[ad]]` to say.
pub(super) fn ldap_url(node: &Node<'_>) -> Option<Url> {
    const EXAMPLE: &str = "ldaps://dc01.corp.contoso.com";
    let url = url(node, &["ldaps", "ldap"], EXAMPLE)?;
    if !matches!(url.path(), "" | "/") {
        let problem = node.problem("bad-url", format!("{} must end after the host and port", node.name), "too long");
        node.sink.report(problem.help("the search base is `base_dn`"));
        return None;
    }
    if let Some(port @ (3268 | 3269)) = url.port() {
        node.sink.report(
            node.problem(
                "global-catalog",
                format!(
                    "port {port} is a Global Catalog, which is read-only and does not hold `mS-DS-ConsistencyGuid`"
                ),
                "a Global Catalog port",
            )
            .help("leave the port out: it is 636 for ldaps:// and 389 for ldap://"),
        );
        return None;
    }
    Some(url)
}
