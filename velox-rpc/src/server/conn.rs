//! One connection, from its first byte to its end. Used by `accept` alone; the only file that builds hyper's connections.

use std::convert::Infallible;
use std::fmt;
use std::future::{Future, poll_fn};
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use http::header::{CONNECTION, EXPECT, HeaderValue};
use http::{Request, Response, StatusCode};
use http_body::Body as _;
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::{HttpService, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use pin_project_lite::pin_project;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout_at};

use super::activity::{Activity, InFlight};
use super::body::{Arriving, Reply, Rest, drain};
use super::head;
use super::limits::{HYPER_HEADERS, Limits};
use super::shutdown::Drain;
use super::socket::Socket;
use super::stall::{Streams, waiting_for_ourselves};
use super::version::{Prefix, Version};
use super::watch::{Connection, End, Watched};
use crate::context::Peer;
use crate::error::{BoxError, Chain, Error};
use crate::service::{Body, BoxedService, Core, GoesOn, refused};

/// What makes the replies. Its type is erased where it is not an application, so that hyper is compiled once, in velox-rpc.
#[derive(Clone)]
pub(super) enum Hosted {
    /// Called directly: no box, and no extension for the peer.
    App(Arc<Core>),
    /// Any other service, or an application with layers around it.
    Boxed(BoxedService),
}

impl fmt::Debug for Hosted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hosted(..)")
    }
}

/// What the connections of a server share.
pub(super) struct Host {
    service: Hosted,
    pub(super) limits: Limits,
    pub(super) drain: Arc<Drain>,
    http1: http1::Builder,
    http2: http2::Builder<Streams>,
}

impl Host {
    pub(super) fn new(service: Hosted, limits: Limits) -> Self {
        Self { service, limits, drain: Arc::default(), http1: http1_builder(limits), http2: http2_builder(limits) }
    }

    /// Serves a connection until it ends.
    pub(super) async fn connection(self: Arc<Self>, stream: TcpStream, peer: SocketAddr) {
        let head = Instant::now() + self.limits.header;
        // Replies are written in one piece: waiting for more to send only delays them. A socket that cannot do it works all the same.
        let _ = stream.set_nodelay(true);
        let mut prefix = Prefix::default();
        let Some(version) = self.version(&stream, &mut prefix, head).await else {
            tracing::debug!(%peer, "connection closed before its first request");
            return;
        };
        let activity = Arc::new(Activity::new(Arc::clone(&self.drain)));
        activity.within_head(true);
        let socket = TokioIo::new(Socket::new(stream, prefix, version, Arc::clone(&activity)));
        let end = match version {
            Version::Http1 => {
                let (host, requests) = (Arc::clone(&self), Arc::clone(&activity));
                let answer = service_fn(move |request| {
                    requests.within_head(false);
                    answer(&host, InFlight::begin(&requests), request, peer)
                });
                self.watched(self.http1.serve_connection(socket, answer), activity, head).await
            }
            Version::Http2 => {
                let (host, requests) = (Arc::clone(&self), Arc::clone(&activity));
                let answer = service_fn(move |request| {
                    answer_stream(Arc::clone(&host), InFlight::begin(&requests), request, peer)
                });
                self.watched(self.http2.serve_connection(socket, answer), activity, head).await
            }
        };
        match end {
            End::Closed => {}
            End::Failed(error) => tracing::debug!(%peer, error = %Chain(&error), "connection failed"),
            End::SlowHead => tracing::debug!(%peer, "connection closed: a request's head did not arrive in time"),
            End::SlowReader => tracing::debug!(%peer, "connection closed: the client does not read"),
        }
    }

    /// Waits for the bytes that tell the version, for as long as a head may take, or for a moment if the server ends.
    async fn version(&self, stream: &TcpStream, prefix: &mut Prefix, head: Instant) -> Option<Version> {
        let read = timeout_at(head, prefix.read(stream));
        tokio::select! {
            biased;
            read = read => return read.ok()?.ok()?,
            () = async { self.drain.draining().await; sleep(FIRST_BYTE_GRACE).await } => {}
        }
        if prefix.is_empty() { None } else { Some(Version::Http1) }
    }

    fn watched<C: Connection>(&self, connection: C, activity: Arc<Activity>, head: Instant) -> Watched<C> {
        Watched::new(connection, activity, Arc::clone(&self.drain), self.limits, head)
    }
}

