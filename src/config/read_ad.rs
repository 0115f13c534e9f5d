//! Reads `[[ad]]`: the domains and how to reach them.

use super::secrets;
use super::settings::{AdSettings, Bind};
use super::table::{At, Node, Sink, Table, dn, flag, parsed, path, report_word, text};
use super::urls::{is_loopback, ldap_url, names_an_address};
use crate::diagnostic::Diagnostic;
use crate::model::anchor::SourceAnchor;
use crate::model::id::DomainName;
use std::ops::Range;
use url::Url;

/// One `[[ad]]`, and where its name and base stand.
struct ReadDomain {
    settings: AdSettings,
    name: Range<usize>,
    base: Range<usize>,
}

/// Reads all domains; `None` if one is wrong, or two are the same.
pub(super) fn domains_of(sink: &Sink, domains: At<Vec<At<Table<'_>>>>) -> Option<Vec<AdSettings>> {
    if domains.value.is_empty() {
        sink.report(
            Diagnostic::error("missing-key", "there must be at least one domain")
                .label(sink.file, domains.span, "an empty list")
                .help("write an [[ad]] section"),
        );
        return None;
    }
    let read: Vec<Option<ReadDomain>> = domains.value.into_iter().map(|at| domain(at.value)).collect();
    let mut good = true;
    let mut seen: Vec<&ReadDomain> = Vec::new();
    for entry in read.iter().flatten() {
        let ReadDomain { settings: ad, name, base } = entry;
        for ReadDomain { settings: other, name: other_name, base: other_base } in &seen {
            if other.name.as_str().eq_ignore_ascii_case(ad.name.as_str()) {
                good = false;
                sink.report(
                    Diagnostic::error("duplicate-domain", format!("two domains are called {:?}", ad.name.as_str()))
                        .label(sink.file, name.clone(), "the same name again")
                        .label(sink.file, other_name.clone(), "first used here"),
                );
            } else if other.base_dn == ad.base_dn {
                good = false;
                sink.report(
                    Diagnostic::error("duplicate-domain", "two domains have the same `base_dn`")
                        .label(sink.file, base.clone(), "the same base again")
                        .label(sink.file, other_base.clone(), "first used here")
                        .help("every domain is one [[ad]] section; its users would be found twice"),
                );
            }
        }
        seen.push(entry);
    }
    let all: Option<Vec<AdSettings>> = read.into_iter().map(|entry| entry.map(|entry| entry.settings)).collect();
    all.filter(|_| good)
}

/// Reads one `[[ad]]`.
fn domain(mut table: Table<'_>) -> Option<ReadDomain> {
    let sink = table.sink;
    let name = table.require("name", "a short name for the domain, such as \"corp\"", domain_name);
    let url = table.require("url", "a domain controller, such as \"ldaps://dc01.corp.contoso.com\"", ldap_url);
    let starttls = table.take_or("starttls", false, flag);
    let allow_plain = table.take_or("allow_plain", false, flag);
    let (has_ca, ca_file) = (table.has("ca_file"), table.take("ca_file", path).map(|at| at.value));
    let base_dn = table.require("base_dn", "the domain's top, such as \"DC=corp,DC=contoso,DC=com\"", dn);
    let (method, bind) = bind(&mut table);
    let source_anchor = table.take_or("source_anchor", SourceAnchor::default(), source_anchor);
    table.finish();
    let (url, starttls, allow_plain) = (url?, starttls?, allow_plain?);
    let encrypted = url.value.scheme() == "ldaps";
    if encrypted && starttls {
        sink.report(
            Diagnostic::error(
                "starttls-on-ldaps",
                "`starttls` does not go with ldaps://, which is encrypted from the start",
            )
            .label(sink.file, url.span, "already encrypted")
            .help("take `starttls` out, or write ldap://"),
        );
        return None;
    }
    if method == Some(Method::Kerberos) {
        if !kerberos_can_use(sink, &url, encrypted || starttls) {
            return None;
        }
    } else if !encrypted && !starttls && !allow_plain && !is_loopback(&url.value) {
        sink.report(
            Diagnostic::error("plain-ldap", "this connection is not encrypted: the password and all attributes would travel in the open")
                .label(sink.file, url.span, "plain LDAP to another computer")
                .help("write ldaps://, or add `starttls = true`; where neither is possible, `allow_plain = true` accepts the risk"),
        );
        return None;
    }
    if has_ca && ca_file.is_none() {
        return None;
    }
    let (name, base_dn) = (name?, base_dn?);
    let settings = AdSettings {
        name: name.value,
        url: url.value,
        starttls,
        allow_plain,
        ca_file,
        base_dn: base_dn.value,
        bind: bind?,
        source_anchor: source_anchor?,
    };
    Some(ReadDomain { settings, name: name.span, base: base_dn.span })
}

