//! Entity types: their properties, and what a query may do with each.

use crate::lab::graph::answer::{Object, Refusal};
use crate::lab::graph::request::Version;
use serde_json::Value;

/// What kind of value a property has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A text.
    Text,
    /// `true` or `false`.
    Bool,
    /// A point in time.
    Date,
    /// A whole number.
    Int,
    /// A list of texts.
    Texts,
    /// A list of objects.
    Objects,
    /// An object.
    Object,
}

impl Kind {
    /// OData's name.
    pub const fn edm(self) -> &'static str {
        match self {
            Self::Text => "Edm.String",
            Self::Bool => "Edm.Boolean",
            Self::Date => "Edm.DateTimeOffset",
            Self::Int => "Edm.Int32",
            Self::Texts => "Collection(Edm.String)",
            Self::Objects => "a collection",
            Self::Object => "a complex value",
        }
    }
}

/// What a filter does with a property.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// `eq` with a value.
    Eq,
    /// `ne`.
    Ne,
    /// `ge`.
    Ge,
    /// `le`.
    Le,
    /// `in`.
    In,
    /// `startsWith`.
    StartsWith,
    /// `eq null`.
    Null,
    /// `endsWith`.
    EndsWith,
}

impl Use {
    /// As it is written.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Eq | Self::Null => "eq",
            Self::Ne => "ne",
            Self::Ge => "ge",
            Self::Le => "le",
            Self::In => "in",
            Self::StartsWith => "startsWith",
            Self::EndsWith => "endsWith",
        }
    }
}

/// Whether something works, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Always.
    Default,
    /// With `ConsistencyLevel: eventual` and `$count=true`.
    Advanced,
    /// Not at all.
    Never,
}

/// A property.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Property {
    /// The name.
    pub name: &'static str,
    /// The kind.
    pub kind: Kind,
    /// One letter for each of `eq ne not ge le in startsWith null endsWith`: `D` by default, `A` advanced, `-` never.
    support: &'static str,
    /// Whether it is answered without `$select`.
    pub shown: bool,
}

/// A property that is answered without being selected.
pub const fn shown(name: &'static str, kind: Kind, support: &'static str) -> Property {
    Property { name, kind, support, shown: true }
}

/// A property that is answered only if it is selected.
pub const fn asked(name: &'static str, kind: Kind, support: &'static str) -> Property {
    Property { name, kind, support, shown: false }
}

impl Property {
    /// Whether a filter may use it so.
    pub fn level(&self, used: Use) -> Level {
        let column = match used {
            Use::Eq => 0,
            Use::Ne => 1,
            Use::Ge => 3,
            Use::Le => 4,
            Use::In => 5,
            Use::StartsWith => 6,
            Use::Null => 7,
            Use::EndsWith => 8,
        };
        match self.support.as_bytes().get(column) {
            Some(b'D') => Level::Default,
            Some(b'A') => Level::Advanced,
            _ => Level::Never,
        }
    }
}

/// An entity type, and what its collection can do.
#[derive(Debug)]
pub struct EntityType {
    /// The type's name, such as `user`.
    pub name: &'static str,
    /// Its properties in v1.0.
    pub properties: &'static [Property],
    /// Properties that only beta has.
    pub beta_properties: &'static [Property],
    /// The properties that `$orderby` knows.
    pub order: &'static [(&'static str, Level)],
    /// The properties that `$expand` knows.
    pub expand: &'static [&'static str],
    /// Whether `$filter` works at all.
    pub has_filter: bool,
    /// Whether the rules of advanced queries hold.
    pub is_directory_object: bool,
    /// The number of items on a page without `$top`; `None` for a collection that is never paged.
    pub page: Option<usize>,
}

impl EntityType {
    /// The directory's name of it, such as `User`.
    pub fn resource(&self) -> String {
        let mut name = self.name.to_owned();
        if let Some(first) = name.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        name
    }

    fn find(&self, name: &str, version: Version) -> Option<&'static Property> {
        let beta = if version == Version::Beta { self.beta_properties } else { &[] };
        self.properties.iter().chain(beta).find(|p| p.name.eq_ignore_ascii_case(name))
    }

    fn unknown(&self, name: &str) -> String {
        format!("Could not find a property named '{name}' on type 'microsoft.graph.{}'.", self.name)
    }

    /// A property by name, in any case.
    pub fn property(&self, name: &str, version: Version) -> Option<&'static Property> {
        self.find(name, version)
    }

    /// A property that a `$select` names; of a path, its first segment.
    ///
    /// # Errors
    /// Graph's words for an unknown property, or for one that only beta has.
    pub fn selectable(&self, name: &str, version: Version) -> Result<&'static Property, Refusal> {
        let first = name.split('/').next().unwrap_or(name);
        self.find(first, version)
            .ok_or_else(|| Refusal::odata(format!("Parsing OData Select and Expand failed: {}", self.unknown(first))))
    }

    /// A property that a `$filter` names. Beta's own properties document no filter.
    ///
    /// # Errors
    /// Graph's words for an unknown property.
    pub fn filterable(&self, name: &str) -> Result<&'static Property, Refusal> {
        self.find(name, Version::Beta)
            .ok_or_else(|| Refusal::odata(format!("Invalid filter clause: {}", self.unknown(name))))
    }

    /// The object with exactly these properties; what it lacks is null or an empty list.
    pub fn project(&self, mut object: Object, properties: &[&'static Property]) -> Object {
        properties
            .iter()
            .map(|p| {
                let missing =
                    if matches!(p.kind, Kind::Texts | Kind::Objects) { Value::Array(vec![]) } else { Value::Null };
                (p.name.to_owned(), object.remove(p.name).unwrap_or(missing))
            })
            .collect()
    }

    /// The properties that are answered without `$select`.
    pub fn shown(&self) -> Vec<&'static Property> {
        self.properties.iter().filter(|p| p.shown).collect()
    }
}
