//! No secret in any output or file, whatever goes wrong: every command of the real program, with planted secrets, with
//! sign-ins that fail, and with servers and commands that repeat what they were told. Each secret is looked for as it is,
//! in Base64 and percent-encoded.

use crate::support::program::{Ran, run};
use crate::support::site::{Backend, SYNCED, Site, Wishes};
use crate::support::tap::{Act, Asked, Tap};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use secrecy::ExposeSecret as _;
use serde_json::json;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use tokio::process::Command;

/// What the environment holds besides what `matchplan.toml` names; the sync commands print it.
const SYNC_PASSWORD: &str = "Sync+Pa55/w\u{f6}rd \"7f3a\"";
const WRONG_PASSWORD: &str = "Wr0ng/Pa55+w\u{f6}rd&91";
const WRONG_SECRET: &str = "Wr0ng~Cl1ent.S3cret/41%";
const REFRESH: &str = "0.AXEArefresh7Q9x_kd83jfA-4kfh37dhKJH3kjhdkJHkjhd83hdkjh3kjhdkjh38dhkjhd9sdjkhASDkjhsd";
const IN_A_URL: &str = "Url-Pa55.7731";
const PROXY: &str = "Pr0xy-Pa55.5521";
/// A token in the clear: opaque, as for an API of one's own.
const ACCESS: &str = "opaque~4cc3ss.t0ken_5512-abcdef";

const LINKS: &str = "[[link]]\nad = \"ccole\"\ncloud = \"carla.cole@contoso.com\"\n\
    [[link]]\nad = \"llang\"\ncloud = \"lena.lang@contoso.com\"\nmatch = \"hard\"\n";

/// A site, everything that was said so far, and what must not have been.
struct Watched {
    site: Site,
    said: String,
    runs: usize,
    secrets: Vec<String>,
}

impl Watched {
    async fn new(name: &str) -> Self {
        let site = Site::contoso(Backend::Embedded, name).await.unwrap();
        site.plan(&format!("[defaults]\nmove_to = \"{SYNCED}\"\n{LINKS}"));
        let ready = site.lab.ready();
        let key = fs::read_to_string(fixture("key-pkcs8.pem")).unwrap();
        let mut secrets: Vec<String> =
            [SYNC_PASSWORD, WRONG_PASSWORD, WRONG_SECRET, REFRESH, IN_A_URL, PROXY, ACCESS].map(str::to_owned).to_vec();
        secrets.push(ready.client_secret.expose_secret().to_owned());
        secrets.push(ready.token.expose_secret().to_owned());
        secrets.push(ready.bind_password.as_ref().unwrap().expose_secret().to_owned());
        secrets.extend(key.lines().filter(|line| line.len() == 64).map(str::to_owned));
        assert!(secrets.len() > 20, "the key has lines");
        Self { site, said: String::new(), runs: 0, secrets }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.site.command(arguments);
        command.env("CORP_SYNC_PASSWORD", SYNC_PASSWORD).env("WORK_REFRESH_TOKEN", REFRESH).env("TEST_TOKEN", ACCESS);
        command.env("RUST_BACKTRACE", "full").env("RUST_LOG", "trace");
        command
    }

    async fn hear(&mut self, command: Command) -> Ran {
        let ran = run(command).await;
        self.said += &ran.out;
        self.said += &ran.err;
        self.runs += 1;
        ran
    }

    /// Runs the commands that talk to the directories.
    async fn everything(&mut self) {
        for arguments in [
            &["validate"][..],
            &["check"],
            &["check", "--format", "json"],
            &["snapshot", "--out", "a.snapshot.json"],
            &["lint"],
            &["plan", "--out", "a.plan.json"],
            &["plan", "--format", "json"],
            &["show", "a.plan.json", "--format", "markdown"],
            &["diff", "a.plan.json", "a.plan.json"],
            &["apply", "--yes"],
            &["lock", "status"],
            &["status"],
            &["status", "--format", "json"],
            &["rollback", "--yes"],
        ] {
            self.hear(self.command(arguments)).await;
        }
    }

    /// Panics if a secret was said, or stands in a file that the program wrote.
    #[track_caller]
    fn keeps_its_secrets(&self) {
        for secret in &self.secrets {
            for form in forms(secret) {
                assert!(!self.said.contains(&form), "{form:?} was said in\n{}", self.said);
                let mut holding = Vec::new();
                search(self.site.folder(), form.as_bytes(), &mut holding);
                search(self.site.traces(), form.as_bytes(), &mut holding);
                assert!(holding.is_empty(), "{form:?} is in {holding:?}");
            }
        }
    }
}

/// The spellings of a secret.
fn forms(secret: &str) -> Vec<String> {
    let json = serde_json::Value::from(secret).to_string();
    let mut forms = vec![
        secret.to_owned(),
        json[1..json.len() - 1].to_owned(),
        STANDARD_NO_PAD.encode(secret),
        URL_SAFE_NO_PAD.encode(secret),
        percent_encoding::utf8_percent_encode(secret, percent_encoding::NON_ALPHANUMERIC).to_string(),
        url::form_urlencoded::byte_serialize(secret.as_bytes()).collect(),
    ];
    forms.sort();
    forms.dedup();
    forms
}

