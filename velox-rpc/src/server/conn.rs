//! One connection, from its first byte to its end. `accept` uses this module, and `serve` uses it
//! to make the host. Only this file builds hyper's connections.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::{HttpService, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::time::{Instant, sleep, timeout_at};

use super::activity::{Activity, InFlight};
use super::answer::{Hosted, answer};
use super::files::{self, Room};
use super::limits::{HYPER_HEADERS, Limits, STREAMS};
use super::listener::Connecting;
use super::places::{Place, Places};
use super::shutdown::Drain;
use super::socket::Socket;
use super::stall::Streams;
use super::stream::Stream;
use super::version::{ReadAhead, Version};
use super::watch::{Connection, End, Watched};
use crate::context::{Peer, TrustedProxies, network};
use crate::error::{BoxError, Chain};
use crate::networks::is_public;

/// The parts that all connections of a server share.
pub(super) struct Host {
    service: Hosted,
    pub(super) limits: Limits,
    pub(super) drain: Arc<Drain>,
    pub(super) places: Arc<Places>,
    /// The number of connections that may be refused at the same time.
    pub(super) refusals: usize,
    proxies: Option<Arc<TrustedProxies>>,
    http1: http1::Builder,
    http2: http2::Builder<Streams>,
}

impl Host {
    /// Makes a host. `proxies` are those that the application trusts.
    pub(super) fn new(service: Hosted, limits: Limits, proxies: Option<Arc<TrustedProxies>>) -> Self {
        let files = files::limit();
        let room = Room::within(files, limits.connections);
        if room.connections < limits.connections {
            tracing::info!(
                connections = room.connections,
                wanted = limits.connections,
                files,
                "the limit of open files allows fewer connections: raise it (`ulimit -n`) for more",
            );
        }
        Self {
            service,
            limits,
            drain: Arc::default(),
            places: Arc::new(Places::new(room.connections)),
            refusals: room.refusals,
            proxies,
            http1: http1_builder(limits),
            http2: http2_builder(limits),
        }
    }

    /// Takes a place for a connection. A public address gets at most half of the places. Loopback,
    /// private networks and trusted proxies are exempt, because many clients may share them.
    pub(super) fn place(&self, peer: Peer) -> Option<Place> {
        let is_trusted = || self.proxies.as_ref().is_some_and(|proxies| proxies.trusts(peer));
        let address = peer.ip().map(|address| address.to_canonical());
        let counted = address.filter(|address| is_public(address) && !is_trusted());
        self.places.take(counted.map(network))
    }

    pub(super) async fn connection(self: Arc<Self>, connecting: Connecting, peer: Peer, place: Place) {
        let head = Instant::now() + self.limits.header;
        let mut stream = match self.connected(connecting, head).await {
            Some(Ok(stream)) => stream,
            Some(Err(error)) => return tracing::debug!(%peer, %error, "connection failed before it was set up"),
            None => return tracing::debug!(%peer, "connection closed: it was not set up in time"),
        };
        let mut ahead = ReadAhead::default();
        let Some(version) = self.version(&mut stream, &mut ahead, head).await else {
            tracing::debug!(%peer, "connection closed before its first request");
            return;
        };
        let activity = Arc::new(Activity::new(Arc::clone(&self.drain), place));
        activity.within_head(true);
        let socket = TokioIo::new(Socket::new(stream, ahead, version, Arc::clone(&activity)));
        let (host, requests) = (Arc::clone(&self), Arc::clone(&activity));
        let answer = service_fn(move |request| {
            requests.within_head(false);
            answer(&host.service, &host.limits, InFlight::begin(&requests), request, peer)
        });
        let end = match version {
            Version::Http1 => self.watched(self.http1.serve_connection(socket, answer), activity, head).await,
            Version::Http2 => self.watched(self.http2.serve_connection(socket, answer), activity, head).await,
        };
        match end {
            End::Closed => {}
            End::Failed(error) => tracing::debug!(%peer, error = %Chain(&error), "connection failed"),
            End::SlowHead => tracing::debug!(%peer, "connection closed: a request's head did not arrive in time"),
            End::SlowReader => tracing::debug!(%peer, "connection closed: the client does not read"),
        }
    }

