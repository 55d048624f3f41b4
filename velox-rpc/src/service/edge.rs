//! The proxies and servers in front of the application, as far as it knows them.

use std::sync::Arc;

use http::request::Parts;
use http::{Extensions, StatusCode};

use super::hosts::AllowedHosts;
use crate::context::{Peer, Sender, TrustedProxies};
use crate::error::{Error, Result};

/// The proxies and servers in front of the application, as far as it knows them.
pub(crate) struct Edge {
    /// The proxies whose forwarding headers are trusted.
    pub(crate) proxies: Option<Arc<TrustedProxies>>,
    /// Finds the peer of a request that another server than velox's received.
    pub(crate) find_peer: Option<Box<FindPeer>>,
    /// The hosts that the application answers for; `None` means all.
    pub(crate) hosts: Option<AllowedHosts>,
}

/// Finds the peer in the extensions of a request.
pub(crate) type FindPeer = dyn Fn(&Extensions) -> Option<Peer> + Send + Sync;

impl Edge {
    /// Returns the sender of a request. velox's own server passes the peer as an argument; other
    /// servers may put it into the extensions.
    #[inline]
    pub(super) fn sender(&self, peer: Option<Peer>, extensions: &Extensions) -> Sender {
        let peer = peer.or_else(|| self.peer(extensions));
        Sender::Server { peer, proxies: self.proxies.clone() }
    }

    fn peer(&self, extensions: &Extensions) -> Option<Peer> {
        let peer = extensions.get().copied();
        peer.or_else(|| self.find_peer.as_ref()?(extensions)).or_else(|| of_axum(extensions))
    }

    /// Refuses a request for a host that is not allowed. A request without a host passes, because
    /// no browser sends one.
    #[inline]
    pub(super) fn check_host(&self, sender: &Sender, parts: &Parts, is_development: bool) -> Result<()> {
        match &self.hosts {
            Some(hosts) => check_host(hosts, sender, parts, is_development),
            None => Ok(()),
        }
    }
}

fn check_host(hosts: &AllowedHosts, sender: &Sender, parts: &Parts, is_development: bool) -> Result<()> {
    let host = sender.host(&parts.headers, &parts.uri);
    match host {
        Ok(None) => Ok(()),
        Ok(Some(host)) if hosts.allows(host) => Ok(()),
        _ if !is_development => Err(misdirected("The request is for another host".to_owned())),
        Ok(Some(host)) => {
            Err(misdirected(format!("The host `{host}` is not allowed: name it in `App::allowed_hosts`")))
        }
        Err(_) => Err(misdirected("The host is invalid, and `App::allowed_hosts` cannot allow it".to_owned())),
    }
}

/// Makes a 421. An attacker may point a domain at this server (DNS rebinding). A page at that
/// domain must not talk to the application.
#[cold]
fn misdirected(message: String) -> Error {
    Error::custom(StatusCode::MISDIRECTED_REQUEST, "MISDIRECTED_REQUEST", message).with_name("Misdirected Request")
}

/// Returns the peer that `axum::serve` put into the extensions.
#[cfg(feature = "axum")]
fn of_axum(extensions: &Extensions) -> Option<Peer> {
    use std::net::SocketAddr;

    use axum::extract::ConnectInfo;

    extensions.get::<ConnectInfo<SocketAddr>>().map(|info| Peer::Address(info.0))
}

#[cfg(not(feature = "axum"))]
fn of_axum(_: &Extensions) -> Option<Peer> {
    None
}
