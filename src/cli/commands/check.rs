//! `matchplan check`: is everything ready, and where it is not, what to do. Writes nothing.

use crate::check::facts::{DomainFacts, EngineFacts, Facts, Read};
use crate::check::{Verdict, check};
use crate::cli::args::{CheckArgs, Global, TextOrJson};
use crate::cli::error::CliResult;
use crate::cli::executing::unreadable;
use crate::cli::exit::Exit;
use crate::cli::site::{Site, SiteClock};
use crate::cli::terminal::Terminal;
use crate::config::read::Config;
use crate::directory::ad::connection::AdDomain;
use crate::directory::error::DirectoryError;
use crate::directory::port::Clock as _;
use crate::directory::reach::Reached;
use crate::model::id::{AdGuid, DomainName};
use crate::plan::resolve::{self, Hint};
use crate::report::check::CheckView;
use crate::rules::exposure::in_scope;
use crate::snapshot::document::AdDomainSnapshot;
use crate::snapshot::index::Index;
use crate::store::lock::{Lock, Stand};
use crate::store::{ledger, paths::Paths};
use jiff::{SignedDuration, Timestamp};

/// Of how many users of a domain the rights are read.
const SAMPLE: usize = 5;

/// Gathers, judges and prints. Exit code 3 if something is to be done, 1 if neither side could be read.
pub async fn run(args: &CheckArgs, global: &Global, terminal: Terminal) -> CliResult {
    let site = Site::open(global, terminal).await?;
    let config = if site.has_plans(&args.plans) { Some(site.config(&args.plans, terminal)?) } else { None };
    let reached = site.reach(terminal).await?;
    let facts = gather(&site, config.as_ref(), &reached, terminal).await;
    let checks = check(&facts);
    let view = CheckView::of(&checks, config.is_some());
    let as_json = args.format == TextOrJson::Json;
    terminal.give(as_json, || view.to_json(), || view.to_text(terminal.out_style(), terminal.width))?;
    if facts.nothing_read() {
        return Ok(Exit::Error);
    }
    let failed = checks.iter().any(|check| check.verdict == Verdict::Fail);
    Ok(if failed { Exit::Blocked } else { Exit::Success })
}

async fn gather<'a>(
    site: &'a Site,
    config: Option<&'a Config>,
    reached: &Reached<SiteClock>,
    terminal: Terminal,
) -> Facts<'a> {
    let now = site.clock.now();
    let bar = crate::cli::progress::reading(terminal);
    let domains = futures_util::future::join_all(
        reached.domains.iter().map(|(name, ad)| domain(site, config, name, ad.as_ref())),
    );
    let cloud = reached.cloud(now, |event| bar.tell(&event));
    let (domains, cloud, engine) = tokio::join!(domains, cloud, site.engine_status());
    let (granted, graph_time) = match &reached.graph {
        Ok(graph) => (graph.granted().await.map_err(|error| error.in_full()), graph.server_time().await),
        Err(error) => (Err(error.in_full()), Ok(None)),
    };
    bar.finish();
    let paths = Paths::of(&site.state_file());
    Facts {
        settings: &site.settings,
        config,
        now,
        domains,
        cloud: cloud.map_err(|error| error.in_full()),
        granted,
        graph_ahead: ahead(graph_time, site),
        engine: engine
            .map(|status| status.map(|s| EngineFacts { busy: s.busy, staging: s.staging, suspended: s.suspended }))
            .map_err(|error| error.in_full()),
        state: ledger::read(&paths).map_err(|error| unreadable(&error, &paths, "").message),
        lock: lock(&paths),
    }
}

async fn domain(
    site: &Site,
    config: Option<&Config>,
    name: &DomainName,
    ad: Result<&AdDomain, &DirectoryError>,
) -> DomainFacts {
    let failed = |error: &DirectoryError| DomainFacts {
        name: name.clone(),
        read: Err(error.in_full()),
        account: None,
        ahead: None,
        writable: Vec::new(),
    };
    let ad = match ad {
        Ok(ad) => ad,
        Err(error) => return failed(error),
    };
    let read = match ad.snapshot().await {
        Ok(read) => read,
        Err(error) => return failed(&error),
    };
    let ahead = ahead(ad.server_time().await, site);
    let mut writable = Vec::new();
    for guid in sample(site, config, &read) {
        // A server that refuses to say is one that does not say.
        writable.push((guid, ad.writable_attributes(guid).await.unwrap_or_default()));
    }
    let account = ad.account().await;
    DomainFacts { name: name.clone(), read: Ok(read), account, ahead, writable }
}

/// By how much a server's clock is ahead of ours, read right after its answer.
fn ahead(there: Result<Option<Timestamp>, DirectoryError>, site: &Site) -> Option<SignedDuration> {
    Some(there.ok().flatten()?.duration_since(site.clock.now()))
}

/// Some users of a domain that are linked; without a match plan, some that are synced.
fn sample(site: &Site, config: Option<&Config>, read: &AdDomainSnapshot) -> Vec<AdGuid> {
    let Some(config) = config else {
        let ous = &site.settings.sync.synced_ous;
        return read.users.iter().filter(|user| in_scope(&user.dn, ous)).take(SAMPLE).map(|user| user.guid).collect();
    };
    let facts = Facts::only(read, site.clock.now());
    let index = Index::new(&facts, |name| site.settings.source_anchor(name));
    let found = config.plan.links.iter().filter_map(|link| resolve::ad_user(&link.ad, &index, Hint::Leave).ok());
    found.take(SAMPLE).map(|user| user.guid).collect()
}

fn lock(paths: &Paths) -> Read<Option<String>> {
    let unsaid = || "another matchplan is at work, and did not say who it is".to_owned();
    match Lock::look(paths) {
        Ok(Stand::Held(holder)) => Ok(Some(holder.map_or_else(unsaid, |holder| holder.to_string()))),
        Ok(Stand::Free | Stand::LeftOver(_)) => Ok(None),
        Err(error) => Err(error.to_string()),
    }
}
