//! Every way to hold a role: taken for the match, given back as it was, or named where it cannot come back.

use super::on_both::on_both;
use crate::support::site::{SYNCED, Site, Wishes};
use jiff::SignedDuration;
use matchplan::lab::world::World;
use matchplan::lab::world::cloud::policy::{ExpirationRule, Period};
use matchplan::lab::world::cloud::{AssignmentType, PolicyRule, PolicyScope, RoleManagementPolicy, RoleSchedule};
use std::collections::BTreeSet;

on_both!(
    eligible_administrator,
    activated_administrator,
    administrator_of_a_unit_and_by_an_own_role,
    member_of_a_group_that_carries_more,
    an_end_that_passes_meanwhile,
    a_group_deleted_meanwhile,
    a_unit_deleted_meanwhile,
    a_role_assigned_meanwhile,
    a_policy_that_forbids_permanence,
    without_pim_there_is_no_proof,
);

pub(super) const ELENA: (&str, &str) = ("eengel", "elena.engel@contoso.com");
const GUS: (&str, &str) = ("ggruber", "gus.gruber@contoso.com");
pub(super) const CORA: (&str, &str) = ("ccurtis", "cora.curtis@contoso.com");
pub(super) const PAVEL: (&str, &str) = ("ppohl", "pavel.pohl@contoso.com");

fn plan(site: &Site, (ad, cloud): (&str, &str), roles: &str) {
    site.plan(&format!("[[link]]\nad = \"{ad}\"\ncloud = \"{cloud}\"\nmove_to = \"{SYNCED}\"\nroles = \"{roles}\"\n"));
}

fn change(site: &Site, change: impl FnOnce(&mut World)) {
    site.lab.world().write(change).expect("the world is kept in memory");
}

/// Everything that Graph's user holds, as the lab has it, without ids and starts: those are new after each restore.
pub(super) fn held(site: &Site, upn: &str) -> BTreeSet<String> {
    let id = site.cloud_user(upn).id;
    let mut all = BTreeSet::new();
    site.lab.world().read(|world| {
        let (cloud, now) = (&world.entra, world.clock);
        let row = |word: &str, row: &RoleSchedule| {
            let RoleSchedule { role_definition_id, directory_scope_id, assignment_type, end_date_time, .. } = row;
            format!("{word} {role_definition_id} {directory_scope_id:?} {assignment_type:?} {end_date_time:?}")
        };
        let own = cloud.role_assignments.iter().filter(|role| role.principal_id == id);
        all.extend(own.map(|role| format!("active {} {:?}", role.role_definition_id, role.directory_scope())));
        let live = |schedule: &&RoleSchedule| schedule.principal_id == id && !schedule.term().is_over(now);
        all.extend(cloud.role_assignment_schedules.iter().filter(live).map(|s| row("scheduled", s)));
        all.extend(cloud.role_eligibility_schedules.iter().filter(live).map(|s| row("eligible", s)));
        let inside = cloud.groups.iter().filter(|group| group.is_assignable_to_role && group.members.contains(&id));
        all.extend(inside.map(|group| format!("member of {}", group.display_name)));
    });
    all
}

/// Plans and applies a link whose roles all come back.
async fn form(site: &Site, who: (&str, &str)) -> crate::support::program::Ran {
    plan(site, who, "refuse");
    site.run(&["plan"]).await.expect(3).shows("holds-roles");
    plan(site, who, "suspend");
    let before = held(site, who.1);
    assert!(!before.is_empty());
    let applied = site.run(&["apply", "--yes"]).await.expect(0);
    assert_eq!(site.cloud_user(who.1).on_premises_sync_enabled, Some(true));
    assert_eq!(held(site, who.1), before);
    site.run(&["plan", "--detailed-exitcode"]).await.expect(0).shows("No changes.");
    site.run(&["status"]).await.expect(0).shows("1 link: 1 linked");
    applied
}

