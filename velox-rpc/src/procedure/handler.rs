//! The last step: the handler, and what it may return.
//!
//! The ladder from a closure to a step:
//!
//! 1. `F: Fn(Call<C, I>) -> R`: the bound stands on the builder's method itself, so that the closure's parameter has a
//!    known type and `ctx.user` can be written without annotations.
//! 2. `R: Respond<M>`: `R` is a `Result<T>` (`M = Now`) or a future of one (`M = Later`). Two impls can stand beside each
//!    other since their `M` differs; the compiler finds the one that holds.
//! 3. `R::Value: Output`: a bound of its own, so that an output that cannot be written is reported as that.
//! 4. [`step`] erases all of it.

use std::future::Future;
use std::sync::Arc;

use super::step::Step;
use super::{Outcome, ending};
use crate::call::Call;
use crate::context::{Ctx, Exchange};
use crate::error::Result;
use crate::running::Running;

/// How a value becomes an [`Outcome`].
pub(super) type Encode<T> = fn(&T) -> Result<Outcome>;

/// What a handler may return: a [`Result`], or a future of one that can move between threads.
///
/// `M` is [`Now`] or [`Later`]; the compiler finds it.
#[diagnostic::on_unimplemented(
    message = "a handler returns `Result<T>`, or a future of it, and this one returns `{Self}`",
    label = "the handler returns `{Self}`",
    note = "write `Ok(value)`, or make the closure `async |Call {{ input, ctx }}| {{ … Ok(value) }}`"
)]
pub trait Respond<M> {
    /// What the procedure gives when it ends well.
    type Value: 'static;

    /// Encodes the value, as soon as it is there. What the handler said of the exchange's reply has to fit it.
    fn respond(self, encode: fn(&Self::Value) -> Result<Outcome>, exchange: Exchange) -> Running<Result<Outcome>>;
}

/// Marks a handler that returns a [`Result`].
#[derive(Debug)]
pub enum Now {}

/// Marks a handler that returns a future of a [`Result`].
#[derive(Debug)]
pub enum Later {}

impl<T: 'static> Respond<Now> for Result<T> {
    type Value = T;

    fn respond(self, encode: fn(&T) -> Result<Outcome>, exchange: Exchange) -> Running<Result<Outcome>> {
        Running::ready(ending::checked(&exchange, self.and_then(|value| encode(&value))))
    }
}

#[diagnostic::do_not_recommend]
impl<F, T> Respond<Later> for F
where
    F: Future<Output = Result<T>> + Send + 'static,
    T: 'static,
{
    type Value = T;

    fn respond(self, encode: fn(&T) -> Result<Outcome>, exchange: Exchange) -> Running<Result<Outcome>> {
        Running::boxed(async move { ending::checked(&exchange, self.await.and_then(|value| encode(&value))) })
    }
}

/// Makes the last step of a chain.
pub(super) fn step<C, I, F, R, M>(handler: F, encode: Encode<R::Value>) -> Step<C>
where
    C: Ctx,
    I: 'static,
    F: Fn(Call<C, I>) -> R + Send + Sync + 'static,
    R: Respond<M> + 'static,
{
    Arc::new(move |ctx: C, input| {
        let exchange = ctx.exchange().clone();
        handler(Call { ctx, input: input.take() }).respond(encode, exchange)
    })
}
