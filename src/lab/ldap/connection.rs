//! One connection: bytes in, bytes out, and the switch to TLS.

use super::codec::LdapCodec;
use super::session::{Directory, Next, Session, notice_of_disconnection};
use futures_util::{SinkExt as _, StreamExt as _};
use rasn_ldap::LdapMessage;
use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::time::Instant;
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
    let mut framed = Framed::new(stream, LdapCodec);
    let (End::StartTls, mut session) = converse(&mut framed, Session::new(directory, false)).await? else {
        return Ok(());
    };
    let parts = framed.into_parts();
    if !parts.read_buf.is_empty() {
        // Requests sent before the handshake would later look as if they had been encrypted.
        return Ok(());
    }
    let stream = tls.accept(parts.io).await?;
    session.now_encrypted();
    converse(&mut Framed::new(stream, LdapCodec), session).await.map(drop)
}

/// Serves a connection that starts with TLS.
pub async fn encrypted(stream: TcpStream, directory: Arc<Directory>, tls: TlsAcceptor) -> io::Result<()> {
    let stream = tls.accept(stream).await?;
    converse(&mut Framed::new(stream, LdapCodec), Session::new(directory, true)).await.map(drop)
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

/// How many requests of one connection may wait for their answers (AD's MaxActiveQueries is 20 for all of a server's
/// connections at once). A client that sends more is not read until it has read.
const MOST_PIPELINED: usize = 1_000;

/// An answer that waits for its time.
struct Due {
    at: Instant,
    next: Next,
}

/// Answers requests until one of both sides has had enough.
///
/// Requests are done in the order in which they come, each when it comes; its answer leaves when the latency is over. So a
/// client that does not wait for answers waits for the latency once, as on a real network.
async fn converse<S>(framed: &mut Framed<S, LdapCodec>, mut session: Session) -> io::Result<(End, Session)>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let manners = session.manners().clone();
    let latency = manners.pace.latency;
    let mut waiting: VecDeque<Due> = VecDeque::new();
    let mut listening = true;
    while listening || !waiting.is_empty() {
        let due = waiting.front().map(|first| first.at);
        let request = tokio::select! {
            biased;
            () = until(due) => None,
            request = framed.next(), if listening && waiting.len() < MOST_PIPELINED => Some(request),
        };
        let Some(request) = request else {
            let Some(Due { next, .. }) = waiting.pop_front() else { continue };
            match next {
                Next::Reply(messages) => send(framed, messages).await?,
                Next::StartTls(message) => {
                    send(framed, vec![message]).await?;
                    return Ok((End::StartTls, session));
                }
                Next::Cut(messages) => {
                    send(framed, messages).await?;
                    return Ok((End::Closed, session));
                }
                Next::Close(messages) => {
                    send(framed, messages).await?;
                    return framed.close().await.map(|()| (End::Closed, session));
                }
            }
            continue;
        };
        let next = match request {
            // The client is gone, or has nothing more to say; what it asked before is answered still.
            None => {
                listening = false;
                continue;
            }
            Some(Ok(request)) => {
                let next;
                (next, session) = answer(session, request).await?;
                next
            }
            Some(Err(error)) if error.kind() == io::ErrorKind::InvalidData => {
                Next::Close(vec![notice_of_disconnection(&error.to_string())])
            }
            Some(Err(error)) => return Err(error),
        };
        listening = matches!(next, Next::Reply(_));
        waiting.push_back(Due { at: Instant::now() + latency, next });
        manners.usage.count(|all| {
            all.ldap.peak_pipelined = all.ldap.peak_pipelined.max(waiting.len() as u64);
        });
    }
    Ok((End::Closed, session))
}

/// Waits until then; for ever, if there is nothing to wait for.
async fn until(due: Option<Instant>) {
    match due {
        // The timer counts whole milliseconds: no latency must cost none.
        Some(due) if due <= Instant::now() => {}
        Some(due) => tokio::time::sleep_until(due.into()).await,
        None => std::future::pending().await,
    }
}

/// Answers one request. A search below a base may read a whole directory, which must not hold up other connections.
async fn answer(mut session: Session, request: LdapMessage) -> io::Result<(Next, Session)> {
    if !Session::may_take_long(&request) {
        return Ok((session.answer(request), session));
    }
    let work = tokio::task::spawn_blocking(move || (session.answer(request), session));
    work.await.map_err(|_| io::Error::other("the search failed"))
}
