//! Reading a world's file: one clear message for what is wrong, and ids where the author gave none.

use super::cloud::{Cloud, GroupSchedule, RoleSchedule, ScheduleId};
use super::{WORLD_VERSION, World, derive};
use crate::lab::kept;
use crate::model::id::{AdGuid, ObjectId};
use crate::model::size;
use schemars::Schema;
use serde::Deserialize;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The largest world that is accepted, in octets: about four million people.
pub const LARGEST_WORLD: u64 = 8 << 30;

/// The most that is read from what does not say how large it is.
const LARGEST_OF_A_PIPE: u64 = 256 << 20;

/// Why a world could not be loaded. The message names the file and is meant for the person who wrote it.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The file cannot be read.
    #[error("cannot read the world {path}: {source}", path = path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// It is no JSON, or not of a world's shape.
    #[error("the world {path} cannot be used: {source}", path = path.display())]
    Shape {
        /// The file.
        path: PathBuf,
        /// What is wrong, with line and column.
        source: serde_json::Error,
    },
    /// It is of a version that this program does not know.
    #[error(
        "the world {path} has version {found}, this program reads version {WORLD_VERSION}: use a newer matchplan, or \
         `matchplan lab reset` to start again", path = path.display()
    )]
    Version {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: u64,
    },
    /// It is well-formed, but contradicts itself.
    #[error("the world {path} contradicts itself:\n  {}", problems.join("\n  "), path = path.display())]
    Contradiction {
        /// The file.
        path: PathBuf,
        /// Each contradiction, one sentence.
        problems: Vec<String>,
    },
}

/// Loads a world from a JSON file (`schemas/lab-world.schema.json`), UTF-8 with or without a byte-order mark.
///
/// Ids that are left out (`guid` and `sid` of AD entries, `id` of cloud objects and role assignments) are derived from
/// names, the same on every load.
pub fn load(path: &Path) -> Result<World, LoadError> {
    let text = read_file(path, LARGEST_WORLD).and_then(|octets| {
        String::from_utf8(octets).map_err(|error| std::io::Error::new(std::io::ErrorKind::InvalidData, error))
    });
    let unreadable = |source| LoadError::Read { path: path.to_owned(), source };
    let text = text.map_err(unreadable)?;
    let mut world = read(&text, path)?;
    kept::catch_up(&mut world, path, &text).map_err(unreadable)?;
    check(world, path)
}

/// Reads a file of at most `limit` octets.
pub fn read_file(path: &Path, limit: u64) -> std::io::Result<Vec<u8>> {
    let file = std::fs::File::open(path)?;
    let metadata = file.metadata()?;
    let limit = if metadata.is_file() { limit } else { limit.min(LARGEST_OF_A_PIPE) };
    size::read(file, metadata.is_file().then_some(metadata.len()), limit)
}

/// Loads a world from text; `path` is for messages.
pub fn parse(text: &str, path: &Path) -> Result<World, LoadError> {
    check(read(text, path)?, path)
}

/// A world of the right version and shape, with all ids.
fn read(text: &str, path: &Path) -> Result<World, LoadError> {
    #[derive(Deserialize)]
    struct Version {
        version: u64,
    }
    let shape = |source| LoadError::Shape { path: path.to_owned(), source };
    let text = text.trim_start_matches('\u{feff}');
    // The version first: the members of another version would only give a misleading message.
    let Version { version: found } = serde_json::from_str(text).map_err(shape)?;
    if found != u64::from(WORLD_VERSION) {
        return Err(LoadError::Version { path: path.to_owned(), found });
    }
    let mut world: World = serde_json::from_str(text).map_err(shape)?;
    fill_in_ids(&mut world);
    Ok(world)
}

fn check(world: World, path: &Path) -> Result<World, LoadError> {
    let problems = contradictions(&world);
    if problems.is_empty() { Ok(world) } else { Err(LoadError::Contradiction { path: path.to_owned(), problems }) }
}

/// Gives an id to everything that has none. The nil UUID and the empty text stand for "left out": neither AD nor Entra
/// ever uses them.
pub fn fill_in_ids(world: &mut World) {
    for domain in &mut world.ad {
        for entry in &mut domain.entries {
            if entry.guid.0.is_nil() {
                entry.guid = derive::ad_guid(&entry.dn);
            }
            if entry.sid.is_none() && entry.is_account() {
                entry.sid = Some(derive::sid(&domain.base_dn, &entry.dn));
            }
        }
    }
    let fill = |id: &mut ObjectId, kind: &str, name: &str| {
        if id.0.is_nil() {
            *id = derive::object_id(kind, name);
        }
    };
    let cloud = &mut world.entra;
    for user in &mut cloud.users {
        fill(&mut user.id, "user", &user.user_principal_name);
    }
    for user in &mut cloud.deleted_users {
        fill(&mut user.id, "deleted user", &user.user_principal_name);
    }
    for group in &mut cloud.groups {
        fill(&mut group.id, "group", &group.display_name);
    }
    for contact in &mut cloud.contacts {
        fill(&mut contact.id, "contact", &contact.display_name);
    }
    for unit in &mut cloud.administrative_units {
        fill(&mut unit.id, "administrativeUnit", &unit.display_name);
    }
    for assignment in &mut cloud.role_assignments {
        if assignment.id.as_str().is_empty() {
            let scope = assignment.directory_scope_id.as_deref().or(assignment.app_scope_id.as_deref()).unwrap_or("/");
            assignment.id = derive::assignment_id(assignment.principal_id, &assignment.role_definition_id, scope);
        }
    }
    for policy in &mut cloud.conditional_access_policies {
        fill(&mut policy.id, "conditionalAccessPolicy", &policy.display_name);
    }
    fill_in_schedule_ids(cloud);
}

