//! The shape of `[tenant]`: a key for each switch that Graph names.

use crate::model::cloud::SyncFeature;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};
use std::borrow::Cow;

/// How switches of the tenant's directory synchronization are to stand, by Graph's names.
pub(super) struct TenantFeatures;

impl JsonSchema for TenantFeatures {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "TenantFeatures".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let flag = |feature: &SyncFeature| (feature.name().to_owned(), json!({ "type": "boolean" }));
        let properties: serde_json::Map<String, Value> = SyncFeature::ALL.iter().map(flag).collect();
        json_schema!({
            "description": "How switches of the tenant's directory synchronization are to stand, by Graph's names.",
            "type": "object",
            "properties": properties,
            "additionalProperties": false,
        })
    }
}
