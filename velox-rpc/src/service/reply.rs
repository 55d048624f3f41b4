//! The reply: its body, and the headers that every reply has.

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderMap, HeaderValue, Response, StatusCode};

use super::Body;
use crate::context::{ReplyHead, RequestId, Serial, forbid_sharing};
use crate::error::Error;
use crate::wire::{Answer, unclaimed};

/// Makes a reply with a JSON body, or without a body if `json` is empty.
pub(super) fn response(status: StatusCode, json: Vec<u8>, headers: HeaderMap) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    let headers = response.headers_mut();
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if !json.is_empty() {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
        *response.body_mut() = json.into();
    }
    response
}

/// Makes the reply from the wire's answer and the head that the calls have changed.
pub(super) fn replied(answer: Answer, mut head: ReplyHead, id: impl Fn() -> RequestId) -> Response<Body> {
    // Usually the calls set no headers.
    if answer.failed && !head.headers.is_empty() {
        forbid_sharing(&mut head.headers);
    }
    if answer.is_fault
        && let Ok(id) = HeaderValue::try_from(id().to_string())
    {
        head.headers.insert("x-request-id", id);
    }
    response(answer.status, answer.json, head.headers)
}

/// Makes the reply for a page. Its headers give the content type.
pub(super) fn page(status: StatusCode, headers: HeaderMap, text: Bytes) -> Response<Body> {
    let mut response = response(status, Vec::new(), headers);
    *response.body_mut() = text.into();
    response
}

/// Makes the reply to a request that reached no wire.
#[cold]
pub(crate) fn refused(error: &Error) -> Response<Body> {
    let (serial, status) = (Serial::next(), error.status());
    if status.is_server_error() {
        let request_id = RequestId::own(serial);
        tracing::debug!(%request_id, status = status.as_u16(), "a request was refused: {error}");
    }
    refused_as(serial, error)
}

/// Does the same for a failure that the log has under the id of this number.
#[cold]
pub(super) fn refused_as(serial: Serial, error: &Error) -> Response<Body> {
    let id = || RequestId::own(serial);
    replied(unclaimed(error, id), ReplyHead::default(), id)
}

/// Makes the reply to a HEAD request: the same head with the body's length, and no body.
pub(super) fn without_body(response: Response<Body>) -> Response<Body> {
    let (mut parts, body) = response.into_parts();
    if let Some(length) = body.whole_length().filter(|length| *length > 0) {
        parts.headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
    }
    Response::from_parts(parts, Body::empty())
}
