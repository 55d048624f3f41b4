//! Procedures with their types erased, and the one executor that runs them, whatever wire carries the call.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::step::{Carried, Step};
use super::{Events, Guard, Meta, Middleware, Outcome, ending, guard, middleware};
use crate::call::ProcedureName;
use crate::context::{CallCore, Context, Exchange, RequestId};
use crate::error::{Chain, Error, Result};
use crate::running::Running;
use crate::unwind::{Unwinding, panicked};

/// A finished query: takes an `I`, gives an `O`, and changes nothing.
///
/// `#[router]` fills in the state `S`.
#[must_use = "a procedure is called only through a router"]
pub struct Query<I, O, S = ()> {
    procedure: Procedure<S>,
    types: PhantomData<fn(I) -> O>,
}

/// A finished mutation: takes an `I`, gives an `O`, and may change the world.
///
/// `#[router]` fills in the state `S`.
#[must_use = "a procedure is called only through a router"]
pub struct Mutation<I, O, S = ()> {
    procedure: Procedure<S>,
    types: PhantomData<fn(I) -> O>,
}

/// A finished subscription: takes an `I`, and gives one `E` after the other, until it ends or the client leaves.
///
/// Where the events have ids, `E` is a [`Tracked<T>`](super::Tracked). `#[router]` fills in the state `S`. See
/// [`ProcedureBuilder::subscription`](super::ProcedureBuilder::subscription).
#[must_use = "a procedure is called only through a router"]
pub struct Subscription<I, E, S = ()> {
    procedure: Procedure<S>,
    types: PhantomData<fn(I) -> E>,
}

/// A finished procedure with its input and output types erased: what a [`Router`](crate::Router) holds.
#[must_use = "a procedure is called only through a router"]
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

            /// Says what the procedure is for, in the documents made of the router. `#[router]` takes it from the method's
            /// doc comment.
            pub fn describe(mut self, text: impl Into<Cow<'static, str>>) -> Self {
                self.procedure.meta.description = Some(text.into());
                self
            }

            /// Marks the procedure as deprecated, and says what to use instead.
            pub fn deprecated(mut self, note: impl Into<Cow<'static, str>>) -> Self {
                self.procedure.meta.deprecated = Some(note.into());
                self
            }

            /// Says under which name a router serves the procedure, so that [`Caller::call`](crate::caller::Caller::call) runs it
            /// with the guards and middlewares of that router. `#[router]` says it of every method.
            ///
            /// It does not add the procedure to a router.
            ///
            /// # Examples
            ///
            /// A function that builds a procedure for a router written by hand, and for callers of it:
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
                self.procedure.meta.served_as = Some((namespace.into(), name.into()));
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

    pub(crate) fn meta(&self) -> &Meta {
        &self.meta
    }
}

impl<S: Send + Sync + 'static> Procedure<S> {
    /// With a guard outside of all its steps.
    pub(crate) fn guarded<G: Guard<Context<S>>>(mut self, guard: Arc<G>) -> Self {
        self.meta.guards.insert(0, guard.name().to_owned());
        self.meta.steps_before_input = true;
        guard.describe(&mut self.meta.demands);
        Self { meta: self.meta, step: guard::step(guard, self.step) }
    }

    /// With a middleware outside of all its steps.
    pub(crate) fn wrapped<M>(mut self, middleware: Arc<M>) -> Self
    where
        M: Middleware<Context<S>, Context = Context<S>>,
    {
        middleware.describe(&mut self.meta.demands);
        self.meta.steps_before_input = true;
        Self { meta: self.meta, step: middleware::step(middleware, self.step) }
    }

    /// Binds the state: what is left depends on no type of the application.
    pub(crate) fn bind(self, name: ProcedureName, state: Arc<S>) -> Endpoint {
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

/// A procedure of a built application: its name, what is known of it, and its chain.
#[derive(Clone)]
pub(crate) struct Endpoint {
    pub(crate) name: Arc<ProcedureName>,
    pub(crate) meta: Meta,
    run: Arc<dyn Fn(CallCore) -> Running<Result<Outcome>> + Send + Sync>,
}

/// Runs a call, the so-manieth of its exchange. There is no other way to run one.
///
/// A panic in it ends the call as an internal error; the connection and the process live on. What the caller cannot help
/// is logged here, once, with the id of the exchange.
pub(crate) async fn run(endpoint: &Endpoint, exchange: &Exchange, call: usize) -> Result<Outcome> {
    let core = CallCore { exchange: exchange.clone(), procedure: Arc::clone(&endpoint.name), call };
    let mut result = match catch_unwind(AssertUnwindSafe(|| (endpoint.run)(core))) {
        Ok(running) => Unwinding(running).await,
        Err(panic) => Err(panicked(&*panic)),
    };
    match &mut result {
        Ok(output) => {
            if let Some(events) = output.events_mut() {
                log_failures(events, endpoint, exchange);
            }
        }
        Err(error) if error.status().is_server_error() => log_failure(error, &endpoint.name, &exchange.id()),
        Err(_) => {}
    }
    result
}

/// The exchange is over when a subscription fails: of it only the id is kept.
#[cold]
fn log_failures(events: &mut Events, endpoint: &Endpoint, exchange: &Exchange) {
    let (procedure, id) = (Arc::clone(&endpoint.name), exchange.id());
    events.on_failure(Box::new(move |error| {
        if error.status().is_server_error() {
            log_failure(error, &procedure, &id);
        }
    }));
}

/// Ends an exchange after its calls, of which the only one gave the JSON `given`: what was opened is saved. Where that fails, or where it said something of the
/// reply that cannot be sent, the error takes the reply's place.
pub(crate) async fn end(exchange: &Exchange, procedure: &ProcedureName, given: Option<&[u8]>) -> Result<()> {
    let mut result = Unwinding(std::pin::pin!(exchange.end())).await;
    if result.is_ok()
        && let Some(what) = ending::unsendable(exchange, given)
    {
        result = Err(Error::internal(what));
    }
    if let Err(error) = &result {
        log_failure(error, procedure, &exchange.id());
    }
    result
}

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
