//! Undoing: state and a fresh snapshot make an ordinary plan. Pure.
