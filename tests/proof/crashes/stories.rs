//! What is interrupted: an apply with every kind of step, one that withdraws what no cycle formed, a rollback, and tasks.

use super::Recovery;
use crate::stage::{SYNCED, Way};
use matchplan::apply::outcome::Ending;
use matchplan::lab::runtime::Lab;
use matchplan::lab::world::World;
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
            people: &EVERYBODY,
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
            people: &ADMINISTRATORS,
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

/// A switch of the tenant that stays as it is set, and one that stands open for the time of the apply.
const TASKS: &str =
    "[tenant]\nallowOnPremUpdateOfOnPremisesObjectIdentifierEnabled = true\n[window]\nsoft_match = true\n";

/// Whom a soft match links.
const SOMEBODY: [Person; 1] = [("ccole", "carla.cole@contoso.com", "")];

/// These, and somebody whom a soft match links.
const EVERYBODY: [Person; 5] =
    [SOMEBODY[0], ADMINISTRATORS[0], ADMINISTRATORS[1], ADMINISTRATORS[2], ADMINISTRATORS[3]];

impl Story {
    /// Contoso, where no cycle comes by itself.
    pub fn world(&self) -> World {
        let mut world = crate::world::of(self.people.iter().map(|(sam, upn, _)| (*sam, *upn)));
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
