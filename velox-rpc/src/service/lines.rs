//! A streamed reply with one line for each call. The head is sent as soon as no call holds it, and
//! each line as soon as its call has ended.
//!
//! A call that may set a cookie holds the head until it [releases](RequestScope::release_head) it.
//! The body is read before the head is sent, because an error in it may change the head.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_util::Stream;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use http::header::SET_COOKIE;
use http::{Response, StatusCode};
use http_body::Frame;
use tracing::Span;

use super::reply::response;
use super::run::{at_once, beside, void};
use super::{Body, Core};
use crate::call::Kind;
use crate::context::{RequestScope, forbid_sharing};
use crate::error::{BoxError, Error, ErrorKind, Result};
use crate::procedure::{self, Endpoint, Outcome};
use crate::wire::{BodyType, Calls, Plan};

/// Marks a reply whose body runs mutations, which continue without their client.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OutlivesClient;

/// Runs the calls until the head may be sent. Then begins the reply with the headers and the first
/// line of its wire, while the other calls continue.
pub(super) async fn reply<B>(
    core: &Arc<Core>,
    plan: Plan,
    mut scope: RequestScope,
    body: Option<(BodyType, B)>,
    span: &Span,
) -> Response<Body>
where
    B: http_body::Body,
    B::Error: Into<BoxError>,
{
    let (first, headers) = core.wires.stream(&plan);
    let plan = Arc::new(plan);
    let client = || scope.request().client_network();
    let (body_type, body) = body.unzip();
    let body = pin!(body);
    let reading = body_type.zip(body.as_pin_mut()).map(|(body_type, body)| core.read(&plan, body_type, body, client()));
    let mut reading = pin!(reading);
    let reading = at_once(&core.wires.calls(&plan), &mut scope, reading.as_mut().as_pin_mut()).await;
    let mut lines = Lines::begin(core, &plan, &scope, span);
    let ended = beside(&scope, pin!(lines.until_free()), reading).await;
    let failure = lines.end_if_over().await.err();
    scope.head_leaves();
    let mut head = scope.take_reply();
    if failure.is_some() {
        head = void(head);
    }
    // A call may still fail, so caches must not share the reply.
    forbid_sharing(&mut head.headers);
    for (name, value) in &headers {
        head.headers.append(name, value.clone());
    }
    lines.first.extend(first);
    for (call, result) in ended {
        let result = match &failure {
            // The changes of the call were not saved.
            Some(error) => result.map(|_| Err(error.again())),
            None => result,
        };
        let line = lines.line(call, result);
        lines.first.extend(line);
    }
    let mut response = response(StatusCode::OK, Vec::new(), head.headers);
    if core.wires.calls(&lines.plan).any(|endpoint| endpoint.name.kind() == Kind::Mutation) {
        response.extensions_mut().insert(OutlivesClient);
    }
    *response.body_mut() = Body::new(lines);
    response
}

/// The index of a call and its result.
type Ended = (usize, Option<Result<Outcome>>);

/// The body of the reply.
struct Lines {
    core: Arc<Core>,
    plan: Arc<Plan>,
    scope: RequestScope,
    span: Span,
    /// The bytes that are sent at once.
    first: Vec<u8>,
    /// The scope of each call; `None` once the call has ended.
    parts: Vec<Option<RequestScope>>,
    calls: FuturesUnordered<BoxFuture<'static, Ended>>,
    /// `true` if every call so far that shares the request held the head until it ended.
    all_held: bool,
    end: Option<BoxFuture<'static, Result<()>>>,
}

