//! What a seed chooses: the links, the settings, and everything that goes wrong.

use super::dice::Dice;
use super::meddler::Meddling;
use crate::stage::SYNCED;
use matchplan::apply::options::OnFailure;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// One seed's day.
pub struct Script {
    pub seed: u64,
    /// sAMAccountName, UPN in the cloud, more lines of the link.
    pub links: Vec<(&'static str, &'static str, &'static str)>,
    /// More of `[sync]`.
    pub sync: String,
    pub on_failure: OnFailure,
    /// Whether the servers fail.
    pub stormy: bool,
    /// What happens at which place, counted from the first.
    pub disturbances: BTreeMap<usize, Disturbance>,
    /// After how many starts of the program the bad day is over.
    pub bad_starts: usize,
    /// At which start somebody goes back instead of going on.
    pub gives_up_at: Option<usize>,
    /// In how many hours Elena's eligibility ends.
    pub elena_ends_in: i64,
}

/// Something that happens at one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disturbance {
    /// The process dies; with the power, what was not kept on the disk is lost, or the last part of it.
    Die { power: bool },
    /// The disk is full for so many operations.
    Full(usize),
    /// The disk is read-only for so many operations.
    ReadOnly(usize),
    /// Somebody else changes the world.
    Meddle(Meddling),
    /// The computer's clock is set, by so many minutes.
    Jump(i64),
    /// Time passes, in minutes, for everybody.
    Pass(i64),
    /// Ctrl-C.
    Interrupt,
}

/// Everybody who can be linked.
const PEOPLE: [(&str, &str, &str); 16] = [
    ("asmith", "anna.smith@contoso.com", ""),
    ("bbaker", "ben.baker@contoso.com", ""),
    ("ccole", "carla.cole@contoso.com", ""),
    ("ddiaz", "diego.diaz@contoso.com", ""),
    ("eeriksen", "erik.eriksen@contoso.com", "match = \"hard\"\nupn = \"cloud\"\n"),
    ("ffox", "fiona.fox@contoso.com", ""),
    ("jjung", "jonas.jung@contoso.com", ""),
    ("llang", "lena.lang@contoso.com", "match = \"hard\"\n"),
    ("mmoss", "mira.moss@contoso.com", "match = \"hard\"\n"),
    ("nnunez", "noe.nunez@contoso.com", ""),
    ("ggrant", "gina.grant@contoso.com", ""),
    ("hhill", "henry.hill@contoso.com", ""),
    ("eengel", "elena.engel@contoso.com", ""),
    ("ggruber", "gus.gruber@contoso.com", ""),
    ("ccurtis", "cora.curtis@contoso.com", ""),
    ("ppohl", "pavel.pohl@contoso.com", ""),
];

/// Those of them who hold roles.
const ADMINISTRATORS: [&str; 6] = ["ggrant", "hhill", "eengel", "ggruber", "ccurtis", "ppohl"];

/// How many places a link goes through, roughly: disturbances are spread over so many.
const PLACES_OF_A_LINK: usize = 90;

impl Script {
    pub fn of(seed: u64) -> Self {
        let mut dice = Dice::of(seed);
        let mut links = Vec::new();
        for _ in 0..=dice.below(3) {
            let link = dice.one(&PEOPLE);
            if !links.contains(&link) {
                links.push(link);
            }
        }
        let mut sync = format!("timeout = \"{}\"\n", dice.one(&["20m", "45m", "2h"]));
        // A link whose roles are taken is never left waiting, and a configuration that would is refused.
        let holds = dice.chance(40) && !links.iter().any(|(ad, ..)| ADMINISTRATORS.contains(ad));
        let _ = writeln!(sync, "on_timeout = {:?}", if holds { "hold" } else { "withdraw" });
        if dice.chance(50) {
            sync += "hold = { command = [\"hold\"] }\nrelease = { command = [\"release\"] }\n";
        }
        let places = links.len() * PLACES_OF_A_LINK;
        let count = dice.below(6);
        let disturbances = (0..count).map(|_| (dice.below(places), disturbance(&mut dice))).collect();
        let on_failure = dice.one(&[OnFailure::Continue, OnFailure::Continue, OnFailure::Stop, OnFailure::Rollback]);
        Self {
            seed,
            links,
            sync,
            on_failure,
            stormy: dice.chance(70),
            disturbances,
            bad_starts: 1 + dice.below(4),
            gives_up_at: dice.chance(25).then(|| 1 + dice.below(3)),
            elena_ends_in: dice.one(&[1, 3, 4000]),
        }
    }

    /// The match plan.
    pub fn match_plan(&self) -> String {
        let mut text = format!("version = 1\n[defaults]\nmove_to = \"{SYNCED}\"\n");
        for (ad, cloud, more) in &self.links {
            let _ = write!(text, "[[link]]\nad = \"{ad}\"\ncloud = \"{cloud}\"\n{more}");
            if ADMINISTRATORS.contains(ad) {
                text += "roles = \"suspend\"\n";
            }
        }
        text
    }
}

fn disturbance(dice: &mut Dice) -> Disturbance {
    match dice.below(12) {
        0..=3 => Disturbance::Die { power: dice.chance(50) },
        4 => Disturbance::Full(1 + dice.below(12)),
        5 => Disturbance::ReadOnly(1 + dice.below(12)),
        6..=8 => Disturbance::Meddle(Meddling::of(dice)),
        9 => Disturbance::Jump(dice.one(&[-90 * 24 * 60, -3, 3, 90, 60 * 24])),
        10 => Disturbance::Pass(dice.one(&[31, 61, 181])),
        _ => Disturbance::Interrupt,
    }
}