// rule: 1.4-hard-eligible
// rule: 3.6-eligible
// rule: 3.6-time-bound
async fn eligible_administrator(site: Site) {
    let applied = form(&site, ELENA).await;
    applied
        .says("suspend role Exchange Administrator (eligible until 2027-03-01T00:00:00Z) of elena.engel@contoso.com")
        .says("restore role Exchange Administrator (eligible until 2027-03-01T00:00:00Z) of elena.engel@contoso.com");
}

// rule: 3.6-activated
async fn activated_administrator(site: Site) {
    let before = held(&site, PAVEL.1);
    let of = |word: &str| before.iter().filter(|held| held.starts_with(word)).cloned().collect::<BTreeSet<_>>();
    assert_eq!((of("scheduled").len(), of("eligible").len()), (1, 1));
    plan(&site, PAVEL, "suspend");
    site.run(&["plan"])
        .await
        .expect(0)
        .shows("its holder can activate it again while eligible")
        .shows("1 activation ended");
    let applied = site.run(&["apply", "--yes"]).await.expect(0);
    applied.tells("Teams Administrator (activated until").tells("it was an activation");
    assert_eq!(held(&site, PAVEL.1), of("eligible"), "the readiness is back, the activation is not");
    // What ends by itself is nothing that a person must look after.
    assert!(!site.run(&["status"]).await.expect(0).out.contains("not given back"));
}

// rule: 1.4-any-role
// rule: 3.6-scope
async fn administrator_of_a_unit_and_by_an_own_role(site: Site) {
    let held = held(&site, CORA.1);
    assert!(held.iter().any(|held| held.contains("/administrativeUnits/")) && held.len() == 2, "{held:?}");
    form(&site, CORA).await.says("restore role Contoso Licence Auditor of cora.curtis@contoso.com");
}

// rule: 1.4-role-by-group
// rule: 3.6-role-groups
async fn member_of_a_group_that_carries_more(site: Site) {
    plan(&site, GUS, "suspend");
    let shown = site.run(&["plan", "--details"]).await.expect(0);
    shown
        .tells("group-carries-more")
        .tells("Helpdesk Administrator through the group Tier 1 Support")
        .tells("Block sign-in from outside the office")
        .tells("Contoso Ticketing");
    form(&site, GUS).await;
}

/// Nobody runs a cycle, and whether one runs cannot be told: the apply stops with the roles taken.
async fn stop_half_way(site: &Site, who: (&str, &str)) {
    plan(site, who, "suspend");
    let sync = vec![("trigger", "\"wait\"".to_owned()), ("status", String::new()), ("timeout", "\"2s\"".to_owned())];
    site.configure(&Wishes { sync, ..Wishes::default() });
    site.run(&["apply", "--yes"]).await.expect(7).shows("still suspended");
    assert!(held(site, who.1).is_empty());
}

/// The cycle comes, and the apply goes on to a formed link.
async fn go_on(site: &Site, who: (&str, &str)) -> crate::support::program::Ran {
    site.lab.run_cycle().await.expect("the engine is idle");
    let applied = site.run(&["apply"]).await.expect(0).shows("1 link: 1 linked");
    assert_eq!(site.cloud_user(who.1).on_premises_sync_enabled, Some(true));
    assert!(held(site, who.1).is_empty());
    applied
}

// rule: 3.6-time-bound
async fn an_end_that_passes_meanwhile(site: Site) {
    let id = site.cloud_user(ELENA.1).id;
    let end = site.lab.clock().checked_add(SignedDuration::from_hours(2)).expect("it is no clock's end");
    change(&site, |world| {
        let schedules = world.entra.role_eligibility_schedules.iter_mut();
        schedules.filter(|schedule| schedule.principal_id == id).for_each(|s| s.end_date_time = Some(end));
    });
    stop_half_way(&site, ELENA).await;
    site.lab.advance(SignedDuration::from_hours(3)).await.expect("the engine is idle");
    go_on(&site, ELENA).await.tells("not given back").tells("passed meanwhile");
    site.run(&["status"]).await.expect(0).shows("Roles not given back: 1").shows("passed meanwhile");
    let json: serde_json::Value = serde_json::from_str(&site.run(&["status", "--format", "json"]).await.out).unwrap();
    assert_eq!(json["forgone_roles"][0]["reason"], "ended");
}

