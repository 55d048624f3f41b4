//! A panic becomes an error of the call that it happened in. Part of the vocabulary.

use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::error::{Error, Result};

/// A future whose panics end it as an error.
///
/// It is never polled again after a panic, so that nothing half changed is seen.
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

/// The error of a call that panicked. The text goes to the log alone.
#[cold]
pub(crate) fn panicked(panic: &(dyn Any + Send)) -> Error {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    Error::internal(format!("panicked: {}", text.unwrap_or("with no text")))
}
