//! What the shapes say of several keys at once: which goes with which.

use serde_json::{Value, json};

/// What a link of a group or contact cannot say.
pub(super) fn of_groups() -> Value {
    const OF_USERS: [&str; 8] =
        ["anchor", "roles", "upn", "primary_smtp", "addresses", "duplicate", "federated", "allow"];
    let mut properties: serde_json::Map<String, Value> =
        OF_USERS.iter().map(|key| ((*key).to_owned(), json!(false))).collect();
    properties.insert("match".to_owned(), json!({ "enum": ["auto", "soft"] }));
    json!({ "properties": properties })
}

/// With this credential, these keys are needed.
pub(super) fn needs(credential: &str, keys: &[&str]) -> Value {
    json!({
        "if": { "properties": { "credential": { "const": credential } }, "required": ["credential"] },
        "then": { "required": keys }
    })
}

/// This key has a meaning with these credentials only.
pub(super) fn only_with(key: &str, credentials: &[&str]) -> Value {
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