async fn a_group_deleted_meanwhile(site: Site) {
    stop_half_way(&site, GUS).await;
    change(&site, |world| {
        let gone = world.entra.groups.iter().find(|group| group.is_assignable_to_role).map(|group| group.id);
        world.entra.groups.retain(|group| !group.is_assignable_to_role);
        world.entra.role_assignments.retain(|role| Some(role.principal_id) != gone);
    });
    go_on(&site, GUS).await.tells("Tier 1 Support").tells("is not there any more");
}

// rule: 3.6-scope
async fn a_unit_deleted_meanwhile(site: Site) {
    let id = site.cloud_user(CORA.1).id;
    change(&site, |world| {
        // Only the one in the unit is left.
        let elsewhere = |scope: Option<&str>| scope == Some("/");
        world.entra.role_assignments.retain(|r| r.principal_id != id || !elsewhere(r.directory_scope()));
    });
    stop_half_way(&site, CORA).await;
    change(&site, |world| world.entra.administrative_units.clear());
    go_on(&site, CORA).await.tells("administrative unit").tells("is not there any more");
}

// rule: 1.4-hard-role
async fn a_role_assigned_meanwhile(site: Site) {
    // What was approved does not take it, so nothing is begun.
    plan(&site, ELENA, "suspend");
    site.run(&["plan", "--out", "saved.plan.json"]).await.expect(0);
    let id = site.cloud_user(ELENA.1).id;
    change(&site, |world| {
        let teams =
            world.entra.role_definitions.iter().find(|role| role.display_name == "Teams Administrator").unwrap();
        let role = RoleSchedule {
            principal_id: id,
            role_definition_id: teams.id.clone(),
            ..world.entra.role_eligibility_schedules[0].clone()
        };
        world.entra.role_eligibility_schedules.push(role);
    });
    let stale = site.run(&["apply", "saved.plan.json"]).await.expect(4);
    assert!(format!("{}{}", stale.out, stale.err).contains("Teams Administrator"), "{stale:?}");
    assert_eq!(site.cloud_user(ELENA.1).on_premises_sync_enabled, None);
}

// rule: 3.6-policy
async fn a_policy_that_forbids_permanence(site: Site) {
    let before = held(&site, CORA.1);
    change(&site, |world| {
        let auditor = world.entra.role_definitions.iter().find(|role| !role.is_built_in).unwrap().id.clone();
        let half_a_year = Period::try_from("P180D".to_owned()).unwrap();
        world.entra.role_management_policies.push(RoleManagementPolicy {
            rules: vec![PolicyRule::Expiration {
                id: ExpirationRule::Assignment,
                is_expiration_required: true,
                maximum_duration: half_a_year,
            }],
            ..RoleManagementPolicy::of(PolicyScope::DirectoryRole, "/", auditor.as_str())
        });
    });
    plan(&site, CORA, "suspend");
    site.run(&["apply", "--yes"]).await.expect(3).shows("restore-impossible").shows("permanent");
    // No brake lifts that.
    site.run(&["apply", "--yes", "--allow", "unproven-restore"]).await.expect(3).shows("restore-impossible");
    assert_eq!(held(&site, CORA.1), before);
    // Who does not want it back may go on.
    plan(&site, CORA, "remove");
    site.run(&["plan"]).await.expect(0).shows("removed for good");
}

// rule: 3.6-licence
async fn without_pim_there_is_no_proof(site: Site) {
    change(&site, |world| {
        world.entra.pim_licensed = false;
        world.entra.role_eligibility_schedules.clear();
        world.entra.role_assignment_schedules.retain(|s| s.assignment_type == AssignmentType::Assigned);
    });
    plan(&site, CORA, "suspend");
    let before = held(&site, CORA.1);
    site.run(&["plan"]).await.expect(3).tells("unproven-restore").tells("could not be seen");
    assert_eq!(held(&site, CORA.1), before);
    site.run(&["apply", "--yes", "--allow", "unproven-restore"]).await.expect(0).shows("1 link: 1 linked");
    assert_eq!(held(&site, CORA.1), before);
}
