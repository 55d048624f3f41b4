//! The exchange: one HTTP request and its reply, which carry one or more calls.

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Input, Inputs, Reply, ReplyHead, Request, RequestId, Serial};
use crate::budget::Held;
use crate::error::Result;
use crate::running::Running;

/// One HTTP request and its reply. Calls of one batch share it.
///
/// It has slots, for what is opened once and shared by all calls (a session), each with a hook for the end of the
/// exchange. Cloning copies a pointer.
#[derive(Clone)]
pub struct Exchange(Arc<Inner>);

struct Inner {
    request: Request,
    input: Input,
    _held: Option<Held>,
    reply: Mutex<ReplyHead>,
    slots: Mutex<Vec<(usize, Arc<dyn Slot>)>>,
    serial: Serial,
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
    /// # Errors
    ///
    /// An error is sent in place of the reply. Of the reply's headers, only `Cache-Control` and `Vary` are sent with it: they may keep
    /// it out of caches. A `Cache-Control` that allows shared caches becomes `no-store`, as with every error.
    fn end(self: Arc<Self>, exchange: &Exchange) -> Running<Result<()>> {
        let _ = exchange;
        Running::ready(Ok(()))
    }
}

impl Exchange {
    #[inline]
    pub(crate) fn new(request: Request, input: Input, serial: Serial) -> Self {
        Self(Arc::new(Inner { request, input, _held: None, reply: Mutex::default(), slots: Mutex::default(), serial }))
    }

    /// Sets the inputs before anything else knows the exchange, with what they hold of the budget for bodies.
    pub(crate) fn set_inputs(&mut self, inputs: Inputs, held: Held) {
        let inner = Arc::get_mut(&mut self.0).expect("an exchange is shared only once its calls run");
        (inner.input, inner._held) = (Input::There(inputs), Some(held));
    }

    pub(crate) fn input(&self) -> &Input {
        &self.0.input
    }

    /// The request's head.
    pub fn request(&self) -> &Request {
        &self.0.request
    }

    /// The reply's head.
    pub fn reply(&self) -> Reply<'_> {
        Reply(&self.0.reply)
    }

    /// Returns the name of this exchange in the log and, where something failed, on the wire. It is read from the request's headers each
    /// time.
    pub fn id(&self) -> RequestId {
        self.0.request.id(self.0.serial)
    }

    /// The exchange's one value of a type for an owner, made when it is first asked for. Slots end in the order in which
    /// they were made.
    ///
    /// Owners of one type that are there at the same time tell themselves apart by a number, such as the address of what
    /// they own.
    pub fn slot<T: Slot>(&self, owner: usize, make: impl FnOnce() -> T) -> Arc<T> {
        let mut slots = self.slots();
        let found = slots.iter().filter(|(filed, _)| *filed == owner).find_map(|(_, slot)| downcast(Arc::clone(slot)));
        found.unwrap_or_else(|| {
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
        self.slots().push((0, Arc::new(Hook(Mutex::new(Some(hook))))));
    }

    /// Lets the slots look again, after a call has waited.
    pub(crate) async fn resume(&self) -> Result<()> {
        let slots: Vec<_> = self.slots().iter().map(|(_, slot)| Arc::clone(slot)).collect();
        for slot in slots {
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

fn downcast<T: Slot>(slot: Arc<dyn Slot>) -> Option<Arc<T>> {
    (slot as Arc<dyn Any + Send + Sync>).downcast().ok()
}

impl fmt::Debug for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exchange")
            .field("method", self.0.request.method())
            .field("path", &self.0.request.uri().path())
            .finish_non_exhaustive()
    }
}
