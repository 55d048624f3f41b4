//! The head of the request.

use std::fmt;
use std::net::SocketAddr;

use http::request::Parts;
use http::{Extensions, HeaderMap, Method, Uri};

/// The head of the request as it came in: method, target, headers, and who sent it.
///
/// # Examples
///
/// ```
/// use velox_rpc::{Call, procedure};
///
/// let whoami = procedure::<()>().query(|Call { ctx, .. }| {
///     Ok(ctx.request().header("user-agent").unwrap_or("unknown").to_owned())
/// });
/// # let _ = whoami;
/// ```
pub struct Request {
    parts: Parts,
    peer: Option<SocketAddr>,
}

impl Request {
    pub(crate) fn new(parts: Parts, peer: Option<SocketAddr>) -> Self {
        Self { parts, peer }
    }

    /// The method.
    pub fn method(&self) -> &Method {
        &self.parts.method
    }

    /// The target, as it was sent: nothing in it is decoded.
    pub fn uri(&self) -> &Uri {
        &self.parts.uri
    }

    /// The headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.parts.headers
    }

    /// What layers in front, such as those of tower-http, put beside the request.
    pub fn extensions(&self) -> &Extensions {
        &self.parts.extensions
    }

    /// The other end of the connection; a proxy's address where there is one. `None` when the call did not come through
    /// velox's own server.
    pub fn peer(&self) -> Option<SocketAddr> {
        self.peer
    }

    /// The first header of a name, where it is visible ASCII.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.parts.headers.get(name)?.to_str().ok()
    }
}

impl fmt::Debug for Request {
    /// Without the query and the values of headers, in which credentials stand.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.parts.method)
            .field("path", &self.parts.uri.path())
            .field("headers", &self.parts.headers.keys().collect::<Vec<_>>())
            .field("peer", &self.peer)
            .finish_non_exhaustive()
    }
}
