//! The last step of a subscription: it runs the handler and turns what it returns into [`Events`].
//!
//! It goes from a closure to a step in the same way as [`handler`](super::handler), with
//! [`Subscribe`] in place of `Respond`.

use std::future::Future;
use std::sync::Arc;

use futures_util::{Stream, StreamExt};

use super::event::encode;
use super::events::Events;
use super::step::Step;
use super::{Event, Later, Now, Outcome, ProcedureBuilder, Subscription, ending};
use crate::call::Call;
use crate::context::{Ctx, RequestScope};
use crate::error::Result;
use crate::running::Running;

/// Marks what the handler of a subscription may return: a stream of `Result`s, a [`Result`] of such
/// a stream, or a future of such a `Result`.
///
/// `M` is [`Streaming`], [`Now`] or [`Later`]. The compiler infers it.
///
/// # Examples
///
/// ```
/// use futures_util::stream;
/// use velox_rpc::procedure;
///
/// let at_once = procedure::<()>().subscription(|_| stream::iter([Ok(1)]));
/// let or_refused = procedure::<()>().subscription(|_| Ok(stream::iter([Ok(1)])));
/// let later = procedure::<()>().subscription(async |_| Ok(stream::iter([Ok(1)])));
/// # let _ = (at_once, or_refused, later);
/// ```
#[diagnostic::on_unimplemented(
    message = "the handler of a subscription returns a stream of `Result<T>`, and this one returns `{Self}`",
    label = "the handler returns `{Self}`",
    note = "return a `Stream` whose items are `Ok(value)` or `Ok(tracked(id, value))`; or make the closure `async |Call {{ input, ctx }}| {{ … Ok(stream) }}`"
)]
pub trait Subscribe<M> {
    /// The type of the stream's successful items.
    type Event: Event;

    /// Erases the type of the stream once the handler has returned it, and checks the head of the
    /// reply as the handler has set it.
    fn subscribe(self, scope: RequestScope) -> Running<Result<Outcome>>;
}

/// Marks a handler that returns a stream directly.
#[derive(Debug)]
pub enum Streaming {}

impl<St, E> Subscribe<Streaming> for St
where
    St: Stream<Item = Result<E>> + Send + 'static,
    E: Event,
{
    type Event = E;

    fn subscribe(self, scope: RequestScope) -> Running<Result<Outcome>> {
        Running::ready(ending::checked(&scope, Ok(erased(self))))
    }
}

#[diagnostic::do_not_recommend]
impl<St, E> Subscribe<Now> for Result<St>
where
    St: Stream<Item = Result<E>> + Send + 'static,
    E: Event,
{
    type Event = E;

    fn subscribe(self, scope: RequestScope) -> Running<Result<Outcome>> {
        Running::ready(ending::checked(&scope, self.map(erased)))
    }
}

#[diagnostic::do_not_recommend]
impl<F, St, E> Subscribe<Later> for F
where
    F: Future<Output = Result<St>> + Send + 'static,
    St: Stream<Item = Result<E>> + Send + 'static,
    E: Event,
{
    type Event = E;

    fn subscribe(self, scope: RequestScope) -> Running<Result<Outcome>> {
        Running::boxed(async move { ending::checked(&scope, self.await.map(erased)) })
    }
}

fn erased<E: Event>(stream: impl Stream<Item = Result<E>> + Send + 'static) -> Outcome {
    Outcome::of_events(Events::new(stream.map(|event| event.and_then(encode))))
}

impl<S, C, I> ProcedureBuilder<S, C, I>
where
    S: 'static,
    C: Ctx<State = S>,
    I: Send + 'static,
{
    /// Ends the chain with the handler of a subscription, as `.subscription(…)` does in TypeScript.
    ///
    /// The handler takes a [`Call`] and returns a stream of [`Result`]s, a `Result` of such a
    /// stream, or a future of such a `Result`. Middlewares and guards run around the handler. They
    /// finish when it has returned the stream, before the first event.
    ///
    /// velox polls the stream only as fast as the client reads, and drops it when the client
    /// disconnects.
    ///
    /// # Examples
    ///
    /// ```
    /// use futures_util::stream;
    /// use velox_rpc::{Call, procedure, schema};
    ///
    /// #[schema]
    /// pub struct Countdown { pub from: u32 }
    ///
    /// let countdown = procedure::<()>()
    ///     .input::<Countdown>()
    ///     .subscription(|Call { input, .. }| stream::iter((0..input.from).rev().map(Ok)));
    /// # let _ = countdown;
    /// ```
    pub fn subscription<F, R, M>(self, handler: F) -> Subscription<I, R::Event, S>
    where
        F: Fn(Call<C, I>) -> R + Send + Sync + 'static, // an `async` closure cannot capture: put the value into the state
        R: Subscribe<M> + 'static,
    {
        Subscription::new(self.finish_subscription::<R::Event>(step(handler)))
    }
}

/// Makes the last step of a chain from the handler.
fn step<C, I, F, R, M>(handler: F) -> Step<C>
where
    C: Ctx,
    I: 'static,
    F: Fn(Call<C, I>) -> R + Send + Sync + 'static,
    R: Subscribe<M> + 'static,
{
    Arc::new(move |ctx: C, input| {
        let scope = ctx.scope().clone();
        handler(Call { ctx, input: input.take() }).subscribe(scope)
    })
}
