//! What is interrupted: an apply with every kind of step, one that withdraws what no cycle formed, and a rollback.

use super::Recovery;
use crate::stage::{SYNCED, Way};
use matchplan::apply::outcome::Ending;
use matchplan::lab::runtime::Lab;
use matchplan::lab::world::World;
use std::fmt::Write as _;

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

const HOLD: &str = "timeout = \"12h\"\nhold = { command = [\"hold\"] }\nrelease = { command = [\"release\"] }\n";

/// All stories.
pub const fn stories() -> [Story; 3] {
    [
        Story {
            name: "apply",
            id: "apply",
            sync: HOLD,
            cycles: true,
            undoes: false,
            ending: Ending::Complete,
            recoveries: &[Recovery::Resume, Recovery::RollBack],
        },
        Story {
            name: "withdrawal",
            id: "apply",
            sync: HOLD,
            cycles: false,
            undoes: false,
            ending: Ending::Partial,
            recoveries: &[Recovery::Resume, Recovery::RollBack],
        },
        Story {
            name: "rollback",
            id: "back",
            sync: HOLD,
            cycles: true,
            undoes: true,
            ending: Ending::Complete,
            recoveries: &[Recovery::Resume],
        },
    ]
}

/// Contoso, where no cycle comes by itself.
pub fn world() -> World {
    let mut world = crate::world::of(LINKS);
    world.sync.next_cycle = None;
    world.sync.interval_minutes = 60 * 24 * 365;
    world
}

/// Links of every kind: soft, hard, and administrators by assignment in a unit, by eligibility with an end, by
/// activation, and through a group.
const LINKS: [(&str, &str); 5] = [
    ("ccole", "carla.cole@contoso.com"),
    ("hhill", "henry.hill@contoso.com"),
    ("eengel", "elena.engel@contoso.com"),
    ("ggruber", "gus.gruber@contoso.com"),
    ("ppohl", "pavel.pohl@contoso.com"),
];

/// The match plan.
pub fn links() -> String {
    let mut text = format!("version = 1\n[defaults]\nmove_to = \"{SYNCED}\"\nroles = \"suspend\"\n");
    for (ad, cloud) in LINKS {
        let _ = write!(text, "[[link]]\nad = \"{ad}\"\ncloud = \"{cloud}\"\n");
    }
    text
}
