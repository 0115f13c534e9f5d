//! A plan with ids instead of names, for showing it to people who may not know whom it is about.
//!
//! [`plan`] gives a plan of the same shape, so every renderer shows it like any other. What is left: object ids,
//! GUIDs, SIDs, anchors, role names, the organization's own names and domains, file names, numbers. What is replaced:
//!
//! - a user of the plan, wherever it is named, by its object id or objectGUID;
//! - every other name or local part by `name-1`, `name-2`, … in the order of the plan. Numbers and not hashes: a hash
//!   of a name can be found by trying names;
//! - the domain of an address by `domain-1.invalid`, … unless it is a domain of the organization (of the forest, or
//!   one that a cloud user's UPN ends in, which Entra demands to be a verified domain of the tenant).
//!
//! Sentences are searched for every name that occurs in the plan's own fields, and for whatever looks like an address
//! or a `CN=`. That errs on the side of replacing too much: a person called Will takes "will" along. A name that stands
//! in a sentence only, and in no field of the plan, is not found; the planner names every object of a finding in fields.

mod settings;
mod steps;

use super::redact_text::Names;
use crate::model::anchor::ImmutableId;
use crate::model::attribute::AttributeChange;
use crate::model::dn::Dn;
use crate::model::entra::{EntraUser, ProvisioningError};
use crate::model::id::LinkId;
use crate::model::reference::{AdRef, EntraRef};
use crate::model::role::{Holding, RoleGrant};
use crate::plan::document::Plan;
use crate::plan::link::{BeforeImage, Outcome, PlannedLink};
use crate::plan::step::Action;
use crate::rules::finding::{Finding, ObjectRef, Origin};
use crate::rules::prediction::{Overwrite, Prediction, Takeover};
use smol_str::SmolStr;

/// The plan with ids instead of names. Its digest stays that of the original, so that the two can be put side by side;
/// as a saved plan it is therefore refused.
pub fn plan(plan: &Plan) -> Plan {
    let mut redactor = Redactor { names: Names::default() };
    redactor.learn(plan);
    redactor.plan(plan)
}

struct Redactor {
    names: Names,
}

impl Redactor {
    /// Learns every name before the first is replaced, so that a sentence can mention a user of a later link.
    fn learn(&mut self, plan: &Plan) {
        for domain in &plan.forest {
            self.names.own_domain(&domain.dns_name);
        }
        self.names.own_domain(&plan.tenant.initial_domain);
        for link in &plan.links {
            self.names.own_domain(link.cloud.upn.suffix());
        }
        for user in plan.tasks.iter().filter_map(|task| task.before.as_deref()) {
            self.names.own_domain(user.upn.suffix());
            let _ = self.entra_user(user);
        }
        for link in &plan.links {
            let (guid, id) = (link.ad.guid.to_string(), link.cloud.id.to_string());
            self.names.is_known_as(link.id.as_str(), &format!("{}/{guid}", link.ad.domain));
            self.learn_ad(&link.ad);
            self.names.is_known_as(link.cloud.upn.prefix(), &id);
        }
        self.learn_tasks(plan);
        for object in plan.findings.iter().flat_map(|finding| &finding.objects) {
            self.names.is_known_as(&object.name, &object.id);
        }
        for link in &plan.links {
            let (user, id) = (&link.before.user, link.cloud.id.to_string());
            for name in [&user.display_name, &user.mail_nickname].into_iter().flatten() {
                self.names.is_known_as(name, &id);
            }
        }
        for holding in plan.links.iter().flat_map(|link| &link.before.roles) {
            if let Holding::Group(group) = holding {
                self.names.is_known_as(&group.group_name, &group.group.to_string());
            }
        }
        // What replaces a field also learns it; the results are made again below, when everything is known.
        for link in &plan.links {
            let _ = self.entra_user(&link.before.user);
            let _ = self.takeover(&link.takeover);
        }
        for value in plan.findings.iter().filter_map(|finding| finding.value.as_ref()) {
            let _ = self.names.value(value);
        }
        for step in &plan.steps {
            match &step.action {
                Action::Align { changes, .. } => changes.iter().for_each(|change| drop(self.change(change))),
                Action::Amend { changes, .. } => changes.iter().for_each(|change| drop(self.entra_change(change))),
                _ => {}
            }
        }
    }

