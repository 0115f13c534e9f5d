//! Files that are right, and what becomes of them.

use super::{SECOND_DOMAIN, SETTINGS, read_both};
use crate::config::matchplan::{
    AdSelector, AddressChoice, CloudSelector, LinkSpec, MatchChoice, PrimaryChoice, RolesChoice, UpnChoice,
};
use crate::config::settings::{Cloud, CredentialKind, Guard, Settings, SyncSettings, Trigger};
use crate::config::{Config, read, settings_from};
use crate::model::dn::Dn;

fn good(settings: &str, plan: &str) -> Config {
    let (config, found, sources) = read_both(settings, plan);
    config.unwrap_or_else(|| panic!("{}", crate::diagnostic::render_all(&found, &sources, false, 100)))
}

fn only_link(plan: &str) -> LinkSpec {
    good(SETTINGS, plan).plan.links.remove(0)
}

#[test]
fn what_is_not_said_has_its_default() {
    let Config { settings, plan, .. } =
        good(SETTINGS, "version = 1\n[[link]]\nad = 'jsmith'\ncloud = 'j@contoso.com'\n");
    assert_eq!((settings.guard, settings.plan_ttl), (Guard::default(), Settings::DEFAULT_PLAN_TTL));
    assert_eq!((settings.entra.cloud, settings.entra.credential), (Cloud::Global, CredentialKind::AzureCli));
    let synced_ous = vec![Dn::parse("OU=Users,DC=corp,DC=contoso,DC=com").unwrap()];
    assert_eq!(settings.sync, SyncSettings { synced_ous, ..SyncSettings::default() });
    let link = &plan.links[0];
    assert_eq!(link.ad, AdSelector::Sam { domain: None, sam: "jsmith".into() });
    assert_eq!(link.cloud, CloudSelector::Upn("j@contoso.com".into()));
    assert_eq!((link.matching, link.roles, link.upn), (MatchChoice::Auto, RolesChoice::Refuse, UpnChoice::Default));
    assert_eq!((&link.primary_smtp, &link.addresses), (&PrimaryChoice::Cloud, &AddressChoice::Merge));
    assert_eq!((link.origin.file.as_str(), link.origin.line), ("plans/a.toml", 2));
}

#[test]
fn a_link_overrules_the_defaults() {
    let plan = r#"
version = 1
[defaults]
match = "hard"
roles = "suspend"
upn = "ad"
primary_smtp = "ad"
addresses = "keep"
move_to = "OU=Users,DC=corp,DC=contoso,DC=com"
[[link]]
ad = "a"
cloud = "a@contoso.com"
[[link]]
ad = "b"
cloud = "b@contoso.com"
match = "soft"
roles = "refuse"
addresses = ["SMTP:b@contoso.com", "smtp:B2@contoso.com", "X500:/o=Contoso"]
anchor = "88666888-0101-1111-bbbb-1234567890ab"
"#;
    let links = good(SETTINGS, plan).plan.links;
    assert_eq!(
        (links[0].matching, links[0].roles, links[0].upn),
        (MatchChoice::Hard, RolesChoice::Suspend, UpnChoice::Ad)
    );
    assert_eq!((&links[0].primary_smtp, &links[0].addresses), (&PrimaryChoice::Ad, &AddressChoice::Keep));
    assert_eq!(
        (links[1].matching, links[1].roles, links[1].upn),
        (MatchChoice::Soft, RolesChoice::Refuse, UpnChoice::Ad)
    );
    assert_eq!(links[1].primary_smtp, PrimaryChoice::Value("b@contoso.com".into()), "the list's own primary");
    assert_eq!(String::from(links[1].anchor.unwrap()), "iGhmiAEBERG7uxI0VniQqw==");
    assert_eq!(links[1].move_to, links[0].move_to);
}

#[test]
fn an_anchor_is_a_guid_or_base64() {
    let link =
        |anchor: &str| only_link(&format!("version = 1\n[[link]]\nad = 'a'\ncloud = 'a@b.c'\nanchor = '{anchor}'"));
    assert_eq!(link("iGhmiAEBERG7uxI0VniQqw==").anchor, link("{88666888-0101-1111-BBBB-1234567890AB}").anchor);
}

#[test]
fn a_domain_gets_the_spelling_of_the_settings() {
    let settings = format!("{SETTINGS}{SECOND_DOMAIN}");
    let config = good(&settings, "version = 1\n[[link]]\nad = 'LAB\\x'\ncloud = 'x@contoso.com'\n");
    assert_eq!(config.plan.links[0].ad, AdSelector::Sam { domain: Some("lab".into()), sam: "x".into() });
}

#[test]
fn a_byte_order_mark_and_windows_line_ends_change_nothing() {
    let plan = "version = 1\n# é\n[[link]]\nad = \"jsmith\"\ncloud = \"j@contoso.com\"\n";
    let windows = |text: &str| format!("\u{feff}{}", text.replace('\n', "\r\n"));
    let (unix, dos) = (good(SETTINGS, plan), good(&windows(SETTINGS), &windows(plan)));
    assert_eq!((unix.settings, unix.digest), (dos.settings, dos.digest));
    let origin = &dos.plan.links[0].origin;
    assert_eq!((origin.line, &windows(plan)[origin.span.clone()]), (3, "[[link]]"));

    let (_, found, sources) = read_both(&windows(SETTINGS), &windows(&plan.replace("cloud", "cluod")));
    let unknown = found.iter().find(|problem| problem.code == "unknown-key").unwrap().to_json(&sources);
    assert_eq!((unknown.line, unknown.column, unknown.end.unwrap().column), (Some(5), Some(1), 6));
}

