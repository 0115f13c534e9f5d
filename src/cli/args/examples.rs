//! Examples of every command, as its `--help` shows them.

use super::Cli;
use clap::{Command, CommandFactory as _};

/// What to do, and the words behind `matchplan` that do it. A test parses every line.
type Example = (&'static str, &'static str);

/// By command, in the order of the help.
pub(super) const EXAMPLES: &[(&[&str], &[Example])] = &[
    (
        &["init"],
        &[
            ("A starter project in this folder", "init"),
            ("In another folder, with the state in git as well", "init ../links --commit-state"),
        ],
    ),
    (
        &["validate"],
        &[
            ("Everything in plans/", "validate"),
            ("One file, for a program", "validate plans/wave-01.toml --format json"),
        ],
    ),
    (
        &["snapshot"],
        &[
            ("Both directories, compressed", "snapshot --out company.zst"),
            ("Only what has changed since", "snapshot --refresh company.zst --out company-today.zst"),
            ("Only what some links need", "snapshot --for plans/wave-01.toml --out wave-01.zst"),
        ],
    ),
    (
        &["import", "csv"],
        &[
            ("See what would be written", "import csv users.csv"),
            ("Add the rows to a match plan", "import csv users.csv --into plans/wave-01.toml"),
        ],
    ),
    (
        &["suggest"],
        &[
            ("What would be proposed, from a saved snapshot", "suggest --snapshot company.zst"),
            ("The surest 200, to review", "suggest --min-confidence certain --limit 200 --out plans/wave-02.toml"),
            ("For a program, what the next cycle does unasked too", "suggest --format json --out suggestions.json"),
        ],
    ),
    (
        &["plan"],
        &[
            ("What plans/*.toml would change", "plan"),
            ("One wave, saved for review", "plan plans/wave-01.toml --out wave-01.plan.json"),
            ("Without credentials, from a saved snapshot", "plan --snapshot company.zst"),
            ("Only two of the links", "plan --only jsmith --only jane.doe@contoso.com"),
            ("All but those that a file lists, three of them first", "plan --exclude @later.txt --pilot 3"),
            ("In a pipeline: 0 nothing to do, 2 changes, 3 blocked", "plan --detailed-exitcode --format markdown"),
        ],
    ),
    (&["tenant"], &[("How every switch stands", "tenant"), ("For a program", "tenant --format json")]),
    (
        &["lint"],
        &[
            (
                "One OU, for a spreadsheet",
                "lint --base OU=Sales,DC=corp,DC=contoso,DC=com --format csv --out sales.csv",
            ),
            ("Only errors, of one department", "lint --filter \"(department=Sales)\" --severity error"),
        ],
    ),
    (
        &["show"],
        &[
            ("A saved plan as the reviewer sees it", "show wave-01.plan.json --details"),
            ("For a pull request, without names", "show wave-01.plan.json --format markdown --redact"),
            (
                "As PowerShell, where no new program may run",
                "show wave-01.plan.json --format powershell --out wave-01.ps1",
            ),
        ],
    ),
    (&["diff"], &[("What has changed since the review", "diff approved.plan.json wave-01.plan.json")]),
    (
        &["apply"],
        &[
            ("Plan now, ask, and execute", "apply"),
            ("Exactly what was approved, without asking", "apply wave-01.plan.json --expect-digest sha256:… --yes"),
            ("For a program that follows it, event by event", "apply wave-01.plan.json --json"),
            ("Everything up to the point of no return", "apply wave-01.plan.json --prepare"),
        ],
    ),
    (
        &["status"],
        &[("What is waiting, and what drifts", "status"), ("From the state alone", "status --offline --format json")],
    ),
    (&["check"], &[("Is everything ready for these links?", "check plans/wave-01.toml")]),
    (
        &["rollback"],
        &[
            ("Back from the last apply", "rollback"),
            ("One link only, planned for review", "rollback --link corp/jsmith --out back.plan.json"),
        ],
    ),
    (&["state", "recover"], &[("Go on with what is certain", "state recover")]),
    (&["lock", "status"], &[("Who is at work?", "lock status")]),
    (&["lock", "release"], &[("Put aside what a dead computer left", "lock release 3f0c9d1e")]),
    (
        &["anchor"],
        &[
            ("An ImmutableID in all its spellings", "anchor iGhmiAEBERG7uxI0VniQqw=="),
            ("An objectGUID", "anchor 88666888-0101-1111-bbbb-1234567890ab"),
        ],
    ),
    (
        &["explain"],
        &[
            ("A finding's code", "explain upn-conflict"),
            ("A message of Microsoft's, as it was pasted", "explain \"Unable to update this object\""),
        ],
    ),
    (&["schema"], &[("The schema of match plans", "schema plan.schema.json")]),
    (&["completions"], &[("Bash", "completions bash"), ("PowerShell, in the profile", "completions powershell")]),
    (&["man"], &[("The manual page of apply", "man apply"), ("All pages, for packaging", "man --out man1")]),
    #[cfg(feature = "lab")]
    (
        &["lab", "serve"],
        &[
            ("The example company, with Microsoft's limits", "lab serve"),
            ("A large one, slow and unreliable", "lab serve --users 100000 --latency 50ms --faults 7"),
        ],
    ),
    #[cfg(feature = "lab")]
    (&["lab", "reset"], &[("The lab as it was at first", "lab reset")]),
    #[cfg(feature = "lab")]
    (
        &["lab", "world"],
        &[(
            "A large company and its match plan",
            "lab world --users 100000 --links 10000 --out world.json --plan plans/bulk.toml",
        )],
    ),
    #[cfg(feature = "lab")]
    (&["lab", "usage"], &[("What a served lab has served", "lab usage --control http://127.0.0.1:8600/")]),
    #[cfg(feature = "lab")]
    (&["lab", "cycle"], &[("One sync cycle", "lab cycle --control http://127.0.0.1:8600/")]),
    #[cfg(feature = "lab")]
    (&["lab", "status"], &[("Is the engine busy?", "lab status --control http://127.0.0.1:8600/")]),
    #[cfg(feature = "lab")]
    (&["lab", "hold"], &[("Stop the scheduler", "lab hold --control http://127.0.0.1:8600/")]),
    #[cfg(feature = "lab")]
    (&["lab", "release"], &[("Start it again", "lab release --control http://127.0.0.1:8600/")]),
];

