//! What the application knows of what stands in front of it.

use std::sync::Arc;

use http::Extensions;

use crate::context::{Peer, Sender, TrustedProxies};

/// What the application knows of what stands in front of it.
#[derive(Default)]
pub(crate) struct Edge {
    /// The proxies that are believed.
    pub(crate) proxies: Option<Arc<TrustedProxies>>,
}

impl Edge {
    /// Who sent a request. velox's own server knows its peer; another may say it beside the request.
    pub(super) fn sender(&self, peer: Option<Peer>, extensions: &Extensions) -> Sender {
        let peer = peer.or_else(|| extensions.get().copied());
        Sender::Server { peer, proxies: self.proxies.clone() }
    }
}
