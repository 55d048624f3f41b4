//! What hyper does not check in the head of a request: the host, and the length of the target. Used by `conn` alone.

use std::net::Ipv6Addr;

use http::header::HOST;
use http::{Request, StatusCode, Version};

use crate::error::{Code, Error, Result};

/// Refuses a head that no honest client sends.
pub(super) fn check<B>(request: &Request<B>) -> Result<()> {
    let uri = request.uri();
    if uri.path().len() + uri.query().map_or(0, str::len) > TARGET_LIMIT {
        return Err(Error::custom(StatusCode::URI_TOO_LONG, "URI_TOO_LONG", "The target of the request is too long")
            .with_name("URI Too Long"));
    }
    check_host(request)
}

/// RFC 9112, section 3.2: an HTTP/1.1 request has exactly one valid Host; HTTP/2 has the authority in its target.
fn check_host<B>(request: &Request<B>) -> Result<()> {
    // Once over the few headers there are is cheaper than a look-up.
    let mut hosts = request.headers().iter().filter(|(name, _)| *name == HOST).map(|(_, value)| value);
    let acceptable = match (hosts.next(), hosts.next()) {
        (Some(host), None) => is_host(host.as_bytes()),
        (None, _) => request.version() != Version::HTTP_11,
        (Some(_), Some(_)) => false,
    };
    if acceptable {
        Ok(())
    } else {
        Err(Error::new(Code::BadRequest, "The request needs exactly one valid Host header").with_name("Bad Request"))
    }
}

/// A name or an address, and perhaps a port (RFC 3986, section 3.2.2): no user, no path, no blank, no percent-encoding.
fn is_host(host: &[u8]) -> bool {
    let end = match host {
        [b'[', rest @ ..] => match rest.iter().position(|byte| *byte == b']') {
            Some(length) if is_ipv6(&rest[..length]) => length + 2,
            _ => return false,
        },
        _ => host.iter().position(|byte| !IN_NAME[usize::from(*byte)]).unwrap_or(host.len()),
    };
    match &host[end..] {
        [] => true,
        [b':', port @ ..] => is_port(port),
        _ => false,
    }
}

fn is_ipv6(text: &[u8]) -> bool {
    std::str::from_utf8(text).is_ok_and(|text| text.parse::<Ipv6Addr>().is_ok())
}

/// Empty, or a number that fits: `host:` is allowed.
fn is_port(text: &[u8]) -> bool {
    text.is_empty()
        || text.iter().all(u8::is_ascii_digit)
            && std::str::from_utf8(text).is_ok_and(|text| text.parse::<u16>().is_ok())
}

/// The bytes of a registered name.
const IN_NAME: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 128 {
        table[byte] = (byte as u8).is_ascii_alphanumeric();
        byte += 1;
    }
    let marks = b"-._~!$&'()*+,;=";
    let mut mark = 0;
    while mark < marks.len() {
        table[marks[mark] as usize] = true;
        mark += 1;
    }
    table
};

const TARGET_LIMIT: usize = 8 * 1024;

#[cfg(test)]
mod tests {
    use super::is_host;

    #[test]
    fn hosts() {
        for host in ["localhost", "example.com:3000", "127.0.0.1", "[::1]", "[::1]:80", "a:", ""] {
            assert!(is_host(host.as_bytes()), "{host}");
        }
        for host in
            ["a b", "a/b", "u@a", "a:port", "a:80:80", "a:99999", "[::1", "::1]", "[::1]x", "[x]", "%zz", "a\tb"]
        {
            assert!(!is_host(host.as_bytes()), "{host}");
        }
    }
}
