//! What describes a person: the engine's own table of how it reaches the cloud. Source: *attributes synchronized*
//! ("Exchange Online", "Microsoft 365 Apps for enterprise"), and the default rules "In from AD - User Common" (every user;
//! texts are trimmed) and those for Exchange (users with a `mailNickname`).

use super::view::ImportedUser;
use std::collections::{BTreeMap, BTreeSet};

/// AD's name of an attribute, Graph's name, and whether it is one of Exchange's.
const TABLE: [(&str, &str, bool); 15] = [
    ("title", "jobTitle", false),
    ("department", "department", false),
    ("company", "companyName", false),
    ("physicalDeliveryOfficeName", "officeLocation", false),
    ("telephoneNumber", "businessPhones", false),
    ("mobile", "mobilePhone", false),
    ("facsimileTelephoneNumber", "faxNumber", false),
    ("streetAddress", "streetAddress", false),
    ("l", "city", false),
    ("st", "state", false),
    ("postalCode", "postalCode", false),
    ("co", "country", false),
    ("employeeID", "employeeId", false),
    ("preferredLanguage", "preferredLanguage", false),
    ("msExchUsageLocation", "usageLocation", true),
];

/// The names that an import asks for.
pub fn ad_names() -> impl Iterator<Item = &'static str> {
    TABLE.iter().map(|(ad, ..)| *ad)
}

/// Brings the cloud's attributes up to date: a value of AD overwrites; one that AD gave before goes when AD's goes.
pub fn flow(user: &ImportedUser, cloud: &mut BTreeMap<String, String>, flowed: &mut BTreeSet<String>) {
    let with_exchange = user.mail_nickname.is_some();
    for (ad, graph, _) in TABLE.iter().filter(|(_, _, exchange)| with_exchange || !exchange) {
        let value = user.profile.get(*ad).map(|value| value.trim()).filter(|value| !value.is_empty());
        if let Some(value) = value {
            flowed.insert((*graph).to_owned());
            cloud.insert((*graph).to_owned(), value.to_owned());
        } else if flowed.remove(*graph) {
            cloud.remove(*graph);
        }
    }
}
