//! The exchange: one HTTP request and its reply, which carry one or more calls.

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Input, Inputs, Reply, ReplyHead, Request, RequestId, Serial};
use crate::budget::Held;
use crate::error::Result;
use crate::running::Running;

/// One HTTP request and its reply. Calls of one batch share it.
///
/// It has slots, for what is opened once and shared by all calls (a session), each with a hook for the end of the
/// exchange. Cloning copies a pointer.
///
/// # Streamed replies
///
/// A tRPC client may ask for a reply that is sent line by line (`httpBatchStreamLink`). Its head, with the cookies, leaves before all calls
/// have ended. A call whose chain reads a cookie, as its middlewares say in
/// [`describe`](crate::Middleware::describe), holds the head until it has ended, or until one of them [releases](Self::release_head) it. All
/// other calls run as if each had an exchange of its own, but for the request: they share no slots, and their slots end with them.
#[derive(Clone)]
pub struct Exchange(Arc<Inner>);

struct Inner {
    origin: Origin,
    reply: Mutex<ReplyHead>,
    slots: Mutex<Vec<(usize, Arc<dyn Slot>)>>,
    holds_head: AtomicBool,
}

#[expect(clippy::large_enum_variant, reason = "the large one is the rule, and a box would be one for each request")]
enum Origin {
    Request(Received),
    /// One call of a streamed reply.
    Call {
        whole: Exchange,
        /// Whether it has the slots of the whole: it held the head from the beginning.
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

/// What an exchange holds from its first use until its end.
///
/// # Examples
///
/// ```
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicU32, Ordering};
///
/// use velox_rpc::Result;
/// use velox_rpc::context::{Exchange, Slot};
/// use velox_rpc::http::HeaderName;
/// use velox_rpc::procedure::Running;
///
/// #[derive(Default)]
/// struct Queries(AtomicU32);
///
/// impl Slot for Queries {
///     fn end(self: Arc<Self>, exchange: &Exchange) -> Running<Result<()>> {
///         let count = self.0.load(Ordering::Relaxed);
///         exchange.reply().header(HeaderName::from_static("x-queries"), count.into());
///         Running::ready(Ok(()))
///     }
/// }
///
/// /// Counts a query of any call of the exchange.
/// fn count_query(exchange: &Exchange) {
///     exchange.slot(0, Queries::default).0.fetch_add(1, Ordering::Relaxed);
/// }
/// # let _ = count_query;
/// ```
pub trait Slot: Any + Send + Sync {
    /// Runs where a call had to wait for the body of its request for over a second, before it goes on: what was looked up before may
    /// have changed meanwhile. By default it does nothing.
    ///
    /// # Errors
    ///
    /// The call ends with the error.
    fn resume(self: Arc<Self>, exchange: &Exchange) -> Running<Result<()>> {
        let _ = exchange;
        Running::ready(Ok(()))
    }

    /// Runs after all calls ended and before the head of the reply is written. By default it does nothing.
    ///
    /// In a [streamed reply](Exchange#streamed-replies) the head has left where a call has released it: then the headers that are set here
    /// are not sent.
    ///
    /// # Errors
    ///
    /// An error is sent in place of the reply, or logged where the head has left. Of the reply's headers, only `Cache-Control` and `Vary` are
    /// sent with it: they may keep it out of caches. A `Cache-Control` that allows shared caches becomes `no-store`, as with every error.
    fn end(self: Arc<Self>, exchange: &Exchange) -> Running<Result<()>> {
        let _ = exchange;
        Running::ready(Ok(()))
    }
}

impl Exchange {
    #[inline]
    pub(crate) fn new(request: Request, input: Input, serial: Serial, is_development: bool) -> Self {
        Self::of(Origin::Request(Received { request, input, _held: None, serial, is_development }), true)
    }

    pub(crate) fn serial(&self) -> Serial {
        self.received().serial
    }

    /// One call of a streamed reply, which has a say in the head of that only as long as it holds it.
    pub(crate) fn part(&self, holds_head: bool) -> Self {
        Self::of(Origin::Call { whole: self.clone(), shares: holds_head }, holds_head)
    }

    #[inline]
    fn of(origin: Origin, holds_head: bool) -> Self {
        let (reply, slots) = Default::default();
        Self(Arc::new(Inner { origin, reply, slots, holds_head: AtomicBool::new(holds_head) }))
    }

    /// Sets the inputs before anything else knows the exchange, with what they hold of the budget for bodies.
    pub(crate) fn set_inputs(&mut self, inputs: Inputs, held: Held) {
        if let Some(Inner { origin: Origin::Request(received), .. }) = Arc::get_mut(&mut self.0) {
            (received.input, received._held) = (Input::There(inputs), Some(held));
        } else {
            unreachable!("an exchange is shared only once its calls run");
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

    /// The request's head.
    pub fn request(&self) -> &Request {
        &self.received().request
    }

    /// Returns whether the application runs in development, so that an error may say what to change: see
    /// [`App::development`](crate::App::development). `false` for the direct caller.
    ///
    /// # Examples
    ///
    /// ```
    /// use velox_rpc::{Call, procedure};
    ///
    /// let mode = procedure::<()>().query(|Call { ctx, .. }| Ok(ctx.exchange().is_development()));
    /// # let _ = mode;
    /// ```
    pub fn is_development(&self) -> bool {
        self.received().is_development
    }

    /// The reply's head.
    pub fn reply(&self) -> Reply<'_> {
        Reply(&self.0.reply)
    }

    /// Whether this is one call of a [streamed reply](Self#streamed-replies).
    #[inline]
    pub fn is_streamed(&self) -> bool {
        matches!(self.0.origin, Origin::Call { .. })
    }

    /// Whether the head of the reply waits for this call, so that what the call says of it is sent. Always, but in a
    /// [streamed reply](Self#streamed-replies).
    #[inline]
    pub fn holds_head(&self) -> bool {
        self.0.holds_head.load(Ordering::Relaxed)
    }

    /// Lets the head of a [streamed reply](Self#streamed-replies) leave before this call has ended. What the call has said of the head so
    /// far is sent; from here on it can set no cookie. In any other reply nothing changes.
    ///
    /// # Examples
    ///
    /// ```
    /// use velox_rpc::procedure::{Credential, Demands, Outcome};
    /// use velox_rpc::{Ctx, Middleware, Next, Result};
    ///
    /// /// Reads the language of the visitor and never sets it: nothing has to wait for the call.
    /// struct Language;
    ///
    /// impl<C: Ctx> Middleware<C> for Language {
    ///     type Context = C;
    ///
    ///     async fn call(&self, ctx: C, next: Next<C>) -> Result<Outcome> {
    ///         ctx.exchange().release_head();
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
            whole.add(self.take_reply());
            self.head_leaves();
        }
    }

