//! The ways in which an operating system asks a program to end.

/// Waits for Ctrl-C or SIGTERM.
#[cfg(unix)]
pub async fn interrupt() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        let _ = tokio::signal::ctrl_c().await;
        return;
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}

/// Waits for Ctrl-C, Ctrl-Break, or the console's closing.
#[cfg(windows)]
pub async fn interrupt() {
    use tokio::signal::windows::{ctrl_break, ctrl_close};
    let (Ok(mut pause), Ok(mut close)) = (ctrl_break(), ctrl_close()) else {
        let _ = tokio::signal::ctrl_c().await;
        return;
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = pause.recv() => {}
        _ = close.recv() => {}
    }
}
