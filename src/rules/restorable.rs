//! Whether what is taken for a time can be given back: PIM's policies say what is asked of an administrator who assigns.
//!
//! Sources: Microsoft Graph v1.0, `unifiedRoleManagementPolicyExpirationRule`, `…EnablementRule`, `…ApprovalRule` and
//! `…AuthenticationContextRule`; "Rules in PIM - mapping guide". The strict reading: a role's policy is asked also where
//! the assignment itself could be made outside of PIM.

use crate::model::role::{AdminRules, Holding, PolicySubject, RoleKind, RolePolicy};
use crate::snapshot::document::{Gap, Missing};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

/// Whether a holding can be given back once it is taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Restorable {
    /// It can, or there is nothing to give back.
    Proven,
    /// It cannot: what the policy demands and matchplan cannot meet, each in words.
    Unmet(Vec<String>),
    /// It could not be seen: why not.
    Unseen(Vec<String>),
}

/// Judges one holding by the policies that were read; `gaps` says what could not be.
pub fn restorable(holding: &Holding, policies: &[RolePolicy], gaps: &[Gap], now: Timestamp) -> Restorable {
    // Why something could not be read, the plan says once.
    let unread = |what: Missing| gaps.iter().any(|gap| gap.what == what);
    if !holding.comes_back() || holding.is_over(now) {
        return Restorable::Proven;
    }
    let mut doubts = Vec::new();
    // PIM alone knows which of the active ones were activated, or end by themselves.
    if holding.kind() == RoleKind::Active && unread(Missing::PimSchedules) {
        doubts.push("PIM's schedules could not be read, so it may be an activation, or end by itself".to_owned());
    }
    if !needs_policy(holding, now) {
        return if doubts.is_empty() { Restorable::Proven } else { Restorable::Unseen(doubts) };
    }
    let mut unmet = Vec::new();
    if let Holding::Role(role) = holding
        && role.grant.condition.is_some()
        && needs_pim(holding, now)
    {
        unmet.push("a request to PIM carries no condition, and this assignment has one".to_owned());
    }
    match policy_for(holding, policies) {
        Some(policy) => {
            let rules = if holding.kind() == RoleKind::Eligible { &policy.eligible } else { &policy.active };
            let (misses, unseen) = judge(rules, holding, now);
            unmet.extend(misses);
            doubts.extend(unseen);
        }
        None if unread(Missing::RolePolicies) => doubts.push("PIM's policies could not be read".to_owned()),
        None => doubts.push("no PIM policy was found for it".to_owned()),
    }
    if !unmet.is_empty() {
        Restorable::Unmet(unmet)
    } else if doubts.is_empty() {
        Restorable::Proven
    } else {
        Restorable::Unseen(doubts)
    }
}

/// Whether only PIM can make it anew: an eligibility, an end, a start that lies ahead.
fn needs_pim(holding: &Holding, now: Timestamp) -> bool {
    let ahead = holding.starts().is_some_and(|starts| starts > now);
    holding.kind() == RoleKind::Eligible || holding.ends().is_some() || ahead
}

/// Plain membership of a group is added without PIM, so no policy stands in its way.
fn needs_policy(holding: &Holding, now: Timestamp) -> bool {
    match holding {
        Holding::Role(_) => true,
        Holding::Group(_) => needs_pim(holding, now),
    }
}

fn policy_for<'a>(holding: &Holding, policies: &'a [RolePolicy]) -> Option<&'a RolePolicy> {
    policies.iter().find(|policy| match (&policy.subject, holding) {
        (PolicySubject::Role(id), Holding::Role(role)) => id.as_str().eq_ignore_ascii_case(role.grant.role.as_str()),
        (PolicySubject::Group(id), Holding::Group(group)) => *id == group.group,
        _ => false,
    })
}

