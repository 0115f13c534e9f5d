//! The JSON Schemas in `schemas/`, generated from the types.
//!
//! An editor with a TOML or JSON language server completes and checks files by them. Draft 7, which those servers know
//! best.

use super::shape::{PlanFile, SettingsFile};
use crate::model::digest;
use schemars::generate::SchemaSettings;
use schemars::transform::transform_subschemas;
use schemars::{JsonSchema, Schema};
use serde_json::Value;

/// The schemas of the files that people write.
pub fn of_inputs() -> Vec<(&'static str, Value)> {
    vec![("matchplan.schema.json", of_toml::<SettingsFile>()), ("plan.schema.json", of_toml::<PlanFile>())]
}

/// The text of a schema's file.
pub fn to_file(schema: &Value) -> Result<String, serde_json::Error> {
    digest::to_canonical_file(schema)
}

/// The schema of a file that people write in TOML, which has no null.
fn of_toml<T: JsonSchema>() -> Value {
    SchemaSettings::draft07().with_transform(without_null).into_generator().into_root_schema_for::<T>().to_value()
}

/// Takes null out of a schema and everything below it.
fn without_null(schema: &mut Schema) {
    transform_subschemas(&mut without_null, schema);
    let Some(object) = schema.as_object_mut() else { return };
    if let Some(Value::Array(types)) = object.get_mut("type") {
        types.retain(|kind| kind != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            object.insert("type".to_owned(), only);
        }
    }
    if let Some(Value::Array(words)) = object.get_mut("enum") {
        words.retain(|word| !word.is_null());
    }
    let Some(Value::Array(mut ways)) = object.remove("anyOf") else { return };
    ways.retain(|way| way.get("type").is_none_or(|kind| kind != "null"));
    match (ways.len(), ways.pop()) {
        (1, Some(Value::Object(only))) => {
            for (key, value) in only {
                object.entry(key).or_insert(value);
            }
        }
        (_, last) => {
            ways.extend(last);
            object.insert("anyOf".to_owned(), Value::Array(ways));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn toml_has_no_null() {
        for (name, schema) in of_inputs() {
            assert!(jsonschema::meta::is_valid(&schema), "{name}");
            assert!(!schema.to_string().contains("null"), "{name}");
        }
    }
}
