//! The tasks of HTTP/2 streams, and the write deadline of each. `answer`, `body` and `conn` use
//! this module.
//!
//! A client that opens a stream and never grants it a window holds its reply forever, while the
//! connection itself looks healthy. hyper waits for the window inside a future that we cannot look
//! into. However, each poll of that future also polls everything else that it may wait for: the
//! handler and the reply's body, which are both velox's code. If one of them is not ready, it
//! records this in a thread-local cell. If a poll is pending and nothing was recorded, the stream
//! waits for the window. The last piece of a reply (`body`) cannot be seen here once h2 has it. A
//! client can hold so much of each stream for as long as it keeps the connection busy.

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Poll, ready};
use std::time::Duration;

use hyper::rt::Executor;
use tokio::time::{Sleep, sleep};

/// Runs each stream as a task. Dropping a stream resets it; the other streams of its connection
/// continue.
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
            // Exists only while the stream waits for the client.
            let mut deadline: Option<Pin<Box<Sleep>>> = None;
            poll_fn(|cx| {
                begin();
                if stream.as_mut().poll(cx).is_ready() {
                    return Poll::Ready(());
                }
                let seen = SEEN.get();
                if seen != Seen::Nothing {
                    deadline = None;
                }
                if seen == Seen::Ourselves {
                    return Poll::Pending;
                }
                ready!(deadline.get_or_insert_with(|| Box::pin(sleep(timeout))).as_mut().poll(cx));
                tracing::debug!("a stream was reset: the client grants it no window");
                Poll::Ready(())
            })
            .await;
        });
    }
}

/// Clears the record before a request is polled.
pub(super) fn begin() {
    SEEN.set(Seen::Nothing);
}

/// Records that the handler or the reply's body is not ready.
pub(super) fn waiting_for_ourselves() {
    SEEN.set(Seen::Ourselves);
}

/// Records that the request's body is not ready.
pub(super) fn waiting_for_upload() {
    SEEN.set(Seen::Upload);
}

/// Returns whether the request waits for its body, which has its own deadline.
pub(super) fn is_waiting_for_upload() -> bool {
    SEEN.get() == Seen::Upload
}

/// Records that the reply's body hands over a frame, which means that the previous one was
/// accepted.
pub(super) fn frame_taken() {
    SEEN.set(Seen::Frame);
}

/// The last record of a poll of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Seen {
    Nothing,
    Frame,
    Upload,
    Ourselves,
}

thread_local! {
    static SEEN: Cell<Seen> = const { Cell::new(Seen::Nothing) };
}