/// The command line with the examples in it.
pub fn command() -> Command {
    EXAMPLES.iter().fold(Cli::command(), |command, (path, examples)| with(command, path, examples))
}

fn with(command: Command, path: &[&str], examples: &[Example]) -> Command {
    let Some((first, rest)) = path.split_first() else {
        let line = |(what, words): &Example| ["\n  ", what, ":\n    matchplan ", words].concat();
        let lines: Vec<String> = examples.iter().map(line).collect();
        let before = command.get_after_help().map(|help| format!("{help}\n\n")).unwrap_or_default();
        return command.after_help(format!("{before}Examples:{}", lines.concat()));
    };
    if command.find_subcommand(first).is_none() {
        return command;
    }
    command.mut_subcommand(first, |command| with(command, rest, examples))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser as _;

    /// The words of a line as a shell splits them.
    fn words(line: &str) -> Vec<String> {
        let mut words = vec![String::new()];
        let mut quoted = false;
        for c in line.chars() {
            match c {
                '"' => quoted = !quoted,
                ' ' if !quoted => words.push(String::new()),
                c => words.last_mut().unwrap().push(c),
            }
        }
        words
    }

    #[test]
    fn every_example_is_understood_and_is_one_of_its_command() {
        for (path, examples) in EXAMPLES {
            for (_, line) in *examples {
                let words = words(line);
                assert!(words.iter().zip(*path).all(|(word, part)| word == part), "{line}");
                let parsed = Cli::try_parse_from(std::iter::once("matchplan".to_owned()).chain(words));
                assert!(parsed.is_ok(), "{line}: {}", parsed.unwrap_err());
            }
        }
    }

    #[test]
    fn every_command_has_one() {
        fn look(command: &Command, path: &str) {
            let own: Vec<&Command> = command.get_subcommands().filter(|one| one.get_name() != "help").collect();
            if own.is_empty() {
                let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
                assert!(help.contains("Examples:\n"), "matchplan{path} has no example");
            }
            for one in own {
                look(one, &format!("{path} {}", one.get_name()));
            }
        }
        look(&command(), "");
    }

    #[test]
    fn the_command_line_is_well_formed() {
        command().debug_assert();
    }
}