    #[cold]
    fn add(&self, said: ReplyHead) {
        self.0.reply.lock().unwrap_or_else(PoisonError::into_inner).add(said.headers);
    }

    /// Returns the name of this exchange in the log and, where something failed, on the wire. It is read from the request's headers each
    /// time.
    pub fn id(&self) -> RequestId {
        self.request().id(self.received().serial)
    }

    /// The exchange's one value of a type for an owner, made when it is first asked for. Slots end in the order in which
    /// they were made.
    ///
    /// Owners of one type that are there at the same time tell themselves apart by a number, such as the address of what
    /// they own.
    pub fn slot<T: Slot>(&self, owner: usize, make: impl FnOnce() -> T) -> Arc<T> {
        if let Some(whole) = self.whole() {
            if self.holds_head() {
                return whole.slot(owner, make);
            }
            if let Some(slot) = find(&whole.slots(), owner) {
                return slot;
            }
        }
        let mut slots = self.slots();
        find(&slots, owner).unwrap_or_else(|| {
            let slot = Arc::new(make());
            slots.push((owner, Arc::clone(&slot) as Arc<dyn Slot>));
            slot
        })
    }

    /// Runs a closure at the end of the exchange, in turn with the slots: see [`Slot::end`].
    pub fn on_end<F, Fut>(&self, hook: F)
    where
        F: FnOnce(Exchange) -> Fut + Send + 'static,
        Fut: Future<Output = Result<()>> + Send + 'static,
    {
        let place = self.whole().filter(|_| self.holds_head()).unwrap_or(self);
        place.slots().push((0, Arc::new(Hook(Mutex::new(Some(hook))))));
    }

    /// The exchange whose slots a call of a streamed reply shares.
    #[inline]
    fn whole(&self) -> Option<&Self> {
        match &self.0.origin {
            Origin::Call { whole, shares: true } => Some(whole),
            _ => None,
        }
    }

    /// Lets the slots look again, after a call has waited.
    pub(crate) async fn resume(&self) -> Result<()> {
        let slots_of = |exchange: &Self| exchange.slots().iter().map(|(_, slot)| Arc::clone(slot)).collect::<Vec<_>>();
        for slot in self.whole().map_or_else(Vec::new, slots_of).into_iter().chain(slots_of(self)) {
            slot.resume(self).await?;
        }
        Ok(())
    }

    /// Ends the slots; those that one makes at its end too.
    pub(crate) async fn end(&self) -> Result<()> {
        let mut ended = 0;
        loop {
            let Some(slot) = self.slots().get(ended).map(|(_, slot)| Arc::clone(slot)) else { return Ok(()) };
            slot.end(self).await?;
            ended += 1;
        }
    }

    /// Whether it shares the slots of a streamed reply.
    pub(crate) fn shares(&self) -> bool {
        self.whole().is_some()
    }

    /// The head of a streamed reply leaves: no call has a say in it any more.
    pub(crate) fn head_leaves(&self) {
        self.0.holds_head.store(false, Ordering::Relaxed);
    }

    /// Whether nothing was opened and nothing said of the reply: then there is nothing to end.
    #[inline]
    pub(crate) fn is_plain(&self) -> bool {
        self.slots().is_empty() && self.reply().is_unset()
    }

    pub(crate) fn take_reply(&self) -> ReplyHead {
        std::mem::take(&mut *self.0.reply.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn slots(&self) -> MutexGuard<'_, Vec<(usize, Arc<dyn Slot>)>> {
        self.0.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A closure for the end of the exchange.
struct Hook<F>(Mutex<Option<F>>);

impl<F, Fut> Slot for Hook<F>
where
    F: FnOnce(Exchange) -> Fut + Send + 'static,
    Fut: Future<Output = Result<()>> + Send + 'static,
{
    fn end(self: Arc<Self>, exchange: &Exchange) -> Running<Result<()>> {
        match self.0.lock().unwrap_or_else(PoisonError::into_inner).take() {
            Some(hook) => Running::boxed(hook(exchange.clone())),
            None => Running::ready(Ok(())),
        }
    }
}

fn find<T: Slot>(slots: &[(usize, Arc<dyn Slot>)], owner: usize) -> Option<Arc<T>> {
    let downcast = |slot: &Arc<dyn Slot>| (Arc::clone(slot) as Arc<dyn Any + Send + Sync>).downcast().ok();
    slots.iter().filter(|(filed, _)| *filed == owner).find_map(|(_, slot)| downcast(slot))
}

impl fmt::Debug for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exchange")
            .field("method", self.request().method())
            .field("path", &self.request().uri().path())
            .finish_non_exhaustive()
    }
}