#[test]
fn the_digest_is_of_what_is_wanted_only() {
    let plan = "version = 1\n[[link]]\nad = 'jsmith'\ncloud = 'j@contoso.com'\n";
    let digest = good(SETTINGS, plan).digest;
    assert!(digest.starts_with("sha256:"));
    assert_eq!(digest, good(SETTINGS, &plan.replace("[[", "# a comment\n\n[[")).digest);
    assert_eq!(
        digest,
        good(SETTINGS, &plan.replace("[[link]]", "[[link]]\nmatch = 'auto'")).digest,
        "a default said aloud"
    );
    assert_ne!(digest, good(SETTINGS, &plan.replace("[[link]]", "[[link]]\nmatch = 'hard'")).digest);
    assert_ne!(digest, good(&SETTINGS.replace("corp.contoso.com\"\nbase", "x\"\nbase"), plan).digest);
}

#[test]
fn what_was_read_can_be_saved_and_read_again() {
    let settings = format!(
        "{}{SECOND_DOMAIN}",
        super::super::init::files(super::super::init::InitOptions { commit_state: true }).unwrap()[0].1
    );
    let Config { settings, plan, .. } =
        good(&settings, "version = 1\n[[link]]\nad = 'corp\\a'\ncloud = 'a@contoso.com'\n");
    let text = serde_json::to_string(&(&settings, &plan)).unwrap();
    let (again, mut plan_again): (Settings, crate::config::matchplan::MatchPlan) = serde_json::from_str(&text).unwrap();
    plan_again.links[0].origin = plan.links[0].origin.clone();
    assert_eq!((again, plan_again), (settings, plan));
}

#[test]
fn clouds_have_the_published_hosts() {
    let hosts = |cloud: &str| {
        let text = SETTINGS.replace("[[ad]]", &format!("cloud = {cloud}\n[[ad]]"));
        let cloud = settings_from("m", &text).0.unwrap().entra.cloud;
        (cloud.login_host(), cloud.graph_host())
    };
    let own = |login: &str, graph: &str| (login.to_owned(), graph.to_owned());
    assert_eq!(hosts("'global'"), own("https://login.microsoftonline.com", "https://graph.microsoft.com"));
    assert_eq!(hosts("'gcc-high'"), own("https://login.microsoftonline.us", "https://graph.microsoft.us"));
    assert_eq!(hosts("'dod'"), own("https://login.microsoftonline.us", "https://dod-graph.microsoft.us"));
    assert_eq!(hosts("'china'"), own("https://login.chinacloudapi.cn", "https://microsoftgraph.chinacloudapi.cn"));
    let custom = "{ login = 'http://127.0.0.1:8080/', graph = 'https://graph.example/base' }";
    assert_eq!(hosts(custom), own("http://127.0.0.1:8080", "https://graph.example/base"));
}

#[test]
fn several_files_are_one_plan() {
    let file = |n: u32| {
        format!("version = 1\n[defaults]\nmatch = 'hard'\n[[link]]\nad = 'u{n}'\ncloud = 'u{n}@contoso.com'\n")
    };
    let (config, found, _) = read(("m", SETTINGS), &[("a", &file(1)), ("b", &file(2).replace("match = 'hard'", ""))]);
    let plan = config.unwrap().plan;
    assert!(found.is_empty());
    assert_eq!(plan.files, ["a", "b"]);
    assert_eq!(plan.links.iter().map(|l| l.matching).collect::<Vec<_>>(), [MatchChoice::Hard, MatchChoice::Auto]);
}

#[test]
fn commands_are_lists_of_words() {
    let text = SETTINGS.replace("[sync]", "[sync]\ntrigger = { command = ['pwsh', '', '-c'] }");
    let Trigger::Command(command) = settings_from("m", &text).0.unwrap().sync.trigger else { panic!("no command") };
    assert_eq!((command.program(), command.args()), ("pwsh", &[String::new(), "-c".to_owned()][..]));
}

#[test]
fn a_link_of_a_group_says_which_and_where_to() {
    use crate::config::tasks::{HolderSelector, WorkSpec};
    use crate::model::entra::HolderKind;
    let plan = "version = 1\n[defaults]\nroles = 'suspend'\n[[link]]\nkind = 'group'\nad = 'CORP\\sales'\ncloud = 'Sales Team'\n";
    let (config, found, _) = crate::config::read(("m", SETTINGS), &[("p", plan)]);
    let config = config.unwrap_or_else(|| panic!("{found:?}"));
    assert!(config.plan.links.is_empty(), "it is none of a user");
    let WorkSpec::Join { kind, ad, cloud, move_to } = &config.plan.tasks[0].work else { panic!("{:?}", config.plan) };
    assert_eq!((*kind, ad.to_string().as_str(), move_to), (HolderKind::Group, "corp\\sales", &None));
    assert_eq!(*cloud, HolderSelector::Name("Sales Team".to_owned()));
}
