//! A ledger that is not whole: what is wrong, what is certain of it, and what to type.

use super::events::count;
use crate::state::ledger::{State, StepStatus, SuspendedRole};
use crate::state::salvage::{Damaged, Health, Unsalvageable};

/// What is certain and what to do, one sentence each; what is wrong stands in [`Damaged::problem`]. `flags` as in
/// [`super::outcome::render`].
pub fn sentences(damaged: &Damaged, flags: &str) -> Vec<String> {
    let Damaged { problem, state_file, journal, salvaged, sheets } = damaged;
    let health = |file| health(file, problem);
    let mut all = vec![format!("The state file {}; the journal {}.", health(state_file), health(journal))];
    match salvaged {
        Ok(state) => all.extend(certain(state)),
        Err(why) => all.push(format!("What is certain cannot be told: {why}.")),
    }
    all.extend(
        sheets.iter().map(|sheet| format!("Roles that an apply took, and how to give each back by hand: {sheet}")),
    );
    let recover = format!("`matchplan{flags} state recover`");
    all.push(match salvaged {
        Ok(_) => format!(
            "Nothing was changed. Take the files from a backup, or type {recover}: it keeps what is certain, puts the damaged \
             file aside, and the next `matchplan{flags} apply` or rollback reads the directories for all the rest."
        ),
        Err(Unsalvageable::Choose) => format!(
            "Nothing was changed. Take away the file that does not belong here, or choose: {recover} --keep state, or \
             --keep journal. The other one is put aside."
        ),
        Err(Unsalvageable::Nothing) => "Nothing was changed. Take the files from git or a backup. Without one, give back the \
             roles by the sheets above, move both files away, and plan anew."
            .to_owned(),
    });
    all
}

fn health(health: &Health, problem: &str) -> String {
    match health {
        Health::Missing => "is not there".to_owned(),
        Health::Whole { from, up_to } => format!("is whole (records {from} to {up_to})"),
        Health::Broken { why, certain } => {
            // What is wrong with one of the two has been said.
            let why = if problem.contains(why) { String::new() } else { format!(" ({why})") };
            let certain = certain.map(|(from, up_to)| format!(", certain are its records {from} to {up_to}"));
            format!("is damaged{why}{}", certain.unwrap_or_default())
        }
    }
}

/// What a ledger says up to its last certain record.
fn certain(state: &State) -> Vec<String> {
    let mut all = vec![format!("Certain is everything up to record {}.", state.serial)];
    if let Some(apply) = state.unfinished() {
        let (id, started, context) = (&apply.id, apply.started, &apply.context);
        all.push(format!("Apply {id} is unfinished there, begun {started} by {} on {}.", context.user, context.host));
    }
    // What is lost may have taken any role that the apply takes at all, since it began.
    let began = state.unfinished().map(|apply| apply.started);
    let doubted = began.map(|at| state.clone().doubt(at));
    let state = doubted.as_ref().unwrap_or(state);
    let roles = state.suspended_roles();
    if !roles.is_empty() {
        let names: Vec<String> = roles.iter().map(out).collect();
        all.push(format!("{} may be out: {}.", count(roles.len(), "role"), names.join("; ")));
    }
    if state.applies.iter().any(|apply| apply.ended.is_none() && apply.is_held()) {
        all.push("The sync scheduler was stopped and may still be.".to_owned());
    }
    all
}

fn out(role: &SuspendedRole<'_>) -> String {
    let SuspendedRole { apply, link, step, user, holding, certain } = role;
    let since = apply.step(step).and_then(|step| match &step.status {
        StepStatus::Succeeded { done } | StepStatus::Undoing { done, .. } => Some(done.at),
        StepStatus::Started { at, .. } => Some(*at),
        _ => None,
    });
    let since = since.map(|at| format!(" since {at}")).unwrap_or_default();
    let doubt = if *certain { "" } else { ", if it was taken at all" };
    format!("{holding} of {user} ({}), for {link}{since}{doubt}", user.id)
}
