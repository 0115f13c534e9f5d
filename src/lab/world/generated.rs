//! A world of any size, the same for the same numbers: for measuring, not for telling stories as [`super::contoso()`] does.
//!
//! | who | share | AD | cloud |
//! |---|---|---|---|
//! | to be linked | `links` | in `OU=Staging`, which is not synced | a cloud-only user with the same address |
//! | synced | 90 % of the others | below the synced container, by city | joined by the engine's last cycle |
//! | cloud only | 6 % | – | guests, service accounts |
//! | AD only | 4 % | disabled, in `OU=Leavers` | – |
//!
//! Everybody is made from a number, never from the others, so a world can be written without being held
//! ([`write()`]). Synced users are what the engine itself makes of them ([`crate::lab::sync::flow`]): a cycle changes nothing.

mod names;
mod person;
mod write;

pub use write::{write, write_file};

use super::cloud::{CloudGroup, CloudUser};
use super::contoso::company::{self, BASE, SYNCED, entry};
use super::forest::{AdEntry, AdValues};
use super::sync::Connected;
use super::{World, derive};
use crate::lab::sync::flow::{Flow, Occasion};
use crate::model::id::ObjectId;
use crate::model::role::GLOBAL_ADMINISTRATOR;
use jiff::Timestamp;
use person::{Kind, Person};
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// The largest world: every SID has its own number, and they begin at 10,000.
pub const MOST_USERS: u32 = 10_000_000;

/// How many people a team has: one security group of AD for each.
const TEAM: u32 = 100;

/// How many members a team's group names.
const NAMED: u32 = 20;

/// One of so many synced or cloud-only users holds a role.
const PER_ROLE: u32 = 2_000;

/// What to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// How many people.
    pub users: u32,
    /// How many of them are to be linked.
    pub links: u32,
    /// Which world of this size.
    pub seed: u64,
}

impl Size {
    fn people(self) -> impl Iterator<Item = Person> {
        (0..self.users).map(move |number| self.person(number))
    }

    fn person(self, number: u32) -> Person {
        Person::new(self.seed, number, number < self.links)
    }

    /// All entries of the domain: containers, people, teams.
    fn entries(self, frame: &World) -> impl Iterator<Item = AdEntry> {
        let held = frame.ad.iter().flat_map(|domain| domain.entries.iter().cloned());
        held.chain(self.people().filter_map(|person| person.entry())).chain(self.teams())
    }

    fn teams(self) -> impl Iterator<Item = AdEntry> {
        (0..self.users.div_ceil(TEAM)).map(move |team| {
            let first = team * TEAM;
            let people = (first..self.users.min(first + TEAM)).map(|number| self.person(number));
            let members = people.filter(|person| person.kind == Kind::Synced).take(NAMED as usize);
            let members: Vec<String> = members.map(|person| person.dn()).collect();
            let name = format!("Team {:05}", team + 1);
            let mut group = entry(
                &format!("CN={name},OU=Groups,OU=Corp,{BASE}"),
                &["top", "group"],
                &[("cn", &name), ("sAMAccountName", &format!("team{:05}", team + 1)), ("groupType", "-2147483646")],
            );
            group.guid = derive::ad_guid(&group.dn);
            group.sid = Some(person::sid(MOST_USERS + team));
            if !members.is_empty() {
                group.attributes.insert("member".to_owned(), AdValues::Many(members));
            }
            group
        })
    }

    /// All cloud users.
    fn cloud_users(self, frame: &World) -> impl Iterator<Item = CloudUser> {
        let held = frame.entra.users.iter().cloned();
        held.chain(self.people().filter_map(move |person| match person.kind {
            Kind::Synced => Some(joined(&person, frame).1),
            Kind::AdOnly => None,
            Kind::ToLink | Kind::CloudOnly => Some(person.cloud_user()),
        }))
    }

    /// What the engine remembers.
    fn connected(self, frame: &World) -> impl Iterator<Item = Connected> {
        let synced = self.people().filter(|person| person.kind == Kind::Synced);
        synced.map(move |person| joined(&person, frame).0)
    }

