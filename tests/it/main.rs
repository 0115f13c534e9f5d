//! Integration tests: the program's parts together, over real protocols on loopback.

mod directories;
mod graph_client;
mod support;
