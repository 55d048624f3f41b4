//! The tasks of HTTP/2's streams, and the write deadline of each. Used by `conn` alone.
//!
//! A client that opens a stream and never grants it a window holds its reply for ever, while the connection itself looks healthy.
//! hyper waits for the window inside a future that cannot be looked into. But it is polled by us, and while it is polled it polls what
//! else it could be waiting for: the handler and the reply's body, and these are ours. So whoever of them is not ready says so, in a
//! cell of the thread, and a poll that ends without a result and without such a word was stopped by the window.

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::rt::Executor;
use tokio::time::{Sleep, sleep};

/// Runs each stream as a task. One that is dropped resets its stream; the others of its connection go on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Streams {
    pub(super) write_timeout: Duration,
}

impl<F> Executor<F> for Streams
where
    F: Future<Output: Send> + Send + 'static,
{
    fn execute(&self, stream: F) {
        let timeout = self.write_timeout;
        tokio::spawn(async move {
            let mut stream = pin!(stream);
            let mut stall = Stall { timeout, deadline: None };
            poll_fn(|cx| {
                begin();
                if stream.as_mut().poll(cx).is_ready() {
                    return Poll::Ready(());
                }
                stall.poll(cx, SEEN.get())
            })
            .await;
        });
    }
}

/// A request is about to be polled.
pub(super) fn begin() {
    SEEN.set(Seen::Nothing);
}

/// Said by the handler and by the reply's body when they are not ready.
pub(super) fn waiting_for_ourselves() {
    SEEN.set(Seen::Ourselves);
}

/// Said by the request's body when it is not ready.
pub(super) fn waiting_for_upload() {
    SEEN.set(Seen::Upload);
}

/// Whether the request waits for its body: that has a deadline of its own.
pub(super) fn is_waiting_for_upload() -> bool {
    SEEN.get() == Seen::Upload
}

/// Said by the reply's body when it hands over a frame: the one before was taken.
pub(super) fn frame_taken() {
    SEEN.set(Seen::Frame);
}

/// What was last heard while a stream was polled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Seen {
    Nothing,
    Frame,
    Upload,
    Ourselves,
}

/// How long a stream has been waiting for the client. No timer exists until it does.
struct Stall {
    timeout: Duration,
    deadline: Option<Pin<Box<Sleep>>>,
}

impl Stall {
    fn poll(&mut self, cx: &mut Context<'_>, seen: Seen) -> Poll<()> {
        if seen != Seen::Nothing {
            self.deadline = None;
        }
        if seen == Seen::Ourselves {
            return Poll::Pending;
        }
        let timeout = self.timeout;
        let deadline = self.deadline.get_or_insert_with(|| Box::pin(sleep(timeout)));
        let late = deadline.as_mut().poll(cx);
        if late.is_ready() {
            tracing::debug!("a stream was reset: the client grants it no window");
        }
        late
    }
}

thread_local! {
    static SEEN: Cell<Seen> = const { Cell::new(Seen::Nothing) };
}
