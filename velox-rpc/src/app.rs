//! The application: state, routers and settings, until it is built.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use crate::caller::Caller;
use crate::router::{IntoRouter, Mistakes, Table};
use crate::service::AppService;
use crate::wire::BodyLimit;
use crate::wire::rest::Routes;

/// An application: its state, its routers, and how they are reached.
///
/// # Examples
///
/// ```no_run
/// use velox_rpc::{App, Router, procedure};
///
/// #[tokio::main]
/// async fn main() -> Result<(), velox_rpc::ServeError> {
///     let health = Router::new("health").procedure("getHealth", procedure().query(|_| Ok("ok")));
///     App::new(()).router(health).serve("127.0.0.1:3000").await
/// }
/// ```
#[must_use = "an application answers only by `.serve(…)` or `.into_service()`"]
pub struct App<S> {
    state: Arc<S>,
    table: Table,
    prefix: Cow<'static, str>,
    body_limit: BodyLimit,
    development: bool,
}

impl<S: Send + Sync + 'static> App<S> {
    /// An application without procedures. Its handlers reach the state through their context: `ctx.db`.
    pub fn new(state: S) -> Self {
        Self {
            state: Arc::new(state),
            table: Table::default(),
            prefix: Cow::Borrowed("/api"),
            body_limit: BodyLimit(DEFAULT_BODY_LIMIT),
            development: cfg!(debug_assertions),
        }
    }

    /// Adds a router: a [`Router`](crate::Router), or a value whose `impl` block is a `#[router]`.
    pub fn router(mut self, router: impl IntoRouter<S>) -> Self {
        self.table.add(router.into_router(), &self.state);
        self
    }

    /// Puts all routes below this path; `/api` unless it is set, and an empty text for none.
    pub fn prefix(mut self, prefix: impl Into<Cow<'static, str>>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// Refuses request bodies of more bytes than this with 413; 1,048,576 (1 MiB) unless it is set.
    pub fn body_limit(mut self, bytes: usize) -> Self {
        self.body_limit = BodyLimit(bytes);
        self
    }

    /// Whether this is a development run, which prints the table of routes at start; by default, whether it was built with
    /// debug assertions.
    pub fn development(mut self, development: bool) -> Self {
        self.development = development;
        self
    }

    /// A caller that runs procedures of this application's state with no socket.
    pub fn caller(&self) -> Caller<S> {
        Caller::new(Arc::clone(&self.state))
    }

    /// Builds the application: a [`tower_service::Service`] over `http` types, which mounts in axum and stands under
    /// tower-http's layers.
    ///
    /// # Errors
    ///
    /// Every mistake in names and routes, each with the procedure and the fix.
    pub fn into_service(self) -> Result<AppService, StartError> {
        build(self.table, &self.prefix, self.body_limit, self.development)
    }
}

/// What depends on no type of the application.
fn build(table: Table, prefix: &str, body_limit: BodyLimit, development: bool) -> Result<AppService, StartError> {
    let mut mistakes = Mistakes::default();
    table.check_names(&mut mistakes);
    let (routes, manifest) = Routes::build(&table, prefix, &mut mistakes);
    if mistakes.as_slice().is_empty() {
        Ok(AppService::new(routes, manifest, body_limit, development))
    } else {
        Err(StartError(mistakes))
    }
}

impl<S> fmt::Debug for App<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

/// Why an application cannot start: every mistake in its names and routes.
///
/// # Examples
///
/// ```
/// use velox_rpc::{App, Router, procedure};
///
/// let users = Router::new("users")
///     .procedure("listUsers", procedure().query(|_| Ok(1)))
///     .procedure("findUsers", procedure().query(|_| Ok(2)));
/// let error = App::new(()).router(users).into_service().unwrap_err();
/// assert!(error.mistakes()[0].contains("`users.findUsers`"));
/// ```
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[error("the application cannot start:{0}")]
pub struct StartError(Mistakes);

impl StartError {
    /// The mistakes, each with the procedure and the fix.
    pub fn mistakes(&self) -> &[String] {
        self.0.as_slice()
    }
}

impl fmt::Debug for StartError {
    /// As `Display`: a `main` that returns it prints it by `Debug`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

const DEFAULT_BODY_LIMIT: usize = 1 << 20;
