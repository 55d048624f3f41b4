//! Checks the parts of a request's head that hyper does not check: the host, the transfer coding,
//! and the length of the target. Only `answer` uses this module.

use http::header::{HOST, TRANSFER_ENCODING};
use http::request::Parts;
use http::uri::Scheme;
use http::{HeaderValue, StatusCode, Uri, Version};

use crate::context::is_host;
use crate::error::{Error, ErrorKind, Result};

/// Refuses a head that no well-behaved client sends.
pub(super) fn check(parts: &Parts, has_open_end: bool) -> Result<()> {
    let uri = &parts.uri;
    if uri.path().len() + uri.query().map_or(0, str::len) > TARGET_LIMIT {
        return Err(Error::custom(StatusCode::URI_TOO_LONG, "URI_TOO_LONG", "The target of the request is too long")
            .with_name("URI Too Long"));
    }
    if has_open_end {
        check_coding(parts)?;
    }
    check_host(parts)
}

/// Checks the transfer coding. hyper looks only at the last one: it would take the bytes of
/// `gzip, chunked` for those of the body, where a proxy may see others (RFC 9112, section 6.1).
fn check_coding(parts: &Parts) -> Result<()> {
    let mut codings = parts.headers.get_all(TRANSFER_ENCODING).iter();
    match (codings.next(), codings.next()) {
        (None, _) => Ok(()),
        (Some(coding), None) if coding.as_bytes().eq_ignore_ascii_case(b"chunked") => Ok(()),
        _ => Err(Error::new(ErrorKind::NotImplemented, "The only supported transfer coding is chunked")
            .with_name("Not Implemented")),
    }
}

/// Checks the Host header. An HTTP/1.1 request has exactly one valid Host (RFC 9112, section 3.2).
/// HTTP/2 has the authority in its target. It has no user, and a Host beside it must not name
/// another (RFC 9113, section 8.3.1).
fn check_host(parts: &Parts) -> Result<()> {
    // One pass over the few headers is cheaper than a look-up.
    let mut hosts = parts.headers.iter().filter(|(name, _)| *name == HOST).map(|(_, value)| value);
    let is_valid = parts.uri.authority().is_none_or(|authority| is_host(authority.as_str().as_bytes()));
    let message = match (hosts.next(), hosts.next()) {
        _ if !is_valid => "The authority of the target is not a valid host",
        (Some(host), None) if is_host(host.as_bytes()) => match parts.version {
            Version::HTTP_2 if !agrees(host, &parts.uri) => "The Host header differs from the authority of the target",
            _ => return Ok(()),
        },
        (None, _) if parts.version != Version::HTTP_11 => return Ok(()),
        _ => "The request needs exactly one valid Host header",
    };
    Err(Error::new(ErrorKind::BadRequest, message).with_name("Bad Request"))
}

/// Returns whether a Host header names the authority of the target, if it has one. A proxy may
/// route by the one and velox would decide by the other.
fn agrees(host: &HeaderValue, target: &Uri) -> bool {
    let Some(authority) = target.authority() else { return true };
    let default_port: &[u8] = if target.scheme() == Some(&Scheme::HTTPS) { b":443" } else { b":80" };
    let [host, authority] =
        [host.as_bytes(), authority.as_str().as_bytes()].map(|host| host.strip_suffix(default_port).unwrap_or(host));
    host.eq_ignore_ascii_case(authority)
}

const TARGET_LIMIT: usize = 8 * 1024;
