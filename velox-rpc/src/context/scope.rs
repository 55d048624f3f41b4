//! The request scope: a request, its reply, and the values that its calls share.

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::reply::Said;
use super::{Input, Inputs, Reply, ReplyHead, Request, RequestId, Serial};
use crate::budget::Held;
use crate::error::Result;
use crate::running::Running;

/// One HTTP request and its reply. The calls of a batch share one `RequestScope`.
///
/// A request has slots. A slot holds something that is opened once and shared by all calls, such
/// as a session, and has a hook that runs at the end of the request. Cloning a `RequestScope` only
/// copies a pointer.
///
/// # Streamed replies
///
/// A tRPC client can ask for a reply that is sent line by line (`httpBatchStreamLink`). The head of
/// such a reply, with its cookies, is sent before all calls have ended. If a middleware reads a
/// cookie, it declares this in [`describe`](crate::Middleware::describe), and the head then waits
/// for its call. The head is sent when that call has ended, or when one of its middlewares
/// [releases](Self::release_head) the head. Every other call runs as if it had its own
/// `RequestScope` for the same request: it shares no slots, and its slots end with it.
#[derive(Clone)]
pub struct RequestScope(Arc<Inner>);

struct Inner {
    origin: Origin,
    reply: Mutex<Said>,
    slots: Mutex<Vec<(usize, Arc<dyn Slot>)>>,
    holds_head: AtomicBool,
}

#[expect(
    clippy::large_enum_variant,
    reason = "most values are of the large variant, and a box would cost an allocation for each request"
)]
enum Origin {
    Request(Received),
    /// One call of a streamed reply.
    Call {
        whole: RequestScope,
        /// `true` if the call shares the slots of the whole request, because it held the head from
        /// the beginning.
        shares: bool,
    },
}

struct Received {
    request: Request,
    input: Input,
    _held: Option<Held>,
    serial: Serial,
    is_development: bool,
}

/// A value that is kept from its first use until the end of the request.
///
/// # Examples
///
/// ```
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicU32, Ordering};
///
/// use velox_rpc::Result;
/// use velox_rpc::context::{RequestScope, Slot};
/// use velox_rpc::http::HeaderName;
/// use velox_rpc::procedure::Running;
///
/// #[derive(Default)]
/// struct Queries(AtomicU32);
///
/// impl Slot for Queries {
///     fn end(self: Arc<Self>, scope: &RequestScope) -> Running<Result<()>> {
///         let count = self.0.load(Ordering::Relaxed);
///         scope.reply().header(HeaderName::from_static("x-queries"), count.into());
///         Running::ready(Ok(()))
///     }
/// }
///
/// /// Counts the database queries of all calls.
/// fn count_query(scope: &RequestScope) {
///     scope.slot(0, Queries::default).0.fetch_add(1, Ordering::Relaxed);
/// }
/// # let _ = count_query;
/// ```
pub trait Slot: Any + Send + Sync {
    /// Runs before a call continues that has waited for the request body for more than one second.
    /// Values that the slot looked up earlier may have changed in the meantime. The default
    /// implementation does nothing.
    ///
    /// # Errors
    ///
    /// If this returns an error, the call ends with it.
    fn resume(self: Arc<Self>, scope: &RequestScope) -> Running<Result<()>> {
        let _ = scope;
        Running::ready(Ok(()))
    }

    /// Runs after all calls have ended and before the head of the reply is written. The default
    /// implementation does nothing.
    ///
    /// In a [streamed reply](RequestScope#streamed-replies), a call may have released the head. The
    /// head has then been sent already, and headers that you set here are not sent.
    ///
    /// # Errors
    ///
    /// If this returns an error, velox sends it in place of the reply, or logs it if the head has
    /// been sent. Of the reply's headers, velox then sends only `Cache-Control` and `Vary`, because
    /// they may keep the error out of caches. As with every error, a `Cache-Control` that allows
    /// shared caches becomes `no-store`.
    fn end(self: Arc<Self>, scope: &RequestScope) -> Running<Result<()>> {
        let _ = scope;
        Running::ready(Ok(()))
    }
}

impl RequestScope {
    #[inline]
    pub(crate) fn new(request: Request, input: Input, serial: Serial, is_development: bool) -> Self {
        Self::of(Origin::Request(Received { request, input, _held: None, serial, is_development }), true)
    }

