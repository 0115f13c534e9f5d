//! Ids that a world's author left out, derived from names: the same on every load and on every machine.
//!
//! They look like the real thing (a UUID, a domain SID with a RID, an opaque assignment id), so that clients cannot tell
//! a hand-written world from a large one.

use super::cloud::ScheduleId;
use crate::model::dn::Dn;
use crate::model::id::{AdGuid, AssignmentId, ObjectId, RoleDefinitionId, Sid};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::{Builder, Uuid};

/// 32 octets that depend on nothing but the kind and the (case-folded) name.
fn digest(kind: &str, name: &str) -> [u8; 32] {
    let mut context = ring::digest::Context::new(&ring::digest::SHA256);
    context.update(kind.as_bytes());
    context.update(&[0]);
    context.update(name.to_lowercase().as_bytes());
    let mut octets = [0; 32];
    octets.copy_from_slice(context.finish().as_ref());
    octets
}

/// A number below `limit` (which is not zero) for a name.
pub fn number(kind: &str, name: &str, limit: u32) -> u32 {
    let [a, b, c, d, ..] = digest(kind, name);
    u32::from_be_bytes([a, b, c, d]) % limit
}

/// A UUID of version 8 (RFC 9562 section 5.8: made by an algorithm of our own) for a name.
pub fn uuid(kind: &str, name: &str) -> Uuid {
    let [octets @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] = digest(kind, name);
    Builder::from_custom_bytes(octets).into_uuid()
}

/// The `objectGUID` of an entry.
pub fn ad_guid(dn: &Dn) -> AdGuid {
    AdGuid(uuid("objectGUID", dn.as_str()))
}

/// The id of a cloud object of some kind (`user`, `group`, …).
pub fn object_id(kind: &str, name: &str) -> ObjectId {
    ObjectId(uuid(kind, name))
}

/// The `objectSid` of an account: its domain's SID and a relative id from 1,000 up, as AD gives to accounts that people
/// make.
pub fn sid(base: &Dn, dn: &Dn) -> Sid {
    let part = |n: &str| number(n, base.as_str(), u32::MAX);
    let rid = 1_000 + number("rid", dn.as_str(), 0x3fff_0000);
    let text = format!("S-1-5-21-{}-{}-{}-{rid}", part("sid 1"), part("sid 2"), part("sid 3"));
    // The text is in the form that the parser reads; there is no other constructor.
    text.parse().unwrap_or_else(|_| unreachable!("{text} is a SID"))
}

/// The id of a role assignment.
pub fn assignment_id(principal: ObjectId, role: &RoleDefinitionId, scope: &str) -> AssignmentId {
    let octets = digest("roleAssignment", &format!("{principal}\0{role}\0{scope}"));
    AssignmentId(format!("{}-1", URL_SAFE_NO_PAD.encode(octets)))
}

/// The id of one of PIM's schedules, from what it is about.
pub fn schedule_id(kind: &str, about: &str) -> ScheduleId {
    ScheduleId(uuid(kind, about).to_string())
}

/// The id of the role assignment that one of PIM's schedules makes: in Entra's form, the role's octets first.
pub fn scheduled_assignment_id(role: &RoleDefinitionId, schedule: &ScheduleId) -> AssignmentId {
    let mut octets = Uuid::parse_str(role.as_str()).unwrap_or_default().to_bytes_le().to_vec();
    octets.extend_from_slice(uuid("scheduled roleAssignment", &schedule.0).as_bytes());
    AssignmentId(format!("{}-1", URL_SAFE_NO_PAD.encode(octets)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_depend_on_the_name_without_its_case() {
        let (a, b) = (Dn::parse("CN=Jane,DC=x").unwrap(), Dn::parse("cn=jane,dc=X").unwrap());
        assert_eq!(ad_guid(&a), ad_guid(&b));
        assert_ne!(ad_guid(&a), ad_guid(&Dn::parse("CN=John,DC=x").unwrap()));
        assert_ne!(object_id("user", "x"), object_id("group", "x"));
    }

    #[test]
    fn accounts_of_a_domain_share_its_sid() {
        let base = Dn::parse("DC=x").unwrap();
        let of = |name| sid(&base, &base.child("CN", name).unwrap()).to_string().rsplit_once('-').unwrap().0.to_owned();
        assert_eq!(of("a"), of("b"));
    }
}
