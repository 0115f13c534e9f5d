//! The event stream of `--json`: one JSON object per line, each with `at` and `event`.
//!
//! What a command says in any form is a variant of [`Said`]; while an apply runs, its own events
//! ([`crate::apply::event`]) stand between them. The last line is `result` or `error`, with the exit code.

use super::safe;
use crate::apply::event::Event;
use crate::diagnostic::DiagnosticJson;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

/// One line of the output of any command with --json.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Line {
    /// What the command says.
    Command(Told),
    /// What happens while `apply` or `rollback` writes.
    Apply(Event),
}

/// Something that a command says, and when.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Told {
    /// When, by this computer's clock. The events of an apply have the time that it works by: in the lab, the lab's.
    pub at: Timestamp,
    /// What.
    #[serde(flatten)]
    pub what: Said,
}

/// What is said.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Said {
    /// For a person to know; nothing depends on it.
    Note {
        /// The text, of one line or several.
        text: String,
    },
    /// How far reading has come; once a second at most.
    Progress {
        /// What is read, such as `cloud users`.
        part: String,
        /// How many of it so far.
        read: usize,
        /// About how many there are, where that is known.
        #[serde(skip_serializing_if = "Option::is_none")]
        of: Option<usize>,
    },
    /// A problem in a file that a person wrote.
    Diagnostic(DiagnosticJson),
    /// What would have been asked. Nobody is: the command goes no further, unless it was called with --yes.
    Question {
        /// The question, or what the secret is for.
        text: String,
    },
    /// The plan that is executed next, as `show --format json` gives it.
    Plan {
        /// The plan.
        data: Value,
    },
    /// A lab is serving, until it is asked to stop.
    Ready {
        /// Where, and with which credentials.
        data: Value,
    },
    /// The last line of a command that came to its end.
    Result {
        /// The process's exit code.
        exit_code: u8,
        /// What the command found, in its own JSON form; a text that has none, as `text`.
        #[serde(skip_serializing_if = "Option::is_none")]
        data: Option<Value>,
    },
    /// The last line of a command that did not.
    Error {
        /// What happened, to which object.
        message: String,
        /// What to do next, one each.
        hints: Vec<String>,
        /// The process's exit code.
        exit_code: u8,
        /// What was found all the same.
        #[serde(skip_serializing_if = "Option::is_none")]
        data: Option<Value>,
    },
}

impl Told {
    /// As one line with its line feed. Hidden characters are written as `\uXXXX`, so a terminal obeys none of them.
    pub fn to_line(&self) -> Result<String, serde_json::Error> {
        safe::json_line(self).map(|line| line + "\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Severity;
    use crate::model::visible::is_hidden;
    use crate::report::testing::{HOSTILE, event};
    use serde_json::json;

    fn line(what: Said) -> Value {
        let told = Told { at: "2026-11-20T10:00:00Z".parse().unwrap(), what };
        let line = told.to_line().unwrap();
        assert_eq!((line.matches('\n').count(), line.trim_end().contains(is_hidden)), (1, false), "{line}");
        serde_json::from_str(&line).unwrap()
    }

    fn hostile() -> Vec<Said> {
        let text = || HOSTILE.to_owned();
        let diagnostic = DiagnosticJson {
            severity: Severity::Warning,
            code: "unknown-key".to_owned(),
            message: text(),
            file: Some(text()),
            line: Some(3),
            column: Some(1),
            end: None,
            related: Vec::new(),
            help: None,
        };
        vec![
            Said::Note { text: text() },
            Said::Progress { part: text(), read: 3, of: None },
            Said::Diagnostic(diagnostic),
            Said::Question { text: text() },
            Said::Plan { data: json!({ HOSTILE: HOSTILE }) },
            Said::Ready { data: Value::Null },
            Said::Result { exit_code: 6, data: Some(json!([HOSTILE])) },
            Said::Error { message: text(), hints: vec![text()], exit_code: 1, data: None },
        ]
    }

    #[test]
    fn each_is_one_harmless_line_and_its_values_stay_equal() {
        let lines: Vec<Value> = hostile().into_iter().map(line).collect();
        let names: Vec<&str> = lines.iter().map(|line| line["event"].as_str().unwrap()).collect();
        assert_eq!(names, ["note", "progress", "diagnostic", "question", "plan", "ready", "result", "error"]);
        assert!(lines.iter().all(|line| line["at"] == "2026-11-20T10:00:00Z"));
        assert_eq!(lines[0]["text"], HOSTILE);
        assert_eq!((&lines[2]["line"], &lines[2]["severity"]), (&json!(3), &json!("warning")));
        assert_eq!(lines[4]["data"][HOSTILE], HOSTILE);
        assert_eq!(
            lines[6],
            json!({ "at": "2026-11-20T10:00:00Z", "event": "result", "exit_code": 6, "data": [HOSTILE] })
        );
        assert_eq!(lines[7]["hints"], json!([HOSTILE]));
    }

    #[test]
    fn the_schema_lets_in_what_is_written_and_nothing_else() {
        let schema = crate::schemas::all().into_iter().find(|(name, _)| *name == "events.schema.json").unwrap().1;
        let validator = jsonschema::validator_for(&schema).unwrap();
        for told in hostile().into_iter().map(line) {
            assert!(validator.is_valid(&told), "{told}");
        }
        let stopping = serde_json::to_value(event(crate::apply::event::What::Stopping)).unwrap();
        assert!(validator.is_valid(&stopping), "{stopping}");
        for foreign in
            [json!({}), json!({ "at": "2026-11-20T10:00:00Z", "event": "surprise" }), json!({ "event": "stopping" })]
        {
            assert!(!validator.is_valid(&foreign), "{foreign}");
        }
    }
}
