//! The reply: its body, and the headers that every reply has.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use http_body::{Body, Frame, SizeHint};

/// The body of a reply.
#[derive(Debug, Default)]
pub struct ReplyBody(Option<Bytes>);

impl Body for ReplyBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.take().map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0.as_ref().map_or(0, Bytes::len) as u64)
    }
}

/// A reply with a JSON body, or with none where the text is empty.
pub(super) fn response(status: StatusCode, json: Vec<u8>, headers: HeaderMap) -> Response<ReplyBody> {
    let mut response = Response::new(ReplyBody::default());
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    let headers = response.headers_mut();
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if !json.is_empty() {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
        *response.body_mut() = ReplyBody(Some(Bytes::from(json)));
    }
    response
}

/// A page, whose headers say what it is.
pub(super) fn page(status: StatusCode, headers: HeaderMap, text: Bytes) -> Response<ReplyBody> {
    let mut response = response(status, Vec::new(), headers);
    if !text.is_empty() {
        *response.body_mut() = ReplyBody(Some(text));
    }
    response
}

/// The reply to a HEAD: the same head, the body's length in it, and no body.
pub(super) fn without_body(response: Response<ReplyBody>) -> Response<ReplyBody> {
    let (mut parts, body) = response.into_parts();
    if let Some(bytes) = body.0 {
        parts.headers.insert(CONTENT_LENGTH, HeaderValue::from(bytes.len()));
    }
    Response::from_parts(parts, ReplyBody::default())
}
