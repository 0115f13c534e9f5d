//! Tampering, tearing, and illegal events.

use super::fold::{JoinError, join};
use super::journal::{Journal, JournalEvent, LinkEnding, Record, Unreadable};
use super::ledger::{Reading, State};
use super::recorder::Recorder as _;
use super::restore_request::RestoreRequest;
use super::sheet::restore_sheet;
use crate::apply::options::Options;
use crate::apply::testing::{Memory, Spec, World, apply, cloud_id, link_id};
use crate::model::role::{Holding, RoleKind};
use crate::model::sealed::SealError;
use proptest::prelude::*;

const ADMIN: Spec = Spec { hard: true, role: true, staged: true, wave: 1 };

fn ledger() -> Memory {
    let world = World::new(&[ADMIN]);
    let mut ledger = Memory::default();
    apply(&world, &mut ledger);
    ledger
}

#[test]
fn missing_swapped_and_repeated_records_are_damage_that_names_its_place() {
    let lines = ledger().lines;
    let lines: Vec<&str> = lines.split_inclusive('\n').collect();
    let read = |lines: &[&str]| match Journal::read(lines.concat().as_bytes()) {
        Err(Unreadable::Damaged(damage)) => damage,
        other => panic!("{other:?}"),
    };
    let mut missing = lines.clone();
    missing.remove(3);
    assert_eq!((read(&missing).seq, read(&missing).intact), (4, 3));
    let mut swapped = lines.clone();
    swapped.swap(5, 6);
    assert_eq!(read(&swapped).seq, 6);
    let mut repeated = lines.clone();
    repeated.insert(2, lines[1]);
    assert_eq!(read(&repeated).line, 3);
}

/// The state that a journal alone comes to, if there is one, or why it is refused.
fn accepted(octets: &[u8]) -> Result<Option<State>, String> {
    let journal = Journal::read(octets).map_err(|damage| damage.to_string())?;
    join(None, &journal).map(|joined| joined.state).map_err(|error| error.to_string())
}

/// A real journal, cut short early enough that each of its octets can be tried.
fn short_journal() -> String {
    let world = World::new(&[ADMIN]);
    let mut ledger = Memory { dies_at: Some((5, false)), ..Memory::default() };
    let plan = world.plan();
    assert!(crate::apply::testing::apply_with(&world, &mut ledger, Options::default(), plan).0.is_err());
    ledger.lines
}

#[test]
fn a_journal_that_ends_anywhere_is_read_to_its_last_whole_record() {
    let lines = short_journal();
    let ends: Vec<usize> = lines.match_indices('\n').map(|(at, _)| at + 1).collect();
    let states: Vec<Option<State>> = std::iter::once(None)
        .chain(ends.iter().map(|end| accepted(&lines.as_bytes()[..*end]).expect("whole records are a journal")))
        .collect();
    assert!(ends.len() == 5 && states.windows(2).all(|pair| pair[0] != pair[1]));
    for end in 0..=lines.len() {
        let octets = &lines.as_bytes()[..end];
        let whole = ends.iter().filter(|whole| **whole <= end).count();
        let journal = Journal::read(octets).unwrap();
        assert_eq!((journal.records.len(), journal.torn), (whole, end > 0 && !ends.contains(&end)), "{end}");
        assert_eq!(journal.intact_len, whole.checked_sub(1).map_or(0, |last| ends[last] as u64));
        // Folding costs more than reading, and depends on the records only.
        if ends.contains(&end) {
            assert_eq!(accepted(octets).as_ref(), Ok(&states[whole]));
        }
    }
}