    /// A user, group or contact of AD, by each of its names.
    fn learn_ad(&mut self, ad: &AdRef) {
        let guid = ad.guid.to_string();
        self.names.is_known_as(ad.sam.as_str(), &guid);
        self.names.is_known_as(ad.dn.as_str(), &format!("CN={guid}"));
        self.names.is_known_as(rdn_value(&ad.dn), &guid);
    }

    fn plan(&mut self, plan: &Plan) -> Plan {
        let Plan {
            format_version,
            tool_version,
            purpose,
            tenant,
            forest,
            config_digest,
            sources,
            recipients,
            settings,
            created,
            expires,
            counts,
            findings,
            skipped,
            selection,
            tasks,
            links,
            steps,
            digest,
        } = plan;
        Plan {
            format_version: *format_version,
            tool_version: tool_version.clone(),
            purpose: purpose.clone(),
            tenant: tenant.clone(),
            forest: forest.clone(),
            config_digest: config_digest.clone(),
            sources: sources.clone(),
            recipients: recipients.clone(),
            settings: self.settings(settings),
            created: *created,
            expires: *expires,
            counts: *counts,
            findings: findings.iter().map(|finding| self.finding(finding)).collect(),
            skipped: skipped.iter().map(|id| self.link_id(id)).collect(),
            selection: self.selection(selection),
            tasks: tasks.iter().map(|task| self.task(task)).collect(),
            links: links.iter().map(|link| self.link(link)).collect(),
            steps: steps.iter().map(|step| self.step(step)).collect(),
            digest: digest.clone(),
        }
    }

    fn finding(&mut self, finding: &Finding) -> Finding {
        let Finding { severity, code, link, origin, message, objects, value, microsoft_error, help } = finding;
        Finding {
            severity: *severity,
            code: *code,
            link: link.as_ref().map(|id| self.link_id(id)),
            origin: origin.as_ref().map(|origin| self.origin(origin)),
            objects: objects.iter().map(|object| self.object(object)).collect(),
            value: value.as_ref().map(|value| self.names.value(value)),
            message: self.names.sentence(message),
            microsoft_error: *microsoft_error,
            help: self.names.sentence(help),
        }
    }

    fn object(&mut self, object: &ObjectRef) -> ObjectRef {
        let ObjectRef { kind, id, name, place } = object;
        ObjectRef {
            kind: kind.clone(),
            id: self.names.sentence(id),
            name: self.names.name(name),
            place: self.names.sentence(place),
        }
    }

    fn origin(&mut self, Origin { file, line }: &Origin) -> Origin {
        Origin { file: self.names.sentence(file), line: *line }
    }

    fn link_id(&mut self, id: &LinkId) -> LinkId {
        if let Some(known) = self.names.known(id.as_str()) {
            return known.into();
        }
        // A link whose users were not found: its id is what somebody wrote.
        match id.as_str().split_once('/') {
            Some((domain, name)) => format!("{domain}/{}", self.names.name(name)).into(),
            None => self.names.name(id.as_str()).into(),
        }
    }

    fn link(&mut self, link: &PlannedLink) -> PlannedLink {
        let PlannedLink { id, origin, ad, cloud, outcome, exposure, anchor, prediction, takeover, before } = link;
        let BeforeImage { user, roles } = before;
        PlannedLink {
            id: self.link_id(id),
            origin: origin.as_ref().map(|origin| self.origin(origin)),
            ad: self.ad(ad),
            cloud: entra(cloud),
            outcome: match outcome {
                Outcome::Change { method, why, wave } => {
                    Outcome::Change { method: *method, why: self.names.sentence(why), wave: *wave }
                }
                Outcome::Unchanged | Outcome::Blocked | Outcome::Undo { .. } => outcome.clone(),
            },
            exposure: *exposure,
            anchor: *anchor,
            prediction: prediction.as_ref().map(|prediction| self.prediction(prediction)),
            takeover: self.takeover(takeover),
            before: BeforeImage {
                user: self.entra_user(user),
                roles: roles.iter().map(|role| self.holding(role)).collect(),
            },
        }
    }

