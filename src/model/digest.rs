//! Canonical JSON and its SHA-256.
//!
//! Digests are taken over the *parsed* value in canonical form (members sorted, no white space), never over file bytes:
//! git may change line ends, an editor may re-indent. A digest detects accidents, not forgery.

use super::visible::escape_json;
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
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

/// The digest of a value's canonical JSON.
pub fn of<T: Serialize>(value: &T) -> Result<String, serde_json::Error> {
    let mut hash = Hash::new();
    walk(value, None, &mut hash)?;
    Ok(hash.finish())
}

/// The same, with a member of the value left empty.
pub(super) fn without<T: Serialize>(value: &T, member: &str) -> Result<String, serde_json::Error> {
    let mut hash = Hash::new();
    walk(value, Some(member), &mut hash)?;
    Ok(hash.finish())
}

/// The canonical file form: members sorted, two-space indentation, a line feed at the end, hidden characters escaped: such
/// a file is read by people, in a review and in a terminal.
pub fn to_canonical_file<T: Serialize>(value: &T) -> Result<String, serde_json::Error> {
    let mut file = File::default();
    walk(value, None, &mut file)?;
    file.text.push('\n');
    Ok(file.text)
}

/// The canonical file form with a member that is the digest of everything else, and that digest.
pub(super) fn to_sealed_file<T: Serialize>(value: &T, member: &str) -> Result<(String, String), serde_json::Error> {
    let mut both = (Hash::new(), File::default());
    walk(value, Some(member), &mut both)?;
    let (hash, File { mut text, blank }) = both;
    let digest = hash.finish();
    if let Some(at) = blank {
        text.insert_str(at, &digest);
    }
    text.push('\n');
    Ok((text, digest))
}

/// What takes canonical JSON part for part.
trait Sink {
    /// What stands between values: as it is in compact JSON, and in a file.
    fn between(&mut self, compact: &str, spaced: &str);

    /// A whole value, so deep in the document.
    fn value(&mut self, value: &Value, depth: usize) -> Result<(), serde_json::Error>;

    /// A text that is left empty.
    fn blank(&mut self);
}

/// Hands a value's canonical JSON to a sink, member for member and item for item: the whole of a large plan, taken apart,
/// would fill ten times the memory of its text.
fn walk<T: Serialize>(value: &T, blank: Option<&str>, to: &mut impl Sink) -> Result<(), serde_json::Error> {
    let text = serde_json::to_string(value)?;
    let sorted = |text: &str| {
        serde_json::from_str(text).map(|mut value: Value| {
            value.sort_all_objects();
            value
        })
    };
    if !text.starts_with('{') {
        return to.value(&sorted(&text)?, 0);
    }
    let members: BTreeMap<String, &RawValue> = serde_json::from_str(&text)?;
    let mut members: BTreeMap<String, Option<&RawValue>> =
        members.into_iter().map(|(n, text)| (n, Some(text))).collect();
    members.extend(blank.map(|member| (member.to_owned(), None)));
    let mut before = ("{", "{\n  ");
    for (name, member) in &members {
        to.between(before.0, before.1);
        before = (",", ",\n  ");
        to.value(&Value::from(name.as_str()), 0)?;
        to.between(":", ": ");
        match member.map(RawValue::get) {
            None => to.blank(),
            Some(text) if text.starts_with('[') && text != "[]" => {
                let items: Vec<&RawValue> = serde_json::from_str(text)?;
                let mut before = ("[", "[\n    ");
                for item in items {
                    to.between(before.0, before.1);
                    before = (",", ",\n    ");
                    to.value(&sorted(item.get())?, 2)?;
                }
                to.between("]", "\n  ]");
            }
            Some(text) => to.value(&sorted(text)?, 1)?,
        }
    }
    if members.is_empty() {
        to.between("{}", "{}");
    } else {
        to.between("}", "\n}");
    }
    Ok(())
}

struct Hash(ring::digest::Context);

impl Hash {
    fn new() -> Self {
        Self(ring::digest::Context::new(&ring::digest::SHA256))
    }

    fn finish(self) -> String {
        format!("sha256:{}", hex(self.0.finish().as_ref()))
    }
}

impl Sink for Hash {
    fn between(&mut self, compact: &str, _: &str) {
        self.0.update(compact.as_bytes());
    }

    fn value(&mut self, value: &Value, _: usize) -> Result<(), serde_json::Error> {
        self.0.update(serde_json::to_string(value)?.as_bytes());
        Ok(())
    }

    fn blank(&mut self) {
        self.0.update(b"\"\"");
    }
}

#[derive(Default)]
struct File {
    text: String,
    /// Where the text stands that was left empty.
    blank: Option<usize>,
}

impl Sink for File {
    fn between(&mut self, _: &str, spaced: &str) {
        self.text.push_str(spaced);
    }

    fn value(&mut self, value: &Value, depth: usize) -> Result<(), serde_json::Error> {
        let text = serde_json::to_string_pretty(value)?;
        // Line feeds stand between JSON's values only.
        let indented = text.replace('\n', &format!("\n{}", "  ".repeat(depth)));
        self.text.push_str(&escape_json(&indented));
        Ok(())
    }

    fn blank(&mut self) {
        self.text.push_str("\"\"");
        self.blank = Some(self.text.len() - 1);
    }
}

impl Sink for (Hash, File) {
    fn between(&mut self, compact: &str, spaced: &str) {
        self.0.between(compact, spaced);
        self.1.between(compact, spaced);
    }

    fn value(&mut self, value: &Value, depth: usize) -> Result<(), serde_json::Error> {
        self.0.value(value, depth)?;
        self.1.value(value, depth)
    }

    fn blank(&mut self) {
        self.0.blank();
        self.1.blank();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn anything() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            "[a-c\\n\"\u{202e}\\\\]{0,3}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            let member = ("[a-d]{0,2}", inner.clone());
            prop_oneof![
                proptest::collection::vec(inner, 0..4).prop_map(Value::from),
                proptest::collection::vec(member, 0..4)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn part_for_part_is_the_same_as_all_at_once(value in anything()) {
            let mut sorted = value.clone();
            sorted.sort_all_objects();
            let pretty = serde_json::to_string_pretty(&sorted).unwrap();
            prop_assert_eq!(to_canonical_file(&value).unwrap(), escape_json(&pretty).into_owned() + "\n");
            prop_assert_eq!(of(&value).unwrap(), of_bytes(serde_json::to_string(&sorted).unwrap().as_bytes()));
        }
    }

    #[test]
    fn a_seal_is_the_digest_of_the_same_without_it() {
        for digest in [json!("old"), json!("")] {
            let (file, digest) =
                to_sealed_file(&json!({ "b": [{ "x": 1 }], "digest": digest, "e": 2 }), "digest").unwrap();
            assert_eq!(digest, of(&json!({ "b": [{ "x": 1 }], "digest": "", "e": 2 })).unwrap());
            assert_eq!(file, to_canonical_file(&json!({ "b": [{ "x": 1 }], "digest": digest, "e": 2 })).unwrap());
        }
    }

    #[test]
    fn member_order_does_not_matter() {
        let a: Value = serde_json::from_str(r#"{"b":1,"a":[1,2]}"#).unwrap();
        let b: Value = serde_json::from_str("{\r\n \"a\": [1, 2], \"b\": 1 }").unwrap();
        assert_eq!(of(&a).unwrap(), of(&b).unwrap());
        assert_eq!(to_canonical_file(&a).unwrap(), "{\n  \"a\": [\n    1,\n    2\n  ],\n  \"b\": 1\n}\n");
    }
}
