//! The events of a subscription, as the direct caller reads them.

use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_util::Stream;
use serde::de::DeserializeOwned;

use crate::error::{Error, Result};
use crate::procedure::{Events, Happening};

/// The subscription of a direct caller: a stream of events with data of type `T`.
///
/// The stream ends when the handler's stream ends. If the subscription fails, the last item is its
/// error. If it is cut off, the last item is also an error; a client over the network would
/// reconnect in this case.
///
/// # Examples
///
/// See [`Caller::subscribe`](super::Caller::subscribe).
#[must_use = "a subscription does nothing until its events are read"]
pub struct Subscribed<T> {
    /// `None` once the stream has ended.
    events: Option<Box<Events>>,
    data: PhantomData<fn() -> T>,
}

/// An event of a [`Subscribed`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Message<T> {
    /// The id, if the event is [tracked](crate::procedure::tracked).
    pub id: Option<String>,
    /// The data that the handler's stream sent.
    pub data: T,
}

impl<T> Subscribed<T> {
    pub(super) fn new(events: Box<Events>) -> Self {
        Self { events: Some(events), data: PhantomData }
    }
}

impl<T: DeserializeOwned> Stream for Subscribed<T> {
    type Item = Result<Message<T>>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(events) = &mut self.events else { return Poll::Ready(None) };
        let item = match ready!(Pin::new(&mut **events).poll_next(cx)) {
            Some(Happening::Event(event)) => {
                let data = serde_json::from_slice(&event.json).map_err(Error::from);
                return Poll::Ready(Some(data.map(|data| Message { id: event.id, data })));
            }
            Some(Happening::Returned) => None,
            Some(Happening::Failed(error)) => Some(Err(error)),
            None => Some(Err(Error::unavailable("The subscription was cut off: subscribe again"))),
        };
        self.events = None;
        Poll::Ready(item)
    }
}

impl<T> fmt::Debug for Subscribed<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscribed").field("events", &self.events).finish_non_exhaustive()
    }
}
