//! `matchplan lab`: the embedded lab by itself.

use crate::cli::args::{Generated, Global, Lab as Args, LabControl, LabServe, LabWorld};
use crate::cli::error::{CliError, CliResult, unwritable};
use crate::cli::exit::Exit;
use crate::cli::lab::{FOLDER, STATE_FILE, world};
use crate::cli::locking;
use crate::cli::signals;
use crate::cli::terminal::Terminal;
use crate::lab::faults::{Faults, Rates};
use crate::lab::kept;
use crate::lab::manners::{Manners, Pace};
use crate::lab::runtime::{Lab, LabOptions};
use crate::lab::sync::ldap_source::ExternalAd;
use crate::lab::world::generated::{self, Size as WorldSize};
use crate::lab::world::{contoso, load};
use crate::model::digest;
use crate::model::dn::Dn;
use crate::model::size::Size;
use crate::model::visible::escape_json;
use crate::report::stream::Said;
use crate::store::files;
use crate::store::paths::Paths;
use reqwest::Method;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use url::{Host, Url};

/// Where `lab serve --ad` takes the password from.
const AD_PASSWORD: &str = "MATCHPLAN_LAB_AD_PASSWORD";

/// How long a lab that is being served may take to answer. A cycle over a large real AD takes its time.
const CONTROL_TIMEOUT: Duration = Duration::from_mins(5);

/// The largest answer that is read, in octets. A cycle's report has a line for each object that it changed.
const LARGEST_ANSWER: usize = 64 << 20;

/// Runs the subcommand.
pub async fn run(args: &Args, global: &Global, terminal: Terminal) -> CliResult {
    match args {
        Args::Serve(serve) => run_server(serve, global, terminal).await,
        Args::Reset => reset(global, terminal),
        Args::World(which) => print_world(which, terminal),
        Args::Usage(usage) => {
            let lab = LabControl { control: usage.control.clone() };
            let (method, path) = if usage.reset { (Method::POST, "usage/reset") } else { (Method::GET, "usage") };
            control(&lab, "say what it has served", method, path, None, terminal).await
        }
        Args::Cycle(lab) => control(lab, "run a cycle", Method::POST, "cycle", None, terminal).await,
        Args::Status(lab) => control(lab, "say how it stands", Method::GET, "status", None, terminal).await,
        Args::Hold(lab) => schedule(lab, "hold its scheduler", false, terminal).await,
        Args::Release(lab) => schedule(lab, "release its scheduler", true, terminal).await,
    }
}

/// Serves until Ctrl-C. The one line on standard output is for a program to read.
async fn run_server(args: &LabServe, global: &Global, terminal: Terminal) -> CliResult {
    let mut world = match &args.world {
        Some(file) => load::load(file).map_err(|error| CliError::plain(error.to_string()))?,
        None => size(args.generated)?.map_or_else(contoso::contoso, WorldSize::world),
    };
    if let Some(clock) = global.clock {
        world.clock = clock;
    }
    let lab = Lab::start(LabOptions {
        world,
        world_file: args.world.clone().filter(|_| args.keep),
        graph_port: args.graph_port,
        ldap_port: args.ldap_port,
        external_ad: external_ad(args)?,
        faults: args.faults.map_or_else(Faults::none, |seed| Faults::seeded(seed, Rates::stormy())),
        manners: Manners {
            throttle: args.throttle,
            pace: Pace { latency: args.latency, batch_write: args.batch_write_cost },
            usage: Arc::default(),
        },
    })
    .await
    .map_err(|error| CliError::plain(format!("The lab could not be started: {error}")))?;
    let ready = serde_json::to_string(lab.ready());
    let line = || ready.as_ref().map(|ready| format!("{ready}\n")).map_err(unwritable);
    terminal.give_now(|data| Said::Ready { data }, || serde_json::to_string(lab.ready()), line)?;
    terminal.note("The lab is serving on loopback. Ctrl-C ends it.");
    let _orderly = signals::orderly();
    signals::asked().await;
    Ok(Exit::Success)
}

fn external_ad(args: &LabServe) -> Result<Option<ExternalAd>, CliError> {
    let (Some(url), Some(bind), Some(base)) = (&args.ad, &args.ad_bind, &args.ad_base) else { return Ok(None) };
    let password = std::env::var(AD_PASSWORD).map_err(|_| {
        CliError::new(Exit::Usage, format!("The environment variable {AD_PASSWORD} is not set."))
            .hint("It holds the password of --ad-bind; a command line would show it to everybody on this machine.")
    })?;
    Ok(Some(ExternalAd {
        url: url.clone(),
        bind_dn: bind.clone(),
        password: password.into(),
        ca_file: args.ad_ca.clone(),
        base_dn: Dn::parse(base).map_err(|error| CliError::new(Exit::Usage, error.to_string()))?,
    }))
}

