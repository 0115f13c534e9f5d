//! A plan as the commands that an administrator would type, for people who may not run a new program: each step with the
//! check before it, the write, and the reading that shows it was done.
//!
//! What the script cannot do is said in its head: it keeps no journal and has no way back. Sources: Microsoft, PowerShell
//! documentation of `Set-ADUser` (`-Remove` before `-Add` before `-Replace` before `-Clear`), `Move-ADObject`,
//! `Update-MgUser` and `Invoke-MgGraphRequest` (an ImmutableID is cleared by JSON `null`; the cmdlet sends an empty text).

mod quote;
mod roles;

use crate::config::settings::{Command, Trigger};
use crate::model::attribute::{AdAttribute, AttributeChange};
use crate::model::reference::AdRef;
use crate::plan::document::{Plan, Purpose};
use crate::plan::step::{Action, Step, Undo};
use quote::{Comment, List, Literal};
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// The functions that every step uses.
const PRELUDE: &str = r#"Set-StrictMode -Version 1.0
$ErrorActionPreference = 'Stop'

# One step: says its name, and stops everything if it fails.
function Invoke-Step([string] $Name, [scriptblock] $Do) {
    Write-Host "== $Name"
    & $Do
}

# Whether two lists hold the same values, in any order, to the letter.
function Test-Same($A, $B) {
    $one = @($A | Where-Object { $null -ne $_ } | ForEach-Object { [string] $_ } | Sort-Object -CaseSensitive)
    $two = @($B | Where-Object { $null -ne $_ } | ForEach-Object { [string] $_ } | Sort-Object -CaseSensitive)
    ($one.Count -eq $two.Count) -and (($one -join "`n") -ceq ($two -join "`n"))
}

# $true if a value is still to be written, $false if it is there already; anything else is somebody else's change.
function Test-Todo([string] $What, $Now, $Before, $After) {
    if (Test-Same $Now $After) { Write-Host "   $What is there already"; return $false }
    if (Test-Same $Now $Before) { return $true }
    throw "$What is neither as planned nor as wanted, so somebody has changed it: $(@($Now) -join '; '). Plan again."
}

# Reads until a value is there: replicas lag.
function Wait-For([string] $What, [int] $Seconds, [scriptblock] $Test) {
    $until = (Get-Date).AddSeconds($Seconds)
    while (-not (& $Test)) {
        if ((Get-Date) -gt $until) { throw "$What cannot be seen after $Seconds seconds." }
        Start-Sleep -Seconds 5
    }
    Write-Host "   $What"
}

# What Graph answers to a GET; $null if there is no such object.
function Get-Graph([string] $Path) {
    try { Invoke-MgGraphRequest -Method GET -Uri "$graph/v1.0$Path" -Headers @{ ConsistencyLevel = 'eventual' } }
    catch { if ($_.Exception.Message -match '404|NotFound') { $null } else { throw } }
}

# The items of a Graph collection.
function Get-Items([string] $Path) {
    $answer = Get-Graph $Path
    if ($null -eq $answer) { @() } else { @($answer.value) }
}
"#;

/// The plan as a script. A plan that is blocked or has nothing to do is a script that says so and stops.
pub fn render(plan: &Plan) -> String {
    let mut out = head(plan);
    if plan.is_blocked() {
        out += "\nthrow 'This plan is blocked by the errors in it: see `matchplan show`. Nothing of it can be done.'\n";
        return out;
    }
    if plan.steps.is_empty() {
        out += "\nWrite-Host 'This plan changes nothing.'\n";
        return out;
    }
    out += &opening(plan);
    out += "\n";
    out += PRELUDE;
    let graph = plan.settings.entra.cloud.graph_host();
    let _ = write!(out, "\n$graph = {}\n", Literal(&graph));
    for step in &plan.steps {
        out += "\n";
        out += &block(plan, step, &graph);
    }
    out += "\nWrite-Host 'Every step of the plan is done.'\n";
    out
}

fn head(plan: &Plan) -> String {
    let what = match &plan.purpose {
        Purpose::Link => "links AD users with cloud users".to_owned(),
        Purpose::Rollback { of } => format!("goes back from apply {of}"),
    };
    let mut lines = vec![
        format!("This script {what}: {} links, {} steps.", plan.links.len(), plan.steps.len()),
        format!("plan     {}", plan.digest),
        format!("tenant   {} ({})", plan.tenant.name, plan.tenant.id),
        format!("made     {}   valid until {}", plan.created, plan.expires),
        String::new(),
        "It does one step after the other and stops at the first that is not as planned. It can be started again: what is".to_owned(),
        "done already is left alone. Unlike `matchplan apply` it keeps no journal and has no way back, proves no sync cycle".to_owned(),
        "but the one that it sees the link formed by, and gives roles back only if it comes to its end: keep it, and its".to_owned(),
        "output, until every link is formed.".to_owned(),
    ];
    lines.extend(settle(plan));
    lines.iter().map(|line| [Comment(line).to_string().trim_end(), "\n"].concat()).collect()
}

