//! The exchange: one HTTP request and its reply, which carry one or more calls.

use std::any::{Any, TypeId};
use std::fmt;
use std::future::Future;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::{Reply, ReplyHead, Request};
use crate::error::Result;
use crate::running::Running;

/// One HTTP request and its reply. Calls of one batch share it.
///
/// It has typed slots, for what is opened once and shared by all calls (a session), and a hook for its end, which runs
/// after all calls ended and before the head of the reply is written. Cloning copies a pointer.
///
/// # Examples
///
/// ```
/// use std::sync::atomic::{AtomicU32, Ordering};
/// use http::{HeaderName, HeaderValue};
/// use velox_rpc::context::Exchange;
///
/// #[derive(Default)]
/// struct Queries(AtomicU32);
///
/// fn count_query(exchange: &Exchange) {
///     exchange.slot::<Queries>().0.fetch_add(1, Ordering::Relaxed);
/// }
///
/// fn report(exchange: &Exchange) {
///     exchange.on_end(|exchange| async move {
///         let count = exchange.slot::<Queries>().0.load(Ordering::Relaxed);
///         exchange.reply().header(HeaderName::from_static("x-queries"), HeaderValue::from(count));
///         Ok(())
///     });
/// }
/// ```
#[derive(Clone)]
pub struct Exchange(Arc<Inner>);

struct Inner {
    request: Request,
    reply: Mutex<ReplyHead>,
    shared: Mutex<Shared>,
    id: OnceLock<RequestId>,
}

#[derive(Default)]
struct Shared {
    slots: Vec<((TypeId, usize), Arc<dyn Any + Send + Sync>)>,
    hooks: Vec<EndHook>,
}

type EndHook = Box<dyn FnOnce(Exchange) -> Running<Result<()>> + Send>;

impl Exchange {
    pub(crate) fn new(request: Request) -> Self {
        Self(Arc::new(Inner { request, reply: Mutex::default(), shared: Mutex::default(), id: OnceLock::new() }))
    }

    /// The request's head.
    pub fn request(&self) -> &Request {
        &self.0.request
    }

    /// The reply's head.
    pub fn reply(&self) -> Reply<'_> {
        Reply(&self.0.reply)
    }

    /// The name of this exchange in the log and, where something failed, on the wire; made when it is first asked for.
    pub fn id(&self) -> &RequestId {
        self.0.id.get_or_init(RequestId::next)
    }

    /// The exchange's one value of a type, made by `Default` when it is first asked for.
    pub fn slot<T: Default + Send + Sync + 'static>(&self) -> Arc<T> {
        self.slot_of(0)
    }

    /// The exchange's one value of a type for an owner, for what there can be several of: owners that run at the same time
    /// tell themselves apart by a number, such as the address of what they own.
    pub fn slot_of<T: Default + Send + Sync + 'static>(&self, owner: usize) -> Arc<T> {
        let slot = self.slot_erased((TypeId::of::<T>(), owner), || Arc::new(T::default()));
        slot.downcast().expect("a slot is filed under the type that it holds")
    }

    /// Runs something after all calls ended and before the head of the reply is written. Where it fails, its error is
    /// sent in place of the reply, without the headers that were set before.
    ///
    /// Hooks run one after the other, in the order in which they were added.
    pub fn on_end<F, Fut>(&self, hook: F)
    where
        F: FnOnce(Exchange) -> Fut + Send + 'static,
        Fut: Future<Output = Result<()>> + Send + 'static,
    {
        self.add_hook(Box::new(|exchange| Running::boxed(hook(exchange))));
    }

    /// Runs the hooks; those that a hook adds too.
    pub(crate) async fn end(&self) -> Result<()> {
        loop {
            let hooks = std::mem::take(&mut self.shared().hooks);
            if hooks.is_empty() {
                return Ok(());
            }
            for hook in hooks {
                hook(self.clone()).await?;
            }
        }
    }

    pub(crate) fn has_hooks(&self) -> bool {
        !self.shared().hooks.is_empty()
    }

    pub(crate) fn take_reply(&self) -> ReplyHead {
        std::mem::take(&mut *self.0.reply.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn add_hook(&self, hook: EndHook) {
        self.shared().hooks.push(hook);
    }

    fn slot_erased(
        &self,
        key: (TypeId, usize),
        make: fn() -> Arc<dyn Any + Send + Sync>,
    ) -> Arc<dyn Any + Send + Sync> {
        let mut shared = self.shared();
        if let Some((_, slot)) = shared.slots.iter().find(|(filed, _)| *filed == key) {
            return Arc::clone(slot);
        }
        let slot = make();
        shared.slots.push((key, Arc::clone(&slot)));
        slot
    }

    fn shared(&self) -> std::sync::MutexGuard<'_, Shared> {
        self.0.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exchange")
            .field("method", self.0.request.method())
            .field("path", &self.0.request.uri().path())
            .finish_non_exhaustive()
    }
}

/// The name of an exchange, the same in the log and on the wire: 16 hexadecimal digits.
///
/// It is unlikely to be given twice, and it is no secret.
#[derive(Clone, PartialEq, Eq)]
pub struct RequestId(u64);

impl RequestId {
    pub(crate) fn next() -> Self {
        static START: OnceLock<u64> = OnceLock::new();
        static COUNT: AtomicU64 = AtomicU64::new(0);
        // The odd factor spreads the count over all bits and gives no number twice.
        let start = START.get_or_init(|| RandomState::new().hash_one(std::process::id()));
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        Self(start.wrapping_add(count.wrapping_mul(0x9e37_79b9_7f4a_7c15)))
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RequestId({self})")
    }
}
