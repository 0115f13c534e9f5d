//! Every rule with both sides of its limit, and the value that is proposed.

use super::build::{codes, domain, has, holder, jane, lint_all, proposed, user};
use crate::model::ad::AdUser;
use crate::model::recipient::AdHolderKind;
use crate::model::tenant::Tenant;
use crate::rules::finding::{FindingCode, Severity};
use crate::rules::lint::finding::{Attribute, Confidence};
use crate::rules::lint::run::{LintScope, lint};
use crate::rules::lint::world::World;

/// What is wrong with a user, and what is proposed in this attribute.
#[track_caller]
fn case(attribute: Attribute, change: impl FnOnce(&mut AdUser), expected: &[&str], proposal: Option<&str>) {
    let report = lint_all(vec![jane(change)], Vec::new());
    let found: Vec<String> = report.findings.iter().map(|f| format!("{}[{}]", f.severity, f.code)).collect();
    assert_eq!(found, expected, "{:#?}", report.findings);
    assert_eq!(proposed(&report.findings, attribute).as_deref(), proposal, "{:#?}", report.findings);
    for finding in &report.findings {
        assert!(finding.message.ends_with('.') && finding.help.ends_with('.'), "{finding:#?}");
        assert_eq!(finding.proposed.is_none(), finding.help.contains("No value is proposed: "), "{finding:#?}");
    }
}

fn long(n: usize) -> String {
    "a".repeat(n)
}

/// A domain of so many characters.
fn wide(n: usize) -> String {
    let mut labels = "b".repeat(n - 4);
    if labels.len() > 40 {
        labels.replace_range(40..41, ".");
    }
    format!("{labels}.com")
}

#[test]
fn a_user_like_all_others_has_no_finding() {
    assert_eq!(codes(user("jane")), [""; 0]);
}

// rule: 4.4-upn-length, 4.4-upn-characters, 4.4-upn-apostrophe, 4.4-upn-ends
#[test]
fn user_principal_name() {
    let upn = |value: &str, expected: &[&str], proposal: Option<&str>| {
        case(Attribute::UserPrincipalName, |jane| jane.upn = Some(value.into()), expected, proposal);
    };
    // Every character that is allowed, and each that Microsoft's guide refuses.
    upn("Az09'.-_!#^~x@contoso.com", &[], None);
    for bad in r#"\%&*+/=?{}|<>();:,[]" äëïöüÿñßÆø$`"#.chars() {
        let value = format!("ja{bad}ne@contoso.com");
        let report = lint_all(vec![jane(|jane| jane.upn = Some(value.as_str().into()))], Vec::new());
        let [finding] = report.findings.as_slice() else { panic!("{value}: {:#?}", report.findings) };
        assert_eq!((finding.severity, finding.code), (Severity::Error, FindingCode::UpnCharacter), "{value}");
        let strict = matches!(bad, '$' | '`');
        assert_eq!(finding.confidence == Confidence::StrictReading, strict, "{value}");
        assert!(finding.proposed.is_some(), "{value}");
    }
    upn("jäne dœ@contoso.com", &["error[upn-character]"], Some("jane.doe@contoso.com"));
    upn("ivan.Жуков@contoso.com", &["error[upn-character]"], Some("ivan.Zhukov@contoso.com"));
    upn("jane@cont_oso.com", &["error[upn-character]"], Some("jane@contoso.com"));
    // The form.
    let format = &["error[upn-format]"][..];
    upn("jane", format, Some("jane@contoso.com"));
    upn("@contoso.com", format, Some("jane@contoso.com"));
    upn("jane@", format, Some("jane@contoso.com"));
    upn("jane@doe@contoso.com", format, Some("jane.doe@contoso.com"));
    upn("jane.@contoso.com", format, Some("jane@contoso.com"));
    upn(".jane@contoso.com", format, Some("jane@contoso.com"));
    upn("jane..doe@contoso.com", format, Some("jane.doe@contoso.com"));
    upn("jane@contoso..com", format, Some("jane@contoso.com"));
    upn("jane.doe@contoso.com", &[], None);
    // 64 before @.
    upn(&format!("{}@contoso.com", long(64)), &[], None);
    upn(&format!("{}@contoso.com", long(65)), &["error[upn-too-long]"], Some(&format!("{}@contoso.com", long(64))));
    // The suffix.
    upn("jane@contoso.local", &["warning[suffix-not-routable]"], Some("jane@contoso.com"));
    upn("jane@fabrikam.com", &["warning[suffix-not-in-forest]"], Some("jane@contoso.com"));
    upn("jane@corp.contoso.com", &[], None);
    upn(
        "jane@fabrikam.local",
        &["warning[suffix-not-in-forest]", "warning[suffix-not-routable]"],
        Some("jane@contoso.com"),
    );
    // None at all.
    case(Attribute::UserPrincipalName, |j| j.upn = None, &["warning[upn-missing]"], Some("jane@contoso.com"));
}

