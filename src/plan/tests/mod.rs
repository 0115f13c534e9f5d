//! What the planner decides, rule by rule.

mod aligning;
mod choosing;
mod documents;
mod findings;
mod ordering;
mod resolving;
