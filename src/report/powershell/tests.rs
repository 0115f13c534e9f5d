//! The whole script.

use super::literal::tests::{is_ascii, read};
use super::render;
use crate::plan::document::{Plan, Purpose};
use crate::report::testing::{hostile, sample};

fn unblocked(mut plan: Plan) -> Plan {
    plan.findings.clear();
    plan
}

/// What of a script is code: without literals and comments. Panics where a literal is open at the end of a line, or where
/// brackets are not in pairs.
fn code_of(script: &str) -> String {
    let (mut out, mut open) = (String::new(), Vec::new());
    for line in script.lines() {
        let mut quoted = None;
        let mut chars = line.chars().peekable();
        while let Some(c) = chars.next() {
            match (quoted, c) {
                (None, '#') => break,
                (None, '\'' | '"') => quoted = Some(c),
                (Some(mark), c) if c == mark => {
                    if chars.peek() == Some(&mark) {
                        chars.next();
                    } else {
                        quoted = None;
                    }
                }
                (None, '{' | '(' | '[') => open.push(c),
                (None, '}' | ')' | ']') => {
                    let wanted = match c {
                        '}' => '{',
                        ')' => '(',
                        _ => '[',
                    };
                    assert_eq!(open.pop(), Some(wanted), "{line}");
                }
                _ => {}
            }
            if quoted.is_none() {
                out.push(c);
            }
        }
        assert!(quoted.is_none(), "a literal is open at the end of {line:?}");
        out.push('\n');
    }
    assert!(open.is_empty(), "{open:?}");
    out
}

#[test]
fn every_step_has_its_check_its_write_and_its_reading() {
    let plan = unblocked(sample());
    let script = render(&plan);
    assert!(is_ascii(&script));
    let code = code_of(&script);
    for step in &plan.steps {
        assert!(script.contains(&format!("Add-Step @{{ Id = '{}'", step.id)), "{}", step.id);
    }
    for wanted in
        ["Set-ADUser -Identity", "Move-ADObject -Identity", "Connect-MgGraph -TenantId", "Start-ADSyncSyncCycle"]
    {
        assert!(code.contains(wanted), "{wanted} is not in\n{script}");
    }
    // Before each write the record, and before that the comparison.
    for block in script.split("Add-Step @{").skip(1).filter(|block| block.contains("Set-ADUser -Identity")) {
        let at = |what: &str| block.find(what).unwrap_or_else(|| panic!("{what} is not in\n{block}"));
        assert!(at("Get-ADUser") < at("Test-Todo") && at("Test-Todo") < at("Save-Record"));
        assert!(at("Save-Record") < at("Set-ADUser") && at("Set-ADUser") < at("Assert-Written"));
    }
    assert!(script.contains(r#"{"onPremisesImmutableId":null}"#), "the undo clears by null");
}

#[test]
fn a_role_is_recorded_before_it_is_taken() {
    let script = render(&unblocked(sample()));
    let block = script.split("Kind = 'suspend'").nth(1).unwrap();
    let at = |what: &str| block.find(what).unwrap_or_else(|| panic!("{what} is not in\n{block}"));
    assert!(at("Test-Take") < at("Save-Taking") && at("Save-Taking") < at("Send-Graph 'DELETE'"));
    assert!(at("Send-Graph 'DELETE'") < at("Wait-For"));
}

#[test]
fn an_expired_plan_stops_new_work_only() {
    let plan = unblocked(sample());
    let script = render(&plan);
    for step in &plan.steps {
        let line = script.lines().find(|line| line.contains(&format!("Add-Step @{{ Id = '{}'", step.id))).unwrap();
        let new = matches!(step.action.kind(), "suspend" | "align" | "anchor" | "move");
        assert_eq!(line.contains("Work = $true"), new, "{line}");
    }
    let mut back = plan;
    back.purpose = Purpose::Rollback { of: "7a4f".into() };
    let script = render(&back);
    assert!(!script.contains("Work = $true"), "a rollback is undoing");
    for block in script.split("Add-Step @{").skip(1).filter(|block| block.contains("ADUser -Identity")) {
        assert!(block.contains("\n    Assert-NotFormed '"), "{block}");
    }
}

/// The script without remarks, with each literal replaced by a mark.
fn skeleton(script: &str) -> String {
    let mut out = String::new();
    for line in script.lines().filter(|line| !line.starts_with('#')) {
        let mut rest = line;
        while let Some(c) = rest.chars().next() {
            if let Some((_, behind)) = read(rest) {
                out.push('@');
                rest = behind;
            } else {
                out.push(c);
                rest = &rest[c.len_utf8()..];
            }
        }
        out.push('\n');
    }
    out
}

#[test]
fn hostile_names_stay_what_they_are() {
    let script = render(&unblocked(hostile()));
    assert!(is_ascii(&script));
    code_of(&script);
    assert_eq!(skeleton(&script), skeleton(&render(&unblocked(sample()))), "names are nothing but literals");
}

#[test]
fn a_blocked_plan_and_an_empty_one_do_nothing() {
    assert!(sample().is_blocked());
    let script = render(&sample());
    assert!(script.contains("throw 'This plan is blocked") && !script.contains("Add-Step"));
    let mut empty = unblocked(sample());
    empty.steps.clear();
    let script = render(&empty);
    assert!(script.contains("This plan changes nothing") && !script.contains("Add-Step"));
}

#[test]
fn the_functions_hold_no_line_that_powershell_would_obey_in_a_comment() {
    for functions in
        [include_str!("core.ps1"), include_str!("directory.ps1"), include_str!("roles.ps1"), include_str!("sync.ps1")]
    {
        assert!(is_ascii(functions));
        code_of(functions);
        assert!(functions.lines().all(|line| !line.starts_with("#Requires") && !line.contains("SIG #")));
    }
}
