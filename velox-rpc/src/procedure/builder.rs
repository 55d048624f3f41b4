//! The builder: a chain of steps, written in the order in which they run.
//!
//! A builder stores the chain so far as a function from the remaining steps to the whole chain.
//! Each method adds one erased step, so only the type of the context grows with the chain.

use std::any::TypeId;
use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use http::{Method, StatusCode};

use super::handler::{self, Encode, Respond};
use super::input::Read;
use super::step::Step;
use super::{
    Demands, Event, Guard, GuardList, Input, InputShape, Meta, Middleware, Mutation, Next, Outcome, Output, Parent,
    Procedure, Query, RestRoute, Verdict, all_of, guard, input, middleware,
};
use crate::call::{Call, Kind};
use crate::context::{Context, Ctx};
use crate::error::Result;

/// Starts a procedure. Inside `#[router]`, the macro fills in the state. Elsewhere, name it:
/// `procedure::<AppState>()`.
///
/// # Examples
///
/// ```
/// use velox_rpc::{Call, procedure};
///
/// struct AppState { motto: &'static str }
///
/// let motto = procedure::<AppState>().query(|Call { ctx, .. }| Ok(ctx.motto));
/// # let _ = motto;
/// ```
pub fn procedure<S: 'static>() -> ProcedureBuilder<S> {
    ProcedureBuilder {
        wrap: Box::new(|step| step),
        input: PhantomData,
        meta: Meta {
            kind: Kind::Query,
            served_as: None,
            rest: RestRoute::Derived,
            parents: Vec::new(),
            guards: Vec::new(),
            demands: Demands::default(),
            description: None,
            deprecated: None,
            input: None,
            output: |generator| generator.subschema_for::<()>(),
            gives_nothing: false,
            is_tracked: false,
            body_limit: None,
            handler_timeout: None,
            steps_before_input: false,
            any_host: false,
        },
    }
}

/// A procedure under construction, with the application state `S`, the context so far `C` and the
/// input so far `I`.
///
/// Steps run in the order in which you write them: `.use_(session.required()).input::<T>()` answers
/// 401 before it reads the body.
///
/// The builder has only three type parameters, so you can write down the type of a reusable base:
///
/// ```
/// use velox_rpc::procedure::{ProcedureBuilder, guard};
/// use velox_rpc::{Context, procedure};
///
/// struct AppState;
///
/// fn internal() -> ProcedureBuilder<AppState> {
///     procedure().guard(guard("internal", |request| request.header("x-internal").is_some()))
/// }
///
/// let stats = internal().query(|_| Ok(42));
/// # let _ = stats;
/// ```
#[must_use = "finish the procedure with `.query(…)`, `.mutation(…)` or `.subscription(…)`"]
pub struct ProcedureBuilder<S, C = Context<S>, I = ()> {
    wrap: Wrap<S, C>,
    input: PhantomData<fn() -> I>,
    meta: Meta,
}

/// The chain so far: a function from the remaining steps to the whole chain.
type Wrap<S, C> = Box<dyn FnOnce(Step<C>) -> Step<Context<S>> + Send>;

