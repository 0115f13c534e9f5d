//! What happens during an apply, as lines for people and as JSON lines for scripts.

use super::page::{Line, Mark, Page};
use super::step_text::headline;
use super::style::{Style, Tone};
use super::{safe, standing_text};
use crate::apply::event::{Event, What};
use crate::config::settings::OnTimeout;
use crate::model::reference::{AdRef, EntraRef};
use crate::plan::document::Purpose;
use crate::plan::step::{Action, Step};
use crate::rules::aftermath::Diagnosis;
use crate::state::ledger::Standing;
use jiff::{SignedDuration, Timestamp};

/// An event as one line with its line feed, or `None` for one that would say nothing new: that a step begins, that
/// nothing has come of waiting yet, that a link is verified (which the link's end says).
pub fn line(event: &Event, style: Style) -> Option<String> {
    let (tone, word, text) = words(&event.what)?;
    let mut page = Page::new(80);
    let at = event.at.strftime("%Y-%m-%dT%H:%M:%SZ");
    page.push(Line::at(0).put(Tone::Quiet, at).plain("  ").put(tone, format_args!("{word:<9} ")).plain(text));
    Some(page.to_text(style))
}

/// An event as one line of JSON, with its line feed: `at`, `event`, and the event's own members.
pub fn json_line(event: &Event) -> Result<String, serde_json::Error> {
    safe::json_line(event).map(|line| line + "\n")
}

fn words(what: &What) -> Option<(Tone, &'static str, String)> {
    Some(match what {
        What::ApplyStarted { apply, purpose, links, steps, done, resumed } => {
            let purpose = match purpose {
                Purpose::Link => String::new(),
                Purpose::Rollback { of } => format!(", a rollback of {of}"),
            };
            let (word, before) =
                if *resumed { ("resume", format!(", {done} of them done before")) } else { ("start", String::new()) };
            let text = format!("apply {apply}{purpose}: {}, {}{before}", count(*links, "link"), count(*steps, "step"));
            (Tone::Strong, word, text)
        }
        What::WaveStarted { wave, waves, links } => {
            (Tone::Strong, "wave", format!("{wave} of {waves}: {}", count(*links, "link")))
        }
        What::StepSucceeded { step, .. } if matches!(step.action, Action::Verify { .. } | Action::Sync) => return None,
        What::StepSucceeded { step, wrote: true } => (Tone::Good, "done", headline(step)),
        What::StepSucceeded { step, wrote: false } => (Tone::Quiet, "unchanged", headline(step)),
        What::StepFailed { step, error } => (Tone::Alarm, "failed", format!("{}: {error}", headline(step))),
        What::StepUndone { step } => (Tone::Warn, "undone", headline(step)),
        What::RoleForgone { step, reason } => (Tone::Warn, "not back", format!("{}: {reason}", headline(step))),
        What::StepLeft { step, why } => (Tone::Warn, "left", format!("{}: {why}", headline(step))),
        What::UndoFailed { step, error } => (Tone::Alarm, "not undone", format!("{}: {error}", headline(step))),
        What::Throttled { wait } => {
            let room = format!("the tenant's limit on requests is reached: room again in {}", duration(*wait));
            (Tone::Plain, "throttled", room)
        }
        What::Retrying { what, error, after } => {
            (Tone::Warn, "retry", format!("{what} in {}: {error}", duration(*after)))
        }
        What::CycleAsked { wave: 0, triggered } => {
            let how = if *triggered { "a cycle was asked for" } else { "the scheduler's next cycle is waited for" };
            (Tone::Plain, "sync", format!("{how}, for the tasks that rest on it"))
        }
        What::CycleAsked { wave, triggered: true } => {
            (Tone::Plain, "sync", format!("a cycle was asked for, wave {wave} waits for it"))
        }
        What::CycleAsked { wave, triggered: false } => {
            (Tone::Plain, "sync", format!("wave {wave} waits for the scheduler's next cycle"))
        }
        What::Provisioned { wave, done, refused } => {
            let tone = if *refused == 0 { Tone::Plain } else { Tone::Warn };
            let but = if *refused == 0 { String::new() } else { format!(", {refused} refused") };
            let users = count(*done, "user");
            (tone, "sync", format!("wave {wave}: {users} provisioned on demand{but}; now the links are looked at"))
        }
        What::CycleProven { wave, last_sync } => {
            let when = last_sync.map(|at| format!(" (the tenant's last sync: {at})")).unwrap_or_default();
            (Tone::Good, "sync", format!("a cycle after the writes of wave {wave} is proven{when}"))
        }
        What::TimedOut { wave, then } => {
            let then = match then {
                OnTimeout::Withdraw => "what was done for it is withdrawn",
                OnTimeout::Hold => "it is left as it stands",
            };
            (Tone::Alarm, "timeout", format!("no proven cycle in time for wave {wave}: {then}"))
        }
        What::LinkEnded { link: _, ad, cloud, standing, diagnosis: _ } => {
            let why = standing_text::why(standing).map(|why| format!(": {why}")).unwrap_or_default();
            (standing_text::tone(standing), standing_text::short(standing), format!("{ad} → {cloud}{why}"))
        }
        What::TaskEnded { task: _, title, standing } => {
            let why = standing_text::why(standing).map(|why| format!(": {why}")).unwrap_or_default();
            (standing_text::tone(standing), standing_text::short(standing), format!("{title}{why}"))
        }
        What::PilotEnded { linked, of, rest } => {
            let wait = if *rest == 1 { "waits" } else { "wait" };
            let (of, rest) = (count(*of, "link"), count(*rest, "link"));
            let text = format!("{linked} of {of} formed; {rest} {wait} for your decision");
            (Tone::Strong, "pilot", text)
        }
        What::Stopping => (Tone::Warn, "stopping", "what is in flight is finished, then the state is saved".to_owned()),
        What::ApplyEnded { outcome } => (Tone::Strong, "end", super::outcome::tally(outcome)),
        What::StepStarted { .. } | What::CyclePolled { .. } => return None,
    })
}

