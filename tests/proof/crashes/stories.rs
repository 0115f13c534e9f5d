//! What is interrupted: an apply with every kind of step, one that withdraws what no cycle formed, a rollback, and tasks.

use super::Recovery;
use crate::stage::{SYNCED, Way};
use matchplan::apply::outcome::Ending;
use matchplan::lab::runtime::Lab;
use matchplan::lab::world::World;
use serde_json::json;
use std::fmt::Write as _;

/// sAMAccountName, UPN in the cloud, and more lines of the link.
type Person = (&'static str, &'static str, &'static str);

/// One story.
pub struct Story {
    pub name: &'static str,
    /// The id of the apply that is interrupted.
    pub id: &'static str,
    /// More of `[sync]`.
    pub sync: &'static str,
    /// Whether a cycle comes when it is asked for.
    pub cycles: bool,
    /// Whether the apply that is interrupted is a rollback.
    pub undoes: bool,
    /// How it ends where nothing interrupts it.
    pub ending: Ending,
    pub recoveries: &'static [Recovery],
    people: &'static [Person],
    /// What the match plan asks for besides its links.
    more: &'static str,
}

impl Story {
    /// Whether a rollback is at its end only with the next cycle.
    pub const fn goes_back_by_a_cycle(&self) -> bool {
        !self.more.is_empty()
    }

    /// The way to a lab, as this story goes it.
    pub fn way(&self, lab: &Lab) -> Way {
        let mut way = Way::to(lab);
        way.cycles = self.cycles;
        // The state is to follow each record, so that there is a place between the two for every step.
        way.a_look_takes = jiff::SignedDuration::from_secs(1);
        way
    }
}

const HOLD: &str = "timeout = \"10m\"\nhold = { command = [\"hold\"] }\nrelease = { command = [\"release\"] }\n";

/// All stories.
pub const fn stories() -> [Story; 4] {
    [
        Story {
            name: "apply",
            id: "apply",
            sync: HOLD,
            cycles: true,
            undoes: false,
            ending: Ending::Complete,
            recoveries: &[Recovery::Resume, Recovery::RollBack],
            people: &LINKED,
            more: "",
        },
        Story {
            name: "withdrawal",
            id: "apply",
            sync: HOLD,
            cycles: false,
            undoes: false,
            ending: Ending::Partial,
            recoveries: &[Recovery::Resume, Recovery::RollBack],
            // One wave: the wave after one that was withdrawn does not begin.
            people: &WITHDRAWN,
            more: "",
        },
        Story {
            name: "rollback",
            id: "back",
            sync: HOLD,
            cycles: true,
            undoes: true,
            ending: Ending::Complete,
            recoveries: &[Recovery::Resume],
            people: &ADMINISTRATORS,
            more: "",
        },
        Story {
            name: "tasks",
            id: "apply",
            sync: HOLD,
            cycles: true,
            undoes: false,
            ending: Ending::Complete,
            recoveries: &[Recovery::Resume, Recovery::RollBack],
            people: &SOMEBODY,
            more: TASKS,
        },
    ]
}

/// Administrators by assignment in a unit, by eligibility with an end, through a group, and by activation.
const ADMINISTRATORS: [Person; 4] = [
    ("hhill", "henry.hill@contoso.com", "primary_smtp = \"h.hill@contoso.com\"\n"),
    ("eengel", "elena.engel@contoso.com", ""),
    ("ggruber", "gus.gruber@contoso.com", ""),
    ("ppohl", "pavel.pohl@contoso.com", ""),
];

/// A switch of the tenant that stays as it is set, and one that stands open for the time of the apply; a user that leaves
/// through the recycle bin, one whom the cloud is to have; and a group.
const TASKS: &str = r#"
[tenant]
allowOnPremUpdateOfOnPremisesObjectIdentifierEnabled = true

[window]
soft_match = true

[[unlink]]
cloud = "isabel.ito@contoso.com"
method = "recycle-bin"
ad = "iito"
move_to = "OU=Staging,DC=corp,DC=contoso,DC=com"

[[unlink]]
cloud = "amir.nasser@contoso.com"
method = "source-of-authority"

[[link]]
kind = "group"
ad = "marketing"
cloud = "team.marketing@contoso.com"
move_to = "OU=Users,OU=Corp,DC=corp,DC=contoso,DC=com"
"#;

/// Users that the tasks are about, in AD and in the cloud.
const SYNCED_USERS: [(&str, &str); 2] = [("iito", "isabel.ito@contoso.com"), ("anasser", "amir.nasser@contoso.com")];

/// The group that the tasks are about, on both sides.
fn add_group(world: &mut World) {
    let in_ad = json!({
        "dn": "CN=Marketing,OU=Staging,DC=corp,DC=contoso,DC=com",
        "guid": "00000000-0000-4000-8000-00000000ad01",
        "attributes": {
            "objectClass": ["top", "group"],
            "cn": "Marketing",
            "sAMAccountName": "marketing",
            "groupType": "-2147483646",
            "mail": "marketing@corp.contoso.com",
            "proxyAddresses": "SMTP:marketing@corp.contoso.com",
        },
    });
    let in_cloud = json!({
        "id": "00000000-0000-4000-8000-00000000c101",
        "displayName": "Team Marketing",
        "mail": "team.marketing@contoso.com",
        "proxyAddresses": ["SMTP:team.marketing@contoso.com", "smtp:mkt@contoso.com"],
    });
    world.ad[0].entries.push(serde_json::from_value(in_ad).expect("an entry of AD"));
    world.entra.groups.push(serde_json::from_value(in_cloud).expect("a group of the cloud"));
}

/// Whom a soft match links.
const SOMEBODY: [Person; 1] = [("ccole", "carla.cole@contoso.com", "")];

/// Somebody whom a soft match links, and administrators through a group and by activation.
const LINKED: [Person; 3] = [SOMEBODY[0], ADMINISTRATORS[2], ADMINISTRATORS[3]];

/// Administrators by assignment, whose addresses change, and by eligibility.
const WITHDRAWN: [Person; 2] = [ADMINISTRATORS[0], ADMINISTRATORS[1]];

impl Story {
    /// Contoso, where no cycle comes by itself.
    pub fn world(&self) -> World {
        let others: &[_] = if self.more.is_empty() { &[] } else { &SYNCED_USERS };
        let linked = self.people.iter().map(|(sam, upn, _)| (*sam, *upn));
        let mut world = crate::world::of(linked.chain(others.iter().copied()));
        if !self.more.is_empty() {
            add_group(&mut world);
        }
        world.sync.next_cycle = None;
        world.sync.interval_minutes = 60 * 24 * 365;
        // What the window of the tasks is for.
        world.entra.features.block_soft_match_enabled = !self.more.is_empty();
        world
    }

    /// The match plan.
    pub fn links(&self) -> String {
        let mut text = format!("version = 1\n[defaults]\nmove_to = \"{SYNCED}\"\nroles = \"suspend\"\n");
        for (ad, cloud, more) in self.people {
            let _ = write!(text, "[[link]]\nad = \"{ad}\"\ncloud = \"{cloud}\"\n{more}");
        }
        text + self.more
    }
}
