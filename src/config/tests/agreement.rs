//! The schemas and the reader say the same: what one accepts, the other accepts.

use super::{SETTINGS, codes};
use crate::config::schema;
use serde_json::Value;

/// A match plan with one link of these lines.
fn link(lines: &str) -> String {
    format!("version = 1\n[[link]]\nad = 'a'\ncloud = 'a@b.c'\n{lines}\n")
}

/// Settings with `from` replaced by `to`.
fn settings(from: &str, to: &str) -> String {
    assert!(SETTINGS.contains(from), "{from:?} is not in the settings");
    SETTINGS.replacen(from, to, 1)
}

fn is_valid(name: &str, text: &str) -> bool {
    let (_, schema) = schema::of_inputs().into_iter().find(|(file, _)| *file == name).unwrap();
    let instance: Value = toml::from_str(text).unwrap();
    jsonschema::validator_for(&schema).unwrap().is_valid(&instance)
}

#[test]
fn of_match_plans() {
    let long = "a".repeat(70);
    let values: &[(&str, &[&str], &[&str])] = &[
        ("match", &["'auto'", "'soft'", "'hard'"], &["'Auto'", "1", "''", "true", "['auto']"]),
        ("roles", &["'refuse'", "'suspend'", "'remove'"], &["'keep'", "{}"]),
        ("upn", &["'cloud'", "'ad'"], &["'default'", "'a@b.c'"]),
        (
            "primary_smtp",
            &["'cloud'", "'ad'", "'x@y.z'"],
            &["'SMTP:x@y.z'", "'x'", "'x@@y'", "'a b@c'", "3", "['x@y']"],
        ),
        (
            "addresses",
            &["'merge'", "'keep'", "[]", "['SMTP:a@b.c', 'smtp:d@b.c', 'X500:/o=a b', 'sip:a@b.c']"],
            &["'all'", "['a@b.c']", "['smtp:x']", "[':a@b.c']", "['X500:']", "['smtp:a@b', 'smtp:a@b']", "[1]", "{}"],
        ),
        (
            "anchor",
            &[
                "'iGhmiAEBERG7uxI0VniQqw=='",
                "'88666888-0101-1111-bbbb-1234567890ab'",
                "'{88666888-0101-1111-bbbb-1234567890ab}'",
            ],
            &[
                "'xMf1FXx9RIcbcAbDlqeOA=='",
                "'iGhmiAEBERG7uxI0VniQqx=='",
                "'AAAAAAAAAAAAAAAAAAAAAAAA'",
                "'88666888010111 11bbbb1234567890ab'",
                "'886668880101 1111bbbb1234567890ab'",
                "7",
            ],
        ),
    ];
    let mut rows: Vec<(String, bool)> = Vec::new();
    for (key, good, bad) in values {
        rows.extend(good.iter().map(|value| (link(&format!("{key} = {value}")), true)));
        rows.extend(bad.iter().map(|value| (link(&format!("{key} = {value}")), false)));
    }
    let of_kind = |kind: &str, cloud: &str, more: &str| {
        format!("version = 1\n[[link]]\nkind = '{kind}'\nad = 'a'\ncloud = '{cloud}'\n{more}\n")
    };
    for kind in ["group", "contact"] {
        for cloud in ["88666888-0101-1111-bbbb-1234567890ab", "sales@contoso.com", "Sales Team", "Sales @ Contoso"] {
            rows.push((of_kind(kind, cloud, ""), true));
        }
        rows.push((of_kind(kind, " ", ""), false));
        for good in ["match = 'auto'", "match = 'soft'", "move_to = 'OU=Users,DC=corp,DC=contoso,DC=com'"] {
            rows.push((of_kind(kind, "Sales", good), true));
        }
        for bad in [
            "match = 'hard'",
            "anchor = 'cloud-to-ad'",
            "roles = 'refuse'",
            "upn = 'ad'",
            "primary_smtp = 'ad'",
            "addresses = 'merge'",
            "duplicate = 'refuse'",
            "federated = 'refuse'",
            "allow = []",
            "move_to = 'nowhere'",
        ] {
            rows.push((of_kind(kind, "Sales", bad), false));
        }
    }
    rows.extend([
        (of_kind("user", "a@b.c", "roles = 'refuse'"), true),
        (of_kind("user", "Jane Doe", ""), false),
        (of_kind("computer", "a@b.c", ""), false),
    ]);
    for (ad, good) in [
        ("jsmith", true),
        ("j.smith-2$", true),
        ("corp\\jsmith", true),
        ("88666888-0101-1111-bbbb-1234567890ab", true),
        ("{88666888-0101-1111-bbbb-1234567890ab}", true),
        ("j@corp.contoso.com", true),
        ("CN=Jane Doe,OU=Users,DC=corp", true),
        ("CN=Doe\\, Jane , OU = Users,DC=corp", true),
        ("CN=Doe\\2C Jane,DC=corp", true),
        ("", false),
        ("  ", false),
        ("\\x", false),
        ("corp\\", false),
        ("a\\b\\c", false),
        ("@x", false),
        ("x@", false),
        ("a b@c", false),
        ("CN=", false),
        ("CN=a,,DC=b", false),
        ("=a", false),
        ("a/b", false),
        ("a*", false),
    ] {
        rows.push((format!("version = 1\n[[link]]\nad = '{ad}'\ncloud = 'a@b.c'\n"), good));
    }
    for (cloud, good) in [
        ("a@b.c", true),
        ("a_b.com#EXT#@contoso.onmicrosoft.com", true),
        ("88666888-0101-1111-bbbb-1234567890ab", true),
        ("jsmith", false),
        ("", false),
        ("a b@c", false),
        ("@", false),
        ("a@", false),
        ("88666888-0101-1111-bbbb-1234567890a", false),
    ] {
        rows.push((format!("version = 1\n[[link]]\nad = 'a'\ncloud = '{cloud}'\n"), good));
    }
    rows.extend([
        ("version = 1\n".to_owned(), true),
        ("version = 1\nlink = []\n".to_owned(), true),
        ("version = 1\n[defaults]\n".to_owned(), true),
        ("version = 1\n[defaults]\nmatch = 'hard'\nroles = 'suspend'\nupn = 'ad'\nprimary_smtp = 'ad'\naddresses = 'keep'".to_owned(), true),
        ("version = 1\n[defaults]\nprimary_smtp = 'a@b.c'".to_owned(), false),
        ("version = 1\n[defaults]\naddresses = ['SMTP:a@b.c']".to_owned(), false),
        ("version = 1\n[defaults]\nad = 'a'".to_owned(), false),
        ("version = 1\n[defaults]\nanchor = 'cloud-to-ad'".to_owned(), true),
        ("version = 1\n[defaults]\nanchor = 'ad-to-cloud'".to_owned(), false),
        ("version = 1\n[defaults]\nanchor = 'iGhmiAEBERG7uxI0VniQqw=='".to_owned(), false),
        (String::new(), false),
        ("version = 2".to_owned(), false),
        ("version = 0".to_owned(), false),
        ("version = '1'".to_owned(), false),
        ("version = 1\nlinks = []".to_owned(), false),
        ("version = 1\n[link]\nad = 'a'\ncloud = 'a@b.c'".to_owned(), false),
        ("version = 1\n[[link]]\nad = 'a'".to_owned(), false),
        ("version = 1\n[[link]]\ncloud = 'a@b.c'".to_owned(), false),
        (link("cluod = 'x'"), false),
        (link(&format!("note = '{long}'")), false),
        (link("move_to = 'Users'"), false),
    ]);
    for (text, good) in rows {
        let found: Vec<_> = codes(SETTINGS, &text).into_iter().filter(|code| *code != "no-links").collect();
        assert_eq!(found.is_empty(), good, "the reader says {found:?} of\n{text}");
        assert_eq!(is_valid("plan.schema.json", &text), good, "the schema is of another mind about\n{text}");
    }
}

