//! Routers: procedures under a namespace, and the table that an application makes of all of them.

pub(crate) mod beyond_json;
mod manifest;
mod success;
mod table;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

pub(crate) use self::manifest::ManifestRoute;
pub use self::manifest::{Manifest, ManifestEntry};
pub(crate) use self::success::Success;
pub(crate) use self::table::{Mistakes, Table};
use crate::context::Context;
use crate::procedure::{Guard, Middleware, Procedure};

/// Procedures under one namespace: what `#[router]` makes of an `impl` block.
///
/// # Examples
///
/// ```
/// use velox_rpc::{App, Router, procedure};
///
/// let health = Router::new("health")
///     .procedure("getHealth", procedure().query(|_| Ok("ok")));
/// let app = App::new(()).router(health);
/// # let _ = app;
/// ```
#[must_use = "a router answers only in an `App`"]
pub struct Router<S> {
    namespace: String,
    description: Option<Cow<'static, str>>,
    procedures: Vec<(String, Procedure<S>)>,
    steps: Vec<Around<S>>,
}

/// A namespace with its description.
#[derive(Debug, Clone)]
pub(crate) struct Namespace {
    pub(crate) name: String,
    pub(crate) description: Option<Cow<'static, str>>,
}

/// Puts a step of a router around a procedure.
type Around<S> = Box<dyn Fn(Procedure<S>) -> Procedure<S> + Send + Sync>;

impl<S> Router<S> {
    /// A router without procedures. The namespace is part of every path: `auth` makes `/api/auth/…`.
    pub fn new(namespace: impl Into<String>) -> Self {
        Self { namespace: namespace.into(), description: None, procedures: Vec::new(), steps: Vec::new() }
    }

    /// Describes the namespace in the documents made of the router. `#[router]` takes the text from the doc comment above the `impl` block.
    ///
    /// # Examples
    ///
    /// ```
    /// use velox_rpc::export::OpenApi;
    /// use velox_rpc::{App, Router, procedure};
    ///
    /// let health = Router::new("health")
    ///     .describe("Whether the service works.")
    ///     .procedure("getHealth", procedure().query(|_| Ok("ok")));
    /// let service = App::new(()).router(health).into_service()?;
    ///
    /// let document = OpenApi::new("Shop", "1.0.0").document(service.manifest());
    /// assert_eq!(document["tags"][0]["description"], "Whether the service works.");
    /// # Ok::<(), velox_rpc::StartError>(())
    /// ```
    pub fn describe(mut self, text: impl Into<Cow<'static, str>>) -> Self {
        self.description = Some(text.into());
        self
    }

    /// Adds a procedure under its wire name, as `getProfile`.
    pub fn procedure(mut self, name: impl Into<String>, procedure: impl Into<Procedure<S>>) -> Self {
        self.procedures.push((name.into(), procedure.into()));
        self
    }
}

impl<S: Send + Sync + 'static> Router<S> {
    /// Lets a guard decide on every procedure of this router, before the steps of its own.
    ///
    /// # Examples
    ///
    /// A router that was made by `#[router]` is one too:
    ///
    /// ```
    /// use velox_rpc::procedure::guard;
    /// use velox_rpc::router::IntoRouter;
    /// use velox_rpc::{App, Query, procedure, router};
    ///
    /// struct Admin;
    ///
    /// #[router("admin")]
    /// impl Admin {
    ///     fn get_stats(&self) -> Query<(), u32> {
    ///         procedure().query(|_| Ok(42))
    ///     }
    /// }
    ///
    /// let api_key = guard("apiKey", |request| request.header("x-api-key") == Some("key-123"));
    /// let service = App::new(()).router(Admin.into_router().guard(api_key)).into_service()?;
    /// assert_eq!(service.manifest().entries()[0].guards(), ["apiKey"]);
    /// # Ok::<(), velox_rpc::StartError>(())
    /// ```
    pub fn guard<G: Guard<Context<S>>>(mut self, guard: G) -> Self {
        let guard = Arc::new(guard);
        self.steps.push(Box::new(move |procedure| procedure.guarded(Arc::clone(&guard))));
        self
    }

    /// Puts a middleware around every procedure of this router, outside of the steps of its own.
    ///
    /// It may not extend the context: a procedure has been built by now, and sees what its own middlewares add. What is to be in
    /// `ctx` for all procedures of a router stands in a base that they begin with, as [`ProcedureBuilder`](crate::ProcedureBuilder) shows.
    ///
    /// Guards and middlewares of a router run in the order in which they are written, whether a procedure was added before or after.
    ///
    /// # Examples
    ///
    /// ```
    /// use velox_rpc::procedure::Outcome;
    /// use velox_rpc::{Ctx, Middleware, Next, Result, Router, procedure};
    /// use velox_rpc::http::{HeaderName, HeaderValue};
    ///
    /// /// Says which version answers.
    /// struct Versioned;
    ///
    /// impl<C: Ctx> Middleware<C> for Versioned {
    ///     type Context = C;
    ///
    ///     async fn call(&self, ctx: C, next: Next<C>) -> Result<Outcome> {
    ///         ctx.reply().header(HeaderName::from_static("x-version"), HeaderValue::from_static("2"));
    ///         next.run(ctx).await
    ///     }
    /// }
    ///
    /// let health = Router::<()>::new("health")
    ///     .use_(Versioned)
    ///     .procedure("getHealth", procedure().query(|_| Ok("ok")));
    /// # let _ = health;
    /// ```
    pub fn use_<M>(mut self, middleware: M) -> Self
    where
        M: Middleware<Context<S>, Context = Context<S>>,
    {
        let middleware = Arc::new(middleware);
        self.steps.push(Box::new(move |procedure| procedure.wrapped(Arc::clone(&middleware))));
        self
    }

    /// Its namespace with its description, and its procedures with the router's steps around them.
    pub(crate) fn into_parts(self) -> (Namespace, impl Iterator<Item = (String, Procedure<S>)>) {
        let Self { namespace, description, procedures, steps } = self;
        let around = move |procedure| steps.iter().rev().fold(procedure, |inner, step| step(inner));
        let procedures = procedures.into_iter().map(move |(name, procedure)| (name, around(procedure)));
        (Namespace { name: namespace, description }, procedures)
    }
}

impl<S> fmt::Debug for Router<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.procedures.iter().map(|(name, _)| name).collect();
        f.debug_struct("Router").field("namespace", &self.namespace).field("procedures", &names).finish()
    }
}

/// What an [`App`](crate::App) takes as a router: a [`Router`], or a type whose `impl` block is a `#[router]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a router for an application with the state `{S}`",
    label = "not a router of this application",
    note = "put `#[router(\"name\", state = {S})]` above the `impl` block of `{Self}`"
)]
pub trait IntoRouter<S> {
    /// The router.
    fn into_router(self) -> Router<S>;
}

impl<S> IntoRouter<S> for Router<S> {
    fn into_router(self) -> Router<S> {
        self
    }
}
