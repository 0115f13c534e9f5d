//! Secrets do not belong into files that are committed to git: they are refused where they are found, and they are
//! masked before anything of the file is shown, broken lines included.

use super::settings::SecretSource;
use super::table::{self, Node, path, text};
use crate::diagnostic::{Diagnostic, SourceId};
use std::ops::Range;

/// Keys whose plain value would be a secret; `-` and case do not matter.
const KEYS: [&str; 13] = [
    "password",
    "passwd",
    "passphrase",
    "pwd",
    "secret",
    "client_secret",
    "bind_password",
    "certificate_password",
    "token",
    "access_token",
    "refresh_token",
    "private_key",
    "api_key",
];

/// Whether a plain value of this key would be a secret.
pub(super) fn is_secret_key(key: &str) -> bool {
    let key = key.to_lowercase().replace('-', "_");
    KEYS.contains(&key.as_str())
}

/// The refusal of a secret at a place.
pub(super) fn refused(file: SourceId, span: Range<usize>, key: &str) -> Diagnostic {
    let known = if key.to_lowercase().contains("pass") || key.eq_ignore_ascii_case("pwd") {
        "password"
    } else if key.to_lowercase().contains("token") {
        "token"
    } else {
        "secret"
    };
    let variable = known.to_uppercase();
    Diagnostic::error(
        "secret-in-file",
        format!("`{key}` holds a secret, and this file is meant to be committed to git"),
    )
    .label(file, span, "say where the secret is, not what it is")
    .help(format!(
        "write `{known} = {{ env = \"MATCHPLAN_{variable}\" }}` and set that environment variable; \
             if the file was ever shared, change the secret"
    ))
}

/// Parts of a text that may be secrets, found without parsing: the text may be broken, and its lines will be shown.
/// From the `=` after a secret's key, a value that is not an inline table is hidden to the end of its line, a multi-line
/// string to its end. In a URL, what stands between `://` and `@`.
pub(super) fn suspects(text: &str) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = text
        .match_indices("://")
        .filter_map(|(at, mark)| {
            let start = at + mark.len();
            let host_ends = |c: char| c.is_whitespace() || matches!(c, '/' | '"' | '\'' | ',');
            let end = text[start..].find(host_ends).map_or(text.len(), |length| start + length);
            text[start..end].rfind('@').map(|length| start..start + length)
        })
        .collect();
    let mut behind = 0;
    for (equals, _) in text.match_indices('=') {
        if equals < behind {
            continue;
        }
        let before = text[..equals].trim_end_matches([' ', '\t']).trim_end_matches(['"', '\'']);
        let key_start = before
            .char_indices()
            .rev()
            .take_while(|(_, c)| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
            .last()
            .map_or(before.len(), |(at, _)| at);
        if !is_secret_key(&before[key_start..]) {
            continue;
        }
        let after = &text[equals + 1..];
        let value_start = equals + 1 + (after.len() - after.trim_start_matches([' ', '\t']).len());
        let value = &text[value_start..];
        if value.starts_with('{') {
            continue;
        }
        let length = ["\"\"\"", "'''"]
            .into_iter()
            .find(|quotes| value.starts_with(quotes))
            .map(|quotes| value[3..].find(quotes).map_or(value.len(), |at| at + 6))
            .or_else(|| value.find('\n'))
            .unwrap_or(value.len());
        behind = value_start + length;
        found.push(value_start..value_start + value[..length].trim_end().len());
    }
    found
}

/// Reads where a secret is found: `{ env = "NAME" }`, `{ file = "path" }`, or `"prompt"`.
pub(super) fn source(node: &Node<'_>) -> Option<SecretSource> {
    if node.as_text() == Some("prompt") {
        return Some(SecretSource::Prompt);
    }
    let mut table = secret_table(node)?;
    let env = table.take("env", env_name);
    let file = table.take("file", path);
    let (has_env, has_file) = (table.has("env"), table.has("file"));
    table.finish();
    match (env, file) {
        (Some(env), None) if !has_file => Some(SecretSource::Env(env.value)),
        (None, Some(file)) if !has_env => Some(SecretSource::File(file.value)),
        _ => {
            if has_env == has_file {
                let message = format!("{} must say one place: `env`, `file`, or \"prompt\"", node.name);
                node.sink.report(node.problem("bad-secret-source", message, "one of `env` and `file`"));
            }
            None
        }
    }
}

/// Reads `{ env = "NAME" }`.
pub(super) fn env_source(node: &Node<'_>) -> Option<String> {
    let mut table = secret_table(node)?;
    let env = table.require("env", "the environment variable that holds it", env_name);
    table.finish();
    env.map(|env| env.value)
}

/// The table that says where a secret is; anything else is taken for the secret.
fn secret_table<'a>(node: &Node<'a>) -> Option<table::Table<'a>> {
    let table = node.as_table();
    if let Some(table) = &table {
        table.mask_all_but(&["env", "file"]);
    } else {
        node.sink.mask(node.span.clone());
        node.sink.report(refused(node.sink.file, node.span.clone(), node.name.trim_matches('`')));
    }
    table
}

/// Reads the name of an environment variable. What is no name may be the secret itself, so it is not shown.
fn env_name(node: &Node<'_>) -> Option<String> {
    let name = text(node)?;
    let is_name =
        name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') && !name.starts_with(|c: char| c.is_ascii_digit());
    if !is_name {
        node.sink.mask(node.span.clone());
        node.sink.report(
            node.problem("bad-variable-name", "`env` is not the name of an environment variable", "not a name")
                .help("give the variable's name (letters, digits and `_`), not its value"),
        );
    }
    is_name.then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suspects_are_found_in_broken_text() {
        let hidden = |text: &str| -> Vec<String> { suspects(text).into_iter().map(|s| text[s].to_owned()).collect() };
        assert_eq!(hidden("password = \"hunter2\nx = 1"), ["\"hunter2"]);
        assert_eq!(hidden("ad = { bind-password='a=b', x = 1 }\r\n"), ["'a=b', x = 1 }"]);
        assert_eq!(hidden("\"Client_Secret\" =\"\"\"a\nb\"\"\" # c"), ["\"\"\"a\nb\"\"\""]);
        assert_eq!(hidden("url = 'ldaps://me:p@ss@dc01/x@y'"), ["me:p@ss"]);
        assert_eq!(hidden("password = { env = \"X\" }\npassword_hint = \"x\"\n= \"y\""), [] as [&str; 0]);
    }
}
