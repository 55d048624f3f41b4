//! Procedures with their types erased, and the executor that runs them for every wire.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::step::{Carried, Step};
use super::{Events, Guard, Meta, Middleware, Next, Outcome, guard, middleware};
use crate::call::ProcedureName;
use crate::context::{CallCore, Context, RequestId, RequestScope, SharedState};
use crate::error::{Chain, Error, Result};
use crate::running::Running;
use crate::unwind::{Unwinding, panicked};

/// A finished query: it takes an `I`, returns an `O`, and changes nothing.
///
/// `#[router]` fills in the state `S`.
#[must_use = "a procedure does nothing until it is added to a router"]
pub struct Query<I, O, S = ()> {
    procedure: Procedure<S>,
    types: PhantomData<fn(I) -> O>,
}

/// A finished mutation: it takes an `I`, returns an `O`, and may change data.
///
/// `#[router]` fills in the state `S`.
#[must_use = "a procedure does nothing until it is added to a router"]
pub struct Mutation<I, O, S = ()> {
    procedure: Procedure<S>,
    types: PhantomData<fn(I) -> O>,
}

/// A finished subscription: it takes an `I` and sends a series of `E`s until it ends or the client
/// leaves.
///
/// If the events have ids, `E` is a [`Tracked<T>`](super::Tracked). `#[router]` fills in the state
/// `S`. See
/// [`ProcedureBuilder::subscription`](super::ProcedureBuilder::subscription).
#[must_use = "a procedure does nothing until it is added to a router"]
pub struct Subscription<I, E, S = ()> {
    procedure: Procedure<S>,
    types: PhantomData<fn(I) -> E>,
}

/// A finished procedure whose input and output types are erased. A [`Router`](crate::Router) holds
/// these.
#[must_use = "a procedure does nothing until it is added to a router"]
pub struct Procedure<S> {
    meta: Meta,
    step: Step<Context<S>>,
}

macro_rules! finished {
    ($($name:ident)+) => {$(
        impl<I, O, S> $name<I, O, S> {
            pub(super) fn new(procedure: Procedure<S>) -> Self {
                Self { procedure, types: PhantomData }
            }

            /// Sets the description of the procedure in the OpenAPI and TypeScript exports.
            /// `#[router]` takes it from the method's doc comment.
            pub fn describe(mut self, text: impl Into<Cow<'static, str>>) -> Self {
                self.procedure.meta.description = Some(text.into());
                self
            }

            /// Marks the procedure as deprecated, with a note that says what to use instead.
            pub fn deprecated(mut self, note: impl Into<Cow<'static, str>>) -> Self {
                self.procedure.meta.deprecated = Some(note.into());
                self
            }

            /// Sets the name under which a router serves the procedure, so that
            /// [`Caller::call`](crate::caller::Caller::call) runs it with the guards and
            /// middlewares of that router. `#[router]` sets it for every method.
            ///
            /// This does not add the procedure to a router.
            ///
            /// # Examples
            ///
            /// This function builds a procedure, both for a router written by hand and for callers
            /// of it:
            ///
            /// ```
            /// use velox_rpc::procedure::guard;
            /// use velox_rpc::{App, Query, Router, procedure};
            ///
            /// fn get_stats() -> Query<(), u32> {
            ///     procedure().query(|_| Ok(42)).served_as("admin", "getStats")
            /// }
            ///
            /// # #[tokio::main(flavor = "current_thread")] async fn main() {
            /// let api_key = guard("apiKey", |request| request.header("x-api-key") == Some("key-123"));
            /// let app = App::new(()).router(Router::new("admin").guard(api_key).procedure("getStats", get_stats()));
            ///
            /// let refused = app.caller().call(get_stats(), &()).await.unwrap_err();
            /// assert_eq!(refused.status(), 403);
            /// # }
            /// ```
            pub fn served_as(
                mut self,
                namespace: impl Into<Cow<'static, str>>,
                name: impl Into<Cow<'static, str>>,
            ) -> Self {
                self.procedure.serve_as(namespace.into(), name.into());
                self
            }
        }

        impl<I, O, S> From<$name<I, O, S>> for Procedure<S> {
            fn from(finished: $name<I, O, S>) -> Self {
                finished.procedure
            }
        }

        impl<I, O, S> fmt::Debug for $name<I, O, S> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }
    )+};
}

finished! { Query Mutation Subscription }

impl<S> Procedure<S> {
    pub(super) fn new(meta: Meta, step: Step<Context<S>>) -> Self {
        Self { meta, step }
    }

    fn serve_as(&mut self, namespace: Cow<'static, str>, name: Cow<'static, str>) {
        self.meta.served_as = Some((namespace, name));
    }

