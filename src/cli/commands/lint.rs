//! `matchplan lint`: what in AD would be refused, replaced or dropped on its way to the cloud.

use super::snapshot;
use crate::cli::args::{Global, Level, Lint, LintFormat};
use crate::cli::error::{CliError, CliResult, unwritable};
use crate::cli::exit::Exit;
use crate::cli::site::Site;
use crate::cli::terminal::Terminal;
use crate::directory::ad::connection::AdDomain;
use crate::directory::ad::given::GivenFilter;
use crate::model::dn::Dn;
use crate::model::id::AdGuid;
use crate::report::events::count;
use crate::report::lint as show;
use crate::report::style::Style;
use crate::rules::finding::Severity;
use crate::rules::lint::run::{LintReport, LintScope, lint};
use crate::rules::lint::world::World;
use crate::snapshot::document::AdDomainSnapshot;
use crate::store::files;
use futures_util::future::try_join_all;
use std::collections::BTreeSet;
use std::path::Path;

/// Reads AD (or a snapshot), lints what is in scope, prints or saves the report. Nothing changes anywhere.
pub async fn run(args: &Lint, global: &Global, terminal: Terminal) -> CliResult {
    let base = args.base.as_deref().map(base_dn).transpose()?;
    let filter = args.filter.as_deref().map(given_filter).transpose()?;
    let found = match &args.snapshot {
        Some(file) => offline(file, base.as_ref(), terminal)?,
        None => live(base.as_ref(), filter.as_ref(), global, terminal).await?,
    };
    if found.counts.objects + found.counts.left_out == 0 {
        return Err(CliError::plain("Nothing was linted: no user, group or contact is in scope.").hint(
            "Check --base and --filter. A filter on an attribute that the directory does not know lets nothing in.",
        ));
    }
    let errors = found.counts.errors;
    let least = match args.severity {
        Level::Error => Severity::Error,
        Level::Warning => Severity::Warning,
        Level::Info => Severity::Info,
    };
    give(&found.at_least(least), args, terminal)?;
    Ok(if errors == 0 { Exit::Success } else { Exit::Blocked })
}

fn base_dn(text: &str) -> Result<Dn, CliError> {
    Dn::parse(text).map_err(|error| {
        CliError::new(Exit::Usage, format!("--base: {error}."))
            .hint("Write it as AD does: OU=Users,DC=corp,DC=contoso,DC=com.")
    })
}

fn given_filter(text: &str) -> Result<GivenFilter, CliError> {
    GivenFilter::parse(text).map_err(|error| {
        CliError::new(Exit::Usage, format!("--filter {text:?} is no LDAP filter: {error}."))
            .hint("Write one whole filter in parentheses, such as (&(department=Sales)(mail=*)).")
    })
}

/// No domain of those that were read holds the base.
fn elsewhere<'a>(base: &Dn, domains: impl Iterator<Item = &'a Dn>) -> CliError {
    let known: Vec<&str> = domains.map(Dn::as_str).collect();
    CliError::new(Exit::Usage, format!("--base {base} lies in none of the domains: {}.", known.join("; ")))
        .hint("Name a container of one of them; matchplan.toml says where each is read (base_dn).")
}

fn offline(file: &Path, base: Option<&Dn>, terminal: Terminal) -> Result<LintReport, CliError> {
    let snapshot = snapshot::read_whole(file, terminal)?;
    if let Some(base) = base.filter(|base| !snapshot.domains.iter().any(|domain| base.is_under(&domain.base_dn))) {
        return Err(elsewhere(base, snapshot.domains.iter().map(|domain| &domain.base_dn)));
    }
    let scope = scope(&snapshot.domains, base, None, true);
    Ok(lint(&World::of_snapshot(&snapshot), scope, |subject| base.is_none_or(|base| subject.dn.is_under(base))))
}

/// Reads whole domains, since a duplicate may be anywhere, and then which objects are meant.
async fn live(
    base: Option<&Dn>,
    filter: Option<&GivenFilter>,
    global: &Global,
    terminal: Terminal,
) -> Result<LintReport, CliError> {
    let site = Site::open(global, terminal).await?;
    let settings = &site.settings.ad;
    if let Some(base) = base.filter(|base| !settings.iter().any(|ad| base.is_under(&ad.base_dn))) {
        return Err(elsewhere(base, settings.iter().map(|ad| &ad.base_dn)));
    }
    let connected = site.connect_ad(terminal).await?;
    let meant = meant(&connected, base, filter).await?;
    let domains = try_join_all(connected.iter().map(AdDomain::snapshot)).await?;
    let scope = scope(&domains, base, filter, false);
    let world = World::of_domains(&domains);
    Ok(lint(&world, scope, |subject| meant.as_ref().is_none_or(|meant| meant.contains(&subject.guid))))
}

/// The objects that the scope holds; `None` if all are meant.
async fn meant(
    domains: &[AdDomain],
    base: Option<&Dn>,
    filter: Option<&GivenFilter>,
) -> Result<Option<BTreeSet<AdGuid>>, CliError> {
    if base.is_none() && filter.is_none() {
        return Ok(None);
    }
    let asked = domains.iter().filter(|domain| base.is_none_or(|base| base.is_under(domain.base_dn())));
    let found = try_join_all(asked.map(|domain| domain.objects_below(base, filter))).await?;
    Ok(Some(found.into_iter().flatten().collect()))
}

fn scope(
    domains: &[AdDomainSnapshot],
    base: Option<&Dn>,
    filter: Option<&GivenFilter>,
    tenant_known: bool,
) -> LintScope {
    LintScope {
        domains: domains.iter().map(|domain| format!("{} ({})", domain.name, domain.base_dn)).collect(),
        base: base.map(ToString::to_string),
        filter: filter.map(ToString::to_string),
        tenant_known,
    }
}

fn give(report: &LintReport, args: &Lint, terminal: Terminal) -> Result<(), CliError> {
    if terminal.stream().is_some() {
        terminal.give(true, || show::to_json(report), String::new)?;
        if args.out.is_none() {
            return Ok(());
        }
    }
    let style = if args.out.is_some() { Style::PLAIN } else { terminal.out_style() };
    let text = match args.format {
        LintFormat::Text => show::to_text(report, style, terminal.width, args.left_out),
        LintFormat::Json => show::to_json(report).map_err(|error| unwritable(&error))?,
        LintFormat::Csv => {
            let csv = show::to_csv(report)
                .map_err(|error| CliError::plain(format!("This cannot be written as CSV: {error}")))?;
            if csv.defused > 0 {
                terminal.note(&format!(
                    "note: {} would be run as a formula by a spreadsheet, and got an apostrophe before it.",
                    count(csv.defused, "cell")
                ));
            }
            csv.text
        }
    };
    let Some(out) = &args.out else { return terminal.print(&text) };
    files::replace(out, text.as_bytes()).map_err(|error| CliError::file("write", out, &error))?;
    let summary = show::summary(report.counts, report.findings.len(), true);
    terminal.print(&format!("Wrote {}. {summary}\n", out.display()))
}
