//! The output types of procedures, and the outcome of a call.

use std::cell::RefCell;
use std::fmt;
use std::future::Future;

use schemars::JsonSchema;
use serde::Serialize;

use super::events::Events;
use crate::error::{Error, Result};
use crate::running::Running;

/// The outcome of a call that succeeded: the output, written as JSON.
///
/// A middleware gets it from [`Next::run`](super::Next::run). A middleware that answers without calling `next` makes one itself.
///
/// # Examples
///
/// ```
/// use velox_rpc::procedure::Outcome;
///
/// let outcome = Outcome::json(&vec![1, 2]).unwrap();
/// assert_eq!(outcome.as_json(), b"[1,2]");
/// ```
///
/// The outcome of a subscription is its stream of events. Its JSON is empty.
pub struct Outcome(Given);

enum Given {
    Json(Vec<u8>),
    /// In a box, so that the rule takes no more room.
    Events(Box<Events>),
}

impl Outcome {
    /// Writes a value as JSON.
    ///
    /// # Errors
    ///
    /// When the value's `Serialize` fails: an internal error.
    pub fn json<T: Serialize + ?Sized>(value: &T) -> Result<Self> {
        SCRATCH.with(|scratch| match scratch.try_borrow_mut() {
            Ok(mut scratch) => write_exactly(value, &mut scratch),
            // A `Serialize` that itself writes an output.
            Err(_) => write_exactly(value, &mut Vec::new()),
        })
    }

    #[cold]
    pub(super) fn of_events(events: Events) -> Self {
        Self(Given::Events(Box::new(events)))
    }

    /// The JSON text.
    pub fn as_json(&self) -> &[u8] {
        match &self.0 {
            Given::Json(json) => json,
            Given::Events(_) => &[],
        }
    }

    /// The JSON text, taken.
    pub fn into_json(self) -> Vec<u8> {
        match self.0 {
            Given::Json(json) => json,
            Given::Events(_) => Vec::new(),
        }
    }

    /// Lets a future end the subscription of which this is the output: for a middleware that knows when a caller has to leave. Other
    /// outputs stay as they are.
    ///
    /// If the future gives an error, the subscription fails with it, and the client is told. If it gives `Ok(())`, the reply ends without
    /// a word, and the client connects again. Either way the handler's stream is dropped at once.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use velox_rpc::procedure::Outcome;
    /// use velox_rpc::{Ctx, Middleware, Next, Result};
    ///
    /// /// Lets clients connect again after an hour.
    /// struct Hourly;
    ///
    /// impl<C: Ctx> Middleware<C> for Hourly {
    ///     type Context = C;
    ///
    ///     async fn call(&self, ctx: C, next: Next<C>) -> Result<Outcome> {
    ///         let output = next.run(ctx).await?;
    ///         Ok(output.end_with(async {
    ///             tokio::time::sleep(Duration::from_secs(3600)).await;
    ///             Ok(())
    ///         }))
    ///     }
    /// }
    /// ```
    #[must_use = "it returns the output that ends"]
    pub fn end_with(mut self, ending: impl Future<Output = Result<()>> + Send + 'static) -> Self {
        if let Some(events) = self.events_mut() {
            events.end_with(Running::boxed(ending));
        }
        self
    }

    #[inline]
    pub(super) fn events_mut(&mut self) -> Option<&mut Events> {
        match &mut self.0 {
            Given::Json(_) => None,
            Given::Events(events) => Some(events),
        }
    }

    /// The events, if it is the output of a subscription.
    pub(crate) fn into_events(self) -> Option<Box<Events>> {
        match self.0 {
            Given::Json(_) => None,
            Given::Events(events) => Some(events),
        }
    }
}

impl fmt::Debug for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Given::Json(json) => write!(f, "Outcome({} bytes)", json.len()),
            Given::Events(_) => f.write_str("Outcome(events)"),
        }
    }
}

thread_local! {
    /// Where outputs are written before their length is known.
    static SCRATCH: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Writes into a buffer that is there already, and copies what was written: one allocation of the exact length, in place of
/// one that grows and another when it becomes the body of a reply.
fn write_exactly<T: Serialize + ?Sized>(value: &T, scratch: &mut Vec<u8>) -> Result<Outcome> {
    scratch.clear();
    let written = serde_json::to_writer(&mut *scratch, value);
    take(written, scratch)
}

/// The part that is the same for all types.
fn take(written: serde_json::Result<()>, scratch: &mut Vec<u8>) -> Result<Outcome> {
    let output = written.map(|()| Outcome(Given::Json(scratch.as_slice().to_vec()))).map_err(Error::internal);
    if scratch.capacity() > KEPT {
        *scratch = Vec::new();
    }
    output
}

/// A buffer of more bytes than this is not kept.
const KEPT: usize = 64 * 1024;

/// What a procedure can give: a type that serde can write and schemars can describe, as `#[schema]` makes it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the output of a procedure",
    label = "the handler gives this",
    note = "an output is written as JSON and described to clients: put `#[schema]` above `{Self}`, or derive `Serialize` and `JsonSchema`"
)]
pub trait Output: Serialize + JsonSchema + Send + 'static {}

#[diagnostic::do_not_recommend]
impl<T: Serialize + JsonSchema + Send + 'static> Output for T {}