/// What the rules demand that is not met, and what cannot be known.
fn judge(rules: &AdminRules, holding: &Holding, now: Timestamp) -> (Vec<String>, Vec<String>) {
    // A justification is always given.
    let AdminRules { expiration_required, longest, justification: _, ticket, mfa, approval, authentication_context } =
        rules;
    let (mut unmet, mut unseen) = (Vec::new(), Vec::new());
    match (holding.ends(), longest) {
        (None, _) if *expiration_required => {
            unmet.push("the policy does not allow a permanent assignment".to_owned());
        }
        (Some(ends), Some(longest)) => match last_end(longest, holding.starts().map_or(now, |at| at.max(now))) {
            Some(last) if ends > last && *expiration_required => {
                unmet.push(format!("it ends {ends}, and the policy allows {longest} at most"));
            }
            // Microsoft's description speaks of every assignment with an end; whoever may have it for good may have it so
            // long, too, one would think.
            Some(last) if ends > last => unseen.push(format!(
                "it ends {ends}, and the policy names {longest} as the longest, though it allows permanent assignments"
            )),
            Some(_) => {}
            None => unseen.push(format!("the policy's longest duration {longest:?} cannot be read")),
        },
        _ => {}
    }
    if *ticket {
        unmet.push("the policy asks for a ticket number".to_owned());
    }
    if *approval {
        unmet.push("the policy asks for somebody's approval".to_owned());
    }
    if *authentication_context {
        unmet.push("the policy asks for an authentication context".to_owned());
    }
    if *mfa {
        unseen.push(
            "the policy asks for multifactor authentication, and whether this credential has it is not known"
                .to_owned(),
        );
    }
    (unmet, unseen)
}

