//! Reads `[sync]`: the engine, its scope and its commands.

use super::settings::{AdSettings, Command, Engine, Hold, OnDemand, OnTimeout, SyncSettings, Trigger};
use super::table::{At, Node, Sink, Table, dn, duration, list_of, parsed, table, text, word};
use crate::diagnostic::Diagnostic;
use crate::model::dn::Dn;
use crate::model::id::{ObjectId, SyncId};
use std::ops::Range;
use toml::de::DeValue;

/// Reads `[sync]`; also gives the place of `on_timeout`.
pub(super) fn sync_of(mut table: Table<'_>, ad: Option<&[AdSettings]>) -> Option<(SyncSettings, Option<Range<usize>>)> {
    const ENGINES: [(&str, Engine); 2] = [("connect", Engine::Connect), ("cloud-sync", Engine::CloudSync)];
    const ON_TIMEOUT: [(&str, OnTimeout); 2] = [("withdraw", OnTimeout::Withdraw), ("hold", OnTimeout::Hold)];
    let sink = table.sink;
    let engine = table.take_or("engine", Engine::default(), word(&ENGINES));
    let has_ous = table.has("synced_ous");
    let synced_ous = table.take("synced_ous", list_of(dn));
    let (trigger_at, trigger) = (table.key_span("trigger"), table.take_or("trigger", Trigger::Wait, trigger));
    let has_status = table.has("status");
    let status = table.take("status", command);
    let pair = ["hold", "release"].map(|key| table.key_span(key));
    let (hold, release) = (table.take("hold", command), table.take("release", command));
    let timeout = table.take_or("timeout", SyncSettings::DEFAULT_TIMEOUT, duration);
    let (has_poll, poll) = (table.key_span("poll"), table.take_or("poll", SyncSettings::DEFAULT_POLL, duration));
    let on_timeout_at = table.key_span("on_timeout");
    let on_timeout = table.take_or("on_timeout", OnTimeout::default(), word(&ON_TIMEOUT));
    table.finish();

    let mut good = true;
    let mut refuse = |diagnostic: Diagnostic| {
        good = false;
        sink.report(diagnostic);
    };
    match pair.clone() {
        [Some(span), None] => refuse(
            Diagnostic::error("hold-without-release", "`hold` without `release` would leave the scheduler stopped")
                .label(sink.file, span, "`release` is missing")
                .help("add the command that starts the scheduler again as `release = { command = […] }`"),
        ),
        [None, Some(span)] => refuse(
            Diagnostic::error("release-without-hold", "`release` without `hold` has nothing to release")
                .label(sink.file, span, "`hold` is missing")
                .help("add the command that stops the scheduler as `hold = { command = […] }`, or take `release` out"),
        ),
        _ => {}
    }
    if let (Some(poll), Some(timeout)) = (poll, timeout)
        && poll >= timeout
    {
        refuse(Diagnostic::error("out-of-range", "`poll` must be shorter than `timeout`").label(
            sink.file,
            has_poll.unwrap_or(0..0),
            "the cloud would be looked at once at most",
        ));
    }
    if engine == Some(Engine::Connect) && matches!(trigger, Some(Trigger::ProvisionOnDemand(_))) {
        let needs = "`provision_on_demand` needs `engine = \"cloud-sync\"`";
        let why = "Entra Connect provisions no single users";
        let help = "set `engine = \"cloud-sync\"`, or start Entra Connect's cycle by `trigger = { command = […] }`";
        refuse(
            Diagnostic::error("on-demand-without-cloud-sync", needs)
                .label(sink.file, trigger_at.unwrap_or(0..0), why)
                .help(help),
        );
    }
    for (at, ou) in synced_ous.iter().flat_map(|list| &list.value).enumerate() {
        let known = ad.is_none_or(|domains| domains.iter().any(|domain| ou.value.is_under(&domain.base_dn)));
        if !known {
            refuse(outside_of_domains(sink, ou, "synced_ous"));
        }
        let earlier = synced_ous.iter().flat_map(|list| list.value.iter().take(at));
        if let Some(first) = earlier.into_iter().find(|first| first.value == ou.value) {
            refuse(
                Diagnostic::error("duplicate-ou", "the same OU stands twice in `synced_ous`")
                    .label(sink.file, ou.span.clone(), "again")
                    .label(sink.file, first.span.clone(), "first here"),
            );
        }
    }
    if !good || (has_ous && synced_ous.is_none()) || (has_status && status.is_none()) {
        return None;
    }
    let hold = match (pair, hold, release) {
        ([None, None], ..) => None,
        (_, Some(hold), Some(release)) => Some(Hold { hold: hold.value, release: release.value }),
        _ => return None,
    };
    let settings = SyncSettings {
        engine: engine?,
        synced_ous: synced_ous.into_iter().flat_map(|list| list.value).map(|ou| ou.value).collect(),
        trigger: trigger?,
        status: status.map(|at| at.value),
        hold,
        timeout: timeout?,
        poll: poll?,
        on_timeout: on_timeout?,
    };
    Some((settings, on_timeout_at))
}

