//! The last step: the handler, and what it may return.
//!
//! A closure becomes a step in four stages:
//!
//! 1. `F: Fn(Call<C, I>) -> R`: this bound is on the builder's method itself, so the closure's
//!    parameter has a known type and `ctx.user` needs no annotations.
//! 2. `R: Respond<M>`: `R` is a `Result<T>` (`M = Now`) or a future of one (`M = Later`). The two
//!    impls do not overlap, because their `M` differs, and the compiler finds the one that applies.
//! 3. `R::Value: Output`: this is a separate bound, so that the message of rustc is about the
//!    output if it cannot be written as JSON.
//! 4. [`step`] erases all types.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use super::step::{Carried, Step};
use super::{Outcome, ending};
use crate::call::Call;
use crate::context::{Ctx, RequestScope};
use crate::error::Result;
use crate::running::Running;

/// A function that turns a value into an [`Outcome`].
pub(super) type Encode<T> = fn(&T) -> Result<Outcome>;

/// A type that a handler may return: a [`Result`], or a `Send` future of one.
///
/// `M` is [`Now`] or [`Later`]. The compiler infers it.
#[diagnostic::on_unimplemented(
    message = "a handler returns a `velox_rpc::Result`, or a future of one",
    label = "this handler returns `{Self}`",
    note = "write `Ok(value)` for a value, and `Err(Error::bad_request(\"…\"))` for an error; `?` passes on any `std::error::Error`"
)]
pub trait Respond<M> {
    /// The output of the procedure when it succeeds.
    type Value: 'static;

    /// Encodes the value as soon as it is available. Checks that the head of the reply, as the
    /// handler set it, fits the value.
    fn respond(self, encode: fn(&Self::Value) -> Result<Outcome>, scope: RequestScope) -> Running<Result<Outcome>>;
}

/// Marks a handler that returns a [`Result`].
#[derive(Debug)]
pub enum Now {}

/// Marks a handler that returns a future of a [`Result`].
#[derive(Debug)]
pub enum Later {}

impl<T: 'static> Respond<Now> for Result<T> {
    type Value = T;

    fn respond(self, encode: Encode<T>, scope: RequestScope) -> Running<Result<Outcome>> {
        Running::ready(encoded(self, encode, &scope))
    }
}

#[diagnostic::do_not_recommend]
impl<F, T> Respond<Later> for F
where
    F: Future<Output = Result<T>> + Send + 'static,
    T: 'static,
{
    type Value = T;

    fn respond(self, encode: Encode<T>, scope: RequestScope) -> Running<Result<Outcome>> {
        Running::boxed(Encoded { future: self, encode, scope })
    }
}

pin_project! {
    /// The future of a handler, whose value it encodes. An `async` block would hold the handler's
    /// future twice, and a combinator would add ten functions to compile for each handler.
    struct Encoded<F, T> {
        #[pin]
        future: F,
        encode: Encode<T>,
        scope: RequestScope,
    }
}

impl<F: Future<Output = Result<T>>, T> Future for Encoded<F, T> {
    type Output = Result<Outcome>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<Outcome>> {
        let this = self.project();
        Poll::Ready(encoded(ready!(this.future.poll(cx)), *this.encode, this.scope))
    }
}

fn encoded<T>(result: Result<T>, encode: Encode<T>, scope: &RequestScope) -> Result<Outcome> {
    ending::checked(scope, result.and_then(|value| encode(&value)))
}

/// Makes the last step of a chain.
pub(super) fn step<C, I, F, R, M>(handler: F, encode: Encode<R::Value>) -> Step<C>
where
    C: Ctx,
    I: 'static,
    F: Fn(Call<C, I>) -> R + Send + Sync + 'static,
    R: Respond<M> + 'static,
{
    let step: Box<dyn Fn(C, Carried) -> Running<Result<Outcome>> + Send + Sync> = Box::new(move |ctx: C, input| {
        let scope = ctx.scope().clone();
        handler(Call { ctx, input: input.take() }).respond(encode, scope)
    });
    // `Arc::new` of the closure itself would compile a dozen more types for each handler.
    step.into()
}
