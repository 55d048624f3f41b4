//! What the application knows of what stands in front of it.

use std::sync::Arc;

use http::Extensions;

use crate::context::{Peer, Sender, TrustedProxies};

/// What the application knows of what stands in front of it.
pub(crate) struct Edge {
    /// The proxies that are believed.
    pub(crate) proxies: Option<Arc<TrustedProxies>>,
    /// Where another server than velox's puts its peer.
    pub(crate) find_peer: Option<Box<FindPeer>>,
}

/// Finds the peer beside a request.
pub(crate) type FindPeer = dyn Fn(&Extensions) -> Option<Peer> + Send + Sync;

impl Edge {
    /// Who sent a request. velox's own server knows its peer; another may say it beside the request.
    pub(super) fn sender(&self, peer: Option<Peer>, extensions: &Extensions) -> Sender {
        let peer = peer
            .or_else(|| extensions.get().copied())
            .or_else(|| self.find_peer.as_ref()?(extensions))
            .or_else(|| of_axum(extensions));
        Sender::Server { peer, proxies: self.proxies.clone() }
    }
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
