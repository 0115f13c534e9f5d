//! The attributes that describe a person: no part of matching, but overwritten by a takeover.
//!
//! Source: Microsoft, "Microsoft Entra Connect Sync: Attributes synchronized to Microsoft Entra ID", table "Microsoft 365
//! Apps for enterprise" and "Exchange Online".

use super::texts::Texts;
use schemars::JsonSchema;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

macro_rules! profile_attributes {
    ($($(#[$doc:meta])* $name:ident: $ad:literal => $graph:literal,)*) => {
        /// An attribute of a person on both sides.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        pub enum ProfileAttribute {
            $($(#[$doc])* #[serde(rename = $graph)] $name,)*
        }

        impl ProfileAttribute {
            /// Every attribute.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// Its place among the bits of a [`Profile`].
            const fn bit(self) -> u16 {
                1 << self as u16
            }

            /// AD's name for it.
            pub const fn ad_name(self) -> &'static str {
                match self { $(Self::$name => $ad,)* }
            }

            /// Graph's name for it.
            pub const fn graph_name(self) -> &'static str {
                match self { $(Self::$name => $graph,)* }
            }
        }
    };
}

profile_attributes! {
    /// The town.
    City: "l" => "city",
    /// The company.
    Company: "company" => "companyName",
    /// The country as text.
    Country: "co" => "country",
    /// The department.
    Department: "department" => "department",
    /// The number in the personnel department.
    EmployeeId: "employeeID" => "employeeId",
    /// The fax number.
    Fax: "facsimileTelephoneNumber" => "faxNumber",
    /// The title.
    JobTitle: "title" => "jobTitle",
    /// The mobile telephone.
    Mobile: "mobile" => "mobilePhone",
    /// The room or building.
    Office: "physicalDeliveryOfficeName" => "officeLocation",
    /// The postal code.
    PostalCode: "postalCode" => "postalCode",
    /// The language.
    Language: "preferredLanguage" => "preferredLanguage",
    /// The state or province.
    State: "st" => "state",
    /// The street.
    Street: "streetAddress" => "streetAddress",
    /// The telephone. Graph holds at most one in `businessPhones`.
    Telephone: "telephoneNumber" => "businessPhones",
    /// The country as two letters, which decides about licences.
    UsageLocation: "msExchUsageLocation" => "usageLocation",
}

/// A person's attributes; what is absent is not in here.
#[derive(Clone, Default, PartialEq, Eq, JsonSchema)]
#[schemars(with = "BTreeMap<ProfileAttribute, String>")]
pub struct Profile {
    /// The attributes that have a value: a bit each.
    present: u16,
    /// Their values, in the order of the attributes.
    values: Texts,
}

impl Profile {
    /// Nothing about anybody.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether there is no attribute.
    pub const fn is_empty(&self) -> bool {
        self.present == 0
    }

    /// The attributes that have a value, in order.
    pub fn iter(&self) -> impl Iterator<Item = (ProfileAttribute, &str)> {
        let present = ProfileAttribute::ALL.iter().copied().filter(|attribute| self.present & attribute.bit() != 0);
        present.zip(&self.values)
    }

    /// An attribute's value.
    pub fn get(&self, attribute: ProfileAttribute) -> Option<&str> {
        self.iter().find(|(other, _)| *other == attribute).map(|(_, value)| value)
    }

    /// Sets an attribute.
    pub fn insert(&mut self, attribute: ProfileAttribute, value: impl Into<String>) {
        let others = self.iter().map(|(attribute, value)| (attribute, value.to_owned()));
        *self = others.chain([(attribute, value.into())]).collect();
    }

    /// The attributes in order; of several values of one the last counts.
    fn of<S: AsRef<str>>(values: [Option<S>; ProfileAttribute::ALL.len()]) -> Self {
        let mut present = 0;
        let values = ProfileAttribute::ALL.iter().zip(values).filter_map(|(attribute, value)| {
            present |= value.as_ref().map_or(0, |_| attribute.bit());
            value
        });
        let values = values.collect();
        Self { present, values }
    }
}

impl fmt::Debug for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl<S: AsRef<str>> FromIterator<(ProfileAttribute, S)> for Profile {
    fn from_iter<I: IntoIterator<Item = (ProfileAttribute, S)>>(attributes: I) -> Self {
        let mut values = [const { None }; ProfileAttribute::ALL.len()];
        for (attribute, value) in attributes {
            values[attribute as usize] = Some(value);
        }
        Self::of(values)
    }
}

impl<S: AsRef<str>, const N: usize> From<[(ProfileAttribute, S); N]> for Profile {
    fn from(attributes: [(ProfileAttribute, S); N]) -> Self {
        attributes.into_iter().collect()
    }
}

impl Serialize for Profile {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(self.iter())
    }
}

impl<'de> Deserialize<'de> for Profile {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        /// A text, borrowed where it stands in the input as it is.
        #[derive(Deserialize)]
        struct Value<'a>(#[serde(borrow)] Cow<'a, str>);

        struct Attributes;
        impl<'de> Visitor<'de> for Attributes {
            type Value = Profile;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the attributes of a person")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Profile, A::Error> {
                let mut values = [const { None }; ProfileAttribute::ALL.len()];
                while let Some((attribute, Value(value))) = map.next_entry::<ProfileAttribute, _>()? {
                    values[attribute as usize] = Some(value);
                }
                Ok(Profile::of(values))
            }
        }
        from.deserialize_map(Attributes)
    }
}
