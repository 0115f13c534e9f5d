//! Steps and tasks with ids instead of names.

use super::{Redactor, entra};
use crate::model::cloud::{EntraAttribute, EntraChange};
use crate::model::id::{LinkId, StepId};
use crate::model::reference::HolderRef;
use crate::plan::document::{Plan, Selection};
use crate::plan::step::{Action, Step, Undo};
use crate::plan::task::{PlannedTask, TaskOutcome, linked_in};

impl Redactor {
    /// Groups and contacts are named by steps, and by the titles of their links as somebody wrote them.
    pub(super) fn learn_tasks(&mut self, plan: &Plan) {
        for step in &plan.steps {
            match &step.action {
                Action::Align { user, .. } | Action::Move { user, .. } => self.learn_ad(user),
                Action::Arrival { object } => self.names.is_known_as(&object.name, &object.id.to_string()),
                _ => {}
            }
        }
        for task in &plan.tasks {
            if let Some(objects) = linked_in(&task.title) {
                let id = self.link_id(&task.id);
                self.names.is_known_as(objects, id.as_str().trim_start_matches("link/"));
            }
        }
    }

    pub(super) fn selection(&mut self, selection: &Selection) -> Selection {
        let Selection { only, exclude, pilot } = selection;
        let mut names = |all: &[String]| all.iter().map(|name| self.names.name(name)).collect();
        Selection { only: names(only), exclude: names(exclude), pilot: *pilot }
    }

    pub(super) fn task(&mut self, task: &PlannedTask) -> PlannedTask {
        let PlannedTask { id, title, origin, user, outcome, before } = task;
        PlannedTask {
            id: self.link_id(id),
            title: self.names.sentence(title),
            origin: origin.as_ref().map(|origin| self.origin(origin)),
            user: user.as_ref().map(entra),
            outcome: match outcome {
                TaskOutcome::Change { why } => TaskOutcome::Change { why: self.names.sentence(why) },
                TaskOutcome::Unchanged | TaskOutcome::Blocked | TaskOutcome::Undo => outcome.clone(),
            },
            before: before.as_ref().map(|user| Box::new(self.entra_user(user))),
        }
    }

    /// A step's id is its number, its kind and its link.
    pub(super) fn step_id(&mut self, id: &StepId, link: Option<&LinkId>) -> StepId {
        match link.and_then(|link| id.as_str().strip_suffix(link.as_str()).map(|number| (number, link))) {
            Some((number, link)) => format!("{number}{}", self.link_id(link)).into(),
            None => self.names.sentence(id.as_str()).into(),
        }
    }

    /// Anchors and SIDs are ids; the others are names.
    pub(super) fn entra_change(&mut self, change: &EntraChange) -> EntraChange {
        let EntraChange { attribute, expects, sets } = change;
        let id = matches!(
            attribute,
            EntraAttribute::ImmutableId | EntraAttribute::SecurityIdentifier | EntraAttribute::ObjectIdentifier
        );
        let mut value = |value: &Option<String>| match value {
            Some(value) if !id => Some(self.names.name(value)),
            other => other.clone(),
        };
        EntraChange { attribute: *attribute, expects: value(expects), sets: value(sets) }
    }

    pub(super) fn step(&mut self, step: &Step) -> Step {
        let Step { id, wave, link, action, undo } = step;
        let action = match action {
            Action::Hold => Action::Hold,
            Action::Release => Action::Release,
            Action::Sync => Action::Sync,
            Action::Suspend { user, holding, restore } => {
                Action::Suspend { user: entra(user), holding: self.holding(holding), restore: *restore }
            }
            Action::Align { user, changes } => Action::Align {
                user: self.ad(user),
                changes: changes.iter().map(|change| self.change(change)).collect(),
            },
            Action::Anchor { user, expects, sets } => Action::Anchor {
                user: entra(user),
                expects: expects.as_ref().map(|id| self.immutable_id(id)),
                sets: sets.as_ref().map(|id| self.immutable_id(id)),
            },
            Action::Amend { user, changes } => Action::Amend {
                user: entra(user),
                changes: changes.iter().map(|change| self.entra_change(change)).collect(),
            },
            Action::Place { user, from, to, upn } => Action::Place {
                user: entra(user),
                from: *from,
                to: *to,
                upn: upn.as_ref().map(|upn| self.names.name(upn.as_str()).as_str().into()),
            },
            Action::Authority { user, expects, sets } => {
                Action::Authority { user: entra(user), expects: *expects, sets: *sets }
            }
            Action::Switch { feature, expects, sets } => {
                Action::Switch { feature: *feature, expects: *expects, sets: *sets }
            }
            Action::Departure { user } => Action::Departure { user: entra(user) },
            Action::Arrival { object: HolderRef { kind, id, name: _ } } => {
                Action::Arrival { object: HolderRef { kind: *kind, id: *id, name: id.to_string() } }
            }
            Action::Move { user, from, to } => {
                Action::Move { user: self.ad(user), from: self.container(from), to: self.container(to) }
            }
            Action::Verify { ad, cloud, anchor, sid } => {
                Action::Verify { ad: self.ad(ad), cloud: entra(cloud), anchor: *anchor, sid: sid.clone() }
            }
            Action::Restore { user, apply, suspend, label } => Action::Restore {
                user: entra(user),
                apply: apply.clone(),
                suspend: self.step_id(suspend, link.as_ref()),
                label: self.names.sentence(label),
            },
        };
        let undo = match undo {
            Undo::Inverse => Undo::Inverse,
            Undo::Nothing => Undo::Nothing,
            Undo::UntilSync { reason } => Undo::UntilSync { reason: self.names.sentence(reason) },
            Undo::FlowsOn { effect } => Undo::FlowsOn { effect: self.names.sentence(effect) },
            Undo::Never { reason } => Undo::Never { reason: self.names.sentence(reason) },
        };
        let id = self.step_id(id, link.as_ref());
        Step { id, wave: *wave, link: link.as_ref().map(|link| self.link_id(link)), action, undo }
    }
}

