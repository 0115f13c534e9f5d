//! The server: two loopback ports, plain (with StartTLS) and TLS from the start.

use super::bind::Account;
use super::connection;
use super::session::Directory;
use crate::lab::faults::Faults;
use crate::lab::manners::Manners;
use crate::lab::shared::SharedWorld;
use crate::lab::tls::LabTls;
use secrecy::SecretString;
use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

/// What to serve, and to whom.
#[derive(Debug)]
pub struct LdapServerConfig {
    /// The world whose AD domains are served, each under its own base DN.
    pub world: SharedWorld,
    /// The full DN of the account that can bind. The world need not hold it.
    pub bind_dn: String,
    /// The account's user principal name.
    pub bind_upn: String,
    /// The account's password.
    pub bind_password: SecretString,
    /// The port for plain LDAP and StartTLS; 0 is any free one.
    pub plain_port: u16,
    /// The port for LDAP over TLS; 0 is any free one.
    pub tls_port: u16,
    /// Whether a simple bind over a connection without TLS is refused (strongerAuthRequired, 8).
    pub require_encryption: bool,
    /// What goes wrong.
    pub faults: Faults,
    /// How it serves.
    pub manners: Manners,
}

/// A running server. It stops when this is dropped.
#[derive(Debug)]
pub struct LdapServer {
    /// Where plain LDAP is served.
    pub plain: SocketAddr,
    /// Where LDAP over TLS is served.
    pub tls: SocketAddr,
    listeners: JoinSet<()>,
}

impl LdapServer {
    /// Stops listening and cuts all connections.
    pub fn stop(mut self) {
        self.listeners.abort_all();
    }
}

/// Starts to serve on 127.0.0.1. Fails if a port is taken.
pub async fn serve(config: LdapServerConfig, tls: &LabTls) -> io::Result<LdapServer> {
    let LdapServerConfig {
        world,
        bind_dn,
        bind_upn,
        bind_password,
        plain_port,
        tls_port,
        require_encryption,
        faults,
        manners,
    } = config;
    let account = Account { dn: bind_dn, upn: bind_upn, password: bind_password };
    let directory = Arc::new(Directory { world, account, require_encryption, faults, manners });
    let acceptor = TlsAcceptor::from(tls.server_config());
    let plain = TcpListener::bind((Ipv4Addr::LOCALHOST, plain_port)).await?;
    let tls = TcpListener::bind((Ipv4Addr::LOCALHOST, tls_port)).await?;
    let addresses = (plain.local_addr()?, tls.local_addr()?);
    let mut listeners = JoinSet::new();
    let (shared, tls_acceptor) = (Arc::clone(&directory), acceptor.clone());
    let connected = |directory: &Directory| directory.manners.usage.count(|all| all.ldap.connections += 1);
    listeners.spawn(accept(plain, move |stream| {
        connected(&shared);
        connection::plain(stream, Arc::clone(&shared), tls_acceptor.clone())
    }));
    listeners.spawn(accept(tls, move |stream| {
        connected(&directory);
        connection::encrypted(stream, Arc::clone(&directory), acceptor.clone())
    }));
    Ok(LdapServer { plain: addresses.0, tls: addresses.1, listeners })
}

/// Accepts connections until it is dropped, which drops them too.
async fn accept<F>(listener: TcpListener, serve: impl Fn(TcpStream) -> F + Send)
where
    F: Future<Output = io::Result<()>> + Send + 'static,
{
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    // Small answers should not wait for more to come.
                    let _ = stream.set_nodelay(true);
                    connections.spawn(serve(stream));
                }
                // A client that is gone before it is accepted, or no free descriptor: give the others time to end.
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            },
            // A connection that ended badly concerns its client only.
            Some(_) = connections.join_next() => {}
        }
    }
}
