//! Which links and tasks a command is for, and what is read for them beside a snapshot.

use super::args::Planning;
use super::error::CliError;
use super::exit::Exit;
use super::site::SiteClock;
use crate::config::matchplan::CloudSelector;
use crate::config::read::Config;
use crate::config::selection::Selection;
use crate::config::tasks::{UnlinkSpec, WorkSpec};
use crate::directory::connected::Directories;
use crate::directory::port::ReadEntra as _;
use crate::model::cloud::EntraAttribute;
use crate::plan::tasks::Residues;
use crate::report::safe::Text;
use crate::snapshot::document::Snapshot;
use crate::store::files;
use std::collections::HashSet;
use std::path::Path;

/// The largest list of names that is read, in octets.
const LARGEST: u64 = 16 << 20;

/// What the command line says of it, files read.
pub fn selection(how: &Planning) -> Result<Selection, CliError> {
    Ok(Selection { only: names(&how.only)?, exclude: names(&how.exclude)?, pilot: how.pilot })
}

/// Names as given; `@FILE` stands for the names in a file, one a line. What follows a `#` there is a comment.
fn names(given: &[String]) -> Result<Vec<String>, CliError> {
    let mut all = Vec::new();
    for name in given {
        let Some(file) = name.strip_prefix('@') else {
            all.push(name.clone());
            continue;
        };
        let path = Path::new(file);
        let octets = files::read_whole(path, LARGEST).map_err(|error| CliError::file("read", path, &error))?;
        let text = crate::config::decode(file, octets)
            .map_err(|problem| CliError::new(Exit::Usage, problem.message.clone()))?;
        let lines =
            text.trim_start_matches('\u{feff}').lines().map(|line| line.split('#').next().unwrap_or_default().trim());
        let before = all.len();
        all.extend(lines.filter(|line| !line.is_empty()).map(str::to_owned));
        if all.len() == before {
            // Nothing to select would be everything, which is not what was meant.
            return Err(CliError::new(Exit::Usage, format!("{file} names nobody.")).hint("Write one name a line."));
        }
    }
    Ok(all)
}

/// The configuration with what is selected of its match plans.
pub fn select(config: Config, selection: &Selection) -> Result<Config, CliError> {
    const SHOWN: usize = 5;
    match selection.of(&config.plan, &config.settings) {
        Ok(plan) => Ok(Config { plan, ..config }),
        Err(unknown) => {
            let shown: Vec<String> = unknown.iter().take(SHOWN).map(|name| Text(name).to_string()).collect();
            let more = unknown.len().saturating_sub(SHOWN);
            let more = if more == 0 { String::new() } else { format!(" and {more} more") };
            let message = format!("No link or task of the match plans is called {}{more}.", shown.join(", "));
            Err(CliError::new(Exit::Usage, message).hint(
                "Name it as a match plan does, by its AD user or its cloud user, or by its id, such as corp/jsmith.",
            ))
        }
    }
}

/// What the users that are to be cleared remember of AD, which no snapshot holds. Who is not found is left out.
pub async fn residues(
    config: &Config,
    snapshot: &Snapshot,
    directories: &Directories<SiteClock>,
) -> Result<Residues, CliError> {
    let (mut ids, mut names) = (HashSet::new(), HashSet::new());
    for task in &config.plan.tasks {
        if let WorkSpec::Unlink { cloud, method: UnlinkSpec::Clear | UnlinkSpec::RecycleBin { .. } } = &task.work {
            match cloud {
                CloudSelector::Id(id) => drop(ids.insert(*id)),
                CloudSelector::Upn(upn) => drop(names.insert(upn)),
            }
        }
    }
    let mut residues = Residues::new();
    if ids.is_empty() && names.is_empty() {
        return Ok(residues);
    }
    for user in snapshot.users.iter().filter(|user| ids.contains(&user.id) || names.contains(&user.upn)) {
        let read = directories.attributes_of(user.id, &EntraAttribute::ON_PREMISES).await?;
        residues.extend(read.map(|values| (user.id, values)));
    }
    Ok(residues)
}