    /// Everything that does not grow with the number of people, and the few who are administrators.
    fn frame(self) -> World {
        let mut world = World {
            version: super::WORLD_VERSION,
            clock: super::contoso::build::START,
            ad: vec![company::domain()],
            entra: company::tenant(),
            sync: company::engine(),
        };
        let ou =
            |name: &str, at: &str| entry(&format!("OU={name},{at}"), &["top", "organizationalUnit"], &[("ou", name)]);
        let entries = &mut world.ad[0].entries;
        entries.extend(names::CITIES.iter().filter(|city| **city != "Munich").map(|city| ou(city, SYNCED)));
        entries.extend([ou("Leavers", BASE), ou("Groups", &format!("OU=Corp,{BASE}"))]);
        let administrators = ["breakglass", "breakglass2", "admin.adams", "admin.berg", "admin.cruz"];
        let named = |name: &str| CloudUser {
            display_name: Some(name.to_owned()),
            ..CloudUser::named(&format!("{name}@contoso.onmicrosoft.com"))
        };
        world.entra.users.extend(administrators.map(named));
        super::load::fill_in_ids(&mut world);
        let all: Vec<ObjectId> = world.entra.users.iter().map(|user| user.id).collect();
        world
            .entra
            .role_assignments
            .extend(all.into_iter().map(|id| company::assignment_of(id, &GLOBAL_ADMINISTRATOR.into())));
        self.add_roles_and_groups(&mut world);
        let last = company_sync(&world);
        world.entra.on_premises_last_sync_date_time = Some(last);
        world.sync.next_cycle = last.saturating_add(jiff::SignedDuration::from_mins(30)).ok();
        world
    }

    fn add_roles_and_groups(self, world: &mut World) {
        let roles: Vec<_> = world.entra.role_definitions.iter().map(|role| role.id.clone()).collect();
        // A few roles only: nobody who is to be linked holds one.
        for number in (self.links..self.users).step_by(PER_ROLE as usize) {
            let person = self.person(number);
            if let (Some(id), Some(role)) = (person.cloud_id(), roles.get(number as usize % roles.len().max(1))) {
                world.entra.role_assignments.push(company::assignment_of(id, role));
            }
        }
        for n in 0..(self.users / 500).clamp(1, 200) {
            let name = format!("Project {:03}", n + 1);
            let address = format!("project{:03}@contoso.com", n + 1);
            let members = (0..10).map(|m| self.person((n * 37 + m * 11) % self.users));
            world.entra.groups.push(CloudGroup {
                id: derive::object_id("group", &name),
                mail: Some(address.clone()),
                proxy_addresses: vec![format!("SMTP:{address}")],
                group_types: vec!["Unified".to_owned()],
                members: members.filter_map(|person| person.cloud_id()).collect::<BTreeSet<_>>().into_iter().collect(),
                ..CloudGroup::named(&name)
            });
        }
    }

    /// The whole world in memory.
    pub fn world(self) -> World {
        let frame = self.frame();
        let mut world = frame.clone();
        world.ad[0].entries = self.entries(&frame).collect();
        world.entra.users = self.cloud_users(&frame).collect();
        world.sync.connector_space = self.connected(&frame).collect();
        world
    }

    /// The match plan that links everybody who is to be linked.
    pub fn plan(self) -> String {
        let mut plan = format!(
            "# Links the {} people of a generated world (matchplan lab world --users {} --links {} --seed {}).\n\n\
             version = 1\n\n[defaults]\nmatch = \"hard\"\nroles = \"refuse\"\nmove_to = \"{SYNCED}\"\n",
            self.links, self.users, self.links, self.seed
        );
        for person in (0..self.links.min(self.users)).map(|number| self.person(number)) {
            let _ = write!(plan, "\n[[link]]\nad = \"{}\"\ncloud = \"{}\"\n", person.sam(), person.cloud_upn());
            plan.push_str(person.settings());
        }
        plan
    }
}

/// When the engine ran last.
fn company_sync(world: &World) -> Timestamp {
    world.clock.saturating_sub(jiff::SignedDuration::from_mins(10)).unwrap_or(world.clock)
}

/// What the engine remembers of a synced user, and the cloud user that it made.
fn joined(person: &Person, frame: &World) -> (Connected, CloudUser) {
    let user = person.imported();
    let mut flowed = BTreeSet::new();
    let flow = Flow {
        user: &user,
        anchor: person.anchor(),
        occasion: Occasion::Appearance,
        with_password: true,
        mangled_upn: frame.sync.mangled_upn,
        now: company_sync(frame),
    };
    let id = person.id();
    let blank = CloudUser { id, ..CloudUser::named("") };
    // Nobody has what this one has: names and addresses come from the person's own number.
    let cloud =
        flow.onto(&blank, &mut flowed, &frame.entra).unwrap_or_else(|error| unreachable!("{}: {error}", person.sam()));
    (Connected { ad: user.guid, anchor: person.anchor(), cloud: Some(id), error: None, flowed }, cloud)
}

#[cfg(test)]
mod tests;
