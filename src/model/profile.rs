//! The attributes that describe a person: no part of matching, but overwritten by a takeover.
//!
//! Source: Microsoft, "Microsoft Entra Connect Sync: Attributes synchronized to Microsoft Entra ID", table "Microsoft 365
//! Apps for enterprise" and "Exchange Online".

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

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
pub type Profile = BTreeMap<ProfileAttribute, String>;
