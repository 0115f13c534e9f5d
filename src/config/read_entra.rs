//! Reads `[entra]`: the tenant, its cloud, and how to sign in.

use super::secrets;
use super::settings::{Cloud, CredentialKind, EntraSettings, GraphLimits, SecretSource, TenantName};
use super::table::{Node, Table, count, parsed, path, word};
use super::urls::web_url;
use crate::diagnostic::Diagnostic;

/// Reads `[entra]`.
pub(super) fn entra(mut table: Table<'_>) -> Option<EntraSettings> {
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
    let limits = table.take_or("limits", GraphLimits::default(), limits);
    table.finish();
    Some(EntraSettings { tenant: tenant?.value, cloud: cloud?, credential: credential?, limits: limits? })
}

/// `{ writes = …, resource_units = … }`.
fn limits(node: &Node<'_>) -> Option<GraphLimits> {
    let Some(mut table) = node.as_table() else {
        node.wrong_type("a table such as { writes = 1500, resource_units = 4000 }");
        return None;
    };
    "`limits`".clone_into(&mut table.name);
    let writes = table.take("writes", count(GraphLimits::LEAST));
    let resource_units = table.take("resource_units", count(GraphLimits::LEAST));
    table.finish();
    Some(GraphLimits {
        writes: writes.map(|writes| writes.value),
        resource_units: resource_units.map(|units| units.value),
    })
}

/// A cloud's word, or `{ login = "https://…", graph = "https://…" }`.
fn cloud(node: &Node<'_>) -> Option<Cloud> {
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

fn client_id(node: &Node<'_>) -> Option<String> {
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
