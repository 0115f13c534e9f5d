//! From decided links to ordered steps: waves, and within each the order that keeps people from being locked out.
//!
//! Per wave: hold → every link's own steps (suspend, align, anchor) → moves into scope → release → one sync → verify →
//! restore. Suspend comes before align (an aligned name makes the role conflict), align before anchor (a cycle in
//! between would take over before the addresses are merged).

use super::decide::Decision;
use super::step::{Action, Step, Undo};
use super::tasks::Task;
use super::tasks::deleted::never_back;
use crate::config::settings::SyncSettings;
use crate::model::anchor::ImmutableId;
use crate::model::cloud::Presence;
use crate::model::id::{LinkId, StepId};
use crate::model::reference::{AdRef, EntraRef};
use crate::model::role::RoleKind;
use crate::rules::exposure::Exposure;

/// A link that will be changed, and the wave it goes through.
pub struct Waved<'a> {
    /// Its id.
    pub id: &'a LinkId,
    /// What was decided.
    pub decision: &'a Decision<'a>,
    /// Its wave, from 1.
    pub wave: u32,
}

/// Puts links into waves: those without roles first, together; then those with roles, at most `max_suspended` at a time.
/// With a `pilot`, so many links go first, in a wave of their own: of those without roles, if there are any.
pub fn waves<'a>(links: &[(&'a LinkId, &'a Decision<'a>)], max_suspended: u32, pilot: Option<u32>) -> Vec<Waved<'a>> {
    let Some(pilot) = pilot.filter(|pilot| (*pilot as usize) < links.len()) else {
        return by_roles(links, max_suspended);
    };
    let plain = links.iter().filter(|(_, decision)| decision.roles.is_empty()).count();
    let most = if plain > 0 { plain } else { max_suspended.max(1) as usize }.min(pilot as usize);
    let mut first = Vec::new();
    let mut rest = Vec::new();
    for link in links {
        let fits = (plain == 0 || link.1.roles.is_empty()) && first.len() < most;
        if fits { first.push(*link) } else { rest.push(*link) }
    }
    let mut waved = by_roles(&first, max_suspended);
    waved.extend(by_roles(&rest, max_suspended).into_iter().map(|link| Waved { wave: link.wave + 1, ..link }));
    waved
}

fn by_roles<'a>(links: &[(&'a LinkId, &'a Decision<'a>)], max_suspended: u32) -> Vec<Waved<'a>> {
    let (with, without): (Vec<_>, Vec<_>) = links.iter().partition(|(_, d)| !d.roles.is_empty());
    let first: u32 = if without.is_empty() { 1 } else { 2 };
    let chunk = usize::try_from(max_suspended).unwrap_or(usize::MAX).max(1);
    let plain = without.into_iter().map(|(id, decision)| Waved { id, decision, wave: 1 });
    let roles = (first..).zip(with.chunks(chunk)).flat_map(|(wave, part)| {
        part.iter().map(move |(id, decision)| Waved { id, decision, wave }).collect::<Vec<_>>()
    });
    plain.chain(roles).collect()
}

