//! A reply in lines: the head leaves at once, and a line for each call as soon as that has ended.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_util::Stream;
use futures_util::stream::FuturesUnordered;
use http::header::{CONTENT_TYPE, SET_COOKIE};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use http_body::Frame;
use tracing::Span;

use super::reply::response;
use super::watch::within;
use super::{Body, Core};
use crate::context::Exchange;
use crate::error::{BoxError, Code, Error, Result};
use crate::procedure::{self, Output};
use crate::wire::{Calls, Plan};

/// Begins the reply, with the first line and the headers of its wire. The calls run while it is sent.
pub(super) fn reply(
    core: &Arc<Core>,
    plan: Plan,
    exchange: &Exchange,
    span: &Span,
    (first, headers): (Vec<u8>, HeaderMap),
) -> Response<Body> {
    let count = match core.wires.calls(&plan) {
        Calls::One(_) => 1,
        Calls::Each(calls) => calls.len(),
    };
    let plan = Arc::new(plan);
    let line = |call| -> Pin<Box<dyn Future<Output = Vec<u8>> + Send>> {
        let (core, plan, exchange, span) = (Arc::clone(core), Arc::clone(&plan), exchange.clone(), span.clone());
        Box::pin(async move { within(&span, pin!(line(&core, &plan, &exchange, call))).await })
    };
    let lines = Lines {
        first: Some(first.into()),
        calls: (0..count).map(line).collect(),
        end: Box::pin(end(Arc::clone(core), Arc::clone(&plan), exchange.clone())),
    };
    let mut response = response(StatusCode::OK, Vec::new(), headers);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    *response.body_mut() = Body::new(lines);
    response
}

/// Runs a call, and makes its line.
async fn line(core: &Core, plan: &Plan, exchange: &Exchange, call: usize) -> Vec<u8> {
    let result = match core.wires.call(plan, call) {
        Some(endpoint) => {
            let result = procedure::run(endpoint, exchange, call).await;
            Some(without_cookie(exchange, result))
        }
        None => None,
    };
    core.wires.line(plan, call, result, || exchange.id())
}

/// The head has left: a call that sets a cookie now has not ended well, whatever it says.
fn without_cookie(exchange: &Exchange, result: Result<Output>) -> Result<Output> {
    let sets_one = exchange.reply().edit_headers(|headers| headers.remove(SET_COOKIE).is_some());
    if !sets_one {
        return result;
    }
    Err(Error::new(Code::Conflict, "A streamed call cannot set a cookie: send it in a request of its own")
        .with_tag("COOKIE_AFTER_HEAD"))
}

/// Ends the exchange. Who reads the lines has all of them by then: a failure is for the log alone.
async fn end(core: Arc<Core>, plan: Arc<Plan>, exchange: Exchange) {
    if let Some(endpoint) = core.wires.calls(&plan).first()
        && !exchange.is_plain()
    {
        let _ = procedure::end(&exchange, &endpoint.name, None).await;
    }
}

/// The body.
struct Lines {
    first: Option<Bytes>,
    calls: FuturesUnordered<Pin<Box<dyn Future<Output = Vec<u8>> + Send>>>,
    end: Pin<Box<dyn Future<Output = ()> + Send>>,
}

impl http_body::Body for Lines {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(Some(Ok(Frame::data(first))));
        }
        if let Some(line) = ready!(Pin::new(&mut self.calls).poll_next(cx)) {
            return Poll::Ready(Some(Ok(Frame::data(line.into()))));
        }
        ready!(self.end.as_mut().poll(cx));
        Poll::Ready(None)
    }
}
