//! Reads the body of a request. The limits are checked before the bytes are read.

use std::pin::Pin;

use bytes::{Buf, BufMut};
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use http_body::Body;
use http_body_util::{BodyExt, LengthLimitError};

use crate::budget::{Held, UsedUp};
use crate::error::body::BodyTimeout;
use crate::error::{BoxError, Error, ErrorKind, Result};

/// The maximum length of a body, in bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BodyLimit(pub(crate) usize);

/// The result of checking the content type in the head. It does not matter if the body turns out to
/// be empty.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BodyType(Result<(), Unsupported>);

/// Checks the head, and refuses a body that is too long or has an unsupported type before reading
/// it. The client is then not told to send the body (`100 Continue`).
pub(crate) fn check_head(headers: &HeaderMap, body: &impl Body, limit: BodyLimit) -> Result<BodyType> {
    let expected = body.size_hint().exact();
    check_length(headers, expected, limit)?;
    let checked = check_type(headers);
    // The body is known to be non-empty, so it can be refused without reading it.
    if expected.is_some_and(|length| length > 0) {
        checked?;
    }
    Ok(BodyType(checked))
}

/// Reads a JSON body after its head was [checked](check_head), and adds its size to `held`. Returns
/// `None` if the body is empty, whatever its content type.
pub(crate) async fn read_body<B>(
    body_type: BodyType,
    body: Pin<&mut B>,
    limit: BodyLimit,
    held: &mut Held,
) -> Result<Option<String>>
where
    B: Body,
    B::Error: Into<BoxError>,
{
    let bytes = collect(body, limit, held).await?;
    if bytes.is_empty() {
        return Ok(None);
    }
    body_type.0?;
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Some(text)),
        Err(_) => Err(Error::new(ErrorKind::ParseError, "The request body is not UTF-8")
            .with_name("Bad Request")
            .with_code("INVALID_JSON")),
    }
}

async fn collect<B>(mut body: Pin<&mut B>, limit: BodyLimit, held: &mut Held) -> Result<Vec<u8>>
where
    B: Body,
    B::Error: Into<BoxError>,
{
    // Reserve little, whatever length the head declares: only bytes that arrived count against the
    // budget.
    let expected = usize::try_from(body.size_hint().lower()).unwrap_or(0).min(RESERVED);
    let mut bytes = Vec::with_capacity(expected);
    // A body of a known length ends with its last byte, so do not ask for another frame.
    while !body.is_end_stream()
        && let Some(frame) = body.frame().await
    {
        // Drop trailers, so that they never become headers.
        let Ok(data) = frame.map_err(|error| unreadable(error.into()))?.into_data() else { continue };
        if data.remaining() > limit.0 - bytes.len() {
            return Err(too_large());
        }
        held.add(data.remaining()).map_err(overloaded)?;
        bytes.put(data);
    }
    Ok(bytes)
}

/// Checks the length. The body itself knows it with hyper; otherwise the head may declare it.
fn check_length(headers: &HeaderMap, expected: Option<u64>, limit: BodyLimit) -> Result<()> {
    let length = expected.or_else(|| headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok());
    if length.unwrap_or(0) > limit.0 as u64 { Err(too_large()) } else { Ok(()) }
}

/// The reason for refusing a body without reading it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Unsupported {
    NoType,
    Type,
    Encoding,
}

/// Returns whether a body was refused only because it is compressed. The reply then lists the
/// supported encodings (RFC 9110, section 15.5.16).
#[cold]
pub(crate) fn is_only_encoded(headers: &HeaderMap) -> bool {
    matches!(check_type(headers), Err(Unsupported::Encoding))
}

/// Accepts only uncompressed `application/json`. Other sites can send forms and plain text, so
/// these are refused.
pub(super) fn check_type(headers: &HeaderMap) -> Result<(), Unsupported> {
    let (mut types, mut all_json, mut all_plain) = (0, true, true);
    // A request has few headers, so one pass over them is cheaper than two look-ups.
    for (name, value) in headers {
        if name == CONTENT_TYPE {
            types += 1;
            all_json &= is_json(value.as_bytes());
        } else if name == CONTENT_ENCODING {
            all_plain &= value.as_bytes().eq_ignore_ascii_case(b"identity");
        }
    }
    match types {
        0 => Err(Unsupported::NoType),
        1 if all_json && all_plain => Ok(()),
        1 if all_json => Err(Unsupported::Encoding),
        _ => Err(Unsupported::Type),
    }
}

fn is_json(content_type: &[u8]) -> bool {
    if content_type == b"application/json" {
        return true;
    }
    let end = content_type.iter().position(|byte| *byte == b';').unwrap_or(content_type.len());
    content_type[..end].trim_ascii().eq_ignore_ascii_case(b"application/json")
}

#[cold]
fn unreadable(error: BoxError) -> Error {
    if is_length_limit(&*error) {
        too_large()
    } else if error.is::<BodyTimeout>() {
        Error::new(ErrorKind::Timeout, "The request body did not arrive in time").with_name("Request Timeout")
    } else {
        Error::new(ErrorKind::BadRequest, "The request body could not be read")
            .with_name("Bad Request")
            .with_source(error)
    }
}

/// Makes a 503, since the server may have room again a moment later.
#[cold]
fn overloaded(_: UsedUp) -> Error {
    Error::unavailable("The server is reading too many request bodies at the moment")
        .with_name("Service Unavailable")
        .with_code(OVERLOADED)
}

/// Returns whether a body was refused only because the server is reading too many others.
pub(crate) fn is_overload(error: &Error) -> bool {
    error.code() == OVERLOADED
}

/// The most bytes that are reserved before any has arrived.
const RESERVED: usize = 64 * 1024;

const OVERLOADED: &str = "TOO_MANY_BODIES";

#[cold]
fn too_large() -> Error {
    Error::new(ErrorKind::PayloadTooLarge, "Request body is too large").with_name("Payload Too Large")
}

/// Returns whether a layer outside this service found the body too long. A server around that layer
/// may have wrapped the error.
fn is_length_limit(error: &(dyn std::error::Error + 'static)) -> bool {
    std::iter::successors(Some(error), |error| error.source()).any(|error| error.is::<LengthLimitError>())
}

impl From<Unsupported> for Error {
    #[cold]
    fn from(unsupported: Unsupported) -> Self {
        let message = match unsupported {
            Unsupported::NoType | Unsupported::Type => "The content type of the request body must be application/json",
            Unsupported::Encoding => "Compressed request bodies are not supported",
        };
        Self::new(ErrorKind::UnsupportedMediaType, message).with_name("Unsupported Media Type")
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::pin::pin;
    use std::sync::Arc;
    use std::task::{Context, Poll};

    use bytes::Bytes;
    use futures_util::FutureExt as _;
    use http_body::{Frame, SizeHint};

    use super::*;
    use crate::budget::Budget;

    /// A body that declares a mebibyte, and of which nothing arrives.
    struct Declared;

    impl Body for Declared {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<std::result::Result<Frame<Bytes>, Infallible>>> {
            Poll::Ready(None)
        }

        fn size_hint(&self) -> SizeHint {
            SizeHint::with_exact(1 << 20)
        }
    }

    #[test]
    fn a_declared_length_reserves_little_memory() {
        let mut held = Arc::new(Budget::new(1 << 20)).open(None);
        let bytes = collect(pin!(Declared), BodyLimit(1 << 20), &mut held).now_or_never();
        let bytes = bytes.expect("nothing to wait for").expect("an empty body");
        assert!(bytes.capacity() <= RESERVED, "{}", bytes.capacity());
    }
}