    pub(crate) fn meta(&self) -> &Meta {
        &self.meta
    }
}

impl<S: 'static> Procedure<S> {
    /// Wraps all steps in a guard.
    pub(crate) fn guarded<G: Guard<Context<S>>>(mut self, guard: Arc<G>) -> Self {
        self.meta.guards.insert(0, guard.name().to_owned());
        self.meta.steps_before_input = true;
        guard.describe(&mut self.meta.demands);
        Self { meta: self.meta, step: guard::step(guard, self.step) }
    }

    /// Wraps all steps in a middleware.
    pub(crate) fn wrapped<M>(mut self, middleware: Arc<M>) -> Self
    where
        M: Middleware<Context<S>, Context = Context<S>>,
    {
        middleware.describe(&mut self.meta.demands);
        self.meta.steps_before_input = true;
        Self { meta: self.meta, step: middleware::step(middleware, self.step) }
    }

    /// Wraps the procedure in a closure.
    pub(crate) fn wrapped_in<F, Fut>(mut self, middleware: F) -> Self
    where
        F: Fn(Context<S>, Next<Context<S>>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Outcome>> + Send + 'static,
    {
        self.meta.steps_before_input = true;
        Self { meta: self.meta, step: middleware::step_fn(middleware, self.step) }
    }

    /// Binds the state. The result does not depend on any type of the application.
    pub(crate) fn bind(self, name: ProcedureName, state: SharedState<S>) -> Endpoint {
        let Self { mut meta, step } = self;
        meta.demands.settle(meta.kind);
        Endpoint {
            name: Arc::new(name),
            meta,
            run: Arc::new(move |core| step(Context::new(Arc::clone(&state), core), Carried::new(()))),
        }
    }
}

impl<S> fmt::Debug for Procedure<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Procedure").field("kind", &self.meta.kind).finish_non_exhaustive()
    }
}

/// A procedure of a built application: its name, its description, and its chain.
#[derive(Clone)]
pub(crate) struct Endpoint {
    pub(crate) name: Arc<ProcedureName>,
    pub(crate) meta: Meta,
    run: Arc<dyn Fn(CallCore) -> Running<Result<Outcome>> + Send + Sync>,
}

/// Runs the call with the index `call` of its request. All calls run through this function.
///
/// A panic ends the call with an internal error; the connection and the process keep running.
/// Server errors are logged here, once, with the id of the request.
pub(crate) async fn run(endpoint: &Endpoint, scope: &RequestScope, call: usize) -> Result<Outcome> {
    let core = CallCore { scope: scope.clone(), procedure: Arc::clone(&endpoint.name), call };
    let mut result = match catch_unwind(AssertUnwindSafe(|| (endpoint.run)(core))) {
        Ok(running) => Unwinding(running).await,
        Err(panic) => Err(panicked(&*panic)),
    };
    match &mut result {
        Ok(output) => {
            if let Some(events) = output.events_mut() {
                log_failures(events, endpoint, scope);
            }
        }
        Err(error) if error.status().is_server_error() => log_failure(error, &endpoint.name, &scope.id()),
        Err(_) => {}
    }
    result
}

/// Keeps only the id of the request, because the request is over when a subscription fails.
#[cold]
fn log_failures(events: &mut Events, endpoint: &Endpoint, scope: &RequestScope) {
    let (procedure, id) = (Arc::clone(&endpoint.name), scope.id());
    events.on_failure(Box::new(move |error| {
        if error.status().is_server_error() {
            log_failure(error, &procedure, &id);
        }
    }));
}

/// Ends a request after its calls and saves what they opened. `given` is the JSON output of the
/// only call. If saving fails, or if the head of the reply cannot be sent, the error replaces the
/// reply.
pub(crate) async fn end(scope: &RequestScope, procedure: &ProcedureName, given: Option<&[u8]>) -> Result<()> {
    let mut result = Unwinding(std::pin::pin!(scope.end())).await;
    if result.is_ok()
        && let Some(what) = scope.reply().take_unsendable(given)
    {
        result = Err(Error::internal(what));
    }
    if let Err(error) = &result {
        log_failure(error, procedure, &scope.id());
    }
    result
}

/// Repeats the request id of the span, because the span is at the level `INFO`: a subscriber or a
/// layer that takes only warnings and errors does not see it, and calls of a direct caller have
/// none.
#[cold]
fn log_failure(error: &Error, procedure: &ProcedureName, id: &RequestId) {
    let source = error.source().map(|source| Chain(source).to_string());
    tracing::error!(
        procedure = %procedure,
        request_id = %id,
        status = error.status().as_u16(),
        source = source.as_deref(),
        "{error}",
    );
}