#[cfg(test)]
mod tests {
    use crate::model::cloud::{EntraAttribute, EntraChange, Presence};
    use crate::model::entra::HolderKind;
    use crate::plan::document::{Plan, Selection};
    use crate::plan::step::{Action, Step, Undo};
    use crate::plan::task::{PlannedTask, TaskOutcome, link_title};
    use crate::report::plan_text::{Detail, render};
    use crate::report::style::Style;
    use crate::report::testing::sample;
    use crate::report::{plan_json, plan_markdown, redact};

    /// The sample with a task about its first cloud user, who remembers an AD user of another name.
    fn with_task() -> Plan {
        let mut plan = sample();
        let user = plan.links[0].before.user.clone();
        let id = crate::model::id::LinkId(format!("unlink/{}", user.upn));
        let change = EntraChange {
            attribute: EntraAttribute::DistinguishedName,
            expects: Some("CN=Sidonie Geheim,OU=Berlin,DC=corp,DC=contoso,DC=com".to_owned()),
            sets: None,
        };
        let step = |action| Step { id: "0-a".into(), wave: 0, link: Some(id.clone()), action, undo: Undo::Inverse };
        let back = Action::Place {
            user: (&user).into(),
            from: Presence::RecycleBin,
            to: Presence::Live,
            upn: Some("sidonie.neu@contoso.com".into()),
        };
        plan.steps.insert(0, step(Action::Amend { user: (&user).into(), changes: vec![change] }));
        plan.steps.insert(0, step(back));
        plan.selection = Selection { only: vec!["Sidonie Geheim".to_owned()], ..Selection::default() };
        plan.tasks.push(PlannedTask {
            id,
            title: format!("unlink {}: what it remembers of AD is cleared", user.upn),
            origin: None,
            user: Some((&user).into()),
            outcome: TaskOutcome::Change { why: format!("{} is free", user.upn) },
            before: Some(Box::new(user)),
        });
        plan
    }

    fn forms(plan: &Plan) -> [String; 4] {
        [
            render(plan, Style::PLAIN, 100, Detail::Brief),
            render(plan, Style::PLAIN, 100, Detail::Full),
            plan_json::render(plan).unwrap(),
            plan_markdown::render(plan, "p.plan.json"),
        ]
    }

    #[test]
    fn a_task_is_shown_in_every_form_and_redacted_in_each() {
        for text in forms(&with_task()) {
            assert!(text.contains("onPremisesDistinguishedName") && text.contains("Sidonie Geheim"), "{text}");
        }
        for text in forms(&redact::plan(&with_task())) {
            assert!(text.contains("onPremisesDistinguishedName"), "{text}");
            for name in ["Sidonie", "Geheim", "sidonie", "john.smith"] {
                assert!(!text.contains(name), "{name} in {text}");
            }
        }
    }

    /// Of a group that is linked already only the title tells, and it tells what somebody wrote.
    #[test]
    fn what_only_a_title_names_is_redacted_there_and_in_findings() {
        let written = [(r"CORP\Quokkas", "Friends of Wombats"), ("quokkas@contoso.com", "Wombats (friends)")];
        for (ad, cloud) in written {
            let mut plan = sample();
            let title = link_title(HolderKind::Group, ad, cloud);
            let id = crate::model::id::LinkId(format!("link/{}", ad.replace('\\', "/")).to_lowercase());
            plan.findings[0].message = format!("undo: {title}: a sync cycle has joined the two.");
            let outcome = TaskOutcome::Unchanged;
            plan.tasks.push(PlannedTask { id, title, origin: None, user: None, outcome, before: None });
            assert!(forms(&plan).iter().any(|text| text.contains(cloud)));
            for text in forms(&redact::plan(&plan)) {
                for name in ["quokka", "wombat", "friends"] {
                    assert!(!text.to_lowercase().contains(name), "{name} in {text}");
                }
            }
        }
    }
}