    fn ad(&mut self, ad: &AdRef) -> AdRef {
        let AdRef { domain, guid, dn, sam: _, holder } = ad;
        let name = guid.to_string();
        let dn = dn.parent().and_then(|parent| self.container(&parent).child("CN", &name).ok());
        AdRef {
            domain: domain.clone(),
            guid: *guid,
            dn: dn.or_else(|| Dn::parse(&format!("CN={name}")).ok()).unwrap_or_else(|| ad.dn.clone()),
            sam: name.into(),
            holder: *holder,
        }
    }

    /// A container's name, with the names in it replaced; organizational units and domains stay.
    fn container(&mut self, dn: &Dn) -> Dn {
        let redacted = self.names.sentence(dn.as_str());
        Dn::parse(&redacted).or_else(|_| Dn::parse("OU=redacted")).unwrap_or_else(|_| dn.clone())
    }

    fn prediction(&mut self, prediction: &Prediction) -> Prediction {
        match prediction {
            Prediction::Linked { by } => Prediction::Linked { by: *by },
            Prediction::Unproven { by, why } => Prediction::Unproven { by: *by, why: self.names.sentence(why) },
            Prediction::Error { name, why } => Prediction::Error { name: *name, why: self.names.sentence(why) },
            Prediction::WrongTarget { why } => Prediction::WrongTarget { why: self.names.sentence(why) },
            Prediction::Duplicate { error, why } => {
                Prediction::Duplicate { error: *error, why: self.names.sentence(why) }
            }
            Prediction::Restored { why } => Prediction::Restored { why: self.names.sentence(why) },
            Prediction::NotEvaluated { why } => Prediction::NotEvaluated { why: self.names.sentence(why) },
            Prediction::NotSynced { why } => Prediction::NotSynced { why: self.names.sentence(why) },
        }
    }

    fn takeover(&mut self, takeover: &Takeover) -> Takeover {
        let Takeover { overwritten, addresses_lost, password_replaced, sign_in_name_changes, sign_in_name_unproven } =
            takeover;
        Takeover {
            overwritten: overwritten.iter().map(|overwrite| self.overwrite(overwrite)).collect(),
            addresses_lost: self.values(addresses_lost),
            password_replaced: *password_replaced,
            sign_in_name_changes: *sign_in_name_changes,
            sign_in_name_unproven: sign_in_name_unproven.as_ref().map(|name| self.names.value(name)),
        }
    }

    fn overwrite(&mut self, Overwrite { attribute, before, after }: &Overwrite) -> Overwrite {
        Overwrite { attribute: attribute.clone(), before: self.values(before), after: self.values(after) }
    }

    fn values(&mut self, values: &[String]) -> Vec<String> {
        values.iter().map(|value| self.names.value(value)).collect()
    }

    fn change(&mut self, AttributeChange { attribute, expects, sets }: &AttributeChange) -> AttributeChange {
        AttributeChange { attribute: *attribute, expects: self.values(expects), sets: self.values(sets) }
    }

    fn immutable_id(&mut self, id: &ImmutableId) -> ImmutableId {
        // A third-party identity provider may have put an e-mail address there.
        if id.to_anchor().is_ok() { id.clone() } else { ImmutableId(self.names.value(id.as_str())) }
    }

    fn holding(&mut self, holding: &Holding) -> Holding {
        let mut holding = holding.clone();
        match &mut holding {
            Holding::Role(role) => self.grant(&mut role.grant),
            Holding::Group(group) => {
                group.group_name = self.names.name(&group.group_name);
                group.roles.iter_mut().for_each(|grant| self.grant(grant));
            }
        }
        holding
    }

    /// A role's name is the tenant's or Microsoft's; a condition may name people.
    fn grant(&mut self, grant: &mut RoleGrant) {
        grant.condition = grant.condition.take().map(|condition| self.names.sentence(&condition));
    }

