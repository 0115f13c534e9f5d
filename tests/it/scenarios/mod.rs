//! The product's story through the compiled program over real protocols: every scenario of [`linking`], [`undoing`] and
//! [`saved`] runs on the embedded AD and on Samba. [`refusals`] are about what a person gets wrong.
//!
//! What the program and the lab's Graph say to each other is recorded in `target/contract/`, which `tests/run` holds
//! against Microsoft's own description.

mod linking;
mod refusals;
mod saved;
mod undoing;

/// Makes each scenario a test on both backends: `embedded::…` and `samba::…`. A scenario is an
/// `async fn(crate::support::site::Site)`.
macro_rules! on_both {
    ($($scenario:ident),* $(,)?) => {
        mod embedded {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $scenario() {
                crate::scenarios::on(crate::support::site::Backend::Embedded, stringify!($scenario), super::$scenario).await;
            })*
        }
        mod samba {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $scenario() {
                crate::scenarios::on(crate::support::site::Backend::Samba, stringify!($scenario), super::$scenario).await;
            })*
        }
    };
}
use on_both;

use crate::support::site::{Backend, Site};

/// Runs a scenario at Contoso, or leaves it out where Samba cannot run.
async fn on<F: Future<Output = ()>>(backend: Backend, name: &str, scenario: impl FnOnce(Site) -> F) {
    if let Some(site) = Site::contoso(backend, name).await {
        scenario(site).await;
    }
}
