//! From a code, a name or a pasted message to its pages, best first.
//!
//! People paste what they have: a code in any case, a name with or without its spaces, or a whole message of several
//! lines with ids, addresses and quotes around it. Only what is the same in every such message is looked for.

use super::catalogue::page;
use super::topic::Topic;
use std::cmp::Reverse;

/// A name that a message carries weighs more than any wording: wordings are shared, names are not.
const NAMED: usize = 1_000;
/// How alike a misspelt code must be (Jaro-Winkler), and how many are offered.
const ALIKE: f64 = 0.85;
const OFFERED: usize = 4;
/// A longer text is a message, not a misspelt code.
const LONGEST_CODE: usize = 80;
/// A shorter piece of a message says nothing.
const SHORTEST_PIECE: usize = 12;

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// These pages, best first; at least one.
    Pages(Vec<Topic>),
    /// No page; these may have been meant.
    Nothing {
        /// Best first; may be empty.
        similar: Vec<Topic>,
    },
}

/// Looks a text up.
pub fn find(text: &str) -> Found {
    let text = plain(text);
    let code = squeezed(&text);
    if code.is_empty() {
        return Found::Nothing { similar: Vec::new() };
    }
    let exact: Vec<Topic> = Topic::all().filter(|topic| squeezed(topic.as_str()) == code).collect();
    if !exact.is_empty() {
        return Found::Pages(exact);
    }
    let mut hits: Vec<(usize, Topic)> = Topic::all().map(|topic| (weight(topic, &text), topic)).collect();
    hits.retain(|(weight, _)| *weight > 0);
    hits.sort_by_key(|(weight, _)| Reverse(*weight));
    if hits.is_empty() {
        return Found::Nothing { similar: similar(&text, &code) };
    }
    Found::Pages(hits.into_iter().map(|(_, topic)| topic).collect())
}

/// How well a topic answers to a message; 0 if not at all.
fn weight(topic: Topic, text: &str) -> usize {
    let name = topic.as_str().to_lowercase();
    // A code of one ordinary word, such as `exposed`, is a code only in brackets, as findings are printed.
    let named = match topic {
        Topic::Finding(_) if !name.contains('-') => text.contains(&format!("[{name}]")),
        _ => has_words(text, &name),
    };
    let said = page(topic).said.iter().map(|said| plain(said));
    let worded = said
        .filter(|said| has_words(text, said) || (text.len() >= SHORTEST_PIECE && said.contains(text)))
        .map(|said| said.len().min(text.len()))
        .max()
        .unwrap_or(0);
    let name_weight = match topic {
        _ if !named => 0,
        Topic::Finding(_) | Topic::Error(_) => NAMED + name.len(),
        // Graph's codes are general: what stands behind them says more.
        Topic::Message(_) => name.len(),
    };
    name_weight.max(worded)
}

/// Whether the words stand in the text, not as a part of longer ones.
fn has_words(text: &str, words: &str) -> bool {
    let inside = |c: char| c.is_alphanumeric();
    text.match_indices(words).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + words.len()..].chars().next();
        let starts = words.starts_with(inside);
        let ends = words.ends_with(inside);
        !(starts && before.is_some_and(inside) || ends && after.is_some_and(inside))
    })
}

/// A text as it is compared: small letters, one blank for any white space, straight quotes, none of them around it.
fn plain(text: &str) -> String {
    let words: Vec<&str> =
        text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|w| !w.is_empty()).collect();
    let joined =
        words.join(" ").to_lowercase().replace(['\u{2018}', '\u{2019}'], "'").replace(['\u{201c}', '\u{201d}'], "\"");
    joined.trim_matches(|c: char| matches!(c, '"' | '\'' | '`' | '[' | ']' | ' ')).to_owned()
}