/// The refusal of an OU that lies in no configured domain.
fn outside_of_domains(sink: &Sink, ou: &At<Dn>, key: &str) -> Diagnostic {
    Diagnostic::error("outside-of-domains", format!("this OU of `{key}` lies in none of the configured domains"))
        .label(sink.file, ou.span.clone(), "under no [[ad]] base_dn")
        .help("check the spelling of its DC= parts, or add the domain as [[ad]]")
}

/// `"wait"`, `{ command = [...] }` or `{ provision_on_demand = {...} }`.
fn trigger(node: &Node<'_>) -> Option<Trigger> {
    match node.value {
        DeValue::Table(entries) if entries.contains_key("provision_on_demand") => {
            let mut table = node.as_table()?;
            let on_demand = table.take("provision_on_demand", on_demand);
            table.finish();
            on_demand.map(|at| Trigger::ProvisionOnDemand(at.value))
        }
        DeValue::Table(_) => command(node).map(Trigger::Command),
        _ => word(&[("wait", Trigger::Wait)])(node),
    }
}

/// `{ service_principal = "…", job = "…", rule = "…" }`.
fn on_demand(node: &Node<'_>) -> Option<OnDemand> {
    let mut table = table("a job of Cloud Sync")(node)?;
    let service_principal =
        table.require("service_principal", "the object id of Cloud Sync's service principal", object);
    let [has_job, has_rule] = ["job", "rule"].map(|key| table.has(key));
    let (job, rule) = (table.take("job", sync_id), table.take("rule", sync_id));
    table.finish();
    if has_job && job.is_none() || has_rule && rule.is_none() {
        return None;
    }
    let (job, rule) = (job.map(|at| at.value), rule.map(|at| at.value));
    Some(OnDemand { service_principal: service_principal?.value, job, rule })
}

fn object(node: &Node<'_>) -> Option<ObjectId> {
    // Only the form with hyphens: what the portal shows.
    let guid = |text: &str| match text.len() {
        36 => text.parse().map_err(|_| "this is no object id"),
        _ => Err("this is no object id"),
    };
    let help = "in the Entra admin center: Enterprise applications, the application of the Cloud Sync configuration, its Object ID";
    parsed("bad-object-id", "not a GUID", help, guid)(node)
}

fn sync_id(node: &Node<'_>) -> Option<SyncId> {
    let help =
        "take it from Graph: GET /servicePrincipals/{id}/synchronization/jobs, and the job's /schema for its rules";
    parsed("bad-sync-id", "not an id", help, |text| SyncId::try_from(text.to_owned()))(node)
}

/// `{ command = ["program", "argument", …] }`.
fn command(node: &Node<'_>) -> Option<Command> {
    let name = node.name.clone();
    let mut table = table("a command")(node)?;
    table.name = name;
    let words = table.require("command", "the program and its arguments, as a list", |node| {
        let words = list_of(argument)(node)?;
        let command = Command::try_from(words.into_iter().map(|at| at.value).collect::<Vec<_>>());
        command
            .map_err(|why| {
                node.sink.report(
                    node.problem("empty-command", format!("{}: {why}", node.name), "no program here").help(
                        "write the program and its arguments as a list, such as [\"pwsh\", \"-File\", \"sync.ps1\"]",
                    ),
                );
            })
            .ok()
    });
    table.finish();
    words.map(|at| at.value)
}

/// A command's word: may be empty (an empty argument is one), but no program can be given a NUL.
fn argument(node: &Node<'_>) -> Option<String> {
    match node.as_text() {
        Some("") => Some(String::new()),
        Some(text) if text.contains('\0') => {
            node.sink.report(node.problem(
                "empty-command",
                format!("{} contains a NUL", node.name),
                "no program takes this",
            ));
            None
        }
        Some(text) => Some(text.to_owned()),
        None => text(node),
    }
}
