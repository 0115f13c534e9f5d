//! One small world per rule. Each test names Microsoft's page that it reads the rule from.

mod fixture;
mod flowing;
mod hard;
mod holders;
mod lifecycle;
mod property;
mod roles;
mod soft;