/// The steps of all tasks, and then of all waves, in execution order. The links stand in the order of their waves.
pub fn steps(tasks: &[Task], links: &[Waved<'_>], sync: &SyncSettings) -> Vec<Step> {
    let mut list = StepList::default();
    for Task { planned, steps, .. } in tasks {
        for (action, undo) in steps {
            list.push(0, Some(&planned.id), action.clone(), undo.clone());
        }
    }
    for members in links.chunk_by(|one, next| one.wave == next.wave) {
        let wave = members.first().map_or(1, |link| link.wave);
        let seen = |link: &Waved<'_>| matches!(link.decision.exposure, Exposure::Held | Exposure::Unknown);
        let held = sync.hold.is_some() && members.iter().any(seen);
        if held {
            list.push(wave, None, Action::Hold, Undo::Inverse);
        }
        let suspended: Vec<(&Waved<'_>, Vec<Taken>)> =
            members.iter().map(|link| (link, own_steps(&mut list, link))).collect();
        for link in members {
            if let Some((from, to)) = &link.decision.relocation {
                let action = Action::Move { user: link.decision.ad.into(), from: from.clone(), to: to.clone() };
                let reason = "after the cycle, moving it out of scope again would delete the cloud user".to_owned();
                list.push(wave, Some(link.id), action, Undo::UntilSync { reason });
            }
        }
        if held {
            list.push(wave, None, Action::Release, Undo::Inverse);
        }
        let reason = "a link that a cycle has formed cannot be taken back by writing attributes".to_owned();
        list.push(wave, None, Action::Sync, Undo::Never { reason });
        for link in members {
            let Decision { ad, cloud, anchor, .. } = link.decision;
            let action = Action::Verify {
                ad: AdRef::from(*ad),
                cloud: EntraRef::from(*cloud),
                anchor: *anchor,
                sid: ad.sid.clone(),
            };
            list.push(wave, Some(link.id), action, Undo::Nothing);
        }
        for (link, mut taken) in suspended {
            // What is in force comes back before what waits in readiness: people can work again at once.
            taken.sort_by_key(|taken| taken.kind);
            for Taken { suspend, label, kind: _ } in taken {
                let action = Action::Restore { user: link.decision.cloud.into(), apply: None, suspend, label };
                list.push(wave, Some(link.id), action, Undo::Nothing);
            }
        }
    }
    list.0
}

/// A suspension that is to be restored.
struct Taken {
    suspend: StepId,
    label: String,
    kind: RoleKind,
}

/// A link's own steps; returns the suspensions that are to be restored.
fn own_steps(list: &mut StepList, link: &Waved<'_>) -> Vec<Taken> {
    let Decision { ad, cloud, changes, source_anchor, anchor, roles, restore, duplicates, detour, .. } = link.decision;
    let mut taken = Vec::new();
    // Activations first: without its eligibility an activation could be left behind.
    let (activated, standing): (Vec<_>, Vec<_>) = roles.iter().partition(|holding| !holding.comes_back());
    for holding in activated.into_iter().chain(standing) {
        let restore = *restore && holding.comes_back();
        let action = Action::Suspend { user: EntraRef::from(*cloud), holding: holding.clone(), restore };
        let undo = if holding.comes_back() { Undo::Inverse } else { Undo::Nothing };
        let suspend = list.push(link.wave, Some(link.id), action, undo);
        if restore {
            taken.push(Taken { suspend, label: holding.to_string(), kind: holding.kind() });
        }
    }
    for duplicate in duplicates.iter().filter(|user| user.deleted.is_none()) {
        let (user, from, to) = (EntraRef::from(*duplicate), Presence::Live, Presence::RecycleBin);
        list.push(link.wave, Some(link.id), Action::Place { user, from, to, upn: None }, Undo::Inverse);
    }
    if !changes.is_empty() {
        let action = Action::Align { user: AdRef::from(*ad), changes: changes.clone() };
        let effect = "after the cycle, changing it back changes the cloud user too".to_owned();
        list.push(link.wave, Some(link.id), action, Undo::FlowsOn { effect });
    }
    // By itself: unlike the other attributes it stays what it is from the first cycle on.
    if let Some(change) = source_anchor {
        let action = Action::Align { user: AdRef::from(*ad), changes: vec![change.clone()] };
        let reason = "the source anchor of an AD user that a cycle has seen cannot change".to_owned();
        list.push(link.wave, Some(link.id), action, Undo::UntilSync { reason });
    }
    // As late as can be: what was only deleted comes back if the link fails before.
    for duplicate in duplicates {
        let (user, from, to) = (EntraRef::from(*duplicate), Presence::RecycleBin, Presence::Gone);
        list.push(link.wave, Some(link.id), Action::Place { user, from, to, upn: None }, never_back(duplicate));
    }
    if let Some(name) = detour {
        list.push(link.wave, Some(link.id), super::detour::step(cloud, &cloud.upn, name), Undo::Inverse);
    }
    if link.decision.writes_anchor() {
        let (expects, sets) = (cloud.immutable_id.clone(), Some(ImmutableId::from(*anchor)));
        let action = Action::Anchor { user: EntraRef::from(*cloud), expects, sets };
        let reason = "the ImmutableID of a synced user cannot be written".to_owned();
        list.push(link.wave, Some(link.id), action, Undo::UntilSync { reason });
    }
    if let Some(name) = detour {
        list.push(link.wave, Some(link.id), super::detour::step(cloud, name, &cloud.upn), Undo::Inverse);
    }
    taken
}

#[derive(Default)]
struct StepList(Vec<Step>);

impl StepList {
    fn push(&mut self, wave: u32, link: Option<&LinkId>, action: Action, undo: Undo) -> StepId {
        let id = Step::numbered(self.0.len() + 1, &action, link);
        self.0.push(Step { id: id.clone(), wave, link: link.cloned(), action, undo });
        id
    }
}
