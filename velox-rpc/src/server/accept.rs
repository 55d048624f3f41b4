//! The listener: takes connections until the server is told to stop, then waits for those it has. Used by `mod` alone.
//!
//! Always holds: no error of the system ends the loop, and no connection can end anything but itself.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Poll, ready};
use std::time::Duration;

use futures_util::FutureExt;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::task::{JoinError, JoinSet};
use tokio::time::{sleep, timeout};

use super::conn::Host;
use super::listener::{Accept, Connecting, Listening};
use super::places::Places;
use super::shutdown::{Shutdown, Stop};
use crate::context::Peer;

/// Serves until `stop`, then until all is finished or the deadline is over.
pub(super) async fn serve(mut listener: Listening, host: Host, mut stop: impl Stop) -> Shutdown {
    let mut server =
        Server { host: Arc::new(host), connections: JoinSet::new(), refusals: JoinSet::new(), back_off: SHORT_PAUSE };
    {
        let mut stopped = std::pin::pin!(stop.stop());
        loop {
            tokio::select! {
                biased;
                () = &mut stopped => break,
                Some(ended) = server.connections.join_next() => report(ended),
                Some(_) = server.refusals.join_next() => {}
                accepted = listener.accept() => server.accepted(accepted).await,
            }
        }
    }
    server.take_the_rest(&mut *listener).await;
    drop(listener);
    server.finish(stop.hurry()).await
}

struct Server {
    host: Arc<Host>,
    connections: JoinSet<()>,
    refusals: JoinSet<()>,
    back_off: Duration,
}

impl Server {
    async fn accepted(&mut self, accepted: io::Result<(Connecting, Peer)>) {
        match accepted {
            Ok((connecting, peer)) => {
                self.back_off = SHORT_PAUSE;
                self.connection(connecting, peer);
            }
            // Of the connection, not of the listener: the client left while it was in the queue.
            Err(error) if is_of_the_connection(&error) => {}
            // The process or the system is out of something, most often of file descriptors. The connection stays in the queue, so
            // the next attempt would fail at once: without a pause this loop would take a whole core from the requests that could
            // set something free.
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
            self.connections.spawn(Arc::clone(&self.host).connection(connecting, peer, place));
        } else if self.refusals.len() < self.host.refusals {
            self.refusals.spawn(refuse(connecting));
        }
        // Else it is dropped: the client sees a reset. Whoever opens connections faster than they can be refused is not entitled to more.
    }

    /// Takes what the system has accepted in our name: these clients believe that they are connected, and may have sent a request.
    async fn take_the_rest(&mut self, listener: &mut dyn Accept) {
        // Once more through the scheduler, so that the listener's readiness is up to date.
        tokio::task::yield_now().await;
        for _ in 0..REST {
            match listener.accept().now_or_never() {
                Some(Ok((connecting, peer))) => self.connection(connecting, peer),
                Some(Err(error)) if is_of_the_connection(&error) => {}
                Some(Err(_)) | None => return,
            }
        }
    }

    /// Waits for the connections, and cuts off what is left at the deadline.
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
        // A task ends when it next waits for something. One that never does, because a handler blocks the thread, is left behind.
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

/// Waits for the connections, and for what they have left behind.
async fn ended(connections: &mut JoinSet<()>, places: &Places) {
    while let Some(ended) = connections.join_next().await {
        report(ended);
    }
    places.all_free().await;
}

/// A panic in a connection is a fault of ours, but ends nothing else.
fn report(ended: Result<(), JoinError>) {
    if let Err(error) = ended
        && error.is_panic()
    {
        tracing::error!(%error, "a connection panicked");
    }
}

/// Says that there is no room, and waits for a moment until the client has read it.
///
/// The bytes fit into the buffer of a new socket, so nothing is waited for to write them. What the client has sent is read, since a
/// socket closed with unread bytes resets the connection and takes the answer with it.
async fn refuse(connecting: Connecting) {
    let refused = async {
        let Ok(mut stream) = connecting.await else { return };
        let mut bytes = [0; 1024];
        let written = poll_fn(|cx| {
            let written = ready!(Pin::new(&mut stream).poll_write(cx, NO_ROOM));
            // TLS keeps it back.
            ready!(Pin::new(&mut stream).poll_flush(cx))?;
            Poll::Ready(written)
        });
        if written.await.is_err() {
            return;
        }
        poll_fn(|cx| {
            loop {
                let mut buffer = ReadBuf::new(&mut bytes);
                let read = ready!(Pin::new(&mut stream).poll_read(cx, &mut buffer));
                if read.is_err() || buffer.filled().is_empty() {
                    return Poll::Ready(());
                }
            }
        })
        .await;
    };
    let _ = timeout(REFUSAL, refused).await;
}

fn is_of_the_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted, PermissionDenied};
    // PermissionDenied: a firewall's rule refused this client.
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted | PermissionDenied)
}

const NO_ROOM: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\n\
    retry-after: 1\r\n\
    connection: close\r\n\
    content-type: application/json; charset=utf-8\r\n\
    x-content-type-options: nosniff\r\n\
    content-length: 111\r\n\
    \r\n\
    {\"error\":\"ServiceUnavailable\",\"message\":\"The server has no room\",\"statusCode\":503,\"code\":\"SERVICE_UNAVAILABLE\"}";

/// How long a refused client may take to leave.
const REFUSAL: Duration = Duration::from_secs(1);

/// The pauses after an error of the listener: from the first to the longest.
const SHORT_PAUSE: Duration = Duration::from_millis(20);
const LONG_PAUSE: Duration = Duration::from_millis(640);

/// More than any system queues.
const REST: usize = 4096;

/// How long a connection may take to be dropped after the deadline.
const STUCK: Duration = Duration::from_millis(500);
