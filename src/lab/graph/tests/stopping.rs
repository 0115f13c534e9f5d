use super::harness::{Lab, world};
use std::time::Duration;
use tokio::net::TcpStream;

#[tokio::test]
async fn a_dropped_server_stops_listening() {
    let lab = Lab::start(world(1)).await;
    assert_eq!(lab.get("/users").await.status, 200);
    let addr = lab.server.addr;
    assert!(addr.ip().is_loopback());
    drop(lab);
    let gone = async {
        while TcpStream::connect(addr).await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), gone).await.unwrap();
}
