//! A step that is either running or already done. Layer: vocabulary.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

/// A future that is boxed only if the caller has to wait for it.
///
/// Guards, input and plain handlers end at once, so the chain passes their result on without a box.
///
/// # Examples
///
/// ```
/// use velox_rpc::procedure::Running;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// assert_eq!(Running::ready(1).await, 1);
/// assert_eq!(Running::boxed(async { 2 }).await, 2);
/// # }
/// ```
///
/// # Panics
///
/// Panics if it is polled again after it has ended.
#[must_use = "a step does nothing until it is awaited"]
pub struct Running<T>(State<T>);

enum State<T> {
    Ready(Option<T>),
    Boxed(Pin<Box<dyn Future<Output = T> + Send>>),
}

impl<T> Running<T> {
    /// Makes a step that is already done.
    pub fn ready(value: T) -> Self {
        Self(State::Ready(Some(value)))
    }

    /// Makes a step that has to be awaited.
    pub fn boxed(future: impl Future<Output = T> + Send + 'static) -> Self {
        Self(State::Boxed(Box::pin(future)))
    }
}

/// The value is never pinned, because it is moved out when it is ready.
impl<T> Unpin for Running<T> {}

impl<T> Future for Running<T> {
    type Output = T;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        match &mut self.get_mut().0 {
            State::Ready(value) => Poll::Ready(value.take().expect("a step that ended is not awaited again")),
            State::Boxed(future) => future.as_mut().poll(cx),
        }
    }
}

impl<T> fmt::Debug for Running<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            State::Ready(_) => "Running(ready)",
            State::Boxed(_) => "Running(waiting)",
        })
    }
}
