//! The sync engine's steps: the scheduler held and released, one proven cycle.

use super::literal::{Code, fill, number, quote};
use super::step::Parts;
use crate::config::settings::{Command, Engine, Trigger};
use crate::plan::document::Plan;
use crate::plan::step::{Action, Step};

const SCOPES: [&str; 1] = ["Organization.Read.All"];

/// Stops the scheduler, unless somebody else has: then it stays stopped afterwards, too.
pub(super) fn hold(plan: &Plan, step: &Step) -> Parts {
    let command = plan.settings.sync.hold.as_ref().map(|hold| &hold.hold);
    let act = fill(
        r"if ((Test-SyncServer) -and -not (Get-SyncState).Enabled) { Write-Line '   the scheduler is stopped already' }
else {
    Save-Record $StepId 'begun'
    <stop>
}
Assert-Scheduler $false <seconds>
",
        &[("stop", &program_or(plan, command, "Set-Scheduler $false")), ("seconds", &seconds(plan))],
    );
    let other = |action: &Action| plan.steps.iter().find(|s| s.wave == step.wave && s.action == *action);
    let release = other(&Action::Release).map_or("", |step| step.id.as_str());
    let more = fill("; Release = <id>", &[("id", &quote(release))]);
    Parts { more, ..Parts::work(act, start(plan), &[]) }
}

/// Starts it again, if this script has stopped it.
pub(super) fn release(plan: &Plan, step: &Step) -> Parts {
    let hold = plan.steps.iter().rfind(|s| s.wave == step.wave && s.action == Action::Hold);
    let Some(hold) = hold else {
        return Parts::rest(
            Code::fixed("throw 'Nothing of this plan stops the scheduler, so nothing starts it.'\n"),
            &[],
        );
    };
    let act = fill(
        r"if (@('begun', 'done') -notcontains (Get-Standing <hold>)) { Write-Line '   this script has not stopped the scheduler' }
else {
<start>    Save-Record <hold> 'undone'
}
",
        &[("hold", &quote(hold.id.as_str())), ("start", &start(plan).indented())],
    );
    Parts::rest(act, &[])
}

fn start(plan: &Plan) -> Code {
    let command = plan.settings.sync.hold.as_ref().map(|hold| &hold.release);
    fill(
        "<start>\nAssert-Scheduler $true <seconds>\n",
        &[("start", &program_or(plan, command, "Set-Scheduler $true")), ("seconds", &seconds(plan))],
    )
}

/// One cycle, started as the settings say.
pub(super) fn cycle(plan: &Plan, step: &Step) -> Parts {
    let sync = &plan.settings.sync;
    let start = match (&sync.trigger, sync.engine) {
        (Trigger::Command(command), _) => program(command),
        (Trigger::Wait | Trigger::ProvisionOnDemand(_), Engine::Connect) => Code::fixed(
            "if (Test-SyncServer) { Start-Cycle } else { Write-Line '   waiting for the scheduler; on the sync server Start-ADSyncSyncCycle -PolicyType Delta begins at once' }",
        ),
        (Trigger::Wait | Trigger::ProvisionOnDemand(_), Engine::CloudSync) => {
            Code::fixed("Write-Line '   waiting: Cloud Sync runs by itself every few minutes'")
        }
    };
    let poll = u64::try_from(sync.poll.as_secs()).unwrap_or_default().max(1);
    let act = fill(
        "Invoke-Cycle <wave> <seconds> <poll> { <start> }\n",
        &[
            ("wave", &number(u64::from(step.wave))),
            ("seconds", &seconds(plan)),
            ("poll", &number(poll)),
            ("start", &start),
        ],
    );
    Parts::rest(act, &SCOPES)
}

fn seconds(plan: &Plan) -> Code {
    number(u64::try_from(plan.settings.sync.timeout.as_secs()).unwrap_or_default().max(60))
}

/// The command of the settings; without one, Entra Connect's own cmdlets. Cloud Sync has no scheduler that could be held.
fn program_or(plan: &Plan, command: Option<&Command>, connect: &'static str) -> Code {
    match (command, plan.settings.sync.engine) {
        (Some(command), _) => program(command),
        (None, Engine::Connect) => Code::fixed(connect),
        (None, Engine::CloudSync) => Code::fixed("throw 'The settings have no command that holds Cloud Sync.'"),
    }
}