/// Letters and digits only, so that spaces, hyphens and case do not matter.
fn squeezed(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn similar(text: &str, code: &str) -> Vec<Topic> {
    if code.len() > LONGEST_CODE {
        return Vec::new();
    }
    let words: Vec<&str> = text.split(' ').filter(|word| word.len() > 2).collect();
    let likeness = |topic: Topic| {
        let title = format!("{topic} {}", page(topic).title).to_lowercase();
        let told = !words.is_empty() && words.iter().all(|word| title.contains(word));
        let alike = strsim::jaro_winkler(code, &squeezed(topic.as_str()));
        if told { alike.max(ALIKE) } else { alike }
    };
    let mut near: Vec<(f64, Topic)> = Topic::all().map(|topic| (likeness(topic), topic)).collect();
    near.retain(|(likeness, _)| *likeness >= ALIKE);
    near.sort_by(|a, b| b.0.total_cmp(&a.0));
    near.into_iter().take(OFFERED).map(|(_, topic)| topic).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::explain::message::Message;
    use crate::rules::finding::FindingCode;
    use crate::rules::microsoft::MicrosoftError;
    use proptest::prelude::*;

    fn best(text: &str) -> Topic {
        match find(text) {
            Found::Pages(topics) => topics[0],
            Found::Nothing { similar } => panic!("nothing for {text:?}, only {similar:?}"),
        }
    }

    #[test]
    fn a_code_is_found_in_any_case_and_spelling() {
        for topic in Topic::all() {
            assert_eq!(find(topic.as_str()), Found::Pages(vec![topic]));
            assert_eq!(find(&topic.as_str().to_uppercase()), Found::Pages(vec![topic]));
            assert_eq!(find(&format!(" \"{topic}\"\r\n")), Found::Pages(vec![topic]));
        }
        let conflict = Topic::Finding(FindingCode::UpnConflict);
        for spelling in ["upn conflict", "UpnConflict", "upn_conflict", "error[upn-conflict]"] {
            assert_eq!(best(spelling), conflict, "{spelling}");
        }
        assert_eq!(best("existing admin role conflict"), Topic::Error(MicrosoftError::ExistingAdminRoleConflict));
    }

    // rule: 1.5-message, 2-existing-admin-role, 2-cloud-only-delete, 2-permission-issue, 2-invalid-hard-match
    // rule: 2-identity-data-validation, 2-large-object, 2-federated-domain-change
    #[test]
    fn a_pasted_message_finds_its_page() {
        use MicrosoftError as E;
        let cases: &[(&str, Topic)] = &[
            (
                "Hard match operation blocked due to security hardening.\r\nReview OnPremisesObjectIdentifier mapping.",
                Topic::Error(E::AttributeUpdateNotAllowed),
            ),
            (
                "ErrorType InvalidHardMatch\nUnable to update this object because the following attributes associated with \
                 this object have values that may already be associated with another object",
                Topic::Error(E::InvalidHardMatch),
            ),
            (
                "Another cloud created object with the same source anchor already exists in Microsoft Entra ID. \
                 [TrackingId: 5f2c]",
                Topic::Error(E::InvalidHardMatch),
            ),
            (
                "Unable to update this object because the following attributes associated with this object have values \
                 that may already\r\nbe associated with another object in your local directory services: [ProxyAddresses \
                 SMTP:jane@contoso.com;]. Correct or remove the duplicate values in your local directory.",
                Topic::Error(E::AttributeValueMustBeUnique),
            ),
            (
                "TimeOccurred (UTC) 2026-10-20 23:51:28\r\nErrorType 114\r\nErrorCode 0x8023134a\r\nErrorLiteral This \
                 synchronization operation, Delete, is not valid. Contact Technical Support. Tracking Id: 09fb1e9b",
                Topic::Message(Message::CloudOnlyObject),
            ),
            ("Deleting a cloud-only object isn\u{2019}t supported.", Topic::Message(Message::CloudOnlyObject)),
            (
                "Export error: Existing Admin Role Conflict for jane@contoso.com",
                Topic::Error(E::ExistingAdminRoleConflict),
            ),
            ("permission-issue\nError code: 8344 Insufficient access rights", Topic::Message(Message::PermissionIssue)),
            (
                r#"{"error":{"code":"Request_BadRequest","message":"Unable to update the specified properties for on-premises mastered Directory Sync objects or objects currently undergoing migration."}}"#,
                Topic::Message(Message::OnPremisesMastered),
            ),
            (
                r#"{"error":{"code":"Authorization_RequestDenied","message":"Insufficient privileges to complete the operation."}}"#,
                Topic::Message(Message::AuthorizationRequestDenied),
            ),
            ("IdentityDataValidationFailed: b\u{fc}rger@contoso.com", Topic::Error(E::IdentityDataValidationFailed)),
            ("the export failed: LargeObject (userCertificate)", Topic::Error(E::LargeObject)),
            ("FederatedDomainChangeError", Topic::Error(E::FederatedDomainChangeError)),
            ("error[out-of-scope] This AD user lies outside", Topic::Finding(FindingCode::OutOfScope)),
            ("warning[exposed] This AD user is in the sync scope", Topic::Finding(FindingCode::Exposed)),
        ];
        for (text, topic) in cases {
            assert_eq!(best(text), *topic, "{text}");
        }
    }

    #[test]
    fn an_ordinary_word_is_no_code() {
        assert_eq!(find("the mailbox was exposed to everybody in the room"), Found::Nothing { similar: vec![] });
        assert_eq!(find(" \r\n"), Found::Nothing { similar: vec![] });
    }

    #[test]
    fn a_near_miss_gets_an_offer() {
        let Found::Nothing { similar } = find("upn-conflikt") else { panic!("it is misspelt") };
        assert_eq!(similar.first(), Some(&Topic::Finding(FindingCode::UpnConflict)));
        let Found::Nothing { similar } = find("InvalidSoftMach") else { panic!("it is misspelt") };
        assert_eq!(similar.first(), Some(&Topic::Error(MicrosoftError::InvalidSoftMatch)));
    }

    #[test]
    fn every_wording_leads_to_its_own_page() {
        for topic in Topic::all() {
            for said in page(topic).said {
                let Found::Pages(found) = find(said) else { panic!("{said:?} finds nothing") };
                assert!(found.contains(&topic), "{said:?} finds {found:?}, not {topic}");
            }
        }
    }

    proptest! {
        #[test]
        fn any_text_is_answered(text in any::<String>()) {
            let _ = find(&text);
        }
    }
}
