//! One scenario, two tests: on the embedded AD and on Samba.

use crate::support::site::{Backend, Site};

/// Makes each scenario a test on both backends: `embedded::…` and `samba::…`. A scenario is an
/// `async fn(crate::support::site::Site)`.
macro_rules! on_both {
    ($($scenario:ident),* $(,)?) => {
        mod embedded {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $scenario() {
                let name = stringify!($scenario);
                crate::scenarios::on_both::on(crate::support::site::Backend::Embedded, name, super::$scenario).await;
            })*
        }
        mod samba {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $scenario() {
                let name = stringify!($scenario);
                crate::scenarios::on_both::on(crate::support::site::Backend::Samba, name, super::$scenario).await;
            })*
        }
    };
}
pub(super) use on_both;

/// Runs a scenario at Contoso, or leaves it out where Samba cannot run.
pub(super) async fn on<F: Future<Output = ()>>(backend: Backend, name: &str, scenario: impl FnOnce(Site) -> F) {
    if let Some(site) = Site::contoso(backend, name).await {
        scenario(site).await;
    }
}