    /// Makes the scope for one call of a streamed reply. The call can change the head of the
    /// reply only while it holds the head.
    pub(crate) fn part(&self, holds_head: bool) -> Self {
        Self::of(Origin::Call { whole: self.clone(), shares: holds_head }, holds_head)
    }

    #[inline]
    fn of(origin: Origin, holds_head: bool) -> Self {
        let (reply, slots) = Default::default();
        Self(Arc::new(Inner { origin, reply, slots, holds_head: AtomicBool::new(holds_head) }))
    }

    /// Sets the inputs, with their share of the body budget, before the scope is shared.
    pub(crate) fn set_inputs(&mut self, inputs: Inputs, held: Held) {
        if let Some(Inner { origin: Origin::Request(received), .. }) = Arc::get_mut(&mut self.0) {
            (received.input, received._held) = (Input::There(inputs), Some(held));
        } else {
            unreachable!("a scope is shared only once its calls run");
        }
    }

    #[inline]
    fn received(&self) -> &Received {
        match &self.0.origin {
            Origin::Request(received) => received,
            Origin::Call { whole, .. } => whole.received(),
        }
    }

    pub(crate) fn input(&self) -> &Input {
        &self.received().input
    }

    /// Returns the head of the request.
    pub fn request(&self) -> &Request {
        &self.received().request
    }

    /// Returns whether the application runs in development, so that an error may say what to
    /// change: see [`App::development`](crate::App::development). Always `false` for the direct
    /// caller.
    ///
    /// # Examples
    ///
    /// ```
    /// use velox_rpc::{Call, procedure};
    ///
    /// let mode = procedure::<()>().query(|Call { ctx, .. }| Ok(ctx.scope().is_development()));
    /// # let _ = mode;
    /// ```
    pub fn is_development(&self) -> bool {
        self.received().is_development
    }

