//! A server: a connection for all that is sent to it, and one beside for writes that wait for replicas.
//!
//! While a connection waits, Redis carries out nothing that comes behind on it: reads would wait for replicas, too.

use std::fmt;

use redis::{ConnectionInfo, Value};
use tokio::time::Instant;

use super::LinkError;
use super::node::Node;
use super::parcel::Parcel;

/// A server.
pub(super) struct Server {
    node: Node,
    waiting: Node,
}

impl Server {
    /// A server. Does not connect.
    pub(super) fn new(info: &ConnectionInfo) -> Result<Self, LinkError> {
        Ok(Self { node: Node::new(info.clone())?, waiting: Node::new(info.clone())? })
    }

    /// Sends a command.
    pub(super) async fn send(&self, parcel: Parcel<'_>, until: Instant) -> Result<Value, LinkError> {
        let node = if parcel.replicas.is_some() { &self.waiting } else { &self.node };
        node.send(parcel, until).await
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.node.fmt(f)
    }
}
