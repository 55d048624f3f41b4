//! A cluster: each command goes to the node that has the slot of its key.
//!
//! The client does not ask for the slots. A node that gets a command for a slot of another node
//! does not carry it out, but answers which node has the slot. The client remembers this until it
//! is told otherwise, or until that node fails.

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

/// A connection to a cluster.
pub(super) struct Cluster {
    /// The connection settings of all nodes, without the address.
    info: ConnectionInfo,
    state: Mutex<State>,
}

struct State {
    /// All known nodes. The first one gets the commands for slots whose node is unknown.
    nodes: Vec<Arc<Node>>,
    slots: HashMap<Slot, Arc<Node>>,
}

struct Node {
    address: NodeAddress,
    server: Server,
}

impl Cluster {
    /// Returns a cluster that contains these nodes. The settings of the first one are used to log
    /// in to all. It does not connect.
    pub(super) fn new(infos: &[ConnectionInfo]) -> Result<Self, LinkError> {
        let state = State { nodes: Vec::new(), slots: HashMap::new() };
        let cluster = Self { info: infos[0].clone(), state: Mutex::new(state) };
        for info in infos {
            cluster.node(&NodeAddress::try_from(info.addr()).map_err(LinkError::Misconfigured)?)?;
        }
        Ok(cluster)
    }

    /// Sends a command to the node that has the slot of the key, and follows redirections.
    pub(super) async fn send(&self, mut request: Request<'_>, key: &[u8], until: Instant) -> Result<Value, LinkError> {
        let slot = Slot::for_key(key);
        let (mut node, mut failed) = (self.owner(slot), false);
        for _ in 0..HOPS {
            let error = match node.server.send(request, until).await {
                Err(error) => error,
                answer => return answer,
            };
            // A command that was not carried out may be sent to another node.
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
        Err(LinkError::NotReady(RedisError::from((ErrorKind::Client, "redirected too often between nodes"))))
    }

    /// Returns the node that has the slot, as far as is known, or another node that can redirect.
    fn owner(&self, slot: Slot) -> Arc<Node> {
        let state = self.state();
        Arc::clone(state.slots.get(&slot).unwrap_or(&state.nodes[0]))
    }

    /// Forgets the slots of a node that failed, so that other nodes tell who has them now.
    fn forget(&self, node: &Node) {
        let mut state = self.state();
        state.slots.retain(|_, owner| owner.address != node.address);
        state.nodes.sort_by_key(|other| other.address == node.address);
    }

    /// Returns the node that a refusal redirects to, if any.
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

/// Parses `host:port`. A node that does not know its own name leaves out the host and means itself.
fn parse(address: &str, asked: &NodeAddress) -> Option<NodeAddress> {
    match address.trim_start_matches('?').strip_prefix(':') {
        Some(port) => Some(NodeAddress::new(asked.host(), port.parse().ok()?)),
        None => address.try_into().ok(),
    }
}

/// A command needs more redirections than these only if the nodes disagree.
const HOPS: u32 = 5;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_may_be_ipv6_or_lack_a_host() {
        let read = |text| format!("{:?}", parse(text, &NodeAddress::new("asked", 6379)));
        assert_eq!(read("fd00::1:7000"), "Some(fd00::1:7000)");
        assert_eq!([":7000", "?:7000"].map(read), ["Some(asked:7000)", "Some(asked:7000)"]);
        assert_eq!(["nothing", ":none", "host:70000"].map(read), ["None", "None", "None"]);
    }
}
