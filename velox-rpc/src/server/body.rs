//! The bodies of a request and of its reply on their way through the server. Only `answer` uses
//! this module.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
use http::Response;
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use tokio::runtime::Handle;
use tokio::sync::futures::OwnedNotified;
use tokio::time::{Sleep, sleep, timeout};

use crate::error::BoxError;
use crate::service::{self, BodyTimeout, GoesOn, OutlivesClient};

use super::activity::{Activity, InFlight, Outliving};
use super::limits::WRITE_QUANTUM;
use super::stall;

/// A request's body with a deadline for all of it.
///
/// The deadline starts when the body is first waited for. A body that arrives with its head
/// therefore needs no timer, and a handler that works before it reads does not use up the client's
/// time.
#[derive(Debug)]
pub(super) struct Arriving {
    /// `None` once the rest of it was handed on.
    body: Option<Incoming>,
    timeout: Duration,
    /// Set when the body is first waited for.
    deadline: Option<Pin<Box<Sleep>>>,
    /// `None` for a request without a body, which cannot be late or left unread.
    activity: Option<Arc<Activity>>,
    rest: Rest,
}

/// The way in which the server handles the rest of a body that nobody reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rest {
    /// On HTTP/2, the stream is reset and the connection stays open.
    Reset,
    /// On HTTP/1, the body precedes the next request, so it has to be read.
    Read,
    /// The client waits for a `100 Continue` before it sends the body. Without it, the client may
    /// or may not send the body.
    Unsent,
}

impl Arriving {
    pub(super) fn new(body: Incoming, timeout: Duration, in_flight: &InFlight, rest: Rest) -> Self {
        let activity = (!body.is_end_stream()).then(|| Arc::clone(in_flight.activity()));
        Self { body: Some(body), timeout, deadline: None, activity, rest }
    }

    /// Records that the body is no longer waited for. Returns the activity if this is the first
    /// call.
    fn ended(&mut self) -> Option<Arc<Activity>> {
        let activity = self.activity.take()?;
        if self.deadline.take().is_some() {
            activity.body_there();
        }
        Some(activity)
    }

    /// Ends a body that is late, and returns the error for its reader.
    fn late(&mut self) -> BoxError {
        if let Some(activity) = self.ended() {
            activity.body_unread();
        }
        Box::new(BodyTimeout)
    }
}

