//! AD's steps: attributes in one call of `Set-ADUser`, the container by `Move-ADObject`.

use super::literal::{Code, fill, list, quote};
use super::step::{Parts, change, changes, mark};
use crate::model::attribute::{AdAttribute, AttributeChange};
use crate::model::dn::Dn;
use crate::model::reference::AdRef;
use crate::plan::document::Plan;

/// Changes attributes.
pub(super) fn align(plan: &Plan, user: &AdRef, changes: &[AttributeChange]) -> Parts {
    let inverse: Vec<AttributeChange> = changes.iter().map(AttributeChange::inverse).collect();
    Parts::work(write(plan, user, changes, false), write(plan, user, &inverse, true), &[])
}

fn write(plan: &Plan, user: &AdRef, wanted: &[AttributeChange], backwards: bool) -> Code {
    let tables: Vec<Code> = wanted
        .iter()
        .map(|one| change(one.attribute.name(), kind(one.attribute), &list(&one.expects), &list(&one.sets)))
        .collect();
    let names: Vec<&str> = wanted.iter().map(|one| one.attribute.name()).collect();
    fill(
        r"$server = Get-Server <domain>
<changes>$user = Get-ADUser -Identity <guid> -Server $server -Properties <names> -ErrorAction Stop
Read-Values $user $changes
if (Test-Todo <whose> $changes) {
    Save-Record $StepId <mark>
    Set-ADUser -Identity <guid> -Server $server<options> -ErrorAction Stop
    $user = Get-ADUser -Identity <guid> -Server $server -Properties <names> -ErrorAction Stop
    Read-Values $user $changes
    Assert-Written <whose> $changes
}
",
        &[
            ("domain", &quote(domain(plan, user))),
            ("changes", &changes(&tables)),
            ("guid", &quote(&user.guid.to_string())),
            ("names", &list(names)),
            ("whose", &quote(&user.to_string())),
            ("mark", &mark(backwards)),
            ("options", &options(wanted)),
        ],
    )
}

/// How values of the attribute compare.
const fn kind(attribute: AdAttribute) -> &'static str {
    match attribute {
        AdAttribute::UserPrincipalName | AdAttribute::Mail => "name",
        AdAttribute::ProxyAddresses => "address",
        AdAttribute::ConsistencyGuid => "exact",
    }
}

/// The options of one `Set-ADUser` that makes all changes, and none that another's values would get lost by.
fn options(wanted: &[AttributeChange]) -> Code {
    let (mut removed, mut added, mut replaced, mut cleared) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for one in wanted {
        let name = one.attribute.name();
        let entry = |value: &Code| fill("<name> = <value>", &[("name", &quote(name)), ("value", value)]);
        match (one.attribute, one.sets.first()) {
            (AdAttribute::ProxyAddresses, _) => {
                let (goes, comes): (Vec<&String>, Vec<&String>) = (one.removed().collect(), one.added().collect());
                removed.extend((!goes.is_empty()).then(|| entry(&list(goes))));
                added.extend((!comes.is_empty()).then(|| entry(&list(comes))));
            }
            (_, None) => cleared.push(name),
            (AdAttribute::ConsistencyGuid, Some(value)) => {
                let octets = fill("[byte[]] [Convert]::FromBase64String(<value>)", &[("value", &quote(value))]);
                replaced.push(entry(&octets));
            }
            (AdAttribute::UserPrincipalName | AdAttribute::Mail, Some(value)) => replaced.push(entry(&quote(value))),
        }
    }
    let table = |template: &'static str, entries: &[Code]| match entries {
        [] => Code::default(),
        [first, rest @ ..] => {
            let all = rest.iter().fold(first.clone(), |all, one| all.then(&Code::fixed("; ")).then(one));
            fill(template, &[("all", &all)])
        }
    };
    let cleared = if cleared.is_empty() { Code::default() } else { fill(" -Clear <all>", &[("all", &list(cleared))]) };
    table(" -Remove @{ <all> }", &removed)
        .then(&table(" -Add @{ <all> }", &added))
        .then(&table(" -Replace @{ <all> }", &replaced))
        .then(&cleared)
}

/// Moves the user.
pub(super) fn move_user(plan: &Plan, user: &AdRef, from: &Dn, to: &Dn) -> Parts {
    Parts::work(relocate(plan, user, from, to, false), relocate(plan, user, to, from, true), &[])
}

fn relocate(plan: &Plan, user: &AdRef, from: &Dn, to: &Dn, backwards: bool) -> Code {
    let table = change("the container", "dn", &list([from.as_str()]), &list([to.as_str()]));
    fill(
        r"$server = Get-Server <domain>
<changes>$user = Get-ADUser -Identity <guid> -Server $server -ErrorAction Stop
$changes[0].Now = @(Get-ParentDn $user.DistinguishedName)
if (Test-Todo <whose> $changes) {
    Save-Record $StepId <mark>
    Move-ADObject -Identity <guid> -Server $server -TargetPath <to> -ErrorAction Stop
    $user = Get-ADUser -Identity <guid> -Server $server -ErrorAction Stop
    $changes[0].Now = @(Get-ParentDn $user.DistinguishedName)
    Assert-Written <whose> $changes
}
",
        &[
            ("domain", &quote(domain(plan, user))),
            ("changes", &changes(&[table])),
            ("guid", &quote(&user.guid.to_string())),
            ("whose", &quote(&user.to_string())),
            ("mark", &mark(backwards)),
            ("to", &quote(to.as_str())),
        ],
    )
}

/// The DNS name of the user's domain.
fn domain<'a>(plan: &'a Plan, user: &'a AdRef) -> &'a str {
    let domain = plan.forest.iter().find(|domain| domain.name.as_str().eq_ignore_ascii_case(user.domain.as_str()));
    domain.map_or(user.domain.as_str(), |domain| domain.dns_name.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(attribute: AdAttribute, expects: &[&str], sets: &[&str]) -> AttributeChange {
        let owned = |values: &[&str]| values.iter().map(ToString::to_string).collect();
        AttributeChange { attribute, expects: owned(expects), sets: owned(sets) }
    }

    #[test]
    fn only_what_the_plan_names_is_written_in_one_call() {
        let mail = change(AdAttribute::Mail, &["a@x"], &[]);
        let anchor = change(AdAttribute::ConsistencyGuid, &[], &["iGhmiAEBERG7uxI0VniQqw=="]);
        let addresses =
            change(AdAttribute::ProxyAddresses, &["SMTP:a@x", "smtp:b@x"], &["smtp:a@x", "smtp:b@x", "SMTP:o'hara@x"]);
        let wanted = " -Remove @{ 'proxyAddresses' = @('SMTP:a@x') } \
                      -Add @{ 'proxyAddresses' = @('smtp:a@x', 'SMTP:o''hara@x') } \
                      -Replace @{ 'mS-DS-ConsistencyGuid' = [byte[]] [Convert]::FromBase64String('iGhmiAEBERG7uxI0VniQqw==') } \
                      -Clear @('mail')";
        assert_eq!(options(&[mail, anchor, addresses]).as_str(), wanted);
        let none = change(AdAttribute::ProxyAddresses, &["smtp:a@x"], &[]);
        assert_eq!(options(&[none]).as_str(), " -Remove @{ 'proxyAddresses' = @('smtp:a@x') }");
    }
}
