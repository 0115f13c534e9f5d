//! Sealed files: canonical JSON with a `format_version`, and a `digest` over everything else.
//!
//! The saved plan and the state are such files. The digest detects accidents (a cut-off copy, a hand's edit), not
//! forgery: whoever edits a file can seal it again.

use super::digest;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Why a sealed file cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// Not JSON, cut short, or another kind of file.
    #[error("it is not whole, or not a file of this kind: {0}")]
    Broken(String),
    /// Written by a newer version.
    #[error("its format version is {found}; this matchplan reads up to {newest}")]
    Newer {
        /// The version found.
        found: u64,
        /// The newest that can be read.
        newest: u32,
    },
    /// The digest does not fit the content.
    #[error("it was changed after it was written: its digest is {found}, its content's is {computed}")]
    Edited {
        /// The digest in the file.
        found: String,
        /// The digest of what the file holds.
        computed: String,
    },
}

/// The value without its digest, and its digest.
fn seal_of<T: Serialize>(value: &T) -> Result<(Value, String), serde_json::Error> {
    let mut value = serde_json::to_value(value)?;
    value["digest"] = Value::String(String::new());
    let computed = digest::of(&value)?;
    Ok((value, computed))
}

/// The digest over everything of a value but its own `digest`.
pub fn digest_of<T: Serialize>(value: &T) -> Result<String, serde_json::Error> {
    seal_of(value).map(|(_, computed)| computed)
}

/// The file form: canonical JSON with its digest filled in.
pub fn to_file<T: Serialize>(value: &T) -> Result<String, serde_json::Error> {
    sealed(value).map(|(text, _)| text)
}

/// The file form and the digest in it.
pub fn sealed<T: Serialize>(value: &T) -> Result<(String, String), serde_json::Error> {
    let (mut value, computed) = seal_of(value)?;
    value["digest"] = Value::String(computed.clone());
    Ok((digest::to_canonical_file(&value)?, computed))
}

/// Reads the file form, and checks version (at most `newest`) and digest. A byte order mark is tolerated.
pub fn from_file<T: DeserializeOwned>(text: &str, newest: u32) -> Result<T, SealError> {
    let broken = |error: serde_json::Error| SealError::Broken(error.to_string());
    let value: Value = serde_json::from_str(text.strip_prefix('\u{feff}').unwrap_or(text)).map_err(broken)?;
    let member = |name: &str| value.get(name).ok_or_else(|| SealError::Broken(format!("it has no {name}")));
    let version = member("format_version")?.as_u64();
    match version {
        Some(found) if found > u64::from(newest) => return Err(SealError::Newer { found, newest }),
        Some(_) => {}
        None => return Err(SealError::Broken("its format_version is no number".to_owned())),
    }
    let found = member("digest")?.as_str().unwrap_or_default().to_owned();
    let computed = digest_of(&value).map_err(broken)?;
    // The shape first: a file of another kind is not an edited one.
    let read = serde_json::from_value(value).map_err(broken)?;
    if found == computed { Ok(read) } else { Err(SealError::Edited { found, computed }) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_sealed_file_reads_back_whatever_git_did_to_its_line_ends() {
        let file = to_file(&json!({ "format_version": 1, "b": [1], "a": "x" })).unwrap();
        let read: Value = from_file(&format!("\u{feff}{}", file.replace('\n', "\r\n")), 1).unwrap();
        assert_eq!(read["a"], "x");
    }

    #[test]
    fn an_edit_a_cut_and_a_newer_version_are_told_apart() {
        let file = to_file(&json!({ "format_version": 1, "a": "x" })).unwrap();
        let read = |text: &str| from_file::<Value>(text, 1);
        assert!(matches!(read(&file.replace("\"x\"", "\"y\"")), Err(SealError::Edited { .. })));
        assert!(matches!(read(&file[..file.len() / 2]), Err(SealError::Broken(_))));
        assert!(matches!(read(&file.replace(": 1", ": 2")), Err(SealError::Newer { found: 2, newest: 1 })));
        assert!(matches!(read("{}"), Err(SealError::Broken(_))));
        assert!(matches!(read("[]"), Err(SealError::Broken(_))));
    }
}