/// Files below a folder that hold these octets, but for what the test itself has written.
fn search(folder: &Path, octets: &[u8], holding: &mut Vec<String>) {
    const OURS: [&str; 6] = ["az", "key.pem", "certificate.pem", "leaky.toml", "say", "password.txt"];
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            search(&path, octets, holding);
        } else if !OURS.contains(&name.as_str())
            && fs::read(&path).unwrap().windows(octets.len()).any(|at| at == octets)
        {
            holding.push(path.display().to_string());
        }
    }
}

fn fixture(name: &str) -> std::path::PathBuf {
    crate::support::source::repository().join("tests/fixtures/client-certificate").join(name)
}

/// A shell command that prints this on standard error and fails.
fn shouting(words: &str) -> String {
    let command = toml::Value::from(vec!["/bin/sh".to_owned(), "-c".to_owned(), format!("{words} >&2; exit 3")]);
    format!("{{ command = {command} }}")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_everything_works() {
    let mut watched = Watched::new("secrets_works").await;
    let folder = tempfile::tempdir().unwrap();
    let init = crate::support::program::program(folder.path(), &["init"]);
    watched.hear(init).await.expect(0);
    watched.everything().await;
    assert!(watched.said.contains("2 links: 2 linked"), "{}", watched.said);
    watched.keeps_its_secrets();
}

/// The sync commands print what they find in their environment, the passwords that matchplan itself uses included.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_commands_print_their_environment() {
    let words =
        "echo \"$CORP_SYNC_PASSWORD\"; echo \"pw=$TEST_AD_PASSWORD $TEST_CLIENT_SECRET\"; echo \"$WORK_REFRESH_TOKEN\"";
    for which in ["trigger", "status"] {
        let mut watched = Watched::new(&format!("secrets_{which}")).await;
        let sync =
            vec![(which, shouting(words)), ("timeout", "\"2s\"".to_owned()), ("on_timeout", "\"hold\"".to_owned())];
        watched.site.configure(&Wishes { sync, ..Wishes::default() });
        watched.everything().await;
        assert!(watched.said.contains("[redacted]") && watched.said.contains("exit code 3"), "{}", watched.said);
        watched.keeps_its_secrets();
    }
    // On standard output, in place of the JSON that is asked for.
    let mut watched = Watched::new("secrets_status_json").await;
    let printing = toml::Value::from(vec!["/usr/bin/env".to_owned()]);
    let sync = vec![("status", format!("{{ command = {printing} }}")), ("timeout", "\"2s\"".to_owned())];
    watched.site.configure(&Wishes { sync, ..Wishes::default() });
    watched.everything().await;
    watched.keeps_its_secrets();
}

