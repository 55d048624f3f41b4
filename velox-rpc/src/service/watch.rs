//! Observability of a request: the span around it, and the call to the observers when it ends.
//!
//! ```text
//!   span ─► begin ─► within: the calls run ─┬─► end      observers get the status of the reply
//!                                           └─► drop     they get none: the client left, or it took too long
//! ```
//!
//! The span is entered whenever the request is polled, so that the log lines of handlers belong to
//! it. It gets the status and the time when the observers are called.
//!
//! If the span is disabled and there are no observers, this reads no clock and writes nothing.

use std::fmt;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::time::{Duration, Instant};

use http::{Method, StatusCode};
use tracing::Span;
use tracing::field::Empty;

use crate::call::ProcedureName;
use crate::context::RequestId;
use crate::wire::Subject;

/// Receives every request that has ended, for example to record metrics. Add one with
/// [`App::observe`](crate::App::observe). Closures implement this trait.
///
/// velox calls the observer on the thread that answers, before the reply is sent. Count or record
/// the request, and do not block.
///
/// # Examples
///
/// ```
/// use std::collections::HashMap;
/// use std::sync::{Arc, Mutex};
/// use std::time::Duration;
///
/// use velox_rpc::service::{Ended, Observer};
///
/// /// The times of each route, by its pattern and not by the path, which clients choose.
/// #[derive(Clone, Default)]
/// struct Times(Arc<Mutex<HashMap<String, Vec<Duration>>>>);
///
/// impl Observer for Times {
///     fn ended(&self, request: &Ended<'_>) {
///         let route = request.route().unwrap_or("none").to_owned();
///         self.0.lock().expect("nobody panics here").entry(route).or_default().push(request.duration());
///     }
/// }
///
/// let app = velox_rpc::App::new(()).observe(Times::default());
/// # let _ = app;
/// ```
pub trait Observer: Send + Sync + 'static {
    /// Called when a request has ended.
    fn ended(&self, request: &Ended<'_>);
}

impl<F: Fn(&Ended<'_>) + Send + Sync + 'static> Observer for F {
    fn ended(&self, request: &Ended<'_>) {
        self(request);
    }
}

/// A request that has ended, with its reply, as an [`Observer`] receives it.
///
/// # Examples
///
/// ```
/// use velox_rpc::service::Ended;
///
/// /// A line of an access log.
/// fn line(ended: &Ended<'_>) -> String {
///     let status = ended.status().map_or(0, |status| status.as_u16());
///     format!("{} {} {} {status} {:?}", ended.id(), ended.method(), ended.route().unwrap_or("-"), ended.duration())
/// }
/// # let _ = line;
/// ```
pub struct Ended<'a> {
    id: &'a RequestId,
    method: &'a Method,
    subject: Option<Subject<'a>>,
    status: Option<StatusCode>,
    duration: Duration,
}

impl Ended<'_> {
    /// Returns the request's id, which the log also contains.
    pub fn id(&self) -> &RequestId {
        self.id
    }

    /// Returns the method of the request. If no route was found, a client may have made it up.
    pub fn method(&self) -> &Method {
        self.method
    }

    /// Returns the path of the route as in the table of routes, with parameters such as `:id`.
    /// Returns `None` if no route was found.
    pub fn route(&self) -> Option<&str> {
        self.subject.map(|subject| subject.route)
    }

    /// Returns the name of the route's procedure.
    pub fn procedure(&self) -> Option<&ProcedureName> {
        self.subject.and_then(|subject| subject.procedure)
    }

    /// Returns the status of the reply. Returns `None` if a query was dropped before it had one,
    /// because it took [too long](crate::App::handler_timeout) or because the server saw that its
    /// client left. On HTTP/1, only a broken connection shows that; after an ordinary close, the
    /// query runs to its end.
    ///
    /// A mutation continues after the timeout. It has the status of its own reply, which no client
    /// receives.
    pub fn status(&self) -> Option<StatusCode> {
        self.status
    }

    /// Returns the time from the head of the request to the head of the reply.
    pub fn duration(&self) -> Duration {
        self.duration
    }
}