/// What the script needs, and the sign-in.
fn opening(plan: &Plan) -> String {
    let scopes: Vec<String> = scopes(plan).into_iter().map(str::to_owned).collect();
    format!(
        "\n#Requires -Modules ActiveDirectory, Microsoft.Graph.Authentication, Microsoft.Graph.Users\n\n\
         if ((Get-Date).ToUniversalTime() -gt [datetime]::Parse({}).ToUniversalTime()) {{\n    \
             throw 'This plan has expired: plan again, what is there may have changed.'\n}}\n\
         Connect-MgGraph -TenantId {} -Scopes {} -NoWelcome{}\n",
        Literal(&plan.expires.to_string()),
        Literal(&plan.tenant.id.to_string()),
        List(&scopes),
        crate::state::sheet::environment(&plan.settings.entra.cloud),
    )
}

/// What is left to a person, where something of the plan has no command.
fn settle(plan: &Plan) -> Option<String> {
    let never = plan.steps.iter().any(|step| matches!(step.undo, Undo::Never { .. }));
    never.then(|| "From the sync cycle on, the links cannot be taken back by writing attributes.".to_owned())
}

fn scopes(plan: &Plan) -> BTreeSet<&'static str> {
    let mut scopes = BTreeSet::from(["User.Read.All"]);
    for step in &plan.steps {
        match &step.action {
            Action::Anchor { .. } => scopes.extend(["User.ReadWrite.All"]),
            Action::Suspend { holding, .. } => scopes.extend(roles::scopes(holding, plan.created)),
            _ => {}
        }
    }
    scopes
}

fn block(plan: &Plan, step: &Step, graph: &str) -> String {
    let id = step.id.to_string();
    let body = match &step.action {
        Action::Hold => command(plan.settings.sync.hold.as_ref().map(|hold| &hold.hold), "Set-ADSyncScheduler -SyncCycleEnabled $false"),
        Action::Release => {
            command(plan.settings.sync.hold.as_ref().map(|hold| &hold.release), "Set-ADSyncScheduler -SyncCycleEnabled $true")
        }
        Action::Sync => match &plan.settings.sync.trigger {
            Trigger::Command(trigger) => command(Some(trigger), ""),
            Trigger::Wait => "Write-Host '   waiting for the scheduler; or, on the sync server: Start-ADSyncSyncCycle -PolicyType Delta'\n".to_owned(),
        },
        Action::Align { user, changes } => align(plan, user, changes),
        Action::Move { user, from, to } => {
            let (server, guid, what) = (server(plan, user), user.guid.to_string(), format!("the container of {user}"));
            format!(
                "$server = {server}\n$user = Get-ADUser -Identity {guid} -Server $server\n\
                 $now = ($user.DistinguishedName -split '(?<!\\\\),', 2)[1]\n\
                 if (Test-Todo {what} $now {from} {to}) {{\n    \
                     Move-ADObject -Identity {guid} -Server $server -TargetPath {to}\n}}\n\
                 Wait-For {what} 60 {{ (((Get-ADUser -Identity {guid} -Server $server).DistinguishedName -split '(?<!\\\\),', 2)[1]) -eq {to} }}\n",
                guid = Literal(&guid),
                what = Literal(&what),
                from = Literal(from.as_str()),
                to = Literal(to.as_str()),
            )
        }
        Action::Anchor { user, expects, sets } => {
            let (id, what) = (user.id.to_string(), format!("the ImmutableID of {}", user.upn));
            let text = |value: &Option<crate::model::anchor::ImmutableId>| {
                value.as_ref().map_or_else(|| "$null".to_owned(), |value| Literal(value.as_str()).to_string())
            };
            let write = match sets {
                Some(value) => format!("Update-MgUser -UserId {} -OnPremisesImmutableId {}", Literal(&id), Literal(value.as_str())),
                None => format!(
                    "Invoke-MgGraphRequest -Method PATCH -Uri \"$graph/v1.0/users/{id}\" -ContentType 'application/json' -Body '{{\"onPremisesImmutableId\": null}}'"
                ),
            };
            let read = format!("(Get-MgUser -UserId {} -Property 'onPremisesImmutableId').OnPremisesImmutableId", Literal(&id));
            format!(
                "if (Test-Todo {what} {read} {} {to}) {{\n    {write}\n}}\nWait-For {what} 60 {{ Test-Same {read} {to} }}\n",
                text(expects),
                what = Literal(&what),
                to = text(sets),
            )
        }
        Action::Verify { ad: _, cloud, anchor, sid } => {
            let (id, what) = (cloud.id.to_string(), format!("{} is linked", cloud.upn));
            format!(
                "Wait-For {what} {seconds} {{\n    $user = Get-MgUser -UserId {id} -Property 'onPremisesSyncEnabled','onPremisesImmutableId','onPremisesSecurityIdentifier'\n    \
                     $user.OnPremisesSyncEnabled -and ($user.OnPremisesImmutableId -ceq {anchor}) -and ($user.OnPremisesSecurityIdentifier -eq {sid})\n}}\n",
                what = Literal(&what),
                seconds = plan.settings.sync.timeout.as_secs().max(60),
                id = Literal(&id),
                anchor = Literal(&anchor.to_base64()),
                sid = Literal(&sid.to_string()),
            )
        }
        Action::Suspend { user, holding, .. } => roles::take(user, holding, plan.created),
        Action::Restore { user, suspend, label, .. } => {
            let taken = plan.steps.iter().find_map(|step| match &step.action {
                Action::Suspend { holding, .. } if step.id == *suspend => Some(holding),
                _ => None,
            });
            if let Some(holding) = taken {
                roles::give(user, holding, graph, plan.created)
            } else {
                let why = format!("{label} of {} was taken by an earlier apply: its restore sheet gives it back.", user.upn);
                format!("Write-Warning {}\n", Literal(&why))
            }
        }
    };
    let lines: Vec<String> = body.lines().map(|line| ["    ", line].concat()).collect();
    format!("Invoke-Step {} {{\n{}\n}}\n", Literal(&id), lines.join("\n"))
}

