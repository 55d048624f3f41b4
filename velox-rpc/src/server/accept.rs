//! Accepts connections until the server is told to stop, then waits for those that are open. Only
//! `serve` uses this.
//!
//! Invariants: no system error ends the loop, and a failing connection ends only itself.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::io::{AsyncWriteExt, copy, sink};
use tokio::task::{JoinError, JoinSet};
use tokio::time::{sleep, timeout};

use super::conn::Host;
use super::listener::{Accept, AnyListener, Connecting};
use super::places::Places;
use super::shutdown::{Shutdown, Stop};
use crate::context::Peer;

/// Serves until `stop` completes and the delay has passed. Then serves the open connections until
/// all requests have finished or the deadline has passed.
pub(super) async fn serve(mut listener: AnyListener, host: Host, mut stop: impl Stop) -> Shutdown {
    let mut server =
        Server { host: Arc::new(host), connections: JoinSet::new(), refusals: JoinSet::new(), back_off: SHORT_PAUSE };
    server.accept(&mut *listener, stop.next()).await;
    server.host.drain.announce();
    let delay = server.host.limits.delay;
    if !delay.is_zero() {
        let waited = async { drop(timeout(delay, stop.next()).await) };
        server.accept(&mut *listener, waited).await;
    }
    server.take_the_rest(&mut *listener).await;
    drop(listener);
    server.finish(stop.next()).await
}

struct Server {
    host: Arc<Host>,
    connections: JoinSet<()>,
    refusals: JoinSet<()>,
    back_off: Duration,
}

impl Server {
    /// Accepts connections until `end` completes.
    async fn accept(&mut self, listener: &mut dyn Accept, end: impl Future<Output = ()> + Send) {
        let mut end = std::pin::pin!(end);
        loop {
            tokio::select! {
                biased;
                () = &mut end => return,
                Some(ended) = self.connections.join_next() => report(ended),
                Some(_) = self.refusals.join_next() => {}
                accepted = listener.accept() => self.accepted(accepted).await,
            }
        }
    }

    async fn accepted(&mut self, accepted: io::Result<(Connecting, Peer)>) {
        match accepted {
            Ok((connecting, peer)) => {
                self.back_off = SHORT_PAUSE;
                self.connection(connecting, peer);
            }
            // The error concerns one connection, not the listener: the client left while it was
            // queued.
            Err(error) if is_of_the_connection(&error) => {}
            // The process or the system lacks a resource, usually file descriptors. The connection
            // stays in the queue, so the next attempt would fail at once. Without a pause, this
            // loop would use a whole core and slow down the requests that could release the
            // resource.
            Err(error) => {
                if self.back_off == SHORT_PAUSE {
                    tracing::warn!(%error, "cannot accept connections, trying again");
                }
                sleep(self.back_off).await;
                self.back_off = (self.back_off * 2).min(LONG_PAUSE);
            }
        }
    }

    fn connection(&mut self, connecting: Connecting, peer: Peer) {
        if let Some(place) = self.host.place(peer) {
            // Boxed, as all tasks here are, so that a tokio task is compiled once for all of them.
            self.connections.spawn(Arc::clone(&self.host).connection(connecting, peer, place).boxed());
        } else if self.refusals.len() < self.host.refusals {
            self.refusals.spawn(refuse(connecting).boxed());
        }
        // Otherwise the connection is dropped and the client sees a reset. Too many clients arrive
        // at once to answer each of them.
    }

    /// Accepts the connections that the system has already completed. Their clients believe that
    /// they are connected, and may have sent a request.
    async fn take_the_rest(&mut self, listener: &mut dyn Accept) {
        // Goes through the scheduler once, so that the listener's readiness is up to date.
        tokio::task::yield_now().await;
        for _ in 0..REST {
            match listener.accept().now_or_never() {
                Some(Ok((connecting, peer))) => self.connection(connecting, peer),
                Some(Err(error)) if is_of_the_connection(&error) => {}
                Some(Err(_)) | None => return,
            }
        }
    }

    /// Waits for the connections, and aborts those that are left at the deadline.
    async fn finish(mut self, hurry: impl Future<Output = ()>) -> Shutdown {
        let (drain, places) = (Arc::clone(&self.host.drain), Arc::clone(&self.host.places));
        drain.wait_for(places.left());
        drain.begin();
        let deadline = self.host.limits.shutdown;
        tokio::select! {
            () = ended(&mut self.connections, &places) => {}
            () = sleep(deadline) => {}
            () = hurry => {}
        }
        drain.cut();
        self.connections.abort_all();
        places.abort();
        // An aborted task ends when it next waits for something. A task whose handler blocks the
        // thread never does, and is left behind.
        let _ = timeout(STUCK, ended(&mut self.connections, &places)).await;
        let shutdown = drain.account(self.connections.len());
        if shutdown.cut > 0 {
            tracing::warn!(
                cut = shutdown.cut,
                finished = shutdown.finished,
                "requests were cut off at the deadline of the shutdown"
            );
        }
        shutdown
    }
}

/// Waits for the connections and for the calls that outlived theirs.
async fn ended(connections: &mut JoinSet<()>, places: &Places) {
    while let Some(ended) = connections.join_next().await {
        report(ended);
    }
    places.all_free().await;
}

/// Logs a panic. A connection that panics is a bug in the server, but must not end anything else.
fn report(ended: Result<(), JoinError>) {
    if let Err(error) = ended
        && error.is_panic()
    {
        tracing::error!(%error, "a connection panicked");
    }
}

/// Answers 503, then waits a moment for the client to read it.
///
/// The reply fits into the buffer of a new socket, so the write does not wait. Bytes that the
/// client has sent are read and discarded: closing a socket with unread bytes resets the
/// connection, and the client would lose the reply.
async fn refuse(connecting: Connecting) {
    let refused = async {
        let mut stream = connecting.await?;
        stream.write_all(NO_ROOM).await?;
        // A TLS stream buffers what is written.
        stream.flush().await?;
        copy(&mut stream, &mut sink()).await
    };
    let _ = timeout(REFUSAL, refused).await;
}

fn is_of_the_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted, PermissionDenied};
    // `PermissionDenied` means that a firewall rule refused this client.
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted | PermissionDenied)
}

const NO_ROOM: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\n\
    retry-after: 1\r\n\
    connection: close\r\n\
    content-type: application/json; charset=utf-8\r\n\
    x-content-type-options: nosniff\r\n\
    content-length: 124\r\n\
    \r\n\
    {\"error\":\"ServiceUnavailable\",\"message\":\"The server has too many connections\",\"statusCode\":503,\"code\":\"SERVICE_UNAVAILABLE\"}";

/// The time for which the server waits for a refused client to disconnect.
const REFUSAL: Duration = Duration::from_secs(1);

/// The first and the longest pause after an error of the listener.
const SHORT_PAUSE: Duration = Duration::from_millis(20);
const LONG_PAUSE: Duration = Duration::from_millis(640);

/// Larger than the accept queue of any system.
const REST: usize = 4096;

/// The time that aborted connections may take to end after the deadline.
const STUCK: Duration = Duration::from_millis(500);