// rule: 4.4-upn-length
#[test]
fn forty_eight_after_the_at_sign_and_113_in_all() {
    let found = |local: usize, suffix: usize| {
        let suffix = wide(suffix);
        let mut world = domain(vec![jane(|j| j.upn = Some(format!("{}@{suffix}", long(local)).into()))], Vec::new());
        world.upn_suffixes.push(suffix);
        let report = lint(&World::of_domains(&[world]), LintScope::default(), |_| true);
        report.findings.iter().map(|f| (f.code, f.confidence)).collect::<Vec<_>>()
    };
    assert_eq!(found(64, 48), []);
    assert_eq!(found(10, 49), [(FindingCode::UpnTooLong, Confidence::StrictReading)]);
    assert_eq!(found(64, 49), [(FindingCode::UpnTooLong, Confidence::Documented)]);
}

// rule: 4.4-upn-routable
#[test]
fn the_tenants_domains_decide_where_they_are_known() {
    let mut snapshot = crate::plan::testing::Scene::empty().snapshot;
    let Tenant { domains, .. } = &mut snapshot.tenant;
    for domain in domains {
        domain.verified = domain.name != "contoso.com";
    }
    snapshot.domains = vec![domain(vec![user("jane")], Vec::new())];
    let report = lint(&World::of_snapshot(&snapshot), LintScope::default(), |_| true);
    let found: Vec<_> = report.findings.iter().map(|f| (f.severity, f.code, f.proposed.clone())).collect();
    assert_eq!(found, [(Severity::Warning, FindingCode::UnverifiedSuffix, None)]);
}

// rule: 4.4-address-length, 4.4-address-characters, 4.4-address-colon, 4.4-address-x400
#[test]
fn proxy_addresses() {
    let proxy = |value: &str, expected: &[&str], proposal: Option<&str>| {
        let change = |jane: &mut AdUser| jane.proxy_addresses = has(&["SMTP:jane@contoso.com", value]);
        case(Attribute::ProxyAddresses, change, expected, proposal);
    };
    proxy("smtp:j'd+x&y=z@contoso.com", &[], None);
    for bad in "<>();,[]\" \\:äñ".chars() {
        let value = format!("smtp:ja{bad}ne@contoso.com");
        let found = codes(jane(|jane| jane.proxy_addresses = has(&["SMTP:jane@contoso.com", &value])));
        assert_eq!(found, ["error[address-character]"], "{value}");
    }
    proxy("smtp:jäne dœ@contoso.com", &["error[address-character]"], Some("smtp:jane.doe@contoso.com"));
    // The repaired value is one that Jane has already.
    proxy("smtp:jäne@contoso.com", &["error[address-character]"], Some("smtp:jane2@contoso.com"));
    for (bad, good) in [
        ("jd", None),
        ("@contoso.com", None),
        ("jd@", None),
        ("j@d@contoso.com", Some("smtp:j.d@contoso.com")),
        (".jd@contoso.com", Some("smtp:jd@contoso.com")),
        ("jd.@contoso.com", Some("smtp:jd@contoso.com")),
        ("j..d@contoso.com", Some("smtp:j.d@contoso.com")),
        ("jd@-contoso.com", None),
    ] {
        proxy(&format!("smtp:{bad}"), &["error[address-format]"], good);
    }
    proxy("jd@contoso.com", &["warning[address-format]"], Some("smtp:jd@contoso.com"));
    // 256, type included.
    let address = |n: usize| {
        format!("smtp:jd@{}.com", ["b".repeat(60), "c".repeat(60), "d".repeat(60), "e".repeat(n - 195)].join("."))
    };
    assert_eq!((address(256).len(), address(257).len()), (256, 257));
    let too_long = |value: &str| codes(jane(|jane| jane.proxy_addresses = has(&["SMTP:jane@contoso.com", value])));
    assert_eq!(too_long(&address(256)), [""; 0]);
    assert_eq!(too_long(&address(257)), ["error[address-too-long]"]);
    // X.400 and X.500: only control characters, brackets and quotation marks.
    proxy("X500:/o=Contoso Ltd/ou=Exchange (ü)/cn=Recipients/cn=a;b,<c>\\d", &[], None);
    proxy("x400:C=us;A= ;P=Contoso;O=Exchange;S=Doe;G=Jane;", &[], None);
    for (bad, good) in [("[", "jd"), ("]", "jd"), ("\"", "jd"), ("'", "jd"), ("\u{7}", "jd")] {
        let expected = format!("X500:/o=Contoso/cn={good}");
        proxy(&format!("X500:/o=Contoso/cn=j{bad}d"), &["error[address-character]"], Some(&expected));
    }
    // Others: blanks, brackets, commas; a semicolon is at home there.
    proxy("EUM:4711;phone-context=corp.contoso.com", &[], None);
    proxy("sip:j d@contoso.com", &["error[address-character]"], Some("sip:jd@contoso.com"));
    proxy("sip:", &["error[address-format]"], None);
    // A domain that leads nowhere.
    proxy("smtp:jane@contoso.local", &["warning[address-not-routable]"], None);
}

