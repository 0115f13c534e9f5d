//! Canonical JSON and its SHA-256.
//!
//! Digests are taken over the *parsed* value in canonical form (members sorted, no white space), never over file bytes:
//! git may change line ends, an editor may re-indent. A digest detects accidents, not forgery.

use super::visible::escape_json;
use serde::Serialize;
use serde_json::Value;
use std::fmt::Write as _;

/// Lower-case hexadecimal.
pub fn hex(octets: &[u8]) -> String {
    octets.iter().fold(String::with_capacity(octets.len() * 2), |mut out, octet| {
        let _ = write!(out, "{octet:02x}");
        out
    })
}

/// `sha256:` and the hexadecimal SHA-256 of some bytes.
pub fn of_bytes(bytes: &[u8]) -> String {
    format!("sha256:{}", hex(ring::digest::digest(&ring::digest::SHA256, bytes).as_ref()))
}

/// The value with all members sorted, whatever map `serde_json` was built with.
fn canonical<T: Serialize>(value: &T) -> Result<Value, serde_json::Error> {
    let mut value = serde_json::to_value(value)?;
    value.sort_all_objects();
    Ok(value)
}

/// The digest of a value's canonical JSON.
pub fn of<T: Serialize>(value: &T) -> Result<String, serde_json::Error> {
    Ok(of_bytes(serde_json::to_string(&canonical(value)?)?.as_bytes()))
}

/// The canonical file form: members sorted, two-space indentation, a line feed at the end, hidden characters escaped: such
/// a file is read by people, in a review and in a terminal.
pub fn to_canonical_file<T: Serialize>(value: &T) -> Result<String, serde_json::Error> {
    serde_json::to_string_pretty(&canonical(value)?).map(|text| escape_json(&text).into_owned() + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn member_order_does_not_matter() {
        let a: Value = serde_json::from_str(r#"{"b":1,"a":[1,2]}"#).unwrap();
        let b: Value = serde_json::from_str("{\r\n \"a\": [1, 2], \"b\": 1 }").unwrap();
        assert_eq!(of(&a).unwrap(), of(&b).unwrap());
        assert_eq!(to_canonical_file(&a).unwrap(), "{\n  \"a\": [\n    1,\n    2\n  ],\n  \"b\": 1\n}\n");
    }
}