/// What a server says when it repeats what it was told: the header, its token, its Base64.
fn echo(asked: &Asked, status: u16) -> Act {
    let told = asked.headers.get("authorization").map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default();
    let token = told.trim_start_matches("Bearer ").to_owned();
    let words = format!(
        "The request with Authorization: {told} was refused ({token}; {}; {})",
        STANDARD_NO_PAD.encode(&token),
        asked.body
    );
    let body = json!({
        "error": {"code": format!("Denied-{token}"), "message": words, "innerError": {"request-id": token}},
        "error_description": words, "token": token,
    });
    Act::Answer(status, vec![("x-echo", told), ("request-id", token)], body)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_graph_repeats_the_token() {
    for credential in ["client-secret", "access-token"] {
        let mut watched = Watched::new(&format!("secrets_echo_{credential}")).await;
        let mut wishes = Wishes::default();
        if credential == "access-token" {
            wishes.entra = vec![
                ("credential", "\"access-token\"".to_owned()),
                ("token", "{ env = \"TEST_TOKEN\" }".to_owned()),
                ("client_id", String::new()),
                ("secret", String::new()),
            ];
        }
        let tap = Tap::before(&watched.site, wishes, |_| Act::Pass).await;
        for status in [400, 401, 403, 500] {
            tap.choose(move |asked| if asked.line.contains("/users") { echo(asked, status) } else { Act::Pass });
            for arguments in [&["plan"][..], &["check"], &["snapshot", "--out", "s"], &["apply", "--yes"]] {
                watched.hear(watched.command(arguments)).await;
            }
        }
        // Only the writes: what they are answered goes into journal and state.
        tap.choose(|asked| if asked.line.starts_with("PATCH") { echo(asked, 400) } else { Act::Pass });
        watched.everything().await;
        assert!(watched.said.contains("Authorization: Bearer [redacted] was refused"), "{}", watched.said);
        watched.keeps_its_secrets();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_a_sign_in_fails() {
    let mut watched = Watched::new("secrets_sign_in").await;
    for (name, wrong) in [("TEST_AD_PASSWORD", WRONG_PASSWORD), ("TEST_CLIENT_SECRET", WRONG_SECRET)] {
        for arguments in [&["check"][..], &["plan"], &["apply", "--yes"], &["lint"]] {
            let mut command = watched.command(arguments);
            command.env(name, wrong);
            watched.hear(command).await;
        }
    }
    // A sign-in that repeats the form, secret and all.
    let tap = Tap::before(&watched.site, Wishes::default(), |_| Act::Pass).await;
    for status in [400, 401, 500] {
        tap.choose(move |asked| if asked.line.contains("oauth2") { echo(asked, status) } else { Act::Pass });
        for arguments in [&["plan"][..], &["check"]] {
            watched.hear(watched.command(arguments)).await;
        }
    }
    tap.choose(|asked| {
        if asked.line.contains("oauth2") {
            Act::Answer(200, vec![], json!({"refresh_token": REFRESH, "id_token": REFRESH}))
        } else {
            Act::Pass
        }
    });
    watched.hear(watched.command(&["plan"])).await.expect(1);
    watched.keeps_its_secrets();
}

/// The certificate's key, the Azure CLI's answers, a password that somebody wrote where it does not belong.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_secrets_come_from_files_and_programs() {
    let mut watched = Watched::new("secrets_files").await;
    for (name, to) in [("certificate.pem", "certificate.pem"), ("key-pkcs8.pem", "key.pem")] {
        fs::copy(fixture(name), watched.site.file(to)).unwrap();
    }
    let certificate = |certificate: &str, key: &str| Wishes {
        entra: vec![
            ("credential", "\"client-certificate\"".to_owned()),
            ("certificate_file", format!("\"{certificate}\"")),
            ("key_file", format!("\"{key}\"")),
            ("secret", String::new()),
        ],
        ..Wishes::default()
    };
    for (first, second) in [("certificate.pem", "key.pem"), ("key.pem", "certificate.pem"), ("key.pem", "key.pem")] {
        watched.site.configure(&certificate(first, second));
        for arguments in [&["validate"][..], &["plan"], &["check"], &["apply", "--yes"], &["status"]] {
            watched.hear(watched.command(arguments)).await;
        }
    }

    let bin = watched.site.file("bin");
    fs::create_dir(&bin).unwrap();
    let answers = [
        format!("echo '{{\"accessToken\":\"{ACCESS}\",\"refreshToken\":\"{REFRESH}\"}}'"),
        format!("echo 'ERROR: AADSTS700082: the refresh token {REFRESH} has expired' >&2; exit 1"),
        format!("echo 'Traceback: Authorization: Bearer {ACCESS}' >&2; exit 1"),
        format!("echo 'not JSON {ACCESS}'"),
    ];
    let entra =
        vec![("credential", "\"azure-cli\"".to_owned()), ("client_id", String::new()), ("secret", String::new())];
    let _tap = Tap::before(&watched.site, Wishes { entra, ..Wishes::default() }, |asked| echo(asked, 403)).await;
    for answer in answers {
        fs::write(bin.join("az"), format!("#!/bin/sh\n{answer}\n")).unwrap();
        fs::set_permissions(bin.join("az"), fs::Permissions::from_mode(0o755)).unwrap();
        for arguments in [&["plan"][..], &["check"]] {
            let mut command = watched.command(arguments);
            command.env("PATH", &bin);
            watched.hear(command).await;
        }
    }

    // In a URL, in a key, in a broken line: the file is shown with its problems, and without the secret.
    let leaky = [
        format!("version = 1\n[[ad]]\nname = \"corp\"\nurl = \"ldaps://admin:{IN_A_URL}@dc01.corp.contoso.com\"\n"),
        format!(
            "version = 1\n[entra]\ncloud = {{ login = \"https://u:{IN_A_URL}@login\", graph = \"https://{IN_A_URL}@x\" }}\n"
        ),
        format!("version = 1\n[[ad]]\npassword = \"{IN_A_URL}\"\n"),
        format!("version = 1\n[[ad]]\npassword = \"{IN_A_URL}\n"),
    ];
    for text in leaky {
        watched.site.write("leaky.toml", &text);
        for arguments in [&["validate"][..], &["validate", "--format", "json"], &["plan"], &["apply", "--yes"]] {
            let arguments = [arguments, &["--config", "leaky.toml"]].concat();
            watched.hear(watched.command(&arguments)).await.expect(1);
        }
    }

    // A proxy that wants a password, and is not there.
    watched.site.configure(&Wishes {
        entra: vec![("cloud", "{ login = \"https://login.example\", graph = \"https://graph.example\" }".to_owned())],
        ..Wishes::default()
    });
    for arguments in [&["plan"][..], &["check"]] {
        let mut command = watched.command(arguments);
        command.env("HTTPS_PROXY", format!("http://olga:{PROXY}@127.0.0.1:9"));
        watched.hear(command).await;
    }
    watched.keeps_its_secrets();
    assert!(watched.runs > 30);
}