/// `1 link`, `2 links`.
pub fn count(n: usize, noun: &str) -> String {
    format!("{n} {noun}{}", if n == 1 { "" } else { "s" })
}

/// A duration as people say it: `45m`, `2m 10s`.
pub fn duration(duration: SignedDuration) -> String {
    let seconds = duration.as_secs().max(0);
    let (hours, minutes, rest) = (seconds / 3600, seconds % 3600 / 60, seconds % 60);
    let parts: Vec<String> = [(hours, "h"), (minutes, "m"), (rest, "s")]
        .into_iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, unit)| format!("{n}{unit}"))
        .collect();
    if parts.is_empty() { "0s".to_owned() } else { parts.join(" ") }
}

/// The strings and numbers of a progress bar, kept up to date by the events. Drawing it is the terminal's business.
#[derive(Clone, Debug, Default)]
pub struct Progress {
    done: usize,
    steps: usize,
    wave: String,
    message: String,
}

impl Progress {
    /// Takes an event in.
    pub fn take(&mut self, event: &Event) {
        match &event.what {
            What::ApplyStarted { steps, done, .. } => (self.done, self.steps) = (*done, *steps),
            What::WaveStarted { wave, waves, .. } => self.wave = format!("wave {wave}/{waves}"),
            What::StepStarted { step } => self.say(&headline(step)),
            What::StepSucceeded { step, .. } | What::StepFailed { step, .. } | What::RoleForgone { step, .. } => {
                self.step_ended(step);
            }
            What::CyclePolled { wave: _, waited, timeout, last_sync, linked, of } => {
                let seen = last_sync.map(|at: Timestamp| format!(", last sync {}", at.strftime("%H:%M:%SZ")));
                self.say(&format!(
                    "waiting for the sync cycle: {} of {}, {linked} of {of} linked{}",
                    duration(*waited),
                    duration(*timeout),
                    seen.unwrap_or_default()
                ));
            }
            What::Retrying { what, after, .. } => self.say(&format!("{what}: again in {}", duration(*after))),
            What::Throttled { wait } => {
                self.say(&format!("the tenant's limit on requests is reached: room again in {}", duration(*wait)));
            }
            What::StepUndone { step } => self.say(&format!("undone: {}", headline(step))),
            What::PilotEnded { .. } => self.say("the pilot is through"),
            What::TaskEnded { title, .. } => self.say(title),
            What::Stopping => self.say("stopping: finishing what is in flight"),
            What::CycleAsked { .. } => self.say("waiting for the sync cycle"),
            What::Provisioned { .. } => self.say("looking at the links"),
            What::UndoFailed { .. }
            | What::StepLeft { .. }
            | What::CycleProven { .. }
            | What::TimedOut { .. }
            | What::LinkEnded { .. }
            | What::ApplyEnded { .. } => {}
        }
    }

