//! Routers, which hold procedures under a namespace, and the table of all procedures of an
//! application.

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
pub(crate) use self::table::{Mistakes, Table, client_path, inside};
use crate::context::Context;
use crate::error::Result;
use crate::procedure::{Guard, Middleware, Next, Outcome, Procedure};

/// Procedures under one namespace. `#[router]` makes one from an `impl` block.
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
#[must_use = "a router does nothing until it is added to an `App`"]
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

/// Wraps a procedure in a step of the router.
type Around<S> = Box<dyn Fn(Procedure<S>) -> Procedure<S> + Send + Sync>;

impl<S> Router<S> {
    /// Makes a router without procedures. The namespace is part of every path: `auth` makes
    /// `/api/auth/…`.
    ///
    /// A namespace with dots is nested: `viewer.bookings` makes `/api/viewer/bookings/…`, and a
    /// tRPC client calls `client.viewer.bookings.list.query()`.
    pub fn new(namespace: impl Into<String>) -> Self {
        Self { namespace: namespace.into(), description: None, procedures: Vec::new(), steps: Vec::new() }
    }

    /// Sets the description of the namespace in the OpenAPI document. `#[router]` takes it from the
    /// doc comment above the `impl` block.
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

    /// Adds a procedure under this name, for example `getProfile`.
    pub fn procedure(mut self, name: impl Into<String>, procedure: impl Into<Procedure<S>>) -> Self {
        self.add(name.into(), procedure.into());
        self
    }

    fn add(&mut self, name: String, procedure: Procedure<S>) {
        self.procedures.push((name, procedure));
    }
}

impl<S: 'static> Router<S> {
    /// Adds a guard to every procedure of this router. It runs before the procedure's own steps.
    ///
    /// # Examples
    ///
    /// You can also add it to a router made by `#[router]`:
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

    /// Wraps every procedure of this router in a middleware. It runs outside the procedure's own
    /// steps.
    ///
    /// The middleware cannot extend the context, because each procedure is already built and only
    /// sees what its own middlewares add. To add a field to `ctx` for all procedures of a router,
    /// start them from a shared base: see [`ProcedureBuilder`](crate::ProcedureBuilder).
    ///
    /// The guards and middlewares of a router run in the order in which you add them. They also
    /// apply to procedures that you added before them.
    ///
    /// # Examples
    ///
    /// ```
    /// use velox_rpc::procedure::Outcome;
    /// use velox_rpc::{Ctx, Middleware, Next, Result, Router, procedure};
    /// use velox_rpc::http::{HeaderName, HeaderValue};
    ///
    /// /// Adds the version of the API to every reply.
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
    pub fn use_<M: RouterMiddleware<S>>(mut self, middleware: M) -> Self {
        let middleware = Arc::new(middleware);
        self.steps.push(Box::new(move |procedure| procedure.wrapped(Arc::clone(&middleware))));
        self
    }

    /// Wraps every procedure of this router in a closure, with code before and after the call, like
    /// tRPC's base procedure with a middleware. The same holds as for [`use_`](Self::use_).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Instant;
    ///
    /// use velox_rpc::router::IntoRouter;
    /// use velox_rpc::{App, Query, procedure, router};
    ///
    /// struct Health;
    ///
    /// #[router("health")]
    /// impl Health {
    ///     fn get_health(&self) -> Query<(), &'static str> {
    ///         procedure().query(|_| Ok("ok"))
    ///     }
    /// }
    ///
    /// let health = Health.into_router().use_fn(async |ctx, next| {
    ///     let (start, name) = (Instant::now(), ctx.procedure().to_string());
    ///     let result = next.run(ctx).await;
    ///     println!("{name} took {:?}", start.elapsed());
    ///     result
    /// });
    /// let app = App::new(()).router(health);
    /// # let _ = app;
    /// ```
    pub fn use_fn<F, Fut>(mut self, middleware: F) -> Self
    where
        F: Fn(Context<S>, Next<Context<S>>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Outcome>> + Send + 'static, // drop non-`Send` values before an `.await`
    {
        let middleware = Arc::new(middleware);
        self.steps.push(Box::new(move |procedure| {
            let middleware = Arc::clone(&middleware);
            procedure.wrapped_in(move |ctx, next| middleware(ctx, next))
        }));
        self
    }

    /// Returns the namespace with its description, and the procedures wrapped in the router's
    /// steps.
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

/// A middleware that leaves the context as it is, so that [`Router::use_`] accepts it. Every
/// [`Middleware`] whose `Context` is the context that it receives is one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a middleware for a whole router with the state `{S}`",
    label = "not a middleware that leaves the context as it is",
    note = "a middleware that adds to the context, such as `session.required()` or a `#[middleware]`, cannot wrap procedures that are already built: add it to each procedure with `.use_(…)`, or start the procedures from a shared base",
    note = "pass a guard such as `rate_limit(…)` to `.guard(…)`, and a closure to `.use_fn(…)`"
)]
pub trait RouterMiddleware<S>: Middleware<Context<S>, Context = Context<S>> {}

#[diagnostic::do_not_recommend]
impl<S, M: Middleware<Context<S>, Context = Context<S>>> RouterMiddleware<S> for M {}

/// A value that an [`App`](crate::App) accepts as a router: a [`Router`], or a type whose `impl`
/// block has the attribute `#[router]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a router for an application with the state `{S}`",
    label = "not a router of this application",
    note = "an application and its routers have one state: put `#[router(\"name\", state = {S})]` above the `impl` block of `{Self}`, or give `App::new(…)` the state of `{Self}`"
)]
pub trait IntoRouter<S> {
    /// Makes the router.
    fn into_router(self) -> Router<S>;
}

impl<S> IntoRouter<S> for Router<S> {
    fn into_router(self) -> Router<S> {
        self
    }
}
