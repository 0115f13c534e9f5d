//! Reads `matchplan.toml` into [`Settings`].

use super::matchplan::CloudSelector;
use super::secrets;
use super::settings::{
    AdSettings, Bind, Cloud, Command, CredentialKind, Engine, EntraSettings, Guard, Hold, OnTimeout, SecretSource,
    Settings, SyncSettings, TenantName, Trigger,
};
use super::table::{
    At, Node, Sink, Table, count, dn, duration, flag, list_of, parsed, path, report_word, table, tables, text, word,
};
use crate::diagnostic::Diagnostic;
use crate::model::anchor::SourceAnchor;
use crate::model::dn::Dn;
use crate::model::id::DomainName;
use std::net::IpAddr;
use std::ops::Range;
use std::path::PathBuf;
use toml::de::DeValue;
use url::{Host, Url};

/// Settings, and the places that later checks against match plans point to.
pub(super) struct ReadSettings {
    pub(super) settings: Settings,
    /// `on_timeout`, where it is written.
    pub(super) on_timeout: Option<Range<usize>>,
}

/// Reads all of it; `None` if something is wrong.
pub(super) fn read(mut root: Table<'_>) -> Option<ReadSettings> {
    let sink = root.sink;
    let entra = root.require("entra", "the tenant and how to sign in", table("[entra]")).and_then(|at| entra(at.value));
    let ad = root.require("ad", "at least one domain, as [[ad]]", tables("[[ad]]"));
    let ad = ad.and_then(|domains| domains_of(sink, domains));
    let has_sync = root.has("sync");
    let sync = root.take("sync", table("[sync]"));
    let (sync, on_timeout) = match sync {
        Some(table) => sync_of(table.value, ad.as_deref()).unzip(),
        None => ((!has_sync).then(SyncSettings::default), None),
    };
    let has_guard = root.has("guard");
    let guard = match root.take("guard", table("[guard]")) {
        Some(table) => guard(table.value),
        None => (!has_guard).then(Guard::default),
    };
    let plan_ttl = root.take_or("plan_ttl", Settings::DEFAULT_PLAN_TTL, duration);
    let state = root.take_or("state", PathBuf::from(Settings::DEFAULT_STATE), path);
    root.finish();
    let settings = Settings { entra: entra?, ad: ad?, sync: sync?, guard: guard?, plan_ttl: plan_ttl?, state: state? };
    Some(ReadSettings { settings, on_timeout: on_timeout.flatten() })
}

fn entra(mut table: Table<'_>) -> Option<EntraSettings> {
    let tenant = table.require(
        "tenant",
        "which tenant to work in",
        parsed(
            "bad-tenant",
            "not a tenant",
            "write the initial domain (contoso.onmicrosoft.com), a verified domain, or the tenant id",
            TenantName::parse,
        ),
    );
    let cloud = table.take_or("cloud", Cloud::Global, cloud);
    let credential = credential(&mut table);
    table.finish();
    Some(EntraSettings { tenant: tenant?.value, cloud: cloud?, credential: credential? })
}

/// A cloud's word, or `{ login = "https://…", graph = "https://…" }`.
fn cloud(node: Node<'_>) -> Option<Cloud> {
    const WORDS: [(&str, Cloud); 4] =
        [("global", Cloud::Global), ("gcc-high", Cloud::GccHigh), ("dod", Cloud::Dod), ("china", Cloud::China)];
    let Some(mut hosts) = node.as_table() else {
        return word(&WORDS)(node);
    };
    "`cloud`".clone_into(&mut hosts.name);
    let login = hosts.require("login", "where tokens come from, such as \"https://login.example\"", web_url);
    let graph = hosts.require("graph", "where Microsoft Graph is, such as \"https://graph.example\"", web_url);
    hosts.finish();
    Some(Cloud::Custom { login: login?.value, graph: graph?.value })
}

