//! The sender of a request. Layer: vocabulary.

use std::net::IpAddr;
use std::sync::Arc;

use http::header::HOST;
use http::{HeaderMap, Uri};

use super::forwarded::{self, Told};
use super::host::is_host;
use super::{Peer, TrustedProxies};

/// The caller that handed the request to the application.
#[derive(Debug, Clone)]
pub(crate) enum Sender {
    /// The direct caller, in this process.
    Caller,
    /// A server.
    Server {
        /// The other end of the connection, if the server set it.
        peer: Option<Peer>,
        /// The trusted proxies, if there are any.
        proxies: Option<Arc<TrustedProxies>>,
    },
}

/// The host is invalid, or the request names several.
#[derive(Debug)]
pub(crate) struct UnreadableHost;

impl Sender {
    pub(super) fn peer(&self) -> Option<Peer> {
        match self {
            Self::Server { peer, .. } => *peer,
            Self::Caller => None,
        }
    }

    pub(super) fn client_ip(&self, headers: &HeaderMap) -> Option<IpAddr> {
        match self.trusting() {
            Some(proxies) => forwarded::read(headers, self.address(), proxies).client,
            None => self.address(),
        }
    }

    pub(super) fn scheme(&self, headers: &HeaderMap) -> Option<&'static str> {
        self.told(headers)?.scheme
    }

    /// Returns the host that the client asked for, or `None` if the request names none.
    pub(crate) fn host<'a>(&self, headers: &'a HeaderMap, target: &'a Uri) -> Result<Option<&'a str>, UnreadableHost> {
        if let Some(Told { host: Some(host), .. }) = self.told(headers) {
            return Ok(Some(host));
        }
        // RFC 9112, section 3.2.2: the target takes precedence over the header.
        let host = match target.authority() {
            Some(authority) => authority.as_str(),
            None => {
                let mut hosts = headers.get_all(HOST).iter();
                match (hosts.next(), hosts.next()) {
                    (None, _) => return Ok(None),
                    (Some(host), None) => host.to_str().map_err(|_| UnreadableHost)?,
                    (Some(_), Some(_)) => return Err(UnreadableHost),
                }
            }
        };
        match host {
            "" => Ok(None),
            host if is_host(host.as_bytes()) => Ok(Some(host)),
            _ => Err(UnreadableHost),
        }
    }

    /// Returns whether the request came from a trusted proxy.
    pub(super) fn is_trusted_proxy(&self) -> bool {
        self.trusting().is_some()
    }

    /// Reads what trusted proxies say, or returns `None` if the request did not come from one.
    fn told<'a>(&self, headers: &'a HeaderMap) -> Option<Told<'a>> {
        Some(forwarded::read(headers, self.address(), self.trusting()?))
    }

    /// Returns the trusted proxies if the peer is one of them.
    fn trusting(&self) -> Option<&TrustedProxies> {
        match self {
            Self::Server { peer: Some(peer), proxies: Some(proxies) } => Some(&**proxies).filter(|it| it.trusts(*peer)),
            _ => None,
        }
    }

    fn address(&self) -> Option<IpAddr> {
        Some(self.peer()?.ip()?.to_canonical())
    }
}