/// A program with its arguments, as the settings have it; otherwise the cmdlet of Entra Connect.
fn command(given: Option<&Command>, otherwise: &str) -> String {
    let Some(command) = given else { return format!("{otherwise}\n") };
    let words = std::iter::once(command.program()).chain(command.args().iter().map(String::as_str));
    let words: Vec<String> = words.map(|word| Literal(word).to_string()).collect();
    format!("& {}\nif ($LASTEXITCODE) {{ throw \"the command ended with $LASTEXITCODE\" }}\n", words.join(" "))
}

fn server(plan: &Plan, user: &AdRef) -> String {
    let domain = plan.forest.iter().find(|domain| domain.name.as_str().eq_ignore_ascii_case(user.domain.as_str()));
    Literal(domain.map_or(user.domain.as_str(), |domain| domain.dns_name.as_str())).to_string()
}

fn align(plan: &Plan, user: &AdRef, changes: &[AttributeChange]) -> String {
    let names: Vec<String> = changes.iter().map(|change| change.attribute.name().to_owned()).collect();
    let guid = user.guid.to_string();
    let identity = format!("-Identity {} -Server $server", Literal(&guid));
    let properties = names.iter().map(|name| Literal(name).to_string()).collect::<Vec<_>>().join(",");
    let read = format!("$user = Get-ADUser {identity} -Properties {properties}\n");
    let mut out = format!("$server = {}\n{read}", server(plan, user));
    for change in changes {
        let (what, now) = (format!("{} of {user}", change.attribute), now(change.attribute));
        let _ = write!(
            out,
            "if (Test-Todo {} {now} {} {}) {{\n    Set-ADUser {identity}{}\n}}\n",
            Literal(&what),
            List(&change.expects),
            List(&change.sets),
            writes(change),
        );
    }
    out += &read;
    for change in changes {
        let what = format!("{} of {user} was not written", change.attribute);
        let _ = writeln!(
            out,
            "if (-not (Test-Same {} {})) {{ throw {} }}",
            now(change.attribute),
            List(&change.sets),
            Literal(&what)
        );
    }
    out
}

/// What the attribute has now, as texts.
fn now(attribute: AdAttribute) -> String {
    let name = Literal(attribute.name()).to_string();
    match attribute {
        // `.Value` of a byte array is the array itself; without a value there is nothing to convert.
        AdAttribute::ConsistencyGuid => {
            format!("$(if ($user.{name}) {{ [Convert]::ToBase64String([byte[]] $user.{name}) }})")
        }
        AdAttribute::UserPrincipalName | AdAttribute::Mail | AdAttribute::ProxyAddresses => format!("$user.{name}"),
    }
}