impl<S, C, I> ProcedureBuilder<S, C, I>
where
    S: 'static,
    C: Ctx<State = S>,
    I: Send + 'static,
{
    /// Wraps the steps that follow in a middleware, like TypeScript's `.use(…)`.
    ///
    /// # Examples
    ///
    /// ```
    /// use velox_rpc::{Call, Ctx, Result, middleware, procedure};
    ///
    /// #[middleware]
    /// async fn tenant(ctx: &impl Ctx) -> Result<String> {
    ///     Ok(ctx.request().header("x-tenant").unwrap_or("default").to_owned())
    /// }
    ///
    /// let who = procedure::<()>().use_(tenant).query(|Call { ctx, .. }| Ok(ctx.tenant));
    /// # let _ = who;
    /// ```
    pub fn use_<M, D>(self, middleware: M) -> ProcedureBuilder<S, D, I>
    where
        M: Middleware<C, Context = D>, // put `#[middleware]` above your own function
        D: 'static,
    {
        let mut builder = self;
        middleware.describe(&mut builder.meta.demands);
        builder.then(move |inner| middleware::step(Arc::new(middleware), inner))
    }

    /// Wraps the steps that follow in a closure, with code before and after them, like TypeScript's
    /// `.use(async ({ ctx, next }) => …)`.
    ///
    /// # Examples
    ///
    /// ```
    /// use http::{HeaderName, HeaderValue};
    /// use velox_rpc::{Next, procedure};
    ///
    /// let traced = procedure::<()>()
    ///     .use_fn(async |ctx, next: Next<_>| {
    ///         let scope = ctx.scope().clone();
    ///         let output = next.run(ctx).await?;
    ///         scope.reply().header(HeaderName::from_static("x-after"), HeaderValue::from_static("1"));
    ///         Ok(output)
    ///     })
    ///     .query(|_| Ok("hello"));
    /// # let _ = traced;
    /// ```
    pub fn use_fn<D, F, Fut>(self, middleware: F) -> ProcedureBuilder<S, D, I>
    where
        F: Fn(C, Next<D>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Outcome>> + Send + 'static, // drop non-`Send` values before an `.await`
        D: Ctx<State = S>,
    {
        self.then(move |inner| middleware::step_fn(middleware, inner))
    }

    /// Adds a guard, which decides whether the call continues.
    pub fn guard<G: Guard<C>>(mut self, guard: G) -> Self {
        self.meta.guards.push(guard.name().to_owned());
        guard.describe(&mut self.meta.demands);
        self.then(move |inner| guard::step(Arc::new(guard), inner))
    }

    /// Adds several guards, which run one after the other. Pass an array of one type or a tuple of
    /// several types.
    ///
    /// # Examples
    ///
    /// ```
    /// use velox_rpc::procedure;
    /// use velox_rpc::procedure::guard;
    ///
    /// let api_key = guard("apiKey", |request| request.header("x-api-key").is_some());
    /// let open = guard("openHours", |request| request.header("x-closed") != Some("1"));
    /// let report = procedure::<()>().guards((api_key, open)).query(|_| Ok("report"));
    /// # let _ = report;
    /// ```
    pub fn guards(mut self, guards: impl GuardList<C>) -> Self {
        self.meta.guards.extend(guards.names().into_iter().map(str::to_owned));
        guards.describe_all(&mut self.meta.demands);
        self.then(move |inner| guard::step(Arc::new(all_of(guards)), inner))
    }

    /// Adds a guard made from a closure. The closure receives the context and, after
    /// `.input::<T>()`, the input. Before that, the input is `()`.
    ///
    /// The closure can return `bool`, where `false` means 403 `Access denied`. It can return
    /// `Result<(), Refusal>`, to set your own message and status with a
    /// [`Refusal`](super::Refusal). Or it can return `Result<()>` with any [`Error`](crate::Error).
    /// If you write the guard last, it runs right before the handler.
    ///
    /// # Examples
    ///
    /// ```
    /// use velox_rpc::http::StatusCode;
    /// use velox_rpc::procedure::Refusal;
    /// use velox_rpc::{Error, procedure, schema};
    ///
    /// struct AppState { open: bool, full: bool, limit: u32 }
    ///
    /// #[schema]
    /// pub struct Order { pub count: u32 }
    ///
    /// let order = procedure::<AppState>()
    ///     .guard_fn("open", |ctx, _| ctx.open)
    ///     .guard_fn("room", |ctx, _| match ctx.full {
    ///         true => Err(Refusal::new("Come back later").status(StatusCode::SERVICE_UNAVAILABLE)),
    ///         false => Ok(()),
    ///     })
    ///     .input::<Order>()
    ///     .guard_fn("limit", |ctx, input| {
    ///         if input.count <= ctx.limit { Ok(()) } else { Err(Error::bad_request("Too many")) }
    ///     })
    ///     .mutation(|_| Ok("ordered"));
    /// # let _ = order;
    /// ```
    pub fn guard_fn<F, V>(mut self, name: impl Into<Cow<'static, str>>, guard: F) -> Self
    where
        F: Fn(&C, &I) -> V + Send + Sync + 'static,
        V: Verdict,
    {
        let name = name.into();
        self.meta.guards.push(name.clone().into_owned());
        V::describe(&mut self.meta.demands);
        self.then(move |inner| guard::step_fn::<C, I, F, V>(name, guard, inner))
    }

    /// Sets the REST route of the procedure, like VeloxTS's `.rest({ method, path })`. Write
    /// parameters as `:id`.
    ///
    /// velox checks the route when you build the application, and reports it together with all
    /// other mistakes.
    pub fn rest(mut self, method: Method, path: impl Into<Cow<'static, str>>) -> Self {
        self.meta.rest = RestRoute::At { method, path: path.into() };
        self
    }

    /// Removes the REST route of the procedure.
    pub fn no_rest(mut self) -> Self {
        self.meta.rest = RestRoute::None;
        self
    }

    /// Nests the procedure's resource under another one: `.parent("posts")` makes
    /// `/posts/:postId/comments`.
    ///
    /// Use `.parent(("organizations", "orgId"))` to name the parameter.
    pub fn parent(mut self, parent: impl Into<Parent>) -> Self {
        self.meta.parents.push(parent.into());
        self
    }

    /// Nests the procedure's resource under several others, outermost first.
    pub fn parents<P: Into<Parent>>(mut self, parents: impl IntoIterator<Item = P>) -> Self {
        self.meta.parents.extend(parents.into_iter().map(Into::into));
        self
    }

    /// Sets the largest allowed request body of this procedure, in bytes. A larger body is refused
    /// with 413. This replaces the application's limit
    /// ([`App::body_limit`](crate::App::body_limit)).
    ///
    /// # Examples
    ///
    /// ```
    /// use velox_rpc::{procedure, schema};
    ///
    /// #[schema]
    /// pub struct Import { pub rows: Vec<String> }
    ///
    /// let import = procedure::<()>()
    ///     .input::<Import>()
    ///     .body_limit(16 * 1024 * 1024)
    ///     .mutation(|_| Ok("imported"));
    /// # let _ = import;
    /// ```
    pub fn body_limit(mut self, bytes: usize) -> Self {
        self.meta.body_limit = Some(bytes);
        self
    }

    /// Sets how long a call of this procedure may take before it is answered with 503.
    /// `Duration::MAX` means no limit. This replaces the application's limit,
    /// [`App::handler_timeout`](crate::App::handler_timeout), which explains what happens to the
    /// call.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use velox_rpc::procedure;
    ///
    /// let report = procedure::<()>().handler_timeout(Duration::from_secs(300)).query(async |_| Ok("a report"));
    /// # let _ = report;
    /// ```
    pub fn handler_timeout(mut self, timeout: Duration) -> Self {
        self.meta.handler_timeout = Some(timeout);
        self
    }

    /// Answers requests for any host, regardless of
    /// [`App::allowed_hosts`](crate::App::allowed_hosts). Use it for a procedure that a load
    /// balancer probes by an address or by a changing name.
    ///
    /// # Examples
    ///
    /// ```
    /// use http::{Method, Request};
    /// use velox_rpc::{App, Router, procedure};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), velox_rpc::StartError> {
    /// let health = procedure().any_host().rest(Method::GET, "/health").query(|_| Ok("ok"));
    /// let router = Router::new("health").procedure("getHealth", health);
    /// let app = App::new(()).allowed_hosts(["shop.example"]).router(router).into_service()?;
    ///
    /// let request = Request::get("/api/health").header("host", "10.1.2.3:3000").body(String::new()).unwrap();
    /// assert_eq!(app.call(request).await.status(), 200);
    /// # Ok(()) }
    /// ```
    pub fn any_host(mut self) -> Self {
        self.meta.any_host = true;
        self
    }

    /// Adds a failure of the handler to the OpenAPI document. The procedure itself does not change.
    ///
    /// The document already has the failures of guards, middlewares and input validation. The
    /// `default` response stands for all failures that it does not list.
    ///
    /// # Examples
    ///
    /// ```
    /// use velox_rpc::http::StatusCode;
    /// use velox_rpc::{Call, Error, procedure, schema};
    ///
    /// #[schema]
    /// struct ById { id: u64 }
    ///
    /// let get_user = procedure::<()>()
    ///     .input::<ById>()
    ///     .fails_with(StatusCode::NOT_FOUND, "No user has this id")
    ///     .query(|Call { input, .. }| match input.id {
    ///         1 => Ok("Ada"),
    ///         id => Err(Error::resource_not_found("User", id)),
    ///     });
    /// # let _ = get_user;
    /// ```
    pub fn fails_with(mut self, status: StatusCode, message: impl Into<Cow<'static, str>>) -> Self {
        self.meta.demands.refuse(status, message);
        self
    }

    /// Marks the procedure as deprecated, with a note that says what to use instead.
    pub fn deprecated(mut self, note: impl Into<Cow<'static, str>>) -> Self {
        self.meta.deprecated = Some(note.into());
        self
    }

    /// Sets the description of the procedure in the OpenAPI and TypeScript exports.
    pub fn describe(mut self, text: impl Into<Cow<'static, str>>) -> Self {
        self.meta.description = Some(text.into());
        self
    }

    /// Ends the chain with the handler of a query.
    ///
    /// A handler takes a [`Call`] and returns a [`Result`], or a future of one. An `async |…|`
    /// closure cannot capture variables; put what it needs into `ctx`.
    pub fn query<F, R, M>(self, handler: F) -> Query<I, R::Value, S>
    where
        F: Fn(Call<C, I>) -> R + Send + Sync + 'static, // an `async` closure cannot capture: put the value into the state
        R: Respond<M> + Send + 'static, // drop non-`Send` values before an `.await`; use `Arc`, not `Rc`
        R::Value: Output,
    {
        Query::new(self.finish::<_, _, _, R::Value>(Kind::Query, handler, Outcome::json))
    }

    /// Ends the chain with the handler of a mutation. See [`query`](Self::query).
    pub fn mutation<F, R, M>(self, handler: F) -> Mutation<I, R::Value, S>
    where
        F: Fn(Call<C, I>) -> R + Send + Sync + 'static, // an `async` closure cannot capture: put the value into the state
        R: Respond<M> + Send + 'static, // drop non-`Send` values before an `.await`; use `Arc`, not `Rc`
        R::Value: Output,
    {
        Mutation::new(self.finish::<_, _, _, R::Value>(Kind::Mutation, handler, Outcome::json))
    }

    pub(super) fn finish<F, R, M, O>(self, kind: Kind, handler: F, encode: Encode<R::Value>) -> Procedure<S>
    where
        F: Fn(Call<C, I>) -> R + Send + Sync + 'static,
        R: Respond<M> + 'static,
        O: Output,
    {
        end::<S, C, O>(self.wrap, self.meta, kind, handler::step(handler, encode))
    }

    pub(super) fn finish_subscription<E: Event>(mut self, handler: Step<C>) -> Procedure<S> {
        self.meta.is_tracked = E::IS_TRACKED;
        end::<S, C, E::Data>(self.wrap, self.meta, Kind::Subscription, handler)
    }

    /// Adds one step to the end of the chain so far.
    fn then<D: 'static>(self, step: impl FnOnce(Step<D>) -> Step<C> + Send + 'static) -> ProcedureBuilder<S, D, I> {
        let ProcedureBuilder { wrap, mut meta, .. } = self;
        meta.steps_before_input |= meta.input.is_none();
        ProcedureBuilder { wrap: Box::new(move |inner| wrap(step(inner))), input: PhantomData, meta }
    }
}

/// Ends a chain. This does not depend on the type of the input.
fn end<S: 'static, C: Ctx, O: Output>(wrap: Wrap<S, C>, mut meta: Meta, kind: Kind, handler: Step<C>) -> Procedure<S> {
    meta.kind = kind;
    meta.output = |generator| generator.subschema_for::<O>();
    meta.gives_nothing = TypeId::of::<O>() == TypeId::of::<()>();
    let may_have_body = meta.rest.reads_body().unwrap_or(kind == Kind::Mutation);
    let last = if meta.input.is_none() && may_have_body { input::unused_step(handler) } else { handler };
    Procedure::new(meta, wrap(last))
}

impl<S, C> ProcedureBuilder<S, C>
where
    S: 'static,
    C: Ctx<State = S>,
{
    /// Reads the input as a `T` and validates it, like TypeScript's `.input(schema)`.
    ///
    /// If the input is invalid, the client receives a 400 that lists every wrong type and every
    /// broken rule.
    pub fn input<T: Input>(self) -> ProcedureBuilder<S, C, T> {
        let ProcedureBuilder { wrap, meta, .. } = self.with_input(Read::of::<T>(), input::shape::<T>());
        ProcedureBuilder { wrap, input: PhantomData, meta }
    }

    /// Runs the part that does not depend on the input type.
    fn with_input(mut self, read: Read, shape: Arc<InputShape>) -> Self {
        self.meta.input = Some(Arc::clone(&shape));
        let wrap = self.wrap;
        let wrap: Wrap<S, C> = Box::new(move |inner| wrap(input::step(read, shape, inner)));
        ProcedureBuilder { wrap, input: PhantomData, meta: self.meta }
    }
}

impl<S, C, I> fmt::Debug for ProcedureBuilder<S, C, I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProcedureBuilder").finish_non_exhaustive()
    }
}
