//! Reading a request's body: limits first, then the bytes.

use std::pin::Pin;

use bytes::Buf;
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use http_body::Body;
use http_body_util::{BodyExt, LengthLimitError};

use crate::budget::{Held, UsedUp};
use crate::error::body::{BodyOverload, BodyTimeout};
use crate::error::{BoxError, Error, ErrorKind, Result};

/// How long a body may be, in bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BodyLimit(pub(crate) usize);

/// What the head says of a body's type. It does not count where the body turns out to be empty.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BodyType(Result<(), Unsupported>);

/// Refuses what the head says of a body, before a byte is read, and so before the client is told to go on (`100 Continue`).
pub(crate) fn check_head(headers: &HeaderMap, body: &impl Body, limit: BodyLimit) -> Result<BodyType> {
    let expected = body.size_hint().exact();
    check_length(headers, expected, limit)?;
    let checked = check_type(headers);
    // Known to be there: no need to read it to refuse it.
    if expected.is_some_and(|length| length > 0) {
        checked?;
    }
    Ok(BodyType(checked))
}

/// Reads a JSON body whose head was [checked](check_head), and accounts for what it holds. `None` where there is no body: an empty one
/// counts as none, whatever its content type.
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
    // No more than the limit is ever reserved, whatever the head declares.
    let expected = usize::try_from(body.size_hint().lower()).unwrap_or(0).min(limit.0);
    let mut bytes = Vec::with_capacity(expected);
    // A body of a known length has ended with its last byte: it need not be asked once more.
    while !body.is_end_stream()
        && let Some(frame) = body.frame().await
    {
        // Trailers are dropped: they never become headers.
        let Ok(data) = frame.map_err(|error| unreadable(error.into()))?.into_data() else { continue };
        if data.remaining() > limit.0 - bytes.len() {
            return Err(too_large());
        }
        held.add(data.remaining()).map_err(|UsedUp| overloaded())?;
        append(&mut bytes, data);
    }
    Ok(bytes)
}

fn append(bytes: &mut Vec<u8>, mut data: impl Buf) {
    while data.has_remaining() {
        let chunk = data.chunk();
        bytes.extend_from_slice(chunk);
        let length = chunk.len();
        data.advance(length);
    }
}

/// The length is the body's own where it knows it, as hyper's does; else what the head says.
fn check_length(headers: &HeaderMap, expected: Option<u64>, limit: BodyLimit) -> Result<()> {
    let length = expected.or_else(|| headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok());
    if length.unwrap_or(0) > limit.0 as u64 { Err(too_large()) } else { Ok(()) }
}

/// Why a body is refused unread.
#[derive(Debug, Clone, Copy)]
enum Unsupported {
    Type,
    Encoding,
}

/// Whether a body was refused only because it is compressed. The reply then says which encodings are read (RFC 9110, 15.5.16).
#[cold]
pub(crate) fn is_only_encoded(headers: &HeaderMap) -> bool {
    matches!(check_type(headers), Err(Unsupported::Encoding))
}

/// Only `application/json` is read, and only as it is: no form and no plain text (which other sites can send), no compression.
fn check_type(headers: &HeaderMap) -> Result<(), Unsupported> {
    let (mut types, mut all_json, mut all_plain) = (0, true, true);
    // Once over the few headers there are is cheaper than two look-ups.
    for (name, value) in headers {
        if name == CONTENT_TYPE {
            types += 1;
            all_json &= is_json(value.as_bytes());
        } else if name == CONTENT_ENCODING {
            all_plain &= value.as_bytes().eq_ignore_ascii_case(b"identity");
        }
    }
    if types != 1 || !all_json {
        return Err(Unsupported::Type);
    }
    if !all_plain {
        return Err(Unsupported::Encoding);
    }
    Ok(())
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
    } else if error.is::<BodyOverload>() {
        overloaded()
    } else if error.is::<BodyTimeout>() {
        Error::new(ErrorKind::Timeout, "The request body did not arrive in time").with_name("Request Timeout")
    } else {
        Error::new(ErrorKind::BadRequest, "The request body could not be read")
            .with_name("Bad Request")
            .with_source(error)
    }
}

/// 503: the next moment there may be room.
#[cold]
fn overloaded() -> Error {
    Error::unavailable("The server is reading too many request bodies at the moment")
        .with_name("Service Unavailable")
        .with_code(OVERLOADED)
}

/// Whether a body was refused only because others are being read.
pub(crate) fn is_overload(error: &Error) -> bool {
    error.code() == OVERLOADED
}

const OVERLOADED: &str = "TOO_MANY_BODIES";

#[cold]
fn too_large() -> Error {
    Error::new(ErrorKind::PayloadTooLarge, "Request body is too large").with_name("Payload Too Large")
}

/// Whether a layer before this service found the body too long. A server around that may have wrapped the error.
fn is_length_limit(error: &(dyn std::error::Error + 'static)) -> bool {
    std::iter::successors(Some(error), |error| error.source()).any(|error| error.is::<LengthLimitError>())
}

impl From<Unsupported> for Error {
    #[cold]
    fn from(unsupported: Unsupported) -> Self {
        let message = match unsupported {
            Unsupported::Type => "The content type of the request body has to be application/json",
            Unsupported::Encoding => "Compressed request bodies are not read here",
        };
        Self::new(ErrorKind::UnsupportedMediaType, message).with_name("Unsupported Media Type")
    }
}
