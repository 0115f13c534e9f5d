//! One connection: bytes in, bytes out, and the switch to TLS.

use super::codec::LdapCodec;
use super::session::{Directory, Next, Session, notice_of_disconnection};
use futures_util::{SinkExt as _, StreamExt as _};
use rasn_ldap::LdapMessage;
use std::io;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_util::codec::Framed;

/// How a conversation over one kind of stream ended.
enum End {
    Closed,
    /// The client asked for TLS and was told to go ahead.
    StartTls,
}

/// Serves a connection that starts in plain text.
pub async fn plain(stream: TcpStream, directory: Arc<Directory>, tls: TlsAcceptor) -> io::Result<()> {
    let mut session = Session::new(directory, false);
    let mut framed = Framed::new(stream, LdapCodec);
    if let End::Closed = converse(&mut framed, &mut session).await? {
        return Ok(());
    }
    let parts = framed.into_parts();
    if !parts.read_buf.is_empty() {
        // Requests sent before the handshake would later look as if they had been encrypted.
        return Ok(());
    }
    let stream = tls.accept(parts.io).await?;
    session.now_encrypted();
    converse(&mut Framed::new(stream, LdapCodec), &mut session).await.map(drop)
}

/// Serves a connection that starts with TLS.
pub async fn encrypted(stream: TcpStream, directory: Arc<Directory>, tls: TlsAcceptor) -> io::Result<()> {
    let stream = tls.accept(stream).await?;
    let mut session = Session::new(directory, true);
    converse(&mut Framed::new(stream, LdapCodec), &mut session).await.map(drop)
}

async fn send<S: AsyncRead + AsyncWrite + Unpin>(
    framed: &mut Framed<S, LdapCodec>,
    messages: Vec<LdapMessage>,
) -> io::Result<()> {
    for message in messages {
        framed.feed(message).await?;
    }
    framed.flush().await
}

/// Answers requests until one of both sides has had enough.
async fn converse<S>(framed: &mut Framed<S, LdapCodec>, session: &mut Session) -> io::Result<End>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    while let Some(request) = framed.next().await {
        let next = match request {
            Ok(request) => session.answer(request),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                Next::Close(vec![notice_of_disconnection(&error.to_string())])
            }
            Err(error) => return Err(error),
        };
        match next {
            Next::Reply(messages) => send(framed, messages).await?,
            Next::StartTls(message) => {
                send(framed, vec![message]).await?;
                return Ok(End::StartTls);
            }
            Next::Cut(messages) => {
                send(framed, messages).await?;
                return Ok(End::Closed);
            }
            Next::Close(messages) => {
                send(framed, messages).await?;
                return framed.close().await.map(|()| End::Closed);
            }
        }
    }
    Ok(End::Closed)
}