    /// Returns the head of the reply.
    pub fn reply(&self) -> Reply<'_> {
        Reply(&self.0.reply)
    }

    /// Returns whether this is one call of a [streamed reply](Self#streamed-replies).
    #[inline]
    pub fn is_streamed(&self) -> bool {
        matches!(self.0.origin, Origin::Call { .. })
    }

    /// Returns whether the head of the reply waits for this call, so that headers set by the call
    /// are sent. This is always true, except in a [streamed reply](Self#streamed-replies).
    #[inline]
    pub fn holds_head(&self) -> bool {
        self.0.holds_head.load(Ordering::Relaxed)
    }

    /// Lets the head of a [streamed reply](Self#streamed-replies) be sent before this call has
    /// ended. The headers that the call has set so far are sent; afterwards it cannot set cookies.
    /// In any other reply, this does nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// use velox_rpc::procedure::{Credential, Demands, Outcome};
    /// use velox_rpc::{Ctx, Middleware, Next, Result};
    ///
    /// /// Reads the visitor's language and never sets it, so the head does not have to wait.
    /// struct Language;
    ///
    /// impl<C: Ctx> Middleware<C> for Language {
    ///     type Context = C;
    ///
    ///     async fn call(&self, ctx: C, next: Next<C>) -> Result<Outcome> {
    ///         ctx.scope().release_head();
    ///         next.run(ctx).await
    ///     }
    ///
    ///     fn describe(&self, demands: &mut Demands) {
    ///         demands.accept(Credential::Cookie("language".into()));
    ///     }
    /// }
    /// ```
    #[inline]
    pub fn release_head(&self) {
        if let Origin::Call { whole, .. } = &self.0.origin
            && self.holds_head()
        {
            whole.reply().add(self.take_reply().headers);
            self.head_leaves();
        }
    }

    /// Returns the id of this request in the log and, if something failed, in the reply. The id is
    /// read from the request's headers on every call.
    pub fn id(&self) -> RequestId {
        self.request().id(self.received().serial)
    }

    /// Returns the value of type `T` that this request holds for `owner`, and makes it on the
    /// first call. Slots end in the order in which they were made. If two calls make a value at the
    /// same time, one of the values is dropped and both get the other.
    ///
    /// Several owners can hold values of the same type. Each needs its own number, such as the
    /// address of the owner.
    pub fn slot<T: Slot>(&self, owner: usize, make: impl FnOnce() -> T) -> Arc<T> {
        if let Some(whole) = self.whole() {
            if self.holds_head() {
                return whole.slot(owner, make);
            }
            if let Some(slot) = find(&whole.slots(), owner) {
                return slot;
            }
        }
        if let Some(slot) = find(&self.slots(), owner) {
            return slot;
        }
        // Made without the lock, because `make` may use the slots of this request.
        let made = Arc::new(make());
        let mut slots = self.slots();
        find(&slots, owner).unwrap_or_else(|| {
            slots.push((owner, Arc::clone(&made) as Arc<dyn Slot>));
            made
        })
    }

    /// Runs a closure at the end of the request, in order with the slots: see [`Slot::end`].
    pub fn on_end<F, Fut>(&self, hook: F)
    where
        F: FnOnce(RequestScope) -> Fut + Send + 'static,
        Fut: Future<Output = Result<()>> + Send + 'static,
    {
        let place = self.whole().filter(|_| self.holds_head()).unwrap_or(self);
        place.slots().push((0, Arc::new(Hook(Mutex::new(Some(hook))))));
    }

    /// Returns the scope whose slots a call of a streamed reply shares.
    #[inline]
    fn whole(&self) -> Option<&Self> {
        match &self.0.origin {
            Origin::Call { whole, shares: true } => Some(whole),
            _ => None,
        }
    }

    /// Calls [`Slot::resume`] on every slot after a call has waited.
    pub(crate) async fn resume(&self) -> Result<()> {
        let slots_of = |scope: &Self| scope.slots().iter().map(|(_, slot)| Arc::clone(slot)).collect::<Vec<_>>();
        for slot in self.whole().map_or_else(Vec::new, slots_of).into_iter().chain(slots_of(self)) {
            slot.resume(self).await?;
        }
        Ok(())
    }

    /// Ends the slots, including those that another slot makes while it ends.
    pub(crate) async fn end(&self) -> Result<()> {
        let mut ended = 0;
        loop {
            let Some(slot) = self.slots().get(ended).map(|(_, slot)| Arc::clone(slot)) else { return Ok(()) };
            slot.end(self).await?;
            ended += 1;
        }
    }

    /// Returns whether this call shares the slots of a streamed reply.
    pub(crate) fn shares(&self) -> bool {
        self.whole().is_some()
    }

    /// Records that the head of a streamed reply is sent, so that no call can change it any more.
    pub(crate) fn head_leaves(&self) {
        self.0.holds_head.store(false, Ordering::Relaxed);
    }

    /// Returns whether no slot was made and nothing was set on the reply, so that nothing has to be
    /// ended.
    #[inline]
    pub(crate) fn is_plain(&self) -> bool {
        self.slots().is_empty() && self.reply().is_unset()
    }

    pub(crate) fn take_reply(&self) -> ReplyHead {
        self.reply().take()
    }

    fn slots(&self) -> MutexGuard<'_, Vec<(usize, Arc<dyn Slot>)>> {
        self.0.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A closure that runs at the end of the request.
struct Hook<F>(Mutex<Option<F>>);

impl<F, Fut> Slot for Hook<F>
where
    F: FnOnce(RequestScope) -> Fut + Send + 'static,
    Fut: Future<Output = Result<()>> + Send + 'static,
{
    fn end(self: Arc<Self>, scope: &RequestScope) -> Running<Result<()>> {
        // Taken first, because the lock would be held for the whole `match`.
        let hook = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        match hook {
            Some(hook) => Running::boxed(hook(scope.clone())),
            None => Running::ready(Ok(())),
        }
    }
}

fn find<T: Slot>(slots: &[(usize, Arc<dyn Slot>)], owner: usize) -> Option<Arc<T>> {
    let downcast = |slot: &Arc<dyn Slot>| (Arc::clone(slot) as Arc<dyn Any + Send + Sync>).downcast().ok();
    slots.iter().filter(|(filed, _)| *filed == owner).find_map(|(_, slot)| downcast(slot))
}

impl fmt::Debug for RequestScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestScope")
            .field("method", self.request().method())
            .field("path", &self.request().uri().path())
            .finish_non_exhaustive()
    }
}