/// Reads a domain's name: it becomes a part of link ids and of `domain\user`, so it is a plain word.
fn domain_name(node: &Node<'_>) -> Option<DomainName> {
    parsed(
        "bad-domain-name",
        "not a plain word",
        "use letters, digits, `-`, `_` and `.`, such as \"corp\"",
        |text: &str| {
            let plain = text.len() <= 64 && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
            if plain { Ok(DomainName::from(text)) } else { Err(format!("{text:?} is not a plain word")) }
        },
    )(node)
}

/// The two ways to sign in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Method {
    Simple,
    Kerberos,
}

/// Reads the way to sign in, and what it needs; the way is known also where the rest is wrong.
fn bind(table: &mut Table<'_>) -> (Option<Method>, Option<Bind>) {
    let method = table.take_or("bind", Method::Simple, |node| {
        let text = text(node)?;
        match text.as_str() {
            "simple" => return Some(Method::Simple),
            "kerberos" => return Some(Method::Kerberos),
            _ => {}
        }
        if ["gssapi", "negotiate", "sspi", "integrated", "spnego"].contains(&text.to_lowercase().as_str()) {
            node.sink.report(
                node.problem("unknown-word", format!("{} cannot be {text:?}", node.name), "not one of the words")
                    .help("to sign in with a Kerberos ticket, write `bind = \"kerberos\"`"),
            );
        } else {
            report_word(node, &text, &["simple", "kerberos"]);
        }
        None
    });
    if method == Some(Method::Kerberos) {
        return (method, kerberos(table));
    }
    let user = table.require("user", "who signs in: a DN, a UPN or DOMAIN\\user", text);
    let password = table.require(
        "password",
        "where the password is, such as `{ env = \"MATCHPLAN_AD_PASSWORD\" }`, `{ file = \"…\" }` or \"prompt\"",
        secrets::source,
    );
    let simple = |_| Some(Bind::Simple { user: user?.value, password: password?.value });
    (method, method.and_then(simple))
}

/// The ticket says who signs in: another name beside it would only look as if it did.
fn kerberos(table: &mut Table<'_>) -> Option<Bind> {
    let stray = [
        table.has("user").then(|| ("user", table.take("user", text).is_some())),
        table.has("password").then(|| ("password", table.take("password", secrets::source).is_some())),
    ];
    let mut good = true;
    // What could not be read at all is reported already.
    for (key, read) in stray.into_iter().flatten() {
        good = false;
        if let Some(span) = table.key_span(key).filter(|_| read) {
            table.sink.report(
                Diagnostic::error(
                    "kerberos-with-user",
                    format!("`{key}` does not go with `bind = \"kerberos\"`: the ticket says who signs in"),
                )
                .label(table.sink.file, span, "take this line out")
                .help(
                    "choose the user when you get the ticket, as in `kinit svc-matchplan@CORP.CONTOSO.COM`; to sign in \
                       with a user and a password, write `bind = \"simple\"`",
                ),
            );
        }
    }
    good.then_some(Bind::Kerberos)
}

/// Kerberos goes by names, and signs in inside of TLS only.
fn kerberos_can_use(sink: &Sink, url: &At<Url>, encrypted: bool) -> bool {
    if names_an_address(&url.value) {
        sink.report(
            Diagnostic::error(
                "kerberos-needs-name",
                "Kerberos knows a domain controller by its name, not by an address",
            )
            .label(sink.file, url.span.clone(), "an address")
            .help("write the domain controller's full name, as in \"ldaps://dc01.corp.contoso.com\""),
        );
        return false;
    }
    if !encrypted {
        sink.report(
            Diagnostic::error(
                "kerberos-needs-tls",
                "`bind = \"kerberos\"` needs TLS: the ticket proves who signs in, and does not protect what follows",
            )
            .label(sink.file, url.span.clone(), "plain LDAP")
            .help("write ldaps://, or add `starttls = true`; `allow_plain` is for `bind = \"simple\"` alone"),
        );
    }
    encrypted
}

/// Reads the anchor attribute's name, in any case, as AD takes it.
fn source_anchor(node: &Node<'_>) -> Option<SourceAnchor> {
    const KNOWN: [SourceAnchor; 2] = [SourceAnchor::ConsistencyGuid, SourceAnchor::ObjectGuid];
    let text = text(node)?;
    let read = KNOWN.into_iter().find(|known| known.attribute() == text);
    if read.is_none() {
        report_word(node, &text, &KNOWN.map(SourceAnchor::attribute));
    }
    read
}
