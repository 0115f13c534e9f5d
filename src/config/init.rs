//! The starter project that `matchplan init` writes.

use super::schema;

/// What `init` is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InitOptions {
    /// Whether the state file is committed to git (the team shares it through the repository), or ignored.
    pub commit_state: bool,
}

const SETTINGS: &str = include_str!("init/matchplan.toml");
const EXAMPLE: &str = include_str!("init/example.toml");
const IGNORED: &str = "\
# Locks, working files and the lab
/.matchplan/

# Directory data, and recordings of it
*.snapshot.json
*.snapshot.json.zst
*.trace.jsonl

# Secrets do not belong here in any form
*.pem
*.pfx
*.p12
*.key
.env
";
const IGNORED_STATE: &str = "
# The state stays on the computer that applies. To share it through git, take these lines out.
*.state.json
*.state.json.*
*.journal.jsonl
*.journal.*
";
const ATTRIBUTES: &str = "\
# The same octets on Windows and elsewhere
*.toml text eol=lf
*.json text eol=lf
# A state is written by one apply at a time; two of them cannot be merged line by line.
*.state.json text eol=lf -merge
";

/// The files of a new project: path (with `/`, relative to the project's folder) and text. The schemas are among them,
/// so that an editor needs no network, and completes what this version of matchplan reads.
pub fn files(options: InitOptions) -> Result<Vec<(String, String)>, serde_json::Error> {
    let ignored_state = if options.commit_state { "" } else { IGNORED_STATE };
    let mut files = vec![
        ("matchplan.toml".to_owned(), SETTINGS.to_owned()),
        ("plans/example.toml".to_owned(), EXAMPLE.to_owned()),
        (".gitignore".to_owned(), format!("{IGNORED}{ignored_state}")),
        (".gitattributes".to_owned(), ATTRIBUTES.to_owned()),
    ];
    for (name, schema) in schema::of_inputs() {
        files.push((format!("schemas/{name}"), schema::to_file(&schema)?));
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;
    use crate::diagnostic::render_all;

    /// The example file with its commented keys switched on.
    fn uncommented(text: &str) -> String {
        let is_setting = |line: &str| {
            line.strip_prefix("# ").is_some_and(|rest| {
                rest.starts_with("[[") || rest.split_once(" = ").is_some_and(|(key, _)| !key.contains(' '))
            })
        };
        text.lines().map(|line| if is_setting(line) { &line[2..] } else { line }).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn the_starter_project_has_no_error_and_no_warning() {
        let files = files(InitOptions { commit_state: false }).unwrap();
        let text = |path: &str| files.iter().find(|(name, _)| *name == path).map(|(_, text)| text.clone()).unwrap();
        let (settings, plan) = (text("matchplan.toml"), text("plans/example.toml"));
        let (config, found, sources) = config::read(("matchplan.toml", &settings), &[("plans/example.toml", &plan)]);
        assert_eq!(render_all(&found, &sources, false, 100), "");
        assert_eq!(config.unwrap().plan.links.len(), 2);
    }

    #[test]
    fn what_the_starter_project_shows_in_comments_is_right_too() {
        let (settings, plan) = (uncommented(SETTINGS), uncommented(EXAMPLE));
        assert!(settings.contains("\nhold = ") && plan.contains("\nanchor = "), "{settings}\n{plan}");
        let (config, found, sources) = config::read(("matchplan.toml", &settings), &[("plans/example.toml", &plan)]);
        assert_eq!(render_all(&found, &sources, false, 100), "");
        assert!(config.unwrap().settings.sync.hold.is_some());
    }

    #[test]
    fn the_defaults_that_the_starter_project_shows_are_the_defaults() {
        let (shown, _, _) = config::settings_from("shown", &uncommented(SETTINGS));
        let minimal = "version = 1\nentra.tenant = 'x.example'\n[[ad]]\nname = 'x'\nurl = 'ldaps://x'\nbase_dn = 'DC=x'\n\
                       user = 'u'\npassword = 'prompt'\n";
        let (minimal, found, _) = config::settings_from("minimal", minimal);
        let (shown, minimal) = (shown.unwrap(), minimal.unwrap_or_else(|| panic!("{found:?}")));
        assert_eq!(shown.guard, config::settings::Guard { protect: shown.guard.protect.clone(), ..minimal.guard });
        assert_eq!((shown.plan_ttl, shown.state), (minimal.plan_ttl, minimal.state));
        assert_eq!((shown.sync.timeout, shown.sync.poll), (minimal.sync.timeout, minimal.sync.poll));
        assert_eq!((shown.sync.engine, shown.sync.on_timeout), (minimal.sync.engine, minimal.sync.on_timeout));
        assert_eq!((shown.entra.cloud, shown.entra.credential), (minimal.entra.cloud, minimal.entra.credential));
        assert_eq!(shown.ad[0].source_anchor, minimal.ad[0].source_anchor);
    }

    #[test]
    fn the_files_name_schemas_that_come_with_them() {
        let files = files(InitOptions { commit_state: false }).unwrap();
        let exists = |path: &str| files.iter().any(|(name, _)| name == path);
        for (text, folder) in [(SETTINGS, ""), (EXAMPLE, "../")] {
            let line = text.lines().next().unwrap();
            let schema = line.strip_prefix(&format!("#:schema {folder}")).unwrap();
            assert!(exists(schema), "{line}");
        }
    }

    #[test]
    fn the_state_is_ignored_unless_it_is_shared() {
        let ignores = |commit_state| files(InitOptions { commit_state }).unwrap()[2].1.contains("*.state.json\n");
        assert!(ignores(false) && !ignores(true));
    }
}
