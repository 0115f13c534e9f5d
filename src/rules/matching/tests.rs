//! Rules of one line each; how they work together is in `tests/scenarios`.
