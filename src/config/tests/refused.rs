//! Files that are wrong, and what is said of them.

use super::{SECOND_DOMAIN, SETTINGS, codes, drawn, read_both};
use crate::config::{decode, read};
use proptest::prelude::*;
use snapbox::{IntoData as _, assert_data_eq, str};

const PLAN: &str = "version = 1\n[[link]]\nad = 'jsmith'\ncloud = 'j@contoso.com'\n";

/// The codes that settings changed in one place give.
fn settings_codes(from: &str, to: &str) -> Vec<&'static str> {
    assert!(SETTINGS.contains(from), "{from:?}");
    codes(&SETTINGS.replacen(from, to, 1), PLAN)
}

#[test]
fn every_problem_is_reported_at_once() {
    let settings = SETTINGS
        .replace("[entra]", "[entra]\nclaud = \"global\"")
        .replace("[sync]", "[sync]\ntimeout = 45\nengine = \"conect\"\non_timeout = \"wait\"");
    let plan = "version = 1\n[[link]]\nad = \"CN=Jane,,DC=x\"\ncloud = \"jane\"\nroels = \"refuse\"\n";
    assert_data_eq!(
        drawn(&settings, plan),
        str![[r#"
error[unknown-key]: `claud` is not a key of [entra]
 --> matchplan.toml:3:1
  |
3 | claud = "global"
  | ^^^^^ did you mean `cloud`?

error[wrong-type]: `timeout` must be a time span such as "45m", but it is a number
  --> matchplan.toml:12:11
   |
12 | timeout = 45
   |           ^^ expected a time span such as "45m"

error[unknown-word]: `engine` cannot be "conect"
  --> matchplan.toml:13:10
   |
13 | engine = "conect"
   |          ^^^^^^^^ did you mean "connect"?
   |
   = help: it is one of `connect` or `cloud-sync`

error[unknown-word]: `on_timeout` cannot be "wait"
  --> matchplan.toml:14:14
   |
14 | on_timeout = "wait"
   |              ^^^^^^ unknown word
   |
   = help: it is one of `withdraw` or `hold`

error[bad-ad-user]: `ad`: "CN=Jane,,DC=x" is not a distinguished name: a part has no `=`
 --> plans/a.toml:3:6
  |
3 | ad = "CN=Jane,,DC=x"
  |      ^^^^^^^^^^^^^^^ not an AD user
  |
  = help: write the sAMAccountName ("jsmith", or "corp\\jsmith" with several domains), the UPN, the DN or the objectGUID

error[bad-cloud-user]: `cloud`: "jane" is neither a user principal name (name@domain) nor an object id (a GUID)
 --> plans/a.toml:4:9
  |
4 | cloud = "jane"
  |         ^^^^^^ not a cloud user
  |
  = help: write the user principal name, such as "jane.doe@contoso.com", or the object id

error[unknown-key]: `roels` is not a key of [[link]]
 --> plans/a.toml:5:1
  |
5 | roels = "refuse"
  | ^^^^^ did you mean `roles`?

7 errors

"#]]
        .raw()
    );
}

#[test]
fn broken_toml_is_shown_where_it_breaks_and_the_rest_is_read() {
    let plan =
        "version = 1\n[[link]]\nad = \"jsmith\ncloud = \"j@contoso.com\"\n[[link]]\nad = \"x\"\ncloud = \"nobody\"\n";
    assert_data_eq!(
        drawn(SETTINGS, plan),
        str![[r#"
error[syntax]: invalid basic string, expected `"`
 --> plans/a.toml:3:13
  |
3 | ad = "jsmith
  |             ^

error[bad-cloud-user]: `cloud`: "nobody" is neither a user principal name (name@domain) nor an object id (a GUID)
 --> plans/a.toml:7:9
  |
7 | cloud = "nobody"
  |         ^^^^^^^^ not a cloud user
  |
  = help: write the user principal name, such as "jane.doe@contoso.com", or the object id

2 errors

"#]]
        .raw()
    );
}

#[test]
fn one_user_in_two_links_is_shown_in_both_files() {
    let other = "version = 1\n\n[[link]]\nad = 'CORP\\JSmith'\ncloud = 'J@Contoso.com'\n";
    let (config, found, sources) = read(("m", SETTINGS), &[("plans/a.toml", PLAN), ("plans/b.toml", other)]);
    assert!(config.is_none());
    assert_data_eq!(
        crate::diagnostic::render_all(&found, &sources, false, 100),
        str![[r"
error[duplicate-link]: two links name the same AD user
 --> plans/b.toml:4:6
  |
4 | ad = 'CORP\JSmith'
  |      ^^^^^^^^^^^^^ the same user again
  |
 ::: plans/a.toml:3:6
  |
3 | ad = 'jsmith'
  |      -------- first linked here
  |
  = help: one user can be linked once; take one of the two links out

error[duplicate-link]: two links name the same cloud user
 --> plans/b.toml:5:9
  |
5 | cloud = 'J@Contoso.com'
  |         ^^^^^^^^^^^^^^^ the same user again
  |
 ::: plans/a.toml:4:9
  |
4 | cloud = 'j@contoso.com'
  |         --------------- first linked here
  |
  = help: one user can be linked once; take one of the two links out

2 errors

"]]
        .raw()
    );
}

#[test]
fn an_anchor_that_is_no_anchor_is_refused_with_the_reason() {
    let plan = format!("{PLAN}anchor = \"xMf1FXx9RIcbcAbDlqeOA==\"\n");
    assert_data_eq!(drawn(SETTINGS, &plan), str![[r#"
error[bad-anchor]: `anchor`: "xMf1FXx9RIcbcAbDlqeOA==" is 23 characters long: Base64 of a 16-octet anchor has 24, the last two of them `==`
 --> plans/a.toml:5:10
  |
5 | anchor = "xMf1FXx9RIcbcAbDlqeOA=="
  |          ^^^^^^^^^^^^^^^^^^^^^^^^^ no anchor
  |
  = help: write "cloud-to-ad", or the AD user's objectGUID or its Base64 form; `matchplan anchor` converts between them

1 error

"#]].raw());
}

#[test]
fn secrets_are_refused_and_not_shown() {
    let settings = SETTINGS
        .replace("{ env = \"AD_PASSWORD\" }", "\"hunter2\"")
        .replace("[[ad]]", "client_secret = \"hunter2\"\n[[ad]]");
    assert_data_eq!(drawn(&settings, PLAN), str![[r#"
error[secret-in-file]: `client_secret` holds a secret, and this file is meant to be committed to git
 --> matchplan.toml:4:1
  |
4 | client_secret = *********
  | ^^^^^^^^^^^^^ say where the secret is, not what it is
  |
  = help: write `secret = { env = "MATCHPLAN_SECRET" }` and set that environment variable; if the file was ever shared, change the secret

error[secret-in-file]: `password` holds a secret, and this file is meant to be committed to git
  --> matchplan.toml:10:12
   |
10 | password = *********
   |            ^^^^^^^^^ say where the secret is, not what it is
   |
   = help: write `password = { env = "MATCHPLAN_PASSWORD" }` and set that environment variable; if the file was ever shared, change the secret

2 errors

"#]].raw());
    for secret in [
        "password = 'hunter2",
        "password = { value = 'hunter2' }",
        "password = { env = 'hunter2!' }",
        "password = ['hunter2']",
        "password = \"\"\"\nhunter2",
        "Bind-Password = 'hunter2'\npassword = 'prompt'",
        "url = 'ldaps://me:hunter2@dc'",
    ] {
        let text = SETTINGS.replace("password = { env = \"AD_PASSWORD\" }", secret);
        let shown = drawn(&text, PLAN);
        assert!(shown.contains("error") && !shown.contains("hunter2"), "{secret}\n{shown}");
    }
}

#[test]
fn a_newer_file_is_not_picked_to_pieces() {
    assert_data_eq!(
        drawn(SETTINGS, "version = 2\n[[pair]]\nx = 1\n"),
        str![[r"
error[newer-version]: this file needs a newer matchplan
 --> plans/a.toml:1:11
  |
1 | version = 2
  |           ^ a newer format
  |
  = help: this matchplan reads version 1; update it, or ask who wrote the file

1 error

"]]
        .raw()
    );
}

#[test]
fn moves_lead_into_sync_scope_within_one_domain() {
    let settings = format!("{SETTINGS}{SECOND_DOMAIN}");
    let plan =
        |ad: &str, to: &str| format!("version = 1\n[[link]]\nad = '{ad}'\ncloud = 'x@contoso.com'\nmove_to = '{to}'\n");
    assert_data_eq!(
        drawn(&settings, &plan("lab\\x", "OU=New,OU=Users,DC=corp,DC=contoso,DC=com")),
        str![[r"
error[move-across-domains]: `move_to` is in domain `corp`, but the user is in `lab`
 --> plans/a.toml:5:11
  |
3 | ad = 'lab\x'
  |      ------- this user
4 | cloud = 'x@contoso.com'
5 | move_to = 'OU=New,OU=Users,DC=corp,DC=contoso,DC=com'
  |           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ another domain
  |
  = help: a user cannot be moved between domains; name an OU of its own domain

1 error

"]]
        .raw()
    );
    let in_scope = "OU=New,OU=users,DC=corp,DC=contoso,DC=com";
    assert_eq!(codes(&settings, &plan("corp\\x", in_scope)), [] as [&str; 0]);
    assert_eq!(codes(&settings, &plan("CN=x,DC=lab", in_scope)), ["move-across-domains"]);
    assert_eq!(codes(&settings, &plan("corp\\x", "OU=Other,DC=corp,DC=contoso,DC=com")), ["move-outside-of-sync"]);
    assert_eq!(codes(&settings, &plan("corp\\x", "OU=Users,DC=elsewhere")), ["outside-of-domains"]);
    let unsynced = SETTINGS.split("[sync]").next().unwrap();
    assert_eq!(codes(unsynced, &plan("x", in_scope)), ["move-outside-of-sync"]);
}

#[test]
fn suspended_roles_do_not_go_with_a_hold_on_timeout() {
    let settings = SETTINGS.replace("[sync]", "[sync]\non_timeout = \"hold\"");
    let plan = PLAN.replace("[[link]]", "[defaults]\nroles = \"suspend\"\n[[link]]");
    assert_data_eq!(drawn(&settings, &plan), str![[r#"
error[hold-with-suspended-roles]: roles may not be suspended where a timeout leaves everything as it stands: nobody would give them back
  --> plans/a.toml:3:9
   |
 3 | roles = "suspend"
   |         ^^^^^^^^^ roles are suspended here
   |
  ::: matchplan.toml:11:1
   |
11 | on_timeout = "hold"
   | ---------- a timeout changes nothing
   |
   = help: write `on_timeout = "withdraw"`, or link users with roles under settings of their own

1 error

"#]].raw());
    assert_eq!(codes(&settings, &format!("{plan}roles = 'refuse'\n")), [] as [&str; 0]);
}

#[test]
fn names_need_their_domain_where_there_are_several() {
    let settings = format!("{SETTINGS}{SECOND_DOMAIN}");
    assert_data_eq!(
        drawn(&settings, &PLAN.replace("'j", "'crop\\j")),
        str![[r#"
error[unknown-domain]: there is no domain called "crop"
 --> plans/a.toml:3:6
  |
3 | ad = 'crop\jsmith'
  |      ^^^^^^^^^^^^^ unknown domain
  |
  = help: the domains of the settings are `corp`, `lab`; [[ad]] `name` is what counts here

1 error

"#]]
        .raw()
    );
    assert_eq!(codes(&settings, PLAN), ["domain-needed"]);
    assert_eq!(codes(SETTINGS, &PLAN.replace("'jsmith", "'CORP\\jsmith")), [] as [&str; 0]);
}

#[test]
fn what_only_the_reader_can_see() {
    let url = "ldaps://dc01.corp.contoso.com";
    for (from, to, code) in [
        (url, "ldap://dc01.corp.contoso.com", "plain-ldap"),
        (url, "ldap://127.0.0.1.example.com", "plain-ldap"),
        (url, "ldaps://dc01:3269", "global-catalog"),
        ("user =", "starttls = true\nuser =", "starttls-on-ldaps"),
        ("user =", "bind = 'gssapi'\nuser =", "unknown-word"),
        ("[[ad]]", "cloud = { login = 'http://login.example', graph = 'http://127.0.0.1' }\n[[ad]]", "plain-http"),
        ("[\"OU=Users,DC=corp,", "[\"OU=Users,DC=crop,", "outside-of-domains"),
        ("[\"OU=", "[\"ou=users,DC=corp,DC=contoso,DC=com\", \"OU=", "duplicate-ou"),
        ("[sync]", "[sync]\ntimeout = '5s'", "out-of-range"),
    ] {
        assert_eq!(settings_codes(from, to), [code], "{to}");
    }
    for (from, to) in [(url, "ldap://localhost"), (url, "ldap://127.9.9.9:389"), (url, "ldap://[::1]")] {
        assert_eq!(settings_codes(from, to), [] as [&str; 0], "{to}");
    }
    for lines in ["starttls = true", "allow_plain = true"] {
        let settings = SETTINGS.replace(url, "ldap://dc01").replace("user =", &format!("{lines}\nuser ="));
        assert_eq!(codes(&settings, PLAN), [] as [&str; 0], "{lines}");
    }
    let again = SECOND_DOMAIN.replace("\"lab\"", "\"CORP\"");
    assert_eq!(codes(&format!("{SETTINGS}{again}"), "version = 1\nlink = []"), ["duplicate-domain"]);
    let again = SECOND_DOMAIN.replace("DC=lab\"\nuser", "dc=corp,dc=contoso,dc=com\"\nuser");
    assert_eq!(codes(&format!("{SETTINGS}{again}"), "version = 1\nlink = []"), ["duplicate-domain"]);
}

#[test]
fn a_ticket_says_who_signs_in() {
    let url = "ldaps://dc01.corp.contoso.com";
    let user = "user = \"svc@corp.contoso.com\"\n";
    let password = "password = { env = \"AD_PASSWORD\" }\n";
    let kerberos = SETTINGS.replace(user, "bind = 'kerberos'\n").replace(password, "");
    let with = |settings: String| codes(&settings, PLAN);
    assert_eq!(with(kerberos.clone()), [] as [&str; 0]);
    assert_eq!(with(kerberos.replace(url, "ldap://dc01").replace("bind", "starttls = true\nbind")), [] as [&str; 0]);
    for (to, code) in [
        ("ldaps://10.1.2.3", "kerberos-needs-name"),
        ("ldaps://[fd00::1]:636", "kerberos-needs-name"),
        ("ldap://dc01.corp.contoso.com", "kerberos-needs-tls"),
        ("ldap://localhost", "kerberos-needs-tls"),
    ] {
        assert_eq!(with(kerberos.replace(url, to)), [code], "{to}");
    }
    assert_eq!(
        with(kerberos.replace(url, "ldap://dc").replace("bind", "allow_plain = true\nbind")),
        ["kerberos-needs-tls"]
    );
    assert_eq!(with(kerberos.replace("bind", &format!("{password}bind"))), ["kerberos-with-user"]);
    let both = kerberos.replace(url, "ldaps://10.1.2.3").replace("bind", &format!("{user}bind"));
    assert_eq!(with(both), ["kerberos-needs-name", "kerberos-with-user"]);
    // A password itself is told of as what it is, and not shown.
    assert_eq!(with(kerberos.replace("bind", "password = 'hunter2'\nbind")), ["secret-in-file"]);
    assert_data_eq!(
        drawn(&SETTINGS.replace(password, "bind = 'kerberos'\n"), PLAN),
        str![[r#"
error[kerberos-with-user]: `user` does not go with `bind = "kerberos"`: the ticket says who signs in
 --> matchplan.toml:8:1
  |
8 | user = "svc@corp.contoso.com"
  | ^^^^ take this line out
  |
  = help: choose the user when you get the ticket, as in `kinit svc-matchplan@CORP.CONTOSO.COM`; to sign in with a user and a password, write `bind = "simple"`

1 error

"#]]
    );
}

#[test]
fn a_primary_address_is_said_once() {
    let with = |lines: &str| codes(SETTINGS, &format!("{PLAN}{lines}\n"));
    let none: [&str; 0] = [];
    assert_eq!(with("primary_smtp = 'a@b.c'\naddresses = ['SMTP:A@b.c']"), none);
    assert_eq!(with("primary_smtp = 'a@b.c'\naddresses = ['smtp:a@b.c']"), none);
    assert_eq!(with("primary_smtp = 'a@b.c'\naddresses = ['SMTP:x@b.c', 'smtp:a@b.c']"), ["two-primaries"]);
    assert_eq!(with("primary_smtp = 'ad'\naddresses = ['SMTP:x@b.c']"), ["two-primaries"]);
    assert_eq!(with("primary_smtp = 'a@b.c'\naddresses = ['smtp:x@b.c']"), ["two-primaries"]);
    assert_eq!(with("addresses = ['SMTP:a@b.c', 'SMTP:x@b.c']"), ["bad-address-list"]);
    assert_eq!(with("addresses = ['SMTP:a@b.c', 'smtp:A@b.c']"), ["bad-address-list"]);
}

#[test]
fn files_that_are_too_much() {
    let huge = format!("version = 1\n{}", "# x\n".repeat(4 << 20));
    assert_eq!(codes(SETTINGS, &huge), ["file-too-large"]);
    let long = format!("version = 1\n# é\nx = [{}]", "1, ".repeat(30_000));
    let (config, found, sources) = read_both(SETTINGS, &long);
    assert!(config.is_none());
    assert_data_eq!(
        crate::diagnostic::render_all(&found, &sources, false, 100),
        str![[r"
error[line-too-long]: a line of plans/a.toml has 90006 octets, and at most 65536 are read
 --> plans/a.toml:3:1
  |
3 |
  | ^
  |
  = help: write one [[link]] for each link, with each setting on a line of its own

1 error

"]]
        .raw()
    );
    // Of a large file that is no TOML, the first problem is enough: each of them takes memory.
    let broken = format!("version = 1\n{}", "]\n".repeat(600_000));
    assert_eq!(codes(SETTINGS, &broken), ["syntax"]);
    for deep in ["[".repeat(20_000), "{a=".repeat(20_000), "a.".repeat(20_000), "[a".repeat(20_000)] {
        let (config, found, sources) = read_both(SETTINGS, &format!("version = 1\nx = {deep}"));
        assert!(config.is_none() && found.len() < 50);
        let shown = crate::diagnostic::render_all(&found, &sources, false, 100);
        assert!(shown.len() < 200_000, "{} octets for one deep line", shown.len());
    }
    let (_, found, _) = read_both(SETTINGS, &"]\n".repeat(20_000));
    assert!(found.len() < 50, "{}", found.len());
    let twice = read(("m", SETTINGS), &[("a", PLAN), ("a", PLAN)]).1;
    assert_eq!(twice.iter().map(|d| d.code).collect::<Vec<_>>(), ["file-given-twice"]);
}

#[test]
fn utf_16_is_called_by_its_name() {
    let utf16: Vec<u8> =
        [0xfeff_u16].into_iter().chain("version = 1".encode_utf16()).flat_map(u16::to_le_bytes).collect();
    assert!(decode("a.toml", utf16).unwrap_err().message.contains("UTF-16"));
    assert!(decode("a.toml", b"a\nb\xff".to_vec()).unwrap_err().message.ends_with("see line 2"));
    assert_eq!(decode("a.toml", "é".into()).unwrap(), "é");
}

/// Text that looks enough like ours to get past the parser.
fn tomlish() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        Just("version = 1"),
        Just("[entra]"),
        Just("[[ad]]"),
        Just("[sync]"),
        Just("[guard]"),
        Just("[defaults]"),
        Just("[[link]]"),
        Just("ad = "),
        Just("cloud = "),
        Just("match = "),
        Just("addresses = "),
        Just("anchor = "),
        Just("password = "),
        Just("url = "),
        Just("base_dn = "),
        Just("synced_ous = "),
        Just("hold = "),
        Just("timeout = "),
        Just("trigger = "),
        Just("protect = "),
        Just("'x@y'"),
        Just("'CN=a,DC=b'"),
        Just("[1, 'a']"),
        Just("{ env = 'X' }"),
        Just("{ command = ['a'] }"),
        Just("-1"),
        Just("'45m'"),
        Just("'ldap://a'"),
        Just("\""),
        Just("'''"),
        Just("é\u{1b}"),
        Just("\u{feff}"),
        Just("1979-05-27"),
        Just("nan"),
    ];
    proptest::collection::vec((word, prop_oneof![Just("\n"), Just("\r\n"), Just(" "), Just("")]), 0..40)
        .prop_map(|words| words.into_iter().flat_map(|(word, end)| [word, end]).collect())
}

#[test]
fn what_a_group_cannot_have_is_refused_with_the_reason() {
    let of_group =
        |lines: &str| format!("version = 1\n[[link]]\nkind = 'group'\nad = 'sales'\ncloud = 'Sales'\n{lines}\n");
    assert_eq!(codes(SETTINGS, &of_group("")), Vec::<&str>::new());
    for lines in ["match = 'hard'", "anchor = 'cloud-to-ad'", "roles = 'suspend'", "upn = 'ad'", "duplicate = 'remove'"]
    {
        assert_eq!(codes(SETTINGS, &of_group(lines)), ["not-for-this-kind"], "{lines}");
    }
    let shown = drawn(SETTINGS, &of_group("anchor = 'cloud-to-ad'"));
    assert!(shown.contains("matches by its address alone"), "{shown}");
    assert_eq!(
        codes(SETTINGS, &of_group("move_to = 'OU=Staging,DC=corp,DC=contoso,DC=com'")),
        ["move-outside-of-sync"]
    );
    assert_eq!(codes(SETTINGS, &of_group("").replace("'sales'", "'lab\\sales'")), ["unknown-domain"]);
    assert_eq!(codes(SETTINGS, &of_group("").replace("'group'", "'team'")), ["unknown-word"]);
}

proptest! {
    #[test]
    fn nothing_panics(settings in prop_oneof![any::<String>(), tomlish()], plan in prop_oneof![any::<String>(), tomlish()]) {
        for settings in [settings, SETTINGS.to_owned()] {
            let (config, found, sources) = read_both(&settings, &plan);
            prop_assert_eq!(config.is_none(), found.iter().any(crate::diagnostic::Diagnostic::is_error));
            let shown = crate::diagnostic::render_all(&found, &sources, true, 80);
            let raw = shown.replace("\u{1b}[", "").contains('\u{1b}');
            prop_assert!(!raw, "an escape other than the renderer's own");
            for problem in &found {
                prop_assert_eq!(problem.to_json(&sources).code, problem.code);
            }
        }
    }
}
