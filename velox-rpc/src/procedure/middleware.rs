//! Middlewares: steps that wrap the rest of the chain and may extend its context.

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use super::step::{Carried, Step};
use super::{Demands, Outcome};
use crate::error::Result;
use crate::running::Running;

/// A middleware wraps a call and may extend its context.
///
/// `#[middleware]` makes one from a function that returns a field.
/// [`use_fn`](super::ProcedureBuilder::use_fn) takes a closure with code before and after the call.
/// You can also implement the trait by hand:
///
/// # Examples
///
/// ```
/// use velox_rpc::procedure::Outcome;
/// use velox_rpc::{Ctx, Middleware, Next, Result, procedure};
///
/// struct Logged;
///
/// impl<C: Ctx> Middleware<C> for Logged {
///     type Context = C;
///
///     async fn call(&self, ctx: C, next: Next<C>) -> Result<Outcome> {
///         let name = ctx.base().procedure().to_string();
///         let result = next.run(ctx).await;
///         println!("{name} ended {}", if result.is_ok() { "well" } else { "in an error" });
///         result
///     }
/// }
///
/// let hello = procedure::<()>().use_(Logged).query(|_| Ok("hello"));
/// # let _ = hello;
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a middleware for a context of type `{C}`",
    label = "not a middleware here",
    note = "use `session.required()`, `#[middleware]` or an `impl Middleware<C>`; put a middleware that needs the context of another one after it",
    note = "pass a guard such as `rate_limit(…)` or `has_role(…)` to `.guard(…)`"
)]
pub trait Middleware<C>: Send + Sync + 'static {
    /// The context that the inner steps receive: `C` itself, or a struct that wraps it.
    type Context: Send + Sync + 'static;

    /// Runs the call. Use [`next.run(ctx)`](Next::run) to continue with the inner steps.
    ///
    /// # Errors
    ///
    /// An error that this method returns becomes the result of the call.
    fn call(&self, ctx: C, next: Next<Self::Context>) -> impl Future<Output = Result<Outcome>> + Send;

    /// Declares what the middleware demands of a caller, for the exported documents. The default
    /// implementation declares nothing.
    fn describe(&self, demands: &mut Demands) {
        let _ = demands;
    }
}

/// A function that returns a middleware also counts as one. `#[middleware]` generates such a
/// function, for example `tenant`, because a unit struct or a constant of this name would break
/// every `let tenant = ctx.tenant;` beside it.
#[diagnostic::do_not_recommend]
impl<C, F, M> Middleware<C> for F
where
    C: Send + 'static,
    F: Fn() -> M + Send + Sync + 'static,
    M: Middleware<C>,
{
    type Context = M::Context;

    async fn call(&self, ctx: C, next: Next<Self::Context>) -> Result<Outcome> {
        self().call(ctx, next).await
    }

    fn describe(&self, demands: &mut Demands) {
        self().describe(demands);
    }
}

/// The inner steps of a middleware.
#[must_use = "call `next.run(ctx)` to continue, or return an outcome or an error instead"]
pub struct Next<C> {
    inner: Step<C>,
    input: Carried,
}

impl<C> Next<C> {
    /// Continues with the inner steps and passes them this context.
    ///
    /// # Errors
    ///
    /// Returns the error of the first inner step that failed.
    pub async fn run(self, ctx: C) -> Result<Outcome> {
        (self.inner)(ctx, self.input).await
    }
}

impl<C> fmt::Debug for Next<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Next(..)")
    }
}

/// Makes the step of a middleware around the steps `inner`.
pub(super) fn step<C, M>(middleware: Arc<M>, inner: Step<M::Context>) -> Step<C>
where
    M: Middleware<C>,
    C: Send + 'static,
{
    Arc::new(move |ctx, input| {
        let middleware = Arc::clone(&middleware);
        let next = Next { inner: Arc::clone(&inner), input };
        Running::boxed(async move { middleware.call(ctx, next).await })
    })
}

/// Makes the step of a closure that is used as a middleware.
pub(super) fn step_fn<C, D, F, Fut>(middleware: F, inner: Step<D>) -> Step<C>
where
    F: Fn(C, Next<D>) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Outcome>> + Send + 'static,
    D: 'static,
{
    Arc::new(move |ctx, input| Running::boxed(middleware(ctx, Next { inner: Arc::clone(&inner), input })))
}
