//! A Redis Cluster.

use redis::Value;

use super::RedisServer;

/// A cluster of masters, each with an equal share of the slots.
#[derive(Debug)]
pub struct RedisCluster {
    nodes: Vec<RedisServer>,
}

impl RedisCluster {
    /// Starts `count` nodes and waits until all of them serve.
    ///
    /// # Panics
    ///
    /// Panics if the nodes do not form a cluster.
    pub async fn start(count: usize) -> Self {
        let mut nodes = Vec::new();
        for _ in 0..count {
            let node = RedisServer::with(|_, port| {
                let port = port.to_string();
                let settings = ["--cluster-enabled", "yes", "--cluster-port", &port, "--cluster-node-timeout", "2000"];
                settings.map(str::to_owned).to_vec()
            });
            nodes.push(node.await);
        }
        let cluster = Self { nodes };
        for (index, node) in cluster.nodes.iter().enumerate() {
            let (first, last) = (SLOTS * index / count, SLOTS * (index + 1) / count - 1);
            expect_ok(node, &["CLUSTER", "ADDSLOTSRANGE", &first.to_string(), &last.to_string()]).await;
            expect_ok(node, &["CLUSTER", "SET-CONFIG-EPOCH", &(index + 1).to_string()]).await;
        }
        let (met, first) = (&cluster.nodes[1..], &cluster.nodes[0]);
        for node in met {
            let (port, bus) = (node.port().to_string(), node.second_port().to_string());
            expect_ok(first, &["CLUSTER", "MEET", "127.0.0.1", &port, &bus]).await;
        }
        for node in &cluster.nodes {
            node.until("the cluster is whole", async || {
                let info = text(node.command(&["CLUSTER", "INFO"]).await);
                info.contains("cluster_state:ok") && info.contains(&format!("cluster_known_nodes:{count}\r"))
            })
            .await;
        }
        cluster
    }

    /// Returns the URLs of all nodes.
    pub fn urls(&self) -> Vec<String> {
        self.nodes.iter().map(RedisServer::url).collect()
    }

    /// Returns the nodes.
    pub fn nodes(&self) -> &[RedisServer] {
        &self.nodes
    }

    /// Returns a node that can be stopped and restarted.
    pub fn node_mut(&mut self, index: usize) -> &mut RedisServer {
        &mut self.nodes[index]
    }

    /// Returns the slot of a key.
    ///
    /// # Panics
    ///
    /// Panics if no node answers.
    pub async fn slot_of(&self, key: &str) -> u16 {
        match self.nodes[0].command(&["CLUSTER", "KEYSLOT", key]).await {
            Value::Int(slot) => u16::try_from(slot).expect("a slot"),
            other => panic!("no slot: {other:?}"),
        }
    }

    /// Returns the index of the node that owns a slot.
    ///
    /// # Panics
    ///
    /// Panics if no node owns it.
    pub async fn owner(&self, slot: u16) -> usize {
        for (index, node) in self.nodes.iter().enumerate() {
            let own = text(node.command(&["CLUSTER", "NODES"]).await);
            let own = own.lines().find(|line| line.contains("myself")).expect("a node lists itself");
            // The slots follow the eight fields of a node.
            let ranges = own.split(' ').skip(8).filter(|range| !range.starts_with('['));
            let has = |range: &str| {
                let (first, last) = range.split_once('-').unwrap_or((range, range));
                (number(first)..=number(last)).contains(&slot)
            };
            if ranges.into_iter().any(has) {
                return index;
            }
        }
        panic!("no node owns slot {slot}");
    }

    /// Starts to migrate a slot. From now on its node redirects clients with `ASK` for keys that it
    /// does not have.
    pub async fn begin_to_move(&self, slot: u16, to: usize) {
        let from = self.owner(slot).await;
        let slot = slot.to_string();
        let (source, target) = (self.id(from).await, self.id(to).await);
        expect_ok(&self.nodes[to], &["CLUSTER", "SETSLOT", &slot, "IMPORTING", &source]).await;
        expect_ok(&self.nodes[from], &["CLUSTER", "SETSLOT", &slot, "MIGRATING", &target]).await;
    }

    /// Migrates a slot with all its keys. From then on its former node redirects clients with
    /// `MOVED`.
    ///
    /// # Panics
    ///
    /// Panics if the nodes refuse.
    pub async fn move_slot(&self, slot: u16, to: usize) {
        let from = self.owner(slot).await;
        self.begin_to_move(slot, to).await;
        let (number, port, target) = (slot.to_string(), self.nodes[to].port().to_string(), self.id(to).await);
        let keys = match self.nodes[from].command(&["CLUSTER", "GETKEYSINSLOT", &number, "100000"]).await {
            Value::Array(keys) => keys.into_iter().map(text).collect::<Vec<_>>(),
            other => panic!("no keys: {other:?}"),
        };
        for key in keys {
            expect_ok(&self.nodes[from], &["MIGRATE", "127.0.0.1", &port, &key, "0", "5000"]).await;
        }
        for node in [to, from] {
            expect_ok(&self.nodes[node], &["CLUSTER", "SETSLOT", &number, "NODE", &target]).await;
        }
    }

    async fn id(&self, index: usize) -> String {
        text(self.nodes[index].command(&["CLUSTER", "MYID"]).await)
    }
}

async fn expect_ok(node: &RedisServer, words: &[&str]) {
    let answer = node.command(words).await;
    assert_eq!(answer, Value::Okay, "{words:?}");
}

fn text(value: Value) -> String {
    match value {
        Value::BulkString(bytes) => String::from_utf8(bytes).expect("text"),
        Value::SimpleString(text) => text,
        other => panic!("no text: {other:?}"),
    }
}

fn number(text: &str) -> u16 {
    text.parse().unwrap_or_else(|error| panic!("{error}: {text}"))
}

const SLOTS: usize = 16_384;
