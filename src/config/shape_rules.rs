//! The shape's rules between keys of one table: which need, and which exclude, each other.

use serde_json::{Value, json};

/// What a link of a group or contact cannot say.
pub(super) fn of_groups() -> Value {
    const OF_USERS: [&str; 8] =
        ["anchor", "roles", "upn", "primary_smtp", "addresses", "duplicate", "federated", "allow"];
    let refused: serde_json::Map<String, Value> =
        OF_USERS.iter().map(|key| ((*key).to_owned(), json!(false))).collect();
    let mut properties = refused;
    properties.insert("match".to_owned(), json!({ "enum": ["auto", "soft"] }));
    json!({ "properties": properties })
}

/// Only Cloud Sync provisions on demand.
pub(super) fn on_demand_in_the_cloud() -> Value {
    json!({
        "if": { "properties": { "trigger": { "type": "object", "required": ["provision_on_demand"] } }, "required": ["trigger"] },
        "then": { "properties": { "engine": { "const": "cloud-sync" } }, "required": ["engine"] }
    })
}

/// Which keys of `[entra]` belong to which credential.
pub(super) fn of_credentials() -> Value {
    json!([
        needs("client-secret", &["client_id"]),
        needs("client-certificate", &["client_id", "certificate_file"]),
        only_with("client_id", &["client-secret", "client-certificate"]),
        only_with("secret", &["client-secret"]),
        only_with("certificate_file", &["client-certificate"]),
        only_with("key_file", &["client-certificate"]),
        only_with("token", &["access-token"]),
    ])
}

/// With this credential, these keys are needed.
fn needs(credential: &str, keys: &[&str]) -> Value {
    json!({
        "if": { "properties": { "credential": { "const": credential } }, "required": ["credential"] },
        "then": { "required": keys }
    })
}

/// This key has a meaning with these credentials only.
fn only_with(key: &str, credentials: &[&str]) -> Value {
    json!({
        "if": { "required": [key] },
        "then": { "properties": { "credential": { "enum": credentials } }, "required": ["credential"] }
    })
}

/// A simple bind needs a user and a password; with Kerberos neither has a meaning.
pub(super) fn simple_or_kerberos() -> Value {
    json!({
        "if": { "properties": { "bind": { "const": "kerberos" } }, "required": ["bind"] },
        "then": { "properties": { "user": false, "password": false } },
        "else": { "required": ["user", "password"] }
    })
}