/// Answers a request. Of HTTP/1, hyper polls this within the connection's task. Never fails.
fn answer(
    host: &Host,
    in_flight: InFlight,
    request: Request<Incoming>,
    peer: SocketAddr,
) -> Answer<impl Future<Output = Response<Body>> + use<>> {
    let is_http1 = request.version() < http::Version::HTTP_2;
    let (parts, incoming) = request.into_parts();
    let expects = || parts.headers.keys().any(|name| *name == EXPECT);
    let rest = match is_http1 {
        false => Rest::Reset,
        true if !incoming.is_end_stream() && expects() => Rest::Unsent,
        true => Rest::Read,
    };
    // Made before anything is refused: it sees to what is left of the body.
    let body = Arriving::new(incoming, host.limits.body, &in_flight, rest);
    let reply = match head::check(&parts) {
        Ok(()) => {
            let peer = Peer::from(peer);
            match &host.service {
                Hosted::App(app) => Making::App { reply: Arc::clone(app).answer(parts, body, Some(peer)) },
                Hosted::Boxed(service) => {
                    let request = Request::from_parts(parts, Body::new(body));
                    Making::Boxed { reply: Box::pin(service.clone().answer_to(request, peer)) }
                }
            }
        }
        Err(error) => Making::Refused { reply: Some(Box::new(refused(&error))) },
    };
    Answer { reply, is_http1, in_flight: Some(in_flight) }
}

pin_project! {
    /// A request on its way to its reply. Not an `async` block: that would move the large future of the reply more often.
    struct Answer<F> {
        #[pin]
        reply: Making<F>,
        is_http1: bool,
        in_flight: Option<InFlight>,
    }
}

pin_project! {
    /// What makes the reply.
    #[project = MakingNow]
    enum Making<F> {
        App { #[pin] reply: F },
        Boxed { reply: Pin<Box<dyn Future<Output = Response<Body>> + Send>> },
        Refused { reply: Option<Box<Response<Body>>> },
    }
}

impl<F: Future<Output = Response<Body>>> Future for Answer<F> {
    type Output = Result<Response<Reply>, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let mut response = match this.reply.project() {
            MakingNow::App { reply } => ready!(reply.poll(cx)),
            MakingNow::Boxed { reply } => ready!(reply.as_mut().poll(cx)),
            MakingNow::Refused { reply } => *reply.take().expect(ONCE),
        };
        let in_flight = this.in_flight.take().expect(ONCE);
        if *this.is_http1 {
            let activity = in_flight.activity();
            let rest = activity.reply();
            let is_body_unread = rest.is_none() && activity.is_body_unread();
            if let Some(rest) = rest {
                drain(rest, in_flight.again());
            }
            // hyper closes the connection where the rest of a body stands before the next request. At the end of the server this is the
            // last request. RFC 9112, section 9.6: the client is told, so that it sends none that nobody will read.
            if is_body_unread || activity.drain().is_draining() {
                response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            }
        }
        let goes_on = response.extensions().get::<GoesOn>().is_some();
        Poll::Ready(Ok(response.map(|reply| Reply::new(reply, in_flight, goes_on))))
    }
}

/// Answers a request of HTTP/2. A task of its own, see [`stall`](super::stall).
async fn answer_stream(
    host: Arc<Host>,
    in_flight: InFlight,
    request: Request<Incoming>,
    peer: SocketAddr,
) -> Result<Response<Reply>, Infallible> {
    // h2 limits the bytes of a head but not its fields.
    if request.headers().len() > host.limits.headers {
        return Ok(refused(&too_many_headers()).map(|reply| Reply::new(reply, in_flight, false)));
    }
    let mut answer = pin!(answer(&host, in_flight, request, peer));
    poll_fn(|cx| {
        let response = answer.as_mut().poll(cx);
        if response.is_pending() {
            waiting_for_ourselves();
        }
        response
    })
    .await
}

#[cold]
fn too_many_headers() -> Error {
    let status = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
    Error::custom(status, "TOO_MANY_HEADERS", "The request has too many header fields")
        .with_name("Request Header Fields Too Large")
}

fn http1_builder(limits: Limits) -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder
        // See `watch`: it keeps this deadline, for less.
        .header_read_timeout(None)
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
        .keep_alive_interval(PING_INTERVAL)
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

const ONCE: &str = "a future that has ended is not polled again";

/// What a client that has just connected gets at the end of the server: its request may be in the system's buffers.
const FIRST_BYTE_GRACE: Duration = Duration::from_millis(100);

/// What may be buffered of a reply, by connection and in HTTP/2 by stream.
const BUFFER: usize = 64 * 1024;

/// Streams of one HTTP/2 connection at a time.
const STREAMS: u32 = 100;

/// Streams a client may open and reset before its connection is closed.
const RESETS: usize = 20;

/// What a client may send of bodies that nobody has read yet.
const STREAM_WINDOW: u32 = 256 * 1024;
const CONNECTION_WINDOW: u32 = 1024 * 1024;

/// Finds clients that vanished without closing.
const PING_INTERVAL: Duration = Duration::from_secs(20);