#[test]
fn of_settings() {
    const GUID: &str = "88666888-0101-1111-bbbb-1234567890ab";
    let app = format!("client_id = '{GUID}'\n");
    let entra = |lines: &str| settings("[[ad]]", &format!("{lines}\n[[ad]]"));
    let ad = |lines: &str| settings("[sync]", &format!("{lines}\n[sync]"));
    let sync = |lines: &str| settings("[sync]", &format!("[sync]\n{lines}"));
    let on_demand =
        |keys: &str| sync(&format!("engine = 'cloud-sync'\ntrigger = {{ provision_on_demand = {{ {keys} }} }}"));
    let guard = |lines: &str| format!("{SETTINGS}[guard]\n{lines}\n");
    let top = |lines: &str| settings("version = 1", &format!("version = 1\n{lines}"));
    let rows: Vec<(String, bool)> = vec![
        (SETTINGS.to_owned(), true),
        (format!("{SETTINGS}{}", super::SECOND_DOMAIN), true),
        (settings("[sync]\nsynced_ous = [\"OU=Users,DC=corp,DC=contoso,DC=com\"]\n", ""), true),
        (settings("tenant = \"contoso.onmicrosoft.com\"", &format!("tenant = '{GUID}'")), true),
        (settings("contoso.onmicrosoft.com", "common"), false),
        (entra("limits = { writes = 1500, resource_units = 4000 }"), true),
        (entra("limits = {}"), true),
        (entra("limits = { writes = 19 }"), false),
        (entra("limits = { reads = 100 }"), false),
        (entra("limits = 1500"), false),
        (settings("contoso.onmicrosoft.com", "contoso.com/x"), false),
        (settings("contoso.onmicrosoft.com", "-a.com"), false),
        (settings("tenant = \"contoso.onmicrosoft.com\"", ""), false),
        (settings("version = 1", ""), false),
        (settings("version = 1", "version = 2"), false),
        (top("plan_ttl = '24h'\nstate = 'x.state.json'"), true),
        (top("plan_ttl = '1h 30m 5s'"), true),
        (top("plan_ttl = '1h30m'"), true),
        (top("plan_ttl = '3 days'"), false),
        (top("plan_ttl = '0h'"), false),
        (top("plan_ttl = ' 1h'"), false),
        (top("plan_ttl = '1h '"), false),
        (top("plan_ttl = '1m 1h'"), false),
        (top("plan_ttl = '-1h'"), false),
        (top("plan_ttl = ''"), false),
        (top("plan_ttl = 72"), false),
        (top("state = ''"), false),
        (top("colour = true"), false),
        (entra("cloud = 'dod'"), true),
        (entra("cloud = { login = 'https://l.example', graph = 'https://g.example/x' }"), true),
        (entra("cloud = { login = 'https://l.example' }"), false),
        (entra("cloud = { login = 'ftp://l.example', graph = 'https://g.example' }"), false),
        (entra("cloud = { login = 'https://u:p@l.example', graph = 'https://g.example' }"), false),
        (entra("cloud = { login = 'https://l.example?x', graph = 'https://g.example' }"), false),
        (entra("cloud = 'mars'"), false),
        (entra("credential = 'azure-cli'"), true),
        (entra("credential = 'access-token'"), true),
        (entra("credential = 'access-token'\ntoken = { env = 'TOKEN' }"), true),
        (entra("credential = 'access-token'\ntoken = { file = 'token' }"), false),
        (entra("credential = 'access-token'\ntoken = 'ey'"), false),
        (entra("token = { env = 'TOKEN' }"), false),
        (entra(&format!("credential = 'client-secret'\n{app}")), true),
        (entra(&format!("credential = 'client-secret'\n{app}secret = {{ file = 's' }}")), true),
        (entra(&format!("credential = 'client-secret'\n{app}secret = 'prompt'")), true),
        (entra(&format!("credential = 'client-secret'\n{app}secret = 'hunter2'")), false),
        (entra(&format!("credential = 'client-secret'\n{app}secret = {{ env = 'A', file = 'b' }}")), false),
        (entra(&format!("credential = 'client-secret'\n{app}secret = {{ env = 'not a name' }}")), false),
        (entra(&format!("credential = 'client-secret'\n{app}secret = {{}}")), false),
        (entra("credential = 'client-secret'"), false),
        (entra("credential = 'client-secret'\nclient_id = 'my app'"), false),
        (entra(&app), false),
        (entra(&format!("credential = 'client-certificate'\n{app}certificate_file = 'c'\nkey_file = 'k'")), true),
        (entra(&format!("credential = 'client-certificate'\n{app}")), false),
        (entra(&format!("credential = 'client-certificate'\n{app}certificate_file = ''")), false),
        (entra(&format!("credential = 'client-secret'\n{app}certificate_file = 'c'")), false),
        (entra("client_secret = 'hunter2'"), false),
        (ad("starttls = false\nallow_plain = true\nca_file = 'x'\nbind = 'simple'"), true),
        (ad("source_anchor = 'objectGUID'"), true),
        (ad("source_anchor = 'mS-DS-ConsistencyGuid'"), true),
        (ad("source_anchor = 'employeeID'"), false),
        (ad("bind = 'kerberos'"), false),
        (ad("bind = 'ntlm'"), false),
        (
            settings("user = \"svc@corp.contoso.com\"\npassword = { env = \"AD_PASSWORD\" }\n", "bind = 'kerberos'\n"),
            true,
        ),
        (settings("password = { env = \"AD_PASSWORD\" }\n", "bind = 'kerberos'\n"), false),
        (settings("user = \"svc@corp.contoso.com\"\n", "bind = 'kerberos'\n"), false),
        (ad("starttls = 'yes'"), false),
        (settings("\"corp\"", "'my corp'"), false),
        (settings("\"corp\"", "''"), false),
        (settings("ldaps://dc01.corp.contoso.com", "ldaps://dc01:6360/"), true),
        (settings("ldaps://dc01.corp.contoso.com", "ldap://127.0.0.1"), true),
        (settings("ldaps://dc01.corp.contoso.com", "ldap://[::1]:389"), true),
        (settings("ldaps://dc01.corp.contoso.com", "dc01.corp.contoso.com"), false),
        (settings("ldaps://dc01.corp.contoso.com", "https://dc01"), false),
        (settings("ldaps://dc01.corp.contoso.com", "ldaps://"), false),
        (settings("ldaps://dc01.corp.contoso.com", "ldaps://dc01/dc=x"), false),
        (settings("ldaps://dc01.corp.contoso.com", "ldaps://u:p@dc01"), false),
        (settings("\"DC=corp,DC=contoso,DC=com\"", "'corp.contoso.com'"), false),
        (settings("user = \"svc@corp.contoso.com\"\n", ""), false),
        (settings("{ env = \"AD_PASSWORD\" }", "'hunter2'"), false),
        (settings("{ env = \"AD_PASSWORD\" }", "{ file = 'f' }"), true),
        (settings("{ env = \"AD_PASSWORD\" }", "'prompt'"), true),
        (settings("[[ad]]", "[ad]"), false),
        (sync("engine = 'cloud-sync'\ntrigger = 'wait'\ntimeout = '1h'\npoll = '5s'\non_timeout = 'hold'"), true),
        (sync("trigger = { command = ['a', ''] }\nstatus = { command = ['b'] }"), true),
        (sync("hold = { command = ['a'] }\nrelease = { command = ['b'] }"), true),
        (sync("hold = { command = ['a'] }"), false),
        (sync("release = { command = ['a'] }"), false),
        (sync("trigger = { command = [] }"), false),
        (sync("trigger = { command = [''] }"), false),
        (sync("trigger = { command = 'a b' }"), false),
        (sync("trigger = { command = ['a', 1] }"), false),
        (sync("trigger = {}"), false),
        (sync("trigger = 'now'"), false),
        (on_demand(&format!("service_principal = '{GUID}'")), true),
        (on_demand(&format!("service_principal = '{GUID}', job = 'AD2AADProvisioning.a9', rule = '{GUID}#V2'")), true),
        (on_demand(""), false),
        (on_demand("service_principal = 'CN=x'"), false),
        (on_demand(&format!("service_principal = '{}'", GUID.replace('-', ""))), false),
        (on_demand(&format!("service_principal = '{GUID}', job = '../x'")), false),
        (on_demand(&format!("service_principal = '{GUID}', rule = ''")), false),
        (on_demand(&format!("service_principal = '{GUID}', users = []")), false),
        (sync(&format!("trigger = {{ provision_on_demand = {{ service_principal = '{GUID}' }} }}")), false),
        (
            sync(&format!(
                "engine = 'cloud-sync'\ntrigger = {{ command = ['a'], provision_on_demand = {{ service_principal = '{GUID}' }} }}"
            )),
            false,
        ),
        (sync("engine = 'cloud-sync'\ntrigger = { provision_on_demand = 'x' }"), false),
        (sync("on_timeout = 'ignore'"), false),
        (settings("[\"OU=Users,", "[\"OU=Users,DC=corp,DC=contoso,DC=com\", \"OU=Users,"), false),
        (
            guard(&format!(
                "max_links = 1\nmax_role_removals = 0\nmax_suspended = 1\nmin_global_admins = 1\nmax_failures = 0\nprotect = ['{GUID}', 'a@b.c']"
            )),
            true,
        ),
        (guard("max_links = 0x10"), true),
        (guard("max_links = 0"), false),
        (guard("max_links = -1"), false),
        (guard("max_links = 1.5"), false),
        (guard("max_links = 99999999999"), false),
        (guard("min_global_admins = 0"), false),
        (guard("protect = ['me']"), false),
        (guard("protect = 'a@b.c'"), false),
    ];
    for (text, good) in rows {
        let found: Vec<_> =
            codes(&text, "version = 1\nlink = []").into_iter().filter(|code| *code != "no-links").collect();
        assert_eq!(found.is_empty(), good, "the reader says {found:?} of\n{text}");
        assert_eq!(is_valid("matchplan.schema.json", &text), good, "the schema is of another mind about\n{text}");
    }
}