#[test]
fn records_that_are_missing_swapped_or_repeated_anywhere_are_refused() {
    let lines = ledger().lines;
    let lines: Vec<&str> = lines.split_inclusive('\n').collect();
    let refused = |lines: &[&str]| accepted(lines.concat().as_bytes()).is_err();
    assert!(lines.len() > 10 && !refused(&lines));
    for at in 0..lines.len() {
        let mut missing = lines.clone();
        missing.remove(at);
        // Without its last record it is a journal that ends earlier.
        assert_eq!(refused(&missing), at + 1 < lines.len(), "without record {}", at + 1);
        for to in 0..=lines.len() {
            let mut repeated = lines.clone();
            repeated.insert(to, lines[at]);
            assert!(refused(&repeated), "record {} again at {to}", at + 1);
        }
        for other in 0..at {
            let mut swapped = lines.clone();
            swapped.swap(at, other);
            assert!(refused(&swapped), "records {} and {} swapped", at + 1, other + 1);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    /// No octet of a record can change without being noticed, but for JSON's own freedom of spelling.
    #[test]
    fn a_changed_octet_is_noticed(at in any::<prop::sample::Index>(), octet in any::<u8>()) {
        static LINES: std::sync::OnceLock<String> = std::sync::OnceLock::new();
        let lines = LINES.get_or_init(|| ledger().lines);
        let whole = Journal::read(lines.as_bytes()).unwrap();
        let mut changed = lines.clone().into_bytes();
        let at = at.index(changed.len());
        changed[at] = octet;
        match Journal::read(&changed) {
            Err(_) => {}
            Ok(read) => prop_assert_eq!(&read.records[..], &whole.records[..read.records.len()]),
        }
    }

    /// Whatever the octets, reading ends in an answer.
    #[test]
    fn any_octets_are_answered(octets in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = Journal::read(&octets);
        let _ = State::from_file(&String::from_utf8_lossy(&octets));
    }
}

#[test]
fn state_and_journal_are_joined_from_wherever_each_ends() {
    let lines = ledger().lines;
    let journal = Journal::read(lines.as_bytes()).unwrap();
    let whole = join(None, &journal).unwrap().state;
    for n in 1..=journal.records.len() {
        let older = Journal { records: journal.records[..n].to_vec(), ..Journal::default() };
        let state = join(None, &older).unwrap().state;
        let joined = join(state.clone(), &journal).unwrap();
        assert_eq!((joined.state.as_ref(), joined.caught_up), (whole.as_ref(), journal.records.len() - n));
        let rest = Journal { records: journal.records[n..].to_vec(), ..Journal::default() };
        assert_eq!(join(state, &rest).unwrap().state, whole);
        assert_eq!(join(whole.clone(), &older).unwrap().journal_behind, n < journal.records.len());
    }
    // A journal of another ledger, and one with a gap.
    let mut other = whole.clone();
    other.as_mut().unwrap().journal = "sha256:0".to_owned();
    assert!(matches!(join(other, &journal), Err(JoinError::Apart { .. })));
    let gap = Journal { records: journal.records[2..].to_vec(), ..Journal::default() };
    assert!(matches!(join(None, &gap), Err(JoinError::Apart { from: 2, serial: 0 })));
}

#[test]
fn the_state_file_round_trips_and_refuses_edits_and_newer_versions() {
    let state = ledger().state.unwrap();
    let text = state.to_file().unwrap();
    let read = State::from_file(&text.replace('\n', "\r\n")).unwrap();
    assert_eq!(State { digest: String::new(), ..read.clone() }, state);
    assert_eq!(read.to_file().unwrap(), text);
    let edited = text.replace("\"lineage\": \"test\"", "\"lineage\": \"else\"");
    assert!(matches!(State::from_file(&edited), Err(SealError::Edited { .. })));
    let newer = text.replace("\"format_version\": 3", "\"format_version\": 4");
    assert!(matches!(State::from_file(&newer), Err(SealError::Newer { found: 4, newest: 3 })));
    assert!(matches!(State::from_file(&text[..text.len() / 2]), Err(SealError::Broken(_))));
}

#[test]
fn illegal_events_are_refused_and_leave_no_trace() {
    let world = World::new(&[ADMIN]);
    let mut ledger = Memory { dies_at: Some((3, false)), ..Memory::default() };
    let fresh = world.plan();
    assert!(crate::apply::testing::apply_with(&world, &mut ledger, Options::default(), fresh).0.is_err());
    let mut ledger = ledger.reopened();
    let state = ledger.state.clone().unwrap();
    let (apply, link) = (state.applies[0].id.clone(), link_id(0));
    let suspend = state.applies[0].steps[0].step.id.clone();
    let align = state.applies[0].steps[1].step.id.clone();
    let now = world.now.get();
    let after = Reading::Nothing;
    let illegal = [
        // Its intent was never journaled.
        JournalEvent::StepSucceeded {
            apply: apply.clone(),
            step: align.clone(),
            wrote: true,
            after: after.clone(),
            assignment: None,
        },
        JournalEvent::UndoStarted { apply: apply.clone(), step: align, before: after.clone() },
        // Begun, not done.
        JournalEvent::StepSkipped { apply: apply.clone(), step: suspend, why: String::new() },
        // A role may be missing.
        JournalEvent::LinkEnded { apply: apply.clone(), link, ending: LinkEnding::Linked },
        JournalEvent::ApplyEnded { apply: apply.clone() },
        JournalEvent::ApplyEnded { apply: "another".into() },
        JournalEvent::StepFailed { apply, step: "no such step".into(), error: String::new() },
        JournalEvent::Created { lineage: String::new(), tenant: state.tenant.clone(), tool_version: String::new() },
    ];
    for event in illegal {
        assert!(ledger.record(now, event.clone()).is_err(), "{event:?}");
        assert_eq!(ledger.state.as_ref(), Some(&state));
    }
    let stray = Record::following(99, "sha256:0", now, JournalEvent::ApplyEnded { apply: "x".into() }).unwrap();
    assert!(ledger.state.as_mut().unwrap().advance(&stray).is_err());
}

const GRAPH: &str = "https://graph.microsoft.com";

#[test]
fn the_restore_sheet_holds_every_kind_with_its_term() {
    let world = World::new(&[Spec { role: false, ..ADMIN }]);
    let end: jiff::Timestamp = "2026-06-01T00:00:00Z".parse().unwrap();
    let group = world.add_group("Tier \u{1b}[31m1", "users");
    world.grant_as(cloud_id(0), "eligible", RoleKind::Eligible, None);
    world.grant_as(cloud_id(0), "ending", RoleKind::Active, Some(end));
    world.grant_as(cloud_id(0), "activated", RoleKind::Activated, Some(end));
    world.join(group, cloud_id(0), RoleKind::Active, None);
    world.join(group, cloud_id(0), RoleKind::Eligible, Some(end));
    let sheet = restore_sheet(&world.plan(), "a").unwrap();
    let requests =
        sheet.lines().filter(|line| line.starts_with("    POST ")).collect::<std::collections::BTreeSet<_>>();
    let expected = [
        "    POST https://graph.microsoft.com/v1.0/roleManagement/directory/roleAssignmentScheduleRequests",
        "    POST https://graph.microsoft.com/v1.0/roleManagement/directory/roleEligibilityScheduleRequests",
        "    POST https://graph.microsoft.com/v1.0/identityGovernance/privilegedAccess/group/eligibilityScheduleRequests",
        &format!("    POST https://graph.microsoft.com/v1.0/groups/{group}/members/$ref"),
    ];
    assert_eq!(requests, expected.into_iter().collect());
    assert_eq!(sheet.matches("its holder can activate it again").count(), 1, "{sheet}");
    assert_eq!(sheet.matches("Invoke-MgGraphRequest").count(), 4);
    assert!(sheet.contains("until 2026-06-01T00:00:00Z") && sheet.chars().all(|c| c == '\n' || !c.is_control()));
    let scopes = "GroupMember.ReadWrite.All,PrivilegedEligibilitySchedule.ReadWrite.AzureADGroup,\
                  RoleManagement.ReadWrite.Directory";
    assert!(sheet.contains(scopes), "{sheet}");
    let bodies = world
        .held_by(cloud_id(0))
        .iter()
        .filter_map(|h| RestoreRequest::of(h, GRAPH, world.now.get()))
        .map(|request| serde_json::from_str::<serde_json::Value>(&request.body).unwrap())
        .collect::<Vec<_>>();
    let ends = bodies.iter().filter(|b| b["scheduleInfo"]["expiration"]["endDateTime"] == "2026-06-01T00:00:00Z");
    assert_eq!(ends.count(), 2);
    let forever = bodies.iter().filter(|b| b["scheduleInfo"]["expiration"]["type"] == "noExpiration");
    assert_eq!(forever.count(), 1);
}

#[test]
fn the_restore_sheet_holds_every_role_and_survives_hostile_names() {
    let world = World::new(&[ADMIN]);
    let mut assignment = world.grant(cloud_id(0), "helpdesk2");
    assignment.grant.condition = Some("x' ; Remove-Item ‘c:’\n\u{202e}".to_owned());
    let mut plan = world.plan();
    plan.links[0].cloud.upn = "evil\u{1b}[31m@corp.test".into();
    let sheet = restore_sheet(&plan, "a").unwrap();
    assert_eq!(sheet.matches("Invoke-MgGraphRequest").count(), 2);
    assert!(sheet.chars().all(|c| c == '\n' || !c.is_control()));
    let RestoreRequest { body, .. } = RestoreRequest::of(&Holding::Role(assignment), GRAPH, world.now.get()).unwrap();
    assert!(body.is_ascii() && !body.contains('\''), "{body}");
    let read: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!(read["condition"], "x' ; Remove-Item ‘c:’\n\u{202e}");
    assert_eq!((&read["directoryScopeId"], read.get("appScopeId")), (&"/".into(), None));
    assert_eq!(restore_sheet(&World::new(&[Spec { role: false, ..ADMIN }]).plan(), "a"), None);
}