/// The kinds of credentials, as words.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    AzureCli,
    ClientSecret,
    ClientCertificate,
    AccessToken,
}

fn credential(table: &mut Table<'_>) -> Option<CredentialKind> {
    const WORDS: [(&str, Kind); 4] = [
        ("azure-cli", Kind::AzureCli),
        ("client-secret", Kind::ClientSecret),
        ("client-certificate", Kind::ClientCertificate),
        ("access-token", Kind::AccessToken),
    ];
    const OWNERS: [(&str, &[Kind]); 5] = [
        ("client_id", &[Kind::ClientSecret, Kind::ClientCertificate]),
        ("secret", &[Kind::ClientSecret]),
        ("certificate_file", &[Kind::ClientCertificate]),
        ("key_file", &[Kind::ClientCertificate]),
        ("token", &[Kind::AccessToken]),
    ];
    let kind = table.take_or("credential", Kind::AzureCli, word(&WORDS));
    let needs_app = matches!(kind, Some(Kind::ClientSecret | Kind::ClientCertificate));
    let client_id = if needs_app {
        table.require("client_id", "the application that signs in", client_id)
    } else {
        table.take("client_id", client_id)
    };
    let secret =
        table.take_or("secret", SecretSource::Env(CredentialKind::DEFAULT_SECRET_ENV.to_owned()), secrets::source);
    let certificate_file = if kind == Some(Kind::ClientCertificate) {
        table.require("certificate_file", "the PEM file with the certificate", path)
    } else {
        table.take("certificate_file", path)
    };
    let has_key = table.has("key_file");
    let key_file = table.take("key_file", path).map(|at| at.value);
    let token = table.take_or("token", CredentialKind::DEFAULT_TOKEN_ENV.to_owned(), secrets::env_source);
    let kind = kind?;
    let word = WORDS.iter().find(|(_, known)| *known == kind).map_or("", |(word, _)| *word);
    let mut surplus = false;
    for (key, owners) in OWNERS {
        if let Some(span) = table.key_span(key).filter(|_| !owners.contains(&kind)) {
            surplus = true;
            let wanted: Vec<&str> =
                WORDS.iter().filter(|(_, known)| owners.contains(known)).map(|(word, _)| *word).collect();
            table.sink.report(
                Diagnostic::error("unused-key", format!("`{key}` has no meaning with `credential = \"{word}\"`"))
                    .label(table.sink.file, span, "not used")
                    .help(format!("take it out, or write `credential = \"{}\"`", wanted.join("\" or \""))),
            );
        }
    }
    if surplus {
        return None;
    }
    match kind {
        Kind::AzureCli => Some(CredentialKind::AzureCli),
        Kind::ClientSecret => Some(CredentialKind::ClientSecret { client_id: client_id?.value, secret: secret? }),
        Kind::ClientCertificate if has_key && key_file.is_none() => None,
        Kind::ClientCertificate => Some(CredentialKind::ClientCertificate {
            client_id: client_id?.value,
            certificate_file: certificate_file?.value,
            key_file,
        }),
        Kind::AccessToken => Some(CredentialKind::AccessToken { env: token? }),
    }
}

fn client_id(node: Node<'_>) -> Option<String> {
    parsed(
        "bad-client-id",
        "not an application id",
        "write the Application (client) id of the app registration",
        |text: &str| match uuid::Uuid::try_parse(text) {
            Ok(id) if text.len() == 36 => Ok(id.to_string()),
            _ => Err(format!("{text:?} is not a GUID")),
        },
    )(node)
}

/// Whether a host is this computer: `localhost`, 127.0.0.0/8 or ::1.
fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => {
            name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
        }
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

