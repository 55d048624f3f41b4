//! What the application knows of what stands in front of it.

use std::sync::Arc;

use http::request::Parts;
use http::{Extensions, StatusCode};

use super::hosts::AllowedHosts;
use crate::context::{Peer, Sender, TrustedProxies};
use crate::error::{Error, Result};

/// What the application knows of what stands in front of it.
pub(crate) struct Edge {
    /// The proxies that are believed.
    pub(crate) proxies: Option<Arc<TrustedProxies>>,
    /// Where another server than velox's puts its peer.
    pub(crate) find_peer: Option<Box<FindPeer>>,
    /// The hosts that are answered for; all where it is `None`.
    pub(crate) hosts: Option<AllowedHosts>,
}

/// Finds the peer beside a request.
pub(crate) type FindPeer = dyn Fn(&Extensions) -> Option<Peer> + Send + Sync;

impl Edge {
    /// Who sent a request. velox's own server knows its peer; another may say it beside the request.
    #[inline]
    pub(super) fn sender(&self, peer: Option<Peer>, extensions: &Extensions) -> Sender {
        let peer = peer.or_else(|| self.peer(extensions));
        Sender::Server { peer, proxies: self.proxies.clone() }
    }

    fn peer(&self, extensions: &Extensions) -> Option<Peer> {
        let peer = extensions.get().copied();
        peer.or_else(|| self.find_peer.as_ref()?(extensions)).or_else(|| of_axum(extensions))
    }

    /// Refuses a request for a host that is not answered for. One that names no host passes: no browser sends such.
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
        Err(_) => Err(misdirected("The host cannot be read: `App::allowed_hosts` lets no such pass".to_owned())),
    }
}

/// 421: a page at a name of somebody else's, which was made to lead here, is not to talk to the application.
#[cold]
fn misdirected(message: String) -> Error {
    Error::custom(StatusCode::MISDIRECTED_REQUEST, "MISDIRECTED_REQUEST", message).with_name("Misdirected Request")
}

/// What `axum::serve` says of a connection.
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