    /// Waits for the handshake until the deadline for the head, or until the server shuts down.
    async fn connected(&self, connecting: Connecting, head: Instant) -> Option<io::Result<Stream>> {
        tokio::select! {
            biased;
            connected = timeout_at(head, connecting) => connected.ok(),
            () = self.drain.draining() => None,
        }
    }

    /// Reads the bytes that tell the version, until the deadline for the head. After the server
    /// begins to shut down, it waits only a moment longer.
    async fn version(&self, stream: &mut Stream, ahead: &mut ReadAhead, head: Instant) -> Option<Version> {
        let read = timeout_at(head, ahead.read(stream));
        tokio::select! {
            biased;
            read = read => return read.ok()?.ok()?,
            () = async { self.drain.draining().await; sleep(FIRST_BYTE_GRACE).await } => {}
        }
        if ahead.is_empty() { None } else { Some(Version::Http1) }
    }

    fn watched<C: Connection>(&self, connection: C, activity: Arc<Activity>, head: Instant) -> Watched<C> {
        Watched::new(connection, activity, Arc::clone(&self.drain), self.limits, head)
    }
}

fn http1_builder(limits: Limits) -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder
        // `watch` keeps this deadline at a lower cost.
        .header_read_timeout(None)
        // `socket` looks whether a client that waits has left.
        .half_close(true)
        .max_header_size(limits.header_bytes)
        .max_buf_size(limits.header_bytes.max(BUFFER))
        .timer(TokioTimer::new());
    if limits.headers != HYPER_HEADERS {
        builder.max_headers(limits.headers);
    }
    builder
}

fn http2_builder(limits: Limits) -> http2::Builder<Streams> {
    let mut builder = http2::Builder::new(Streams { write_timeout: limits.write });
    builder
        .timer(TokioTimer::new())
        .max_header_list_size(u32::try_from(limits.header_bytes).unwrap_or(u32::MAX))
        .max_concurrent_streams(STREAMS)
        .max_pending_accept_reset_streams(RESETS)
        .max_local_error_reset_streams(RESETS)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_send_buf_size(BUFFER)
        .keep_alive_interval(limits.header.min(PING_INTERVAL))
        .keep_alive_timeout(limits.header);
    builder
}

impl<I, S, B> Connection for http1::Connection<I, S>
where
    S: HttpService<Incoming, ResBody = B>,
    S::Error: Into<BoxError>,
    I: hyper::rt::Read + hyper::rt::Write + Unpin,
    B: http_body::Body + 'static,
    B::Error: Into<BoxError>,
    Self: Future<Output = hyper::Result<()>> + Unpin,
{
    const LINGERS: bool = true;

    fn finish(&mut self) {
        Pin::new(self).graceful_shutdown();
    }
}

impl<I, S, E, B> Connection for http2::Connection<I, S, E>
where
    S: HttpService<Incoming, ResBody = B>,
    S::Error: Into<BoxError>,
    I: hyper::rt::Read + hyper::rt::Write + Unpin,
    B: http_body::Body + 'static,
    B::Error: Into<BoxError>,
    E: hyper::rt::bounds::Http2ServerConnExec<S::Future, B>,
    Self: Future<Output = hyper::Result<()>> + Unpin,
{
    const LINGERS: bool = false;

    fn finish(&mut self) {
        Pin::new(self).graceful_shutdown();
    }
}

/// The time that a new connection may take to send its first byte during a shutdown. Its request
/// may already be in the system's buffers.
const FIRST_BYTE_GRACE: Duration = Duration::from_millis(100);

/// The number of bytes of replies that are buffered, for each connection, and on HTTP/2 for each
/// stream.
const BUFFER: usize = 64 * 1024;

/// The number of streams that a client may open and reset before its connection is closed.
const RESETS: usize = 20;

/// The number of bytes of unread bodies that a client may send, for each stream and for each
/// connection.
const STREAM_WINDOW: u32 = 256 * 1024;
const CONNECTION_WINDOW: u32 = 1024 * 1024;

/// The interval of the pings. They detect clients that vanished without closing. They also detect
/// clients that do not finish a head, because a client cannot answer a ping in the middle of one.
const PING_INTERVAL: Duration = Duration::from_secs(20);
