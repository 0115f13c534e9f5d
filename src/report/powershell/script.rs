//! The whole script.

use super::literal::{Code, fill, flag, list, quote, remark};
use super::step;
use crate::config::settings::{Cloud, Engine};
use crate::plan::document::{Plan, Purpose};
use crate::plan::step::Action;
use std::collections::BTreeSet;

/// The plan as a script. A plan that is blocked or has nothing to do is a script that says so and does nothing.
pub fn render(plan: &Plan) -> String {
    let head = head(plan);
    if plan.is_blocked() {
        let stop = "\nthrow 'This plan is blocked by the errors in it, which `matchplan show` tells. Nothing of it can be done.'\n";
        return head.then(&Code::fixed(stop)).to_string();
    }
    if plan.steps.is_empty() {
        return head.then(&Code::fixed("\nWrite-Host 'This plan changes nothing.'\n")).to_string();
    }
    let mut script = head.then(&usage(plan)).then(&opening(plan)).then(&Code::fixed(include_str!("core.ps1")));
    let has = |kinds: &[&str]| plan.steps.iter().any(|step| kinds.contains(&step.action.kind()));
    for (kinds, functions) in [
        (&["align", "move"][..], include_str!("directory.ps1")),
        (&["suspend", "restore"], include_str!("roles.ps1")),
        (&["hold", "release", "sync"], include_str!("sync.ps1")),
    ] {
        if has(kinds) {
            script = script.then(&Code::fixed("\n")).then(&Code::fixed(functions));
        }
    }
    script = script.then(&Code::fixed("\n# ---- The plan ----\n"));
    for step in &plan.steps {
        script = script.then(&Code::fixed("\n")).then(&step::block(plan, step));
    }
    script.then(&Code::fixed(CLOSING)).to_string()
}

const CLOSING: &str = r"
if ($Run) { Invoke-Plan }
else { Write-Host 'Nothing is done yet: Get-Steps shows the steps, Invoke-Step does one, Invoke-Plan all of them.' }
";

/// What this is about.
fn head(plan: &Plan) -> Code {
    let what = match &plan.purpose {
        Purpose::Link => Code::fixed("links AD users with cloud users"),
        Purpose::Rollback { of } => fill("goes back from apply <of>", &[("of", &remark(of.as_str()))]),
    };
    fill(
        "# A plan of matchplan as PowerShell. It <what>.\n#\n\
         #   tenant   <tenant>\n#   plan     <digest>\n#   made     <made>\n#   expires  <expires>\n",
        &[
            ("what", &what),
            ("tenant", &remark(&format!("{} ({})", plan.tenant.name, plan.tenant.id))),
            ("digest", &remark(&plan.digest)),
            ("made", &remark(&plan.created.to_string())),
            ("expires", &remark(&plan.expires.to_string())),
        ],
    )
}

/// How it is used.
fn usage(plan: &Plan) -> Code {
    let modules = modules(plan);
    let scopes: Vec<&str> = scopes(plan).into_iter().collect();
    let requires = if modules.len() > 1 {
        "#Requires -Version 5.1\n#Requires -Modules ActiveDirectory\n"
    } else {
        "#Requires -Version 5.1\n"
    };
    fill(
        USAGE,
        &[
            ("modules", &remark(&modules.join(", "))),
            ("scopes", &remark(&scopes.join(", "))),
            ("requires", &Code::fixed(requires)),
        ],
    )
}

