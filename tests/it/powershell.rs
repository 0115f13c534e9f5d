//! A plan as a PowerShell script: what the command writes, and what PowerShell itself makes of it where it is installed.

use crate::support::program::{program, run};
use std::io::Write as _;
use std::path::Path;
use tokio::process::Command;

const PLAN: &str = r#"version = 1

[defaults]
move_to = "OU=Users,OU=Corp,DC=corp,DC=contoso,DC=com"

[[link]]
ad = "hhill"
cloud = "henry.hill@contoso.com"
roles = "suspend"

[[link]]
ad = "bbaker"
cloud = "ben.baker@contoso.com"
"#;

/// PowerShell's parser: every error with its line, and as many as the exit code says.
const PARSE: &str = "$tokens = $null; $errors = $null; \
    [void] [System.Management.Automation.Language.Parser]::ParseFile($env:SCRIPT, [ref] $tokens, [ref] $errors); \
    $errors | ForEach-Object { \"$($_.Extent.StartLineNumber): $($_.Message)\" }; \
    exit [Math]::Min(@($errors).Count, 100)";

/// A plan in `folder`, and its script.
async fn script(folder: &Path) -> String {
    std::fs::create_dir(folder.join("plans")).unwrap();
    std::fs::write(folder.join("plans/wave.toml"), PLAN).unwrap();
    run(program(folder, &["plan", "plans/wave.toml", "--lab", "--out", "wave.plan.json"])).await.expect(0);
    let arguments = ["show", "wave.plan.json", "--format", "powershell", "--out", "wave.ps1"];
    run(program(folder, &arguments)).await.expect(0).shows("Wrote wave.ps1.");
    std::fs::read_to_string(folder.join("wave.ps1")).unwrap()
}

#[tokio::test]
async fn a_plan_becomes_a_script_of_ascii() {
    let folder = tempfile::tempdir().unwrap();
    let script = script(folder.path()).await;
    assert!(script.bytes().all(|octet| octet == b'\n' || (b' '..=b'~').contains(&octet)));
    for kind in ["suspend", "align", "anchor", "move", "sync", "verify", "restore"] {
        assert!(script.contains(&format!("; Kind = '{kind}'; ")), "{kind}");
    }
    let shown = run(program(folder.path(), &["show", "wave.plan.json", "--format", "powershell"])).await.expect(0);
    assert_eq!(shown.out, script);
    run(program(folder.path(), &["show", "wave.plan.json", "--format", "powershell", "--redact"]))
        .await
        .expect(64)
        .says("Leave out --redact");
}

#[tokio::test]
async fn powershell_can_read_the_script() {
    let Some(pwsh) = ["pwsh", "pwsh.exe"].into_iter().find(|name| is_there(name)) else {
        assert!(std::env::var_os("MATCHPLAN_TEST_PWSH").is_none_or(|it| it != "required"), "pwsh is not installed");
        // Past the test harness, which would swallow it as a passing test's.
        let _ =
            writeln!(std::io::stderr(), "\nleft out: the script in PowerShell's parser, because pwsh is not installed");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    script(folder.path()).await;
    let mut command = Command::new(pwsh);
    command.args(["-NoProfile", "-NonInteractive", "-Command", PARSE]);
    let answer = command.env("SCRIPT", folder.path().join("wave.ps1")).output().await.unwrap();
    assert!(answer.status.success(), "{}", String::from_utf8_lossy(&answer.stdout));
}

fn is_there(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}
