//! What is seen of an exchange from outside: a span around it, and what observers are told when it ends.
//!
//! Where nobody looks, no clock is read and nothing is written.

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

/// Is told of every exchange when it ends: for metrics. [`App::observe`](crate::App::observe) takes one; a closure is one.
///
/// It is asked on the thread that answers, before the reply leaves: it counts, and does not wait.
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
/// /// How long each route takes, by its pattern and not by the path: a visitor cannot make more of them.
/// #[derive(Clone, Default)]
/// struct Times(Arc<Mutex<HashMap<String, Vec<Duration>>>>);
///
/// impl Observer for Times {
///     fn ended(&self, exchange: &Ended<'_>) {
///         let route = exchange.route().unwrap_or("none").to_owned();
///         self.0.lock().expect("nobody panics here").entry(route).or_default().push(exchange.duration());
///     }
/// }
///
/// let app = velox_rpc::App::new(()).observe(Times::default());
/// # let _ = app;
/// ```
pub trait Observer: Send + Sync + 'static {
    /// An exchange has ended.
    fn ended(&self, exchange: &Ended<'_>);
}

impl<F: Fn(&Ended<'_>) + Send + Sync + 'static> Observer for F {
    fn ended(&self, exchange: &Ended<'_>) {
        self(exchange);
    }
}

/// An exchange that has ended, for an [`Observer`].
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
    /// The exchange's name in the log.
    pub fn id(&self) -> &RequestId {
        self.id
    }

    /// The method of the request: where no route was found, any word that a client made up.
    pub fn method(&self) -> &Method {
        self.method
    }

    /// The path of the route as the table of routes has it, with parameters as `:id`; `None` where no route was found.
    pub fn route(&self) -> Option<&str> {
        self.subject.map(|subject| subject.route)
    }

    /// The procedure of the route.
    pub fn procedure(&self) -> Option<&ProcedureName> {
        self.subject.and_then(|subject| subject.procedure)
    }

    /// The status of the reply; `None` where a query was dropped before there was one: its client has left, or it took
    /// [too long](crate::App::handler_timeout). A mutation that took too long has the status of its own reply, which nobody got.
    pub fn status(&self) -> Option<StatusCode> {
        self.status
    }

    /// The time from the request's head to the reply's.
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

/// The span around an exchange. Its name for OpenTelemetry has to be there when it begins. What is told is made only if somebody looks.
pub(super) fn span<'a>(
    id: impl FnOnce() -> RequestId,
    method: &Method,
    subject: impl Fn() -> Option<Subject<'a>>,
) -> Span {
    tracing::info_span!(
        target: "velox_rpc::exchange",
        "exchange",
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

/// `GET /api/users/:id`, or the method alone.
struct Name<'a>(&'a Method, Option<Subject<'a>>);

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.1 {
            Some(subject) => write!(f, "{} {}", self.0, subject.route),
            None => write!(f, "{}", self.0),
        }
    }
}

/// Runs a future within a span. Not by `tracing::Instrument`: that moves the future, which is large, whether anybody looks or not.
pub(super) async fn within<F: Future>(span: &Span, mut future: Pin<&mut F>) -> F::Output {
    poll_fn(|cx| {
        let _entered = (!span.is_disabled()).then(|| span.enter());
        future.as_mut().poll(cx)
    })
    .await
}

/// An exchange that is under way. It ends when it is told so, or when it is dropped: then the client has gone.
pub(super) struct Watch<'a> {
    span: &'a Span,
    /// None where nobody looks; in a box, since that is the rule.
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

    /// There is a reply.
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
            // What counts must not take down what is counted; and a panic while another unwinds ends the process.
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
