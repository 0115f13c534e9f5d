//! Which links and tasks a command is for.

use super::args::Planning;
use super::error::CliError;
use super::exit::Exit;
use crate::config::read::Config;
use crate::config::selection::Selection;
use crate::report::safe::Text;
use crate::store::files;
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
