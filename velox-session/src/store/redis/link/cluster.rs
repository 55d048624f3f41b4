//! A cluster: each command goes to the node that has its key's slot.
//!
//! The slots are not asked for. A node that is sent a command for a slot of another's does not carry it out, and says who has the
//! slot. That is remembered until it is told otherwise, or that node fails.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use redis::cluster::NodeAddress;
use redis::cluster_routing::Slot;
use redis::{ConnectionAddr, ConnectionInfo, ErrorKind, RedisError, Value};
use tokio::time::Instant;

use super::error::LinkError;
use super::request::Request;
use super::server::Server;

/// A cluster.
pub(super) struct Cluster {
    /// How each node is reached, but for its address.
    info: ConnectionInfo,
    state: Mutex<State>,
}

struct State {
    /// All nodes that are known. The first one is asked for slots whose node is not.
    nodes: Vec<Arc<Node>>,
    slots: HashMap<Slot, Arc<Node>>,
}

struct Node {
    address: NodeAddress,
    server: Server,
}

impl Cluster {
    /// A cluster, of which some nodes are named. The first one tells how to log in to all. Does not connect.
    pub(super) fn new(infos: &[ConnectionInfo]) -> Result<Self, LinkError> {
        let state = State { nodes: Vec::new(), slots: HashMap::new() };
        let cluster = Self { info: infos[0].clone(), state: Mutex::new(state) };
        for info in infos {
            cluster.node(&NodeAddress::try_from(info.addr()).map_err(LinkError::Misconfigured)?)?;
        }
        Ok(cluster)
    }

    /// Sends a command to the node that has the slot of a key, and on to where a node sends it.
    pub(super) async fn send(&self, mut request: Request<'_>, key: &[u8], until: Instant) -> Result<Value, LinkError> {
        let slot = Slot::for_key(key);
        let (mut node, mut failed) = (self.owner(slot), false);
        for _ in 0..HOPS {
            let error = match node.server.send(request, until).await {
                Err(error) => error,
                answer => return answer,
            };
            // What was not carried out may go elsewhere.
            node = match &error {
                LinkError::Refused(refusal) => {
                    let Some(next) = self.redirected(refusal, &node) else { return Err(error) };
                    request.asking = refusal.code() == Some("ASK");
                    if !request.asking {
                        self.state().slots.insert(slot, Arc::clone(&next));
                    }
                    next
                }
                LinkError::TooFewReplicas { .. } => return Err(error),
                LinkError::Unreachable(_) | LinkError::ReadOnly(_) if !failed => {
                    self.forget(&node);
                    (failed, request.asking) = (true, false);
                    self.owner(slot)
                }
                _ => {
                    self.forget(&node);
                    return Err(error);
                }
            };
        }
        Err(LinkError::NotReady(RedisError::from((ErrorKind::Client, "sent from node to node"))))
    }

    /// The node that has a slot, as far as is known, or else one that knows.
    fn owner(&self, slot: Slot) -> Arc<Node> {
        let state = self.state();
        Arc::clone(state.slots.get(&slot).unwrap_or(&state.nodes[0]))
    }

    /// Lets another node say who has the slots of one that failed.
    fn forget(&self, node: &Node) {
        let mut state = self.state();
        state.slots.retain(|_, owner| owner.address != node.address);
        state.nodes.sort_by_key(|other| other.address == node.address);
    }

    /// The node that a refusal names, if it names one.
    fn redirected(&self, refusal: &RedisError, from: &Node) -> Option<Arc<Node>> {
        let (address, _) = refusal.redirect_node()?;
        self.node(&parse(address, &from.address)?).ok()
    }

    fn node(&self, address: &NodeAddress) -> Result<Arc<Node>, LinkError> {
        let mut state = self.state();
        if let Some(node) = state.nodes.iter().find(|node| node.address == *address) {
            return Ok(Arc::clone(node));
        }
        let mut addr = self.info.addr().clone();
        if let ConnectionAddr::Tcp(host, port) | ConnectionAddr::TcpTls { host, port, .. } = &mut addr {
            (*host, *port) = (address.host().to_owned(), address.port());
        }
        let server = Server::new(self.info.clone().set_addr(addr), Vec::new())?;
        let node = Arc::new(Node { address: address.clone(), server });
        state.nodes.push(Arc::clone(&node));
        Ok(node)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Cluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.state().nodes.iter().map(|node| &node.address)).finish()
    }
}

/// Reads `host:port`. A node that does not know its own name leaves it out: it is the one that was asked.
fn parse(address: &str, asked: &NodeAddress) -> Option<NodeAddress> {
    match address.trim_start_matches('?').strip_prefix(':') {
        Some(port) => Some(NodeAddress::new(asked.host(), port.parse().ok()?)),
        None => address.try_into().ok(),
    }
}

/// More than these a command follows only where nodes disagree.
const HOPS: u32 = 5;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_may_be_of_the_sixth_version_or_without_a_host() {
        let read = |text| format!("{:?}", parse(text, &NodeAddress::new("asked", 6379)));
        assert_eq!(read("fd00::1:7000"), "Some(fd00::1:7000)");
        assert_eq!([":7000", "?:7000"].map(read), ["Some(asked:7000)", "Some(asked:7000)"]);
        assert_eq!(["nothing", ":none", "host:70000"].map(read), ["None", "None", "None"]);
    }
}
