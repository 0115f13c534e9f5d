//! `matchplan tenant`: the switches of the tenant's directory synchronization.

use crate::cli::args::{Global, Tenant, TextOrJson};
use crate::cli::error::CliResult;
use crate::cli::exit::Exit;
use crate::cli::site::Site;
use crate::cli::terminal::Terminal;
use crate::report::status_window;
use crate::report::tenant::{TENANT_VERSION, TenantView};
use crate::store::ledger;
use crate::store::paths::Paths;

/// Reads the tenant and shows it. Nothing changes.
pub async fn run(args: &Tenant, global: &Global, terminal: Terminal) -> CliResult {
    let site = Site::open(global, terminal).await?;
    let directories = Box::pin(site.connect(&site.settings, terminal)).await?;
    let tenant = Box::pin(directories.graph().tenant()).await?;
    // A state that cannot be read is the next apply's business.
    let state = ledger::read(&Paths::of(&site.state_file())).ok().flatten();
    let view = TenantView {
        format_version: TENANT_VERSION,
        kind: "tenant",
        id: tenant.id,
        name: tenant.display_name,
        sync_enabled: tenant.sync_enabled == Some(true),
        last_sync: tenant.last_sync,
        deletion_threshold: tenant.deletion_threshold,
        features: tenant.switches,
        open_window: state.iter().flat_map(status_window::open).collect(),
    };
    let as_text = || view.to_text(&global.repeated(), terminal.out_style(), terminal.width);
    terminal.give(args.format == TextOrJson::Json, || view.to_json(), as_text)?;
    Ok(Exit::Success)
}
