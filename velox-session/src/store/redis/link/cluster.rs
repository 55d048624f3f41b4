//! A cluster: each command goes to the node that has its key's slot, and follows where a node sends it.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use redis::{ConnectionAddr, ConnectionInfo, ErrorKind, RedisError, ServerErrorKind, Value};
use tokio::time::Instant;

use super::LinkError;
use super::parcel::{Effect, Parcel};
use super::server::Server;
use super::slots::{Address, SlotMap, slot_of};

/// A cluster. It is asked for its slots at first, and again after something went wrong, at most once a second.
pub(super) struct Cluster {
    /// Nodes that were named at start. They also tell how to log in to all others.
    seeds: Vec<(Address, ConnectionInfo)>,
    /// Held by the one command that asks for the slots, for all that wait.
    turn: tokio::sync::Mutex<()>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    map: SlotMap,
    nodes: HashMap<Address, Arc<Server>>,
    /// When the slots were last asked for.
    asked: Option<Instant>,
    /// Something went wrong since.
    stale: bool,
}

impl Cluster {
    /// A cluster. Does not connect.
    pub(super) fn new(seeds: Vec<ConnectionInfo>) -> Result<Self, LinkError> {
        let seeds: Vec<_> = seeds.into_iter().map(|info| Ok((address(&info)?, info))).collect::<Result<_, _>>()?;
        if seeds.is_empty() {
            return Err(misconfigured("a cluster without any node"));
        }
        Ok(Self { seeds, turn: tokio::sync::Mutex::default(), state: Mutex::default() })
    }

    pub(super) async fn send(&self, parcel: Parcel<'_>, key: &[u8], until: Instant) -> Result<Value, LinkError> {
        let slot = slot_of(key);
        let mut target = self.owner(slot, until).await?;
        let mut parcel = parcel;
        for _ in 0..HOPS {
            let error = match self.node(&target)?.send(parcel, until).await {
                Err(error) => error,
                answer => return answer,
            };
            // What was not carried out may go elsewhere.
            match &error {
                LinkError::Refused(refusal) => {
                    let Some((next, asking)) = redirection(refusal, &target) else { return Err(error) };
                    if !asking {
                        self.state().moved(slot, next.clone());
                    }
                    parcel.asking = asking;
                    target = next;
                }
                LinkError::Unreachable(_) | LinkError::ReadOnly(_) => {
                    self.state().stale = true;
                    let owner = self.owner(slot, until).await?;
                    if owner == target {
                        return Err(error);
                    }
                    parcel.asking = false;
                    target = owner;
                }
                _ => {
                    self.state().stale = true;
                    return Err(error);
                }
            }
        }
        Err(LinkError::NotReady(RedisError::from((ErrorKind::Client, "sent from node to node"))))
    }

    /// The node that has a slot, as far as is known.
    async fn owner(&self, slot: u16, until: Instant) -> Result<Address, LinkError> {
        let ask = {
            let state = self.state();
            // Where nothing is known, another command may be asking just now.
            state.map.is_empty() || state.is_due()
        };
        if ask {
            tokio::time::timeout_at(until, self.refresh(until)).await.unwrap_or(Err(LinkError::Deadline))?;
        }
        let state = self.state();
        state
            .map
            .owner(slot)
            .cloned()
            .ok_or_else(|| LinkError::NotReady(RedisError::from((ErrorKind::Client, "no node has the slot"))))
    }

    /// Asks for the slots. That no node answers is an error only where nothing is known.
    async fn refresh(&self, until: Instant) -> Result<(), LinkError> {
        let _turn = self.turn.lock().await;
        let mut nodes = {
            let mut state = self.state();
            if !state.is_due() {
                return Ok(());
            }
            state.asked = Some(Instant::now());
            state.map.nodes()
        };
        nodes.extend(
            self.seeds
                .iter()
                .map(|(address, _)| address.clone())
                .filter(|seed| !nodes.contains(seed))
                .collect::<Vec<_>>(),
        );
        let mut last = None;
        for address in nodes {
            match self.slots(&address, until).await {
                Ok(map) => {
                    self.state().learn(map);
                    return Ok(());
                }
                Err(error) => last = Some(error),
            }
        }
        let state = self.state();
        match last {
            Some(error) if state.map.is_empty() => Err(error),
            _ => Ok(()),
        }
    }

    async fn slots(&self, address: &Address, until: Instant) -> Result<SlotMap, LinkError> {
        let mut cmd = redis::cmd("CLUSTER");
        cmd.arg("SLOTS");
        let parcel = Parcel { cmd: &cmd, effect: Effect::Idempotent, asking: false, replicas: None };
        // A node that is silent leaves time for another.
        let now = Instant::now();
        let until = now + until.saturating_duration_since(now) / 3;
        let answer = self.node(address)?.send(parcel, until).await?;
        SlotMap::read(&answer, &address.host)
            .ok_or_else(|| LinkError::NotReady(RedisError::from((ErrorKind::Client, "not a map of slots"))))
    }

    fn node(&self, address: &Address) -> Result<Arc<Server>, LinkError> {
        let mut state = self.state();
        if let Some(node) = state.nodes.get(address) {
            return Ok(Arc::clone(node));
        }
        let (_, info) = self.seeds.iter().find(|(seed, _)| seed == address).unwrap_or(&self.seeds[0]);
        let node = Arc::new(Server::new(&info.clone().set_addr(moved_to(info.addr(), address)))?);
        state.nodes.insert(address.clone(), Arc::clone(&node));
        Ok(node)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Cluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.seeds.iter().map(|(address, _)| address)).finish()
    }
}

impl State {
    /// Whether the slots are to be asked for.
    fn is_due(&self) -> bool {
        (self.stale || self.map.is_empty()) && self.asked.is_none_or(|at| at.elapsed() >= PATIENCE)
    }

    fn moved(&mut self, slot: u16, address: Address) {
        self.map.moved(slot, address);
        self.stale = true;
    }

    /// Takes over a map, and closes the connections to nodes that have no slot any more.
    fn learn(&mut self, map: SlotMap) {
        let nodes = map.nodes();
        self.nodes.retain(|address, _| nodes.contains(address));
        self.map = map;
        self.stale = false;
    }
}

/// Where an error sends a command, and whether for this time only.
fn redirection(error: &RedisError, from: &Address) -> Option<(Address, bool)> {
    let (address, _) = error.redirect_node()?;
    let asking = error.kind() == ErrorKind::Server(ServerErrorKind::Ask);
    Some((Address::parse(address, &from.host)?, asking))
}

fn address(info: &ConnectionInfo) -> Result<Address, LinkError> {
    match info.addr() {
        ConnectionAddr::Tcp(host, port) | ConnectionAddr::TcpTls { host, port, .. } => {
            Ok(Address { host: host.clone(), port: *port })
        }
        _ => Err(misconfigured("a node of a cluster has a host and a port")),
    }
}

/// The address of another node, by the same means.
fn moved_to(like: &ConnectionAddr, address: &Address) -> ConnectionAddr {
    let mut addr = like.clone();
    match &mut addr {
        ConnectionAddr::Tcp(host, port) | ConnectionAddr::TcpTls { host, port, .. } => {
            host.clone_from(&address.host);
            *port = address.port;
        }
        _ => {}
    }
    addr
}

fn misconfigured(what: &'static str) -> LinkError {
    LinkError::Misconfigured(RedisError::from((ErrorKind::InvalidClientConfig, what)))
}

/// More than these a command follows only where nodes disagree.
const HOPS: u32 = 5;
const PATIENCE: Duration = Duration::from_secs(1);