impl fmt::Debug for Ended<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ended")
            .field("id", &self.id)
            .field("method", &self.method)
            .field("route", &self.route())
            .field("status", &self.status)
            .field("duration", &self.duration)
            .finish_non_exhaustive()
    }
}

/// Makes the span of a request. Its name for OpenTelemetry has to be set when it begins. The
/// id and the subject are only computed if the span is enabled.
pub(super) fn span<'a>(
    id: impl FnOnce() -> RequestId,
    method: &Method,
    subject: impl Fn() -> Option<Subject<'a>>,
) -> Span {
    tracing::info_span!(
        target: "velox_rpc::request",
        "request",
        otel.kind = "server",
        otel.name = %Name(method, subject()),
        request_id = %id(),
        %method,
        route = subject().map(|subject| subject.route),
        procedure = subject().and_then(|subject| subject.procedure).map(display),
        status = Empty,
        otel.status_code = Empty,
        time_us = Empty,
    )
}

/// Displays as `GET /api/users/:id`, or as the method alone if there is no route.
struct Name<'a>(&'a Method, Option<Subject<'a>>);

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.1 {
            Some(subject) => write!(f, "{} {}", self.0, subject.route),
            None => write!(f, "{}", self.0),
        }
    }
}

/// Runs a future within a span. It does not use `tracing::Instrument`, which would move the large
/// future even if the span is disabled.
pub(super) async fn within<F: Future>(span: &Span, mut future: Pin<&mut F>) -> F::Output {
    poll_fn(|cx| {
        let _entered = (!span.is_disabled()).then(|| span.enter());
        future.as_mut().poll(cx)
    })
    .await
}

/// A request in progress. It ends by a call of [`end`](Self::end), or when it is dropped because
/// the client left or the call was late.
pub(super) struct Watch<'a> {
    span: &'a Span,
    /// `None` if nobody observes the request. It is boxed because that is the usual case.
    seen: Option<Box<Seen<'a>>>,
}

struct Seen<'a> {
    id: RequestId,
    observers: &'a [Box<dyn Observer>],
    method: Method,
    subject: Option<Subject<'a>>,
    started: Instant,
}

impl<'a> Watch<'a> {
    pub(super) fn begin(
        id: impl FnOnce() -> RequestId,
        span: &'a Span,
        observers: &'a [Box<dyn Observer>],
        method: &Method,
        subject: impl Fn() -> Option<Subject<'a>>,
    ) -> Self {
        let is_seen = !span.is_disabled() || !observers.is_empty();
        let seen = is_seen.then(|| {
            Box::new(Seen { id: id(), observers, method: method.clone(), subject: subject(), started: Instant::now() })
        });
        Self { span, seen }
    }

    /// Ends the request with the status of its reply.
    #[inline]
    pub(super) fn end(mut self, status: StatusCode) {
        self.report(Some(status));
    }

    #[inline]
    fn report(&mut self, status: Option<StatusCode>) {
        if let Some(seen) = self.seen.take() {
            self.tell(*seen, status);
        }
    }

    fn tell(&self, seen: Seen<'_>, status: Option<StatusCode>) {
        let Seen { id, observers, method, subject, started } = seen;
        let duration = started.elapsed();
        if let Some(status) = status {
            self.span.record("status", i64::from(status.as_u16()));
            if status.is_server_error() {
                self.span.record("otel.status_code", "ERROR");
            }
        }
        self.span.record("time_us", i64::try_from(duration.as_micros()).unwrap_or(i64::MAX));
        let ended = Ended { id: &id, method: &method, subject, status, duration };
        for observer in observers {
            // A faulty observer must not break the request. A second panic while another one
            // unwinds would also abort the process.
            if catch_unwind(AssertUnwindSafe(|| observer.ended(&ended))).is_err() {
                tracing::error!(request_id = %id, "an observer panicked");
            }
        }
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        self.report(None);
    }
}
