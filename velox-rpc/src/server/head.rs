//! What hyper does not check in the head of a request: the host, and the length of the target. Used by `conn` alone.

use http::header::HOST;
use http::request::Parts;
use http::{StatusCode, Version};

use crate::context::is_host;
use crate::error::{Error, ErrorKind, Result};

/// Refuses a head that no honest client sends.
pub(super) fn check(parts: &Parts) -> Result<()> {
    let uri = &parts.uri;
    if uri.path().len() + uri.query().map_or(0, str::len) > TARGET_LIMIT {
        return Err(Error::custom(StatusCode::URI_TOO_LONG, "URI_TOO_LONG", "The target of the request is too long")
            .with_name("URI Too Long"));
    }
    check_host(parts)
}

/// RFC 9112, section 3.2: an HTTP/1.1 request has exactly one valid Host; HTTP/2 has the authority in its target.
fn check_host(parts: &Parts) -> Result<()> {
    // Once over the few headers there are is cheaper than a look-up.
    let mut hosts = parts.headers.iter().filter(|(name, _)| *name == HOST).map(|(_, value)| value);
    let acceptable = match (hosts.next(), hosts.next()) {
        (Some(host), None) => is_host(host.as_bytes()),
        (None, _) => parts.version != Version::HTTP_11,
        (Some(_), Some(_)) => false,
    };
    if acceptable {
        Ok(())
    } else {
        Err(Error::new(ErrorKind::BadRequest, "The request needs exactly one valid Host header")
            .with_name("Bad Request"))
    }
}

const TARGET_LIMIT: usize = 8 * 1024;
