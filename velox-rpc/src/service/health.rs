//! Health checks for load balancers, answered apart from the routes.
//!
//! Invariant: the reply does not wait for a check longer than the deadline, except for a check that
//! blocks its thread. The reason of a failure goes to the log only.

use std::borrow::Cow;
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use futures_util::future::join_all;
use http::header::CACHE_CONTROL;
use http::request::Parts;
use http::{HeaderValue, Method, Response, StatusCode};
use tokio::runtime::Handle;
use tokio::time::sleep;

use super::{Body, reply};
use crate::context::{ReplyHead, RequestId};
use crate::error::{BoxError, Chain, Error, Result};
use crate::unwind::Unwinding;
use crate::wire::unclaimed;

/// The path and the checks of the health endpoints, passed to [`App::health`](crate::App::health).
/// A path alone stands for no checks.
///
/// `GET {path}/live` answers 200 as long as the process runs. `GET {path}/ready` answers 200 if all
/// checks pass, and otherwise 503 with the names of those that failed. It also answers 503 as soon
/// as velox's server is told to stop.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// use http::Request;
/// use http_body_util::BodyExt;
/// use velox_rpc::App;
/// use velox_rpc::service::Health;
///
/// # async fn ping_database() -> Result<(), std::io::Error> { Err(std::io::Error::other("no route to host")) }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), velox_rpc::StartError> {
/// let health = Health::at("/health").check("database", async || ping_database().await).deadline(Duration::from_millis(500));
/// let app = App::new(()).health(health).into_service()?;
///
/// let get = |path: &str| app.call(Request::get(path).body(String::new()).unwrap());
/// assert_eq!(get("/health/live").await.status(), 200);
///
/// // The database does not answer:
/// let reply = get("/health/ready").await;
/// assert_eq!(reply.status(), 503);
/// let body = reply.into_body().collect().await.unwrap().to_bytes();
/// let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
/// assert_eq!(body["failed"], serde_json::json!(["database"]));
/// # Ok(()) }
/// ```
#[must_use = "settings do nothing until an application has them"]
pub struct Health {
    path: Cow<'static, str>,
    deadline: Duration,
    checks: Vec<Check>,
}

struct Check {
    name: Cow<'static, str>,
    run: Box<dyn Fn() -> Checking + Send + Sync>,
}

type Checking = Pin<Box<dyn Future<Output = Result<()>> + Send>>;

impl Health {
    /// Makes settings that answer health checks below `path`, such as `/health`. The prefix of the
    /// REST routes does not apply to it.
    pub fn at(path: impl Into<Cow<'static, str>>) -> Self {
        Self { path: path.into(), deadline: DEFAULT_DEADLINE, checks: Vec::new() }
    }

    /// Adds a check that runs on each request to `/ready`. All checks run at the same time.
    ///
    /// A check fails if it returns an error, panics, or does not end before the deadline. The reply
    /// contains its name; the log contains the reason. A late check is dropped. A check has to wait
    /// with `await`: one that blocks its thread cannot be cut off.
    pub fn check<F, R, E>(mut self, name: impl Into<Cow<'static, str>>, check: F) -> Self
    where
        F: Fn() -> R + Send + Sync + 'static,
        R: Future<Output = std::result::Result<(), E>> + Send + 'static,
        E: Into<BoxError>,
    {
        let run = move || -> Checking {
            let checking = check();
            Box::pin(async move { checking.await.map_err(|error| Error::internal(error)) })
        };
        self.checks.push(Check { name: name.into(), run: Box::new(run) });
        self
    }

    /// Sets how long the checks may take. The default is 1 second. The deadline needs a tokio
    /// runtime and does not apply without one.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// Returns the two paths that are answered.
    pub(crate) fn paths(&self) -> [String; 2] {
        [LIVE, READY].map(|end| format!("{}{end}", self.path))
    }

    /// Returns the probe that a request stands for, or `None` if it is not a health check.
    pub(super) fn asked(&self, parts: &Parts) -> Option<Probe> {
        match parts.uri.path().strip_prefix(&*self.path)? {
            LIVE => Some(Probe::Live),
            READY if parts.extensions.get::<Stopping>().is_some() => Some(Probe::Stopping),
            READY => Some(Probe::Ready),
            _ => None,
        }
    }

    pub(super) async fn answer(&self, probe: Probe, id: RequestId) -> Response<Body> {
        let failed = match probe {
            Probe::Live => Vec::new(),
            Probe::Ready => self.failed().await,
            Probe::Stopping => vec!["shutdown".to_owned()],
        };
        let mut head = ReplyHead::default();
        head.headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if failed.is_empty() {
            return reply::response(StatusCode::OK, OK.to_vec(), head.headers);
        }
        let error = Error::unavailable(format!("Not ready: {}", failed.join(", ")))
            .with_name("ServiceUnavailable")
            .with_member("failed", failed);
        let id = || id.clone();
        reply::replied(unclaimed(&error, id), head, id)
    }

    /// Runs the checks and returns the names of those that failed.
    async fn failed(&self) -> Vec<String> {
        let mut late = Handle::try_current().is_ok().then(|| Box::pin(sleep(self.deadline)));
        let mut results: Vec<Option<Result<()>>> = self.checks.iter().map(|_| None).collect();
        {
            let mut all = join_all(self.checks.iter().zip(&mut results).map(async |(check, result)| {
                *result = Some(check.result().await);
            }));
            poll_fn(|cx| {
                let is_over = Pin::new(&mut all).poll(cx).is_ready();
                let is_late = late.as_mut().is_some_and(|late| late.as_mut().poll(cx).is_ready());
                if is_over || is_late { Poll::Ready(()) } else { Poll::Pending }
            })
            .await;
        }
        let failed = self.checks.iter().zip(results).filter_map(|(check, result)| match result {
            Some(Ok(())) => None,
            Some(Err(error)) => Some(check.failed(error.source().map(|source| Chain(source).to_string()))),
            None => Some(check.failed(Some("it did not end before the deadline".to_owned()))),
        });
        failed.collect()
    }
}

impl Check {
    /// Runs the check. A panic counts as a failure, even before the first `await`.
    async fn result(&self) -> Result<()> {
        Unwinding(Box::pin(async { (self.run)().await })).await
    }

    #[cold]
    fn failed(&self, reason: Option<String>) -> String {
        tracing::warn!(check = %self.name, reason, "a health check failed");
        self.name.clone().into_owned()
    }
}

/// A question that a load balancer asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Probe {
    /// Does the process answer at all?
    Live,
    /// Can the application do its work?
    Ready,
    /// The same question, while the server is shutting down.
    Stopping,
}

/// An extension of the requests that arrive after the server was told to stop.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stopping;

/// Returns whether the method of a request may be used for a probe.
pub(super) fn is_asking(parts: &Parts) -> bool {
    matches!(parts.method, Method::GET | Method::HEAD)
}

impl From<&'static str> for Health {
    fn from(path: &'static str) -> Self {
        Self::at(path)
    }
}

impl fmt::Debug for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.checks.iter().map(|check| &check.name).collect();
        f.debug_struct("Health").field("path", &self.path).field("checks", &names).finish_non_exhaustive()
    }
}

const LIVE: &str = "/live";
const READY: &str = "/ready";
const OK: &[u8] = br#"{"status":"ok"}"#;
const DEFAULT_DEADLINE: Duration = Duration::from_secs(1);
