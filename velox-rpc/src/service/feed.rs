//! A reply with the events of a subscription. The head is sent once the handler has returned its
//! stream, and the request has ended by then. Each event is sent as soon as it exists and the
//! client has room for it.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_util::Stream;
use http::{Response, StatusCode};
use http_body::Frame;
use tracing::Span;

use super::pings::Pings;
use super::reply::{replied, response};
use super::run::end;
use super::{Body, Core};
use crate::context::{ReplyHead, RequestId, RequestScope, forbid_sharing};
use crate::error::{BoxError, Error, ErrorKind, Result};
use crate::procedure::{self, Events, Happening};
use crate::wire::{PING, Plan, Results};

/// Marks a reply without an end. A server that shuts down ends it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct GoesOn;

/// Runs the call, ends the request, and begins the reply.
pub(super) async fn reply(core: &Arc<Core>, plan: Plan, scope: RequestScope, span: &Span) -> Response<Body> {
    let calls = core.wires.calls(&plan);
    let result = match calls.first() {
        Some(endpoint) => procedure::run(endpoint, &scope, 0).await,
        None => Err(Error::internal("a subscription without a procedure")),
    };
    let (results, mut head) = end(&scope, &calls, Results::One(result)).await;
    let events = results.only().and_then(|output| {
        output
            .into_events()
            .ok_or_else(|| Error::internal("a middleware returned a value in place of the subscription"))
    });
    // A stream that has begun may still fail, so caches must not share the reply.
    forbid_sharing(&mut head.headers);
    let id = scope.id();
    match events {
        Ok(events) => begun(core, plan, id, head, events, span),
        Err(error) => match core.wires.failed_subscription(&plan, &error, core.subscriptions.retry, || id.clone()) {
            Some(text) => with_body(core, &plan, head, text.into()),
            None => {
                let answer = core.wires.answer(&plan, Results::One(Err(error)), &mut head, || id.clone());
                replied(answer, head, || id.clone())
            }
        },
    }
}

fn begun(
    core: &Arc<Core>,
    plan: Plan,
    id: RequestId,
    head: ReplyHead,
    events: Box<Events>,
    span: &Span,
) -> Response<Body> {
    let pings = Pings::every(core.subscriptions.ping);
    let reconnect_after = pings.are_sent().then(|| core.subscriptions.reconnect_after());
    let first = core.wires.connected(reconnect_after, core.subscriptions.retry);
    let mut response = with_body(core, &plan, head, Body::empty());
    let feed = Feed { core: Arc::clone(core), plan, id, events, first, pings, span: span.clone() };
    *response.body_mut() = Body::new(feed);
    response.extensions_mut().insert(GoesOn);
    response
}

fn with_body(core: &Core, plan: &Plan, mut head: ReplyHead, body: Body) -> Response<Body> {
    core.wires.events_head(plan, &mut head.headers);
    let mut response = response(StatusCode::OK, Vec::new(), head.headers);
    *response.body_mut() = body;
    response
}

/// The body of the reply.
struct Feed {
    core: Arc<Core>,
    plan: Plan,
    id: RequestId,
    events: Box<Events>,
    /// The bytes that are sent at once.
    first: Vec<u8>,
    pings: Pings,
    span: Span,
}

impl Feed {
    fn text(&mut self, happening: Happening) -> Vec<u8> {
        let limit = self.core.subscriptions.event_limit;
        let happening = match happening {
            Happening::Event(event) if event.json.len() > limit => {
                tracing::warn!(bytes = event.json.len(), limit, "an event of a subscription is larger than the limit");
                self.events.fail(too_large())
            }
            happening => happening,
        };
        self.core.wires.event(&self.plan, happening, || self.id.clone())
    }
}

#[cold]
fn too_large() -> Error {
    Error::new(ErrorKind::PayloadTooLarge, "An event is larger than the limit")
}

impl http_body::Body for Feed {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = self.get_mut();
        if !this.first.is_empty() {
            return Poll::Ready(Some(Ok(Frame::data(std::mem::take(&mut this.first).into()))));
        }
        let span = this.span.clone();
        let _entered = (!span.is_disabled()).then(|| span.enter());
        let text = match Pin::new(&mut *this.events).poll_next(cx) {
            Poll::Ready(None) => return Poll::Ready(None),
            Poll::Ready(Some(happening)) => {
                this.pings.put_off();
                this.text(happening).into()
            }
            Poll::Pending => {
                ready!(this.pings.poll(cx));
                Bytes::from_static(PING)
            }
        };
        Poll::Ready(Some(Ok(Frame::data(text))))
    }
}