impl Lines {
    fn begin(core: &Arc<Core>, plan: &Arc<Plan>, scope: &RequestScope, span: &Span) -> Self {
        let parts: Vec<_> = match core.wires.calls(plan) {
            Calls::One(endpoint) => vec![Some(endpoint)],
            Calls::Each(endpoints) => endpoints,
        }
        .into_iter()
        .map(|endpoint| scope.part(endpoint.is_some_and(|endpoint| endpoint.meta.demands.has_cookie())))
        .collect();
        let call = |(call, part): (usize, &RequestScope)| -> BoxFuture<'static, Ended> {
            let (core, plan, part) = (Arc::clone(core), Arc::clone(plan), part.clone());
            Box::pin(async move {
                match core.wires.call(&plan, call) {
                    Some(endpoint) => (call, Some(run(endpoint, &part, call).await)),
                    None => (call, None),
                }
            })
        };
        Self {
            core: Arc::clone(core),
            plan: Arc::clone(plan),
            scope: scope.clone(),
            span: span.clone(),
            first: Vec::new(),
            calls: parts.iter().enumerate().map(call).collect(),
            parts: parts.into_iter().map(Some).collect(),
            all_held: true,
            end: Some(Box::pin(end(Arc::clone(core), Arc::clone(plan), scope.clone()))),
        }
    }

    /// Runs the calls until none holds the head, and returns those that have ended.
    async fn until_free(&mut self) -> Vec<Ended> {
        let mut ended = Vec::new();
        poll_fn(|cx| {
            loop {
                match Pin::new(&mut self.calls).poll_next(cx) {
                    Poll::Ready(Some((call, result))) => {
                        if let Some(part) = self.parts[call].take() {
                            self.all_held &= part.holds_head() || !part.shares();
                            part.release_head();
                        }
                        ended.push((call, result));
                    }
                    Poll::Ready(None) => return Poll::Ready(()),
                    Poll::Pending => {
                        let holds = self.parts.iter().flatten().any(RequestScope::holds_head);
                        let is_free = !holds && self.scope.input().has_arrived();
                        return if is_free { Poll::Ready(()) } else { Poll::Pending };
                    }
                }
            }
        })
        .await;
        ended
    }

    /// Ends the request before the head is sent, unless a call that shares it is still running.
    /// Saving may set a cookie. If saving fails, the reply must not claim success.
    async fn end_if_over(&mut self) -> Result<()> {
        if self.all_held
            && !self.parts.iter().flatten().any(RequestScope::shares)
            && let Some(end) = self.end.take()
        {
            return end.await;
        }
        Ok(())
    }

    fn line(&self, call: usize, result: Option<Result<Outcome>>) -> Vec<u8> {
        self.core.wires.line(&self.plan, call, result, || self.scope.id())
    }
}

/// Runs a call, and ends everything that only this call has opened.
async fn run(endpoint: &Endpoint, part: &RequestScope, call: usize) -> Result<Outcome> {
    let mut result = procedure::run(endpoint, part, call).await;
    if part.is_plain() {
        return result;
    }
    if let Err(error) = procedure::end(part, &endpoint.name, result.as_ref().ok().map(Outcome::as_json)).await {
        result = Err(error);
    }
    if !part.holds_head() && part.reply().has_header(&SET_COOKIE) {
        // A call whose cookie cannot be sent has failed, whatever it returned.
        let message = "A streamed call cannot set a cookie: send this call in a separate request";
        result = Err(Error::new(ErrorKind::Conflict, message).with_code("COOKIE_AFTER_HEAD"));
    }
    result
}

async fn end(core: Arc<Core>, plan: Arc<Plan>, scope: RequestScope) -> Result<()> {
    match core.wires.calls(&plan).first() {
        Some(endpoint) if !scope.is_plain() => procedure::end(&scope, &endpoint.name, None).await,
        _ => Ok(()),
    }
}

impl http_body::Body for Lines {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if !self.first.is_empty() {
            return Poll::Ready(Some(Ok(Frame::data(std::mem::take(&mut self.first).into()))));
        }
        let span = self.span.clone();
        let _entered = (!span.is_disabled()).then(|| span.enter());
        if let Some((call, result)) = ready!(Pin::new(&mut self.calls).poll_next(cx)) {
            return Poll::Ready(Some(Ok(Frame::data(self.line(call, result).into()))));
        }
        if let Some(end) = &mut self.end {
            // The client has all lines by now, so a failure can only be logged.
            let _ = ready!(end.as_mut().poll(cx));
            self.end = None;
        }
        Poll::Ready(None)
    }
}
