//! One request, from its head to the head of its reply. `conn` calls it.
//!
//! ```text
//!   request ─┬─ its head is bad, or there is no room ──► 4xx or 503
//!            └─ call ─┬─ ends ─────────────────────────► its reply
//!                     ├─ takes too long ───────────────► 503 ┐ a query is dropped,
//!                     └─ loses its client ─────────────► -   ┘ a mutation continues in its own task
//! ```
//!
//! The deadline starts when the call first waits. It starts again after each wait for the client's
//! body, which has its own deadline (`body`), and when a request that came through other services
//! reaches an application, whose own timeout then holds.

use std::convert::Infallible;
use std::fmt;
use std::future::{Future, ready};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use http::header::{CONNECTION, EXPECT, HeaderValue};
use http::{Method, Request, Response, StatusCode};
use http_body::Body as _;
use hyper::body::Incoming;
use tokio::time::{Sleep, sleep};

use super::activity::{Activity, InFlight};
use super::body::{self, Arriving, Reply, Rest};
use super::head;
use super::limits::{self, Limits};
use super::stall;
use crate::context::Peer;
use crate::error::Error;
use crate::service::{self, Answering, Asking, Body, BoxedService, Core, Stopping, Term};

/// The service that makes the replies. The type of any service other than an application is erased,
/// so that hyper is compiled once, in velox-rpc.
#[derive(Clone)]
pub(super) enum Hosted {
    /// Called directly, without an extension for the peer.
    App(Arc<Core>),
    /// Any other service, or an application wrapped in layers.
    Boxed(BoxedService),
}

impl fmt::Debug for Hosted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hosted(..)")
    }
}

/// Answers a request. On HTTP/1, hyper polls this in the connection's task. It never fails.
pub(super) fn answer(
    hosted: &Hosted,
    limits: &Limits,
    in_flight: InFlight,
    request: Request<Incoming>,
    peer: Peer,
) -> Exchange {
    let is_http1 = request.version() < http::Version::HTTP_2;
    let (mut parts, incoming) = request.into_parts();
    if in_flight.activity().drain().is_announced() {
        parts.extensions.insert(Stopping);
    }
    let expects = || parts.headers.keys().any(|name| *name == EXPECT);
    let rest = match is_http1 {
        false => Rest::Reset,
        true if !incoming.is_end_stream() && expects() => Rest::Unsent,
        true => Rest::Read,
    };
    // Only a transfer coding leaves the end of a body open on HTTP/1.
    let has_open_end = incoming.size_hint().exact().is_none();
    // Made before anything is refused, because it also takes care of a body that nobody reads.
    let body = Arriving::new(incoming, limits.body, &in_flight, rest);
    // h2 limits the bytes of a head, but not the number of its fields.
    let has_too_many = !is_http1 && parts.headers.len() > limits.headers;
    let refused = match head::check(&parts, has_open_end) {
        Ok(()) if has_too_many => Some(too_many_headers()),
        Ok(()) if in_flight.activity().is_full() => Some(no_room()),
        Ok(()) => None,
        Err(error) => Some(error),
    };
    let (reply, terms): (Answering, _) = match (refused, hosted) {
        (Some(error), _) => (Box::pin(ready(service::refused(&error))), Terms::App(None)),
        (None, Hosted::App(app)) => {
            let claimed = app.claim(parts, body, Some(peer));
            let term = claimed.term().map(|term| (Arc::clone(app), term));
            (Arc::clone(app).answer(claimed), Terms::App(term))
        }
        (None, Hosted::Boxed(service)) => {
            let is_safe = matches!(parts.method, Method::GET | Method::HEAD | Method::OPTIONS);
            let mut request = Request::from_parts(parts, Body::new(body));
            let asking = Asking::default();
            request.extensions_mut().insert(asking.clone());
            (
                Box::pin(service.clone().answer_to(request, peer)),
                Terms::Asked { asking, is_safe, timeout: limits.handler },
            )
        }
    };
    Exchange { reply: Some(reply), terms, deadline: None, has_begun: false, is_http1, in_flight: Some(in_flight) }
}

/// A request that is being answered.
pub(super) struct Exchange {
    /// `None` once nobody waits for it.
    reply: Option<Answering>,
    terms: Terms,
    /// Set once the reply waits for something, with whether it is the deadline of an application.
    deadline: Option<(bool, Pin<Box<Sleep>>)>,
    has_begun: bool,
    is_http1: bool,
    /// `None` once the reply is made.
    in_flight: Option<InFlight>,
}

