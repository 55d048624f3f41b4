//! The output types of procedures, and the outcome of a call.

use std::cell::RefCell;
use std::fmt;
use std::future::Future;

use schemars::JsonSchema;
use serde::Serialize;

use super::events::Events;
use crate::error::{Error, Result};
use crate::running::Running;

/// The outcome of a successful call: its output, written as JSON.
///
/// [`Next::run`](super::Next::run) returns it to a middleware. A middleware that answers without
/// calling `next` makes one itself.
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
/// The outcome of a subscription holds its stream of events; its JSON is empty.
pub struct Outcome(Given);

enum Given {
    Json(Vec<u8>),
    /// The box keeps the common variant small.
    Events(Box<Events>),
}

impl Outcome {
    /// Makes an outcome by writing a value as JSON.
    ///
    /// # Errors
    ///
    /// Returns an internal error if the `Serialize` implementation of the value fails.
    pub fn json<T: Serialize + ?Sized>(value: &T) -> Result<Self> {
        SCRATCH.with(|scratch| match scratch.try_borrow_mut() {
            Ok(mut scratch) => write_exactly(value, &mut scratch),
            // The buffer is in use if a `Serialize` implementation itself writes an output.
            Err(_) => write_exactly(value, &mut Vec::new()),
        })
    }

    #[cold]
    pub(super) fn of_events(events: Events) -> Self {
        Self(Given::Events(Box::new(events)))
    }

    /// Returns the JSON text.
    pub fn as_json(&self) -> &[u8] {
        match &self.0 {
            Given::Json(json) => json,
            Given::Events(_) => &[],
        }
    }

    /// Returns the JSON text and consumes the outcome.
    pub fn into_json(self) -> Vec<u8> {
        match self.0 {
            Given::Json(json) => json,
            Given::Events(_) => Vec::new(),
        }
    }

    /// Ends the subscription of this outcome when the future ends. Use it in a middleware that
    /// knows when a client has to leave. Other outcomes stay unchanged.
    ///
    /// If the future returns an error, the subscription fails with it, and the client receives the
    /// error. If it returns `Ok(())`, the reply simply ends, and the client reconnects. In both
    /// cases, the handler's stream is dropped at once.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use velox_rpc::procedure::Outcome;
    /// use velox_rpc::{Ctx, Middleware, Next, Result};
    ///
    /// /// Makes clients reconnect after an hour.
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
    #[must_use = "the subscription ends early only if you return this outcome"]
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

    /// Returns the events if this is the outcome of a subscription.
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
    /// The buffer for outputs whose length is not known yet.
    static SCRATCH: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Writes into a reused buffer and copies the result. This allocates the exact length once. A
/// growing buffer would be reallocated, and again when it becomes the body of a reply.
fn write_exactly<T: Serialize + ?Sized>(value: &T, scratch: &mut Vec<u8>) -> Result<Outcome> {
    scratch.clear();
    let written = serde_json::to_writer(&mut *scratch, value);
    take(written, scratch)
}

/// Takes the JSON from the buffer. This part does not depend on a type.
fn take(written: serde_json::Result<()>, scratch: &mut Vec<u8>) -> Result<Outcome> {
    let output = written.map(|()| Outcome(Given::Json(scratch.as_slice().to_vec()))).map_err(Error::internal);
    if scratch.capacity() > KEPT {
        *scratch = Vec::new();
    }
    output
}

/// A buffer with a larger capacity than this is not kept.
const KEPT: usize = 64 * 1024;

/// A type that a procedure can return: serde can write it and schemars can describe it, for example
/// a type with `#[schema]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the output of a procedure",
    label = "the handler returns `{Self}`",
    note = "if it is a future, write `.await` after the call that made it",
    note = "an output is written as JSON and described to clients: put `#[schema]` above the struct or enum, or derive `Serialize` and `JsonSchema`",
    note = "a reply is JSON (`Query`, `Mutation`), nothing (`()`), or one event after the other (`Subscription`); `ctx.reply()` sets its status, headers and cookies; for other bodies put another service beside the application"
)]
pub trait Output: Serialize + JsonSchema + Send + 'static {}

#[diagnostic::do_not_recommend]
impl<T: Serialize + JsonSchema + Send + 'static> Output for T {}
