//! What the program keeps in files. Each is tried as it came, and once more with its checksums put right: whoever edits a
//! file can seal it again.

use super::shown::harmless;
use crate::model::sealed;
use crate::plan::document::Plan;
use crate::report::plan_text::Detail;
use crate::report::status::StatusView;
use crate::report::style::Style;
use crate::report::{plan_json, plan_markdown, plan_text, redact};
use crate::snapshot::document::{SNAPSHOT_VERSION, Snapshot};
use crate::snapshot::file::{self, Form};
use crate::snapshot::index::Index;
use crate::state::fold::join;
use crate::state::journal::{Journal, JournalEvent, Record};
use crate::state::ledger::State;
use jiff::Timestamp;
use serde_json::Value;

/// The text, and the same with the digest that fits.
fn sealings(octets: &[u8]) -> Vec<String> {
    let Ok(text) = std::str::from_utf8(octets) else { return Vec::new() };
    let again = serde_json::from_str::<Value>(text).ok().filter(Value::is_object);
    let again = again.and_then(|value| sealed::to_file(&value).ok());
    [Some(text.to_owned()), again].into_iter().flatten().collect()
}

/// A saved plan: one that is taken is written back as the same, and can be shown in every form.
pub fn plan(octets: &[u8]) {
    for text in sealings(octets) {
        let Ok(plan) = Plan::from_file(&text) else { continue };
        assert_eq!(Ok(&plan.digest), plan.compute_digest().as_ref().map_err(|_| ()));
        let written = plan.to_file().expect("a plan can be written");
        assert_eq!(Plan::from_file(&written).expect("its own words are understood"), plan);
        for detail in [Detail::Brief, Detail::Full] {
            harmless(&plan_text::render(&plan, Style::PLAIN, 80, detail));
        }
        harmless(&plan_json::render(&plan).expect("a plan can be shown"));
        harmless(&plan_markdown::render(&plan, "FILE"));
        let redacted = redact::plan(&plan);
        harmless(&plan_text::render(&redacted, Style::PLAIN, 80, Detail::Full));
    }
}

/// A state: one that is taken is written back as the same, and can be shown.
pub fn state(octets: &[u8]) {
    for text in sealings(octets) {
        if let Ok(state) = State::from_file(&text) {
            stands(&state);
        }
    }
}

fn stands(state: &State) {
    let written = state.to_file().expect("a state can be written");
    let read = State::from_file(&written).expect("its own words are understood");
    assert_eq!(read.to_file().ok().as_ref(), Some(&written));
    assert_eq!(State { digest: String::new(), ..read.clone() }, State { digest: String::new(), ..state.clone() });
    let view = StatusView::of(&read, None);
    harmless(&view.to_text("", Style::PLAIN, 80));
    harmless(&view.to_json().expect("a status can be shown"));
}

/// A journal: as it came, and as a list of events that are chained anew.
pub fn journal(octets: &[u8]) {
    if let Ok(journal) = Journal::read(octets) {
        let lines: String = journal.records.iter().map(|record| record.to_line().expect("it can be written")).collect();
        let again = Journal::read(lines.as_bytes()).expect("its own words are understood");
        assert_eq!((&again.records, again.torn), (&journal.records, false));
        assert_eq!(journal.torn, journal.intact_len < octets.len() as u64);
        folds(&journal);
    }
    folds(&Journal { records: chained(octets), ..Journal::default() });
}

/// The events of all lines that hold one, as records of a good chain.
fn chained(octets: &[u8]) -> Vec<Record> {
    let mut records: Vec<Record> = Vec::new();
    for line in octets.split(|octet| *octet == b'\n') {
        let Ok(value) = serde_json::from_slice::<Value>(line) else { continue };
        let event = value.get("event").cloned().unwrap_or(value);
        let Ok(event) = serde_json::from_value::<JournalEvent>(event) else { continue };
        let (seq, sum) = records.last().map_or((0, ""), |last| (last.seq, last.sum.as_str()));
        records.push(Record::following(seq, sum, Timestamp::UNIX_EPOCH, event).expect("an event can be written"));
    }
    records
}

/// A refused record leaves the state as it was, and a state that caught up halfway ends as one that read all at once.
fn folds(journal: &Journal) {
    let Some(first) = journal.records.first() else { return };
    let Ok(mut state) = State::begin(first) else { return };
    for record in &journal.records[1..] {
        let before = state.clone();
        if state.advance(record).is_err() {
            assert_eq!(state, before, "an illegal event left a trace");
            assert!(join(None, journal).is_err());
            return stands(&state);
        }
    }
    stands(&state);
    let half = Journal { records: journal.records[..journal.records.len().div_ceil(2)].to_vec(), ..Journal::default() };
    let early = join(None, &half).expect("the whole is legal").state;
    assert_eq!(join(early, journal).expect("the whole is legal").state.as_ref(), Some(&state));
    let joined = join(Some(state.clone()), journal).expect("it fits itself");
    assert_eq!((joined.state.as_ref(), joined.caught_up), (Some(&state), 0));
}

/// A snapshot: one that is taken is written and read back as the same, and can be looked up.
pub fn snapshot(octets: &[u8]) {
    let read = file::read(octets, Some(octets.len() as u64));
    let Ok(snapshot) = serde_json::from_slice::<Snapshot>(octets) else {
        let marked = octets.starts_with(b"\xef\xbb\xbf") || Form::is_compressed(octets);
        return assert!(read.is_err() || marked, "cut into lines it is taken, and as a whole it is not");
    };
    match read {
        // A line feed in the middle of an object, where lists are read line by line.
        Err(error) => assert!(snapshot.format_version > SNAPSHOT_VERSION || error.to_string().contains("of its own")),
        Ok(read) => assert_eq!(read, snapshot),
    }
    for form in [Form::Plain, Form::Compressed] {
        let mut written = Vec::new();
        file::write(&snapshot, form, &mut written).expect("a snapshot can be written");
        let read = file::read(&written[..], Some(written.len() as u64));
        assert_eq!(read.ok().as_ref(), Some(&snapshot).filter(|it| it.format_version <= SNAPSHOT_VERSION));
    }
    let index = Index::new(&snapshot, |_| crate::model::anchor::SourceAnchor::default());
    for user in &snapshot.users {
        assert!(index.cloud_user(user.id).is_some());
        assert!(!index.cloud_by_upn(&user.upn).is_empty());
        let _ = snapshot.holdings_of(user.id);
    }
    for user in index.ad_users() {
        assert!(index.ad_user(user.guid).is_some());
        let _ = index.exported_upn(user);
    }
}