/// A program with its arguments. `Start-Process` takes them as one line, which each version of PowerShell passes on as it
/// is; those of a list lose their quotation marks in some.
fn program(command: &Command) -> Code {
    let arguments: Vec<String> = command.args().iter().map(|argument| windows(argument)).collect();
    fill(
        "Invoke-Program <program> <arguments>",
        &[("program", &quote(command.program())), ("arguments", &quote(&arguments.join(" ")))],
    )
}

/// An argument as a Windows program takes it from its line.
///
/// Source: Microsoft, "Parsing C command-line arguments": backslashes count only before a quotation mark.
fn windows(argument: &str) -> String {
    if !argument.is_empty() && !argument.contains([' ', '\t', '\n', '\u{b}', '"']) {
        return argument.to_owned();
    }
    let mut out = String::from("\"");
    let mut backslashes = 0;
    for c in argument.chars() {
        match c {
            '\\' => backslashes += 1,
            '"' => {
                // Those that stand there once more, and one for the mark.
                out += &"\\".repeat(backslashes + 1);
                backslashes = 0;
            }
            _ => backslashes = 0,
        }
        out.push(c);
    }
    out + &"\\".repeat(backslashes) + "\""
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::settings::Hold;
    use crate::report::testing::sample;

    fn words(words: &[&str]) -> Command {
        words.iter().map(ToString::to_string).collect::<Vec<_>>().try_into().unwrap()
    }

    #[test]
    fn arguments_reach_the_program_as_they_are() {
        assert_eq!(windows("plain"), "plain");
        assert_eq!(windows(""), r#""""#);
        assert_eq!(windows(r#"say "hi""#), r#""say \"hi\"""#);
        assert_eq!(windows(r"C:\a b\"), r#""C:\a b\\""#);
        assert_eq!(windows(r#"a\"b"#), r#""a\\\"b""#);
        let command = words(&["pwsh", "-Command", "Start-ADSyncSyncCycle -PolicyType Delta; 'x'"]);
        let wanted = r#"Invoke-Program 'pwsh' '-Command "Start-ADSyncSyncCycle -PolicyType Delta; ''x''"'"#;
        assert_eq!(program(&command).as_str(), wanted);
    }

    #[test]
    fn the_cycle_is_started_as_the_settings_say() {
        let mut plan = sample();
        let step = plan.steps.iter().find(|step| step.action == Action::Sync).unwrap().clone();
        assert!(cycle(&plan, &step).act.as_str().contains("{ Invoke-Program 'pwsh'"));
        plan.settings.sync.trigger = Trigger::Wait;
        assert!(cycle(&plan, &step).act.as_str().contains("{ if (Test-SyncServer) { Start-Cycle }"));
        plan.settings.sync.engine = Engine::CloudSync;
        assert!(!cycle(&plan, &step).act.as_str().contains("ADSync"));
    }

    #[test]
    fn only_a_scheduler_that_the_script_stopped_is_started() {
        let mut plan = sample();
        plan.settings.sync.hold = Some(Hold { hold: words(&["stop-it", "now"]), release: words(&["start-it"]) });
        let with = |id: &str, action: Action| {
            let step = plan.steps.first().unwrap().clone();
            Step { id: id.into(), link: None, action, ..step }
        };
        let (hold_step, release_step) = (with("0-hold", Action::Hold), with("9-release", Action::Release));
        plan.steps.insert(0, hold_step.clone());
        plan.steps.push(release_step.clone());
        let held = hold(&plan, &hold_step);
        assert!(held.new_work && held.act.as_str().contains("Invoke-Program 'stop-it' 'now'"));
        assert_eq!(held.more.as_str(), "; Release = '9-release'");
        let released = release(&plan, &release_step);
        assert!(!released.new_work, "an expired plan must not leave the scheduler stopped");
        let act = released.act.as_str();
        assert!(act.contains("(Get-Standing '0-hold')") && act.contains("Invoke-Program 'start-it' ''"), "{act}");
    }
}
