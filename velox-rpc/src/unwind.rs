//! Turns a panic into an error of the call in which it happened. Layer: vocabulary.

use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::error::{Error, Result};

/// A future that ends with an error if the inner future panics.
///
/// The inner future is never polled again after a panic, so nobody sees a half-changed state.
pub(crate) struct Unwinding<F>(pub(crate) F);

impl<F, T> Future for Unwinding<F>
where
    F: Future<Output = Result<T>> + Unpin,
{
    type Output = Result<T>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<T>> {
        catch_unwind(AssertUnwindSafe(|| Pin::new(&mut self.0).poll(cx)))
            .unwrap_or_else(|panic| Poll::Ready(Err(panicked(&*panic))))
    }
}

/// Makes the error of a call that panicked. Only the log shows the panic message.
#[cold]
pub(crate) fn panicked(panic: &(dyn Any + Send)) -> Error {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    Error::internal(format!("panicked: {}", text.unwrap_or("no message")))
}