/// The terms of a request: how long its calls may take, and whether they continue without their
/// client.
enum Terms {
    /// Those of the application. `None` if the request has no calls, because it is refused or asks
    /// for a page.
    App(Option<(Arc<Core>, Term)>),
    /// An application behind another service tells its term once it has the request. Until then,
    /// and for services that are not applications, the server's own timeout holds. The method
    /// decides whether the request continues without its client, because the services around an
    /// application may have effects, too.
    Asked { asking: Asking, is_safe: bool, timeout: Duration },
}

impl Terms {
    /// Returns whether the calls continue when nobody waits for the reply.
    fn outlives_client(&self) -> bool {
        match self {
            Self::App(term) => term.as_ref().is_some_and(|(_, term)| term.outlives_client),
            Self::Asked { is_safe, .. } => !is_safe,
        }
    }

    /// Returns the term of the calls and the application that they belong to.
    fn term(&self) -> Option<(&Core, &Term)> {
        match self {
            Self::App(term) => term.as_ref().map(|(app, term)| (&**app, term)),
            Self::Asked { asking, .. } => asking.told(),
        }
    }

    /// Returns how long the reply may take, or `None` if there is no limit.
    fn timeout(&self) -> Option<Duration> {
        match (self.term(), self) {
            (Some((_, term)), _) => term.timeout,
            (None, Self::Asked { timeout, .. }) => Some(*timeout),
            (None, Self::App(_)) => None,
        }
    }

    /// Makes the reply to a request that was not answered in time.
    #[cold]
    fn late(&self) -> Response<Body> {
        match self.term() {
            Some((app, term)) => app.late(term),
            None => service::late(self.outlives_client()),
        }
    }
}

impl Future for Exchange {
    type Output = Result<Response<Reply>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.has_begun = true;
        stall::begin();
        let mut response = match self.reply.as_mut().expect(ONCE).as_mut().poll(cx) {
            Poll::Ready(response) => response,
            Poll::Pending => ready!(self.late(cx)),
        };
        let in_flight = self.in_flight.take().expect(ONCE);
        if self.is_http1 {
            let activity = in_flight.activity();
            if close_after(activity) {
                response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            }
            if response.body().size_hint().exact().is_none() {
                activity.stream();
            }
        }
        Poll::Ready(Ok(Reply::of(response, in_flight, self.is_http1)))
    }
}

impl Exchange {
    /// Returns the 503 that replaces the reply, once the calls are late.
    fn late(&mut self, cx: &mut Context<'_>) -> Poll<Response<Body>> {
        let is_waiting_for_upload = stall::is_waiting_for_upload();
        stall::waiting_for_ourselves();
        if is_waiting_for_upload {
            self.deadline = None;
            return Poll::Pending;
        }
        let Some(timeout) = self.terms.timeout() else { return Poll::Pending };
        let is_of_app = self.terms.term().is_some();
        self.deadline.take_if(|(was_of_app, _)| *was_of_app != is_of_app);
        let (_, deadline) =
            self.deadline.get_or_insert_with(|| (is_of_app, Box::pin(sleep(limits::duration(timeout)))));
        ready!(deadline.as_mut().poll(cx));
        let response = self.terms.late();
        self.leave();
        Poll::Ready(response)
    }

    /// Lets a mutation continue in its own task when nobody waits for its reply. Drops a query.
    fn leave(&mut self) {
        if let (Some(reply), Some(in_flight)) = (self.reply.take(), &self.in_flight)
            && self.has_begun
            && self.terms.outlives_client()
        {
            body::outlive(in_flight.activity(), reply);
        }
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        self.leave();
    }
}

/// Returns whether the reply tells the client that the connection closes after it. Without that
/// notice, the client would send a request that nobody reads (RFC 9112, section 9.6).
fn close_after(activity: &Activity) -> bool {
    // hyper closes the connection after a body that nobody reads, because its rest precedes the
    // next request. A late mutation holds the connection's place, which is meant for one request at
    // a time.
    activity.is_body_unread() || activity.drain().is_draining() || activity.outliving() > 0
}

#[cold]
fn no_room() -> Error {
    Error::unavailable("The connection has too many unfinished calls").with_name("ServiceUnavailable")
}

#[cold]
fn too_many_headers() -> Error {
    let status = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
    Error::custom(status, "TOO_MANY_HEADERS", "The request has too many header fields")
        .with_name("Request Header Fields Too Large")
}

const ONCE: &str = "a future that has ended is not polled again";