#[test]
fn a_primary_address_moves_to_a_domain_that_leads_somewhere() {
    let report = lint_all(
        vec![jane(|jane| {
            jane.mail = Some("jane.d@contoso.local".to_owned());
            jane.proxy_addresses = has(&["SMTP:jane.d@contoso.local"]);
        })],
        Vec::new(),
    );
    assert_eq!(proposed(&report.findings, Attribute::ProxyAddresses).unwrap(), "SMTP:jane.d@contoso.com");
    assert_eq!(proposed(&report.findings, Attribute::Mail).unwrap(), "jane.d@contoso.com");
}

#[test]
fn several_primary_addresses() {
    let primaries = has(&["SMTP:jane@contoso.com", "SMTP:jd@contoso.com", "SMTP:j@contoso.com"]);
    let report = lint_all(vec![jane(|jane| jane.proxy_addresses = primaries.clone())], Vec::new());
    let told: Vec<_> = report.findings.iter().map(|f| (f.value.as_deref().unwrap(), f.proposed.is_some())).collect();
    assert_eq!(told, [("SMTP:j@contoso.com", true), ("SMTP:jd@contoso.com", true)], "mail says which is meant");
    assert_eq!(proposed(&report.findings, Attribute::ProxyAddresses).unwrap(), "smtp:j@contoso.com");
    let report = lint_all(
        vec![jane(|jane| {
            jane.proxy_addresses = primaries;
            jane.mail = None;
        })],
        Vec::new(),
    );
    assert_eq!(report.findings.len(), 3);
    assert!(report.findings.iter().all(|f| f.proposed.is_none() && f.code == FindingCode::SeveralPrimaries));
}

// rule: 4.4-mail
#[test]
fn mail() {
    let mail = |value: &str, expected: &[&str], proposal: Option<&str>| {
        case(Attribute::Mail, |jane| jane.mail = Some(value.to_owned()), expected, proposal);
    };
    mail("jane.doe@contoso.com", &[], None);
    mail("jäne.doe@contoso.com", &["error[address-character]"], Some("jane@contoso.com"));
    mail("jane.doe", &["error[address-format]"], Some("jane@contoso.com"));
    mail("jane.doe@contoso.lan", &["warning[address-not-routable]"], Some("jane@contoso.com"));
    let domain = ["b".repeat(60), "c".repeat(60), "d".repeat(60), "e".repeat(57)].join(".");
    mail(&format!("{}@{domain}.com", long(11)), &[], None);
    mail(&format!("{}@{domain}.com", long(12)), &["error[address-too-long]"], Some("jane@contoso.com"));
}

// rule: 4.4-nickname, 4.3-mail-nickname
#[test]
fn mail_nickname() {
    let nickname = |value: &str, expected: &[&str], proposal: Option<&str>| {
        case(Attribute::MailNickname, |jane| jane.mail_nickname = Some(value.into()), expected, proposal);
    };
    nickname("jane.doe", &[], None);
    nickname(".jane.doe", &["error[nickname-format]"], Some("jane.doe"));
    nickname(&long(64), &[], None);
    nickname(&long(65), &["error[nickname-too-long]"], Some(&long(64)));
    case(Attribute::MailNickname, |j| j.mail_nickname = None, &["warning[no-mail-nickname]"], Some("jane"));
    // A group's alias is Exchange's to choose.
    let group = crate::model::recipient::AdHolder { mail_nickname: None, ..holder(AdHolderKind::Group, "all", &[]) };
    assert_eq!(lint_all(Vec::new(), vec![group]).findings, []);
}

