//! The context: what a call can reach.
//!
//! [`Context`] is the base, handed to the first step of every procedure. A middleware wraps it in a struct that adds
//! fields and derefs to the one inside, so that `ctx.user`, `ctx.tenant` and `ctx.db` are plain field accesses through
//! any number of layers; [`Ctx`] is what every such layer is. Part of the vocabulary.

mod caching;
mod exchange;
mod forwarded;
mod host;
mod input;
mod peer;
mod proxies;
mod reply;
mod request;
mod request_id;
mod sender;
mod user;

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use crate::call::{ProcedureName, RawInput};
use crate::error::Result;

pub(crate) use self::caching::forbid_sharing;
pub use self::exchange::{Exchange, Slot};
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
pub(crate) use self::sender::Sender;
pub use self::user::{HasUser, IsAuthenticated, Roles};

/// The base context of a call: the application's state, the exchange, and the name of the procedure.
///
/// It derefs to the state, so that `ctx.db` reads a field of it.
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
    state: Arc<S>,
    core: CallCore,
}

/// What a call has beside the state, whatever the state's type is.
#[derive(Clone)]
pub(crate) struct CallCore {
    pub(crate) exchange: Exchange,
    pub(crate) procedure: Arc<ProcedureName>,
    /// Which of the calls of the exchange it is.
    pub(crate) call: usize,
}

impl<S> Context<S> {
    pub(crate) fn new(state: Arc<S>, core: CallCore) -> Self {
        Self { state, core }
    }

    /// The application's state. Its fields are reached without this: `ctx.db`.
    pub fn state(&self) -> &S {
        &self.state
    }

    /// The name of the procedure that is being called.
    pub fn procedure(&self) -> &ProcedureName {
        &self.core.procedure
    }

    /// The HTTP exchange that carries this call, and perhaps others beside it.
    pub fn exchange(&self) -> &Exchange {
        &self.core.exchange
    }

    /// The request's head.
    pub fn request(&self) -> &Request {
        self.core.exchange.request()
    }

    /// The reply's head: headers and status to send.
    pub fn reply(&self) -> Reply<'_> {
        self.core.exchange.reply()
    }

    /// Returns the input as it came in, before it is read and checked: the text of one JSON document. `None` where there is none, or
    /// where it is made of path and query.
    ///
    /// It is for middlewares that look for a key that the schema does not know. It waits for the body of the request: what can be
    /// decided without the body is decided before.
    ///
    /// # Examples
    ///
    /// ```
    /// use velox_rpc::{Ctx, Result, middleware, procedure};
    ///
    /// /// How long the body is.
    /// #[middleware]
    /// async fn size(ctx: &impl Ctx) -> Result<usize> {
    ///     Ok(ctx.base().input_json().await?.map_or(0, str::len))
    /// }
    /// # let _ = procedure::<()>().use_(size);
    /// ```
    ///
    /// # Errors
    ///
    /// The body did not arrive, is too large, or is not JSON: the error that the caller is to get.
    pub async fn input_json(&self) -> Result<Option<&str>> {
        let input = self.core.exchange.input().wait(self.core.call).await.0?;
        Ok(input.text().filter(|_| !input.is_coerced()))
    }

    /// The input of this call, if it is there.
    pub(crate) fn input_there(&self) -> Option<Result<&RawInput>> {
        self.core.exchange.input().there(self.core.call)
    }

    /// Asks for the input of this call, and waits for it.
    pub(crate) async fn input(&self) -> (Result<&RawInput>, Duration) {
        self.core.exchange.input().wait(self.core.call).await
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

/// What every context of a chain is: something that has the base [`Context`] at the bottom.
///
/// A middleware that works anywhere asks for `C: Ctx`. `#[middleware]` implements it for the context that it makes; by
/// hand it is one line that passes the call on.
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
    note = "a context is `Context<S>`, or what a middleware made of one"
)]
pub trait Ctx: Send + Sync + 'static {
    /// The application's state.
    type State: Send + Sync + 'static;

    /// The base context at the bottom.
    fn base(&self) -> &Context<Self::State>;

    /// The HTTP exchange that carries this call.
    fn exchange(&self) -> &Exchange {
        self.base().exchange()
    }

    /// The request's head.
    fn request(&self) -> &Request {
        self.base().request()
    }

    /// The reply's head: headers and status to send.
    fn reply(&self) -> Reply<'_> {
        self.base().reply()
    }
}

impl<S: Send + Sync + 'static> Ctx for Context<S> {
    type State = S;

    fn base(&self) -> &Context<S> {
        self
    }
}
