//! A way from a port of `localhost` to a server at another loopback address, which can be cut.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// The way; it is gone when this is dropped.
pub struct Passage {
    /// Where it begins.
    pub port: u16,
    taken: Arc<AtomicUsize>,
    open: Arc<Mutex<JoinSet<()>>>,
    _taking: JoinSet<()>,
}

impl Passage {
    pub async fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let open = Arc::new(Mutex::new(JoinSet::new()));
        let taken = Arc::new(AtomicUsize::new(0));
        let (through, counted) = (Arc::clone(&open), Arc::clone(&taken));
        let mut taking = JoinSet::new();
        taking.spawn(async move {
            while let Ok((mut here, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::Relaxed);
                through.lock().unwrap().spawn(async move {
                    let mut there = TcpStream::connect(server).await.unwrap();
                    // Either side may end it as it likes.
                    let _ = copy_bidirectional(&mut here, &mut there).await;
                });
            }
        });
        Self { port, taken, open, _taking: taking }
    }

    /// How many connections have come by.
    pub fn taken(&self) -> usize {
        self.taken.load(Ordering::Relaxed)
    }

    /// Cuts what is on its way, and says how many connections that were. New ones can come.
    pub async fn cut(&self) -> usize {
        let mut all = std::mem::take(&mut *self.open.lock().unwrap());
        while all.try_join_next().is_some() {}
        let open = all.len();
        all.shutdown().await;
        open
    }
}
