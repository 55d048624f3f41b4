//! The head of the request.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

use http::request::Parts;
use http::{Extensions, HeaderMap, Method, Uri};

use super::{Peer, RequestId, Sender, Serial};

/// The head of a request as it was received: method, target, headers, and where it came from.
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

    /// Returns the method.
    pub fn method(&self) -> &Method {
        &self.parts.method
    }

    /// Returns the request target as it was sent, without decoding.
    pub fn uri(&self) -> &Uri {
        &self.parts.uri
    }

    /// Returns the headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.parts.headers
    }

    /// Returns the extensions that the server and outer layers, such as those of tower-http,
    /// attached to the request.
    pub fn extensions(&self) -> &Extensions {
        &self.parts.extensions
    }

    /// Returns the other end of the connection: the client, or a proxy if one is in front. Returns
    /// `None` if the server did not set it.
    pub fn peer(&self) -> Option<Peer> {
        self.sender.peer()
    }

    /// Returns the IP address of the client: the other end of the connection, or the address that
    /// [trusted proxies](crate::App::trusted_proxies) name. An IPv4 address mapped to IPv6 becomes
    /// an IPv4 address.
    ///
    /// Returns `None` if the server did not set the peer, or if the peer is a Unix socket without a
    /// trusted proxy behind it.
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

    /// Returns the network that one client is likely to control: the [address](Self::client_ip)
    /// itself for IPv4, and the first address of its /64 for IPv6. Limits for each client count by
    /// this network.
    pub fn client_network(&self) -> Option<IpAddr> {
        self.client_ip().map(network)
    }

    /// Returns the scheme that the client used, `http` or `https`, if a [trusted
    /// proxy](crate::App::trusted_proxies) tells it.
    ///
    /// velox's server cannot see whether a proxy or a listener in front of it handles TLS. So
    /// without a trusted proxy, the scheme is unknown.
    pub fn scheme(&self) -> Option<&str> {
        self.sender.scheme(self.headers())
    }

    /// Returns the host that the client asked for, as it was written, including the port if there
    /// was one. It comes from a [trusted proxy](crate::App::trusted_proxies), or else from the
    /// authority of the target, or else from the header `Host`.
    ///
    /// Returns `None` if the request names no host, has several `Host` headers, or names an invalid
    /// host.
    pub fn host(&self) -> Option<&str> {
        self.sender.host(self.headers(), self.uri()).ok().flatten()
    }

    /// Returns whether the direct caller ([`App::caller`](crate::App::caller)) made this request,
    /// without a network.
    pub fn is_direct(&self) -> bool {
        matches!(self.sender, Sender::Caller)
    }

    /// Returns the first header of this name, or `None` if it is missing or not visible ASCII.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.parts.headers.get(name)?.to_str().ok()
    }

    pub(super) fn id(&self, serial: Serial) -> RequestId {
        RequestId::new(serial, self.headers(), &self.sender)
    }
}

/// Returns the network of one client: the address for IPv4, or for IPv6 the /64 that a provider
/// assigns to a customer.
pub(crate) fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into(),
        IpAddr::V4(_) => address,
    }
}

impl fmt::Debug for Request {
    /// Leaves out the query and the values of headers, because they may hold credentials.
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