/// Reads a URL that has a host and nothing that could carry a secret or be lost: no user, query or fragment.
fn url(node: &Node<'_>, schemes: &[&str], example: &str) -> Option<Url> {
    let text = text(node.clone())?;
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
fn web_url(node: Node<'_>) -> Option<Url> {
    let url = url(&node, &["https", "http"], "https://graph.example")?;
    if url.scheme() == "http" && !is_loopback(&url) {
        let message = format!("{} is not encrypted, and a token would travel in the open", node.name);
        node.sink
            .report(node.problem("plain-http", message, "http:// is for this computer only").help("write https://"));
        return None;
    }
    Some(url)
}

fn ldap_url(node: Node<'_>) -> Option<Url> {
    const EXAMPLE: &str = "ldaps://dc01.corp.contoso.com";
    let url = url(&node, &["ldaps", "ldap"], EXAMPLE)?;
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

fn domains_of(sink: &Sink, domains: At<Vec<At<Table<'_>>>>) -> Option<Vec<AdSettings>> {
    if domains.value.is_empty() {
        sink.report(
            Diagnostic::error("missing-key", "there must be at least one domain")
                .label(sink.file, domains.span, "an empty list")
                .help("write an [[ad]] section"),
        );
        return None;
    }
    let read: Vec<Option<(AdSettings, Range<usize>, Range<usize>)>> =
        domains.value.into_iter().map(|at| domain(at.value)).collect();
    let mut good = true;
    let mut seen: Vec<&(AdSettings, Range<usize>, Range<usize>)> = Vec::new();
    for entry in read.iter().flatten() {
        let (ad, name, base) = entry;
        for (other, other_name, other_base) in &seen {
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
    let all: Option<Vec<AdSettings>> = read.into_iter().map(|entry| entry.map(|(ad, ..)| ad)).collect();
    all.filter(|_| good)
}

/// Reads one `[[ad]]`; also gives the places of its name and base.
fn domain(mut table: Table<'_>) -> Option<(AdSettings, Range<usize>, Range<usize>)> {
    let sink = table.sink;
    let name = table.require("name", "a short name for the domain, such as \"corp\"", domain_name);
    let url = table.require("url", "a domain controller, such as \"ldaps://dc01.corp.contoso.com\"", ldap_url);
    let starttls = table.take_or("starttls", false, flag);
    let allow_plain = table.take_or("allow_plain", false, flag);
    let (has_ca, ca_file) = (table.has("ca_file"), table.take("ca_file", path).map(|at| at.value));
    let base_dn = table.require("base_dn", "the domain's top, such as \"DC=corp,DC=contoso,DC=com\"", dn);
    let bind = bind(&mut table);
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
    if !encrypted && !starttls && !allow_plain && !is_loopback(&url.value) {
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
    Some((settings, name.span, base_dn.span))
}

/// Reads a domain's name: it becomes a part of link ids and of `domain\user`, so it is a plain word.
fn domain_name(node: Node<'_>) -> Option<DomainName> {
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

fn bind(table: &mut Table<'_>) -> Option<Bind> {
    let method = table.take_or("bind", (), |node| {
        let text = text(node.clone())?;
        if ["kerberos", "gssapi", "negotiate", "sspi", "integrated"].contains(&text.to_lowercase().as_str()) {
            node.sink.report(
                node.problem(
                    "unsupported-bind",
                    "signing in to AD with Kerberos is not supported yet",
                    "not supported yet",
                )
                .help("write `bind = \"simple\"` with a user and a password, over ldaps:// or with `starttls = true`"),
            );
            return None;
        }
        if text != "simple" {
            report_word(&node, &text, &["simple"]);
            return None;
        }
        Some(())
    });
    let user = table.require("user", "who signs in: a DN, a UPN or DOMAIN\\user", text);
    let password = table.require(
        "password",
        "where the password is, such as `{ env = \"MATCHPLAN_AD_PASSWORD\" }`, `{ file = \"…\" }` or \"prompt\"",
        secrets::source,
    );
    method?;
    Some(Bind::Simple { user: user?.value, password: password?.value })
}

/// Reads the anchor attribute's name, in any case, as AD takes it.
fn source_anchor(node: Node<'_>) -> Option<SourceAnchor> {
    const KNOWN: [SourceAnchor; 2] = [SourceAnchor::ConsistencyGuid, SourceAnchor::ObjectGuid];
    let text = text(node.clone())?;
    let read = KNOWN.into_iter().find(|known| known.attribute() == text);
    if read.is_none() {
        report_word(&node, &text, &KNOWN.map(SourceAnchor::attribute));
    }
    read
}

/// Reads `[sync]`; also gives the place of `on_timeout`.
fn sync_of(mut table: Table<'_>, ad: Option<&[AdSettings]>) -> Option<(SyncSettings, Option<Range<usize>>)> {
    const ENGINES: [(&str, Engine); 2] = [("connect", Engine::Connect), ("cloud-sync", Engine::CloudSync)];
    const ON_TIMEOUT: [(&str, OnTimeout); 2] = [("withdraw", OnTimeout::Withdraw), ("hold", OnTimeout::Hold)];
    let sink = table.sink;
    let engine = table.take_or("engine", Engine::default(), word(&ENGINES));
    let has_ous = table.has("synced_ous");
    let synced_ous = table.take("synced_ous", list_of(dn));
    let trigger = table.take_or("trigger", Trigger::Wait, trigger);
    let has_status = table.has("status");
    let status = table.take("status", command);
    let pair = ["hold", "release"].map(|key| table.key_span(key));
    let (hold, release) = (table.take("hold", command), table.take("release", command));
    let timeout = table.take_or("timeout", SyncSettings::DEFAULT_TIMEOUT, duration);
    let (has_poll, poll) = (table.key_span("poll"), table.take_or("poll", SyncSettings::DEFAULT_POLL, duration));
    let on_timeout_at = table.key_span("on_timeout");
    let on_timeout = table.take_or("on_timeout", OnTimeout::default(), word(&ON_TIMEOUT));
    table.finish();

    let mut good = true;
    let mut refuse = |diagnostic: Diagnostic| {
        good = false;
        sink.report(diagnostic);
    };
    match pair.clone() {
        [Some(span), None] => refuse(
            Diagnostic::error("hold-without-release", "`hold` without `release` would leave the scheduler stopped")
                .label(sink.file, span, "`release` is missing")
                .help("add the command that starts the scheduler again as `release = { command = […] }`"),
        ),
        [None, Some(span)] => refuse(
            Diagnostic::error("release-without-hold", "`release` without `hold` has nothing to release")
                .label(sink.file, span, "`hold` is missing")
                .help("add the command that stops the scheduler as `hold = { command = […] }`, or take `release` out"),
        ),
        _ => {}
    }
    if let (Some(poll), Some(timeout)) = (poll, timeout)
        && poll >= timeout
    {
        refuse(Diagnostic::error("out-of-range", "`poll` must be shorter than `timeout`").label(
            sink.file,
            has_poll.unwrap_or(0..0),
            "the cloud would be looked at once at most",
        ));
    }
    for (at, ou) in synced_ous.iter().flat_map(|list| &list.value).enumerate() {
        let known = ad.is_none_or(|domains| domains.iter().any(|domain| ou.value.is_under(&domain.base_dn)));
        if !known {
            refuse(outside_of_domains(sink, ou, "synced_ous"));
        }
        let earlier = synced_ous.iter().flat_map(|list| list.value.iter().take(at));
        if let Some(first) = earlier.into_iter().find(|first| first.value == ou.value) {
            refuse(
                Diagnostic::error("duplicate-ou", "the same OU stands twice in `synced_ous`")
                    .label(sink.file, ou.span.clone(), "again")
                    .label(sink.file, first.span.clone(), "first here"),
            );
        }
    }
    if !good || (has_ous && synced_ous.is_none()) || (has_status && status.is_none()) {
        return None;
    }
    let hold = match (pair, hold, release) {
        ([None, None], ..) => None,
        (_, Some(hold), Some(release)) => Some(Hold { hold: hold.value, release: release.value }),
        _ => return None,
    };
    let settings = SyncSettings {
        engine: engine?,
        synced_ous: synced_ous.into_iter().flat_map(|list| list.value).map(|ou| ou.value).collect(),
        trigger: trigger?,
        status: status.map(|at| at.value),
        hold,
        timeout: timeout?,
        poll: poll?,
        on_timeout: on_timeout?,
    };
    Some((settings, on_timeout_at))
}

/// The refusal of an OU that lies in no configured domain.
pub(super) fn outside_of_domains(sink: &Sink, ou: &At<Dn>, key: &str) -> Diagnostic {
    Diagnostic::error("outside-of-domains", format!("this OU of `{key}` lies in none of the configured domains"))
        .label(sink.file, ou.span.clone(), "under no [[ad]] base_dn")
        .help("check the spelling of its DC= parts, or add the domain as [[ad]]")
}

/// `"wait"`, or `{ command = [...] }`.
fn trigger(node: Node<'_>) -> Option<Trigger> {
    match node.value {
        DeValue::Table(_) => command(node).map(Trigger::Command),
        _ => word(&[("wait", Trigger::Wait)])(node),
    }
}

/// `{ command = ["program", "argument", …] }`.
fn command(node: Node<'_>) -> Option<Command> {
    let name = node.name.clone();
    let mut table = table("a command")(node)?;
    table.name = name;
    let words = table.require("command", "the program and its arguments, as a list", |node| {
        let words = list_of(argument)(node.clone())?;
        let command = Command::try_from(words.into_iter().map(|at| at.value).collect::<Vec<_>>());
        command
            .map_err(|why| {
                node.sink.report(
                    node.problem("empty-command", format!("{}: {why}", node.name), "no program here").help(
                        "write the program and its arguments as a list, such as [\"pwsh\", \"-File\", \"sync.ps1\"]",
                    ),
                );
            })
            .ok()
    });
    table.finish();
    words.map(|at| at.value)
}

/// A command's word: may be empty (an empty argument is one), but no program can be given a NUL.
fn argument(node: Node<'_>) -> Option<String> {
    match node.as_text() {
        Some("") => Some(String::new()),
        Some(text) if text.contains('\0') => {
            node.sink.report(node.problem(
                "empty-command",
                format!("{} contains a NUL", node.name),
                "no program takes this",
            ));
            None
        }
        Some(text) => Some(text.to_owned()),
        None => text(node),
    }
}

fn guard(mut table: Table<'_>) -> Option<Guard> {
    let default = Guard::default();
    let max_links = table.take_or("max_links", default.max_links, count(1));
    let max_role_removals = table.take_or("max_role_removals", default.max_role_removals, count(0));
    let max_suspended = table.take_or("max_suspended", default.max_suspended, count(1));
    let min_global_admins = table.take_or("min_global_admins", default.min_global_admins, count(1));
    let max_failures = table.take_or("max_failures", default.max_failures, count(0));
    let has_protect = table.has("protect");
    let protect = table.take("protect", list_of(cloud_user));
    table.finish();
    if has_protect && protect.is_none() {
        return None;
    }
    Some(Guard {
        max_links: max_links?,
        max_role_removals: max_role_removals?,
        max_suspended: max_suspended?,
        min_global_admins: min_global_admins?,
        max_failures: max_failures?,
        protect: protect.into_iter().flat_map(|list| list.value).map(|at| at.value).collect(),
    })
}

/// Reads a cloud user's UPN or object id.
pub(super) fn cloud_user(node: Node<'_>) -> Option<CloudSelector> {
    parsed(
        "bad-cloud-user",
        "not a cloud user",
        "write the user principal name, such as \"jane.doe@contoso.com\", or the object id",
        CloudSelector::parse,
    )(node)
}