fn writes(change: &AttributeChange) -> String {
    let name = Literal(change.attribute.name()).to_string();
    let owned = |values: Vec<&String>| values.into_iter().cloned().collect::<Vec<String>>();
    match (change.attribute, change.sets.first()) {
        (_, None) => format!(" -Clear {name}"),
        (AdAttribute::ConsistencyGuid, Some(value)) => {
            format!(" -Replace @{{ {name} = [Convert]::FromBase64String({}) }}", Literal(value))
        }
        (AdAttribute::UserPrincipalName | AdAttribute::Mail, Some(value)) => {
            format!(" -Replace @{{ {name} = {} }}", Literal(value))
        }
        (AdAttribute::ProxyAddresses, Some(_)) => {
            let part = |option: &str, values: Vec<String>| {
                if values.is_empty() { String::new() } else { format!(" -{option} @{{ {name} = {} }}", List(&values)) }
            };
            part("Remove", owned(change.removed().collect())) + &part("Add", owned(change.added().collect()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::testing::{hostile, sample};

    /// Braces and brackets outside of literals and comments are in pairs, and every line is printable.
    fn is_balanced(script: &str) {
        let mut open = Vec::new();
        for line in script.lines() {
            let (mut quoted, mut twice) = (false, false);
            let mut chars = line.chars().peekable();
            while let Some(c) = chars.next() {
                match c {
                    '#' if !quoted && !twice => break,
                    c if quote::is_quote(c) && !twice => {
                        if quoted && chars.peek().is_some_and(|next| quote::is_quote(*next)) {
                            chars.next();
                        } else {
                            quoted = !quoted;
                        }
                    }
                    '"' if !quoted => twice = !twice,
                    '{' | '(' if !quoted && !twice => open.push(c),
                    '}' | ')' if !quoted && !twice => {
                        assert_eq!(open.pop(), Some(if c == '}' { '{' } else { '(' }), "{line}");
                    }
                    c => assert!(!crate::model::visible::is_hidden(c), "{line:?}"),
                }
            }
            assert!(!quoted && !twice, "a literal is open at the end of {line:?}");
        }
        assert!(open.is_empty(), "{open:?}");
    }

    fn unblocked(mut plan: Plan) -> Plan {
        plan.findings.clear();
        plan
    }

    #[test]
    fn every_step_has_its_check_its_write_and_its_reading() {
        let plan = unblocked(sample());
        let script = render(&plan);
        is_balanced(&script);
        for step in &plan.steps {
            assert!(script.contains(&format!("Invoke-Step '{}'", step.id)), "{}", step.id);
        }
        for wanted in [
            "Get-ADUser -Identity",
            "Set-ADUser -Identity",
            "Move-ADObject -Identity",
            "Update-MgUser -UserId",
            "Wait-For",
            "Test-Todo",
            "Connect-MgGraph -TenantId",
            "#Requires -Modules ActiveDirectory",
            "throw 'This plan has expired",
            "-Method DELETE",
            "-Method POST",
        ] {
            assert!(script.contains(wanted), "{wanted} is not in\n{script}");
        }
    }

    #[test]
    fn hostile_names_stay_what_they_are() {
        let script = render(&unblocked(hostile()));
        is_balanced(&script);
    }

    #[test]
    fn a_blocked_plan_does_nothing() {
        let script = render(&sample());
        assert!(sample().is_blocked() == script.contains("This plan is blocked"), "{script}");
    }

    #[test]
    fn an_immutable_id_is_cleared_by_null_and_an_anchor_is_written_as_octets() {
        let clear = AttributeChange { attribute: AdAttribute::Mail, expects: vec!["a@x".into()], sets: vec![] };
        assert_eq!(writes(&clear), " -Clear 'mail'");
        let anchor = AttributeChange {
            attribute: AdAttribute::ConsistencyGuid,
            expects: vec![],
            sets: vec!["iGhmiAEBERG7uxI0VniQqw==".into()],
        };
        let wanted = " -Replace @{ 'mS-DS-ConsistencyGuid' = [Convert]::FromBase64String('iGhmiAEBERG7uxI0VniQqw==') }";
        assert_eq!(writes(&anchor), wanted);
        let addresses = AttributeChange {
            attribute: AdAttribute::ProxyAddresses,
            expects: vec!["SMTP:a@x".into(), "smtp:b@x".into()],
            sets: vec!["smtp:a@x".into(), "smtp:b@x".into(), "SMTP:o'hara@x".into()],
        };
        let wanted = " -Remove @{ 'proxyAddresses' = @('SMTP:a@x') } -Add @{ 'proxyAddresses' = @('smtp:a@x', 'SMTP:o''hara@x') }";
        assert_eq!(writes(&addresses), wanted);
    }
}
