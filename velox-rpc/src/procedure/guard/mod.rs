//! Guards: steps that let a call pass or refuse it.
//!
//! [`guard`] makes a guard from a closure over the request. `user` holds the guards that check the
//! user, and `combine` those made of other guards. A [`Refusal`] is the answer to a refused call.

#[macro_use]
mod refusal;
mod combine;
mod user;

use std::borrow::Cow;
use std::fmt;
use std::future::{Future, ready};
use std::sync::Arc;

use super::step::Step;
use super::{Credential, Demands};
use crate::context::{Ctx, Request};
use crate::error::Result;
use crate::running::Running;

pub use self::combine::{AllOf, AnyOf, GuardList, Not, all_of, any_of, not};
pub use self::refusal::{Refusal, Verdict};
pub use self::user::{Authenticated, HasRole, RoleName, authenticated, has_role};

/// A guard lets a call pass or refuses it. It receives the context of its place in the chain.
///
/// Use [`guard`] to make one from a closure.
///
/// # Examples
///
/// ```
/// use velox_rpc::procedure::Guard;
/// use velox_rpc::{Ctx, Error, Result, procedure};
///
/// struct ApiKey(&'static str);
///
/// impl<C: Ctx> Guard<C> for ApiKey {
///     fn name(&self) -> &str { "apiKey" }
///
///     async fn check(&self, ctx: &C) -> Result<()> {
///         match ctx.request().header("x-api-key") {
///             Some(key) if key == self.0 => Ok(()),
///             _ => Err(Error::unauthorized("API key required")),
///         }
///     }
/// }
///
/// let stats = procedure::<()>().guard(ApiKey("key-123")).query(|_| Ok(42));
/// # let _ = stats;
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a guard for a context of type `{C}`",
    label = "not a guard here",
    note = "make a guard with `guard(name, |request| …)`, call a function such as `authenticated()`, or write an `impl Guard<C>`; put a guard that needs the context of a middleware after that middleware",
    note = "pass a middleware such as `session.required()` to `.use_(…)`"
)]
pub trait Guard<C>: Send + Sync + 'static {
    /// Returns the name of the guard, for the body of the error and for the table of routes.
    fn name(&self) -> &str;

    /// Returns `Ok` to let the call pass.
    ///
    /// # Errors
    ///
    /// Returns the error that the client receives.
    fn check(&self, ctx: &C) -> impl Future<Output = Result<()>> + Send;

    /// Declares what the guard demands of a caller, for the exported documents. The default
    /// implementation declares nothing.
    fn describe(&self, demands: &mut Demands) {
        let _ = demands;
    }
}

/// Makes a guard from a name and a closure, for any context, like VeloxTS's `guard(name, check)`.
///
/// A refused client receives a `GuardError`: 403 `Access denied`, unless you set another status or
/// message.
///
/// # Examples
///
/// ```
/// use http::StatusCode;
/// use velox_rpc::procedure;
/// use velox_rpc::procedure::guard;
///
/// let api_key = guard("apiKey", |request| request.header("x-api-key") == Some("key-123"))
///     .message("API key required")
///     .status(StatusCode::UNAUTHORIZED);
/// let stats = procedure::<()>().guard(api_key).query(|_| Ok(42));
/// # let _ = stats;
/// ```
///
/// If the closure needs the context or the input, use
/// [`guard_fn`](super::ProcedureBuilder::guard_fn).
pub fn guard<F>(name: impl Into<Cow<'static, str>>, check: F) -> NamedGuard<F>
where
    F: Fn(&Request) -> bool + Send + Sync + 'static,
{
    NamedGuard { name: name.into(), refusal: Refusal::default(), credential: None, check }
}

/// The guard that [`guard`] makes.
#[derive(Clone)]
pub struct NamedGuard<F> {
    name: Cow<'static, str>,
    refusal: Refusal,
    credential: Option<Credential>,
    check: F,
}

worded! { NamedGuard<F> }

impl<F> NamedGuard<F> {
    /// Declares the header or cookie that the closure checks. The OpenAPI document and the table of
    /// routes then name it, and the page at `/docs` has a field for it.
    ///
    /// # Examples
    ///
    /// ```
    /// use velox_rpc::procedure;
    /// use velox_rpc::procedure::{Credential, guard};
    ///
    /// let api_key = guard("apiKey", |request| request.header("x-api-key") == Some("key-123"))
    ///     .requires(Credential::Header("x-api-key".into()));
    /// let stats = procedure::<()>().guard(api_key).query(|_| Ok(42));
    /// # let _ = stats;
    /// ```
    #[must_use]
    pub fn requires(mut self, credential: Credential) -> Self {
        self.credential = Some(credential);
        self
    }
}

impl<C, F> Guard<C> for NamedGuard<F>
where
    C: Ctx,
    F: Fn(&Request) -> bool + Send + Sync + 'static,
{
    fn name(&self) -> &str {
        &self.name
    }

    fn check(&self, ctx: &C) -> impl Future<Output = Result<()>> + Send {
        ready(self.refusal.unless((self.check)(ctx.request()), &self.name))
    }

    fn describe(&self, demands: &mut Demands) {
        self.credential.iter().for_each(|credential| demands.require(credential.clone()));
        self.refusal.describe(demands);
    }
}

impl<F> fmt::Debug for NamedGuard<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NamedGuard").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Makes the step of a guard around the steps `inner`.
pub(super) fn step<C, G>(guard: Arc<G>, inner: Step<C>) -> Step<C>
where
    G: Guard<C>,
    C: Send + Sync + 'static,
{
    Arc::new(move |ctx, input| {
        let (guard, inner) = (Arc::clone(&guard), Arc::clone(&inner));
        Running::boxed(async move {
            guard.check(&ctx).await?;
            inner(ctx, input).await
        })
    })
}

/// Makes the step of a guard that is a closure and does not wait.
pub(super) fn step_fn<C, I, F, V>(name: Cow<'static, str>, guard: F, inner: Step<C>) -> Step<C>
where
    F: Fn(&C, &I) -> V + Send + Sync + 'static,
    V: Verdict,
    C: 'static,
    I: 'static,
{
    Arc::new(move |ctx, input| match guard(&ctx, input.peek()).into_result(&name) {
        Ok(()) => inner(ctx, input),
        Err(error) => Running::ready(Err(error)),
    })
}