    fn say(&mut self, text: &str) {
        self.message = safe::Text(text).to_string();
    }

    fn step_ended(&mut self, step: &Step) {
        self.done = (self.done + 1).min(self.steps);
        self.say(&headline(step));
    }

    /// How many steps are done.
    pub const fn position(&self) -> usize {
        self.done
    }

    /// How many steps there are.
    pub const fn length(&self) -> usize {
        self.steps
    }

    /// Which wave it is: `wave 1/3`; empty before the first.
    pub fn prefix(&self) -> &str {
        &self.wave
    }

    /// What is going on, on one line, harmless on a terminal.
    pub fn message(&self) -> &str {
        &self.message
    }
}

/// Puts a link's end on a page: both sides, where it stands, why.
pub(super) fn link_line(
    page: &mut Page,
    indent: usize,
    (ad, cloud): (&AdRef, &EntraRef),
    standing: &Standing,
    diagnosis: Option<&Diagnosis>,
) {
    let mark =
        if matches!(standing, Standing::Stuck { .. } | Standing::Failed { .. }) { Mark::Alarm } else { Mark::None };
    let tone = standing_text::tone(standing);
    page.push(
        Line::at(indent)
            .mark(mark)
            .put(Tone::Strong, format_args!("{ad} → {cloud}"))
            .put(tone, format_args!("  {standing}")),
    );
    if let Some(why) = standing_text::why(standing) {
        page.sentence(indent + 4, if mark == Mark::Alarm { "found" } else { "why" }, Tone::Plain, why);
    }
    if let Standing::Stuck { next, .. } = standing {
        page.sentence(indent + 4, "next", Tone::Strong, next);
    }
    if let Some(diagnosis) = diagnosis {
        diagnosis_lines(page, indent + 4, diagnosis, standing_text::why(standing).is_none());
    }
}

/// What was found after the cycle, unless the standing has said so, and the way back, step by step.
fn diagnosis_lines(page: &mut Page, indent: usize, diagnosis: &Diagnosis, with_found: bool) {
    if with_found {
        page.sentence(indent, "found", Tone::Plain, &diagnosis.to_string());
    }
    if diagnosis.way_back.is_empty() {
        return;
    }
    page.push(Line::at(indent).put(Tone::Strong, "the way back, in this order:"));
    for (n, step) in diagnosis.way_back.iter().enumerate() {
        page.flow(Line::at(indent + 2).plain(format_args!("{}. ", n + 1)), indent + 5, Tone::Plain, step);
    }
}

#[cfg(test)]
#[expect(clippy::needless_raw_string_hashes, reason = "snapbox writes expected texts with hashes")]
mod tests {
    use super::*;
    use crate::report::testing::{HOSTILE, event, sample};
    use snapbox::IntoData as _;