    fn entra_user(&mut self, user: &EntraUser) -> EntraUser {
        let EntraUser {
            id,
            upn,
            display_name,
            given_name,
            surname,
            mail,
            mail_nickname,
            proxy_addresses,
            account_enabled,
            user_type,
            immutable_id,
            sync_enabled,
            security_identifier,
            last_sync,
            object_identifier,
            cloud_managed,
            provisioning_errors,
            profile,
            deleted,
        } = user;
        let name =
            |redactor: &mut Self, name: &Option<SmolStr>| name.as_deref().map(|name| redactor.names.name(name).into());
        EntraUser {
            id: *id,
            upn: self.names.value(upn.as_str()).into(),
            display_name: name(self, display_name),
            given_name: name(self, given_name),
            surname: name(self, surname),
            mail: mail.as_deref().map(|mail| self.names.value(mail)),
            mail_nickname: name(self, mail_nickname),
            proxy_addresses: proxy_addresses.iter().map(|address| self.names.value(address.as_str())).collect(),
            account_enabled: *account_enabled,
            user_type: user_type.clone(),
            immutable_id: immutable_id.as_ref().map(|id| self.immutable_id(id)),
            sync_enabled: *sync_enabled,
            security_identifier: security_identifier.clone(),
            last_sync: *last_sync,
            object_identifier: object_identifier.as_deref().map(|identifier| self.names.sentence(identifier)),
            cloud_managed: *cloud_managed,
            provisioning_errors: provisioning_errors
                .iter()
                .map(|ProvisioningError { category, property, value, occurred }| ProvisioningError {
                    category: category.clone(),
                    property: property.clone(),
                    value: value.as_deref().map(|value| self.names.value(value)),
                    occurred: *occurred,
                })
                .collect(),
            profile: profile.iter().map(|(attribute, value)| (attribute, self.names.name(value))).collect(),
            deleted: *deleted,
        }
    }
}

/// A cloud user by its id alone.
fn entra(EntraRef { id, upn: _ }: &EntraRef) -> EntraRef {
    EntraRef { id: *id, upn: id.to_string().into() }
}

/// The value of a DN's first part, escapes and all.
fn rdn_value(dn: &Dn) -> &str {
    dn.rdn().split_once('=').map_or(dn.rdn(), |(_, value)| value.trim())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::compare::Comparison;
    use crate::report::style::Style;
    use crate::report::testing::{PERSONAL, sample};
    use crate::report::{plan_json, plan_markdown, plan_text};

    #[test]
    fn no_planted_name_survives_in_any_format() {
        let redacted = plan(&sample());
        let mut other = redacted.clone();
        other.links.clear();
        let comparison = Comparison::of(&redacted, &other);
        for output in [
            plan_text::render(&redacted, Style::PLAIN, 100, plan_text::Detail::Brief),
            plan_text::render(&redacted, Style::PLAIN, 100, plan_text::Detail::Full),
            plan_json::render(&redacted).unwrap(),
            plan_markdown::render(&redacted, "x.plan.json"),
            redacted.to_file().unwrap(),
            comparison.to_text(Style::PLAIN, 100),
            comparison.to_json().unwrap(),
            comparison.to_markdown("matchplan diff a b"),
        ] {
            let folded = output.to_lowercase().replace("already linked", "");
            for name in PERSONAL {
                let word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
                let leak = folded.match_indices(name).find(|(at, _)| !word(folded[..*at].chars().next_back()));
                assert_eq!(
                    leak.map(|(at, _)| &folded[at.saturating_sub(60)..(at + 40).min(folded.len())]),
                    None,
                    "{name}"
                );
            }
        }
    }

    #[test]
    fn ids_stand_where_names_were() {
        let original = sample();
        let redacted = plan(&original);
        assert_eq!(redacted.links[0].cloud.upn.as_str(), original.links[0].cloud.id.to_string());
        assert_eq!(redacted.links[0].id.as_str(), format!("corp/{}", original.links[0].ad.guid));
        assert_eq!(redacted.steps[1].id.as_str(), format!("0002-align-{}", redacted.links[0].id));
        let Action::Restore { suspend, .. } = &redacted.steps[7].action else { panic!() };
        assert_eq!(suspend, &redacted.steps[0].id);
        assert!(redacted.findings[0].message.contains("@contoso.com"), "{}", redacted.findings[0].message);
        assert_eq!(redacted.digest, original.digest);
        assert_eq!(plan(&original), redacted);
    }
}
