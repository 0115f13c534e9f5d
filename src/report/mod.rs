//! Showing: plans, comparisons, apply events and states as text, JSON and Markdown. Pure: nothing here prints, reads a
//! clock or asks a terminal; colour and width are given by the caller, and the same input gives the same bytes.
//!
//! Directory values are untrusted. They reach an output only through [`safe`] (JSON, Markdown) or [`page`] (everything
//! made of lines), which make control and direction characters visible and take away any meaning that a terminal or
//! GitHub would see in them.
//!
//! | module | what |
//! |---|---|
//! | [`safe`] | values for terminals, Markdown, HTML and JSON |
//! | [`style`] | tones and what they look like |
//! | [`page`] | lines with marks and tones, as text or as a `diff` fence |
//! | [`markdown`] | a Markdown text that stays under GitHub's limit |
//! | [`diff_values`] | what changes in an attribute, value by value |
//! | [`plan_text`], [`plan_json`], [`plan_markdown`] | a plan |
//! | [`plan_brief`], [`plan_full`] | what differs between a plan's two text forms |
//! | [`link_brief`], [`link_text`], [`step_text`] | one link in a few lines, one link in full, one step |
//! | [`finding_text`] | what the planner noticed |
//! | [`redact`], [`redact_text`] | a plan with ids instead of names |
//! | [`compare`], [`compare_view`] | what a reviewer of one plan must look at again in another |
//! | [`powershell`] | a plan as a PowerShell script |
//! | [`events`], [`outcome`] | an apply while it runs, and its last words |
//! | [`stream`] | what a command says with `--json` |
//! | [`check`] | what `check` found, point by point |
//! | [`damage`] | a ledger that is not whole |
//! | [`elsewhere`] | what a ledger from elsewhere would have us do |
//! | [`status`], [`standing_text`] | the ledger, and where a link stands |
//! | [`lock`] | who holds the lock |
//! | [`lint`] | what is wrong with attribute values |
//! | [`suggest`], [`suggest_toml`] | links that are proposed, and the match plan to review |
//! | [`anchor`] | an anchor in all its spellings |
//! | [`explain`] | pages of the manual |

pub mod anchor;
pub mod check;
pub mod compare;
pub mod compare_view;
pub mod damage;
pub mod diff_values;
pub mod elsewhere;
pub mod events;
pub mod explain;
pub mod finding_text;
pub mod link_brief;
pub mod link_text;
pub mod lint;
pub mod lock;
pub mod markdown;
pub mod outcome;
pub mod page;
pub mod plan_brief;
pub mod plan_full;
pub mod plan_json;
pub mod plan_markdown;
pub mod plan_text;
pub mod powershell;
pub mod redact;
pub mod redact_text;
pub mod safe;
pub mod standing_text;
pub mod status;
pub mod status_window;
pub mod step_text;
pub mod stream;
pub mod style;
pub mod suggest;
pub mod suggest_toml;
pub mod tenant;
#[cfg(test)]
pub(crate) mod testing;