/// The last end that a policy allows for what begins then; `longest` is an ISO 8601 duration such as `P365D`.
fn last_end(longest: &str, begins: Timestamp) -> Option<Timestamp> {
    let span: Span = longest.parse().ok()?;
    begins.to_zoned(TimeZone::UTC).checked_add(span).ok().map(|last| last.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::id::ObjectId;
    use crate::model::role::{GroupMember, GroupMembership, RoleAssignment, RoleGrant};

    const USER: ObjectId = ObjectId(uuid::Uuid::from_u128(1));
    const GROUP: ObjectId = ObjectId(uuid::Uuid::from_u128(2));

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn now() -> Timestamp {
        at("2026-11-24T12:00:00Z")
    }

    fn grant() -> RoleGrant {
        RoleGrant {
            role: "aaaa".into(),
            role_name: "Reader".into(),
            directory_scope: Some("/".into()),
            app_scope: None,
            condition: None,
        }
    }

    fn role(kind: RoleKind, ends: Option<&str>) -> Holding {
        let (starts, ends) = (None, ends.map(at));
        Holding::Role(RoleAssignment { id: "a".into(), principal: USER, kind, starts, ends, grant: grant() })
    }

    fn member(kind: RoleKind, ends: Option<&str>) -> Holding {
        let member = GroupMember { user: USER, kind, starts: None, ends: ends.map(at) };
        Holding::Group(GroupMembership { group: GROUP, group_name: "G".into(), roles: vec![grant()], member })
    }

    /// What was read.
    #[derive(Default)]
    struct Seen {
        policies: Vec<RolePolicy>,
        gaps: Vec<Gap>,
    }

    fn judged(holding: &Holding, seen: &Seen) -> Restorable {
        restorable(holding, &seen.policies, &seen.gaps, now())
    }

    /// One policy for the role and one for the group, with the same rules for everything.
    fn under(rules: &AdminRules) -> Seen {
        let policy = |subject| RolePolicy { subject, active: rules.clone(), eligible: rules.clone() };
        let subjects = [PolicySubject::Role("AAAA".into()), PolicySubject::Group(GROUP)];
        Seen { policies: subjects.map(policy).into(), gaps: Vec::new() }
    }

    fn without(what: Missing) -> Seen {
        Seen { policies: Vec::new(), gaps: vec![Gap { what, reason: "403".into() }] }
    }

    fn unmet(found: &Restorable, word: &str) -> bool {
        matches!(found, Restorable::Unmet(why) if why.iter().any(|why| why.contains(word)))
    }

    fn unseen(found: &Restorable, word: &str) -> bool {
        matches!(found, Restorable::Unseen(why) if why.iter().any(|why| why.contains(word)))
    }

    #[test]
    fn a_policy_that_asks_for_a_justification_only_is_met() {
        let seen = under(&AdminRules { justification: true, ..AdminRules::default() });
        for holding in [role(RoleKind::Active, None), role(RoleKind::Eligible, None), member(RoleKind::Eligible, None)]
        {
            assert_eq!(judged(&holding, &seen), Restorable::Proven, "{holding}");
        }
    }

    // rule: 3.6-policy
    #[test]
    fn each_demand_that_nobody_answers_is_named() {
        let none = AdminRules::default;
        for (rules, word) in [
            (AdminRules { expiration_required: true, ..none() }, "permanent"),
            (AdminRules { ticket: true, ..none() }, "ticket"),
            (AdminRules { approval: true, ..none() }, "approval"),
            (AdminRules { authentication_context: true, ..none() }, "authentication context"),
        ] {
            let seen = under(&rules);
            let holdings =
                [role(RoleKind::Active, None), role(RoleKind::Eligible, None), member(RoleKind::Eligible, None)];
            for holding in &holdings {
                assert!(unmet(&judged(holding, &seen), word), "{holding}: {word}");
            }
            // Unmet is said also where something else could not be seen.
            let with_mfa = under(&AdminRules { mfa: true, ..rules });
            assert!(unmet(&judged(&holdings[0], &with_mfa), word));
        }
        let mfa = under(&AdminRules { mfa: true, ..none() });
        assert!(unseen(&judged(&role(RoleKind::Active, None), &mfa), "multifactor"));
    }

    #[test]
    fn active_and_eligible_have_rules_of_their_own() {
        let mut seen = under(&AdminRules::default());
        seen.policies[0].eligible.expiration_required = true;
        assert_eq!(judged(&role(RoleKind::Active, None), &seen), Restorable::Proven);
        assert!(unmet(&judged(&role(RoleKind::Eligible, None), &seen), "permanent"));
    }

    #[test]
    fn what_is_left_of_a_term_is_held_against_the_longest_duration() {
        let left = |longest: &str, ends: &str| {
            let rules =
                AdminRules { expiration_required: true, longest: Some(longest.into()), ..AdminRules::default() };
            judged(&role(RoleKind::Eligible, Some(ends)), &under(&rules))
        };
        assert_eq!(left("P365D", "2027-11-24T12:00:00Z"), Restorable::Proven);
        assert!(unmet(&left("P365D", "2027-11-24T12:00:01Z"), "P365D"));
        assert_eq!(left("P1Y", "2027-11-24T12:00:00Z"), Restorable::Proven);
        assert_eq!(left("PT8H", "2026-11-24T20:00:00Z"), Restorable::Proven);
        assert!(unmet(&left("PT8H", "2026-11-24T20:30:00Z"), "PT8H"));
        assert!(unseen(&left("forever", "2026-11-25T00:00:00Z"), "forever"));
        let lax = under(&AdminRules { longest: Some("P1D".into()), ..AdminRules::default() });
        assert!(unseen(&judged(&role(RoleKind::Eligible, Some("2026-12-24T00:00:00Z")), &lax), "permanent"));
    }

    #[test]
    fn a_term_that_begins_later_is_measured_from_its_start() {
        let rules = AdminRules { expiration_required: true, longest: Some("P30D".into()), ..AdminRules::default() };
        let mut holding = role(RoleKind::Eligible, Some("2027-01-20T00:00:00Z"));
        assert!(unmet(&judged(&holding, &under(&rules)), "P30D"));
        if let Holding::Role(role) = &mut holding {
            role.starts = Some(at("2027-01-01T00:00:00Z"));
        }
        assert_eq!(judged(&holding, &under(&rules)), Restorable::Proven);
    }

    #[test]
    fn what_never_comes_back_needs_no_proof() {
        let blind = without(Missing::RolePolicies);
        assert_eq!(judged(&role(RoleKind::Activated, None), &blind), Restorable::Proven);
        let over = role(RoleKind::Eligible, Some("2026-11-24T12:00:00Z"));
        assert_eq!(judged(&over, &blind), Restorable::Proven);
    }

    #[test]
    fn plain_membership_needs_no_policy_and_a_term_does() {
        let blind = without(Missing::RolePolicies);
        assert_eq!(judged(&member(RoleKind::Active, None), &blind), Restorable::Proven);
        let ending = member(RoleKind::Active, Some("2027-01-01T00:00:00Z"));
        assert!(unseen(&judged(&ending, &blind), "could not be read"));
    }

    #[test]
    fn without_a_policy_or_without_pim_nothing_is_proven() {
        let nothing = Seen::default();
        assert!(unseen(&judged(&role(RoleKind::Active, None), &nothing), "no PIM policy"));
        let mut seen = under(&AdminRules::default());
        seen.gaps = without(Missing::PimSchedules).gaps;
        for holding in [role(RoleKind::Active, None), member(RoleKind::Active, None)] {
            assert!(unseen(&judged(&holding, &seen), "may be an activation"), "{holding}");
        }
    }

    // rule: 3.6-condition
    #[test]
    fn pim_cannot_carry_a_condition() {
        let conditional = |kind, ends| {
            let mut holding = role(kind, ends);
            if let Holding::Role(role) = &mut holding {
                role.grant.condition = Some("@Resource[…]".into());
            }
            judged(&holding, &under(&AdminRules::default()))
        };
        assert_eq!(conditional(RoleKind::Active, None), Restorable::Proven);
        assert!(unmet(&conditional(RoleKind::Eligible, None), "condition"));
        assert!(unmet(&conditional(RoleKind::Active, Some("2027-01-01T00:00:00Z")), "condition"));
    }
}