/// The same for PIM's rows, whose ids depend on what they are about and not on their place in the file.
fn fill_in_schedule_ids(cloud: &mut Cloud) {
    let eligibilities = cloud.role_eligibility_schedules.iter_mut().map(|s| ("roleEligibilitySchedule", s));
    let assignments = cloud.role_assignment_schedules.iter_mut().map(|s| ("roleAssignmentSchedule", s));
    for (kind, schedule) in eligibilities.chain(assignments).filter(|(_, s)| s.id.0.is_empty()) {
        let RoleSchedule { principal_id, role_definition_id: role, assignment_type, start_date_time: start, .. } =
            &*schedule;
        let scope = schedule.directory_scope().or(schedule.app_scope_id.as_deref()).unwrap_or_default();
        let about = format!("{principal_id}\0{role}\0{scope}\0{assignment_type:?}\0{start:?}");
        schedule.id = derive::schedule_id(kind, &about);
    }
    for group in &mut cloud.groups {
        let eligibilities = group.eligibility_schedules.iter_mut().map(|s| ("eligibilitySchedule", s));
        let assignments = group.assignment_schedules.iter_mut().map(|s| ("assignmentSchedule", s));
        for (kind, schedule) in eligibilities.chain(assignments).filter(|(_, s)| s.id.0.is_empty()) {
            let GroupSchedule { principal_id, access_id, start_date_time: start, .. } = &*schedule;
            let about = format!("{}\0{principal_id}\0{}\0{start:?}", group.id, access_id.as_str());
            let unique = derive::schedule_id(kind, &about);
            schedule.id = ScheduleId(format!("{}_{}_{unique}", group.id, access_id.as_str()));
        }
    }
}

/// Collects values and says which came twice.
struct Unique<'p> {
    what: &'static str,
    seen: BTreeSet<String>,
    problems: &'p mut Vec<String>,
}

impl Unique<'_> {
    fn add(&mut self, value: &str, owner: &str) {
        if !self.seen.insert(value.to_lowercase()) {
            self.problems.push(format!("{} {value} is used twice (again by {owner})", self.what));
        }
    }
}

/// What in a world cannot be true of any real pair of directories.
fn contradictions(world: &World) -> Vec<String> {
    let mut problems = Vec::new();
    let mut unique = Unique { what: "the DN", seen: BTreeSet::new(), problems: &mut problems };
    let entries = || world.ad.iter().flat_map(|domain| domain.entries.iter());
    entries().for_each(|e| unique.add(e.dn.as_str(), "another entry"));
    let mut unique = Unique { what: "the objectGUID", seen: BTreeSet::new(), problems: &mut problems };
    entries().for_each(|e| unique.add(&e.guid.to_string(), e.dn.as_str()));
    let mut unique = Unique { what: "the SID", seen: BTreeSet::new(), problems: &mut problems };
    entries().for_each(|e| e.sid.iter().for_each(|sid| unique.add(&sid.to_string(), e.dn.as_str())));

    let cloud = &world.entra;
    let mut unique = Unique { what: "the object id", seen: BTreeSet::new(), problems: &mut problems };
    for user in cloud.users.iter().chain(&cloud.deleted_users) {
        unique.add(&user.id.to_string(), &user.user_principal_name);
    }
    cloud.groups.iter().for_each(|g| unique.add(&g.id.to_string(), &g.display_name));
    cloud.contacts.iter().for_each(|c| unique.add(&c.id.to_string(), &c.display_name));
    let mut unique = Unique { what: "the cloud UPN", seen: BTreeSet::new(), problems: &mut problems };
    cloud.users.iter().for_each(|u| unique.add(&u.user_principal_name, &u.id.to_string()));
    let mut unique = Unique { what: "the role assignment id", seen: BTreeSet::new(), problems: &mut problems };
    cloud.role_assignments.iter().for_each(|a| unique.add(a.id.as_str(), &a.principal_id.to_string()));

    for domain in &world.ad {
        for entry in domain.entries.iter().filter(|e| !e.dn.is_under(&domain.base_dn)) {
            problems.push(format!("{} is not below the base {} of its domain", entry.dn, domain.base_dn));
        }
    }
    let assigned = cloud.role_assignments.iter().map(|a| (a.id.to_string(), &a.role_definition_id));
    let schedules = cloud.role_assignment_schedules.iter().chain(&cloud.role_eligibility_schedules);
    for (id, role) in assigned.chain(schedules.map(|s| (s.id.to_string(), &s.role_definition_id))) {
        if !cloud.role_definitions.iter().any(|r| r.id == *role) {
            problems
                .push(format!("the role assignment {id} is of the role {role}, which roleDefinitions does not have"));
        }
    }
    let initial = cloud.domains.iter().filter(|d| d.is_initial).count();
    if initial != 1 {
        problems.push(format!("a tenant has exactly one initial domain (isInitial), this one has {initial}"));
    }
    problems
}