impl Body for Arriving {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = self.get_mut();
        let Some(body) = &mut this.body else { return Poll::Ready(None) };
        // Polling the body makes hyper send the `100 Continue`.
        if this.rest == Rest::Unsent {
            this.rest = Rest::Read;
        }
        // Checked before the body, because bytes that keep trickling in must not postpone the
        // deadline.
        if let Some(deadline) = &mut this.deadline
            && deadline.as_mut().poll(cx).is_ready()
        {
            return Poll::Ready(Some(Err(this.late())));
        }
        match Pin::new(body).poll_frame(cx) {
            Poll::Ready(None) => {
                this.ended();
                Poll::Ready(None)
            }
            Poll::Ready(Some(frame)) => Poll::Ready(Some(frame.map_err(Into::into))),
            Poll::Pending => {
                if this.deadline.is_none() {
                    if let Some(activity) = &this.activity {
                        activity.wait_for_body();
                    }
                    let deadline = this.deadline.insert(Box::pin(sleep(this.timeout)));
                    stall::waiting_for_upload();
                    ready!(deadline.as_mut().poll(cx));
                    return Poll::Ready(Some(Err(this.late())));
                }
                stall::waiting_for_upload();
                Poll::Pending
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or_else(|| SizeHint::with_exact(0), Body::size_hint)
    }
}

impl Drop for Arriving {
    fn drop(&mut self) {
        let Some(activity) = self.ended() else { return };
        match (self.body.take().filter(|body| !body.is_end_stream()), Handle::try_current()) {
            (Some(body), Ok(runtime)) if self.rest == Rest::Read && is_small(&body) => {
                runtime.spawn(drain(body, InFlight::again(activity)).boxed());
            }
            (Some(_), _) => activity.body_unread(),
            (None, _) => {}
        }
    }
}

/// Returns whether the length of the rest is known, and so small that reading it costs less than a
/// new connection.
fn is_small(body: &Incoming) -> bool {
    body.size_hint().exact().is_some_and(|length| length <= DRAINED)
}

/// Reads and discards the rest of a body, so that the connection can be used again. The request
/// stays in flight meanwhile.
///
/// The reply does not wait for this, because it is what makes a client stop an upload that nobody
/// wants. If the rest does not arrive in time, it is dropped and hyper closes the connection.
async fn drain(mut rest: Incoming, in_flight: InFlight) {
    let activity = in_flight.activity();
    activity.wait_for_body();
    let read = async { while let Some(Ok(_)) = rest.frame().await {} };
    if timeout(DRAIN_TIMEOUT, read).await.is_err() {
        activity.body_unread();
    }
    activity.body_there();
}

/// The largest rest of a body that is read only to be discarded, in bytes.
const DRAINED: u64 = 256 * 1024;

/// The longest time for reading such a rest.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(5);

/// Lets the calls of a request continue although nobody waits for the reply.
pub(super) fn outlive(activity: &Arc<Activity>, reply: Pin<Box<dyn Future<Output = Response<service::Body>> + Send>>) {
    go_on(activity, async move {
        let response = reply.await;
        if response.extensions().get::<OutlivesClient>().is_some() {
            to_the_end(response.into_body()).await;
        }
    });
}

fn go_on(activity: &Arc<Activity>, work: impl Future<Output = ()> + Send + 'static) {
    if activity.drain().is_cutting() {
        return;
    }
    let outliving = Outliving::begin(activity);
    let work = async move {
        work.await;
        outliving.end();
    };
    activity.place().leave(work.boxed());
}

async fn to_the_end(mut body: service::Body) {
    while let Some(Ok(_)) = body.frame().await {}
}

/// A reply's body. The request is in flight until this is dropped, which hyper does once it has the
/// whole body.
#[derive(Debug)]
pub(super) struct Reply {
    body: service::Body,
    /// The most that is handed over at once.
    piece: usize,
    /// The rest of a frame that is larger than one piece.
    rest: Bytes,
    in_flight: InFlight,
    /// Wakes an endless reply when the server shuts down. The client of a subscription then
    /// reconnects, to another instance.
    drained: Option<Pin<Box<OwnedNotified>>>,
    /// `true` if the body runs calls that continue without their client.
    outlives_client: bool,
}

impl Reply {
    /// Wraps the body of a response.
    ///
    /// On HTTP/2, hyper hands a frame to h2 as soon as the client grants a window of one byte.
    /// After the last frame, nothing of the stream is left that `stall` or `watch` could see. A
    /// large reply is therefore handed over in pieces, and each waits until the client has taken
    /// the one before.
    pub(super) fn of(response: Response<service::Body>, in_flight: InFlight, is_http1: bool) -> Response<Self> {
        let goes_on = response.extensions().get::<GoesOn>().is_some();
        let outlives_client = response.extensions().get::<OutlivesClient>().is_some();
        let drained = goes_on.then(|| Box::pin(in_flight.activity().drain().notified()));
        let piece = if is_http1 { usize::MAX } else { WRITE_QUANTUM };
        response.map(|body| Self { body, piece, rest: Bytes::new(), in_flight, drained, outlives_client })
    }

    /// Returns whether a shutdown ends the body early.
    fn is_cut(&mut self, cx: &mut Context<'_>) -> bool {
        let Some(drained) = &mut self.drained else { return false };
        // Checks the flag last. A waiter that registered too late to be woken sees it there.
        drained.as_mut().poll(cx).is_ready() || self.in_flight.activity().drain().is_draining()
    }

    /// Takes the next piece of the frame that is being handed over.
    fn next_piece(&mut self) -> Bytes {
        self.rest.split_to(self.rest.len().min(self.piece))
    }
}

impl Drop for Reply {
    fn drop(&mut self) {
        if self.outlives_client {
            go_on(self.in_flight.activity(), to_the_end(std::mem::take(&mut self.body)));
        }
    }
}

impl Body for Reply {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if !self.rest.is_empty() {
            stall::frame_taken();
            return Poll::Ready(Some(Ok(Frame::data(self.next_piece()))));
        }
        if self.is_cut(cx) {
            (self.body, self.drained) = (service::Body::empty(), None);
        }
        let mut frame = Pin::new(&mut self.body).poll_frame(cx);
        match &mut frame {
            Poll::Pending => stall::waiting_for_ourselves(),
            Poll::Ready(Some(Ok(frame))) => {
                stall::frame_taken();
                if let Some(data) = frame.data_mut()
                    && data.len() > self.piece
                {
                    self.rest = data.split_off(self.piece);
                }
            }
            Poll::Ready(None | Some(Err(_))) => {
                stall::frame_taken();
                self.outlives_client = false;
            }
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let (rest, body) = (self.rest.len() as u64, self.body.size_hint());
        let mut hint = SizeHint::new();
        if let Some(upper) = body.upper() {
            hint.set_upper(upper.saturating_add(rest));
        }
        hint.set_lower(body.lower().saturating_add(rest));
        hint
    }
}