// rule: 4.4-account-name-length, 4.4-account-name-characters
#[test]
fn sam_account_name_matters_only_without_a_valid_upn() {
    let sam = |value: &str, expected: &[&str], proposal: Option<&str>| {
        let change = |jane: &mut AdUser| (jane.sam, jane.upn) = (value.into(), Some("jane".into()));
        case(Attribute::SamAccountName, change, &[&["error[upn-format]"], expected].concat(), proposal);
        assert_eq!(codes(jane(|jane| jane.sam = value.into())), [""; 0], "{value}");
    };
    sam("j.doe_1-x", &[], None);
    for bad in "\\\"|,/[]:<>+=;?*".chars() {
        sam(&format!("j{bad}doe"), &["error[sam-character]"], Some("jdoe"));
    }
    sam("j'doe", &["warning[sam-character]"], Some("jdoe"));
    sam(&long(20), &[], None);
    sam(&long(21), &["error[sam-too-long]"], Some(&long(20)));
}

// rule: 4.4-target-address
#[test]
fn target_address() {
    let target = |value: &str, expected: &[&str], proposal: Option<&str>| {
        case(Attribute::TargetAddress, |jane| jane.target_address = Some(value.to_owned()), expected, proposal);
    };
    target("SMTP:jane@fabrikam.com", &[], None);
    // A domain that leads nowhere can be where mail is meant to go.
    target("SMTP:jane@fabrikam.local", &[], None);
    target("SMTP:ja;ne@fabrikam.com", &["error[address-character]"], Some("SMTP:jane@fabrikam.com"));
    target("SMTP:a:jane@fabrikam.com", &["error[address-character]"], Some("SMTP:ajane@fabrikam.com"));
    target("SMTP:jane", &["error[address-format]"], None);
    target("jane@fabrikam.com", &["warning[address-format]"], Some("SMTP:jane@fabrikam.com"));
    target("FAX:+49 (30) 1234", &[], None);
    let address = |n: usize| {
        format!("SMTP:jd@{}.com", ["b".repeat(60), "c".repeat(60), "d".repeat(60), "e".repeat(n - 195)].join("."))
    };
    target(&address(255), &[], None);
    target(&address(256), &["warning[address-too-long]"], None);
    target(&address(257), &["error[address-too-long]"], None);
}

// rule: 4.4-display-name, 4.4-given-name
#[test]
fn names_of_people() {
    let name = |value: &str, expected: &[&str], proposal: Option<&str>| {
        case(Attribute::DisplayName, |jane| jane.display_name = Some(value.into()), expected, proposal);
    };
    name("Jäne \"JD\" Dœ (Sales) <x@y>", &[], None);
    name("  ", &["error[display-name-blank]"], Some("jane"));
    name(&long(255), &[], None);
    name(&long(256), &["warning[display-name-too-long]"], Some(&long(255)));
    name(&long(257), &["error[display-name-too-long]"], Some(&long(255)));
    name(&"ä".repeat(255), &[], None);
    case(Attribute::DisplayName, |jane| jane.display_name = None, &[], None);
    let given = |value: &str, expected: &[&str], proposal: Option<&str>| {
        case(Attribute::GivenName, |jane| jane.given_name = Some(value.into()), expected, proposal);
    };
    given(&long(63), &[], None);
    given(&long(64), &["warning[given-name-too-long]"], Some(&long(63)));
    given(&long(65), &["error[given-name-too-long]"], Some(&long(63)));
}

#[test]
fn groups_and_contacts_are_linted_by_their_addresses() {
    let report = lint_all(
        Vec::new(),
        vec![
            holder(AdHolderKind::Group, "all", &["SMTP:all staff@contoso.com"]),
            holder(AdHolderKind::Contact, "sam", &["SMTP:sam@fabrikam.com", "smtp:sam@"]),
        ],
    );
    let found: Vec<_> = report.findings.iter().map(|f| (f.object.name.as_str(), f.code)).collect();
    assert_eq!(found, [("corp\\all", FindingCode::AddressCharacter), ("corp\\sam", FindingCode::AddressFormat)]);
}

// rule: 4.4-skipped
#[test]
fn what_the_sync_leaves_out_is_counted_and_named() {
    let left_out = [
        user("AAD_12"),
        AdUser { critical_system_object: true, ..user("krbtgt") },
        AdUser { recipient_type: Some(0x0100_0000), ..user("Discovery") },
    ];
    let left_out = left_out.map(|user| AdUser { upn: Some("bad name".into()), ..user });
    let users: Vec<AdUser> = left_out.into_iter().chain([user("jane")]).collect();
    let report = lint_all(users, Vec::new());
    assert_eq!((report.counts.objects, report.counts.left_out, report.findings.len()), (1, 3, 0));
    assert!(report.left_out.iter().all(|one| !one.why.is_empty()));
    // A remote user mailbox is none of the system's.
    let remote = jane(|jane| jane.recipient_type = Some(0x8000_0000));
    assert_eq!(lint_all(vec![remote], Vec::new()).counts.left_out, 0);
}
