//! The JSON Schemas of every file that people or programs read: `schemas/` holds what this generates, and a test keeps
//! it fresh.

use crate::config::schema;
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::Value;

/// Every schema: the name of its file in `schemas/`, and the schema.
pub fn all() -> Vec<(&'static str, Value)> {
    let mut all = schema::of_inputs();
    all.push(("saved-plan.schema.json", of::<crate::plan::document::Plan>()));
    all.push(("snapshot.schema.json", of::<crate::snapshot::document::Snapshot>()));
    all.push(("lint-report.schema.json", of::<crate::rules::lint::run::LintReport>()));
    all.push(("suggestions.schema.json", of::<crate::suggest::document::Suggestions>()));
    all.push(("events.schema.json", of_output::<crate::report::stream::Line>()));
    all.push(("state.schema.json", of::<crate::state::ledger::State>()));
    #[cfg(feature = "lab")]
    all.push(("lab-world.schema.json", of::<crate::lab::world::World>()));
    all
}

/// The schema of a JSON file.
fn of<T: JsonSchema>() -> Value {
    SchemaSettings::draft07().into_generator().into_root_schema_for::<T>().to_value()
}

/// The schema of JSON that is only written: what may be left out need not be there.
fn of_output<T: JsonSchema>() -> Value {
    SchemaSettings::draft07().for_serialize().into_generator().into_root_schema_for::<T>().to_value()
}

#[cfg(all(test, feature = "lab"))]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "the test reads, and on request writes, the repository's schemas")]
    fn schemas_are_fresh() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas");
        for (name, schema) in all() {
            assert!(jsonschema::meta::is_valid(&schema), "{name}");
            let (path, wanted) = (folder.join(name), schema::to_file(&schema).unwrap());
            if std::env::var_os("MATCHPLAN_BLESS").is_some() {
                std::fs::create_dir_all(&folder).unwrap();
                std::fs::write(&path, &wanted).unwrap();
            }
            let found = std::fs::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n");
            assert!(
                found == wanted,
                "schemas/{name} is out of date: run `MATCHPLAN_BLESS=1 cargo test schemas_are_fresh`"
            );
        }
    }
}
