//! The bodies of a request and of its reply, on their way through the server. Used by `conn` alone.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::time::{Sleep, sleep};

use crate::error::BoxError;
use crate::service::{self, BodyTimeout};

use super::activity::{Activity, InFlight};
use super::stall;

/// A request's body, with a deadline for the whole of it.
///
/// The time runs from the first moment the body is waited for, so a body that came along with its head costs no timer, and a handler
/// that thinks before it reads does not use up the client's time.
#[derive(Debug)]
pub(super) struct Arriving<B: Body> {
    body: B,
    timeout: Duration,
    deadline: Option<Pin<Box<Sleep>>>,
    /// None for a request without a body: nothing can be late or left unread.
    activity: Option<Arc<Activity>>,
}

impl<B: Body> Arriving<B> {
    pub(super) fn new(body: B, timeout: Duration, in_flight: &InFlight) -> Self {
        let activity = (!body.is_end_stream()).then(|| Arc::clone(in_flight.activity()));
        Self { body, timeout, deadline: None, activity }
    }

    /// The body is late: says so to the reply, and ends.
    fn late(&mut self) -> BoxError {
        if let Some(activity) = self.activity.take() {
            activity.body_unread();
            activity.body_late();
        }
        Box::new(BodyTimeout)
    }
}

impl<B> Body for Arriving<B>
where
    B: Body + Unpin,
    B::Error: Into<BoxError>,
{
    type Data = B::Data;
    type Error = BoxError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<B::Data>, Self::Error>>> {
        let this = self.get_mut();
        // Looked at before the body: bytes that keep dripping in must not keep it from being late.
        if let Some(deadline) = &mut this.deadline
            && deadline.as_mut().poll(cx).is_ready()
        {
            return Poll::Ready(Some(Err(this.late())));
        }
        match Pin::new(&mut this.body).poll_frame(cx) {
            Poll::Ready(None) => {
                this.activity = None;
                Poll::Ready(None)
            }
            Poll::Ready(Some(frame)) => Poll::Ready(Some(frame.map_err(Into::into))),
            Poll::Pending => {
                let timeout = this.timeout;
                if this.deadline.is_none() {
                    let deadline = this.deadline.insert(Box::pin(sleep(timeout)));
                    ready!(deadline.as_mut().poll(cx));
                    return Poll::Ready(Some(Err(this.late())));
                }
                Poll::Pending
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl<B: Body> Drop for Arriving<B> {
    fn drop(&mut self) {
        if let Some(activity) = self.activity.take()
            && !self.body.is_end_stream()
        {
            activity.body_unread();
        }
    }
}

/// A reply's body. The request is in flight until it is dropped: hyper does that once it has all of it.
#[derive(Debug)]
pub(super) struct Reply {
    body: service::Body,
    _in_flight: InFlight,
}

impl Reply {
    pub(super) fn new(body: service::Body, in_flight: InFlight) -> Self {
        Self { body, _in_flight: in_flight }
    }
}

impl Body for Reply {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        if frame.is_pending() {
            stall::waiting_for_ourselves();
        } else {
            stall::frame_taken();
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
