//! The events of one call of a subscription, with their types erased.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::Stream;

use crate::error::{Error, Result};
use crate::running::Running;
use crate::unwind::panicked;

/// An event, written as JSON.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct RawEvent {
    pub(crate) id: Option<String>,
    pub(crate) json: Vec<u8>,
}

/// The input field with the id of the last event that the client has seen.
pub(crate) const LAST_EVENT_ID: &str = "lastEventId";

/// The maximum length of an event's id, in bytes. Longer ids are neither sent nor accepted.
pub(crate) const MAX_EVENT_ID: usize = 1024;

/// The next item of a subscription. Nothing follows a failure or a return.
#[derive(Debug)]
pub(crate) enum Happening {
    Event(RawEvent),
    /// The subscription has failed. The client decides whether to try again.
    Failed(Error),
    /// The handler's stream has ended. The client does not connect again.
    Returned,
}

/// The events of one call. If this stream ends without a [failure](Happening::Failed) or a
/// [return](Happening::Returned), it was cut off, and the client should connect again.
pub(crate) struct Events {
    /// The handler's stream. It is dropped, and this is `None`, as soon as the subscription has
    /// ended.
    source: Option<Pin<Box<dyn Stream<Item = Result<RawEvent>> + Send>>>,
    /// Futures that end the subscription from outside.
    endings: Vec<Running<Result<()>>>,
    on_failure: Option<OnFailure>,
}

/// Called with a failure before it is sent.
type OnFailure = Box<dyn FnOnce(&Error) + Send>;

impl Events {
    pub(super) fn new(source: impl Stream<Item = Result<RawEvent>> + Send + 'static) -> Self {
        Self { source: Some(Box::pin(source)), endings: Vec::new(), on_failure: None }
    }

    pub(super) fn end_with(&mut self, ending: Running<Result<()>>) {
        self.endings.push(ending);
    }

    pub(super) fn on_failure(&mut self, tell: OnFailure) {
        self.on_failure = Some(tell);
    }

    /// Ends the subscription with a failure.
    pub(crate) fn fail(&mut self, error: Error) -> Happening {
        self.end();
        if let Some(tell) = self.on_failure.take() {
            tell(&error);
        }
        Happening::Failed(error)
    }

    fn end(&mut self) {
        self.source = None;
        self.endings.clear();
    }

    fn poll_endings(&mut self, cx: &mut Context<'_>) -> Poll<Result<()>> {
        for ending in &mut self.endings {
            if let Poll::Ready(end) = Pin::new(ending).poll(cx) {
                return Poll::Ready(end);
            }
        }
        Poll::Pending
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Happening>>> {
        if let Poll::Ready(end) = self.poll_endings(cx) {
            self.end();
            return Poll::Ready(end.err().map(Err));
        }
        let Some(source) = &mut self.source else { return Poll::Ready(None) };
        source.as_mut().poll_next(cx).map(|next| match next {
            Some(event) => Some(event.map(Happening::Event)),
            None => {
                self.end();
                Some(Ok(Happening::Returned))
            }
        })
    }
}

impl Stream for Events {
    type Item = Happening;

    /// Returns the next item. A panic ends the subscription with an internal error.
    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Happening>> {
        let this = self.get_mut();
        let next = catch_unwind(AssertUnwindSafe(|| this.poll(cx)))
            .unwrap_or_else(|panic| Poll::Ready(Some(Err(panicked(&*panic)))));
        next.map(|next| next.map(|happening| happening.unwrap_or_else(|error| this.fail(error))))
    }
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Events").field("has_ended", &self.source.is_none()).finish_non_exhaustive()
    }
}
