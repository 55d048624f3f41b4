//! The slots of a cluster: which a key lies in, and which node has it.

use std::collections::HashMap;
use std::fmt;

use redis::Value;

/// A node, by name and port.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Address {
    pub(super) host: String,
    pub(super) port: u16,
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

impl Address {
    /// Reads `host:port`. A node that does not know its own name leaves it out: it is the one that was asked.
    pub(super) fn parse(text: &str, asked: &str) -> Option<Self> {
        let (host, port) = text.rsplit_once(':')?;
        Some(Self { host: named(host, asked), port: port.parse().ok()? })
    }
}

/// The slot of a key: of what stands in its first braces, if something does.
pub(super) fn slot_of(key: &[u8]) -> u16 {
    let tag = key.iter().position(|byte| *byte == b'{').and_then(|open| {
        let rest = &key[open + 1..];
        let close = rest.iter().position(|byte| *byte == b'}')?;
        (close > 0).then(|| &rest[..close])
    });
    crc16(tag.unwrap_or(key)) % SLOTS
}

/// CRC-16/XMODEM, bit by bit: a key is short.
fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc, byte| {
        (0..8).fold(crc ^ (u16::from(*byte) << 8), |crc, _| (crc << 1) ^ if crc & 0x8000 == 0 { 0 } else { 0x1021 })
    })
}

/// Which node has which slots.
#[derive(Default)]
pub(super) struct SlotMap {
    ranges: Vec<(u16, u16, Address)>,
    /// What was told of single slots since the ranges were read.
    moved: HashMap<u16, Address>,
}

impl SlotMap {
    /// Reads the answer to `CLUSTER SLOTS` of the node named `asked`. `None` if it is none.
    pub(super) fn read(answer: &Value, asked: &str) -> Option<Self> {
        let Value::Array(rows) = answer else { return None };
        let ranges = rows.iter().map(|row| range(row, asked)).collect::<Option<Vec<_>>>()?;
        (!ranges.is_empty()).then(|| Self { ranges, moved: HashMap::new() })
    }

    /// The node that has a slot.
    pub(super) fn owner(&self, slot: u16) -> Option<&Address> {
        let in_range = || self.ranges.iter().find(|(first, last, _)| (*first..=*last).contains(&slot));
        self.moved.get(&slot).or_else(|| in_range().map(|(.., address)| address))
    }

    /// Notes who has a slot now.
    pub(super) fn moved(&mut self, slot: u16, address: Address) {
        self.moved.insert(slot, address);
    }

    /// Whether nothing is known.
    pub(super) fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// All nodes that have slots.
    pub(super) fn nodes(&self) -> Vec<Address> {
        let mut nodes: Vec<Address> = Vec::new();
        for (.., address) in &self.ranges {
            if !nodes.contains(address) {
                nodes.push(address.clone());
            }
        }
        nodes
    }
}

/// `[first, last, [host, port, ..], replicas..]`
fn range(row: &Value, asked: &str) -> Option<(u16, u16, Address)> {
    let Value::Array(row) = row else { return None };
    let [Value::Int(first), Value::Int(last), Value::Array(master), ..] = row.as_slice() else { return None };
    let [host, Value::Int(port), ..] = master.as_slice() else { return None };
    let host = match host {
        Value::BulkString(bytes) => std::str::from_utf8(bytes).ok()?,
        Value::SimpleString(text) => text,
        _ => "",
    };
    let address = Address { host: named(host, asked), port: u16::try_from(*port).ok()? };
    Some((u16::try_from(*first).ok()?, u16::try_from(*last).ok()?, address))
}

fn named(host: &str, asked: &str) -> String {
    if host.is_empty() || host == "?" { asked } else { host }.to_owned()
}

const SLOTS: u16 = 16_384;

#[cfg(test)]
mod tests {
    use super::*;

    /// The values of Redis's specification of clusters, and of `CLUSTER KEYSLOT`.
    #[test]
    fn the_slot_of_a_key_is_that_of_redis() {
        assert_eq!(crc16(b"123456789"), 0x31C3);
        assert_eq!(slot_of(b"foo"), 12_182);
        assert_eq!(slot_of(b"bar"), 5_061);
        assert_eq!(slot_of(b""), 0);
        assert_eq!(slot_of(b"{user1000}.following"), slot_of(b"user1000"));
        assert_eq!(slot_of(b"foo{{bar}}zap"), slot_of(b"{bar"));
        assert_eq!(slot_of(b"foo{bar}{zap}"), slot_of(b"bar"));
        assert_eq!(slot_of(b"foo{}{bar}"), crc16(b"foo{}{bar}") % SLOTS);
        assert_eq!(slot_of(b"foo{bar"), crc16(b"foo{bar") % SLOTS);
    }

    fn row(first: i64, last: i64, host: Value, port: i64) -> Value {
        let replica = Value::Array(vec![Value::BulkString(b"10.0.0.9".to_vec()), Value::Int(1)]);
        Value::Array(vec![
            Value::Int(first),
            Value::Int(last),
            Value::Array(vec![host, Value::Int(port), Value::BulkString(b"id".to_vec())]),
            replica,
        ])
    }

    #[test]
    fn a_map_says_which_master_has_a_slot() {
        let named = || Value::BulkString(b"10.0.0.1".to_vec());
        let answer = Value::Array(vec![row(0, 99, named(), 7000), row(100, 16_382, Value::Nil, 7001)]);
        let mut map = SlotMap::read(&answer, "asked").expect("a map");
        let owner = |map: &SlotMap, slot| map.owner(slot).map(|address| format!("{address:?}"));
        assert_eq!(owner(&map, 99).as_deref(), Some("10.0.0.1:7000"));
        assert_eq!(owner(&map, 100).as_deref(), Some("asked:7001"));
        assert_eq!(owner(&map, 16_383), None);
        map.moved(99, Address::parse(":7002", "asked").expect("an address"));
        assert_eq!(owner(&map, 99).as_deref(), Some("asked:7002"));
        assert_eq!(owner(&map, 98).as_deref(), Some("10.0.0.1:7000"));
        assert_eq!(map.nodes().len(), 2);
    }

    #[test]
    fn what_is_no_map_is_none() {
        let rows = [Value::Int(1), Value::Array(vec![]), row(0, 70_000, Value::Nil, 1), row(0, 1, Value::Nil, 70_000)];
        for row in rows {
            assert!(SlotMap::read(&Value::Array(vec![row]), "asked").is_none());
        }
        assert!(SlotMap::read(&Value::Nil, "asked").is_none());
        assert!(SlotMap::read(&Value::Array(vec![]), "asked").is_none());
    }

    #[test]
    fn an_address_may_be_of_the_sixth_version() {
        let address = Address::parse("fd00::1:7000", "asked").expect("an address");
        assert_eq!((address.host.as_str(), address.port), ("fd00::1", 7000));
        assert!(Address::parse("nothing", "asked").is_none());
    }
}
