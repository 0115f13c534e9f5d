//! What earlier applies left behind.

use super::facts::Facts;
use super::{Area, Check, Point, some};
use crate::state::ledger::State;

const UNFINISHED: Point = Point(Area::State, "unfinished-apply", "no apply is unfinished");
const SUSPENDED: Point = Point(Area::State, "suspended-roles", "no role is waiting to be given back");
const LOCK: Point = Point(Area::State, "lock", "nobody else is at work");

pub(super) fn record(facts: &Facts<'_>) -> Vec<Check> {
    let lock = match &facts.lock {
        Ok(None) => LOCK.pass("the state is not locked"),
        Ok(Some(holder)) => LOCK.fail(holder.as_str(), "Wait until it has ended; the lock ends with its process."),
        Err(why) => LOCK.cannot_tell(why.as_str(), "Check the rights on the project's folder."),
    };
    let state = match &facts.state {
        Err(why) => {
            let help = "`matchplan status` says what is wrong with the state.";
            return vec![UNFINISHED.cannot_tell(why.as_str(), help), SUSPENDED.cannot_tell(why.as_str(), help), lock];
        }
        Ok(None) => return vec![UNFINISHED.pass("nothing was applied here yet"), lock],
        Ok(Some(state)) => state,
    };
    vec![unfinished(state), suspended(state), lock]
}

fn unfinished(state: &State) -> Check {
    match state.unfinished() {
        None => UNFINISHED.pass("every apply has ended"),
        Some(apply) => UNFINISHED.fail(
            format!("apply {} of {} has not ended", apply.id, apply.started),
            "`matchplan apply` goes on with it, `matchplan rollback` takes it back; until then nothing new can be applied.",
        ),
    }
}

fn suspended(state: &State) -> Check {
    let out: Vec<String> =
        state.suspended_roles().iter().map(|role| format!("{} of {}", role.holding, role.user)).collect();
    SUSPENDED.unless(
        &out,
        "every role that was taken for a time is back",
        format!(
            "`matchplan apply` gives {} back; the restore sheet in .matchplan says how to do so by hand.",
            some(&out)
        ),
    )
}