const USAGE: &str = r"#
# How to use it
#
#   1. Look at the steps below: each says what it reads, what it expects, and what it writes.
#   2. Load it. Nothing is done by that:
#          . .\plan.ps1                        (on the sync server, or where none is needed)
#          . .\plan.ps1 -SyncServer SYNC01     (names the server of Microsoft Entra Connect)
#   3. Get-Steps shows the steps. Invoke-Step 'ID' does one; do them in their order. Invoke-Plan does all.
#      .\plan.ps1 -Run is the same as Invoke-Plan.
#   4. It stops at the first step that is not as planned, and can be started again: what is done already is left alone.
#
# If it does not come to its end
#
#   Show-Open             what must not be forgotten: roles that are out, a scheduler that is stopped
#   Restore-Roles         gives back the roles that this script has taken and not given back, and no others
#   Undo-Link 'LINK'      takes back what this script did for a link that is not formed
#   Undo-Step 'ID'        takes back one step
#
#   These work after the plan has expired, too. What the script has done is kept in a file beside it (-Record FILE for
#   another): keep it with the script until every link is formed and every role is back.
#
# What it needs
#
#   modules  <modules>
#   scopes   <scopes>
#   rights   to write the users in AD; in Entra ID the directory roles for these scopes, and where roles are taken
#            Privileged Role Administrator
#
# What it does not have of `matchplan apply`: an AD write that fails if a value changed after the check, a journal of every
# change, and a finding that says why a link was not formed. The state file of matchplan learns nothing of it: a later
# `matchplan plan` or `rollback` finds what it wrote by reading the directories.

<requires>#Requires -Modules @{ ModuleName = 'Microsoft.Graph.Authentication'; ModuleVersion = '2.0.0' }

";

/// What the script knows of its plan.
fn opening(plan: &Plan) -> Code {
    let cloud = &plan.settings.entra.cloud;
    let environment = match cloud {
        Cloud::Global => "Global",
        Cloud::GccHigh => "USGov",
        Cloud::Dod => "USGovDoD",
        Cloud::China => "China",
        Cloud::Custom { .. } => "",
    };
    let users: BTreeSet<String> = plan.links.iter().map(|link| link.cloud.id.to_string()).collect();
    let connect = plan.settings.sync.engine == Engine::Connect;
    fill(
        r"param(
    # Do all steps at once.
    [switch] $Run,
    # The server of Microsoft Entra Connect, if this is not it.
    [string] $SyncServer = '',
    # Where to keep what was done; beside the script unless it is said.
    [string] $Record = ''
)

if (-not $Record -and -not $PSCommandPath) { throw 'Save this as a file: what it does is kept beside it.' }
if (-not $Record) { $Record = $PSCommandPath + '.record.json' }

$Matchplan = @{
    Plan = <digest>
    Expires = <expires>
    Tenant = <tenant>
    Graph = <graph>
    Environment = <environment>
    Scopes = <scopes>
    PlanUsers = <users>
    UsesConnect = <connect>
    SyncServer = $SyncServer
    Record = $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($Record)
    Connected = $false
    Me = ''
    SyncHere = $null
    Live = $null
    Servers = @{}
    Links = @{}
    Rights = @{}
    Steps = New-Object Collections.ArrayList
}

",
        &[
            ("digest", &quote(&plan.digest)),
            ("expires", &quote(&plan.expires.to_string())),
            ("tenant", &quote(&plan.tenant.id.to_string())),
            ("graph", &quote(&cloud.graph_host())),
            ("environment", &quote(environment)),
            ("scopes", &list(scopes(plan))),
            ("users", &list(users)),
            ("connect", &flag(connect)),
        ],
    )
}

fn modules(plan: &Plan) -> Vec<&'static str> {
    let in_ad = plan.steps.iter().any(|step| matches!(step.action, Action::Align { .. } | Action::Move { .. }));
    let ad = in_ad.then_some("ActiveDirectory (of the RSAT tools)");
    ad.into_iter().chain(["Microsoft.Graph.Authentication 2.0 or newer"]).collect()
}

/// The permissions that the plan's steps take.
fn scopes(plan: &Plan) -> BTreeSet<&'static str> {
    let mut scopes = BTreeSet::from(["User.Read.All"]);
    for step in &plan.steps {
        scopes.extend(step::scopes(plan, step));
    }
    scopes
}
