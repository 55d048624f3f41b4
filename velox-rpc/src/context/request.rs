//! The head of the request.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

use http::request::Parts;
use http::{Extensions, HeaderMap, Method, Uri};

use super::{Peer, RequestId, Sender, Serial};

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
        self.sender.peer()
    }

    /// Returns the address of the client: the other end of the connection, or what
    /// [trusted proxies](crate::App::trusted_proxies) say of it. An IPv4 address that came mapped to IPv6 is one of IPv4.
    ///
    /// `None` where the server did not say who its peer is, and where that is a Unix socket that no trusted proxy is behind.
    ///
    /// # Examples
    ///
    /// ```
    /// use velox_rpc::{Call, procedure};
    ///
    /// let who = procedure::<()>().query(|Call { ctx, .. }| Ok(ctx.request().client_ip().map(|address| address.to_string())));
    /// # let _ = who;
    /// ```
    pub fn client_ip(&self) -> Option<IpAddr> {
        self.sender.client_ip(self.headers())
    }

    /// Returns the network of the client, as one caller is likely to have it: the [address](Self::client_ip) for IPv4, and for IPv6 the
    /// first address of its /64. Limits for each caller count by it.
    pub fn client_network(&self) -> Option<IpAddr> {
        self.client_ip().map(network)
    }

    /// Returns the scheme that the client used, `http` or `https`, where a [trusted proxy](crate::App::trusted_proxies) says so.
    ///
    /// velox's server speaks plain HTTP, but it cannot see what stands in front of it. So without a trusted proxy the scheme is unknown.
    pub fn scheme(&self) -> Option<&str> {
        self.sender.scheme(self.headers())
    }

    /// Returns the host that the client asked for, perhaps with a port, as it was written: what a
    /// [trusted proxy](crate::App::trusted_proxies) says, else the authority of the target, else the header `Host`.
    ///
    /// `None` where there is none, where there are several `Host` headers, and where it is no valid host.
    pub fn host(&self) -> Option<&str> {
        self.sender.host(self.headers(), self.uri()).ok().flatten()
    }

    /// Whether the direct caller ([`App::caller`](crate::App::caller)) made this request: no network is involved.
    pub fn is_direct(&self) -> bool {
        matches!(self.sender, Sender::Caller)
    }

    /// The first header of a name, where it is visible ASCII.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.parts.headers.get(name)?.to_str().ok()
    }

    pub(super) fn id(&self, serial: Serial) -> RequestId {
        RequestId::new(serial, self.headers(), &self.sender)
    }
}

/// The network that one client has: an address, or of IPv6 the 64 bits that a provider gives it.
pub(crate) fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into(),
        IpAddr::V4(_) => address,
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

#[cfg(test)]
mod tests {
    use super::network;

    #[test]
    fn a_network_of_ipv6_counts_as_one_caller() {
        let of = |text: &str| network(text.parse().expect("an address"));
        assert_eq!(of("203.0.113.7").to_string(), "203.0.113.7");
        assert_eq!(of("2001:db8:1:2:3:4:5:6"), of("2001:db8:1:2::1"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
    }
}
