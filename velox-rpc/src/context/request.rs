//! The head of the request.

use std::fmt;

use http::request::Parts;
use http::{Extensions, HeaderMap, Method, Uri};

use super::Peer;

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
    sender: Sender,
}

/// Who handed the request to the application.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Sender {
    /// The direct caller, in this process.
    Caller,
    /// A server: the other end of its connection, if it told.
    Server(Option<Peer>),
}

impl Request {
    pub(crate) fn new(parts: Parts, sender: Sender) -> Self {
        Self { parts, sender }
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

    /// Returns the other end of the connection: a proxy where there is one in front. `None` where the server did not say.
    pub fn peer(&self) -> Option<Peer> {
        match self.sender {
            Sender::Server(peer) => peer,
            Sender::Caller => None,
        }
    }

    /// Whether the direct caller ([`App::caller`](crate::App::caller)) made this request: no network is involved.
    pub fn is_direct(&self) -> bool {
        matches!(self.sender, Sender::Caller)
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
            .field("sender", &self.sender)
            .finish_non_exhaustive()
    }
}