/// An id that a file leaves out, until [`fill_in_ids`] has run.
pub(super) const fn no_object_id() -> ObjectId {
    ObjectId(uuid::Uuid::nil())
}

/// An objectGUID that a file leaves out, until [`fill_in_ids`] has run.
pub(super) const fn no_guid() -> AdGuid {
    AdGuid(uuid::Uuid::nil())
}

/// Takes the placeholder for "left out" from a schema: an editor must not offer it as a value.
pub(super) fn no_placeholder(schema: &mut Schema) {
    schema.remove("default");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::world::contoso;
    use serde_json::{Value, json};

    fn contoso_as_json() -> Value {
        serde_json::to_value(contoso()).unwrap()
    }

    fn problem(world: &Value) -> String {
        parse(&world.to_string(), Path::new("worlds/mine.json")).unwrap_err().to_string()
    }

    #[test]
    fn ids_that_are_left_out_are_the_same_on_every_load() {
        let mut world = contoso_as_json();
        let take = |object: &mut Value, name: &str| assert!(object.as_object_mut().unwrap().remove(name).is_some());
        world["ad"][0]["entries"].as_array_mut().unwrap().iter_mut().for_each(|entry| take(entry, "guid"));
        take(&mut world["entra"]["users"][0], "id");
        take(&mut world["entra"]["groups"][0], "id");
        take(&mut world["entra"]["roleAssignments"][0], "id");
        let load = || parse(&world.to_string(), Path::new("x")).unwrap();
        assert_eq!(load(), load());
        // They are what contoso has, since it leaves them out too.
        assert_eq!(load().ad, contoso().ad);
        assert_eq!(load().entra.groups, contoso().entra.groups);
        assert_eq!(load().entra.role_assignments, contoso().entra.role_assignments);
    }

    #[test]
    fn a_byte_order_mark_and_windows_line_ends_do_not_matter() {
        let text = serde_json::to_string_pretty(&contoso()).unwrap().replace('\n', "\r\n");
        assert_eq!(parse(&format!("\u{feff}{text}"), Path::new("x")).unwrap(), contoso());
    }

    #[test]
    fn each_problem_is_one_clear_message_with_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("none.json");
        assert!(load(&missing).unwrap_err().to_string().contains("none.json"));

        let mut newer = contoso_as_json();
        newer["version"] = json!(2);
        newer["entirely"] = json!("new");
        let message = problem(&newer);
        assert!(message.contains("worlds/mine.json") && message.contains("version 2"), "{message}");

        let mut typo = contoso_as_json();
        typo["entra"]["users"][0]["onPremisesImmutableID"] = json!("x");
        let message = problem(&typo);
        assert!(message.contains("onPremisesImmutableID") && message.contains("line 1 column"), "{message}");
    }

    #[test]
    fn contradictions_are_all_told_at_once() {
        let mut world = contoso_as_json();
        let twin = world["entra"]["users"][0].clone();
        world["entra"]["users"].as_array_mut().unwrap().push(twin);
        let twin = world["ad"][0]["entries"][3].clone();
        world["ad"][0]["entries"].as_array_mut().unwrap().push(twin);
        world["entra"]["domains"][1]["isInitial"] = json!(false);
        world["entra"]["roleDefinitions"] = json!([]);
        let message = problem(&world);
        for expected in
            ["the object id", "the cloud UPN", "the DN", "the objectGUID", "initial domain", "roleDefinitions"]
        {
            assert!(message.contains(expected), "{expected}: {message}");
        }
    }

    #[test]
    fn the_schema_lets_ids_be_left_out_and_offers_no_placeholder() {
        let schema = serde_json::to_value(schemars::schema_for!(World)).unwrap();
        assert!(!schema.to_string().contains(&uuid::Uuid::nil().to_string()));
        let required = |name: &str| schema["$defs"][name]["required"].to_string();
        assert!(!required("AdEntry").contains("guid") && required("AdEntry").contains("dn"));
        assert!(!required("CloudUser").contains("\"id\"") && !required("CloudRoleAssignment").contains("\"id\""));
    }
}
