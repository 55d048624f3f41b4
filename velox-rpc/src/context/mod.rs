//! The context: everything that a call can reach.
//!
//! [`Context`] is the base, which the first step of every procedure receives. A middleware wraps it
//! in a struct that adds fields and derefs to the inner context. So `ctx.user`, `ctx.tenant` and
//! `ctx.db` are plain field accesses through any number of layers. Every such layer implements
//! [`Ctx`]. Layer: vocabulary.

mod caching;
mod forwarded;
mod host;
mod input;
mod peer;
mod proxies;
mod reply;
mod request;
mod request_id;
mod scope;
mod sender;
mod user;

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use crate::call::{ProcedureName, RawInput, Texts};
use crate::error::Result;

pub(crate) use self::caching::forbid_sharing;
#[cfg(feature = "server")]
pub(crate) use self::host::is_host;
pub(crate) use self::input::{Arrived, Input, Inputs};
pub use self::peer::Peer;
pub(crate) use self::proxies::TrustedProxies;
pub use self::reply::Reply;
pub(crate) use self::reply::{ReplyHead, is_without_body};
pub use self::request::Request;
#[cfg(feature = "server")]
pub(crate) use self::request::network;
pub use self::request_id::RequestId;
pub(crate) use self::request_id::Serial;
pub use self::scope::{RequestScope, Slot};
pub(crate) use self::sender::Sender;
pub use self::user::{HasUser, IsAuthenticated, Roles};

/// The base context of a call: the application's state, the request with its reply, and the name of
/// the procedure.
///
/// It derefs to the state, so `ctx.db` reads the state's field `db`.
///
/// # Examples
///
/// ```
/// use velox_rpc::{Call, procedure};
///
/// struct AppState { greeting: String }
///
/// let hello = procedure::<AppState>().query(|Call { ctx, .. }| Ok(ctx.greeting.clone()));
/// # let _ = hello;
/// ```
pub struct Context<S> {
    state: SharedState<S>,
    core: CallCore,
}

/// The state of an application, which all calls share.
///
/// It is behind a trait object, which is `Send` and `Sync` for every `S`. So only the place where
/// an application gets its state requires this of `S`, and the compiler reports a state that
/// threads cannot share there, once.
pub(crate) type SharedState<S> = Arc<dyn Deref<Target = S> + Send + Sync>;

/// Makes the state of an application.
pub(crate) fn shared<S: Send + Sync + 'static>(state: S) -> SharedState<S> {
    struct Shared<S>(S);

    impl<S> Deref for Shared<S> {
        type Target = S;

        fn deref(&self) -> &S {
            &self.0
        }
    }

    Arc::new(Shared(state))
}

/// The parts of a call that do not depend on the type of the state.
#[derive(Clone)]
pub(crate) struct CallCore {
    pub(crate) scope: RequestScope,
    pub(crate) procedure: Arc<ProcedureName>,
    /// The index of the call in the request.
    pub(crate) call: usize,
}

impl<S> Context<S> {
    pub(crate) fn new(state: SharedState<S>, core: CallCore) -> Self {
        Self { state, core }
    }

    /// Returns the application's state. You can also reach its fields directly: `ctx.db`.
    pub fn state(&self) -> &S {
        &self.state
    }

    /// Returns the name of the procedure that is being called.
    pub fn procedure(&self) -> &ProcedureName {
        &self.core.procedure
    }

    /// Returns the request that carries this call, with its reply. The other calls of a batch share
    /// it. Clone it to use the reply after `next.run(ctx)` has taken the context.
    pub fn scope(&self) -> &RequestScope {
        &self.core.scope
    }

    /// Returns the head of the request.
    pub fn request(&self) -> &Request {
        self.core.scope.request()
    }

    /// Returns the head of the reply, where you set headers and the status.
    pub fn reply(&self) -> Reply<'_> {
        self.core.scope.reply()
    }

    /// Returns the raw input before it is typed and validated: the text of one JSON document.
    /// Returns `None` if the call has no input, or if the input was made from path and query
    /// parameters.
    ///
    /// Use it in a middleware that looks for a key which the schema does not know. It waits for the
    /// request body, so first decide everything that you can decide without the body.
    ///
    /// # Examples
    ///
    /// ```
    /// use velox_rpc::{Ctx, Result, middleware, procedure};
    ///
    /// /// Adds the length of the body to the context as `ctx.size`.
    /// #[middleware]
    /// async fn size(ctx: &impl Ctx) -> Result<usize> {
    ///     Ok(ctx.base().input_json().await?.map_or(0, str::len))
    /// }
    /// # let _ = procedure::<()>().use_(size);
    /// ```
    ///
    /// # Errors
    ///
    /// Returns an error if the body did not arrive, is too large, or is not JSON. This is the error
    /// to send to the caller.
    pub async fn input_json(&self) -> Result<Option<&str>> {
        let input = self.core.scope.input().wait(self.core.call).await.0?;
        Ok(input.text().filter(|_| !matches!(input.texts(), Texts::Everything)))
    }

    /// Returns the input of this call if it has arrived.
    pub(crate) fn input_there(&self) -> Option<Result<&RawInput>> {
        self.core.scope.input().there(self.core.call)
    }

    /// Asks for the input of this call and waits for it.
    pub(crate) async fn input(&self) -> (Result<&RawInput>, Duration) {
        self.core.scope.input().wait(self.core.call).await
    }
}

impl<S> Deref for Context<S> {
    type Target = S;

    fn deref(&self) -> &S {
        &self.state
    }
}

impl<S> Clone for Context<S> {
    fn clone(&self) -> Self {
        Self { state: Arc::clone(&self.state), core: self.core.clone() }
    }
}

impl<S> fmt::Debug for Context<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context").field("procedure", &self.core.procedure).finish_non_exhaustive()
    }
}

/// A context of a middleware chain: any type with the base [`Context`] at the bottom.
///
/// A middleware that works in every chain takes a `C: Ctx`. `#[middleware]` implements this trait
/// for the context that it makes. By hand, it takes one method that forwards the call.
///
/// # Examples
///
/// ```
/// use std::ops::Deref;
/// use velox_rpc::{Context, Ctx};
///
/// struct WithTenant<C> { tenant: String, inner: C }
///
/// impl<C> Deref for WithTenant<C> {
///     type Target = C;
///     fn deref(&self) -> &C { &self.inner }
/// }
///
/// impl<C: Ctx> Ctx for WithTenant<C> {
///     type State = C::State;
///     fn base(&self) -> &Context<C::State> { self.inner.base() }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a context of a procedure",
    label = "not a context",
    note = "a context is `Context<S>`, or a context that a middleware made"
)]
pub trait Ctx: Send + Sync + 'static {
    /// The type of the application's state.
    type State: 'static;

    /// Returns the base context at the bottom of the chain.
    fn base(&self) -> &Context<Self::State>;

    /// Returns the request that carries this call, with its reply.
    fn scope(&self) -> &RequestScope {
        self.base().scope()
    }

    /// Returns the head of the request.
    fn request(&self) -> &Request {
        self.base().request()
    }

    /// Returns the head of the reply, where you set headers and the status.
    fn reply(&self) -> Reply<'_> {
        self.base().reply()
    }
}

impl<S: 'static> Ctx for Context<S> {
    type State = S;

    fn base(&self) -> &Context<S> {
        self
    }
}