    #[test]
    fn one_line_per_meaningful_event() {
        let plan = sample();
        let step = |n: usize| Box::new(plan.steps[n].clone());
        let link = &plan.links[0];
        let ended = |standing| What::LinkEnded {
            link: link.id.clone(),
            ad: link.ad.clone(),
            cloud: link.cloud.clone(),
            standing,
            diagnosis: None,
        };
        let at: Timestamp = "2026-11-20T10:00:00Z".parse().unwrap();
        let whats = [
            What::ApplyStarted {
                apply: "a1".into(),
                purpose: Purpose::Link,
                links: 2,
                steps: 8,
                done: 0,
                resumed: false,
            },
            What::WaveStarted { wave: 1, waves: 1, links: 2 },
            What::StepStarted { step: step(0) },
            What::StepSucceeded { step: step(0), wrote: true },
            What::StepSucceeded { step: step(1), wrote: false },
            What::StepFailed { step: step(2), error: "403 Forbidden".to_owned() },
            What::CycleAsked { wave: 1, triggered: true },
            What::CycleProven { wave: 1, last_sync: Some(at) },
            ended(Standing::Linked { at }),
            ended(Standing::Stuck { at, found: "another SID".to_owned(), next: "matchplan status".to_owned() }),
            What::TimedOut { wave: 1, then: OnTimeout::Withdraw },
            What::Stopping,
        ];
        let log: String = whats.into_iter().filter_map(|what| line(&event(what), Style::PLAIN)).collect();
        snapbox::assert_data_eq!(log, snapbox::str![[r#"
2026-11-20T10:00:03Z  start     apply a1: 2 links, 8 steps
2026-11-20T10:00:03Z  wave      1 of 1: 2 links
2026-11-20T10:00:03Z  done      suspend role User Administrator of jane.doe@contoso.com
2026-11-20T10:00:03Z  unchanged align corp\jsmith: userPrincipalName, proxyAddresses
2026-11-20T10:00:03Z  failed    set the ImmutableID of jane.doe@contoso.com: 403 Forbidden
2026-11-20T10:00:03Z  sync      a cycle was asked for, wave 1 waits for it
2026-11-20T10:00:03Z  sync      a cycle after the writes of wave 1 is proven (the tenant's last sync: 2026-11-20T10:00:00Z)
2026-11-20T10:00:03Z  linked    corp\jsmith → john.smith@contoso.com
2026-11-20T10:00:03Z  stuck     corp\jsmith → john.smith@contoso.com: another SID
2026-11-20T10:00:03Z  timeout   no proven cycle in time for wave 1: what was done for it is withdrawn
2026-11-20T10:00:03Z  stopping  what is in flight is finished, then the state is saved

"#]].raw());
    }

    #[test]
    fn json_lines_are_one_line_each_and_harmless() {
        let retry = What::Retrying {
            what: HOSTILE.to_owned(),
            error: "503".to_owned(),
            after: SignedDuration::from_millis(1_500),
        };
        let text = json_line(&event(retry)).unwrap();
        assert_eq!(text.matches('\n').count(), 1);
        assert!(!text.trim_end().contains(crate::model::visible::is_hidden));
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!((&json["event"], &json["what"]), (&"retrying".into(), &HOSTILE.into()));
    }

    #[test]
    fn the_bar_knows_where_it_stands() {
        let plan = sample();
        let mut progress = Progress::default();
        let started = What::ApplyStarted {
            apply: "a".into(),
            purpose: Purpose::Link,
            links: 2,
            steps: 8,
            done: 3,
            resumed: true,
        };
        for what in [
            started,
            What::WaveStarted { wave: 2, waves: 3, links: 1 },
            What::StepSucceeded { step: Box::new(plan.steps[3].clone()), wrote: true },
            What::CyclePolled {
                wave: 2,
                waited: SignedDuration::from_secs(130),
                timeout: SignedDuration::from_mins(45),
                last_sync: None,
                linked: 1,
                of: 2,
            },
        ] {
            progress.take(&event(what));
        }
        assert_eq!((progress.position(), progress.length(), progress.prefix()), (4, 8, "wave 2/3"));
        assert_eq!(progress.message(), "waiting for the sync cycle: 2m 10s of 45m, 1 of 2 linked");
    }
}
