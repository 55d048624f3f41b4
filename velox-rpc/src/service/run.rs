//! Runs the calls of a request, and reads its body concurrently.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use http::header::{ACCEPT_ENCODING, CACHE_CONTROL, RETRY_AFTER, VARY};
use http::{HeaderMap, HeaderValue, Response};

use super::Body;
use super::reply::replied;
use crate::budget::Held;
use crate::context::{Arrived, Input, Inputs, ReplyHead, RequestScope};
use crate::error::{Error, ErrorKind, Result};
use crate::procedure::{self, Endpoint};
use crate::wire::{Calls, Plan, Results, Wires, is_only_encoded, is_overload};

/// A body that was read and decoded.
pub(super) struct Read {
    pub(super) inputs: Inputs,
    pub(super) held: Held,
}

/// Runs the calls of a request. Reads the body once one of them asks for it.
pub(super) async fn run<R>(
    wires: &Wires,
    plan: &Plan,
    scope: &mut RequestScope,
    reading: Option<Pin<&mut R>>,
) -> Response<Body>
where
    R: Future<Output = Read>,
{
    let calls = wires.calls(plan);
    let reading = at_once(&calls, scope, reading).await;
    let scope = &*scope;
    let results = match &calls {
        Calls::One(endpoint) => Results::One(beside(scope, pin!(procedure::run(endpoint, scope, 0)), reading).await),
        // Boxed, because it would otherwise take up space in the future of every request.
        Calls::Each(endpoints) => Results::Each(Box::pin(each(scope, endpoints, reading)).await),
    };
    let id = || scope.id();
    let (results, mut head) = match scope.is_plain() {
        true => (results, ReplyHead::default()),
        false => end(scope, &calls, results).await,
    };
    let answer = wires.answer(plan, results, &mut head, id);
    replied(answer, head, id)
}

/// Reads the body at once if no call has a step before its input that could refuse it. Otherwise
/// returns the reading, which is still to be polled.
pub(super) async fn at_once<'a, R>(
    calls: &Calls<'_>,
    scope: &mut RequestScope,
    reading: Option<Pin<&'a mut R>>,
) -> Option<Pin<&'a mut R>>
where
    R: Future<Output = Read>,
{
    match reading {
        Some(reading) if !calls.any(|endpoint| endpoint.meta.steps_before_input) => {
            let Read { inputs, held } = reading.await;
            explain_failure(scope, &inputs);
            scope.set_inputs(inputs, held);
            None
        }
        reading => reading,
    }
}

/// Ends the request of calls that opened something or changed the head of the reply.
pub(super) async fn end(scope: &RequestScope, calls: &Calls<'_>, results: Results) -> (Results, ReplyHead) {
    let given = match &results {
        Results::One(Ok(output)) => Some(output.as_json()),
        _ => None,
    };
    let ended = match calls.first() {
        Some(endpoint) => procedure::end(scope, &endpoint.name, given).await,
        None => Ok(()),
    };
    match ended {
        Ok(()) => (results, scope.take_reply()),
        // The changes of the calls are not saved, so none of them has succeeded.
        Err(error) => (results.all_failed(&error), void(scope.take_reply())),
    }
}

/// Runs the calls of a batch concurrently.
async fn each<R>(
    scope: &RequestScope,
    endpoints: &[Option<&Endpoint>],
    reading: Option<Pin<&mut R>>,
) -> Vec<Option<Result<procedure::Outcome>>>
where
    R: Future<Output = Read>,
{
    let calls = endpoints.iter().enumerate().map(|(index, endpoint)| async move {
        match endpoint {
            Some(endpoint) => Some(procedure::run(endpoint, scope, index).await),
            None => None,
        }
    });
    beside(scope, pin!(join_all(calls)), reading).await
}

/// Polls a call. Once the call asks for its input, also polls `reading`, which reads it.
pub(super) async fn beside<C, R>(scope: &RequestScope, mut call: Pin<&mut C>, reading: Option<Pin<&mut R>>) -> C::Output
where
    C: Future,
    R: Future<Output = Read>,
{
    let (Input::Coming(input), Some(mut reading)) = (scope.input(), reading) else { return call.await };
    let mut began = None;
    poll_fn(|cx| {
        input.listen(cx);
        loop {
            if let Poll::Ready(output) = call.as_mut().poll(cx) {
                return Poll::Ready(output);
            }
            if !input.is_wanted() {
                return Poll::Pending;
            }
            match reading.as_mut().poll(cx) {
                Poll::Ready(Read { inputs, held }) => {
                    let waited = began.map_or(Duration::ZERO, |began: Instant| began.elapsed());
                    explain_failure(scope, &inputs);
                    input.arrive(Arrived { inputs, waited, _held: Some(held) });
                }
                Poll::Pending => {
                    began.get_or_insert_with(Instant::now);
                    return Poll::Pending;
                }
            }
        }
    })
    .await
}

/// Returns the part of the head that stays when the request could not be ended: the headers that
/// tell caches whether they may keep the error. The cookies are dropped.
pub(super) fn void(head: ReplyHead) -> ReplyHead {
    let mut kept = ReplyHead::default();
    for name in [CACHE_CONTROL, VARY] {
        // Each may have several values, for example the handler's and one that says that the reply
        // belongs to one visitor.
        for value in head.headers.get_all(&name) {
            kept.headers.append(&name, value.clone());
        }
    }
    kept
}

/// Adds the headers that explain why a body failed to the head of the reply.
fn explain_failure(scope: &RequestScope, inputs: &Inputs) {
    if let Some(error) = inputs.error() {
        scope.reply().edit_headers(|reply| explain(error, scope.request().headers(), reply));
    }
}

/// Sets the headers that belong to the refusal of a body.
#[cold]
pub(super) fn explain(error: &Error, request: &HeaderMap, reply: &mut HeaderMap) {
    if error.kind() == ErrorKind::UnsupportedMediaType && is_only_encoded(request) {
        reply.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    } else if is_overload(error) {
        reply.insert(RETRY_AFTER, HeaderValue::from_static("1"));
    }
}