/// Forgets the lab of `--lab`, its state included. The lock stays: it is what keeps an apply away meanwhile.
fn reset(global: &Global, terminal: Terminal) -> CliResult {
    let folder = Path::new(FOLDER);
    terminal.data(|| Ok(json!({ "folder": folder })))?;
    if !folder.exists() {
        terminal.print("The lab is at its first day already.\n")?;
        return Ok(Exit::Success);
    }
    let paths = Paths::of(Path::new(STATE_FILE));
    let _lock = locking::acquire(&paths, "lab reset", global)?;
    for entry in contents(folder)?.into_iter().chain(contents(&paths.work)?) {
        let kept = [&paths.work, &paths.lock, &paths.holder].contains(&&entry);
        let removed = match entry.is_dir() {
            _ if kept => Ok(()),
            true => std::fs::remove_dir_all(&entry),
            false => std::fs::remove_file(&entry),
        };
        removed.map_err(|error| CliError::file("remove", &entry, &error))?;
    }
    terminal.print(&format!("The lab in {FOLDER} is back at its first day.\n"))?;
    Ok(Exit::Success)
}

fn contents(folder: &Path) -> Result<Vec<PathBuf>, CliError> {
    let all = std::fs::read_dir(folder).and_then(|all| all.map(|entry| Ok(entry?.path())).collect());
    all.map_err(|error| CliError::file("look into", folder, &error))
}

fn print_world(args: &LabWorld, terminal: Terminal) -> CliResult {
    let unwritable = |file: &Path, error: &std::io::Error| CliError::file("write", file, error);
    if let Some(size) = size(args.generated)? {
        if let Some(file) = &args.plan {
            files::replace(file, size.plan().as_bytes()).map_err(|error| unwritable(file, &error))?;
        }
        if let Some(file) = &args.out {
            generated::write_file(size, file).map_err(|error| unwritable(file, &error))?;
        } else {
            let mut text = Vec::new();
            generated::write(size, &mut text)
                .map_err(|error| CliError::plain(format!("The world cannot be written: {error}")))?;
            let text = String::from_utf8_lossy(&text);
            terminal.give(false, || Ok(text.clone().into_owned()), || text.clone().into_owned())?;
        }
        return Ok(Exit::Success);
    }
    let world = if args.seeded { contoso::contoso() } else { world()? };
    match &args.out {
        Some(file) => kept::save(&world, file).map_err(|error| unwritable(file, &error))?,
        None => terminal.give(true, || digest::to_canonical_file(&world), String::new)?,
    }
    Ok(Exit::Success)
}

/// The generated world that was asked for.
fn size(args: Generated) -> Result<Option<WorldSize>, CliError> {
    let Generated { users: Some(users), links, seed } = args else { return Ok(None) };
    if links > users {
        return Err(CliError::new(Exit::Usage, format!("--links {links} is more than --users {users}.")));
    }
    Ok(Some(WorldSize { users, links, seed }))
}

async fn schedule(lab: &LabControl, what: &str, enabled: bool, terminal: Terminal) -> CliResult {
    control(lab, what, Method::POST, "scheduler", Some(json!({ "enabled": enabled })), terminal).await
}

/// One request to the control API of a lab that is being served; its answer goes to standard output.
async fn control(
    lab: &LabControl,
    what: &str,
    method: Method,
    path: &str,
    body: Option<Value>,
    terminal: Terminal,
) -> CliResult {
    let failed = |reason: String| CliError::plain(format!("The lab did not {what}: {reason}"));
    if lab.control.scheme() != "http" || !is_this_machine(&lab.control) {
        return Err(CliError::new(Exit::Usage, "--control takes the control_url that `matchplan lab serve` printed."));
    }
    let url = format!("{}/{path}", lab.control.as_str().trim_end_matches('/'));
    // reqwest's messages show the address, and its path is the key to the lab.
    let hide = |error: reqwest::Error| failed(error.without_url().to_string());
    let tls = (*crate::directory::tls::client_config(None)?).clone();
    let client = reqwest::Client::builder().tls_backend_preconfigured(tls).no_proxy().timeout(CONTROL_TIMEOUT);
    let client = client.build().map_err(hide)?;
    let mut request = client.request(method, url);
    if let Some(body) = &body {
        request = request.json(body);
    }
    let mut answer = request.send().await.map_err(hide)?;
    let status = answer.status();
    let mut octets = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(hide)? {
        if octets.len() + chunk.len() > LARGEST_ANSWER {
            return Err(failed(format!("its answer goes on after {}", Size(LARGEST_ANSWER as u64))));
        }
        octets.extend_from_slice(&chunk);
    }
    let text = String::from_utf8_lossy(&octets);
    if !status.is_success() {
        return Err(failed(format!("{status}: {text}")));
    }
    // A served lab answers in JSON; another program on that port may not.
    let as_json =
        || if serde_json::from_str::<Value>(&text).is_ok() { Ok(text.clone().into_owned()) } else { json_text(&text) };
    terminal.give(false, as_json, || format!("{}\n", escape_json(&text)))?;
    Ok(Exit::Success)
}

fn json_text(text: &str) -> Result<String, serde_json::Error> {
    serde_json::to_string(&json!({ "text": text }))
}

fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}
