//! Sealed files: canonical JSON with a `format_version`, and a `digest` over everything else.
//!
//! The saved plan and the state are such files. The digest detects accidents (a cut-off copy, a hand's edit), not
//! forgery: whoever edits a file can seal it again.
//!
//! A file of an older version is checked as it is, and then made one of today's by [`Upgrade`]s, one per version.

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
    #[error("its format version is {found}, and this matchplan reads up to {newest}")]
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

/// The member that holds the digest.
const SEAL: &str = "digest";

/// The digest over everything of a value but its own `digest`.
pub fn digest_of<T: Serialize>(value: &T) -> Result<String, serde_json::Error> {
    digest::without(value, SEAL)
}

/// The file form: canonical JSON with its digest filled in.
pub fn to_file<T: Serialize>(value: &T) -> Result<String, serde_json::Error> {
    sealed(value).map(|(text, _)| text)
}

/// The file form and the digest in it.
pub fn sealed<T: Serialize>(value: &T) -> Result<(String, String), serde_json::Error> {
    digest::to_sealed_file(value, SEAL)
}

/// Makes a file of one version one of the next, or says why it is not even a file of its own.
pub type Upgrade = fn(Value) -> Result<Value, String>;

/// Takes a value of format version `from` (1 and up) through every upgrade that follows. The first of `upgrades` leads
/// from version 1 to 2.
pub fn upgraded(value: Value, from: u64, upgrades: &[Upgrade]) -> Result<Value, String> {
    let before = usize::try_from(from.saturating_sub(1)).unwrap_or(usize::MAX);
    upgrades.iter().skip(before).try_fold(value, |value, upgrade| upgrade(value))
}

/// Reads the file form, and checks version and digest. A file of an older version is upgraded; the newest that can be
/// read is one more than there are `upgrades`. A byte order mark is tolerated.
///
/// `digest` stays what the file says, so that the file can be recognised.
pub fn from_file<T: DeserializeOwned>(text: &str, upgrades: &[Upgrade]) -> Result<T, SealError> {
    let newest = u32::try_from(upgrades.len()).unwrap_or(u32::MAX).saturating_add(1);
    let broken = |error: serde_json::Error| SealError::Broken(error.to_string());
    let value: Value = serde_json::from_str(text.strip_prefix('\u{feff}').unwrap_or(text)).map_err(broken)?;
    let member = |name: &str| value.get(name).ok_or_else(|| SealError::Broken(format!("it has no {name}")));
    let version = match member("format_version")?.as_u64() {
        Some(found) if found > u64::from(newest) => return Err(SealError::Newer { found, newest }),
        Some(found) if found > 0 => found,
        _ => return Err(SealError::Broken("its format_version is no version".to_owned())),
    };
    let found = member("digest")?.as_str().unwrap_or_default().to_owned();
    let computed = digest_of(&value).map_err(broken)?;
    let mut value = upgraded(value, version, upgrades).map_err(SealError::Broken)?;
    value["format_version"] = newest.into();
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
        let read: Value = from_file(&format!("\u{feff}{}", file.replace('\n', "\r\n")), &[]).unwrap();
        assert_eq!(read["a"], "x");
    }

    #[test]
    fn an_edit_a_cut_and_a_newer_version_are_told_apart() {
        let file = to_file(&json!({ "format_version": 1, "a": "x" })).unwrap();
        let read = |text: &str| from_file::<Value>(text, &[]);
        assert!(matches!(read(&file.replace("\"x\"", "\"y\"")), Err(SealError::Edited { .. })));
        assert!(matches!(read(&file[..file.len() / 2]), Err(SealError::Broken(_))));
        assert!(matches!(read(&file.replace(": 1", ": 2")), Err(SealError::Newer { found: 2, newest: 1 })));
        assert!(matches!(read("{}"), Err(SealError::Broken(_))));
        assert!(matches!(read("[]"), Err(SealError::Broken(_))));
        assert!(matches!(read(&file.replace(": 1", ": 0")), Err(SealError::Broken(_))));
    }

    #[test]
    fn an_older_file_goes_through_every_upgrade_that_follows_and_no_other() {
        fn add(mut value: Value, what: &str) -> Value {
            value["went"] = format!("{}{what}", value["went"].as_str().unwrap_or_default()).into();
            value
        }
        let upgrades: [Upgrade; 2] = [|value| Ok(add(value, "a")), |value| Ok(add(value, "b"))];
        let read = |version: u32| {
            let file = to_file(&json!({ "format_version": version })).unwrap();
            from_file::<Value>(&file, &upgrades)
        };
        for (version, went) in [(1, json!("ab")), (2, json!("b")), (3, Value::Null)] {
            let value = read(version).unwrap();
            assert_eq!((&value["went"], &value["format_version"]), (&went, &json!(3)));
        }
        assert!(matches!(read(4), Err(SealError::Newer { found: 4, newest: 3 })));
        let refused: [Upgrade; 1] = [|_| Err("it has no applies".to_owned())];
        let file = to_file(&json!({ "format_version": 1 })).unwrap();
        assert!(
            matches!(from_file::<Value>(&file, &refused), Err(SealError::Broken(why)) if why == "it has no applies")
        );
    }
}
